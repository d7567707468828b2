//! What happened, in order: the tail for people, and one number for all of it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::time::Duration;

use super::rng::{fingerprint, mix};

/// The record of a run. Clones share it, so that it is still there when an end panics.
#[derive(Clone)]
pub(super) struct Trace(Rc<RefCell<Inner>>);

struct Inner {
    keeps: usize,
    hash: u64,
    notes: u64,
    tail: VecDeque<(Duration, Note)>,
}

/// Notes that are kept, unless `LANTERN_SIM_TAIL` says how many.
const TAIL: usize = 160;

/// One thing that happened.
#[derive(Clone, Debug, Hash)]
pub(super) enum Note {
    /// A datagram of so many bytes was sent; its fingerprint tells it from others.
    ToBmc {
        console: u16,
        bytes: u16,
        print: Print,
    },
    ToConsole {
        console: u16,
        bytes: u16,
        print: Print,
    },
    Lost {
        print: Print,
    },
    Swallowed {
        print: Print,
    },
    Doubled {
        print: Print,
    },
    AtBmc {
        print: Print,
    },
    AtConsole {
        console: u16,
        print: Print,
    },
    Unreachable {
        console: u16,
    },
    NobodyThere {
        print: Print,
    },
    Attack {
        what: &'static str,
        print: Print,
    },
    Hole {
        to_bmc: bool,
        millis: u32,
    },
    BmcFails {
        millis: u32,
    },
    BmcStarts {
        boot: u32,
    },
    ConsoleRestarts {
        console: u16,
    },
    Begins {
        task: usize,
        console: u16,
        what: String,
    },
    Done {
        task: usize,
    },
    Ends {
        task: usize,
        how: String,
    },
    Session {
        console: u16,
        what: &'static str,
    },
    Healed,
}

/// A datagram's fingerprint.
#[derive(Clone, Copy, Hash)]
pub(super) struct Print(pub(super) u32);

impl fmt::Debug for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl Trace {
    pub(super) fn new() -> Self {
        let said = std::env::var("LANTERN_SIM_TAIL").ok().and_then(|said| said.parse().ok());
        let keeps = said.unwrap_or(TAIL).max(1);
        Self(Rc::new(RefCell::new(Inner { keeps, hash: 0, notes: 0, tail: VecDeque::new() })))
    }

    pub(super) fn note(&self, now: Duration, note: Note) {
        let mut inner = self.0.borrow_mut();
        let mut sum = Sum(inner.hash);
        (now, &note).hash(&mut sum);
        inner.hash = sum.finish();
        inner.notes += 1;
        if inner.tail.len() >= inner.keeps {
            inner.tail.pop_front();
        }
        inner.tail.push_back((now, note));
    }

    /// A number that differs when anything in the run did.
    pub(super) fn hash(&self) -> u64 {
        self.0.borrow().hash
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.0.borrow();
        writeln!(f, "  … the last {} of {} notes:", inner.tail.len(), inner.notes)?;
        for (at, note) in &inner.tail {
            writeln!(f, "  {:>12.6} {note:?}", at.as_secs_f64())?;
        }
        Ok(())
    }
}

/// Takes up what a note hashes: the same sum on every machine.
struct Sum(u64);

impl Hasher for Sum {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.write_u64(fingerprint(bytes));
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.write_u64(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = mix(self.0 ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }
}
