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
    ticket: Ticket,
    message: LanMessage,
    /// When it would have left, and how.
    answered: Instant,
    way: Way,
    hold: Hold,
}

/// What to do with an answer to a bare request.
#[derive(Debug)]
pub enum Answer {
    /// Give it.
    Now(Response),
    /// [`release_answer`](Bmc::release_answer) it once the changes that were just taken are kept.
    Held(HeldAnswer),
}

/// An answer to a bare request that waits for the store.
#[derive(Debug)]
pub struct HeldAnswer {
    response: Response,
    hold: Hold,
}

/// What holds an answer back.
#[derive(Debug)]
struct Hold {
    number: u64,
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
        let Held { ticket, mut message, answered, way, hold } = held;
        if let Err(code) = self.settle_hold(&hold, outcome) {
            message.data = vec![code.0];
        }
        let peer = self.sessions.get(ticket.session_id()).map(|session| session.peer);
        let reply = self.sessions.seal(ticket, &message, entropy);
        self.finish(hold.after);
        self.send(answered, peer?, way, reply?, entropy)
    }

    /// The same for the answer to a bare request.
    pub fn release_answer(&mut self, held: HeldAnswer, outcome: Result<(), Unkept>) -> Response {
        let HeldAnswer { response, hold } = held;
        let response = match self.settle_hold(&hold, outcome) {
            Ok(()) => response,
            Err(code) => Response::code(code),
        };
        self.finish(hold.after);
        response
    }

    /// Holds an answer back, if its command changed something that is kept.
    fn hold(&mut self, changes: Changes, after: After) -> Option<Hold> {
        if changes == Changes::None {
            return None;
        }
        self.last_held = self.last_held.saturating_add(1);
        self.journal.doubt(true);
        let records = changes == Changes::Records && after.reset.is_none();
        Some(Hold { number: self.last_held, records, after })
    }

    /// What was held back is to be told.
    ///
    /// # Errors
    /// What is told instead.
    fn settle_hold(
        &mut self,
        hold: &Hold,
        outcome: Result<(), Unkept>,
    ) -> Result<(), CompletionCode> {
        match outcome {
            // And so is all that was noted before it.
            Ok(()) if hold.number == self.last_held && hold.number > self.failed_until => {
                self.journal.doubt(false);
                Ok(())
            }
            Ok(()) => Ok(()),
            Err(unkept) => {
                self.failed_until = self.last_held;
                match unkept {
                    _ if !hold.records => Ok(()),
                    // It is done, but would not survive: nobody may rely on it.
                    Unkept::Full => Err(CompletionCode::OUT_OF_SPACE),
                    Unkept::Failed => Err(CompletionCode::UNSPECIFIED),
                }
            }
        }
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

    /// Answers a request, whoever carried it here. For a BMC that keeps nothing: no answer waits. What
    /// the command puts off until it is answered (the end of sessions) has happened when this
    /// returns: there is nothing to seal. D2h during a cold reset.
    pub fn handle_request(&mut self, now: Instant, origin: Origin, request: &Request) -> Response {
        match self.receive_request(now, origin, request) {
            Answer::Now(response) => response,
            Answer::Held(held) => self.release_answer(held, Ok(())),
        }
    }

    /// Takes in a bare request, as the system interface carries it; what to do with the answer.
    pub fn receive_request(&mut self, now: Instant, origin: Origin, request: &Request) -> Answer {
        if !self.has_mains {
            return Answer::Now(Response::code(CompletionCode::RESPONSE_UNAVAILABLE));
        }
        if self.is_resetting(now) {
            return Answer::Now(Response::code(CompletionCode::BMC_INITIALIZING));
        }
        let (response, changes) = self.carry_out(now, origin, request);
        let after = self.after(origin);
        match self.hold(changes, after) {
            Some(hold) => Answer::Held(HeldAnswer { response, hold }),
            None => {
                self.finish(after);
                Answer::Now(response)
            }
        }
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
        let (response, changes) = self.carry_out(now, origin, &request);
        Some((message.answer(&response), changes))
    }

    /// Carries out a request; what comes of it, and what has to be kept before that is told.
    fn carry_out(
        &mut self,
        now: Instant,
        origin: Origin,
        request: &Request,
    ) -> (Response, Changes) {
        self.advance(now);
        let noted = self.journal.noted();
        let response = dispatch(self, &Context { now, origin }, request);
        self.settle(now);
        let records = self.journal.noted() != noted;
        self.follow(now);
        let changes = match self.journal.noted() != noted {
            false => Changes::None,
            true if records => Changes::Records,
            true => Changes::Power,
        };
        (response, changes)
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
        if let Some(hold) = self.hold(waits_for, after) {
            let held = Held { ticket, message, answered: now, way, hold };
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
        self.forget_orphans();
    }
}
