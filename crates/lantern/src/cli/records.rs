//! Words about sensors, records and events, and what they stand for.

use clap::ValueEnum;
use ipmi_wire::cmd::storage::{GetSelEntry, UtcOffset};
use ipmi_wire::sdr::{EntityId, EventReadingType, SensorType};

use super::words::byte;
use super::{Since, State, States};

/// An entity, or all of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntityPattern {
    pub(crate) id: u8,
    pub(crate) instance: Option<u8>,
}

impl EntityPattern {
    pub(crate) fn matches(self, entity: EntityId) -> bool {
        self.id == entity.id && self.instance.is_none_or(|instance| instance == entity.instance)
    }
}

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Now,
    /// Seconds since 1970.
    At(u32),
}

pub(super) fn number(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| "a number".to_owned())
}

/// The one of `all` whose name is `text`, or begins with it, or contains it.
fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> Result<T, String> {
    let text = text.to_lowercase();
    let tests: [fn(&str, &str) -> bool; 3] = [
        |name, text| name == text,
        |name, text| name.starts_with(text),
        |name, text| name.contains(text),
    ];
    for test in tests {
        let found: Vec<_> =
            all.iter().copied().filter(|one| test(&name(*one).to_lowercase(), &text)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(*one),
            many => {
                let names: Vec<_> = many.iter().map(|one| format!("'{}'", name(*one))).collect();
                return Err(format!("it may be {}", names.join(" or ")));
            }
        }
    }
    Err("no such name".to_owned())
}

pub(crate) fn sensor_type(text: &str) -> Result<SensorType, String> {
    if let Ok(number) = byte(text) {
        return Ok(SensorType(number));
    }
    named(SensorType::NAMED, SensorType::name, text)
        .map_err(|why| format!("{why}; 'lantern sdr type' lists them all"))
}

pub(super) fn event_type(text: &str) -> Result<EventReadingType, String> {
    match text {
        "threshold" => Ok(EventReadingType::THRESHOLD),
        "sensor-specific" => Ok(EventReadingType::SENSOR_SPECIFIC),
        text => match byte(text) {
            Ok(number) if number <= 0x7f => Ok(EventReadingType(number)),
            _ => Err("threshold, sensor-specific, or 0x00 to 0x7f".to_owned()),
        },
    }
}

pub(super) fn entity(text: &str) -> Result<EntityPattern, String> {
    let (id, instance) = match text.split_once('.') {
        Some((id, instance)) => (id, Some(instance)),
        None => (text, None),
    };
    let instance = instance.map(byte).transpose()?;
    if let Ok(id) = byte(id) {
        return Ok(EntityPattern { id, instance });
    }
    let all: Vec<_> = (0..=u8::MAX)
        .map(|id| EntityId::new(id, 0))
        .filter(|entity| entity.name() != "Reserved")
        .collect();
    // Some names are given twice, the newer one for good.
    let one = all.iter().find(|entity| entity.name().eq_ignore_ascii_case(id));
    let found = one.copied().map_or_else(|| named(&all, EntityId::name, id), Ok);
    found.map(|entity| EntityPattern { id: entity.id, instance })
}

pub(super) fn states(text: &str) -> Result<States, String> {
    let mut states = Vec::new();
    for word in text.split(',') {
        let (word, and_worse) = match word.strip_suffix("..") {
            Some(word) => (word, true),
            None => (word, false),
        };
        let state = State::from_str(word, true)
            .map_err(|_| "ok, warning, critical, absent or unreadable".to_owned())?;
        states.push(state);
        if and_worse {
            let worse = [State::Ok, State::Warning, State::Critical];
            states.extend(worse.into_iter().filter(|one| *one > state));
        }
    }
    Ok(States(states))
}

fn word16(text: &str) -> Option<u16> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if !digits.starts_with('+') => u16::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None => text.parse().ok(),
    }
}

pub(crate) fn record_id(text: &str) -> Result<u16, String> {
    match text {
        "first" => Ok(GetSelEntry::FIRST),
        "last" => Ok(GetSelEntry::LAST),
        _ => word16(text)
            .filter(|id| ![GetSelEntry::FIRST, GetSelEntry::LAST].contains(id))
            .ok_or_else(|| "1 to 65534, 0x0001 to 0xfffe, first or last".to_owned()),
    }
}

pub(super) fn generator(text: &str) -> Result<u16, String> {
    word16(text).ok_or_else(|| "0 to 0xffff".to_owned())
}

pub(super) fn since(text: &str) -> Result<Since, String> {
    if let Some(id) = word16(text) {
        return Ok(Since::Record(id));
    }
    if let Some(ago) = ago(text) {
        let now = jiff::Timestamp::now().as_second();
        let then = now.checked_sub(ago).and_then(|then| u32::try_from(then).ok());
        return then.map(Since::Time).ok_or_else(|| "that is before all time".to_owned());
    }
    time(text).map(Since::Time).map_err(|why| format!("{why}, as 30m, 12h or 2d, or a record ID"))
}

/// Seconds.
fn ago(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        'w' => 7 * 86400,
        _ => return None,
    };
    let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
    i64::from(count).checked_mul(seconds)
}

