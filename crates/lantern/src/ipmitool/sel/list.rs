//! `sel list`, `sel elist`, and the two that write into a file what they list.

use std::fs::File;
use std::io::Write;

use ipmi_wire::Decode;
use ipmi_wire::cmd::storage::GetSelEntry;
use ipmi_wire::sel::SelRecord;

use super::entry::Entry;
use super::line::Events;
use super::sensors::Sensors;
use super::{ask_info, refused};
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};
use crate::ipmitool::word;

/// Of which entries there is to be a list.
#[derive(Clone, Copy)]
enum Which {
    All,
    First(u32),
    Last(usize),
}

pub(super) async fn run(tool: &Tool, words: &[&str], extended: bool) -> Ended {
    let which = match words {
        [count] => count_of(tool, count, false)?,
        ["first", count] => count_of(tool, count, false)?,
        ["last", count] => count_of(tool, count, true)?,
        [_, _] => {
            tool.error("Unknown sel list option");
            return Err(Failed);
        }
        _ => Which::All,
    };
    let Some(entries) = entries(tool, which).await? else { return Ok(()) };
    let events = Events::new(tool).await;
    // Names are not on the longer form.
    let sensors = match extended && tool.verbose.get() == 0 && entries.iter().any(|e| !e.is_oem()) {
        true => Some(Sensors::read(tool).await),
        false => None,
    };
    for entry in &entries {
        events.print(entry, sensors.as_ref());
    }
    Ok(())
}

fn count_of(tool: &Tool, word: &str, last: bool) -> Result<Which, Failed> {
    let Some(count) = number::<i32>(word) else {
        tool.error(&format!("Numeric argument required; got '{word}'"));
        return Err(Failed);
    };
    let size = count.unsigned_abs();
    Ok(match (count < 0) != last {
        _ if size == 0 => Which::All,
        true => Which::Last(usize::try_from(size).unwrap_or(usize::MAX)),
        false => Which::First(size),
    })
}

/// Entries of the log, as many as can be read; `None` if there are none.
async fn entries(tool: &Tool, which: Which) -> Result<Option<Vec<Entry>>, Failed> {
    if ask_info(tool).await?.entries == 0 {
        tool.error("SEL has no entries");
        return Ok(None);
    }
    let bmc = tool.bmc()?;
    let log = match which {
        Which::First(count) => return Ok(Some(first(tool, count).await)),
        Which::Last(count) => bmc.sel_recent(count).await,
        Which::All => bmc.sel_log().await,
    };
    Ok(Some(match log {
        Ok(log) => {
            tool.look_at("SEL", &log.ending);
            log.records.iter().filter_map(Entry::new).collect()
        }
        Err(error) => {
            refused(tool, "Get SEL Entry 0 command failed", Refusal::from(&error));
            Vec::new()
        }
    }))
}

async fn first(tool: &Tool, count: u32) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut id = GetSelEntry::FIRST;
    for _ in 0..count {
        let Some((next, entry)) = read(tool, id).await else { break };
        entries.push(entry);
        if next == GetSelEntry::LAST {
            break;
        }
        id = next;
    }
    entries
}

/// An entry, and the number of the next one.
pub(super) async fn read(tool: &Tool, id: u16) -> Option<(u16, Entry)> {
    match tool.send(&GetSelEntry::whole(id)).await {
        Ok(answer) => {
            let record = SelRecord::decode_exact(&answer.data).ok()?;
            let entry = Entry::new(&record)?;
            // That there is no next one is said with FFFFh: with 0, there is none at all.
            (answer.next_record_id != 0).then_some((answer.next_record_id, entry))
        }
        Err(why) => {
            refused(tool, &format!("Get SEL Entry {id:x} command failed"), why);
            None
        }
    }
}

/// `sel save`: the list, and a file with events that `sel add` understands.
pub(super) async fn save(tool: &Tool, path: &str) -> Ended {
    with_file(tool, path, |events, entry| events.file_line(entry).into_bytes()).await
}

/// `sel writeraw`: the list, and a file with its bytes.
pub(super) async fn write_raw(tool: &Tool, path: &str) -> Ended {
    with_file(tool, path, |_, entry| entry.bytes.to_vec()).await
}

async fn with_file(
    tool: &Tool,
    path: &str,
    write: impl Fn(&Events<'_>, &Entry) -> Vec<u8>,
) -> Ended {
    let Some(entries) = entries(tool, Which::All).await? else { return Ok(()) };
    let events = Events::new(tool).await;
    let mut file = create(tool, path);
    for entry in &entries {
        events.print(entry, None);
        let bytes = write(&events, entry);
        if let Some(open) = &mut file
            && let Err(error) = open.write_all(&bytes)
        {
            // The original does not notice; a log that is about to be cleared is worth a failure.
            tool.error(&format!("Unable to write {path}: {error}"));
            return Err(Failed);
        }
    }
    // That there is no file is no failure to the original either.
    match file {
        Some(_) => Ok(()),
        None => Err(Failed),
    }
}

/// Opens a file for what is to be in it alone: no links.
fn create(tool: &Tool, path: &str) -> Option<File> {
    let is_other = std::fs::symlink_metadata(word::path(path)).is_ok_and(|meta| !meta.is_file());
    if is_other {
        tool.error(&format!("File {path} has invalid mode"));
        return None;
    }
    match File::create(word::path(path)) {
        Ok(file) => Some(file),
        Err(error) => {
            tool.error(&format!("Unable to open file {path} for write: {error}"));
            None
        }
    }
}
