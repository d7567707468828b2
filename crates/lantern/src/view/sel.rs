//! The system event log.

mod change;
mod info;

use ipmi_client::sdr::SdrSet;
use ipmi_wire::Encode;
use ipmi_wire::sdr::{FullSensor, SensorType};
use ipmi_wire::sel::{SelRecord, Severity, Timestamp, Trigger, event_text};
use ipmi_wire::vendor::{Decoder, Panic, has_oem_data, is_oem, panics};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use change::{Added, Cleared, Deleted, Saved};
pub(crate) use info::{Clock, ClockSet, Info, Offset};

use super::number::{clean, decimals, short, symbol, words};
use super::oem::Oem;
use super::sensor::Entity;
use super::table::{Fields, Table, left, right};
use super::time::{self, Time};
use super::{Rows, View, hex};

/// Events, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct List {
    events: Vec<Event>,
    /// Whether these are all that there are to read.
    complete: bool,
    #[serde(skip)]
    filtered: bool,
}

impl List {
    /// Events, with the names of their sensors as far as `records` has them.
    pub(crate) fn new(
        log: &[SelRecord],
        records: Option<&SdrSet>,
        makers: Option<&Decoder>,
        complete: bool,
    ) -> Self {
        let mut events: Vec<Event> =
            log.iter().map(|event| Event::new(event, records, makers)).collect();
        // What a kernel said goes over several records: the first of them has it all.
        for panic in panics(log).iter().filter(|panic| panic.begins && panic.records.len() > 1) {
            let first = panic.records.first();
            let event = events.iter_mut().find(|event| Some(&event.record_id) == first);
            if let Some(event) = event {
                event.take_panic(panic);
            }
        }
        Self { events, complete, filtered: false }
    }

    /// The events in which `wanted` sees something.
    pub(crate) fn keep(&mut self, wanted: impl Fn(&Event) -> bool) {
        let before = self.events.len();
        self.events.retain(wanted);
        self.filtered |= self.events.len() < before;
    }

    pub(crate) const fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn into_events(self) -> Vec<Event> {
        self.events
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.sel_list/1";
    const ROWS: Option<Rows> = Some(Rows { key: "events", schema: "lantern.sel_event/1" });

    fn text(&self, width: Option<u16>) -> String {
        if self.events.is_empty() {
            let none = if self.filtered { "No such events\n" } else { "The log is empty\n" };
            return none.to_owned();
        }
        let columns = [
            right("ID"),
            left("TIME (UTC)"),
            left("SENSOR"),
            left("STATE"),
            left("EVENT").flexible(),
        ];
        let mut table = Table::new(&columns);
        for event in &self.events {
            table.row(event.cells());
        }
        table.text(width)
    }
}

/// Everything in single events.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Get {
    events: Vec<Event>,
}

impl Get {
    pub(crate) const fn new(events: Vec<Event>) -> Self {
        Self { events }
    }
}

impl View for Get {
    const SCHEMA: &'static str = "lantern.sel_get/1";
    const ROWS: Option<Rows> = Some(Rows { key: "events", schema: "lantern.sel_event/1" });

    fn text(&self, width: Option<u16>) -> String {
        let texts: Vec<_> = self.events.iter().map(|event| event.show(width)).collect();
        texts.join("\n")
    }
}

/// An event.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Event {
    record_id: u16,
    record_type: u8,
    #[serde(flatten)]
    time: MaybeTime,
    sensor: Option<String>,
    sensor_number: Option<u8>,
    sensor_type: Option<&'static str>,
    sensor_type_raw: Option<u8>,
    event_type_raw: Option<u8>,
    /// Who reported it: slave address or software ID in the low byte, channel and LUN in the high.
    generator: Option<u16>,
    /// What the sensor watches, or belongs to, where its record is known.
    entity: Option<Entity>,
    /// Whether the state came or went.
    #[schemars(extend("enum" = ["asserted", "cleared", null]))]
    state: Option<&'static str>,
    event: Option<String>,
    #[schemars(extend("enum" = ["unknown", "information", "warning", "critical", "non_recoverable"]))]
    severity: &'static str,
    /// What crossed a threshold, converted where the sensor's record is known.
    reading: Option<f64>,
    threshold: Option<f64>,
    unit: Option<String>,
    manufacturer_id: Option<u32>,
    /// What the maker means by what is its own in it; null if nothing is.
    oem: Option<Oem>,
    data: Vec<u8>,
    /// All 16 bytes, in hexadecimal.
    raw_record: String,
    #[serde(skip)]
    when: String,
    #[serde(skip)]
    crossing: Option<String>,
    #[serde(skip)]
    grave: Severity,
    #[serde(skip)]
    seconds: Option<u32>,
}

