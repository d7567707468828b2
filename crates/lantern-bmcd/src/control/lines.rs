//! Lines of bounded length.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its end.
    Whole(Vec<u8>),
    /// It was longer than it may be, and is dropped.
    TooLong,
}

/// What is read so far of a line.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    most: usize,
    begun: Vec<u8>,
    /// The line is too long already.
    drop: bool,
    /// Something came after the last end.
    any: bool,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// Lines of at most `most` bytes, their ends included.
    pub(super) const fn new(reader: R, most: usize) -> Self {
        Self { reader, most, begun: Vec::new(), drop: false, any: false }
    }

    /// The next line; `None` at the end. Waiting may be given up and taken up again.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let bytes = self.reader.fill_buf().await?;
            if bytes.is_empty() {
                // A last line may lack its end.
                return Ok(self.any.then(|| self.finish()));
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(bytes.len(), |end| end.saturating_add(1));
            let piece = bytes.get(..used).unwrap_or_default();
            self.drop |= self.begun.len().saturating_add(piece.len()) > self.most;
            if self.drop {
                self.begun = Vec::new();
            } else {
                self.begun.extend_from_slice(piece);
            }
            self.any = true;
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(self.finish()));
            }
        }
    }

    fn finish(&mut self) -> Line {
        self.any = false;
        let mut line = std::mem::take(&mut self.begun);
        if std::mem::take(&mut self.drop) {
            return Line::TooLong;
        }
        while line.pop_if(|byte| matches!(byte, b'\n' | b'\r')).is_some() {}
        Line::Whole(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_line_is_dropped_and_the_next_one_read() {
        let text = b"one\r\n\n12345678\n1234567\n\nlast";
        // Whatever the pieces that it comes in.
        for capacity in [1, 2, 3, 7, 64] {
            let reader = tokio::io::BufReader::with_capacity(capacity, &text[..]);
            let mut lines = Lines::new(reader, 8);
            let mut all = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                all.push(match line {
                    Line::Whole(line) => String::from_utf8(line).unwrap(),
                    Line::TooLong => "too long".to_owned(),
                });
            }
            assert_eq!(all, ["one", "", "too long", "1234567", "", "last"], "{capacity}");
        }
    }
}
