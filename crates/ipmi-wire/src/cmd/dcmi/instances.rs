//! Which sensors of an entity are asked about. DCMI v1.5 §6.5.2 and §6.7.3.

use super::{GROUP, group};
use crate::codec::{DecodeError, Reader};

/// The only sensor type that DCMI knows.
pub const TEMPERATURE: u8 = 0x01;

/// Sensors of an entity.
///
/// Entities are 40h (inlet), 41h (processors) and 42h (board); 37h, 03h and 07h mean the same
/// (DCMI v1.5 Table 6-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instances {
    /// Sensor type: [`TEMPERATURE`].
    pub sensor_type: u8,
    /// Entity ID.
    pub entity: u8,
    /// One instance, from 1 on; 0 is all of them.
    pub instance: u8,
    /// The first instance of those that fit into the answer, if all are meant.
    pub start: u8,
}

impl Instances {
    /// How many of them an answer tells of at most.
    pub const MOST: u8 = 8;

    pub(super) fn encode(self, out: &mut Vec<u8>) {
        out.extend([GROUP, self.sensor_type, self.entity, self.instance, self.start]);
    }

    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        let [sensor_type, entity, instance, start] = r.array("sensor type, entity, instance")?;
        Ok(Self { sensor_type, entity, instance, start })
    }
}
