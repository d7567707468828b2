//! A console as those see it who share it: what it shows, who is there, and who has the pen.
//!
//! One writes and all read. The pen is with who came first and wants it; when he leaves, it is with
//! who is there longest. Whatever is done here is done at once: nobody is waited for, least of all by
//! the console.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::backlog::{Backlog, Piece, Place};
use crate::frame::{Attach, Begun, Row, State};
use crate::log::ConsoleLog;

/// Pieces of what was typed that may wait for the console.
const TYPED: usize = 4;
/// So much is sent to somebody at once.
const AT_ONCE: usize = 4 * 1024;

/// Something that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Characters(Vec<u8>),
    Break,
}

/// One console, for all who have to do with it.
#[derive(Debug)]
pub(crate) struct Room {
    name: String,
    inner: Mutex<Inner>,
    /// There is something new.
    changed: watch::Sender<()>,
    keys: mpsc::Sender<Key>,
}

#[derive(Debug)]
struct Inner {
    backlog: Backlog,
    log: ConsoleLog,
    /// Bytes that the log could not take.
    unlogged: u64,
    state: State,
    since: Timestamp,
    why: Option<String>,
    present: Vec<Present>,
    pen: Option<u64>,
    /// How many ever came.
    came: u64,
    /// Why nobody stays.
    closed: Option<String>,
}

/// Somebody who is there.
#[derive(Debug)]
struct Present {
    number: u64,
    who: String,
    read_only: bool,
    place: Place,
}

/// A place in a room, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    room: Arc<Room>,
    number: u64,
    changed: watch::Receiver<()>,
}

impl Room {
    pub(crate) fn new(name: &str, log: ConsoleLog) -> (Arc<Self>, mpsc::Receiver<Key>) {
        let (keys, typed) = mpsc::channel(TYPED);
        let inner = Inner {
            backlog: Backlog::default(),
            log,
            unlogged: 0,
            state: State::Opening,
            since: Timestamp::now(),
            why: None,
            present: Vec::new(),
            pen: None,
            came: 0,
            closed: None,
        };
        let (inner, changed) = (Mutex::new(inner), watch::Sender::new(()));
        (Arc::new(Self { name: name.to_owned(), inner, changed, keys }), typed)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and tells all who are there that there is something new.
    fn change<T>(&self, with: impl FnOnce(&mut Inner) -> T) -> T {
        let outcome = with(&mut self.inner());
        self.changed.send_replace(());
        outcome
    }

    /// The console shows this.
    pub(crate) fn show(&self, characters: &[u8]) {
        self.change(|inner| {
            inner.backlog.show(characters);
            inner.log(&self.name, characters.len(), |log, now| log.write(now, characters));
        });
    }

    /// Something is to be known about the console, here, in its log and later.
    pub(crate) fn mark(&self, text: &str) {
        self.change(|inner| {
            inner.backlog.note(text, true);
            inner.log(&self.name, 0, |log, now| log.note(now, text));
        });
    }

    /// Something is to be known to who is there.
    pub(crate) fn say(&self, text: &str) {
        self.change(|inner| inner.backlog.note(text, false));
    }

    /// How it is with the console now; whether that was otherwise.
    pub(crate) fn set_state(&self, state: State, why: Option<&str>) -> bool {
        let mut inner = self.inner();
        let is_new = inner.state != state || inner.why.as_deref() != why;
        if inner.state != state {
            inner.since = Timestamp::now();
        }
        (inner.state, inner.why) = (state, why.map(str::to_owned));
        is_new
    }

    /// Goes on in a log of the same name.
    pub(crate) fn reopen_log(&self) -> std::io::Result<()> {
        self.inner().log.reopen()
    }

    /// Nobody stays.
    pub(crate) fn close(&self, why: &str) {
        self.change(|inner| inner.closed = Some(why.to_owned()));
    }

    pub(crate) fn row(&self) -> Row {
        let inner = self.inner();
        Row {
            name: self.name.clone(),
            state: inner.state,
            since: format!("{:.0}", inner.since),
            why: inner.why.clone(),
            bytes: inner.backlog.count(),
            attached: inner.present.iter().map(|present| present.who.clone()).collect(),
            writer: inner.writer(),
        }
    }

    /// Somebody comes.
    pub(crate) fn sit_down(self: &Arc<Self>, attach: &Attach, who: &str) -> (Seat, Begun) {
        // Before anything can be new to him.
        let changed = self.changed.subscribe();
        let (number, begun) = self.change(|inner| inner.sit_down(attach, who));
        (Seat { room: Arc::clone(self), number, changed }, begun)
    }
}

impl Inner {
    /// Has the log do something. What it cannot take is counted, and told once it can again: a full
    /// disk is no reason to lose a console.
    fn log(
        &mut self,
        name: &str,
        count: usize,
        with: impl FnOnce(&mut ConsoleLog, Timestamp) -> std::io::Result<()>,
    ) {
        let now = Timestamp::now();
        let mut outcome = Ok(());
        if self.unlogged > 0 {
            let gap = format!("{} bytes are missing: the log could not be written", self.unlogged);
            outcome = self.log.note(now, &gap);
            if outcome.is_ok() {
                self.unlogged = 0;
            }
        }
        let Err(error) = outcome.and_then(|()| with(&mut self.log, now)) else { return };
        if self.unlogged == 0 {
            tracing::error!(console = name, "the log cannot be written: {error}");
            self.backlog.note(&format!("the log cannot be written: {error}"), false);
        }
        // A note that is missing is one byte, so that the gap is told.
        self.unlogged = self.unlogged.saturating_add(count.max(1) as u64);
    }

