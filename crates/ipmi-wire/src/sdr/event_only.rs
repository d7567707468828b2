//! Event-only records: sensors that cannot be read, only heard of.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::sdr::record::Body;
use crate::sdr::{
    Direction, EntityId, EventReadingType, IdString, RecordHeader, RecordSharing, SensorKey,
    SensorType, SharedSensor,
};

/// An event-only record, type 03h. IPMI v2.0 §43.3.
///
/// Its sensors appear in the log and nowhere else: the record gives those events a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventOnlySensor {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// Owner and number; of the first sensor, if there are several.
    pub key: SensorKey,
    /// What it belongs to.
    pub entity: EntityId,
    /// Sensor type.
    pub sensor_type: SensorType,
    /// Which states it has.
    pub event_type: EventReadingType,
    /// Input or output.
    pub direction: Direction,
    /// How many sensors share the record, and how they are told apart.
    pub sharing: RecordSharing,
    /// The manufacturer's own.
    pub oem: u8,
    /// Name.
    pub id: IdString,
}

impl EventOnlySensor {
    /// How many sensors share the record: 1 to 15.
    #[must_use]
    pub fn count(&self) -> u8 {
        self.sharing.count()
    }

    /// The sensors of the record, one by one.
    #[must_use]
    pub fn sensors(&self) -> Vec<SharedSensor> {
        self.sharing.expand(self.key, self.entity, &self.id)
    }
}

impl Body for EventOnlySensor {
    const TYPE: u8 = RecordHeader::EVENT_ONLY_SENSOR;

    fn encode_body(&self, out: &mut Vec<u8>) {
        self.key.encode(out);
        self.entity.encode(out);
        out.extend([self.sensor_type.0, self.event_type.0 & 0x7f]);
        self.sharing.encode(self.direction, out);
        out.extend([0, self.oem]);
        self.id.encode(out);
    }

    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let key = SensorKey::decode(r)?;
        let entity = EntityId::decode(r)?;
        let sensor_type = SensorType(r.u8("sensor type")?);
        let event_type = EventReadingType(r.u8("event/reading type code")? & 0x7f);
        let (direction, sharing) = RecordSharing::decode(r)?;
        let [_, oem] = r.array("reserved, OEM")?;
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            key,
            entity,
            sensor_type,
            event_type,
            direction,
            sharing,
            oem,
            id: IdString::decode(r),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::Record;

    /// By hand from §43.3: "DIMM", three sensors from 60h, instances and numbers from 1.
    const DIMM: [u8; 22] = [
        0x10, 0x00, 0x51, 0x03, 0x11, 0x20, 0x00, 0x60, 0x20, 0x01, 0x0c, 0x6f, 0x03, 0x81, 0x00,
        0x00, 0xc4, 0x44, 0x49, 0x4d, 0x4d, 0x00,
    ];

    #[test]
    fn three_sensors_that_only_report() {
        let record = Record::decode(&DIMM).unwrap();
        assert_eq!(record.sensor(), None);
        assert_eq!(record.key(), Some(SensorKey::bmc(0x60)));
        assert_eq!(record.sensor_types(), Some((SensorType::MEMORY, EventReadingType(0x6f))));
        let Record::EventOnly(sensor) = &record else { panic!("not event-only") };
        let names: Vec<_> = sensor.sensors().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["DIMM 1", "DIMM 2", "DIMM 3"]);
        // The byte after the name is not part of the record as it is written.
        let mut expected = DIMM[..21].to_vec();
        expected[4] = 0x10;
        assert_eq!(record.to_bytes(), expected);
    }

    #[test]
    fn a_body_without_its_fixed_part_is_an_error() {
        for length in 0..=DIMM.len() - RecordHeader::LEN {
            let mut bytes = DIMM[..RecordHeader::LEN + length].to_vec();
            bytes[4] = u8::try_from(length).unwrap();
            assert_eq!(Record::decode(&bytes).is_ok(), length >= 11, "{length}");
        }
    }
}
