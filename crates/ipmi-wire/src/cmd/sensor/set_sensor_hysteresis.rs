//! Set Sensor Hysteresis: how far a reading must return before a threshold event goes away.

use crate::cmd::sensor::SensorHysteresis;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Sensor Hysteresis. IPMI v2.0 §35.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetSensorHysteresis {
    /// Sensor number.
    pub number: u8,
    /// Both values: the command has no way to set just one.
    pub hysteresis: SensorHysteresis,
}

/// The byte that is to become a mask one day.
pub(super) const NO_MASK: u8 = 0xff;

impl Command for SetSensorHysteresis {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x24);
    const NAME: &'static str = "Set Sensor Hysteresis";
    const SECTION: &'static str = "IPMI v2.0 §35.6";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetSensorHysteresis {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.number, NO_MASK]);
        self.hysteresis.encode(out);
    }
}

impl Decode for SetSensorHysteresis {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [number, _] = r.array("sensor number, hysteresis mask")?;
        Ok(Self { number, hysteresis: SensorHysteresis::decode(r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_written_as_ones() {
        // By hand from §35.6.
        let request = SetSensorHysteresis {
            number: 0x30,
            hysteresis: SensorHysteresis { positive: 2, negative: 3 },
        };
        assert_eq!(request.to_bytes(), [0x30, 0xff, 2, 3]);
        assert_eq!(SetSensorHysteresis::decode_exact(&[0x30, 0x00, 2, 3]).unwrap(), request);
        for length in 0..4 {
            assert!(SetSensorHysteresis::decode_exact(&[0x30, 0xff, 2, 3][..length]).is_err());
        }
    }
}
