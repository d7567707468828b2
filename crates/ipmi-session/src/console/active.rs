//! The established session: calls out, answers in. The same for both versions of IPMI.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ipmi_wire::cmd::app::{CloseSession, GetDeviceId, SetSessionPrivilegeLevel};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::SessionPacket;
use ipmi_wire::{CompletionCode, Effect, Encode, Privilege, Request};

use super::envelope::{Envelope, Opened};
use super::pressure::Pressure;
use super::sol::Line;
use super::waiting::{Heard, Purpose, Said, Waiting, Way, give_up};
use super::{Call, Core, Event, Failure, Queued, Repeated, SessionError, Token};
use crate::entropy::Entropy;
use crate::quirk::Quirk;
use crate::timing::{Tries, later};

/// State of an established session.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) envelope: Envelope,
    /// Serial over LAN, if it is on.
    pub(super) line: Option<Line>,
    next_request: u8,
    /// A bit for each `rqSeq` of which not every copy was answered. One may still be, at any time,
    /// and that answer would fit whatever call has the number then: so none gets it.
    owed: u64,
    /// Those of them that keepalives had, the one that was used longest ago first. A late answer to one
    /// fits another and does no harm.
    probes: VecDeque<u8>,
    privilege: Privilege,
    /// Requests that wait for their answers, in the order in which they were first sent. One,
    /// usually: some BMCs drop, truncate or merge answers when they are pressed
    /// (`research/fleet.md` §3).
    waiting: Vec<Waiting>,
    pressure: Pressure,
    /// "Node busy" was the answer to one of several requests.
    pressed: bool,
    last_sent: Instant,
    /// When the BMC last said anything that it vouched for.
    last_heard: Instant,
}

/// So many numbers that are owed an answer are too many.
const SPENT: u32 = u64::BITS / 2;

/// So many numbers that are owed to keepalives are enough to take turns: a BMC that is asked the same
/// under the same number twice in a row may take that for a repetition.
const PROBES: usize = 4;

/// Whatever is configured, an idle BMC is not woken more often than this.
const LEAST_KEEPALIVE: Duration = Duration::from_secs(1);

impl Active {
    pub(super) fn new(now: Instant, core: &Core, envelope: Envelope) -> Self {
        Self {
            envelope,
            line: None,
            next_request: 1,
            owed: 0,
            probes: VecDeque::new(),
            privilege: Self::first_privilege(core),
            waiting: Vec::new(),
            pressure: match core.config.lessons.one_at_a_time {
                true => Pressure::none(),
                false => Pressure::new(),
            },
            pressed: core.config.lessons.one_at_a_time,
            last_sent: now,
            last_heard: now,
        }
    }

    /// §22.18: every session starts at USER, or below if it was opened for less.
    fn first_privilege(core: &Core) -> Privilege {
        core.config.privilege.min(Privilege::User)
    }

    /// Whether it was too much for the BMC to have several requests at a time.
    pub(super) const fn was_pressed(&self) -> bool {
        self.pressed
    }

    /// Sends what can be sent.
    pub(super) fn pump(&mut self, core: &mut Core, now: Instant, entropy: &mut dyn Entropy) {
        while !self.is_spent() {
            let Some(Queued { token, call }) = core.queue.front() else { return };
            let (token, wanted) = (*token, call.needs.min(core.config.privilege));
            if !self.waiting.is_empty() && (wanted > self.privilege || !self.may_join(call)) {
                return;
            }
            if wanted > self.privilege {
                let raise = Call::of(&SetSessionPrivilegeLevel { level: Some(wanted) });
                let purpose = Purpose::Raise(wanted, token);
                if self.send(core, now, purpose, &raise, entropy).is_none() {
                    core.fail_queued(token, Failure::TooLong);
                }
                continue;
            }
            if call.effect == Effect::Once && self.envelope.is_doubtful() {
                // What is sent once should be understood.
                self.send(core, now, Purpose::Keepalive, &Call::of(&GetDeviceId), entropy);
                return;
            }
            let Some(Queued { token, call }) = core.queue.pop_front() else { return };
            if self.send(core, now, Purpose::Call(token), &call, entropy).is_none() {
                core.events.push_back(Event::Failed(token, Failure::TooLong));
            }
        }
    }

