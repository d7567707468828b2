//! Events that are sent.

use ipmi_client::event::EventSent;
use ipmi_client::sensors::SensorInfo;
use ipmi_wire::cmd::sensor::PlatformEvent;
use ipmi_wire::sdr::ThresholdKind;
use ipmi_wire::sel::event_text;
use schemars::JsonSchema;
use serde::Serialize;

use super::outcome::{OutcomeView, proof};
use super::table::{Table, left, right};
use super::{Rows, View, hex, reason};
use crate::error::Exit;

/// Events that sensors may have.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Events {
    events: Vec<EventRow>,
}

/// An event that a sensor may have.
#[derive(Debug, Serialize, JsonSchema)]
struct EventRow {
    sensor: String,
    number: u8,
    sensor_type: &'static str,
    sensor_type_raw: u8,
    event_type_raw: u8,
    state: u8,
    text: &'static str,
    /// A short name of it, of a threshold.
    short: Option<String>,
}

/// Thresholds by the number of their event that goes low; the next one goes high.
const THRESHOLDS: [(&str, ThresholdKind); 6] = [
    ("lnc", ThresholdKind::LowerNonCritical),
    ("lc", ThresholdKind::LowerCritical),
    ("lnr", ThresholdKind::LowerNonRecoverable),
    ("unc", ThresholdKind::UpperNonCritical),
    ("uc", ThresholdKind::UpperCritical),
    ("unr", ThresholdKind::UpperNonRecoverable),
];

/// `uc+` for "upper critical going high"; `uc` alone means it crossed outwards.
pub(crate) fn short_name(state: u8) -> Option<String> {
    let (name, _) = THRESHOLDS.get(usize::from(state / 2))?;
    let direction = if state.is_multiple_of(2) { '-' } else { '+' };
    Some(format!("{name}{direction}"))
}

impl Events {
    pub(crate) fn new(sensors: &[SensorInfo]) -> Self {
        let events = sensors.iter().flat_map(|sensor| {
            (0..15u8).filter_map(|state| {
                let text = event_text(sensor.sensor_type, sensor.event_type, state)?;
                let is_threshold = sensor.event_type.is_threshold();
                Some(EventRow {
                    sensor: sensor.name.clone(),
                    number: sensor.key.number,
                    sensor_type: sensor.sensor_type.name(),
                    sensor_type_raw: sensor.sensor_type.0,
                    event_type_raw: sensor.event_type.0,
                    state,
                    text,
                    short: is_threshold.then(|| short_name(state)).flatten(),
                })
            })
        });
        Self { events: events.collect() }
    }
}

impl View for Events {
    const SCHEMA: &'static str = "lantern.event_list/1";
    const ROWS: Option<Rows> = Some(Rows { key: "events", schema: "lantern.event/1" });

    fn text(&self, width: Option<u16>) -> String {
        let columns = [left("SENSOR"), left("NUMBER"), right("STATE"), left("").flexible()];
        let mut table = Table::new(&columns);
        for event in &self.events {
            let number = format!("0x{:02x}", event.number);
            let state = event.short.clone().unwrap_or_else(|| event.state.to_string());
            table.row([event.sensor.clone(), number, state, event.text.to_owned()]);
        }
        table.text(width)
    }
}

/// Events that were sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Sent {
    events: Vec<SentEvent>,
}

/// An event that was sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SentEvent {
    sensor_type: &'static str,
    sensor_type_raw: u8,
    sensor_number: u8,
    #[schemars(extend("enum" = ["assert", "deassert"]))]
    direction: &'static str,
    event_type_raw: u8,
    /// Hexadecimal digits.
    data: String,
    text: Option<&'static str>,
    /// The record of the log that it became; null if there is none.
    record_id: Option<u16>,
    /// Why no record is known.
    record_reason: Option<String>,
    /// What proves that it was taken, where the BMC's answer was lost; else null.
    outcome: Option<OutcomeView>,
}

impl SentEvent {
    pub(crate) fn new(event: &PlatformEvent, sent: &EventSent) -> Self {
        let [first, ..] = event.data;
        let record_reason = match &sent.record {
            Ok(Some(_)) => None,
            Ok(None) => Some("the log does not have it: it may be full, off, or filter".to_owned()),
            Err(error) => Some(reason(error)),
        };
        Self {
            sensor_type: event.sensor_type.name(),
            sensor_type_raw: event.sensor_type.0,
            sensor_number: event.sensor_number,
            direction: if event.assertion { "assert" } else { "deassert" },
            event_type_raw: event.event_type.0,
            data: hex(&event.data),
            text: event_text(event.sensor_type, event.event_type, first & 0x0f),
            record_id: sent.record.as_ref().ok().copied().flatten(),
            record_reason,
            outcome: proof(&sent.done),
        }
    }
}

impl Sent {
    pub(crate) const fn new(events: Vec<SentEvent>) -> Self {
        Self { events }
    }
}

impl View for Sent {
    const SCHEMA: &'static str = "lantern.event_send/1";
    const ROWS: Option<Rows> = Some(Rows { key: "events", schema: "lantern.event_sent/1" });

    fn text(&self, width: Option<u16>) -> String {
        let line = |event: &SentEvent| {
            let text = event.text.unwrap_or("a state without a name");
            let record = match (event.record_id, &event.record_reason) {
                (Some(id), _) => format!("event {id} of the log"),
                (None, Some(why)) => why.clone(),
                (None, None) => "no record".to_owned(),
            };
            let SentEvent { sensor_type, sensor_number, direction, .. } = event;
            let mut line =
                format!("{sensor_type} 0x{sensor_number:02x}: {text}, {direction}: {record}\n");
            if let Some(outcome) = &event.outcome {
                line += "  the answer was lost, but it happened\n";
                line += &outcome.text(width);
            }
            line
        };
        self.events.iter().map(line).collect()
    }

    fn exit(&self) -> Option<Exit> {
        None
    }
}
