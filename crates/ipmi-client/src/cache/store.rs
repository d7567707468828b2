//! The files: written whole or not at all, believed only if they prove themselves.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ipmi_wire::sdr::Record;
use ipmi_wire::{DecodeError, Reader};

use super::index::{Entry, Hash, Index, Key, hash, hex};
use crate::location::Location;
use crate::sdr::{Known, RawRecord, SdrSet};

#[derive(Debug)]
pub(super) struct Store {
    directory: PathBuf,
}

/// What a set begins with; the last byte is the version of its format.
const MAGIC: [u8; 8] = *b"LNTRNSD\x01";
/// Larger files are not ours: 65534 records of 260 bytes are the most.
const LARGEST: u64 = 32 << 20;
/// Unfinished files older than this are nobody's any more.
const ABANDONED: Duration = Duration::from_secs(3600);
/// A set younger than this may be about to be named.
const FRESH: Duration = Duration::from_secs(24 * 3600);

impl Store {
    pub(super) const fn at(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What is kept for `key`. Anything wrong with the files is no error: there is nothing, then.
    pub(super) fn load(&self, key: &Key) -> io::Result<Option<Entry>> {
        if !self.is_safe()? {
            return Ok(None);
        }
        let path = self.entry_path(key);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        let index = match Index::from_file(&bytes, key) {
            Ok(index) => index,
            Err(error) => {
                tracing::debug!(path = %path.display(), %error, "a damaged or foreign file");
                return Ok(None);
            }
        };
        let path = self.set_path(&index.set);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        let raw = match records_of(&bytes, &index.set) {
            Ok(raw) => raw,
            Err(error) => {
                tracing::debug!(path = %path.display(), %error, "a damaged or foreign file");
                // It would not be replaced, as its name says what it has to be.
                let _ = fs::remove_file(&path);
                return Ok(None);
            }
        };
        let set = Arc::new(SdrSet::new(index.source, index.ending, raw));
        let known = Known { stamp: index.stamp, read: index.read, set };
        Ok(Some(Entry { known, sizes: index.sizes, factors: index.factors }))
    }

    pub(super) fn store(&self, key: &Key, entry: &Entry) -> io::Result<()> {
        self.prepare()?;
        let Entry { known: Known { stamp, read, set }, sizes, factors } = entry;
        let content = content_of(set.raw());
        let name = hash(&content);
        let path = self.set_path(&name);
        // The records first: an index must not name what is not there.
        if !path.try_exists()? {
            self.replace(&path, &content)?;
        }
        let index = Index {
            stamp: *stamp,
            read: *read,
            sizes: *sizes,
            source: set.source(),
            ending: set.ending().clone(),
            set: name,
            factors: factors.clone(),
        };
        self.replace(&self.entry_path(key), &index.to_file(key))
    }

    /// The file that is locked for `key`.
    pub(super) fn lock_file(&self, key: &Key) -> io::Result<File> {
        self.prepare()?;
        let path = self.entry_path(key).with_extension("lock");
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
    }

    /// Of the BMC at `location`, or of all.
    pub(super) fn sensor_names(&self, location: Option<&Location>) -> io::Result<BTreeSet<String>> {
        // Equal machines have one set.
        let mut sets: BTreeSet<Hash> = BTreeSet::new();
        if !self.is_safe()? {
            return Ok(BTreeSet::new());
        }
        for path in files(&self.room("bmc"))? {
            if path.extension().is_none()
                && let Ok(Some(bytes)) = read(&path)
                && let Ok((key, index)) = Index::of_anyone(&bytes)
                && location.is_none_or(|location| key.is_at(location))
            {
                sets.insert(index.set);
            }
        }
        let mut names = BTreeSet::new();
        for set in sets {
            let Ok(Some(bytes)) = read(&self.set_path(&set)) else { continue };
            let Ok(raw) = records_of(&bytes, &set) else { continue };
            let records = raw.iter().filter_map(|record| Record::decode(&record.bytes).ok());
            names.extend(records.flat_map(|record| record.sensors()).map(|sensor| sensor.name));
        }
        Ok(names)
    }

    pub(super) fn prune(&self, unused_for: Duration) -> io::Result<usize> {
        // In a directory of somebody else's, the rooms may lead anywhere.
        if !self.is_safe()? {
            return Ok(0);
        }
        let mut removed = 0usize;
        let mut remove = |path: &Path| {
            if fs::remove_file(path).is_ok() {
                removed = removed.saturating_add(1);
            }
        };
        let mut named = Vec::new();
        for path in files(&self.room("bmc"))? {
            if path.extension().is_some() {
                // A lock: it stays, see the module.
                continue;
            }
            if is_older(&path, unused_for) {
                remove(&path);
            } else if let Ok(Some(bytes)) = read(&path)
                && let Ok((_, index)) = Index::of_anyone(&bytes)
            {
                named.push(hex(&index.set));
            }
        }
        for path in files(&self.room("sets"))? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if is_older(&path, FRESH) && !named.iter().any(|other| other == name) {
                remove(&path);
            }
        }
        for path in files(&self.room("tmp"))? {
            if is_older(&path, ABANDONED) {
                remove(&path);
            }
        }
        Ok(removed)
    }

