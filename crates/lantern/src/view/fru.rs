//! What field-replaceable units say of themselves.

mod multirecord;
mod write;

use ipmi_wire::fru::{Area, Field, FieldList, Fru, FruError, FruFault, Language};
use ipmi_wire::sdr::EntityId;
use schemars::JsonSchema;
use serde::Serialize;

use super::schema::Source;
use super::sensor::Entity;
use super::table::{Fields, Table, left, right};
use super::{Rows, View, hex};
use multirecord::Multirecord;
pub(crate) use write::{Saved, Written};

/// Which devices there are.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct List {
    pub(crate) devices: Vec<Listed>,
}

/// A FRU device, as far as it is known without reading it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listed {
    id: u8,
    /// Who has to be asked: 0x20 is the BMC.
    controller: u8,
    name: String,
    entity: Option<Entity>,
    size_bytes: Option<u16>,
    /// Why there is no size.
    absent_reason: Option<String>,
}

impl Listed {
    pub(crate) fn new(
        id: u8,
        controller: u8,
        name: String,
        entity: Option<EntityId>,
        size_bytes: Option<u16>,
        absent_reason: Option<String>,
    ) -> Self {
        let entity = entity.map(Entity::from);
        Self { id, controller, name, entity, size_bytes, absent_reason }
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.fru_list/1";
    const ROWS: Option<Rows> = Some(Rows { key: "devices", schema: "lantern.fru_device/1" });

    fn text(&self, width: Option<u16>) -> String {
        if self.devices.is_empty() {
            return "No FRU devices\n".to_owned();
        }
        let columns = [right("ID"), left("DEVICE"), right("SIZE"), left("ENTITY").flexible()];
        let mut table = Table::new(&columns);
        for device in &self.devices {
            let size = device.size_bytes.map_or_else(|| "-".to_owned(), |size| format!("{size} B"));
            let entity = match (&device.entity, &device.absent_reason) {
                (_, Some(reason)) => reason.clone(),
                (Some(entity), None) => entity.to_string(),
                (None, None) => "-".to_owned(),
            };
            table.row([device.id.to_string(), device.name.clone(), size, entity]);
        }
        table.text(width)
    }
}

/// What devices say.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Print {
    pub(crate) devices: Vec<Device>,
}

/// The contents of a FRU device.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Device {
    /// Null for what is from a file.
    id: Option<u8>,
    name: String,
    size_bytes: Option<usize>,
    /// Why there are no contents.
    absent_reason: Option<String>,
    chassis: Option<Chassis>,
    board: Option<Board>,
    product: Option<Product>,
    multirecords: Vec<Multirecord>,
    /// The owner's private store, in hexadecimal.
    internal_use: Option<String>,
    /// What is not as the definition wants it.
    faults: Vec<Fault>,
}

/// The enclosure.
#[derive(Debug, Serialize, JsonSchema)]
struct Chassis {
    #[serde(rename = "type")]
    kind: &'static str,
    type_raw: u8,
    part_number: Option<String>,
    serial_number: Option<String>,
    custom: Vec<String>,
}

/// The board that carries the device.
#[derive(Debug, Serialize, JsonSchema)]
struct Board {
    language: u8,
    /// When it was made; ISO 8601, taken for UTC.
    manufactured: Option<String>,
    manufacturer: Option<String>,
    product_name: Option<String>,
    serial_number: Option<String>,
    part_number: Option<String>,
    fru_file_id: Option<String>,
    custom: Vec<String>,
}

/// The whole product.
#[derive(Debug, Serialize, JsonSchema)]
struct Product {
    language: u8,
    manufacturer: Option<String>,
    name: Option<String>,
    part_number: Option<String>,
    version: Option<String>,
    serial_number: Option<String>,
    asset_tag: Option<String>,
    fru_file_id: Option<String>,
    custom: Vec<String>,
}

/// Something that is not as the definition wants it.
#[derive(Debug, Serialize, JsonSchema)]
struct Fault {
    /// Null for the common header.
    #[schemars(extend("enum" = ["internal_use", "chassis", "board", "product", "multirecord", null]))]
    area: Option<&'static str>,
    message: String,
    /// Nothing was lost by it.
    harmless: bool,
}

