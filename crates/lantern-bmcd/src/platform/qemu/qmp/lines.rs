//! Bytes to lines. What is kept is bounded, whoever sends it.

/// The longest line that is read. QEMU's longest answer here, the list of a machine's devices, has
/// some ten thousand bytes.
pub(super) const LONGEST: usize = 1024 * 1024;

/// A line without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// What has come and is not a line yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// So many of them were looked at: they hold no line's end.
    seen: usize,
}

impl Lines {
    /// Takes in what has come.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
    }

    /// The next line, without its end; empty lines are none.
    ///
    /// # Errors
    /// [`TooLong`]: whoever sends this sends no lines.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        loop {
            let unseen = self.bytes.get(self.seen..).unwrap_or_default();
            let Some(length) = unseen.iter().position(|byte| *byte == b'\n') else {
                self.seen = self.bytes.len();
                return if self.seen > LONGEST { Err(TooLong) } else { Ok(None) };
            };
            let end = self.seen.saturating_add(length);
            let rest = self.bytes.split_off(end.saturating_add(1));
            let mut line = std::mem::replace(&mut self.bytes, rest);
            self.seen = 0;
            while line.last().is_some_and(u8::is_ascii_whitespace) {
                line.pop();
            }
            if line.len() > LONGEST {
                return Err(TooLong);
            }
            if !line.is_empty() {
                return Ok(Some(line));
            }
        }
    }

    /// Whether no more is kept than can become a line, as long as every line is taken out.
    pub(super) fn is_bounded(&self) -> bool {
        self.bytes.len() <= LONGEST
    }
}