    fn room(&self, name: &str) -> PathBuf {
        self.directory.join("v1").join(name)
    }

    fn entry_path(&self, key: &Key) -> PathBuf {
        self.room("bmc").join(key.file_name())
    }

    fn set_path(&self, name: &Hash) -> PathBuf {
        self.room("sets").join(hex(name))
    }

    /// Makes the directories.
    fn prepare(&self) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        if !self.is_safe()? {
            builder.create(&self.directory)?;
        }
        ["bmc", "sets", "tmp"].iter().try_for_each(|name| builder.create(self.room(name)))
    }

    /// Whether the directory is there and nobody else's; an error if it is somebody else's.
    fn is_safe(&self) -> io::Result<bool> {
        let found = match fs::metadata(&self.directory) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if !found.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let ours = rustix::process::geteuid().as_raw();
        if found.uid() != ours || found.mode() & 0o022 != 0 {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the directory belongs to another user, or others may write to it",
            ));
        }
        Ok(true)
    }

    /// Puts a file into its place, whole and at once.
    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let room = self.room("tmp");
        for left in files(&room)?.into_iter().filter(|path| is_older(path, ABANDONED)) {
            let _ = fs::remove_file(left);
        }
        let mut suffix = [0; 8];
        ipmi_io::fill_random(&mut suffix);
        let unfinished = room.join(hex(&suffix));
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        let written = file
            .write_all(content)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&unfinished, path));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        // Not every file system can do this, and without it a power cut loses no more than time.
        if let Some(Ok(parent)) = path.parent().map(File::open) {
            let _ = parent.sync_all();
        }
        Ok(())
    }
}

/// The whole file; `None` if there is none, or none of ours.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn files(room: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(room) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn is_older(path: &Path, age: Duration) -> bool {
    let written = fs::metadata(path).and_then(|found| found.modified());
    written.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|is| is >= age))
}

/// A set of records as a file: each with its LUN and length before it.
fn content_of(raw: &[RawRecord]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for RawRecord { lun, bytes } in raw {
        out.push(*lun);
        // A record has at most 260 bytes.
        out.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.extend(bytes);
    }
    out
}

fn records_of(content: &[u8], name: &Hash) -> Result<Vec<RawRecord>, DecodeError> {
    if hash(content) != *name {
        return Err(DecodeError::Invalid { field: "hash", value: 0 });
    }
    let mut r = Reader::new(content);
    if r.array("magic")? != MAGIC {
        return Err(DecodeError::Invalid { field: "magic", value: 0 });
    }
    let mut records = Vec::new();
    while r.remaining() > 0 {
        let lun = r.u8("LUN")?;
        let length = r.u16("length")?;
        records.push(RawRecord { lun, bytes: r.bytes("record", length.into())?.to_vec() });
    }
    Ok(records)
}
