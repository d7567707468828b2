//! Read Event Message Buffer: takes the event out that waits for software.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect, no_request_data};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};

/// Read Event Message Buffer. IPMI v2.0 §22.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadEventMessageBuffer;

/// The answer to [`ReadEventMessageBuffer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventMessage {
    /// The event in the form of a record of the log. Its record ID says nothing.
    pub record: [u8; 16],
}

impl ReadEventMessageBuffer {
    /// The buffer is empty.
    pub const EMPTY: CompletionCode = CompletionCode(0x80);
}

impl Command for ReadEventMessageBuffer {
    type Response = EventMessage;
    const ID: CommandId = CommandId::new(NetFn::App, 0x35);
    const NAME: &'static str = "Read Event Message Buffer";
    const SECTION: &'static str = "IPMI v2.0 §22.8";
    const ACCESS: Access = Access::SystemInterfaceOnly;

    fn effect(&self) -> Effect {
        Effect::Once
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code == Self::EMPTY).then_some("the event message buffer is empty")
    }
}

no_request_data!(ReadEventMessageBuffer);

impl Encode for EventMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.record);
    }
}

impl Decode for EventMessage {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { record: r.array("event message")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_sixteen_bytes() {
        // A lid that was opened, by hand from §32.1.
        let bytes = [0xff, 0xff, 2, 9, 0, 0, 0, 0x20, 0, 4, 5, 0x40, 0x6f, 0, 0xff, 0xff];
        let event = EventMessage::decode_exact(&bytes).unwrap();
        assert_eq!(event.to_bytes(), bytes);
        assert!(EventMessage::decode_exact(&bytes[..15]).is_err());
        assert!(ReadEventMessageBuffer::explain(ReadEventMessageBuffer::EMPTY).is_some());
        assert_eq!(ReadEventMessageBuffer.effect(), Effect::Once);
    }
}
