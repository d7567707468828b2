//! Compact sensor records: sensors without thresholds, several alike in one record.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::sdr::record::Body;
use crate::sdr::{Direction, IdString, RecordHeader, RecordSharing, SensorCommon, SharedSensor};

/// A compact sensor record, type 02h. IPMI v2.0 §43.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactSensor {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// What all sensors have; of the first sensor, if there are several.
    pub sensor: SensorCommon,
    /// Input or output.
    pub direction: Direction,
    /// How many sensors share the record, and how they are told apart.
    pub sharing: RecordSharing,
    /// Hysteresis of thresholds that are exceeded upwards, in raw counts; 0 is none.
    pub positive_hysteresis: u8,
    /// Hysteresis of thresholds that are exceeded downwards, in raw counts; 0 is none.
    pub negative_hysteresis: u8,
    /// The manufacturer's own.
    pub oem: u8,
    /// Name.
    pub id: IdString,
}

impl CompactSensor {
    /// How many sensors share the record: 1 to 15.
    #[must_use]
    pub fn count(&self) -> u8 {
        self.sharing.count()
    }

    /// The sensors of the record, one by one.
    #[must_use]
    pub fn sensors(&self) -> Vec<SharedSensor> {
        self.sharing.expand(self.sensor.key, self.sensor.entity, &self.id)
    }
}

impl Body for CompactSensor {
    const TYPE: u8 = RecordHeader::COMPACT_SENSOR;

    fn encode_body(&self, out: &mut Vec<u8>) {
        self.sensor.encode(out);
        self.sharing.encode(self.direction, out);
        out.extend([self.positive_hysteresis, self.negative_hysteresis, 0, 0, 0, self.oem]);
        self.id.encode(out);
    }

    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let sensor = SensorCommon::decode(r)?;
        let (direction, sharing) = RecordSharing::decode(r)?;
        let positive_hysteresis = r.u8("positive-going hysteresis")?;
        let negative_hysteresis = r.u8("negative-going hysteresis")?;
        let [_, _, _, oem] = r.array("reserved, OEM")?;
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            sensor,
            direction,
            sharing,
            positive_hysteresis,
            negative_hysteresis,
            oem,
            id: IdString::decode(r),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::sdr::{
        AnalogFormat, EntityId, EventReadingType, IdModifier, Record, SensorType, ThresholdMask,
    };

    use super::*;

    /// A Kontron board's "A4:Pres SFP-1": python-ipmi's tests/test_sdr.py.
    const PRESENCE: [u8; 45] = [
        0xd3, 0x00, 0x51, 0x02, 0x28, 0x82, 0x00, 0xd3, 0xc1, 0x64, 0x03, 0x40, 0x21, 0x6f, 0x00,
        0x00, 0x00, 0x00, 0x03, 0x00, 0xc0, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0xcd, 0x41, 0x34, 0x3a, 0x50, 0x72, 0x65, 0x73, 0x20, 0x53, 0x46, 0x50, 0x2d, 0x31,
    ];

    fn presence() -> CompactSensor {
        let record = Record::decode(&PRESENCE).unwrap();
        let Record::Compact(compact) = record else { panic!("not compact") };
        compact
    }

    #[test]
    fn a_real_record_is_read_and_written() {
        let compact = presence();
        let sensor = &compact.sensor;
        assert_eq!(compact.record_id, 0xd3);
        assert_eq!((sensor.key.owner_id, sensor.key.number), (0x82, 0xd3));
        assert_eq!(sensor.entity, EntityId::new(0xc1, 0x64));
        assert_eq!(sensor.sensor_type, SensorType::SLOT_CONNECTOR);
        assert_eq!(sensor.event_type, EventReadingType::SENSOR_SPECIFIC);
        assert_eq!(sensor.units.analog_format, AnalogFormat::None);
        assert_eq!((sensor.reportable_states(), sensor.auto_rearms()), (3, true));
        assert_eq!(sensor.readable_thresholds(), ThresholdMask::NONE);
        assert_eq!((compact.count(), compact.id.text()), (1, "A4:Pres SFP-1".to_owned()));
        assert_eq!(Record::Compact(compact).to_bytes(), PRESENCE);
    }

    #[test]
    fn sharing_is_spread_over_two_bytes() {
        // By hand from §43.2: output, alphabetic, four sensors; instances differ, offset 2.
        let mut bytes = PRESENCE;
        bytes[23..25].copy_from_slice(&[0b1001_0100, 0x82]);
        let record = Record::decode(&bytes).unwrap();
        assert_eq!(record.to_bytes(), bytes);
        let expected = CompactSensor {
            direction: Direction::Output,
            sharing: RecordSharing {
                id_modifier: IdModifier::Alpha,
                share_count: 4,
                entity_instances_differ: true,
                modifier_offset: 2,
            },
            ..presence()
        };
        let last = expected.sensors().pop().unwrap();
        assert_eq!((last.key.number, last.entity), (0xd6, EntityId::new(0xc1, 0x67)));
        assert_eq!(last.name, "A4:Pres SFP-1 F");
        assert_eq!(record, Record::Compact(expected));
    }

    #[test]
    fn a_body_without_its_fixed_part_is_an_error() {
        for length in 0..=PRESENCE.len() - RecordHeader::LEN {
            let mut bytes = PRESENCE[..RecordHeader::LEN + length].to_vec();
            bytes[4] = u8::try_from(length).unwrap();
            assert_eq!(Record::decode(&bytes).is_ok(), length >= 26, "{length}");
        }
    }
}
