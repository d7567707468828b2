//! `sel`.

mod follow;
mod lore;
mod text;

use std::path::Path;
use std::time::Duration;

use ipmi_client::sel::{SelLog, to_raw};
use ipmi_client::{Bmc, Ending};
use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::storage::{GetSelEntry, UtcOffset};
use ipmi_wire::sel::{SelRecord, Severity};

use lore::Lore;

use super::{Context, Outcome, ask, file};
use crate::cli::{self, Add, AtLeast, EventFilter, LogForm, SelTime, Severities, Since, When};
use crate::error::{Error, Exit};
use crate::view::Bytes;
use crate::view::sel::{
    Added, Cleared, Clock, ClockSet, Deleted, Event, Get, Info, List, Offset, Saved,
};

/// How long erasing may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Software that manages the system. IPMI v2.0 §5.5.
const SYSTEM_MANAGEMENT_SOFTWARE: u16 = 0x41;

pub(super) async fn run(command: &cli::Sel, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        cli::Sel::List { filter, follow: true, names } => {
            return follow::list_and_follow(context, filter, !names.no_names).await;
        }
        cli::Sel::List { filter, follow: false, names } => {
            let log = wanted(context, filter).await?;
            let lore = Lore::of(bmc, &log.records, !names.no_names).await?;
            let mut list = lore.list(&log.records, log.ending.is_complete());
            keep(&mut list, filter);
            Box::new(list)
        }
        cli::Sel::Get { records, names } => {
            let mut found = Vec::new();
            for id in records {
                let record = bmc.sel_entry(*id).await?;
                found.push(record.ok_or_else(|| no_event(*id))?);
            }
            let lore = Lore::of(bmc, &found, !names.no_names).await?;
            Box::new(Get::new(found.iter().map(|record| lore.event(record)).collect()))
        }
        cli::Sel::Info => {
            let info = bmc.sel_info().await?;
            let allocation = match info.operations.allocation_info {
                true => bmc.sel_allocation_info().await?,
                false => None,
            };
            Box::new(Info::new(&info, allocation))
        }
        cli::Sel::Add(add) => Box::new(add_all(context, &events_to_add(add)?).await?),
        cli::Sel::Replay { file, form } => {
            let events = text::parse(file, &file::read(file)?, *form)?;
            Box::new(add_all(context, &events).await?)
        }
        cli::Sel::Delete { records } => {
            let mut ids = Vec::new();
            for id in records {
                // To the BMC "first" and "last" are others as soon as one is deleted.
                ids.push(match *id {
                    GetSelEntry::FIRST | GetSelEntry::LAST => {
                        bmc.sel_entry(*id).await?.ok_or_else(|| no_event(*id))?.id()
                    }
                    id => id,
                });
            }
            Box::new(Deleted::new(&bmc.sel_delete(&ids).await?))
        }
        cli::Sel::Clear { save, yes } => {
            let save = save.as_deref().map(|path| context.file(path));
            Box::new(clear(context, save.as_deref(), *yes).await?)
        }
        cli::Sel::Save { file, form } => return save(context, &context.file(file), *form).await,
        cli::Sel::Time(command) => return time(command, bmc).await,
        cli::Sel::Follow { filter, interval, names } => {
            return follow::follow(context, *filter, *interval, !names.no_names).await;
        }
    })
}

/// The events of a file of lines, for whoever sends them.
pub(super) fn events_of(path: &Path, bytes: &[u8]) -> Result<Vec<SelRecord>, Error> {
    let events = text::lines(path, bytes)?;
    if events.is_empty() { Err(text::no_events(path)) } else { Ok(events) }
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &cli::Sel) -> Result<(), Error> {
    match command {
        // What is on standard input can be had once only.
        cli::Sel::Add(Add { file: Some(file), .. }) if file::is_standard(file) => Ok(()),
        cli::Sel::Add(add) => events_to_add(add).map(drop),
        cli::Sel::Replay { file, form } if !file::is_standard(file) => {
            text::parse(file, &file::read(file)?, *form).map(drop)
        }
        cli::Sel::Clear { save, yes } => {
            save.as_deref().map_or(Ok(()), file::check_new)?;
            ask::possible(*yes)
        }
        _ => Ok(()),
    }
}