    /// Whether a call may be sent while others are in flight: one that only reads, as they do, and
    /// where all of them may be so many. In IPMI v1.5 never: how its packets are to be written is
    /// found out one at a time.
    fn may_join(&self, call: &Call) -> bool {
        let others = self.waiting.len();
        let has_room = |abreast: u8| others < usize::from(abreast.min(self.pressure.limit()));
        let numbers = self.owed.count_ones().saturating_add(others.try_into().unwrap_or(u32::MAX));
        matches!(self.envelope, Envelope::V20(_))
            && call.effect == Effect::Read
            && call.route.is_none()
            && has_room(call.abreast)
            && self.waiting.iter().all(|w| has_room(w.abreast) && !w.is_pausing())
            // As many are left to go round as one at a time needs: see `is_spent`.
            && numbers < SPENT
    }

    pub(super) fn handle_packet(
        &mut self,
        core: &mut Core,
        now: Instant,
        packet: &SessionPacket<'_>,
        entropy: &mut dyn Entropy,
    ) {
        let (payload, proven) = match self.envelope.open(packet, &mut |quirk| core.notice(quirk)) {
            Opened::Message { payload, proven } => (payload, proven),
            Opened::Sol(order, packet) => {
                self.last_heard = now;
                core.trouble.refute();
                return self.handle_sol(core, now, order, &packet, entropy);
            }
            Opened::WrongCode(payload) => return self.note_wrong_code(payload.as_deref()),
            Opened::Foreign => return,
        };
        let Ok(message) = core.decode(&payload, proven) else { return };
        if message.to_response().is_none() {
            return;
        }
        core.trouble.refute();
        self.last_heard = now;
        let vouched = proven || core.config.workarounds.has(Quirk::NoChecksumCheck);
        let hear = |w: &Waiting| if w.is_pausing() { None } else { w.hear(&message, vouched) };
        let heard = self.waiting.iter().enumerate().find_map(|(at, w)| Some((at, hear(w)?)));
        let Some((place, heard)) = heard else {
            if core.answered_again(now, Repeated::call(&message)) {
                self.put_off(core, now, 0);
            }
            return;
        };
        let said = match heard {
            Heard::Final(said) => said,
            Heard::PassedOn(passed) => return self.note_passed_on(core, now, place, passed),
        };
        let waiting = self.waiting.remove(place);
        if waiting.tries.sent > 1 || waiting.is_more_to_come(&message, &said) {
            self.owe(&waiting);
        } else {
            self.envelope.trust();
            self.pressure.answered();
        }
        self.retire(&waiting);
        if waiting.way.is_some() {
            core.bridged.answered(now, &waiting.tries);
        } else if waiting.alone {
            core.round_trip.answered(now, &waiting.tries);
            core.remember(now, Repeated::call(&message), &waiting.tries);
        }
        // The BMC has got as far as this one: those behind it have their time from now on
        // (RFC 6298 §5.3).
        self.put_off(core, now, place);
        if said.completion() == CompletionCode::NODE_BUSY {
            if waiting.way.is_none() {
                // Alone, it is the request that was too much, not their number.
                self.pressed |= !waiting.alone;
                self.pressure.busy();
            }
            if let Some(waiting) = waiting.pause(core, now, &said) {
                self.waiting.insert(place, waiting);
                return;
            }
        }
        self.deliver(core, now, &waiting, said);
        self.pump(core, now, entropy);
    }

    /// A controller has passed a request on. The BMC is well, and from now on it is up to others.
    fn note_passed_on(&mut self, core: &Core, now: Instant, place: usize, passed: u8) {
        let Some(waiting) = self.waiting.get_mut(place) else { return };
        if waiting.tries.sent == 1 {
            self.envelope.trust();
        }
        if let Some(way) = &mut waiting.way {
            way.passed = way.passed.max(passed);
        }
        self.put_off(core, now, place);
    }

    /// The BMC is still at earlier copies: it has not got round to the present ones.
    pub(super) fn put_off_all(&mut self, core: &Core, now: Instant) {
        self.put_off(core, now, 0);
    }

    /// Those from `place` on have their time from now on.
    fn put_off(&mut self, core: &Core, now: Instant, place: usize) {
        for waiting in self.waiting.iter_mut().skip(place).filter(|w| !w.is_pausing()) {
            let due = waiting.next_try(core, now, waiting.tries.sent);
            if let Some(next) = &mut waiting.next {
                *next = (*next).max(due);
            }
        }
    }

    fn note_wrong_code(&mut self, payload: Option<&[u8]>) {
        for waiting in &mut self.waiting {
            let fits = payload.is_none_or(|payload| {
                LanMessage::decode_unverified(payload)
                    .is_ok_and(|message| waiting.hear(&message, true).is_some())
            });
            if fits {
                waiting.wrong_codes = waiting.wrong_codes.saturating_add(1);
            }
        }
    }

