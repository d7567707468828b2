//! What a machine's firmware says of its BMC: SMBIOS type 38, "IPMI Device Information".
//!
//! Source: IPMI v2.0 appendix C1; SMBIOS 3.x §7.39 has the same table.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// How a machine's software reaches its BMC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InterfaceType {
    /// Keyboard controller style.
    Kcs,
    /// Server management interface chip.
    Smic,
    /// Block transfer.
    Bt,
    /// SMBus system interface.
    Ssif,
    /// 0 is "unknown"; what is above 4 came later.
    Other(u8),
}

impl InterfaceType {
    /// By its number in the table.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Kcs,
            2 => Self::Smic,
            3 => Self::Bt,
            4 => Self::Ssif,
            other => Self::Other(other),
        }
    }

    /// Its number in the table.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Kcs => 1,
            Self::Smic => 2,
            Self::Bt => 3,
            Self::Ssif => 4,
            Self::Other(other) => other,
        }
    }
}

impl fmt::Display for InterfaceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kcs => f.write_str("KCS"),
            Self::Smic => f.write_str("SMIC"),
            Self::Bt => f.write_str("BT"),
            Self::Ssif => f.write_str("SSIF"),
            Self::Other(0) => f.write_str("unknown"),
            Self::Other(other) => write!(f, "type {other}"),
        }
    }
}

/// Where the interface's registers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InterfaceAddress {
    /// In the space of I/O ports.
    Port(u64),
    /// In memory.
    Memory(u64),
    /// On an SMBus: a slave address of 7 bits.
    Smbus(u8),
}

impl fmt::Display for InterfaceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => write!(f, "I/O port {port:#x}"),
            Self::Memory(at) => write!(f, "memory {at:#x}"),
            Self::Smbus(address) => write!(f, "SMBus address {address:#04x}"),
        }
    }
}

/// An entry of type 38, as `/sys/firmware/dmi/entries/38-0/raw` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpmiDeviceInformation {
    /// The table's number for the entry.
    pub handle: u16,
    /// How the BMC is reached.
    pub interface: InterfaceType,
    /// The version of IPMI, as BCD: 20h is 2.0.
    pub version: u8,
    /// The BMC's slave address on the IPMB.
    pub slave_address: u8,
    /// The bus address of a device that keeps things; FFh is none.
    pub nv_storage: u8,
    /// As it is in the table.
    pub base_address: u64,
    /// Modifier of the base address, and what is known of the interrupt; absent in old tables.
    pub modifier: Option<u8>,
    /// The interrupt, 0 if there is none; absent in old tables.
    pub interrupt: Option<u8>,
    /// What follows, the strings of the entry among it.
    pub rest: Vec<u8>,
}

const TYPE: u8 = 38;
/// Type, length and handle.
const HEADER: usize = 4;
/// Up to the base address.
const SHORTEST: usize = 16;
const FULL: usize = 18;

impl IpmiDeviceInformation {
    /// Where the registers are.
    #[must_use]
    pub const fn address(&self) -> InterfaceAddress {
        if let InterfaceType::Ssif = self.interface {
            // The slave address in its 8 bits, the lowest of which is not its.
            let [address, ..] = (self.base_address >> 1).to_le_bytes();
            return InterfaceAddress::Smbus(address & 0x7f);
        }
        // Bit 0 tells ports from memory; the address's own is in the modifier.
        let lowest = match self.modifier {
            Some(modifier) => (modifier >> 4 & 1) as u64,
            None => 0,
        };
        let base = self.base_address & !1 | lowest;
        if self.base_address & 1 == 1 {
            InterfaceAddress::Port(base)
        } else {
            InterfaceAddress::Memory(base)
        }
    }

    /// How far apart the registers are, in bytes; `None` if the table says what is reserved.
    #[must_use]
    pub const fn register_spacing(&self) -> Option<u8> {
        match self.modifier {
            None => Some(1),
            Some(modifier) => match modifier >> 6 {
                0 => Some(1),
                1 => Some(4),
                2 => Some(16),
                _ => None,
            },
        }
    }

    /// The interrupt's number, if there is one.
    #[must_use]
    pub const fn irq(&self) -> Option<u8> {
        match self.interrupt {
            None | Some(0) => None,
            irq => irq,
        }
    }
}

impl Encode for IpmiDeviceInformation {
    fn encode(&self, out: &mut Vec<u8>) {
        let length = match (self.modifier, self.interrupt) {
            (None, _) => SHORTEST,
            (Some(_), None) => FULL - 1,
            (Some(_), Some(_)) => FULL,
        };
        out.extend([TYPE, u8::try_from(length).unwrap_or_default()]);
        out.extend(self.handle.to_le_bytes());
        out.extend([self.interface.number(), self.version, self.slave_address, self.nv_storage]);
        out.extend(self.base_address.to_le_bytes());
        if let Some(modifier) = self.modifier {
            out.push(modifier);
            out.extend(self.interrupt);
        }
        out.extend(&self.rest);
    }
}

