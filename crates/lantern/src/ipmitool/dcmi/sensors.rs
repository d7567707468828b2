//! `dcmi sensors` and `dcmi get_temp_reading`: the temperatures of inlet, processors and board.

use ipmi_client::sensors::{Reading, Silence};
use ipmi_wire::cmd::dcmi::{GetDcmiSensorInfo, GetTemperatureReadings, Instances, TEMPERATURE};
use ipmi_wire::sdr::{Record, ThresholdKind};

use super::told;
use crate::ipmitool::tool::{Ended, Failed, Tool};

/// The entities, as the two commands call them.
const ENTITIES: [(u8, &str, &str); 3] = [
    (0x40, "Inlet", "Inlet air temperature(40h)"),
    (0x41, "CPU", "CPU temperature sensors(41h)"),
    (0x42, "Baseboard", "Baseboard temperature sensors(42h)"),
];

pub(super) async fn list(tool: &Tool) -> Ended {
    let mut ended = Ok(());
    for (entity, name, _) in ENTITIES {
        ended = of_entity(tool, entity, name).await;
    }
    ended
}

fn instances(entity: u8, start: u8) -> Instances {
    Instances { sensor_type: TEMPERATURE, entity, instance: 0, start }
}

async fn of_entity(tool: &Tool, entity: u8, name: &str) -> Ended {
    let question = GetDcmiSensorInfo(instances(entity, 0));
    let total = told(tool, tool.send(&question).await)?.total.cast_signed();
    let several = if total > 1 { "s" } else { "" };
    tool.print(&format!("\n{name}: {total} temperature sensor{several} found:\n"));
    let (mut left, mut start) = (i16::from(total), 0_u8);
    while left > 0 {
        let question = GetDcmiSensorInfo(instances(entity, start));
        let records = told(tool, tool.send(&question).await)?.records;
        for id in &records {
            tool.print(&format!("Record ID 0x{id:04x}: "));
            sensor(tool, *id).await?;
        }
        let told = i16::try_from(records.len()).unwrap_or(i16::MAX);
        // Whoever tells of none would be asked for ever.
        if told == 0 {
            break;
        }
        (left, start) = (left.saturating_sub(told), start.saturating_add(Instances::MOST));
    }
    Ok(())
}

/// A sensor's line, as `sdr list` has it.
async fn sensor(tool: &Tool, id: u16) -> Ended {
    let bmc = tool.bmc()?;
    let Ok(set) = bmc.sdrs().await else {
        tool.error("Unable to open SDR for reading");
        return Ok(());
    };
    let is_it = |record: &Record| record.record_id() == id;
    let infos = set.sensors().into_iter().filter(|info| is_it(&info.record)).take(1).collect();
    let sensors = bmc.read_sensors(&set, infos, false).await.map_err(|_| Failed)?;
    let Some(sensor) = sensors.first() else { return Ok(()) };
    let name = sensor.name();
    let line = match (&sensor.reading, sensor.info.full()) {
        (Reading::Analog { value: Some(value), crossed, .. }, Some(full)) => {
            let decimals = match (value.fract() == 0.0, tool.csv.get()) {
                (true, _) => 0,
                (false, true) => 3,
                (false, false) => 2,
            };
            let unit = full.sensor.units.words();
            let status = status(crossed.worst());
            match tool.csv.get() {
                true => format!("{name},{value:.decimals$},{unit},{status}\n"),
                false => {
                    let reading = format!("{value:.decimals$} {unit}");
                    // Fifteen characters of it are shown, in a column of more.
                    format!("{name:<16} | {reading:<17.15} | {status}\n")
                }
            }
        }
        (Reading::None(Silence::ScanningDisabled), _) => silent(tool, name, "disabled"),
        _ => silent(tool, name, "no reading"),
    };
    tool.print(&line);
    Ok(())
}

fn silent(tool: &Tool, name: &str, why: &str) -> String {
    match tool.csv.get() {
        true => format!("{name},,,ns\n"),
        false => format!("{name:<16} | {why:<17} | ns\n"),
    }
}

fn status(worst: Option<ThresholdKind>) -> &'static str {
    use ThresholdKind as K;
    match worst {
        None => "ok",
        Some(K::LowerNonCritical | K::UpperNonCritical) => "nc",
        Some(K::LowerCritical | K::UpperCritical) => "cr",
        Some(K::LowerNonRecoverable | K::UpperNonRecoverable) => "nr",
    }
}

pub(super) async fn temperatures(tool: &Tool) -> Ended {
    tool.print("\n\tEntity ID\t\t\tEntity Instance\t   Temp. Readings");
    for (entity, _, name) in ENTITIES {
        let question = GetTemperatureReadings(instances(entity, 0));
        let Ok(first) = told(tool, tool.send(&question).await) else { continue };
        let (mut left, mut start) = (first.total, 1_u8);
        while left > 0 {
            let question = GetTemperatureReadings(instances(entity, start));
            // The original would ask for ever.
            let Ok(some) = told(tool, tool.send(&question).await) else { break };
            for reading in some.readings {
                let sign = if reading.celsius < 0 { '-' } else { '+' };
                let degrees = reading.celsius.unsigned_abs();
                tool.print(&format!("\n{name}\t\t{}\t\t{sign}{degrees} C", reading.instance));
            }
            let asked = left.min(Instances::MOST);
            (left, start) = (left.saturating_sub(asked), start.saturating_add(asked));
        }
    }
    Ok(())
}
