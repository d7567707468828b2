//! PET Acknowledge: a trap has arrived.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::sel::Timestamp;

/// PET Acknowledge. IPMI v2.0 §30.8.
///
/// Everything is from the trap that is acknowledged, in this command's own byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PetAcknowledge {
    /// The trap's sequence number.
    pub sequence: u16,
    /// Its local timestamp.
    pub timestamp: Timestamp,
    /// What kind of source it named; 20h is IPMI.
    pub source: u8,
    /// The sensor's device: slave address or software ID.
    pub sensor_device: u8,
    /// The sensor.
    pub sensor_number: u8,
    /// The first three bytes of event data.
    pub data: [u8; 3],
}

impl Command for PetAcknowledge {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x17);
    const NAME: &'static str = "PET Acknowledge";
    const SECTION: &'static str = "IPMI v2.0 §30.8";
    const ACCESS: Access = Access::PreSession;

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for PetAcknowledge {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.sequence.to_le_bytes());
        out.extend(self.timestamp.raw().to_le_bytes());
        out.extend([self.source, self.sensor_device, self.sensor_number]);
        out.extend(self.data);
    }
}

impl Decode for PetAcknowledge {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            sequence: r.u16("sequence number")?,
            timestamp: Timestamp::new(r.u32("local timestamp")?),
            source: r.u8("event source type")?,
            sensor_device: r.u8("sensor device")?,
            sensor_number: r.u8("sensor number")?,
            data: r.array("event data")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_is_understood() {
        // By hand from §30.8; the places are those of FreeIPMI's template.
        let bytes = [1, 0, 4, 3, 2, 1, 0x20, 0x20, 0x30, 0x59, 0x00, 0x01];
        let request = PetAcknowledge::decode_exact(&bytes).unwrap();
        assert_eq!((request.sequence, request.timestamp.raw()), (1, 0x0102_0304));
        assert_eq!((request.source, request.sensor_device, request.sensor_number), (0x20, 0x20, 0x30));
        assert_eq!((request.to_bytes(), request.effect()), (bytes.to_vec(), Effect::Idempotent));
        for length in 0..bytes.len() {
            assert!(PetAcknowledge::decode_exact(&bytes[..length]).is_err());
        }
    }
}
