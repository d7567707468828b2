//! Get Message: takes a message out of the receive message queue.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect, no_request_data};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Channel;

/// Get Message. IPMI v2.0 §22.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetMessage;

/// The answer to [`GetMessage`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// The channel that it came in on.
    pub channel: Channel,
    /// The privilege that is inferred from it, 4 bits; 0 if none is.
    pub privilege: u8,
    /// The message in the channel's own format.
    pub data: Vec<u8>,
}

impl GetMessage {
    /// The queue is empty.
    pub const EMPTY: CompletionCode = CompletionCode(0x80);
}

impl Command for GetMessage {
    type Response = ReceivedMessage;
    const ID: CommandId = CommandId::new(NetFn::App, 0x33);
    const NAME: &'static str = "Get Message";
    const SECTION: &'static str = "IPMI v2.0 §22.6";
    const ACCESS: Access = Access::SystemInterfaceOnly;

    fn effect(&self) -> Effect {
        Effect::Once
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code == Self::EMPTY).then_some("the receive message queue is empty")
    }
}

no_request_data!(GetMessage);

impl Encode for ReceivedMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.channel.number() | ((self.privilege & 0x0f) << 4));
        out.extend_from_slice(&self.data);
    }
}

impl Decode for ReceivedMessage {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = r.u8("channel")?;
        let data = r.take_rest().to_vec();
        Ok(Self { channel: Channel::new(first), privilege: first >> 4, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_comes_first() {
        // By hand from §22.6.
        let message = ReceivedMessage::decode_exact(&[0x41, 0x81, 0x04]).unwrap();
        assert_eq!((message.channel.number(), message.privilege), (1, 4));
        assert_eq!((message.data.as_slice(), message.to_bytes()), (&[0x81, 4][..], vec![0x41, 0x81, 4]));
        assert!(ReceivedMessage::decode_exact(&[]).is_err());
        assert_eq!(GetMessage.effect(), Effect::Once);
        assert!(GetMessage::explain(GetMessage::EMPTY).is_some());
    }
}
