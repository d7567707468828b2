//! From Open Session to RAKP 4.

use std::time::{Duration, Instant};

use ipmi_wire::session::{
    AlgorithmProposal, CipherSuite, OpenSessionRequest, OpenSessionResponse, PayloadType, Rakp1,
    Rakp2, Rakp3, Rakp4, RmcpPlusStatus, V20Header, V20Packet,
};
use ipmi_wire::{Decode, DecodeError, Encode};

use super::active::Active;
use super::{Core, SessionError, Stage};
use crate::crypto::is_supported;
use crate::entropy::Entropy;
use crate::keys::{Exchange, SessionKeys};
use crate::protection::Protection;

/// A handshake in progress.
#[derive(Debug)]
pub(super) struct Handshake {
    started: Instant,
    /// Suites not tried yet, the next one first.
    suites: Vec<CipherSuite>,
    refused: Vec<(CipherSuite, RmcpPlusStatus)>,
    next_tag: u8,
    restarts: u32,
    attempt: Attempt,
    waiting: Waiting,
}

/// A message that waits for its answer: always the same bytes, sent again and again.
#[derive(Debug)]
struct Attempt {
    tag: u8,
    datagram: Vec<u8>,
    sent: u32,
    first: Instant,
    next: Instant,
}

/// What is waited for, with what it takes to judge it.
#[derive(Debug)]
enum Waiting {
    OpenSessionResponse { suite: CipherSuite, asks_for_highest: bool },
    Rakp2 { suite: CipherSuite, managed_session_id: u32, console_random: [u8; 16] },
    Rakp4 { suite: CipherSuite, exchange: Box<Exchange>, keys: Box<SessionKeys> },
}

impl Waiting {
    const fn stage(&self) -> Stage {
        match self {
            Self::OpenSessionResponse { .. } => Stage::OpenSession,
            Self::Rakp2 { .. } => Stage::Rakp1,
            Self::Rakp4 { .. } => Stage::Rakp3,
        }
    }
}

/// After so many unanswered copies of RAKP 3 the BMC is taken to have forgotten the handshake:
/// half-open sessions live for seconds only.
const RAKP3_COPIES: u32 = 4;
/// How often a handshake may start over.
const RESTARTS: u32 = 3;

