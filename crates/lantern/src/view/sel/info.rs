//! The log itself, and its clock.

use ipmi_wire::cmd::storage::{AllocationInfo, SelInfo, UtcOffset};
use ipmi_wire::sel::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::sdr::{Allocation, free};
use crate::view::table::Fields;
use crate::view::time::{self, Time};
use crate::view::{View, list, set, version, yes_no};

/// Get SEL Info, and what goes with it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Info {
    version: String,
    entries: u16,
    /// FFFFh is this or more.
    free_bytes: u16,
    last_addition: Time,
    last_erase: Time,
    supports: Vec<&'static str>,
    overflow: bool,
    /// Null if the BMC does not tell.
    allocation: Option<Allocation>,
    #[serde(skip)]
    times: [String; 2],
}

impl Info {
    pub(crate) fn new(info: &SelInfo, allocation: Option<AllocationInfo>) -> Self {
        let can = &info.operations;
        let times = [info.last_addition, info.last_erase].map(Timestamp::new);
        let [last_addition, last_erase] = times.map(Time::from);
        Self {
            version: version(info.version),
            entries: info.entries,
            free_bytes: info.free_space,
            last_addition,
            last_erase,
            supports: set([
                (can.allocation_info, "allocation_info"),
                (can.reserve, "reserve"),
                (can.partial_add, "partial_add"),
                (can.delete, "delete"),
            ]),
            overflow: can.overflow,
            allocation: allocation.as_ref().map(Allocation::from),
            times: times.map(time::text),
        }
    }
}

impl View for Info {
    const SCHEMA: &'static str = "lantern.sel_info/1";

    fn text(&self, width: Option<u16>) -> String {
        let [added, erased] = self.times.clone();
        let mut fields = Fields::default();
        fields.row("Version", self.version.clone());
        fields.row("Entries", self.entries.to_string());
        fields.row("Free", free(Some(self.free_bytes), u16::MAX));
        fields.maybe("Allocation", &self.allocation.as_ref().map(Allocation::words));
        fields.row("Last addition (UTC)", added);
        fields.row("Last erase (UTC)", erased);
        fields.row("Supports", list(&self.supports));
        fields.row(
            "Overflow",
            match self.overflow {
                true => "yes: events were lost".to_owned(),
                false => yes_no(false),
            },
        );
        fields.flush(width)
    }
}

/// The log's clock.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Clock {
    #[serde(flatten)]
    clock: Time,
    /// How far it is ahead of this machine's, its UTC offset apart; null if it tells no time.
    ahead_seconds: Option<i64>,
    /// Local time less UTC; null if the BMC does not say.
    utc_offset_minutes: Option<i16>,
    #[serde(skip)]
    text: String,
}

impl Clock {
    /// What the clock says, and how late it is here.
    pub(crate) fn new(clock: Timestamp, offset: Option<UtcOffset>, now: i64) -> Self {
        let offset = offset.and_then(UtcOffset::minutes);
        let utc = now.saturating_add(i64::from(offset.unwrap_or(0)).saturating_mul(60));
        let ahead = match clock {
            Timestamp::Unix(seconds) => i64::from(seconds).checked_sub(utc),
            Timestamp::Unspecified | Timestamp::SinceInit(_) => None,
        };
        Self {
            clock: clock.into(),
            ahead_seconds: ahead,
            utc_offset_minutes: offset,
            text: time::text(clock),
        }
    }
}

impl View for Clock {
    const SCHEMA: &'static str = "lantern.sel_time/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        fields.row("Clock", self.text.clone());
        let against = |seconds: i64| match seconds {
            0 => "as this machine".to_owned(),
            seconds if seconds > 0 => format!("{seconds} s ahead of this machine"),
            seconds => format!("{} s behind this machine", seconds.unsigned_abs()),
        };
        fields.maybe("Goes", &self.ahead_seconds.map(against));
        let minutes = self.utc_offset_minutes;
        fields.row("UTC offset", minutes.map_or_else(|| "not specified".to_owned(), signed));
        fields.flush(width)
    }
}

fn signed(minutes: i16) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The log's clock was set.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClockSet {
    #[serde(flatten)]
    clock: Time,
    #[serde(skip)]
    text: String,
}

impl From<Timestamp> for ClockSet {
    fn from(clock: Timestamp) -> Self {
        Self { clock: clock.into(), text: time::text(clock) }
    }
}

impl View for ClockSet {
    const SCHEMA: &'static str = "lantern.sel_time_set/1";

    fn text(&self, _: Option<u16>) -> String {
        format!("The log's clock says {}\n", self.text)
    }
}

/// How far the log's clock is from UTC.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Offset {
    /// Null if it is not specified.
    utc_offset_minutes: Option<i16>,
}

impl From<UtcOffset> for Offset {
    fn from(offset: UtcOffset) -> Self {
        Self { utc_offset_minutes: offset.minutes() }
    }
}

impl View for Offset {
    const SCHEMA: &'static str = "lantern.sel_utc_offset/1";

    fn text(&self, _: Option<u16>) -> String {
        match self.utc_offset_minutes {
            Some(minutes) => format!("UTC offset: {}\n", signed(minutes)),
            None => "UTC offset: not specified\n".to_owned(),
        }
    }
}
