//! Files of events: ipmitool's lines of seven numbers, its raw records, and JSON lines.

use std::path::Path;

use ipmi_client::Location;
use ipmi_client::sel::from_raw;
use ipmi_wire::Decode;
use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::SelRecord;
use serde_json::Value;

use super::lore::Lore;
use crate::cli::{Format, LogForm, byte};
use crate::error::Error;
use crate::view::render_next;

/// The events of a file in any of the forms; which, its beginning tells.
pub(super) fn parse(path: &Path, bytes: &[u8], form: LogForm) -> Result<Vec<SelRecord>, Error> {
    let is_text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let events = match form {
        LogForm { raw: true, .. } => raw(path, bytes)?,
        LogForm { jsonl: true, .. } => json(path, bytes)?,
        LogForm { .. } if !is_text => raw(path, bytes)?,
        LogForm { .. } if first == Some(&b'{') => json(path, bytes)?,
        LogForm { .. } => lines(path, bytes)?,
    };
    if events.is_empty() {
        return Err(no_events(path));
    }
    Ok(events)
}

/// A file without any is not what was meant.
pub(super) fn no_events(path: &Path) -> Error {
    Error::usage(format!("{}: no events", path.display()))
        .next("'lantern sel save FILE' and 'ipmitool sel save FILE' write such files")
}

fn raw(path: &Path, bytes: &[u8]) -> Result<Vec<SelRecord>, Error> {
    from_raw(bytes).map_err(|error| {
        Error::usage(format!("{}: not records of 16 bytes: {error}", path.display()))
    })
}

/// A line each: `0x04 0x01 0x30 0x01 0x57 0x5b 0x5f # comment`. Source: ipmitool 1.8.19,
/// `sel save`, `sel add`.
pub(super) fn lines(path: &Path, bytes: &[u8]) -> Result<Vec<SelRecord>, Error> {
    let text = String::from_utf8_lossy(bytes);
    let mut events = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        let words = line.split('#').next().unwrap_or_default();
        let words: Vec<_> = words.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        let numbers: Result<Vec<u8>, _> = words.iter().map(|word| byte(word)).collect();
        let numbers: Option<[u8; 7]> = numbers.ok().and_then(|all| all.try_into().ok());
        events.push(event(numbers.ok_or_else(|| {
            wrong(
                path,
                nth,
                "not seven numbers from 0x00 to 0xff: \
                 format, sensor type, sensor number, event type, and three of data",
            )
        })?));
    }
    Ok(events)
}

fn event([evm_rev, sensor_type, sensor_number, kind, data @ ..]: [u8; 7]) -> SelRecord {
    SelRecord::System {
        id: 0,
        timestamp: 0,
        generator: super::SYSTEM_MANAGEMENT_SOFTWARE,
        evm_rev,
        sensor_type: SensorType(sensor_type),
        sensor_number,
        assertion: kind & 0x80 == 0,
        event_type: EventReadingType(kind & 0x7f),
        data,
    }
}

fn json(path: &Path, bytes: &[u8]) -> Result<Vec<SelRecord>, Error> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(nth, line)| {
            let object: Value =
                serde_json::from_str(line).map_err(|error| wrong(path, nth, &error.to_string()))?;
            let digits = object.get("raw_record").and_then(Value::as_str);
            let record = digits.and_then(unhex).and_then(|raw| SelRecord::decode_exact(&raw).ok());
            record.ok_or_else(|| wrong(path, nth, "no raw_record of 32 hexadecimal digits"))
        })
        .collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map(pair).collect()
}

fn wrong(path: &Path, nth: usize, why: &str) -> Error {
    Error::usage(format!("{}:{}: {why}", path.display(), nth.saturating_add(1)))
}

/// Events as ipmitool's lines, and how many cannot be written so: those are comments.
pub(super) fn saved(records: &[SelRecord], lore: &Lore) -> (Vec<u8>, usize) {
    let mut text = String::new();
    let mut left_out: usize = 0;
    for record in records {
        let event = lore.event(record);
        match event.saved_line() {
            Some(line) => text.push_str(&line),
            None => {
                left_out = left_out.saturating_add(1);
                text.push_str(&format!("# {}", event.raw_record()));
            }
        }
        text.push('\n');
    }
    (text.into_bytes(), left_out)
}

/// Events as lines of JSON, as `sel list -o jsonl` has them.
pub(super) fn json_lines(
    records: &[SelRecord],
    lore: &Lore,
    address: &Location,
) -> Result<Vec<u8>, Error> {
    let line = |record| render_next(&lore.event(record), Format::Jsonl, address);
    let text: Result<String, Error> = records.iter().map(line).collect();
    text.map(String::into_bytes)
}

#[cfg(test)]
mod tests {
    use ipmi_client::sel::to_raw;

    use super::*;

    const FORM: LogForm = LogForm { raw: false, jsonl: false };

    fn sample() -> Vec<SelRecord> {
        vec![event([4, 1, 0x30, 0x01, 0x57, 0x5b, 0x5f]), event([4, 5, 0x40, 0xef, 0, 0xff, 0xff])]
    }

    #[test]
    fn every_form_is_read_back() {
        let records = sample();
        let path = Path::new("x");
        let (text, left_out) = saved(&records, &Lore::default());
        assert_eq!(left_out, 0);
        // By hand from ipmitool's source.
        assert!(text.starts_with(b"0x04 0x01 0x30 0x01 0x57 0x5b 0x5f # "));
        let address = &Location::from(([192, 0, 2, 1], 623));
        let json = json_lines(&records, &Lore::default(), address).unwrap();
        for bytes in [text, json, to_raw(&records)] {
            assert_eq!(parse(path, &bytes, FORM).unwrap(), records);
        }
    }

    #[test]
    fn what_is_no_event_is_placed() {
        let wrong = |text: &[u8]| match lines(Path::new("f"), text).unwrap_err() {
            Error::Told(report) => report.message,
            Error::Output(_) => panic!(),
        };
        assert!(wrong(b"# only a comment\n\n4 1 2").starts_with("f:3: not seven numbers"));
        assert!(wrong(b"4 1 2 3 4 5 256").starts_with("f:1:"));
        assert!(wrong(b"4 1 2 3 4 5 6 7").starts_with("f:1:"));
        assert!(parse(Path::new("f"), b"# nothing\n", FORM).is_err());
        assert!(parse(Path::new("f"), &[0; 17], FORM).is_err());
        assert!(parse(Path::new("f"), b"{\"raw_record\":\"00\"}", FORM).is_err());
    }

    #[test]
    fn a_makers_own_event_is_kept_as_a_comment() {
        let own = SelRecord::Oem { id: 7, record_type: 0xe0, data: [1; 13] };
        let (text, left_out) = saved(&[own], &Lore::default());
        assert_eq!((left_out, text.first()), (1, Some(&b'#')));
        assert_eq!(parse(Path::new("x"), &to_raw(&[own]), FORM).unwrap(), [own]);
    }
}
