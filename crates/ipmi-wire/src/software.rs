//! Messages between a remote console and software on the host, with the BMC between them.
//!
//! ```text
//!  console ── LAN, to LUN 10b, or Send Message to channel Fh ──► BMC ── Get Message ──► software
//!  console ◄────────────── LAN ───────────────────────────────── BMC ◄─ Send Message ── software
//! ```
//!
//! The BMC does not look into them. On the system interface each has the handle of its session before
//! it; between BMC and console it is like any other message.
//!
//! Source: IPMI v2.0 §6.13, Table 22-9 (Get Message Data Fields), Table 22-11 (Message Data for Send
//! Message). Checked against `drivers/char/ipmi/ipmi_msghandler.c` of Linux
//! (`handle_lan_get_msg_cmd`, `format_lan_msg`) and `lanserv/lanserv_ipmi.c` of OpenIPMI.

use crate::cmd::app::{ReceivedMessage, SendMessage};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::lan::LanMessage;
use crate::privilege::{Channel, Privilege};

/// The BMC's logical unit that stands for system management software. IPMI v2.0 §6.13.1.
pub const SMS_LUN: u8 = 2;

/// A message of a session, as it is on the system interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionMessage {
    /// The handle of the session.
    pub handle: u8,
    /// What came in it, or is to go out.
    pub message: LanMessage,
}

impl Encode for SessionMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.handle);
        self.message.encode(out);
    }
}

impl Decode for SessionMessage {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let handle = r.u8("session handle")?;
        Ok(Self { handle, message: LanMessage::decode(r)? })
    }
}

impl ReceivedMessage {
    /// What came in a session on this channel, with the privilege that it had there.
    #[must_use]
    pub fn in_session(channel: Channel, privilege: Privilege, message: &SessionMessage) -> Self {
        Self { channel, privilege: privilege.number(), data: message.to_bytes() }
    }
}

impl SendMessage {
    /// `message`, to be sent in a session on this channel.
    #[must_use]
    pub fn in_session(channel: Channel, message: &SessionMessage) -> Self {
        Self {
            channel,
            authenticated: false,
            encrypted: false,
            tracking: Self::UNTRACKED,
            data: message.to_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cmd::app::GetDeviceId;
    use crate::command::{Request, Response};
    use crate::completion::CompletionCode;
    use crate::netfn::NetFn;

    const LAN: Channel = Channel::new(1);

    /// Command 42h of network function 30h, by hand from Table 22-9: channel 1 as administrator,
    /// handle 5; 20h, 30h at LUN 2, checksum; 81h, number 3 at LUN 0, command, data, checksum.
    const RECEIVED: [u8; 11] = [0x41, 0x05, 0x20, 0xc2, 0x1e, 0x81, 0x0c, 0x42, 0xaa, 0x55, 0x32];

    fn request() -> LanMessage {
        let request = Request {
            netfn: NetFn::from_number(0x30),
            lun: SMS_LUN,
            cmd: 0x42,
            data: vec![0xaa, 0x55],
        };
        LanMessage::request(3, &request)
    }

    #[test]
    fn a_request_of_a_console_is_laid_out_as_linux_reads_it() {
        let message = SessionMessage { handle: 5, message: request() };
        let received = ReceivedMessage::in_session(LAN, Privilege::Administrator, &message);
        assert_eq!(received.to_bytes(), RECEIVED);
        let read = ReceivedMessage::decode_exact(&RECEIVED).unwrap();
        assert_eq!((read.channel, read.privilege), (LAN, 4));
        assert_eq!(SessionMessage::decode_exact(&read.data).unwrap(), message);
    }

    /// `format_lan_msg`: channel, handle, remote software ID, network function and LUN, checksum,
    /// local software ID, number and LUN, command, data, checksum.
    #[test]
    fn softwares_answer_is_laid_out_as_linux_writes_it() {
        let bytes = [0x01, 0x05, 0x81, 0xc4, 0xbb, 0x20, 0x0e, 0x42, 0x00, 0x77, 0x19];
        let answer =
            request().answer(&Response { completion: CompletionCode::OK, data: vec![0x77] });
        let message = SessionMessage { handle: 5, message: answer };
        let sent = SendMessage::in_session(LAN, &message);
        assert_eq!(sent.to_bytes(), bytes);
        let read = SendMessage::decode_exact(&bytes).unwrap();
        assert_eq!((read.channel, read.tracking), (LAN, SendMessage::UNTRACKED));
        assert_eq!(SessionMessage::decode_exact(&read.data).unwrap(), message);
    }

    #[test]
    fn no_part_of_it_can_be_missing_and_both_checksums_count() {
        for length in 0..RECEIVED.len() - 1 {
            SessionMessage::decode_exact(&RECEIVED[1..=length]).unwrap_err();
        }
        for bit in 8..(RECEIVED.len() - 1) * 8 {
            let mut bytes = RECEIVED[1..].to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            SessionMessage::decode_exact(&bytes).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            handle: u8,
            sequence in 0u8..64,
            netfn in 0u8..64,
            luns in (0u8..4, 0u8..4),
            addresses: (u8, u8),
            cmd: u8,
            data in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let (to_lun, from_lun) = luns;
            let (to_address, from_address) = addresses;
            let message =
                LanMessage { to_address, netfn, to_lun, from_address, sequence, from_lun, cmd, data };
            let message = SessionMessage { handle, message };
            prop_assert_eq!(SessionMessage::decode_exact(&message.to_bytes()).unwrap(), message);
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..32)) {
            if let Ok(message) = SessionMessage::decode_exact(&bytes) {
                prop_assert_eq!(message.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn a_plain_request_is_none() {
        SessionMessage::decode_exact(
            &LanMessage::request(1, &Request::of(&GetDeviceId)).to_bytes(),
        )
        .unwrap_err();
    }
}
