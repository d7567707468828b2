//! Temperatures: sensors, readings, limits.

use ipmi_client::Told;
use ipmi_wire::cmd::dcmi::{TemperatureReading, ThermalLimit};
use ipmi_wire::sdr::Record;
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::setting::because;
use crate::view::table::{Fields, Table, left, right};
use crate::view::{Rows, View, yes_no};

const fn entity(id: u8) -> &'static str {
    match id {
        0x40 => "inlet",
        0x41 => "processor",
        _ => "baseboard",
    }
}

/// The temperature sensors of DCMI's entities.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Sensors {
    sensors: Vec<Sensor>,
    /// Why an entity has told nothing.
    reasons: Vec<String>,
}

/// A temperature sensor.
#[derive(Debug, Serialize, JsonSchema)]
struct Sensor {
    #[schemars(extend("enum" = ["inlet", "processor", "baseboard"]))]
    entity: &'static str,
    record_id: u16,
    /// Null if there is no such record.
    name: Option<String>,
    sensor_number: Option<u8>,
}

impl Sensors {
    pub(crate) fn new(found: &[(u8, Told<Vec<u16>>)], records: &[Record]) -> Self {
        let (mut sensors, mut reasons) = (Vec::new(), Vec::new());
        for (id, told) in found {
            match told {
                Err(error) => reasons.push(format!("{}: {}", entity(*id), because(error))),
                Ok(ids) => sensors.extend(ids.iter().map(|record_id| {
                    let record = records.iter().find(|record| record.record_id() == *record_id);
                    let name = record.and_then(Record::name).map(|name| name.text().to_string());
                    let sensor_number = record.and_then(Record::sensor_number);
                    Sensor { entity: entity(*id), record_id: *record_id, name, sensor_number }
                })),
            }
        }
        Self { sensors, reasons }
    }
}

impl View for Sensors {
    const SCHEMA: &'static str = "lantern.dcmi_sensors/1";
    const ROWS: Option<Rows> = Some(Rows { key: "sensors", schema: "lantern.dcmi_sensor/1" });

    fn text(&self, width: Option<u16>) -> String {
        let mut table = Table::new(&[left("ENTITY"), right("RECORD"), left("NAME").flexible()]);
        for sensor in &self.sensors {
            let name = sensor.name.clone().unwrap_or_else(|| "-".to_owned());
            table.row([sensor.entity.to_owned(), format!("{:04X}h", sensor.record_id), name]);
        }
        let reasons: String = self.reasons.iter().map(|reason| format!("{reason}\n")).collect();
        table.text(width) + &reasons
    }
}

/// The temperatures of DCMI's entities.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Temperatures {
    readings: Vec<Reading>,
    /// Why an entity has told nothing.
    reasons: Vec<String>,
}

/// A temperature.
#[derive(Debug, Serialize, JsonSchema)]
struct Reading {
    #[schemars(extend("enum" = ["inlet", "processor", "baseboard"]))]
    entity: &'static str,
    instance: u8,
    celsius: i8,
}

impl Temperatures {
    pub(crate) fn new(found: &[(u8, Told<Vec<TemperatureReading>>)]) -> Self {
        let (mut readings, mut reasons) = (Vec::new(), Vec::new());
        for (id, told) in found {
            match told {
                Err(error) => reasons.push(format!("{}: {}", entity(*id), because(error))),
                Ok(all) => readings.extend(all.iter().map(|reading| Reading {
                    entity: entity(*id),
                    instance: reading.instance,
                    celsius: reading.celsius,
                })),
            }
        }
        Self { readings, reasons }
    }
}

impl View for Temperatures {
    const SCHEMA: &'static str = "lantern.dcmi_temperatures/1";
    const ROWS: Option<Rows> = Some(Rows { key: "readings", schema: "lantern.dcmi_temperature/1" });

    fn text(&self, width: Option<u16>) -> String {
        let mut table = Table::new(&[left("ENTITY"), right("INSTANCE"), right("°C")]);
        for reading in &self.readings {
            table.row([
                reading.entity.to_owned(),
                reading.instance.to_string(),
                reading.celsius.to_string(),
            ]);
        }
        let reasons: String = self.reasons.iter().map(|reason| format!("{reason}\n")).collect();
        table.text(width) + &reasons
    }
}

/// How hot it may get at the inlet.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Thermal {
    instance: u8,
    celsius: u8,
    /// How long it may be hotter.
    seconds: u16,
    power_off: bool,
    log: bool,
    /// Whether it is kept when the BMC starts anew.
    persistent: bool,
}

impl Thermal {
    pub(crate) const fn new(instance: u8, limit: &ThermalLimit) -> Self {
        let ThermalLimit { persistent, power_off, log, celsius, seconds } = *limit;
        Self { instance, celsius, seconds, power_off, log, persistent }
    }
}

impl View for Thermal {
    const SCHEMA: &'static str = "lantern.dcmi_thermal/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::titled(&format!("Inlet {}", self.instance));
        fields.row("Limit", format!("{} °C", self.celsius));
        fields.row("For", format!("{} s", self.seconds));
        fields.row("Switches off", yes_no(self.power_off));
        fields.row("Logs", yes_no(self.log));
        fields.row("Kept", yes_no(self.persistent));
        fields.text(width)
    }
}
