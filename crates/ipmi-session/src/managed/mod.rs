//! The managed system's end: all sessions of one LAN channel.
//!
//! ```text
//!                 Open Session        RAKP 1             RAKP 3 (code right)
//!   (nothing) ──────────────► Opened ────────► Challenged ────────► Active ──► (closed)
//!        ▲                      │ 3 s             │ RAKP 3 wrong        idle 60 s │
//!        └──────────────────────┴─────────────────┴─────────────────────────────-┘
//!                     (3 s from Open Session on, in either state)
//! ```
//!
//! IPMI v1.5 has Get Session Challenge and Activate Session instead; nobody gets into such a session
//! unless [`Accounts::ipmi15`] says so, and neither kind of session takes a packet of the other.
//!
//! One datagram in gives at most one datagram out: [`Sessions::receive`] says which, or hands over
//! the request in it, to be answered through [`Sessions::seal`]. Before a session exists a reply has
//! the specification's shape and no more (the longest, RAKP 2, has 72 bytes and a header), and a
//! refusal is never longer than what it refuses.
//!
//! A console may resend, byte for byte. As long as its handshake is there, an Open Session Request
//! gets the same answer again, and so does the latest RAKP 1; an earlier RAKP 1 is a new one. The
//! RAKP 3 that opened a session gets the same RAKP 4 as long as that session lives. A wrong RAKP 3
//! ends its handshake: repeated, it is refused again, but as 02h (no such session). A RAKP 3 that
//! aborts is never answered. Inside a session, a console may ask again in a new packet: it gets the
//! answer that it would have got, and nothing is done twice.
//!
//! Everything here is bounded: sessions, handshakes, the answers that are remembered, the sources
//! that are counted.

mod accounts;
mod active;
mod delayed;
mod forward;
mod half_open;
mod handshake;
mod odd;
mod rate;
mod responses;
mod sol;
mod source;
#[cfg(test)]
mod tests;
mod v15;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_wire::lan::{BMC_ADDRESS, LanMessage};
use ipmi_wire::rmcp::{AsfMessage, RmcpClass, RmcpHeader};
use ipmi_wire::session::{
    PayloadType, RmcpPlusStatus, SessionPacket, V15Packet, V20Header, V20Packet,
};
use ipmi_wire::software::SMS_LUN;
use ipmi_wire::{Decode, Encode, Reader};

pub use accounts::{Account, Accounts, Login};
pub use active::Active;
use active::Opened;
pub use delayed::Delayed;
use half_open::{HalfOpen, Table};
pub use odd::ADVERTISED;
use rate::Buckets;
pub use rate::Rate;
use responses::Admission;
use v15::Challenged;

use crate::entropy::Entropy;
use crate::quirk::{Quirk, Quirks};

/// Limits of a channel's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sessions at the same time.
    pub sessions: usize,
    /// How long a session may be silent.
    pub idle: Duration,
    /// How long a handshake may take, from Open Session on.
    pub handshake: Duration,
    /// What one source may send outside of sessions; `None` for as much as it likes.
    pub rate: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 32,
            // IPMI v2.0 §6.12.15: 60 seconds, give or take 3.
            idle: Duration::from_secs(60),
            handshake: Duration::from_secs(3),
            rate: Some(Rate::default()),
        }
    }
}

/// The sessions of a LAN channel, active and in the making.
#[derive(Debug)]
pub struct Sessions {
    limits: Limits,
    quirks: Quirks,
    half_open: Table<HalfOpen>,
    challenges: Table<Challenged>,
    active: HashMap<u32, Active>,
    buckets: Buckets,
    delayed: VecDeque<Delayed>,
    login: Option<Login>,
    dropped: u64,
}

/// What a datagram came to.
#[derive(Debug)]
pub enum Received {
    /// Nothing: it was dropped and counted, or needs no answer.
    Nothing,
    /// Send this back to where the datagram came from.
    Reply(Vec<u8>),
    /// A request inside a session.
    Request {
        /// To answer it by.
        ticket: Ticket,
        /// The request.
        message: LanMessage,
    },
    /// The console's answer to a request of software on the host, which is not for us.
    Response {
        /// The (managed system) ID of its session.
        session_id: u32,
        /// The answer.
        message: LanMessage,
    },
    /// A request outside any session, in the packet format given.
    Sessionless {
        /// Which format to answer in.
        format: Format,
        /// The request.
        message: LanMessage,
    },
}

