//! Sensors and locators at length: `sdr elist all -v` and `sensor get`.

use super::{entity, figure};
use crate::peers::Figure;
use crate::peers::fields::{Fields, hex, paragraphs};

/// What `sdr elist all -v` says of one record.
#[derive(Clone, Debug, PartialEq)]
pub enum VerboseRecord {
    /// A sensor that can be read.
    Sensor(Box<VerboseSensor>),
    /// A sensor that appears in events only: name and number.
    EventOnly(String, u8),
    /// A device locator of any kind.
    Locator(Fields),
}

/// What ipmitool says at length of a sensor.
#[derive(Clone, Debug, PartialEq)]
pub struct VerboseSensor {
    /// Name, blanks and all.
    pub name: String,
    /// Number.
    pub number: u8,
    /// Entity ID and instance.
    pub entity: (u8, u8),
    /// Whether it has thresholds.
    pub is_threshold: bool,
    /// Sensor type in words.
    pub sensor_type: String,
    /// The value, if it has one.
    pub reading: Option<Figure>,
    /// What stands in brackets behind it.
    pub tolerance: Option<Figure>,
    /// Unit.
    pub unit: String,
    /// States of a discrete sensor, each after the field that it stands below: `States Asserted`,
    /// `Assertions Enabled` and so on. The field itself repeats the sensor type.
    pub states: Vec<(String, String)>,
    /// All else, by ipmitool's names.
    pub fields: Fields,
}

impl VerboseSensor {
    /// A figure by ipmitool's name: `Some(None)` if ipmitool calls it unspecified.
    ///
    /// # Panics
    /// If it is something else.
    #[must_use]
    #[track_caller]
    pub fn figure(&self, name: &str) -> Option<Option<Figure>> {
        let text = self.fields.get(name)?;
        Some((!matches!(text, "na" | "Unspecified")).then(|| figure(text)))
    }

    /// The states below a field, for example `States Asserted`.
    #[must_use]
    pub fn states(&self, field: &str) -> Vec<&str> {
        self.states.iter().filter(|(below, _)| below == field).map(|(_, state)| &**state).collect()
    }

    /// The thresholds, lower non-recoverable to upper non-recoverable.
    #[must_use]
    pub fn thresholds(&self) -> [Option<Figure>; 6] {
        // The first spelling is that of `sdr`, the second that of `sensor get`.
        [
            ["Lower non-recoverable", "Lower Non-Recoverable"],
            ["Lower critical", "Lower Critical"],
            ["Lower non-critical", "Lower Non-Critical"],
            ["Upper non-critical", "Upper Non-Critical"],
            ["Upper critical", "Upper Critical"],
            ["Upper non-recoverable", "Upper Non-Recoverable"],
        ]
        .map(|names| names.into_iter().find_map(|name| self.figure(name)).flatten())
    }
}

/// What may be said of a sensor beyond what [`VerboseSensor`] has fields for.
const SENSOR: [&str; 31] = [
    "Status",
    "Nominal Reading",
    "Normal Minimum",
    "Normal Maximum",
    "Upper non-recoverable",
    "Upper critical",
    "Upper non-critical",
    "Lower non-recoverable",
    "Lower critical",
    "Lower non-critical",
    "Upper Non-Recoverable",
    "Upper Critical",
    "Upper Non-Critical",
    "Lower Non-Recoverable",
    "Lower Critical",
    "Lower Non-Critical",
    "Positive Hysteresis",
    "Negative Hysteresis",
    "Minimum sensor range",
    "Maximum sensor range",
    "Event Message Control",
    "Readable Thresholds",
    "Settable Thresholds",
    "Threshold Read Mask",
    "Assertion Events",
    "Deassertion Events",
    "Assertions Enabled",
    "Deassertions Enabled",
    "Event Status",
    "States Asserted",
    "OEM",
];

const LOCATOR: [&str; 25] = [
    "Device ID",
    "Entity ID",
    "Device Slave Address",
    "Device Access Address",
    "Logical FRU Device",
    "Address Span",
    "Channel Number",
    "LUN.Bus",
    "Device Type.Modifier",
    "OEM",
    "ACPI System P/S Notif",
    "ACPI Device P/S Notif",
    "Controller Presence",
    "Logs Init Agent Errors",
    "Event Message Gen",
    "Device Capabilities",
    "Chassis Device",
    "Bridge",
    "IPMB Event Generator",
    "IPMB Event Receiver",
    "FRU Inventory Device",
    "SEL Device",
    "SDR Repository",
    "Sensor Device",
    "Slave Address",
];

/// Takes `sdr elist all -v` apart.
///
/// # Panics
/// If there is a line that is not known.
#[must_use]
pub fn sdr_verbose(text: &str) -> Vec<VerboseRecord> {
    paragraphs(text).iter().map(|lines| record(lines)).collect()
}

/// Takes `sensor get` apart.
///
/// # Panics
/// If there is a line that is not known.
#[must_use]
pub fn sensor_get(text: &str) -> Vec<VerboseSensor> {
    let text = text.strip_prefix("Locating sensor record...\n").expect("its first line");
    paragraphs(text).iter().map(|lines| sensor(lines)).collect()
}

fn record(lines: &[&str]) -> VerboseRecord {
    match lines {
        [first, ..] if first.starts_with("Device ID") => {
            let mut fields = Fields::default();
            for line in lines.iter().filter(|line| line.trim() != "Device Capabilities") {
                fields.push(line, &LOCATOR);
            }
            VerboseRecord::Locator(fields)
        }
        [name, at, sensor_type] if sensor_type.starts_with("Sensor Type   ") => {
            let mut fields = Fields::default();
            for line in [name, at, sensor_type] {
                fields.push(line, &["Sensor ID", "Entity ID", "Sensor Type"]);
            }
            let (name, number) = name_and_number(fields.expect("Sensor ID"));
            VerboseRecord::EventOnly(name, number)
        }
        _ => VerboseRecord::Sensor(Box::new(sensor(lines))),
    }
}

