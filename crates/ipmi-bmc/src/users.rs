//! Users, and what the LAN channel allows them.

use ipmi_session::Secret;
use ipmi_session::managed::{Account, Accounts};
use ipmi_wire::Privilege;
use ipmi_wire::session::{CipherSuite, Username};

/// One user.
#[derive(Clone, Debug)]
pub struct User {
    /// User ID, 1 to 63. ID 1 is the null user's.
    pub id: u8,
    /// Name, unique by the specification's advice; empty only for ID 1.
    pub name: Username,
    /// Password.
    pub password: Secret,
    /// The most that the user may do on the LAN channel.
    pub limit: Privilege,
    /// Whether the user may log in.
    pub enabled: bool,
}

/// The LAN channel's policy.
#[derive(Clone, Debug)]
pub struct LanPolicy {
    /// The channel's privilege limit.
    pub limit: Privilege,
    /// Cipher suites on offer, the preferred one first, each with its maximum privilege.
    pub suites: Vec<(CipherSuite, Privilege)>,
    /// `K_g`, if set.
    pub kg: Option<Secret>,
}

impl Default for LanPolicy {
    /// Suites 17 and 3, everything allowed that the user may do, no `K_g`.
    fn default() -> Self {
        let suites = [CipherSuite::SUITE_17, CipherSuite::SUITE_3];
        Self {
            limit: Privilege::Administrator,
            suites: suites.map(|suite| (suite, Privilege::Administrator)).to_vec(),
            kg: None,
        }
    }
}

/// Users and policy as the sessions ask for them.
pub(crate) struct Directory<'a> {
    pub(crate) users: &'a [User],
    pub(crate) lan: &'a LanPolicy,
    pub(crate) guid: [u8; 16],
}

impl Accounts for Directory<'_> {
    fn find(&self, name: &Username, role: Option<Privilege>) -> Option<Account> {
        let user = self.users.iter().find(|user| {
            user.enabled && user.name == *name && role.is_none_or(|role| user.limit == role)
        })?;
        Some(Account {
            user_id: user.id,
            password: user.password.clone(),
            limit: user.limit.min(self.lan.limit),
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
}
