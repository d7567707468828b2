//! `sdr`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ipmi_client::Cache;
use ipmi_client::sdr::parse_dump;
use ipmi_client::sensors::SensorQuery;
use ipmi_wire::sdr::{Record, SensorType};

use super::{Context, Outcome, ask, file, sensor};
use crate::cli::{self, EntityPattern, RecordFilter, RecordKind, SdrCache};
use crate::error::{Error, Exit};
use crate::learned::cache_directory;
use crate::view::Bytes;
use crate::view::sdr::{CacheCleared, CacheView, Dumped, Get, Info, List, Replayed, Row, Types};

pub(super) async fn run(command: &cli::Sdr, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        cli::Sdr::List { filter, from: None } => Box::new(list(context, filter).await?),
        cli::Sdr::Get { records, from: None } => {
            let set = context.sdrs().await?;
            let found = find(set.records(), records)?;
            let is_of = |info: &ipmi_client::sensors::SensorInfo| found.contains(&&info.record);
            let infos = set.sensors().into_iter().filter(is_of).collect();
            let read = bmc.read_sensors(&set, infos, false).await?;
            Box::new(Get::new(&found, &read))
        }
        cli::Sdr::Type { which } if which == "list" => {
            let types: Vec<_> =
                context.sdrs().await?.sensors().iter().map(|sensor| sensor.sensor_type).collect();
            Box::new(Types::new(&types))
        }
        cli::Sdr::Type { which } => {
            let filter = RecordFilter { types: vec![sensor_type(which)?], ..Default::default() };
            Box::new(list(context, &filter).await?)
        }
        cli::Sdr::Entity { which } => {
            let filter = RecordFilter { entity: Some(*which), ..RecordFilter::default() };
            Box::new(list(context, &filter).await?)
        }
        cli::Sdr::Info => {
            let info = bmc.sdr_repository_info().await?;
            let allocation = match info.operations.allocation_info {
                true => bmc.sdr_allocation_info().await?,
                false => None,
            };
            let clock = bmc.sdr_time().await?.map(|time| time.timestamp());
            Box::new(Info::new(&info, allocation, clock))
        }
        cli::Sdr::Dump { file: path } => {
            let set = context.sdrs().await?;
            let dump = set.dump();
            if file::is_standard(path) {
                return Ok(Box::new(Bytes(dump)));
            }
            let path = context.file(path);
            file::write(&path, &dump)?;
            let file = path.display().to_string();
            Box::new(Dumped { file, records: set.records().len(), bytes: dump.len() })
        }
        cli::Sdr::Replay { file: path, save, yes } => {
            let save = save.as_deref().map(|path| context.file(path));
            Box::new(replay(context, path, save.as_deref(), *yes).await?)
        }
        cli::Sdr::List { from: Some(_), .. }
        | cli::Sdr::Get { from: Some(_), .. }
        | cli::Sdr::Cache(_) => {
            return Err(Error::usage("this command does not talk to a BMC"));
        }
    })
}

/// What needs no BMC; `None` for what does.
pub(super) fn offline(command: &cli::Sdr) -> Option<Outcome> {
    Some(match command {
        cli::Sdr::List { filter, from: Some(path) } => list_of_file(filter, path),
        cli::Sdr::Get { records, from: Some(path) } => get_of_file(records, path),
        cli::Sdr::Cache(SdrCache::Show) => Ok(Box::new(kept(cache_directory()))),
        cli::Sdr::Cache(SdrCache::Clear) => clear_cache(),
        _ => return None,
    })
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &cli::Sdr) -> Result<(), Error> {
    match command {
        cli::Sdr::Type { which } if which != "list" => sensor_type(which).map(drop),
        cli::Sdr::Replay { file, save, yes } => {
            if !file::is_standard(file) {
                records(file)?;
            }
            save.as_deref().map_or(Ok(()), file::check_new)?;
            ask::possible(*yes)
        }
        _ => Ok(()),
    }
}

fn sensor_type(word: &str) -> Result<SensorType, Error> {
    cli::sensor_type(word).map_err(|why| Error::usage(format!("sensor type '{word}': {why}")))
}

