//! The sensors that events are of.

use ipmi_wire::sdr::{ModifierUse, Record, SensorCommon, UnitCode, Units};

use super::entry::Entry;
use crate::ipmitool::sdr::records::entries;
use crate::ipmitool::sdr::{self, value};
use crate::ipmitool::tool::Tool;

/// Records of sensors.
pub(super) struct Sensors(Vec<sdr::Entry>);

impl Sensors {
    /// Those of the file of `-S`, or the BMC's. None, if they cannot be read.
    pub(super) async fn read(tool: &Tool) -> Self {
        Self(entries(tool).await.unwrap_or_default())
    }

    pub(super) fn records(&self) -> &[sdr::Entry] {
        &self.0
    }

    /// The record of the sensor that an event is of. Records that several sensors share are that of the
    /// first one only.
    pub(super) fn find(&self, entry: &Entry) -> Option<&sdr::Entry> {
        let [owner, _] = entry.generator.to_le_bytes();
        self.0.iter().find(|record| {
            let (key, kind) = match &record.record {
                Record::EventOnly(only) => (only.key, only.sensor_type),
                other => match other.sensor() {
                    Some(sensor) => (sensor.key, sensor.sensor_type),
                    None => return false,
                },
            };
            key.number == entry.sensor && key.owner_id == owner && kind.0 == entry.sensor_type
        })
    }
}

/// The value of a raw reading; 0 if the sensor has none.
pub(super) fn value(record: &Record, raw: u8) -> f32 {
    let value = match record {
        Record::Full(full) => value::value(full, raw),
        _ => 0.0,
    };
    // The original calculates with the smaller kind of numbers.
    value as f32
}

/// The unit in words, without "per second".
pub(super) fn unit(record: &Record) -> String {
    let Some(SensorCommon { units, .. }) = record.sensor() else {
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
