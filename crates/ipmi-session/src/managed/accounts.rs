//! What the sessions need to know of users and policy.

use ipmi_wire::Privilege;
use ipmi_wire::session::{AuthType, CipherSuite, Username};

use crate::secret::Secret;

/// A user who may log in on this channel.
#[derive(Clone, Debug)]
pub struct Account {
    /// User ID, 1 to 63.
    pub user_id: u8,
    /// The password.
    pub password: Secret,
    /// The most that the user may do on this channel.
    pub limit: Privilege,
}

/// The BMC's side of authentication: who there is, and what is allowed.
pub trait Accounts {
    /// The enabled user of this name. With `role`, only a user whose limit is exactly that is
    /// looked for (a lookup by name and privilege, RAKP 1 role bit 4 clear); without, the first of
    /// that name.
    fn find(&self, name: &Username, role: Option<Privilege>) -> Option<Account>;

    /// `K_g`, if one is set.
    fn kg(&self) -> Option<Secret>;

    /// The system's GUID, in wire order.
    fn guid(&self) -> [u8; 16];

    /// The cipher suites that may be used, the preferred one first, each with the highest
    /// privilege it may carry on this channel. A console that leaves the choice to the BMC gets the
    /// first of those that protect most.
    fn suites(&self) -> Vec<(CipherSuite, Privilege)>;

    /// How sessions of IPMI v1.5 may be authenticated; with none, there are no such sessions.
    fn ipmi15(&self) -> Vec<AuthType> {
        Vec::new()
    }

    /// Whether one of these may be used for a session of at most `privilege`.
    fn ipmi15_allows(&self, auth_type: AuthType, privilege: Privilege) -> bool {
        let _ = (auth_type, privilege);
        true
    }
}
