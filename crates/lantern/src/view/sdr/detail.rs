//! Everything in single records.

use ipmi_client::sensors::Sensor;
use ipmi_wire::enterprise;
use ipmi_wire::sdr::{
    Direction, EntityId, FullSensor, Linearization, McDeviceLocator, MessageChannel, Record,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::kind;
use crate::view::schema::Source;
use crate::view::sensor::{Entity, SensorView};
use crate::view::table::Fields;
use crate::view::{Rows, View, hex, list, set, version, yes_no};

/// Single records.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Get {
    records: Vec<RecordView>,
}

/// A record: what its kind has contents here, the others are null.
#[derive(Debug, Serialize, JsonSchema)]
struct RecordView {
    record_id: u16,
    #[schemars(extend("enum" = super::KINDS))]
    kind: &'static str,
    record_type: u8,
    name: Option<String>,
    /// Of an association, the container.
    entity: Option<Entity>,
    /// Several, if they share the record; with readings, if they were read.
    sensors: Vec<Described>,
    sensor_type: Option<&'static str>,
    sensor_type_raw: Option<u8>,
    event_type_raw: Option<u8>,
    /// Of a full sensor record.
    conversion: Option<Conversion>,
    fru: Option<FruLocator>,
    mc: Option<Controller>,
    generic: Option<Device>,
    /// Of an association: entities, or first and last of a range of them.
    contains: Option<Vec<Contained>>,
    confirmation: Option<Confirmation>,
    channels: Option<Vec<ChannelView>>,
    oem: Option<Oem>,
    /// The record as it came, in hexadecimal.
    raw_record: String,
}

/// A sensor of a record.
#[derive(Debug, Serialize, JsonSchema)]
struct Described {
    name: String,
    number: u8,
    owner: u8,
    lun: u8,
    entity: Entity,
    /// Null if it was not read.
    reading: Option<SensorView>,
}

/// How raw readings become values: L((M·x + B·10^b)·10^r).
#[derive(Debug, Serialize, JsonSchema)]
struct Conversion {
    unit: String,
    m: i16,
    b: i16,
    b_exponent: i8,
    r_exponent: i8,
    linearization: &'static str,
    tolerance_raw: u8,
    accuracy_percent: f64,
    direction: Option<&'static str>,
}

/// Where a FRU device is.
#[derive(Debug, Serialize, JsonSchema)]
struct FruLocator {
    controller: u8,
    /// Device number of a logical device, else its slave address.
    device: u8,
    logical: bool,
    lun: u8,
    bus: u8,
    channel: u8,
    device_type: String,
}

/// A management controller.
#[derive(Debug, Serialize, JsonSchema)]
struct Controller {
    address: u8,
    channel: u8,
    is_static: bool,
    supports: Vec<&'static str>,
}

