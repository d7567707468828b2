//! `ipmi-sensors -v` and `-vv`.

use crate::peers::Figure;
use crate::peers::fields::{Fields, paragraphs};

/// What `ipmi-sensors -v` says of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detailed {
    /// Record ID.
    pub id: u16,
    /// Everything, by FreeIPMI's names.
    pub fields: Fields,
}

impl Detailed {
    /// A figure and what follows it: `-4.050000 C`. `None` if there is no such field or it is
    /// `N/A`.
    ///
    /// # Panics
    /// If it is neither.
    #[must_use]
    #[track_caller]
    pub fn figure(&self, name: &str) -> Option<(Figure, &str)> {
        let text = self.fields.get(name).filter(|text| *text != "N/A")?;
        let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
        let figure = Figure::parse(number).unwrap_or_else(|| panic!("{name}: no number: `{text}`"));
        Some((figure, unit))
    }

    /// The thresholds, lower non-recoverable to upper non-recoverable.
    #[must_use]
    pub fn thresholds(&self) -> [Option<Figure>; 6] {
        [
            "Lower Non-Recoverable Threshold",
            "Lower Critical Threshold",
            "Lower Non-Critical Threshold",
            "Upper Non-Critical Threshold",
            "Upper Critical Threshold",
            "Upper Non-Recoverable Threshold",
        ]
        .map(|name| self.figure(name).map(|(figure, _)| figure))
    }
}

const KNOWN: [&str; 73] = [
    "Record ID",
    "Record Type",
    "ID String",
    "Sensor Type",
    "Sensor Number",
    "IPMB Slave Address",
    "System Software ID",
    "Sensor Owner ID",
    "Sensor Owner LUN",
    "Channel Number",
    "Entity ID",
    "Entity Instance",
    "Entity Instance Type",
    "Event/Reading Type Code",
    "B",
    "M",
    "R Exponent",
    "B Exponent",
    "Linearization",
    "Analog Data Format",
    "Tolerance",
    "Resolution",
    "Lower Critical Threshold",
    "Upper Critical Threshold",
    "Lower Non-Critical Threshold",
    "Upper Non-Critical Threshold",
    "Lower Non-Recoverable Threshold",
    "Upper Non-Recoverable Threshold",
    "Sensor Min. Reading",
    "Sensor Max. Reading",
    "Normal Min.",
    "Normal Max.",
    "Nominal Reading",
    "Accuracy",
    "Sensor Direction",
    "Positive Hysteresis",
    "Negative Hysteresis",
    "Assertion Event Enabled",
    "Deassertion Event Enabled",
    "Sensor Reading",
    "Sensor State",
    "Sensor Event",
    "Share Count",
    "ID String Instance Modifier Type",
    "ID String Instance Modifier Offset",
    "Entity Instance Sharing",
    "Container Entity ID",
    "Container Entity Instance",
    "Device ID String",
    "Device Access Address",
    "Device Slave Address",
    "Direct Slave Address",
    "Private Bus ID",
    "LUN for Master Write-Read Command",
    "LUN for Master Write-Read or FRU Command",
    "Address Span",
    "OEM",
    "Device Type",
    "Device Type Modifier",
    "FRU Device ID",
    "FRU Entity ID",
    "FRU Entity Instance",
    "Sensor Device",
    "SDR Repository Device",
    "SEL Device",
    "FRU Inventory Device",
    "IPMB Event Receiver",
    "IPMB Event Generator",
    "Bridge Support",
    "Chassis Device",
    "Manufacturer ID",
    "Product ID",
    "OEM Data",
];

/// Takes `ipmi-sensors -v` or `-vv` apart. Wants `--quiet-cache`.
///
/// # Panics
/// If there is a line that is not known.
#[must_use]
pub fn ipmi_sensors_detailed(text: &str) -> Vec<Detailed> {
    let record = |lines: Vec<&str>| {
        let mut fields = Fields::default();
        for line in lines {
            match line.strip_prefix("ID String: ") {
                // It may end with blanks, and hold whatever the record does.
                Some(name) => fields.add_whole("ID String", name),
                None => fields.push(line, &KNOWN),
            }
        }
        Detailed { id: fields.expect("Record ID").parse().expect("a number"), fields }
    };
    paragraphs(text).into_iter().map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_with_their_figures() {
        // From FreeIPMI 1.6.10-1 against the BMC of this repository, shortened.
        let records = ipmi_sensors_detailed(
            "Record ID: 38\nID String: Energy rate\nLower Critical Threshold: 63.000000 J per s\n\
             Sensor Reading: 183.000000 J per s\nSensor Event: 'OK'\n\nRecord ID: 45\n\
             ID String: Fan present \nSensor Reading: N/A\n\n",
        );
        let (reading, unit) = records[0].figure("Sensor Reading").unwrap();
        assert_eq!((reading, unit), (Figure { value: 183.0, digits: 6 }, "J per s"));
        assert_eq!(records[0].thresholds()[1], Figure::parse("63.000000"));
        assert_eq!((records[1].id, records[1].figure("Sensor Reading")), (45, None));
        assert_eq!(records[1].fields.expect("ID String"), "Fan present ");
    }
}
