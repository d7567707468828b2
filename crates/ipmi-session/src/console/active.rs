//! The established session: calls out, answers in.

use std::time::{Duration, Instant};

use ipmi_wire::cmd::app::{CloseSession, GetDeviceId, SetSessionPrivilegeLevel};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{PayloadType, V20Header, V20Packet};
use ipmi_wire::{Decode, Effect, Encode, Privilege, Request, Response};

use super::handshake::later;
use super::{Call, Core, Event, Failure, Queued, SessionError, Token};
use crate::entropy::Entropy;
use crate::protection::Protection;
use crate::sequence::Window;

/// State of an established session.
#[derive(Debug)]
pub(super) struct Active {
    managed_session_id: u32,
    protection: Protection,
    inbound: Window,
    next_outbound: u32,
    next_request: u8,
    privilege: Privilege,
    /// The one request that waits for its answer. Some BMCs drop, truncate or merge answers when
    /// they are pressed (`research/fleet.md` §3), so one at a time.
    waiting: Option<Waiting>,
    last_sent: Instant,
}

#[derive(Debug)]
struct Waiting {
    purpose: Purpose,
    message: LanMessage,
    sent: u32,
    first: Instant,
    /// When to send it again; `None` for what must not be repeated.
    next: Option<Instant>,
    deadline: Instant,
}

/// Whatever is configured, an idle BMC is not woken more often than this.
const LEAST_KEEPALIVE: Duration = Duration::from_secs(1);

/// Whom an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Call(Token),
    /// Raising the session's privilege for the call at the head of the queue.
    Raise(Privilege),
    Keepalive,
}

impl Active {
    pub(super) fn new(
        now: Instant,
        core: &Core,
        managed_session_id: u32,
        protection: Protection,
    ) -> Self {
        Self {
            managed_session_id,
            protection,
            inbound: Window::new(),
            next_outbound: 1,
            next_request: 1,
            // §22.18: every session starts at USER, or below if it was opened for less.
            privilege: core.config.privilege.min(Privilege::User),
            waiting: None,
            last_sent: now,
        }
    }

    /// Sends what can be sent.
    pub(super) fn pump(&mut self, core: &mut Core, now: Instant, entropy: &mut dyn Entropy) {
        while self.waiting.is_none() {
            let Some(Queued { call, .. }) = core.queue.front() else { return };
            let wanted = call.needs.min(core.config.privilege);
            if wanted > self.privilege {
                let raise = Call::of(&SetSessionPrivilegeLevel { level: Some(wanted) });
                if self.send(core, now, Purpose::Raise(wanted), &raise, entropy).is_none() {
                    self.fail_head(core, Failure::TooLong);
                }
                continue;
            }
            let Some(Queued { token, call }) = core.queue.pop_front() else { return };
            if self.send(core, now, Purpose::Call(token), &call, entropy).is_none() {
                core.events.push_back(Event::Failed(token, Failure::TooLong));
            }
        }
    }

    pub(super) fn handle_packet(
        &mut self,
        core: &mut Core,
        now: Instant,
        packet: &V20Packet<'_>,
        entropy: &mut dyn Entropy,
    ) {
        if packet.header.session_id != core.console_session_id
            || packet.header.payload_type != PayloadType::Ipmi
        {
            return;
        }
        let Ok(payload) = self.protection.open(packet) else { return };
        // The window comes after the code: a forged number must not move it.
        if !self.inbound.accept(packet.header.sequence, self.protection.authenticates()) {
            return;
        }
        let message = if self.protection.authenticates() {
            LanMessage::decode_unverified(&payload)
        } else {
            LanMessage::decode_exact(&payload)
        };
        let Ok(message) = message else { return };
        let Some(response) = message.to_response() else { return };
        // The answer to any of the tries counts: they share number and request.
        let Some(waiting) = self.waiting.take_if(|w| {
            message.sequence == w.message.sequence
                && message.cmd == w.message.cmd
                && message.netfn == w.message.netfn | 1
        }) else {
            return;
        };
        if waiting.sent == 1 {
            core.round_trip.sample(now.saturating_duration_since(waiting.first));
        }
        self.deliver(core, waiting.purpose, response);
        self.pump(core, now, entropy);
    }

    fn deliver(&mut self, core: &mut Core, purpose: Purpose, response: Response) {
        match purpose {
            Purpose::Call(token) => core.events.push_back(Event::Answer(token, response)),
            Purpose::Raise(wanted) if response.completion.is_ok() => self.privilege = wanted,
            Purpose::Raise(wanted) => {
                let completion = response.completion;
                self.fail_head(core, Failure::PrivilegeRefused { wanted, completion });
            }
            Purpose::Keepalive => {}
        }
    }

    /// Fails the call that a raise was for.
    fn fail_head(&self, core: &mut Core, failure: Failure) {
        if let Some(Queued { token, .. }) = core.queue.pop_front() {
            core.events.push_back(Event::Failed(token, failure));
        }
    }