pub(super) fn when(text: &str) -> Result<When, String> {
    if text == "now" { Ok(When::Now) } else { time(text).map(When::At) }
}

/// Seconds since 1970. A time without a zone is meant in UTC, as everything that a BMC's clock
/// says.
fn time(text: &str) -> Result<u32, String> {
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let civil = || {
        let civil = text.parse::<jiff::civil::DateTime>();
        let date = || Some(text.parse::<jiff::civil::Date>().ok()?.to_datetime(Default::default()));
        let civil = civil.ok().or_else(date)?;
        jiff::tz::Offset::UTC.to_timestamp(civil).ok()
    };
    let seconds = zoned.or_else(civil).map(jiff::Timestamp::as_second);
    seconds
        .and_then(|seconds| u32::try_from(seconds).ok())
        .ok_or_else(|| "a time from 1970 to 2106 as 2026-09-20 or 2026-09-20T14:03:07Z".to_owned())
}

pub(super) fn utc_offset(text: &str) -> Result<UtcOffset, String> {
    let wrong = || "minutes from -1440 to 1440, hours and minutes as +05:30, or 'unspecified'";
    if text == "unspecified" {
        return Ok(UtcOffset::UNSPECIFIED);
    }
    let minutes = match text.split_once(':') {
        None => text.parse::<i16>().ok(),
        Some((hours, minutes)) => {
            let west = hours.starts_with('-');
            let hours = hours.trim_start_matches(['+', '-']).parse::<u8>().ok();
            let minutes = minutes.parse::<u8>().ok().filter(|minutes| *minutes < 60);
            hours.zip(minutes).and_then(|(hours, minutes)| {
                let all = i16::from(hours).checked_mul(60)?.checked_add(minutes.into())?;
                Some(if west { all.saturating_neg() } else { all })
            })
        }
    };
    let known = |minutes: &i16| minutes.unsigned_abs() <= UtcOffset::MAX.unsigned_abs();
    minutes.filter(known).map(UtcOffset).ok_or_else(|| wrong().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_go_by_name_part_of_one_or_number() {
        assert_eq!(sensor_type("temperature"), Ok(SensorType::TEMPERATURE));
        assert_eq!(sensor_type("TEMP"), Ok(SensorType::TEMPERATURE));
        assert_eq!(sensor_type("fan"), Ok(SensorType::FAN));
        assert_eq!(sensor_type("0xc1"), Ok(SensorType(0xc1)));
        assert!(sensor_type("watchdog").unwrap_err().contains("'Watchdog 1' or 'Watchdog 2'"));
        assert!(sensor_type("colour").unwrap_err().contains("sdr type"));
    }

    #[test]
    fn entities_go_by_number_and_name() {
        let entity = |text| entity(text).map(|found| (found.id, found.instance));
        assert_eq!(entity("7"), Ok((7, None)));
        assert_eq!(entity("0x0a.1"), Ok((10, Some(1))));
        assert_eq!(entity("processor.2"), Ok((3, Some(2))));
        assert_eq!(entity("power supply"), Ok((10, None)));
        assert!(entity("bus").is_err() && entity("").is_err());
    }

    #[test]
    fn states_may_be_open_to_worse() {
        assert_eq!(states("warning.."), Ok(States(vec![State::Warning, State::Critical])));
        assert_eq!(states("ok,absent"), Ok(States(vec![State::Ok, State::Absent])));
        assert!(states("bad").is_err());
    }

    #[test]
    fn since_is_a_time_a_span_or_a_record() {
        assert_eq!(since("12"), Ok(Since::Record(12)));
        assert_eq!(since("0x0c"), Ok(Since::Record(12)));
        for text in ["2026-09-21T14:13:20Z", "2026-09-21 14:13:20", "2026-09-21T16:13:20+02:00"] {
            assert_eq!(since(text), Ok(Since::Time(1_790_000_000)), "{text}");
        }
        assert_eq!(since("1970-01-02"), Ok(Since::Time(86400)));
        assert!(matches!(since("2d"), Ok(Since::Time(_))));
        assert!(
            ["", "d", "-1d", "yesterday", "1969-12-31"].iter().all(|text| since(text).is_err())
        );
    }

    #[test]
    fn offsets_are_minutes_or_hours_and_minutes() {
        for (text, minutes) in
            [("-90", -90), ("+05:30", 330), ("-00:30", -30), ("0", 0), ("unspecified", 0x07ff)]
        {
            assert_eq!(utc_offset(text), Ok(UtcOffset(minutes)), "{text}");
        }
        assert!(
            ["1441", "25:00", "1:60", "x", "2047"].iter().all(|text| utc_offset(text).is_err())
        );
    }

    #[test]
    fn record_ids_leave_out_what_means_something_else() {
        assert_eq!(record_id("0x1a"), Ok(26));
        assert_eq!((record_id("first"), record_id("last")), (Ok(0), Ok(0xffff)));
        assert!(["0", "0xffff", "65536", "x"].iter().all(|text| record_id(text).is_err()));
    }
}
