//! How Serial over LAN is set. IPMI v2.0 §26.2, §26.3.
//!
//! Most parameters are two or three settings in one, and the rest of what is written is what was read.
//! Each parameter is written as one transaction: claimed, written, committed, completed, and read back.

use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{
    BitRate, GetSolConfigurationParameters, SetSolConfigurationParameters, SolAuthentication,
    SolParameter,
};
use ipmi_wire::{Channel, Command, CompletionCode};

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::written::{Told, Written, told};

/// All parameters of Serial over LAN on a channel. What a BMC does not have, it says itself.
#[derive(Debug)]
pub struct SolSettings {
    /// Whether somebody is setting others.
    pub progress: Told<SetInProgress>,
    /// Whether there is Serial over LAN.
    pub enabled: Told<bool>,
    /// What it takes.
    pub authentication: Told<SolAuthentication>,
    /// When characters are sent.
    pub accumulate: Told<SolAccumulate>,
    /// What happens to a packet that is not acknowledged.
    pub retry: Told<SolRetry>,
    /// Bit rate after a start of the BMC.
    pub non_volatile_rate: Told<BitRate>,
    /// Bit rate now.
    pub volatile_rate: Told<BitRate>,
    /// The channel that its payload goes over.
    pub payload_channel: Told<Channel>,
    /// The UDP port that its payload goes to.
    pub payload_port: Told<u16>,
}

/// When characters are sent: parameter 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolAccumulate {
    /// Time that characters are gathered for, in units of 5 ms.
    pub interval: u8,
    /// As soon as there are so many they are sent.
    pub threshold: u8,
}

/// What happens to a packet that is not acknowledged: parameter 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolRetry {
    /// How often it is sent again, at most 7 times.
    pub count: u8,
    /// Time between, in units of 10 ms.
    pub interval: u8,
}

/// A change of settings: what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the settings above")]
pub struct SolChange {
    pub enabled: Option<bool>,
    pub force_encryption: Option<bool>,
    pub force_authentication: Option<bool>,
    pub privilege: Option<u8>,
    pub accumulate_interval: Option<u8>,
    pub send_threshold: Option<u8>,
    pub retry_count: Option<u8>,
    pub retry_interval: Option<u8>,
    pub non_volatile_rate: Option<BitRate>,
    pub volatile_rate: Option<BitRate>,
}

/// A parameter that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolPlanned {
    /// What there is, if the BMC told.
    pub before: Option<SolParameter>,
    /// What there shall be.
    pub asked: SolParameter,
}

/// §26.2: somebody else has setting under way.
const CLAIMED: CompletionCode = CompletionCode(0x81);

impl SolChange {
    /// The parameters that have to be written for it, where they are this now.
    ///
    /// # Errors
    /// The BMC's, where one half of a parameter shall change and it does not tell the other.
    pub fn plan(&self, now: SolSettings) -> Result<Vec<SolPlanned>, Error> {
        let mut all = Vec::new();
        let mut push = |before, asked| all.push(SolPlanned { before, asked });
        if let Some(enabled) = self.enabled {
            push(now.enabled.ok().map(SolParameter::Enable), SolParameter::Enable(enabled));
        }
        if self.force_encryption.is_some()
            || self.force_authentication.is_some()
            || self.privilege.is_some()
        {
            let before = now.authentication?;
            let asked = SolAuthentication {
                force_encryption: self.force_encryption.unwrap_or(before.force_encryption),
                force_authentication: self
                    .force_authentication
                    .unwrap_or(before.force_authentication),
                privilege: self.privilege.unwrap_or(before.privilege),
            };
            let of = SolParameter::Authentication;
            push(Some(of(before)), of(asked));
        }
        if self.accumulate_interval.is_some() || self.send_threshold.is_some() {
            let SolAccumulate { interval, threshold } = now.accumulate?;
            let before = SolParameter::Accumulate { interval, threshold };
            let interval = self.accumulate_interval.unwrap_or(interval);
            let threshold = self.send_threshold.unwrap_or(threshold);
            push(Some(before), SolParameter::Accumulate { interval, threshold });
        }
        if self.retry_count.is_some() || self.retry_interval.is_some() {
            let SolRetry { count, interval } = now.retry?;
            let before = SolParameter::Retry { count, interval };
            let count = self.retry_count.unwrap_or(count);
            let interval = self.retry_interval.unwrap_or(interval);
            push(Some(before), SolParameter::Retry { count, interval });
        }
        if let Some(rate) = self.non_volatile_rate {
            let of = SolParameter::NonVolatileBitRate;
            push(now.non_volatile_rate.ok().map(of), of(rate));
        }
        if let Some(rate) = self.volatile_rate {
            let of = SolParameter::VolatileBitRate;
            push(now.volatile_rate.ok().map(of), of(rate));
        }
        Ok(all)
    }
}

