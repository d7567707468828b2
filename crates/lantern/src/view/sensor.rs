//! Sensors with their readings.

mod change;
mod detail;

use ipmi_client::sensors::{Reading, Sensor, SensorInfo, SensorState, Silence};
use ipmi_wire::sdr::{EntityId, ThresholdKind};
use ipmi_wire::vendor::is_oem_sensor;
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use change::{Enables, HysteresisSet, Rearmed, ThresholdsSet};
pub(crate) use detail::{Get, intrusion_steps};

use super::number::{clean, decimals, short, symbol, words};
use super::oem::Oem;
use super::table::{Table, left, right};
use super::{Rows, View};
use crate::cli::FailOn;
use crate::error::Exit;

/// A sensor with its reading.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SensorView {
    pub(crate) name: String,
    pub(crate) number: u8,
    owner: u8,
    lun: u8,
    record_id: u16,
    entity: Entity,
    #[serde(rename = "type")]
    sensor_type: &'static str,
    #[schemars(extend("enum" = ["threshold", "discrete"]))]
    kind: &'static str,
    /// Of an analogue sensor.
    pub(super) value: Option<f64>,
    pub(super) unit: Option<String>,
    pub(super) raw: Option<u8>,
    /// Of a discrete sensor: in words, and bit by bit.
    pub(super) states: Option<Vec<&'static str>>,
    pub(super) states_raw: Option<u16>,
    /// What the maker means by states of its own; null if there are none.
    pub(super) oem: Option<Oem>,
    #[schemars(extend("enum" = STATES))]
    pub(crate) status: &'static str,
    /// Why there is neither value nor states.
    pub(super) absent_reason: Option<String>,
    /// Thresholds in force; left out where they were not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    thresholds: Option<Thresholds>,
    #[serde(skip)]
    symbol: String,
    #[serde(skip)]
    decimals: u8,
    #[serde(skip)]
    silence: String,
    #[serde(skip)]
    state: Option<SensorState>,
}

/// What `status` says.
const STATES: [&str; 7] =
    ["ok", "warning", "critical", "non_recoverable", "absent", "unknown", "unreadable"];

/// What it watches, or belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Entity {
    id: u8,
    instance: u8,
    name: &'static str,
}

impl From<EntityId> for Entity {
    fn from(entity: EntityId) -> Self {
        Self { id: entity.id, instance: entity.instance, name: entity.name() }
    }
}

impl std::fmt::Display for Entity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.instance)
    }
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct Thresholds {
    lower_non_recoverable: Option<f64>,
    lower_critical: Option<f64>,
    lower_non_critical: Option<f64>,
    upper_non_critical: Option<f64>,
    upper_critical: Option<f64>,
    upper_non_recoverable: Option<f64>,
}

impl SensorView {
    /// A sensor and its thresholds.
    pub(crate) fn new(sensor: &Sensor) -> Self {
        let mut view = Self::short(sensor);
        if view.is_threshold() {
            let get = |kind| {
                let found = sensor.thresholds.iter().find(|(present, _)| *present == kind);
                found.map(|(_, value)| clean(*value, view.decimals))
            };
            view.thresholds = Some(Thresholds {
                lower_non_recoverable: get(ThresholdKind::LowerNonRecoverable),
                lower_critical: get(ThresholdKind::LowerCritical),
                lower_non_critical: get(ThresholdKind::LowerNonCritical),
                upper_non_critical: get(ThresholdKind::UpperNonCritical),
                upper_critical: get(ThresholdKind::UpperCritical),
                upper_non_recoverable: get(ThresholdKind::UpperNonRecoverable),
            });
        }
        view
    }

    /// A sensor without its thresholds.
    pub(crate) fn short(sensor: &Sensor) -> Self {
        let SensorInfo { key, entity, name, event_type, record, .. } = &sensor.info;
        let units = record.sensor().map(|common| &common.units);
        let is_threshold = event_type.is_threshold();
        let mut view = Self {
            name: name.clone(),
            number: key.number,
            owner: key.owner_id,
            lun: key.lun(),
            record_id: record.record_id(),
            entity: (*entity).into(),
            sensor_type: sensor.type_name,
            kind: if is_threshold { "threshold" } else { "discrete" },
            value: None,
            unit: units.filter(|_| is_threshold).map(words),
            raw: None,
            states: None,
            states_raw: None,
            oem: oem(sensor),
            status: status(sensor.state),
            absent_reason: None,
            thresholds: None,
            symbol: units.map(symbol).unwrap_or_default(),
            decimals: sensor.info.full().map_or(0, decimals),
            silence: String::new(),
            state: Some(sensor.state),
        };
        view.take(&sensor.reading);
        view
    }

