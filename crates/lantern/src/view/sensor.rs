//! Sensors.

use ipmi_client::sensors::{Health, Reading, Sensor, Silence};
use ipmi_wire::sdr::{Record, SensorCommon, ThresholdKind};
use serde::Serialize;

use super::View;
use super::number::{clean, decimals, short, symbol, words};
use super::table::{Table, left, right};

/// A sensor with its reading.
#[derive(Debug, Serialize)]
pub(crate) struct SensorView {
    pub(crate) name: String,
    number: u8,
    owner: u8,
    lun: u8,
    record_id: u16,
    entity: Entity,
    #[serde(rename = "type")]
    sensor_type: &'static str,
    kind: &'static str,
    /// Of an analogue sensor.
    value: Option<f64>,
    unit: Option<String>,
    raw: Option<u8>,
    /// Of a discrete sensor: in words, and bit by bit.
    states: Option<Vec<&'static str>>,
    states_raw: Option<u16>,
    status: &'static str,
    /// Why there is neither value nor states.
    absent_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thresholds: Option<Thresholds>,
    #[serde(skip)]
    symbol: String,
    #[serde(skip)]
    decimals: u8,
    #[serde(skip)]
    silence: String,
}

#[derive(Debug, Serialize)]
struct Entity {
    id: u8,
    instance: u8,
    name: &'static str,
}

#[derive(Debug, Default, Serialize)]
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
        if view.kind == "threshold" {
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

    /// A sensor without thresholds.
    pub(crate) fn short(sensor: &Sensor) -> Self {
        let common = sensor.record.sensor();
        let threshold = common.is_some_and(SensorCommon::is_threshold);
        let key = common.map(|common| common.key);
        let entity = common.map(|common| common.entity);
        let units = common.filter(|_| threshold).map(|common| common.units);
        let mut view = Self {
            name: sensor.name(),
            number: key.map_or(0, |key| key.number),
            owner: key.map_or(0, |key| key.owner_id),
            lun: key.map_or(0, |key| key.lun()),
            record_id: sensor.record.record_id(),
            entity: Entity {
                id: entity.map_or(0, |entity| entity.id),
                instance: entity.map_or(0, |entity| entity.instance),
                name: entity.map_or("Unspecified", |entity| entity.name()),
            },
            sensor_type: common.map_or("Reserved", |common| common.sensor_type.name()),
            kind: if threshold { "threshold" } else { "discrete" },
            value: None,
            unit: units.as_ref().map(words),
            raw: None,
            states: None,
            states_raw: None,
            status: status(sensor.health()),
            absent_reason: None,
            thresholds: None,
            symbol: units.as_ref().map(symbol).unwrap_or_default(),
            decimals: match &sensor.record {
                Record::Full(full) => decimals(full),
                _ => 0,
            },
            silence: String::new(),
        };
        view.take(&sensor.reading);
        view
    }

    fn take(&mut self, reading: &Reading) {
        match reading {
            Reading::Analog { raw, value, .. } => {
                self.raw = Some(*raw);
                self.value = Some(clean(*value, self.decimals));
            }
            Reading::Discrete { states, texts } => {
                self.states_raw = Some(*states);
                self.states = Some(texts.clone());
            }
            Reading::None(silence) => {
                if let Silence::NoConversion(raw) = silence {
                    self.raw = Some(*raw);
                }
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
        match (self.value, &self.states, self.states_raw) {
            (Some(value), ..) => short(value, self.decimals),
            (_, Some(texts), Some(raw)) => match (texts.as_slice(), raw) {
                ([], 0) => "-".to_owned(),
                ([], raw) => format!("state bits 0x{raw:04x}"),
                (texts, _) => texts.join(", "),
            },
            _ => self.silence.clone(),
        }
    }

    /// The value with its unit, the states, or why there is neither.
    pub(crate) fn says(&self) -> String {
        match self.value {
            Some(_) => format!("{} {}", self.reading(), self.symbol).trim_end().to_owned(),
            None => self.reading(),
        }
    }

    /// The value as a number.
    pub(crate) const fn value(&self) -> Option<f64> {
        self.value
    }

    /// How its thing is doing; states carry no judgement.
    pub(crate) fn status_word(&self) -> String {
        match self.status {
            "unknown" => "-",
            _ if self.kind == "discrete" => "",
            "non_recoverable" => "nonrecov",
            word => word,
        }
        .to_owned()
    }

    /// What it belongs to.
    pub(crate) fn place(&self) -> String {
        format!("{} {}", self.entity.name, self.entity.instance)
    }

    fn is_threshold(&self) -> bool {
        self.kind == "threshold"
    }
}

const fn status(health: Health) -> &'static str {
    match health {
        Health::Nominal => "ok",
        Health::Warning => "warning",
        Health::Critical => "critical",
        Health::NonRecoverable => "non_recoverable",
        Health::Unknown => "unknown",
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
            format!("the sensor belongs to the controller at 0x{owner:02x}, not to the BMC"),
        ),
        Silence::NoConversion(raw) => (
            format!("raw 0x{raw:02x}"),
            "the record has no way to make a value of the raw reading".into(),
        ),
    }
}

/// All sensors with their thresholds.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    sensors: Vec<SensorView>,
}

impl From<&[Sensor]> for List {
    fn from(sensors: &[Sensor]) -> Self {
        Self { sensors: sensors.iter().map(SensorView::new).collect() }
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.sensor_list/1";

    /// Two tables, because states and thresholds do not share columns.
    fn text(&self, width: Option<u16>) -> String {
        let (analog, discrete): (Vec<_>, Vec<_>) =
            self.sensors.iter().partition(|sensor| sensor.is_threshold());
        let tables = [(analog.is_empty(), analog_table(&analog, width)), {
            let empty = discrete.is_empty();
            (empty, discrete_table(&discrete, width))
        }];
        let texts: Vec<_> =
            tables.into_iter().filter(|(empty, _)| !empty).map(|(_, text)| text).collect();
        texts.join("\n")
    }
}

/// LNR, LC and LNC are the lower thresholds (non-recoverable, critical, non-critical); UNC, UC
/// and UNR the upper ones.
fn analog_table(sensors: &[&SensorView], width: Option<u16>) -> String {
    let columns = [
        left("SENSOR"),
        right("READING").tight(),
        left(""),
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
            sensor.name.clone(),
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

fn discrete_table(sensors: &[&SensorView], width: Option<u16>) -> String {
    let mut table = Table::new(&[left("SENSOR"), left("TYPE"), left("STATE").flexible()]);
    for sensor in sensors {
        table.row([sensor.name.clone(), sensor.sensor_type.to_owned(), sensor.reading()]);
    }
    table.text(width)
}
