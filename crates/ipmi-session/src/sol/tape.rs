//! Characters in their order, with marks between them: a break belongs between two characters, and
//! must neither overtake what was typed before it nor fall behind.

use core::fmt;
use std::collections::VecDeque;

/// Characters and marks that wait.
#[derive(Default)]
pub(super) struct Tape {
    bytes: VecDeque<u8>,
    /// How many characters have left it.
    left: u64,
    /// Flags, each with the number of characters that come before it from the very first one on.
    marks: VecDeque<(u64, u8)>,
}

/// Without its characters: a password that is typed is among them.
impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tape({} characters, {} marks)", self.bytes.len(), self.marks.len())
    }
}

/// What is next on a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// So many characters up to the next mark.
    Bytes(usize),
    /// A mark.
    Mark(u8),
}

impl Tape {
    /// More marks than anybody sets by hand: beyond, they run together.
    const MARKS: usize = 64;

    /// How many characters wait.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.marks.is_empty()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Sets a mark behind what waits.
    pub(super) fn mark(&mut self, flags: u8) {
        let place = self.left.saturating_add(self.bytes.len() as u64);
        let is_full = self.marks.len() >= Self::MARKS;
        match self.marks.back_mut() {
            Some((last, merged)) if *last == place || is_full => {
                *last = place;
                *merged |= flags;
            }
            _ => self.marks.push_back((place, flags)),
        }
    }

    pub(super) fn head(&self) -> Option<Head> {
        let before =
            self.marks.front().map(|(place, flags)| (place.saturating_sub(self.left), flags));
        match before {
            Some((0, flags)) => Some(Head::Mark(*flags)),
            Some((before, _)) => {
                let before = usize::try_from(before).unwrap_or(usize::MAX);
                Some(Head::Bytes(before.min(self.bytes.len())))
            }
            None if self.bytes.is_empty() => None,
            None => Some(Head::Bytes(self.bytes.len())),
        }
    }

    /// Whether there is a mark anywhere.
    pub(super) fn has_mark(&self) -> bool {
        !self.marks.is_empty()
    }

    /// The first `count` characters, or as many as there are.
    pub(super) fn peek(&self, count: usize) -> Vec<u8> {
        self.bytes.iter().take(count).copied().collect()
    }

    /// Takes the first `count` characters, or as many as there are.
    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        let count = count.min(self.bytes.len());
        self.left = self.left.saturating_add(count as u64);
        let taken = self.bytes.drain(..count).collect();
        if self.bytes.is_empty() && self.bytes.capacity() > 1 << 12 {
            // Of many consoles hardly any has much to say.
            self.bytes.shrink_to_fit();
        }
        taken
    }

    /// Takes the mark that is next.
    pub(super) fn take_mark(&mut self) {
        if matches!(self.head(), Some(Head::Mark(_))) {
            self.marks.pop_front();
        }
    }

    pub(super) fn clear(&mut self) {
        self.left = self.left.saturating_add(self.bytes.len() as u64);
        self.bytes.clear();
        self.marks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_keeps_its_place() {
        let mut tape = Tape::default();
        tape.push(b"abc");
        tape.mark(1);
        tape.push(b"d");
        assert_eq!(tape.head(), Some(Head::Bytes(3)));
        assert_eq!(tape.take(2), b"ab");
        assert_eq!(tape.head(), Some(Head::Bytes(1)));
        tape.take_mark();
        assert_eq!(tape.take(1), b"c");
        assert_eq!(tape.head(), Some(Head::Mark(1)));
        tape.take_mark();
        assert_eq!(tape.head(), Some(Head::Bytes(1)));
        assert_eq!(tape.take(9), b"d");
        assert_eq!((tape.head(), tape.is_empty()), (None, true));
    }

    #[test]
    fn marks_in_one_place_are_one_and_there_are_not_ever_more() {
        let mut tape = Tape::default();
        tape.mark(1);
        tape.mark(4);
        assert_eq!(tape.head(), Some(Head::Mark(5)));
        for _ in 0..1000 {
            tape.push(b"x");
            tape.mark(2);
        }
        assert!(tape.marks.len() <= Tape::MARKS);
        tape.clear();
        assert!(tape.is_empty());
        tape.push(b"y");
        assert_eq!(tape.head(), Some(Head::Bytes(1)));
    }
}