/// The log; with the sensors' names, if they are wanted and there is anything to name.
pub(crate) async fn list(bmc: &Bmc, names: bool) -> Result<List, Error> {
    let log = bmc.sel_log().await?;
    let lore = Lore::of(bmc, &log.records, names).await?;
    Ok(lore.list(&log.records, log.ending.is_complete()))
}

/// The part of the log that is meant, as far as the BMC can be asked for it.
async fn wanted(context: &Context<'_>, filter: &EventFilter) -> Result<SelLog, Error> {
    let bmc = context.bmc;
    let log = match (filter.last, filter.since) {
        (Some(count), _) => bmc.sel_recent(count.into()).await?,
        (None, Some(Since::Record(id))) => {
            let since = bmc.sel_since(id).await?;
            if !since.found {
                context.voice.warning(&format!(
                    "there is no event {id} (any more): these are all that there are"
                ));
            }
            since.log
        }
        (None, _) => bmc.sel_log().await?,
    };
    if !log.ending.is_complete() {
        context.voice.warning(&format!("not all events could be read: {}", log.ending));
    }
    Ok(log)
}

/// Takes out what was not meant.
fn keep(list: &mut List, filter: &EventFilter) {
    if let Some(Since::Time(from)) = filter.since {
        // What was logged before the BMC knew the time may be from any time.
        list.keep(|event| event.seconds().is_some_and(|seconds| seconds >= from));
    }
    list.keep(|event| is_grave(event, filter.severities));
}

fn is_grave(event: &Event, wanted: Severities) -> bool {
    let least = wanted.severity.map(|least| match least {
        AtLeast::Information => Severity::Information,
        AtLeast::Warning => Severity::Warning,
        AtLeast::Critical => Severity::Critical,
        AtLeast::NonRecoverable => Severity::NonRecoverable,
    });
    least.is_none_or(|least| event.severity() >= least)
}

fn no_event(id: u16) -> Error {
    let error = match id {
        GetSelEntry::FIRST | GetSelEntry::LAST => Error::told(Exit::Failed, "the log is empty"),
        id => Error::told(Exit::Failed, format!("there is no event {id} in the log")),
    };
    error.next("'lantern sel list' shows which there are")
}

fn events_to_add(add: &Add) -> Result<Vec<SelRecord>, Error> {
    let generator = add.generator.unwrap_or(SYSTEM_MANAGEMENT_SOFTWARE);
    if let Some(path) = &add.file {
        let mut events = text::lines(path, &file::read(path)?)?;
        if events.is_empty() {
            return Err(text::no_events(path));
        }
        for event in &mut events {
            if let SelRecord::System { generator: by, .. } = event {
                *by = generator;
            }
        }
        return Ok(events);
    }
    let sensor_type = add.sensor_type.ok_or_else(|| Error::usage("--type or --file is missing"))?;
    let mut data = [0xff; 3];
    for (place, byte) in data.iter_mut().zip(&add.data) {
        *place = *byte;
    }
    Ok(vec![SelRecord::System {
        id: 0,
        timestamp: 0,
        generator,
        evm_rev: SelRecord::EVM_REV,
        sensor_type,
        sensor_number: add.number,
        assertion: !add.deassert,
        event_type: add.event_type,
        data,
    }])
}

async fn add_all(context: &Context<'_>, events: &[SelRecord]) -> Result<Added, Error> {
    let replayed = context.bmc.sel_replay(events).await?;
    if let Some(error) = replayed.failed {
        let (done, all) = (replayed.added.len(), events.len());
        context.voice.warning(&format!("only {done} of {all} events were added"));
        return Err(error.into());
    }
    Ok(Added { record_ids: replayed.added })
}

