//! What was learned of BMCs, kept between runs.
//!
//! * The cipher suite that one was content with when it refused a better one: without it, every command
//!   to an old BMC would begin with a refusal. Only suites that would be tried anyway are taken from here,
//!   and for an hour only: whoever sits in between can refuse a suite in the BMC's name.
//! * How long one takes to answer, that it is busy when it is asked several things at a time, that it
//!   loses settings that come quickly: see [`ipmi_client::Learned`].
//!
//! After a week all of it is learned anew, because firmware changes. The file is a cache: whatever is
//! wrong with it, it is as if it were not there. Many runs may write to it at once: each puts in what it has
//! learned itself, and what somebody had forgotten meanwhile stays forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use ipmi_client::{Learned, Lessons, Quirk, Quirks};
use ipmi_wire::session::CipherSuite;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The cache file.
#[derive(Debug)]
pub(crate) struct Notebook {
    path: Option<PathBuf>,
    entries: BTreeMap<String, Entry>,
    /// Whom this run has learned something of, or forgotten, that the file does not have yet.
    changed: BTreeSet<String>,
    /// All of the file is to be forgotten.
    cleared: bool,
    /// Whom the file has entries of, as far as is known.
    filed: BTreeSet<String>,
    /// When it was read.
    now: u64,
}

/// Entries are looked at one by one: one that a later version has written another way is no reason to lose
/// the others.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    version: u32,
    bmcs: BTreeMap<String, Value>,
}

/// What is known of one BMC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The suite that it took after it had refused others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) suite: Option<u8>,
    /// When that was; `None` in files from before it was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) suite_learned: Option<u64>,
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
/// As long as an endpoint keeps it (`ipmi_client::Endpoint::remember`), and for the same reason.
const SUITE_KEPT: Duration = Duration::from_secs(3600);
/// A cache that has grown beyond this is not ours.
const SIZE_MAX: u64 = 32 << 20;

impl Notebook {
    /// What is remembered, of the last week.
    pub(crate) fn load() -> Self {
        Self::load_from(path(), now())
    }

    fn load_from(path: Option<PathBuf>, now: u64) -> Self {
        let filed = path.as_deref().map(|path| read(path, now)).unwrap_or_default();
        let entry = |(address, value): (&String, &Value)| {
            Some((address.clone(), Entry::deserialize(value).ok()?))
        };
        let entries = filed.iter().filter_map(entry).collect();
        let filed = filed.into_keys().collect();
        Self { path, entries, changed: BTreeSet::new(), cleared: false, filed, now }
    }

    /// All that is known, by address.
    pub(crate) fn entries(&self) -> BTreeMap<String, Entry> {
        let known = self.entries.iter().map(|(address, entry)| {
            let suite = entry.suite.filter(|_| entry.has_fresh_suite(self.now));
            (address.clone(), Entry { suite, ..entry.clone() })
        });
        known.filter(|(_, entry)| entry.says_something()).collect()
    }

    /// The suite that the BMC at `address` was content with, not long ago.
    pub(crate) fn suite(&self, address: SocketAddr) -> Option<CipherSuite> {
        let entry = self.entries.get(&address.to_string())?;
        entry.suite.filter(|_| entry.has_fresh_suite(self.now)).map(CipherSuite)
    }

    /// What else is known of the BMC at `address`.
    pub(crate) fn recall(&self, address: SocketAddr) -> Learned {
        self.entries.get(&address.to_string()).map_or_else(Learned::default, Entry::learned)
    }

    /// Remembers that the BMC took `suite` after it had refused others, or, without any, forgets
    /// it: the best one works.
    pub(crate) fn learn_suite(&mut self, address: SocketAddr, suite: Option<CipherSuite>) {
        self.change(address, |entry| {
            entry.suite = suite.map(|suite| suite.0);
            entry.suite_learned = suite.map(|_| now());
        });
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
        if before != after {
            self.changed.insert(address.clone());
        }
        self.entries.extend(after.map(|entry| (address, entry)));
    }

    /// Forgets what is known of a BMC, or of all; of how many that was.
    pub(crate) fn forget(&mut self, address: Option<SocketAddr>) -> usize {
        let known = self.entries();
        match address {
            Some(address) => {
                let address = address.to_string();
                self.entries.remove(&address);
                let forgotten = usize::from(known.contains_key(&address));
                self.changed.insert(address);
                forgotten
            }
            None => {
                self.entries.clear();
                (self.cleared, self.changed, self.filed) = Default::default();
                self.cleared = true;
                known.len()
            }
        }
    }

    /// Writes down what was learned.
    pub(crate) fn save(&mut self) {
        if let Err(error) = self.try_save() {
            tracing::debug!(%error, "what was learned of BMCs is not remembered");
        }
    }

