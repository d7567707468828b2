//! Open Session and RAKP, answered.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use ipmi_wire::session::{
    Accepted, AlgorithmProposal, Algorithms, AuthenticationAlgorithm, CipherSuite,
    ConfidentialityAlgorithm, IntegrityAlgorithm, OpenSessionRequest, OpenSessionResponse,
    PayloadType, Rakp1, Rakp2, Rakp2Keys, Rakp3, Rakp4, RmcpPlusStatus, V20Header,
};
use ipmi_wire::{Decode, DecodeError, Encode, Privilege, Reader};

use crate::console::Agreed;
use crate::crypto::is_supported;
use crate::entropy::Entropy;
use crate::keys::Exchange;
use crate::managed::active::{Guard, V20Guard};
use crate::managed::half_open::{Challenge, HalfOpen};
use crate::managed::odd::{self, Calculation};
use crate::managed::responses::Responses;
use crate::managed::{Account, Accounts, Active, Login, Sessions};
use crate::protection::Protection;
use crate::quirk::{Quirk, Quirks};
use crate::secret::Digest;
use crate::sequence::{Numbers, Windows};

impl Sessions {
    /// Answers an Open Session Request; `None` to drop it.
    pub(super) fn open_session(
        &mut self,
        now: Instant,
        from: SocketAddr,
        payload: &[u8],
        accounts: &dyn Accounts,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let quirks = self.quirks;
        let refuse = |tag, status, console_id| {
            let mut refusal = OpenSessionResponse::refusal(tag, status, console_id);
            if quirks.has(Quirk::ShortRefusal) {
                refusal.console_session_id = None;
            }
            datagram(PayloadType::OpenSessionResponse, &refusal)
        };
        let request = match OpenSessionRequest::decode_exact(payload) {
            Ok(request) => request,
            Err(DecodeError::Invalid { field, .. }) => {
                let (tag, console_id) = tag_and_id(payload)?;
                let status = match field {
                    "requested maximum privilege" => RmcpPlusStatus::INVALID_ROLE,
                    "authentication payload" => RmcpPlusStatus::NO_MATCHING_AUTHENTICATION_PAYLOAD,
                    "integrity payload" => RmcpPlusStatus::NO_MATCHING_INTEGRITY_PAYLOAD,
                    _ => RmcpPlusStatus::ILLEGAL_PARAMETER,
                };
                return refuse(tag, status, console_id);
            }
            Err(_) => return None,
        };
        if let Some(known) = self.half_open.find(from, |known| known.request == request) {
            return datagram(PayloadType::OpenSessionResponse, &accepted(quirks, known)?);
        }
        if !accounts.is_open() {
            // Nobody may do anything here. OpenBMC (netipmid's rakp12.cpp) says so at RAKP 1.
            let status = RmcpPlusStatus::UNAUTHORIZED_ROLE;
            return refuse(request.tag, status, request.console_session_id);
        }
        let mut offered = accounts.suites();
        offered.retain(|(suite, _)| !odd::refuses(quirks, *suite));
        let (suite, suite_limit) = match choose_suite(&request, &offered) {
            Ok(choice) => choice,
            Err(status) => {
                let status = odd::suite_status(quirks, status);
                return refuse(request.tag, status, request.console_session_id);
            }
        };
        if self.active.len() >= self.limits.sessions {
            let status = RmcpPlusStatus::INSUFFICIENT_RESOURCES;
            return refuse(request.tag, status, request.console_session_id);
        }
        let entry = HalfOpen {
            from,
            expires: now.checked_add(odd::patience(quirks, self.limits.handshake))?,
            request,
            managed_session_id: self.fresh_session_id(entropy),
            suite,
            limit: request.max_privilege.map_or(suite_limit, |wanted| wanted.min(suite_limit)),
            challenge: None,
        };
        let reply = datagram(PayloadType::OpenSessionResponse, &accepted(quirks, &entry)?);
        self.half_open.insert(entry);
        reply
    }

