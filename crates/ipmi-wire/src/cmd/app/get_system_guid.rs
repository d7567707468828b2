//! Get System GUID: the identity of the system that the controller manages.

use crate::cmd::app::Guid;
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};

/// Get System GUID. IPMI v2.0 §22.14.
///
/// RAKP message 2 carries the same GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSystemGuid;

impl Command for GetSystemGuid {
    type Response = Guid;
    const ID: CommandId = CommandId::new(NetFn::App, 0x37);
    const NAME: &'static str = "Get System GUID";
    const SECTION: &'static str = "IPMI v2.0 §22.14";
    const ACCESS: Access = Access::PreSession;
}

no_request_data!(GetSystemGuid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_available_before_a_session() {
        assert_eq!(GetSystemGuid::ACCESS, Access::PreSession);
    }
}
