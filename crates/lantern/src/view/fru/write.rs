//! What changes on a FRU device.

use ipmi_wire::fru::{Area, Fru};
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::table::{Table, left};
use crate::view::{Rows, View};

/// A device whose contents are in a file now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Saved {
    pub(crate) id: u8,
    pub(crate) file: String,
    pub(crate) bytes: usize,
}

impl View for Saved {
    const SCHEMA: &'static str = "lantern.fru_read/1";

    fn text(&self, _: Option<u16>) -> String {
        format!("{}: {} bytes of FRU {}\n", self.file, self.bytes, self.id)
    }
}

/// A device that was written, and read back.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Written {
    id: u8,
    bytes_changed: usize,
    changes: Vec<Change>,
}

/// Something that a device said, and what it says now.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Change {
    area: &'static str,
    /// Null where the area has no fields.
    field: Option<String>,
    before: Option<String>,
    now: Option<String>,
}

impl Written {
    /// What is different in `now`.
    pub(crate) fn new(id: u8, before: &[u8], now: &[u8]) -> Self {
        let at = |bytes: &[u8], index: usize| bytes.get(index).copied();
        let longest = before.len().max(now.len());
        let bytes_changed =
            (0..longest).filter(|index| at(before, *index) != at(now, *index)).count();
        let contents = |bytes: &[u8]| Fru::decode(bytes).map(|(fru, _)| fru).unwrap_or_default();
        Self { id, bytes_changed, changes: changes(&contents(before), &contents(now)) }
    }

    /// Whether nothing changes at all.
    pub(crate) const fn is_nothing(&self) -> bool {
        self.bytes_changed == 0
    }

    /// What changes, in lines.
    pub(crate) fn changes(&self) -> String {
        let mut text = format!("FRU {}: {} bytes change", self.id, self.bytes_changed);
        if self.changes.is_empty() {
            return text + ", in nothing that has a name";
        }
        let mut table = Table::new(&[left("AREA"), left("FIELD"), left("BEFORE"), left("NOW")]);
        let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        for change in &self.changes {
            table.row([
                change.area.to_owned(),
                dash(&change.field),
                dash(&change.before),
                dash(&change.now),
            ]);
        }
        text.push('\n');
        text + table.text(None).trim_end()
    }
}

fn changes(before: &Fru, now: &Fru) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut add =
        |area: Area, field: Option<String>, before: Option<String>, now: Option<String>| {
            if before != now {
                changes.push(Change { area: super::area(area), field, before, now });
            }
        };
    let kind = |fru: &Fru| fru.chassis.as_ref().map(|area| area.chassis_type.name().to_owned());
    add(Area::Chassis, Some("Type".to_owned()), kind(before), kind(now));
    let made = |fru: &Fru| {
        fru.board.as_ref().and_then(|area| area.manufactured.unix()).and_then(super::date)
    };
    add(Area::Board, Some("Manufactured".to_owned()), made(before), made(now));
    for area in [Area::Chassis, Area::Board, Area::Product] {
        let count = |fru: &Fru| fru.fields(area).map_or(0, ipmi_wire::fru::FieldList::len);
        for index in 0..count(before).max(count(now)) {
            let text = |fru: &Fru| fru.text(area, index);
            add(area, Some(area.field_name(index)), text(before), text(now));
        }
    }
    let size =
        |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| format!("{} bytes", bytes.len()));
    if before.internal_use != now.internal_use {
        let (was, is) = (size(&before.internal_use), size(&now.internal_use));
        // The same length says nothing.
        let is = if was == is { is.map(|is| format!("{is}, others")) } else { is };
        add(Area::InternalUse, None, was, is);
    }
    if before.multirecords != now.multirecords {
        let count = |fru: &Fru| {
            fru.multirecords.as_ref().map(|area| format!("{} records", area.records.len()))
        };
        let (was, is) = (count(before), count(now));
        let is = if was == is { is.map(|is| format!("{is}, others")) } else { is };
        add(Area::MultiRecord, None, was, is);
    }
    changes
}

impl View for Written {
    const SCHEMA: &'static str = "lantern.fru_write/1";
    const ROWS: Option<Rows> = Some(Rows { key: "changes", schema: "lantern.fru_change/1" });

    fn text(&self, _: Option<u16>) -> String {
        match self.is_nothing() {
            true => format!("FRU {}: nothing to change\n", self.id),
            false => format!("{}\nwritten, and read back\n", self.changes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::fru::Product;

    use super::*;

    #[test]
    fn changes_are_named() {
        let mut before = Fru::new();
        before.product = Some(Product::new().with(Product::SERIAL_NUMBER, "A1").unwrap());
        let mut now = before.clone();
        now.set_field(Area::Product, Product::SERIAL_NUMBER, "B22").unwrap();
        let bytes = |fru: &Fru| fru.encode(None).unwrap();
        let written = Written::new(3, &bytes(&before), &bytes(&now));
        assert_eq!(
            written.changes,
            [Change {
                area: "product",
                field: Some("Serial Number".into()),
                before: Some("A1".into()),
                now: Some("B22".into()),
            }]
        );
        assert!(!written.is_nothing() && written.changes().contains("B22"));
        assert!(Written::new(3, &bytes(&now), &bytes(&now)).is_nothing());
    }
}
