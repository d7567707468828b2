//! Tables of makers' own events and sensors.

use ipmi_wire::vendor::{Row, Vendor};
use schemars::JsonSchema;
use serde::Serialize;

use super::oem::state;
use super::schema::Source;
use super::table::{Table, left, right};
use super::{Rows, View};
use crate::output::hanging;

/// All makers of whom something is known.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct List {
    vendors: Vec<Short>,
}

/// A maker.
#[derive(Debug, Serialize, JsonSchema)]
struct Short {
    /// What 'lantern vendors' takes.
    key: &'static str,
    name: &'static str,
    manufacturers: Vec<Manufacturer>,
    /// Whose machines this is about besides.
    found_in: Option<&'static str>,
    /// How many there are.
    facts: usize,
    sources: Vec<&'static str>,
}

/// A manufacturer ID that means the maker.
#[derive(Debug, Serialize, JsonSchema)]
struct Manufacturer {
    id: u32,
    /// If it is not the one that IANA has given.
    why: Option<&'static str>,
}

impl Short {
    fn new(vendor: &Vendor) -> Self {
        let why = |why: &'static str| Some(why).filter(|why| !why.is_empty());
        let makers = vendor.makers().iter();
        Self {
            key: vendor.key(),
            name: vendor.name(),
            manufacturers: makers
                .map(|(id, text)| Manufacturer { id: *id, why: why(text) })
                .collect(),
            found_in: vendor.of_anybody(),
            facts: vendor.rows().len(),
            sources: vendor.all_sources(),
        }
    }

    fn numbers(&self) -> String {
        let numbers: Vec<_> = self.manufacturers.iter().map(|one| one.id.to_string()).collect();
        if numbers.is_empty() { "any".to_owned() } else { numbers.join(", ") }
    }
}

impl List {
    pub(crate) fn new(all: impl Iterator<Item = Vendor>) -> Self {
        Self { vendors: all.map(|vendor| Short::new(&vendor)).collect() }
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.vendors/1";
    const ROWS: Option<Rows> = Some(Rows { key: "vendors", schema: "lantern.vendor/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let columns = [
            left("VENDOR"),
            left("NAME").flexible(),
            left("MANUFACTURER ID"),
            right("FACTS"),
            right("SOURCES"),
        ];
        let mut table = Table::new(&columns);
        for vendor in &self.vendors {
            table.row([
                vendor.key.to_owned(),
                vendor.name.to_owned(),
                vendor.numbers(),
                vendor.facts.to_string(),
                vendor.sources.len().to_string(),
            ]);
        }
        table.text(width)
    }
}

/// All that is known of a maker.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Facts {
    vendor: Short,
    facts: Vec<Fact>,
    #[serde(skip)]
    groups: Vec<(&'static str, &'static str)>,
}

/// What something of the maker's own means.
#[derive(Debug, Serialize, JsonSchema)]
struct Fact {
    #[schemars(extend("enum" = ["state", "reading", "event", "detail", "record", "type"]))]
    kind: &'static str,
    /// Product IDs and ranges of them with commas between; `*` for all.
    products: String,
    /// All of these have to hold. Numbers are hexadecimal; `dN` is byte N of the data.
    when: &'static str,
    /// What is in braces is filled in from the data.
    meaning: &'static str,
    /// How bad it is; null if nobody says so.
    #[schemars(extend("enum" = ["ok", "warning", "critical", null]))]
    state: Option<&'static str>,
    sources: Vec<&'static str>,
    #[serde(skip)]
    written: &'static str,
}

impl Facts {
    pub(crate) fn new(vendor: &Vendor) -> Self {
        let facts = vendor.rows().iter().map(|row| Fact::new(vendor, row)).collect();
        Self { vendor: Short::new(vendor), facts, groups: vendor.products().to_vec() }
    }
}

impl Fact {
    fn new(vendor: &Vendor, row: &Row) -> Self {
        let ids = |word: &'static str| {
            let named = vendor.products().iter().find(|(name, _)| *name == word);
            named.map_or(word, |(_, ids)| *ids)
        };
        Self {
            kind: row.kind.name(),
            products: row.products.split(',').map(ids).collect::<Vec<_>>().join(","),
            when: row.conditions,
            meaning: row.text,
            state: state(row.severity),
            sources: vendor.sources(row).collect(),
            written: row.products,
        }
    }
}

impl View for Facts {
    const SCHEMA: &'static str = "lantern.vendor_facts/1";
    const ROWS: Option<Rows> = Some(Rows { key: "facts", schema: "lantern.vendor_fact/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let columns = [
            left("KIND"),
            left("PRODUCTS"),
            left("WHEN"),
            left("MEANING").flexible(),
            left("STATE"),
            left("SOURCE"),
        ];
        let mut table = Table::new(&columns);
        let all = &self.vendor.sources;
        for fact in &self.facts {
            let numbers = (1..).zip(all).filter(|(_, source)| fact.sources.contains(source));
            let numbers: Vec<_> = numbers.map(|(number, _): (u32, _)| number.to_string()).collect();
            table.row([
                fact.kind.to_owned(),
                fact.written.to_owned(),
                fact.when.to_owned(),
                fact.meaning.to_owned(),
                fact.state.unwrap_or("-").to_owned(),
                numbers.join(","),
            ]);
        }
        let mut text = table.text(width);
        let columns = width.map(usize::from);
        let mut line = |prefix: &str, words: &str| {
            text.push_str(&hanging(prefix, words, columns));
            text.push('\n');
        };
        line("\nManufacturers: ", &self.vendor.numbers());
        for maker in &self.vendor.manufacturers {
            if let Some(why) = maker.why {
                line(&format!("  {} ", maker.id), why);
            }
        }
        if let Some(found_in) = self.vendor.found_in {
            line("  ", found_in);
        }
        if !self.groups.is_empty() {
            line("\nProducts", "");
            for (name, ids) in &self.groups {
                line(&format!("  {name}: "), &ids.replace(',', ", "));
            }
        }
        line("\nSources", "");
        for (number, source) in (1..).zip(all) {
            let number: u32 = number;
            line(&format!("  {number}. "), source);
        }
        text
    }
}
