//! The remote console's end: one session with one BMC.
//!
//! ```text
//!   Opening ──► Challenged ──► Proving ──► Active ──► Closed
//!      ▲  ▲ next suite  │          │
//!      └──┴─────────────┴──────────┘ the BMC forgot us, or RAKP 4 stays silent
//! ```
//!
//! **The driver's whole duty: after any call that takes `&mut self`, call
//! [`poll_transmit`](Session::poll_transmit) and [`poll_event`](Session::poll_event) until they
//! return `None`, then sleep until [`poll_timeout`](Session::poll_timeout) or the next datagram.**

mod active;
mod error;
mod handshake;

use core::fmt;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ipmi_wire::session::{AuthType, CipherSuite, SessionPacket, Username, V20Packet};
use ipmi_wire::{Access, Command, Effect, Privilege, Request, Response};

use active::Active;
pub use error::{Failure, SessionError, Stage};
use handshake::Handshake;

use crate::entropy::Entropy;
use crate::quirk::{Quirk, Quirks};
use crate::secret::Secret;
use crate::timing::{RoundTrip, Timing};

/// Everything a session needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who logs in. Empty is the null user.
    pub username: Username,
    /// The user's password.
    pub password: Secret,
    /// The BMC's key, if it has one set.
    pub kg: Option<Secret>,
    /// The highest privilege the session may need: asked for in Open Session and RAKP 1.
    pub privilege: Privilege,
    /// Find the user by name alone (the usual way), or by name and privilege.
    pub name_only_lookup: bool,
    /// Cipher suites to try, in this order.
    pub suites: Vec<CipherSuite>,
    /// Patience.
    pub timing: Timing,
    /// Send something when the session was silent for so long; `None` never.
    pub keepalive: Option<Duration>,
    /// IPMI v2.0, or v1.5 with one of these authentication types, the preferred one first.
    pub protocol: Protocol,
    /// Departures from the specification that this BMC is known for, beyond those that are found
    /// out and dealt with anyway.
    pub workarounds: Quirks,
    /// Whether the BMC is known to drop a packet that it has seen. Only then is a request that must
    /// not be carried out twice sent again when no answer comes: the very same packet.
    pub refuses_replays: bool,
}

/// Which kind of session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// IPMI v2.0 (RMCP+).
    #[default]
    RmcpPlus,
    /// IPMI v1.5, with one of these authentication types. None of them protects what is said.
    Ipmi15(Vec<AuthType>),
}

/// How a session is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Agreed {
    /// RMCP+ with this cipher suite.
    Suite(CipherSuite),
    /// IPMI v1.5 with this authentication type.
    Ipmi15(AuthType),
}

impl Agreed {
    /// The cipher suite, in RMCP+.
    #[must_use]
    pub const fn suite(self) -> Option<CipherSuite> {
        match self {
            Self::Suite(suite) => Some(suite),
            Self::Ipmi15(_) => None,
        }
    }
}

impl fmt::Display for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suite(suite) => suite.fmt(f),
            Self::Ipmi15(auth_type) => write!(f, "IPMI 1.5, authentication type {auth_type}"),
        }
    }
}

/// What the network says of a datagram that it did not deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// There is a machine, and nobody listens at the port.
    Port,
    /// There is no such machine, or it is off.
    Host,
    /// There is no way to its network.
    Network,
    /// A firewall does not let it through.
    Prohibited,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Port => "the port is closed",
            Self::Host => "the host is unreachable",
            Self::Network => "the network is unreachable",
            Self::Prohibited => "a firewall prohibits it",
        })
    }
}

impl Config {
    /// Suites 17 and 3, ADMINISTRATOR, lookup by name.
    #[must_use]
    pub fn new(username: Username, password: Secret) -> Self {
        Self {
            username,
            password,
            kg: None,
            privilege: Privilege::Administrator,
            name_only_lookup: true,
            suites: vec![CipherSuite::SUITE_17, CipherSuite::SUITE_3],
            timing: Timing::default(),
            keepalive: None,
            protocol: Protocol::default(),
            workarounds: Quirks::NONE,
            refuses_replays: false,
        }
    }
}