async fn clear(context: &Context<'_>, save: Option<&Path>, yes: bool) -> Result<Cleared, Error> {
    let bmc = context.bmc;
    let entries = bmc.sel_info().await?.entries;
    let question = format!("All {entries} events in the log of {} will be erased.", bmc.location());
    ask::confirm(yes, question).await?;
    if let Some(path) = save {
        let before = bmc.sel_info().await?;
        let log = bmc.sel_log().await?;
        if log.ending != Ending::Complete {
            return Err(Error::told(
                Exit::Failed,
                "nothing was erased: not all events could be saved",
            )
            .cause(log.ending.to_string())
            .next("leave out --save if they are not worth keeping"));
        }
        let lore = Lore::of(bmc, &log.records, true).await?;
        let (bytes, left_out) = text::saved(&log.records, &lore);
        if left_out > 0 {
            context.voice.note(&format!(
                "{left_out} makers' own events are in {} as comments only",
                path.display()
            ));
        }
        file::create(path, &bytes).map_err(|error| error.cause("nothing was erased"))?;
        let now = bmc.sel_info().await?;
        if (now.entries, now.last_addition) != (before.entries, before.last_addition) {
            return Err(Error::told(
                Exit::Failed,
                "nothing was erased: the log has changed while it was saved",
            )
            .next(format!(
                "again, with another file: {} may not have the latest events",
                path.display()
            )));
        }
    }
    // What came in while this was thought about is erased too.
    let erased = bmc.sel_info().await?.entries;
    bmc.sel_clear(PATIENCE).await?;
    let entries = bmc.sel_info().await?.entries;
    Ok(Cleared { erased, saved: save.map(|path| path.display().to_string()), entries })
}

async fn save(context: &Context<'_>, path: &Path, form: LogForm) -> Outcome {
    let log = wanted(context, &EventFilter::default()).await?;
    let mut left_out = 0;
    let (bytes, form) = match form {
        LogForm { raw: true, .. } => (to_raw(&log.records), "raw"),
        LogForm { jsonl: true, .. } => {
            let lore = Lore::of(context.bmc, &log.records, true).await?;
            (text::json_lines(&log.records, &lore, &context.bmc.location())?, "jsonl")
        }
        LogForm { .. } => {
            let lore = Lore::of(context.bmc, &log.records, true).await?;
            let (bytes, without) = text::saved(&log.records, &lore);
            left_out = without;
            (bytes, "text")
        }
    };
    if file::is_standard(path) {
        return Ok(Box::new(Bytes(bytes)));
    }
    file::write(path, &bytes)?;
    let events = log.records.len().saturating_sub(left_out);
    Ok(Box::new(Saved { file: path.display().to_string(), events, left_out, form }))
}

/// The log's UTC offset, if the BMC has such a thing.
///
/// Get SEL Time UTC Offset needs USER, as Get SEL Time does (IPMI v2.0, appendix G). A session that
/// is refused this one has met OpenIPMI's ipmi_sim, which says so of all commands that it does not
/// know; that is no reason to keep the clock back.
async fn utc_offset(bmc: &Bmc) -> Result<Option<UtcOffset>, Error> {
    match bmc.sel_utc_offset().await {
        Err(error) if error.completion() == Some(CompletionCode::INSUFFICIENT_PRIVILEGE) => {
            Ok(None)
        }
        outcome => Ok(outcome?),
    }
}

async fn time(command: &SelTime, bmc: &Bmc) -> Outcome {
    let now = || jiff::Timestamp::now().as_second();
    Ok(match command {
        SelTime::Get => {
            let offset = utc_offset(bmc).await?;
            let clock = bmc.sel_time().await?.timestamp();
            Box::new(Clock::new(clock, offset, now()))
        }
        SelTime::Set { when } => {
            let seconds = match when {
                When::At(seconds) => *seconds,
                When::Now => {
                    // A log that says so is kept in local time.
                    let offset = utc_offset(bmc).await?.and_then(UtcOffset::minutes);
                    let ahead = i64::from(offset.unwrap_or(0)).saturating_mul(60);
                    u32::try_from(now().saturating_add(ahead)).map_err(|_| {
                        Error::usage("this machine's clock is before 1970 or after 2106")
                    })?
                }
            };
            bmc.set_sel_time(seconds).await?;
            Box::new(ClockSet::from(bmc.sel_time().await?.timestamp()))
        }
        SelTime::UtcOffset { offset: Some(offset) } => {
            bmc.set_sel_utc_offset(*offset).await?;
            let now = bmc.sel_utc_offset().await?;
            Box::new(Offset::from(now.unwrap_or(*offset)))
        }
        SelTime::UtcOffset { offset: None } => {
            let offset = utc_offset(bmc).await?;
            Box::new(Offset::from(offset.unwrap_or(UtcOffset::UNSPECIFIED)))
        }
    })
}
