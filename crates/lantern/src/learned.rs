//! What was learned of BMCs, kept between runs.
//!
//! * The cipher suite that one was content with when it refused a better one: without it, every command
//!   to an old BMC would begin with a refusal. Only suites that would be tried anyway are taken from here.
//! * How long one takes to answer, that it is busy when it is asked several things at a time, that it
//!   loses settings that come quickly: see [`ipmi_client::Learned`].
//!
//! After a week all of it is learned anew, because firmware changes. The file is a cache: whatever is
//! wrong with it, it is as if it were not there.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ipmi_client::{Learned, Lessons, Quirk, Quirks};
use ipmi_wire::session::CipherSuite;
use serde::{Deserialize, Serialize};

/// The cache file.
#[derive(Debug)]
pub(crate) struct Notebook {
    path: Option<PathBuf>,
    entries: BTreeMap<String, Entry>,
    /// There is something in it that the file does not have.
    changed: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    version: u32,
    bmcs: BTreeMap<String, Entry>,
}

/// What is known of one BMC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The suite that it took after it had refused others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) suite: Option<u8>,
    /// Milliseconds that it takes to answer, if that is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) round_trip: Option<u32>,
    /// It is busy when it is asked several things at a time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) one_at_a_time: bool,
    /// It loses settings that come quickly.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) slow_commit: bool,
    /// Departures from the specification that were dealt with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) quirks: Vec<String>,
    /// Seconds since 1970, when the first of it was learned: what is merely used teaches nothing
    /// new, and does not keep it alive.
    pub(crate) learned: u64,
}

const VERSION: u32 = 1;
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// A cache that has grown beyond this is not ours.
const SIZE_MAX: u64 = 32 << 20;

impl Notebook {
    /// What is remembered, of the last week.
    pub(crate) fn load() -> Self {
        Self::load_from(path(), now())
    }

    fn load_from(path: Option<PathBuf>, now: u64) -> Self {
        let mut entries = path.as_deref().and_then(read).unwrap_or_default().bmcs;
        // One from the future is from a clock that was wrong.
        entries.retain(|_, entry| {
            now.checked_sub(entry.learned).is_some_and(|age| age < KEPT.as_secs())
        });
        Self { path, entries, changed: false }
    }

    /// All that is known, by address.
    pub(crate) const fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }

    /// The suite that the BMC at `address` was content with.
    pub(crate) fn suite(&self, address: SocketAddr) -> Option<CipherSuite> {
        self.entries.get(&address.to_string())?.suite.map(CipherSuite)
    }

    /// What else is known of the BMC at `address`.
    pub(crate) fn recall(&self, address: SocketAddr) -> Learned {
        self.entries.get(&address.to_string()).map_or_else(Learned::default, Entry::learned)
    }

    /// Remembers that the BMC took `suite` after it had refused others, or, without any, forgets
    /// it: the best one works.
    pub(crate) fn learn_suite(&mut self, address: SocketAddr, suite: Option<CipherSuite>) {
        self.change(address, |entry| entry.suite = suite.map(|suite| suite.0));
    }

    /// Remembers what else is known of the BMC by now.
    pub(crate) fn learn(&mut self, address: SocketAddr, learned: &Learned) {
        self.change(address, |entry| entry.take_in(learned));
    }

    fn change(&mut self, address: SocketAddr, change: impl FnOnce(&mut Entry)) {
        let address = address.to_string();
        let before = self.entries.remove(&address);
        let mut entry = before.clone().unwrap_or_else(Entry::new);
        change(&mut entry);
        let after = Some(entry).filter(Entry::says_something);
        self.changed |= before != after;
        self.entries.extend(after.map(|entry| (address, entry)));
    }

    /// Forgets what is known of a BMC, or of all; of how many that was.
    pub(crate) fn forget(&mut self, address: Option<SocketAddr>) -> usize {
        let before = self.entries.len();
        match address {
            Some(address) => drop(self.entries.remove(&address.to_string())),
            None => self.entries.clear(),
        }
        let forgotten = before.saturating_sub(self.entries.len());
        self.changed |= forgotten > 0;
        forgotten
    }

    /// Writes down what was learned.
    pub(crate) fn save(&mut self) {
        if let Err(error) = self.try_save() {
            tracing::debug!(%error, "what was learned of BMCs is not remembered");
        }
    }

    pub(crate) fn try_save(&mut self) -> io::Result<()> {
        let changed = std::mem::take(&mut self.changed);
        match self.path.as_deref().filter(|_| changed) {
            Some(path) => write(path, self.entries.clone()),
            None => Ok(()),
        }
    }
}

impl Entry {
    fn new() -> Self {
        Self {
            suite: None,
            round_trip: None,
            one_at_a_time: false,
            slow_commit: false,
            quirks: Vec::new(),
            learned: now(),
        }
    }

    fn says_something(&self) -> bool {
        self.suite.is_some() || self.learned().is_worth_keeping()
    }

    fn learned(&self) -> Learned {
        Learned {
            lessons: Lessons {
                round_trip: self.round_trip.map(|ms| Duration::from_millis(ms.into())),
                one_at_a_time: self.one_at_a_time,
            },
            quirks: self.quirks.iter().filter_map(|name| Quirk::from_name(name)).collect(),
            slow_commit: self.slow_commit,
        }
    }

