//! What Linux's IPMI device takes and gives, byte by byte: `include/uapi/linux/ipmi.h`, which is part
//! of the kernel's interface and does not change. Sizes and places are asserted below, so that a
//! target where C would lay them out otherwise does not compile.

use core::ffi::{c_int, c_long, c_short, c_uchar, c_uint, c_ushort};
use core::mem::{offset_of, size_of};

use super::IpmiAddress;

/// The longest message that the kernel takes or gives.
pub(super) const MAX_MESSAGE: usize = 272;

/// `IPMI_BMC_CHANNEL`: the system interface itself.
pub(super) const BMC_CHANNEL: u8 = 0x0f;

const SYSTEM_INTERFACE: c_int = 0x0c;
const IPMB: c_int = 0x01;
const IPMB_BROADCAST: c_int = 0x41;
const LAN: c_int = 0x04;

/// `struct ipmi_msg`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) netfn: c_uchar,
    pub(super) cmd: c_uchar,
    pub(super) data_len: c_ushort,
    /// The kernel reads from there in [`Request`] and writes there in [`Received`].
    pub(super) data: *mut c_uchar,
}

/// `struct ipmi_req`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) addr: *const c_uchar,
    pub(super) addr_len: c_uint,
    pub(super) msgid: c_long,
    pub(super) msg: Message,
}

/// `struct ipmi_req_settime`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct TimedRequest {
    pub(super) req: Request,
    pub(super) retries: c_int,
    pub(super) retry_time_ms: c_uint,
}

/// `struct ipmi_recv`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    pub(super) recv_type: c_int,
    pub(super) addr: *mut c_uchar,
    pub(super) addr_len: c_uint,
    pub(super) msgid: c_long,
    pub(super) msg: Message,
}

/// `struct ipmi_cmdspec`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct CommandSpec {
    pub(super) netfn: c_uchar,
    pub(super) cmd: c_uchar,
}

/// `struct ipmi_cmdspec_chans`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct CommandSpecChannels {
    pub(super) netfn: c_uint,
    pub(super) cmd: c_uint,
    pub(super) chans: c_uint,
}

/// `struct ipmi_channel_lun_address_set`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct ChannelValue {
    pub(super) channel: c_ushort,
    pub(super) value: c_uchar,
}

/// `struct ipmi_timing_parms`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct TimingParameters {
    pub(super) retries: c_int,
    pub(super) retry_time_ms: c_uint,
}

/// `struct ipmi_addr`: room for an address of any kind. All kinds begin alike, so this one is read
/// and written as bytes, and no union is needed.
#[repr(C, align(4))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AddressBytes(pub(super) [u8; Self::SIZE]);

impl AddressBytes {
    pub(super) const SIZE: usize = 40;

    pub(super) const EMPTY: Self = Self([0; Self::SIZE]);

    /// An address, and how many bytes of it count: exactly those of its C structure.
    pub(super) fn encode(address: &IpmiAddress) -> (Self, c_uint) {
        let (kind, channel, rest): (_, _, &[u8]) = match address {
            IpmiAddress::SystemInterface { lun } => (SYSTEM_INTERFACE, BMC_CHANNEL, &[*lun, 0]),
            IpmiAddress::Ipmb { channel, slave_address, lun } => {
                (IPMB, *channel, &[*slave_address, *lun])
            }
            IpmiAddress::IpmbBroadcast { channel, slave_address, lun } => {
                (IPMB_BROADCAST, *channel, &[*slave_address, *lun])
            }
            IpmiAddress::Lan {
                channel,
                privilege,
                session_handle,
                remote_software_id,
                local_software_id,
                lun,
            } => (
                LAN,
                *channel,
                &[*privilege, *session_handle, *remote_software_id, *local_software_id, *lun, 0],
            ),
            IpmiAddress::Other { kind, channel } => (*kind, *channel, &[]),
        };
        let channel = c_short::from(channel).to_ne_bytes();
        let bytes = kind.to_ne_bytes().into_iter().chain(channel).chain(rest.iter().copied());
        let mut out = Self::EMPTY;
        let mut length: c_uint = 0;
        for (place, byte) in out.0.iter_mut().zip(bytes) {
            *place = byte;
            length = length.saturating_add(1);
        }
        (out, length)
    }

