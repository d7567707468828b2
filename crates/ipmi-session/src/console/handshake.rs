//! From Open Session to RAKP 4.

use std::time::{Duration, Instant};

use ipmi_wire::session::{
    Accepted, AlgorithmProposal, CipherSuite, OpenSessionRequest, OpenSessionResponse, PayloadType,
    Rakp1, Rakp2, Rakp2Keys, Rakp3, Rakp4, RmcpPlusStatus, V20Header, V20Packet,
};
use ipmi_wire::{Decode, DecodeError, Encode};

use super::active::Active;
use super::{Core, SessionError, Stage};
use crate::crypto::is_supported;
use crate::entropy::Entropy;
use crate::keys::{Exchange, SessionKeys};
use crate::protection::Protection;
use crate::secret::Digest;

/// A handshake in progress.
#[derive(Debug)]
pub(super) struct Handshake {
    started: Instant,
    /// Suites not tried yet, the next one first.
    suites: Vec<CipherSuite>,
    refused: Vec<(CipherSuite, RmcpPlusStatus)>,
    next_tag: u8,
    restarts: u32,
    /// RAKP 1 of the present round was sent more than once.
    rakp1_repeated: bool,
    /// A refusal that may not be for us; it counts if nothing better comes until the next try.
    vague: Option<RmcpPlusStatus>,
    /// What came in the place of an answer, should no answer come.
    garbled: Option<DecodeError>,
    attempt: Attempt,
    waiting: Waiting,
}

/// An answer to one of the three messages.
struct Answer {
    tag: u8,
    console_session_id: Option<u32>,
    outcome: Result<Body, RmcpPlusStatus>,
}

enum Body {
    Opened(Accepted),
    Challenged(Rakp2Keys),
    Proven(Vec<u8>),
}

