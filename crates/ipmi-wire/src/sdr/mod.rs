//! Sensor Data Records: which sensors there are, and how their raw readings become values.
//!
//! Typed are the two kinds that describe readable sensors, full (01h) and compact (02h); every
//! other kind is kept as it came, in [`Record::Other`].
//!
//! Source: IPMI v2.0 §43.

mod compact;
mod entity;
mod factors;
mod full;
mod id_string;
mod sensor;
mod sensor_type;
mod threshold;
mod units;

pub use compact::{CompactSensor, IdModifier};
pub use entity::EntityId;
pub use factors::{Direction, Factors, Linearization};
pub use full::{AnalogCharacteristics, FullSensor};
pub use id_string::{IdString, IdStringEncoding, IdStringError};
pub use sensor::{SensorCommon, SensorKey, SettingAccess};
pub use sensor_type::{EventReadingType, SensorType};
pub use threshold::{RawThresholds, ThresholdKind, ThresholdMask};
pub use units::{AnalogFormat, ModifierUse, RateUnit, UnitCode, Units};

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// What every record starts with: five bytes. IPMI v2.0 §43.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordHeader {
    /// The record's number in its repository. It may change whenever the repository does.
    pub record_id: u16,
    /// Version of the record format as BCD with the digits swapped: 51h is 1.5, used by 2.0 too.
    pub version: u8,
    /// What kind of record this is: see the constants.
    pub record_type: u8,
    /// Bytes after this header.
    pub length: u8,
}

impl RecordHeader {
    /// Bytes of a header.
    pub const LEN: usize = 5;
    /// The one record format version in use.
    pub const VERSION: u8 = 0x51;
    /// Record type: full sensor.
    pub const FULL_SENSOR: u8 = 0x01;
    /// Record type: compact sensor.
    pub const COMPACT_SENSOR: u8 = 0x02;
    /// Record type: event-only sensor.
    pub const EVENT_ONLY_SENSOR: u8 = 0x03;
    /// Record type: entity association.
    pub const ENTITY_ASSOCIATION: u8 = 0x08;
    /// Record type: device-relative entity association.
    pub const DEVICE_RELATIVE_ENTITY_ASSOCIATION: u8 = 0x09;
    /// Record type: generic device locator.
    pub const GENERIC_DEVICE_LOCATOR: u8 = 0x10;
    /// Record type: FRU device locator.
    pub const FRU_DEVICE_LOCATOR: u8 = 0x11;
    /// Record type: management controller device locator.
    pub const MC_DEVICE_LOCATOR: u8 = 0x12;
    /// Record type: management controller confirmation.
    pub const MC_CONFIRMATION: u8 = 0x13;
    /// Record type: BMC message channel info.
    pub const BMC_MESSAGE_CHANNEL_INFO: u8 = 0x14;
    /// Record type: OEM.
    pub const OEM: u8 = 0xc0;

    /// Bytes of the whole record, header included.
    #[must_use]
    pub const fn record_len(&self) -> usize {
        // At most 260: no overflow.
        Self::LEN + self.length as usize
    }
}

impl Encode for RecordHeader {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.record_id.to_le_bytes());
        out.extend([self.version, self.record_type, self.length]);
    }
}

impl Decode for RecordHeader {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            record_id: r.u16("record ID")?,
            version: r.u8("SDR version")?,
            record_type: r.u8("record type")?,
            length: r.u8("record length")?,
        })
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A full sensor record, type 01h: the only kind with conversion factors.
    Full(FullSensor),
    /// A compact sensor record, type 02h: discrete sensors, possibly several alike.
    Compact(CompactSensor),
    /// Any other kind, as it came.
    Other {
        /// Its header. The length byte is made from `body` when encoding.
        header: RecordHeader,
        /// What follows the header: at most 255 bytes, anything after that is not encoded.
        body: Vec<u8>,
    },
}

