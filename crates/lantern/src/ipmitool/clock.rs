//! Times as C's `strftime` writes them in the C locale, whatever the caller's language is.
//!
//! Times are seconds since 1970. Small ones are seconds since the BMC started, and FFFFFFFFh is none.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Up to here, seconds count from when the BMC started. IPMI v2.0 §37.1.
pub(super) const START: u32 = 0x2000_0000;
const NONE: u32 = u32::MAX;
const DAY: u32 = 24 * 60 * 60;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// In whose time it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// `-Z`; if not, it is told in local time.
    pub(super) utc: bool,
}

impl Clock {
    /// `%x`
    pub(super) fn date(self, stamp: u32) -> String {
        if stamp == NONE {
            return "Unspecified".to_owned();
        }
        let (time, _) = self.civil(stamp);
        match stamp < START {
            true => format!("S+ {:02}/{:03}", year(time), time.day_of_year()),
            false => date(time),
        }
    }

    /// `%X %Z`
    pub(super) fn time(self, stamp: u32) -> String {
        if stamp == NONE {
            return "Unspecified".to_owned();
        }
        let (time, zone) = self.civil(stamp);
        format!("{} {zone}", clock(time))
    }

    /// `%x %X %Z`
    pub(super) fn numeric(self, stamp: u32) -> String {
        let (time, zone) = self.civil(stamp);
        match stamp {
            NONE => "Unspecified".to_owned(),
            0..DAY => format!("S+ {}", clock(time)),
            DAY..START => {
                format!("S+ {:02}/{:03} {}", year(time), time.day_of_year(), clock(time))
            }
            START..NONE => format!("{} {} {zone}", date(time), clock(time)),
        }
    }

    /// `%c %Z`
    pub(super) fn string(self, stamp: u32) -> String {
        let (time, zone) = self.civil(stamp);
        match stamp {
            NONE => "Unspecified".to_owned(),
            0..DAY => format!("S+ {}", clock(time)),
            DAY..START => {
                let (year, day) = (year(time), time.day_of_year());
                format!("S+ {year:02} years {day:03} days {}", clock(time))
            }
            START..NONE => {
                let day = DAYS.get(usize::from(weekday(time))).copied().unwrap_or_default();
                let month = MONTHS.get(place(time.month())).copied().unwrap_or_default();
                format!("{day} {month} {:2} {} {} {zone}", time.day(), clock(time), time.year())
            }
        }
    }

    /// The time, and what its zone is called.
    fn civil(self, stamp: u32) -> (DateTime, String) {
        let timestamp = Timestamp::from_second(stamp.into()).unwrap_or_default();
        if self.utc || stamp <= START {
            return (TimeZone::UTC.to_datetime(timestamp), "GMT".to_owned());
        }
        let zone = TimeZone::system();
        let name = zone.to_offset_info(timestamp).abbreviation().to_owned();
        (zone.to_datetime(timestamp), name)
    }

    /// Reads `%x %X`, as C's `strptime` does: what follows is not looked at. `None` if it is no time since
    /// 1970.
    ///
    /// The original takes local time away twice, unless there is `-Z`; a BMC whose clock was set by it has
    /// to stay as it is.
    pub(super) fn parse(self, text: &str) -> Option<u32> {
        let local = local(civil(text)?)?;
        let seconds = if self.utc { local } else { shifted(local)? };
        // As the original: what is too large loses its upper half.
        Some(u32::try_from(seconds & 0xffff_ffff).unwrap_or_default())
    }

    /// The present time, as the original sets it.
    pub(super) fn now() -> Option<u32> {
        let seconds = shifted(Timestamp::now().as_second())?;
        Some(u32::try_from(seconds & 0xffff_ffff).unwrap_or_default())
    }
}

fn year(time: DateTime) -> i16 {
    time.year().rem_euclid(100)
}

fn date(time: DateTime) -> String {
    format!("{:02}/{:02}/{:02}", time.month(), time.day(), year(time))
}

