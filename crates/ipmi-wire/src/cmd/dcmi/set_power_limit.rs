//! Set Power Limit: what is in force from its activation on, or from now on if it is active.

use super::{Acknowledged, GROUP, PowerLimit, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Set Power Limit. DCMI v1.5 §6.6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetPowerLimit(pub PowerLimit);

impl SetPowerLimit {
    /// So many watts cannot be the limit.
    pub const LIMIT_OUT_OF_RANGE: CompletionCode = CompletionCode(0x84);
    /// It cannot be corrected so fast, or is never.
    pub const CORRECTION_OUT_OF_RANGE: CompletionCode = CompletionCode(0x85);
    /// Statistics are not kept over such a time.
    pub const SAMPLING_OUT_OF_RANGE: CompletionCode = CompletionCode(0x89);
}

impl Command for SetPowerLimit {
    type Response = Acknowledged;
    const ID: CommandId = CommandId::group(GROUP, 0x04);
    const NAME: &'static str = "Set Power Limit";
    const SECTION: &'static str = "DCMI v1.5 §6.6.3";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code {
            Self::LIMIT_OUT_OF_RANGE => "the power limit is out of range",
            Self::CORRECTION_OUT_OF_RANGE => "the correction time is out of range",
            Self::SAMPLING_OUT_OF_RANGE => "the statistics sampling period is out of range",
            _ => return None,
        })
    }
}

impl Encode for SetPowerLimit {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, 0, 0, 0]);
        self.0.encode(out);
    }
}

impl Decode for SetPowerLimit {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        r.array::<3>("reserved")?;
        PowerLimit::decode(r).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ExceptionAction;
    use super::*;

    #[test]
    fn it_is_what_ipmitool_sends() {
        // ipmi_dcmi_pwr_slimit() in lib/ipmi_dcmi.c of 1.8.19: one reserved byte more than is read.
        let bytes = [0xdc, 0, 0, 0, 0x01, 0x2c, 0x01, 0xe8, 0x03, 0, 0, 0, 0, 0x1e, 0];
        let SetPowerLimit(limit) = SetPowerLimit::decode_exact(&bytes).unwrap();
        assert_eq!((limit.action, limit.watts), (ExceptionAction::PowerOff, 300));
        assert_eq!((limit.correction_ms, limit.sampling_seconds), (1000, 30));
        assert_eq!(SetPowerLimit(limit).to_bytes(), bytes);
        assert_eq!(SetPowerLimit(limit).effect(), Effect::Idempotent);
        assert!(SetPowerLimit::decode_exact(&bytes[..14]).is_err());
        for code in [0x84, 0x85, 0x89] {
            assert!(SetPowerLimit::explain(CompletionCode(code)).is_some());
        }
        assert!(SetPowerLimit::explain(CompletionCode(0x86)).is_none());
    }
}
