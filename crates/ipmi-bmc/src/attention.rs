//! What the controller wants software on the system interface to look at: the attention flag, and
//! the interrupts that go with it. IPMI v2.0 §9.2 (`SMS_ATN`), §22.1 (Set BMC Global Enables).

use crate::bmc::Bmc;

/// The lines between the controller and its system interface that are not messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attention {
    /// Something waits for software (`SMS_ATN`): Get Message Flags tells what.
    pub waiting: bool,
    /// Whether what waits is to raise an interrupt.
    pub interrupts: bool,
    /// Whether the interface raises an interrupt with each answer: software has asked for the receive
    /// message queue's.
    pub message_interrupts: bool,
}

impl Bmc {
    /// What the system interface is to show now.
    #[must_use]
    pub fn attention(&self) -> Attention {
        let (flags, enables) = (self.messages.flags(), self.messages.enables());
        let interrupts = (flags.receive_queue && enables.receive_interrupt)
            || (flags.event_buffer && enables.event_interrupt)
            || self.messages.warns_by_message();
        Attention {
            waiting: flags.receive_queue || flags.event_buffer || flags.watchdog_pre_timeout,
            interrupts,
            message_interrupts: enables.receive_interrupt,
        }
    }
}
