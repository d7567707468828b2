//! The sessions of a managed system without a BMC behind them: whatever is asked is noted and
//! answered.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use ipmi_session::Quirks;
use ipmi_session::console::{Agreed, Call, Priority};
use ipmi_session::managed::{Delayed, Limits, Received, Sessions, Ticket};
use ipmi_wire::cmd::app::{
    AuthTypes, ChannelAuthenticationCapabilities, CloseSession,
    GetChannelAuthenticationCapabilities, GetDeviceId, SetSessionPrivilegeLevel,
};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::software::SMS_LUN;
use ipmi_wire::{
    Channel, Command, CompletionCode, Effect, Encode, NetFn, Privilege, Request, Response,
};

use super::script::Script;
use super::way::OneUser;
use super::{Managed, Seeded};

/// The command whose data is a call's number: nobody defines it.
const CALL: u8 = 0x7a;

pub(super) struct Bare {
    sessions: Sessions,
    executed: HashMap<u16, u32>,
    carried_out: Vec<Agreed>,
    held: Vec<(SocketAddr, Ticket, LanMessage)>,
    /// Answers that take their time.
    late: Vec<Delayed>,
}

impl Bare {
    pub(super) fn new(choice: u8) -> Self {
        let mut limits = Limits::default();
        // Few enough to come upon the limit.
        if choice & 1 != 0 {
            limits.sessions = 2;
        }
        if choice & 2 != 0 {
            limits.rate = None;
        }
        let (executed, carried_out) = (HashMap::new(), Vec::new());
        Self {
            sessions: Sessions::new(limits),
            executed,
            carried_out,
            held: Vec::new(),
            late: Vec::new(),
        }
    }

    fn respond(&mut self, session_id: u32, message: &LanMessage) -> Response {
        let session = self.sessions.get_mut(session_id).expect("a request in no session");
        self.carried_out.push(session.agreed);
        let with = |data: &[u8]| Response { completion: CompletionCode::OK, data: data.to_vec() };
        let is =
            |id: ipmi_wire::CommandId| message.netfn == id.netfn.number() && message.cmd == id.cmd;
        if is(SetSessionPrivilegeLevel::ID) {
            let level = message.data.first().and_then(|level| Privilege::from_number(*level));
            session.privilege = level.unwrap_or(session.privilege).min(session.limit);
            return with(&[session.privilege.number()]);
        }
        if is(CloseSession::ID) {
            session.close_after_answer();
            return with(&[]);
        }
        match message.data[..] {
            [low, high] if message.cmd == CALL && message.netfn == NetFn::App.number() => {
                *self.executed.entry(u16::from_le_bytes([low, high])).or_default() += 1;
                with(&[low, high])
            }
            _ if is(GetDeviceId::ID) => with(&[0; 15]),
            _ => Response::code(CompletionCode::INVALID_COMMAND),
        }
    }

    /// Answers in a session, and ends the session if it was asked to.
    fn seal(&mut self, ticket: Ticket, answer: &LanMessage, rng: &mut Seeded) -> Option<Vec<u8>> {
        let session_id = ticket.session_id();
        let reply = self.sessions.seal(ticket, answer, rng);
        if self.sessions.get(session_id).is_some_and(|session| session.is_closing()) {
            self.sessions.close(session_id);
        }
        reply
    }
}

/// A call that may be in flight with others, and goes before some of them: what only reads does.
pub(super) fn flowing(call: Call, number: u16) -> Call {
    const PRIORITIES: [Priority; 4] =
        [Priority::Ordinary, Priority::Sweep, Priority::Log, Priority::Power];
    let abreast = 1 + (number % 8) as u8;
    let priority = PRIORITIES[usize::from(number / 8) % PRIORITIES.len()];
    call.with_abreast(abreast).with_priority(priority)
}