/// A device on a bus.
#[derive(Debug, Serialize, JsonSchema)]
struct Device {
    access_address: u8,
    slave_address: u8,
    channel: u8,
    lun: u8,
    bus: u8,
    device_type: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Contained {
    first: Entity,
    last: Entity,
}

/// What was found at an address when the system was put together.
#[derive(Debug, Serialize, JsonSchema)]
struct Confirmation {
    address: u8,
    device_id: u8,
    firmware: String,
    ipmi_version: String,
    manufacturer_id: u32,
    manufacturer: Option<&'static str>,
    product_id: u16,
}

/// A channel of the BMC.
#[derive(Debug, Serialize, JsonSchema)]
struct ChannelView {
    number: usize,
    can_transmit: bool,
    receive_lun: u8,
    protocol: u8,
}

/// A maker's own.
#[derive(Debug, Serialize, JsonSchema)]
struct Oem {
    manufacturer_id: u32,
    manufacturer: Option<&'static str>,
    /// In hexadecimal.
    data: String,
}

/// A record in a line.
pub(super) fn summary(record: &Record) -> String {
    match record {
        Record::Full(_) | Record::Compact(_) | Record::EventOnly(_) => {
            record.sensor_types().map_or_else(String::new, |(kind, _)| kind.name().to_owned())
        }
        Record::FruDeviceLocator(fru) => match fru.fru_id() {
            Some(id) => format!("FRU {id} at 0x{:02x}", fru.access_address),
            None => format!("{} at 0x{:02x}", fru.device_type, fru.device),
        },
        Record::McDeviceLocator(mc) => {
            format!("controller at 0x{:02x}, channel {}", mc.slave_address, mc.channel.number())
        }
        Record::GenericDeviceLocator(device) => {
            format!("{} at 0x{:02x}", device.device_type, device.slave_address)
        }
        Record::EntityAssociation(_) | Record::DeviceRelativeEntityAssociation(_) => {
            let ranges: Vec<_> = contained(record).iter().map(Contained::words).collect();
            format!("contains {}", ranges.join(", "))
        }
        Record::McConfirmation(mc) => {
            format!("device {} at 0x{:02x}", mc.device_id, mc.slave_address)
        }
        Record::BmcMessageChannelInfo(_) => "channels of the BMC".to_owned(),
        Record::Oem(oem) => format!("{}, {} bytes", maker(oem.manufacturer_id), oem.data.len()),
        Record::Other { header, body } => {
            format!("type 0x{:02x}, {} bytes", header.record_type, body.len())
        }
    }
}

fn maker(id: u32) -> String {
    format!("{} ({id})", enterprise::name(id).unwrap_or("not in IANA's registry"))
}

fn contained(record: &Record) -> Vec<Contained> {
    let range =
        |first: EntityId, last: EntityId| Contained { first: first.into(), last: last.into() };
    match record {
        Record::EntityAssociation(association) => {
            association.contained_ranges().into_iter().map(|(a, b)| range(a, b)).collect()
        }
        Record::DeviceRelativeEntityAssociation(association) => association
            .contained_ranges()
            .into_iter()
            .map(|(a, b)| range(a.entity, b.entity))
            .collect(),
        _ => Vec::new(),
    }
}

impl Contained {
    fn words(&self) -> String {
        match self.first == self.last {
            true => self.first.to_string(),
            false => format!("{} to {}", self.first, self.last),
        }
    }
}

impl Get {
    /// Records with the readings of their sensors, as far as there are any.
    pub(crate) fn new(records: &[&Record], read: &[Sensor]) -> Self {
        Self { records: records.iter().map(|record| RecordView::new(record, read)).collect() }
    }
}

impl RecordView {
    fn new(record: &Record, read: &[Sensor]) -> Self {
        let types = record.sensor_types();
        let sensors = record.sensors().into_iter().map(|sensor| {
            let is_it = |one: &&Sensor| {
                one.info.key == sensor.key && one.info.record.record_id() == record.record_id()
            };
            Described {
                number: sensor.key.number,
                owner: sensor.key.owner_id,
                lun: sensor.key.lun(),
                entity: sensor.entity.into(),
                reading: read.iter().find(is_it).map(SensorView::short),
                name: sensor.name,
            }
        });
        let mut view = Self {
            record_id: record.record_id(),
            kind: kind(record),
            record_type: record.record_type(),
            name: record.name().map(ToString::to_string),
            entity: record.entity().map(Entity::from),
            sensors: sensors.collect(),
            sensor_type: types.map(|(kind, _)| kind.name()),
            sensor_type_raw: types.map(|(kind, _)| kind.0),
            event_type_raw: types.map(|(_, event_type)| event_type.0),
            conversion: None,
            fru: None,
            mc: None,
            generic: None,
            contains: None,
            confirmation: None,
            channels: None,
            oem: None,
            raw_record: hex(&record.to_bytes()),
        };
        view.take(record);
        view
    }

