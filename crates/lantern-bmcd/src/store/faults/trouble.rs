//! Disks that refuse, hang, and forget what they could not write; and what a store makes of them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::load::{Dice, Load, apply};
use super::tape::{Landing, Op, Tape};
use crate::store::backlog::Backlog;
use crate::store::medium::Medium;
use crate::store::vault::Values;
use crate::store::{Connect, FILE, Store};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;

/// What happens to the operations on the files of a directory.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// Operations so far that change something.
    done: AtomicUsize,
    /// These fail, with this error number.
    failing: Mutex<(Vec<Range<usize>>, i32)>,
    /// Syncs so far, and how many may take place.
    syncs: Mutex<(usize, usize)>,
    changed: Condvar,
    /// What was done to each file, by its number in the file system.
    tapes: Mutex<HashMap<u64, Tape>>,
}

/// Lets syncs take place again when it is dropped.
pub(crate) struct Holding(Arc<Script>);

impl Drop for Holding {
    fn drop(&mut self) {
        self.0.allow_syncs(usize::MAX);
    }
}

impl Script {
    pub(crate) fn new() -> Arc<Self> {
        let script = Self::default();
        script.syncs.lock().unwrap().1 = usize::MAX;
        Arc::new(script)
    }

    /// What a store takes to run on this.
    pub(crate) fn connect(self: &Arc<Self>) -> Connect {
        let script = Arc::clone(self);
        Arc::new(move |file| Box::new(Troubled::new(file, &script)))
    }

    /// The operations with these numbers will fail.
    pub(crate) fn fail(&self, operations: &[Range<usize>], errno: i32) {
        *self.failing.lock().unwrap() = (operations.to_vec(), errno);
    }

    /// All that is done from now on fails.
    pub(crate) fn fail_from_now_on(&self, errno: i32) {
        let all = self.done()..usize::MAX;
        self.fail(&[all], errno);
    }

    pub(crate) fn heal(&self) {
        self.fail(&[], EIO);
    }

    pub(crate) fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Syncs that were asked for.
    pub(crate) fn syncs(&self) -> usize {
        self.syncs.lock().unwrap().0
    }

    /// Lets no more than this many syncs take place from now on; the next one hangs.
    pub(crate) fn allow_syncs(&self, more: usize) {
        let mut syncs = self.syncs.lock().unwrap();
        syncs.1 = syncs.0.saturating_add(more);
        self.changed.notify_all();
    }

    /// Lets no sync take place until told otherwise, or until what is returned is gone: a test that
    /// fails meanwhile is not to wait for a server that waits for the disk.
    pub(crate) fn hold_syncs(self: &Arc<Self>) -> Holding {
        self.allow_syncs(0);
        Holding(Arc::clone(self))
    }

    fn sync(&self) {
        let mut syncs = self.syncs.lock().unwrap();
        syncs.0 += 1;
        let mine = syncs.0;
        while mine > syncs.1 {
            syncs = self.changed.wait_timeout(syncs, Duration::from_secs(60)).unwrap().0;
        }
    }

    fn step(&self) -> io::Result<()> {
        let number = self.done.fetch_add(1, Ordering::Relaxed);
        let (failing, errno) = &*self.failing.lock().unwrap();
        match failing.iter().any(|some| some.contains(&number)) {
            true => Err(io::Error::from_raw_os_error(*errno)),
            false => Ok(()),
        }
    }

    /// What a cut of power now might leave of the file at `path`.
    fn cut(&self, path: &Path, dice: &mut Dice) -> Vec<u8> {
        let inode = fs::metadata(path).unwrap().ino();
        let tape = self.tapes.lock().unwrap()[&inode].clone();
        let (mut bytes, mut volatile) = (Vec::new(), Vec::<(&Op, bool)>::new());
        let ops = tape.ops();
        for op in &*ops {
            match op {
                Op::Sync => {
                    for (op, forgotten) in volatile.drain(..) {
                        let landing = if forgotten { forget(op, dice) } else { Landing::Whole };
                        op.apply(&mut bytes, &landing);
                    }
                }
                Op::FailedSync => volatile.iter_mut().for_each(|(_, forgotten)| *forgotten = true),
                op => volatile.push((op, false)),
            }
        }
        for (op, forgotten) in volatile {
            let landing = if forgotten { forget(op, dice) } else { op.land(dice) };
            op.apply(&mut bytes, &landing);
        }
        bytes
    }
}

/// A write that a sync failed to bring to the disk: it was hardly there already.
fn forget(op: &Op, dice: &mut Dice) -> Landing {
    if dice.below(8) == 0 { op.land(dice) } else { Landing::Lost }
}

/// A file to which a [`Script`] happens. Syncs are only written down.
#[derive(Debug)]
struct Troubled {
    file: File,
    tape: Tape,
    script: Arc<Script>,
}