    /// Answers RAKP 1; `None` to drop it. It does not lengthen the handshake's life: whoever sends
    /// one after the other would keep a place in the table for ever.
    pub(super) fn rakp1(
        &mut self,
        from: SocketAddr,
        payload: &[u8],
        accounts: &dyn Accounts,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let quirks = self.quirks;
        let refuse = |tag, status, console_id| {
            let (tag, console_id) = named(quirks, tag, console_id);
            datagram(PayloadType::Rakp2, &Rakp2::refusal(tag, status, console_id))
        };
        let (tag, managed_id) = tag_and_id(payload)?;
        let Some(entry) = self.half_open.get_mut(from, managed_id) else {
            return refuse(tag, RmcpPlusStatus::INVALID_SESSION_ID, 0);
        };
        let console_id = entry.request.console_session_id;
        let rakp1 = match Rakp1::decode_exact(payload) {
            Ok(rakp1) => rakp1,
            Err(DecodeError::Invalid { field: "user name length", .. }) => {
                return refuse(tag, RmcpPlusStatus::INVALID_NAME_LENGTH, console_id);
            }
            Err(_) => return refuse(tag, RmcpPlusStatus::ILLEGAL_PARAMETER, console_id),
        };
        // A repeat, perhaps under a new tag, gets the same challenge; anything else a new one.
        let repeated = entry.challenge.as_ref().is_some_and(|c| Rakp1 { tag, ..c.rakp1 } == rakp1);
        if !repeated || quirks.has(Quirk::FreshNonce) {
            entry.challenge = None;
            let Some(role) = rakp1.role() else {
                return refuse(tag, RmcpPlusStatus::INVALID_ROLE, console_id);
            };
            let lookup = (!rakp1.name_only_lookup()).then_some(role);
            let username = odd::username(quirks, &rakp1.username);
            let found = accounts.find(&username, lookup);
            let status = match &found {
                None => Some(RmcpPlusStatus::UNAUTHORIZED_NAME),
                Some(account) if role > account.limit => Some(RmcpPlusStatus::UNAUTHORIZED_ROLE),
                Some(_) => None,
            };
            // With names hidden, one and the same is done for everybody from here on. What the
            // channel and the suite allow is no secret.
            let hides = accounts.hides_names();
            let beyond = (role > entry.limit).then_some(RmcpPlusStatus::UNAUTHORIZED_ROLE);
            let at_once = if hides { beyond } else { status.or(beyond) };
            if let Some(status) = at_once {
                return refuse(tag, status, console_id);
            }
            let nobodys = if hides { Account::nobodys::<20>(entropy) } else { None };
            let account = found.or(nobodys)?;
            let hidden = status;
            let mut managed_random = [0; 16];
            entropy.fill(&mut managed_random);
            let exchange = Exchange {
                console_session_id: console_id,
                managed_session_id: managed_id,
                console_random: rakp1.console_random,
                managed_random,
                managed_guid: accounts.guid(),
                role_byte: rakp1.role_byte,
                username: rakp1.username,
            };
            entry.challenge = Some(Box::new(Challenge { rakp1, exchange, account, role, hidden }));
        }
        let challenge = entry.challenge.as_ref()?;
        let algorithm = entry.suite.algorithms()?.authentication;
        let asked = entry.request.max_privilege;
        let code = odd::exchange(quirks, Calculation::Rakp2, &challenge.exchange, asked)
            .rakp2_code(
                algorithm,
                &odd::password(quirks, algorithm, &challenge.account.password),
            )?;
        let answer = Rakp2 {
            tag,
            status: RmcpPlusStatus::NO_ERRORS,
            console_session_id: Some(console_id),
            keys: Some(Rakp2Keys {
                managed_random: challenge.exchange.managed_random,
                managed_guid: challenge.exchange.managed_guid,
                auth_code: odd::rakp2_code(quirks, algorithm, &code),
            }),
        };
        datagram(PayloadType::Rakp2, &answer)
    }

