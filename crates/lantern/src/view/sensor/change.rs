//! What was set at a sensor, and what came of it.

use ipmi_client::sensors::{Sensor, SensorInfo, ThresholdChange};
use ipmi_wire::cmd::sensor::{EventBits, SensorEventEnable, SensorHysteresis};
use ipmi_wire::sdr::ThresholdKind;
use schemars::JsonSchema;
use serde::Serialize;

use super::SensorView;
use crate::error::Exit;
use crate::view::events::Events;
use crate::view::number::{clean, decimals, short, symbol, words};
use crate::view::table::{Table, left, right};
use crate::view::{Rows, View};

/// Thresholds that were set.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ThresholdsSet {
    sensor: String,
    number: u8,
    unit: Option<String>,
    changes: Vec<Change>,
    #[serde(skip)]
    symbol: String,
    #[serde(skip)]
    decimals: u8,
}

/// A threshold that was set.
#[derive(Debug, Serialize, JsonSchema)]
struct Change {
    #[schemars(extend("enum" = KEYS))]
    threshold: &'static str,
    asked: f64,
    /// Null if it cannot be read.
    before: Option<f64>,
    /// The nearest to what was asked for that the sensor can express.
    now: Option<f64>,
    /// Whether the BMC took it.
    taken: bool,
    #[serde(skip)]
    name: &'static str,
}

const KEYS: [&str; 6] = [
    "lower_non_recoverable",
    "lower_critical",
    "lower_non_critical",
    "upper_non_critical",
    "upper_critical",
    "upper_non_recoverable",
];

/// As the list of sensors calls it.
pub(super) const fn key(kind: ThresholdKind) -> &'static str {
    match kind {
        ThresholdKind::LowerNonRecoverable => "lower_non_recoverable",
        ThresholdKind::LowerCritical => "lower_critical",
        ThresholdKind::LowerNonCritical => "lower_non_critical",
        ThresholdKind::UpperNonCritical => "upper_non_critical",
        ThresholdKind::UpperCritical => "upper_critical",
        ThresholdKind::UpperNonRecoverable => "upper_non_recoverable",
    }
}

impl ThresholdsSet {
    pub(crate) fn new(info: &SensorInfo, changes: &[ThresholdChange]) -> Self {
        let decimals = info.full().map_or(0, decimals);
        let units = info.record.sensor().map(|common| &common.units);
        let change = |change: &ThresholdChange| Change {
            threshold: key(change.kind),
            asked: change.asked,
            before: change.before.map(|value| clean(value, decimals)),
            now: change.now.map(|value| clean(value, decimals)),
            taken: change.taken,
            name: change.kind.name(),
        };
        Self {
            sensor: info.name.clone(),
            number: info.key.number,
            unit: units.map(words),
            changes: changes.iter().map(change).collect(),
            symbol: units.map(symbol).unwrap_or_default(),
            decimals,
        }
    }
}

impl View for ThresholdsSet {
    const SCHEMA: &'static str = "lantern.sensor_set/1";
    const ROWS: Option<Rows> = Some(Rows { key: "changes", schema: "lantern.sensor_threshold/1" });

    fn text(&self, width: Option<u16>) -> String {
        let columns =
            [left("THRESHOLD"), right("BEFORE"), right("NOW").tight(), left("").flexible()];
        let mut table = Table::new(&columns);
        for change in &self.changes {
            let value =
                |value: Option<f64>| value.map_or("-".to_owned(), |at| short(at, self.decimals));
            let note = match change.taken {
                true => self.symbol.clone(),
                false => format!("{} (the BMC did not take {})", self.symbol, change.asked),
            };
            table.row([change.name.to_owned(), value(change.before), value(change.now), note]);
        }
        format!("{}\n{}", self.sensor, table.text(width))
    }

    fn exit(&self) -> Option<Exit> {
        self.changes.iter().any(|change| !change.taken).then_some(Exit::Failed)
    }
}

/// A hysteresis that was set.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HysteresisSet {
    sensor: String,
    number: u8,
    unit: Option<String>,
    positive: Option<f64>,
    negative: Option<f64>,
    positive_raw: u8,
    negative_raw: u8,
    /// Whether the BMC took both.
    taken: bool,
    #[serde(skip)]
    text: String,
}

impl HysteresisSet {
    pub(crate) fn new(info: &SensorInfo, asked: SensorHysteresis, now: SensorHysteresis) -> Self {
        let full = info.full();
        let decimals = full.map_or(0, decimals);
        let units = info.record.sensor().map(|common| &common.units);
        let value = |counts| full?.hysteresis(counts).map(|value| clean(value, decimals));
        let symbol = units.map(symbol).unwrap_or_default();
        let says = |counts: u8| match value(counts) {
            Some(value) => format!("{} {symbol}", short(value, decimals)),
            None => format!("{counts} counts"),
        };
        let (down, up) = (says(now.positive), says(now.negative));
        Self {
            sensor: info.name.clone(),
            number: info.key.number,
            unit: units.map(words),
            positive: value(now.positive),
            negative: value(now.negative),
            positive_raw: now.positive,
            negative_raw: now.negative,
            taken: asked == now,
            text: format!("{down} below an upper threshold, {up} above a lower one"),
        }
    }
}

impl View for HysteresisSet {
    const SCHEMA: &'static str = "lantern.sensor_hysteresis/1";

    fn text(&self, _: Option<u16>) -> String {
        let refused = if self.taken { "" } else { " (the BMC did not take what was asked for)" };
        format!("{}: {}{refused}\n", self.sensor, self.text)
    }

    fn exit(&self) -> Option<Exit> {
        (!self.taken).then_some(Exit::Failed)
    }
}

/// What a sensor reports from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Enables {
    sensor: String,
    number: u8,
    scanning_enabled: bool,
    event_messages_enabled: bool,
    events_enabled: Events,
}

impl Enables {
    pub(crate) fn new(info: &SensorInfo, now: &SensorEventEnable) -> Self {
        Self {
            sensor: info.name.clone(),
            number: info.key.number,
            scanning_enabled: now.scanning_enabled,
            event_messages_enabled: now.event_messages_enabled,
            events_enabled: Events::new(info.sensor_type, info.event_type, now.events),
        }
    }
}

impl View for Enables {
    const SCHEMA: &'static str = "lantern.sensor_events/1";

    fn text(&self, width: Option<u16>) -> String {
        let on_off = |on| if on { "on" } else { "off" };
        let mut fields = crate::view::table::Fields::titled(&self.sensor);
        fields.row("Scanning", on_off(self.scanning_enabled));
        fields.row("Event messages", on_off(self.event_messages_enabled));
        fields.row("Events enabled", self.events_enabled.words());
        fields.text(width)
    }
}

/// A sensor that was re-armed, as it is now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Rearmed {
    /// Null: all events.
    events: Option<Events>,
    sensor: SensorView,
}

impl Rearmed {
    pub(crate) fn new(sensor: &Sensor, selected: Option<EventBits>) -> Self {
        let info = &sensor.info;
        Self {
            events: selected.map(|bits| Events::new(info.sensor_type, info.event_type, bits)),
            sensor: SensorView::short(sensor),
        }
    }
}

impl View for Rearmed {
    const SCHEMA: &'static str = "lantern.sensor_rearm/1";

    fn text(&self, _: Option<u16>) -> String {
        let SensorView { name, status, .. } = &self.sensor;
        format!("{name}: re-armed; now {} ({status})\n", self.sensor.says())
    }
}
