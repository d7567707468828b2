//! What of a user can be set. Everything is read first, because some BMCs refuse what is so already,
//! and read back afterwards.

use ipmi_session::Secret;
use ipmi_wire::cmd::app::{
    GetUserAccess, Password, PasswordOperation, PasswordSize, PayloadAccess, SetUserAccess,
    SetUserName, SetUserPassword, SetUserPayloadAccess, UserAccess, UserFlags,
};
use ipmi_wire::session::Username;
use ipmi_wire::{Channel, Command, CompletionCode, Privilege};

use super::User;
use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::written::{Told, Written, told};

/// What a user may do on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessOf {
    /// What name and password are good for.
    pub flags: UserFlags,
    /// The most that the user may do; `None` is no access.
    pub limit: Option<Privilege>,
}

impl From<&UserAccess> for AccessOf {
    fn from(access: &UserAccess) -> Self {
        Self { flags: access.flags, limit: access.limit }
    }
}

/// What is to be different about it; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessChange {
    /// The most that the user may do; `Some(None)` is no access.
    pub limit: Option<Option<Privilege>>,
    /// Restricted to callback.
    pub callback_only: Option<bool>,
    /// Name and password are good for link authentication.
    pub link_authentication: Option<bool>,
    /// Name and password are good for IPMI messages.
    pub messaging: Option<bool>,
    /// How many sessions at a time, 0 to 15; 0 is as many as there are. It cannot be read back.
    pub session_limit: Option<u8>,
}

impl AccessChange {
    /// What comes of it.
    #[must_use]
    pub fn applied_to(&self, access: AccessOf) -> AccessOf {
        let AccessOf { flags, limit } = access;
        AccessOf {
            flags: UserFlags {
                callback_only: self.callback_only.unwrap_or(flags.callback_only),
                link_authentication: self.link_authentication.unwrap_or(flags.link_authentication),
                messaging: self.messaging.unwrap_or(flags.messaging),
            },
            limit: self.limit.unwrap_or(limit),
        }
    }
}

/// Whether a password is the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordTest {
    /// It is.
    Right,
    /// It is not (80h).
    Wrong,
    /// The user's is stored with the other size (81h), whether it is this one or not.
    WrongSize,
}

/// A password that was set.
#[derive(Debug)]
pub struct PasswordWritten {
    /// The size that it was to be stored with.
    pub size: PasswordSize,
    /// What the BMC says of it now.
    pub now: Told<PasswordTest>,
}

impl PasswordWritten {
    /// Whether it is the user's password now. Where the BMC does not tell, it is believed to be.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.now.as_ref().map_or(true, |test| *test == PasswordTest::Right)
    }
}

impl Bmc {
    /// Gives a user a name, or takes it away. What is so already is not written: some BMCs refuse it.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_user_name(&self, id: u8, name: Username) -> Result<Written<Username>, Error> {
        let before = self.user_name(id).await?;
        if before == name {
            return Ok(Written { before: Some(before), asked: name, now: Ok(name) });
        }
        let write = async || self.send(&SetUserName { user_id: id, name }).await;
        self.write_and_read(name, Some(before), write, async || self.user_name(id).await).await
    }

    /// Changes what a user may do on a channel. All of it is written at once: there are BMCs that
    /// start with a limit which they do not take back.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_user_access(
        &self,
        channel: Channel,
        id: u8,
        change: &AccessChange,
    ) -> Result<Written<AccessOf>, Error> {
        let read = async || {
            let access = self.send(&GetUserAccess { channel, user_id: id }).await?;
            Ok(AccessOf::from(&access))
        };
        let before = read().await?;
        let asked = change.applied_to(before);
        let command = SetUserAccess {
            channel,
            flags: Some(asked.flags),
            user_id: id,
            limit: asked.limit,
            session_limit: change.session_limit,
        };
        let write = async || self.send(&command).await;
        self.write_and_read(asked, Some(before), write, read).await
    }

    /// Enables or disables a user.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn enable_user(&self, id: u8, enable: bool) -> Result<Written<bool>, Error> {
        let read = async || {
            let command = GetUserAccess { channel: Channel::PRESENT, user_id: id };
            let access = self.send(&command).await?;
            let user = User { id, name: Username::default(), access };
            user.is_enabled().ok_or_else(|| {
                let kind = "the BMC does not tell whether a user is enabled";
                self.error(GetUserAccess::NAME, ErrorKind::Inconsistent(kind))
            })
        };
        let before = told(read().await)?.ok();
        let operation = match enable {
            true => PasswordOperation::Enable,
            false => PasswordOperation::Disable,
        };
        let command = SetUserPassword { user_id: id, operation };
        let write = async || self.send(&command).await;
        self.write_and_read(enable, before, write, read).await
    }

    /// Gives a user a password, and asks whether it is that now. In the user's own session the BMC
    /// may end it instead of an answer.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`], before anything is sent, if the password is longer than the size;
    /// else as [`Bmc::send`].
    pub async fn set_user_password(
        &self,
        id: u8,
        password: &Secret,
        size: PasswordSize,
    ) -> Result<PasswordWritten, Error> {
        let new = self.password(password, size)?;
        let operation = PasswordOperation::Set(new);
        let command = SetUserPassword { user_id: id, operation };
        let write = async || self.send(&command).await;
        let read = async || self.test_user_password(id, password, size).await;
        let written = self.write_and_read(PasswordTest::Right, None, write, read).await?;
        Ok(PasswordWritten { size, now: written.now })
    }

    /// Whether a password is the user's, and stored with this size.
    ///
    /// # Errors
    /// As for [`set_user_password`](Self::set_user_password).
    pub async fn test_user_password(
        &self,
        id: u8,
        password: &Secret,
        size: PasswordSize,
    ) -> Result<PasswordTest, Error> {
        let operation = PasswordOperation::Test(self.password(password, size)?);
        match self.send(&SetUserPassword { user_id: id, operation }).await {
            Ok(()) => Ok(PasswordTest::Right),
            Err(error) => match error.completion() {
                Some(CompletionCode(0x80)) => Ok(PasswordTest::Wrong),
                Some(CompletionCode(0x81)) => Ok(PasswordTest::WrongSize),
                _ => Err(error),
            },
        }
    }

    /// Lets a user activate payloads, or no longer; what neither names stays as it is.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_user_payloads(
        &self,
        channel: Channel,
        id: u8,
        allow: PayloadAccess,
        forbid: PayloadAccess,
    ) -> Result<Written<PayloadAccess>, Error> {
        let read = async || self.user_payloads(channel, id).await;
        let before = read().await?;
        let asked = before.with(allow).without(forbid);
        let write = async || {
            for (enable, payloads) in [(true, allow), (false, forbid)] {
                if payloads != PayloadAccess::default() {
                    let command = SetUserPayloadAccess { channel, user_id: id, enable, payloads };
                    self.send(&command).await?;
                }
            }
            Ok(())
        };
        self.write_and_read(asked, Some(before), write, read).await
    }

    fn password(&self, password: &Secret, size: PasswordSize) -> Result<Password, Error> {
        let bytes = password.padded().get(..password.len()).unwrap_or_default();
        Password::new(size, bytes).ok_or_else(|| {
            let why = format!(
                "the password has {} bytes, more than the {} that it was to be stored with: nothing \
                 is ever cut",
                password.len(),
                size.bytes()
            );
            self.not_possible(SetUserPassword::NAME, why)
        })
    }
}
