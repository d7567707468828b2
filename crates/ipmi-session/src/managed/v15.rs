//! IPMI v1.5: Get Session Challenge and Activate Session, answered.
//!
//! The same as for RMCP+ holds: a repeat gets the same answer, also after the session is active;
//! what is begun has a place in a small table, for a short time; nothing happens before the code is
//! right. Who has the wrong password is not answered (IPMI v2.0 §6.12.9).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use ipmi_wire::cmd::app::{
    ActivateSession, ActivatedSession, GetSessionChallenge, SessionChallenge,
};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{AuthType, V15Packet};
use ipmi_wire::{Command, CompletionCode, Decode, Encode, Privilege, Response};
use subtle::ConstantTimeEq;

use super::active::{Guard, V15Guard};
use super::half_open::Begun;
use super::responses::Responses;
use super::{Account, Accounts, Active, Format, Login, Sessions, odd, request};
use crate::console::Agreed;
use crate::entropy::Entropy;
use crate::quirk::Quirk;
use crate::sequence::{Window, after};
use crate::v15::V15Protection;

/// Get Session Challenge, answered.
#[derive(Debug)]
pub(super) struct Challenged {
    from: SocketAddr,
    expires: Instant,
    request: GetSessionChallenge,
    answer: SessionChallenge,
    /// Perhaps nobody's, where names are hidden.
    account: Account,
    protection: V15Protection,
    /// The last code that was wrong. Consoles repeat what is not answered, and that is one attempt.
    wrong: Option<[u8; 16]>,
    /// Whatever is right of it comes too late.
    spoilt: bool,
}

impl Challenged {
    /// Lets it come to nothing, and nobody see that.
    pub(super) const fn spoil(&mut self) {
        self.spoilt = true;
    }
}

impl Begun for Challenged {
    fn from(&self) -> SocketAddr {
        self.from
    }

    fn id(&self) -> u32 {
        self.answer.session_id
    }

    fn expires(&self) -> Instant {
        self.expires
    }

    /// What comes back ends it, one way or the other.
    fn is_answered(&self) -> bool {
        false
    }

    fn user_id(&self) -> Option<u8> {
        self.account.owner()
    }
}

impl Sessions {
    /// Whether this request outside a session is answered here.
    pub(super) fn is_challenge(message: &LanMessage, accounts: &dyn Accounts) -> bool {
        is::<GetSessionChallenge>(message) && !accounts.ipmi15().is_empty()
    }

    /// Answers Get Session Challenge; `None` to drop it.
    pub(super) fn challenge(
        &mut self,
        now: Instant,
        from: SocketAddr,
        message: &LanMessage,
        accounts: &dyn Accounts,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        if self.quirks.has(Quirk::LostChallenge) && self.challenges.find(from, |_| true).is_some() {
            return None;
        }
        let response = match self.challenged(now, from, &message.data, accounts, entropy) {
            Ok(answer) => Response::ok(&answer),
            Err(code) => Response::code(code),
        };
        Self::sessionless(Format::V15, &message.answer(&response))
    }

    fn challenged(
        &mut self,
        now: Instant,
        from: SocketAddr,
        data: &[u8],
        accounts: &dyn Accounts,
        entropy: &mut dyn Entropy,
    ) -> Result<SessionChallenge, CompletionCode> {
        const INVALID_NAME: CompletionCode = CompletionCode(0x81);
        const NULL_NAME: CompletionCode = CompletionCode(0x82);
        let request = GetSessionChallenge::decode_exact(data).map_err(CompletionCode::from)?;
        if let Some(known) = self.challenges.find(from, |known| known.request == request) {
            return Ok(known.answer);
        }
        if !accounts.ipmi15().contains(&request.auth_type) {
            return Err(CompletionCode::INVALID_DATA_FIELD);
        }
        let unknown = if request.username.is_empty() { NULL_NAME } else { INVALID_NAME };
        // Without a code that could be wrong, whoever has a name is in.
        let hides = accounts.hides_names() && request.auth_type != AuthType::None;
        let nobodys = if hides { Account::nobodys::<16>(entropy) } else { None };
        let found = accounts.find(&request.username, None);
        // A password of more than 16 bytes is not one of IPMI v1.5. Cut, it would let in who knows
        // no more than its beginning, as Supermicro's X8DTG-D does (`research/freeipmi.md` §4.8).
        let known = |account: Account| {
            V15Protection::new(request.auth_type, &account.password).map(|code| (account, code))
        };
        let (account, protection) =
            found.and_then(known).or(nobodys.and_then(known)).ok_or(unknown)?;
        let mut challenge = [0; 16];
        entropy.fill(&mut challenge);
        let answer = SessionChallenge { session_id: self.fresh_session_id(entropy), challenge };
        let life = odd::patience(self.quirks, self.limits.handshake);
        let expires = now.checked_add(life).ok_or(CompletionCode::UNSPECIFIED)?;
        let wrong = None;
        self.challenges.insert(Challenged {
            from,
            expires,
            request,
            answer,
            account,
            protection,
            wrong,
            spoilt: false,
        });
        Ok(answer)
    }