    fn take_in(&mut self, learned: &Learned) {
        let Learned { lessons, quirks, slow_commit } = learned;
        let slow = lessons.round_trip.filter(|_| lessons.is_slow());
        let before = self.round_trip;
        self.round_trip = slow.map(|took| took.as_millis().try_into().unwrap_or(u32::MAX));
        // About the same is the same: no file is written for that.
        if let (Some(before), Some(now)) = (before, self.round_trip)
            && before.abs_diff(now) <= before / 4
        {
            self.round_trip = Some(before);
        }
        self.one_at_a_time = lessons.one_at_a_time;
        self.slow_commit = *slow_commit;
        self.quirks = names(*quirks);
    }
}

/// Those that are worth telling: that a BMC is slow is known more exactly.
fn names(quirks: Quirks) -> Vec<String> {
    quirks
        .iter()
        .filter(|quirk| *quirk != Quirk::SlowHandshake)
        .map(|quirk| quirk.name().to_owned())
        .collect()
}

fn path() -> Option<PathBuf> {
    Some(ours()?.join("bmcs.json"))
}

/// Where sensor data records are kept between runs, if there is a place for it.
pub(crate) fn cache_directory() -> Option<PathBuf> {
    Some(ours()?.join("sdr"))
}

/// The directory of this program's caches.
fn ours() -> Option<PathBuf> {
    let directory = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let cache = directory("XDG_CACHE_HOME").or_else(|| Some(directory("HOME")?.join(".cache")))?;
    Some(cache.join("lantern"))
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn read(path: &Path) -> Option<Contents> {
    let size = fs::metadata(path).ok()?.len();
    let text = (size <= SIZE_MAX).then(|| fs::read(path).ok())??;
    let contents: Contents = serde_json::from_slice(&text).ok()?;
    (contents.version == VERSION).then_some(contents)
}

/// Replaces the file whole. Two programs that do so at once lose one lesson, which is learned
/// again.
fn write(path: &Path, bmcs: BTreeMap<String, Entry>) -> io::Result<()> {
    let text = serde_json::to_vec(&Contents { version: VERSION, bmcs })?;
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new();
    let mut file = file.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    let outcome = file.write_all(&text).and_then(|()| fs::rename(&temporary, path));
    if outcome.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn bmc(last: u8) -> SocketAddr {
        ([192, 0, 2, last], 623).into()
    }

    #[test]
    fn what_was_learned_is_recalled_for_a_week() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lantern/bmcs.json");
        let load = |now| Notebook::load_from(Some(path.clone()), now);
        let learn = |address, suite| {
            let mut notebook = load(now());
            notebook.learn_suite(address, suite);
            notebook.save();
        };
        learn(bmc(1), Some(CipherSuite::SUITE_3));
        learn(bmc(2), Some(CipherSuite::SUITE_3));
        assert_eq!(load(now()).suite(bmc(1)), Some(CipherSuite::SUITE_3));
        assert_eq!(load(now()).suite(bmc(3)), None);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        let week = KEPT.as_secs();
        assert!(load(now() + week - 60).suite(bmc(1)).is_some());
        assert!(load(now() + week).suite(bmc(1)).is_none());
        assert!(load(now() - 60).suite(bmc(1)).is_none());

        learn(bmc(1), None);
        assert!(load(now()).suite(bmc(1)).is_none() && load(now()).suite(bmc(2)).is_some());
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }

    #[test]
    fn all_that_matters_of_a_bmc_comes_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bmcs.json");
        let load = || Notebook::load_from(Some(path.clone()), now());
        let slow = Learned {
            lessons: Lessons { round_trip: Some(Duration::from_millis(700)), one_at_a_time: true },
            quirks: Quirks::NONE.with(Quirk::Supermicro20),
            slow_commit: true,
        };
        let mut notebook = load();
        notebook.learn(bmc(1), &slow);
        notebook.learn_suite(bmc(1), Some(CipherSuite::SUITE_3));
        // One that is as it should be leaves no trace.
        let round_trip = Some(Duration::from_millis(20));
        let usual =
            Learned { lessons: Lessons { round_trip, one_at_a_time: false }, ..Learned::default() };
        notebook.learn(bmc(2), &usual);
        notebook.save();
        assert_eq!(load().recall(bmc(1)), slow);
        assert_eq!(load().suite(bmc(1)), Some(CipherSuite::SUITE_3));
        assert_eq!(load().entries().len(), 1);

        // What is about the same is not written again, and gets no older for it.
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        let mut notebook = load();
        let round_trip = Some(Duration::from_millis(650));
        notebook
            .learn(bmc(1), &Learned { lessons: Lessons { round_trip, ..slow.lessons }, ..slow });
        notebook.save();
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written);

        let mut notebook = load();
        notebook.learn(bmc(1), &usual);
        notebook.save();
        assert_eq!(load().recall(bmc(1)), Learned::default());
        assert!(load().suite(bmc(1)).is_some());
        let mut notebook = load();
        assert_eq!(notebook.forget(Some(bmc(2))), 0);
        assert_eq!(notebook.forget(None), 1);
        notebook.save();
        assert!(load().entries().is_empty());
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bmcs.json");
        for text in ["", "{", "[]", "{\"version\":2,\"bmcs\":{}}", "{\"version\":1,\"bmcs\":7}"] {
            fs::write(&path, text).unwrap();
            let mut notebook = Notebook::load_from(Some(path.clone()), now());
            assert!(notebook.entries.is_empty(), "{text}");
            notebook.learn_suite(bmc(1), Some(CipherSuite::SUITE_3));
            notebook.save();
            assert!(Notebook::load_from(Some(path.clone()), now()).suite(bmc(1)).is_some());
        }
        let mut nowhere = Notebook::load_from(None, now());
        nowhere.learn_suite(bmc(1), Some(CipherSuite::SUITE_3));
        nowhere.save();
    }
}