/// Names a request inside a session until it is answered through [`Sessions::seal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    session_id: u32,
    /// `None` for one that nobody keeps in mind.
    number: Option<u64>,
}

impl Ticket {
    /// The (managed system) ID of its session.
    #[must_use]
    pub const fn session_id(&self) -> u32 {
        self.session_id
    }
}

/// Packet format of a message outside a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// IPMI v1.5.
    V15,
    /// RMCP+.
    V20,
}

impl Sessions {
    /// No sessions yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            quirks: Quirks::NONE,
            half_open: Table::default(),
            challenges: Table::default(),
            active: HashMap::new(),
            buckets: Buckets::default(),
            delayed: VecDeque::new(),
            login: None,
            dropped: 0,
        }
    }

    /// Takes in one datagram.
    pub fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        accounts: &dyn Accounts,
        entropy: &mut dyn Entropy,
    ) -> Received {
        self.handle_timeout(now);
        self.login = None;
        let received = self.dispatch(now, from, datagram, accounts, entropy);
        received.unwrap_or_else(|| {
            self.dropped = self.dropped.saturating_add(1);
            Received::Nothing
        })
    }

    /// Encrypts, signs and numbers the answer to a request inside a session. `None` if the session is
    /// gone, the answer does not fit a packet, or took so long that its console has moved on and might
    /// take it for another's.
    #[must_use]
    pub fn seal(
        &mut self,
        ticket: Ticket,
        answer: &LanMessage,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let mut iv = [0; 16];
        entropy.fill(&mut iv);
        let session = self.active.get_mut(&ticket.session_id)?;
        if let Some(number) = ticket.number
            && !session.responses.answered(number, answer)
        {
            self.dropped = self.dropped.saturating_add(1);
            return None;
        }
        session.seal(answer, iv, self.quirks)
    }

    /// An answer outside any session. `None` if it does not fit a packet.
    #[must_use]
    pub fn sessionless(format: Format, answer: &LanMessage) -> Option<Vec<u8>> {
        let payload = answer.to_bytes();
        match format {
            Format::V15 => V15Packet::sessionless(&payload).to_datagram(),
            Format::V20 => V20Header::sessionless(PayloadType::Ipmi).to_datagram(&payload),
        }
    }

    /// Forgets what has been silent for too long.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.half_open.expire(now);
        self.challenges.expire(now);
        let idle = self.limits.idle;
        self.active.retain(|_, session| now.saturating_duration_since(session.last_heard) < idle);
        if self.active.is_empty() {
            // Of many BMCs hardly any has a session.
            self.active.shrink_to_fit();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) next has something to forget, or
    /// [`poll_sol`](Self::poll_sol) something to send.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let lines = self.active.values().filter_map(Active::poll_line);
        let idle = self.active.values().filter_map(|s| s.last_heard.checked_add(self.limits.idle));
        let begun = [self.half_open.next_expiry(), self.challenges.next_expiry()];
        begun.into_iter().flatten().chain(idle).chain(lines).min()
    }

    /// An answer that takes its time, if there is one. To be asked for after each
    /// [`receive`](Self::receive), until there is none; there never is without
    /// [`Quirk::SlowHandshake`].
    pub fn poll_delayed(&mut self) -> Option<Delayed> {
        self.delayed.pop_front()
    }

    /// The session with this (managed system) ID.
    #[must_use]
    pub fn get(&self, session_id: u32) -> Option<&Active> {
        self.active.get(&session_id)
    }

    /// The session with this (managed system) ID, to change its privilege.
    pub fn get_mut(&mut self, session_id: u32) -> Option<&mut Active> {
        self.active.get_mut(&session_id)
    }

    /// All active sessions, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Active> {
        self.active.values()
    }

    /// Ends a session; whether there was one.
    pub fn close(&mut self, session_id: u32) -> bool {
        self.active.remove(&session_id).is_some()
    }

    /// Ends the handshakes of user `user_id` that are under way, because the account has changed:
    /// who knew the old password must not come in with it. Sessions live on.
    pub fn cancel_logins(&mut self, user_id: u8) {
        self.half_open.drop_user(user_id);
        self.challenges.drop_user(user_id);
    }

    /// Lets no handshake of user `user_id` that is under way come to anything, and shows nobody who
    /// does not know the password: where names are hidden, those of other users go on, too.
    pub fn spoil_logins(&mut self, user_id: u8) {
        for entry in self.half_open.of_user_mut(user_id) {
            if let Some(challenge) = &mut entry.challenge {
                challenge.hidden.get_or_insert(RmcpPlusStatus::UNAUTHORIZED_NAME);
            }
        }
        self.challenges.of_user_mut(user_id).for_each(Challenged::spoil);
    }

    /// Ends all handshakes that are under way, because what may be agreed in them has changed.
    pub fn cancel_all_logins(&mut self) {
        self.half_open = Table::default();
        self.challenges = Table::default();
    }

    /// What the datagram that was [`receive`](Self::receive)d last says about a password, if it says
    /// anything.
    pub fn take_login(&mut self) -> Option<Login> {
        self.login.take()
    }

    /// Ends all sessions and handshakes, as a restart of the BMC does.
    pub fn close_all(&mut self) {
        self.active.clear();
        self.cancel_all_logins();
        self.delayed.clear();
    }

    /// How many sessions are active.
    #[must_use]
    pub fn len(&self) -> usize {
        self.active.len()
    }

    /// Whether no session is active.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// The limits in force.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The departures from the specification that are put on.
    #[must_use]
    pub const fn quirks(&self) -> Quirks {
        self.quirks
    }

    /// Puts on these departures from the specification and no others, at once.
    pub const fn set_quirks(&mut self, quirks: Quirks) {
        self.quirks = quirks;
    }

    /// How many datagrams were dropped without an answer.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// `None` means: drop and count.
    fn dispatch(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        accounts: &dyn Accounts,
        entropy: &mut dyn Entropy,
    ) -> Option<Received> {
        let mut r = Reader::new(datagram);
        let header = RmcpHeader::decode(&mut r).ok()?;
        if header.ack {
            return None;
        }
        match header.class {
            RmcpClass::Asf => {
                self.count(now, from)?;
                answer_ping(r.take_rest()).map(Received::Reply)
            }
            RmcpClass::Ipmi => {
                let packet = SessionPacket::decode(r.take_rest()).ok()?;
                let session_id = session_id(&packet);
                if self.active.get(&session_id).is_some_and(|s| s.is_named(from, &packet)) {
                    return self.inside_session(now, session_id, &packet, entropy);
                }
                self.count(now, from)?;
                match packet {
                    SessionPacket::V15(packet) => {
                        self.outside_session_v15(now, from, &packet, accounts, entropy)
                    }
                    SessionPacket::V20(packet) => {
                        self.outside_session(now, from, &packet, accounts, entropy)
                    }
                }
            }
            RmcpClass::Oem | RmcpClass::Other(_) => None,
        }
    }

    /// Counts a datagram that is no part of a session; `None` if there were too many from there.
    fn count(&mut self, now: Instant, from: SocketAddr) -> Option<()> {
        self.limits.rate.is_none_or(|rate| self.buckets.take(now, from, rate)).then_some(())
    }

    fn outside_session(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &V20Packet<'_>,
        accounts: &dyn Accounts,
        entropy: &mut dyn Entropy,
    ) -> Option<Received> {
        let header = &packet.header;
        if header.session_id != 0 || header.encrypted || header.authenticated {
            return None;
        }
        let reply = match header.payload_type {
            PayloadType::Ipmi => {
                let message = request(packet.payload)?;
                return Some(Received::Sessionless { format: Format::V20, message });
            }
            PayloadType::OpenSessionRequest => {
                self.open_session(now, from, packet.payload, accounts, entropy)?
            }
            PayloadType::Rakp1 => self.rakp1(from, packet.payload, accounts, entropy)?,
            PayloadType::Rakp3 => match self.rakp3(now, from, packet.payload, accounts)? {
                Some(reply) => reply,
                None => return Some(Received::Nothing),
            },
            _ => return None,
        };
        Some(self.step(now, from, reply))
    }

    /// Discovery in the IPMI v1.5 format, and the way into a session of that version.
    fn outside_session_v15(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &V15Packet<'_>,
        accounts: &dyn Accounts,
        entropy: &mut dyn Entropy,
    ) -> Option<Received> {
        let reply = if packet.session_id != 0 {
            self.activate_session(now, from, packet, accounts, entropy)?
        } else if packet.auth_code.is_some() {
            return None;
        } else {
            let message = request(packet.payload)?;
            if !Self::is_challenge(&message, accounts) {
                return Some(Received::Sessionless { format: Format::V15, message });
            }
            self.challenge(now, from, &message, accounts, entropy)?
        };
        Some(self.step(now, from, reply))
    }

    /// A step of a handshake, answered: at once, unless somebody wants to see what a console makes
    /// of a slow one.
    fn step(&mut self, now: Instant, from: SocketAddr, reply: Vec<u8>) -> Received {
        if !self.quirks.has(Quirk::SlowHandshake) {
            return Received::Reply(reply);
        }
        delayed::put_off(&mut self.delayed, now, from, reply);
        Received::Nothing
    }

    fn inside_session(
        &mut self,
        now: Instant,
        session_id: u32,
        packet: &SessionPacket<'_>,
        entropy: &mut dyn Entropy,
    ) -> Option<Received> {
        let session = self.active.get_mut(&session_id)?;
        let (message, ahead) = match session.open(now, packet, self.quirks)? {
            Opened::Message { message, ahead } => (message, ahead),
            Opened::Sol(order, packet) => {
                session.line.as_mut()?.link.receive(now, order, &packet);
                return Some(Received::Nothing);
            }
        };
        if message.is_response() {
            return Some(Received::Response { session_id, message });
        }
        if self.quirks.has(Quirk::AcceptsReplays) {
            return Some(Received::Request {
                ticket: Ticket { session_id, number: None },
                message,
            });
        }
        session.responses.allowed(session.privilege);
        match session.responses.admit(now, &message, ahead) {
            Admission::New(number) => {
                let ticket = Ticket { session_id, number: Some(number) };
                Some(Received::Request { ticket, message })
            }
            Admission::Again(answer) => {
                let mut iv = [0; 16];
                entropy.fill(&mut iv);
                session.seal(&answer, iv, self.quirks).map(Received::Reply)
            }
            Admission::Drop => None,
        }
    }
}

