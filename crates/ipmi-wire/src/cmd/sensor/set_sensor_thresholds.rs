//! Set Sensor Thresholds: moves a sensor's thresholds.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::sdr::{RawThresholds, ThresholdMask};

/// Set Sensor Thresholds. IPMI v2.0 §35.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetSensorThresholds {
    /// Sensor number.
    pub number: u8,
    /// Which thresholds to set; the others stay.
    pub set: ThresholdMask,
    /// Raw, like readings.
    pub values: RawThresholds,
}

impl Command for SetSensorThresholds {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x26);
    const NAME: &'static str = "Set Sensor Thresholds";
    const SECTION: &'static str = "IPMI v2.0 §35.8";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetSensorThresholds {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.number, self.set.0 & ThresholdMask::ALL.0]);
        out.extend(self.values.to_command());
    }
}

impl Decode for SetSensorThresholds {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = r.u8("sensor number")?;
        let set = ThresholdMask(r.u8("thresholds to set")? & ThresholdMask::ALL.0);
        Ok(Self { number, set, values: RawThresholds::from_command(r.array("thresholds")?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::ThresholdKind;

    #[test]
    fn one_threshold_is_set() {
        // By hand from §35.8: upper critical of sensor 30h; a reserved bit is set.
        let bytes = [0x30, 0x50, 0, 0, 0, 0, 0x64, 0];
        let request = SetSensorThresholds::decode_exact(&bytes).unwrap();
        assert_eq!(request.set.worst(), Some(ThresholdKind::UpperCritical));
        assert_eq!(request.values.get(ThresholdKind::UpperCritical), 0x64);
        assert_eq!(request.to_bytes(), [0x30, 0x10, 0, 0, 0, 0, 0x64, 0]);
        assert_eq!(request.effect(), Effect::Idempotent);
        for length in 0..bytes.len() {
            assert!(SetSensorThresholds::decode_exact(&bytes[..length]).is_err());
        }
    }
}