    /// What the kernel has put there.
    pub(super) fn decode(&self) -> IpmiAddress {
        let [k0, k1, k2, k3, c0, c1, a, b, c, d, e, ..] = self.0;
        let kind = c_int::from_ne_bytes([k0, k1, k2, k3]);
        let channel = c_short::from_ne_bytes([c0, c1]);
        // It has four bits.
        let channel = u8::try_from(channel & 0x0f).unwrap_or_default();
        match kind {
            SYSTEM_INTERFACE => IpmiAddress::SystemInterface { lun: a },
            IPMB => IpmiAddress::Ipmb { channel, slave_address: a, lun: b },
            IPMB_BROADCAST => IpmiAddress::IpmbBroadcast { channel, slave_address: a, lun: b },
            LAN => IpmiAddress::Lan {
                channel,
                privilege: a,
                session_handle: b,
                remote_software_id: c,
                local_software_id: d,
                lun: e,
            },
            kind => IpmiAddress::Other { kind, channel },
        }
    }
}

// What `gcc` says of the kernel's header, on machines with pointers of 8 bytes and of 4.
const WIDE: bool = size_of::<usize>() == 8;

const fn pick(wide: usize, narrow: usize) -> usize {
    if WIDE { wide } else { narrow }
}

const _: () = {
    assert!(size_of::<Message>() == pick(16, 8));
    assert!(offset_of!(Message, data_len) == 2);
    assert!(offset_of!(Message, data) == pick(8, 4));
    assert!(size_of::<Request>() == pick(40, 20));
    assert!(offset_of!(Request, addr_len) == pick(8, 4));
    assert!(offset_of!(Request, msgid) == pick(16, 8));
    assert!(offset_of!(Request, msg) == pick(24, 12));
    assert!(size_of::<TimedRequest>() == pick(48, 28));
    assert!(offset_of!(TimedRequest, retries) == pick(40, 20));
    assert!(offset_of!(TimedRequest, retry_time_ms) == pick(44, 24));
    assert!(size_of::<Received>() == pick(48, 24));
    assert!(offset_of!(Received, addr) == pick(8, 4));
    assert!(offset_of!(Received, addr_len) == pick(16, 8));
    assert!(offset_of!(Received, msgid) == pick(24, 12));
    assert!(offset_of!(Received, msg) == pick(32, 16));
    assert!(size_of::<CommandSpec>() == 2);
    assert!(size_of::<CommandSpecChannels>() == 12);
    assert!(size_of::<ChannelValue>() == 4);
    assert!(size_of::<TimingParameters>() == 8);
    assert!(size_of::<AddressBytes>() == AddressBytes::SIZE);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_bytes_that_the_kernel_reads() {
        // As a C program writes them, on a little-endian machine.
        let little = cfg!(target_endian = "little");
        let check = |address: IpmiAddress, expected: &[u8]| {
            let (bytes, length) = AddressBytes::encode(&address);
            let length = usize::try_from(length).unwrap();
            assert_eq!(length, expected.len());
            if little {
                assert_eq!(&bytes.0[..length], expected);
            }
            assert_eq!(bytes.decode(), address);
        };
        check(IpmiAddress::SystemInterface { lun: 2 }, &[0x0c, 0, 0, 0, 0x0f, 0, 2, 0]);
        check(
            IpmiAddress::Ipmb { channel: 7, slave_address: 0x82, lun: 1 },
            &[1, 0, 0, 0, 7, 0, 0x82, 1],
        );
        check(
            IpmiAddress::IpmbBroadcast { channel: 0, slave_address: 0x82, lun: 0 },
            &[0x41, 0, 0, 0, 0, 0, 0x82, 0],
        );
        check(
            IpmiAddress::Lan {
                channel: 1,
                privilege: 4,
                session_handle: 9,
                remote_software_id: 0x81,
                local_software_id: 0x20,
                lun: 3,
            },
            &[4, 0, 0, 0, 1, 0, 4, 9, 0x81, 0x20, 3, 0],
        );
    }
}