fn clock(time: DateTime) -> String {
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

fn weekday(time: DateTime) -> u8 {
    time.weekday().to_sunday_zero_offset().unsigned_abs()
}

fn place(month: i8) -> usize {
    usize::from(month.unsigned_abs()).saturating_sub(1)
}

/// Seconds since 1970 of a local time. Before 1970 there is none.
fn local(time: DateTime) -> Option<i64> {
    let zoned = time.to_zoned(TimeZone::system()).ok()?;
    let seconds = zoned.timestamp().as_second();
    (seconds >= 0).then_some(seconds)
}

/// As if the digits of a time in UTC were those of local time.
fn shifted(seconds: i64) -> Option<i64> {
    let timestamp = Timestamp::from_second(seconds).ok()?;
    let zoned = TimeZone::UTC.to_datetime(timestamp).to_zoned(TimeZone::system()).ok()?;
    Some(zoned.timestamp().as_second())
}

/// `%m/%d/%y %H:%M:%S`; the 31st of a shorter month is in the next one.
fn civil(text: &str) -> Option<DateTime> {
    let mut rest = text;
    let month = two_digits(&mut rest, 1, 12)?;
    let day = behind(&mut rest, '/', 1, 31)?;
    let year = behind(&mut rest, '/', 0, 99)?;
    rest = rest.trim_start();
    let hours = two_digits(&mut rest, 0, 23)?;
    let minutes = behind(&mut rest, ':', 0, 59)?;
    let seconds = behind(&mut rest, ':', 0, 61)?;
    let century = if year >= 69 { 1900 } else { 2000 };
    let year = i16::try_from(century + year).ok()?;
    let first = Date::new(year, i8::try_from(month).ok()?, 1).ok()?;
    let span = jiff::Span::new().try_days(day.checked_sub(1)?).ok()?;
    let span = span.try_hours(hours).ok()?.try_minutes(minutes).ok()?.try_seconds(seconds).ok()?;
    first.at(0, 0, 0, 0).checked_add(span).ok()
}

fn behind(rest: &mut &str, separator: char, least: i64, most: i64) -> Option<i64> {
    *rest = rest.strip_prefix(separator)?;
    two_digits(rest, least, most)
}

/// A number of one digit or two, if two are not more than `most` anyway.
fn two_digits(rest: &mut &str, least: i64, most: i64) -> Option<i64> {
    let text = rest.trim_start_matches(' ');
    let digit = |place: usize| {
        let digit = text.as_bytes().get(place).copied().filter(u8::is_ascii_digit)?;
        Some(i64::from(digit - b'0'))
    };
    let first = digit(0)?;
    let tens = first.saturating_mul(10);
    let (value, length) = match digit(1).filter(|_| tens <= most) {
        Some(second) => (tens.saturating_add(second), 2),
        None => (first, 1),
    };
    *rest = text.get(length..)?;
    (least..=most).contains(&value).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UTC: Clock = Clock { utc: true };

    #[test]
    fn times_are_those_of_the_c_locale() {
        let stamp = 1_795_900_000;
        assert_eq!(UTC.date(stamp), "11/28/26");
        assert_eq!(UTC.time(stamp), "21:06:40 GMT");
        assert_eq!(UTC.numeric(stamp), "11/28/26 21:06:40 GMT");
        assert_eq!(UTC.string(stamp), "Sat Nov 28 21:06:40 2026 GMT");
    }

    #[test]
    fn before_the_start_and_without_a_time() {
        assert_eq!(UTC.numeric(90), "S+ 00:01:30");
        assert_eq!(UTC.numeric(90_000), "S+ 70/002 01:00:00");
        assert_eq!(UTC.date(90), "S+ 70/001");
        assert_eq!(UTC.string(90_000), "S+ 70 years 002 days 01:00:00");
        assert_eq!(UTC.numeric(u32::MAX), "Unspecified");
        assert_eq!(UTC.date(u32::MAX), "Unspecified");
        assert_eq!(UTC.time(u32::MAX), "Unspecified");
    }

    #[test]
    fn what_strptime_reads() {
        let read = |text| civil(text).map(|time| time.to_string());
        assert_eq!(read("11/28/26 21:06:40").unwrap(), "2026-11-28T21:06:40");
        assert_eq!(read("2/31/26 1:2:3").unwrap(), "2026-03-03T01:02:03");
        assert_eq!(read("11/28/69 21:06:40 and more").unwrap(), "1969-11-28T21:06:40");
        for text in ["", "11/28/2026 21:06:40", "13/28/26 21:06:40", "11/28/26", "11-28-26 1:1:1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
