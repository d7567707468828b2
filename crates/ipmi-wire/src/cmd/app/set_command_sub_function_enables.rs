//! Set Command Sub-function Enables: enables and disables parts of a command on a channel.

use super::firewall::{CommandAt, SubFunctions};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Command Sub-function Enables. IPMI v2.0 §21.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetCommandSubFunctionEnables {
    /// Of which command.
    pub at: CommandAt,
    /// Those that are enabled from now on.
    pub enabled: SubFunctions,
}

impl SetCommandSubFunctionEnables {
    /// Among them is one that there is not, or that cannot be disabled.
    pub const NOT_CONFIGURABLE: CompletionCode = CompletionCode(0x80);
}

impl Command for SetCommandSubFunctionEnables {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x62);
    const NAME: &'static str = "Set Command Sub-function Enables";
    const SECTION: &'static str = "IPMI v2.0 §21.9";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code == Self::NOT_CONFIGURABLE)
            .then_some("one of the sub-functions does not exist, or cannot be enabled or disabled")
    }
}

impl Encode for SetCommandSubFunctionEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        self.at.encode(out);
        self.enabled.encode(out);
    }
}

impl Decode for SetCommandSubFunctionEnables {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { at: CommandAt::decode(r)?, enabled: SubFunctions::decode(r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netfn::Body;

    #[test]
    fn the_body_comes_before_the_sub_functions() {
        // As ipmitool 1.8.19 does it.
        let bytes = [0x0e, 0, 0, 2, 0x3d, 0, 0, 0];
        let request = SetCommandSubFunctionEnables::decode_exact(&bytes).unwrap();
        assert!(!request.enabled.has(1));
        assert_eq!(request.to_bytes(), bytes);
        // FreeIPMI 1.6.10: ..._sub_function_enables_defining_body_code_rq.
        let bytes = [0x01, 0x2c, 0x00, 0x04, 0xdc, 1, 0, 0, 0];
        let request = SetCommandSubFunctionEnables::decode_exact(&bytes).unwrap();
        assert_eq!((request.at.space.body, request.enabled.0), (Body::Group(0xdc), 1));
        assert_eq!(request.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(SetCommandSubFunctionEnables::decode_exact(&bytes[..length]).is_err());
        }
    }
}
