//! `ipmi-sel --comma-separated-output`, and with `--hex-dump`.

use super::{cell, table};

/// A row of `ipmi-sel --comma-separated-output`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelEvent {
    /// Record ID.
    pub id: u16,
    /// Such as `Nov-20-2026` and `17:16:31`; `N/A` without time.
    pub when: (String, String),
    /// Sensor name, or `N/A`.
    pub name: String,
    /// Sensor type in words, or `OEM`.
    pub sensor_type: String,
    /// `Nominal`, `Warning`, `Critical` or `N/A`, with `--output-event-state`.
    pub state: Option<String>,
    /// `Assertion Event` or `Deassertion Event`, with `-v`.
    pub direction: Option<String>,
    /// What happened, and with which figures: parts between semicolons.
    pub event: Vec<String>,
}

const COLUMNS: [&str; 9] =
    ["ID", "Date", "Time", "Name", "Type", "State", "Event Direction", "Event", "Manufacturer ID"];

/// Takes `ipmi-sel --comma-separated-output` apart. Needs the line of titles.
///
/// # Panics
/// If it is not that.
#[must_use]
pub fn ipmi_sel(text: &str) -> Vec<SelEvent> {
    let event = |row: Vec<(&str, &str)>| {
        let column = |title: &str| {
            cell(&row, title).unwrap_or_else(|| panic!("no column `{title}` in {row:?}"))
        };
        SelEvent {
            id: column("ID").parse().expect("a record ID"),
            when: (column("Date").to_owned(), column("Time").to_owned()),
            name: column("Name").to_owned(),
            sensor_type: column("Type").to_owned(),
            state: cell(&row, "State").map(str::to_owned),
            direction: cell(&row, "Event Direction").map(str::to_owned),
            event: column("Event").split(" ; ").map(|part| part.trim().to_owned()).collect(),
        }
    };
    table(text, &COLUMNS).into_iter().map(event).collect()
}

/// Takes `ipmi-sel --hex-dump` apart: the 16 bytes of each record. (Their names, `RID:[06][00]` and
/// so on, follow the record's layout.)
///
/// # Panics
/// If it is not that.
#[must_use]
pub fn ipmi_sel_hex(text: &str) -> Vec<Vec<u8>> {
    let bytes = |line: &str| -> Vec<u8> {
        let byte = |part: &str| {
            let digits = part.split(']').next().unwrap_or_default();
            u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("no byte: `{line}`"))
        };
        line.split('[').skip(1).map(byte).collect()
    };
    text.lines().map(bytes).inspect(|bytes| assert_eq!(bytes.len(), 16, "{bytes:02x?}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // From FreeIPMI 1.6.10-1 against the BMC of this repository.

    #[test]
    fn columns_by_their_titles() {
        let events = ipmi_sel(
            "ID,Date,Time,Name,Type,State,Event Direction,Event\n6,Nov-20-2026,17:16:31,CPU1 Vcore,\
             Voltage,Critical,Assertion Event,Lower Critical - going low ; Sensor Reading = 0.66 V \
             ; Threshold = 0.70 V\n",
        );
        assert_eq!((events[0].id, events[0].when.1.as_str()), (6, "17:16:31"));
        let parts = ["Lower Critical - going low", "Sensor Reading = 0.66 V", "Threshold = 0.70 V"];
        assert_eq!(events[0].event, parts);
    }

    #[test]
    fn records_in_hexadecimal() {
        let line = "RID:[06][00] RT:[02] TS:[6F][80][00][6B] GID:[20][00] ER:[04] ST:[02] SN:[24] \
                    EDIR:[01] ED1: [52] ED2: [35] ED3: [3C]\n";
        let records = ipmi_sel_hex(line);
        assert_eq!(records[0][..3], [6, 0, 2]);
        assert_eq!(records[0][13..], [0x52, 0x35, 0x3c]);
    }
}
