//! Requests in, answers out: over the LAN, or from inside.
//!
//! What is acknowledged is durable: an answer whose command changed something that is kept waits until
//! that is done.

use std::net::SocketAddr;
use std::time::Instant;

use ipmi_session::Entropy;
use ipmi_session::managed::{Active, Delayed, Received, Sessions, Ticket};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::software::SMS_LUN;
use ipmi_wire::{CompletionCode, Request, Response};

use super::Bmc;
use crate::context::{Context, Origin};
use crate::dispatch::dispatch;
use crate::faults::Way;
use crate::nvram::Unkept;
use crate::users::Directory;

/// What to do with an answer.
#[derive(Debug)]
pub enum Reply {
    /// Send it.
    Now(Vec<u8>),
    /// [`release`](Bmc::release) it once the changes that were just taken are kept: what is
    /// acknowledged is durable.
    Held(Held),
}

/// An answer that waits for the store.
#[derive(Debug)]
pub struct Held {
    number: u64,
    ticket: Ticket,
    message: LanMessage,
    /// When it would have left, and how.
    answered: Instant,
    way: Way,
    /// What is told if the changes cannot be kept is that, for the request did nothing else.
    records: bool,
    after: After,
}

/// What a command asked for that must not happen before its answer is sealed. It stays with that
/// answer: nothing of it is left over for the next one to set off.
#[derive(Clone, Copy, Debug)]
struct After {
    /// The session that ends.
    close: Option<u32>,
    /// All of them end, and nobody is heard until then.
    reset: Option<Instant>,
}

/// What a command changed of what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changes {
    None,
    /// Only what followed from it: the machine's power.
    Power,
    /// What it was about.
    Records,
}

