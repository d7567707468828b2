//! Get SDR Repository Allocation Info: how the space is handed out.

use crate::cmd::storage::AllocationInfo;
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get SDR Repository Allocation Info. IPMI v2.0 §33.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSdrRepositoryAllocationInfo;

impl Command for GetSdrRepositoryAllocationInfo {
    type Response = AllocationInfo;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x21);
    const NAME: &'static str = "Get SDR Repository Allocation Info";
    const SECTION: &'static str = "IPMI v2.0 §33.10";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetSdrRepositoryAllocationInfo);
