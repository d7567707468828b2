//! What makers mean by what the specification leaves to them: sensor types C0h to FFh,
//! event/reading types 70h to 7Fh, data of events that is said to be an OEM's own, and records of
//! the log of types C0h to FFh.
//!
//! Knowledge is data: a table of text for each maker beside this file, each fact with where it is
//! from. A table is read when the first event or sensor needs it, and only that of the BMC's
//! maker. What no table has stays a number.
//!
//! The tables hold facts that public sources state, in words of our own. Where sources contradict
//! each other, nothing is said.

mod condition;
mod expression;
mod panic;
mod table;

pub use panic::{Panic, panics};
pub use table::{Kind, Row};

use crate::sdr::{EventReadingType, SensorType};
use crate::sel::{SelRecord, Severity, event_text};
use table::Table;

/// A table for each maker; the first ones are of those who are found in any machine.
const TABLES: [&str; 14] = [
    include_str!("linux.tsv"),
    include_str!("intel-me.tsv"),
    include_str!("dell.tsv"),
    include_str!("fujitsu.tsv"),
    include_str!("gigabyte.tsv"),
    include_str!("hpe.tsv"),
    include_str!("intel.tsv"),
    include_str!("inventec.tsv"),
    include_str!("kontron.tsv"),
    include_str!("lenovo.tsv"),
    include_str!("openbmc.tsv"),
    include_str!("quanta.tsv"),
    include_str!("supermicro.tsv"),
    include_str!("wistron.tsv"),
];

/// How many of them are of no maker of machines.
const ANYBODY: usize = 2;

/// What a row has to look at.
#[derive(Clone, Copy, Debug, Default)]
struct Facts<'a> {
    record_type: u8,
    generator: u8,
    sensor_type: u8,
    number: u8,
    class: u8,
    offset: u8,
    assertion: bool,
    data: &'a [u8],
    states: Option<u16>,
}

impl Facts<'_> {
    /// Two bits of the first byte of an event's data: what the second (6) or the third (4) holds.
    fn flag(&self, shift: u8) -> u8 {
        self.data.first().map_or(0, |first| (first >> shift) & 3)
    }
}

/// What a maker means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The maker whose table says so.
    pub vendor: &'static str,
    /// In words: the state, if the specification has no name for it.
    pub state: Option<String>,
    /// What the data adds.
    pub details: Vec<String>,
    /// How bad it is, where somebody says so.
    pub severity: Severity,
    /// Where that is from.
    pub sources: Vec<&'static str>,
}

impl Decoded {
    fn new(vendor: &'static str) -> Self {
        let severity = Severity::Unknown;
        Self { vendor, state: None, details: Vec::new(), severity, sources: Vec::new() }
    }

    fn take(&mut self, table: &Table, row: &Row) {
        self.severity = self.severity.max(row.severity);
        for source in table.sources_of(row.sources) {
            if !self.sources.contains(&source) {
                self.sources.push(source);
            }
        }
    }

    fn something(self) -> Option<Self> {
        (self.state.is_some() || !self.details.is_empty()).then_some(self)
    }

    /// Everything in one text.
    #[must_use]
    pub fn text(&self) -> String {
        match (&self.state, self.details.as_slice()) {
            (Some(state), []) => state.clone(),
            (Some(state), details) => format!("{state}: {}", details.join(", ")),
            (None, details) => details.join(", "),
        }
    }
}

/// The tables that apply to one BMC.
#[derive(Clone, Debug)]
pub struct Decoder {
    product: Option<u16>,
    /// None for a maker without a table.
    maker: Option<Table>,
    anybody: [Table; ANYBODY],
}

impl Decoder {
    /// The tables for what Get Device ID says. IPMI v2.0 §20.1.
    #[must_use]
    pub fn new(manufacturer: u32, product: u16) -> Self {
        Self { product: Some(product), maker: of_maker(manufacturer), anybody: anybody() }
    }

    /// What holds whoever made the BMC.
    #[must_use]
    pub fn of_nobody() -> Self {
        Self { product: None, maker: None, anybody: anybody() }
    }

    /// The maker, if there is a table for it.
    #[must_use]
    pub fn vendor(&self) -> Option<&'static str> {
        self.maker.as_ref().map(|table| table.name)
    }

    /// What the maker means by a record of the log; `None` if it means nothing beyond the
    /// specification, or nobody knows what.
    #[must_use]
    pub fn record(&self, record: &SelRecord) -> Option<Decoded> {
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
                let [generator, _] = generator.to_le_bytes();
                let [first, ..] = data;
                let facts = Facts {
                    record_type: SelRecord::SYSTEM_EVENT,
                    generator,
                    sensor_type: sensor_type.0,
                    number: sensor_number,
                    class: event_type.0,
                    offset: first & 0x0f,
                    assertion,
                    data: &data,
                    states: None,
                };
                self.tables().find_map(|(table, product)| event(table, product, &facts))
            }
            SelRecord::OemTimestamped { record_type, manufacturer, data, .. } => {
                let facts = Facts { record_type, data: &data, ..Facts::default() };
                // The record says itself whose it is; of which product of another maker's, nobody
                // knows. Firmware writes whatever there (Meta's writes who made the board, IBM's
                // map leaves it open), so the BMC's maker has the last word.
                let another = (!self.is_of(manufacturer)).then(|| of_maker(manufacturer)).flatten();
                let theirs = another.as_ref().and_then(|table| oem(table, None, &facts));
                theirs.or_else(|| oem(self.maker.as_ref()?, self.product, &facts))
            }
            SelRecord::Oem { record_type, data, .. } => {
                let facts = Facts { record_type, data: &data, ..Facts::default() };
                self.tables().find_map(|(table, product)| oem(table, product, &facts))
            }
            SelRecord::Unspecified { .. } => None,
        }
    }

    /// What the maker means by the states of a discrete sensor (bit n is offset n): one for each
    /// lowest first, or one for all of them together. Beside one that it has a name for, the others
    /// have the specification's, or their number.
    #[must_use]
    pub fn states(
        &self,
        sensor_type: SensorType,
        event_type: EventReadingType,
        number: u8,
        states: u16,
    ) -> Option<Decoded> {
        let table = self.maker.as_ref()?;
        let states = states & 0x7fff;
        let facts = Facts {
            sensor_type: sensor_type.0,
            class: event_type.0,
            number,
            assertion: true,
            states: Some(states),
            ..Facts::default()
        };
        let mut decoded = Decoded::new(table.name);
        let rows = || {
            let of_sensors = |row: &&Row| matches!(row.kind, Kind::State | Kind::Reading);
            table.rows.iter().filter(of_sensors)
        };
        let mut look = |facts: &Facts<'_>, whole: bool| -> Option<String> {
            let fits = |row: &&Row| {
                row.conditions.contains("value=") == whole
                    && table.means(row.products, self.product)
                    && row.applies(facts)
            };
            let found = rows().find(fits)?;
            let text = expression::text(found.text, facts, table)?;
            decoded.take(table, found);
            Some(text)
        };
        let state = look(&facts, true).or_else(|| {
            let set = (0..15u8).filter(|offset| states & (1 << offset) != 0);
            let texts: Vec<_> =
                set.map(|offset| (offset, look(&Facts { offset, ..facts }, false))).collect();
            let one_is_known = texts.iter().any(|(_, text)| text.is_some());
            let text = |(offset, text): (u8, Option<String>)| {
                let specified = || event_text(sensor_type, event_type, offset).map(str::to_owned);
                text.or_else(specified).unwrap_or_else(|| format!("state {offset}"))
            };
            one_is_known.then(|| texts.into_iter().map(text).collect::<Vec<_>>().join(", "))
        });
        decoded.state = state;
        decoded.something()
    }

    /// What the maker calls a sensor type of its own.
    #[must_use]
    pub fn sensor_type(&self, sensor_type: SensorType) -> Option<&'static str> {
        let table = self.maker.as_ref()?;
        let is = |row: &&Row| {
            row.kind == Kind::SensorType
                && u8::from_str_radix(row.conditions, 16) == Ok(sensor_type.0)
                && table.means(row.products, self.product)
        };
        table.rows.iter().find(is).map(|row| row.text)
    }

    fn is_of(&self, manufacturer: u32) -> bool {
        let makers = self.maker.iter().flat_map(|table| &table.makers);
        makers.map(|(number, _)| *number).any(|number| number == manufacturer)
    }

    fn tables(&self) -> impl Iterator<Item = (&Table, Option<u16>)> {
        self.maker.iter().chain(&self.anybody).map(|table| (table, self.product))
    }
}

