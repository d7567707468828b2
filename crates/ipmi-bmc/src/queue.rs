//! The receive message queue: what consoles have to say to software on the host, until it asks for
//! it. IPMI v2.0 §6.13.1, §22.5, §22.6.
//!
//! A console is told at once if its message cannot wait here. Once it does, only software answers:
//! the controller does not look into it.

use std::collections::VecDeque;

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::{GetMessage, ReceivedMessage};

use crate::dispatch::Outcome;

/// The queue, and whether messages of the LAN channel get into it.
#[derive(Debug, Default)]
pub(crate) struct ReceiveQueue {
    messages: VecDeque<ReceivedMessage>,
    /// §22.5: software has to ask for a channel's messages.
    is_open: bool,
}

/// So many messages wait at most.
const CAPACITY: usize = 16;
/// With what is around it, a message has to fit into one of the system interface: 255 bytes, of which
/// network function, command, completion code and channel are four.
const LONGEST: usize = 251;

impl ReceiveQueue {
    /// Whether messages of the LAN channel get into it.
    pub(crate) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Lets the LAN channel's messages in, or no more of them.
    pub(crate) const fn open(&mut self, open: bool) {
        self.is_open = open;
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many messages wait.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Takes in a message.
    ///
    /// # Errors
    /// D3h if software has not asked for it, C8h if it is too long for the system interface, C0h while
    /// the queue is full: what waits longest is not given up for what is new.
    pub(crate) fn put(&mut self, message: ReceivedMessage) -> Outcome<()> {
        if !self.is_open {
            return Err(CompletionCode::DESTINATION_UNAVAILABLE);
        }
        if message.data.len() > LONGEST {
            return Err(CompletionCode::FIELD_LENGTH_EXCEEDED);
        }
        if self.messages.len() >= CAPACITY {
            return Err(CompletionCode::NODE_BUSY);
        }
        self.messages.push_back(message);
        Ok(())
    }

    /// Get Message: takes the oldest one out.
    ///
    /// # Errors
    /// 80h if there is none.
    pub(crate) fn take(&mut self) -> Outcome<ReceivedMessage> {
        self.messages.pop_front().ok_or(GetMessage::EMPTY)
    }

    /// Forgets what waits.
    pub(crate) fn clear(&mut self) {
        self.messages.clear();
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::Channel;

    use super::*;

    fn message(number: u8, length: usize) -> ReceivedMessage {
        ReceivedMessage { channel: Channel::new(1), privilege: 4, data: vec![number; length] }
    }

    #[test]
    fn what_software_has_not_asked_for_is_refused() {
        let mut queue = ReceiveQueue::default();
        assert_eq!(queue.put(message(1, 9)), Err(CompletionCode(0xd3)));
        queue.open(true);
        queue.put(message(1, 9)).unwrap();
        queue.open(false);
        assert_eq!(queue.put(message(2, 9)), Err(CompletionCode(0xd3)));
        assert_eq!(queue.take(), Ok(message(1, 9)), "what is in stays in");
        assert_eq!(queue.take(), Err(CompletionCode(0x80)));
    }

    #[test]
    fn it_is_first_in_first_out_and_has_a_limit() {
        let mut queue = ReceiveQueue::default();
        queue.open(true);
        for number in 0..16 {
            queue.put(message(number, 9)).unwrap();
        }
        assert_eq!(queue.put(message(16, 9)), Err(CompletionCode(0xc0)));
        assert_eq!(queue.take(), Ok(message(0, 9)), "the oldest was not pushed out");
        queue.put(message(17, 9)).unwrap();
        assert!((1..16).all(|number| queue.take() == Ok(message(number, 9))));
        assert_eq!(queue.take(), Ok(message(17, 9)));
        assert!(queue.is_empty());
        for number in 0..3 {
            queue.put(message(number, 9)).unwrap();
        }
        queue.clear();
        assert!(queue.is_empty() && queue.is_open());
    }

    #[test]
    fn what_no_system_interface_could_give_is_refused() {
        let mut queue = ReceiveQueue::default();
        queue.open(true);
        assert_eq!(queue.put(message(1, 252)), Err(CompletionCode(0xc8)));
        queue.put(message(1, 251)).unwrap();
    }
}
