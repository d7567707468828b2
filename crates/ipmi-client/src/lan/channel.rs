//! Which channel is meant.

use ipmi_wire::cmd::app::{ChannelInfo, ChannelMedium, GetChannelInfo};
use ipmi_wire::{Channel, Command, CompletionCode};

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};

/// A LAN channel of a BMC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanChannel {
    /// Its number.
    pub channel: Channel,
    /// Whether the session is on it; `None` if nobody asked.
    pub own: Option<bool>,
}

/// Channels that can be anything. IPMI v2.0 §6.3, Table 6-1.
const ASSIGNABLE: core::ops::RangeInclusive<u8> = 1..=11;

impl Bmc {
    /// The channel `wanted`; the session's own for [`Channel::PRESENT`]. Without, it is the session's
    /// own if that is a LAN, else the first LAN. A number costs no exchange.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`] if there is no LAN channel; else as [`Bmc::send`].
    pub async fn lan_channel(&self, wanted: Option<Channel>) -> Result<LanChannel, Error> {
        if let Some(channel) = wanted.filter(|channel| *channel != Channel::PRESENT) {
            return Ok(LanChannel { channel, own: None });
        }
        match self.channel_or_code(Channel::PRESENT).await? {
            Ok(info) if is_lan(&info) => {
                return Ok(LanChannel { channel: info.channel, own: Some(true) });
            }
            Ok(info) if wanted.is_some() => {
                let (channel, medium) = (info.channel, info.medium);
                return Err(self.no_lan(format!(
                    "channel {channel}, which this session is on, is no LAN channel ({medium})"
                )));
            }
            // Channel 1 is the first LAN of nearly all BMCs, and what ipmitool takes.
            Err(CompletionCode::INVALID_COMMAND) => {
                return Ok(LanChannel { channel: Channel::new(1), own: None });
            }
            _ => {}
        }
        for number in ASSIGNABLE {
            let channel = Channel::new(number);
            if self.channel_or_code(channel).await?.is_ok_and(|info| is_lan(&info)) {
                return Ok(LanChannel { channel, own: None });
            }
        }
        Err(self.no_lan("none of its channels is a LAN".to_owned()))
    }

    /// Whether the session is on this channel; what cannot be found out may be.
    pub(super) async fn is_own(&self, channel: LanChannel) -> Result<bool, Error> {
        if self.route().is_some() || self.is_local() {
            // A channel of another controller's: this session is the BMC's. Or none: nothing that
            // is done to a network matters to the machine's own interface.
            return Ok(false);
        }
        if let Some(own) = channel.own {
            return Ok(own);
        }
        let own = self.channel_or_code(Channel::PRESENT).await?;
        Ok(own.map_or(true, |info| info.channel == channel.channel))
    }

    /// An error, unless `channel` is a LAN, for all that the BMC tells.
    pub(super) async fn check_lan(&self, channel: Channel) -> Result<(), Error> {
        let why = match self.channel_or_code(channel).await? {
            Ok(info) if !is_lan(&info) => {
                format!("channel {channel} is no LAN channel ({})", info.medium)
            }
            Err(code) if code != CompletionCode::INVALID_COMMAND => {
                format!("there is no channel {channel}: {code}")
            }
            _ => return Ok(()),
        };
        Err(self.no_lan(why))
    }

    /// What a channel is, or the BMC's refusal to tell.
    async fn channel_or_code(
        &self,
        channel: Channel,
    ) -> Result<Result<ChannelInfo, CompletionCode>, Error> {
        match self.send(&GetChannelInfo { channel }).await {
            Ok(info) => Ok(Ok(info)),
            Err(error) => match *error.kind {
                ErrorKind::Refused { completion, .. } => Ok(Err(completion)),
                ErrorKind::Malformed { .. } => Ok(Err(CompletionCode::INVALID_COMMAND)),
                _ => Err(error),
            },
        }
    }

    fn no_lan(&self, why: String) -> Error {
        self.error(GetChannelInfo::NAME, ErrorKind::NotPossible(why))
    }
}

fn is_lan(info: &ChannelInfo) -> bool {
    /// Another LAN than 802.3. IPMI v2.0 §6.5, Table 6-3.
    const OTHER_LAN: ChannelMedium = ChannelMedium(0x06);
    matches!(info.medium, ChannelMedium::LAN | OTHER_LAN)
}
