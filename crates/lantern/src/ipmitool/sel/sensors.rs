//! The sensors that events are of.

use ipmi_client::sdr::parse_dump;
use ipmi_wire::sdr::{ModifierUse, Record, SensorCommon, UnitCode, Units};

use super::entry::Entry;
use crate::ipmitool::tool::Tool;

/// Records of sensors.
#[derive(Default)]
pub(super) struct Sensors(Vec<Record>);

impl Sensors {
    /// Those of the file of `-S`, or the BMC's.
    pub(super) async fn read(tool: &Tool) -> Self {
        if let Some(records) = tool.options.sdr_file.as_deref().and_then(of_file) {
            return Self(records);
        }
        let Ok(bmc) = tool.bmc() else { return Self::default() };
        match bmc.sdrs().await {
            Ok(set) => Self(set.records().to_vec()),
            Err(error) => {
                tool.info(&error.to_string());
                tool.error("Unable to open SDR for reading");
                Self::default()
            }
        }
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.0
    }

    /// The record of the sensor that an event is of. Records that several sensors share are that of the
    /// first one only.
    pub(super) fn find(&self, entry: &Entry) -> Option<&Record> {
        let [owner, _] = entry.generator.to_le_bytes();
        self.0.iter().find(|record| {
            let (key, sensor_type) = match record {
                Record::Full(full) => (full.sensor.key, full.sensor.sensor_type),
                Record::Compact(compact) => (compact.sensor.key, compact.sensor.sensor_type),
                Record::EventOnly(only) => (only.key, only.sensor_type),
                _ => return false,
            };
            key.number == entry.sensor
                && key.owner_id == owner
                && sensor_type.0 == entry.sensor_type
        })
    }
}

fn of_file(path: &str) -> Option<Vec<Record>> {
    let dump = std::fs::read(path).ok()?;
    let records = parse_dump(&dump).ok()?;
    Some(records.iter().filter_map(|bytes| Record::decode(bytes).ok()).collect())
}

/// The name as it lies in the record.
pub(super) fn name(record: &Record) -> &[u8] {
    let id = match record {
        Record::Full(full) => &full.id,
        Record::Compact(compact) => &compact.id,
        Record::EventOnly(only) => &only.id,
        _ => return &[],
    };
    id.as_bytes().split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The value of a raw reading; 0 if the sensor has none.
pub(super) fn value(record: &Record, raw: u8) -> f32 {
    let value = match record {
        Record::Full(full) => full.value(raw),
        _ => None,
    };
    // The original calculates with the smaller kind of numbers.
    value.unwrap_or(0.0) as f32
}

/// The unit in words, without "per second".
pub(super) fn unit(record: &Record) -> String {
    let Some(SensorCommon { units, .. }) = common(record) else {
        return UnitCode::UNSPECIFIED.name().to_owned();
    };
    let Units { base, modifier, .. } = *units;
    let percent = if units.percentage { "% " } else { "" };
    match units.modifier_use {
        ModifierUse::Multiply => format!("{percent}{}*{}", base.name(), modifier.name()),
        ModifierUse::Divide => format!("{percent}{}/{}", base.name(), modifier.name()),
        _ if units.percentage && base == UnitCode::UNSPECIFIED => "percent".to_owned(),
        _ => format!("{percent}{}", base.name()),
    }
}

const fn common(record: &Record) -> Option<&SensorCommon> {
    match record {
        Record::Full(full) => Some(&full.sensor),
        Record::Compact(compact) => Some(&compact.sensor),
        _ => None,
    }
}

/// Sensor types by number. IPMI v2.0 Table 42-3.
const TYPES: [&str; 45] = [
    "reserved",
    "Temperature",
    "Voltage",
    "Current",
    "Fan",
    "Physical Security",
    "Platform Security",
    "Processor",
    "Power Supply",
    "Power Unit",
    "Cooling Device",
    "Other",
    "Memory",
    "Drive Slot / Bay",
    "POST Memory Resize",
    "System Firmwares",
    "Event Logging Disabled",
    "Watchdog1",
    "System Event",
    "Critical Interrupt",
    "Button",
    "Module / Board",
    "Microcontroller",
    "Add-in Card",
    "Chassis",
    "Chip Set",
    "Other FRU",
    "Cable / Interconnect",
    "Terminator",
    "System Boot Initiated",
    "Boot Error",
    "OS Boot",
    "OS Critical Stop",
    "Slot / Connector",
    "System ACPI Power State",
    "Watchdog2",
    "Platform Alert",
    "Entity Presence",
    "Monitor ASIC",
    "LAN",
    "Management Subsys Health",
    "Battery",
    "Session Audit",
    "Version Change",
    "FRU State",
];

pub(super) fn sensor_type(number: u8) -> &'static str {
    TYPES.get(usize::from(number)).copied().unwrap_or("Unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_type_is_where_it_belongs() {
        assert_eq!(sensor_type(0x2c), "FRU State");
        assert_eq!(sensor_type(0x2d), "Unknown");
    }
}
