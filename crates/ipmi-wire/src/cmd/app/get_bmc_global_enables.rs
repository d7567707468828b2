//! Get BMC Global Enables: what the controller does for the system interface.

use super::GlobalEnables;
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get BMC Global Enables. IPMI v2.0 §22.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetBmcGlobalEnables;

impl Command for GetBmcGlobalEnables {
    type Response = GlobalEnables;
    const ID: CommandId = CommandId::new(NetFn::App, 0x2f);
    const NAME: &'static str = "Get BMC Global Enables";
    const SECTION: &'static str = "IPMI v2.0 §22.2";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetBmcGlobalEnables);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Decode, Encode};

    #[test]
    fn the_answer_is_one_byte() {
        // Logging and the event message buffer, as ipmitool's `mc getenables` shows them.
        let enables = GlobalEnables::decode_exact(&[0x0c]).unwrap();
        assert!(enables.logging && enables.event_buffer && !enables.event_interrupt);
        assert_eq!(enables.to_bytes(), [0x0c]);
        assert!(GlobalEnables::decode_exact(&[]).is_err());
        assert!(GetBmcGlobalEnables.to_bytes().is_empty());
    }
}
