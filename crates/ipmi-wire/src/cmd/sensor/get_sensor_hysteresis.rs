//! Get Sensor Hysteresis: how far a reading must return before a threshold event goes away.

use super::set_sensor_hysteresis::NO_MASK;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Sensor Hysteresis. IPMI v2.0 §35.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSensorHysteresis {
    /// Sensor number.
    pub number: u8,
}

/// A sensor's hysteresis in raw counts, 0 is none: the answer to [`GetSensorHysteresis`].
///
/// [`Factors::difference`](crate::sdr::Factors::difference) makes values of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SensorHysteresis {
    /// For thresholds that are exceeded upwards.
    pub positive: u8,
    /// For thresholds that are exceeded downwards.
    pub negative: u8,
}

impl Command for GetSensorHysteresis {
    type Response = SensorHysteresis;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x25);
    const NAME: &'static str = "Get Sensor Hysteresis";
    const SECTION: &'static str = "IPMI v2.0 §35.7";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetSensorHysteresis {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.number, NO_MASK]);
    }
}

impl Decode for GetSensorHysteresis {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [number, _] = r.array("sensor number, hysteresis mask")?;
        Ok(Self { number })
    }
}

impl Encode for SensorHysteresis {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.positive, self.negative]);
    }
}

impl Decode for SensorHysteresis {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let positive = r.u8("positive-going hysteresis")?;
        Ok(Self { positive, negative: r.u8("negative-going hysteresis")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_values_are_needed() {
        let answer = SensorHysteresis::decode_exact(&[2, 3]).unwrap();
        assert_eq!((answer.positive, answer.negative, answer.to_bytes()), (2, 3, vec![2, 3]));
        let err = SensorHysteresis::decode_exact(&[2]).unwrap_err();
        let field = "negative-going hysteresis";
        assert_eq!(err, DecodeError::Truncated { field, missing: 1 });
    }

    #[test]
    fn the_mask_is_written_as_ones_and_not_read() {
        let request = GetSensorHysteresis { number: 0x30 };
        assert_eq!(request.to_bytes(), [0x30, 0xff]);
        assert_eq!(GetSensorHysteresis::decode_exact(&[0x30, 0x00]).unwrap(), request);
        assert!(GetSensorHysteresis::decode_exact(&[0x30]).is_err());
    }
}
