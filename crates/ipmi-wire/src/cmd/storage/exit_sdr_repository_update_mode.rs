//! Exit SDR Repository Update Mode: ends what entering it began.

use crate::command::{Access, Command, Effect, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Exit SDR Repository Update Mode. IPMI v2.0 §33.20.
///
/// The controller resumes its other work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitSdrRepositoryUpdateMode;

impl Command for ExitSdrRepositoryUpdateMode {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x2b);
    const NAME: &'static str = "Exit SDR Repository Update Mode";
    const SECTION: &'static str = "IPMI v2.0 §33.20";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

no_request_data!(ExitSdrRepositoryUpdateMode);