impl Troubled {
    fn new(file: File, script: &Arc<Script>) -> Self {
        let metadata = file.metadata().unwrap();
        let mut tapes = script.tapes.lock().unwrap();
        if metadata.len() == 0 {
            tapes.insert(metadata.ino(), Tape::default());
        }
        let tape = tapes.entry(metadata.ino()).or_insert_with(|| {
            // From before: all of it is on the disk.
            let tape = Tape::default();
            tape.write(0, &fs_bytes(&file)).unwrap();
            tape.sync().unwrap();
            tape
        });
        Self { file, tape: tape.clone(), script: Arc::clone(script) }
    }
}

fn fs_bytes(file: &File) -> Vec<u8> {
    let mut bytes = vec![0; Medium::len(file).unwrap().try_into().unwrap()];
    Medium::read(file, 0, &mut bytes).unwrap();
    bytes
}

impl Medium for Troubled {
    fn len(&self) -> io::Result<u64> {
        Medium::len(&self.file)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        Medium::read(&self.file, offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.script.step()?;
        self.tape.set_len(length)?;
        Medium::set_len(&self.file, length)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let outcome = self.script.step();
        // What fails may have been done in part.
        let done = if outcome.is_ok() { data } else { &data[..data.len() / 3] };
        self.tape.write(offset, done)?;
        Medium::write(&self.file, offset, done)?;
        outcome
    }

    fn sync(&self) -> io::Result<()> {
        self.script.sync();
        let outcome = self.script.step();
        self.tape.note(if outcome.is_ok() { Op::Sync } else { Op::FailedSync })?;
        outcome
    }
}

/// A cut of power now: what is there afterwards.
fn after_a_cut(script: &Script, directory: &Path, dice: &mut Dice) -> Values {
    let image = script.cut(&directory.join(FILE), dice);
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join(FILE), image).unwrap();
    let store = Store::open_on(other.path(), Script::new().connect()).unwrap();
    store.values.clone()
}

/// Runs a load on a disk of which `failing` operations fail with `errno`, and cuts the power after
/// each failure and at the end. Returns how many operations there were, and how many commits failed.
fn run(failing: &[Range<usize>], errno: i32) -> (usize, usize) {
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new();
    script.fail(failing, errno);
    let opened = Store::open_on(directory.path(), script.connect());
    // A start that fails leaves nothing in the way of the next.
    let mut store = opened.or_else(|_| {
        script.heal();
        Store::open_on(directory.path(), script.connect())
    });
    let store = store.as_mut().unwrap();

    let mut load = Load::new(5);
    // What may be there: what was acknowledged last, and what was tried since.
    let (mut present, mut possible) = (Values::new(), vec![Values::new()]);
    let mut backlog = Backlog::default();
    let mut failures = 0;
    for commit in 0..24 {
        let changes = load.batch(&present);
        apply(&mut present, &changes);
        changes.into_iter().for_each(|change| backlog.add(change));
        let batch = backlog.take();
        match store.commit(&batch.changes()) {
            Ok(()) => {
                backlog.kept(batch);
                possible = vec![present.clone()];
            }
            Err(error) => {
                failures += 1;
                backlog.put_back(batch);
                possible.push(present.clone());
                let found = after_a_cut(&script, directory.path(), &mut load.dice);
                let what = format!("{failing:?} failed, commit {commit}: {error}");
                assert!(possible.contains(&found), "{what}");
            }
        }
    }
    script.heal();
    let batch = backlog.take();
    store.commit(&batch.changes()).unwrap();
    assert_eq!(store.values, present, "{failing:?}");
    let found = after_a_cut(&script, directory.path(), &mut load.dice);
    assert!(found == present, "{failing:?}: acknowledged values are missing after a cut of power");
    (script.done(), failures)
}

#[test]
fn an_error_at_any_moment_loses_nothing_that_was_acknowledged() {
    let (operations, none) = run(&[], EIO);
    assert!(operations > 150 && none == 0, "{operations}");
    for (errno, step) in [(EIO, 1), (ENOSPC, 8)] {
        let mut failures = 0;
        for at in (0..operations).step_by(step) {
            // One error is mended at once, by opening the file again.
            let once = at..at + 1;
            assert_eq!(run(slice::from_ref(&once), errno).1, 0, "operation {at}");
            // What is mended may break again at once, for longer.
            if at % 4 == 0 {
                let again = at + 3 + at % 23;
                failures += run(&[once, again..again + 40], errno).1;
            }
        }
        assert!(failures > operations / step / 4, "{failures}");
    }
}

#[test]
fn what_fails_is_told_apart() {
    use ipmi_bmc::nvram::Unkept::{Failed, Full};
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new();
    let mut store = Store::open_on(directory.path(), script.connect()).unwrap();
    let changes = Load::new(1).batch(&Values::new());
    for (errno, unkept) in [(ENOSPC, Full), (122, Full), (27, Full), (EIO, Failed), (EROFS, Failed)]
    {
        script.fail_from_now_on(errno);
        let error = store.commit(&changes).unwrap_err();
        assert_eq!(error.unkept(), unkept, "{error}");
        assert!(error.to_string().contains(&format!("os error {errno}")), "{error}");
        script.heal();
        store.commit(&changes).unwrap();
    }
}
