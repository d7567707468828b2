//! Set Power Cycle Interval: how long a power cycle leaves the machine off.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Power Cycle Interval. IPMI v2.0 §28.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetPowerCycleInterval {
    /// Seconds; 0 is no delay.
    pub seconds: u8,
}

impl Command for SetPowerCycleInterval {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x0b);
    const NAME: &'static str = "Set Power Cycle Interval";
    const SECTION: &'static str = "IPMI v2.0 §28.9";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetPowerCycleInterval {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.seconds);
    }
}

impl Decode for SetPowerCycleInterval {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { seconds: r.u8("power cycle interval")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_byte_of_seconds() {
        // `tmpl_cmd_set_power_cycle_interval_rq` of FreeIPMI 1.6.10.
        let request = SetPowerCycleInterval::decode_exact(&[5]).unwrap();
        assert_eq!(request, SetPowerCycleInterval { seconds: 5 });
        assert_eq!((request.to_bytes(), request.effect()), (vec![5], Effect::Idempotent));
        for bytes in [&[][..], &[5, 0]] {
            assert!(SetPowerCycleInterval::decode_exact(bytes).is_err());
        }
    }
}
