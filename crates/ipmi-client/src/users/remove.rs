//! Taking a user away: disabled first, then without access, and last without a name, which is what
//! makes a slot an empty one.

use ipmi_wire::Channel;
use ipmi_wire::session::Username;

use super::{AccessChange, AccessOf};
use crate::bmc::Bmc;
use crate::error::Error;
use crate::written::{Told, Written, told};

/// A user that was taken away, as far as the BMC let it.
#[derive(Debug)]
pub struct RemovedUser {
    /// Whether the user is enabled.
    pub enabled: Told<Written<bool>>,
    /// What the user may do on the channel.
    pub access: Told<Written<AccessOf>>,
    /// The name.
    pub name: Told<Written<Username>>,
}

impl RemovedUser {
    /// Whether the slot is empty now.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.name.as_ref().is_ok_and(Written::is_kept)
    }

    /// Whether the user can no longer log in, name or not.
    #[must_use]
    pub fn is_shut_out(&self) -> bool {
        let disabled = |written: &Written<bool>| matches!(written.now, Ok(false));
        self.is_gone() || self.enabled.as_ref().is_ok_and(disabled)
    }
}

impl Bmc {
    /// Takes a user away. What the BMC refuses of it does not hold up the rest.
    ///
    /// # Errors
    /// Only if the BMC no longer answers.
    pub async fn remove_user(&self, channel: Channel, id: u8) -> Result<RemovedUser, Error> {
        let enabled = told(self.enable_user(id, false).await)?;
        let nothing = AccessChange {
            limit: Some(None),
            callback_only: Some(false),
            link_authentication: Some(false),
            messaging: Some(false),
            session_limit: None,
        };
        let access = told(self.set_user_access(channel, id, &nothing).await)?;
        let name = told(self.set_user_name(id, Username::default()).await)?;
        Ok(RemovedUser { enabled, access, name })
    }
}
