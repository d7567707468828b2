//! A sensor on many lines: `sdr -v`, `sdr get`, `sensor get`.

use ipmi_wire::sdr::{
    EventControl, FullSensor, Record, SensorCommon, SettingAccess, ThresholdKind, ThresholdMask,
};

use super::lines::limit;
use super::names;
use super::reading::{Reading, Sdr};
use super::records::Entry;
use super::states::states;
use super::value::{brief, fixed, hysteresis, tolerance, value};

/// The thresholds from the lowest to the highest, as they are named in lists.
const SHORT: [(ThresholdKind, &str); 6] = [
    (ThresholdKind::LowerNonRecoverable, "lnr"),
    (ThresholdKind::LowerCritical, "lcr"),
    (ThresholdKind::LowerNonCritical, "lnc"),
    (ThresholdKind::UpperNonCritical, "unc"),
    (ThresholdKind::UpperCritical, "ucr"),
    (ThresholdKind::UpperNonRecoverable, "unr"),
];
/// The thresholds in the order and the words of `sdr -v`.
const LONG: [(ThresholdKind, &str); 6] = [
    (ThresholdKind::UpperNonRecoverable, "Upper non-recoverable"),
    (ThresholdKind::UpperCritical, "Upper critical"),
    (ThresholdKind::UpperNonCritical, "Upper non-critical"),
    (ThresholdKind::LowerNonRecoverable, "Lower non-recoverable"),
    (ThresholdKind::LowerCritical, "Lower critical"),
    (ThresholdKind::LowerNonCritical, "Lower non-critical"),
];
/// Events of threshold sensors, from the highest bit of the first byte, then of the second.
const FIRST_EVENTS: [&str; 8] = ["lnc-", "lnc+", "lcr-", "lcr+", "lnr-", "lnr+", "unc-", "unc+"];
const MORE_EVENTS: [&str; 4] = ["ucr-", "ucr+", "unr-", "unr+"];

/// Bit of the initialization byte: thresholds are set up, so that those in the record mean something.
const INIT_THRESHOLDS: u8 = 0x10;

