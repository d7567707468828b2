//! The last characters that the system sent, each with its place in all that it ever sent.

use std::collections::VecDeque;

/// A ring of characters.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    bytes: VecDeque<u8>,
    /// The place of the first one.
    start: u64,
    capacity: usize,
}

impl History {
    /// A ring of so many characters: one at least, or nothing would ever get through.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { bytes: VecDeque::new(), start: 0, capacity: capacity.max(1) }
    }

    /// A ring that goes on behind these: the next character to come has the place `end`.
    pub(crate) fn restore(capacity: usize, end: u64, characters: &[u8]) -> Self {
        let mut history = Self::new(capacity);
        history.start = end.saturating_sub(characters.len() as u64);
        history.push(characters);
        history
    }

    /// The place of the first character that is here.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// The place of the next character to come.
    pub(crate) fn end(&self) -> u64 {
        self.start.saturating_add(self.bytes.len() as u64)
    }

    /// How many there can be.
    pub(crate) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Appends characters; the oldest make room.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let kept = bytes.get(bytes.len().saturating_sub(self.capacity)..).unwrap_or_default();
        let skipped = bytes.len().saturating_sub(kept.len());
        let excess = self.bytes.len().saturating_add(kept.len()).saturating_sub(self.capacity);
        self.bytes.drain(..excess.min(self.bytes.len()));
        self.bytes.extend(kept);
        self.start = self.start.saturating_add((excess.saturating_add(skipped)) as u64);
    }

    /// Up to `count` characters from `place` on, and how many before those are lost.
    pub(crate) fn read(&self, place: u64, count: usize) -> (u64, Vec<u8>) {
        let lost = self.start.saturating_sub(place);
        let skip = usize::try_from(place.saturating_sub(self.start)).unwrap_or(usize::MAX);
        (lost, self.bytes.iter().skip(skip).take(count).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_out_is_counted() {
        let mut history = History::new(4);
        history.push(b"abc");
        assert_eq!(history.read(0, 9), (0, b"abc".to_vec()));
        assert_eq!(history.read(1, 1), (0, b"b".to_vec()));
        history.push(b"def");
        assert_eq!((history.start(), history.end()), (2, 6));
        assert_eq!(history.read(0, 9), (2, b"cdef".to_vec()));
        history.push(b"0123456789");
        assert_eq!((history.start(), history.end()), (12, 16));
        assert_eq!(history.read(16, 9), (0, Vec::new()));
        assert_eq!(history.read(15, 9), (0, b"9".to_vec()));
    }
}
