//! `sensor`.

use ipmi_client::sdr::SdrSet;
use ipmi_client::sensors::{Sensor, SensorInfo, SensorQuery, SensorRef, SensorState};
use ipmi_wire::cmd::sensor::{EventBits, EventEnableAction, SensorHysteresis};
use ipmi_wire::sdr::ThresholdKind;

use super::{Context, Outcome};
use crate::cli::{self, SensorFilter, State, Switch, Thresholds};
use crate::error::{Error, Exit};
use crate::view::sensor::{Enables, Get, HysteresisSet, List, Rearmed, ThresholdsSet};

pub(super) async fn run(command: &cli::Sensor, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        cli::Sensor::List { filter, no_thresholds, fail } => {
            let thresholds = !no_thresholds;
            let types = filter.types.clone();
            let query = SensorQuery { thresholds, types, ..SensorQuery::default() };
            let set = context.sdrs().await?;
            let mut sensors = bmc.read_sensors(&set, query.select(&set), thresholds).await?;
            sensors.retain(|sensor| is_wanted(filter, sensor));
            Box::new(List::new(&sensors, thresholds, fail.fail_on))
        }
        cli::Sensor::Get { sensors, fail } => {
            let set = context.sdrs().await?;
            let mut infos: Vec<SensorInfo> = Vec::new();
            for word in sensors {
                for info in find(&set, word)? {
                    if !infos.contains(&info) {
                        infos.push(info);
                    }
                }
            }
            let mut details = Vec::new();
            for sensor in bmc.read_sensors(&set, infos, true).await? {
                details.push(bmc.sensor_details(sensor).await?);
            }
            Box::new(Get::new(&details, fail.fail_on))
        }
        cli::Sensor::Set { sensor, thresholds } => {
            let set = context.sdrs().await?;
            let info = one(&set, sensor)?;
            let wanted = thresholds.given();
            let read = bmc.read_sensors(&set, vec![info.clone()], true).await?;
            if let [sensor] = read.as_slice() {
                check_order(sensor, *thresholds)?;
            }
            let changes = bmc.set_thresholds(&info, &wanted).await?;
            Box::new(ThresholdsSet::new(&info, &changes))
        }
        cli::Sensor::Hysteresis { sensor, positive, negative } => {
            let set = context.sdrs().await?;
            let info = one(&set, sensor)?;
            let asked = counts(context, &set, &info, *positive, *negative).await?;
            let now = bmc.set_hysteresis(&info, asked).await?;
            Box::new(HysteresisSet::new(&info, asked, now))
        }
        cli::Sensor::Enable(switch) => Box::new(enable(context, switch, true).await?),
        cli::Sensor::Disable(switch) => Box::new(enable(context, switch, false).await?),
        cli::Sensor::Rearm { sensor, events } => {
            let set = context.sdrs().await?;
            let info = one(&set, sensor)?;
            let selected = match events.as_slice() {
                [] => None,
                events => Some(all_of(&info, events)?),
            };
            bmc.rearm_sensor(&info, selected).await?;
            let read = bmc.read_sensors(&set, vec![info], false).await?;
            let sensor = read.first().ok_or_else(|| {
                Error::told(Exit::Failed, "the sensor was re-armed, and cannot be read")
            })?;
            Box::new(Rearmed::new(sensor, selected))
        }
    })
}

fn is_wanted(filter: &SensorFilter, sensor: &Sensor) -> bool {
    let state = match sensor.state {
        SensorState::Nominal => State::Ok,
        SensorState::Warning => State::Warning,
        SensorState::Critical | SensorState::NonRecoverable => State::Critical,
        SensorState::Absent => State::Absent,
        SensorState::Unknown | SensorState::Unreadable(_) => State::Unreadable,
    };
    filter.state.as_ref().is_none_or(|wanted| wanted.0.contains(&state))
}

/// The sensors that a word means: by name, else by number at the BMC.
pub(super) fn find(set: &SdrSet, word: &str) -> Result<Vec<SensorInfo>, Error> {
    let mut found = set.find(&SensorRef::Name(word.to_owned()));
    if found.is_empty()
        && let Ok(number) = cli::byte(word)
    {
        found = set.find(&SensorRef::Number { lun: 0, number });
    }
    if found.is_empty() {
        return Err(unknown(
            "sensor",
            word,
            set.sensors().iter().map(|sensor| sensor.name.as_str()),
        ));
    }
    Ok(found)
}

