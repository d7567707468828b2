//! How a personality's sensors are scanned: what their records do not say.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use ipmi_wire::sdr::{Factors, Record, SensorCommon, SensorType};

/// How the sensors of a controller are scanned. The default: one bus without delays, intervals by
/// the kind of sensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The buses. A sensor on one that is not here is never scanned.
    pub buses: Vec<BusPlan>,
    /// What is special about single sensors, by number.
    pub sensors: BTreeMap<u8, SensorPlan>,
}

/// A bus: it carries one scan at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusPlan {
    /// Its name, for people.
    pub name: String,
    /// How long a scan keeps it busy before the platform is asked.
    pub scan_time: Duration,
}

/// What is special about a sensor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SensorPlan {
    /// Index of its bus in [`Plan::buses`].
    pub bus: usize,
    /// Time from scan to scan; `None` is [`interval`] of its record.
    pub interval: Option<Duration>,
    /// How long its scan keeps the bus busy; `None` is what the bus says.
    pub scan_time: Option<Duration>,
    /// Whence its readings come.
    pub source: Source,
    /// States that stay once they are asserted, until somebody clears them.
    pub latched: u16,
    /// States that are no news when the controller first sees them: presence, for example.
    pub usual: u16,
    /// Of a non-linear sensor: its factors, by the raw reading from which on they hold, in the order
    /// of the numbers that those are.
    pub factors: Vec<(u8, Factors)>,
}

/// Whence a sensor's readings come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The platform measures it.
    #[default]
    Platform,
    /// The controller knows it by itself, such as how full its log is.
    Controller,
    /// Software writes it with Set Sensor Reading And Event Status.
    Written,
}

impl Default for Plan {
    fn default() -> Self {
        let buses = vec![BusPlan { name: "main".into(), scan_time: Duration::ZERO }];
        Self { buses, sensors: BTreeMap::new() }
    }
}

/// How often a sensor like this is scanned if nothing else is said.
///
/// Fans fail within a second or two, and what a discrete sensor tells (a lid, a power supply's
/// presence) is wanted soon; heat and the loads that make it move slower.
#[must_use]
pub const fn interval(sensor: &SensorCommon) -> Duration {
    match sensor.sensor_type {
        SensorType::FAN => Duration::from_secs(1),
        _ if sensor.is_threshold() => Duration::from_secs(2),
        _ => Duration::from_secs(1),
    }
}

/// The numbers of the sensors of a record: none of one that no reading can be had of.
pub(super) fn numbers(record: &Record) -> Range<u8> {
    let (first, count) = match record {
        Record::Full(full) => (full.sensor.key.number, 1),
        Record::Compact(compact) => (compact.sensor.key.number, compact.count()),
        _ => (0, 0),
    };
    // FFh is no sensor number.
    first..first.saturating_add(count)
}

/// A number that is the same for equal sensor records, whatever their record IDs: what was set at a
/// sensor means nothing once its record is another one.
pub(super) fn fingerprint(record: &Record) -> u32 {
    // FNV-1a: nobody gains from a collision.
    let bytes = record.clone().with_record_id(0).to_bytes();
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