    fn writer(&self) -> Option<String> {
        let pen = self.pen?;
        let writer = self.present.iter().find(|present| present.number == pen)?;
        Some(writer.who.clone())
    }

    fn sit_down(&mut self, attach: &Attach, who: &str) -> (u64, Begun) {
        let number = self.came;
        self.came = self.came.saturating_add(1);
        let writes = !attach.read_only && (self.pen.is_none() || attach.steal);
        let how = match (writes, self.pen) {
            (true, Some(_)) => "takes the pen",
            (true, None) => "writes",
            (false, _) => "reads along",
        };
        self.backlog.note(&format!("{who} is here and {how}"), false);
        let read_only = attach.read_only;
        // What he has not heard yet begins behind that.
        let place = self.backlog.beginning();
        if writes {
            self.pen = Some(number);
        }
        self.present.push(Present { number, who: who.to_owned(), read_only, place });
        let begun = Begun {
            writes,
            writer: self.writer().filter(|_| !writes),
            attached: self.present.len(),
            state: self.state,
            why: self.why.clone(),
        };
        (number, begun)
    }

    fn leave(&mut self, number: u64) {
        let Some(at) = self.present.iter().position(|present| present.number == number) else {
            return;
        };
        let left = self.present.remove(at);
        let mut text = format!("{} is gone", left.who);
        if self.pen == Some(number) {
            let next = self.present.iter().find(|present| !present.read_only);
            self.pen = next.map(|next| next.number);
            if let Some(next) = next {
                text.push_str(&format!("; now {} writes", next.who));
            }
        }
        self.backlog.note(&text, false);
    }
}

impl Seat {
    /// What comes next for him, if there is anything.
    pub(crate) fn next(&self) -> Option<Piece> {
        let mut inner = self.room.inner();
        let Inner { backlog, present, .. } = &mut *inner;
        let own = present.iter_mut().find(|present| present.number == self.number)?;
        backlog.next(&mut own.place, AT_ONCE)
    }

    /// Why nobody stays, if nobody does.
    pub(crate) fn closed(&self) -> Option<String> {
        self.room.inner().closed.clone()
    }

    /// What makes it worth while to ask again.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.clone()
    }

