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
//! One datagram in gives at most one datagram out: [`Sessions::receive`] says which, or hands over
//! the request in it, to be answered through [`Sessions::seal`]. Before a session exists a reply has
//! the specification's shape and no more (the longest, RAKP 2, has 72 bytes and a header), and a
//! refusal is never longer than what it refuses.
//!
//! A console may resend, byte for byte. As long as its handshake is there, an Open Session Request
//! gets the same answer again, and so does the latest RAKP 1; an earlier RAKP 1 is a new one. The
//! RAKP 3 that opened a session gets the same RAKP 4 as long as that session lives. A wrong RAKP 3
//! ends its handshake: repeated, it is refused again, but as 02h (no such session). A RAKP 3 that
//! aborts is never answered.

mod accounts;
mod active;
mod half_open;
mod handshake;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_wire::lan::{BMC_ADDRESS, LanMessage};
use ipmi_wire::rmcp::{AsfMessage, RmcpClass, RmcpHeader};
use ipmi_wire::session::{PayloadType, SessionPacket, V15Packet, V20Header, V20Packet};
use ipmi_wire::{Decode, Encode, Reader};

pub use accounts::{Account, Accounts};
pub use active::Active;
use half_open::HalfOpenTable;

use crate::entropy::Entropy;

/// Limits of a channel's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sessions at the same time.
    pub sessions: usize,
    /// How long a session may be silent.
    pub idle: Duration,
    /// How long a handshake may take, from Open Session on.
    pub handshake: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 32,
            // IPMI v2.0 §6.12.15: 60 seconds, give or take 3.
            idle: Duration::from_secs(60),
            handshake: Duration::from_secs(3),
        }
    }
}

/// The sessions of a LAN channel, active and in the making.
#[derive(Debug)]
pub struct Sessions {
    limits: Limits,
    half_open: HalfOpenTable,
    active: HashMap<u32, Active>,
    dropped: u64,
}

/// What a datagram came to.
#[derive(Debug)]
pub enum Received {
    /// Nothing: it was dropped and counted, or needs no answer.
    Nothing,
    /// Send this back to where the datagram came from.
    Reply(Vec<u8>),
    /// A request inside the session with this (managed system) ID.
    Request {
        /// The session's ID.
        session_id: u32,
        /// The request.
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
        Self { limits, half_open: HalfOpenTable::default(), active: HashMap::new(), dropped: 0 }
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
        let received = self.dispatch(now, from, datagram, accounts, entropy);
        received.unwrap_or_else(|| {
            self.dropped = self.dropped.saturating_add(1);
            Received::Nothing
        })
    }

    /// Encrypts, signs and numbers an answer inside a session. `None` if the session is gone or
    /// the answer does not fit a packet.
    #[must_use]
    pub fn seal(
        &mut self,
        session_id: u32,
        answer: &LanMessage,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let mut iv = [0; 16];
        entropy.fill(&mut iv);
        self.active.get_mut(&session_id)?.seal(PayloadType::Ipmi, &answer.to_bytes(), iv)
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
        let idle = self.limits.idle;
        self.active.retain(|_, session| now.saturating_duration_since(session.last_heard) < idle);
    }

    /// When [`handle_timeout`](Self::handle_timeout) next has something to forget.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let idle = self.active.values().filter_map(|s| s.last_heard.checked_add(self.limits.idle));
        self.half_open.next_expiry().into_iter().chain(idle).min()
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
    }

    /// Ends all sessions and handshakes, as a restart of the BMC does.
    pub fn close_all(&mut self) {
        self.active.clear();
        self.half_open = HalfOpenTable::default();
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
            RmcpClass::Asf => answer_ping(r.take_rest()).map(Received::Reply),
            RmcpClass::Ipmi => match SessionPacket::decode(r.take_rest()).ok()? {
                SessionPacket::V15(packet) => sessionless_v15(&packet),
                SessionPacket::V20(packet) if packet.header.session_id == 0 => {
                    self.outside_session(now, from, &packet, accounts, entropy)
                }
                SessionPacket::V20(packet) => self.inside_session(now, from, &packet),
            },
            RmcpClass::Oem | RmcpClass::Other(_) => None,
        }
    }

    fn outside_session(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &V20Packet<'_>,
        accounts: &dyn Accounts,
        entropy: &mut dyn Entropy,
    ) -> Option<Received> {
        if packet.header.encrypted || packet.header.authenticated {
            return None;
        }
        let reply = match packet.header.payload_type {
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
        Some(Received::Reply(reply))
    }

    fn inside_session(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &V20Packet<'_>,
    ) -> Option<Received> {
        let session_id = packet.header.session_id;
        let session = self.active.get_mut(&session_id)?;
        let payload = session.open(now, from, packet)?;
        if packet.header.payload_type != PayloadType::Ipmi {
            return None;
        }
        request(&payload).map(|message| Received::Request { session_id, message })
    }
}

/// The request to the BMC in `payload`; `None` for anything else. There is no bus behind this
/// channel that a message to another address could be passed on to.
fn request(payload: &[u8]) -> Option<LanMessage> {
    let message = LanMessage::decode_exact(payload).ok()?;
    (!message.is_response() && message.to_address == BMC_ADDRESS).then_some(message)
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

/// Discovery in the IPMI v1.5 format. There are no IPMI v1.5 sessions here.
fn sessionless_v15(packet: &V15Packet<'_>) -> Option<Received> {
    if packet.session_id != 0 || packet.auth_code.is_some() {
        return None;
    }
    request(packet.payload).map(|message| Received::Sessionless { format: Format::V15, message })
}
