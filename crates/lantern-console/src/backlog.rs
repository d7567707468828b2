//! What a console showed last, and what was said about it in between.
//!
//! Everything has a place in the order in which it came, and whoever reads has one, too. So nobody
//! has a queue of his own, nobody is waited for, and who is too slow finds that what comes next for
//! him is gone: he is told how much that was, and goes on with what is there.

use std::collections::VecDeque;
use std::sync::Arc;

/// Bytes that are kept.
pub(crate) const CAPACITY: usize = 64 * 1024;
/// Up to here it grows as it likes.
const SMALL: usize = 4 * 1024;
/// Notes that are kept.
const NOTES: usize = 64;

/// The last of what a console showed.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// Grows with what is shown: most consoles are silent.
    bytes: VecDeque<u8>,
    /// How many bytes there ever were.
    end: u64,
    notes: VecDeque<Note>,
    /// How many notes there ever were.
    told: u64,
}

/// Something that the console did not show.
#[derive(Debug)]
struct Note {
    number: u64,
    /// Behind so many bytes.
    at: u64,
    text: Arc<str>,
    /// It is about the console, and so for those who come later, too.
    stays: bool,
}

/// Up to where somebody has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    at: u64,
    note: u64,
    /// Of notes before this one, he hears only those that stay.
    joined: u64,
}

/// What comes next for somebody.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    Note(Arc<str>),
    /// So many bytes are gone before he has read them.
    Skipped(u64),
}

impl Backlog {
    pub(crate) fn show(&mut self, bytes: &[u8]) {
        let kept = bytes.get(bytes.len().saturating_sub(CAPACITY)..).unwrap_or_default();
        let excess = self.bytes.len().saturating_add(kept.len()).saturating_sub(CAPACITY);
        // First, or there would be room for twice as much.
        self.bytes.drain(..excess);
        let after = self.bytes.len().saturating_add(kept.len());
        if after > self.bytes.capacity() && after > SMALL {
            // In one step, and the system gives memory as it is written to: in many steps each leaves
            // a hole behind.
            self.bytes.reserve_exact(CAPACITY.saturating_sub(self.bytes.len()));
        }
        self.bytes.extend(kept);
        self.end = self.end.saturating_add(bytes.len() as u64);
        let start = self.start();
        while self.notes.front().is_some_and(|note| note.at < start) {
            self.notes.pop_front();
        }
    }

    /// Says something at this place.
    pub(crate) fn note(&mut self, text: &str, stays: bool) {
        if self.notes.len() >= NOTES {
            self.notes.pop_front();
        }
        let note = Note { number: self.told, at: self.end, text: text.into(), stays };
        self.notes.push_back(note);
        self.told = self.told.saturating_add(1);
    }

    /// How many bytes there ever were.
    pub(crate) const fn count(&self) -> u64 {
        self.end
    }

    fn start(&self) -> u64 {
        self.end.saturating_sub(self.bytes.len() as u64)
    }

    /// The place of somebody who comes now, and is shown all that there is.
    pub(crate) fn beginning(&self) -> Place {
        Place { at: self.start(), note: 0, joined: self.told }
    }

    /// What comes next, at most so many bytes; `None` if he has read all.
    pub(crate) fn next(&self, place: &mut Place, most: usize) -> Option<Piece> {
        let start = self.start();
        if place.at < start {
            let skipped = start.saturating_sub(place.at);
            place.at = start;
            return Some(Piece::Skipped(skipped));
        }
        let concerns =
            |note: &&Note| note.number >= place.note && (note.stays || note.number >= place.joined);
        let note = self.notes.iter().find(concerns);
        let until = note.map_or(self.end, |note| note.at);
        let count = usize::try_from(until.saturating_sub(place.at)).unwrap_or(most).min(most);
        if count > 0 {
            let from = usize::try_from(place.at.saturating_sub(start)).unwrap_or(0);
            let bytes: Vec<u8> = self.bytes.iter().skip(from).take(count).copied().collect();
            place.at = place.at.saturating_add(bytes.len() as u64);
            return Some(Piece::Bytes(bytes));
        }
        let note = note?;
        place.note = note.number.saturating_add(1);
        Some(Piece::Note(Arc::clone(&note.text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Piece {
        Piece::Bytes(text.as_bytes().to_vec())
    }

    fn all(backlog: &Backlog, place: &mut Place) -> Vec<Piece> {
        std::iter::from_fn(|| backlog.next(place, 1000)).collect()
    }

    #[test]
    fn all_is_read_in_the_order_in_which_it_came() {
        let mut backlog = Backlog::default();
        let mut place = backlog.beginning();
        backlog.show(b"one");
        backlog.note("lost", true);
        backlog.show(b"two");
        backlog.note("somebody comes", false);
        let expected = [
            bytes("one"),
            Piece::Note("lost".into()),
            bytes("two"),
            Piece::Note("somebody comes".into()),
        ];
        assert_eq!(all(&backlog, &mut place), expected);
        assert_eq!(all(&backlog, &mut place), []);
        backlog.show(b"three");
        assert_eq!(all(&backlog, &mut place), [bytes("three")]);
        // Who came before him is nothing to who comes later.
        let expected = [bytes("one"), Piece::Note("lost".into()), bytes("twothree")];
        assert_eq!(all(&backlog, &mut backlog.beginning()), expected);
    }

    #[test]
    fn who_is_too_slow_is_told_how_much_is_gone() {
        let mut backlog = Backlog::default();
        let mut place = backlog.beginning();
        backlog.show(b"gone");
        backlog.note("gone", true);
        backlog.show(b"!");
        backlog.show(&[b'x'; CAPACITY]);
        backlog.note("here", true);
        assert_eq!(backlog.next(&mut place, 10), Some(Piece::Skipped(5)));
        let count = |piece: Piece| if let Piece::Bytes(bytes) = piece { bytes.len() } else { 0 };
        let count: usize = all(&backlog, &mut place).into_iter().map(count).sum();
        assert_eq!(count, CAPACITY);
        assert_eq!(place.at, backlog.count());
        assert!(backlog.bytes.capacity() <= CAPACITY);
    }

    #[test]
    fn more_at_once_than_is_kept_leaves_the_end_of_it() {
        let mut backlog = Backlog::default();
        let mut place = backlog.beginning();
        let mut much = vec![b'x'; CAPACITY + 10];
        much.extend(b"end");
        backlog.show(&much);
        assert_eq!(backlog.next(&mut place, 1), Some(Piece::Skipped(13)));
        assert!(backlog.bytes.iter().copied().rev().take(3).eq(*b"dne"));
    }

    #[test]
    fn notes_are_bounded() {
        let mut backlog = Backlog::default();
        let mut place = backlog.beginning();
        for number in 0..1000 {
            backlog.note(&number.to_string(), true);
        }
        let heard = all(&backlog, &mut place);
        assert_eq!(heard.len(), NOTES);
        assert_eq!(heard.last(), Some(&Piece::Note("999".into())));
    }
}
