//! Get User Payload Access: which payloads a user may activate.

use super::PayloadAccess;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get User Payload Access. IPMI v2.0 §24.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetUserPayloadAccess {
    /// On which channel.
    pub channel: Channel,
    /// Whose, 1 to 63.
    pub user_id: u8,
}

/// The answer to [`GetUserPayloadAccess`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserPayloadAccess {
    /// Which payloads.
    pub payloads: PayloadAccess,
}

impl Command for GetUserPayloadAccess {
    type Response = UserPayloadAccess;
    const ID: CommandId = CommandId::new(NetFn::App, 0x4d);
    const NAME: &'static str = "Get User Payload Access";
    const SECTION: &'static str = "IPMI v2.0 §24.7";
    const ACCESS: Access = Access::Session(Privilege::Operator);
}

impl Encode for GetUserPayloadAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.user_id & 0x3f]);
    }
}

impl Decode for GetUserPayloadAccess {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        Ok(Self { channel, user_id: r.u8("user ID")? & 0x3f })
    }
}

impl Encode for UserPayloadAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        self.payloads.encode(out);
    }
}

impl Decode for UserPayloadAccess {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { payloads: PayloadAccess::decode(r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_serial_over_lan() {
        // `ipmitool sol payload status 1 2` (lib/ipmi_sol.c of 1.8.19), which wants four bytes back.
        let request = GetUserPayloadAccess::decode_exact(&[0x01, 0x02]).unwrap();
        assert_eq!(request, GetUserPayloadAccess { channel: Channel::new(1), user_id: 2 });
        assert_eq!(request.to_bytes(), [0x01, 0x02]);
        let bytes = [0x02, 0, 0, 0];
        let access = UserPayloadAccess::decode_exact(&bytes).unwrap();
        assert_eq!(access.payloads, PayloadAccess::SOL);
        assert_eq!(access.to_bytes(), bytes);
        for length in 0..4 {
            assert!(UserPayloadAccess::decode_exact(&bytes[..length]).is_err());
        }
        assert!(GetUserPayloadAccess::decode_exact(&[1]).is_err());
    }
}
