//! Get Sensor Type: what a sensor watches, for those who have not read its record.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::sdr::{EventReadingType, SensorType};

/// Get Sensor Type. IPMI v2.0 §35.16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSensorType {
    /// Sensor number.
    pub number: u8,
}

/// The answer to [`GetSensorType`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SensorTypes {
    /// What it watches.
    pub sensor_type: SensorType,
    /// Which states it has.
    pub event_type: EventReadingType,
}

impl Command for GetSensorType {
    type Response = SensorTypes;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x2f);
    const NAME: &'static str = "Get Sensor Type";
    const SECTION: &'static str = "IPMI v2.0 §35.16";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetSensorType {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.number);
    }
}

impl Decode for GetSensorType {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { number: r.u8("sensor number")? })
    }
}

impl Encode for SensorTypes {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.sensor_type.0, self.event_type.0 & 0x7f]);
    }
}

impl Decode for SensorTypes {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let sensor_type = SensorType(r.u8("sensor type")?);
        let event_type = EventReadingType(r.u8("event/reading type code")? & 0x7f);
        Ok(Self { sensor_type, event_type })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discrete_sensor() {
        // By hand from §35.16; the reserved bit is set.
        let types = SensorTypes::decode_exact(&[0x05, 0xef]).unwrap();
        assert_eq!(types.sensor_type, SensorType::PHYSICAL_SECURITY);
        assert_eq!(types.event_type, EventReadingType::SENSOR_SPECIFIC);
        assert_eq!(types.to_bytes(), [0x05, 0x6f]);
        assert!(SensorTypes::decode_exact(&[0x05]).is_err());
        assert_eq!(GetSensorType { number: 0x30 }.to_bytes(), [0x30]);
    }
}
