//! The keys of a channel's RMCP+ sessions: `K_G`, which consoles need beside the password, and `K_R`.
//!
//! The command that sets a key reads it, too. What is read is compared and forgotten.

use ipmi_session::Secret;
use ipmi_wire::Channel;
use ipmi_wire::cmd::app::{
    ChannelSecurityKeys, KeyBytes, KeyLock, KeyOperation, SecurityKey, SetChannelSecurityKeys,
};

use crate::bmc::Bmc;
use crate::error::Error;

/// What a BMC tells of a key, but for the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// Whether it can be read and set, if the BMC tells.
    pub lock: Option<KeyLock>,
    /// Whether it is set: all zeros are none. `None` if the BMC does not tell.
    pub is_set: Option<bool>,
}

impl From<&ChannelSecurityKeys> for KeyState {
    fn from(answer: &ChannelSecurityKeys) -> Self {
        let KeyBytes(key) = &answer.key;
        let is_set = (!key.is_empty()).then(|| key.iter().any(|byte| *byte != 0));
        Self { lock: answer.lock, is_set }
    }
}

/// A key that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyWritten {
    /// Whether the BMC has this key now; `None` if it does not tell.
    pub kept: Option<bool>,
    /// What it tells.
    pub state: KeyState,
}

impl Bmc {
    /// What the BMC tells of a key.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn channel_key(&self, channel: Channel, key: SecurityKey) -> Result<KeyState, Error> {
        Ok(KeyState::from(&self.read_key(channel, key).await?))
    }

    /// Sets a key; one of zeros is none. Sessions that are open go on. It is filled up with zeros to
    /// 20 bytes, as consoles do.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_channel_key(
        &self,
        channel: Channel,
        key: SecurityKey,
        value: &Secret,
    ) -> Result<KeyWritten, Error> {
        let operation = KeyOperation::Set(KeyBytes(value.padded().to_vec()));
        self.send(&SetChannelSecurityKeys { channel, key, operation }).await?;
        let told = match self.read_key(channel, key).await {
            Ok(told) => told,
            // Some let it be set and not read.
            Err(error) if error.is_answer() => {
                return Ok(KeyWritten { kept: None, state: KeyState { lock: None, is_set: None } });
            }
            Err(error) => return Err(error),
        };
        let KeyBytes(bytes) = &told.key;
        let kept = (!bytes.is_empty()).then(|| bytes.as_slice() == value.padded());
        Ok(KeyWritten { kept, state: KeyState::from(&told) })
    }

    /// Lets nobody read or set a key any more. What undoes that is for the BMC's maker to say.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn lock_channel_key(
        &self,
        channel: Channel,
        key: SecurityKey,
    ) -> Result<KeyState, Error> {
        let operation = KeyOperation::Lock;
        let answer = self.send(&SetChannelSecurityKeys { channel, key, operation }).await?;
        match self.channel_key(channel, key).await {
            // "The key is locked" is what was wanted.
            Err(error) if error.completion().is_some_and(|code| code.0 == 0x80) => {
                Ok(KeyState { lock: Some(KeyLock::Locked), is_set: None })
            }
            Err(error) if error.is_answer() => Ok(KeyState::from(&answer)),
            outcome => outcome,
        }
    }

    async fn read_key(
        &self,
        channel: Channel,
        key: SecurityKey,
    ) -> Result<ChannelSecurityKeys, Error> {
        let operation = KeyOperation::Read;
        self.send(&SetChannelSecurityKeys { channel, key, operation }).await
    }
}