impl Bmc {
    /// Takes in a datagram from the LAN; what to send back, if anything. For a BMC that keeps
    /// nothing: no answer waits.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        match self.receive(now, from, datagram, entropy)? {
            Reply::Now(reply) => Some(reply),
            Reply::Held(held) => self.release(held, Ok(()), entropy),
        }
    }

    /// Takes in a datagram from the LAN; what to do with the answer, if there is one.
    pub fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Option<Reply> {
        if !self.has_mains || self.is_resetting(now) {
            return None;
        }
        self.statistics.received(datagram);
        if self.faults.as_ref().is_some_and(|faults| faults.loses(entropy)) {
            return None;
        }
        match self.reply(now, from, datagram, entropy)? {
            (Reply::Now(reply), way) => self.send(now, from, way, reply, entropy).map(Reply::Now),
            (held, _) => Some(held),
        }
    }

    /// The answer to a datagram, and how it is to leave.
    fn reply(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Option<(Reply, Way)> {
        let usual = |reply| (Reply::Now(reply), Way::Usual);
        let directory = Directory {
            now,
            users: &self.users,
            lockouts: &self.lockouts,
            lan: &self.lan,
            access: &self.lan_access,
            key: &self.lan_key,
            guid: self.guid().0,
        };
        let received = self.sessions.receive(now, from, datagram, &directory, entropy);
        self.note_login(now);
        match received {
            Received::Nothing => None,
            Received::Reply(reply) => Some(usual(reply)),
            Received::Sessionless { format, message } => {
                let origin = Origin::Sessionless { channel: Self::LAN_CHANNEL };
                let (answer, _) = self.answer(now, origin, &message)?;
                let after = self.after(origin);
                self.finish(after);
                Sessions::sessionless(format, &answer).map(usual)
            }
            Received::Request { ticket, message } => {
                self.answer_in_session(now, ticket, &message, entropy)
            }
            Received::Response { session_id, message } => {
                // Who does not wait for it does not miss it.
                let _ = self.pass_on(session_id, &message);
                None
            }
        }
    }

    /// The datagram of an answer that waited, now that its changes are kept or cannot be. `None` if
    /// its session has ended meanwhile, or nobody can wait for it any more.
    pub fn release(
        &mut self,
        held: Held,
        outcome: Result<(), Unkept>,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let Held { number, ticket, mut message, answered, way, records, after } = held;
        match outcome {
            // And so is all that was noted before it.
            Ok(()) if number == self.last_held && number > self.failed_until => {
                self.journal.doubt(false);
            }
            Ok(()) => {}
            Err(unkept) => {
                self.failed_until = self.last_held;
                if records {
                    // It is done, but would not survive: nobody may rely on it.
                    let code = match unkept {
                        Unkept::Full => CompletionCode::OUT_OF_SPACE,
                        Unkept::Failed => CompletionCode::UNSPECIFIED,
                    };
                    message.data = vec![code.0];
                }
            }
        }
        let peer = self.sessions.get(ticket.session_id()).map(|session| session.peer);
        let reply = self.sessions.seal(ticket, &message, entropy);
        self.finish(after);
        self.send(answered, peer?, way, reply?, entropy)
    }

    /// Sends a datagram that nobody has just asked for on its way; what is to leave at once.
    pub(crate) fn send_unasked(
        &mut self,
        now: Instant,
        to: SocketAddr,
        datagram: Vec<u8>,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        self.send(now, to, Way::Usual, datagram, entropy)
    }

    /// Sends a datagram on its way; what is to leave at once.
    fn send(
        &mut self,
        now: Instant,
        to: SocketAddr,
        way: Way,
        datagram: Vec<u8>,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let datagram = match &mut self.faults {
            Some(faults) => faults.send(now, to, way, datagram, entropy)?,
            None => datagram,
        };
        self.statistics.transmitted();
        Some(datagram)
    }

    /// Answers a request, whoever carried it here. What the command puts off until it is answered
    /// (the end of sessions) has happened when this returns: there is nothing to seal. D2h during a
    /// cold reset.
    pub fn handle_request(&mut self, now: Instant, origin: Origin, request: &Request) -> Response {
        if !self.has_mains {
            return Response::code(CompletionCode::RESPONSE_UNAVAILABLE);
        }
        if self.is_resetting(now) {
            return Response::code(CompletionCode::BMC_INITIALIZING);
        }
        self.advance(now);
        let response = dispatch(self, &Context { now, origin }, request);
        self.follow(now);
        let after = self.after(origin);
        self.finish(after);
        response
    }

    /// An answer that is to be sent later, to where its request came from. To be asked for after
    /// each [`receive`](Self::receive) and each [`release`](Self::release), until there is none;
    /// there never is without [`Quirk::SlowHandshake`](ipmi_session::Quirk::SlowHandshake) or a
    /// fault of the line.
    pub fn poll_delayed(&mut self) -> Option<Delayed> {
        let delayed = self.sessions.poll_delayed().or_else(|| self.faults.as_mut()?.poll_late())?;
        self.statistics.transmitted();
        Some(delayed)
    }

    /// The answer, and what has to be kept before it is given.
    fn answer(
        &mut self,
        now: Instant,
        origin: Origin,
        message: &LanMessage,
    ) -> Option<(LanMessage, Changes)> {
        let request = message.to_request()?;
        self.advance(now);
        let noted = self.journal.noted();
        let response = dispatch(self, &Context { now, origin }, &request);
        self.settle(now);
        let records = self.journal.noted() != noted;
        self.follow(now);
        let changes = match self.journal.noted() != noted {
            false => Changes::None,
            true if records => Changes::Records,
            true => Changes::Power,
        };
        Some((message.answer(&response), changes))
    }

    fn answer_in_session(
        &mut self,
        now: Instant,
        ticket: Ticket,
        message: &LanMessage,
        entropy: &mut dyn Entropy,
    ) -> Option<(Reply, Way)> {
        let session_id = ticket.session_id();
        // What ends with an answer that waits takes no more requests: the next one would be answered
        // first, and end it.
        let session = self.sessions.get(session_id).filter(|session| !session.is_closing())?;
        let origin = Origin::Session {
            session_id,
            channel: Self::LAN_CHANNEL,
            user_id: session.user_id,
            privilege: session.privilege,
        };
        if message.to_lun == SMS_LUN {
            // It is answered once software does, or now if software will not see it.
            let code = self.pass_on(session_id, message).err()?;
            let refusal = message.answer(&Response::code(code));
            let reply = self.sessions.seal(ticket, &refusal, entropy)?;
            return Some((Reply::Now(reply), Way::Usual));
        }
        let (mut message, waits_for) = self.answer(now, origin, message)?;
        let after = self.after(origin);
        let way = match &mut self.faults {
            Some(faults) => faults.press(now, session_id, &mut message),
            None => Way::Usual,
        };
        if waits_for != Changes::None {
            self.last_held = self.last_held.saturating_add(1);
            self.journal.doubt(true);
            let records = waits_for == Changes::Records && after.reset.is_none();
            let number = self.last_held;
            let answered = now;
            let held = Held { number, ticket, message, answered, way, records, after };
            return Some((Reply::Held(held), way));
        }
        let reply = self.sessions.seal(ticket, &message, entropy);
        self.finish(after);
        reply.map(|reply| (Reply::Now(reply), way))
    }

    fn after(&mut self, origin: Origin) -> After {
        let close = match origin {
            Origin::Session { session_id, .. } => Some(session_id),
            Origin::Sessionless { .. } | Origin::SystemInterface => None,
        };
        let is_closing = |id: &u32| self.sessions.get(*id).is_some_and(Active::is_closing);
        After {
            close: close.filter(is_closing),
            reset: core::mem::take(&mut self.cold_reset_pending),
        }
    }

    fn finish(&mut self, After { close, reset }: After) {
        if let Some(session_id) = close {
            self.sessions.close(session_id);
        }
        if reset.is_some() {
            self.sessions.close_all();
            self.dark_until = reset;
        }
    }
}
