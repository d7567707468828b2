//! The remote console's end: one session with one BMC.
//!
//! ```text
//!   Opening ──► Challenged ──► Proving ──► Active ──► Closed
//!      ▲  ▲ next suite  │          │         ▲
//!      └──┴─────────────┴──────────┘         │   the BMC forgot us, or RAKP 4 stays silent
//!                                            │
//!   IPMI v1.5:  Capabilities ─► Challenge ─► Activation
//! ```
//!
//! **The driver's whole duty: after any call that takes `&mut self`, call
//! [`poll_transmit`](Session::poll_transmit) and [`poll_event`](Session::poll_event) until they
//! return `None`, then sleep until [`poll_timeout`](Session::poll_timeout) or the next datagram.**

mod active;
mod answer;
mod call;
mod config;
mod envelope;
mod error;
mod handshake;
mod handshake15;
mod pressure;
mod quirks;
mod shared;
mod sol;
mod suites;
mod trouble;
mod waiting;
mod witness;

use core::fmt;
use std::time::Instant;

use ipmi_wire::Response;
use ipmi_wire::session::{CipherSuite, RmcpPlusStatus, SessionPacket};

use active::Active;
pub use call::{Call, Priority};
pub use config::{Agreed, Config, Protocol};
pub use error::{Failure, SessionError, Stage};
use handshake::Handshake;
use handshake15::Handshake15;
use shared::{Core, Queued, Repeated};
pub use trouble::Unreachable;
pub use witness::Presence;

use crate::entropy::Entropy;
use crate::lessons::Lessons;
use crate::quirk::Quirk;

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
        refused: Vec<(CipherSuite, RmcpPlusStatus)>,
    },
    /// The BMC departs from the specification, and it has been dealt with. Told once each.
    Noticed(Quirk),
    /// The answer to a call, whatever its completion code.
    Answer(Token, Response),
    /// A call came to nothing.
    Failed(Token, Failure),
    /// Something is to be seen of Serial over LAN: characters, flags, room for more. Look, and look
    /// until there is nothing more.
    Sol,
    /// The session is over: every call that was waiting has failed before this.
    Closed(Option<SessionError>),
}

/// One session with one BMC.
pub struct Session {
    core: Core,
    state: State,
}

