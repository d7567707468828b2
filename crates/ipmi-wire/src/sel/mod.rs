//! The System Event Log: its records, and what they mean in words.
//!
//! Source: IPMI v2.0 §32, §42.

mod describe;
mod detail;
mod firmware;
mod severity;
mod states;
mod timestamp;

pub use describe::{Trigger, describe_event};
pub use severity::{Severity, severity, state_severity};
pub use states::{event_text, state_texts};
pub use timestamp::Timestamp;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::sdr::{EventReadingType, SensorType};

/// One record of the log: 16 bytes. IPMI v2.0 §32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelRecord {
    /// A sensor's event: type 02h. IPMI v2.0 §32.1.
    System {
        /// The record's number in the log.
        id: u16,
        /// When it was logged; [`Timestamp`] tells what it means.
        timestamp: u32,
        /// Who reported it. Low byte: slave address, or software ID if bit 0 is set; high byte:
        /// bits 7:4 channel, 1:0 LUN.
        generator: u16,
        /// Event message format: 04h is IPMI v1.5 and v2.0, 03h v1.0.
        evm_rev: u8,
        /// What the sensor watches.
        sensor_type: SensorType,
        /// Which sensor of its owner.
        sensor_number: u8,
        /// Whether the state came (assertion) or went (deassertion).
        assertion: bool,
        /// Which set of states the event is from.
        event_type: EventReadingType,
        /// Event data: bits 3:0 of the first byte are the state, 7:6 and 5:4 say what the second
        /// and the third hold. See [`describe_event`].
        data: [u8; 3],
    },
    /// An OEM's, with a time: types C0h to DFh. IPMI v2.0 §32.2.
    OemTimestamped {
        /// The record's number in the log.
        id: u16,
        /// Record type.
        record_type: u8,
        /// When it was logged.
        timestamp: u32,
        /// IANA enterprise number of who defines the data, 24 bits.
        manufacturer: u32,
        /// The OEM's own.
        data: [u8; 6],
    },
    /// An OEM's, without: types E0h to FFh. IPMI v2.0 §32.3.
    Oem {
        /// The record's number in the log.
        id: u16,
        /// Record type.
        record_type: u8,
        /// The OEM's own.
        data: [u8; 13],
    },
    /// Of a type that the specification does not know, as it came.
    Unspecified {
        /// The record's number in the log.
        id: u16,
        /// Record type.
        record_type: u8,
        /// What follows.
        data: [u8; 13],
    },
}

impl SelRecord {
    /// Bytes of a record.
    pub const LEN: usize = 16;
    /// Record type of a sensor's event.
    pub const SYSTEM_EVENT: u8 = 0x02;
    /// Event message format of IPMI v1.5 and v2.0.
    pub const EVM_REV: u8 = 0x04;

    /// The record's number in the log.
    #[must_use]
    pub const fn id(&self) -> u16 {
        match self {
            Self::System { id, .. }
            | Self::OemTimestamped { id, .. }
            | Self::Oem { id, .. }
            | Self::Unspecified { id, .. } => *id,
        }
    }

    /// The same record under another number.
    #[must_use]
    pub const fn with_id(mut self, new: u16) -> Self {
        match &mut self {
            Self::System { id, .. }
            | Self::OemTimestamped { id, .. }
            | Self::Oem { id, .. }
            | Self::Unspecified { id, .. } => *id = new,
        }
        self
    }

    /// The same record as logged at `time`, if it is of a kind that has one.
    #[must_use]
    pub const fn with_timestamp(mut self, time: u32) -> Self {
        if let Self::System { timestamp, .. } | Self::OemTimestamped { timestamp, .. } = &mut self {
            *timestamp = time;
        }
        self
    }

    /// The record type byte.
    #[must_use]
    pub const fn record_type(&self) -> u8 {
        match self {
            Self::System { .. } => Self::SYSTEM_EVENT,
            Self::OemTimestamped { record_type, .. }
            | Self::Oem { record_type, .. }
            | Self::Unspecified { record_type, .. } => *record_type,
        }
    }

