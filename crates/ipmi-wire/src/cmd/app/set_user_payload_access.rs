//! Set User Payload Access: which payloads a user may activate.

use super::PayloadAccess;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Set User Payload Access. IPMI v2.0 §24.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetUserPayloadAccess {
    /// On which channel.
    pub channel: Channel,
    /// Whose, 1 to 63.
    pub user_id: u8,
    /// Whether what follows is enabled or disabled. What it does not name stays as it is.
    pub enable: bool,
    /// Which payloads.
    pub payloads: PayloadAccess,
}

impl Command for SetUserPayloadAccess {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x4c);
    const NAME: &'static str = "Set User Payload Access";
    const SECTION: &'static str = "IPMI v2.0 §24.6";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetUserPayloadAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        let operation = if self.enable { 0x00 } else { 0x40 };
        out.extend([self.channel.number(), operation | (self.user_id & 0x3f)]);
        self.payloads.encode(out);
    }
}

impl Decode for SetUserPayloadAccess {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let user = r.u8("user ID")?;
        let enable = match user >> 6 {
            0 => true,
            1 => false,
            other => return Err(DecodeError::Invalid { field: "operation", value: other.into() }),
        };
        let payloads = PayloadAccess::decode(r)?;
        Ok(Self { channel, user_id: user & 0x3f, enable, payloads })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_enabled_or_disabled() {
        // `ipmitool sol payload enable 1 5` and `disable` (lib/ipmi_sol.c of 1.8.19).
        for (bytes, enable) in
            [([0x01, 0x05, 0x02, 0, 0, 0], true), ([0x01, 0x45, 0x02, 0, 0, 0], false)]
        {
            let request = SetUserPayloadAccess::decode_exact(&bytes).unwrap();
            let payloads = PayloadAccess::SOL;
            let channel = Channel::new(1);
            assert_eq!(request, SetUserPayloadAccess { channel, user_id: 5, enable, payloads });
            assert_eq!(request.to_bytes(), bytes);
            for length in 0..bytes.len() {
                assert!(SetUserPayloadAccess::decode_exact(&bytes[..length]).is_err());
            }
        }
        for operation in [0x80, 0xc0] {
            assert!(SetUserPayloadAccess::decode_exact(&[1, operation | 5, 2, 0, 0, 0]).is_err());
        }
    }

    #[test]
    fn reserved_bits_mean_nothing() {
        let request = SetUserPayloadAccess::decode_exact(&[0xf1, 5, 0x03, 0xff, 0x80, 0xff]).unwrap();
        assert_eq!(request.payloads, PayloadAccess { standard: 0x02, oem: 0x80 });
        assert_eq!(request.to_bytes(), [1, 5, 0x02, 0, 0x80, 0]);
    }
}
