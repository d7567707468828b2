//! The directory of a store: whose it is, and the files in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::error::StoreError;

/// Earlier versions lock it too.
const LOCK: &str = "bmc-state.lock";
/// Who only looks whether a BMC is there has the lock for an instant.
const ATTEMPTS: u32 = 5;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);

/// A directory, taken for as long as this lives.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Locked, and of no other use.
    _lock: File,
}

impl Directory {
    /// Takes the directory at `path`, which is made if it is missing, for its owner only.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| StoreError::io(path, error))?;
        Self::take_existing(path)
    }

    pub(super) fn take_existing(path: &Path) -> Result<Self, StoreError> {
        let lock_path = path.join(LOCK);
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(|error| StoreError::io(&lock_path, error))?;
        for _ in 0..ATTEMPTS {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path: path.to_owned(), _lock: lock }),
                Err(TryLockError::WouldBlock) => thread::sleep(BETWEEN_ATTEMPTS),
                Err(TryLockError::Error(error)) => return Err(StoreError::io(&lock_path, error)),
            }
        }
        Err(StoreError::InUse { directory: path.to_owned() })
    }

    /// Whether somebody has the directory at `path`. Nothing there is written.
    pub(super) fn is_taken(path: &Path) -> Result<bool, StoreError> {
        let path = path.join(LOCK);
        let lock = match File::open(&path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(StoreError::io(&path, error)),
        };
        match lock.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(StoreError::io(&path, error)),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The text of a file in it, if there is one.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>, StoreError> {
        read(&self.path(name))
    }

    /// Removes a file in it; that is durable when this returns.
    pub(super) fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name);
        let removed = fs::remove_file(&path).and_then(|()| self.sync());
        removed.map_err(|error| StoreError::io(&path, error))
    }

    /// Gives a file in it, if there is one, a name that none had so far: `NAME.old-N`.
    pub(super) fn move_aside(&self, name: &str) -> Result<Option<PathBuf>, StoreError> {
        let path = self.path(name);
        let failed = |error| StoreError::io(&path, error);
        if !path.try_exists().map_err(failed)? {
            return Ok(None);
        }
        for number in 1u32.. {
            let aside = self.path(&format!("{name}.old-{number}"));
            if !aside.try_exists().map_err(failed)? {
                fs::rename(&path, &aside).and_then(|()| self.sync()).map_err(failed)?;
                return Ok(Some(aside));
            }
        }
        Ok(None)
    }

    /// Makes the names in it durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

/// The text of the file at `path`, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<String>, StoreError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(StoreError::Damaged { path: path.to_owned(), what: error.to_string() })
        }
        Err(error) => Err(StoreError::io(path, error)),
    }
}
