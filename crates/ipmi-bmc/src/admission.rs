//! Who stays and who comes in, when what they may do changes.

use std::time::Instant;

use ipmi_session::console::Agreed;
use ipmi_session::managed::{Active, Login};
use ipmi_wire::Privilege;

use crate::bmc::Bmc;
use crate::lan::{enabled_for, has};
use crate::users::BadPasswordPolicy;

impl Bmc {
    /// What wrong passwords lead to.
    #[must_use]
    pub const fn bad_password_policy(&self) -> &BadPasswordPolicy {
        &self.lan.bad_password
    }

    /// Whether user `id` is locked out for wrong passwords.
    #[must_use]
    pub fn is_locked_out(&self, now: Instant, id: u8) -> bool {
        self.lockouts.is_locked(now, id)
    }

    /// Takes in what the last datagram said about a password.
    pub(crate) fn note_login(&mut self, now: Instant) {
        match self.sessions.take_login() {
            None => {}
            Some(Login::Succeeded { user_id }) => self.lockouts.forget(user_id),
            Some(Login::WrongPassword { user_id }) => {
                let policy = self.lan.bad_password;
                if !self.lockouts.count(now, user_id, &policy) {
                    return;
                }
                // Sessions live on: who opened them knew the password, and must not be thrown out
                // by who does not.
                match self.lan.hide_usernames {
                    true => self.sessions.spoil_logins(user_id),
                    false => self.sessions.cancel_logins(user_id),
                }
                if policy.lockout.is_none() {
                    // Until somebody enables the user again. Which has to be kept, and is true of
                    // every user that there is.
                    let _ = self.users.enable(user_id, false, &mut self.journal);
                }
                if policy.log_lockout {
                    self.sensors.tell_lockout(user_id, Self::LAN_CHANNEL);
                    self.settle(now);
                }
            }
        }
    }

    /// Leaves sessions no more than their user, the channel and their suite allow now: none at all,
    /// perhaps. Those of `user`, or of everybody. What is under way of logins is taken back.
    ///
    /// The asking session, `own`, ends with its answer, so that ipmitool 1.8.19 waits ten seconds
    /// for that to its Close Session.
    pub(crate) fn restrict_sessions(&mut self, user: Option<u8>, own: Option<u32>) {
        match user {
            Some(id) => self.sessions.cancel_logins(id),
            None => self.sessions.cancel_all_logins(),
        }
        let concerned = |session: &&Active| user.is_none_or(|id| session.user_id == id);
        let limits: Vec<_> = self
            .sessions
            .iter()
            .filter(concerned)
            .map(|session| (session.managed_session_id, self.limit_of(session)))
            .collect();
        for (id, limit) in limits {
            let Some(session) = self.sessions.get_mut(id) else { continue };
            match limit {
                Some(limit) => {
                    session.limit = session.limit.min(limit);
                    session.privilege = session.privilege.min(limit);
                }
                None if own == Some(id) => session.close_after_answer(),
                None => {
                    self.sessions.close(id);
                }
            }
        }
    }

    /// The most that may be done in this session; `None` if there must be none.
    fn limit_of(&self, session: &Active) -> Option<Privilege> {
        let user = self.users.get(session.user_id).ok()?.access()?;
        let channel = Some(self.lan_access.limit()).filter(|_| self.lan_access.is_open())?;
        let suite = match session.agreed {
            Agreed::Suite(suite) => self.lan.suites.iter().find(|(known, _)| *known == suite)?.1,
            Agreed::Ipmi15(auth_type) => {
                let enables = &self.lan.auth_enables;
                let is_enabled = |level: &Privilege| has(&enabled_for(enables, *level), auth_type);
                Privilege::ALL.into_iter().filter(is_enabled).max()?
            }
        };
        Some(user.min(channel).min(suite))
    }
}
