//! Users: who there is, what they may do, and how one is made, changed and taken away.
//!
//! A BMC has a fixed number of slots for users, often many more than users. It tells how many are
//! enabled and how many names are fixed, so that not all have to be looked at: [`Bmc::users`] stops
//! where nobody else is to be expected, and says where that was.

mod add;
mod ahead;
mod change;
mod remove;
#[cfg(test)]
mod tests;

pub use add::{AddStep, AddUserError, AddedUser, NewUser, Why};
pub use change::{AccessChange, AccessOf, PasswordTest, PasswordWritten};
pub use remove::RemovedUser;

use ipmi_wire::Channel;
use ipmi_wire::cmd::app::{
    GetSessionInfo, GetUserAccess, GetUserName, GetUserPayloadAccess, PayloadAccess,
    SessionSelector, UserAccess, UserStatus,
};
use ipmi_wire::session::Username;

use crate::bmc::{Bmc, means_absent};
use crate::error::Error;
use crate::written::{Told, told};
use ahead::Ahead;

/// A user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// The slot, 1 to 63.
    pub id: u8,
    /// The name; empty if there is none.
    pub name: Username,
    /// What the user may do on the channel, and whether the user is enabled at all.
    pub access: UserAccess,
}

impl User {
    /// Whether the name cannot be changed. Fixed names are those of the first users
    /// (IPMI v2.0 §22.27).
    #[must_use]
    pub const fn has_fixed_name(&self) -> bool {
        self.id <= self.access.fixed_names
    }

    /// Whether the user is enabled, if the BMC tells.
    #[must_use]
    pub const fn is_enabled(&self) -> Option<bool> {
        match self.access.status {
            UserStatus::Enabled => Some(true),
            UserStatus::Disabled => Some(false),
            UserStatus::Unspecified | UserStatus::Reserved => None,
        }
    }

    /// Whether this is somebody, rather than an empty slot: has a name, or gets in without.
    #[must_use]
    pub fn is_somebody(&self) -> bool {
        let gets_in = match self.is_enabled() {
            Some(enabled) => enabled,
            None => self.access.limit.is_some() && self.access.flags.messaging,
        };
        !self.name.is_empty() || gets_in
    }

    fn counts_as_enabled(&self) -> bool {
        self.is_enabled().unwrap_or_else(|| self.is_somebody())
    }
}

/// How many users there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserSummary {
    /// The greatest user ID there can be.
    pub slots: u8,
    /// How many users are enabled, as the BMC counts.
    pub enabled: u8,
    /// How many names cannot be changed, that of user 1 included.
    pub fixed_names: u8,
}

impl From<&UserAccess> for UserSummary {
    fn from(access: &UserAccess) -> Self {
        let UserAccess { max_user_id, enabled_users, fixed_names, .. } = *access;
        Self { slots: max_user_id, enabled: enabled_users, fixed_names }
    }
}

/// The users of a BMC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserList {
    /// How many there are.
    pub summary: UserSummary,
    /// Who they are, by ID.
    pub users: Vec<User>,
    /// The last slot that was looked at.
    pub looked_at: u8,
}

/// All that a BMC tells of one user.
#[derive(Debug)]
pub struct UserDetails {
    /// The user, on the channel that was asked for.
    pub user: User,
    /// Which payloads the user may activate there.
    pub payloads: Told<PayloadAccess>,
}

/// So many empty slots in a row, and none of the users left that the BMC counts as enabled: then
/// nobody is expected in those that follow.
const EMPTY_IN_A_ROW: u8 = 8;
/// But for these: that many slots are soon looked at, and most BMCs have no more.
const ALWAYS: u8 = 16;

