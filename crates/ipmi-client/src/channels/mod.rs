//! Channels: what they are made of, whom they let in, which suites and payloads they carry.

mod keys;
#[cfg(test)]
mod tests;

pub use keys::{KeyState, KeyWritten};

use ipmi_wire::cmd::app::{
    AccessCopy, AccessFlags, AccessMode, ChannelAccess, ChannelAuthenticationCapabilities,
    ChannelCipherSuites, ChannelInfo, ChannelPayloadVersion, CipherSuiteRecord, GetChannelAccess,
    GetChannelAuthenticationCapabilities, GetChannelCipherSuites, GetChannelInfo,
    GetChannelPayloadSupport, GetChannelPayloadVersion, SetChannelAccess,
};
use ipmi_wire::{Channel, Command, Privilege};

use crate::bmc::{Bmc, means_absent};
use crate::error::{Error, ErrorKind};
use crate::written::{Told, Written, told};

/// A channel and both copies of what it lets in.
#[derive(Debug)]
pub struct ChannelDetails {
    /// What it is.
    pub info: ChannelInfo,
    /// What is in force.
    pub volatile: Told<ChannelAccess>,
    /// What the controller starts with.
    pub non_volatile: Told<ChannelAccess>,
}

impl ChannelDetails {
    /// One of the copies.
    pub const fn copy(&self, copy: AccessCopy) -> &Told<ChannelAccess> {
        match copy {
            AccessCopy::Volatile => &self.volatile,
            AccessCopy::NonVolatile => &self.non_volatile,
        }
    }
}

/// What is to be different about what a channel lets in; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelChange {
    /// When there is access.
    pub mode: Option<AccessMode>,
    /// The most that anybody may do.
    pub limit: Option<Privilege>,
    /// Whether each packet of an IPMI 1.5 session is authenticated.
    pub per_message_auth: Option<bool>,
    /// Whether what takes no more than User level is.
    pub user_level_auth: Option<bool>,
    /// Whether alerts are sent.
    pub alerting: Option<bool>,
}

impl ChannelChange {
    /// What comes of it.
    #[must_use]
    pub fn applied_to(&self, access: ChannelAccess) -> ChannelAccess {
        let ChannelAccess { flags, limit } = access;
        ChannelAccess {
            flags: AccessFlags {
                alerting_disabled: self.alerting.map_or(flags.alerting_disabled, |on| !on),
                per_message_auth_disabled: self
                    .per_message_auth
                    .map_or(flags.per_message_auth_disabled, |on| !on),
                user_level_auth_disabled: self
                    .user_level_auth
                    .map_or(flags.user_level_auth_disabled, |on| !on),
                mode: self.mode.unwrap_or(flags.mode),
            },
            limit: self.limit.or(limit),
        }
    }

    const fn has_flags(&self) -> bool {
        self.mode.is_some()
            || self.per_message_auth.is_some()
            || self.user_level_auth.is_some()
            || self.alerting.is_some()
    }
}

/// A kind of payload that a channel carries.
#[derive(Debug)]
pub struct ChannelPayload {
    /// Its number, 0 to 2Fh.
    pub number: u8,
    /// The version of its format.
    pub version: Told<ChannelPayloadVersion>,
}

/// Numbers that a channel can have: 12 and 13 are reserved, 14 is "the present one"
/// (IPMI v2.0 §6.3).
const NUMBERS: [u8; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15];

/// The list has 6 bits for which piece.
const PIECES: u8 = 64;

impl Bmc {
    /// The channels that there are, by number: each number there can be is asked for once.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn channels(&self) -> Result<Vec<ChannelInfo>, Error> {
        // Whoever cannot tell of the channel that this very question came in on serves none of them.
        let present = self.channel_info(Channel::PRESENT).await?;
        let mut channels = Vec::new();
        for number in NUMBERS {
            let channel = Channel::new(number);
            if channel == present.channel {
                channels.push(present);
                continue;
            }
            match self.channel_info(channel).await {
                // Some answer for another one than was asked for.
                Ok(info) if info.channel == channel => channels.push(info),
                Ok(_) => {}
                Err(error) if error.is_answer() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(channels)
    }

    /// What a channel is.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn channel_info(&self, channel: Channel) -> Result<ChannelInfo, Error> {
        self.send(&GetChannelInfo { channel }).await
    }

