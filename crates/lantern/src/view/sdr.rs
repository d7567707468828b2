//! Sensor data records, and the repository they are in.

mod detail;
mod store;

use ipmi_client::sensors::Sensor;
use ipmi_wire::sdr::{Record, SensorType};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use detail::{Get, linearization};
pub(crate) use store::{Allocation, CacheCleared, CacheView, Dumped, Info, Replayed, free};

use super::oem::Oem;
use super::schema::Source;
use super::sensor::{Entity, SensorView};
use super::table::{Table, left, right};
use super::{Rows, View};

/// Records, each sensor of a shared one by itself.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct List {
    records: Vec<Row>,
    /// Whether kinds are mixed.
    #[serde(skip)]
    kinds: bool,
}

/// A record in short, or one of the sensors that share it, with its reading if it has one.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Row {
    record_id: u16,
    #[schemars(extend("enum" = KINDS))]
    kind: &'static str,
    name: Option<String>,
    entity: Option<Entity>,
    #[serde(rename = "type")]
    sensor_type: Option<&'static str>,
    number: Option<u8>,
    owner: Option<u8>,
    lun: Option<u8>,
    value: Option<f64>,
    unit: Option<String>,
    raw: Option<u8>,
    states: Option<Vec<&'static str>>,
    states_raw: Option<u16>,
    /// What the maker means by states of its own; null if there are none.
    oem: Option<Oem>,
    /// Null for what cannot be read, or was not.
    #[schemars(extend("enum" = ["ok", "warning", "critical", "non_recoverable", "absent", "unknown",
        "unreadable", null]))]
    status: Option<&'static str>,
    absent_reason: Option<String>,
    #[serde(skip)]
    says: String,
}

const KINDS: [&str; 12] = [
    "full",
    "compact",
    "event_only",
    "entity_association",
    "device_relative_entity_association",
    "generic",
    "fru",
    "mc",
    "mc_confirmation",
    "message_channels",
    "oem",
    "other",
];

/// What kind of record it is.
pub(super) const fn kind(record: &Record) -> &'static str {
    match record {
        Record::Full(_) => "full",
        Record::Compact(_) => "compact",
        Record::EventOnly(_) => "event_only",
        Record::EntityAssociation(_) => "entity_association",
        Record::DeviceRelativeEntityAssociation(_) => "device_relative_entity_association",
        Record::GenericDeviceLocator(_) => "generic",
        Record::FruDeviceLocator(_) => "fru",
        Record::McDeviceLocator(_) => "mc",
        Record::McConfirmation(_) => "mc_confirmation",
        Record::BmcMessageChannelInfo(_) => "message_channels",
        Record::Oem(_) => "oem",
        Record::Other { .. } => "other",
    }
}

impl List {
    /// A table with a column for kinds, if they are mixed.
    pub(crate) const fn new(records: Vec<Row>, kinds: bool) -> Self {
        Self { records, kinds }
    }
}

impl From<&[Sensor]> for List {
    fn from(sensors: &[Sensor]) -> Self {
        Self::new(sensors.iter().map(Row::of_sensor).collect(), false)
    }
}

impl Row {
    /// A sensor with its reading.
    pub(crate) fn of_sensor(sensor: &Sensor) -> Self {
        let view = SensorView::short(sensor);
        let info = &sensor.info;
        Self {
            record_id: info.record.record_id(),
            kind: kind(&info.record),
            name: Some(view.name.clone()),
            entity: Some(info.entity.into()),
            sensor_type: Some(sensor.type_name),
            number: Some(info.key.number),
            owner: Some(info.key.owner_id),
            lun: Some(info.key.lun()),
            says: view.says(),
            value: view.value,
            unit: view.unit,
            raw: view.raw,
            states: view.states,
            states_raw: view.states_raw,
            oem: view.oem,
            status: Some(view.status),
            absent_reason: view.absent_reason,
        }
    }

