//! Set Sensor Reading And Event Status: puts a reading into a sensor, as software that measures
//! what the controller cannot does.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Sensor Reading And Event Status. IPMI v2.0 §35.17.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetSensorReading {
    /// Sensor number.
    pub number: u8,
    /// The new raw reading; `None` leaves it as it is.
    pub reading: Option<u8>,
    /// What to do with the assertion bits, laid out as in [`EventBits`](super::EventBits).
    pub assertion: StatusBits,
    /// What to do with the deassertion bits.
    pub deassertion: StatusBits,
    /// What event messages that follow from this are to carry.
    pub event_data: EventDataBytes,
}

/// A change of a sensor's event status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusBits {
    /// Leaves it as it is.
    Keep,
    /// The status becomes these bits.
    Write(u16),
    /// Bits that are 1 here are set, the others stay.
    Set(u16),
    /// Bits that are 0 here are cleared, the others stay.
    ClearZeros(u16),
}

/// The event data of events that setting a reading causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventDataBytes {
    /// The controller makes its own.
    Own,
    /// These bytes.
    Write([u8; 3]),
    /// These bytes, but the controller fills in the offset, bits 3:0 of the first.
    WriteButOffset([u8; 3]),
}

impl StatusBits {
    const fn parts(self) -> (u8, u16) {
        match self {
            Self::Keep => (0, 0),
            Self::Write(bits) => (1, bits & 0x7fff),
            Self::Set(bits) => (2, bits & 0x7fff),
            Self::ClearZeros(bits) => (3, bits & 0x7fff),
        }
    }

    const fn from_parts(operation: u8, bits: u16) -> Self {
        let bits = bits & 0x7fff;
        match operation & 3 {
            0 => Self::Keep,
            1 => Self::Write(bits),
            2 => Self::Set(bits),
            _ => Self::ClearZeros(bits),
        }
    }
}

impl Command for SetSensorReading {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x30);
    const NAME: &'static str = "Set Sensor Reading And Event Status";
    const SECTION: &'static str = "IPMI v2.0 §35.17";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x80 => "this sensor's reading or status bits cannot be set",
            0x81 => "this sensor's event data bytes cannot be set",
            _ => return None,
        })
    }
}

impl Encode for SetSensorReading {
    fn encode(&self, out: &mut Vec<u8>) {
        let (assertion, assertion_bits) = self.assertion.parts();
        let (deassertion, deassertion_bits) = self.deassertion.parts();
        let (data, bytes) = match self.event_data {
            EventDataBytes::Own => (0u8, [0; 3]),
            EventDataBytes::Write(bytes) => (1, bytes),
            EventDataBytes::WriteButOffset(bytes) => (2, bytes),
        };
        let reading = u8::from(self.reading.is_some());
        let operation = (data << 6) | (assertion << 4) | (deassertion << 2) | reading;
        out.extend([self.number, operation, self.reading.unwrap_or(0)]);
        out.extend(assertion_bits.to_le_bytes());
        out.extend(deassertion_bits.to_le_bytes());
        out.extend(bytes);
    }
}

impl Decode for SetSensorReading {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = r.u8("sensor number")?;
        let operation = r.u8("operation")?;
        let reading = match operation & 3 {
            0 => {
                let _ignored = r.optional_u8();
                None
            }
            1 => Some(r.u8("sensor reading")?),
            other => {
                let field = "sensor reading operation";
                return Err(DecodeError::Invalid { field, value: other.into() });
            }
        };
        let mut bits = |operation: u8, field| {
            // Only what is to be used must be there.
            match operation & 3 {
                0 => {
                    let _ignored = (r.optional_u8(), r.optional_u8());
                    Ok(StatusBits::Keep)
                }
                operation => Ok(StatusBits::from_parts(operation, r.u16(field)?)),
            }
        };
        let assertion = bits(operation >> 4, "assertion bits")?;
        let deassertion = bits(operation >> 2, "deassertion bits")?;
        let event_data = match operation >> 6 {
            0 => {
                let _ignored = r.bytes("event data", r.remaining().min(3))?;
                EventDataBytes::Own
            }
            1 => EventDataBytes::Write(r.array("event data")?),
            2 => EventDataBytes::WriteButOffset(r.array("event data")?),
            other => {
                let field = "event data bytes operation";
                return Err(DecodeError::Invalid { field, value: other.into() });
            }
        };
        Ok(Self { number, reading, assertion, deassertion, event_data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_part_has_its_own_operation() {
        // By hand from §35.17; the reserved top bits of the masks are set.
        let bytes = [0x30, 0b0110_1101, 0x55, 0x01, 0x80, 0xfe, 0xff, 0xa1, 2, 3];
        let request = SetSensorReading::decode_exact(&bytes).unwrap();
        let expected = SetSensorReading {
            number: 0x30,
            reading: Some(0x55),
            assertion: StatusBits::Set(0x0001),
            deassertion: StatusBits::ClearZeros(0x7ffe),
            event_data: EventDataBytes::Write([0xa1, 2, 3]),
        };
        assert_eq!(request, expected);
        let again = [0x30, 0b0110_1101, 0x55, 0x01, 0x00, 0xfe, 0x7f, 0xa1, 2, 3];
        assert_eq!(request.to_bytes(), again);
    }

    #[test]
    fn what_is_not_used_may_be_missing() {
        let reading = SetSensorReading {
            number: 0x30,
            reading: Some(0x55),
            assertion: StatusBits::Keep,
            deassertion: StatusBits::Keep,
            event_data: EventDataBytes::Own,
        };
        assert_eq!(SetSensorReading::decode_exact(&[0x30, 0x01, 0x55]).unwrap(), reading);
        assert_eq!(reading.to_bytes(), [0x30, 0x01, 0x55, 0, 0, 0, 0, 0, 0, 0]);
        for short in [&[0x30, 0x01][..], &[0x30, 0x10, 0, 1], &[0x30, 0x40, 0, 0, 0, 0, 0, 1]] {
            assert!(matches!(
                SetSensorReading::decode_exact(short),
                Err(DecodeError::Truncated { .. })
            ));
        }
    }

    #[test]
    fn reserved_operations_are_refused() {
        for operation in [0x02, 0x03, 0xc0] {
            let bytes = [0x30, operation, 0, 0, 0, 0, 0, 0, 0, 0];
            let err = SetSensorReading::decode_exact(&bytes).unwrap_err();
            assert!(matches!(err, DecodeError::Invalid { .. }), "{operation:02x}: {err}");
        }
    }

    #[test]
    fn its_own_completion_codes_are_explained() {
        assert!(SetSensorReading::explain(CompletionCode(0x80)).is_some());
        assert!(SetSensorReading::explain(CompletionCode(0x81)).is_some());
        assert!(SetSensorReading::explain(CompletionCode(0x82)).is_none());
    }

    proptest! {
        #[test]
        fn what_is_accepted_means_the_same_again(
            bytes in proptest::collection::vec(any::<u8>(), 2..11),
        ) {
            if let Ok(request) = SetSensorReading::decode_exact(&bytes) {
                prop_assert_eq!(SetSensorReading::decode_exact(&request.to_bytes()), Ok(request));
            }
        }
    }
}