impl Device {
    /// A device with what could be read.
    pub(crate) fn new(
        id: Option<u8>,
        name: String,
        size: Option<usize>,
        contents: Result<(&Fru, &[FruFault]), FruError>,
    ) -> Self {
        let mut device = Self::absent(id, name, String::new());
        (device.size_bytes, device.absent_reason) = (size, None);
        match contents {
            Ok((fru, faults)) => device.take(fru, faults),
            Err(error) => device.absent_reason = Some(error.to_string()),
        }
        device
    }

    /// A device that cannot be read.
    pub(crate) const fn absent(id: Option<u8>, name: String, reason: String) -> Self {
        Self {
            id,
            name,
            size_bytes: None,
            absent_reason: Some(reason),
            chassis: None,
            board: None,
            product: None,
            multirecords: Vec::new(),
            internal_use: None,
            faults: Vec::new(),
        }
    }

    fn take(&mut self, fru: &Fru, faults: &[FruFault]) {
        self.chassis = fru.chassis.as_ref().map(|area| {
            let texts =
                Texts { area: Area::Chassis, fields: &area.fields, language: Language::ENGLISH };
            let [part_number, serial_number] = texts.prescribed();
            Chassis {
                kind: area.chassis_type.name(),
                type_raw: area.chassis_type.0,
                part_number,
                serial_number,
                custom: texts.custom(),
            }
        });
        self.board = fru.board.as_ref().map(|area| {
            let texts = Texts { area: Area::Board, fields: &area.fields, language: area.language };
            let [manufacturer, product_name, serial_number, part_number, fru_file_id] =
                texts.prescribed();
            Board {
                language: area.language.0,
                manufactured: area.manufactured.unix().and_then(date),
                manufacturer,
                product_name,
                serial_number,
                part_number,
                fru_file_id,
                custom: texts.custom(),
            }
        });
        self.product = fru.product.as_ref().map(|area| {
            let texts =
                Texts { area: Area::Product, fields: &area.fields, language: area.language };
            let [manufacturer, name, part_number, version, serial_number, asset_tag, fru_file_id] =
                texts.prescribed();
            Product {
                language: area.language.0,
                manufacturer,
                name,
                part_number,
                version,
                serial_number,
                asset_tag,
                fru_file_id,
                custom: texts.custom(),
            }
        });
        let records = fru.multirecords.iter().flat_map(|area| &area.records);
        self.multirecords = records.map(Multirecord::from).collect();
        self.internal_use = fru.internal_use.as_deref().map(hex);
        self.faults = faults.iter().copied().map(Fault::from).collect();
    }

    fn show(&self, width: Option<u16>) -> String {
        let title = match self.id {
            Some(id) => format!("FRU {id}: {}", self.name),
            None => self.name.clone(),
        };
        let mut fields = Fields::titled(&title);
        if let Some(reason) = &self.absent_reason {
            fields.row("Nothing to show", reason.clone());
        }
        if let Some(area) = &self.chassis {
            fields.heading("Chassis");
            fields.row("Type", area.kind.to_owned());
            fields.maybe("Part number", &area.part_number);
            fields.maybe("Serial number", &area.serial_number);
            custom(&mut fields, &area.custom);
        }
        if let Some(area) = &self.board {
            fields.heading("Board");
            fields.maybe("Manufactured (UTC)", &area.manufactured.as_ref().map(|t| readable(t)));
            fields.maybe("Manufacturer", &area.manufacturer);
            fields.maybe("Product name", &area.product_name);
            fields.maybe("Serial number", &area.serial_number);
            fields.maybe("Part number", &area.part_number);
            fields.maybe("FRU file ID", &area.fru_file_id);
            custom(&mut fields, &area.custom);
        }
        if let Some(area) = &self.product {
            fields.heading("Product");
            fields.maybe("Manufacturer", &area.manufacturer);
            fields.maybe("Name", &area.name);
            fields.maybe("Part number", &area.part_number);
            fields.maybe("Version", &area.version);
            fields.maybe("Serial number", &area.serial_number);
            fields.maybe("Asset tag", &area.asset_tag);
            fields.maybe("FRU file ID", &area.fru_file_id);
            custom(&mut fields, &area.custom);
        }
        for record in &self.multirecords {
            record.show(&mut fields);
        }
        if let Some(bytes) = &self.internal_use {
            fields.heading("Internal use");
            fields.row("Size", format!("{} bytes", bytes.len() / 2));
        }
        if !self.faults.is_empty() {
            fields.heading("Warnings");
            for fault in &self.faults {
                fields.row("", fault.message.clone());
            }
        }
        fields.text(width)
    }
}