    /// Puts what this run has learned into the file as it is by now, and leaves what others have put there.
    pub(crate) fn try_save(&mut self) -> io::Result<()> {
        let changed = std::mem::take(&mut self.changed);
        let cleared = std::mem::take(&mut self.cleared);
        let Some(path) = &self.path else { return Ok(()) };
        let learned = changed.iter().any(|address| self.entries.contains_key(address));
        // Where nothing is, nothing has to be forgotten.
        let forgets = (cleared || !changed.is_empty()) && path.symlink_metadata().is_ok();
        if !learned && !forgets {
            return Ok(());
        }
        let directory = path.parent().ok_or(io::ErrorKind::InvalidFilename)?;
        prepare(directory)?;
        let _lock = lock(directory)?;
        let mut bmcs = if cleared { BTreeMap::new() } else { read(path, now()) };
        for address in changed {
            match self.entries.get(&address) {
                // Somebody has had it forgotten since it was read here.
                Some(_) if self.filed.contains(&address) && !bmcs.contains_key(&address) => {}
                Some(entry) => drop(bmcs.insert(address, serde_json::to_value(entry)?)),
                None => drop(bmcs.remove(&address)),
            }
        }
        self.filed = bmcs.keys().cloned().collect();
        write(path, directory, bmcs)
    }
}

impl Entry {
    fn new() -> Self {
        Self {
            suite: None,
            suite_learned: None,
            round_trip: None,
            one_at_a_time: false,
            slow_commit: false,
            quirks: Vec::new(),
            learned: now(),
        }
    }

    /// Whether the suite was learned not long ago. One from the future is from a clock that was wrong.
    fn has_fresh_suite(&self, now: u64) -> bool {
        let learned = self.suite_learned.unwrap_or(self.learned);
        is_younger(learned, now, SUITE_KEPT)
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

fn is_younger(learned: u64, now: u64, kept: Duration) -> bool {
    now.checked_sub(learned).is_some_and(|age| age < kept.as_secs())
}

/// What the file has of the last week, if it is ours.
fn read(path: &Path, now: u64) -> BTreeMap<String, Value> {
    let contents = || {
        is_ours(path.parent()?).ok()?;
        let size = fs::metadata(path).ok()?.len();
        let text = (size <= SIZE_MAX).then(|| fs::read(path).ok())??;
        let contents: Contents = serde_json::from_slice(&text).ok()?;
        (contents.version == VERSION).then_some(contents.bmcs)
    };
    let mut bmcs = contents().unwrap_or_default();
    bmcs.retain(|_, entry| {
        let learned = entry.get("learned").and_then(Value::as_u64);
        learned.is_some_and(|learned| is_younger(learned, now, KEPT))
    });
    bmcs
}

/// Makes the directory, if there is none.
fn prepare(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    is_ours(directory)
}

/// In a directory that somebody else may write to, every name can lead anywhere.
fn is_ours(directory: &Path) -> io::Result<()> {
    let found = fs::metadata(directory)?;
    if found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        "the directory belongs to another user, or others may write to it",
    ))
}

/// How long somebody else's lock is waited for: who holds it has a small file to write.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps others from writing, as long as what it returns is there. The file stays: see
/// `ipmi_client`'s cache of records.
fn lock(directory: &Path) -> io::Result<File> {
    let path = directory.join("bmcs.lock");
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::TimedOut.into()),
            // A file system without locks: what two runs write at the same moment may be lost there.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Replaces the file whole. Whoever does so has the lock.
fn write(path: &Path, directory: &Path, bmcs: BTreeMap<String, Value>) -> io::Result<()> {
    let text = serde_json::to_vec(&Contents { version: VERSION, bmcs })?;
    remove_unfinished(directory);
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let outcome = file.write_all(&text).and_then(|()| fs::rename(&temporary, path));
    if outcome.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    outcome
}

