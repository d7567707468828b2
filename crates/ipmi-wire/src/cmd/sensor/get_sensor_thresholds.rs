//! Get Sensor Thresholds: where a sensor's thresholds are now.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::sdr::{RawThresholds, ThresholdKind, ThresholdMask};

/// Get Sensor Thresholds. IPMI v2.0 §35.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSensorThresholds {
    /// Sensor number.
    pub number: u8,
}

/// The answer to [`GetSensorThresholds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SensorThresholds {
    /// Which of the values are given.
    pub readable: ThresholdMask,
    /// Raw, like readings.
    pub values: RawThresholds,
}

impl SensorThresholds {
    /// The raw value of `kind`, if it is given.
    #[must_use]
    pub fn get(&self, kind: ThresholdKind) -> Option<u8> {
        self.readable.contains(kind).then(|| self.values.get(kind))
    }
}

impl Command for GetSensorThresholds {
    type Response = SensorThresholds;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x27);
    const NAME: &'static str = "Get Sensor Thresholds";
    const SECTION: &'static str = "IPMI v2.0 §35.9";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetSensorThresholds {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.number);
    }
}

impl Decode for GetSensorThresholds {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { number: r.u8("sensor number")? })
    }
}

impl Encode for SensorThresholds {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.readable.0 & ThresholdMask::ALL.0);
        out.extend(self.values.to_command());
    }
}

impl Decode for SensorThresholds {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let readable = ThresholdMask(r.u8("readable thresholds")? & ThresholdMask::ALL.0);
        Ok(Self { readable, values: RawThresholds::from_command(r.array("thresholds")?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_readable_thresholds_have_values() {
        // By hand from §35.9: UNC and UC of a temperature; reserved bits set.
        let answer =
            SensorThresholds::decode_exact(&[0xd8, 0, 0, 0, 0x5f, 0x64, 0xaa]).unwrap();
        assert_eq!(answer.get(ThresholdKind::UpperNonCritical), Some(0x5f));
        assert_eq!(answer.get(ThresholdKind::UpperCritical), Some(0x64));
        assert_eq!(answer.get(ThresholdKind::UpperNonRecoverable), None);
        assert_eq!(answer.to_bytes(), [0x18, 0, 0, 0, 0x5f, 0x64, 0xaa]);
    }

    #[test]
    fn six_values_are_needed() {
        let err = SensorThresholds::decode_exact(&[0x3f, 1, 2, 3]).unwrap_err();
        assert_eq!(err, DecodeError::Truncated { field: "thresholds", missing: 3 });
    }
}
