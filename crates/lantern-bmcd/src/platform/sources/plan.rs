//! From configuration to personality: records, numbers, buses.

use std::collections::BTreeSet;
use std::time::Duration;

use ipmi_bmc::personality::Personality;
use ipmi_bmc::sensors::{BusPlan, SensorPlan, Source};
use ipmi_wire::sdr::{
    AnalogCharacteristics, AnalogFormat, EntityId, EventReadingType, FullSensor, IdString,
    RawThresholds, Record, RecordHeader, SensorCommon, SensorKey, SensorType, ThresholdKind,
    ThresholdMask, UnitCode, Units,
};

use super::probe::Probe;
use super::{fit, hwmon};
use crate::config::{
    Definition, HwmonConfig, NUMBERS, Quantity, SensorConfig, SensorsConfig, SourceConfig,
};
use crate::personality::built;

/// A sensor that is read from somewhere.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wired {
    pub(super) number: u8,
    pub(super) name: String,
    /// Index of its bus in the personality's plan.
    pub(super) bus: usize,
    /// It has states in place of a value.
    pub(super) is_discrete: bool,
    pub(super) probe: Probe,
    pub(super) scale: f64,
    pub(super) offset: f64,
}

/// Adds the sensors of a configuration to a personality; those that are to be read from somewhere.
pub(super) fn extend(config: &SensorsConfig, personality: &mut Personality) -> Vec<Wired> {
    let added = personality.sdrs.len();
    for bus in &config.buses {
        let (name, scan_time) = (bus.name.clone(), bus.scan_time);
        personality.sensors.buses.push(BusPlan { name, scan_time });
    }
    let mut wired = Vec::new();
    for sensor in &config.sensors {
        wired.extend(add(sensor, &config.hwmon, personality));
    }
    for mut sensor in hwmon::discover(&config.hwmon.root, &config.hwmon.discover) {
        sensor.name = unused(&sensor.name, personality);
        wired.extend(add(&sensor, &config.hwmon, personality));
    }
    if personality.sdrs.len() != added {
        personality.sdrs_built = built(&personality.sdrs);
    }
    wired
}

fn add(sensor: &SensorConfig, hwmon: &HwmonConfig, personality: &mut Personality) -> Option<Wired> {
    let record = match &sensor.definition {
        Some(definition) => {
            let Some(number) = free_number(personality) else {
                tracing::warn!(sensor = sensor.name, "there is no sensor number left for it");
                return None;
            };
            let written = sensor.source == Some(SourceConfig::Written);
            let record = Record::Full(record(&sensor.name, number, definition, written)?);
            let id = u16::try_from(personality.sdrs.len().saturating_add(1)).ok()?;
            let record = record.with_record_id(id);
            personality.sdrs.push(record.clone());
            record
        }
        None => {
            let named = |record: &&Record| {
                record.sensor().is_some()
                    && record.name().is_some_and(|id| id.to_string() == sensor.name)
            };
            personality.sdrs.iter().find(named)?.clone()
        }
    };
    let number = record.sensor_number()?;
    let is_discrete = !record.sensor()?.is_threshold();
    let bus = bus(sensor, personality);
    let entry = personality.sensors.sensors.entry(number).or_default();
    let before = core::mem::take(entry);
    *entry = SensorPlan {
        bus: bus.unwrap_or(before.bus),
        interval: sensor.interval.or(before.interval),
        scan_time: sensor.scan_time.or(before.scan_time),
        source: match &sensor.source {
            None => before.source,
            Some(SourceConfig::Written) => Source::Written,
            Some(_) => Source::Platform,
        },
        ..before
    };
    let bus = entry.bus;
    let probe = match sensor.source.as_ref()? {
        SourceConfig::File(path) => Probe::File(path.clone()),
        SourceConfig::Command { argv, timeout } => {
            Probe::Command { argv: argv.clone(), timeout: *timeout }
        }
        SourceConfig::Hwmon { chip, channel } => Probe::Hwmon {
            root: hwmon.root.clone(),
            chip: chip.clone(),
            channel: channel.clone(),
            found: None,
        },
        SourceConfig::Written => return None,
    };
    let SensorConfig { scale, offset, .. } = *sensor;
    Some(Wired { number, name: sensor.name.clone(), bus, is_discrete, probe, scale, offset })
}

/// The bus of a sensor: the one that is named, or one for each kind of source, so that a program
/// that hangs does not keep files from being read.
fn bus(sensor: &SensorConfig, personality: &mut Personality) -> Option<usize> {
    let name = match (&sensor.bus, sensor.source.as_ref()) {
        (Some(name), _) => name,
        (None, Some(SourceConfig::File(_))) => "file",
        (None, Some(SourceConfig::Command { .. })) => "command",
        (None, Some(SourceConfig::Hwmon { .. })) => "hwmon",
        (None, None | Some(SourceConfig::Written)) => return None,
    };
    let buses = &mut personality.sensors.buses;
    // The personality's own are not meant by name.
    if let Some(at) = buses.iter().rposition(|bus| bus.name == name) {
        return Some(at);
    }
    buses.push(BusPlan { name: name.to_owned(), scan_time: Duration::ZERO });
    buses.len().checked_sub(1)
}

