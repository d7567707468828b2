//! Enter SDR Repository Update Mode: stops everything else while records change.

use crate::command::{Access, Command, Effect, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Enter SDR Repository Update Mode. IPMI v2.0 §33.19.
///
/// Of use only where records can be changed in a special mode alone; meanwhile most commands
/// answer D0h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnterSdrRepositoryUpdateMode;

impl Command for EnterSdrRepositoryUpdateMode {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x2a);
    const NAME: &'static str = "Enter SDR Repository Update Mode";
    const SECTION: &'static str = "IPMI v2.0 §33.19";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

no_request_data!(EnterSdrRepositoryUpdateMode);