async fn list(context: &Context<'_>, filter: &RecordFilter) -> Result<List, Error> {
    let set = context.sdrs().await?;
    // Only what can be read is; a filter by kind alone does not ask for readings of the others.
    let readable = matches!(
        filter.kind,
        RecordKind::Sensors | RecordKind::Full | RecordKind::Compact | RecordKind::All
    );
    let mut sensors = Vec::new();
    if readable && filter.kind != RecordKind::All {
        let query = SensorQuery {
            types: filter.types.clone(),
            entities: filter.entity.iter().map(|one| (one.id, one.instance)).collect(),
            ..SensorQuery::default()
        };
        let mut infos = query.select(&set);
        infos.retain(|info| is_kind(&info.record, filter.kind));
        sensors = context.bmc.read_sensors(&set, infos, false).await?;
    }
    if readable && filter.kind != RecordKind::All {
        return Ok(List::from(sensors.as_slice()));
    }
    Ok(unread(set.records(), filter))
}

/// Records without readings.
fn unread(records: &[Record], filter: &RecordFilter) -> List {
    let RecordFilter { types, entity, kind } = filter;
    let typed = |record: &Record| {
        types.is_empty() || record.sensor_types().is_some_and(|(one, _)| types.contains(&one))
    };
    let placed = |record: &Record| {
        let matches = |pattern: &EntityPattern| {
            let sensors = record.sensors();
            record.entity().is_some_and(|entity| pattern.matches(entity))
                || sensors.iter().any(|sensor| pattern.matches(sensor.entity))
        };
        entity.as_ref().is_none_or(matches)
    };
    let wanted = records.iter().filter(|one| is_kind(one, *kind) && typed(one) && placed(one));
    List::new(wanted.flat_map(Row::of_record).collect(), true)
}

const fn is_kind(record: &Record, kind: RecordKind) -> bool {
    match kind {
        RecordKind::All => true,
        RecordKind::Sensors => matches!(record, Record::Full(_) | Record::Compact(_)),
        RecordKind::Full => matches!(record, Record::Full(_)),
        RecordKind::Compact => matches!(record, Record::Compact(_)),
        RecordKind::EventOnly => matches!(record, Record::EventOnly(_)),
        RecordKind::Fru => matches!(record, Record::FruDeviceLocator(_)),
        RecordKind::Mc => {
            matches!(record, Record::McDeviceLocator(_) | Record::McConfirmation(_))
        }
        RecordKind::Generic => matches!(record, Record::GenericDeviceLocator(_)),
        RecordKind::Association => matches!(
            record,
            Record::EntityAssociation(_) | Record::DeviceRelativeEntityAssociation(_)
        ),
        RecordKind::Oem => matches!(record, Record::Oem(_)),
    }
}

/// The records that words mean: by name, else by number.
fn find<'a>(records: &'a [Record], words: &[String]) -> Result<Vec<&'a Record>, Error> {
    let names = |record: &Record| -> Vec<String> {
        let shared = record.sensors().into_iter().map(|sensor| sensor.name);
        shared.chain(record.name().map(ToString::to_string)).collect()
    };
    let mut found: Vec<&Record> = Vec::new();
    for word in words {
        let by = |same: fn(&str, &str) -> bool| -> Vec<&Record> {
            let has = |record: &&Record| names(record).iter().any(|name| same(name, word));
            records.iter().filter(has).collect()
        };
        let mut meant = by(|name, word| name == word);
        if meant.is_empty() {
            meant = by(str::eq_ignore_ascii_case);
        }
        if meant.is_empty()
            && let Ok(id) = cli::record_id(word)
        {
            meant = records.iter().filter(|record| record.record_id() == id).collect();
        }
        if meant.is_empty() {
            let all: Vec<String> = records.iter().flat_map(names).collect();
            return Err(sensor::unknown("record", word, all.iter().map(String::as_str)));
        }
        for record in meant {
            if !found.contains(&record) {
                found.push(record);
            }
        }
    }
    Ok(found)
}