/// A request with its manners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The request.
    pub request: Request,
    /// What a repetition would do.
    pub effect: Effect,
    /// The privilege it needs; the session is raised to it first.
    pub needs: Privilege,
}

impl Call {
    /// The call of a typed command.
    #[must_use]
    pub fn of<C: Command>(command: &C) -> Self {
        let needs = match C::ACCESS {
            Access::PreSession => Privilege::Callback,
            Access::Session(privilege) => privilege,
            Access::SystemInterfaceOnly => Privilege::Administrator,
        };
        Self { request: Request::of(command), effect: command.effect(), needs }
    }
}

/// Names one call of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(u64);

/// Something the session's owner wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// RAKP 4 is verified.
    Established {
        /// What protects it.
        agreed: Agreed,
        /// Suites that were tried before it, each with the BMC's answer.
        refused: Vec<(CipherSuite, ipmi_wire::session::RmcpPlusStatus)>,
    },
    /// The BMC departs from the specification, and it has been dealt with. Told once each.
    Noticed(Quirk),
    /// The answer to a call, whatever its completion code.
    Answer(Token, Response),
    /// A call came to nothing.
    Failed(Token, Failure),
    /// The session is over: every call that was waiting has failed before this.
    Closed(Option<SessionError>),
}

/// One session with one BMC.
#[derive(Debug)]
pub struct Session {
    core: Core,
    state: State,
}

/// What every state needs.
#[derive(Debug)]
struct Core {
    config: Config,
    console_session_id: u32,
    round_trip: RoundTrip,
    outbox: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    queue: VecDeque<Queued>,
    next_token: u64,
    sent: u64,
    managed_guid: Option<[u8; 16]>,
}

#[derive(Debug)]
struct Queued {
    token: Token,
    call: Call,
}

#[derive(Debug)]
enum State {
    Handshake(Box<Handshake>),
    Active(Box<Active>),
    Closed,
}

impl Core {
    fn transmit(&mut self, datagram: Vec<u8>) {
        self.sent = self.sent.saturating_add(1);
        self.outbox.push_back(datagram);
    }

    /// Fails everything that waits, and says that the session is over.
    fn close(&mut self, why: Option<SessionError>) {
        while let Some(Queued { token, .. }) = self.queue.pop_front() {
            self.events.push_back(Event::Failed(token, Failure::NotSent));
        }
        self.events.push_back(Event::Closed(why));
    }
}

impl Session {
    /// Starts a session. `console_session_id` names it among all sessions of this console; the BMC
    /// puts it into every packet that it sends.
    #[must_use]
    pub fn open(
        now: Instant,
        config: Config,
        console_session_id: u32,
        entropy: &mut dyn Entropy,
    ) -> Self {
        let mut core = Core {
            config,
            console_session_id,
            round_trip: RoundTrip::default(),
            outbox: VecDeque::new(),
            events: VecDeque::new(),
            queue: VecDeque::new(),
            next_token: 0,
            sent: 0,
            managed_guid: None,
        };
        let state = match Handshake::start(&mut core, now, entropy) {
            Ok(handshake) => State::Handshake(Box::new(handshake)),
            Err(error) => {
                core.close(Some(error));
                State::Closed
            }
        };
        Self { core, state }
    }

    /// Queues a call; its answer or failure comes as an event with the token returned. Calls are
    /// made in the order given, one at a time.
    pub fn call(&mut self, now: Instant, call: Call, entropy: &mut dyn Entropy) -> Token {
        let token = Token(self.core.next_token);
        self.core.next_token = self.core.next_token.wrapping_add(1);
        if matches!(self.state, State::Closed) {
            self.core.events.push_back(Event::Failed(token, Failure::NotSent));
            return token;
        }
        self.core.queue.push_back(Queued { token, call });
        if let State::Active(active) = &mut self.state {
            active.pump(&mut self.core, now, entropy);
        }
        token
    }

