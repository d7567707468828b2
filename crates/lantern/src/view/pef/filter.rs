//! Event filters.

use ipmi_client::pef::Numbered;
use ipmi_wire::cmd::sensor::{DataMatch, EventFilter, FilterKind};
use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::event_text;
use schemars::JsonSchema;
use serde::Serialize;

use super::actions;
use crate::view::setting::reason;
use crate::view::table::{Table, left, right};
use crate::view::{Rows, View, list};

/// The event filters.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Filters {
    filters: Vec<FilterView>,
}

/// An event filter. Null is any; if there is a `reason`, it is not told.
#[derive(Debug, Serialize, JsonSchema)]
struct FilterView {
    filter: u8,
    enabled: Option<bool>,
    /// Of one that is the manufacturer's, software decides whether it is in force, and nothing else.
    #[schemars(extend("enum" = ["configurable", "preconfigured", "reserved", null]))]
    kind: Option<&'static str>,
    /// `alert`, `power_down`, `reset`, `power_cycle`, `oem`, `diagnostic_interrupt`.
    actions: Vec<&'static str>,
    /// The entry of the group control table that it follows; null if none.
    group_control: Option<u8>,
    /// The policy set that its alerts follow; null if it does not alert.
    policy: Option<u8>,
    /// What its alerts say of the event. It selects no events.
    #[schemars(extend("enum" = ["unspecified", "monitor", "information", "ok", "warning", "critical", "non_recoverable", "several", null]))]
    severity: Option<&'static str>,
    severity_raw: Option<u8>,
    /// The generator's slave address or software ID.
    generator: Option<u8>,
    /// Its channel and LUN.
    generator_channel_lun: Option<u8>,
    sensor_type: Option<&'static str>,
    sensor_type_raw: Option<u8>,
    sensor_number: Option<u8>,
    #[schemars(extend("enum" = ["asserted", "cleared", null]))]
    state: Option<&'static str>,
    event_type_raw: Option<u8>,
    /// The events that match, as far as they have names; null is any.
    events: Option<Vec<String>>,
    /// Event offsets that match, as bits.
    offset_mask: Option<u16>,
    /// How the bytes of event data are compared.
    data: Vec<DataView>,
    reason: Option<String>,
}

/// How a byte of event data is compared. It is cut to `mask`; where `compare1` is 1, its bits have to be
/// those of `compare2`, and where it is 0, one of them is enough.
#[derive(Debug, Serialize, JsonSchema)]
struct DataView {
    mask: u8,
    compare1: u8,
    compare2: u8,
}

impl From<DataMatch> for DataView {
    fn from(DataMatch { mask, exact, value }: DataMatch) -> Self {
        Self { mask, compare1: exact, compare2: value }
    }
}

fn severity(raw: u8) -> &'static str {
    match raw {
        0x00 => "unspecified",
        0x01 => "monitor",
        0x02 => "information",
        0x04 => "ok",
        0x08 => "warning",
        0x10 => "critical",
        0x20 => "non_recoverable",
        _ => "several",
    }
}

/// A value, or nothing if it stands for any.
fn but_any(value: u8) -> Option<u8> {
    (value != EventFilter::ANY).then_some(value)
}

impl FilterView {
    fn new(filter: &EventFilter) -> Self {
        let sensor_type = but_any(filter.sensor_type);
        let trigger = but_any(filter.trigger);
        Self {
            filter: filter.number,
            enabled: Some(filter.configuration.enabled),
            kind: Some(match filter.configuration.kind {
                FilterKind::CONFIGURABLE => "configurable",
                FilterKind::PRECONFIGURED => "preconfigured",
                _ => "reserved",
            }),
            actions: actions(filter.actions),
            group_control: filter.group_control.then_some(filter.group),
            policy: filter.actions.alert.then_some(filter.policy),
            severity: Some(severity(filter.severity)),
            severity_raw: Some(filter.severity),
            generator: filter.generator.first().copied().and_then(but_any),
            generator_channel_lun: filter.generator.last().copied().and_then(but_any),
            sensor_type: sensor_type.map(|kind| SensorType(kind).name()),
            sensor_type_raw: sensor_type,
            sensor_number: but_any(filter.sensor_number),
            state: trigger.map(|trigger| if trigger & 0x80 == 0 { "asserted" } else { "cleared" }),
            event_type_raw: trigger.map(|trigger| trigger & 0x7f),
            events: events(filter),
            offset_mask: Some(filter.offsets),
            data: filter.data.into_iter().map(DataView::from).collect(),
            reason: None,
        }
    }

    const fn untold(number: u8, reason: Option<String>) -> Self {
        Self {
            filter: number,
            enabled: None,
            kind: None,
            actions: Vec::new(),
            group_control: None,
            policy: None,
            severity: None,
            severity_raw: None,
            generator: None,
            generator_channel_lun: None,
            sensor_type: None,
            sensor_type_raw: None,
            sensor_number: None,
            state: None,
            event_type_raw: None,
            events: None,
            offset_mask: None,
            data: Vec::new(),
            reason,
        }
    }

    /// Whether nobody has put anything in it.
    fn is_empty(&self) -> bool {
        self.enabled == Some(false)
            && self.actions.is_empty()
            && self.group_control.is_none()
            && self.offset_mask == Some(0)
    }

