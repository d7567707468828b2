//! `sel`: the log of events.

mod block;
mod boards;
mod entry;
pub(super) mod event;
mod files;
mod get;
mod line;
mod list;
mod makers;
mod meanings;
mod sensors;
mod translations;

use ipmi_wire::cmd::storage::{
    ClearSel, DeleteSelEntry, EraseAction, GetSelAllocationInfo, GetSelInfo, GetSelTime,
    RepositoryTime, ReservationId, ReserveSel, SelInfo, SetSelTime,
};

use super::clock::Clock;
use super::number::number;
use super::tool::{Ended, Failed, Refusal, Tool};

pub(super) use translations::announce;

/// Times in the zone that was asked for.
fn clock(tool: &Tool) -> Clock {
    Clock { utc: tool.options.utc }
}

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["info", ..] => info(tool).await,
        ["help", ..] => {
            tool.error(
                "SEL Commands:  info clear delete list elist get add time save readraw writeraw \
                 interpret",
            );
            Ok(())
        }
        ["interpret", iana, file, format, ..] => files::interpret(tool, iana, file, format).await,
        ["interpret", ..] => usage(tool, "sel interpret iana filename format(pps)"),
        ["save", file, ..] => list::save(tool, file).await,
        ["writeraw", file, ..] => list::write_raw(tool, file).await,
        ["add", file, ..] => files::add(tool, file).await,
        ["readraw", file, ..] => files::read_raw(tool, file, false).await,
        ["ereadraw", file, ..] => files::read_raw(tool, file, true).await,
        [command @ ("save" | "writeraw" | "add" | "readraw" | "ereadraw")] => {
            usage(tool, &format!("sel {command} <filename>"))
        }
        ["list", rest @ ..] => list::run(tool, rest, false).await,
        ["elist", rest @ ..] => list::run(tool, rest, true).await,
        ["clear", ..] => clear(tool).await,
        ["delete"] => usage(tool, "sel delete <id>...<id>"),
        ["delete", ids @ ..] => delete(tool, ids).await,
        ["get"] => usage(tool, "sel get <entry>"),
        ["get", ids @ ..] => get::run(tool, ids).await,
        ["time", "get", ..] => {
            tell_time(tool).await;
            Ok(())
        }
        ["time", "set"] => usage(tool, "sel time set \"mm/dd/yy hh:mm:ss\""),
        ["time", "set", time, ..] => set_time(tool, time).await,
        ["time", ..] => usage(tool, "sel time get|set"),
        [other, ..] => {
            tool.error(&format!("Invalid SEL command: {other}"));
            Err(Failed)
        }
    }
}

/// Too few words are no failure here.
fn usage(tool: &Tool, text: &str) -> Ended {
    tool.error(&format!("usage: {text}"));
    Ok(())
}

/// Says what was refused; a failure.
fn refused(tool: &Tool, what: &str, why: Refusal) -> Failed {
    match why {
        Refusal::Silent => tool.error(what),
        why => tool.error(&format!("{what}: {}", why.text())),
    }
    Failed
}

async fn ask_info(tool: &Tool) -> Result<SelInfo, Failed> {
    let info = tool.send(&GetSelInfo).await;
    info.map_err(|why| refused(tool, "Get SEL Info command failed", why))
}