impl Sdr<'_> {
    pub(super) async fn show_in_full(
        &self,
        entry: &Entry,
        sensor: &SensorCommon,
        reading: &Reading,
    ) {
        let (name, number, entity) = (entry.name(), sensor.key.number, sensor.entity);
        self.put(&format!(
            "Sensor ID              : {name} (0x{number:x})\n \
             Entity ID             : {entity} ({})\n",
            names::entity(entity.id)
        ));
        match sensor.is_threshold() {
            true => self.threshold_sensor(entry, sensor, reading).await,
            false => self.discrete_sensor(entry, sensor, reading).await,
        }
    }

    async fn discrete_sensor(&self, entry: &Entry, sensor: &SensorCommon, reading: &Reading) {
        let kind = sensor.sensor_type.0;
        let told = match (reading.is_valid, reading.is_analog) {
            (true, true) => format!("{} {}", reading.text(2), reading.units),
            (true, false) => format!("{:x}h", reading.raw),
            (false, _) => silence(reading).to_owned(),
        };
        let type_name = self.type_name(kind).await;
        self.put(&format!(
            " Sensor Type (Discrete): {type_name} (0x{kind:02x})\n \
             Sensor Reading        : {told}\n \
             Event Message Control : {}\n",
            event_control(sensor)
        ));
        self.list_states("States Asserted", sensor, reading.states).await;
        self.show_events(sensor).await;
        let oem = match &entry.record {
            Record::Full(full) => full.oem,
            Record::Compact(compact) => compact.oem,
            _ => 0,
        };
        self.put(&format!(" OEM                   : {oem:X}\n\n"));
    }

    async fn threshold_sensor(&self, entry: &Entry, sensor: &SensorCommon, reading: &Reading) {
        let kind = sensor.sensor_type.0;
        let told = match &reading.full {
            _ if !reading.is_valid => silence(reading).to_owned(),
            Some(full) => match sensor.units.analog_format.range() {
                Some(_) => with_tolerance(full, reading),
                None => {
                    let tolerance = full.factors.tolerance;
                    format!("0x{:02X} (+/- 0x{tolerance:02X}) {}", reading.raw, reading.units)
                }
            },
            None => format!("0x{:02X} {}", reading.raw, reading.units),
        };
        let (type_name, status) =
            (self.type_name(kind).await, reading.status(self, "Not Available"));
        self.put(&format!(
            " Sensor Type (Threshold)  : {type_name} (0x{kind:02x})\n \
             Sensor Reading        : {told}\n \
             Status                : {status}\n"
        ));
        if let Some(full) = &reading.full {
            self.put(&normal_values(full));
        }
        self.show_hysteresis(entry, reading);
        if let Some(full) = &reading.full {
            self.put(&range(full));
        }
        let access = sensor.threshold_access();
        self.put(&format!(
            " Event Message Control : {}\n \
             Readable Thresholds   : {}\n \
             Settable Thresholds   : {}\n",
            event_control(sensor),
            thresholds(access, sensor.readable_thresholds()),
            thresholds(access, sensor.settable_thresholds()),
        ));
        let reported = sensor.reported_thresholds();
        if !reported.is_empty() {
            self.put(&format!(" Threshold Read Mask   : {}\n", listed(reported)));
        }
        self.show_events(sensor).await;
        self.put("\n");
    }

    /// Both hystereses of the record.
    pub(in crate::ipmitool) fn show_hysteresis(&self, entry: &Entry, reading: &Reading) {
        let (positive, negative) = match &entry.record {
            Record::Full(full) => (full.positive_hysteresis, full.negative_hysteresis),
            Record::Compact(compact) => (compact.positive_hysteresis, compact.negative_hysteresis),
            _ => return,
        };
        for (sign, counts) in [("Positive", positive), ("Negative", negative)] {
            let analog = |full: &&FullSensor| full.sensor.units.analog_format.range().is_some();
            let text = match reading.full.as_ref().filter(analog) {
                _ if matches!(counts, 0 | 0xff) => None,
                None => Some(format!("0x{counts:02X}")),
                Some(full) => {
                    Some(hysteresis(full, counts)).filter(|it| *it != 0.0).map(|it| fixed(it, 3))
                }
            };
            let text = text.unwrap_or_else(|| "Unspecified".to_owned());
            self.put(&format!(" {sign} Hysteresis   : {text}\n"));
        }
    }

    /// Which events a sensor has asserted, and which it tells.
    pub(in crate::ipmitool) async fn show_events(&self, sensor: &SensorCommon) {
        if let Some(answer) = self.event_status(sensor.key).await {
            let flags = answer.first().copied().unwrap_or(0);
            if flags & 0x20 != 0 {
                self.put(" Event Status          : Unavailable\n");
            } else {
                if flags & 0x80 == 0 {
                    self.put(" Event Status          : Event Messages Disabled\n");
                }
                // Both bytes must have something in them here, one of them below: so it is.
                let tells = |low: u8, high: u8| low != 0 && high != 0;
                let words = ["Assertion Events", "Deassertion Events"];
                self.event_lines(sensor, &answer, words, tells).await;
            }
        }
        if let Some(answer) = self.event_enable(sensor.key).await {
            if answer.first().copied().unwrap_or(0) & 0x80 == 0 {
                self.put(" Event Enable          : Event Messages Disabled\n");
            }
            let tells = |low: u8, high: u8| low != 0 || high != 0;
            let words = ["Assertions Enabled", "Deassertions Enabled"];
            self.event_lines(sensor, &answer, words, tells).await;
        }
    }

    async fn event_lines(
        &self,
        sensor: &SensorCommon,
        answer: &[u8],
        [coming, going]: [&str; 2],
        tells: impl Fn(u8, u8) -> bool,
    ) {
        let byte = |place: usize| answer.get(place).copied().unwrap_or(0);
        let (coming_bits, going_bits) = ([byte(1), byte(2)], [byte(3), byte(4)]);
        if !sensor.is_threshold() {
            self.list_states(coming, sensor, coming_bits).await;
            self.list_states(going, sensor, going_bits).await;
            return;
        }
        self.put(&format!(" {coming:<21} : {}\n", events(coming_bits)));
        let has_going = match answer.len() {
            0..=3 => false,
            4 => byte(3) != 0,
            _ => tells(byte(3), byte(4)),
        };
        if has_going {
            self.put(&format!(" {going:<21} : {}\n", events(going_bits)));
        }
    }

    /// The states that are set, each on a line; nothing if none is.
    pub(in crate::ipmitool) async fn list_states(
        &self,
        what: &str,
        sensor: &SensorCommon,
        [low, high]: [u8; 2],
    ) {
        let set = u16::from_le_bytes([low, high & 0x7f]);
        let known = states(sensor.sensor_type.0, sensor.event_type.0);
        if set == 0 || known.is_empty() {
            return;
        }
        self.put(&format!(" {what:<21} : {}\n", self.type_name(sensor.sensor_type.0).await));
        for (_, name) in known.iter().filter(|(bit, _)| set >> bit & 1 != 0) {
            self.put(&format!("                         [{name}]\n"));
        }
    }
}