/// How sure an answer is to be ours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Tag and session ID are right: nobody could have guessed them.
    Sure,
    /// A refusal without the tag or the ID. OpenBMC leaves both 0, `ipmi_sim` leaves the ID out;
    /// but anyone can make one up.
    Vague,
    /// Somebody else's, or late.
    Not,
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
            rakp1_repeated: false,
            vague: None,
            garbled: None,
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
        let answer = match self.read(packet) {
            Some(Ok(answer)) => answer,
            // What does not decode may be anyone's: the right answer may still come.
            Some(Err(source)) => {
                self.garbled = Some(source);
                return Ok(None);
            }
            // A late duplicate of an answer that was already used.
            None => return Ok(None),
        };
        match (self.fit(core, &answer), answer.outcome) {
            (Fit::Not, _) | (Fit::Vague, Ok(_)) => Ok(None),
            (Fit::Vague, Err(status)) => {
                self.vague = Some(status);
                Ok(None)
            }
            (Fit::Sure, Err(status)) => self.handle_refusal(core, now, status).map(|()| None),
            (Fit::Sure, Ok(Body::Opened(accepted))) => {
                self.handle_opened(core, now, accepted, entropy).map(|()| None)
            }
            (Fit::Sure, Ok(Body::Challenged(keys))) => {
                self.handle_challenge(core, now, &keys).map(|()| None)
            }
            (Fit::Sure, Ok(Body::Proven(check))) => self.handle_proof(core, now, &check).map(Some),
        }
    }

    /// The answer in a packet, if it is one to the message that waits.
    fn read(&self, packet: &V20Packet<'_>) -> Option<Result<Answer, DecodeError>> {
        let (payload, kind) = (packet.payload, packet.header.payload_type);
        Some(match (&self.waiting, kind) {
            (Waiting::OpenSessionResponse { .. }, PayloadType::OpenSessionResponse) => {
                decode_tolerant(payload).map(|m: OpenSessionResponse| Answer {
                    tag: m.tag,
                    console_session_id: m.console_session_id,
                    outcome: m.accepted.map(Body::Opened).ok_or(m.status),
                })
            }
            (Waiting::Rakp2 { .. }, PayloadType::Rakp2) => {
                decode_tolerant(payload).map(|m: Rakp2| Answer {
                    tag: m.tag,
                    console_session_id: m.console_session_id,
                    outcome: m.keys.map(Body::Challenged).ok_or(m.status),
                })
            }
            (Waiting::Rakp4 { .. }, PayloadType::Rakp4) => {
                decode_tolerant(payload).map(|m: Rakp4| Answer {
                    tag: m.tag,
                    console_session_id: m.console_session_id,
                    outcome: match m.status {
                        status if status.is_ok() => Ok(Body::Proven(m.integrity_check)),
                        status => Err(status),
                    },
                })
            }
            _ => return None,
        })
    }

    fn fit(&self, core: &Core, answer: &Answer) -> Fit {
        let id = answer.console_session_id;
        if answer.tag == self.attempt.tag && id == Some(core.console_session_id) {
            return Fit::Sure;
        }
        let tag_fits = answer.tag == self.attempt.tag || answer.tag == 0;
        let id_fits = id.is_none_or(|id| id == core.console_session_id || id == 0);
        if answer.outcome.is_err() && tag_fits && id_fits { Fit::Vague } else { Fit::Not }
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
            return Err(match self.garbled {
                Some(source) => SessionError::Malformed { stage, source },
                None => SessionError::NoAnswer { stage, sent: core.sent, waited },
            });
        }
        if now < self.attempt.next {
            return Ok(());
        }
        if let Some(status) = self.vague.take() {
            return self.handle_refusal(core, now, status);
        }
        if let Waiting::Rakp4 { suite, .. } = self.waiting
            && self.attempt.sent >= RAKP3_COPIES
            && self.restarts < RESTARTS
        {
            return self.restart(core, now, suite);
        }
        self.attempt.sent = self.attempt.sent.saturating_add(1);
        if matches!(self.waiting, Waiting::Rakp2 { .. }) {
            self.rakp1_repeated = true;
        }
        self.attempt.next = self.next_try(core, now);
        core.transmit(self.attempt.datagram.clone());
        Ok(())
    }

    pub(super) fn poll_timeout(&self, core: &Core) -> Instant {
        self.attempt.next.min(later(self.started, core.config.timing.deadline))
    }

    fn handle_opened(
        &mut self,
        core: &mut Core,
        now: Instant,
        accepted: Accepted,
        entropy: &mut dyn Entropy,
    ) -> Result<(), SessionError> {
        let Waiting::OpenSessionResponse { suite, .. } = self.waiting else { return Ok(()) };
        if accepted.managed_session_id == 0 {
            let source = DecodeError::Invalid { field: "managed system session ID", value: 0 };
            return Err(SessionError::Malformed { stage: Stage::OpenSession, source });
        }
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
        let attempt = send(core, now, PayloadType::Rakp1, tag, &rakp1)?;
        let waiting = Waiting::Rakp2 {
            suite: chosen,
            managed_session_id: accepted.managed_session_id,
            console_random,
        };
        self.rakp1_repeated = false;
        self.advance(core, now, attempt, waiting);
        Ok(())
    }

    fn handle_refusal(
        &mut self,
        core: &mut Core,
        now: Instant,
        status: RmcpPlusStatus,
    ) -> Result<(), SessionError> {
        match self.waiting {
            Waiting::OpenSessionResponse { suite, asks_for_highest } => {
                self.try_otherwise(core, now, suite, asks_for_highest, status)
            }
            Waiting::Rakp2 { suite, .. } | Waiting::Rakp4 { suite, .. } => {
                self.refused_or_forgotten(core, now, suite, status)
            }
        }
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
        let role =
            matches!(status, RmcpPlusStatus::INVALID_ROLE | RmcpPlusStatus::UNAUTHORIZED_ROLE);
        if role && !asks_for_highest {
            // Early firmware binds each suite to one exact privilege: let it choose.
            return self.reopen(core, now, suite, true);
        }
        let busy = matches!(
            status,
            RmcpPlusStatus::INSUFFICIENT_RESOURCES
                | RmcpPlusStatus::INSUFFICIENT_RESOURCES_FOR_ROLE
        );
        if busy {
            return Err(SessionError::Refused { stage: Stage::OpenSession, status });
        }
        // A disabled suite is refused with almost any status: 0Ah (Supermicro X8DTG) and 12h
        // (MSI MS-91D2) are on record (`research/freeipmi.md` §4.8).
        self.refused.push((suite, status));
        if self.suites.is_empty() {
            let all = core::mem::take(&mut self.refused);
            return Err(match all.iter().find(|(_, status)| !is_about_suites(*status)) {
                Some((_, status)) => {
                    SessionError::Refused { stage: Stage::OpenSession, status: *status }
                }
                None => SessionError::SuitesRefused(all),
            });
        }
        let next = self.suites.remove(0);
        self.reopen(core, now, next, false)
    }

    fn handle_challenge(
        &mut self,
        core: &mut Core,
        now: Instant,
        keys: &Rakp2Keys,
    ) -> Result<(), SessionError> {
        let Waiting::Rakp2 { suite, managed_session_id, console_random } = self.waiting else {
            return Ok(());
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
        if !matches_start(&expected, &keys.auth_code) {
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
        let attempt = send(core, now, PayloadType::Rakp3, tag, &rakp3)?;
        let (exchange, keys) = (Box::new(exchange), Box::new(session_keys));
        self.advance(core, now, attempt, Waiting::Rakp4 { suite, exchange, keys });
        Ok(())
    }

    fn handle_proof(
        &self,
        core: &mut Core,
        now: Instant,
        integrity_check: &[u8],
    ) -> Result<Box<Active>, SessionError> {
        self.sample_round_trip(core, now);
        let Waiting::Rakp4 { suite, exchange, keys } = &self.waiting else {
            return Err(SessionError::UnsupportedSuite(None));
        };
        let suite = *suite;
        let unsupported = || SessionError::UnsupportedSuite(Some(suite));
        let algorithms = suite.algorithms().ok_or_else(unsupported)?;
        let check =
            exchange.rakp4_check(algorithms.authentication, keys).ok_or_else(unsupported)?;
        if !matches_start(&check, integrity_check) {
            return Err(SessionError::WrongKg);
        }
        let protection =
            Protection::new(algorithms, keys, &core.config.password).ok_or_else(unsupported)?;
        let refused = self.refused.clone();
        core.managed_guid = Some(exchange.managed_guid);
        core.events
            .push_back(super::Event::Established { agreed: super::Agreed::Suite(suite), refused });
        Ok(Box::new(Active::new(now, core, exchange.managed_session_id, protection)))
    }

    /// "Invalid session ID" in a RAKP answer means that the BMC has forgotten the handshake (it
    /// restarted, or was flooded): begin again. So does "invalid integrity check value" after RAKP 1
    /// was repeated: OpenBMC draws a new random number for every copy, and proofs made with the
    /// first are wrong then, although the password is right. Anything else is final.
    fn refused_or_forgotten(
        &mut self,
        core: &mut Core,
        now: Instant,
        suite: CipherSuite,
        status: RmcpPlusStatus,
    ) -> Result<(), SessionError> {
        let again = match status {
            RmcpPlusStatus::INVALID_SESSION_ID | RmcpPlusStatus::INACTIVE_SESSION_ID => true,
            RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE => self.rakp1_repeated,
            _ => false,
        };
        if again && self.restarts < RESTARTS {
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
        let attempt = open_session(core, now, tag, suite, asks_for_highest)?;
        self.advance(core, now, attempt, Waiting::OpenSessionResponse { suite, asks_for_highest });
        Ok(())
    }

    /// Goes on to the next message.
    fn advance(&mut self, core: &Core, now: Instant, attempt: Attempt, waiting: Waiting) {
        self.attempt = attempt;
        self.waiting = waiting;
        self.vague = None;
        self.garbled = None;
        self.attempt.next = self.next_try(core, now);
    }

    /// When to send the present message again: later with every try, and with every fresh start,
    /// because that is what a BMC slower than our patience needs.
    fn next_try(&self, core: &Core, now: Instant) -> Instant {
        let tries = self.attempt.sent.saturating_add(self.restarts);
        later(now, core.round_trip.timeout(&core.config.timing, tries))
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

/// Whether a code from a BMC begins with the one expected: Peppercon firmware sends a byte too
/// many, Sun's ILOM too, and some send a check value where RAKP-none has none
/// (`research/freeipmi.md` §4.3). A shorter one never matches.
fn matches_start(expected: &Digest, code: &[u8]) -> bool {
    code.get(..expected.as_bytes().len()).is_some_and(|start| expected.matches(start))
}

/// Whether a refusal is about algorithms.
const fn is_about_suites(status: RmcpPlusStatus) -> bool {
    matches!(status.0, 0x04..=0x07 | 0x10 | 0x11)
}

/// `by` after `now`; in a year, should that be more than time can say.
pub(super) fn later(now: Instant, by: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    now.checked_add(by).or_else(|| now.checked_add(YEAR)).unwrap_or(now)
}
