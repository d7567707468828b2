//! Alert Immediate: an alert without an event, to see whether it arrives.

use super::PlatformEvent;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Alert Immediate. IPMI v2.0 §30.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertImmediate {
    /// The channel that the alert goes out on.
    pub channel: Channel,
    /// What is to be done.
    pub operation: AlertOperation,
    /// The channel's destination, 4 bits.
    pub destination: u8,
    /// The alert string that is sent, 7 bits, 0 being the volatile one; `None` if none is.
    pub string: Option<u8>,
    /// What the alert tells of; `None` leaves that to the controller.
    pub event: Option<PlatformEvent>,
}

/// What is to be done with an alert, 2 bits; 3 is reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AlertOperation(u8);

impl AlertOperation {
    /// Send it.
    pub const INITIATE: Self = Self(0);
    /// Tell what became of it.
    pub const GET_STATUS: Self = Self(1);
    /// Forget what became of it.
    pub const CLEAR_STATUS: Self = Self(2);
}

/// The answer to [`AlertImmediate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertStatus {
    /// What became of the alert, if that was the question: 0 nothing is known of one, 1 it was sent, 2
    /// no call came about, 3 nobody acknowledged it; FFh it is under way.
    pub status: Option<u8>,
}

impl AlertImmediate {
    /// There is an alert under way.
    pub const IN_PROGRESS: CompletionCode = CompletionCode(0x81);
    /// There is a session on the channel.
    pub const SESSION_ACTIVE: CompletionCode = CompletionCode(0x82);
    /// An event cannot be given.
    pub const EVENT_UNSUPPORTED: CompletionCode = CompletionCode(0x83);
}

impl Command for AlertImmediate {
    type Response = AlertStatus;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x16);
    const NAME: &'static str = "Alert Immediate";
    const SECTION: &'static str = "IPMI v2.0 §30.7";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        match self.operation {
            AlertOperation::GET_STATUS => Effect::Read,
            AlertOperation::CLEAR_STATUS => Effect::Idempotent,
            _ => Effect::Once,
        }
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code {
            Self::IN_PROGRESS => "an alert is under way already",
            Self::SESSION_ACTIVE => "a session is active on the channel that the alert would take",
            Self::EVENT_UNSUPPORTED => "the controller takes no event for an alert",
            _ => return None,
        })
    }
}

impl Encode for AlertImmediate {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.channel.number(),
            (self.operation.0 << 6) | (self.destination & 0x0f),
            self.string.map_or(0, |string| 0x80 | (string & 0x7f)),
        ]);
        if let Some(event) = &self.event {
            event.encode(out);
        }
    }
}

impl Decode for AlertImmediate {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let operation = r.u8("operation and destination")?;
        let string = r.u8("alert string selector")?;
        let event = if r.is_empty() { None } else { Some(event(r)?) };
        Ok(Self {
            channel,
            operation: AlertOperation(operation >> 6),
            destination: operation & 0x0f,
            string: (string & 0x80 != 0).then_some(string & 0x7f),
            event,
        })
    }
}

/// Here an event always names its generator, so that there are eight bytes.
fn event(r: &mut Reader<'_>) -> Result<PlatformEvent, DecodeError> {
    let event: [u8; 8] = r.array("platform event parameters")?;
    PlatformEvent::decode_exact(&event)
}

impl Encode for AlertStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.status);
    }
}

impl Decode for AlertStatus {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { status: r.optional_u8() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::SensorType;

    #[test]
    fn an_alert_may_come_with_an_event() {
        // By hand from §30.7; Wireshark 4.0 takes the same bytes for the same.
        let bytes = [0x01, 0x02, 0x81];
        let request = AlertImmediate::decode_exact(&bytes).unwrap();
        assert_eq!((request.channel, request.destination), (Channel::new(1), 2));
        assert_eq!((request.string, request.event), (Some(1), None));
        assert_eq!((request.to_bytes(), request.effect()), (bytes.to_vec(), Effect::Once));
        for length in 0..bytes.len() {
            assert!(AlertImmediate::decode_exact(&bytes[..length]).is_err());
        }
        let bytes = [0x01, 0x42, 0, 0x41, 0x04, 0x01, 0x30, 0x01, 0x09, 0xff, 0xff];
        let request = AlertImmediate::decode_exact(&bytes).unwrap();
        let event = request.event.unwrap();
        assert_eq!((event.generator, event.sensor_type), (Some(0x41), SensorType::TEMPERATURE));
        assert_eq!((request.to_bytes(), request.effect()), (bytes.to_vec(), Effect::Read));
        for length in 4..bytes.len() {
            assert!(AlertImmediate::decode_exact(&bytes[..length]).is_err());
        }
        let clear = AlertImmediate::decode_exact(&[1, 0x81, 0]).unwrap();
        assert_eq!((clear.operation, clear.effect()), (AlertOperation::CLEAR_STATUS, Effect::Idempotent));
    }

    #[test]
    fn only_a_question_for_the_status_is_answered_with_one() {
        for bytes in [&[][..], &[0xff]] {
            assert_eq!(AlertStatus::decode_exact(bytes).unwrap().to_bytes(), bytes);
        }
        for code in 0x81..=0x83 {
            assert!(AlertImmediate::explain(CompletionCode(code)).is_some());
        }
    }
}
