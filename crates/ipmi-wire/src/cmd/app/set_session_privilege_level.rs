//! Set Session Privilege Level: what this session may do from now on.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Session Privilege Level. IPMI v2.0 §22.18.
///
/// Sessions start at User level, whatever level was asked for when opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetSessionPrivilegeLevel {
    /// The level to change to; `None` reports the present one.
    pub level: Option<Privilege>,
}

/// The answer to [`SetSessionPrivilegeLevel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPrivilegeLevel {
    /// The level that the session now has.
    pub level: Privilege,
}

impl Command for SetSessionPrivilegeLevel {
    type Response = SessionPrivilegeLevel;
    const ID: CommandId = CommandId::new(NetFn::App, 0x3b);
    const NAME: &'static str = "Set Session Privilege Level";
    const SECTION: &'static str = "IPMI v2.0 §22.18";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn effect(&self) -> Effect {
        match self.level {
            None => Effect::Read,
            Some(_) => Effect::Idempotent,
        }
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x80 => "the user does not have the requested privilege level",
            0x81 => "the requested privilege level exceeds the limit of the user or the channel",
            0x82 => "User level authentication cannot be disabled",
            _ => return None,
        })
    }
}

impl Encode for SetSessionPrivilegeLevel {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.level.map_or(0, Privilege::number));
    }
}

impl Decode for SetSessionPrivilegeLevel {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let level = match r.u8("requested privilege level")? & 0x0f {
            0 => None,
            number => Some(Privilege::decode_number(number, "requested privilege level")?),
        };
        Ok(Self { level })
    }
}

impl Encode for SessionPrivilegeLevel {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.level.number());
    }
}

impl Decode for SessionPrivilegeLevel {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let level = r.u8("new privilege level")? & 0x0f;
        Ok(Self { level: Privilege::decode_number(level, "new privilege level")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_asks_and_does_not_change() {
        let request = SetSessionPrivilegeLevel::decode_exact(&[0]).unwrap();
        assert_eq!((request.level, request.effect()), (None, Effect::Read));
        let request = SetSessionPrivilegeLevel::decode_exact(&[4]).unwrap();
        assert_eq!(request.level, Some(Privilege::Administrator));
        assert_eq!(request.effect(), Effect::Idempotent);
        assert_eq!(request.to_bytes(), [4]);
    }

    #[test]
    fn reserved_levels_are_refused_both_ways() {
        assert!(SetSessionPrivilegeLevel::decode_exact(&[6]).is_err());
        assert!(SessionPrivilegeLevel::decode_exact(&[0]).is_err());
    }
}
