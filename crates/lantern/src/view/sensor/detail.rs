//! Everything about a sensor.

use ipmi_client::sensors::{Reading, Sensor, SensorDetails};
use ipmi_wire::sdr::{FullSensor, SensorType, SettingAccess, ThresholdMask};
use schemars::JsonSchema;
use serde::Serialize;

use super::{SensorView, exit};
use crate::cli::FailOn;
use crate::error::Exit;
use crate::view::events::Events;
use crate::view::number::{clean, decimals, short};
use crate::view::sdr::linearization;
use crate::view::table::Fields;
use crate::view::{Rows, View, yes_no};

/// Everything about single sensors.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Get {
    sensors: Vec<Detail>,
    #[serde(skip)]
    fail_on: Option<FailOn>,
}

/// Everything about a sensor.
#[derive(Debug, Serialize, JsonSchema)]
struct Detail {
    #[serde(flatten)]
    sensor: SensorView,
    /// What the record says of its values; null for a sensor without any.
    analog: Option<Analog>,
    /// Null if the BMC does not tell.
    hysteresis: Option<Hysteresis>,
    /// Thresholds that can be set.
    settable_thresholds: Vec<&'static str>,
    /// Thresholds about which the BMC and its own figures disagree.
    disputed_thresholds: Vec<&'static str>,
    /// Whether it reports again by itself what came again.
    auto_rearm: Option<bool>,
    /// Null if the BMC does not tell.
    scanning_enabled: Option<bool>,
    event_messages_enabled: Option<bool>,
    /// Events that it can report.
    events_supported: Option<Events>,
    /// Events that it does report.
    events_enabled: Option<Events>,
    /// Events that it has reported.
    events_reported: Option<Events>,
    /// How to get rid of a state that stays until somebody clears it: steps to take until it is
    /// gone.
    how_to_clear: Vec<String>,
}

/// What the record says of a sensor's values.
#[derive(Debug, Serialize, JsonSchema)]
struct Analog {
    nominal: Option<f64>,
    normal_min: Option<f64>,
    normal_max: Option<f64>,
    sensor_min: Option<f64>,
    sensor_max: Option<f64>,
    /// Plus or minus; null where it depends on the reading.
    tolerance: Option<f64>,
    accuracy_percent: f64,
    /// The smallest step; null where it depends on the reading.
    resolution: Option<f64>,
    linearization: &'static str,
}

/// How far a reading must go back before a threshold counts as left.
#[derive(Debug, Serialize, JsonSchema)]
struct Hysteresis {
    #[schemars(extend("enum" = ["none", "readable", "settable", "fixed"]))]
    access: &'static str,
    /// In the sensor's unit; null if there is none, or where it depends on the reading.
    positive: Option<f64>,
    negative: Option<f64>,
    positive_raw: u8,
    negative_raw: u8,
}

impl Get {
    pub(crate) fn new(details: &[SensorDetails], fail_on: Option<FailOn>) -> Self {
        Self { sensors: details.iter().map(Detail::new).collect(), fail_on }
    }
}

impl Detail {
    fn new(details: &SensorDetails) -> Self {
        let SensorDetails { sensor, hysteresis, event_enables, event_status } = details;
        let info = &sensor.info;
        let common = info.record.sensor();
        let full = info.full();
        let events = |bits| Events::new(info.sensor_type, info.event_type, bits);
        let supported = common.map(|common| {
            let mask = if common.is_threshold() { 0x0fff } else { 0x7fff };
            events(ipmi_wire::cmd::sensor::EventBits {
                assertion: common.assertion_mask & mask,
                deassertion: common.deassertion_mask & mask,
            })
        });
        let settable = common.filter(|common| common.threshold_access() == SettingAccess::Settable);
        Self {
            sensor: SensorView::new(sensor),
            analog: full.filter(|_| info.event_type.is_threshold()).map(Analog::new),
            hysteresis: hysteresis.map(|raw| {
                let value = |counts| {
                    let full = full?;
                    full.hysteresis(counts).map(|value| clean(value, decimals(full)))
                };
                Hysteresis {
                    access: common.map_or("none", |common| access(common.hysteresis_access())),
                    positive: value(raw.positive),
                    negative: value(raw.negative),
                    positive_raw: raw.positive,
                    negative_raw: raw.negative,
                }
            }),
            settable_thresholds: settable
                .map(|common| thresholds(common.settable_thresholds()))
                .unwrap_or_default(),
            disputed_thresholds: thresholds(sensor.disputed),
            auto_rearm: common.map(|common| common.auto_rearms()),
            scanning_enabled: event_enables.map(|enables| enables.scanning_enabled),
            event_messages_enabled: event_enables.map(|enables| enables.event_messages_enabled),
            events_supported: supported,
            events_enabled: event_enables.map(|enables| events(enables.events)),
            events_reported: event_status.map(|status| events(status.events)),
            how_to_clear: how_to_clear(sensor),
        }
    }

