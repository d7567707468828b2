//! Get SEL Allocation Info: how the log's space is handed out.

use crate::cmd::storage::AllocationInfo;
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get SEL Allocation Info. IPMI v2.0 §31.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSelAllocationInfo;

impl Command for GetSelAllocationInfo {
    type Response = AllocationInfo;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x41);
    const NAME: &'static str = "Get SEL Allocation Info";
    const SECTION: &'static str = "IPMI v2.0 §31.3";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetSelAllocationInfo);