async fn info(tool: &Tool) -> Ended {
    let info = ask_info(tool).await?;
    let version = info.version;
    let is_known = matches!(version, 0x51 | 0x02);
    let known = if is_known { "v1.5, v2 compliant" } else { "Unknown" };
    let SelInfo { entries, free_space, operations, .. } = info;
    let more = if free_space == u16::MAX { "or more" } else { "" };
    tool.print("SEL Information\n");
    tool.print(&format!("Version          : {}.{} ({known})\n", version & 0xf, version >> 4));
    tool.print(&format!("Entries          : {entries}\n"));
    tool.print(&format!("Free Space       : {free_space} bytes {more}\n"));
    // 16 bits, as in the original: with more than 4095 events it goes wrong there as here.
    let used = u32::from(entries.wrapping_mul(16));
    let all = u32::from(free_space).saturating_add(used);
    match all {
        65535.. => tool.print("Percent Used     : unknown\n"),
        all => {
            let percent = used.saturating_mul(100).checked_div(all).unwrap_or(0);
            tool.print(&format!("Percent Used     : {percent}%\n"));
        }
    }
    let time = |stamp: u32| match stamp {
        0 | u32::MAX => "Not Available".to_owned(),
        stamp => clock(tool).numeric(stamp),
    };
    tool.print(&format!("Last Add Time    : {}\n", time(info.last_addition)));
    tool.print(&format!("Last Del Time    : {}\n", time(info.last_erase)));
    tool.print(&format!("Overflow         : {}\n", operations.overflow));
    let supported: String = [
        (operations.delete, "'Delete' "),
        (operations.partial_add, "'Partial Add' "),
        (operations.reserve, "'Reserve' "),
        (operations.allocation_info, "'Get Alloc Info' "),
    ]
    .iter()
    .filter_map(|(is, text)| is.then_some(*text))
    .collect();
    let supported = if supported.is_empty() { "None" } else { &supported };
    tool.print(&format!("Supported Cmds   : {supported}\n"));
    if operations.allocation_info {
        let space = tool.send(&GetSelAllocationInfo).await;
        let space =
            space.map_err(|why| refused(tool, "Get SEL Allocation Info command failed", why))?;
        tool.print(&format!("# of Alloc Units : {}\n", space.units));
        tool.print(&format!("Alloc Unit Size  : {}\n", space.unit_size));
        tool.print(&format!("# Free Units     : {}\n", space.free_units));
        tool.print(&format!("Largest Free Blk : {}\n", space.largest_free));
        tool.print(&format!("Max Record Size  : {}\n", space.largest_record));
    }
    Ok(())
}

/// A reservation. Of a refusal the original speaks on standard output, and ends no line.
async fn reserve(tool: &Tool) -> Result<ReservationId, Failed> {
    match tool.send(&ReserveSel).await {
        Ok(ReservationId(0)) => Err(Failed),
        Ok(reservation) => Ok(reservation),
        Err(Refusal::Silent) => {
            tool.notice("Unable to reserve SEL");
            Err(Failed)
        }
        Err(why) => {
            tool.print(&format!("Unable to reserve SEL: {}", why.text()));
            Err(Failed)
        }
    }
}

async fn clear(tool: &Tool) -> Ended {
    let reservation = reserve(tool).await?;
    let cleared = tool.send(&ClearSel { reservation, action: EraseAction::Initiate }).await;
    cleared.map_err(|why| refused(tool, "Unable to clear SEL", why))?;
    tool.print("Clearing SEL.  Please allow a few seconds to erase.\n");
    Ok(())
}

/// Deletes records, the last one named first: so does the original.
async fn delete(tool: &Tool, ids: &[&str]) -> Ended {
    if let ["help", ..] = ids {
        tool.error("usage: delete <id>...<id>");
        return Err(Failed);
    }
    let reservation = reserve(tool).await?;
    let mut ended = Ok(());
    for word in ids.iter().rev() {
        let Some(record_id) = number::<u16>(word) else {
            tool.error(&format!("Given SEL ID '{word}' is invalid."));
            ended = Err(Failed);
            continue;
        };
        match tool.send(&DeleteSelEntry { reservation, record_id }).await {
            Ok(_) => tool.print(&format!("Deleted entry {record_id}\n")),
            Err(why) => {
                let what = format!("Unable to delete entry {record_id}");
                ended = Err(refused(tool, &what, why));
            }
        }
    }
    ended
}

/// That it fails is no failure of `sel time get`.
async fn tell_time(tool: &Tool) {
    match tool.send(&GetSelTime).await {
        Ok(RepositoryTime(time)) => tool.print(&format!("{}\n", clock(tool).numeric(time))),
        Err(Refusal::Silent) => tool.error("Get SEL Time command failed: Unknown"),
        Err(why) => tool.error(&format!("Get SEL Time command failed: {}", why.text())),
    }
}

async fn set_time(tool: &Tool, text: &str) -> Ended {
    let time = match text.eq_ignore_ascii_case("now") {
        true => Clock::now(),
        false => clock(tool).parse(text),
    };
    let Some(time) = time else {
        tool.error("Specified time could not be parsed");
        return Err(Failed);
    };
    match tool.send(&SetSelTime { time }).await {
        Ok(()) => tell_time(tool).await,
        Err(why) => {
            let why = if why == Refusal::Silent { "Unknown".to_owned() } else { why.text() };
            tool.error(&format!("Set SEL Time command failed: {why}"));
            return Err(Failed);
        }
    }
    Ok(())
}
