//! `sensor`: sensors with the thresholds in force, and setting those.

mod show;
mod threshold;

pub(super) use show::sensor;

use ipmi_wire::sdr::RecordHeader as H;

use super::sdr::records::{entries, entries_of_bmc, latin};
use super::sdr::{AHEAD, Entry, Sdr};
use super::tool::{Ended, Failed, Tool};
use super::word;

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else { return list(tool).await };
    match word.as_str() {
        "help" => {
            tool.notice("Sensor Commands:  list thresh get reading");
            Ok(())
        }
        "list" => list(tool).await,
        "thresh" => threshold::set(tool, rest).await,
        "get" => get(tool, rest).await,
        "reading" => reading(tool, rest).await,
        other => {
            tool.error(&format!("Invalid sensor command: {other}"));
            Err(Failed)
        }
    }
}

/// All sensors that can be read, from the BMC's own records: the original takes no others here. A sensor
/// that says nothing is no failure.
async fn list(tool: &Tool) -> Ended {
    let sdr = Sdr::new(tool);
    let entries = entries_of_bmc(tool).await?;
    for some in entries.iter().collect::<Vec<_>>().chunks(AHEAD) {
        sdr.look_ahead(some, true).await;
        for entry in some {
            show::sensor(&sdr, entry).await;
        }
    }
    sdr.end().await;
    Ok(())
}

async fn get(tool: &Tool, names: &[String]) -> Ended {
    let usage = || tool.notice("sensor get <name> ... [name]");
    match names.first().map(String::as_str) {
        None => {
            tool.error("Not enough parameters given.");
            usage();
            return Err(Failed);
        }
        Some("help") => {
            usage();
            return Ok(());
        }
        Some(_) => {}
    }
    tool.print("Locating sensor record...\n");
    let sdr = Sdr::new(tool).in_full();
    let entries = entries(tool).await.unwrap_or_default();
    let mut ended = Ok(());
    for name in names {
        match find(&entries, name) {
            None => {
                tool.error(&format!("Sensor data record \"{name}\" not found!"));
                ended = Err(Failed);
            }
            Some(entry) if matches!(entry.kind, H::FULL_SENSOR | H::COMPACT_SENSOR) => {
                if !show::sensor(&sdr, entry).await {
                    ended = Err(Failed);
                }
            }
            Some(entry) => sdr.show(entry).await,
        }
    }
    ended
}

/// Values and nothing else; what has none is passed over.
async fn reading(tool: &Tool, names: &[String]) -> Ended {
    if names.first().is_none_or(|name| name == "help") {
        tool.notice("sensor reading <name> ... [name]");
        return Err(Failed);
    }
    let sdr = Sdr::new(tool);
    let entries = entries(tool).await.unwrap_or_default();
    let mut ended = Ok(());
    for name in names {
        let Some(entry) = find(&entries, name) else {
            tool.error(&format!("Sensor \"{name}\" not found!"));
            ended = Err(Failed);
            continue;
        };
        let Some(reading) = sdr.read(entry).await else { continue };
        if reading.full.is_none() || !reading.is_valid {
            continue;
        }
        if !reading.is_analog {
            tool.error(&format!("Sensor \"{name}\" is a discrete sensor!"));
            continue;
        }
        let (name, value) = (latin(&word::bytes(name)), reading.text(3));
        sdr.put(&match sdr.csv {
            true => format!("{name},{value}\n"),
            false => format!("{name:<16} | {value}\n"),
        });
    }
    ended
}

fn find<'a>(entries: &'a [Entry], name: &str) -> Option<&'a Entry> {
    entries.iter().find(|entry| entry.is_called(name))
}
