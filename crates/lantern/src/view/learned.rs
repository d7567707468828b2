//! What was learned of BMCs.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::schema::Source;
use super::table::{Table, left, right};
use super::{Rows, View};
use crate::learned::{Entry, Notebook};

/// What was learned of BMCs in the last week.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Lessons {
    bmcs: Vec<Lesson>,
}

/// What was learned of one.
#[derive(Debug, Serialize, JsonSchema)]
struct Lesson {
    bmc: String,
    /// The cipher suite that it took after it had refused better ones; null if it takes the best.
    suite: Option<u8>,
    /// How long it takes to answer; null if that is no trouble.
    round_trip_ms: Option<u32>,
    /// It is busy when it is asked several things at a time.
    one_at_a_time: bool,
    /// It loses settings that come quickly.
    slow_commit: bool,
    /// Departures from the specification that were dealt with, by their names in `--workaround`.
    quirks: Vec<String>,
    /// When the first of it was learned: ISO 8601, UTC.
    learned: Option<String>,
}

impl Lessons {
    /// Of the BMC at `address`, or of all.
    pub(crate) fn of(notebook: &Notebook, address: Option<SocketAddr>) -> Self {
        let wanted = address.map(|address| address.to_string());
        let entries = notebook.entries();
        let entries = entries.iter();
        let entries =
            entries.filter(|(bmc, _)| wanted.as_ref().is_none_or(|wanted| wanted == *bmc));
        Self { bmcs: entries.map(|(bmc, entry)| Lesson::new(bmc, entry)).collect() }
    }
}

impl Lesson {
    fn new(bmc: &str, entry: &Entry) -> Self {
        let Entry { suite, round_trip, one_at_a_time, slow_commit, quirks, learned, .. } = entry;
        let seconds = i64::try_from(*learned).ok();
        let learned = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        Self {
            bmc: bmc.to_owned(),
            suite: *suite,
            round_trip_ms: *round_trip,
            one_at_a_time: *one_at_a_time,
            slow_commit: *slow_commit,
            quirks: quirks.clone(),
            learned: learned.map(|time| time.to_string()),
        }
    }

    fn remarks(&self) -> String {
        let pace = self.one_at_a_time.then_some("one request at a time");
        let slow = self.slow_commit.then_some("settings with pauses");
        let quirks = self.quirks.iter().map(String::as_str);
        let all: Vec<_> = pace.into_iter().chain(slow).chain(quirks).collect();
        if all.is_empty() { "-".to_owned() } else { all.join(", ") }
    }
}

impl View for Lessons {
    const SCHEMA: &'static str = "lantern.learned/1";
    const ROWS: Option<Rows> = Some(Rows { key: "bmcs", schema: "lantern.lesson/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        if self.bmcs.is_empty() {
            return "nothing out of the ordinary was learned\n".to_owned();
        }
        let columns = [
            left("BMC"),
            right("SUITE"),
            right("ANSWERS IN"),
            left("KNOWN FOR").flexible(),
            left("SINCE"),
        ];
        let mut table = Table::new(&columns);
        for lesson in &self.bmcs {
            let since = lesson.learned.as_deref().unwrap_or("-");
            table.row([
                lesson.bmc.clone(),
                lesson.suite.map_or_else(|| "-".to_owned(), |suite| suite.to_string()),
                lesson.round_trip_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms")),
                lesson.remarks(),
                since.replace('T', " ").trim_end_matches('Z').to_owned(),
            ]);
        }
        table.text(width)
    }
}

/// What was forgotten.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Forgotten {
    /// Of how many BMCs.
    forgotten: usize,
}

impl Forgotten {
    pub(crate) const fn new(forgotten: usize) -> Self {
        Self { forgotten }
    }
}

impl View for Forgotten {
    const SCHEMA: &'static str = "lantern.forgotten/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        match self.forgotten {
            0 => "nothing was known\n".to_owned(),
            1 => "what was known of 1 BMC is forgotten\n".to_owned(),
            count => format!("what was known of {count} BMCs is forgotten\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_bmc_is_known_for_is_one_row() {
        let entry = Entry {
            suite: Some(3),
            suite_learned: None,
            round_trip: Some(700),
            one_at_a_time: true,
            slow_commit: true,
            quirks: vec!["supermicro20".to_owned()],
            learned: 1_790_000_000,
        };
        let lessons = Lessons { bmcs: vec![Lesson::new("192.0.2.7:623", &entry)] };
        let text = lessons.text(None);
        let row = text.lines().nth(1).unwrap();
        for part in [
            "192.0.2.7:623",
            "3",
            "700 ms",
            "one request at a time, settings with pauses, supermicro20",
            "2026-09-21 14:13:20",
        ] {
            assert!(row.contains(part), "{part}: {text}");
        }
    }
}