impl Bmc {
    /// How many users there are. One exchange.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn user_summary(&self, channel: Channel) -> Result<UserSummary, Error> {
        Ok(UserSummary::from(&self.first_access(channel).await?.1))
    }

    /// Who there is. Two exchanges for each slot, until all that are counted as enabled or as having
    /// a fixed name were seen; then one for each empty slot, and beyond slot 16 only until eight in
    /// a row are empty. With `all`, every slot is looked at.
    ///
    /// # Errors
    /// As [`Bmc::send`]. A slot that the BMC refuses to tell of is an empty one.
    pub async fn users(&self, channel: Channel, all: bool) -> Result<UserList, Error> {
        let (first, access) = self.first_access(channel).await?;
        let summary = UserSummary::from(&access);
        let (mut users, mut enabled, mut empty, mut looked_at) = (Vec::new(), 0_u8, 0_u8, 0);
        let mut ahead = Ahead::new(self, channel, summary.slots);
        for id in 1..=summary.slots.max(first) {
            let counted = !all && enabled >= summary.enabled && id > summary.fixed_names;
            if counted && id > ALWAYS && empty >= EMPTY_IN_A_ROW {
                break;
            }
            looked_at = id;
            let name = ahead.name(id).await?;
            let access = match id {
                _ if id == first => Some(access),
                _ if counted && name.is_empty() => None,
                _ => ahead.access(id).await?,
            };
            match access.map(|access| User { id, name, access }).filter(User::is_somebody) {
                Some(user) => {
                    enabled = enabled.saturating_add(u8::from(user.counts_as_enabled()));
                    empty = 0;
                    users.push(user);
                }
                None => empty = empty.saturating_add(1),
            }
        }
        Ok(UserList { summary, users, looked_at })
    }

    /// The IDs of the users that have this name: usually one, but the specification allows for
    /// more. Those whom [`users`](Self::users) finds, or else whoever is in the slots beyond.
    ///
    /// # Errors
    /// As [`users`](Self::users).
    pub async fn find_users(&self, name: &Username) -> Result<Vec<u8>, Error> {
        let UserList { summary, users, looked_at } = self.users(Channel::PRESENT, false).await?;
        let named = users.iter().filter(|user| user.name == *name).map(|user| user.id);
        let mut found: Vec<_> = named.collect();
        for id in looked_at.saturating_add(1)..=summary.slots {
            if !found.is_empty() {
                break;
            }
            if self.user_name(id).await? == *name {
                found.push(id);
            }
        }
        Ok(found)
    }

    /// All that the BMC tells of one user.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn user(&self, channel: Channel, id: u8) -> Result<UserDetails, Error> {
        let access = self.send(&GetUserAccess { channel, user_id: id }).await?;
        let name = self.user_name(id).await?;
        let payloads = told(self.user_payloads(channel, id).await)?;
        Ok(UserDetails { user: User { id, name, access }, payloads })
    }

    /// What a user is called; empty if there is no name, or no such user.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn user_name(&self, id: u8) -> Result<Username, Error> {
        self.user_name_abreast(id, 1).await
    }

    async fn user_name_abreast(&self, id: u8, abreast: u8) -> Result<Username, Error> {
        let answer = absent(self.send_abreast(0, &GetUserName { user_id: id }, abreast).await)?;
        Ok(answer.map(|answer| answer.name).unwrap_or_default())
    }

    /// Which payloads a user may activate.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn user_payloads(&self, channel: Channel, id: u8) -> Result<PayloadAccess, Error> {
        let answer = self.send(&GetUserPayloadAccess { channel, user_id: id }).await?;
        Ok(answer.payloads)
    }

    /// As which user this very session is logged in, if the BMC tells.
    ///
    /// # Errors
    /// Only if the BMC no longer answers.
    pub async fn own_user_id(&self) -> Result<Option<u8>, Error> {
        let current = GetSessionInfo { selector: SessionSelector::Current };
        let answer = told(self.send(&current).await)?.ok();
        Ok(answer.and_then(|answer| answer.session).map(|session| session.user_id))
    }

    /// What the first user may do that the BMC has something to say of, and who that is: some have
    /// no user 1.
    async fn first_access(&self, channel: Channel) -> Result<(u8, UserAccess), Error> {
        match absent(self.send(&GetUserAccess { channel, user_id: 1 }).await)? {
            Some(access) => Ok((1, access)),
            None => Ok((2, self.send(&GetUserAccess { channel, user_id: 2 }).await?)),
        }
    }
}

/// The answer; `None` if the code says that there is nothing to tell.
pub(super) fn absent<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.completion().is_some_and(means_absent) => Ok(None),
        Err(error) => Err(error),
    }
}