    fn take(&mut self, record: &Record) {
        match record {
            Record::Full(full) => self.conversion = Some(Conversion::new(full)),
            Record::FruDeviceLocator(fru) => {
                self.fru = Some(FruLocator {
                    controller: fru.access_address,
                    device: fru.device,
                    logical: fru.logical,
                    lun: fru.lun,
                    bus: fru.bus,
                    channel: fru.channel.number(),
                    device_type: fru.device_type.to_string(),
                });
            }
            Record::McDeviceLocator(mc) => self.mc = Some(Controller::new(mc)),
            Record::GenericDeviceLocator(device) => {
                self.generic = Some(Device {
                    access_address: device.access_address,
                    slave_address: device.slave_address,
                    channel: device.channel.number(),
                    lun: device.lun,
                    bus: device.bus,
                    device_type: device.device_type.to_string(),
                });
            }
            Record::EntityAssociation(_) | Record::DeviceRelativeEntityAssociation(_) => {
                self.contains = Some(contained(record));
            }
            Record::McConfirmation(mc) => {
                self.confirmation = Some(Confirmation {
                    address: mc.slave_address,
                    device_id: mc.device_id,
                    firmware: format!("{}.{:02x}", mc.firmware_major, mc.firmware_minor),
                    ipmi_version: version(mc.ipmi_version),
                    manufacturer_id: mc.manufacturer_id,
                    manufacturer: enterprise::name(mc.manufacturer_id),
                    product_id: mc.product_id,
                });
            }
            Record::BmcMessageChannelInfo(info) => {
                let view = |(number, channel): (usize, &MessageChannel)| ChannelView {
                    number,
                    can_transmit: channel.can_transmit,
                    receive_lun: channel.receive_lun,
                    protocol: channel.protocol,
                };
                self.channels = Some(info.channels.iter().enumerate().map(view).collect());
            }
            Record::Oem(oem) => {
                self.oem = Some(Oem {
                    manufacturer_id: oem.manufacturer_id,
                    manufacturer: enterprise::name(oem.manufacturer_id),
                    data: hex(&oem.data),
                });
            }
            Record::Compact(_) | Record::EventOnly(_) | Record::Other { .. } => {}
        }
    }

    fn show(&self, width: Option<u16>) -> String {
        let name = self.name.as_deref().unwrap_or(self.kind);
        let mut fields = Fields::titled(name);
        fields.row(
            "Record",
            format!(
                "0x{:04x}, type 0x{:02x} ({})",
                self.record_id,
                self.record_type,
                self.kind.replace('_', " ")
            ),
        );
        let entity = |entity: &Entity| entity.to_string();
        fields.maybe("Entity", &self.entity.as_ref().map(entity));
        for sensor in &self.sensors {
            let at = format!("0x{:02x} at 0x{:02x}", sensor.number, sensor.owner);
            let alone = self.sensors.len() == 1;
            let label = if alone { "Sensor number".to_owned() } else { sensor.name.clone() };
            fields.row(
                &label,
                match &sensor.reading {
                    Some(reading) => format!("{at}: {} ({})", reading.says(), reading.status),
                    None => at,
                },
            );
        }
        if let (Some(name), Some(raw)) = (self.sensor_type, self.event_type_raw) {
            fields.row("Sensor type", format!("{name}, event type 0x{raw:02x}"));
        }
        if let Some(conversion) = &self.conversion {
            conversion.show(&mut fields);
        }
        if let Some(fru) = &self.fru {
            let what = if fru.logical { "device" } else { "address" };
            fields.row(
                "FRU",
                format!(
                    "{what} {} behind 0x{:02x}, LUN {}, bus {}, channel {}",
                    fru.device, fru.controller, fru.lun, fru.bus, fru.channel
                ),
            );
            fields.row("Device type", fru.device_type.clone());
        }
        if let Some(mc) = &self.mc {
            fields.row("Controller", format!("0x{:02x} on channel {}", mc.address, mc.channel));
            fields.row("Static", yes_no(mc.is_static));
            fields.row("Supports", list(&mc.supports));
        }
        if let Some(device) = &self.generic {
            fields.row(
                "Device",
                format!(
                    "0x{:02x} behind 0x{:02x}, LUN {}, bus {}, channel {}",
                    device.slave_address,
                    device.access_address,
                    device.lun,
                    device.bus,
                    device.channel
                ),
            );
            fields.row("Device type", device.device_type.clone());
        }
        if let Some(contains) = &self.contains {
            let ranges: Vec<_> = contains.iter().map(Contained::words).collect();
            fields.row("Contains", ranges.join(", "));
        }
        if let Some(found) = &self.confirmation {
            fields.row(
                "Controller",
                format!("0x{:02x}, device ID {}", found.address, found.device_id),
            );
            fields.row("Firmware", found.firmware.clone());
            fields.row("Maker", maker(found.manufacturer_id));
            fields.row("Product ID", found.product_id.to_string());
        }
        for channel in self.channels.iter().flatten().filter(|channel| channel.protocol != 0) {
            let sends = if channel.can_transmit { "sends and receives" } else { "receives" };
            fields.row(
                &format!("Channel {}", channel.number),
                format!("protocol {}, {sends}", channel.protocol),
            );
        }
        if let Some(oem) = &self.oem {
            fields.row("Maker", maker(oem.manufacturer_id));
        }
        fields.row("Bytes", spaced(&self.raw_record));
        fields.text(width)
    }
}

impl Conversion {
    fn new(full: &FullSensor) -> Self {
        let factors = &full.factors;
        Self {
            unit: crate::view::number::words(&full.sensor.units),
            m: factors.m,
            b: factors.b,
            b_exponent: factors.b_exp,
            r_exponent: factors.r_exp,
            linearization: linearization(factors.linearization),
            tolerance_raw: factors.tolerance,
            accuracy_percent: crate::view::number::clean(factors.accuracy_percent(), 4),
            direction: match factors.direction {
                Direction::Input => Some("input"),
                Direction::Output => Some("output"),
                Direction::Unspecified | Direction::Reserved => None,
            },
        }
    }

