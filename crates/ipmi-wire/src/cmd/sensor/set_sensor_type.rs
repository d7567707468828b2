//! Set Sensor Type: tells a general-purpose sensor what it watches.

use crate::cmd::sensor::SensorTypes;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Sensor Type. IPMI v2.0 §35.15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetSensorType {
    /// Sensor number.
    pub number: u8,
    /// Both types.
    pub types: SensorTypes,
}

impl Command for SetSensorType {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x2e);
    const NAME: &'static str = "Set Sensor Type";
    const SECTION: &'static str = "IPMI v2.0 §35.15";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetSensorType {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.number);
        self.types.encode(out);
    }
}

impl Decode for SetSensorType {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { number: r.u8("sensor number")?, types: SensorTypes::decode(r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::{EventReadingType, SensorType};

    #[test]
    fn both_types_are_set() {
        // By hand from §35.15; the reserved bit is set.
        let bytes = [0x30, 0x04, 0x81];
        let types =
            SensorTypes { sensor_type: SensorType::FAN, event_type: EventReadingType::THRESHOLD };
        let request = SetSensorType::decode_exact(&bytes).unwrap();
        assert_eq!(request, SetSensorType { number: 0x30, types });
        assert_eq!(request.to_bytes(), [0x30, 0x04, 0x01]);
        for length in 0..bytes.len() {
            assert!(SetSensorType::decode_exact(&bytes[..length]).is_err());
        }
    }
}
