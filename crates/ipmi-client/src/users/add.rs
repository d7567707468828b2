//! Making a user: name, password, access, and only then enabled. That is the order in which every BMC
//! takes it (`research/freeipmi.md` §4.8), and nobody gets in before all of it is true.

use ipmi_session::Secret;
use ipmi_wire::Channel;
use ipmi_wire::cmd::app::{GetUserAccess, PasswordSize, PayloadAccess};
use ipmi_wire::session::Username;

use super::{AccessChange, AccessOf, PasswordWritten, User, UserList, absent};
use crate::bmc::Bmc;
use crate::error::Error;
use crate::written::{Told, Written, told};

/// A user to be made.
#[derive(Debug)]
pub struct NewUser {
    /// The name; not empty.
    pub name: Username,
    /// The password.
    pub password: Secret,
    /// The size to store it with.
    pub size: PasswordSize,
    /// Where the access is for.
    pub channel: Channel,
    /// The access.
    pub access: AccessChange,
    /// Whether the user may activate Serial over LAN; `None` leaves that to the BMC.
    pub sol: Option<bool>,
    /// The slot, if it is to be a certain one.
    pub id: Option<u8>,
    /// Whether to enable the user in the end.
    pub enable: bool,
}

/// A user that was made.
#[derive(Debug)]
pub struct AddedUser {
    /// The slot.
    pub id: u8,
    /// The password.
    pub password: PasswordWritten,
    /// What the user may do.
    pub access: Written<AccessOf>,
    /// Whether the user may activate Serial over LAN, if that was asked for.
    pub payloads: Option<Told<Written<PayloadAccess>>>,
    /// Whether the user is enabled, if that was asked for.
    pub enabled: Option<Written<bool>>,
}

/// A step of making a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddStep {
    /// The name.
    Name,
    /// The password.
    Password,
    /// What the user may do.
    Access,
    /// Enabling the user.
    Enable,
}

/// Why a user was not made.
#[derive(Debug, thiserror::Error)]
pub enum AddUserError {
    /// Nothing was written yet.
    #[error(transparent)]
    Bmc(#[from] Error),
    /// There is a user of that name.
    #[error("user {0} has that name already")]
    NameTaken(u8),
    /// There is somebody in the slot.
    #[error("user ID {0} is taken")]
    SlotTaken(u8),
    /// There is somebody in every slot.
    #[error("all {0} user IDs are taken")]
    Full(u8),
    /// Something was written, and the user is not enabled.
    #[error("user {id}: {why}")]
    Unfinished {
        /// The slot.
        id: u8,
        /// How far it came.
        step: AddStep,
        /// What went wrong.
        why: Why,
    },
}

/// Why a step of making a user failed.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// The BMC refused it, or does not answer any more.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The BMC took it and has something else.
    #[error("the BMC said yes and did not keep it")]
    NotKept,
}

impl Bmc {
    /// Makes a user in the first free slot. Every slot is looked at, for a name that is there
    /// twice is one that only one of them can log in with.
    ///
    /// # Errors
    /// [`AddUserError::Unfinished`] if not all of it was taken: the user is there then, and not
    /// enabled.
    pub async fn add_user(&self, new: &NewUser) -> Result<AddedUser, AddUserError> {
        let channel = new.channel;
        let id = self.slot_for(new).await?;
        let unfinished = |step| move |why: Why| AddUserError::Unfinished { id, step, why };
        let failed = |step| move |error: Error| unfinished(step)(Why::Failed(error));
        let kept = |step, kept| if kept { Ok(()) } else { Err(unfinished(step)(Why::NotKept)) };

        let name = self.set_user_name(id, new.name).await.map_err(failed(AddStep::Name))?;
        kept(AddStep::Name, name.is_kept())?;
        let password = self.set_user_password(id, &new.password, new.size).await;
        let password = password.map_err(failed(AddStep::Password))?;
        kept(AddStep::Password, password.is_kept())?;
        let access = self.set_user_access(channel, id, &new.access).await;
        let access = access.map_err(failed(AddStep::Access))?;
        kept(AddStep::Access, access.is_kept())?;
        let payloads = match new.sol {
            Some(allow) => {
                let (allow, forbid) = match allow {
                    true => (PayloadAccess::SOL, PayloadAccess::default()),
                    false => (PayloadAccess::default(), PayloadAccess::SOL),
                };
                let set = told(self.set_user_payloads(channel, id, allow, forbid).await);
                Some(set.map_err(failed(AddStep::Access))?)
            }
            None => None,
        };
        let enabled = match new.enable {
            true => {
                let enabled = self.enable_user(id, true).await;
                let enabled = enabled.map_err(failed(AddStep::Enable))?;
                kept(AddStep::Enable, enabled.is_kept())?;
                Some(enabled)
            }
            false => None,
        };
        Ok(AddedUser { id, password, access, payloads, enabled })
    }

    /// A slot that nobody is in, and whose name may be chosen.
    async fn slot_for(&self, new: &NewUser) -> Result<u8, AddUserError> {
        let UserList { summary, users, looked_at } = self.users(new.channel, false).await?;
        let mut taken: Vec<_> = users.iter().map(|user| (user.id, user.name)).collect();
        for id in looked_at.saturating_add(1)..=summary.slots {
            let name = self.user_name(id).await?;
            if !name.is_empty() {
                taken.push((id, name));
            }
        }
        if let Some((id, _)) = taken.iter().find(|(_, name)| *name == new.name) {
            return Err(AddUserError::NameTaken(*id));
        }
        let is_free = |id: &u8| !taken.iter().any(|(other, _)| other == id);
        // User 1 never has a name (IPMI v2.0 §22.28).
        let first = summary.fixed_names.max(1).saturating_add(1);
        let id = match new.id {
            Some(id) if !is_free(&id) => return Err(AddUserError::SlotTaken(id)),
            Some(id) => id,
            None => {
                (first..=summary.slots).find(is_free).ok_or(AddUserError::Full(summary.slots))?
            }
        };
        // An empty slot can be enabled all the same, and then whoever is in it gets in at the first
        // step instead of the last.
        let command = GetUserAccess { channel: new.channel, user_id: id };
        if let Some(access) = absent(self.send(&command).await)? {
            let user = User { id, name: Username::default(), access };
            if user.is_enabled() == Some(true) {
                self.enable_user(id, false).await?;
            }
        }
        Ok(id)
    }
}
