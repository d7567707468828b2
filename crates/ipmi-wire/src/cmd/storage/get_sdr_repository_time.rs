//! Get SDR Repository Time: the clock that stamps changes of the repository.

use crate::cmd::storage::RepositoryTime;
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get SDR Repository Time. IPMI v2.0 §33.17.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSdrRepositoryTime;

impl Command for GetSdrRepositoryTime {
    type Response = RepositoryTime;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x28);
    const NAME: &'static str = "Get SDR Repository Time";
    const SECTION: &'static str = "IPMI v2.0 §33.17";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetSdrRepositoryTime);
