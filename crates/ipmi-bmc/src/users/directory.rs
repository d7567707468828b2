//! Users and policy as the sessions ask for them.

use ipmi_session::Secret;
use ipmi_session::managed::{Account, Accounts};
use ipmi_wire::Privilege;
use ipmi_wire::session::{AuthType, CipherSuite, Username};

use super::{LanPolicy, Users};
use crate::lan::{enabled_for, has};

/// What decides who gets in.
pub(crate) struct Directory<'a> {
    pub(crate) users: &'a Users,
    pub(crate) lan: &'a LanPolicy,
    pub(crate) guid: [u8; 16],
}

impl Accounts for Directory<'_> {
    fn find(&self, name: &Username, role: Option<Privilege>) -> Option<Account> {
        self.users.with_ids().filter(|(_, user)| user.name == *name).find_map(|(user_id, user)| {
            let limit = user.access()?;
            Some(Account {
                user_id,
                password: user.password.secret()?.clone(),
                limit: limit.min(self.lan.limit),
            })
            .filter(|_| role.is_none_or(|role| limit == role))
        })
    }

    fn kg(&self) -> Option<Secret> {
        self.lan.kg.clone()
    }

    fn guid(&self) -> [u8; 16] {
        self.guid
    }

    fn suites(&self) -> Vec<(CipherSuite, Privilege)> {
        let limit = self.lan.limit;
        self.lan.suites.iter().map(|(suite, privilege)| (*suite, (*privilege).min(limit))).collect()
    }

    fn ipmi15(&self) -> Vec<AuthType> {
        self.lan.ipmi15.clone()
    }

    fn ipmi15_allows(&self, auth_type: AuthType, privilege: Privilege) -> bool {
        has(&enabled_for(&self.lan.auth_enables, privilege), auth_type)
    }
}