/// The records of a file, as they are in it.
fn raw_records(path: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let bytes = file::read(path)?;
    let raw = parse_dump(&bytes).map_err(|error| {
        Error::usage(format!("{}: not a dump of sensor data records: {error}", path.display()))
            .next("'lantern sdr dump FILE' and 'ipmitool sdr dump FILE' write such files")
    })?;
    if raw.is_empty() {
        return Err(Error::usage(format!("{}: no records", path.display())));
    }
    Ok(raw)
}

fn records(path: &Path) -> Result<Vec<Record>, Error> {
    let decode = |(nth, bytes): (usize, &Vec<u8>)| {
        Record::decode(bytes).map_err(|error| {
            Error::usage(format!("{}: record {}: {error}", path.display(), nth.saturating_add(1)))
        })
    };
    raw_records(path)?.iter().enumerate().map(decode).collect()
}

fn list_of_file(filter: &RecordFilter, path: &Path) -> Outcome {
    Ok(Box::new(unread(&records(path)?, filter)))
}

fn get_of_file(words: &[String], path: &Path) -> Outcome {
    let records = records(path)?;
    Ok(Box::new(Get::new(&find(&records, words)?, &[])))
}

async fn replay(
    context: &Context<'_>,
    path: &Path,
    save: Option<&Path>,
    yes: bool,
) -> Result<Replayed, Error> {
    let bmc = context.bmc;
    let records = raw_records(path)?;
    if records.iter().any(|record| Record::decode(record).is_err()) {
        context.voice.warning("some of the records are damaged, and written as they are");
    }
    let before = bmc.sdrs_afresh().await?;
    if let Some(save) = save {
        if !before.ending().is_complete() {
            return Err(Error::told(
                Exit::Failed,
                "the present records cannot be saved: not all could be read",
            )
            .cause(before.ending().to_string())
            .next("leave out --save if they are not worth keeping"));
        }
        let saved = file::create(save, &before.dump());
        saved.map_err(|error| error.cause("nothing was replaced"))?;
    }
    let question = format!(
        "The {} records of {} will be replaced by {} from {}.",
        before.records().len(),
        bmc.location(),
        records.len(),
        path.display()
    );
    ask::confirm(yes, question).await?;
    let filled = bmc.fill_sdr_repository(&records).await?;
    if let Some(error) = filled.failed {
        let (done, all) = (filled.added.len(), records.len());
        context.voice.warning(&format!(
            "only {done} of {all} records are known to be in the repository now"
        ));
        let again = "once the BMC answers, replay the same file again: it begins anew";
        return Err(Error::from(error).next(match save {
            Some(save) => format!("{again}; what was there before is in {}", save.display()),
            None => again.to_owned(),
        }));
    }
    Ok(Replayed {
        file: path.display().to_string(),
        added: filled.added,
        saved: save.map(|path| path.display().to_string()),
    })
}

/// What the cache has, counted from outside: see `ipmi_client::Cache` for its files.
fn kept(directory: Option<PathBuf>) -> CacheView {
    let files = |kind: &str| -> Vec<std::fs::DirEntry> {
        let place = directory.as_ref().map(|directory| directory.join("v1").join(kind));
        let entries = place.and_then(|place| std::fs::read_dir(place).ok()).into_iter().flatten();
        entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().extension().is_none_or(|end| end != "lock"))
            .collect()
    };
    let (bmcs, sets) = (files("bmc"), files("sets"));
    let size = |entry: &std::fs::DirEntry| entry.metadata().map_or(0, |found| found.len());
    let bytes = bmcs.iter().chain(&sets).map(size).sum();
    let directory = directory.map(|directory| directory.display().to_string());
    CacheView { directory, bmcs: bmcs.len(), sets: sets.len(), bytes }
}

fn clear_cache() -> Outcome {
    let directory = cache_directory();
    let mut removed_files = 0;
    if let Some(directory) = directory.as_ref().filter(|directory| directory.exists()) {
        let pruned = crate::runtime()?.block_on(Cache::at(directory).prune(Duration::ZERO));
        removed_files = pruned.map_err(|error| {
            Error::told(Exit::Failed, format!("{}: {error}", directory.display()))
        })?;
    }
    let directory = directory.map(|directory| directory.display().to_string());
    Ok(Box::new(CacheCleared { directory, removed_files }))
}