/// When; all null for records that have no time.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct MaybeTime {
    /// ISO 8601, UTC; whether the BMC's clock runs in UTC nobody can tell.
    time: Option<String>,
    /// Why there is none.
    time_reason: Option<&'static str>,
    time_raw: Option<u32>,
}

impl From<Time> for MaybeTime {
    fn from(Time { time, time_reason, time_raw }: Time) -> Self {
        Self { time, time_reason, time_raw: Some(time_raw) }
    }
}

impl Event {
    /// An event, with its sensor's name if `records` has it, and what makers mean by their own.
    pub(crate) fn new(
        record: &SelRecord,
        records: Option<&SdrSet>,
        makers: Option<&Decoder>,
    ) -> Self {
        let timestamp = record.timestamp();
        let grave = record.severity();
        let no_time = || MaybeTime {
            time_reason: Some("records of this type have none"),
            ..MaybeTime::default()
        };
        let mut event = Self {
            record_id: record.id(),
            record_type: record.record_type(),
            time: timestamp.map(Time::from).map_or_else(no_time, MaybeTime::from),
            sensor: None,
            sensor_number: None,
            sensor_type: None,
            sensor_type_raw: None,
            event_type_raw: None,
            generator: None,
            entity: None,
            state: None,
            event: record.describe(),
            severity: severity(grave),
            reading: None,
            threshold: None,
            unit: None,
            manufacturer_id: None,
            oem: None,
            data: Vec::new(),
            raw_record: hex(&record.to_bytes()),
            when: timestamp.map_or_else(|| "-".to_owned(), time::text),
            crossing: None,
            grave,
            seconds: match timestamp {
                Some(Timestamp::Unix(seconds)) => Some(seconds),
                _ => None,
            },
        };
        match *record {
            SelRecord::System {
                generator,
                sensor_type,
                sensor_number,
                assertion,
                event_type,
                data,
                ..
            } => {
                event.data = data.to_vec();
                event.sensor_number = Some(sensor_number);
                event.sensor_type = Some(sensor_type.name());
                event.sensor_type_raw = Some(sensor_type.0);
                event.event_type_raw = Some(event_type.0);
                event.generator = Some(generator);
                event.state = Some(if assertion { "asserted" } else { "cleared" });
                let found = records.and_then(|set| set.sensor_of_event(generator, sensor_number));
                if let Some(sensor) = &found {
                    event.sensor = Some(sensor.name.clone());
                    event.entity = Some(sensor.entity.into());
                    if let Some(full) = sensor.full().filter(|_| event_type.is_threshold()) {
                        event.take_trigger(full, Trigger::of(data));
                    }
                }
            }
            SelRecord::OemTimestamped { manufacturer, data, .. } => {
                event.manufacturer_id = Some(manufacturer);
                event.data = data.to_vec();
            }
            SelRecord::Oem { data, .. } | SelRecord::Unspecified { data, .. } => {
                event.data = data.to_vec();
            }
        }
        if let Some(makers) = makers.filter(|_| is_oem(record)) {
            event.take_makers(record, makers);
        }
        event
    }

