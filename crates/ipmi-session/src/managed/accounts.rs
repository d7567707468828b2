//! What the sessions need to know of users and policy, and what they tell of logins.

use ipmi_wire::Privilege;
use ipmi_wire::session::{AuthType, CipherSuite, Username};

use crate::entropy::Entropy;
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

impl Account {
    /// An account that is nobody's, with a password of `SIZE` bytes that nobody will ever know, so
    /// that what is calculated with it looks like what is calculated with any.
    pub(super) fn nobodys<const SIZE: usize>(entropy: &mut dyn Entropy) -> Option<Self> {
        let mut password = [0; SIZE];
        entropy.fill(&mut password);
        let password = Secret::new(&password)?;
        Some(Self { user_id: NOBODY, password, limit: Privilege::Callback })
    }

    /// Whose it is, if it is anybody's.
    pub(super) fn owner(&self) -> Option<u8> {
        (self.user_id != NOBODY).then_some(self.user_id)
    }
}

/// The ID of no user.
const NOBODY: u8 = 0;

/// What a login came to, as far as it says something about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// The user came in, and had to know the password for it.
    Succeeded {
        /// Who.
        user_id: u8,
    },
    /// Somebody called himself by that user's name and did not know the password: the code that
    /// proves it was wrong, or the console said that ours was, which is the same password seen
    /// from the other side. Either came from where our random session ID was sent to.
    WrongPassword {
        /// Whose password it was not.
        user_id: u8,
    },
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

    /// Whether sessions are opened on this channel at all.
    fn is_open(&self) -> bool {
        true
    }

    /// Whether nobody is to learn which users there are: whatever is about the user is told once the
    /// password is proven, and to whom it is not, that the password is wrong.
    /// [`find`](Self::find) has to take as long for a user as for nobody, then.
    fn hides_names(&self) -> bool {
        false
    }

    /// Whether one of these may be used for a session of at most `privilege`.
    fn ipmi15_allows(&self, auth_type: AuthType, privilege: Privilege) -> bool {
        let _ = (auth_type, privilege);
        true
    }
}