impl Handshake {
    pub(super) fn start(
        core: &mut Core,
        now: Instant,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, SessionError> {
        let mut suites = core.config.suites.clone();
        if let Some(unknown) = suites.iter().find(|suite| !is_supported(**suite)) {
            return Err(SessionError::UnsupportedSuite(Some(*unknown)));
        }
        if suites.is_empty() {
            return Err(SessionError::UnsupportedSuite(None));
        }
        let suite = suites.remove(0);
        let mut tag = [0];
        entropy.fill(&mut tag);
        let [tag] = tag;
        let attempt = open_session(core, now, tag, suite, false)?;
        Ok(Self {
            started: now,
            suites,
            refused: Vec::new(),
            next_tag: tag.wrapping_add(1),
            restarts: 0,
            attempt,
            waiting: Waiting::OpenSessionResponse { suite, asks_for_highest: false },
        })
    }

    /// `Some` when the handshake is complete.
    pub(super) fn handle_packet(
        &mut self,
        core: &mut Core,
        now: Instant,
        packet: &V20Packet<'_>,
        entropy: &mut dyn Entropy,
    ) -> Result<Option<Box<Active>>, SessionError> {
        // Source: IPMI v2.0 §13.17: the messages of the handshake are never protected and carry
        // session ID 0. BMCs have been seen to put the console's ID there; it is not looked at.
        if packet.header.encrypted || packet.header.authenticated {
            return Ok(None);
        }
        let stage = self.waiting.stage();
        let malformed = |source| SessionError::Malformed { stage, source };
        match (&self.waiting, packet.header.payload_type) {
            (Waiting::OpenSessionResponse { .. }, PayloadType::OpenSessionResponse) => {
                let response = decode_tolerant(packet.payload).map_err(malformed)?;
                self.handle_open_response(core, now, response, entropy)?;
            }
            (Waiting::Rakp2 { .. }, PayloadType::Rakp2) => {
                let rakp2 = decode_tolerant(packet.payload).map_err(malformed)?;
                self.handle_rakp2(core, now, &rakp2)?;
            }
            (Waiting::Rakp4 { .. }, PayloadType::Rakp4) => {
                let rakp4 = decode_tolerant(packet.payload).map_err(malformed)?;
                return self.handle_rakp4(core, now, &rakp4);
            }
            // A late duplicate of an answer that was already used.
            _ => {}
        }
        Ok(None)
    }

    pub(super) fn handle_timeout(
        &mut self,
        core: &mut Core,
        now: Instant,
        _entropy: &mut dyn Entropy,
    ) -> Result<(), SessionError> {
        let waited = now.saturating_duration_since(self.started);
        if waited >= core.config.timing.deadline {
            let stage = self.waiting.stage();
            return Err(SessionError::NoAnswer { stage, sent: core.sent, waited });
        }
        if now < self.attempt.next {
            return Ok(());
        }
        if let Waiting::Rakp4 { suite, .. } = self.waiting
            && self.attempt.sent >= RAKP3_COPIES
            && self.restarts < RESTARTS
        {
            return self.restart(core, now, suite);
        }
        self.attempt.sent = self.attempt.sent.saturating_add(1);
        self.attempt.next =
            later(now, core.round_trip.timeout(&core.config.timing, self.attempt.sent));
        core.transmit(self.attempt.datagram.clone());
        Ok(())
    }

    pub(super) fn poll_timeout(&self, core: &Core) -> Instant {
        self.attempt.next.min(later(self.started, core.config.timing.deadline))
    }

    fn handle_open_response(
        &mut self,
        core: &mut Core,
        now: Instant,
        response: OpenSessionResponse,
        entropy: &mut dyn Entropy,
    ) -> Result<(), SessionError> {
        let Waiting::OpenSessionResponse { suite, asks_for_highest } = self.waiting else {
            return Ok(());
        };
        if !self.is_ours(core, response.tag, response.console_session_id) {
            return Ok(());
        }
        if !response.status.is_ok() {
            return self.try_otherwise(core, now, suite, asks_for_highest, response.status);
        }
        let stage = Stage::OpenSession;
        let Some(accepted) = response.accepted.filter(|a| a.managed_session_id != 0) else {
            let source = DecodeError::Invalid { field: "managed system session ID", value: 0 };
            return Err(SessionError::Malformed { stage, source });
        };
        // Some BMCs answer any proposal with the one suite they have; that is fine if it is one
        // that would have been tried anyway.
        let chosen = CipherSuite::of(accepted.algorithms)
            .filter(|chosen| *chosen == suite || self.suites.contains(chosen))
            .ok_or(SessionError::UnexpectedAlgorithms(accepted.algorithms))?;
        self.sample_round_trip(core, now);

        let mut console_random = [0; 16];
        entropy.fill(&mut console_random);
        let tag = self.take_tag();
        let rakp1 = Rakp1 {
            tag,
            managed_session_id: accepted.managed_session_id,
            console_random,
            role_byte: role_byte(core),
            username: core.config.username,
        };
        self.attempt = send(core, now, PayloadType::Rakp1, tag, &rakp1)?;
        self.waiting = Waiting::Rakp2 {
            suite: chosen,
            managed_session_id: accepted.managed_session_id,
            console_random,
        };
        Ok(())
    }

    /// What to do about a refused Open Session Request.
    fn try_otherwise(
        &mut self,
        core: &mut Core,
        now: Instant,
        suite: CipherSuite,
        asks_for_highest: bool,
        status: RmcpPlusStatus,
    ) -> Result<(), SessionError> {
        match status {
            RmcpPlusStatus::INVALID_AUTHENTICATION_ALGORITHM
            | RmcpPlusStatus::INVALID_INTEGRITY_ALGORITHM
            | RmcpPlusStatus::NO_MATCHING_AUTHENTICATION_PAYLOAD
            | RmcpPlusStatus::NO_MATCHING_INTEGRITY_PAYLOAD
            | RmcpPlusStatus::INVALID_CONFIDENTIALITY_ALGORITHM
            | RmcpPlusStatus::NO_CIPHER_SUITE_MATCH => {
                self.refused.push((suite, status));
                if self.suites.is_empty() {
                    return Err(SessionError::SuitesRefused(core::mem::take(&mut self.refused)));
                }
                let next = self.suites.remove(0);
                self.reopen(core, now, next, false)
            }
            // Early firmware binds each suite to one exact privilege: let it choose.
            RmcpPlusStatus::INVALID_ROLE | RmcpPlusStatus::UNAUTHORIZED_ROLE
                if !asks_for_highest =>
            {
                self.reopen(core, now, suite, true)
            }
            _ => Err(SessionError::Refused { stage: Stage::OpenSession, status }),
        }
    }

    fn handle_rakp2(
        &mut self,
        core: &mut Core,
        now: Instant,
        rakp2: &Rakp2,
    ) -> Result<(), SessionError> {
        let Waiting::Rakp2 { suite, managed_session_id, console_random } = self.waiting else {
            return Ok(());
        };
        if !self.is_ours(core, rakp2.tag, rakp2.console_session_id) {
            return Ok(());
        }
        let Some(keys) = &rakp2.keys else {
            return self.refused_or_forgotten(core, now, suite, rakp2.status);
        };
        let exchange = Exchange {
            console_session_id: core.console_session_id,
            managed_session_id,
            console_random,
            managed_random: keys.managed_random,
            managed_guid: keys.managed_guid,
            role_byte: role_byte(core),
            username: core.config.username,
        };
        let unsupported = || SessionError::UnsupportedSuite(Some(suite));
        let algorithm = suite.algorithms().ok_or_else(unsupported)?.authentication;
        let password = &core.config.password;
        let expected = exchange.rakp2_code(algorithm, password).ok_or_else(unsupported)?;
        let tag = self.take_tag();
        if !expected.matches(&keys.auth_code) {
            // Tell the BMC, so that it frees the slot at once.
            let status = RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE;
            let give_up = Rakp3 { tag, status, managed_session_id, auth_code: Vec::new() };
            send(core, now, PayloadType::Rakp3, tag, &give_up)?;
            return Err(SessionError::WrongPassword);
        }
        let code = exchange.rakp3_code(algorithm, password).ok_or_else(unsupported)?;
        let session_keys = exchange
            .session_keys(algorithm, password, core.config.kg.as_ref())
            .ok_or_else(unsupported)?;
        self.sample_round_trip(core, now);
        let status = RmcpPlusStatus::NO_ERRORS;
        let rakp3 = Rakp3 { tag, status, managed_session_id, auth_code: code.as_bytes().to_vec() };
        self.attempt = send(core, now, PayloadType::Rakp3, tag, &rakp3)?;
        let (exchange, keys) = (Box::new(exchange), Box::new(session_keys));
        self.waiting = Waiting::Rakp4 { suite, exchange, keys };
        Ok(())
    }

    fn handle_rakp4(
        &mut self,
        core: &mut Core,
        now: Instant,
        rakp4: &Rakp4,
    ) -> Result<Option<Box<Active>>, SessionError> {
        if !self.is_ours(core, rakp4.tag, rakp4.console_session_id) {
            return Ok(None);
        }
        self.sample_round_trip(core, now);
        let Waiting::Rakp4 { suite, exchange, keys } = &self.waiting else { return Ok(None) };
        let suite = *suite;
        if !rakp4.status.is_ok() {
            self.refused_or_forgotten(core, now, suite, rakp4.status)?;
            return Ok(None);
        }
        let unsupported = || SessionError::UnsupportedSuite(Some(suite));
        let algorithms = suite.algorithms().ok_or_else(unsupported)?;
        let check =
            exchange.rakp4_check(algorithms.authentication, keys).ok_or_else(unsupported)?;
        if !check.matches(&rakp4.integrity_check) {
            return Err(SessionError::WrongKg);
        }
        let protection = Protection::new(algorithms, keys).ok_or_else(unsupported)?;
        let refused = core::mem::take(&mut self.refused);
        core.events.push_back(super::Event::Established { suite, refused });
        Ok(Some(Box::new(Active::new(now, core, exchange.managed_session_id, protection))))
    }

    /// "Invalid session ID" in a RAKP answer means that the BMC has forgotten the handshake (it
    /// restarted, or was flooded): begin again. Anything else is final.
    fn refused_or_forgotten(
        &mut self,
        core: &mut Core,
        now: Instant,
        suite: CipherSuite,
        status: RmcpPlusStatus,
    ) -> Result<(), SessionError> {
        let forgotten = matches!(
            status,
            RmcpPlusStatus::INVALID_SESSION_ID | RmcpPlusStatus::INACTIVE_SESSION_ID
        );
        if forgotten && self.restarts < RESTARTS {
            return self.restart(core, now, suite);
        }
        Err(SessionError::Refused { stage: self.waiting.stage(), status })
    }

    fn restart(
        &mut self,
        core: &mut Core,
        now: Instant,
        suite: CipherSuite,
    ) -> Result<(), SessionError> {
        self.restarts = self.restarts.saturating_add(1);
        self.reopen(core, now, suite, false)
    }

    fn reopen(
        &mut self,
        core: &mut Core,
        now: Instant,
        suite: CipherSuite,
        asks_for_highest: bool,
    ) -> Result<(), SessionError> {
        let tag = self.take_tag();
        self.attempt = open_session(core, now, tag, suite, asks_for_highest)?;
        self.waiting = Waiting::OpenSessionResponse { suite, asks_for_highest };
        Ok(())
    }

    /// Whether an answer is to the message that waits: same tag, and our session ID where it has
    /// one. An error with session ID 0 is taken for ours too: OpenBMC's does not fill it in.
    fn is_ours(&self, core: &Core, tag: u8, console_session_id: Option<u32>) -> bool {
        tag == self.attempt.tag
            && console_session_id.is_none_or(|id| id == core.console_session_id || id == 0)
    }

    fn sample_round_trip(&self, core: &mut Core, now: Instant) {
        if self.attempt.sent == 1 {
            core.round_trip.sample(now.saturating_duration_since(self.attempt.first));
        }
    }

    const fn take_tag(&mut self) -> u8 {
        let tag = self.next_tag;
        self.next_tag = tag.wrapping_add(1);
        tag
    }
}

fn open_session(
    core: &mut Core,
    now: Instant,
    tag: u8,
    suite: CipherSuite,
    asks_for_highest: bool,
) -> Result<Attempt, SessionError> {
    let algorithms = suite.algorithms().ok_or(SessionError::UnsupportedSuite(Some(suite)))?;
    let request = OpenSessionRequest {
        tag,
        max_privilege: (!asks_for_highest).then_some(core.config.privilege),
        console_session_id: core.console_session_id,
        authentication: AlgorithmProposal::Exactly(algorithms.authentication),
        integrity: AlgorithmProposal::Exactly(algorithms.integrity),
        confidentiality: AlgorithmProposal::Exactly(algorithms.confidentiality),
    };
    send(core, now, PayloadType::OpenSessionRequest, tag, &request)
}

fn role_byte(core: &Core) -> u8 {
    Rakp1::role_byte_of(core.config.privilege, core.config.name_only_lookup)
}

fn send(
    core: &mut Core,
    now: Instant,
    payload_type: PayloadType,
    tag: u8,
    message: &impl Encode,
) -> Result<Attempt, SessionError> {
    // A handshake message has at most 60 bytes; it always fits.
    let datagram = V20Header::sessionless(payload_type)
        .to_datagram(&message.to_bytes())
        .ok_or(SessionError::UnsupportedSuite(None))?;
    core.transmit(datagram.clone());
    let next = later(now, core.round_trip.timeout(&core.config.timing, 1));
    Ok(Attempt { tag, datagram, sent: 1, first: now, next })
}

/// Surplus bytes after an answer are passed over: some BMCs pad.
fn decode_tolerant<T: Decode>(payload: &[u8]) -> Result<T, DecodeError> {
    T::decode(&mut ipmi_wire::Reader::new(payload))
}

pub(super) fn later(now: Instant, by: Duration) -> Instant {
    now.checked_add(by).unwrap_or(now)
}
