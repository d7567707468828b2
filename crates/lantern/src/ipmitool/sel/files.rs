//! Events from files: into the log, or onto the screen.

use std::fs;

use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::SelRecord;

use super::entry::{Entry, LEN};
use super::line::Events;
use super::refused;
use super::sensors::Sensors;
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};
use crate::ipmitool::word;

/// Whoever sends these events is "system management software". IPMI v2.0 §5.5.
const SOFTWARE: u16 = 0x41;

/// `sel add`: seven bytes a line, and comments behind `#`.
pub(super) async fn add(tool: &Tool, path: &str) -> Ended {
    let Ok(content) = fs::read(word::path(path)) else {
        tool.error(&format!("File {path} does not exist"));
        return Err(Failed);
    };
    let bmc = tool.bmc()?;
    let events = Events::new(tool).await;
    for line in String::from_utf8_lossy(&content).lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let bytes: Option<Vec<u8>> =
            line.split(' ').filter(|word| !word.is_empty()).take(7).map(number::<u8>).collect();
        let Some([evm_rev, sensor_type, sensor, event, data @ ..]) =
            bytes.and_then(|bytes| <[u8; 7]>::try_from(bytes).ok())
        else {
            tool.error(&format!("Invalid Event: {line}"));
            continue;
        };
        let record = SelRecord::System {
            id: 0,
            timestamp: 0,
            generator: SOFTWARE,
            evm_rev,
            sensor_type: SensorType(sensor_type),
            sensor_number: sensor,
            assertion: event & 0x80 == 0,
            event_type: EventReadingType(event & 0x7f),
            data,
        };
        if let Some(entry) = Entry::new(&record) {
            // On one line even with `-v`.
            tool.print_bytes(&events.line(&entry, None));
        }
        let added = bmc.sel_add(&record).await;
        added.map_err(|error| refused(tool, "Add SEL Entry failed", Refusal::from(&error)))?;
    }
    Ok(())
}

/// `sel readraw` and `sel ereadraw`: what `sel writeraw` has written.
pub(super) async fn read_raw(tool: &Tool, path: &str, extended: bool) -> Ended {
    let Ok(content) = fs::read(word::path(path)) else {
        tool.error(&format!("File {path} does not exist"));
        tool.error("ipmitool: could not open input file.");
        return Err(Failed);
    };
    let events = Events::new(tool).await;
    let sensors = match extended && tool.verbose.get() == 0 {
        true => Some(Sensors::read(tool).await),
        false => None,
    };
    for record in content.chunks(LEN) {
        let Ok(bytes) = <[u8; LEN]>::try_from(record) else {
            tool.error("ipmitool: incomplete record found in file.");
            return Err(Failed);
        };
        events.print(&Entry::of(bytes), sensors.as_ref());
    }
    Ok(())
}

/// `sel interpret`: the log of a shelf manager, as it writes it itself. It always ends in failure: that the
/// file has an end is one to the original.
pub(super) async fn interpret(tool: &Tool, iana: &str, path: &str, format: &str) -> Ended {
    if number::<u32>(iana).is_none() {
        tool.error(&format!("Given IANA '{iana}' is invalid."));
        return Err(Failed);
    }
    if format != "pps" {
        tool.error(&format!("Given format '{format}' is unknown."));
        return Err(Failed);
    }
    let Ok(content) = fs::read(word::path(path)) else {
        tool.error(&format!("Failed to open file '{path}' for reading."));
        return Err(Failed);
    };
    let events = Events::new(tool).await;
    for line in String::from_utf8_lossy(&content).lines() {
        match interpreted(line) {
            Some(entry) => events.print(&entry, None),
            None => tool.error("ipmitool: can't guess format."),
        }
    }
    Err(Failed)
}

/// `0x001F: Event: at Mar 27 06:41:10 2007;from:(0x9a,0,7); sensor:(0xc3,119); event:0x6f(asserted): 0xA3
/// 0x00 0x88`, or, of a hot swap, the states in words.
fn interpreted(line: &str) -> Option<Entry> {
    let id = hexadecimal(line);
    let (_, rest) = line.split_once(';')?;
    let (_, rest) = rest.split_once(';')?;
    let (_, rest) = rest.split_once('(')?;
    let sensor_type = low_byte(hexadecimal(rest));
    let (_, rest) = rest.split_once(',')?;
    let sensor = low_byte(decimal(rest));
    let (_, rest) = rest.split_once(':')?;
    let event_type = low_byte(hexadecimal(rest)) & 0x7f;
    let (_, rest) = rest.split_once('(')?;
    let direction = if rest.starts_with('a') { 0 } else { 0x80 };
    let (_, rest) = rest.split_once(' ')?;
    let data = match sensor_type {
        0xf0 => swap(rest)?,
        _ if rest.starts_with('0') => {
            let (_, second) = rest.split_once(' ')?;
            let (_, third) = second.split_once(' ')?;
            [rest, second, third].map(|text| low_byte(hexadecimal(text)))
        }
        _ => return None,
    };
    let [id, id2, ..] = id.to_le_bytes();
    let head = [id, id2, SelRecord::SYSTEM_EVENT, 0, 0, 0, 0, 0x20, 0, SelRecord::EVM_REV];
    let tail = [sensor_type, sensor, direction | event_type];
    <[u8; LEN]>::try_from([&head[..], &tail, &data].concat()).ok().map(Entry::of)
}

/// `FRU 5 from M0 to M1, cause=0x1`, about so.
fn swap(text: &str) -> Option<[u8; 3]> {
    let (place, _) = text.char_indices().find(|(_, c)| c.is_ascii_digit())?;
    let fru = text.get(place..)?;
    let (_, before) = fru.split_once('M')?;
    let (_, now) = before.split_once('M')?;
    let (_, cause) = now.split_once('=')?;
    let before = low_byte(decimal(before)) | (low_byte(hexadecimal(cause)) << 4);
    Some([0xa0 | low_byte(decimal(now)), before, low_byte(decimal(fru))])
}

const fn low_byte(number: u32) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low
}

/// The digits at the beginning, as C's `strtol` finds them; 0 if there are none.
fn decimal(text: &str) -> u32 {
    leading(text.trim_start(), 10)
}

fn hexadecimal(text: &str) -> u32 {
    let text = text.trim_start();
    leading(text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text), 16)
}

fn leading(text: &str, radix: u32) -> u32 {
    let digits: String = text.chars().take_while(|c| c.is_digit(radix)).collect();
    u32::from_str_radix(&digits, radix).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shelf_managers_lines() {
        let line = "0x001F: Event: at Mar 27 06:41:10 2007;from:(0x9a,0,7); sensor:(0xc3,119); \
                    event:0x6f(asserted): 0xA3 0x00 0x88";
        let entry = interpreted(line).unwrap();
        assert_eq!((entry.id, entry.sensor_type, entry.sensor), (0x1f, 0xc3, 119));
        assert_eq!((entry.event_type, entry.is_deasserted), (0x6f, false));
        assert_eq!(entry.data, [0xa3, 0x00, 0x88]);
        for length in 0..line.len() {
            let _ = interpreted(&line[..length]);
        }
        assert_eq!(interpreted("nothing of it"), None);
    }
}
