//! What waits for software on the system interface: messages of consoles, an event, a warning.
//! Nothing of it survives the controller, nor a restart of the machine whose software it is for.

use ipmi_wire::CompletionCode;
use ipmi_wire::Encode;
use ipmi_wire::cmd::app::{
    EventMessage, GlobalEnables, MessageFlags, PreTimeoutInterrupt, ReadEventMessageBuffer,
};
use ipmi_wire::sel::SelRecord;

use crate::dispatch::Outcome;
use crate::queue::ReceiveQueue;

/// Global enables, message flags, and what the flags stand for.
#[derive(Debug)]
pub(crate) struct Messages {
    enables: GlobalEnables,
    pub(crate) queue: ReceiveQueue,
    event: Option<EventMessage>,
    /// How the watchdog has warned.
    pre_timeout: Option<PreTimeoutInterrupt>,
}

impl Default for Messages {
    /// As the controller starts: events are logged (§22.1 leaves that on), and nothing else.
    fn default() -> Self {
        let enables = GlobalEnables { logging: true, ..GlobalEnables::default() };
        Self { enables, queue: ReceiveQueue::default(), event: None, pre_timeout: None }
    }
}

/// The record ID of an event that is not from the log.
const NO_RECORD: u16 = 0xffff;

impl Messages {
    /// The global enables.
    pub(crate) const fn enables(&self) -> GlobalEnables {
        self.enables
    }

    /// Set BMC Global Enables.
    ///
    /// # Errors
    /// CCh for bits that are the manufacturer's: this one has none.
    pub(crate) fn enable(&mut self, enables: GlobalEnables) -> Outcome<()> {
        if enables.oem != 0 {
            return Err(CompletionCode::INVALID_DATA_FIELD);
        }
        self.enables = enables;
        Ok(())
    }

    /// The message flags.
    pub(crate) fn flags(&self) -> MessageFlags {
        MessageFlags {
            receive_queue: !self.queue.is_empty(),
            event_buffer: self.event.is_some(),
            watchdog_pre_timeout: self.pre_timeout.is_some(),
            oem: 0,
        }
    }

    /// Clear Message Flags: what a flag stands for goes with it.
    pub(crate) fn clear(&mut self, flags: MessageFlags) {
        if flags.receive_queue {
            self.queue.clear();
        }
        if flags.event_buffer {
            self.event = None;
        }
        if flags.watchdog_pre_timeout {
            self.calm();
        }
    }

    /// The watchdog is about to expire, and says so in this way.
    ///
    /// The flag is up also when the warning was an NMI: so are those of QEMU's controller and of
    /// OpenIPMI's `ipmi_sim`.
    pub(crate) const fn warn(&mut self, by: PreTimeoutInterrupt) {
        self.pre_timeout = Some(by);
    }

    /// The watchdog was set anew: what it warned of will not come.
    pub(crate) const fn calm(&mut self) {
        self.pre_timeout = None;
    }

    /// Whether the watchdog's warning is an interrupt of the system interface.
    pub(crate) fn warns_by_message(&self) -> bool {
        self.pre_timeout == Some(PreTimeoutInterrupt::Messaging)
    }

    /// Offers an event to software. What comes while one waits is in the log alone.
    pub(crate) fn offer(&mut self, event: &SelRecord) {
        if !self.enables.event_buffer || self.event.is_some() {
            return;
        }
        let bytes = event.with_id(NO_RECORD).to_bytes();
        self.event = bytes.try_into().ok().map(|record| EventMessage { record });
    }

    /// Read Event Message Buffer: takes the event out.
    ///
    /// # Errors
    /// 80h if there is none.
    pub(crate) fn take_event(&mut self) -> Outcome<EventMessage> {
        self.event.take().ok_or(ReadEventMessageBuffer::EMPTY)
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::Decode;

    use super::*;

    /// A lid that was opened, by hand from §32.1.
    const LID: [u8; 16] = [3, 0, 2, 9, 0, 0, 0, 0x20, 0, 4, 5, 0x40, 0x6f, 0, 0xff, 0xff];

    #[test]
    fn the_buffer_holds_one_event_if_it_is_on() {
        let (mut messages, event) = (Messages::default(), SelRecord::decode_exact(&LID).unwrap());
        messages.offer(&event);
        assert_eq!(messages.take_event(), Err(CompletionCode(0x80)));
        let on = GlobalEnables { event_buffer: true, ..messages.enables() };
        messages.enable(on).unwrap();
        messages.offer(&event);
        messages.offer(&event.with_timestamp(77));
        assert!(messages.flags().event_buffer);
        let mut expected = LID;
        expected[..2].copy_from_slice(&[0xff, 0xff]);
        assert_eq!(messages.take_event(), Ok(EventMessage { record: expected }));
        assert_eq!(messages.take_event(), Err(CompletionCode(0x80)));
        assert_eq!(messages.flags(), MessageFlags::default());
        messages.offer(&event);
        messages.clear(messages.flags());
        assert_eq!(messages.take_event(), Err(CompletionCode(0x80)));
    }

    #[test]
    fn a_flag_stays_until_it_is_cleared_and_others_with_it() {
        let mut messages = Messages::default();
        messages.warn(PreTimeoutInterrupt::Messaging);
        messages.clear(MessageFlags { event_buffer: true, ..MessageFlags::default() });
        assert!(messages.flags().watchdog_pre_timeout);
        messages.clear(messages.flags());
        assert_eq!(messages.flags(), MessageFlags::default());
    }

    #[test]
    fn bits_that_mean_nothing_here_are_refused() {
        let mut messages = Messages::default();
        let oem = GlobalEnables { oem: 1, ..GlobalEnables::default() };
        assert_eq!(messages.enable(oem), Err(CompletionCode::INVALID_DATA_FIELD));
        assert!(messages.enables().logging, "nothing has changed");
    }
}
