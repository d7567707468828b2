//! Set Thermal Limit: how hot an entity may get, and what happens if it gets hotter.

use super::{Acknowledged, GROUP, ThermalLimit, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Set Thermal Limit. DCMI v1.5 §6.7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetThermalLimit {
    /// Entity ID: 40h or 37h, the inlet.
    pub entity: u8,
    /// Instance, from 1 on.
    pub instance: u8,
    /// The limit.
    pub limit: ThermalLimit,
}

impl SetThermalLimit {
    /// So many degrees cannot be the limit.
    pub const LIMIT_OUT_OF_RANGE: CompletionCode = CompletionCode(0x84);
    /// Such a time cannot be waited.
    pub const TIME_OUT_OF_RANGE: CompletionCode = CompletionCode(0x85);
}

impl Command for SetThermalLimit {
    type Response = Acknowledged;
    const ID: CommandId = CommandId::group(GROUP, 0x0b);
    const NAME: &'static str = "Set Thermal Limit";
    const SECTION: &'static str = "DCMI v1.5 §6.7.2";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code {
            Self::LIMIT_OUT_OF_RANGE => "the temperature limit is out of range",
            Self::TIME_OUT_OF_RANGE => "the exception time is out of range",
            _ => return None,
        })
    }
}

impl Encode for SetThermalLimit {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, self.entity, self.instance]);
        self.limit.encode(out);
    }
}

impl Decode for SetThermalLimit {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        let [entity, instance] = r.array("entity and instance")?;
        Ok(Self { entity, instance, limit: ThermalLimit::decode(r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_ipmitool_sends() {
        // `dcmi thermalpolicy set 0x40 1 nonvolatile poweroff nosel 45 60 0` (lib/ipmi_dcmi.c).
        let bytes = [0xdc, 0x40, 1, 0xc0, 45, 60, 0];
        let request = SetThermalLimit::decode_exact(&bytes).unwrap();
        assert!(request.limit.persistent && request.limit.power_off && !request.limit.log);
        assert_eq!((request.limit.celsius, request.limit.seconds), (45, 60));
        assert_eq!((request.to_bytes().as_slice(), request.effect()), (&bytes[..], Effect::Idempotent));
        assert!(SetThermalLimit::decode_exact(&bytes[..6]).is_err());
        assert!(SetThermalLimit::explain(CompletionCode(0x84)).is_some());
        assert!(SetThermalLimit::explain(CompletionCode(0x85)).is_some());
    }
}