impl Managed for Bare {
    fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        hold: bool,
        rng: &mut Seeded,
    ) -> Option<Vec<u8>> {
        let received = self.sessions.receive(now, from, datagram, &OneUser, rng);
        self.late.extend(std::iter::from_fn(|| self.sessions.poll_delayed()));
        match received {
            Received::Nothing => None,
            Received::Reply(reply) => Some(reply),
            // Software on the host says the same back.
            Received::Response { session_id, message } => {
                assert_eq!(message.to_lun, SMS_LUN);
                self.sessions.forward(session_id, message);
                self.sessions.poll_forwarded(rng).map(|(_, datagram)| datagram)
            }
            Received::Sessionless { format, message } => {
                let answer = message.answer(&capabilities(&message)?);
                Sessions::sessionless(format, &answer)
            }
            Received::Request { ticket, message } => {
                let session_id = ticket.session_id();
                // What is to end takes no more requests.
                if self.sessions.get(session_id).is_some_and(|session| session.is_closing()) {
                    return None;
                }
                let answer = message.answer(&self.respond(session_id, &message));
                if hold && self.held.len() < 16 {
                    self.held.push((from, ticket, answer));
                    return None;
                }
                self.seal(ticket, &answer, rng)
            }
        }
    }

    fn release(&mut self, how: u8, rng: &mut Seeded) -> Option<(SocketAddr, Vec<u8>)> {
        if let Some(Delayed { to, datagram, .. }) = self.late.pop() {
            return Some((to, datagram));
        }
        let which = usize::from(how).checked_rem(self.held.len())?;
        let (from, ticket, answer) = self.held.remove(which);
        Some((from, self.seal(ticket, &answer, rng)?))
    }

    fn call(&mut self, number: u16, script: &mut Script<'_>) -> Call {
        let choice = script.byte();
        let data = number.to_le_bytes().to_vec();
        let request = Request { netfn: NetFn::App, lun: 0, cmd: CALL, data };
        let effect = match choice & 3 {
            0 | 1 => Effect::Once,
            2 => Effect::Idempotent,
            _ => Effect::Read,
        };
        let needs = Privilege::ALL[usize::from(choice >> 2) % Privilege::ALL.len()];
        flowing(Call::new(request, effect, needs), number)
    }

    fn executed(&self, number: u16) -> u32 {
        self.executed.get(&number).copied().unwrap_or_default()
    }

    fn take_carried_out(&mut self) -> Vec<Agreed> {
        std::mem::take(&mut self.carried_out)
    }

    fn check_answer(&self, number: u16, response: &Response) {
        assert_eq!(response.data, number.to_le_bytes(), "another call's answer");
        assert!(self.executed(number) > 0, "an answer to what was not carried out");
    }

    fn restart(&mut self, _: Instant, how: u8) {
        match how {
            0 => self.sessions.close_all(),
            1 => self.sessions.cancel_logins(2),
            _ => {
                let (limits, quirks) = (*self.sessions.limits(), self.sessions.quirks());
                self.sessions = Sessions::new(limits);
                self.sessions.set_quirks(quirks);
                // What is left in `held` comes too late.
            }
        }
    }

    fn set_quirks(&mut self, quirks: Quirks) {
        self.sessions.set_quirks(quirks);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.sessions.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.sessions.poll_timeout()
    }

    fn sessions(&self) -> &Sessions {
        &self.sessions
    }
}

/// What a console of IPMI v1.5 asks first.
fn capabilities(message: &LanMessage) -> Option<Response> {
    let id = GetChannelAuthenticationCapabilities::ID;
    if (message.netfn, message.cmd) != (id.netfn.number(), id.cmd) {
        return None;
    }
    let all = AuthTypes { none: true, md2: true, md5: true, straight_password: true, oem: false };
    let data = ChannelAuthenticationCapabilities {
        channel: Channel::new(1),
        extended: false,
        auth_types: all,
        kg_nonzero: false,
        per_message_auth_disabled: false,
        user_level_auth_disabled: false,
        non_null_users: true,
        null_users: false,
        anonymous_login: false,
        supports_ipmi15: true,
        supports_ipmi20: true,
        oem_iana: 0,
        oem_aux: 0,
    };
    Some(Response { completion: CompletionCode::OK, data: data.to_bytes() })
}
