//! Users, and what the LAN channel allows them.

mod bad_password;
mod directory;
mod lockouts;
mod table;

use ipmi_session::Secret;
use ipmi_wire::Privilege;
use ipmi_wire::cmd::transport::AuthTypeEnables;
use ipmi_wire::session::{AuthType, CipherSuite, Username};

pub use bad_password::BadPasswordPolicy;
pub(crate) use directory::Directory;
pub(crate) use lockouts::Lockouts;
pub(crate) use table::Users;

use crate::lan::Network;

/// A user as configured, which is how a BMC is delivered: see [`Settings`](crate::Settings).
#[derive(Clone, Debug)]
pub struct User {
    /// User ID, 2 to 15. ID 1 is the null user's, which is never on.
    pub id: u8,
    /// Name, unique.
    pub name: Username,
    /// Password.
    pub password: Secret,
    /// The most that the user may do on the LAN channel.
    pub limit: Privilege,
    /// Whether the user may log in.
    pub enabled: bool,
}

/// The LAN channel's policy, as delivered: what commands set of it is kept elsewhere.
#[derive(Clone, Debug)]
pub struct LanPolicy {
    /// The channel's privilege limit, until Set Channel Access sets another.
    pub limit: Privilege,
    /// Cipher suites on offer, the preferred one first, each with its maximum privilege. One that is
    /// not to be used is not there.
    pub suites: Vec<(CipherSuite, Privilege)>,
    /// `K_g`, if set, until Set Channel Security Keys sets another.
    pub kg: Option<Secret>,
    /// How sessions of IPMI v1.5 may be authenticated; with none, there are no such sessions.
    pub ipmi15: Vec<AuthType>,
    /// What wrong passwords lead to.
    pub bad_password: BadPasswordPolicy,
    /// Whether who does not know a password learns nothing of users, not even their names.
    pub hide_usernames: bool,
    /// The privilege levels that the authentication types of IPMI v1.5 are enabled for. As
    /// delivered it is for all, whatever is said here: LAN parameter 2 says it.
    pub auth_enables: AuthTypeEnables,
    /// The network that the channel is in, as delivered.
    pub network: Network,
}

impl Default for LanPolicy {
    /// Suites 17 and 3, everything allowed that the user may do, no `K_g`, no IPMI v1.5.
    fn default() -> Self {
        let suites = [CipherSuite::SUITE_17, CipherSuite::SUITE_3];
        Self {
            limit: Privilege::Administrator,
            suites: suites.map(|suite| (suite, Privilege::Administrator)).to_vec(),
            kg: None,
            ipmi15: Vec::new(),
            bad_password: BadPasswordPolicy::default(),
            hide_usernames: false,
            auth_enables: AuthTypeEnables::default(),
            network: Network::default(),
        }
    }
}
