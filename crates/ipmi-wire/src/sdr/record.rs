//! One record of any kind.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::sdr::{
    BmcMessageChannelInfo, CompactSensor, DeviceRelativeEntityAssociation, EntityAssociation,
    EntityId, EventOnlySensor, EventReadingType, FruDeviceLocator, FullSensor,
    GenericDeviceLocator, IdString, McConfirmation, McDeviceLocator, OemRecord, RecordHeader,
    SensorCommon, SensorKey, SensorType, SharedSensor,
};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A full sensor record, type 01h: the only kind with conversion factors.
    Full(FullSensor),
    /// A compact sensor record, type 02h: discrete sensors, possibly several alike.
    Compact(CompactSensor),
    /// An event-only record, type 03h: sensors that cannot be read.
    EventOnly(EventOnlySensor),
    /// An entity association record, type 08h.
    EntityAssociation(EntityAssociation),
    /// A device-relative entity association record, type 09h.
    DeviceRelativeEntityAssociation(DeviceRelativeEntityAssociation),
    /// A generic device locator record, type 10h.
    GenericDeviceLocator(GenericDeviceLocator),
    /// An FRU device locator record, type 11h.
    FruDeviceLocator(FruDeviceLocator),
    /// A management controller device locator record, type 12h.
    McDeviceLocator(McDeviceLocator),
    /// A management controller confirmation record, type 13h.
    McConfirmation(McConfirmation),
    /// A BMC message channel info record, type 14h.
    BmcMessageChannelInfo(BmcMessageChannelInfo),
    /// An OEM record, type C0h.
    Oem(OemRecord),
    /// Any other kind, and what is too damaged for its kind, as it came.
    Other {
        /// Its header. The length byte is made from `body` when encoding.
        header: RecordHeader,
        /// What follows the header: at most 255 bytes, anything after that is not encoded.
        body: Vec<u8>,
    },
}

/// A typed record: what follows the header.
pub(super) trait Body: Sized {
    /// Record type byte.
    const TYPE: u8;

    /// The same for a value.
    fn record_type(&self) -> u8 {
        Self::TYPE
    }

    /// Appends what follows the header: less than 256 bytes.
    fn encode_body(&self, out: &mut Vec<u8>);

    /// Reads what follows the header. Surplus bytes are not missed: see [`Record::decode`].
    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// `$typed` with the content of any typed record as `$content`, `$other` for the others.
macro_rules! dispatch {
    ($record:expr, $content:ident => $typed:expr, $header:ident, $body:pat => $other:expr) => {
        match $record {
            Record::Full($content) => $typed,
            Record::Compact($content) => $typed,
            Record::EventOnly($content) => $typed,
            Record::EntityAssociation($content) => $typed,
            Record::DeviceRelativeEntityAssociation($content) => $typed,
            Record::GenericDeviceLocator($content) => $typed,
            Record::FruDeviceLocator($content) => $typed,
            Record::McDeviceLocator($content) => $typed,
            Record::McConfirmation($content) => $typed,
            Record::BmcMessageChannelInfo($content) => $typed,
            Record::Oem($content) => $typed,
            Record::Other { header: $header, body: $body } => $other,
        }
    };
}

impl Record {
    /// Reads a record, header first.
    ///
    /// Bytes beyond the length in the header are ignored, because OpenIPMI's `ipmi_sim` and HP's
    /// DL585 G7 (FreeIPMI's list of defects, SDR issue 3) answer with padded records, and so are
    /// bytes beyond the end of what the record type defines. Strings may be short or missing: see
    /// [`IdString`].
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if `bytes` ends before the record does, or the record before the
    /// fixed part of its type.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let header = RecordHeader::decode(&mut r)?;
        let body = r.bytes("record body", header.length.into())?;
        let (h, r) = (&header, &mut Reader::new(body));
        Ok(match header.record_type {
            FullSensor::TYPE => Self::Full(Body::decode_body(h, r)?),
            CompactSensor::TYPE => Self::Compact(Body::decode_body(h, r)?),
            EventOnlySensor::TYPE => Self::EventOnly(Body::decode_body(h, r)?),
            EntityAssociation::TYPE => Self::EntityAssociation(Body::decode_body(h, r)?),
            DeviceRelativeEntityAssociation::TYPE => {
                Self::DeviceRelativeEntityAssociation(Body::decode_body(h, r)?)
            }
            GenericDeviceLocator::TYPE => Self::GenericDeviceLocator(Body::decode_body(h, r)?),
            FruDeviceLocator::TYPE => Self::FruDeviceLocator(Body::decode_body(h, r)?),
            McDeviceLocator::TYPE => Self::McDeviceLocator(Body::decode_body(h, r)?),
            McConfirmation::TYPE => Self::McConfirmation(Body::decode_body(h, r)?),
            BmcMessageChannelInfo::TYPE => Self::BmcMessageChannelInfo(Body::decode_body(h, r)?),
            OemRecord::TYPE => Self::Oem(Body::decode_body(h, r)?),
            _ => Self::Other { header, body: body.to_vec() },
        })
    }

