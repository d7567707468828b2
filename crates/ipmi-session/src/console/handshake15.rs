//! From Get Channel Authentication Capabilities to Activate Session: the way into a session of IPMI
//! v1.5.
//!
//! Nothing before the answer to Activate Session is authenticated, and what matches question and
//! answer is six bits long. So whatever anyone could have made up may cost time, and no more: bits of
//! capabilities are hints, refusals count when nothing better comes until the next try, and which
//! authentication types are used at all is the administrator's list alone.

use std::time::Instant;

use ipmi_wire::cmd::app::{
    ActivateSession, ActivatedSession, AuthTypes, GetChannelAuthenticationCapabilities,
    GetSessionChallenge,
};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{AuthType, V15Packet};
use ipmi_wire::{
    Channel, Command, CompletionCode, Decode, DecodeError, Encode, Privilege, Reader, Request,
    Response,
};

use super::active::Active;
use super::envelope::{Envelope, V15Envelope, bare};
use super::handshake::{RESTARTS, SLOW};
use super::shared::is_answer;
use super::{Agreed, Core, Event, Repeated, SessionError, Stage};
use crate::entropy::Entropy;
use crate::quirk::Quirk;
use crate::timing::{Tries, later};
use crate::v15::V15Protection;

/// A handshake in progress.
#[derive(Debug)]
pub(super) struct Handshake15 {
    started: Instant,
    /// Types not tried yet, the next one first, and privileges to activate the present one with.
    types: Vec<AuthType>,
    privileges: Vec<Privilege>,
    /// What the BMC says of itself, if it does.
    capabilities: Option<Capabilities>,
    next_request: u8,
    restarts: u32,
    /// A refusal that anyone could have sent; it counts if nothing better comes until the next try.
    vague: Option<CompletionCode>,
    garbled: Option<DecodeError>,
    /// Activate Session was answered with a wrong authentication code.
    wrong_code: bool,
    message: LanMessage,
    datagram: Vec<u8>,
    tries: Tries,
    next: Instant,
    waiting: Waiting,
}

#[derive(Clone, Copy, Debug)]
struct Capabilities {
    types: AuthTypes,
    per_message_auth_disabled: bool,
}

/// What is waited for, with what it takes to judge it.
#[derive(Debug)]
enum Waiting {
    Capabilities,
    Challenge(AuthType),
    Activated(Box<Activation>),
}

#[derive(Debug)]
struct Activation {
    protection: V15Protection,
    privilege: Privilege,
    session_id: u32,
    first_inbound: u32,
}

/// After so many copies of a message without an answer the login begins again: some BMCs answer the
/// first Get Session Challenge only (Intel Tiger 4, `research/freeipmi.md` §4.8), and one that has
/// restarted knows no challenge. Where it takes another UDP port as well, this session ends without an
/// answer, and the next one may have that.
const COPIES: u32 = 3;

impl Handshake15 {
    pub(super) fn start(
        core: &mut Core,
        now: Instant,
        types: &[AuthType],
        entropy: &mut dyn Entropy,
    ) -> Result<Self, SessionError> {
        for auth_type in types {
            if matches!(auth_type, AuthType::Oem | AuthType::Other(_)) {
                return Err(SessionError::UnsupportedAuthType(Some(*auth_type)));
            }
            if V15Protection::new(*auth_type, &core.config.password).is_none() {
                return Err(SessionError::PasswordTooLong(core.config.password.len()));
            }
        }
        if types.is_empty() {
            return Err(SessionError::UnsupportedAuthType(None));
        }
        let mut random = [0];
        entropy.fill(&mut random);
        let [number] = random;
        let message = LanMessage::request(number, &capabilities(core));
        let mut handshake = Self {
            started: now,
            types: types.to_vec(),
            privileges: privileges(core),
            capabilities: None,
            next_request: number.wrapping_add(1),
            restarts: 0,
            vague: None,
            garbled: None,
            wrong_code: false,
            message,
            datagram: Vec::new(),
            tries: Tries::new(now),
            next: now,
            waiting: Waiting::Capabilities,
        };
        handshake.datagram = sessionless(&handshake.message)?;
        handshake.transmit(core, now);
        Ok(handshake)
    }

