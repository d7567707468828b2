//! What every state of a session needs.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{PayloadType, V20Packet};
use ipmi_wire::{Decode, DecodeError, Effect};

use super::trouble::Trouble;
use super::{Call, Config, Event, Failure, SessionError, Token};
use crate::quirk::{Quirk, Quirks};
use crate::sol::CEILING;
use crate::timing::{RoundTrip, Timing, Tries, later};

/// What every state needs.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) config: Config,
    pub(super) console_session_id: u32,
    pub(super) round_trip: RoundTrip,
    /// Of requests to controllers behind the BMC, over buses that are a thousand times slower.
    pub(super) bridged: RoundTrip,
    pub(super) outbox: VecDeque<Vec<u8>>,
    pub(super) events: VecDeque<Event>,
    pub(super) queue: VecDeque<Queued>,
    pub(super) next_token: u64,
    pub(super) sent: u64,
    pub(super) managed_session_id: Option<u32>,
    pub(super) managed_guid: Option<[u8; 16]>,
    pub(super) trouble: Trouble,
    pub(super) noticed: Quirks,
    /// The last message that was answered after it had been sent more than once: `None` if there is
    /// none in this session.
    pub(super) answered: Option<Answered>,
}

/// A message that was sent more than once, and answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    pub(super) what: Repeated,
    /// When it was answered last.
    pub(super) when: Instant,
    /// Time from the first copy to the first answer.
    pub(super) took: Duration,
    /// Copies that may still be answered; whoever makes up answers gets no further with it.
    pub(super) left: u32,
}

/// What tells the answers to one message from those to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeated {
    /// An answer of the handshake, with its tag.
    Handshake(PayloadType, u8),
    /// Number, network function and command of an answer.
    Call(u8, u8, u8),
}

impl Repeated {
    pub(super) const fn call(answer: &LanMessage) -> Self {
        Self::Call(answer.sequence, answer.netfn, answer.cmd)
    }

    /// Of a packet outside of sessions, if it is such an answer to this console.
    pub(super) fn in_handshake(packet: &V20Packet<'_>, console_session_id: u32) -> Option<Self> {
        use PayloadType as P;
        let kind = packet.header.payload_type;
        let [tag, _, _, _, id @ ..] = packet.payload.first_chunk::<8>()?;
        let ours = u32::from_le_bytes(*id) == console_session_id;
        (ours && matches!(kind, P::OpenSessionResponse | P::Rakp2 | P::Rakp4))
            .then_some(Self::Handshake(kind, *tag))
    }
}

#[derive(Debug)]
pub(super) struct Queued {
    pub(super) token: Token,
    pub(super) call: Call,
}

impl Core {
    pub(super) fn new(config: Config, console_session_id: u32) -> Self {
        Self {
            round_trip: config.lessons.round_trip.map_or_else(RoundTrip::default, RoundTrip::of),
            config,
            console_session_id,
            bridged: RoundTrip::default(),
            outbox: VecDeque::new(),
            events: VecDeque::new(),
            queue: VecDeque::new(),
            next_token: 0,
            sent: 0,
            managed_session_id: None,
            managed_guid: None,
            trouble: Trouble::default(),
            noticed: Quirks::NONE,
            answered: None,
        }
    }

    pub(super) fn transmit(&mut self, datagram: Vec<u8>) {
        self.sent = self.sent.saturating_add(1);
        self.outbox.push_back(datagram);
    }

    /// Puts a call where its priority wants it: before what only reads and matters less.
    pub(super) fn enqueue(&mut self, queued: Queued) {
        let yields = |other: &Queued| {
            other.call.effect == Effect::Read && other.call.priority < queued.call.priority
        };
        let ahead = self.queue.iter().rev().take_while(|other| yields(other)).count();
        self.queue.insert(self.queue.len().saturating_sub(ahead), queued);
    }

    /// Tells of a departure from the specification, once.
    pub(super) fn notice(&mut self, quirk: Quirk) {
        if !self.noticed.has(quirk) {
            self.noticed.insert(quirk);
            self.events.push_back(Event::Noticed(quirk));
        }
    }