    /// An error if the session is over.
    pub(super) fn handle_timeout(
        &mut self,
        core: &mut Core,
        now: Instant,
        entropy: &mut dyn Entropy,
    ) -> Result<(), SessionError> {
        if let Some(waiting) = self.waiting.take_if(|w| now >= w.deadline) {
            self.give_up(core, now, &waiting)?;
        } else if let Some(waiting) = &mut self.waiting
            && waiting.next.is_some_and(|next| now >= next)
        {
            waiting.sent = waiting.sent.saturating_add(1);
            waiting.next =
                Some(later(now, core.round_trip.timeout(&core.config.timing, waiting.sent)));
            // A new packet around the same message: the BMC drops a number that it has seen.
            let bytes = waiting.message.to_bytes();
            if let Some(datagram) = self.seal(&bytes, entropy) {
                self.last_sent = now;
                core.transmit(datagram);
            }
        }
        self.pump(core, now, entropy);
        if self.keepalive_due(core).is_some_and(|due| now >= due) {
            self.send(core, now, Purpose::Keepalive, &Call::of(&GetDeviceId), entropy);
        }
        Ok(())
    }

    fn give_up(
        &self,
        core: &mut Core,
        now: Instant,
        waiting: &Waiting,
    ) -> Result<(), SessionError> {
        let no_answer = Failure::NoAnswer {
            sent: waiting.sent,
            waited: now.saturating_duration_since(waiting.first),
        };
        match waiting.purpose {
            Purpose::Call(token) => {
                let failure = if waiting.next.is_none() { Failure::Uncertain } else { no_answer };
                core.events.push_back(Event::Failed(token, failure));
            }
            Purpose::Raise(_) => self.fail_head(core, no_answer),
            // Nobody waits for this answer, but its absence means that the next call would wait
            // in vain: better to log in anew.
            Purpose::Keepalive => return Err(SessionError::Lost),
        }
        Ok(())
    }

    pub(super) fn poll_timeout(&self, core: &Core) -> Option<Instant> {
        match &self.waiting {
            Some(waiting) => {
                Some(waiting.next.map_or(waiting.deadline, |n| n.min(waiting.deadline)))
            }
            None => self.keepalive_due(core),
        }
    }

    /// Fails the call whose answer is waited for, because the session ends.
    pub(super) fn fail_all(&mut self, core: &mut Core) {
        if let Some(Waiting { purpose: Purpose::Call(token), next, .. }) = self.waiting.take() {
            let failure = match next {
                None => Failure::Uncertain,
                Some(_) => Failure::Interrupted,
            };
            core.events.push_back(Event::Failed(token, failure));
        }
    }

    pub(super) fn send_close(&mut self, core: &mut Core, entropy: &mut dyn Entropy) {
        let close = CloseSession { session_id: self.managed_session_id, handle: None };
        let message = self.message(&Request::of(&close));
        if let Some(datagram) = self.seal(&message.to_bytes(), entropy) {
            core.transmit(datagram);
        }
    }

    fn keepalive_due(&self, core: &Core) -> Option<Instant> {
        let interval = core.config.keepalive?.max(LEAST_KEEPALIVE);
        self.waiting.is_none().then(|| later(self.last_sent, interval))
    }

    fn send(
        &mut self,
        core: &mut Core,
        now: Instant,
        purpose: Purpose,
        call: &Call,
        entropy: &mut dyn Entropy,
    ) -> Option<()> {
        let message = self.message(&call.request);
        let datagram = self.seal(&message.to_bytes(), entropy)?;
        core.transmit(datagram);
        self.last_sent = now;
        let timing = &core.config.timing;
        let next = match call.effect {
            Effect::Read | Effect::Idempotent => {
                Some(later(now, core.round_trip.timeout(timing, 1)))
            }
            Effect::Once => None,
        };
        let deadline = later(now, timing.deadline);
        self.waiting = Some(Waiting { purpose, message, sent: 1, first: now, next, deadline });
        Some(())
    }

    const fn take_sequence(&mut self) -> u8 {
        let sequence = self.next_request;
        self.next_request = (sequence + 1) & 0x3f;
        sequence
    }

    fn message(&mut self, request: &Request) -> LanMessage {
        let sequence = self.take_sequence();
        LanMessage::request(sequence, request)
    }

    fn seal(&mut self, message: &[u8], entropy: &mut dyn Entropy) -> Option<Vec<u8>> {
        let mut iv = [0; 16];
        entropy.fill(&mut iv);
        let header = V20Header {
            session_id: self.managed_session_id,
            sequence: self.next_outbound,
            ..V20Header::sessionless(PayloadType::Ipmi)
        };
        self.next_outbound = self.next_outbound.checked_add(1).unwrap_or(1);
        self.protection.seal(header, message, iv)
    }
}
