//! What the system said on its serial port, kept in a file of the BMC's state: a BMC that is killed and
//! started again still has it, and shows to who comes next what nobody has seen.
//!
//! The file is a ring behind a header. It is not synced: it is there after a crash of the BMC, and what
//! is there after a failure of power may be torn, which the header's check finds out. A thread writes it,
//! so that no disk holds up the BMC.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use ipmi_bmc::serial::KeptHistory;

/// Its name in the state directory.
const NAME: &str = "console.history";
const MAGIC: &[u8; 8] = b"LNTNSOL1";
/// Where the ring begins.
const RING: u64 = 4096;
/// Magic, capacity, end and acknowledged place, and a check over those.
const HEADER: usize = 40;

/// What is still to be written.
#[derive(Debug, Default)]
struct Pending {
    news: Option<KeptHistory>,
    is_over: bool,
}

/// Keeps a history. Dropping it writes what is left.
#[derive(Debug)]
pub(crate) struct Keeper {
    shared: Arc<(Mutex<Pending>, Condvar)>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
    capacity: u64,
}

impl Keeper {
    /// Keeps the last `capacity` characters in `directory`; and what is there of earlier ones.
    ///
    /// # Errors
    /// Those of the file.
    pub(crate) fn open(
        directory: &Path,
        capacity: usize,
    ) -> io::Result<(Self, Option<KeptHistory>)> {
        let capacity = u64::try_from(capacity.max(1)).unwrap_or(u64::MAX / 2);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(directory.join(NAME))?;
        let kept = load(&file);
        if let Some(kept) = &kept {
            // In its own places, should the capacity be another one now.
            write(&file, capacity, kept)?;
        }
        let shared = Arc::new((Mutex::new(Pending::default()), Condvar::new()));
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("console history".to_owned());
        let thread = thread.spawn(move || work(&file, capacity, &theirs))?;
        Ok((Self { shared, thread: Mutex::new(Some(thread)), capacity }, kept))
    }

    /// Keeps this, too.
    pub(crate) fn keep(&self, news: KeptHistory) {
        let (pending, wake) = &*self.shared;
        let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.news = Some(match pending.news.take() {
            Some(mut earlier) if earlier.end == news.start() => {
                earlier.characters.extend(news.characters);
                let most = usize::try_from(self.capacity).unwrap_or(usize::MAX);
                let excess = earlier.characters.len().saturating_sub(most);
                earlier.characters.drain(..excess);
                KeptHistory { end: news.end, acknowledged: news.acknowledged, ..earlier }
            }
            _ => news,
        });
        wake.notify_one();
    }
}

impl Keeper {
    /// Writes what is left, and nothing more from here on.
    pub(crate) fn stop(&self) {
        let (pending, wake) = &*self.shared;
        pending.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
        wake.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It has nothing to tell.
            let _ = thread.join();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop();
    }
}

fn work(file: &File, capacity: u64, shared: &(Mutex<Pending>, Condvar)) {
    let (pending, wake) = shared;
    let mut is_well = true;
    loop {
        let mut guard = pending.lock().unwrap_or_else(PoisonError::into_inner);
        let news = loop {
            if let Some(news) = guard.news.take() {
                break news;
            }
            if guard.is_over {
                return;
            }
            guard = wake.wait(guard).unwrap_or_else(PoisonError::into_inner);
        };
        drop(guard);
        match write(file, capacity, &news) {
            Ok(()) => is_well = true,
            Err(error) if is_well => {
                is_well = false;
                tracing::warn!(%error, "what the system says on its serial port cannot be kept");
            }
            Err(_) => {}
        }
    }
}