    /// What makers mean by what is theirs in the record; what nobody knows says so.
    fn take_makers(&mut self, record: &SelRecord, makers: &Decoder) {
        let decoded = makers.record(record);
        let named = match *record {
            SelRecord::System { sensor_type, event_type, data: [first, ..], .. } => {
                self.sensor_type = makers.sensor_type(sensor_type).or(self.sensor_type);
                event_text(sensor_type, event_type, first & 0x0f).is_some()
            }
            _ => false,
        };
        let said = self.event.take().unwrap_or_default();
        self.event = match (&decoded, record) {
            (Some(decoded), _) if decoded.state.is_some() => Some(decoded.text()),
            (Some(decoded), _) if named => {
                let colon = if said.contains(": ") { "," } else { ":" };
                Some(format!("{said}{colon} {}", decoded.text()))
            }
            (Some(decoded), _) => Some(format!("unknown {said}: {}", decoded.text())),
            (None, SelRecord::System { .. }) if !named => Some(format!("unknown {said}")),
            (None, SelRecord::System { data, .. }) if has_oem_data(*data) => {
                let [first, second, third] = *data;
                let byte = |flag: u8, byte: u8| (flag & 3 == 2).then(|| format!(" {byte:02x}"));
                let bytes = [byte(first >> 6, second), byte(first >> 4, third)];
                let bytes: String = bytes.into_iter().flatten().collect();
                Some(format!("{said} (unknown OEM data{bytes})"))
            }
            (None, SelRecord::System { .. }) => Some(said),
            (None, _) => None,
        };
        let own = self.sensor_type_raw.is_some_and(|kind| kind >= 0xc0);
        if let Some(decoded) = &decoded
            && decoded.severity != Severity::Unknown
            && (self.grave == Severity::Unknown || own)
        {
            self.grave = decoded.severity;
            self.severity = severity(decoded.severity);
        }
        self.oem = match &decoded {
            Some(decoded) => Some(decoded.into()),
            // A maker's sensor type with states that everybody knows.
            None if named
                && !matches!(record, SelRecord::System { data, .. } if has_oem_data(*data)) =>
            {
                None
            }
            None => Some(Oem::unknown(makers.vendor())),
        };
    }

    fn take_panic(&mut self, panic: &Panic) {
        // What the BMC's maker means by such a record counts for more.
        if self.oem.as_ref().is_some_and(|oem| oem.is_of_maker()) {
            return;
        }
        let (parts, text) = (panic.records.len(), &panic.text);
        let text = format!("kernel panic: \"{text}\" (in {parts} records)");
        if let Some(oem) = &mut self.oem {
            oem.text = Some(text.clone());
        }
        self.event = Some(text);
    }

    fn take_trigger(&mut self, full: &FullSensor, trigger: Trigger) {
        let (decimals, units) = (decimals(full), &full.sensor.units);
        let value = |raw: Option<u8>| Some(clean(full.value(raw?)?, decimals));
        (self.reading, self.threshold) = (value(trigger.reading), value(trigger.threshold));
        self.unit = Some(words(units));
        let unit = symbol(units);
        self.crossing = self.reading.map(|reading| {
            let threshold = self.threshold.map(|at| format!(", limit {}", short(at, decimals)));
            format!("{} {unit}{}", short(reading, decimals), threshold.unwrap_or_default())
        });
    }

    /// Whether its sensor is of this type.
    pub(crate) fn is_of(&self, sensor_type: SensorType) -> bool {
        self.sensor_type_raw == Some(sensor_type.0)
    }

    /// How bad it is.
    pub(crate) const fn severity(&self) -> Severity {
        self.grave
    }

    /// Seconds since 1970, if the BMC knew the time.
    pub(crate) const fn seconds(&self) -> Option<u32> {
        self.seconds
    }

    /// All its bytes, in hexadecimal.
    pub(crate) fn raw_record(&self) -> &str {
        &self.raw_record
    }

