//! Which cipher suite a BMC was content with when it refused a better one, kept between runs.
//!
//! Without it every command to an old BMC would begin with a refusal. After a week the better
//! suite is tried again, because BMCs learn it from new firmware. The file is a cache: whatever is
//! wrong with it, it is as if it were not there. Only suites that would be tried anyway are ever
//! taken from it.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ipmi_wire::session::CipherSuite;
use serde::{Deserialize, Serialize};

/// The cache file.
#[derive(Debug)]
pub(crate) struct Suites {
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

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Entry {
    suite: u8,
    /// Seconds since 1970.
    learned: u64,
}

const VERSION: u32 = 1;
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// A cache that has grown beyond this is not ours.
const SIZE_MAX: u64 = 8 << 20;

impl Suites {
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

    /// The suite that the BMC at `address` was content with.
    pub(crate) fn recall(&self, address: SocketAddr) -> Option<CipherSuite> {
        self.entries.get(&address.to_string()).map(|entry| CipherSuite(entry.suite))
    }

    /// Remembers that the BMC took `suite` after it had refused others, or, without any, forgets
    /// it: the best one works.
    pub(crate) fn learn(&mut self, address: SocketAddr, suite: Option<CipherSuite>) {
        let address = address.to_string();
        match suite {
            Some(CipherSuite(suite)) => {
                self.entries.insert(address, Entry { suite, learned: now() });
            }
            None => drop(self.entries.remove(&address)),
        }
        self.changed = true;
    }

    /// Writes down what was learned.
    pub(crate) fn save(&mut self) {
        if let Some(path) = self.path.as_deref().filter(|_| self.changed)
            && let Err(error) = write(path, self.entries.clone())
        {
            tracing::debug!(path = %path.display(), %error, "the suites are not remembered");
        }
        self.changed = false;
    }
}

fn path() -> Option<PathBuf> {
    Some(ours()?.join("suites.json"))
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
        let path = directory.path().join("lantern/suites.json");
        let load = |now| Suites::load_from(Some(path.clone()), now);
        let learn = |address, suite| {
            let mut suites = load(now());
            suites.learn(address, suite);
            suites.save();
        };
        learn(bmc(1), Some(CipherSuite::SUITE_3));
        learn(bmc(2), Some(CipherSuite::SUITE_3));
        assert_eq!(load(now()).recall(bmc(1)), Some(CipherSuite::SUITE_3));
        assert_eq!(load(now()).recall(bmc(3)), None);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        let week = KEPT.as_secs();
        assert!(load(now() + week - 60).recall(bmc(1)).is_some());
        assert!(load(now() + week).recall(bmc(1)).is_none());
        assert!(load(now() - 60).recall(bmc(1)).is_none());

        learn(bmc(1), None);
        assert!(load(now()).recall(bmc(1)).is_none() && load(now()).recall(bmc(2)).is_some());
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("suites.json");
        for text in ["", "{", "[]", "{\"version\":2,\"bmcs\":{}}", "{\"version\":1,\"bmcs\":7}"] {
            fs::write(&path, text).unwrap();
            let mut suites = Suites::load_from(Some(path.clone()), now());
            assert!(suites.entries.is_empty(), "{text}");
            suites.learn(bmc(1), Some(CipherSuite::SUITE_3));
            suites.save();
            assert!(Suites::load_from(Some(path.clone()), now()).recall(bmc(1)).is_some());
        }
        let mut nowhere = Suites::load_from(None, now());
        nowhere.learn(bmc(1), Some(CipherSuite::SUITE_3));
        nowhere.save();
    }
}