impl Decode for IpmiDeviceInformation {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match r.u8("type")? {
            TYPE => {}
            other => return Err(DecodeError::Invalid { field: "type", value: other.into() }),
        }
        let length = usize::from(r.u8("length")?);
        let handle = r.u16("handle")?;
        // Firmware has been seen to count the two last bytes and to leave them out.
        let formatted = length.saturating_sub(HEADER);
        let interface = InterfaceType::from_number(r.u8("interface type")?);
        let [version, slave_address, nv_storage] = r.array("specification revision")?;
        let base_address = u64::from_le_bytes(r.array("base address")?);
        let extra = formatted.saturating_sub(SHORTEST - HEADER);
        let modifier = if extra > 0 { r.optional_u8() } else { None };
        let interrupt = if extra > 1 { r.optional_u8() } else { None };
        let rest = r.take_rest().to_vec();
        Ok(Self {
            handle,
            interface,
            version,
            slave_address,
            nv_storage,
            base_address,
            modifier,
            interrupt,
            rest,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(bytes: &[u8]) -> IpmiDeviceInformation {
        IpmiDeviceInformation::decode_exact(bytes).unwrap()
    }

    /// As a guest of QEMU 7.2 read them (`research/bmc-servers.md` §2.2).
    #[test]
    fn what_qemu_says_is_read() {
        let mut bytes = [
            0x26, 0x12, 0x00, 0x30, 0x01, 0x20, 0x20, 0x00, 0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 0x01,
            0x05,
        ];
        let kcs = decoded(&bytes);
        assert_eq!(kcs.interface, InterfaceType::Kcs);
        assert_eq!(kcs.address(), InterfaceAddress::Port(0xca2));
        assert_eq!((kcs.irq(), kcs.register_spacing()), (Some(5), Some(1)));
        assert_eq!((kcs.version, kcs.slave_address, kcs.handle), (0x20, 0x20, 0x3000));
        bytes[4] = 3;
        bytes[8..10].copy_from_slice(&[0xe5, 0]);
        assert_eq!(decoded(&bytes).address(), InterfaceAddress::Port(0xe4));
        bytes[4] = 4;
        bytes[8..10].copy_from_slice(&[0x20, 0]);
        assert_eq!(decoded(&bytes).address(), InterfaceAddress::Smbus(0x10));
    }

    #[test]
    fn old_and_short_tables_are_read_as_far_as_they_go() {
        let full =
            [0x26, 0x12, 0, 0, 1, 0x15, 0x20, 0xff, 0, 0, 0, 0xfe, 0, 0, 0, 0, 0x50, 0x0a, b'x', 0];
        let memory = decoded(&full);
        assert_eq!(memory.address(), InterfaceAddress::Memory(0xfe00_0001));
        assert_eq!((memory.register_spacing(), memory.irq()), (Some(4), Some(10)));
        let mut old = full[..16].to_vec();
        old[1] = 0x10;
        assert_eq!(decoded(&old).irq(), None);
        assert_eq!(decoded(&full[..16]).modifier, None, "it says that there is more");
        assert!(IpmiDeviceInformation::decode_exact(&full[..15]).is_err());
        assert!(IpmiDeviceInformation::decode_exact(&[0x27, 0x12]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() { *first = TYPE; }
            if let Ok(info) = IpmiDeviceInformation::decode_exact(&bytes) {
                let _ = (info.address(), info.irq(), info.register_spacing());
                let again = decoded(&info.to_bytes());
                // Its length may have been a lie; the rest is the same.
                prop_assert_eq!(again.address(), info.address());
                prop_assert_eq!(again.to_bytes(), info.to_bytes());
            }
        }

        #[test]
        fn what_is_written_is_read(
            (handle, interface, base_address) in any::<(u16, u8, u64)>(),
            modifier in any::<Option<u8>>(),
            interrupt in any::<Option<u8>>(),
            rest in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            let interrupt = modifier.and(interrupt);
            let info = IpmiDeviceInformation {
                handle,
                interface: InterfaceType::from_number(interface),
                version: 0x20,
                slave_address: 0x20,
                nv_storage: 0xff,
                base_address,
                modifier,
                interrupt,
                rest,
            };
            prop_assert_eq!(decoded(&info.to_bytes()), info);
        }
    }
}
