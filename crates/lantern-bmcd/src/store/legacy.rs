//! `bmc-state.toml`, in which earlier versions kept what little they kept. It is read once.

use std::collections::BTreeSet;

use ipmi_bmc::nvram::{Key, LogHeader, Room, setting};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Decode, Encode};
use serde::Deserialize;

use super::error::Fault;
use super::vault::Values;

/// The only version that there was.
const VERSION: u32 = 1;

/// The file's version, read before anything else in it.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    #[serde(rename = "version")]
    _version: u32,
    guid: [u8; 16],
    power_on: bool,
    on_seconds: u64,
    /// SEL records, 16 bytes each.
    sel: Vec<Vec<u8>>,
}

/// What the file says, as values of the store.
pub(crate) fn values(text: &str) -> Result<Values, Fault> {
    let damaged = |error: toml::de::Error| Fault::Damaged(error.message().to_owned());
    let Version { version } = toml::from_str(text).map_err(damaged)?;
    if version > VERSION {
        return Err(Fault::Newer { found: version, known: VERSION });
    }
    let Contents { guid, power_on, on_seconds, sel, .. } = toml::from_str(text).map_err(damaged)?;
    let mut values = log(&sel)?;
    values.insert(setting::GUID, guid.to_vec());
    values.insert(setting::POWER, vec![power_on.into()]);
    values.insert(setting::ON_TIME, on_seconds.to_le_bytes().to_vec());
    Ok(values)
}

/// Events in their order, and what earlier versions derived from them: nothing more was kept.
fn log(records: &[Vec<u8>]) -> Result<Values, Fault> {
    let mut values = Values::new();
    let mut header = LogHeader::default();
    let mut taken = BTreeSet::new();
    for (number, bytes) in (0u32..).zip(records) {
        let record = SelRecord::decode_exact(bytes);
        let record = record.map_err(|error| Fault::Damaged(error.to_string()))?;
        if matches!(record.id(), 0 | 0xffff) || !taken.insert(record.id()) {
            let what = format!("event {} has a record ID that is none, or another's", number);
            return Err(Fault::Damaged(what));
        }
        header.next_id = if record.id() == 0xfffe { 1 } else { record.id().saturating_add(1) };
        header.last_addition = record.timestamp().map_or(header.last_addition, |time| time.raw());
        values.insert(Key { room: Room::Sel, number }, record.to_bytes());
    }
    values.insert(setting::SEL, header.to_bytes());
    Ok(values)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use ipmi_bmc::nvram::Memory;
    use ipmi_wire::cmd::app::Guid;

    use super::*;

    /// As version 0.1.0 wrote it: a power-on event and a lost AC.
    pub(crate) const FILE: &str = "version = 1\n\
        guid = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]\n\
        power_on = false\n\
        on_seconds = 7261\n\
        sel = [[1, 0, 2, 5, 46, 240, 104, 32, 0, 4, 5, 64, 111, 0, 255, 255], \
               [7, 0, 2, 69, 46, 240, 104, 32, 0, 4, 5, 64, 239, 0, 255, 255]]\n";

    pub(crate) fn memory(values: &Values) -> Memory {
        Memory::decode(values.iter().map(|(key, value)| (*key, value.as_slice()))).unwrap()
    }

    #[test]
    fn what_an_earlier_version_kept_is_remembered() {
        let memory = memory(&values(FILE).unwrap());
        let guid = std::array::from_fn(|at| u8::try_from(at).unwrap() + 1);
        assert_eq!(memory.guid, Some(Guid(guid)));
        assert_eq!(memory.power_on, Some(false));
        assert_eq!(memory.on_time, Some(Duration::from_secs(7261)));
        let log = memory.log.unwrap();
        assert_eq!(log.records.values().map(SelRecord::id).collect::<Vec<_>>(), [1, 7]);
        assert_eq!(log.header.next_id, 8);
        assert_eq!(log.header.last_addition, u32::from_le_bytes([69, 46, 240, 104]));
        assert_eq!((log.header.last_erase, log.header.overflow), (u32::MAX, false));
    }

    #[test]
    fn nothing_is_made_of_a_file_that_is_not_whole() {
        for end in 0..FILE.len() - 1 {
            assert!(matches!(values(&FILE[..end]), Err(Fault::Damaged(_))), "{end}");
        }
        assert!(matches!(
            values("version = 2\nwhatever = 1"),
            Err(Fault::Newer { found: 2, known: 1 })
        ));
        let twice = FILE.replace("[7, 0,", "[1, 0,");
        assert!(matches!(values(&twice), Err(Fault::Damaged(_))));
    }
}
