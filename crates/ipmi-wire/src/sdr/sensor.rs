//! What full and compact sensor records have in common: their first 18 bytes.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::privilege::Channel;
use crate::sdr::{EntityId, EventReadingType, SensorType, ThresholdMask, Units};

/// Whose sensor this is, and which. IPMI v2.0 §43.1, bytes 6 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SensorKey {
    /// The controller's slave address, or a software ID if bit 0 is set. The BMC is 20h.
    pub owner_id: u8,
    /// Bits 7:4 the channel that the owner is on, bits 1:0 its LUN.
    pub owner_lun: u8,
    /// Sensor number; FFh is reserved.
    pub number: u8,
}

impl SensorKey {
    /// The BMC's own slave address.
    pub const BMC: u8 = 0x20;

    /// Sensor `number` of the BMC itself.
    #[must_use]
    pub const fn bmc(number: u8) -> Self {
        Self { owner_id: Self::BMC, owner_lun: 0, number }
    }

    /// The channel that the owner is on.
    #[must_use]
    pub const fn channel(self) -> Channel {
        Channel::new(self.owner_lun >> 4)
    }

    /// The owner's LUN, 0 to 3.
    #[must_use]
    pub const fn lun(self) -> u8 {
        self.owner_lun & 3
    }
}

impl Encode for SensorKey {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.owner_id, self.owner_lun, self.number]);
    }
}

impl Decode for SensorKey {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            owner_id: r.u8("sensor owner ID")?,
            owner_lun: r.u8("sensor owner LUN")?,
            number: r.u8("sensor number")?,
        })
    }
}

/// What can be done with a sensor's thresholds or hysteresis. IPMI v2.0 §43.1, byte 12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingAccess {
    /// It has none.
    None,
    /// They can be read.
    Readable,
    /// They can be read and set.
    Settable,
    /// They are fixed and cannot be read; those in the record hold, if any.
    Fixed,
}

impl SettingAccess {
    const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::None,
            1 => Self::Readable,
            2 => Self::Settable,
            _ => Self::Fixed,
        }
    }
}

/// How finely a sensor's event messages can be enabled. IPMI v2.0 §43.1, byte 12, bits 1:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventControl {
    /// Each state or threshold by itself.
    PerState,
    /// All of the sensor's together.
    Sensor,
    /// Only all of the controller's together.
    Global,
    /// The sensor sends none.
    None,
}

/// What full and compact sensor records have in common. IPMI v2.0 §43.1 and §43.2, bytes 6 to 23.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SensorCommon {
    /// Owner and number.
    pub key: SensorKey,
    /// What the sensor watches.
    pub entity: EntityId,
    /// What an initialization agent sets up: bit 7 the sensor is settable, 6 scanning, 5 events,
    /// 4 thresholds, 3 hysteresis, 2 types; power-up defaults: 1 event generation, 0 scanning.
    pub initialization: u8,
    /// Bit 7 ignore the sensor while its entity is absent, 6 auto re-arm, 5:4 hysteresis access,
    /// 3:2 threshold access, 1:0 event message control.
    pub capabilities: u8,
    /// Sensor type.
    pub sensor_type: SensorType,
    /// Which states it has.
    pub event_type: EventReadingType,
    /// Assertion events, one bit each. Threshold sensors: bit `2n` going low and `2n + 1` going
    /// high over the threshold with bit `n`; bits 14:12 the lower thresholds that readings report.
    pub assertion_mask: u16,
    /// Deassertion events alike; threshold sensors: bits 14:12 the upper thresholds reported.
    pub deassertion_mask: u16,
    /// The states that readings can report. Threshold sensors: bits 5:0 the readable thresholds,
    /// 13:8 the settable ones.
    pub reading_mask: u16,
    /// Unit and raw format.
    pub units: Units,
}

impl SensorCommon {
    /// Whether this is a threshold sensor.
    #[must_use]
    pub const fn is_threshold(&self) -> bool {
        self.event_type.is_threshold()
    }