    /// Answers RAKP 3; `None` to drop it, `Some(None)` if it needs no answer.
    ///
    /// One that aborts is never answered, whatever it is about. It takes back a handshake of its
    /// sender, and no more: nothing in it proves who it is from, so an active session lives on. One
    /// that says that RAKP 2's code is wrong tells of a wrong password: who checks it, as our own
    /// console does, never lets us see a wrong one. (ipmitool and FreeIPMI say nothing at all.)
    #[allow(clippy::option_option, reason = "dropped and counted, or silently done")]
    pub(super) fn rakp3(
        &mut self,
        now: Instant,
        from: SocketAddr,
        payload: &[u8],
        accounts: &dyn Accounts,
    ) -> Option<Option<Vec<u8>>> {
        let rakp3 = Rakp3::decode_exact(payload).ok()?;
        let Rakp3 { tag, managed_session_id, .. } = rakp3;
        if !rakp3.status.is_ok() {
            let entry = self.half_open.take(from, managed_session_id)?;
            if rakp3.status == RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE {
                self.note_wrong_password(entry.challenge.as_deref());
            }
            return Some(None);
        }
        if let Some(active) = self.active.get(&managed_session_id) {
            return repeat_rakp4(active, from, &rakp3).map(Some);
        }
        let quirks = self.quirks;
        let refuse = |status, console_id| {
            let (tag, console_id) = named(quirks, tag, console_id);
            datagram(PayloadType::Rakp4, &Rakp4::refusal(tag, status, console_id))
        };
        let Some(entry) = self.half_open.get_mut(from, managed_session_id) else {
            return refuse(RmcpPlusStatus::INVALID_SESSION_ID, 0).map(Some);
        };
        // RAKP 3 before RAKP 1 is out of order, whoever sent it.
        entry.challenge.as_ref()?;
        let entry = self.half_open.take(from, managed_session_id)?;
        let console_id = entry.request.console_session_id;
        if !self.is_proven(&rakp3, &entry) {
            self.note_wrong_password(entry.challenge.as_deref());
            return refuse(RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE, console_id).map(Some);
        }
        let by_password = entry
            .suite
            .algorithms()
            .is_some_and(|a| a.authentication != AuthenticationAlgorithm::None);
        match self.activate(now, &rakp3, entry, accounts) {
            Ok((active, reply)) => {
                let user_id = active.user_id;
                self.login = by_password.then_some(Login::Succeeded { user_id });
                self.active.insert(managed_session_id, active);
                Some(Some(reply))
            }
            Err(status) => refuse(status, console_id).map(Some),
        }
    }

    fn note_wrong_password(&mut self, challenge: Option<&Challenge>) {
        let owner = challenge.and_then(|challenge| challenge.account.owner());
        self.login = owner.map(|user_id| Login::WrongPassword { user_id });
    }

    /// Whether RAKP 3 proves that its sender knows the password.
    fn is_proven(&self, rakp3: &Rakp3, entry: &HalfOpen) -> bool {
        entry.challenge.as_ref().is_some_and(|challenge| {
            entry
                .suite
                .algorithms()
                .and_then(|a| {
                    let algorithm = a.authentication;
                    let asked = entry.request.max_privilege;
                    let password =
                        odd::password(self.quirks, algorithm, &challenge.account.password);
                    odd::exchange(self.quirks, Calculation::Rakp3, &challenge.exchange, asked)
                        .rakp3_code(algorithm, &password)
                })
                .is_some_and(|code| code.matches(&rakp3.auth_code))
        })
    }

    /// The session that a proven RAKP 3 opens and its RAKP 4, or why there is none.
    fn activate(
        &self,
        now: Instant,
        rakp3: &Rakp3,
        entry: HalfOpen,
        accounts: &dyn Accounts,
    ) -> Result<(Active, Vec<u8>), RmcpPlusStatus> {
        if let Some(status) = entry.challenge.as_ref().and_then(|challenge| challenge.hidden) {
            return Err(status);
        }
        if self.active.len() >= self.limits.sessions {
            return Err(RmcpPlusStatus::INSUFFICIENT_RESOURCES);
        }
        self.proven(now, rakp3, entry, accounts).ok_or(RmcpPlusStatus::INSUFFICIENT_RESOURCES)
    }

