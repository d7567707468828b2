//! Set Power Restore Policy: what the machine does when mains power comes back.

use super::PowerRestorePolicy;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Power Restore Policy. IPMI v2.0 §28.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetPowerRestorePolicy {
    /// The policy; `None` changes nothing and asks which there are, as
    /// [`PowerRestorePolicy::Unknown`] does.
    pub policy: Option<PowerRestorePolicy>,
}

/// The answer to [`SetPowerRestorePolicy`]: the policies that the controller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerRestorePolicies {
    /// [`PowerRestorePolicy::AlwaysOff`].
    pub always_off: bool,
    /// [`PowerRestorePolicy::Previous`].
    pub previous: bool,
    /// [`PowerRestorePolicy::AlwaysOn`].
    pub always_on: bool,
}

impl Command for SetPowerRestorePolicy {
    type Response = PowerRestorePolicies;
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x06);
    const NAME: &'static str = "Set Power Restore Policy";
    const SECTION: &'static str = "IPMI v2.0 §28.8";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        match self.policy {
            None => Effect::Read,
            Some(_) => Effect::Idempotent,
        }
    }
}

/// "No change".
const NO_CHANGE: u8 = 3;

impl Encode for SetPowerRestorePolicy {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.policy.map_or(NO_CHANGE, PowerRestorePolicy::number));
    }
}

impl Decode for SetPowerRestorePolicy {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let policy = match r.u8("power restore policy")? & 0x07 {
            NO_CHANGE => None,
            number @ ..NO_CHANGE => Some(PowerRestorePolicy::from_number(number)),
            other => {
                let field = "power restore policy";
                return Err(DecodeError::Invalid { field, value: other.into() });
            }
        };
        Ok(Self { policy })
    }
}

impl Encode for PowerRestorePolicies {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(
            u8::from(self.always_off)
                | (u8::from(self.previous) << 1)
                | (u8::from(self.always_on) << 2),
        );
    }
}

impl Decode for PowerRestorePolicies {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = r.u8("power restore policy support")?;
        Ok(Self { always_off: bits & 1 != 0, previous: bits & 2 != 0, always_on: bits & 4 != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_asks_and_does_not_change() {
        // `ipmitool chassis policy list` (lib/ipmi_chassis.c of 1.8.19).
        let request = SetPowerRestorePolicy::decode_exact(&[3]).unwrap();
        assert_eq!((request.policy, request.effect()), (None, Effect::Read));
        for (number, policy) in [
            (0, PowerRestorePolicy::AlwaysOff),
            (1, PowerRestorePolicy::Previous),
            (2, PowerRestorePolicy::AlwaysOn),
        ] {
            let request = SetPowerRestorePolicy::decode_exact(&[number]).unwrap();
            assert_eq!((request.policy, request.effect()), (Some(policy), Effect::Idempotent));
            assert_eq!(request.to_bytes(), [number]);
        }
    }

    #[test]
    fn what_is_reserved_is_refused() {
        for number in 4..8 {
            assert!(SetPowerRestorePolicy::decode_exact(&[number]).is_err());
        }
        assert!(SetPowerRestorePolicy::decode_exact(&[]).is_err());
    }

    #[test]
    fn every_policy_has_its_bit() {
        for bits in 0..8 {
            assert_eq!(PowerRestorePolicies::decode_exact(&[bits]).unwrap().to_bytes(), [bits]);
        }
        let policies = PowerRestorePolicies::decode_exact(&[4]).unwrap();
        assert!(policies.always_on && !policies.previous && !policies.always_off);
        assert!(PowerRestorePolicies::decode_exact(&[]).is_err());
    }
}