    /// `Some` when the session is active.
    pub(super) fn handle_packet(
        &mut self,
        core: &mut Core,
        now: Instant,
        packet: &V15Packet<'_>,
        entropy: &mut dyn Entropy,
    ) -> Result<Option<Box<Active>>, SessionError> {
        let Ok(message) = core.decode(packet.payload, false) else { return Ok(None) };
        let answers = is_answer(&message, &self.message);
        let Some(response) = message.to_response().filter(|_| answers) else {
            if core.answered_again(now, Repeated::call(&message)) {
                self.next = self.next.max(self.next_try(core, now));
            }
            return Ok(None);
        };
        // §22.17: the answer to Activate Session is the first packet with a code.
        let proof = match &self.waiting {
            Waiting::Activated(activation) => Some(activation.protection.check(packet).is_ok()),
            _ => None,
        };
        if proof == Some(false) && response.completion.is_ok() {
            self.wrong_code = true;
            return Ok(None);
        }
        core.trouble.refute();
        if !response.completion.is_ok() {
            self.vague = Some(response.completion);
            // A refusal with a right code is the BMC's own.
            let own = proof == Some(true) && !self.is_type(AuthType::None);
            return if own { self.refused(core, now).map(|()| None) } else { Ok(None) };
        }
        if self.tries.at_least(now) >= SLOW {
            core.notice(Quirk::SlowHandshake);
        }
        core.round_trip.answered(now, &self.tries);
        core.remember(now, Repeated::call(&message), &self.tries);
        match self.take_in(core, now, packet, &response, entropy) {
            Ok(outcome) => outcome,
            // What does not decode may be anyone's: the right answer may still come.
            Err(source) => {
                self.garbled = Some(source);
                Ok(None)
            }
        }
    }

    #[allow(clippy::type_complexity, reason = "an undecodable answer is no reason to end")]
    fn take_in(
        &mut self,
        core: &mut Core,
        now: Instant,
        packet: &V15Packet<'_>,
        response: &Response,
        entropy: &mut dyn Entropy,
    ) -> Result<Result<Option<Box<Active>>, SessionError>, DecodeError> {
        match &self.waiting {
            Waiting::Capabilities => {
                let answer = decode::<GetChannelAuthenticationCapabilities>(response)?;
                let per_message_auth_disabled = answer.per_message_auth_disabled;
                let types = answer.auth_types;
                self.capabilities = Some(Capabilities { types, per_message_auth_disabled });
                // A stable sort: those that are offered first.
                self.types.sort_by_key(|auth_type| !offers(types, *auth_type));
                Ok(self.ask_for_challenge(core, now).map(|()| None))
            }
            Waiting::Challenge(auth_type) => {
                let auth_type = *auth_type;
                let answer = decode::<GetSessionChallenge>(response)?;
                let Some(protection) = V15Protection::new(auth_type, &core.config.password) else {
                    return Ok(Err(SessionError::UnsupportedAuthType(Some(auth_type))));
                };
                let first_inbound = first_number(entropy);
                let privilege = self.privileges.first().copied().unwrap_or(core.config.privilege);
                let request = Request::of(&ActivateSession {
                    auth_type,
                    max_privilege: privilege,
                    challenge: answer.challenge,
                    outbound_sequence: first_inbound,
                });
                let session_id = answer.session_id;
                let activation = Activation { protection, privilege, session_id, first_inbound };
                Ok(self
                    .ask(core, now, &request, Waiting::Activated(Box::new(activation)))
                    .map(|()| None))
            }
            Waiting::Activated(activation) => {
                let answer = decode::<ActivateSession>(response)?;
                Ok(Ok(Some(self.activated(core, now, activation, packet, &answer))))
            }
        }
    }

