//! Activate/Deactivate Power Limit: whether the limit that was set is in force.

use super::{Acknowledged, GROUP, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Activate/Deactivate Power Limit. DCMI v1.5 §6.6.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivatePowerLimit {
    /// Which of the two.
    pub active: bool,
}

impl Command for ActivatePowerLimit {
    type Response = Acknowledged;
    const ID: CommandId = CommandId::group(GROUP, 0x05);
    const NAME: &'static str = "Activate/Deactivate Power Limit";
    const SECTION: &'static str = "DCMI v1.5 §6.6.4";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for ActivatePowerLimit {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, self.active.into(), 0, 0]);
    }
}

impl Decode for ActivatePowerLimit {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        let active = match r.u8("power limit activation")? {
            0 => false,
            1 => true,
            other => {
                let field = "power limit activation";
                return Err(DecodeError::Invalid { field, value: other.into() });
            }
        };
        r.u16("reserved")?;
        Ok(Self { active })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_and_off_are_what_ipmitool_sends() {
        for (active, bytes) in [(false, [0xdc, 0, 0, 0]), (true, [0xdc, 1, 0, 0])] {
            assert_eq!(ActivatePowerLimit { active }.to_bytes(), bytes);
            assert_eq!(
                ActivatePowerLimit::decode_exact(&bytes),
                Ok(ActivatePowerLimit { active })
            );
        }
        assert!(ActivatePowerLimit::decode_exact(&[0xdc, 2, 0, 0]).is_err());
        assert!(ActivatePowerLimit::decode_exact(&[0xdc, 1, 0]).is_err());
    }
}
