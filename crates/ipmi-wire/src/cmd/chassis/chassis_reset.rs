//! Chassis Reset: resets what is in the chassis.

use crate::command::{Access, Command, Effect, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Chassis Reset. IPMI v2.0 §28.4.
///
/// Older than [`ChassisControl`](super::ChassisControl), which says more exactly what is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChassisReset;

impl Command for ChassisReset {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x03);
    const NAME: &'static str = "Chassis Reset";
    const SECTION: &'static str = "IPMI v2.0 §28.4";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Once
    }
}

no_request_data!(ChassisReset);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Decode, Encode};

    #[test]
    fn it_has_no_data_and_counts_every_time() {
        // `ipmitool raw 0 3`.
        assert!(ChassisReset.to_bytes().is_empty());
        assert!(ChassisReset::decode_exact(&[0]).is_err());
        assert_eq!(ChassisReset.effect(), Effect::Once);
    }
}
