//! `sel get`: entries, with what is known of their sensors.

use ipmi_wire::sdr::Record;

use super::line::Events;
use super::list::read;
use super::sensors::Sensors;
use crate::ipmitool::fru;
use crate::ipmitool::number::number;
use crate::ipmitool::sdr::Sdr;
use crate::ipmitool::sensor::sensor;
use crate::ipmitool::tool::{Ended, Failed, Tool};

pub(super) async fn run(tool: &Tool, ids: &[&str]) -> Ended {
    if let ["help", ..] = ids {
        tool.error("usage: sel get <id>...<id>");
        return Err(Failed);
    }
    let mut ended = Ok(());
    let mut known: Option<(Events<'_>, Sensors)> = None;
    for (place, word) in ids.iter().enumerate() {
        let Some(id) = number::<u16>(word) else {
            tool.error(&format!("Given SEL ID '{word}' is invalid."));
            ended = Err(Failed);
            continue;
        };
        let Some((_, entry)) = read(tool, id).await else {
            tool.debug(&format!("SEL Entry {id:#x} not found."));
            ended = Err(Failed);
            continue;
        };
        if entry.sensor == 0 && entry.sensor_type == 0 && entry.kind == 0 {
            tool.notice(&format!("SEL Entry {id:#x} not found"));
            ended = Err(Failed);
            continue;
        }
        if known.is_none() {
            known = Some((Events::new(tool).await, Sensors::read(tool).await));
        }
        let Some((events, sensors)) = &known else { continue };
        let Some(record) = sensors.find(&entry) else {
            tool.print_bytes(&events.block(&entry));
            continue;
        };
        tool.print_bytes(&events.block_with(&entry, &record.record));
        let sdr = Sdr::new(tool).in_full();
        let entity = match &record.record {
            Record::EventOnly(only) => {
                sdr.show(record).await;
                Some(only.entity)
            }
            other => {
                sensor(&sdr, record).await;
                other.sensor().map(|sensor| sensor.entity)
            }
        };
        // What the sensor belongs to may say what it is.
        for other in sensors.records() {
            if let Record::FruDeviceLocator(locator) = &other.record
                && Some(locator.entity) == entity
            {
                let _ = fru::print_located(tool, locator).await;
            }
        }
        if place.saturating_add(1) < ids.len() {
            tool.print("----------------------\n\n");
        }
    }
    ended
}