    /// Remembers that a message was answered, in case that it is answered again.
    pub(super) fn remember(&mut self, now: Instant, what: Repeated, tries: &Tries) {
        let left = tries.sent.saturating_sub(1);
        if left > 0 {
            let took = tries.waited(now);
            self.answered = Some(Answered { what, when: now, took, left });
        }
    }

    /// Takes in one more answer, perhaps to what was answered already: then that had been repeated
    /// in vain. What comes right behind another answer may be the network's own duplicate of it.
    ///
    /// Whether the BMC does one thing after the other: its answers come as far apart as it takes for
    /// one, not as the copies were sent. Then what was sent since waits its turn behind the copies, and
    /// one more copy of that would only make the queue longer.
    pub(super) fn answered_again(&mut self, now: Instant, what: Repeated) -> bool {
        const APART: Duration = Duration::from_millis(50);
        let Some(answered) = &mut self.answered else { return false };
        let since = now.saturating_duration_since(answered.when);
        if answered.what != what || answered.left == 0 || since < APART {
            return false;
        }
        answered.when = now;
        answered.left = answered.left.saturating_sub(1);
        self.round_trip.spurious(answered.took);
        since >= answered.took / 2
    }

    /// When to send again what was sent `copies` times.
    pub(super) fn next_try(&self, now: Instant, copies: u32) -> Instant {
        later(now, self.round_trip.timeout(&self.config.timing, copies))
    }

    /// As [`next_try`](Self::next_try), of what is to find out whether the BMC is there: more often,
    /// so that a bad line is not taken for a dead BMC.
    pub(super) fn next_probe(&self, now: Instant, copies: u32) -> Instant {
        let slow = self.round_trip.smoothed().unwrap_or_default().saturating_mul(2);
        self.next_try(now, copies).min(later(now, CEILING.max(slow)))
    }

    /// As [`next_try`](Self::next_try), of what goes to a controller behind the BMC.
    pub(super) fn next_bridged_try(&self, now: Instant, copies: u32) -> Instant {
        // Each copy is one more message on a bus of 100 kHz, which others share.
        const SLOWER: u32 = 4;
        let timing = self.config.timing;
        let initial = timing.initial.saturating_mul(SLOWER);
        later(now, self.bridged.timeout(&Timing { initial, ..timing }, copies))
    }

    /// The message in a payload. Wrong checksums are passed over where an integrity code vouches for
    /// them, or where the administrator does.
    pub(super) fn decode(
        &mut self,
        payload: &[u8],
        proven: bool,
    ) -> Result<LanMessage, DecodeError> {
        match LanMessage::decode_exact(payload) {
            Err(DecodeError::Checksum { .. })
                if proven || self.config.workarounds.has(Quirk::NoChecksumCheck) =>
            {
                let message = LanMessage::decode_unverified(payload)?;
                self.notice(Quirk::NoChecksumCheck);
                Ok(message)
            }
            decoded => decoded,
        }
    }

    /// Fails a call that was not sent, if it is still there.
    pub(super) fn fail_queued(&mut self, token: Token, failure: Failure) {
        let before = self.queue.len();
        self.queue.retain(|queued| queued.token != token);
        if self.queue.len() < before {
            self.events.push_back(Event::Failed(token, failure));
        }
    }

    /// Fails everything that waits, and says that the session is over.
    pub(super) fn close(&mut self, why: Option<SessionError>) {
        while let Some(Queued { token, .. }) = self.queue.pop_front() {
            self.events.push_back(Event::Failed(token, Failure::NotSent));
        }
        self.events.push_back(Event::Closed(why));
    }
}

/// Whether a message answers a request. The answer to any copy does: they share number and request.
pub(super) fn is_answer(message: &LanMessage, request: &LanMessage) -> bool {
    message.sequence == request.sequence
        && message.cmd == request.cmd
        && message.netfn == request.netfn | 1
}
