//! Sensor Data Records: which sensors there are, and how their raw readings become values.
//!
//! Every kind that the specification defines is typed; a kind that it does not know is kept as it
//! came, in [`Record::Other`]. Names, owners and entities are to be had from any [`Record`].
//!
//! Source: IPMI v2.0 §43.

mod association;
mod compact;
mod controller;
mod device_type;
mod entity;
mod event_only;
mod factors;
mod full;
mod id_string;
mod linearization;
mod locator;
mod oem;
mod record;
mod sensor;
mod sensor_type;
mod sharing;
mod threshold;
mod unit_code;
mod units;

pub use association::{
    AssociationFlags, DeviceEntity, DeviceRelativeEntityAssociation, EntityAssociation,
};
pub use compact::CompactSensor;
pub use controller::{
    BmcMessageChannelInfo, EventMessageSetup, McConfirmation, McDeviceLocator, MessageChannel,
};
pub use device_type::DeviceType;
pub use entity::EntityId;
pub use event_only::EventOnlySensor;
pub use factors::{Direction, Factors};
pub use full::{AnalogCharacteristics, FullSensor};
pub use id_string::{IdString, IdStringEncoding, IdStringError};
pub use linearization::Linearization;
pub use locator::{FruDeviceLocator, GenericDeviceLocator};
pub use oem::OemRecord;
pub use record::Record;
pub use sensor::{EventControl, SensorCommon, SensorKey, SettingAccess};
pub use sensor_type::{EventReadingType, SensorType};
pub use sharing::{IdModifier, RecordSharing, SharedSensor};
pub use threshold::{RawThresholds, ThresholdKind, ThresholdMask};
pub use unit_code::UnitCode;
pub use units::{AnalogFormat, ModifierUse, RateUnit, Units};

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