    /// When it was logged, if its kind tells.
    #[must_use]
    pub const fn timestamp(&self) -> Option<Timestamp> {
        match self {
            Self::System { timestamp, .. } | Self::OemTimestamped { timestamp, .. } => {
                Some(Timestamp::new(*timestamp))
            }
            Self::Oem { .. } | Self::Unspecified { .. } => None,
        }
    }

    /// A record of a type that the specification does not know, read as a sensor's event: some
    /// controllers number those wrong, 00h the HP DL380 G5, 03h the Intel S2600JF (FreeIPMI's
    /// workaround `assumesystemevent`). `None` if the type is a known one.
    #[must_use]
    pub fn assume_system_event(&self) -> Option<Self> {
        let Self::Unspecified { .. } = self else { return None };
        let mut bytes = self.to_bytes();
        *bytes.get_mut(2)? = Self::SYSTEM_EVENT;
        Self::decode_exact(&bytes).ok()
    }

    /// How bad the event is: what it says itself if it does, else what its state is worth. Of
    /// OEMs' records nobody knows.
    ///
    /// Source of the former: IPMI v2.0 §29.7, Table 29-6, event data 2, bits 7:4.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let Self::System { sensor_type, event_type, assertion, data, .. } = self else {
            return Severity::Unknown;
        };
        let [first, second, _] = *data;
        let says = (first >> 6 == 1 && *assertion && !event_type.is_threshold())
            .then(|| severity(*sensor_type, EventReadingType::SEVERITY, second >> 4, true))
            .filter(|severity| *severity != Severity::Unknown);
        says.unwrap_or_else(|| severity(*sensor_type, *event_type, first & 0x0f, *assertion))
    }

    /// The event in words, if it is a sensor's.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        let Self::System { sensor_type, event_type, data, .. } = self else { return None };
        Some(describe_event(*sensor_type, *event_type, *data))
    }
}

impl Encode for SelRecord {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.id().to_le_bytes());
        out.push(self.record_type());
        match self {
            Self::System {
                id: _,
                timestamp,
                generator,
                evm_rev,
                sensor_type,
                sensor_number,
                assertion,
                event_type,
                data,
            } => {
                out.extend(timestamp.to_le_bytes());
                out.extend(generator.to_le_bytes());
                let direction = if *assertion { 0 } else { 0x80 };
                let event = direction | (event_type.0 & 0x7f);
                out.extend([*evm_rev, sensor_type.0, *sensor_number, event]);
                out.extend(data);
            }
            Self::OemTimestamped { id: _, record_type: _, timestamp, manufacturer, data } => {
                out.extend(timestamp.to_le_bytes());
                let [a, b, c, _] = manufacturer.to_le_bytes();
                out.extend([a, b, c]);
                out.extend(data);
            }
            Self::Oem { data, .. } | Self::Unspecified { data, .. } => out.extend(data),
        }
    }
}

