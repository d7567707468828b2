//! What a BMC keeps when it stops: one small file, replaced whole.
//!
//! The file is written beside the old one, synced and renamed over it, so that a crash leaves one
//! or the other. It holds no passwords, and is readable by its owner only all the same.
//!
//! A directory serves one BMC at a time. A lock on a file in it says so; the system takes the lock
//! back when the process ends, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipmi_bmc::Bmc;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) guid: Guid,
    pub(crate) power_on: bool,
    pub(crate) on_time: Duration,
    pub(crate) events: Vec<SelRecord>,
}

/// Why the state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The system does not let us.
    #[error("state file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The directory is taken.
    #[error("another BMC uses this state directory: {directory}")]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The file is not what was written.
    #[error("state file {path} is damaged ({what}); move it away to start afresh")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file is from a later version of this program.
    #[error(
        "state file {path} has format version {found}; this program knows {known}: use the newer \
         program, or move the file away to start afresh"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The latest version known here.
        known: u32,
    },
}

/// The state's directory, taken for as long as this lives.
#[derive(Debug)]
pub(crate) struct Store {
    directory: PathBuf,
    /// Locked, and of no other use.
    _lock: File,
}

const VERSION: u32 = 1;
const FILE: &str = "bmc-state.toml";
const LOCK: &str = "bmc-state.lock";

/// The file's version, read before anything else in it.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    version: u32,
    guid: [u8; 16],
    power_on: bool,
    on_seconds: u64,
    /// SEL records, 16 bytes each.
    sel: Vec<Vec<u8>>,
}

impl State {
    pub(crate) fn of(bmc: &Bmc) -> Self {
        Self {
            guid: bmc.guid(),
            power_on: bmc.is_on(),
            on_time: bmc.chassis().on_time(),
            events: bmc.sel().records().to_vec(),
        }
    }
}

impl Store {
    /// The store in `directory`, which is made if it is missing, for its owner only. There is one
    /// for a directory at a time, in all processes together.
    pub(crate) fn open(directory: &Path) -> Result<Self, StateError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|source| StateError::Io { path: directory.to_owned(), source })?;
        let path = directory.join(LOCK);
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|source| StateError::Io { path: path.clone(), source })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { directory: directory.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(StateError::InUse { directory: directory.to_owned() })
            }
            Err(TryLockError::Error(source)) => Err(StateError::Io { path, source }),
        }
    }

    /// What was kept; `None` if nothing was yet.
    pub(crate) fn load(&self) -> Result<Option<State>, StateError> {
        let path = self.directory.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StateError::Io { path, source }),
        };
        let damaged = |what: String| StateError::Damaged { path: path.clone(), what };
        let Version { version } =
            toml::from_str(&text).map_err(|error| damaged(error.message().to_owned()))?;
        if version > VERSION {
            return Err(StateError::Newer { path, found: version, known: VERSION });
        }
        let contents: Contents =
            toml::from_str(&text).map_err(|error| damaged(error.message().to_owned()))?;
        let events = contents
            .sel
            .iter()
            .map(|bytes| SelRecord::decode_exact(bytes).map_err(|error| damaged(error.to_string())))
            .collect::<Result<_, _>>()?;
        Ok(Some(State {
            guid: Guid(contents.guid),
            power_on: contents.power_on,
            on_time: Duration::from_secs(contents.on_seconds),
            events,
        }))
    }

    /// Keeps `state` in the place of what was kept before. It is on the disk when this returns.
    ///
    /// `&mut`, because there is one temporary file: of two at a time, one would rename the other's
    /// half-written one.
    pub(crate) fn save(&mut self, state: &State) -> Result<(), StateError> {
        let path = self.directory.join(FILE);
        let contents = Contents {
            version: VERSION,
            guid: state.guid.0,
            power_on: state.power_on,
            on_seconds: state.on_time.as_secs(),
            sel: state.events.iter().map(SelRecord::to_bytes).collect(),
        };
        let write = || -> io::Result<()> {
            let text = toml::to_string(&contents).map_err(io::Error::other)?;
            let temporary = self.directory.join(format!("{FILE}.new"));
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&temporary)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            File::open(&self.directory)?.sync_all()
        };
        write().map_err(|source| StateError::Io { path: path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn state(events: u16) -> State {
        let lid = [0, 0, 2, 5, 0, 0, 0, 0x20, 0, 4, 5, 0x40, 0x6f, 0, 0xff, 0xff];
        let event = SelRecord::decode_exact(&lid).unwrap();
        State {
            guid: Guid([1; 16]),
            power_on: events == 0,
            on_time: Duration::from_secs(events.into()),
            events: (1..=events).map(|id| event.with_id(id)).collect(),
        }
    }

    #[test]
    fn a_directory_serves_one_bmc_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let first = Store::open(directory.path()).unwrap();
        let error = Store::open(directory.path()).unwrap_err().to_string();
        assert!(error.starts_with("another BMC uses this state directory"), "{error}");
        drop(first);
        Store::open(directory.path()).unwrap();
    }

    #[test]
    fn what_is_kept_comes_back() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(directory.path()).unwrap();
        assert_eq!(store.load().unwrap(), None);
        for kept in [state(3), state(900), state(0)] {
            store.save(&kept).unwrap();
            assert_eq!(store.load().unwrap(), Some(kept));
        }
    }

    #[test]
    fn two_savers_at_once_never_leave_half_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let store = Mutex::new(Store::open(directory.path()).unwrap());
        store.lock().unwrap().save(&state(0)).unwrap();
        // What reads has no lock: it looks at the file as a crash would leave it.
        let reader = Store {
            directory: directory.path().to_owned(),
            _lock: File::open(directory.path()).unwrap(),
        };
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for events in [3, 900] {
                let (store, stop) = (&store, &stop);
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        store.lock().unwrap().save(&state(events)).unwrap();
                    }
                });
            }
            for _ in 0..500 {
                let events = reader.load().unwrap().unwrap().events.len();
                assert!([0, 3, 900].contains(&events), "{events}");
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