    fn take(&mut self, reading: &Reading) {
        match reading {
            Reading::Analog { raw, value, .. } => {
                self.raw = Some(*raw);
                self.value = value.map(|value| clean(value, self.decimals));
                if value.is_none() {
                    self.silence = format!("raw 0x{raw:02x}");
                    let reason = "the record has no way to make a value of the raw reading";
                    self.absent_reason = Some(reason.to_owned());
                }
            }
            Reading::Discrete { states, texts, value } => {
                self.states_raw = Some(*states);
                self.states = Some(texts.clone());
                self.value = value.map(|value| clean(value, self.decimals));
            }
            Reading::None(silence) => {
                let (short, reason) = explain(*silence);
                (self.silence, self.absent_reason) = (short, Some(reason));
            }
            Reading::Failed(error) => {
                (self.silence, self.absent_reason) = ("error".into(), Some(error.to_string()));
            }
        }
    }

    /// The value without its unit, the states, or why there is neither.
    fn reading(&self) -> String {
        match (&self.states, self.states_raw, self.value) {
            (Some(texts), Some(raw), value) => {
                let meant = self.oem.as_ref().map(|oem| oem.text.clone());
                let mut words = match (meant, texts.as_slice(), raw) {
                    (Some(Some(text)), ..) => text,
                    (_, [], 0) => "-".to_owned(),
                    (Some(None), [], raw) => format!("unknown OEM state bits 0x{raw:04x}"),
                    (_, [], raw) => format!("state bits 0x{raw:04x}"),
                    (_, texts, _) => texts.join(", "),
                };
                if let Some(value) = value {
                    words.push_str(&format!(" ({} {})", short(value, self.decimals), self.symbol));
                }
                words
            }
            (_, _, Some(value)) => short(value, self.decimals),
            _ => self.silence.clone(),
        }
    }

    /// The value with its unit, the states, or why there is neither.
    pub(crate) fn says(&self) -> String {
        match self.value.filter(|_| self.is_threshold()) {
            Some(_) => format!("{} {}", self.reading(), self.symbol).trim_end().to_owned(),
            None => self.reading(),
        }
    }

    /// The value as a number.
    pub(crate) const fn value(&self) -> Option<f64> {
        self.value
    }

    /// How its thing is doing, in a word for a column.
    pub(crate) fn status_word(&self) -> String {
        match self.status {
            "unknown" | "unreadable" => "-",
            "non_recoverable" => "nonrecov",
            word => word,
        }
        .to_owned()
    }

    /// Its name; its number if it has none.
    pub(super) fn label(&self) -> String {
        if self.name.trim().is_empty() {
            return format!("0x{:02x}", self.number);
        }
        self.name.clone()
    }

    /// What it belongs to.
    pub(crate) fn place(&self) -> String {
        self.entity.to_string()
    }

    fn is_threshold(&self) -> bool {
        self.kind == "threshold"
    }

    /// Whether this is what `--fail-on` is about.
    fn fails(&self, on: FailOn) -> bool {
        match (on, self.state) {
            (FailOn::Warning, Some(state)) => state.is_alarm(),
            (FailOn::Critical, Some(state)) => {
                matches!(state, SensorState::Critical | SensorState::NonRecoverable)
            }
            (_, None) => false,
        }
    }
}

/// What the maker means by the sensor's states, if they are its own.
fn oem(sensor: &Sensor) -> Option<Oem> {
    let Reading::Discrete { states, texts, .. } = &sensor.reading else { return None };
    let info = &sensor.info;
    let unknown = texts.is_empty() && *states != 0;
    match &sensor.oem {
        Some(decoded) => Some(decoded.into()),
        None if unknown && is_oem_sensor(info.sensor_type, info.event_type) => {
            Some(Oem::unknown(None))
        }
        None => None,
    }
}

const fn status(state: SensorState) -> &'static str {
    match state {
        SensorState::Nominal => "ok",
        SensorState::Warning => "warning",
        SensorState::Critical => "critical",
        SensorState::NonRecoverable => "non_recoverable",
        SensorState::Absent => "absent",
        SensorState::Unknown => "unknown",
        SensorState::Unreadable(_) => "unreadable",
    }
}

/// Why there is no reading, in a word or two and in a sentence.
fn explain(silence: Silence) -> (String, String) {
    match silence {
        Silence::Unavailable => {
            ("none".into(), "reading unavailable: not measured yet, or the machine is off".into())
        }
        Silence::ScanningDisabled => ("disabled".into(), "scanning is disabled".into()),
        Silence::Absent(code) => ("absent".into(), code.to_string()),
        Silence::NotOurs(owner) => (
            "remote".into(),
            format!("the sensor belongs to 0x{owner:02x}, to which there is no way"),
        ),
        Silence::OutOfReach(owner) => {
            ("remote".into(), format!("its controller, 0x{owner:02x}, is out of reach"))
        }
        Silence::EventOnly => ("events".into(), "the sensor only sends events".into()),
        Silence::Failed => ("error".into(), "asking failed".into()),
    }
}

