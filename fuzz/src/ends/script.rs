//! The input, as somebody who reads it byte by byte sees it.

/// A script. After its end it is zeros.
pub(super) struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// The next byte, if there is one.
    pub(super) fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// The next byte, which stays.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    /// A length, and so many bytes or what is left of them.
    pub(super) fn bytes(&mut self) -> Vec<u8> {
        let length = usize::from(self.byte()).min(self.rest.len());
        let (bytes, rest) = self.rest.split_at(length);
        self.rest = rest;
        bytes.to_vec()
    }

    /// Changes a datagram: bits of it, or its length.
    pub(super) fn tamper(&mut self, datagram: &mut Vec<u8>) {
        let (at, bits) = (usize::from(self.byte()), self.byte());
        match datagram.get_mut(at) {
            // Nothing would be changed.
            _ if bits == 0 => datagram.truncate(at),
            Some(byte) => *byte ^= bits,
            None => datagram.push(bits),
        }
    }
}
