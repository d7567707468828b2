//! What a BMC keeps when it stops: one small file, replaced whole.
//!
//! The file is written beside the old one, synced and renamed over it, so that a crash leaves one
//! or the other. It holds no passwords, and is readable by its owner only all the same.

use std::fs::{self, File, OpenOptions};
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

/// The state's directory.
#[derive(Debug)]
pub(crate) struct Store {
    directory: PathBuf,
}

const VERSION: u32 = 1;
const FILE: &str = "bmc-state.toml";

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
    /// The store in `directory`, which is made if it is missing, for its owner only.
    pub(crate) fn open(directory: &Path) -> Result<Self, StateError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|source| StateError::Io { path: directory.to_owned(), source })?;
        Ok(Self { directory: directory.to_owned() })
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
    pub(crate) fn save(&self, state: &State) -> Result<(), StateError> {
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
