//! Get Power Limit: the limit that is set, and by the completion code whether it is in force.

use super::{GROUP, PowerLimit, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Get Power Limit. DCMI v1.5 §6.6.2.
///
/// Completion code [`NOT_ACTIVE`](Self::NOT_ACTIVE) is no failure: the limit follows it, as it would
/// 00h. Some controllers send the code alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetPowerLimit;

impl GetPowerLimit {
    /// There is no limit in force.
    pub const NOT_ACTIVE: CompletionCode = CompletionCode(0x80);
}

/// The answer to [`GetPowerLimit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerLimitSet(pub PowerLimit);

impl Command for GetPowerLimit {
    type Response = PowerLimitSet;
    const ID: CommandId = CommandId::group(GROUP, 0x03);
    const NAME: &'static str = "Get Power Limit";
    const SECTION: &'static str = "DCMI v1.5 §6.6.2";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code == Self::NOT_ACTIVE).then_some("no power limit is active")
    }
}

impl Encode for GetPowerLimit {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, 0, 0]);
    }
}

impl Decode for GetPowerLimit {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        r.u16("reserved")?;
        Ok(Self)
    }
}

impl Encode for PowerLimitSet {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, 0, 0]);
        self.0.encode(out);
    }
}

impl Decode for PowerLimitSet {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        r.u16("reserved")?;
        PowerLimit::decode(r).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ExceptionAction;
    use super::*;

    #[test]
    fn a_limit_is_where_ipmitool_looks_for_it() {
        // struct power_limit of include/ipmitool/ipmi_dcmi.h.
        let bytes = [0xdc, 0, 0, 0x11, 0xf4, 0x01, 0x70, 0x17, 0, 0, 0, 0, 0x3c, 0];
        let PowerLimitSet(limit) = PowerLimitSet::decode_exact(&bytes).unwrap();
        assert_eq!((limit.action, limit.watts), (ExceptionAction::Log, 500));
        assert_eq!((limit.correction_ms, limit.sampling_seconds), (6000, 60));
        assert_eq!(PowerLimitSet(limit).to_bytes(), bytes);
        assert_eq!(GetPowerLimit.to_bytes(), [0xdc, 0, 0]);
        assert!(PowerLimitSet::decode_exact(&bytes[..13]).is_err());
        assert!(GetPowerLimit::decode_exact(&[0xdc, 0]).is_err());
        assert!(GetPowerLimit::explain(CompletionCode(0x80)).is_some());
    }

    #[test]
    fn every_action_has_its_number() {
        for number in 0..=u8::MAX {
            assert_eq!(ExceptionAction::from_number(number).number(), number);
        }
    }
}
