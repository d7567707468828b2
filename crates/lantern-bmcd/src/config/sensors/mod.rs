//! Sensors, the buses that they are on, and what measures them.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

mod written;

pub(super) use written::{BusSection, HwmonSection, SensorSection, check};

/// What a configuration says about sensors, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SensorsConfig {
    /// Buses beside the personality's.
    pub buses: Vec<BusConfig>,
    /// Sensors, in their order.
    pub sensors: Vec<SensorConfig>,
    /// The host's own hardware monitoring.
    pub hwmon: HwmonConfig,
}

/// A bus.
#[derive(Clone, Debug, PartialEq)]
pub struct BusConfig {
    /// Its name.
    pub name: String,
    /// How long each scan keeps it busy.
    pub scan_time: Duration,
}

/// A sensor: a new one, or one of the personality's that is measured otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorConfig {
    /// Its name.
    pub name: String,
    /// What it is; `None` if the personality says it.
    pub definition: Option<Definition>,
    /// The bus that it is on, if it is said.
    pub bus: Option<String>,
    /// Time from scan to scan.
    pub interval: Option<Duration>,
    /// How long a scan keeps the bus busy.
    pub scan_time: Option<Duration>,
    /// What measures it; `None` is the machine itself.
    pub source: Option<SourceConfig>,
    /// The source's number is multiplied with this, then `offset` is added.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
}

/// What a new sensor is.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// What it measures.
    pub quantity: Quantity,
    /// Lowest and highest value, in the quantity's unit. One byte codes it.
    pub range: (f64, f64),
    /// Thresholds, in the order of [`ThresholdKind::ALL`](ipmi_wire::sdr::ThresholdKind::ALL).
    pub thresholds: [Option<f64>; 6],
    /// Hysteresis of all of them, in the quantity's unit.
    pub hysteresis: f64,
}

/// What a sensor measures, which implies the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantity {
    /// Degrees Celsius.
    Temperature,
    /// Volts.
    Voltage,
    /// Revolutions per minute.
    Fan,
    /// Amperes.
    Current,
    /// Watts.
    Power,
}

/// What measures a sensor.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceConfig {
    /// The number that a file begins with.
    File(PathBuf),
    /// The number that a program prints.
    Command {
        /// The program and its arguments. No shell is involved.
        argv: Vec<String>,
        /// It is killed if it takes longer.
        timeout: Duration,
    },
    /// A channel of a chip of the host's hardware monitoring.
    Hwmon {
        /// The chip's name, or its directory's.
        chip: String,
        /// The channel, such as `temp1`.
        channel: String,
    },
    /// Software, by the command Set Sensor Reading And Event Status.
    Written,
}

/// The host's hardware monitoring.
#[derive(Clone, Debug, PartialEq)]
pub struct HwmonConfig {
    /// The directory with a directory for each chip.
    pub root: PathBuf,
    /// What becomes a sensor by itself.
    pub discover: Discovery,
}

/// Which channels of the host's hardware monitoring become sensors by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// None.
    Off,
    /// All that can be read.
    All,
    /// Those of these chips.
    Chips(Vec<String>),
}

impl Default for HwmonConfig {
    fn default() -> Self {
        Self { root: "/sys/class/hwmon".into(), discover: Discovery::Off }
    }
}

impl Quantity {
    /// Lowest and highest value if nothing is said.
    const fn usual_range(self) -> (f64, f64) {
        match self {
            Self::Temperature => (-40.0, 125.0),
            Self::Voltage => (0.0, 16.0),
            Self::Fan => (0.0, 15_300.0),
            Self::Current => (0.0, 100.0),
            Self::Power => (0.0, 1000.0),
        }
    }
}

impl SourceConfig {
    /// What the numbers of hardware monitoring count; those of other sources are taken as they are.
    pub(crate) fn usual_scale(&self) -> f64 {
        match self {
            Self::Hwmon { channel, .. } => channel_scale(channel).unwrap_or(1.0),
            Self::File(_) | Self::Command { .. } | Self::Written => 1.0,
        }
    }
}

/// What the numbers of a channel count, in the sensor's unit; `None` if there is no such channel.
///
/// Source: Linux, Documentation/hwmon/sysfs-interface.rst.
fn channel_scale(channel: &str) -> Option<f64> {
    let kind = channel.trim_end_matches(|c: char| c.is_ascii_digit());
    if kind.len() == channel.len() {
        return None;
    }
    match kind {
        "temp" | "in" | "curr" => Some(1e-3),
        "power" => Some(1e-6),
        "fan" | "intrusion" => Some(1.0),
        _ => None,
    }
}

/// Sensor numbers that are given to new sensors; a personality has its own below.
pub(crate) const NUMBERS: Range<u8> = 0x80..0xff;