impl Record {
    /// Reads a record, header first. Bytes beyond the length in the header are ignored, because
    /// OpenIPMI's `ipmi_sim` answers with padded records.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if `bytes` ends before the record does, or the record before the
    /// fixed part of its type.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let header = RecordHeader::decode(&mut r)?;
        let body = r.bytes("record body", header.length.into())?;
        let r = &mut Reader::new(body);
        Ok(match header.record_type {
            RecordHeader::FULL_SENSOR => Self::Full(FullSensor::decode_body(&header, r)?),
            RecordHeader::COMPACT_SENSOR => Self::Compact(CompactSensor::decode_body(&header, r)?),
            _ => Self::Other { header, body: body.to_vec() },
        })
    }

    /// The record, header first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        let header = match self {
            Self::Full(full) => {
                full.encode_body(&mut body);
                full.header()
            }
            Self::Compact(compact) => {
                compact.encode_body(&mut body);
                compact.header()
            }
            Self::Other { header, body: other } => {
                body.extend(other.iter().take(usize::from(u8::MAX)));
                *header
            }
        };
        // The typed kinds are at most 43 + 31 bytes, the others were cut to 255 just above.
        let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
        let mut out = RecordHeader { length, ..header }.to_bytes();
        out.extend(body);
        out
    }

    /// The record's number in its repository.
    #[must_use]
    pub const fn record_id(&self) -> u16 {
        match self {
            Self::Full(full) => full.record_id,
            Self::Compact(compact) => compact.record_id,
            Self::Other { header, .. } => header.record_id,
        }
    }

    /// The same record under another number.
    #[must_use]
    pub fn with_record_id(mut self, id: u16) -> Self {
        match &mut self {
            Self::Full(full) => full.record_id = id,
            Self::Compact(compact) => compact.record_id = id,
            Self::Other { header, .. } => header.record_id = id,
        }
        self
    }

    /// The record type byte.
    #[must_use]
    pub const fn record_type(&self) -> u8 {
        match self {
            Self::Full(_) => RecordHeader::FULL_SENSOR,
            Self::Compact(_) => RecordHeader::COMPACT_SENSOR,
            Self::Other { header, .. } => header.record_type,
        }
    }

    /// What full and compact records have in common.
    #[must_use]
    pub const fn sensor(&self) -> Option<&SensorCommon> {
        match self {
            Self::Full(full) => Some(&full.sensor),
            Self::Compact(compact) => Some(&compact.sensor),
            Self::Other { .. } => None,
        }
    }

    /// The name of a sensor record.
    #[must_use]
    pub const fn name(&self) -> Option<&IdString> {
        match self {
            Self::Full(full) => Some(&full.id),
            Self::Compact(compact) => Some(&compact.id),
            Self::Other { .. } => None,
        }
    }

    /// The number of a sensor record's (first) sensor.
    #[must_use]
    pub const fn sensor_number(&self) -> Option<u8> {
        match self.sensor() {
            Some(sensor) => Some(sensor.key.number),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A FRU device locator, Kontron, "Kontron MCMC": python-ipmi's tests/test_sdr.py.
    const FRU_LOCATOR: [u8; 28] = [
        0x02, 0x00, 0x51, 0x11, 0x17, 0x82, 0x03, 0x80, 0x00, 0x00, 0x10, 0x02, 0xc2, 0x61, 0x00,
        0xcc, 0x4b, 0x6f, 0x6e, 0x74, 0x72, 0x6f, 0x6e, 0x20, 0x4d, 0x43, 0x4d, 0x43,
    ];

    #[test]
    fn other_kinds_are_kept_as_they_came() {
        let record = Record::decode(&FRU_LOCATOR).unwrap();
        assert_eq!(record.record_type(), RecordHeader::FRU_DEVICE_LOCATOR);
        assert_eq!((record.record_id(), record.name(), record.sensor_number()), (2, None, None));
        assert_eq!(record.to_bytes(), FRU_LOCATOR);
        assert_eq!(record.with_record_id(0x1234).to_bytes()[..2], [0x34, 0x12]);
    }

    #[test]
    fn padding_after_the_record_is_ignored() {
        let padded = [&FRU_LOCATOR[..], &[0; 9]].concat();
        assert_eq!(Record::decode(&padded).unwrap().to_bytes(), FRU_LOCATOR);
    }

    #[test]
    fn a_cut_record_is_an_error_at_every_length() {
        for length in 0..FRU_LOCATOR.len() {
            let err = Record::decode(&FRU_LOCATOR[..length]).unwrap_err();
            assert!(matches!(err, DecodeError::Truncated { .. }), "{length}: {err}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_encoded_to_the_same_record(
            id: u16,
            record_type in prop_oneof![Just(1u8), Just(2), Just(0xc0)],
            body in proptest::collection::vec(any::<u8>(), 0..90),
        ) {
            let length = u8::try_from(body.len()).unwrap();
            let header = RecordHeader { record_id: id, version: 0x51, record_type, length };
            let bytes = [header.to_bytes(), body].concat();
            if let Ok(record) = Record::decode(&bytes) {
                prop_assert_eq!(record.record_id(), id);
                prop_assert_eq!(Record::decode(&record.to_bytes()).unwrap(), record);
            } else {
                prop_assert!(bytes.len() < 5 + 42);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Record::decode(&bytes);
        }
    }
}