    fn activated(
        &self,
        core: &mut Core,
        now: Instant,
        activation: &Activation,
        packet: &V15Packet<'_>,
        answer: &ActivatedSession,
    ) -> Box<Active> {
        core.managed_session_id = Some(answer.session_id);
        let auth_type = activation.protection.auth_type();
        let agreed = first_step(packet.sequence, activation.first_inbound);
        if agreed == Step::OneMore {
            core.notice(Quirk::SeqOffByOne);
        }
        if activation.privilege != core.config.privilege {
            core.notice(Quirk::ExactPrivilege);
        }
        if let Some(capabilities) = self.capabilities {
            if !offers(capabilities.types, auth_type) {
                core.notice(Quirk::AuthCap);
            }
            if capabilities.per_message_auth_disabled && answer.auth_type != AuthType::None {
                core.notice(Quirk::ForcePerMsg);
            }
        }
        let reversed = match agreed {
            Step::Reversed => {
                core.notice(Quirk::EndianSeq);
                Some(true)
            }
            _ => None,
        };
        // A BMC may do without codes from here on; it has just said so in a packet with one.
        let does_without = answer.auth_type == AuthType::None && auth_type != AuthType::None;
        let envelope = V15Envelope::new(
            answer.session_id,
            activation.protection.clone(),
            bare(&core.config.password).filter(|_| does_without),
            activation.first_inbound,
            answer.inbound_sequence,
            reversed,
        );
        let agreed = Agreed::Ipmi15(auth_type);
        core.events.push_back(Event::Established { agreed, refused: Vec::new() });
        Box::new(Active::new(now, core, Envelope::V15(envelope)))
    }

    pub(super) fn handle_timeout(
        &mut self,
        core: &mut Core,
        now: Instant,
    ) -> Result<(), SessionError> {
        let waited = now.saturating_duration_since(self.started);
        if waited >= core.config.timing.deadline {
            let stage = self.stage();
            return Err(match self.garbled {
                _ if self.wrong_code => SessionError::WrongCode { stage },
                Some(source) => SessionError::Malformed { stage, source },
                None => SessionError::NoAnswer { stage, sent: core.sent, waited },
            });
        }
        if now < self.next {
            return Ok(());
        }
        if self.vague.is_some() {
            return self.refused(core, now);
        }
        let asked = !matches!(self.waiting, Waiting::Capabilities);
        if asked && self.tries.sent >= COPIES && self.restarts < RESTARTS {
            return self.restart(core, now);
        }
        self.tries.again(now);
        self.transmit(core, now);
        Ok(())
    }

    /// The message that waits for its answer.
    pub(super) const fn stage(&self) -> Stage {
        match self.waiting {
            Waiting::Capabilities => Stage::Capabilities,
            Waiting::Challenge(_) => Stage::SessionChallenge,
            Waiting::Activated(_) => Stage::ActivateSession,
        }
    }

    pub(super) fn poll_timeout(&self, core: &Core) -> Instant {
        self.next.min(later(self.started, core.config.timing.deadline))
    }

    /// What to do about a refusal.
    fn refused(&mut self, core: &mut Core, now: Instant) -> Result<(), SessionError> {
        let Some(completion) = self.vague.take() else { return Ok(()) };
        let stage = self.stage();
        match (&self.waiting, completion.0) {
            // They are hints only.
            (Waiting::Capabilities, _) => return self.ask_for_challenge(core, now),
            // The type is not offered, or no longer.
            (Waiting::Challenge(_) | Waiting::Activated(_), 0xcc | 0xc9)
                if self.types.len() > 1 =>
            {
                self.types.remove(0);
                self.privileges = privileges(core);
                return self.restart_with(core, now);
            }
            // It wants to be asked for the user's limit itself (Xyratex HB-F8-SRAY: D4h).
            (Waiting::Activated(_), 0xd4 | 0x86) if self.privileges.len() > 1 => {
                self.privileges.remove(0);
                return self.restart_with(core, now);
            }
            // It has forgotten the challenge.
            (Waiting::Activated(_), 0x85) | (_, 0xc0) if self.restarts < RESTARTS => {
                return self.restart(core, now);
            }
            _ => {}
        }
        let explained = match stage {
            Stage::SessionChallenge => GetSessionChallenge::explain(completion),
            _ => ActivateSession::explain(completion),
        };
        Err(SessionError::Refused15 { stage, completion, explained })
    }

    fn is_type(&self, wanted: AuthType) -> bool {
        self.types.first() == Some(&wanted)
    }

