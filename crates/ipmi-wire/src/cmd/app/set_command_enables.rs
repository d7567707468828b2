//! Set Command Enables: enables and disables commands on a channel.

use super::firewall::{CommandMask, CommandSpace, CommandsAt};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Command Enables. IPMI v2.0 §21.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetCommandEnables {
    /// Which commands it is about.
    pub at: CommandsAt,
    /// Those of them that are enabled from now on.
    pub enabled: CommandMask,
}

impl SetCommandEnables {
    /// Among them is one that there is not, or that cannot be disabled.
    pub const NOT_CONFIGURABLE: CompletionCode = CompletionCode(0x80);
}

impl Command for SetCommandEnables {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x60);
    const NAME: &'static str = "Set Command Enables";
    const SECTION: &'static str = "IPMI v2.0 §21.7";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code == Self::NOT_CONFIGURABLE)
            .then_some("one of the commands does not exist, or cannot be enabled or disabled")
    }
}

impl Encode for SetCommandEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        self.at.encode_head(out);
        self.enabled.encode(out);
        self.at.space.encode_body(out);
    }
}

impl Decode for SetCommandEnables {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut at = CommandsAt::decode_head(r)?;
        let enabled = CommandMask::decode(r)?;
        at.space.body = CommandSpace::decode_body(at.space.netfn, r)?;
        Ok(Self { at, enabled })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netfn::Body;

    #[test]
    fn the_body_comes_after_the_mask() {
        // As ipmitool 1.8.19 does it.
        let bytes = [&[0x0e, 0x00, 0x00][..], &[0xfb; 16]].concat();
        let request = SetCommandEnables::decode_exact(&bytes).unwrap();
        assert!(!request.enabled.has(2) && request.enabled.has(3));
        assert_eq!(request.to_bytes(), bytes);
        // FreeIPMI 1.6.10: tmpl_cmd_set_command_enables_rq.
        let bytes = [&[0x01, 0x2c, 0x00][..], &[0x06; 16], &[0xdc]].concat();
        let request = SetCommandEnables::decode_exact(&bytes).unwrap();
        assert_eq!(request.at.space.body, Body::Group(0xdc));
        assert_eq!(request.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(SetCommandEnables::decode_exact(&bytes[..length]).is_err());
        }
    }
}