fn write(file: &File, capacity: u64, news: &KeptHistory) -> io::Result<()> {
    let most = usize::try_from(capacity).unwrap_or(usize::MAX);
    let skip = news.characters.len().saturating_sub(most);
    let mut rest = news.characters.get(skip..).unwrap_or_default();
    let mut place = news.end.saturating_sub(rest.len() as u64);
    while !rest.is_empty() {
        let at = place % capacity;
        let room = usize::try_from(capacity.saturating_sub(at)).unwrap_or(usize::MAX);
        let (now, later) = rest.split_at(rest.len().min(room));
        file.write_all_at(now, RING.saturating_add(at))?;
        place = place.saturating_add(now.len() as u64);
        rest = later;
    }
    file.write_all_at(&header(capacity, news.end, news.acknowledged), 0)
}

fn header(capacity: u64, end: u64, acknowledged: u64) -> [u8; HEADER] {
    let check = check(capacity, end, acknowledged);
    let mut header = [0; HEADER];
    let parts =
        [*MAGIC].into_iter().chain([capacity, end, acknowledged, check].map(u64::to_le_bytes));
    for (part, place) in parts.zip(header.chunks_exact_mut(8)) {
        place.copy_from_slice(&part);
    }
    header
}

/// Not against anybody who means it: against half a header.
fn check(capacity: u64, end: u64, acknowledged: u64) -> u64 {
    let mix =
        |sum: u64, part: u64| (sum ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    [capacity, end, acknowledged].into_iter().fold(u64::from_le_bytes(*MAGIC), mix)
}

/// What the file has; nothing if it makes no sense.
fn load(file: &File) -> Option<KeptHistory> {
    let mut bytes = [0; HEADER];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let mut words = bytes.chunks_exact(8).map(|word| word.try_into().map(u64::from_le_bytes));
    let mut word = || words.next()?.ok();
    let (magic, capacity, end, acknowledged) = (word()?, word()?, word()?, word()?);
    let is_whole =
        magic == u64::from_le_bytes(*MAGIC) && word()? == check(capacity, end, acknowledged);
    // A file says how large it is; a header may say anything.
    let (size, length) = (file.metadata().ok()?.len(), end.min(capacity));
    if !is_whole || length == 0 || size < RING.checked_add(length)? || acknowledged > end {
        return None;
    }
    // As long as it has not come round, it is a line.
    let mut ring = vec![0; usize::try_from(length).ok()?];
    file.read_exact_at(&mut ring, RING).ok()?;
    let first = usize::try_from(end.saturating_sub(length).checked_rem(length)?).ok()?;
    ring.rotate_left(first);
    let characters = ring;
    Some(KeptHistory { end, characters, acknowledged })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(start: u64, text: &[u8], acknowledged: u64) -> KeptHistory {
        KeptHistory { end: start + text.len() as u64, characters: text.to_vec(), acknowledged }
    }

    #[test]
    fn the_last_characters_and_their_places_are_there_again() {
        let directory = tempfile::tempdir().unwrap();
        for (capacity, expected) in [(8, b"34567890".as_slice()), (4, b"7890"), (16, b"7890")] {
            let (keeper, kept) = Keeper::open(directory.path(), capacity).unwrap();
            if capacity == 8 {
                assert_eq!(kept, None);
                keeper.keep(news(0, b"abc", 0));
                keeper.keep(news(3, b"12345", 3));
                keeper.keep(news(8, b"67890", 5));
            }
            drop(keeper);
            let (_, kept) = Keeper::open(directory.path(), capacity).unwrap();
            let kept = kept.unwrap();
            let tail = &kept.characters[kept.characters.len() - expected.len()..];
            assert_eq!((kept.end, kept.acknowledged, tail), (13, 5, expected));
        }
    }

    #[test]
    fn what_makes_no_sense_is_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(NAME);
        for bytes in [&b""[..], b"LNTNSOL1", &[0xff; 5000], &header(1 << 60, 9, 3)] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(Keeper::open(directory.path(), 8).unwrap().1, None);
        }
        let mut torn = header(8, 9, 3);
        torn[20] ^= 1;
        std::fs::write(&path, torn).unwrap();
        assert_eq!(Keeper::open(directory.path(), 8).unwrap().1, None);
    }
}