    /// A record without readings: a row for each of its sensors, or one.
    pub(crate) fn of_record(record: &Record) -> Vec<Self> {
        let base = || Self {
            record_id: record.record_id(),
            kind: kind(record),
            name: record.name().map(ToString::to_string),
            entity: record.entity().map(Entity::from),
            sensor_type: record.sensor_types().map(|(kind, _)| kind.name()),
            number: None,
            owner: None,
            lun: None,
            value: None,
            unit: record
                .sensor()
                .filter(|c| c.is_threshold())
                .map(|c| super::number::words(&c.units)),
            raw: None,
            states: None,
            states_raw: None,
            oem: None,
            status: None,
            absent_reason: None,
            says: detail::summary(record),
        };
        let sensors = record.sensors();
        if sensors.is_empty() {
            return vec![base()];
        }
        let row = |sensor: ipmi_wire::sdr::SharedSensor| Self {
            name: Some(sensor.name),
            entity: Some(sensor.entity.into()),
            number: Some(sensor.key.number),
            owner: Some(sensor.key.owner_id),
            lun: Some(sensor.key.lun()),
            ..base()
        };
        sensors.into_iter().map(row).collect()
    }

    /// Its name; the number of a sensor that has none.
    fn label(&self) -> String {
        let name = self.name.as_ref().filter(|name| !name.trim().is_empty());
        let number = || self.number.map(|number| format!("0x{number:02x}"));
        name.cloned().or_else(number).unwrap_or_else(|| "-".to_owned())
    }

    fn status_word(&self) -> String {
        match self.status {
            None | Some("unknown" | "unreadable") => "-".to_owned(),
            Some("non_recoverable") => "nonrecov".to_owned(),
            Some(word) => word.to_owned(),
        }
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.sdr_list/1";
    const ROWS: Option<Rows> = Some(Rows { key: "records", schema: "lantern.sdr_row/1" });
    const SOURCE: Source = Source::BmcOrFile;

    fn text(&self, width: Option<u16>) -> String {
        if self.records.is_empty() {
            return "No such records\n".to_owned();
        }
        let dash = || "-".to_owned();
        let place = |row: &Row| row.entity.as_ref().map_or_else(dash, ToString::to_string);
        if self.kinds {
            let columns = [
                right("ID"),
                left("KIND"),
                left("NAME"),
                left("CONTENT").flexible(),
                left("ENTITY"),
            ];
            let mut table = Table::new(&columns);
            for row in &self.records {
                table.row([
                    format!("{:04x}", row.record_id),
                    short_kind(row.kind).to_owned(),
                    row.label(),
                    row.says.clone(),
                    place(row),
                ]);
            }
            return table.text(width);
        }
        let columns = [left("SENSOR"), left("READING").flexible(), left("STATUS"), left("ENTITY")];
        let mut table = Table::new(&columns);
        for row in &self.records {
            table.row([row.label(), row.says.clone(), row.status_word(), place(row)]);
        }
        table.text(width)
    }
}

/// For a column.
fn short_kind(kind: &'static str) -> &'static str {
    match kind {
        "entity_association" => "assoc",
        "device_relative_entity_association" => "assoc-dev",
        "mc_confirmation" => "mc-conf",
        "message_channels" => "channels",
        "event_only" => "event-only",
        kind => kind,
    }
}

/// The sensor types, and how many sensors of each there are.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Types {
    types: Vec<TypeView>,
}

/// A sensor type.
#[derive(Debug, Serialize, JsonSchema)]
struct TypeView {
    number: u8,
    name: &'static str,
    sensors: usize,
}

impl Types {
    /// All that have names, and all that `found` has.
    pub(crate) fn new(found: &[SensorType]) -> Self {
        let mut all = SensorType::NAMED.to_vec();
        all.extend(found.iter().filter(|kind| !SensorType::NAMED.contains(kind)));
        all.sort();
        all.dedup();
        let view = |kind: SensorType| TypeView {
            number: kind.0,
            name: kind.name(),
            sensors: found.iter().filter(|one| **one == kind).count(),
        };
        Self { types: all.into_iter().map(view).collect() }
    }
}

impl View for Types {
    const SCHEMA: &'static str = "lantern.sdr_types/1";
    const ROWS: Option<Rows> = Some(Rows { key: "types", schema: "lantern.sdr_type/1" });

    fn text(&self, width: Option<u16>) -> String {
        let mut table = Table::new(&[right("NUMBER"), left("TYPE"), right("SENSORS")]);
        for kind in &self.types {
            let count = if kind.sensors == 0 { "-".to_owned() } else { kind.sensors.to_string() };
            table.row([format!("0x{:02x}", kind.number), kind.name.to_owned(), count]);
        }
        table.text(width)
    }
}