impl Decode for SelRecord {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let id = r.u16("record ID")?;
        let record_type = r.u8("record type")?;
        Ok(match record_type {
            Self::SYSTEM_EVENT => {
                let timestamp = r.u32("timestamp")?;
                let generator = r.u16("generator ID")?;
                let evm_rev = r.u8("event message format")?;
                let sensor_type = SensorType(r.u8("sensor type")?);
                let sensor_number = r.u8("sensor number")?;
                let event = r.u8("event direction and type")?;
                Self::System {
                    id,
                    timestamp,
                    generator,
                    evm_rev,
                    sensor_type,
                    sensor_number,
                    assertion: event & 0x80 == 0,
                    event_type: EventReadingType(event & 0x7f),
                    data: r.array("event data")?,
                }
            }
            0xc0..=0xdf => Self::OemTimestamped {
                id,
                record_type,
                timestamp: r.u32("timestamp")?,
                manufacturer: r.u24("manufacturer ID")?,
                data: r.array("OEM data")?,
            },
            0xe0..=0xff => Self::Oem { id, record_type, data: r.array("OEM data")? },
            _ => Self::Unspecified { id, record_type, data: r.array("record data")? },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By hand from Table 32-1: record 1, sensor 30h of the BMC, upper critical going high.
    const TEMPERATURE: [u8; 16] = [
        0x01, 0x00, 0x02, 0x78, 0x56, 0x34, 0x62, 0x20, 0x00, 0x04, 0x01, 0x30, 0x01, 0x59, 0x65,
        0x64,
    ];

    #[test]
    fn a_sensors_event() {
        let record = SelRecord::decode_exact(&TEMPERATURE).unwrap();
        let expected = SelRecord::System {
            id: 1,
            timestamp: 0x6234_5678,
            generator: 0x0020,
            evm_rev: SelRecord::EVM_REV,
            sensor_type: SensorType::TEMPERATURE,
            sensor_number: 0x30,
            assertion: true,
            event_type: EventReadingType::THRESHOLD,
            data: [0x59, 0x65, 0x64],
        };
        assert_eq!(record, expected);
        assert_eq!(record.describe().unwrap(), "Upper Critical going high");
        assert_eq!(record.to_bytes(), TEMPERATURE);
    }

    #[test]
    fn the_record_type_decides_on_the_rest() {
        let read = |record_type| {
            let mut bytes = TEMPERATURE;
            bytes[2] = record_type;
            let record = SelRecord::decode_exact(&bytes).unwrap();
            assert_eq!((record.record_type(), record.to_bytes()), (record_type, bytes.to_vec()));
            record
        };
        let SelRecord::OemTimestamped { manufacturer, .. } = read(0xdf) else { panic!() };
        assert_eq!(manufacturer, 0x0004_0020);
        assert!(matches!(read(0xe0), SelRecord::Oem { .. }));
        assert!(matches!(read(0x03), SelRecord::Unspecified { .. }));
        assert_eq!(read(0x03).timestamp(), None);
        assert_eq!(read(0x02).with_id(7).id(), 7);
    }

    #[test]
    fn a_wrongly_numbered_event_can_be_read_all_the_same() {
        let mut bytes = TEMPERATURE;
        bytes[2] = 0x00;
        let record = SelRecord::decode_exact(&bytes).unwrap();
        assert_eq!((record.describe(), record.severity()), (None, Severity::Unknown));
        let event = record.assume_system_event().unwrap();
        assert_eq!(event, SelRecord::decode_exact(&TEMPERATURE).unwrap());
        assert_eq!(event.assume_system_event(), None);
    }

    #[test]
    fn an_event_may_say_itself_how_bad_it_is() {
        let severity = |event, data| {
            let mut bytes = TEMPERATURE;
            bytes[10] = 0x09;
            bytes[12] = event;
            bytes[13..].copy_from_slice(data);
            SelRecord::decode_exact(&bytes).unwrap().severity()
        };
        // Power unit, redundancy lost; byte 2 says "non-critical, was OK", or nothing.
        assert_eq!(severity(0x0b, &[0x41, 0x10, 0xff]), Severity::Warning);
        assert_eq!(severity(0x0b, &[0x41, 0xf0, 0xff]), Severity::Critical);
        assert_eq!(severity(0x0b, &[0x01, 0x10, 0xff]), Severity::Critical);
        assert_eq!(severity(0x8b, &[0x41, 0x20, 0xff]), Severity::Information);
    }

    #[test]
    fn a_short_record_is_an_error() {
        for length in 0..SelRecord::LEN {
            assert!(SelRecord::decode_exact(&TEMPERATURE[..length]).is_err());
        }
    }

    proptest! {
        #[test]
        fn every_record_survives(
            mut bytes: [u8; 16],
            record_type in prop_oneof![Just(2u8), any::<u8>()],
        ) {
            bytes[2] = record_type;
            let record = SelRecord::decode_exact(&bytes).unwrap();
            prop_assert_eq!(record.to_bytes(), bytes);
            let _ = (record.describe(), record.severity());
        }
    }
}
