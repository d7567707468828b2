//! Sensors: what there is to read, what it reads, and what that means.

mod ahead;
mod owner;
mod presence;
mod read;
mod settings;
mod state;

use ipmi_wire::CompletionCode;
use ipmi_wire::sdr::{
    EntityId, EventReadingType, FullSensor, Record, SensorKey, SensorType, ThresholdKind,
    ThresholdMask,
};
use ipmi_wire::vendor::Decoded;

pub(crate) use read::KnownFactors;
pub use read::SensorQuery;
pub use settings::{SensorDetails, ThresholdChange};
pub use state::SensorState;

use crate::error::Error;
use crate::sdr::SdrSet;

/// One sensor as its record describes it. A record that several sensors share is one of these for
/// each.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorInfo {
    /// Its record.
    pub record: Record,
    /// Whose it is, and its number.
    pub key: SensorKey,
    /// What it watches, or belongs to.
    pub entity: EntityId,
    /// Its name, with its own ending if it shares its record.
    pub name: String,
    /// Sensor type.
    pub sensor_type: SensorType,
    /// Which states it has.
    pub event_type: EventReadingType,
}

/// One sensor with its reading.
#[derive(Debug)]
pub struct Sensor {
    /// What it is.
    pub info: SensorInfo,
    /// What it reads.
    pub reading: Reading,
    /// How the thing that it watches is doing.
    pub state: SensorState,
    /// What its type is called, by the BMC's maker if it is one of the maker's own.
    pub type_name: &'static str,
    /// What the maker means by states that are its own; `None` if there are none, or if nobody
    /// knows.
    pub oem: Option<Decoded>,
    /// Thresholds in force, converted, if they were asked for and there are any.
    pub thresholds: Vec<(ThresholdKind, f64)>,
    /// Thresholds about which the BMC and its own figures disagree: it says that they are exceeded
    /// and they are not, or the other way round. Empty unless thresholds were asked for. The state
    /// follows the BMC.
    ///
    /// Intel SR1500 and S5000PAL boards claim exceeded lower thresholds
    /// (`research/freeipmi.md` §3.3).
    pub disputed: ThresholdMask,
}

/// What a sensor reads.
#[derive(Debug)]
pub enum Reading {
    /// What a threshold sensor says.
    Analog {
        /// As it came.
        raw: u8,
        /// In the unit of the record; `None` if the record has no way to make a value of it.
        value: Option<f64>,
        /// Thresholds that the reading is at or beyond, as the BMC says.
        crossed: ThresholdMask,
    },
    /// The states of a discrete sensor.
    Discrete {
        /// Bit 0 is offset 0.
        states: u16,
        /// The states in words.
        texts: Vec<&'static str>,
        /// What came beside the states, if the record says how to read that. HP's DL380 G7 and
        /// ML310 G5 have such sensors (`research/freeipmi.md` §4.7).
        value: Option<f64>,
    },
    /// Nothing, and that is normal.
    None(Silence),
    /// Nothing, and that is not.
    Failed(Box<Error>),
}

/// Why a sensor has nothing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Silence {
    /// The BMC says "reading unavailable": not measured yet, or the machine is off.
    Unavailable,
    /// Scanning is disabled.
    ScanningDisabled,
    /// The BMC knows no such sensor (any more), or has nothing for it in the present state.
    Absent(CompletionCode),
    /// The sensor belongs to software, or to a controller to which there is no way.
    NotOurs(u8),
    /// The sensor belongs to a controller that could not be reached a moment ago.
    OutOfReach(u8),
    /// It cannot be read by its nature: it appears in events only.
    EventOnly,
    /// Asking failed: see [`Reading::Failed`].
    Failed,
}

/// By what somebody means a sensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SensorRef {
    /// By its name: exactly, or if there is none, whatever the case of its letters.
    Name(String),
    /// By its number on the BMC, at this LUN.
    Number {
        /// LUN, 0 to 3.
        lun: u8,
        /// Number.
        number: u8,
    },
}

impl SensorInfo {
    /// The sensors of a record.
    fn of(record: &Record) -> Vec<Self> {
        let Some((sensor_type, event_type)) = record.sensor_types() else { return Vec::new() };
        record
            .sensors()
            .into_iter()
            .map(|sensor| Self {
                record: record.clone(),
                key: sensor.key,
                entity: sensor.entity,
                name: sensor.name,
                sensor_type,
                event_type,
            })
            .collect()
    }

    /// Its record, if that is a full one: with conversion factors and thresholds.
    #[must_use]
    pub const fn full(&self) -> Option<&FullSensor> {
        match &self.record {
            Record::Full(full) => Some(full),
            _ => None,
        }
    }

    /// Whether it can only be heard of.
    #[must_use]
    pub const fn is_event_only(&self) -> bool {
        matches!(self.record, Record::EventOnly(_))
    }
}

impl Sensor {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.info.name
    }
}

impl SdrSet {
    /// The sensors of all records, event-only ones too, in the order of the records.
    #[must_use]
    pub fn sensors(&self) -> Vec<SensorInfo> {
        self.records().iter().flat_map(SensorInfo::of).collect()
    }

    /// The sensors that `wanted` means: names need not be unique.
    #[must_use]
    pub fn find(&self, wanted: &SensorRef) -> Vec<SensorInfo> {
        let mut sensors = self.sensors();
        match wanted {
            SensorRef::Name(name) => {
                let exact = sensors.iter().any(|sensor| sensor.name == *name);
                sensors.retain(|sensor| {
                    sensor.name == *name || (!exact && sensor.name.eq_ignore_ascii_case(name))
                });
            }
            SensorRef::Number { lun, number } => {
                let meant = |key: SensorKey| key.lun() == *lun && key.number == *number;
                sensors.retain(|sensor| sensor.key.owner_id == SensorKey::BMC && meant(sensor.key));
            }
        }
        sensors
    }

    /// The sensor that an event of the log is about: the one with this number at this generator
    /// (owner in the low byte; channel and LUN in the high one, IPMI v2.0 §32.1).
    ///
    /// Nothing nearly right is good enough for a name, but for one thing: some BMCs give the
    /// owner's address shifted right by one (H8QME, `research/freeipmi.md` §3.5). That is tried if
    /// nothing fits, and no software is known to have that ID.
    #[must_use]
    pub fn sensor_of_event(&self, generator: u16, number: u8) -> Option<SensorInfo> {
        let [owner, place] = generator.to_le_bytes();
        let sensors = self.sensors();
        let at = |owner: u8| {
            sensors.iter().find(|sensor| {
                sensor.key.owner_id == owner
                    && sensor.key.lun() == place & 3
                    && sensor.key.number == number
            })
        };
        let shifted = || (owner == SensorKey::BMC >> 1).then(|| at(SensorKey::BMC)).flatten();
        at(owner).or_else(shifted).cloned()
    }
}

#[cfg(test)]
mod tests;
