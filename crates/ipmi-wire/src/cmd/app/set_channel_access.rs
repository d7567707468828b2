//! Set Channel Access: what a channel lets in, now or from the next start on.

use super::{AccessCopy, AccessFlags};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Set Channel Access. IPMI v2.0 §22.22.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetChannelAccess {
    /// Of which channel.
    pub channel: Channel,
    /// What it lets in, and in which copy that is to be written; `None` leaves both as they are.
    pub access: Option<(AccessCopy, AccessFlags)>,
    /// The most that anybody may do on it, likewise.
    pub limit: Option<(AccessCopy, Privilege)>,
}

impl Command for SetChannelAccess {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x40);
    const NAME: &'static str = "Set Channel Access";
    const SECTION: &'static str = "IPMI v2.0 §22.22";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x82 => "this channel has no access to set, for example as it has no sessions",
            0x83 => "the channel does not support this access mode",
            _ => return None,
        })
    }
}

impl Encode for SetChannelAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.channel.number());
        out.push(self.access.map_or(0, |(copy, flags)| copy.bits() | flags.bits()));
        out.push(self.limit.map_or(0, |(copy, limit)| copy.bits() | limit.number()));
    }
}

impl Decode for SetChannelAccess {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let (access, limit) = (r.u8("channel access")?, r.u8("channel privilege level limit")?);
        // Of what is not to be set, nothing is said, whatever stands there.
        let access = AccessCopy::decode_bits(access, "channel access")?
            .map(|copy| Ok((copy, AccessFlags::decode_bits(access)?)))
            .transpose()?;
        let limit = AccessCopy::decode_bits(limit, "channel privilege level limit")?
            .map(|copy| {
                let number = limit & 0x0f;
                let limit = Privilege::decode_number(number, "channel privilege level limit")?;
                Ok((copy, limit))
            })
            .transpose()?;
        Ok(Self { channel, access, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::super::AccessMode;
    use super::*;

    #[test]
    fn each_half_is_for_one_copy_or_for_none() {
        // `ipmitool lan set 1 access on` writes the non-volatile copy of both (lib/ipmi_lanp.c of
        // 1.8.19), with authentication and alerting as they are.
        let bytes = [0x01, 0x62, 0x44];
        let request = SetChannelAccess::decode_exact(&bytes).unwrap();
        let flags = AccessFlags {
            alerting_disabled: true,
            per_message_auth_disabled: false,
            user_level_auth_disabled: false,
            mode: AccessMode::Always,
        };
        let expected = SetChannelAccess {
            channel: Channel::new(1),
            access: Some((AccessCopy::NonVolatile, flags)),
            limit: Some((AccessCopy::NonVolatile, Privilege::Administrator)),
        };
        assert_eq!(request, expected);
        assert_eq!(request.to_bytes(), bytes);
        // By hand from §22.22: the limit in force alone; the rest is whatever it likes.
        let request = SetChannelAccess::decode_exact(&[0x0e, 0x3f, 0xb3]).unwrap();
        assert_eq!((request.channel, request.access), (Channel::PRESENT, None));
        assert_eq!(request.limit, Some((AccessCopy::Volatile, Privilege::Operator)));
        assert_eq!(request.to_bytes(), [0x0e, 0x00, 0x83]);
        let nothing = SetChannelAccess::decode_exact(&[0x01, 0x02, 0x04]).unwrap();
        assert_eq!((nothing.access, nothing.limit), (None, None));
    }

    #[test]
    fn reserved_modes_limits_and_copies_are_refused() {
        for bytes in [[1, 0xc2, 0], [1, 0, 0xc4], [1, 0x84, 0], [1, 0x47, 0], [1, 0, 0x80]] {
            assert!(SetChannelAccess::decode_exact(&bytes).is_err(), "{bytes:02x?}");
        }
        assert!(SetChannelAccess::decode_exact(&[1, 0, 0x4f]).is_err());
        for length in 0..3 {
            assert!(SetChannelAccess::decode_exact(&[1, 0x82, 0x84][..length]).is_err());
        }
    }
}