    fn show(&self, fields: &mut Fields) {
        fields.row("Unit", self.unit.clone());
        fields.row(
            "Conversion",
            format!(
                "{}: M {}, B {} (exponent {}), result exponent {}",
                self.linearization.replace('_', " "),
                self.m,
                self.b,
                self.b_exponent,
                self.r_exponent
            ),
        );
        fields.row("Accuracy", format!("± {:.2} %", self.accuracy_percent));
    }
}

/// What bends the line.
pub(crate) const fn linearization(function: Linearization) -> &'static str {
    match function {
        Linearization::Linear => "linear",
        Linearization::Ln => "ln",
        Linearization::Log10 => "log10",
        Linearization::Log2 => "log2",
        Linearization::E => "e",
        Linearization::Exp10 => "exp10",
        Linearization::Exp2 => "exp2",
        Linearization::Inverse => "inverse",
        Linearization::Square => "square",
        Linearization::Cube => "cube",
        Linearization::SquareRoot => "square_root",
        Linearization::CubeRoot => "cube_root",
        Linearization::NonLinear(_) => "non_linear",
        Linearization::Reserved(_) => "reserved",
    }
}

impl Controller {
    fn new(mc: &McDeviceLocator) -> Self {
        let can = |bit: u8| mc.capabilities & (1 << bit) != 0;
        Self {
            address: mc.slave_address,
            channel: mc.channel.number(),
            is_static: mc.is_static,
            supports: set([
                (can(0), "sensors"),
                (can(1), "sdr_repository"),
                (can(2), "sel"),
                (can(3), "fru_inventory"),
                (can(4), "event_receiver"),
                (can(5), "event_generator"),
                (can(6), "bridge"),
                (can(7), "chassis"),
            ]),
        }
    }
}

/// Hexadecimal digits in pairs, so that lines can be broken.
fn spaced(digits: &str) -> String {
    let pair = |pair: &[u8]| String::from_utf8_lossy(pair).into_owned();
    let pairs: Vec<_> = digits.as_bytes().chunks(2).map(pair).collect();
    pairs.join(" ")
}

impl View for Get {
    const SCHEMA: &'static str = "lantern.sdr_get/1";
    const ROWS: Option<Rows> = Some(Rows { key: "records", schema: "lantern.sdr_record/1" });
    const SOURCE: Source = Source::BmcOrFile;

    fn text(&self, width: Option<u16>) -> String {
        let texts: Vec<_> = self.records.iter().map(|record| record.show(width)).collect();
        texts.join("\n")
    }
}