    /// Whether it is for him to type; if it is not, who does.
    pub(crate) fn may_type(&self) -> Result<(), String> {
        let inner = self.room.inner();
        match inner.pen == Some(self.number) {
            true => Ok(()),
            false => Err(inner.writer().unwrap_or_else(|| "nobody".to_owned())),
        }
    }

    /// Waits until there is room for what is typed. Waiting may be given up.
    pub(crate) async fn room_to_type(&self) -> Option<mpsc::Permit<'_, Key>> {
        // Without a console there is nobody to type to, and that is told.
        self.room.keys.reserve().await.ok()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.change(|inner| inner.leave(self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Limits;

    fn attach(read_only: bool, steal: bool) -> Attach {
        Attach { console: "n1".to_owned(), read_only, steal, who: String::new() }
    }

    fn heard(seat: &Seat) -> Vec<String> {
        std::iter::from_fn(|| seat.next())
            .map(|piece| match piece {
                Piece::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
                Piece::Note(note) => format!("[{note}]"),
                Piece::Skipped(count) => format!("<{count}>"),
            })
            .collect()
    }

    fn room() -> (tempfile::TempDir, Arc<Room>, mpsc::Receiver<Key>) {
        let directory = tempfile::tempdir().unwrap();
        let log = ConsoleLog::open(&directory.path().join("n1.log"), Limits::default()).unwrap();
        let (room, keys) = Room::new("n1", log);
        (directory, room, keys)
    }

    #[tokio::test]
    async fn one_writes_and_the_others_hear_who() {
        let (_directory, room, mut keys) = room();
        room.show(b"before");
        let (first, begun) = room.sit_down(&attach(false, false), "ann");
        assert!(begun.writes && begun.writer.is_none());
        let (reader, begun) = room.sit_down(&attach(true, false), "bob");
        assert_eq!((begun.writes, begun.writer.as_deref()), (false, Some("ann")));
        let (third, begun) = room.sit_down(&attach(false, false), "cid");
        assert!(!begun.writes && begun.attached == 3);
        assert_eq!(
            heard(&first),
            ["before", "[bob is here and reads along]", "[cid is here and reads along]"]
        );
        first.may_type().unwrap();
        let key = Key::Characters(b"x".to_vec());
        first.room_to_type().await.unwrap().send(key.clone());
        assert_eq!(keys.recv().await, Some(key));
        assert_eq!(third.may_type(), Err("ann".to_owned()));
        let (thief, begun) = room.sit_down(&attach(false, true), "dan");
        assert!(begun.writes);
        assert_eq!(heard(&first), ["[dan is here and takes the pen]"]);
        assert_eq!(first.may_type(), Err("dan".to_owned()));
        drop(thief);
        assert_eq!(heard(&first), ["[dan is gone; now ann writes]"]);
        drop(first);
        // Who only reads never gets it.
        assert_eq!(room.row().writer.as_deref(), Some("cid"));
        drop(third);
        assert_eq!(room.row().writer, None);
        assert_eq!(heard(&reader).last().unwrap(), "[cid is gone]");
    }

    #[test]
    fn marks_stay_and_are_in_the_log() {
        let (directory, room, _keys) = room();
        room.show(b"one\n");
        room.mark("lost");
        room.show(b"two\n");
        let (seat, _) = room.sit_down(&attach(true, false), "ann");
        assert_eq!(heard(&seat), ["one\n", "[lost]", "two\n"]);
        let log = std::fs::read_to_string(directory.path().join("n1.log")).unwrap();
        let without_times: Vec<_> =
            log.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        assert_eq!(without_times, ["one", "[lost]", "two"]);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_no_end_and_the_gap_is_told() {
        let (_directory, room, _keys) = room();
        let (seat, _) = room.sit_down(&attach(true, false), "ann");
        let full = || Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        room.change(|inner| inner.log("n1", 5, |_, _| full()));
        room.change(|inner| inner.log("n1", 5, |_, _| full()));
        assert_eq!(heard(&seat).len(), 2);
        assert_eq!(room.inner().unlogged, 5, "the note of the gap was written, so it begins anew");
    }
}
