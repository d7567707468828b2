//! Enable Message Channel Receive: whether a channel's messages get into the receive message queue.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Channel;

/// Enable Message Channel Receive. IPMI v2.0 §22.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnableMessageChannelReceive {
    /// Which channel.
    pub channel: Channel,
    /// Whether its messages are to be received; `None` asks whether they are.
    pub enable: Option<bool>,
}

/// The answer to [`EnableMessageChannelReceive`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageChannelReceive {
    /// Which channel.
    pub channel: Channel,
    /// Whether its messages are received.
    pub enabled: bool,
}

impl Command for EnableMessageChannelReceive {
    type Response = MessageChannelReceive;
    const ID: CommandId = CommandId::new(NetFn::App, 0x32);
    const NAME: &'static str = "Enable Message Channel Receive";
    const SECTION: &'static str = "IPMI v2.0 §22.5";
    const ACCESS: Access = Access::SystemInterfaceOnly;

    fn effect(&self) -> Effect {
        match self.enable {
            None => Effect::Read,
            Some(_) => Effect::Idempotent,
        }
    }
}

impl Encode for EnableMessageChannelReceive {
    fn encode(&self, out: &mut Vec<u8>) {
        let operation = match self.enable {
            Some(false) => 0,
            Some(true) => 1,
            None => 2,
        };
        out.extend([self.channel.number(), operation]);
    }
}

impl Decode for EnableMessageChannelReceive {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let enable = match r.u8("channel state")? & 3 {
            0 => Some(false),
            1 => Some(true),
            2 => None,
            other => {
                return Err(DecodeError::Invalid { field: "channel state", value: other.into() });
            }
        };
        Ok(Self { channel, enable })
    }
}

impl Encode for MessageChannelReceive {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.enabled.into()]);
    }
}

impl Decode for MessageChannelReceive {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        Ok(Self { channel, enabled: r.u8("channel state")? & 1 != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_asks_and_does_not_change() {
        // `tmpl_cmd_enable_message_channel_receive_rq` of FreeIPMI 1.6.10.
        for (bytes, enable) in [([1, 0], Some(false)), ([1, 1], Some(true)), ([1, 2], None)] {
            let request = EnableMessageChannelReceive::decode_exact(&bytes).unwrap();
            assert_eq!((request.enable, request.channel), (enable, Channel::new(1)));
            assert_eq!(request.to_bytes(), bytes);
            assert_eq!(request.effect() == Effect::Read, enable.is_none());
        }
        assert!(EnableMessageChannelReceive::decode_exact(&[1, 3]).is_err());
        assert!(EnableMessageChannelReceive::decode_exact(&[1]).is_err());
        let answer = MessageChannelReceive::decode_exact(&[1, 1]).unwrap();
        assert!(answer.enabled);
        assert_eq!(answer.to_bytes(), [1, 1]);
        assert!(MessageChannelReceive::decode_exact(&[1]).is_err());
    }
}
