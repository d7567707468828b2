//! From Open Session to RAKP 4.

use std::time::{Duration, Instant};

use ipmi_wire::session::{
    Accepted, AlgorithmProposal, AuthenticationAlgorithm, CipherSuite, OpenSessionRequest,
    PayloadType, Rakp1, Rakp2Keys, Rakp3, RmcpPlusStatus, V15Packet, V20Header, V20Packet,
};
use ipmi_wire::{DecodeError, Encode};

use super::active::Active;
use super::answer::{Answer, Body, Fit};
use super::envelope::{Envelope, V20Envelope};
use super::quirks::{Making, Proofs, padded};
use super::suites::{Proposal, Suites};
use super::witness::{AFTER, Presence, Witness};
use super::{Agreed, Core, Event, Repeated, SessionError, Stage};
use crate::entropy::Entropy;
use crate::keys::Exchange;
use crate::protection::Protection;
use crate::quirk::Quirk;
use crate::secret::Digest;
use crate::timing::{Tries, later};

/// A handshake in progress.
#[derive(Debug)]
pub(super) struct Handshake {
    started: Instant,
    suites: Suites,
    next_tag: u8,
    restarts: u32,
    /// RAKP 1 of the present round was sent more than once.
    rakp1_repeated: bool,
    /// A refusal that may not be for us; it counts if nothing better comes until the next try.
    vague: Option<(RmcpPlusStatus, Quirk)>,
    /// What came in the place of an answer, should no answer come.
    garbled: Option<DecodeError>,
    /// Asked when Open Session stays silent.
    witness: Option<Box<Witness>>,
    attempt: Attempt,
    waiting: Waiting,
}

/// A message that waits for its answer: always the same bytes, sent again and again.
#[derive(Debug)]
struct Attempt {
    tag: u8,
    datagram: Vec<u8>,
    tries: Tries,
    next: Instant,
}

/// What is waited for, with what it takes to judge it.
#[derive(Debug)]
enum Waiting {
    OpenSessionResponse(Proposal),
    Rakp2 { suite: CipherSuite, open: Open, console_random: [u8; 16] },
    Rakp4 { suite: CipherSuite, open: Open, exchange: Box<Exchange>, making: Making },
}

/// What Open Session came to.
#[derive(Clone, Copy, Debug)]
struct Open {
    managed_session_id: u32,
    /// The privilege asked for, and the one in the answer; 0 for none.
    privileges: [u8; 2],
}

impl Waiting {
    const fn stage(&self) -> Stage {
        match self {
            Self::OpenSessionResponse(_) => Stage::OpenSession,
            Self::Rakp2 { .. } => Stage::Rakp1,
            Self::Rakp4 { .. } => Stage::Rakp3,
        }
    }
}

/// After so many unanswered copies of RAKP 3 the BMC is taken to have forgotten the handshake:
/// half-open sessions live for seconds only.
const RAKP3_COPIES: u32 = 4;
/// An answer that takes so long is a slow one, by any network.
pub(super) const SLOW: Duration = Duration::from_millis(700);
/// How often a handshake may start over.
pub(super) const RESTARTS: u32 = 3;

