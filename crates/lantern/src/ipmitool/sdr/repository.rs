//! The repository itself: `sdr info`, `sdr dump`, `sdr fill`.

use std::os::unix::fs::MetadataExt;

use ipmi_wire::cmd::storage::GetSdrRepositoryInfo;
use ipmi_wire::sel::Timestamp;
use jiff::tz::TimeZone;

use super::records;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};
use crate::ipmitool::word;

pub(super) async fn info(tool: &Tool) -> Ended {
    let info = match tool.send(&GetSdrRepositoryInfo).await {
        Ok(info) => info,
        Err(Refusal::Silent) => {
            tool.error("Get SDR Repository Info command failed");
            return Err(Failed);
        }
        Err(refusal) => {
            tool.error(&format!("Get SDR Repository Info command failed: {}", refusal.text()));
            return Err(Failed);
        }
    };
    let free = match info.free_space {
        0 => "none (full)".to_owned(),
        0xffff => "unspecified".to_owned(),
        0xfffe => "> 64Kb - 2 bytes".to_owned(),
        bytes => format!("{bytes} bytes"),
    };
    let operations = info.operations;
    let update = match (operations.modal_update, operations.non_modal_update) {
        (false, false) => "unspecified",
        (false, true) => "non-modal",
        (true, false) => "modal",
        (true, true) => "modal and non-modal",
    };
    // A time is told if it can be other than what it was: so the original reads it.
    let when = |told: bool, seconds: u32| match told {
        true => time(tool, seconds),
        false => "NA".to_owned(),
    };
    let yes = |is: bool| if is { "yes" } else { "no" };
    for (what, text) in [
        ("SDR Version", format!("0x{:x}", info.version)),
        ("Record Count", info.record_count.to_string()),
        ("Free Space", free),
        ("Most recent Addition", when(operations.partial_add, info.last_addition)),
        ("Most recent Erase", when(operations.delete, info.last_erase)),
        ("SDR overflow", yes(operations.overflow).to_owned()),
        ("SDR Repository Update Support", update.to_owned()),
        ("Delete SDR supported", yes(operations.delete).to_owned()),
        ("Partial Add SDR supported", yes(operations.partial_add).to_owned()),
        ("Reserve SDR repository supported", yes(operations.reserve).to_owned()),
        ("SDR Repository Alloc info supported", yes(operations.allocation_info).to_owned()),
    ] {
        tool.print(&format!("{what:<35} : {text}\n"));
    }
    Ok(())
}

/// A time in the C locale: `11/28/26 20:26:40 UTC`.
fn time(tool: &Tool, seconds: u32) -> String {
    let (seconds, format, zone) = match Timestamp::new(seconds) {
        Timestamp::Unspecified => return "Unspecified".to_owned(),
        Timestamp::SinceInit(seconds @ 0..86_400) => (seconds, "S+ %H:%M:%S", None),
        Timestamp::SinceInit(seconds) => (seconds, "S+ %y/%j %H:%M:%S", None),
        Timestamp::Unix(seconds) if tool.options.utc => (seconds, "%m/%d/%y %H:%M:%S GMT", None),
        Timestamp::Unix(seconds) => (seconds, "%m/%d/%y %H:%M:%S %Z", Some(TimeZone::system())),
    };
    match jiff::Timestamp::from_second(seconds.into()) {
        Ok(time) => time.to_zoned(zone.unwrap_or(TimeZone::UTC)).strftime(format).to_string(),
        Err(_) => "Unspecified".to_owned(),
    }
}

pub(super) async fn dump(tool: &Tool, path: Option<&str>) -> Ended {
    let Some(path) = path else {
        tool.error("Not enough parameters given.");
        tool.notice("usage: sdr dump <file>");
        return Err(Failed);
    };
    let records = records::dump_of_bmc(tool).await?;
    tool.print(&format!("Dumping Sensor Data Repository to '{path}'\n"));
    write(path, &records).map_err(|why| {
        tool.error(&why);
        Failed
    })
}

/// Writes a file; neither through a link nor into anything but a file.
fn write(path: &str, content: &[u8]) -> Result<(), String> {
    if let Ok(there) = word::path(path).symlink_metadata() {
        if !there.is_file() {
            return Err(format!("File {path} has invalid mode: {}", there.mode()));
        }
        if there.nlink() != 1 {
            return Err(format!("File {path} has invalid link count: {} != 1", there.nlink()));
        }
    }
    std::fs::write(word::path(path), content)
        .map_err(|error| format!("Unable to open file {path}: {error}"))
}

/// Replacing the repository is not offered here: the native command looks before it clears, and keeps what
/// was there.
pub(super) fn fill(tool: &Tool, words: &[String]) -> Ended {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["file" | "range"] => {
            tool.error("Not enough parameters given.");
            tool.notice("usage: sdr fill <sensors|nosat|file <file>|range <range>>");
        }
        ["sensors" | "nosat" | "file" | "range", ..] => {
            tool.error("sdr fill is not supported: use 'lantern sdr replay'");
        }
        [other, ..] => {
            tool.error(&format!("Invalid SDR fill command: {other}"));
            tool.notice("usage: sdr fill <sensors|nosat|file|range> [options]");
        }
    }
    Err(Failed)
}