/// The value with its tolerance.
pub(in crate::ipmitool) fn with_tolerance(full: &FullSensor, reading: &Reading) -> String {
    let tolerance = brief(tolerance(full), 3);
    format!("{} (+/- {tolerance}) {}", brief(reading.value, 3), reading.units)
}

const fn silence(reading: &Reading) -> &'static str {
    if reading.is_disabled { "Disabled" } else { "No Reading" }
}

const fn event_control(sensor: &SensorCommon) -> &'static str {
    match sensor.event_control() {
        EventControl::PerState => "Per-threshold",
        EventControl::Sensor => "Entire Sensor Only",
        EventControl::Global => "Global Disable Only",
        EventControl::None => "No Events From Sensor",
    }
}

fn normal_values(full: &FullSensor) -> String {
    let analog = full.analog;
    let normal = [
        (analog.nominal_reading, "Nominal Reading", full.nominal_reading),
        (analog.normal_min, "Normal Minimum", full.normal_min),
        (analog.normal_max, "Normal Maximum", full.normal_max),
    ];
    let is_set_up = full.sensor.initialization & INIT_THRESHOLDS != 0;
    let readable = full.sensor.readable_thresholds();
    let thresholds = LONG.map(|(kind, name)| {
        (is_set_up && readable.contains(kind), name, full.thresholds.get(kind))
    });
    normal
        .into_iter()
        .chain(thresholds)
        .filter(|(given, ..)| *given)
        .map(|(_, name, raw)| format!(" {name:<21} : {}\n", limit(full, raw)))
        .collect()
}

fn range(full: &FullSensor) -> String {
    use ipmi_wire::sdr::AnalogFormat as F;
    // The whole range is no range, and neither is what comes to zero.
    let (lowest, highest) = match full.sensor.units.analog_format {
        F::Unsigned => (Some(0), Some(0xff)),
        F::OnesComplement => (Some(0xff), Some(0)),
        F::TwosComplement => (Some(0x80), Some(0x7f)),
        F::None => (None, None),
    };
    let is_value = |raw: u8| full.sensor.units.analog_format == F::None || value(full, raw) != 0.0;
    let text = |raw: u8, end: Option<u8>| match Some(raw) != end && is_value(raw) {
        true => limit(full, raw),
        false => "Unspecified".to_owned(),
    };
    format!(
        " Minimum sensor range  : {}\n Maximum sensor range  : {}\n",
        text(full.sensor_min, lowest),
        text(full.sensor_max, highest)
    )
}

fn thresholds(access: SettingAccess, which: ThresholdMask) -> String {
    match access {
        SettingAccess::None => "No Thresholds".to_owned(),
        SettingAccess::Readable | SettingAccess::Settable => listed(which),
        SettingAccess::Fixed => "Thresholds Fixed".to_owned(),
    }
}

/// Each with a blank behind it.
fn listed(which: ThresholdMask) -> String {
    let of = |(kind, name)| if which.contains(kind) { format!("{name} ") } else { String::new() };
    SHORT.map(of).concat()
}

fn events([low, high]: [u8; 2]) -> String {
    let of = |names: &[&str], bits: u8| -> String {
        (0u8..)
            .zip(names)
            .filter(|(bit, _)| bits >> bit & 1 != 0)
            .map(|(_, name)| format!("{name} "))
            .collect()
    };
    format!("{}{}", of(&FIRST_EVENTS, low), of(&MORE_EVENTS, high))
}