/// Whether a record of the log has something in it that only a maker can explain.
#[must_use]
pub fn is_oem(record: &SelRecord) -> bool {
    match *record {
        SelRecord::System { sensor_type, event_type, data, .. } => {
            is_oem_sensor(sensor_type, event_type) || has_oem_data(data)
        }
        SelRecord::OemTimestamped { .. } | SelRecord::Oem { .. } => true,
        SelRecord::Unspecified { .. } => false,
    }
}

/// Whether such a sensor, or its states, are its maker's own. What a threshold is, everybody knows.
#[must_use]
pub const fn is_oem_sensor(sensor_type: SensorType, event_type: EventReadingType) -> bool {
    event_type.is_oem() || (sensor_type.0 >= 0xc0 && !event_type.is_threshold())
}

/// Whether an event's data is said to be an OEM's own and says anything. IPMI v2.0 §29.7.
#[must_use]
pub const fn has_oem_data([first, second, third]: [u8; 3]) -> bool {
    (first >> 6 == 2 && second != 0xff) || ((first >> 4) & 3 == 2 && third != 0xff)
}

fn event(table: &Table, product: Option<u16>, facts: &Facts<'_>) -> Option<Decoded> {
    let mut decoded = Decoded::new(table.name);
    for row in &table.rows {
        let is_state = matches!(row.kind, Kind::State | Kind::Event) && decoded.state.is_none();
        if !(is_state || row.kind == Kind::Detail)
            || !row.applies(facts)
            || !table.means(row.products, product)
        {
            continue;
        }
        let Some(text) = expression::text(row.text, facts, table) else { continue };
        decoded.take(table, row);
        if is_state {
            decoded.state = Some(text);
        } else {
            decoded.details.push(text);
        }
    }
    if !facts.assertion && decoded.severity > Severity::Information {
        decoded.severity = Severity::Information;
    }
    decoded.something()
}

fn oem(table: &Table, product: Option<u16>, facts: &Facts<'_>) -> Option<Decoded> {
    let fits = |row: &&Row| {
        row.kind == Kind::Record && row.applies(facts) && table.means(row.products, product)
    };
    let row = table.rows.iter().find(fits)?;
    let mut decoded = Decoded::new(table.name);
    decoded.state = Some(expression::text(row.text, facts, table)?);
    decoded.take(table, row);
    Some(decoded)
}

fn of_maker(manufacturer: u32) -> Option<Table> {
    TABLES.iter().find(|text| Table::is_of(text, manufacturer)).map(|text| Table::parse(text))
}

fn anybody() -> [Table; ANYBODY] {
    core::array::from_fn(|at| TABLES.get(at).map_or_else(Table::default, |text| Table::parse(text)))
}

/// A maker and what is known of its ways.
#[derive(Clone, Debug)]
pub struct Vendor {
    table: Table,
}

impl Vendor {
    /// A short name without spaces.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        self.table.key
    }

    /// Name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.table.name
    }

    /// Manufacturer IDs that mean this maker, each with why if it is not the one that IANA gave.
    #[must_use]
    pub fn makers(&self) -> &[(u32, &'static str)] {
        &self.table.makers
    }

    /// Why this holds whoever made the BMC, if it does.
    #[must_use]
    pub const fn of_anybody(&self) -> Option<&'static str> {
        self.table.anybody
    }

    /// All facts.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.table.rows
    }

    /// Product IDs that rows call by a name, each as the table writes them.
    #[must_use]
    pub fn products(&self) -> &[(&'static str, &'static str)] {
        &self.table.products
    }

    /// Where a fact is from.
    pub fn sources(&self, row: &Row) -> impl Iterator<Item = &'static str> {
        self.table.sources_of(row.sources)
    }

    /// Where all facts are from.
    #[must_use]
    pub fn all_sources(&self) -> Vec<&'static str> {
        let mut all = Vec::new();
        for source in self.rows().iter().flat_map(|row| self.sources(row)) {
            if !all.contains(&source) {
                all.push(source);
            }
        }
        all
    }
}

/// All makers of whom something is known, and "any".
pub fn vendors() -> impl Iterator<Item = Vendor> {
    TABLES.iter().map(|text| Vendor { table: Table::parse(text) })
}

#[cfg(test)]
mod tests;
