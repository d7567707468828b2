//! Sensor data records on disk, so that the next process need not read them again.
//!
//! ```text
//! DIR/v1/bmc/KEY        one per BMC: what it said of itself, and the name of its set of records
//! DIR/v1/bmc/KEY.lock   held by whoever reads the records of that BMC
//! DIR/v1/sets/SHA256    a set of records, named by its content: equal machines share one
//! DIR/v1/tmp/           files not finished yet
//! ```
//!
//! A file comes into being under its name at once and whole (written elsewhere, synced, renamed),
//! and says so itself by a hash. Whatever is damaged, foreign or newer than this program is as good
//! as absent: the records are read from the BMC and the file is replaced. So is a disk that is full
//! or read-only, after one warning.
//!
//! Nothing found here is believed on its own: see [`sdr`](crate::sdr) for what it is compared with.

mod index;
mod lock;
mod store;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fmt, io};

pub(crate) use index::{Entry, Key};
use lock::Lock;
use store::Store;

use crate::location::Location;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A directory in which the records of BMCs are kept. Clones are the same.
#[derive(Clone, Debug)]
pub struct Cache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    /// Trouble is told once.
    warned: AtomicBool,
    /// Each lock is an open file, of which there may be few.
    locks: Arc<Semaphore>,
}

/// A turn to read the records of a BMC. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _lock: Lock,
    _permit: OwnedSemaphorePermit,
}

/// So many locks are held at a time: whoever reads the records of a thousand BMCs at once need not
/// have a thousand files open.
const LOCKS_MAX: usize = 64;

/// How long somebody else's reading is waited for: three hundred records of a BMC that takes 50 ms
/// for each, twice over.
const PATIENCE: Duration = Duration::from_secs(30);

impl Cache {
    /// The cache in `directory`, which is made when first needed, for its owner alone. One that
    /// others may write to is not used: they could give sensors wrong names.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        let store = Store::at(directory.into());
        let locks = Arc::new(Semaphore::new(LOCKS_MAX));
        Self { shared: Arc::new(Shared { store, warned: AtomicBool::new(false), locks }) }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.shared.store.directory()
    }

    /// Removes what no BMC needed for so long: entries, the sets that no entry names any more, and
    /// what was left unfinished. How many files that were.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub async fn prune(&self, unused_for: Duration) -> io::Result<usize> {
        self.with_store(move |store| store.prune(unused_for)).await
    }

    /// The names of the sensors that are known: of the BMC at `location`, whatever machine that
    /// was, or of all. Waits for the disk. Whatever is wrong with a file, it is as if it were not there.
    #[must_use]
    pub fn sensor_names(&self, location: Option<&Location>) -> BTreeSet<String> {
        self.shared.store.sensor_names(location).unwrap_or_default()
    }

    /// What is known of a BMC, if anything.
    pub(crate) async fn load(&self, key: &Key) -> Option<Entry> {
        let wanted = key.clone();
        match self.with_store(move |store| store.load(&wanted)).await {
            Ok(entry) => entry,
            Err(error) => {
                self.warn("read", &error);
                None
            }
        }
    }

    /// Keeps what is known of a BMC.
    pub(crate) async fn store(&self, key: &Key, entry: Entry) {
        let key = key.clone();
        if let Err(error) = self.with_store(move |store| store.store(&key, &entry)).await {
            self.warn("write", &error);
        }
    }

    /// Waits for its turn to read the records of a BMC, but not for ever; without a lock, the work
    /// is done twice and no harm.
    pub(crate) async fn lock(&self, key: &Key) -> Option<Turn> {
        let permit = Arc::clone(&self.shared.locks).try_acquire_owned().ok()?;
        let key = key.clone();
        let file = match self.with_store(move |store| store.lock_file(&key)).await {
            Ok(file) => file,
            Err(error) => {
                self.warn("lock", &error);
                return None;
            }
        };
        match lock::acquire(file, PATIENCE).await {
            Ok(lock) => {
                if lock.is_none() {
                    tracing::debug!("somebody else has been reading this BMC's records for long");
                }
                lock.map(|lock| Turn { _lock: lock, _permit: permit })
            }
            Err(error) => {
                self.warn("lock", &error);
                None
            }
        }
    }

    /// Runs what waits for a disk where that holds up nobody.
    async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let shared = Arc::clone(&self.shared);
        let outcome = tokio::task::spawn_blocking(move || work(&shared.store)).await;
        outcome.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    fn warn(&self, what: &'static str, error: &dyn fmt::Display) {
        let directory = self.directory().display();
        if self.shared.warned.swap(true, Ordering::Relaxed) {
            tracing::debug!(%directory, %error, "cannot {what} the SDR cache");
        } else {
            tracing::warn!(%directory, %error, "cannot {what} the SDR cache; going on without it");
        }
    }
}

#[cfg(test)]
mod tests;