    /// Takes back a call that was not sent yet, without an event; whether there was one. What is on
    /// the wire cannot be taken back.
    pub fn cancel(&mut self, token: Token) -> bool {
        let before = self.core.queue.len();
        self.core.queue.retain(|queued| queued.token != token);
        self.core.queue.len() < before
    }

    /// Takes in a datagram from the BMC. What does not belong here is passed over.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8], entropy: &mut dyn Entropy) {
        let Ok(Some(SessionPacket::V20(packet))) = SessionPacket::decode_datagram(datagram) else {
            return;
        };
        self.handle_packet(now, &packet, entropy);
    }

    fn handle_packet(&mut self, now: Instant, packet: &V20Packet<'_>, entropy: &mut dyn Entropy) {
        match &mut self.state {
            State::Handshake(handshake) => {
                match handshake.handle_packet(&mut self.core, now, packet, entropy) {
                    Ok(None) => {}
                    Ok(Some(mut active)) => {
                        active.pump(&mut self.core, now, entropy);
                        self.state = State::Active(active);
                    }
                    Err(error) => self.end(Some(error)),
                }
            }
            State::Active(active) => active.handle_packet(&mut self.core, now, packet, entropy),
            State::Closed => {}
        }
    }

    /// Tells the session that `now` has come.
    pub fn handle_timeout(&mut self, now: Instant, entropy: &mut dyn Entropy) {
        match &mut self.state {
            State::Handshake(handshake) => {
                if let Err(error) = handshake.handle_timeout(&mut self.core, now, entropy) {
                    self.end(Some(error));
                }
            }
            State::Active(active) => {
                if let Err(error) = active.handle_timeout(&mut self.core, now, entropy) {
                    self.end(Some(error));
                }
            }
            State::Closed => {}
        }
    }

    /// Takes in what the network says of a datagram that was sent to the BMC's address. An answer of
    /// the BMC that still comes counts for more: on a shared network port the host's own system may
    /// be the one that speaks.
    pub fn handle_unreachable(&mut self, now: Instant, what: Unreachable) {
        let _ = (now, what);
    }

    /// Ends the session. Close Session is sent, and its answer not waited for: the BMC frees the
    /// slot either way.
    pub fn close(&mut self, entropy: &mut dyn Entropy) {
        if let State::Active(active) = &mut self.state {
            active.send_close(&mut self.core, entropy);
        }
        if !matches!(self.state, State::Closed) {
            self.end(None);
        }
    }

    /// Ends the session without a word to the BMC, which has forgotten it.
    pub fn abandon(&mut self) {
        if !matches!(self.state, State::Closed) {
            self.end(None);
        }
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.core.outbox.pop_front()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.core.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is next due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Handshake(handshake) => Some(handshake.poll_timeout(&self.core)),
            State::Active(active) => active.poll_timeout(&self.core),
            State::Closed => None,
        }
    }

    /// Whether the session is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// This console's session ID.
    #[must_use]
    pub const fn console_session_id(&self) -> u32 {
        self.core.console_session_id
    }

    /// The managed system's GUID from RAKP 2, in the order of the wire; `None` until the session is
    /// established. It costs no command, and unless the suite has no authentication, the BMC's proof
    /// in RAKP 2 covers it.
    ///
    /// Source: IPMI v2.0 §13.21.
    #[must_use]
    pub const fn managed_guid(&self) -> Option<[u8; 16]> {
        self.core.managed_guid
    }

    /// How many datagrams were sent so far.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.core.sent
    }

    fn end(&mut self, why: Option<SessionError>) {
        if let State::Active(active) = &mut self.state {
            active.fail_all(&mut self.core);
        }
        self.state = State::Closed;
        self.core.close(why);
    }
}
