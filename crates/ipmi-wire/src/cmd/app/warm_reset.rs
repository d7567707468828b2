//! Warm Reset: restarts the controller, keeping more of its state.

use crate::command::{Access, Command, Effect, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Warm Reset. IPMI v2.0 §20.3.
///
/// What survives is the controller's choice; sessions may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmReset;

impl Command for WarmReset {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x03);
    const NAME: &'static str = "Warm Reset";
    const SECTION: &'static str = "IPMI v2.0 §20.3";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Once
    }
}

no_request_data!(WarmReset);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_is_no_reason_to_reset_twice() {
        assert_eq!(WarmReset.effect(), Effect::Once);
    }
}