fn sensor(lines: &[&str]) -> VerboseSensor {
    let [id, at, kind, rest @ ..] = lines else { panic!("no sensor: {lines:?}") };
    // The name may end with blanks.
    let id = id.strip_prefix("Sensor ID              : ").expect("a sensor begins with its ID");
    let (name, number) = name_and_number(id);
    let at = at.strip_prefix(" Entity ID             : ").expect("the entity follows");
    let (is_threshold, sensor_type) = match kind.split_once(':').expect("a field") {
        (" Sensor Type (Threshold)  ", value) => (true, value),
        (" Sensor Type (Discrete)", value) => (false, value),
        _ => panic!("no sensor type: `{kind}`"),
    };
    let mut sensor = VerboseSensor {
        name,
        number,
        entity: entity(at.split(' ').next().unwrap_or_default()),
        is_threshold,
        sensor_type: sensor_type.split(" (0x").next().unwrap_or_default().trim().to_owned(),
        reading: None,
        tolerance: None,
        unit: String::new(),
        states: Vec::new(),
        fields: Fields::default(),
    };
    for line in rest {
        if let Some(state) = line.strip_prefix("                         [") {
            let (below, _) = sensor.fields.iter().last().expect("a field above");
            let (below, state) = (below.to_owned(), state.strip_suffix(']').expect("a bracket"));
            sensor.states.push((below, state.to_owned()));
        } else if let Some(value) = line.strip_prefix(" Sensor Reading        : ") {
            sensor.set_reading(value);
        } else {
            sensor.fields.push(line, &SENSOR);
        }
    }
    sensor
}

impl VerboseSensor {
    /// `-4.050 (+/- 0.375) degrees C`, `0h`, or words.
    fn set_reading(&mut self, text: &str) {
        if matches!(text, "No Reading" | "Disabled") {
            self.fields.add("Sensor Reading", text);
        } else if let Some((value, rest)) = text.split_once(" (+/- ") {
            let (tolerance, unit) = rest.split_once(')').expect("a bracket");
            self.reading = Some(figure(value));
            self.tolerance = Some(figure(tolerance));
            unit.trim().clone_into(&mut self.unit);
        } else {
            let _raw = hex(text);
            self.fields.add("Sensor Reading", text);
        }
    }
}

/// `CPU1 Temp (0x1)`.
fn name_and_number(text: &str) -> (String, u8) {
    let (name, number) =
        text.rsplit_once(" (0x").unwrap_or_else(|| panic!("no number in brackets: `{text}`"));
    let number = hex(number.trim_end().trim_end_matches(')'));
    (name.to_owned(), u8::try_from(number).expect("one byte"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From ipmitool 1.8.19-4+deb12u2 against the BMC of this repository, shortened.
    const TEXT: &str = "\
Sensor ID              : Linear 1's (0x2)
 Entity ID             : 7.2 (System Board)
 Sensor Type (Threshold)  : Temperature (0x01)
 Sensor Reading        : -4.050 (+/- 0.375) degrees C
 Status                : ok
 Upper non-recoverable : 10.950
 Negative Hysteresis   : Unspecified
 Readable Thresholds   : lnr lcr lnc unc ucr unr 
 Assertion Events      : 

Sensor ID              : Fan present  (0x40)
 Entity ID             : 29.1 (Fan Device)
 Sensor Type (Discrete): Fan (0x04)
 Sensor Reading        : 0h
 Event Message Control : Per-threshold
 States Asserted       : Fan
                         [Device Present]
 OEM                   : 0

Sensor ID              : POST (0x60)
Entity ID              : 34.1 (BIOS)
Sensor Type            : System Firmwares (0x0f)

Device ID              : Lantern BMC
Entity ID              : 6.1 (System Management Module)
Device Slave Address   : 20h
Device Capabilities
 Chassis Device        : Yes

";

    #[test]
    fn records_of_all_kinds() {
        let records = sdr_verbose(TEXT);
        let VerboseRecord::Sensor(linear) = &records[0] else { panic!("{:?}", records[0]) };
        assert_eq!((linear.name.as_str(), linear.number), ("Linear 1's", 2));
        assert_eq!((linear.entity, linear.unit.as_str()), ((7, 2), "degrees C"));
        assert_eq!(linear.tolerance, Figure::parse("0.375"));
        assert_eq!(linear.thresholds()[5], Figure::parse("10.950"));
        assert_eq!(linear.figure("Negative Hysteresis"), Some(None));
        assert_eq!(linear.figure("Positive Hysteresis"), None);
        let VerboseRecord::Sensor(fan) = &records[1] else { panic!("{:?}", records[1]) };
        assert_eq!(
            (fan.name.as_str(), fan.number, fan.is_threshold),
            ("Fan present ", 0x40, false)
        );
        assert_eq!(fan.states("States Asserted"), ["Device Present"]);
        assert_eq!(records[2], VerboseRecord::EventOnly("POST".to_owned(), 0x60));
        let VerboseRecord::Locator(bmc) = &records[3] else { panic!("{:?}", records[3]) };
        assert_eq!(bmc.get("Chassis Device"), Some("Yes"));
    }

    #[test]
    #[should_panic(expected = "no such field is known")]
    fn a_line_that_is_new_is_not_passed_over() {
        let _ = sdr_verbose(&TEXT.replace(" Status  ", " Colour  "));
    }
}