    /// What a channel is, and whom it lets in.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn channel(&self, channel: Channel) -> Result<ChannelDetails, Error> {
        let info = self.channel_info(channel).await?;
        Ok(ChannelDetails {
            info,
            volatile: told(self.channel_access(channel, AccessCopy::Volatile).await)?,
            non_volatile: told(self.channel_access(channel, AccessCopy::NonVolatile).await)?,
        })
    }

    /// Whom a channel lets in.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn channel_access(
        &self,
        channel: Channel,
        copy: AccessCopy,
    ) -> Result<ChannelAccess, Error> {
        self.send(&GetChannelAccess { channel, copy }).await
    }

    /// Changes whom a channel lets in: in one copy of its settings, or in both. The one in force
    /// comes last, because it may end this very session; then what became of it cannot be read back,
    /// which is no error.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_channel_access(
        &self,
        channel: Channel,
        copies: &[AccessCopy],
        change: &ChannelChange,
    ) -> Result<Vec<(AccessCopy, Written<ChannelAccess>)>, Error> {
        let mut all = Vec::new();
        for copy in [AccessCopy::NonVolatile, AccessCopy::Volatile] {
            if !copies.contains(&copy) {
                continue;
            }
            let before = self.channel_access(channel, copy).await?;
            let asked = change.applied_to(before);
            let command = SetChannelAccess {
                channel,
                access: change.has_flags().then_some((copy, asked.flags)),
                limit: change.limit.map(|limit| (copy, limit)),
            };
            let write = async || self.send(&command).await;
            let read = async || self.channel_access(channel, copy).await;
            all.push((copy, self.write_and_read(asked, Some(before), write, read).await?));
        }
        Ok(all)
    }

    /// How a session may be opened for a privilege on a channel.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn channel_authentication(
        &self,
        channel: Channel,
        privilege: Privilege,
    ) -> Result<ChannelAuthenticationCapabilities, Error> {
        let ask = |ipmi20| GetChannelAuthenticationCapabilities { channel, ipmi20, privilege };
        match self.send(&ask(true)).await {
            // Controllers of IPMI 1.5 know the bit as reserved.
            Err(error) if error.completion().is_some_and(means_absent) => {
                self.send(&ask(false)).await
            }
            outcome => outcome,
        }
    }

    /// The cipher suites of a channel for a type of payload, in the BMC's order.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn cipher_suites(
        &self,
        channel: Channel,
        payload_type: u8,
    ) -> Result<Vec<CipherSuiteRecord>, Error> {
        let mut list = Vec::new();
        for index in 0..PIECES {
            let command = GetChannelCipherSuites { channel, payload_type, by_suite: true, index };
            let piece = match self.send(&command).await {
                // The list ended with a whole piece, and this BMC has no empty one.
                Err(error) if index > 0 && error.completion().is_some() => break,
                outcome => outcome?.data,
            };
            list.extend_from_slice(&piece);
            if piece.len() < ChannelCipherSuites::PIECE {
                return Ok(CipherSuiteRecord::parse_list(&list));
            }
        }
        if list.len() >= usize::from(PIECES).saturating_mul(ChannelCipherSuites::PIECE) {
            let kind = ErrorKind::Inconsistent("the list of cipher suites never ends");
            return Err(self.error(GetChannelCipherSuites::NAME, kind));
        }
        Ok(CipherSuiteRecord::parse_list(&list))
    }

    /// The payloads that a channel carries, each with the version of its format.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn channel_payloads(&self, channel: Channel) -> Result<Vec<ChannelPayload>, Error> {
        let support = self.send(&GetChannelPayloadSupport { channel }).await?;
        let mut payloads = Vec::new();
        for (base, bits) in
            [(0x00, support.standard), (0x10, support.session_setup), (0x20, support.oem)]
        {
            for bit in (0..16_u8).filter(|bit| bits >> bit & 1 == 1) {
                let number = base | bit;
                let command = GetChannelPayloadVersion { channel, payload_type: number };
                let version = told(self.send(&command).await)?;
                payloads.push(ChannelPayload { number, version });
            }
        }
        Ok(payloads)
    }
}
