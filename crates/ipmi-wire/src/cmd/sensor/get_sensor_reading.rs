//! Get Sensor Reading: what a sensor says now.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::sdr::ThresholdMask;

/// Get Sensor Reading. IPMI v2.0 §35.14.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSensorReading {
    /// Sensor number.
    pub number: u8,
}

/// The answer to [`GetSensorReading`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SensorReading {
    /// The raw reading; the sensor's record tells what it means. 0 if there is none.
    pub raw: u8,
    /// The sensor sends event messages.
    pub event_messages_enabled: bool,
    /// The sensor is being scanned; if not, the rest means nothing.
    pub scanning_enabled: bool,
    /// Reading and states are not valid yet, or not any more.
    pub unavailable: bool,
    /// Discrete sensors: asserted states, bits 14:0. Threshold sensors: bits 5:0, see
    /// [`threshold_status`](Self::threshold_status).
    pub states: u16,
}

impl SensorReading {
    /// Whether the reading counts.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.scanning_enabled && !self.unavailable
    }

    /// Of a threshold sensor: the thresholds at or beyond which the reading is.
    #[must_use]
    pub const fn threshold_status(&self) -> ThresholdMask {
        let [low, _] = self.states.to_le_bytes();
        ThresholdMask(low & ThresholdMask::ALL.0)
    }
}

impl Command for GetSensorReading {
    type Response = SensorReading;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x2d);
    const NAME: &'static str = "Get Sensor Reading";
    const SECTION: &'static str = "IPMI v2.0 §35.14";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetSensorReading {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.number);
    }
}

impl Decode for GetSensorReading {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { number: r.u8("sensor number")? })
    }
}

impl Encode for SensorReading {
    fn encode(&self, out: &mut Vec<u8>) {
        let [low, high] = self.states.to_le_bytes();
        out.extend([
            self.raw,
            (u8::from(self.event_messages_enabled) << 7)
                | (u8::from(self.scanning_enabled) << 6)
                | (u8::from(self.unavailable) << 5),
            low,
            // The top bit is reserved, and to be returned as 1.
            high | 0x80,
        ]);
    }
}

impl Decode for SensorReading {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let raw = r.u8("sensor reading")?;
        let flags = r.u8("sensor status flags")?;
        // Sensors without states may leave both out, those with up to eight the second.
        let low = r.optional_u8().unwrap_or(0);
        let high = r.optional_u8().unwrap_or(0) & 0x7f;
        Ok(Self {
            raw,
            event_messages_enabled: flags & 0x80 != 0,
            scanning_enabled: flags & 0x40 != 0,
            unavailable: flags & 0x20 != 0,
            states: u16::from_le_bytes([low, high]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::ThresholdKind;

    #[test]
    fn a_temperature_above_its_upper_critical_threshold() {
        // By hand from §35.14; the reserved bits 7:6 of the third byte are set.
        let reading = SensorReading::decode_exact(&[0x65, 0xc0, 0xd8]).unwrap();
        assert!(reading.is_valid() && reading.event_messages_enabled);
        assert_eq!((reading.raw, reading.threshold_status()), (0x65, ThresholdMask(0x18)));
        assert_eq!(reading.threshold_status().worst(), Some(ThresholdKind::UpperCritical));
    }

    #[test]
    fn states_that_are_left_out_are_clear() {
        let states = |bytes: &[u8]| SensorReading::decode_exact(bytes).unwrap().states;
        assert_eq!(states(&[0, 0x40]), 0);
        assert_eq!(states(&[0, 0x40, 0x02]), 2);
        assert_eq!(states(&[0, 0x40, 0x02, 0x84]), 0x0402);
        let long = SensorReading::decode_exact(&[0, 0x40, 0x02, 0x84]).unwrap();
        assert_eq!(long.to_bytes(), [0, 0x40, 0x02, 0x84]);
        assert!(SensorReading::decode_exact(&[0]).is_err());
    }

    #[test]
    fn what_is_not_there_is_not_valid() {
        assert!(!SensorReading::decode_exact(&[0, 0xe0, 0]).unwrap().is_valid());
        assert!(!SensorReading::decode_exact(&[0, 0x80, 0]).unwrap().is_valid());
    }
}
