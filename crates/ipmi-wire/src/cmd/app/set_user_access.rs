//! Set User Access: what a user may do on a channel.

use super::UserFlags;
use super::user_flags::{limit_number, limit_to_set};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Set User Access. IPMI v2.0 §22.26.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetUserAccess {
    /// On which channel.
    pub channel: Channel,
    /// What name and password are good for; `None` leaves that as it is.
    pub flags: Option<UserFlags>,
    /// Whose, 1 to 63.
    pub user_id: u8,
    /// The most that the user may do there; `None` is no access.
    pub limit: Option<Privilege>,
    /// How many sessions the user may have at a time, 4 bits; 0 is as many as there are. Many
    /// controllers take no other number, and it cannot be read back.
    pub session_limit: Option<u8>,
}

impl Command for SetUserAccess {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x43);
    const NAME: &'static str = "Set User Access";
    const SECTION: &'static str = "IPMI v2.0 §22.26";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

/// Bit 7: the flags are meant.
const CHANGE_FLAGS: u8 = 0x80;

impl Encode for SetUserAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        let flags = self.flags.map_or(0, |flags| CHANGE_FLAGS | flags.bits());
        out.extend([flags | self.channel.number(), self.user_id & 0x3f, limit_number(self.limit)]);
        out.extend(self.session_limit.map(|limit| limit & 0x0f));
    }
}

impl Decode for SetUserAccess {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags = r.u8("channel")?;
        Ok(Self {
            channel: Channel::new(flags),
            flags: (flags & CHANGE_FLAGS != 0).then(|| UserFlags::from_bits(flags)),
            user_id: r.u8("user ID")? & 0x3f,
            limit: limit_to_set(r.u8("user privilege limit")?)?,
            session_limit: r.optional_u8().map(|limit| limit & 0x0f),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_left_alone_unless_they_are_meant() {
        // `ipmitool user priv 5 4 1` (lib/ipmi_user.c of 1.8.19).
        let bytes = [0x01, 0x05, 0x04, 0x00];
        let request = SetUserAccess::decode_exact(&bytes).unwrap();
        let expected = SetUserAccess {
            channel: Channel::new(1),
            flags: None,
            user_id: 5,
            limit: Some(Privilege::Administrator),
            session_limit: Some(0),
        };
        assert_eq!(request, expected);
        assert_eq!(request.to_bytes(), bytes);
        // FreeIPMI's bmc-config says all of it.
        let bytes = [0x91, 0x05, 0x0f, 0x03];
        let request = SetUserAccess::decode_exact(&bytes).unwrap();
        let messaging = UserFlags { messaging: true, ..UserFlags::default() };
        assert_eq!((request.flags, request.limit), (Some(messaging), None));
        assert_eq!(request.session_limit, Some(3));
        assert_eq!(request.to_bytes(), bytes);
    }

    #[test]
    fn every_flag_has_its_bit() {
        for bits in [0x00, 0x10, 0x20, 0x40, 0x70] {
            let bytes = [0x80 | bits | 0x0e, 2, 1];
            let request = SetUserAccess::decode_exact(&bytes).unwrap();
            assert_eq!((request.channel, request.session_limit), (Channel::PRESENT, None));
            assert_eq!(request.to_bytes(), bytes);
        }
    }

    #[test]
    fn a_reserved_limit_is_refused() {
        for limit in [0, 6, 0x0e] {
            let error = SetUserAccess::decode_exact(&[0x01, 0x05, limit]).unwrap_err();
            let field = "user privilege limit";
            assert_eq!(error, DecodeError::Invalid { field, value: limit.into() });
        }
        for length in 0..3 {
            assert!(SetUserAccess::decode_exact(&[0x01, 0x05, 0x04][..length]).is_err());
        }
    }
}