    /// As a line of ipmitool's `sel save`, which its `sel add` and `event file` take; `None` if it
    /// is no sensor's event.
    pub(crate) fn saved_line(&self) -> Option<String> {
        let direction = if self.state == Some("cleared") { 0x80 } else { 0 };
        let [first, second, third] = self.data.as_slice() else { return None };
        let bytes = [
            SelRecord::EVM_REV,
            self.sensor_type_raw?,
            self.sensor_number?,
            self.event_type_raw? | direction,
            *first,
            *second,
            *third,
        ];
        let numbers: Vec<_> = bytes.iter().map(|byte| format!("0x{byte:02x}")).collect();
        let comment = format!("{} {} {}", self.when, self.who(), self.what());
        Some(format!("{} # {}", numbers.join(" "), super::plain::plain(&comment)))
    }

    fn who(&self) -> String {
        match (&self.sensor, self.sensor_type, self.sensor_number) {
            (Some(name), ..) => name.clone(),
            (None, Some(kind), Some(number)) => format!("{kind} 0x{number:02x}"),
            _ => "-".to_owned(),
        }
    }

    fn what(&self) -> String {
        match (&self.event, &self.crossing) {
            (Some(event), Some(crossing)) => format!("{event}: {crossing}"),
            (Some(event), None) => event.clone(),
            (None, _) => {
                let bytes: Vec<_> = self.data.iter().map(|byte| format!("{byte:02x}")).collect();
                let unknown = if self.oem.is_some() { "unknown OEM " } else { "" };
                format!("{unknown}record type 0x{:02x}: {}", self.record_type, bytes.join(" "))
            }
        }
    }

    fn cells(&self) -> [String; 5] {
        [
            self.record_id.to_string(),
            self.when.clone(),
            self.who(),
            self.state.unwrap_or("-").to_owned(),
            self.what(),
        ]
    }

    fn show(&self, width: Option<u16>) -> String {
        let mut fields =
            Fields::titled(&format!("Event {} (0x{:04x})", self.record_id, self.record_id));
        fields.row("Time (UTC)", self.when.clone());
        fields.row("Sensor", self.who());
        if let (Some(kind), Some(number)) = (self.sensor_type, self.sensor_number) {
            fields.row("Sensor type", format!("{kind}, sensor 0x{number:02x}"));
        }
        fields.maybe("Entity", &self.entity.as_ref().map(ToString::to_string));
        fields.maybe("State", &self.state.map(str::to_owned));
        fields.row("Event", self.what());
        fields.row("Severity", self.severity.replace('_', "-"));
        if let Some(oem) = self.oem.as_ref().filter(|oem| oem.text.is_some()) {
            fields.maybe("Explained by", &oem.vendor.map(|vendor| format!("table of {vendor}")));
            fields.row("Source", oem.sources.join("; "));
        }
        fields.maybe("Event type", &self.event_type_raw.map(|raw| format!("0x{raw:02x}")));
        fields.maybe("Reported by", &self.generator.map(|by| format!("0x{by:04x}")));
        fields.maybe(
            "Maker",
            &self.manufacturer_id.map(|id| {
                format!(
                    "{} ({id})",
                    ipmi_wire::enterprise::name(id).unwrap_or("not in IANA's registry")
                )
            }),
        );
        let data: Vec<_> = self.data.iter().map(|byte| format!("{byte:02x}")).collect();
        fields.row("Data", data.join(" "));
        fields.row("Record type", format!("0x{:02x}", self.record_type));
        fields.text(width)
    }
}

/// One event of many that come one by one: columns as wide as they need to be as a rule.
impl View for Event {
    const SCHEMA: &'static str = "lantern.sel_event/1";

    fn text(&self, width: Option<u16>) -> String {
        let [id, when, who, state, what] =
            self.cells().map(|cell| super::plain::plain(&cell).into_owned());
        let prefix = format!("{id:>5}  {when:<19}  {who:<16}  {state:<8}  ");
        crate::output::hanging(&prefix, &what, width.map(usize::from)) + "\n"
    }
}

/// What stands above events that come one by one.
pub(crate) const HEADER: &str = "   ID  TIME (UTC)           SENSOR            STATE     EVENT\n";

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => "unknown",
        Severity::Information => "information",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
        Severity::NonRecoverable => "non_recoverable",
    }
}
