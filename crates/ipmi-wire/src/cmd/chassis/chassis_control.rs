//! Chassis Control: turns the machine on, off, or around.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Chassis Control. IPMI v2.0 §28.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChassisControl {
    /// What to do.
    pub action: PowerAction,
}

/// What [`ChassisControl`] can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PowerAction {
    /// Power off at once, without asking the operating system.
    Off,
    /// Power on.
    On,
    /// Off for at least a second, then on. Refused (D5h) while off.
    Cycle,
    /// Hard reset.
    Reset,
    /// Pulse a diagnostic interrupt, usually an NMI.
    DiagnosticInterrupt,
    /// Ask the operating system to shut down, by emulating a fatal overtemperature.
    SoftOff,
}

impl Command for ChassisControl {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x02);
    const NAME: &'static str = "Chassis Control";
    const SECTION: &'static str = "IPMI v2.0 §28.3";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        match self.action {
            PowerAction::Off | PowerAction::On | PowerAction::SoftOff => Effect::Idempotent,
            PowerAction::Cycle | PowerAction::Reset | PowerAction::DiagnosticInterrupt => {
                Effect::Once
            }
        }
    }
}

impl Encode for ChassisControl {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(match self.action {
            PowerAction::Off => 0,
            PowerAction::On => 1,
            PowerAction::Cycle => 2,
            PowerAction::Reset => 3,
            PowerAction::DiagnosticInterrupt => 4,
            PowerAction::SoftOff => 5,
        });
    }
}

impl Decode for ChassisControl {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let action = match r.u8("chassis control")? & 0x0f {
            0 => PowerAction::Off,
            1 => PowerAction::On,
            2 => PowerAction::Cycle,
            3 => PowerAction::Reset,
            4 => PowerAction::DiagnosticInterrupt,
            5 => PowerAction::SoftOff,
            other => {
                return Err(DecodeError::Invalid { field: "chassis control", value: other.into() });
            }
        };
        Ok(Self { action })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_twice_is_never_resent_blindly() {
        let effect = |action| ChassisControl { action }.effect();
        assert_eq!(effect(PowerAction::Off), Effect::Idempotent);
        assert_eq!(effect(PowerAction::Cycle), Effect::Once);
        assert_eq!(effect(PowerAction::Reset), Effect::Once);
    }

    #[test]
    fn a_reserved_action_is_not_taken_for_another() {
        assert_eq!(
            ChassisControl::decode_exact(&[6]).unwrap_err(),
            DecodeError::Invalid { field: "chassis control", value: 6 }
        );
    }
}
