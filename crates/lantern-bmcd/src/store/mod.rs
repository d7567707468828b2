//! What a BMC keeps when it stops: one database file in a directory of its own.
//!
//! * [`vault`]: values in a redb database, whole transactions or none;
//! * [`Store`], here: the directory, its lock, the file, and what to do when the disk fails;
//! * [`committer`]: a thread that commits for many at once;
//! * [`inspect`]: what `lantern bmc nvram` shows and resets.
//!
//! A directory serves one BMC at a time. A lock on a file in it says so; the system takes the lock
//! back when the process ends, however it ends. What is there is readable by its owner only.
//! docs/decisions/0007-nvram.md has the reasons.

mod backlog;
pub(crate) mod committer;
mod directory;
mod error;
#[cfg(test)]
pub(crate) mod faults;
mod inspect;
mod legacy;
mod medium;
mod vault;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipmi_bmc::nvram::{Change, Key, Memory};

pub use error::StoreError;
pub use inspect::{Inspection, inspect, reset};

use directory::Directory;
use error::Fault;
use medium::{Disk, Medium};
use vault::{Values, Vault};

/// The database.
const FILE: &str = "nvram.redb";
/// What earlier versions kept, until it is read.
const LEGACY: &str = "bmc-state.toml";

/// What a store writes to. Tests put something slow or faulty in the file's place.
pub(crate) type Connect = Arc<dyn Fn(File) -> Box<dyn Medium> + Send + Sync>;

/// What one BMC keeps, and nobody else's.
pub(crate) struct Store {
    directory: Directory,
    connect: Connect,
    /// All that is durable.
    values: Values,
    state: State,
}

enum State {
    Open(Vault),
    /// A write failed. The file has all that is durable, and perhaps what was tried last.
    Closed,
    /// A sync failed. Nobody knows what is in the file on the disk: what is read may be what the
    /// system remembers, and no later sync would bring that to the disk. It is written anew.
    Doubtful,
}

impl Store {
    /// The store in `directory`, which is made if it is missing. There is one for a directory at a
    /// time, in all processes together.
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_on(directory, Arc::new(|file| Box::new(file)))
    }

    /// Where it is: a place for what is kept in files of its own.
    pub(crate) fn directory(&self) -> PathBuf {
        self.directory.path("")
    }

    pub(crate) fn open_on(directory: &Path, connect: Connect) -> Result<Self, StoreError> {
        let directory = Directory::take(directory)?;
        let mut store = Self { directory, connect, values: Values::new(), state: State::Closed };
        let path = store.path();
        let legacy = store.directory.read(LEGACY)?;
        if path.try_exists().map_err(|error| StoreError::io(&path, error))? {
            store.reopen()?;
            if legacy.is_some() {
                // It was read before, or somebody went back to an earlier version for a while.
                let aside = store.directory.move_aside(LEGACY)?;
                let aside = aside.unwrap_or_default();
                tracing::warn!(
                    "{LEGACY} of an earlier version is not read, for there is {FILE}; it is now {}",
                    aside.display()
                );
            }
        } else {
            if let Some(text) = &legacy {
                let path = store.directory.path(LEGACY);
                store.values = legacy::values(text).map_err(|fault| fault.of(&path))?;
            }
            store.create()?;
            if legacy.is_some() {
                store.directory.remove(LEGACY)?;
            }
        }
        Ok(store)
    }

    /// What was kept.
    pub(crate) fn memory(&self) -> Result<Memory, StoreError> {
        let path = self.path();
        decode(&self.values).map_err(|fault| fault.of(&path))
    }

    /// Under which keys there is something.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        self.values.keys().copied()
    }

    /// Makes all the changes, in this order, or none. They are durable when this returns.
    ///
    /// After an error they may be there or not, and are to be made again; all that was durable
    /// still is.
    pub(crate) fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        // A file that failed once may do better when it is opened afresh.
        if matches!(self.state, State::Open(_)) && self.try_commit(changes).is_ok() {
            return Ok(());
        }
        self.recover()?;
        self.try_commit(changes)
    }

    /// Ends it in order, so that the next start finds nothing to repair. The directory is free
    /// when this returns.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        let path = self.path();
        match self.state {
            State::Open(vault) => vault.close().map_err(|fault| fault.of(&path)),
            State::Closed | State::Doubtful => Ok(()),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path(FILE)
    }

    fn try_commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let path = self.path();
        let State::Open(vault) = &self.state else {
            return Err(StoreError::io(&path, io::ErrorKind::NotConnected.into()));
        };
        match vault.commit(changes) {
            Ok(()) => {
                apply(&mut self.values, changes);
                Ok(())
            }
            Err(fault) => {
                let doubtful = vault.health().is_doubtful();
                self.state = if doubtful { State::Doubtful } else { State::Closed };
                Err(fault.of(&path))
            }
        }
    }

    /// Makes the store writable again, with all that is durable in it.
    fn recover(&mut self) -> Result<(), StoreError> {
        if matches!(self.state, State::Closed) {
            let values = std::mem::take(&mut self.values);
            let reopened = self.reopen();
            // What the file has beyond that is what was tried last, and will be tried again.
            self.values = values;
            if reopened.is_ok() {
                return Ok(());
            }
        }
        // Whatever is wrong with the file, it is needed no more.
        self.create()
    }

    /// Opens the file that is there.
    fn reopen(&mut self) -> Result<(), StoreError> {
        let path = self.path();
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = file.map_err(|error| StoreError::io(&path, error))?;
        let disk = Disk::new((self.connect)(file));
        let health = disk.health();
        let opened = Vault::open(disk).and_then(|vault| Ok((vault.values()?, vault)));
        match opened {
            Ok((values, vault)) => {
                self.values = values;
                self.state = State::Open(vault);
                Ok(())
            }
            Err(fault) => {
                let doubtful = health.is_doubtful();
                self.state = if doubtful { State::Doubtful } else { State::Closed };
                Err(fault.of(&path))
            }
        }
    }

    /// Writes a new file with the values, and puts it in the place of the old one once it is
    /// whole: a file with that name is never anything less.
    fn create(&mut self) -> Result<(), StoreError> {
        let (path, new) = (self.path(), self.directory.path("nvram.redb.new"));
        // Left behind by a start that did not get far, if by anybody.
        let _ = fs::remove_file(&new);
        let create = || -> Result<Vault, Fault> {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&new)
                .map_err(Fault::Io)?;
            let vault = Vault::create(Disk::new((self.connect)(file)), &self.values)?;
            fs::rename(&new, &path).map_err(Fault::Io)?;
            self.directory.sync().map_err(Fault::Io)?;
            Ok(vault)
        };
        match create() {
            Ok(vault) => {
                self.state = State::Open(vault);
                Ok(())
            }
            Err(fault) => {
                // It only takes up room.
                let _ = fs::remove_file(&new);
                Err(fault.of(&path))
            }
        }
    }
}

/// What `values` mean.
fn decode(values: &Values) -> Result<Memory, Fault> {
    let values = values.iter().map(|(key, value)| (*key, value.as_slice()));
    Memory::decode(values).map_err(|damaged| Fault::Damaged(damaged.to_string()))
}

/// What `changes` make of `values`.
fn apply(values: &mut Values, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Put(key, value) => drop(values.insert(*key, value.clone())),
            Change::Remove(key) => drop(values.remove(key)),
            Change::Clear(room) => values.retain(|key, _| key.room != *room),
        }
    }
}

#[cfg(test)]
mod tests;
