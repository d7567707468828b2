//! A look at a store from outside, and its end: `lantern bmc nvram show` and `reset`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ipmi_bmc::nvram::{Memory, Room};

use super::directory::{self, Directory};
use super::error::{Fault, StoreError};
use super::medium::{Disk, Image};
use super::vault::{Values, Vault};
use super::{FILE, LEGACY, decode, legacy};

/// What a BMC keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// The file it is in.
    pub path: PathBuf,
    /// How long the file is.
    pub file_size: u64,
    /// The version of its format; `None` for the file of an earlier version of this program, which
    /// a BMC will read once.
    pub format: Option<u32>,
    /// Whether a BMC runs on it.
    pub in_use: bool,
    /// How many values there are of each kind.
    pub counts: BTreeMap<Room, usize>,
    /// What they mean.
    pub memory: Memory,
}

/// A running BMC may change its file between the first and the last byte that is read. What comes
/// out is either a moment of it or not whole, and then the next attempt is another.
const ATTEMPTS: u32 = 20;

/// What is kept in `directory`; `None` if nothing is. Nothing is changed, not even repaired, and a
/// BMC may run on it.
///
/// # Errors
/// See [`StoreError`].
pub fn inspect(directory: &Path) -> Result<Option<Inspection>, StoreError> {
    let in_use = Directory::is_taken(directory)?;
    let path = directory.join(FILE);
    let mut attempts = 0u32;
    loop {
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(StoreError::io(&path, error)),
        };
        let file_size = bytes.len().try_into().unwrap_or(u64::MAX);
        attempts = attempts.saturating_add(1);
        match look(bytes) {
            Err(Fault::Damaged(_)) if in_use && attempts < ATTEMPTS => {}
            Err(fault) => return Err(fault.of(&path)),
            Ok((format, values)) => {
                return Inspection::of(path, file_size, Some(format), in_use, &values).map(Some);
            }
        }
    }
    let path = directory.join(LEGACY);
    let Some(text) = directory::read(&path)? else {
        // Tells a directory without anything from none at all.
        fs::metadata(directory).map_err(|error| StoreError::io(directory, error))?;
        return Ok(None);
    };
    let values = legacy::values(&text).map_err(|fault| fault.of(&path))?;
    let file_size = text.len().try_into().unwrap_or(u64::MAX);
    Inspection::of(path, file_size, None, in_use, &values).map(Some)
}

/// Moves what is kept in `directory` aside, to `NAME.old-N`, so that the next BMC starts as
/// delivered. The new names.
///
/// # Errors
/// [`StoreError::InUse`] if a BMC runs on it, and what the system says.
pub fn reset(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    fs::metadata(directory).map_err(|error| StoreError::io(directory, error))?;
    let directory = Directory::take_existing(directory)?;
    // The older one first: alone it would be read.
    let moved = [directory.move_aside(LEGACY)?, directory.move_aside(FILE)?];
    Ok(moved.into_iter().flatten().collect())
}

impl Inspection {
    fn of(
        path: PathBuf,
        file_size: u64,
        format: Option<u32>,
        in_use: bool,
        values: &Values,
    ) -> Result<Self, StoreError> {
        let memory = decode(values).map_err(|fault| fault.of(&path))?;
        let mut counts: BTreeMap<_, usize> = Room::ALL.into_iter().map(|room| (room, 0)).collect();
        for key in values.keys() {
            let count = counts.entry(key.room).or_default();
            *count = count.saturating_add(1);
        }
        Ok(Self { path, file_size, format, in_use, counts, memory })
    }
}

/// What a file's bytes say. Whatever has to be repaired for that is repaired in memory.
fn look(bytes: Vec<u8>) -> Result<(u32, Values), Fault> {
    let vault = Vault::open(Disk::new(Box::new(Image::new(bytes))))?;
    Ok((vault.format()?, vault.values()?))
}
