//! `dcmi sensors` and `dcmi get_temp_reading`: the temperatures of inlet, processors and board.

use ipmi_wire::cmd::dcmi::{GetDcmiSensorInfo, GetTemperatureReadings, Instances, TEMPERATURE};
use ipmi_wire::sdr::Record;

use super::told;
use crate::ipmitool::sdr::{Sdr, records};
use crate::ipmitool::tool::{Ended, Tool};

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
    let sdr = Sdr::new(tool);
    let (mut left, mut start) = (i16::from(total), 0_u8);
    while left > 0 {
        let question = GetDcmiSensorInfo(instances(entity, start));
        let ids = told(tool, tool.send(&question).await)?.records;
        for id in &ids {
            tool.print(&format!("Record ID 0x{id:04x}: "));
            sensor(&sdr, *id).await;
        }
        let told = i16::try_from(ids.len()).unwrap_or(i16::MAX);
        // Whoever tells of none would be asked for ever.
        if told == 0 {
            break;
        }
        (left, start) = (left.saturating_sub(told), start.saturating_add(Instances::MOST));
    }
    Ok(())
}

/// A sensor as `sdr` shows it; nothing of a record that is none, and without a line end then.
async fn sensor(sdr: &Sdr<'_>, id: u16) {
    let Ok(entries) = records::entries_of_bmc(sdr.tool).await else { return };
    let Some(entry) = entries.iter().find(|entry| entry.record.record_id() == id) else { return };
    if matches!(entry.record, Record::Full(_) | Record::Compact(_)) {
        sdr.show(entry).await;
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