    fn show(&self, width: Option<u16>) -> String {
        let sensor = &self.sensor;
        let value = |value: f64| {
            format!("{} {}", short(value, sensor.decimals), sensor.symbol).trim_end().to_owned()
        };
        let mut fields = Fields::titled(&sensor.label());
        fields.row("Reading", sensor.says());
        fields.maybe("Why", &sensor.absent_reason);
        fields.row("Status", sensor.status.replace('_', "-"));
        fields.row("Type", format!("{} ({})", sensor.sensor_type, sensor.kind));
        if let Some(oem) = sensor.oem.as_ref().filter(|oem| oem.text.is_some()) {
            fields.maybe("Explained by", &oem.vendor.map(|vendor| format!("table of {vendor}")));
            fields.row("Source", oem.sources.join("; "));
        }
        fields.row(
            "Entity",
            format!("{} ({}.{})", sensor.entity, sensor.entity.id, sensor.entity.instance),
        );
        let lun = if sensor.lun == 0 { String::new() } else { format!(", LUN {}", sensor.lun) };
        fields.row("Number", format!("0x{:02x} at 0x{:02x}{lun}", sensor.number, sensor.owner));
        fields.row("Record", format!("0x{:04x}", sensor.record_id));
        if let Some(analog) = &self.analog {
            let range = |min: Option<f64>, max: Option<f64>| {
                Some(format!("{} to {}", value(min?), value(max?)))
            };
            fields.maybe("Nominal", &analog.nominal.map(value));
            fields.maybe("Normal", &range(analog.normal_min, analog.normal_max));
            fields.maybe("Range", &range(analog.sensor_min, analog.sensor_max));
            fields.maybe("Resolution", &analog.resolution.map(value));
            fields.maybe("Tolerance", &analog.tolerance.map(|by| format!("± {}", value(by))));
            fields.row("Accuracy", format!("± {:.2} %", analog.accuracy_percent));
        }
        if let Some(inner) = &sensor.thresholds {
            fields.heading("Thresholds");
            for (name, key, at) in [
                ("Upper non-recoverable", "upper_non_recoverable", inner.upper_non_recoverable),
                ("Upper critical", "upper_critical", inner.upper_critical),
                ("Upper non-critical", "upper_non_critical", inner.upper_non_critical),
                ("Lower non-critical", "lower_non_critical", inner.lower_non_critical),
                ("Lower critical", "lower_critical", inner.lower_critical),
                ("Lower non-recoverable", "lower_non_recoverable", inner.lower_non_recoverable),
            ] {
                let fixed = if self.settable_thresholds.contains(&key) { "" } else { " (fixed)" };
                let disputed = match self.disputed_thresholds.contains(&key) {
                    true => "; the BMC says otherwise whether the reading is beyond it",
                    false => "",
                };
                fields.maybe(name, &at.map(|at| format!("{}{fixed}{disputed}", value(at))));
            }
            if let Some(hysteresis) = &self.hysteresis {
                let counts = |at: Option<f64>, raw: u8| {
                    at.map_or_else(
                        || if raw == 0 { "none".to_owned() } else { format!("{raw} counts") },
                        value,
                    )
                };
                let up = counts(hysteresis.positive, hysteresis.positive_raw);
                let down = counts(hysteresis.negative, hysteresis.negative_raw);
                fields.row("Hysteresis", format!("{up} downwards, {down} upwards"));
            }
        }
        fields.heading("Events");
        fields.maybe("Scanning", &self.scanning_enabled.map(on_off));
        fields.maybe("Event messages", &self.event_messages_enabled.map(on_off));
        fields.maybe("Re-arms itself", &self.auto_rearm.map(yes_no));
        let words = |events: &Option<Events>| events.as_ref().map(Events::words);
        fields.maybe("Supported", &words(&self.events_supported));
        fields.maybe("Enabled", &words(&self.events_enabled));
        fields.maybe("Reported", &words(&self.events_reported));
        if !self.how_to_clear.is_empty() {
            fields.heading("How to clear it, step by step until it is gone");
            fields.steps(&self.how_to_clear);
        }
        fields.text(width)
    }
}

