//! Cold Reset: restarts the controller from power-on.

use crate::command::{Access, Command, Effect, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Cold Reset. IPMI v2.0 §20.2.
///
/// Sessions are lost; some controllers reset before they answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColdReset;

impl Command for ColdReset {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x02);
    const NAME: &'static str = "Cold Reset";
    const SECTION: &'static str = "IPMI v2.0 §20.2";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Once
    }
}

no_request_data!(ColdReset);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_is_no_reason_to_reset_twice() {
        assert_eq!(ColdReset.effect(), Effect::Once);
    }
}