    /// The session of a console that has proven itself, and its RAKP 4; `None` if there is no
    /// handle left for it, or no key for its algorithms.
    fn proven(
        &self,
        now: Instant,
        rakp3: &Rakp3,
        entry: HalfOpen,
        accounts: &dyn Accounts,
    ) -> Option<(Active, Vec<u8>)> {
        let Challenge { exchange, account, role, .. } = *entry.challenge?;
        let algorithms = entry.suite.algorithms()?;
        let algorithm = algorithms.authentication;
        let kg = accounts.kg();
        let asked = entry.request.max_privilege;
        let password = odd::password(self.quirks, algorithm, &account.password);
        let keys = odd::exchange(self.quirks, Calculation::Keys, &exchange, asked).session_keys(
            algorithm,
            &password,
            kg.as_ref(),
        )?;
        let check = exchange.rakp4_check(algorithm, &keys)?;
        let active = Active {
            peer: entry.from,
            managed_session_id: exchange.managed_session_id,
            console_session_id: exchange.console_session_id,
            handle: self.fresh_handle()?,
            user_id: account.user_id,
            agreed: Agreed::Suite(entry.suite),
            // §22.18: a session starts at USER, whatever it may be raised to.
            privilege: role.min(Privilege::User),
            limit: role,
            closing: false,
            last_heard: now,
            guard: Guard::V20(Box::new(V20Guard {
                protection: Protection::new(algorithms, &keys, &account.password)?,
                inbound: Windows::default(),
                outbound: Numbers::default(),
                rakp3_code: Digest::new(&rakp3.auth_code),
                rakp4_check: odd::rakp4_check(self.quirks, algorithms, check),
            })),
            responses: Responses::default(),
            forwarded: VecDeque::new(),
            line: None,
        };
        let reply = rakp4(&active, rakp3.tag)?;
        Some((active, reply))
    }

    pub(super) fn fresh_session_id(&self, entropy: &mut dyn Entropy) -> u32 {
        loop {
            let mut bytes = [0; 4];
            entropy.fill(&mut bytes);
            let id = u32::from_le_bytes(bytes);
            let taken = self.active.contains_key(&id)
                || self.half_open.contains(id)
                || self.challenges.contains(id)
                || self.has_opened_under(id);
            if id != 0 && !taken {
                return id;
            }
        }
    }

    pub(super) fn fresh_handle(&self) -> Option<u8> {
        (1..=255).find(|handle| self.active.values().all(|session| session.handle != *handle))
    }
}

/// The same RAKP 4 again for a console that lost it.
fn repeat_rakp4(active: &Active, from: SocketAddr, rakp3: &Rakp3) -> Option<Vec<u8>> {
    let Guard::V20(guard) = &active.guard else { return None };
    let same = active.peer == from && guard.rakp3_code.matches(&rakp3.auth_code);
    if same { rakp4(active, rakp3.tag) } else { None }
}

fn rakp4(active: &Active, tag: u8) -> Option<Vec<u8>> {
    let Guard::V20(guard) = &active.guard else { return None };
    let answer = Rakp4 {
        tag,
        status: RmcpPlusStatus::NO_ERRORS,
        console_session_id: Some(active.console_session_id),
        integrity_check: guard.rakp4_check.as_bytes().to_vec(),
    };
    datagram(PayloadType::Rakp4, &answer)
}

fn accepted(quirks: Quirks, entry: &HalfOpen) -> Option<OpenSessionResponse> {
    Some(OpenSessionResponse {
        tag: entry.request.tag,
        status: RmcpPlusStatus::NO_ERRORS,
        console_session_id: Some(entry.request.console_session_id),
        accepted: Some(Accepted {
            max_privilege: odd::echoed(quirks, entry.request.max_privilege, entry.limit),
            managed_session_id: entry.managed_session_id,
            algorithms: entry.suite.algorithms()?,
        }),
    })
}