impl Analog {
    fn new(full: &FullSensor) -> Self {
        let decimals = decimals(full);
        let value = |raw| full.value(raw).map(|value| clean(value, decimals));
        let given = |given: bool, raw| if given { value(raw) } else { None };
        Self {
            nominal: given(full.analog.nominal_reading, full.nominal_reading),
            normal_min: given(full.analog.normal_min, full.normal_min),
            normal_max: given(full.analog.normal_max, full.normal_max),
            sensor_min: value(full.sensor_min),
            sensor_max: value(full.sensor_max),
            tolerance: full
                .factors
                .tolerance_value()
                .map(|by| clean(by, decimals.saturating_add(1))),
            accuracy_percent: clean(full.factors.accuracy_percent(), 4),
            resolution: full.factors.resolution().map(|step| clean(step, decimals)),
            linearization: linearization(full.factors.linearization),
        }
    }
}

const fn access(access: SettingAccess) -> &'static str {
    match access {
        SettingAccess::None => "none",
        SettingAccess::Readable => "readable",
        SettingAccess::Settable => "settable",
        SettingAccess::Fixed => "fixed",
    }
}

fn on_off(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

fn thresholds(mask: ThresholdMask) -> Vec<&'static str> {
    mask.iter().map(super::change::key).collect()
}

/// What gets rid of a state that stays although its cause is gone. Intrusion does on many boards,
/// and what clears it differs from one to the next: the least intrusive step comes first.
fn how_to_clear(sensor: &Sensor) -> Vec<String> {
    let Reading::Discrete { states, .. } = sensor.reading else { return Vec::new() };
    let stays = sensor.info.record.sensor().is_some_and(|common| !common.auto_rearms());
    let intrusion = sensor.info.sensor_type == SensorType::PHYSICAL_SECURITY && states & 1 != 0;
    if intrusion {
        return intrusion_steps(Some(sensor.name()));
    }
    match stays && sensor.state.is_alarm() {
        true => vec![format!(
            "if its cause is gone: lantern sensor rearm '{}', else lantern mc reset cold",
            sensor.name()
        )],
        false => Vec::new(),
    }
}

/// How a latched intrusion is cleared.
pub(crate) fn intrusion_steps(sensor: Option<&str>) -> Vec<String> {
    let name = sensor.unwrap_or("NAME");
    [
        "close the lid and look again: the state may go by itself".to_owned(),
        format!("lantern sensor rearm '{name}'"),
        "lantern sel clear --save FILE (some BMCs forget it with the log)".to_owned(),
        "lantern power cycle".to_owned(),
        "lantern mc reset cold (the machine runs on)".to_owned(),
    ]
    .into()
}

impl View for Get {
    const SCHEMA: &'static str = "lantern.sensor_get/1";
    const ROWS: Option<Rows> = Some(Rows { key: "sensors", schema: "lantern.sensor_detail/1" });

    fn text(&self, width: Option<u16>) -> String {
        let texts: Vec<_> = self.sensors.iter().map(|sensor| sensor.show(width)).collect();
        texts.join("\n")
    }

    fn exit(&self) -> Option<Exit> {
        exit(self.fail_on, self.sensors.iter().map(|detail| &detail.sensor))
    }
}
