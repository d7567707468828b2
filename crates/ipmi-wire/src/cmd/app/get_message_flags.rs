//! Get Message Flags: what waits for software on the system interface.

use super::MessageFlags;
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};

/// Get Message Flags. IPMI v2.0 §22.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetMessageFlags;

impl Command for GetMessageFlags {
    type Response = MessageFlags;
    const ID: CommandId = CommandId::new(NetFn::App, 0x31);
    const NAME: &'static str = "Get Message Flags";
    const SECTION: &'static str = "IPMI v2.0 §22.4";
    const ACCESS: Access = Access::SystemInterfaceOnly;
}

no_request_data!(GetMessageFlags);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Decode, Encode};

    #[test]
    fn the_answer_is_one_byte() {
        // By hand from §22.4: an event waits, and the watchdog is about to expire.
        let flags = MessageFlags::decode_exact(&[0x0a]).unwrap();
        assert!(flags.event_buffer && flags.watchdog_pre_timeout && !flags.receive_queue);
        assert_eq!(flags.to_bytes(), [0x0a]);
        assert!(MessageFlags::decode_exact(&[]).is_err());
        assert!(GetMessageFlags.to_bytes().is_empty());
    }
}
