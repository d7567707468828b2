//! The receive message queue: what consoles have to say to software on the host, until it asks for
//! it. IPMI v2.0 §6.13.1, §22.5, §22.6.
//!
//! A console is told at once if its message cannot wait here. Once it does, only software answers:
//! the controller does not look into it. It waits for as long as its console does: a session that ends
//! takes with it what it has sent.

use std::collections::VecDeque;

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::{GetMessage, ReceivedMessage};

use crate::dispatch::Outcome;

/// The queue, and whether messages of the LAN channel get into it.
#[derive(Debug, Default)]
pub(crate) struct ReceiveQueue {
    messages: VecDeque<Waiting>,
    /// §22.5: software has to ask for a channel's messages.
    is_open: bool,
}

/// A message and the (managed system's) ID of the session that it came in.
#[derive(Debug)]
struct Waiting {
    session_id: u32,
    message: ReceivedMessage,
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
    pub(crate) fn put(&mut self, session_id: u32, message: ReceivedMessage) -> Outcome<()> {
        if !self.is_open {
            return Err(CompletionCode::DESTINATION_UNAVAILABLE);
        }
        if message.data.len() > LONGEST {
            return Err(CompletionCode::FIELD_LENGTH_EXCEEDED);
        }
        if self.messages.len() >= CAPACITY {
            return Err(CompletionCode::NODE_BUSY);
        }
        self.messages.push_back(Waiting { session_id, message });
        Ok(())
    }

    /// Get Message: takes the oldest one out.
    ///
    /// # Errors
    /// 80h if there is none.
    pub(crate) fn take(&mut self) -> Outcome<ReceivedMessage> {
        self.messages.pop_front().map(|waiting| waiting.message).ok_or(GetMessage::EMPTY)
    }

    /// Forgets what came in sessions that are gone.
    pub(crate) fn keep(&mut self, is_there: impl Fn(u32) -> bool) {
        self.messages.retain(|waiting| is_there(waiting.session_id));
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

    const SESSION: u32 = 77;

    fn message(number: u8, length: usize) -> ReceivedMessage {
        ReceivedMessage { channel: Channel::new(1), privilege: 4, data: vec![number; length] }
    }

    #[test]
    fn what_software_has_not_asked_for_is_refused() {
        let mut queue = ReceiveQueue::default();
        assert_eq!(queue.put(SESSION, message(1, 9)), Err(CompletionCode(0xd3)));
        queue.open(true);
        queue.put(SESSION, message(1, 9)).unwrap();
        queue.open(false);
        assert_eq!(queue.put(SESSION, message(2, 9)), Err(CompletionCode(0xd3)));
        assert_eq!(queue.take(), Ok(message(1, 9)), "what is in stays in");
        assert_eq!(queue.take(), Err(CompletionCode(0x80)));
    }

    #[test]
    fn it_is_first_in_first_out_and_has_a_limit() {
        let mut queue = ReceiveQueue::default();
        queue.open(true);
        for number in 0..16 {
            queue.put(SESSION, message(number, 9)).unwrap();
        }
        assert_eq!(queue.put(SESSION, message(16, 9)), Err(CompletionCode(0xc0)));
        assert_eq!(queue.take(), Ok(message(0, 9)), "the oldest was not pushed out");
        queue.put(SESSION, message(17, 9)).unwrap();
        assert!((1..16).all(|number| queue.take() == Ok(message(number, 9))));
        assert_eq!(queue.take(), Ok(message(17, 9)));
        assert!(queue.is_empty());
        for number in 0..3 {
            queue.put(SESSION, message(number, 9)).unwrap();
        }
        queue.clear();
        assert!(queue.is_empty() && queue.is_open());
    }

    #[test]
    fn what_no_system_interface_could_give_is_refused() {
        let mut queue = ReceiveQueue::default();
        queue.open(true);
        assert_eq!(queue.put(SESSION, message(1, 252)), Err(CompletionCode(0xc8)));
        queue.put(SESSION, message(1, 251)).unwrap();
    }

    #[test]
    fn what_a_session_sent_goes_with_it() {
        let mut queue = ReceiveQueue::default();
        queue.open(true);
        for number in 0..16 {
            queue.put(u32::from(number % 2), message(number, 9)).unwrap();
        }
        queue.keep(|session_id| session_id == 1);
        assert_eq!(queue.len(), 8);
        queue.put(SESSION, message(99, 9)).unwrap();
        let order = [1, 3, 5, 7, 9, 11, 13, 15, 99];
        assert!(order.into_iter().all(|number| queue.take() == Ok(message(number, 9))));
    }
}