    fn deliver(&mut self, core: &mut Core, now: Instant, waiting: &Waiting, said: Said) {
        match (waiting.purpose, said) {
            (Purpose::Call(token), said) => {
                if let Some(level) = waiting.level_set(&said) {
                    self.privilege = level;
                }
                core.events.push_back(waiting.event(token, now, said));
            }
            (Purpose::Raise(wanted, _), said) if said.completion().is_ok() => {
                self.privilege = wanted;
            }
            (Purpose::Raise(wanted, token), said) => {
                let completion = said.completion();
                core.fail_queued(token, Failure::PrivilegeRefused { wanted, completion });
            }
            (Purpose::Keepalive, _) => {}
        }
    }

    /// An error if the session is over.
    pub(super) fn handle_timeout(
        &mut self,
        core: &mut Core,
        now: Instant,
        entropy: &mut dyn Entropy,
    ) -> Result<(), SessionError> {
        for waiting in self.waiting.extract_if(.., |w| now >= w.deadline).collect::<Vec<_>>() {
            self.owe(&waiting);
            if waiting.may_set_level() {
                // Whether the BMC has: it is raised again if that is needed.
                self.privilege = Self::first_privilege(core);
            }
            self.retire(&waiting);
            if waiting.purpose == Purpose::Keepalive && self.last_heard > waiting.started {
                // It did not answer this, and said something else: it is there.
                continue;
            }
            give_up(core, now, waiting)?;
        }
        for place in 0..self.waiting.len() {
            self.send_again_if_due(core, now, place, entropy);
        }
        self.pump(core, now, entropy);
        self.pump_sol(core, now, entropy);
        if self.keepalive_due(core).is_some_and(|due| now >= due) {
            self.send(core, now, Purpose::Keepalive, &Call::of(&GetDeviceId), entropy);
        }
        Ok(())
    }

    /// Nobody waits for this call any more. When it would be sent again, it is given up.
    pub(super) fn stop_repeating(&mut self, token: Token) {
        let meant = |waiting: &&mut Waiting| waiting.purpose == Purpose::Call(token);
        if let Some(Waiting { next, deadline, .. }) = self.waiting.iter_mut().find(meant)
            && let Some(due) = next.take()
        {
            *deadline = due.min(*deadline);
        }
    }

    fn send_again_if_due(
        &mut self,
        core: &mut Core,
        now: Instant,
        place: usize,
        entropy: &mut dyn Entropy,
    ) {
        let together = self.waiting.len() > 1;
        let Some(is_anew) =
            self.waiting.get(place).filter(|w| w.is_due(now)).map(Waiting::is_pausing)
        else {
            return;
        };
        // A new question: a repeated number may be answered from memory, "busy" again.
        let anew = is_anew.then(|| self.take_sequence());
        let Some(waiting) = self.waiting.get_mut(place) else { return };
        waiting.sent = waiting.sent.saturating_add(1);
        if let Some(sequence) = anew {
            waiting.ask_anew(now, sequence);
        } else {
            self.envelope.doubt();
            if together {
                self.pressure.lost();
            }
            waiting.tries.again(now);
        }
        waiting.next = Some(waiting.next_try(core, now, waiting.tries.sent));
        let datagram = match &waiting.datagram {
            Some(datagram) => Some(datagram.clone()),
            // A new packet around the same message: the BMC drops a number that it has seen.
            None => self.envelope.seal(&waiting.message.to_bytes(), entropy),
        };
        if let Some(datagram) = datagram {
            self.last_sent = now;
            core.transmit(datagram);
        }
    }

    pub(super) fn poll_timeout(&self, core: &Core) -> Option<Instant> {
        let due = |w: &Waiting| w.next.map_or(w.deadline, |next| next.min(w.deadline));
        let calls = self.waiting.iter().map(due).min().or_else(|| self.keepalive_due(core));
        let line = self.line.as_ref().and_then(Line::poll_timeout);
        calls.into_iter().chain(line).min()
    }