impl Bmc {
    /// All parameters of Serial over LAN on a channel.
    ///
    /// # Errors
    /// As [`send`](Self::send), for what is no answer; and where nothing is told.
    pub async fn sol_settings(&self, channel: Channel) -> Result<SolSettings, Error> {
        let settings = SolSettings {
            progress: told(self.sol_parameter(channel, 0, progress).await)?,
            enabled: told(self.sol_parameter(channel, 1, enabled).await)?,
            authentication: told(self.sol_parameter(channel, 2, authentication).await)?,
            accumulate: told(self.sol_parameter(channel, 3, accumulate).await)?,
            retry: told(self.sol_parameter(channel, 4, retry).await)?,
            non_volatile_rate: told(self.sol_parameter(channel, 5, rate).await)?,
            volatile_rate: told(self.sol_parameter(channel, 6, rate).await)?,
            payload_channel: told(self.sol_parameter(channel, 7, payload_channel).await)?,
            payload_port: told(self.sol_parameter(channel, 8, payload_port).await)?,
        };
        match settings {
            // There is no Serial over LAN there at all.
            SolSettings { progress: Err(why), enabled: Err(_), authentication: Err(_), .. } => {
                Err(why)
            }
            settings => Ok(settings),
        }
    }

    /// Writes a parameter of Serial over LAN, and reads it back.
    ///
    /// # Errors
    /// As [`send`](Self::send): 81h if somebody else has setting under way.
    pub async fn set_sol_parameter(
        &self,
        channel: Channel,
        planned: SolPlanned,
    ) -> Result<Written<SolParameter>, Error> {
        let SolPlanned { before, asked } = planned;
        let set = async |parameter| {
            self.send(&SetSolConfigurationParameters { channel, parameter }).await
        };
        let progress = async |state| set(SolParameter::SetInProgress(state)).await;
        let parameter = asked.clone();
        let write = async || {
            match progress(SetInProgress::InProgress).await {
                Err(error) if error.completion() == Some(CLAIMED) || !error.is_answer() => {
                    return Err(error);
                }
                // Some BMCs have no such parameter.
                _ => {}
            }
            let written = set(parameter.clone()).await;
            // Not every BMC can do the former.
            let _ = told(progress(SetInProgress::CommitWrite).await)?;
            let _ = told(progress(SetInProgress::Complete).await)?;
            written
        };
        let read = async || self.sol_parameter(channel, asked.selector(), Some).await;
        self.write_and_read(asked.clone(), before, write, read).await
    }

    async fn sol_parameter<T>(
        &self,
        channel: Channel,
        selector: u8,
        pick: impl FnOnce(SolParameter) -> Option<T>,
    ) -> Result<T, Error> {
        let answer = self.send(&GetSolConfigurationParameters::of(channel, selector)).await?;
        answer.parameter.and_then(pick).ok_or_else(|| {
            let why = "it answers for another number than it was asked for";
            self.error(GetSolConfigurationParameters::NAME, ErrorKind::Inconsistent(why))
        })
    }
}

fn progress(parameter: SolParameter) -> Option<SetInProgress> {
    match parameter {
        SolParameter::SetInProgress(progress) => Some(progress),
        _ => None,
    }
}

fn enabled(parameter: SolParameter) -> Option<bool> {
    match parameter {
        SolParameter::Enable(enabled) => Some(enabled),
        _ => None,
    }
}

fn authentication(parameter: SolParameter) -> Option<SolAuthentication> {
    match parameter {
        SolParameter::Authentication(authentication) => Some(authentication),
        _ => None,
    }
}

fn accumulate(parameter: SolParameter) -> Option<SolAccumulate> {
    match parameter {
        SolParameter::Accumulate { interval, threshold } => {
            Some(SolAccumulate { interval, threshold })
        }
        _ => None,
    }
}

fn retry(parameter: SolParameter) -> Option<SolRetry> {
    match parameter {
        SolParameter::Retry { count, interval } => Some(SolRetry { count, interval }),
        _ => None,
    }
}

fn rate(parameter: SolParameter) -> Option<BitRate> {
    match parameter {
        SolParameter::NonVolatileBitRate(rate) | SolParameter::VolatileBitRate(rate) => Some(rate),
        _ => None,
    }
}

fn payload_channel(parameter: SolParameter) -> Option<Channel> {
    match parameter {
        SolParameter::PayloadChannel(channel) => Some(channel),
        _ => None,
    }
}

fn payload_port(parameter: SolParameter) -> Option<u16> {
    match parameter {
        SolParameter::PayloadPort(port) => Some(port),
        _ => None,
    }
}
