//! Records in a line each: three columns, five, or separated by commas.

use ipmi_wire::sdr::{EntityId, FullSensor, Record, SensorCommon, ThresholdKind};

use super::reading::{Reading, Sdr};
use super::records::Entry;
use super::states::states;
use super::value::{fixed, value};
use super::{locators, names};

/// A value in a line has so many characters at most.
const VALUE: usize = 15;

/// The thresholds of `-c -v`, in their order.
const THRESHOLDS: [ThresholdKind; 6] = [
    ThresholdKind::UpperNonRecoverable,
    ThresholdKind::UpperCritical,
    ThresholdKind::UpperNonCritical,
    ThresholdKind::LowerNonRecoverable,
    ThresholdKind::LowerCritical,
    ThresholdKind::LowerNonCritical,
];

impl Sdr<'_> {
    /// Shows a record; kinds that the original does not show are not shown.
    pub(in crate::ipmitool) async fn show(&self, entry: &Entry) {
        match &entry.record {
            Record::Full(_) | Record::Compact(_) => self.show_sensor(entry).await,
            Record::EventOnly(sensor) => locators::event_only(self, entry, sensor).await,
            Record::GenericDeviceLocator(device) => locators::generic(self, entry, device),
            Record::FruDeviceLocator(fru) => locators::fru(self, entry, fru),
            Record::McDeviceLocator(controller) => locators::controller(self, entry, controller),
            _ => {}
        }
    }

    async fn show_sensor(&self, entry: &Entry) {
        let Some(sensor) = entry.record.sensor() else { return };
        let Some(reading) = self.read(entry).await else { return };
        if self.csv {
            let line = self.separated(entry, sensor, &reading).await;
            self.put(&format!("{line}\n"));
        } else if self.verbose {
            self.show_in_full(entry, sensor, &reading).await;
        } else if self.extended {
            self.put(&format!("{}\n", self.five_columns(entry, sensor, &reading)));
        } else {
            self.put(&format!("{}\n", self.three_columns(entry, sensor, &reading)));
        }
    }

    fn three_columns(&self, entry: &Entry, sensor: &SensorCommon, reading: &Reading) -> String {
        let is_full = reading.full.is_some();
        let shown = if reading.is_valid && reading.is_analog {
            short(&format!("{} {}", reading.text(2), reading.units))
        } else if reading.is_valid {
            let [states, _] = reading.states;
            format!("0x{states:02x}")
        } else {
            let text = match (is_full, reading.is_disabled) {
                (false, _) => "Not Readable",
                (true, true) => "disabled",
                (true, false) => "no reading",
            };
            text.to_owned()
        };
        let status = self.status(sensor, reading);
        format!("{:<16} | {shown:<17} | {status}", entry.name())
    }

    fn five_columns(&self, entry: &Entry, sensor: &SensorCommon, reading: &Reading) -> String {
        let (key, status) = (sensor.key, self.status(sensor, reading));
        let shown = if !reading.is_valid {
            let text = if reading.is_disabled { "Disabled" } else { "No Reading" };
            text.to_owned()
        } else if sensor.is_threshold() && reading.is_analog {
            short(&format!("{} {}", reading.text(2), reading.units))
        } else {
            let states = states_in_words(sensor, reading);
            match (reading.is_analog, states) {
                (false, states) => states.unwrap_or_default(),
                (true, None) => format!("{} {}", reading.text(2), reading.units),
                (true, Some(states)) => {
                    format!("{} {}, {states}", reading.text(2), reading.units)
                }
            }
        };
        format!(
            "{:<16} | {:02X}h | {status:<3} | {} | {shown}",
            entry.name(),
            key.number,
            entity_column(sensor.entity)
        )
    }

    fn status(&self, sensor: &SensorCommon, reading: &Reading) -> &'static str {
        match (sensor.is_threshold(), reading.is_valid) {
            (true, _) => reading.status(self, "ns"),
            (false, true) => "ok",
            (false, false) => "ns",
        }
    }

    async fn separated(&self, entry: &Entry, sensor: &SensorCommon, reading: &Reading) -> String {
        let name = entry.name();
        if !sensor.is_threshold() {
            return format!("{name},{}", separated_states(sensor, reading));
        }
        let mut line = if reading.is_valid && reading.is_analog {
            let status = reading.status(self, "ns");
            format!("{name},{},{},{status}", reading.text(3), reading.units)
        } else if reading.is_valid {
            format!("{name},{}", separated_states(sensor, reading))
        } else {
            format!("{name},,,ns")
        };
        if self.verbose {
            let (entity, type_name) =
                (names::entity(sensor.entity.id), self.type_name(sensor.sensor_type.0).await);
            line.push_str(&format!(",{},{entity},{type_name},", sensor.entity));
            match &reading.full {
                Some(full) => line.push_str(&separated_limits(full)),
                None => line.push_str(",,,,,,,,,,"),
            }
        }
        line
    }
}

/// What `-c -v` adds of a full record: nominal and normal values, thresholds, and the range.
fn separated_limits(full: &FullSensor) -> String {
    let field = |given: bool, raw: u8| match given {
        true => format!("{},", limit(full, raw)),
        false => ",".to_owned(),
    };
    let analog = full.analog;
    let mut fields = field(analog.nominal_reading, full.nominal_reading);
    fields.push_str(&field(analog.normal_min, full.normal_min));
    fields.push_str(&field(analog.normal_max, full.normal_max));
    let readable = full.sensor.readable_thresholds();
    for kind in THRESHOLDS {
        fields.push_str(&field(readable.contains(kind), full.thresholds.get(kind)));
    }
    let (min, max) = (limit(full, full.sensor_min), limit(full, full.sensor_max));
    format!("{fields}{min},{max}")
}

/// A limit of the record: a value, or the raw reading where there are no values.
pub(super) fn limit(full: &FullSensor, raw: u8) -> String {
    match full.sensor.units.analog_format.range() {
        Some(_) => fixed(value(full, raw), 3),
        None => format!("0x{raw:02X}"),
    }
}

fn separated_states(sensor: &SensorCommon, reading: &Reading) -> String {
    let (number, entity) = (sensor.key.number, sensor.entity);
    if !reading.is_valid {
        return format!("{number:02X}h,ns,{entity},No Reading");
    }
    let states = states_in_words(sensor, reading).unwrap_or_default();
    match reading.is_analog {
        true => format!("{},{},ok,{entity},{states}", reading.text(2), reading.units),
        false => format!("{number:02X}h,ok,{entity},{states}"),
    }
}

/// The states that are asserted and have a name, separated by commas; `None` if none is asserted.
fn states_in_words(sensor: &SensorCommon, reading: &Reading) -> Option<String> {
    let [low, high] = reading.states;
    let asserted = u16::from_le_bytes([low, high & 0x7f]);
    if asserted == 0 {
        return None;
    }
    let names: Vec<&str> = states(sensor.sensor_type.0, sensor.event_type.0)
        .iter()
        .filter(|(bit, _)| asserted >> bit & 1 != 0)
        .map(|(_, name)| *name)
        .collect();
    Some(names.join(", "))
}

/// An entity as a column.
pub(super) fn entity_column(entity: EntityId) -> String {
    format!("{:>2}.{}", entity.id, entity.instance)
}

fn short(text: &str) -> String {
    text.chars().take(VALUE).collect()
}