    /// Whether an answer is waited for.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.iter().any(|waiting| !waiting.is_pausing())
    }

    /// Fails the calls whose answers are waited for, because the session ends.
    pub(super) fn fail_waiting(&mut self, core: &mut Core, failure: &Failure) {
        for Waiting { purpose, effect, .. } in self.waiting.drain(..) {
            if let Purpose::Call(token) = purpose {
                let failure =
                    if effect == Effect::Once { Failure::Uncertain } else { failure.clone() };
                core.events.push_back(Event::Failed(token, failure));
            }
        }
    }

    pub(super) fn send_close(&mut self, core: &mut Core, entropy: &mut dyn Entropy) {
        let session_id = self.envelope.session_id();
        let message = self.message(&Request::of(&CloseSession { session_id, handle: None }));
        if let Some(datagram) = self.envelope.seal(&message.to_bytes(), entropy) {
            // Its answer is not waited for, and a slot that stays taken until the session is idle
            // for too long is dear: where a message needed more than one copy, this gets two.
            if core.answered.is_some() {
                core.transmit(datagram.clone());
            }
            core.transmit(datagram);
        }
    }

    /// While there is Serial over LAN, silence counts from what was heard last: a console shows
    /// nothing just as well while the BMC is dead.
    fn keepalive_due(&self, core: &Core) -> Option<Instant> {
        let idle =
            core.config.keepalive.map(|most| later(self.last_sent, most.max(LEAST_KEEPALIVE)));
        let silent = self.line.as_ref().and_then(Line::probe_after);
        let silent = silent.map(|most| later(self.last_heard, most.max(LEAST_KEEPALIVE)));
        self.waiting.is_empty().then_some(idle.into_iter().chain(silent).min()).flatten()
    }

    fn send(
        &mut self,
        core: &mut Core,
        now: Instant,
        purpose: Purpose,
        call: &Call,
        entropy: &mut dyn Entropy,
    ) -> Option<()> {
        let way = call.route.map(|route| Way::new(route, &call.request));
        let message = match &way {
            Some(way) => way.message(self.take_sequence()),
            None if purpose == Purpose::Keepalive => {
                LanMessage::request(self.take_probe_sequence(), &call.request)
            }
            None => self.message(&call.request),
        };
        let datagram = self.envelope.seal(&message.to_bytes(), entropy)?;
        core.transmit(datagram.clone());
        self.last_sent = now;
        let once = call.effect == Effect::Once;
        // What counts every time goes out again only as the very same packet, and only to a BMC
        // that will know it again.
        let repeated = !once || core.config.refuses_replays;
        let alone = self.waiting.is_empty();
        for other in &mut self.waiting {
            other.alone = false;
        }
        let deadline = core.config.timing.deadline;
        let mut waiting = Waiting {
            purpose,
            effect: call.effect,
            abreast: if way.is_some() { 1 } else { call.abreast },
            alone,
            message,
            way,
            datagram: once.then_some(datagram),
            tries: Tries::new(now),
            sent: 1,
            started: now,
            next: None,
            deadline: later(now, call.patience.map_or(deadline, |least| least.min(deadline))),
            busy: None,
            is_probe: purpose == Purpose::Keepalive && self.line.is_some(),
            wrong_codes: 0,
        };
        waiting.next = repeated.then(|| waiting.next_try(core, now, 1));
        self.waiting.push(waiting);
        Some(())
    }

    fn owe(&mut self, waiting: &Waiting) {
        self.owed |= 1 << (waiting.message.sequence & 0x3f);
    }

    /// A keepalive is over: if not every copy of those with its number was answered, only others have
    /// it again.
    fn retire(&mut self, waiting: &Waiting) {
        let sequence = waiting.message.sequence & 0x3f;
        if waiting.purpose == Purpose::Keepalive && self.owed >> sequence & 1 == 1 {
            self.probes.push_back(sequence);
        }
    }

    fn take_probe_sequence(&mut self) -> u8 {
        match self.probes.len() {
            0..PROBES => self.take_sequence(),
            _ => self.probes.pop_front().unwrap_or_else(|| self.take_sequence()),
        }
    }

    /// Whether too few `rqSeq` are left for other requests: only a new session has more. Those that
    /// go round have to be more than the BMC's window of sequence numbers has (§6.12.13), or a packet
    /// that the network doubles is answered when its number is another's already.
    pub(super) const fn is_spent(&self) -> bool {
        self.owed.count_ones() >= SPENT
    }

    fn take_sequence(&mut self) -> u8 {
        // `rqSeq` has 6 bits (§13.8). What a session says when it is spent is not waited for.
        let mut sequence = self.next_request;
        let in_flight = |mask, w: &Waiting| mask | 1 << (w.message.sequence & 0x3f);
        let taken: u64 = self.waiting.iter().fold(self.owed, in_flight);
        while taken >> sequence & 1 == 1 && taken != u64::MAX {
            sequence = (sequence + 1) & 0x3f;
        }
        self.next_request = (sequence + 1) & 0x3f;
        sequence
    }

    fn message(&mut self, request: &Request) -> LanMessage {
        let sequence = self.take_sequence();
        LanMessage::request(sequence, request)
    }
}