    /// The thresholds that can be read; none for discrete sensors.
    #[must_use]
    pub const fn readable_thresholds(&self) -> ThresholdMask {
        let [low, _] = self.reading_mask.to_le_bytes();
        if self.is_threshold() { ThresholdMask(low & 0x3f) } else { ThresholdMask::NONE }
    }

    /// The thresholds that can be set; none for discrete sensors.
    #[must_use]
    pub const fn settable_thresholds(&self) -> ThresholdMask {
        let [_, high] = self.reading_mask.to_le_bytes();
        if self.is_threshold() { ThresholdMask(high & 0x3f) } else { ThresholdMask::NONE }
    }

    /// The thresholds that a reading's status bits report; none for discrete sensors.
    #[must_use]
    pub const fn reported_thresholds(&self) -> ThresholdMask {
        let [_, lower] = self.assertion_mask.to_le_bytes();
        let [_, upper] = self.deassertion_mask.to_le_bytes();
        if self.is_threshold() {
            ThresholdMask(((lower >> 4) & 7) | (((upper >> 4) & 7) << 3))
        } else {
            ThresholdMask::NONE
        }
    }

    /// The states that a discrete sensor's readings can report, bits 14:0; 0 for threshold
    /// sensors.
    #[must_use]
    pub const fn reportable_states(&self) -> u16 {
        if self.is_threshold() { 0 } else { self.reading_mask & 0x7fff }
    }

    /// Whether the sensor means nothing while its entity is absent.
    #[must_use]
    pub const fn ignored_if_absent(&self) -> bool {
        self.capabilities & 0x80 != 0
    }

    /// Whether it re-arms itself when the event clears.
    #[must_use]
    pub const fn auto_rearms(&self) -> bool {
        self.capabilities & 0x40 != 0
    }

    /// How finely its event messages can be enabled.
    #[must_use]
    pub const fn event_control(&self) -> EventControl {
        match self.capabilities & 3 {
            0 => EventControl::PerState,
            1 => EventControl::Sensor,
            2 => EventControl::Global,
            _ => EventControl::None,
        }
    }

    /// Whether Set Sensor Reading And Event Status works on it. A controller need not say so.
    #[must_use]
    pub const fn is_settable(&self) -> bool {
        self.initialization & 0x80 != 0
    }

    /// What can be done with its hysteresis.
    #[must_use]
    pub const fn hysteresis_access(&self) -> SettingAccess {
        SettingAccess::from_bits(self.capabilities >> 4)
    }

    /// What can be done with its thresholds.
    #[must_use]
    pub const fn threshold_access(&self) -> SettingAccess {
        SettingAccess::from_bits(self.capabilities >> 2)
    }
}

impl Encode for SensorCommon {
    fn encode(&self, out: &mut Vec<u8>) {
        self.key.encode(out);
        self.entity.encode(out);
        out.extend([
            self.initialization,
            self.capabilities,
            self.sensor_type.0,
            self.event_type.0 & 0x7f,
        ]);
        out.extend(self.assertion_mask.to_le_bytes());
        out.extend(self.deassertion_mask.to_le_bytes());
        out.extend(self.reading_mask.to_le_bytes());
        self.units.encode(out);
    }
}

impl Decode for SensorCommon {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            key: SensorKey::decode(r)?,
            entity: EntityId::decode(r)?,
            initialization: r.u8("sensor initialization")?,
            capabilities: r.u8("sensor capabilities")?,
            sensor_type: SensorType(r.u8("sensor type")?),
            event_type: EventReadingType(r.u8("event/reading type code")? & 0x7f),
            assertion_mask: r.u16("assertion event mask")?,
            deassertion_mask: r.u16("deassertion event mask")?,
            reading_mask: r.u16("reading mask")?,
            units: Units::decode(r)?,
        })
    }
}