    fn cells(&self) -> [String; 7] {
        let blank = String::new;
        let state = match (&self.reason, self.enabled) {
            (Some(_), _) | (_, None) => "not told",
            _ if self.is_empty() => "empty",
            (_, Some(true)) => "enabled",
            (_, Some(false)) => "disabled",
        };
        let number = self.filter.to_string();
        if let Some(reason) = &self.reason {
            let reason = format!("({reason})");
            return [number, state.to_owned(), blank(), blank(), blank(), blank(), reason];
        }
        let kind = self.kind.unwrap_or_default().to_owned();
        if self.is_empty() {
            return [number, state.to_owned(), kind, blank(), blank(), blank(), blank()];
        }
        let mut does: Vec<String> = vec![list(&self.actions)];
        if let Some(policy) = self.policy {
            does.push(format!("policy {policy}"));
        }
        if let Some(group) = self.group_control {
            does.push(format!("group control {group}"));
        }
        let sensor = match (self.sensor_type, self.sensor_number) {
            (kind, Some(number)) => format!("{} #{number:02X}h", kind.unwrap_or("any")),
            (kind, None) => kind.unwrap_or("any").to_owned(),
        };
        let severity = self.severity.unwrap_or_default().replace('_', " ");
        [number, state.to_owned(), kind, sensor, severity, does.join(", "), self.event_text()]
    }

    fn event_text(&self) -> String {
        let mut parts = Vec::new();
        match (&self.events, self.offset_mask) {
            (None, _) => parts.push("any".to_owned()),
            (Some(events), mask) if events.is_empty() => {
                let kind =
                    self.event_type_raw.map_or("any".to_owned(), |kind| format!("{kind:02X}h"));
                parts.push(format!("type {kind}, offsets {:04X}h", mask.unwrap_or_default()));
            }
            (Some(events), _) => parts.push(events.join("; ")),
        }
        if self.state == Some("cleared") {
            parts.push("cleared".to_owned());
        }
        match (self.generator, self.generator_channel_lun) {
            (None, None) => {}
            (generator, channel) => {
                let byte =
                    |byte: Option<u8>| byte.map_or("any".to_owned(), |b| format!("{b:02X}h"));
                parts.push(format!("from {}/{}", byte(generator), byte(channel)));
            }
        }
        if self.data.iter().any(|data| data.mask != 0) {
            parts.push("by event data".to_owned());
        }
        parts.join(", ")
    }
}

/// The events that a filter's offsets stand for.
fn events(filter: &EventFilter) -> Option<Vec<String>> {
    let trigger = but_any(filter.trigger);
    let kind = trigger.map(|trigger| EventReadingType(trigger & 0x7f));
    let all = filter.offsets == u16::MAX;
    match kind {
        None if all => return None,
        Some(kind) if all => return Some(vec![format!("any of type {:02X}h", kind.0)]),
        _ => {}
    }
    let offsets = (0..16u8).filter(|offset| filter.offsets & (1 << offset) != 0);
    let name = |offset| {
        let text = kind.and_then(|kind| event_text(SensorType(filter.sensor_type), kind, offset));
        text.map_or_else(|| format!("offset {offset}"), str::to_owned)
    };
    Some(offsets.map(name).collect())
}

impl Filters {
    pub(crate) fn new(filters: &[Numbered<EventFilter>]) -> Self {
        let filters = filters.iter().map(|(number, told)| match told {
            Ok(filter) => FilterView::new(filter),
            Err(_) => FilterView::untold(*number, reason(told)),
        });
        Self { filters: filters.collect() }
    }
}

impl View for Filters {
    const SCHEMA: &'static str = "lantern.pef_filters/1";
    const ROWS: Option<Rows> = Some(Rows { key: "filters", schema: "lantern.pef_filter/1" });

    fn text(&self, width: Option<u16>) -> String {
        if self.filters.is_empty() {
            return "There are no event filters\n".to_owned();
        }
        let columns = [
            right("FILTER"),
            left("STATE"),
            left("KIND"),
            left("SENSOR"),
            left("SEVERITY"),
            left("ACTIONS").flexible(),
            left("EVENTS").flexible(),
        ];
        let mut table = Table::new(&columns);
        self.filters.iter().for_each(|filter| table.row(filter.cells()));
        table.text(width)
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::Decode;

    use super::*;

    #[test]
    fn a_filter_reads_as_what_it_does() {
        // Temperature, lower and upper critical, alert by policy 1, preconfigured.
        let bytes = [
            2, 0xc0, 0x01, 0x01, 0x10, 0xff, 0xff, 0x01, 0xff, 0x01, 0x04, 0x02, 0, 0, 0, 0, 0, 0,
            0, 0, 0,
        ];
        let view = Filters::new(&[(2, Ok(EventFilter::decode_exact(&bytes).unwrap()))]);
        let text = view.text(None);
        for word in ["2", "enabled", "preconfigured", "Temperature", "critical", "alert, policy 1"]
        {
            assert!(text.contains(word), "{word} in\n{text}");
        }
        assert!(text.contains("Lower Critical going low; Upper Critical going high"), "{text}");
        let empty = EventFilter { number: 3, ..EventFilter::default() };
        let text = Filters::new(&[(3, Ok(empty))]).text(None);
        assert!(text.contains("empty"), "{text}");
    }
}