/// The suite on offer that the proposal allows: of those that protect most, the first. What leaves
/// something unprotected is for consoles that ask for it by name. Algorithms that nobody knows are
/// refused by their kind; known ones in a combination that is not on offer by 11h, which is what
/// automation looks for before it tries another suite (`research/ipmitool.md` §3.1).
fn choose_suite(
    request: &OpenSessionRequest,
    offered: &[(CipherSuite, Privilege)],
) -> Result<(CipherSuite, Privilege), RmcpPlusStatus> {
    use AlgorithmProposal::Exactly;
    let allowed = offered.iter().filter(|(suite, _)| is_supported(*suite)).filter_map(|choice| {
        let algorithms = choice.0.algorithms()?;
        let allows = request.authentication.allows(&algorithms.authentication)
            && request.integrity.allows(&algorithms.integrity)
            && request.confidentiality.allows(&algorithms.confidentiality);
        allows.then_some((choice, algorithms))
    });
    // Of equals `min_by_key` takes the first.
    let choice = allowed.min_by_key(|(_, algorithms)| unprotected(*algorithms));
    if let Some((choice, _)) = choice {
        return Ok(*choice);
    }
    Err(match (request.authentication, request.integrity, request.confidentiality) {
        (Exactly(AuthenticationAlgorithm::Other(_)), _, _) => {
            RmcpPlusStatus::INVALID_AUTHENTICATION_ALGORITHM
        }
        (_, Exactly(IntegrityAlgorithm::Other(_)), _) => {
            RmcpPlusStatus::INVALID_INTEGRITY_ALGORITHM
        }
        (_, _, Exactly(ConfidentialityAlgorithm::Other(_))) => {
            RmcpPlusStatus::INVALID_CONFIDENTIALITY_ALGORITHM
        }
        _ => RmcpPlusStatus::NO_CIPHER_SUITE_MATCH,
    })
}

/// What of a session these leave open to others, the worst first.
fn unprotected(algorithms: Algorithms) -> (bool, bool, bool) {
    (
        algorithms.authentication == AuthenticationAlgorithm::None,
        algorithms.integrity == IntegrityAlgorithm::None,
        algorithms.confidentiality == ConfidentialityAlgorithm::None,
    )
}

/// What a refusal of a RAKP message names: the message's tag and the console's session ID.
fn named(quirks: Quirks, tag: u8, console_id: u32) -> (u8, u32) {
    if quirks.has(Quirk::VagueRefusal) { (0, 0) } else { (tag, console_id) }
}

/// Tag and session ID stand in the same place in all the messages a console sends.
fn tag_and_id(payload: &[u8]) -> Option<(u8, u32)> {
    let mut r = Reader::new(payload);
    let tag = r.u8("message tag").ok()?;
    let _reserved = r.u24("reserved").ok()?;
    Some((tag, r.u32("session ID").ok()?))
}

fn datagram(payload_type: PayloadType, message: &impl Encode) -> Option<Vec<u8>> {
    V20Header::sessionless(payload_type).to_datagram(&message.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(request: &OpenSessionRequest, offered: &[u8]) -> Option<u8> {
        let offered: Vec<_> = offered.iter().map(|n| (CipherSuite(*n), Privilege::User)).collect();
        choose_suite(request, &offered).ok().map(|(suite, _)| suite.0)
    }

    #[test]
    fn a_console_that_leaves_the_choice_gets_what_protects_most() {
        use AlgorithmProposal::{Any, Exactly};
        let any = OpenSessionRequest {
            tag: 0,
            max_privilege: None,
            console_session_id: 1,
            authentication: Any,
            integrity: Any,
            confidentiality: Any,
        };
        // As many an administrator lists them.
        assert_eq!(chosen(&any, &[0, 1, 2, 3, 6, 7, 8, 15, 16, 17]), Some(3));
        assert_eq!(chosen(&any, &[0, 15, 1]), Some(15));
        assert_eq!(chosen(&any, &[0, 6, 2]), Some(2));
        for order in [[17, 3], [3, 17]] {
            assert_eq!(chosen(&any, &order), Some(order[0]), "the preferred one");
        }
        let sha256 = Exactly(AuthenticationAlgorithm::HmacSha256);
        let sha256 = OpenSessionRequest { authentication: sha256, ..any };
        assert_eq!(chosen(&sha256, &[3, 15, 16, 17]), Some(17));
        let bare =
            OpenSessionRequest { confidentiality: Exactly(ConfidentialityAlgorithm::None), ..any };
        assert_eq!(chosen(&bare, &[17, 3, 0, 1, 2, 16]), Some(2));
        let named =
            OpenSessionRequest { authentication: Exactly(AuthenticationAlgorithm::None), ..any };
        assert_eq!(chosen(&named, &[17, 3, 0]), Some(0));
    }
}