impl Handshake {
    pub(super) fn start(
        core: &mut Core,
        now: Instant,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, SessionError> {
        let (suites, proposal) = Suites::new(&core.config.suites)?;
        let mut tag = [0];
        entropy.fill(&mut tag);
        let [tag] = tag;
        let attempt = open_session(core, now, tag, proposal)?;
        Ok(Self {
            started: now,
            suites,
            next_tag: tag.wrapping_add(1),
            restarts: 0,
            rakp1_repeated: false,
            vague: None,
            garbled: None,
            witness: None,
            attempt,
            waiting: Waiting::OpenSessionResponse(proposal),
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
        let answer = match Answer::read(self.stage(), packet) {
            Some(Ok(answer)) => answer,
            // What does not decode may be anyone's: the right answer may still come.
            Some(Err(source)) => {
                self.garbled = Some(source);
                return Ok(None);
            }
            // A late duplicate of an answer that was already used.
            None => return Ok(None),
        };
        let fit = answer.fit(self.attempt.tag, core.console_session_id);
        if fit == Fit::Sure {
            core.trouble.refute();
        }
        match (fit, answer.outcome) {
            (Fit::Not, _) | (Fit::Vague, Ok(_)) => Ok(None),
            (Fit::Vague, Err(status)) => {
                let nameless = answer.console_session_id.is_none();
                let opening = matches!(self.waiting, Waiting::OpenSessionResponse(_));
                let short = nameless && opening && answer.tag == self.attempt.tag;
                let quirk = if short { Quirk::ShortRefusal } else { Quirk::VagueRefusal };
                self.vague = Some((status, quirk));
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

    pub(super) fn handle_timeout(
        &mut self,
        core: &mut Core,
        now: Instant,
    ) -> Result<(), SessionError> {
        let waited = now.saturating_duration_since(self.started);
        if waited >= core.config.timing.deadline {
            let stage = self.waiting.stage();
            let sent = core.sent;
            return Err(match (self.garbled, self.presence()) {
                (Some(source), _) => SessionError::Malformed { stage, source },
                (None, Some(presence)) => SessionError::Ignored { presence, sent, waited },
                (None, None) => SessionError::NoAnswer { stage, sent, waited },
            });
        }
        if now < self.attempt.next {
            return Ok(());
        }
        if let Some(presence @ Presence::Ipmi15Only) = self.presence() {
            // It has had one more try's time to prove its own words wrong.
            return Err(SessionError::Ignored { presence, sent: core.sent, waited });
        }
        if let Some((status, quirk)) = self.vague.take() {
            // A BMC that has forgotten the handshake does not know the console's ID either.
            if status != RmcpPlusStatus::INVALID_SESSION_ID {
                core.notice(quirk);
            }
            return self.handle_refusal(core, now, status);
        }
        if let Waiting::Rakp4 { suite, .. } = self.waiting
            && self.attempt.tries.sent >= RAKP3_COPIES
            && self.restarts < RESTARTS
        {
            return self.restart(core, now, suite);
        }
        self.attempt.tries.again(now);
        if matches!(self.waiting, Waiting::Rakp2 { .. }) {
            self.rakp1_repeated = true;
        }
        self.attempt.next = self.next_try(core, now);
        core.transmit(self.attempt.datagram.clone());
        if self.is_silent() && self.attempt.tries.sent > AFTER {
            let tag = self.attempt.tag;
            self.witness.get_or_insert_with(|| Box::new(Witness::new(core, tag))).ask(core);
        }
        Ok(())
    }

    /// Takes in a packet of IPMI v1.5.
    pub(super) fn handle_v15(&mut self, core: &mut Core, packet: &V15Packet<'_>) {
        if let Some(witness) = &mut self.witness
            && witness.answer(core, packet)
        {
            core.trouble.refute();
        }
    }

    /// Takes in what may be the answer to RMCP's presence ping.
    pub(super) fn handle_pong(&mut self, core: &mut Core, datagram: &[u8]) {
        if let Some(witness) = &mut self.witness
            && witness.pong(datagram)
        {
            core.trouble.refute();
        }
    }

    /// Whether the BMC has not said anything about Open Session so far.
    fn is_silent(&self) -> bool {
        matches!(self.waiting, Waiting::OpenSessionResponse(_))
            && self.restarts == 0
            && self.suites.refused().is_empty()
    }

    /// Who is there, if that is all that is known.
    fn presence(&self) -> Option<Presence> {
        self.witness.as_ref().filter(|_| self.is_silent()).and_then(|witness| witness.seen())
    }

    /// The BMC is still at copies of the message before: it has not got round to the present one.
    pub(super) fn put_off(&mut self, core: &Core, now: Instant) {
        self.attempt.next = self.attempt.next.max(self.next_try(core, now));
    }

    /// The message that waits for its answer.
    pub(super) const fn stage(&self) -> Stage {
        self.waiting.stage()
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
        let Waiting::OpenSessionResponse(proposal) = self.waiting else {
            return Ok(());
        };
        if accepted.managed_session_id == 0 {
            let source = DecodeError::Invalid { field: "managed system session ID", value: 0 };
            return Err(SessionError::Malformed { stage: Stage::OpenSession, source });
        }
        core.managed_session_id = Some(accepted.managed_session_id);
        // Some BMCs answer any proposal with the one suite they have; that is fine if it is one
        // that would have been tried anyway.
        let chosen = CipherSuite::of(accepted.algorithms)
            .filter(|chosen| *chosen == proposal.suite || self.suites.has(*chosen))
            .ok_or(SessionError::UnexpectedAlgorithms(accepted.algorithms))?;
        self.learn(core, now, PayloadType::OpenSessionResponse);
        let asked = if proposal.for_highest { 0 } else { core.config.privilege.number() };
        let answered = accepted.max_privilege.map_or(0, ipmi_wire::Privilege::number);
        let open =
            Open { managed_session_id: accepted.managed_session_id, privileges: [asked, answered] };

        let mut console_random = [0; 16];
        entropy.fill(&mut console_random);
        let tag = self.take_tag();
        let rakp1 = Rakp1 {
            tag,
            managed_session_id: accepted.managed_session_id,
            console_random,
            role_byte: role_byte(core),
            username: match core.config.username {
                name if core.config.workarounds.has(Quirk::Intel20) => padded(&name),
                name => name,
            },
        };
        let attempt = send(core, now, PayloadType::Rakp1, tag, &rakp1)?;
        let waiting = Waiting::Rakp2 { suite: chosen, open, console_random };
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
            Waiting::OpenSessionResponse(proposal) => {
                let next = self.suites.after_refusal(proposal, status)?;
                self.reopen(core, now, next)
            }
            Waiting::Rakp2 { suite, .. } | Waiting::Rakp4 { suite, .. } => {
                self.refused_or_forgotten(core, now, suite, status)
            }
        }
    }

    fn handle_challenge(
        &mut self,
        core: &mut Core,
        now: Instant,
        keys: &Rakp2Keys,
    ) -> Result<(), SessionError> {
        let Waiting::Rakp2 { suite, open, console_random } = self.waiting else {
            return Ok(());
        };
        let managed_session_id = open.managed_session_id;
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
        let algorithms = suite.algorithms().ok_or_else(unsupported)?;
        let proofs = Proofs { config: &core.config, exchange: &exchange, algorithms };
        let (mut found, mut surplus) = (None, false);
        for making in Making::all(&core.config, exchange.role_byte, open.privileges) {
            let expected = proofs.rakp2_code(making).ok_or_else(unsupported)?;
            if matches_start(&expected, &keys.auth_code) {
                surplus = keys.auth_code.len() > expected.as_bytes().len();
                found = Some((making, proofs.rakp3_code(making).ok_or_else(unsupported)?));
                break;
            }
        }
        let tag = self.take_tag();
        let Some((making, code)) = found else {
            // Tell the BMC, so that it frees the slot at once.
            let status = RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE;
            let give_up = Rakp3 { tag, status, managed_session_id, auth_code: Vec::new() };
            send(core, now, PayloadType::Rakp3, tag, &give_up)?;
            return Err(SessionError::WrongPassword);
        };
        let [_, answered] = open.privileges;
        let quirk = match making.quirk(exchange.role_byte) {
            None if answered == 0 => Some(Quirk::OpenSessPriv),
            quirk => quirk,
        };
        match (surplus, quirk) {
            (true, Some(Quirk::OpenSessPriv)) => core.notice(Quirk::Sun20),
            (true, _) => core.notice(Quirk::Supermicro20),
            (false, quirk) => quirk.into_iter().for_each(|quirk| core.notice(quirk)),
        }
        self.learn(core, now, PayloadType::Rakp2);
        let status = RmcpPlusStatus::NO_ERRORS;
        let rakp3 = Rakp3 { tag, status, managed_session_id, auth_code: code.as_bytes().to_vec() };
        let attempt = send(core, now, PayloadType::Rakp3, tag, &rakp3)?;
        let exchange = Box::new(exchange);
        self.advance(core, now, attempt, Waiting::Rakp4 { suite, open, exchange, making });
        Ok(())
    }

    fn handle_proof(
        &self,
        core: &mut Core,
        now: Instant,
        integrity_check: &[u8],
    ) -> Result<Box<Active>, SessionError> {
        self.learn(core, now, PayloadType::Rakp4);
        let Waiting::Rakp4 { suite, open, exchange, making } = &self.waiting else {
            return Err(SessionError::UnsupportedSuite(None));
        };
        let suite = *suite;
        let unsupported = || SessionError::UnsupportedSuite(Some(suite));
        let algorithms = suite.algorithms().ok_or_else(unsupported)?;
        let proofs = Proofs { config: &core.config, exchange, algorithms };
        // As RAKP 2 was made; else with the role of Open Session, which some BMCs put into the keys
        // alone.
        let mut found = None;
        let all = Making::all(&core.config, exchange.role_byte, open.privileges);
        for making in
            core::iter::once(*making).chain(all.into_iter().filter(|m| m.resembles(making)))
        {
            let keys = proofs.session_keys(making).ok_or_else(unsupported)?;
            let Some(check) = proofs.rakp4_check(making, &keys) else { continue };
            if matches_start(&check, integrity_check) {
                found = Some((making, keys));
                break;
            }
        }
        let (made, keys) = found.ok_or(SessionError::WrongKg)?;
        let protection =
            Protection::new(algorithms, &keys, &core.config.password).ok_or_else(unsupported)?;
        if let Some(quirk) = made.quirk(exchange.role_byte) {
            core.notice(quirk);
        }
        if algorithms.authentication == AuthenticationAlgorithm::None && !integrity_check.is_empty()
        {
            core.notice(Quirk::IntegrityCheckValue);
        }
        if self.suites.oddly_refused() {
            core.notice(Quirk::SuiteRefusedAsRole);
        }
        let refused = self.suites.refused().to_vec();
        core.managed_guid = Some(exchange.managed_guid);
        core.events.push_back(Event::Established { agreed: Agreed::Suite(suite), refused });
        let (ours, theirs) = (core.console_session_id, exchange.managed_session_id);
        let envelope = Envelope::V20(Box::new(V20Envelope::new(ours, theirs, protection)));
        Ok(Box::new(Active::new(now, core, envelope)))
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
            if status == RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE {
                core.notice(Quirk::FreshNonce);
            }
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
        self.reopen(core, now, Proposal { suite, for_highest: false })
    }

    fn reopen(
        &mut self,
        core: &mut Core,
        now: Instant,
        proposal: Proposal,
    ) -> Result<(), SessionError> {
        let tag = self.take_tag();
        let attempt = open_session(core, now, tag, proposal)?;
        self.advance(core, now, attempt, Waiting::OpenSessionResponse(proposal));
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
        core.next_try(now, self.attempt.tries.sent.saturating_add(self.restarts))
    }

    /// Takes in how long the answer took that came now.
    fn learn(&self, core: &mut Core, now: Instant, kind: PayloadType) {
        if self.attempt.tries.at_least(now) >= SLOW {
            core.notice(Quirk::SlowHandshake);
        }
        core.round_trip.answered(now, &self.attempt.tries);
        core.remember(now, Repeated::Handshake(kind, self.attempt.tag), &self.attempt.tries);
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
    Proposal { suite, for_highest }: Proposal,
) -> Result<Attempt, SessionError> {
    let algorithms = suite.algorithms().ok_or(SessionError::UnsupportedSuite(Some(suite)))?;
    let request = OpenSessionRequest {
        tag,
        max_privilege: (!for_highest).then_some(core.config.privilege),
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
    let next = core.next_try(now, 1);
    Ok(Attempt { tag, datagram, tries: Tries::new(now), next })
}

/// Whether a code from a BMC begins with the one expected: Peppercon firmware sends a byte too
/// many, Sun's ILOM too, and some send a check value where RAKP-none has none
/// (`research/freeipmi.md` §4.3). A shorter one never matches.
fn matches_start(expected: &Digest, code: &[u8]) -> bool {
    code.get(..expected.as_bytes().len()).is_some_and(|start| expected.matches(start))
}
