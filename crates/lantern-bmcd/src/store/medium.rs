//! What a store's bytes are on: a file, or memory.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// Something that can be written at any place. What is written is durable after
/// [`sync`](Self::sync), and may be or not before.
///
/// Why not redb's own trait: its errors and defaults are for locking, which a store does for its
/// whole directory, and tests put slow and faulty things in a file's place.
pub(crate) trait Medium: Debug + Send + Sync + 'static {
    fn len(&self) -> io::Result<u64>;
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;
    fn set_len(&self, length: u64) -> io::Result<()>;
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()>;
    fn sync(&self) -> io::Result<()>;
}

impl Medium for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(out, offset)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        Self::set_len(self, length)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.write_all_at(data, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Bytes in memory, for a look at a file that must not change.
#[derive(Debug, Default)]
pub(crate) struct Image(Mutex<Vec<u8>>);

impl Image {
    pub(crate) const fn new(bytes: Vec<u8>) -> Self {
        Self(Mutex::new(bytes))
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Medium for Image {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes().len().try_into().unwrap_or(u64::MAX))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.bytes();
        let from = usize::try_from(offset).ok();
        let part = from.and_then(|from| bytes.get(from..from.checked_add(out.len())?));
        out.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.bytes().resize(length, 0);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let from = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let to = from.checked_add(data.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        let mut bytes = self.bytes();
        // As a file: what is beyond the end moves it.
        let length = bytes.len().max(to);
        bytes.resize(length, 0);
        if let Some(part) = bytes.get_mut(from..to) {
            part.copy_from_slice(data);
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// What became of a medium, for whoever has given it away to redb.
#[derive(Debug, Default)]
pub(crate) struct Health {
    sync_failed: AtomicBool,
}

impl Health {
    /// Whether a sync has failed. Then nobody knows what is on the disk: the system may have
    /// dropped what it could not write and call the next sync a success (on Linux it does).
    pub(crate) fn is_doubtful(&self) -> bool {
        self.sync_failed.load(Ordering::Acquire)
    }
}

/// A medium as redb wants it.
#[derive(Debug)]
pub(crate) struct Disk {
    medium: Box<dyn Medium>,
    health: Arc<Health>,
}

impl Disk {
    pub(crate) fn new(medium: Box<dyn Medium>) -> Self {
        Self { medium, health: Arc::default() }
    }

    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.medium.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.medium.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.medium.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.medium.sync().inspect_err(|_| self.health.sync_failed.store(true, Ordering::Release))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.medium.write(offset, data)
    }
}
