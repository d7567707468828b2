//! The system event log.

use ipmi_wire::cmd::storage::SelInfo;
use ipmi_wire::sdr::{FullSensor, Record, SensorType};
use ipmi_wire::sel::{SelRecord, Timestamp, Trigger};
use serde::Serialize;

use super::number::{clean, decimals, short, symbol, words};
use super::sdr::free;
use super::table::{Table, fields, left, right};
use super::time::{self, Time};
use super::{View, list, set, version, yes_no};

/// Get SEL Info.
#[derive(Debug, Serialize)]
pub(crate) struct Info {
    version: String,
    entries: u16,
    /// FFFFh is this or more.
    free_bytes: u16,
    last_addition: Time,
    last_erase: Time,
    supports: Vec<&'static str>,
    overflow: bool,
    #[serde(skip)]
    times: [String; 2],
}

impl From<&SelInfo> for Info {
    fn from(info: &SelInfo) -> Self {
        let can = &info.operations;
        let times = [info.last_addition, info.last_erase].map(Timestamp::new);
        let [last_addition, last_erase] = times.map(Time::from);
        Self {
            version: version(info.version),
            entries: info.entries,
            free_bytes: info.free_space,
            last_addition,
            last_erase,
            supports: set([
                (can.allocation_info, "allocation_info"),
                (can.reserve, "reserve"),
                (can.partial_add, "partial_add"),
                (can.delete, "delete"),
            ]),
            overflow: can.overflow,
            times: times.map(time::text),
        }
    }
}

impl View for Info {
    const SCHEMA: &'static str = "lantern.sel_info/1";

    fn text(&self, _: Option<u16>) -> String {
        let [last_addition, last_erase] = self.times.clone();
        fields([
            ("Version", self.version.clone()),
            ("Entries", self.entries.to_string()),
            ("Free", free(Some(self.free_bytes), u16::MAX)),
            ("Last addition (UTC)", last_addition),
            ("Last erase (UTC)", last_erase),
            ("Supports", list(&self.supports)),
            ("Overflow", yes_no(self.overflow)),
        ])
    }
}

/// All events, oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    events: Vec<Event>,
}

impl List {
    /// The log, with the names of its sensors as far as `records` has them.
    pub(crate) fn new(log: &[SelRecord], records: &[Record]) -> Self {
        Self { events: log.iter().map(|event| Event::new(event, records)).collect() }
    }

    /// The events in which `wanted` sees something.
    pub(crate) fn keep(&mut self, wanted: impl Fn(&Event) -> bool) {
        self.events.retain(wanted);
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.sel_list/1";

    fn text(&self, width: Option<u16>) -> String {
        if self.events.is_empty() {
            return "The log is empty\n".to_owned();
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
            table.row([
                event.record_id.to_string(),
                event.when.clone(),
                event.who(),
                event.state.unwrap_or("-").to_owned(),
                event.what(),
            ]);
        }
        table.text(width)
    }
}

/// One event.
#[derive(Debug, Serialize)]
pub(crate) struct Event {
    record_id: u16,
    record_type: u8,
    #[serde(flatten)]
    time: Option<Time>,
    sensor: Option<String>,
    sensor_number: Option<u8>,
    sensor_type: Option<&'static str>,
    generator: Option<u16>,
    /// Whether the state came or went.
    state: Option<&'static str>,
    event: Option<String>,
    /// What crossed a threshold, converted where the sensor's record is known.
    reading: Option<f64>,
    threshold: Option<f64>,
    unit: Option<String>,
    manufacturer_id: Option<u32>,
    data: Vec<u8>,
    #[serde(skip)]
    when: String,
    #[serde(skip)]
    crossing: Option<String>,
}

impl Event {
    fn new(record: &SelRecord, records: &[Record]) -> Self {
        let timestamp = record.timestamp();
        let mut event = Self {
            record_id: record.id(),
            record_type: record.record_type(),
            time: timestamp.map(Time::from),
            sensor: None,
            sensor_number: None,
            sensor_type: None,
            generator: None,
            state: None,
            event: record.describe(),
            reading: None,
            threshold: None,
            unit: None,
            manufacturer_id: None,
            data: Vec::new(),
            when: timestamp.map_or_else(|| "-".to_owned(), time::text),
            crossing: None,
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
                event.generator = Some(generator);
                event.state = Some(if assertion { "asserted" } else { "cleared" });
                let found = find(records, generator, sensor_number);
                event.sensor = found.and_then(Record::name).map(ToString::to_string);
                if let Some(Record::Full(full)) = found
                    && event_type.is_threshold()
                {
                    event.take_trigger(full, Trigger::of(data));
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
        event
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
        self.sensor_type == Some(sensor_type.name())
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
                format!("record type 0x{:02x}: {}", self.record_type, bytes.join(" "))
            }
        }
    }
}

/// The record of the sensor with this number at this generator.
fn find(records: &[Record], generator: u16, number: u8) -> Option<&Record> {
    let [owner, place] = generator.to_le_bytes();
    records.iter().find(|record| {
        let Some(common) = record.sensor() else { return false };
        let count = match record {
            Record::Compact(compact) => compact.count(),
            _ => 1,
        };
        common.key.owner_id == owner
            && common.key.lun() == place & 3
            && number.checked_sub(common.key.number).is_some_and(|nth| nth < count)
    })
}
