//! `sdr`: the records of the repository, and what their sensors say.
//!
//! * `records`: where records come from, `-S` included, and their names;
//! * `reading`: asking sensors; `value`: what their readings are;
//! * `lines`: columns and commas; `in_full`: `-v`; `locators`: what cannot be read;
//! * `names`, `states`: the original's words;
//! * `filter`: `type`, `entity`; `repository`: `info`, `dump`, `fill`.

mod filter;
mod in_full;
mod lines;
mod locators;
pub(super) mod names;
pub(super) mod reading;
pub(super) mod records;
mod repository;
pub(super) mod states;
pub(super) mod value;

pub(super) use in_full::with_tolerance;
pub(super) use reading::{Reading, Sdr};
pub(super) use records::Entry;

use ipmi_wire::sdr::RecordHeader as H;

use super::tool::{Ended, Failed, Tool};

/// Which records.
#[derive(Clone, Copy)]
enum Which {
    All,
    /// Those of sensors that can be read.
    Sensors,
    Kind(u8),
}

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else {
        return list(&Sdr::new(tool), Which::Sensors).await;
    };
    let extended = Sdr::new(tool).extended();
    let first = rest.first().map(String::as_str);
    match word.as_str() {
        "help" => {
            help(tool);
            Ok(())
        }
        "list" => list_some(&Sdr::new(tool), word, first).await,
        "elist" => list_some(&extended, word, first).await,
        "type" => filter::by_type(&extended, first).await,
        "entity" => filter::by_entity(&extended, first).await,
        "info" => repository::info(tool).await,
        "get" => get(tool, rest).await,
        "dump" => repository::dump(tool, first).await,
        "fill" => repository::fill(tool, rest),
        other => {
            tool.error(&format!("Invalid SDR command: {other}"));
            Err(Failed)
        }
    }
}

async fn list_some(sdr: &Sdr<'_>, word: &str, which: Option<&str>) -> Ended {
    let usage = || {
        let usage = format!("usage: sdr {word} [all|full|compact|event|mcloc|fru|generic]");
        sdr.tool.notice(&usage);
    };
    let which = match which {
        None => Which::Sensors,
        Some("all") => Which::All,
        Some("full") => Which::Kind(H::FULL_SENSOR),
        Some("compact") => Which::Kind(H::COMPACT_SENSOR),
        Some("event") => Which::Kind(H::EVENT_ONLY_SENSOR),
        Some("mcloc") => Which::Kind(H::MC_DEVICE_LOCATOR),
        Some("fru") => Which::Kind(H::FRU_DEVICE_LOCATOR),
        Some("generic") => Which::Kind(H::GENERIC_DEVICE_LOCATOR),
        Some("help") => {
            usage();
            return Ok(());
        }
        Some(other) => {
            sdr.tool.error(&format!("Invalid SDR {word} command: {other}"));
            usage();
            return Err(Failed);
        }
    };
    list(sdr, which).await
}

async fn list(sdr: &Sdr<'_>, which: Which) -> Ended {
    let is_meant = |entry: &&Entry| match which {
        Which::All => true,
        Which::Sensors => matches!(entry.kind, H::FULL_SENSOR | H::COMPACT_SENSOR),
        Which::Kind(kind) => entry.kind == kind,
    };
    let entries = records::entries(sdr.tool).await?;
    show_all(sdr, &entries.iter().filter(is_meant).collect::<Vec<_>>()).await;
    Ok(())
}

/// As many are asked for before their turn.
pub(super) const AHEAD: usize = 16;

async fn show_all(sdr: &Sdr<'_>, entries: &[&Entry]) {
    for some in entries.chunks(AHEAD) {
        sdr.look_ahead(some, false).await;
        for entry in some {
            sdr.show(entry).await;
        }
    }
    sdr.end().await;
}

/// What is not there is told, and is no failure (`research/ipmitool.md` §5.5).
async fn get(tool: &Tool, names: &[String]) -> Ended {
    if names.is_empty() {
        tool.error("No Sensor ID supplied");
        return Err(Failed);
    }
    let sdr = Sdr::new(tool).in_full();
    let entries = records::entries(tool).await.unwrap_or_default();
    for name in names {
        match entries.iter().find(|entry| entry.is_called(name)) {
            Some(entry) => sdr.show(entry).await,
            None => tool.error(&format!("Unable to find sensor id '{name}'")),
        }
    }
    Ok(())
}

fn help(tool: &Tool) {
    for line in [
        "usage: sdr <command> [options]",
        "   list | elist [all|full|compact|event|mcloc|fru|generic]",
        "   type [<sensor type>|list]     sensors of a type, by name or number",
        "   get <name> ...                all that is known of sensors",
        "   entity <id>[.<instance>]      what belongs to an entity",
        "   info                          what the repository says of itself",
        "   dump <file>                   the records into a file, for -S",
        "   fill <option>                 a new repository",
    ] {
        tool.notice(line);
    }
}