#[derive(Debug)]
enum State {
    Handshake(Box<Handshake>),
    Handshake15(Box<Handshake15>),
    Active(Box<Active>),
    Closed,
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
        let mut core = Core::new(config, console_session_id);
        let state = match core.config.protocol.clone() {
            Protocol::RmcpPlus => Handshake::start(&mut core, now, entropy)
                .map(|handshake| State::Handshake(Box::new(handshake))),
            Protocol::Ipmi15(types) => Handshake15::start(&mut core, now, &types, entropy)
                .map(|handshake| State::Handshake15(Box::new(handshake))),
        };
        let state = state.unwrap_or_else(|error| {
            core.close(Some(error));
            State::Closed
        });
        Self { core, state }
    }

    /// Queues a call; its answer or failure comes as an event with the token returned. Calls are
    /// made in the order given, but for their [`Priority`], and one at a time, but for what may go
    /// [`abreast`](Call::abreast).
    pub fn call(&mut self, now: Instant, call: Call, entropy: &mut dyn Entropy) -> Token {
        let token = Token(self.core.next_token);
        self.core.next_token = self.core.next_token.wrapping_add(1);
        if matches!(self.state, State::Closed) {
            self.core.events.push_back(Event::Failed(token, Failure::NotSent));
            return token;
        }
        self.core.enqueue(Queued { token, call });
        if let State::Active(active) = &mut self.state {
            active.pump(&mut self.core, now, entropy);
        }
        token
    }

    /// What this session has taught about the BMC so far, and those before it.
    #[must_use]
    pub fn lessons(&self) -> Lessons {
        let one_at_a_time = match &self.state {
            State::Active(active) => active.was_pressed(),
            _ => self.core.config.lessons.one_at_a_time,
        };
        Lessons { round_trip: self.core.round_trip.smoothed(), one_at_a_time }
    }

    /// Takes back a call that was not sent yet, without an event; whether there was one. What is on
    /// the wire cannot be taken back, but is not sent again: a copy that got through later would act
    /// after its caller has been told that it failed.
    pub fn cancel(&mut self, token: Token) -> bool {
        if let State::Active(active) = &mut self.state {
            active.stop_repeating(token);
        }
        let before = self.core.queue.len();
        self.core.queue.retain(|queued| queued.token != token);
        self.core.queue.len() < before
    }

    /// Takes in a datagram from the BMC. What does not belong here is passed over.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8], entropy: &mut dyn Entropy) {
        let packet = match SessionPacket::decode_datagram(datagram) {
            Ok(Some(packet)) => packet,
            Ok(None) => {
                if let State::Handshake(handshake) = &mut self.state {
                    handshake.handle_pong(&mut self.core, datagram);
                }
                return;
            }
            Err(_) => return,
        };
        if let SessionPacket::V20(packet) = &packet
            && let Some(late) = Repeated::in_handshake(packet, self.core.console_session_id)
            && self.core.answered_again(now, late)
        {
            match &mut self.state {
                State::Handshake(handshake) => handshake.put_off(&self.core, now),
                State::Active(active) => active.put_off_all(&self.core, now),
                State::Handshake15(_) | State::Closed => {}
            }
        }
        let outcome = match (&mut self.state, &packet) {
            (State::Handshake(handshake), SessionPacket::V20(packet)) => {
                handshake.handle_packet(&mut self.core, now, packet, entropy)
            }
            (State::Handshake(handshake), SessionPacket::V15(packet)) => {
                handshake.handle_v15(&mut self.core, packet);
                Ok(None)
            }
            (State::Handshake15(handshake), SessionPacket::V15(packet)) => {
                handshake.handle_packet(&mut self.core, now, packet, entropy)
            }
            (State::Active(active), packet) => {
                active.handle_packet(&mut self.core, now, packet, entropy);
                Ok(None)
            }
            _ => Ok(None),
        };
        match outcome {
            Ok(None) => {}
            Ok(Some(mut active)) => {
                active.pump(&mut self.core, now, entropy);
                self.state = State::Active(active);
            }
            Err(error) => self.end(Some(error)),
        }
        self.end_if_spent(entropy);
    }

    /// Tells the session that `now` has come.
    pub fn handle_timeout(&mut self, now: Instant, entropy: &mut dyn Entropy) {
        if let Some(what) = self.core.trouble.take_due(now) {
            self.give_up(what);
        }
        match &mut self.state {
            State::Handshake(handshake) => {
                if let Err(error) = handshake.handle_timeout(&mut self.core, now) {
                    self.end(Some(error));
                }
            }
            State::Handshake15(handshake) => {
                if let Err(error) = handshake.handle_timeout(&mut self.core, now) {
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
        self.end_if_spent(entropy);
    }

    /// Too many requests were not answered to tell apart what may still come: what else is to be
    /// asked needs a new session.
    fn end_if_spent(&mut self, entropy: &mut dyn Entropy) {
        if let State::Active(active) = &mut self.state
            && active.is_spent()
            && !active.is_waiting()
        {
            active.send_close(&mut self.core, entropy);
            self.end(Some(SessionError::Lost));
        }
    }

    /// Takes in what the network says of a datagram that was sent to the BMC's address. An answer of
    /// the BMC that still comes counts for more: on a shared network port the host's own system may
    /// be the one that speaks. So it has 50 ms for that, and if it uses them, nothing of the kind is
    /// believed any more in this session.
    ///
    /// Otherwise the session is over: an attempt to log in with [`SessionError::Unreachable`], an
    /// established session with [`SessionError::Lost`], after the call whose answer was waited for
    /// has failed with [`Failure::Unreachable`] or, if every time counts, [`Failure::Uncertain`].
    pub fn handle_unreachable(&mut self, now: Instant, what: Unreachable) {
        let waits = match &self.state {
            State::Handshake(_) | State::Handshake15(_) => true,
            // What nobody waits for is an old story.
            State::Active(active) => active.is_waiting(),
            State::Closed => false,
        };
        if waits {
            self.core.trouble.report(now, what);
        }
    }

    /// Nothing gets to the BMC.
    fn give_up(&mut self, what: Unreachable) {
        let why = match &mut self.state {
            State::Handshake(handshake) => {
                SessionError::Unreachable { stage: handshake.stage(), what }
            }
            State::Handshake15(handshake) => {
                SessionError::Unreachable { stage: handshake.stage(), what }
            }
            State::Active(active) => {
                active.fail_waiting(&mut self.core, &Failure::Unreachable(what));
                SessionError::Lost
            }
            State::Closed => return,
        };
        self.end(Some(why));
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
        let due = match &self.state {
            State::Handshake(handshake) => Some(handshake.poll_timeout(&self.core)),
            State::Handshake15(handshake) => Some(handshake.poll_timeout(&self.core)),
            State::Active(active) => active.poll_timeout(&self.core),
            State::Closed => return None,
        };
        due.into_iter().chain(self.core.trouble.due()).min()
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

    /// The managed system's session ID: from Open Session Response, so before anybody has proved
    /// anything, and still there when the login comes to nothing. In IPMI v1.5 that of the session.
    ///
    /// Source: IPMI v2.0 §13.18, §22.17.
    #[must_use]
    pub const fn managed_session_id(&self) -> Option<u32> {
        self.core.managed_session_id
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

    /// Whether this is a session of IPMI v1.5. Its packets do not say which of the console's
    /// sessions they belong to: each has to be offered to all that are with its sender, and those
    /// that it does not belong to pass it over.
    #[must_use]
    pub const fn is_ipmi15(&self) -> bool {
        matches!(self.core.config.protocol, Protocol::Ipmi15(_))
    }

    /// How many datagrams were sent so far.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.core.sent
    }

    fn end(&mut self, why: Option<SessionError>) {
        if let State::Active(active) = &mut self.state {
            active.fail_waiting(&mut self.core, &Failure::Interrupted);
        }
        self.state = State::Closed;
        self.core.close(why);
    }
}

/// Without what is sent and asked: a request may bring a password, and a straight password of IPMI
/// v1.5 is in every packet.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Handshake(_) | State::Handshake15(_) => "handshake",
            State::Active(_) => "active",
            State::Closed => "closed",
        };
        f.debug_struct("Session")
            .field("console_session_id", &self.core.console_session_id)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
