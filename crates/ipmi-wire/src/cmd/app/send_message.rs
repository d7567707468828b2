//! Send Message: passes a message on to another channel.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Send Message. IPMI v2.0 §22.7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendMessage {
    /// The channel that it is to go out on.
    pub channel: Channel,
    /// It is to be authenticated.
    pub authenticated: bool,
    /// It is to be encrypted.
    pub encrypted: bool,
    /// Who keeps track of the answer, 2 bits: 0 nobody, 1 the controller, 2 it is sent raw.
    pub tracking: u8,
    /// The message in the channel's own format.
    pub data: Vec<u8>,
}

/// The answer to [`SendMessage`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentMessage {
    /// What came back at once; mostly nothing.
    pub data: Vec<u8>,
}

impl SendMessage {
    /// The session that the message names does not exist.
    pub const INVALID_SESSION: CompletionCode = CompletionCode(0x80);
    /// Nobody on the bus has acknowledged it.
    pub const NAK_ON_WRITE: CompletionCode = CompletionCode(0x83);
}

impl Command for SendMessage {
    type Response = SentMessage;
    const ID: CommandId = CommandId::new(NetFn::App, 0x34);
    const NAME: &'static str = "Send Message";
    const SECTION: &'static str = "IPMI v2.0 §22.7";
    const ACCESS: Access = Access::Session(Privilege::User);

    /// What is inside may do anything.
    fn effect(&self) -> Effect {
        Effect::Once
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code {
            Self::INVALID_SESSION => "there is no such session",
            CompletionCode(0x81) => "lost arbitration of the bus",
            CompletionCode(0x82) => "bus error",
            Self::NAK_ON_WRITE => "nobody there: the message was not acknowledged",
            _ => return None,
        })
    }
}

impl Encode for SendMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(
            self.channel.number()
                | (u8::from(self.authenticated) << 4)
                | (u8::from(self.encrypted) << 5)
                | ((self.tracking & 3) << 6),
        );
        out.extend_from_slice(&self.data);
    }
}

impl Decode for SendMessage {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = r.u8("channel")?;
        Ok(Self {
            channel: Channel::new(first),
            authenticated: first & 0x10 != 0,
            encrypted: first & 0x20 != 0,
            tracking: first >> 6,
            data: r.take_rest().to_vec(),
        })
    }
}

impl Encode for SentMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.data);
    }
}

impl Decode for SentMessage {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { data: r.take_rest().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridged_request_is_understood() {
        // `ipmitool -t 0x2c mc info`: Get Device ID for 2Ch on channel 0, tracked
        // (lib/../plugins/lan/lan.c of 1.8.19).
        let bytes = [0x40, 0x2c, 0x18, 0xbc, 0x20, 0x08, 0x01, 0xd7];
        let request = SendMessage::decode_exact(&bytes).unwrap();
        assert_eq!((request.channel, request.tracking), (Channel::PRIMARY_IPMB, 1));
        assert!(!request.authenticated && !request.encrypted);
        assert_eq!((request.data.as_slice(), request.to_bytes()), (&bytes[1..], bytes.to_vec()));
        assert_eq!(request.effect(), Effect::Once);
        let wrapped = SendMessage::decode_exact(&[0xb1]).unwrap();
        assert!(wrapped.authenticated && wrapped.encrypted && wrapped.tracking == 2);
        assert!(SendMessage::decode_exact(&[]).is_err());
        assert!(SendMessage::explain(SendMessage::NAK_ON_WRITE).is_some());
    }
}