    fn ask_for_challenge(&mut self, core: &mut Core, now: Instant) -> Result<(), SessionError> {
        let auth_type = *self.types.first().ok_or(SessionError::UnsupportedAuthType(None))?;
        let request = GetSessionChallenge { auth_type, username: core.config.username };
        self.ask(core, now, &Request::of(&request), Waiting::Challenge(auth_type))
    }

    fn restart(&mut self, core: &mut Core, now: Instant) -> Result<(), SessionError> {
        self.restarts = self.restarts.saturating_add(1);
        self.restart_with(core, now)
    }

    fn restart_with(&mut self, core: &mut Core, now: Instant) -> Result<(), SessionError> {
        let request = capabilities(core);
        self.ask(core, now, &request, Waiting::Capabilities)
    }

    /// Goes on to the next message.
    fn ask(
        &mut self,
        core: &mut Core,
        now: Instant,
        request: &Request,
        waiting: Waiting,
    ) -> Result<(), SessionError> {
        let number = self.next_request;
        self.next_request = number.wrapping_add(1);
        self.message = LanMessage::request(number, request);
        self.datagram = match &waiting {
            // §22.17: under the temporary session ID, with sequence number 0.
            Waiting::Activated(activation) => activation
                .protection
                .seal(activation.session_id, 0, &self.message.to_bytes())
                .ok_or(SessionError::UnsupportedAuthType(None))?,
            _ => sessionless(&self.message)?,
        };
        self.waiting = waiting;
        (self.vague, self.garbled, self.wrong_code) = (None, None, false);
        self.tries = Tries::new(now);
        self.transmit(core, now);
        Ok(())
    }

    fn next_try(&self, core: &Core, now: Instant) -> Instant {
        core.next_try(now, self.tries.sent.saturating_add(self.restarts))
    }

    /// Sends the present message: later with every try, and with every fresh start.
    fn transmit(&mut self, core: &mut Core, now: Instant) {
        self.next = self.next_try(core, now);
        core.transmit(self.datagram.clone());
    }
}

fn capabilities(core: &Core) -> Request {
    let privilege = core.config.privilege;
    let channel = Channel::PRESENT;
    Request::of(&GetChannelAuthenticationCapabilities { channel, ipmi20: false, privilege })
}

/// The privilege that is wanted, then the others, from the highest: the session is not raised to more
/// than is wanted, whatever it was activated for.
fn privileges(core: &Core) -> Vec<Privilege> {
    use Privilege as P;
    let wanted = core.config.privilege;
    let others = [P::Administrator, P::Operator, P::User].into_iter().filter(|p| *p != wanted);
    core::iter::once(wanted).chain(others).collect()
}

fn sessionless(message: &LanMessage) -> Result<Vec<u8>, SessionError> {
    // A message of the handshake has at most 29 bytes; it always fits.
    V15Packet::sessionless(&message.to_bytes())
        .to_datagram()
        .ok_or(SessionError::UnsupportedAuthType(None))
}

/// Surplus bytes at the end are passed over, as in RMCP+.
fn decode<C: Command>(response: &Response) -> Result<C::Response, DecodeError> {
    C::Response::decode(&mut Reader::new(&response.data))
}

const fn offers(types: AuthTypes, auth_type: AuthType) -> bool {
    match auth_type {
        AuthType::None => types.none,
        AuthType::Md2 => types.md2,
        AuthType::Md5 => types.md5,
        AuthType::Password => types.straight_password,
        AuthType::Oem | AuthType::Other(_) => false,
    }
}

/// How the number of the answer to Activate Session relates to the one that the BMC was given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    OneMore,
    Reversed,
    /// As it should be, or nothing to conclude from: some leave 0 there.
    Other,
}

const fn first_step(sequence: u32, given: u32) -> Step {
    let reversed = sequence.swap_bytes().wrapping_sub(given);
    if sequence == given.wrapping_add(1) {
        Step::OneMore
    } else if sequence != given && reversed <= 1 {
        Step::Reversed
    } else {
        Step::Other
    }
}

/// A first number for the BMC's packets: random, not 0, and not the same in reverse.
fn first_number(entropy: &mut dyn Entropy) -> u32 {
    let mut bytes = [0; 4];
    entropy.fill(&mut bytes);
    let number = u32::from_le_bytes(bytes);
    if number == number.swap_bytes() { number ^ 0x0102_0304 } else { number }
}