/// What runs have left that were killed while they wrote: with the lock, it is nobody's.
fn remove_unfinished(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_it = |name: &str| name.starts_with("bmcs.") && name.ends_with(".new");
        if name.to_str().is_some_and(is_it) {
            let _ = fs::remove_file(entry.path());
        }
    }
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

        learn(bmc(1), None);
        assert!(load(now()).suite(bmc(1)).is_none() && load(now()).suite(bmc(2)).is_some());

        let slow = Learned { slow_commit: true, ..Learned::default() };
        let mut notebook = load(now());
        notebook.learn(bmc(1), &slow);
        notebook.save();
        let week = KEPT.as_secs();
        assert_eq!(load(now() + week - 60).recall(bmc(1)), slow);
        assert_eq!(load(now() + week).recall(bmc(1)), Learned::default());
        assert_eq!(load(now() - 60).recall(bmc(1)), Learned::default());
        // The file, and what is locked.
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }

    /// Whoever sits in between can refuse the better suite: the lesson is not to last.
    #[test]
    fn a_lesser_suite_is_remembered_for_an_hour_and_not_longer_for_being_used() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bmcs.json");
        let load = |now| Notebook::load_from(Some(path.clone()), now);
        let slow = Learned { slow_commit: true, ..Learned::default() };
        let mut notebook = load(now());
        notebook.learn_suite(bmc(1), Some(CipherSuite::SUITE_3));
        notebook.learn(bmc(1), &slow);
        notebook.learn_suite(bmc(2), Some(CipherSuite::SUITE_3));
        notebook.save();
        let hour = SUITE_KEPT.as_secs();
        assert!(load(now() + hour - 60).suite(bmc(1)).is_some());
        let later = load(now() + hour);
        assert!(later.suite(bmc(1)).is_none() && later.suite(bmc(2)).is_none());
        // What else was learned is not told to be a suite.
        assert_eq!(later.recall(bmc(1)), slow);
        let entries = later.entries();
        assert_eq!((entries.len(), entries[&bmc(1).to_string()].suite), (1, None));
        // A file from before suites had a time of their own.
        let learned = now() - 2 * hour;
        let text = format!(
            r#"{{"version":1,"bmcs":{{"192.0.2.1:623":{{"suite":3,"learned":{learned}}}}}}}"#
        );
        fs::write(&path, text).unwrap();
        assert!(load(now()).suite(bmc(1)).is_none());
        assert!(load(learned + 60).suite(bmc(1)).is_some());
    }

    #[test]
    fn runs_at_once_keep_what_the_others_learn_and_forget() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bmcs.json");
        let load = || Notebook::load_from(Some(path.clone()), now());
        let mut first = load();
        first.learn_suite(bmc(1), Some(CipherSuite::SUITE_3));
        first.learn_suite(bmc(2), Some(CipherSuite::SUITE_3));
        first.save();
        // Twenty that have all read the same file.
        let runs: Vec<_> = (10..30).map(|n| (n, load())).collect();
        let mut long = load();
        std::thread::scope(|scope| {
            for (n, mut run) in runs {
                scope.spawn(move || {
                    run.learn_suite(bmc(n), Some(CipherSuite::SUITE_3));
                    run.try_save().unwrap();
                });
            }
        });
        assert_eq!(load().entries().len(), 22);

        // Forgotten by another one, it does not come back with a run that has known it all along,
        // nor with what that has learned of it before.
        let mut other = load();
        assert_eq!(other.forget(Some(bmc(1))), 1);
        other.try_save().unwrap();
        long.learn(bmc(1), &Learned { slow_commit: true, ..Learned::default() });
        long.learn_suite(bmc(3), Some(CipherSuite::SUITE_3));
        long.try_save().unwrap();
        let now_known = load().entries();
        assert!(!now_known.contains_key(&bmc(1).to_string()), "{now_known:?}");
        assert!(now_known.contains_key(&bmc(3).to_string()) && now_known.len() == 22);

        let mut all = load();
        long.learn_suite(bmc(2), None);
        assert_eq!(all.forget(None), 22);
        all.try_save().unwrap();
        long.learn_suite(bmc(4), Some(CipherSuite::SUITE_3));
        long.try_save().unwrap();
        let names: Vec<_> = load().entries().into_keys().collect();
        assert_eq!(names, [bmc(4).to_string()]);
    }

    #[test]
    fn one_entry_that_cannot_be_read_costs_no_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bmcs.json");
        let load = || Notebook::load_from(Some(path.clone()), now());
        let learned = now();
        let text = format!(
            r#"{{"version":1,"bmcs":{{"192.0.2.1:623":{{"suite":3,"learned":{learned}}},
               "192.0.2.2:623":{{"suite":999,"learned":{learned}}},"192.0.2.3:623":7}}}}"#
        );
        fs::write(&path, text).unwrap();
        let mut notebook = load();
        assert!(notebook.suite(bmc(1)).is_some() && notebook.suite(bmc(2)).is_none());
        notebook.learn_suite(bmc(4), Some(CipherSuite::SUITE_3));
        notebook.save();
        assert!(load().suite(bmc(1)).is_some() && load().suite(bmc(4)).is_some());
        // A later version may know what it means.
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("999") && !text.contains("192.0.2.3"), "{text}");
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let cache = directory.path().join("lantern");
        fs::create_dir(&cache).unwrap();
        let (path, victim) = (cache.join("bmcs.json"), directory.path().join("victim"));
        fs::write(&victim, "precious").unwrap();
        let unfinished = path.with_extension(format!("{}.new", std::process::id()));
        let link = || std::os::unix::fs::symlink(&victim, &unfinished).unwrap();
        let learn = || {
            let mut notebook = Notebook::load_from(Some(path.clone()), now());
            notebook.learn_suite(bmc(1), Some(CipherSuite::SUITE_3));
            notebook.try_save()
        };
        link();
        fs::set_permissions(&cache, PermissionsExt::from_mode(0o777)).unwrap();
        assert_eq!(learn().unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(!path.exists());
        // In one that is ours, what a run has left behind is removed, and no link is followed.
        fs::set_permissions(&cache, PermissionsExt::from_mode(0o700)).unwrap();
        fs::write(cache.join("bmcs.1.new"), "half a f").unwrap();
        learn().unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert!(!path.is_symlink() && !unfinished.exists() && !cache.join("bmcs.1.new").exists());
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