fn free_number(personality: &Personality) -> Option<u8> {
    let mut taken = BTreeSet::new();
    for record in &personality.sdrs {
        let count = match record {
            Record::Compact(compact) => compact.count(),
            _ => 1,
        };
        if let Some(first) = record.sensor_number() {
            taken.extend(first..=first.saturating_add(count.saturating_sub(1)));
        }
    }
    NUMBERS.clone().find(|number| !taken.contains(number))
}

/// The name, with a number if another sensor has it already.
fn unused(name: &str, personality: &Personality) -> String {
    let is_used = |name: &str| {
        let mut names = personality.sdrs.iter().filter_map(Record::name);
        names.any(|id| id.to_string() == name)
    };
    if !is_used(name) {
        return name.to_owned();
    }
    (2..=u8::MAX)
        .map(|nth| {
            let suffix = format!(" #{nth}");
            let room = 16usize.saturating_sub(suffix.len());
            let start: String = name.chars().take(room).collect();
            start + &suffix
        })
        .find(|name| !is_used(name))
        .unwrap_or_else(|| name.to_owned())
}

/// The record of a new sensor.
fn record(name: &str, number: u8, definition: &Definition, written: bool) -> Option<FullSensor> {
    let Definition { quantity, range: (low, high), thresholds, hysteresis } = *definition;
    let factors = fit::factors(low, high)?;
    let raw = |value: f64| factors.raw(value, AnalogFormat::Unsigned);
    let mut limits = RawThresholds::default();
    let mut present = ThresholdMask::NONE;
    for (kind, limit) in ThresholdKind::ALL.into_iter().zip(thresholds) {
        if let Some(limit) = limit {
            limits.set(kind, raw(limit));
            present = present.with(kind);
        }
    }
    let events = present
        .iter()
        .fold(0, |events, kind| events | 1u16 << (2 * kind.bit() + u8::from(kind.is_upper())));
    let step = factors.difference(1, AnalogFormat::Unsigned)?;
    // Saturates; the range is 255 steps.
    let hysteresis = (hysteresis / step).round() as u8;
    let (sensor_type, unit, entity) = quantity.described();
    Some(FullSensor {
        record_id: 0,
        version: RecordHeader::VERSION,
        sensor: SensorCommon {
            key: SensorKey::bmc(number),
            entity: EntityId::new(entity, 1),
            // Scanning, events, thresholds and hysteresis; settable if it is written.
            initialization: if written { 0xff } else { 0x7f },
            // Re-arms itself; hysteresis settable, thresholds too if there are any; each event
            // enabled by itself.
            capabilities: if present.is_empty() { 0x43 } else { 0x68 },
            sensor_type,
            event_type: EventReadingType::THRESHOLD,
            assertion_mask: events | (u16::from(present.0 & 0x07) << 12),
            deassertion_mask: events | (u16::from(present.0 >> 3) << 12),
            reading_mask: u16::from_le_bytes([present.0, present.0]),
            units: Units::plain(AnalogFormat::Unsigned, unit),
        },
        factors,
        analog: AnalogCharacteristics::default(),
        nominal_reading: 0,
        normal_max: 0,
        normal_min: 0,
        sensor_max: raw(high),
        sensor_min: raw(low),
        thresholds: limits,
        positive_hysteresis: hysteresis,
        negative_hysteresis: hysteresis,
        oem: 0,
        id: IdString::new(name).ok()?,
    })
}

impl Quantity {
    /// Sensor type, unit, and the entity that such a sensor is of if nothing is said.
    /// Spec: IPMI v2.0 §42.2, §43.14, §43.17.
    const fn described(self) -> (SensorType, UnitCode, u8) {
        const SYSTEM_BOARD: u8 = 0x07;
        const FAN: u8 = 0x1d;
        const POWER_SUPPLY: u8 = 0x0a;
        match self {
            Self::Temperature => (SensorType::TEMPERATURE, UnitCode::DEGREES_C, SYSTEM_BOARD),
            Self::Voltage => (SensorType::VOLTAGE, UnitCode::VOLTS, SYSTEM_BOARD),
            Self::Fan => (SensorType::FAN, UnitCode::RPM, FAN),
            Self::Current => (SensorType::CURRENT, UnitCode::AMPS, POWER_SUPPLY),
            Self::Power => (SensorType::OTHER_UNITS, UnitCode::WATTS, POWER_SUPPLY),
        }
    }
}