    /// The record, header first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        dispatch!(self, record => record.encode_body(&mut body), _header, bytes => {
            body.extend(bytes.iter().take(usize::from(u8::MAX)));
        });
        // No kind encodes more than that.
        let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
        let mut out = RecordHeader { length, ..self.header() }.to_bytes();
        out.extend(body);
        out
    }

    /// The header; of typed records without the length.
    fn header(&self) -> RecordHeader {
        dispatch!(self, record => RecordHeader {
            record_id: record.record_id,
            version: record.version,
            record_type: record.record_type(),
            length: 0,
        }, header, _ => *header)
    }

    /// The record's number in its repository.
    #[must_use]
    pub const fn record_id(&self) -> u16 {
        dispatch!(self, record => record.record_id, header, _ => header.record_id)
    }

    /// The same record under another number.
    #[must_use]
    pub fn with_record_id(mut self, id: u16) -> Self {
        dispatch!(&mut self, record => record.record_id = id, header, _ => header.record_id = id);
        self
    }

    /// The record type byte.
    #[must_use]
    pub fn record_type(&self) -> u8 {
        self.header().record_type
    }

    /// What full and compact records have in common.
    #[must_use]
    pub const fn sensor(&self) -> Option<&SensorCommon> {
        match self {
            Self::Full(full) => Some(&full.sensor),
            Self::Compact(compact) => Some(&compact.sensor),
            _ => None,
        }
    }

    /// Owner and number of a sensor record's (first) sensor, event-only ones included.
    #[must_use]
    pub const fn key(&self) -> Option<SensorKey> {
        match self {
            Self::Full(full) => Some(full.sensor.key),
            Self::Compact(compact) => Some(compact.sensor.key),
            Self::EventOnly(sensor) => Some(sensor.key),
            _ => None,
        }
    }

    /// The number of a sensor record's (first) sensor, event-only ones included.
    #[must_use]
    pub const fn sensor_number(&self) -> Option<u8> {
        match self.key() {
            Some(key) => Some(key.number),
            None => None,
        }
    }

    /// What a sensor record's sensors watch and which states they have, event-only ones included.
    #[must_use]
    pub const fn sensor_types(&self) -> Option<(SensorType, EventReadingType)> {
        match self {
            Self::Full(full) => Some((full.sensor.sensor_type, full.sensor.event_type)),
            Self::Compact(compact) => Some((compact.sensor.sensor_type, compact.sensor.event_type)),
            Self::EventOnly(sensor) => Some((sensor.sensor_type, sensor.event_type)),
            _ => None,
        }
    }

    /// Every sensor that the record describes: one, several, or none if it is not a sensor record.
    #[must_use]
    pub fn sensors(&self) -> Vec<SharedSensor> {
        match self {
            Self::Full(full) => {
                let SensorCommon { key, entity, .. } = full.sensor;
                vec![SharedSensor { key, entity, name: full.id.text() }]
            }
            Self::Compact(compact) => compact.sensors(),
            Self::EventOnly(sensor) => sensor.sensors(),
            _ => Vec::new(),
        }
    }

    /// The name of a sensor, a device or a controller. Sensors that share the record have it in
    /// common: see [`sensors`](Self::sensors).
    #[must_use]
    pub const fn name(&self) -> Option<&IdString> {
        match self {
            Self::Full(full) => Some(&full.id),
            Self::Compact(compact) => Some(&compact.id),
            Self::EventOnly(sensor) => Some(&sensor.id),
            Self::GenericDeviceLocator(device) => Some(&device.id),
            Self::FruDeviceLocator(fru) => Some(&fru.id),
            Self::McDeviceLocator(controller) => Some(&controller.id),
            Self::EntityAssociation(_)
            | Self::DeviceRelativeEntityAssociation(_)
            | Self::McConfirmation(_)
            | Self::BmcMessageChannelInfo(_)
            | Self::Oem(_)
            | Self::Other { .. } => None,
        }
    }

    /// What the (first) sensor, the device or the controller belongs to; of an association, the
    /// container.
    #[must_use]
    pub const fn entity(&self) -> Option<EntityId> {
        match self {
            Self::Full(full) => Some(full.sensor.entity),
            Self::Compact(compact) => Some(compact.sensor.entity),
            Self::EventOnly(sensor) => Some(sensor.entity),
            Self::EntityAssociation(association) => Some(association.container),
            Self::DeviceRelativeEntityAssociation(association) => {
                Some(association.container.entity)
            }
            Self::GenericDeviceLocator(device) => Some(device.entity),
            Self::FruDeviceLocator(fru) => Some(fru.entity),
            Self::McDeviceLocator(controller) => Some(controller.entity),
            Self::McConfirmation(_)
            | Self::BmcMessageChannelInfo(_)
            | Self::Oem(_)
            | Self::Other { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A kind that the specification leaves out.
    const UNKNOWN: [u8; 9] = [0x02, 0x00, 0x51, 0x0a, 0x04, 0x82, 0x03, 0x80, 0x00];

    #[test]
    fn other_kinds_are_kept_as_they_came() {
        let record = Record::decode(&UNKNOWN).unwrap();
        assert!(matches!(record, Record::Other { .. }));
        assert_eq!((record.record_type(), record.record_id()), (0x0a, 2));
        assert_eq!((record.name(), record.key(), record.entity()), (None, None, None));
        assert_eq!((record.sensors(), record.sensor_types()), (vec![], None));
        assert_eq!(record.to_bytes(), UNKNOWN);
        assert_eq!(record.with_record_id(0x1234).to_bytes()[..2], [0x34, 0x12]);
    }

    #[test]
    fn padding_after_the_record_is_ignored() {
        let padded = [&UNKNOWN[..], &[0; 9]].concat();
        assert_eq!(Record::decode(&padded).unwrap().to_bytes(), UNKNOWN);
    }

    #[test]
    fn a_cut_record_is_an_error_at_every_length() {
        for length in 0..UNKNOWN.len() {
            let err = Record::decode(&UNKNOWN[..length]).unwrap_err();
            assert!(matches!(err, DecodeError::Truncated { .. }), "{length}: {err}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_encoded_to_the_same_record(
            id: u16,
            record_type in prop::sample::select(
                vec![0x01u8, 0x02, 0x03, 0x08, 0x09, 0x0a, 0x10, 0x11, 0x12, 0x13, 0x14, 0xc0],
            ),
            body in proptest::collection::vec(any::<u8>(), 0..90),
        ) {
            let length = u8::try_from(body.len()).unwrap();
            let header = RecordHeader { record_id: id, version: 0x51, record_type, length };
            let bytes = [header.to_bytes(), body].concat();
            if let Ok(record) = Record::decode(&bytes) {
                prop_assert_eq!((record.record_id(), record.record_type()), (id, record_type));
                let first = record.sensors().first().map(|sensor| sensor.key);
                prop_assert_eq!(first, record.key());
                let other = record.clone().with_record_id(!id);
                prop_assert_eq!(other.record_id(), !id);
                prop_assert_eq!(Record::decode(&record.to_bytes()).unwrap(), record);
            } else {
                prop_assert!(bytes.len() < 5 + 42);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(record) = Record::decode(&bytes) {
                let _ = record.sensors();
            }
        }
    }
}