    /// Answers Activate Session; `None` to drop the packet.
    pub(super) fn activate_session(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &V15Packet<'_>,
        accounts: &dyn Accounts,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        /// There is no challenge with this session ID.
        const INVALID_ID: CompletionCode = CompletionCode(0x85);
        let message = request(packet.payload).filter(is::<ActivateSession>)?;
        if packet.sequence != 0 {
            return None;
        }
        if let Some(guard) = self.opened_under(from, packet.session_id) {
            return guard.repeat(packet, self.quirks);
        }
        let temporary_id = packet.session_id;
        let Some(entry) = self.challenges.get_mut(from, temporary_id) else {
            // Half a request is no reason for a longer answer.
            if accounts.ipmi15().is_empty() || ActivateSession::decode_exact(&message.data).is_err()
            {
                return None;
            }
            // There is no password to make a code with.
            let payload = message.answer(&Response::code(INVALID_ID)).to_bytes();
            let refusal =
                V15Packet { session_id: temporary_id, ..V15Packet::sessionless(&payload) };
            return refusal.to_datagram();
        };
        if entry.protection.check(packet).is_err() {
            // What has no code at all is no attempt at a password.
            let owner = entry.account.owner();
            if packet.auth_code.is_some() && entry.wrong != packet.auth_code {
                entry.wrong = packet.auth_code;
                self.login = owner.map(|user_id| Login::WrongPassword { user_id });
            }
            return None;
        }
        if entry.spoilt {
            return None;
        }
        let judged = ActivateSession::decode_exact(&message.data)
            .map_err(CompletionCode::from)
            .and_then(|activate| self.judge(from, temporary_id, &activate, accounts));
        let activate = match judged {
            Ok(activate) => activate,
            Err(code) => {
                let entry = self.challenges.get_mut(from, temporary_id)?;
                let payload = odd::message(self.quirks, &message.answer(&Response::code(code)));
                return odd::seal_v15(self.quirks, &entry.protection, temporary_id, 0, &payload);
            }
        };
        let (session_id, handle) = (self.fresh_session_id(entropy), self.fresh_handle()?);
        let inbound_sequence = fresh_sequence(entropy);
        let Challenged { account, protection, .. } = self.challenges.take(from, temporary_id)?;
        let agreed = protection.auth_type();
        let answer = message.answer(&Response::ok(&ActivatedSession {
            auth_type: odd::announced(self.quirks, agreed),
            session_id,
            inbound_sequence,
            max_privilege: activate.max_privilege,
        }));
        // The answer is the first packet with a number: the one that the console chose.
        let late = u32::from(self.quirks.has(Quirk::SeqOffByOne));
        let first = after(activate.outbound_sequence, late);
        let answer = odd::message(self.quirks, &answer);
        let reply = odd::seal_v15(self.quirks, &protection, temporary_id, first, &answer)?;
        let active = Active {
            peer: from,
            managed_session_id: session_id,
            console_session_id: session_id,
            handle,
            user_id: account.user_id,
            agreed: Agreed::Ipmi15(agreed),
            privilege: activate.max_privilege.min(Privilege::User),
            limit: activate.max_privilege,
            closing: false,
            last_heard: now,
            guard: Guard::V15(Box::new(V15Guard {
                protection,
                inbound: Window::starting_at(inbound_sequence),
                next_outbound: after(first, 1),
                temporary_id,
                opened_by: packet.payload.to_vec(),
                answer,
                first_outbound: first,
            })),
            responses: Responses::default(),
            forwarded: VecDeque::new(),
            line: None,
        };
        let by_password = agreed != AuthType::None;
        let user_id = active.user_id;
        self.login = by_password.then_some(Login::Succeeded { user_id });
        self.active.insert(session_id, active);
        Some(reply)
    }

    /// Whether a session of IPMI v1.5 was opened under this temporary ID.
    pub(super) fn has_opened_under(&self, temporary_id: u32) -> bool {
        self.active.values().any(|session| {
            matches!(&session.guard, Guard::V15(guard) if guard.temporary_id == temporary_id)
        })
    }

    fn opened_under(&self, from: SocketAddr, temporary_id: u32) -> Option<&V15Guard> {
        self.active.values().filter(|session| session.peer == from).find_map(|session| {
            match &session.guard {
                Guard::V15(guard) if guard.temporary_id == temporary_id => Some(&**guard),
                Guard::V15(_) | Guard::V20(_) => None,
            }
        })
    }

    /// Whether a session may be opened so, by somebody who has proven to know the password.
    fn judge(
        &self,
        from: SocketAddr,
        temporary_id: u32,
        activate: &ActivateSession,
        accounts: &dyn Accounts,
    ) -> Result<ActivateSession, CompletionCode> {
        const NO_SLOT: CompletionCode = CompletionCode(0x81);
        const SEQUENCE: CompletionCode = CompletionCode(0x84);
        const ABOVE_LIMIT: CompletionCode = CompletionCode(0x86);
        let entry = self
            .challenges
            .find(from, |entry| entry.answer.session_id == temporary_id)
            .ok_or(CompletionCode::UNSPECIFIED)?;
        let returned: bool = activate.challenge.ct_eq(&entry.answer.challenge).into();
        if activate.auth_type != entry.request.auth_type || !returned {
            return Err(CompletionCode::INVALID_DATA_FIELD);
        }
        if self.quirks.has(Quirk::ExactPrivilege) && activate.max_privilege != entry.account.limit {
            return Err(CompletionCode::INSUFFICIENT_PRIVILEGE);
        }
        if activate.max_privilege > entry.account.limit
            || !accounts.ipmi15_allows(activate.auth_type, activate.max_privilege)
        {
            return Err(ABOVE_LIMIT);
        }
        if activate.outbound_sequence == 0 {
            return Err(SEQUENCE);
        }
        if self.active.len() >= self.limits.sessions || self.fresh_handle().is_none() {
            return Err(NO_SLOT);
        }
        Ok(*activate)
    }
}

fn is<C: Command>(message: &LanMessage) -> bool {
    (message.netfn, message.to_lun, message.cmd) == (C::ID.netfn.number(), 0, C::ID.cmd)
}

/// A random number other than 0, which is not used inside a session.
fn fresh_sequence(entropy: &mut dyn Entropy) -> u32 {
    loop {
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes);
        match u32::from_le_bytes(bytes) {
            0 => {}
            sequence => return sequence,
        }
    }
}
