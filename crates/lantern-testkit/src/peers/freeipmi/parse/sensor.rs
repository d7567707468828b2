//! `ipmi-sensors --comma-separated-output`.

use super::{cell, figure_or_na, table};
use crate::peers::Figure;

/// A row of `ipmi-sensors --comma-separated-output`, with whatever columns were asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorLine {
    /// Record ID; shared sensors have the same.
    pub id: u16,
    /// Name, blanks and all.
    pub name: String,
    /// Sensor type in words.
    pub sensor_type: String,
    /// `Nominal`, `Warning`, `Critical` or `N/A`, with `--output-sensor-state`.
    pub state: Option<String>,
    /// Value.
    pub reading: Option<Figure>,
    /// Unit; `None` for `N/A`.
    pub unit: Option<String>,
    /// Thresholds with `--output-sensor-thresholds`: lower non-recoverable, critical, non-critical,
    /// then upper non-critical, critical and non-recoverable.
    pub thresholds: Option<[Option<Figure>; 6]>,
    /// Event, or with `--output-event-bitmask` the states: `'OK'`, `0002h`.
    pub event: String,
}

const COLUMNS: [&str; 13] = [
    "ID", "Name", "Type", "State", "Reading", "Units", "Lower NR", "Lower C", "Lower NC",
    "Upper NC", "Upper C", "Upper NR", "Event",
];

/// Takes `ipmi-sensors --comma-separated-output` apart. Needs the line of titles.
///
/// # Panics
/// If it is not that.
#[must_use]
pub fn ipmi_sensors(text: &str) -> Vec<SensorLine> {
    let line = |row: Vec<(&str, &str)>| {
        let column = |title: &str| {
            cell(&row, title).unwrap_or_else(|| panic!("no column `{title}` in {row:?}"))
        };
        let unit = column("Units");
        SensorLine {
            id: column("ID").parse().expect("a record ID"),
            name: column("Name").to_owned(),
            sensor_type: column("Type").to_owned(),
            state: cell(&row, "State").map(str::to_owned),
            reading: figure_or_na(column("Reading")),
            unit: (unit != "N/A").then(|| unit.to_owned()),
            thresholds: cell(&row, "Lower NR").map(|_| {
                ["Lower NR", "Lower C", "Lower NC", "Upper NC", "Upper C", "Upper NR"]
                    .map(|title| figure_or_na(column(title)))
            }),
            event: column("Event").to_owned(),
        }
    };
    table(text, &COLUMNS).into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_by_their_titles() {
        // From FreeIPMI 1.6.10-1 against the BMC of this repository.
        let lines = ipmi_sensors(
            "ID,Name,Type,State,Reading,Units,Lower NR,Lower C,Lower NC,Upper NC,Upper C,Upper NR,\
             Event\n27,x^2 2's,Other Units Based Sensor,Nominal,2.19,Hz,N/A,0.01,1.74,7.40,8.29,\
             18.32,'OK'\n45,Fan present ,Fan,Nominal,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,'Device \
             Inserted/Device Present'\n",
        );
        assert_eq!((lines[0].id, lines[0].reading), (27, Figure::parse("2.19")));
        assert_eq!(lines[0].thresholds.unwrap()[..2], [None, Figure::parse("0.01")]);
        assert_eq!((lines[1].name.as_str(), &lines[1].unit), ("Fan present ", &None));
        let short = ipmi_sensors("ID,Name,Type,Reading,Units,Event\n1,A,Fan,1.00,RPM,0000h\n");
        assert_eq!((&short[0].state, short[0].thresholds), (&None, None));
    }
}