const fn session_id(packet: &SessionPacket<'_>) -> u32 {
    match packet {
        SessionPacket::V15(packet) => packet.session_id,
        SessionPacket::V20(packet) => packet.header.session_id,
    }
}

/// The request to the BMC in `payload`; `None` for anything else. There is no bus behind this
/// channel that a message to another address could be passed on to.
fn request(payload: &[u8]) -> Option<LanMessage> {
    let message = LanMessage::decode_exact(payload).ok()?;
    (!message.is_response() && message.to_address == BMC_ADDRESS).then_some(message)
}

/// The message in a packet of a session: a request to the BMC, or an answer to software behind its
/// LUN 10b (§6.13.1). Nothing of our own that somebody sends back has that LUN.
fn inside(payload: &[u8]) -> Option<LanMessage> {
    let message = LanMessage::decode_exact(payload).ok()?;
    let is_for_us = match message.is_response() {
        true => message.to_lun == SMS_LUN,
        false => message.to_address == BMC_ADDRESS,
    };
    is_for_us.then_some(message)
}

/// A Presence Pong for a Presence Ping. IPMI v2.0 §13.2.4.
fn answer_ping(message: &[u8]) -> Option<Vec<u8>> {
    let AsfMessage::Ping { tag } = AsfMessage::decode(&mut Reader::new(message)).ok()? else {
        return None;
    };
    let header = RmcpHeader { sequence: 0xff, ack: false, class: RmcpClass::Asf };
    let mut reply = header.to_bytes();
    AsfMessage::Pong {
        tag,
        oem_iana: AsfMessage::IANA,
        oem_defined: 0,
        ipmi: true,
        interactions: 0,
    }
    .encode(&mut reply);
    Some(reply)
}