/// The error that an unknown name is: with those that are much like it.
pub(super) fn unknown<'a>(what: &str, word: &str, names: impl Iterator<Item = &'a str>) -> Error {
    /// What is less like it was not meant.
    const LIKENESS: f64 = 0.7;
    let lower = word.to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .map(|name| {
            let other = name.to_lowercase();
            let part = !lower.is_empty() && (other.contains(&lower) || lower.contains(&other));
            (if part { 1.0 } else { strsim::jaro_winkler(&lower, &other) }, name)
        })
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    near.dedup_by(|(_, a), (_, b)| a == b);
    let near: Vec<_> = near.into_iter().take(3).map(|(_, name)| format!("'{name}'")).collect();
    let error = Error::told(Exit::Failed, format!("there is no {what} '{word}'"));
    let list = format!(
        "'lantern {} list' shows them all",
        if what == "sensor" { "sensor" } else { "sdr" }
    );
    match near.as_slice() {
        [] => error.next(list),
        near => error.cause(format!("these are like it: {}", near.join(", "))).next(list),
    }
}

/// The one sensor that is to be changed.
fn one(set: &SdrSet, word: &str) -> Result<SensorInfo, Error> {
    let mut found = find(set, word)?;
    if found.len() > 1 {
        let numbers: Vec<_> =
            found.iter().map(|sensor| format!("0x{:02x}", sensor.key.number)).collect();
        return Err(Error::usage(format!("{} sensors are called '{word}'", found.len()))
            .next(format!("choose one by its number: {}", numbers.join(", "))));
    }
    Ok(found.remove(0))
}

/// Whether the thresholds would be in their order, those that stay included. Some BMCs take any
/// order, and what such a sensor then reports nobody knows.
fn check_order(sensor: &Sensor, given: Thresholds) -> Result<(), Error> {
    use ThresholdKind::{
        LowerCritical, LowerNonCritical, LowerNonRecoverable, UpperCritical, UpperNonCritical,
        UpperNonRecoverable,
    };
    const ASCENDING: [ThresholdKind; 6] = [
        LowerNonRecoverable,
        LowerCritical,
        LowerNonCritical,
        UpperNonCritical,
        UpperCritical,
        UpperNonRecoverable,
    ];
    let given = given.given();
    let at = |all: &[(ThresholdKind, f64)], kind| {
        all.iter().find(|(one, _)| *one == kind).map(|(_, value)| *value)
    };
    let all: Vec<(ThresholdKind, f64, bool)> = ASCENDING
        .into_iter()
        .filter_map(|kind| match at(&given, kind) {
            Some(value) => Some((kind, value, true)),
            None => Some((kind, at(&sensor.thresholds, kind)?, false)),
        })
        .collect();
    for (nth, (low, below, low_given)) in all.iter().enumerate() {
        for (high, above, high_given) in all.iter().skip(nth).skip(1) {
            if below > above && (*low_given || *high_given) {
                let stays = |given: &bool| if *given { "" } else { ", which stays" };
                return Err(Error::usage(format!(
                    "{low} ({below}{}) would be above {high} ({above}{})",
                    stays(low_given),
                    stays(high_given)
                ))
                .next("set both in one command, or choose other values"));
            }
        }
    }
    Ok(())
}

/// Both hystereses as raw counts; the one that was not given stays.
async fn counts(
    context: &Context<'_>,
    set: &SdrSet,
    info: &SensorInfo,
    positive: Option<f64>,
    negative: Option<f64>,
) -> Result<SensorHysteresis, Error> {
    let step = info.full().and_then(|full| full.factors.resolution()).filter(|step| *step > 0.0);
    let raw = |value: Option<f64>| {
        let Some(value) = value else { return Ok(None) };
        let Some(step) = step else {
            return Err(Error::usage(format!("'{}' has no linear scale", info.name))
                .cause("what a step of its readings is worth depends on the reading"));
        };
        let counts = (value / step).round();
        // 255 stands for "none" in the command.
        if (0.0..=254.0).contains(&counts) {
            // In range, and whole.
            return Ok(Some(counts as u8));
        }
        let most = step * 254.0;
        Err(Error::usage(format!("hysteresis {value}: 0 to {most} can be expressed")))
    };
    let (positive, negative) = (raw(positive)?, raw(negative)?);
    if let (Some(positive), Some(negative)) = (positive, negative) {
        return Ok(SensorHysteresis { positive, negative });
    }
    let mut read = context.bmc.read_sensors(set, vec![info.clone()], false).await?;
    let details = match read.pop() {
        Some(sensor) => Some(context.bmc.sensor_details(sensor).await?),
        None => None,
    };
    let now = details.and_then(|details| details.hysteresis).ok_or_else(|| {
        Error::told(Exit::Failed, "the BMC does not tell the hysteresis in force")
            .next("give both: --positive and --negative")
    })?;
    Ok(SensorHysteresis {
        positive: positive.unwrap_or(now.positive),
        negative: negative.unwrap_or(now.negative),
    })
}

