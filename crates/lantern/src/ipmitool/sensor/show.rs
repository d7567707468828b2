//! A sensor with the thresholds in force: ten columns, ten fields, or many lines.

use ipmi_wire::cmd::sensor::SensorThresholds;
use ipmi_wire::sdr::{FullSensor, SensorCommon, ThresholdKind};

use crate::ipmitool::sdr::value::{fixed, value};
use crate::ipmitool::sdr::{Entry, Reading, Sdr, with_tolerance};

/// The thresholds in the order of the columns.
const COLUMNS: [(ThresholdKind, &str); 6] = [
    (ThresholdKind::LowerNonRecoverable, "Lower Non-Recoverable"),
    (ThresholdKind::LowerCritical, "Lower Critical"),
    (ThresholdKind::LowerNonCritical, "Lower Non-Critical"),
    (ThresholdKind::UpperNonCritical, "Upper Non-Critical"),
    (ThresholdKind::UpperCritical, "Upper Critical"),
    (ThresholdKind::UpperNonRecoverable, "Upper Non-Recoverable"),
];

/// Shows a sensor; records of others are passed over. Whether it has said anything.
pub(in crate::ipmitool) async fn sensor(sdr: &Sdr<'_>, entry: &Entry) -> bool {
    let Some(sensor) = entry.record.sensor() else { return true };
    let Some(reading) = sdr.read(entry).await else { return true };
    match sensor.is_threshold() {
        true => with_thresholds(sdr, entry, sensor, &reading).await,
        false => discrete(sdr, entry, sensor, &reading).await,
    }
    reading.is_valid
}

async fn discrete(sdr: &Sdr<'_>, entry: &Entry, sensor: &SensorCommon, reading: &Reading) {
    let (name, [low, high]) = (entry.name(), reading.states);
    let states = format!("0x{low:02x}{high:02x}");
    let (value, units) = (reading.text(3), reading.units.as_str());
    if sdr.csv {
        let fields = match (reading.is_valid, reading.is_analog) {
            (true, true) => format!("{value},{units},ok"),
            (true, false) => format!("0x{:x},discrete,{states}", reading.raw),
            (false, _) => "na,discrete,na".to_owned(),
        };
        sdr.put(&format!("{name},{fields},na,na,na,na,na,na\n"));
    } else if !sdr.verbose {
        // The first column of states is what they are in the second: so it is in Debian's.
        let fields = match (reading.is_valid, reading.is_analog) {
            (true, true) => format!("{value:<10} | {units:<10} | {:<6}", "ok"),
            (true, false) => format!("0x{low:<8x} | {:<10} | {states}", "discrete"),
            (false, _) => format!("{:<10} | {:<10} | {:<6}", "na", "discrete", "na"),
        };
        sdr.put(&format!("{name:<16} | {fields}{}\n", no_thresholds()));
    } else {
        let kind = sdr.type_name(sensor.sensor_type.0).await;
        sdr.put(&format!("{} Sensor Type (Discrete): {kind}\n", head(&name, sensor)));
        if !reading.is_valid {
            sdr.put(" Unable to read sensor: Device Not Present\n\n");
            return;
        }
        if reading.is_analog {
            sdr.put(&format!(" Sensor Reading        : {value} {units}\n"));
        }
        sdr.list_states("States Asserted", sensor, reading.states).await;
        sdr.put("\n");
    }
}

async fn with_thresholds(sdr: &Sdr<'_>, entry: &Entry, sensor: &SensorCommon, reading: &Reading) {
    let (name, status) = (entry.name(), reading.status(sdr, "ns"));
    let thresholds = sdr.thresholds(sensor.key).await;
    let both = reading.full.as_ref().zip(thresholds.as_ref());
    let units = reading.units.as_str();
    if sdr.csv {
        let fields = match (reading.is_valid, reading.is_analog) {
            (true, true) => format!("{},{units},{status}", fixed(reading.value, 3)),
            (true, false) => format!("0x{:x},{units},{status}", reading.raw),
            (false, _) => format!("na,{units},na"),
        };
        let limits = match both {
            Some((full, all)) => {
                let field = |(kind, _)| {
                    let limit = limit(full, all, kind);
                    format!(",{}", limit.unwrap_or_else(|raw| format!("0x{raw:x}")))
                };
                COLUMNS.map(field).concat()
            }
            None => ",na,na,na,na,na,na".to_owned(),
        };
        sdr.put(&format!("{name},{fields}{limits}\n"));
    } else if !sdr.verbose {
        let fields = match (reading.is_valid, reading.is_analog) {
            (true, true) => format!("{:<10} | {units:<10} | {status:<6}", fixed(reading.value, 3)),
            (true, false) => format!("0x{:<8x} | {units:<10} | {status:<6}", reading.raw),
            (false, _) => format!("{:<10} | {units:<10} | {:<6}", "na", "na"),
        };
        let limits = match both {
            Some((full, all)) => {
                let column = |(kind, _)| match limit(full, all, kind) {
                    Ok(text) => format!("| {text:<10}"),
                    Err(raw) => format!("| 0x{raw:<8x}"),
                };
                COLUMNS.map(column).concat()
            }
            None => no_thresholds(),
        };
        sdr.put(&format!("{name:<16} | {fields}{limits}\n"));
    } else {
        let kind = sdr.type_name(sensor.sensor_type.0).await;
        sdr.put(&format!(
            "{} Sensor Type (Threshold)  : {kind}\n Sensor Reading        : ",
            head(&name, sensor)
        ));
        if reading.is_valid {
            sdr.put(&format!("{}\n Status                : {status}\n", told(reading)));
            match &thresholds {
                Some(all) => {
                    if let Some(full) = &reading.full {
                        sdr.put(&limits_in_full(full, all));
                    }
                    sdr.show_hysteresis(entry, reading);
                }
                None => sdr.put(" Sensor Threshold Settings not available\n"),
            }
        } else {
            sdr.put(" Unable to read sensor: Device Not Present\n\n");
        }
        sdr.show_events(sensor).await;
        sdr.put("\n");
    }
}

fn told(reading: &Reading) -> String {
    let (raw, units) = (reading.raw, &reading.units);
    match &reading.full {
        Some(full) if reading.is_analog => with_tolerance(full, reading),
        Some(full) => format!("0x{raw:x} (+/- 0x{:x}) {units}", full.factors.tolerance),
        None => format!("0x{raw:x} {units}"),
    }
}

fn head(name: &str, sensor: &SensorCommon) -> String {
    let (number, entity) = (sensor.key.number, sensor.entity);
    format!("Sensor ID              : {name} (0x{number:x})\n Entity ID             : {entity}\n")
}

fn limits_in_full(full: &FullSensor, all: &SensorThresholds) -> String {
    let line = |(kind, name)| {
        let limit = limit(full, all, kind).unwrap_or_else(|raw| format!("0x{raw:x}"));
        format!(" {name:<21} : {limit}\n")
    };
    COLUMNS.map(line).concat()
}

/// A threshold as a value, or as the raw reading of a sensor without values.
fn limit(full: &FullSensor, all: &SensorThresholds, kind: ThresholdKind) -> Result<String, u8> {
    let Some(raw) = all.get(kind) else { return Ok("na".to_owned()) };
    match full.sensor.units.analog_format.range() {
        Some(_) => Ok(fixed(value(full, raw), 3)),
        None => Err(raw),
    }
}

fn no_thresholds() -> String {
    format!("| {:<10}", "na").repeat(6)
}
