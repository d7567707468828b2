//! Events: `sel list`, `sel elist`, both with `-c`, and at length.

use crate::peers::fields::{Fields, hex, paragraphs};

/// A row of `sel list` or `sel elist`, with or without `-c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelRow {
    /// Record ID.
    pub id: u16,
    /// When: date and time, or `Pre-Init` and seconds; nothing for records without time.
    pub when: Vec<String>,
    /// What follows, column by column: sensor, description, direction, details; of an OEM record
    /// its type and data.
    pub rest: Vec<String>,
}

/// An event at length: `sel elist -v`, `sel list -v`, `sel get`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelDetail {
    /// Record ID.
    pub id: u16,
    /// Everything, by ipmitool's names.
    pub fields: Fields,
}

const EVENT: [&str; 19] = [
    "SEL Record ID",
    "Record Type",
    "Timestamp",
    "Generator ID",
    "EvM Revision",
    "Sensor Type",
    "Sensor Number",
    "Event Type",
    "Event Direction",
    "Event Data",
    "Event Data (RAW)",
    "Event Interpretation",
    "Trigger Reading",
    "Trigger Threshold",
    "OEM Data",
    "Sensor Extension Code",
    // Sic.
    "Manufactacturer ID",
    "OEM Defined",
    "Description",
];

/// Takes `sel list` or `sel elist` apart.
///
/// # Panics
/// If it is neither.
#[must_use]
pub fn sel_rows(text: &str) -> Vec<SelRow> {
    text.lines().map(|line| row(line, '|')).collect()
}

/// Takes `-c sel list` or `-c sel elist` apart.
///
/// # Panics
/// If it is neither.
#[must_use]
pub fn sel_csv(text: &str) -> Vec<SelRow> {
    text.lines().map(|line| row(line, ',')).collect()
}

fn row(line: &str, separator: char) -> SelRow {
    let mut cells = line.split(separator).map(|cell| cell.trim().to_owned());
    let id = cells.next().unwrap_or_default();
    let mut rest: Vec<String> = cells.collect();
    let is_timed = rest.len() > 1
        && !rest[0].starts_with("OEM record")
        && !rest[0].starts_with("Linux kernel panic");
    let when = rest.drain(..if is_timed { 2 } else { 0 }).filter(|cell| !cell.is_empty()).collect();
    // A description may hold commas, which are not quoted: what stands before the direction is one.
    let direction = rest.iter().position(|cell| matches!(&**cell, "Asserted" | "Deasserted"));
    if let Some(after) = direction.filter(|at| *at > 2) {
        let description = rest.drain(1..after).collect::<Vec<_>>().join(", ");
        rest.insert(1, description);
    }
    assert!(!rest.is_empty(), "no row of an event: `{line}`");
    SelRow { id: hex(&id), when, rest }
}

/// Takes `sel elist -v` or `sel get` apart. What `sel get` adds of the sensor is left out.
///
/// # Panics
/// If there is a line that is not known.
#[must_use]
pub fn sel_details(text: &str) -> Vec<SelDetail> {
    let mut events = Vec::new();
    for lines in paragraphs(text) {
        match lines.as_slice() {
            [first, ..] if first.starts_with("SEL Record ID") => {
                let mut fields = Fields::default();
                for line in lines {
                    fields.push(line, &EVENT);
                }
                events.push(SelDetail { id: hex(fields.expect("SEL Record ID")), fields });
            }
            [first, ..] if first.starts_with("Sensor ID    ") && !events.is_empty() => {}
            // Between the records of `sel get`; and a FRU's, which we have none of.
            ["----------------------"] => {}
            _ => panic!("no event: {lines:?}"),
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    // From ipmitool 1.8.19-4+deb12u2 against the BMC of this repository.

    #[test]
    fn rows_with_and_without_time() {
        let rows = sel_rows(
            "   6 | 11/20/26 | 17:16:31 UTC | Voltage CPU1 Vcore | Lower Critical going low  | \
             Asserted | Reading 0.66 < Threshold 0.70 Volts\n   9 | OEM record e0 | 0102030405\n",
        );
        assert_eq!((rows[0].id, rows[0].when.len()), (6, 2));
        assert_eq!(rows[0].rest[..2], ["Voltage CPU1 Vcore", "Lower Critical going low"]);
        assert_eq!((rows[1].when.len(), rows[1].rest.len()), (0, 2));
        let csv =
            sel_csv("1f,10/23/26,20:20:38 UTC,Event Logging Disabled #0x47,Log area,Asserted");
        assert_eq!((csv[0].id, csv[0].rest[2].as_str()), (0x1f, "Asserted"));
        let csv =
            sel_csv("3,1/1/26,1:1:1 UTC,ACPI State #0x4,S4: non-volatile sleep, lost,Asserted");
        assert_eq!(csv[0].rest[1..], ["S4: non-volatile sleep, lost", "Asserted"]);
        let csv = sel_csv("9,,,OEM record e0,0102030405");
        assert_eq!(csv[0].rest, ["OEM record e0", "0102030405"]);
    }

    #[test]
    fn events_at_length() {
        let text = "\
SEL Record ID          : 0006
 Record Type           : 02
 Event Data (RAW)      : 52353c
 Trigger Reading       : 0.665Volts

Sensor ID              : CPU1 Vcore (0x24)
 Entity ID             : 3.1

----------------------

SEL Record ID          : 0007
 Description           : 
";
        let events = sel_details(text);
        assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [6, 7]);
        assert_eq!(events[0].fields.expect("Trigger Reading"), "0.665Volts");
    }
}