impl From<FruFault> for Fault {
    fn from(fault: FruFault) -> Self {
        let area = fault.area().map(area);
        Self { area, message: fault.to_string(), harmless: fault.is_harmless() }
    }
}

const fn area(area: Area) -> &'static str {
    match area {
        Area::InternalUse => "internal_use",
        Area::Chassis => "chassis",
        Area::Board => "board",
        Area::Product => "product",
        Area::MultiRecord => "multirecord",
    }
}

/// The texts of an area.
struct Texts<'a> {
    area: Area,
    fields: &'a FieldList,
    language: Language,
}

impl Texts<'_> {
    /// The fields that have names; a missing or empty one says nothing.
    fn prescribed<const N: usize>(&self) -> [Option<String>; N] {
        debug_assert_eq!(N, self.area.field_names().len());
        std::array::from_fn(|index| {
            let field = self.fields.get(index)?;
            (!field.is_empty()).then(|| self.text(field))
        })
    }

    /// The maker's own, empty ones too: their places have a meaning.
    fn custom(&self) -> Vec<String> {
        let own = self.fields.iter().skip(self.area.field_names().len());
        own.map(|field| self.text(field)).collect()
    }

    fn text(&self, field: &Field) -> String {
        field.text(self.language)
    }
}

fn custom(fields: &mut Fields, texts: &[String]) {
    for (nth, text) in texts.iter().enumerate() {
        fields.row(&format!("Custom {}", nth.saturating_add(1)), text.clone());
    }
}

fn date(seconds: u64) -> Option<String> {
    let time = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(time.to_string())
}

fn readable(time: &str) -> String {
    time.replace('T', " ").trim_end_matches('Z').to_owned()
}

impl View for Print {
    const SCHEMA: &'static str = "lantern.fru_print/1";
    const ROWS: Option<Rows> = Some(Rows { key: "devices", schema: "lantern.fru/1" });
    const SOURCE: Source = Source::BmcOrFile;

    fn text(&self, width: Option<u16>) -> String {
        let texts: Vec<_> = self.devices.iter().map(|device| device.show(width)).collect();
        texts.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::fru::{Board as WireBoard, ManufacturingDate};

    use super::*;

    fn sample() -> Fru {
        let mut fru = Fru::new();
        let board = WireBoard::new(ManufacturingDate::from_unix(1_647_587_400).unwrap());
        let board = board.with(WireBoard::MANUFACTURER, "ACME").unwrap();
        fru.board = Some(board.with(5, "own").unwrap());
        fru
    }

    #[test]
    fn fields_have_names_and_empty_ones_say_nothing() {
        let fru = sample();
        let device = Device::new(Some(3), "Riser".into(), Some(256), Ok((&fru, &[])));
        let board = device.board.as_ref().unwrap();
        assert_eq!(board.manufactured.as_deref(), Some("2022-03-18T07:10:00Z"));
        assert_eq!((board.manufacturer.as_deref(), &board.serial_number), (Some("ACME"), &None));
        assert_eq!(board.custom, ["own"]);
        let text = Print { devices: vec![device] }.text(Some(80));
        assert!(text.starts_with("FRU 3: Riser\n"), "{text}");
        assert!(text.contains("Manufactured (UTC)  2022-03-18 07:10:00"), "{text}");
        assert!(!text.contains("Serial"), "{text}");
    }

    #[test]
    fn faults_name_their_area() {
        let fru = sample();
        let faults = [FruFault::Checksum(Area::Board), FruFault::HeaderChecksum];
        let device = Device::new(None, "x.bin".into(), None, Ok((&fru, &faults)));
        assert_eq!(device.faults[0].area, Some("board"));
        assert_eq!(device.faults[1].area, None);
        let text = Print { devices: vec![device] }.text(None);
        assert!(
            text.contains("Warnings") && text.contains("board area: checksum mismatch"),
            "{text}"
        );
    }
}
