//! Users and policy as the sessions ask for them.

use std::time::Instant;

use ipmi_session::Secret;
use ipmi_session::managed::{Account, Accounts};
use ipmi_wire::Privilege;
use ipmi_wire::session::{AuthType, CipherSuite, Username};
use subtle::ConstantTimeEq;

use super::{LanPolicy, Lockouts, Users};
use crate::channels::{LanAccess, LanKey};
use crate::lan::{enabled_for, has};

/// What decides who gets in.
pub(crate) struct Directory<'a> {
    pub(crate) now: Instant,
    pub(crate) users: &'a Users,
    pub(crate) lockouts: &'a Lockouts,
    pub(crate) lan: &'a LanPolicy,
    pub(crate) access: &'a LanAccess,
    pub(crate) key: &'a LanKey,
    pub(crate) guid: [u8; 16],
}

impl Accounts for Directory<'_> {
    /// As much is done for a name that nobody has as for any other: every user is looked at, whatever
    /// came before, and names are compared whole.
    fn find(&self, name: &Username, role: Option<Privilege>) -> Option<Account> {
        let mut found = None;
        for (user_id, user) in self.users.with_ids() {
            let locked = self.lockouts.is_locked(self.now, user_id);
            let account = user.access().zip(user.password.secret()).map(|(limit, password)| {
                let limit = limit.min(self.access.limit());
                (Account { user_id, password: password.clone(), limit }, user.access())
            });
            let named = bool::from(padded(&user.name).ct_eq(&padded(name)));
            let meant = named & !locked;
            let account = account.filter(|(_, limit)| meant & (role.is_none() | (role == *limit)));
            found = found.or(account.map(|(account, _)| account));
        }
        found
    }

    fn kg(&self) -> Option<Secret> {
        self.key.get().cloned()
    }

    fn guid(&self) -> [u8; 16] {
        self.guid
    }

    fn suites(&self) -> Vec<(CipherSuite, Privilege)> {
        let limit = self.access.limit();
        self.lan.suites.iter().map(|(suite, privilege)| (*suite, (*privilege).min(limit))).collect()
    }

    fn ipmi15(&self) -> Vec<AuthType> {
        if self.is_open() { self.lan.ipmi15.clone() } else { Vec::new() }
    }

    fn is_open(&self) -> bool {
        self.access.is_open()
    }

    fn hides_names(&self) -> bool {
        self.lan.hide_usernames
    }

    fn ipmi15_allows(&self, auth_type: AuthType, privilege: Privilege) -> bool {
        has(&enabled_for(&self.lan.auth_enables, privilege), auth_type)
    }
}

/// A name with its length, always as long.
fn padded(name: &Username) -> [u8; Username::MAX + 1] {
    let mut bytes = [0; Username::MAX + 1];
    let with_length = [name.len()].into_iter().chain(name.as_bytes().iter().copied());
    bytes.iter_mut().zip(with_length).for_each(|(to, from)| *to = from);
    bytes
}