/// How a command ends that showed these sensors.
fn exit<'a>(on: Option<FailOn>, mut sensors: impl Iterator<Item = &'a SensorView>) -> Option<Exit> {
    let on = on?;
    sensors.any(|sensor| sensor.fails(on)).then_some(Exit::Alarm)
}

/// All sensors with their thresholds.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct List {
    sensors: Vec<SensorView>,
    #[serde(skip)]
    fail_on: Option<FailOn>,
    #[serde(skip)]
    thresholds: bool,
}

impl From<&[Sensor]> for List {
    fn from(sensors: &[Sensor]) -> Self {
        Self::new(sensors, true, None)
    }
}

impl List {
    pub(crate) fn new(sensors: &[Sensor], thresholds: bool, fail_on: Option<FailOn>) -> Self {
        let view = if thresholds { SensorView::new } else { SensorView::short };
        Self { sensors: sensors.iter().map(view).collect(), fail_on, thresholds }
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.sensor_list/1";
    const ROWS: Option<Rows> = Some(Rows { key: "sensors", schema: "lantern.sensor/1" });

    /// Two tables, because states and thresholds do not share columns.
    fn text(&self, width: Option<u16>) -> String {
        if self.sensors.is_empty() {
            return "No sensors\n".to_owned();
        }
        let (analog, discrete): (Vec<_>, Vec<_>) =
            self.sensors.iter().partition(|sensor| sensor.is_threshold());
        let mut tables = Vec::new();
        if !analog.is_empty() {
            tables.push(if self.thresholds {
                analog_table(&analog, width)
            } else {
                short_table(&analog, width)
            });
        }
        if !discrete.is_empty() {
            tables.push(discrete_table(&discrete, width));
        }
        tables.join("\n")
    }

    fn exit(&self) -> Option<Exit> {
        exit(self.fail_on, self.sensors.iter())
    }
}

/// LNR, LC and LNC are the lower thresholds (non-recoverable, critical, non-critical); UNC, UC
/// and UNR the upper ones.
fn analog_table(sensors: &[&SensorView], width: Option<u16>) -> String {
    let columns = [
        left("SENSOR"),
        right("READING").tight(),
        left("").flexible(),
        left("STATUS"),
        right("LNR").tight(),
        right("LC").tight(),
        right("LNC").tight(),
        right("UNC").tight(),
        right("UC").tight(),
        right("UNR").tight(),
    ];
    let mut table = Table::new(&columns);
    for sensor in sensors {
        let threshold = |get: fn(&Thresholds) -> Option<f64>| match sensor.thresholds.as_ref() {
            Some(thresholds) => {
                get(thresholds).map_or("-".to_owned(), |value| short(value, sensor.decimals))
            }
            None => "-".to_owned(),
        };
        let unit = sensor.value.map(|_| sensor.symbol.clone()).unwrap_or_default();
        table.row([
            sensor.label(),
            sensor.reading(),
            unit,
            sensor.status_word(),
            threshold(|t| t.lower_non_recoverable),
            threshold(|t| t.lower_critical),
            threshold(|t| t.lower_non_critical),
            threshold(|t| t.upper_non_critical),
            threshold(|t| t.upper_critical),
            threshold(|t| t.upper_non_recoverable),
        ]);
    }
    table.text(width)
}

/// Without thresholds.
fn short_table(sensors: &[&SensorView], width: Option<u16>) -> String {
    let columns =
        [left("SENSOR"), right("READING").tight(), left(""), left("STATUS"), left("ENTITY")];
    let mut table = Table::new(&columns);
    for sensor in sensors {
        let unit = sensor.value.map(|_| sensor.symbol.clone()).unwrap_or_default();
        table.row([sensor.label(), sensor.reading(), unit, sensor.status_word(), sensor.place()]);
    }
    table.text(width)
}

fn discrete_table(sensors: &[&SensorView], width: Option<u16>) -> String {
    let columns = [left("SENSOR"), left("TYPE"), left("STATUS"), left("STATE").flexible()];
    let mut table = Table::new(&columns);
    for sensor in sensors {
        table.row([
            sensor.label(),
            sensor.sensor_type.to_owned(),
            sensor.status_word(),
            sensor.reading(),
        ]);
    }
    table.text(width)
}