async fn enable(context: &Context<'_>, switch: &Switch, on: bool) -> Result<Enables, Error> {
    let bmc = context.bmc;
    let set = context.sdrs().await?;
    let info = one(&set, &switch.sensor)?;
    let special = |word: &&String| matches!(word.as_str(), "scanning" | "events");
    let single: Vec<_> = switch.what.iter().filter(|word| !special(word)).cloned().collect();
    let events = if single.is_empty() { EventBits::NONE } else { all_of(&info, &single)? };
    let mut read = bmc.read_sensors(&set, vec![info.clone()], false).await?;
    let now = match read.pop() {
        Some(sensor) => bmc.sensor_details(sensor).await?.event_enables,
        None => None,
    };
    // A BMC that does not tell has what is usual.
    let (mut messages, mut scanning) =
        now.map_or((true, true), |now| (now.event_messages_enabled, now.scanning_enabled));
    for word in &switch.what {
        match word.as_str() {
            "scanning" => scanning = on,
            "events" => messages = on,
            _ => {}
        }
    }
    let action = match (single.is_empty(), on) {
        (true, _) => EventEnableAction::Keep,
        (false, true) => EventEnableAction::Enable,
        (false, false) => EventEnableAction::Disable,
    };
    let now = bmc.set_event_enables(&info, messages, scanning, action, events).await?;
    if on && !single.is_empty() && !now.event_messages_enabled {
        let note = "the sensor sends no event messages at all: 'sensor enable NAME events'";
        context.voice.note(note);
    }
    Ok(Enables::new(&info, &now))
}

/// The events that these words mean.
fn all_of(info: &SensorInfo, words: &[String]) -> Result<EventBits, Error> {
    let mut all = EventBits::NONE;
    for word in words {
        let bits = event(info, word)?;
        all.assertion |= bits.assertion;
        all.deassertion |= bits.deassertion;
    }
    Ok(all)
}

/// The events that a word means, as far as the sensor has them.
fn event(info: &SensorInfo, word: &str) -> Result<EventBits, Error> {
    let (name, which) = match word.split_once(':') {
        Some((name, which)) => (name, Some(which)),
        None => (word, None),
    };
    let threshold = info.event_type.is_threshold();
    let wrong = || {
        let next = match threshold {
            true => "lnr, lc, lnc, unc, uc or unr, with + or - behind it if need be",
            false => "a state's number, 0 to 14",
        };
        Error::usage(format!("'{word}' is no event of '{}'", info.name))
            .next(format!("{next}; ':assert' or ':deassert' may follow"))
    };
    let bit = if threshold {
        let (name, high) = match (name.strip_suffix('+'), name.strip_suffix('-')) {
            (Some(name), _) => (name, Some(true)),
            (_, Some(name)) => (name, Some(false)),
            (None, None) => (name, None),
        };
        let kind = threshold_kind(name).ok_or_else(wrong)?;
        // Outwards.
        let high = high.unwrap_or(kind.is_upper());
        1_u16 << kind.bit().saturating_mul(2).saturating_add(u8::from(high))
    } else {
        let offset = name.parse::<u8>().ok().filter(|offset| *offset <= 14).ok_or_else(wrong)?;
        1_u16 << offset
    };
    let mut bits = match which {
        None => EventBits { assertion: bit, deassertion: bit },
        Some("assert") => EventBits { assertion: bit, deassertion: 0 },
        Some("deassert") => EventBits { assertion: 0, deassertion: bit },
        Some(_) => return Err(wrong()),
    };
    if let Some(common) = info.record.sensor() {
        bits.assertion &= common.assertion_mask;
        bits.deassertion &= common.deassertion_mask;
    }
    if bits.is_empty() {
        return Err(Error::usage(format!("'{}' does not report the event '{word}'", info.name))
            .next(format!("'lantern sensor get \"{}\"' shows which it does", info.name)));
    }
    Ok(bits)
}

fn threshold_kind(name: &str) -> Option<ThresholdKind> {
    Some(match name.to_ascii_lowercase().as_str() {
        "lnr" => ThresholdKind::LowerNonRecoverable,
        "lc" | "lcr" => ThresholdKind::LowerCritical,
        "lnc" => ThresholdKind::LowerNonCritical,
        "unc" => ThresholdKind::UpperNonCritical,
        "uc" | "ucr" => ThresholdKind::UpperCritical,
        "unr" => ThresholdKind::UpperNonRecoverable,
        _ => return None,
    })
}
