//! What goes over the socket: frames of a kind (one byte), a length (two bytes, the higher one
//! first) and so many bytes.
//!
//! A client sends one request. `list` is answered with a row for each console and an end; `attach`
//! with a word about how it begins, and from then on frames go both ways until one end has enough.

use std::io;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What a client wants, as JSON.
    Request,
    /// What it gets, as JSON: a row, or how it begins.
    Answer,
    /// Characters: to the console those that were typed, from it those that it showed.
    Data,
    /// Something that the console did not show.
    Note,
    /// A break for the console.
    Break,
    /// There is no more, and why, if that is not obvious.
    End,
    /// It is refused, and why.
    Refused,
}

const KINDS: [(u8, Kind); 7] = [
    (b'Q', Kind::Request),
    (b'A', Kind::Answer),
    (b'D', Kind::Data),
    (b'N', Kind::Note),
    (b'B', Kind::Break),
    (b'Z', Kind::End),
    (b'E', Kind::Refused),
];

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    List,
    Attach(Attach),
}

/// How somebody wants to share a console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    /// Which one.
    pub console: String,
    /// Without ever writing.
    pub read_only: bool,
    /// With the pen, whoever has it.
    pub steal: bool,
    /// Who he is, for those who share it.
    pub who: String,
}

/// How it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// Whether he writes.
    pub(crate) writes: bool,
    /// Who does, if it is not he.
    pub(crate) writer: Option<String>,
    /// How many share it, he included.
    pub(crate) attached: usize,
    /// How it is with the console.
    pub(crate) state: State,
    /// Why it is so.
    pub(crate) why: Option<String>,
}

/// How it is with a console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is being opened for the first time.
    Opening,
    /// It is open.
    Open,
    /// It is not to be had, and is tried to be got.
    Away,
}

impl State {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Open => "open",
            Self::Away => "away",
        }
    }
}

/// A console in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// How it is with it.
    pub state: State,
    /// Since when.
    pub since: String,
    /// Why, if it is away.
    pub why: Option<String>,
    /// Bytes that it showed.
    pub bytes: u64,
    /// Who is attached.
    pub attached: Vec<String>,
    /// Who of them writes.
    pub writer: Option<String>,
}

/// Sends one frame. Of what is longer than a frame can be, the rest is left out.
pub(crate) async fn send(
    to: &mut (impl AsyncWrite + Unpin),
    kind: Kind,
    bytes: &[u8],
) -> io::Result<()> {
    let bytes = bytes.get(..usize::from(u16::MAX)).unwrap_or(bytes);
    let letter = KINDS.iter().find(|(_, known)| *known == kind).map_or(0, |(letter, _)| *letter);
    let [high, low] = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut frame = Vec::with_capacity(bytes.len().saturating_add(3));
    frame.extend_from_slice(&[letter, high, low]);
    frame.extend_from_slice(bytes);
    to.write_all(&frame).await
}

/// Sends something as JSON.
pub(crate) async fn send_json(
    to: &mut (impl AsyncWrite + Unpin),
    kind: Kind,
    value: &impl Serialize,
) -> io::Result<()> {
    send(to, kind, &serde_json::to_vec(value).map_err(io::Error::other)?).await
}

/// Frames that come in.
#[derive(Debug)]
pub(crate) struct Frames<R> {
    reader: R,
    begun: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(crate) const fn new(reader: R) -> Self {
        Self { reader, begun: Vec::new() }
    }

    /// The next one; `None` at the end. Waiting may be given up and taken up again.
    pub(crate) async fn next(&mut self) -> io::Result<Option<(Kind, Vec<u8>)>> {
        loop {
            if let Some(frame) = self.take()? {
                return Ok(Some(frame));
            }
            if self.reader.read_buf(&mut self.begun).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn take(&mut self) -> io::Result<Option<(Kind, Vec<u8>)>> {
        let [letter, high, low, rest @ ..] = self.begun.as_slice() else { return Ok(None) };
        let Some((_, kind)) = KINDS.iter().find(|(known, _)| known == letter) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let (kind, length) = (*kind, usize::from(u16::from_be_bytes([*high, *low])));
        let Some(bytes) = rest.get(..length) else { return Ok(None) };
        let bytes = bytes.to_vec();
        self.begun.drain(..length.saturating_add(3));
        Ok(Some((kind, bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_are_what_they_were_however_they_come() {
        let mut sent = Vec::new();
        send(&mut sent, Kind::Data, b"abc").await.unwrap();
        send(&mut sent, Kind::Break, b"").await.unwrap();
        send(&mut sent, Kind::Note, &[7; 70_000]).await.unwrap();
        let (reader, mut writer) = tokio::io::duplex(5);
        let write = async move { writer.write_all(&sent).await.unwrap() };
        let read = async {
            let mut frames = Frames::new(reader);
            assert_eq!(frames.next().await.unwrap(), Some((Kind::Data, b"abc".to_vec())));
            assert_eq!(frames.next().await.unwrap(), Some((Kind::Break, Vec::new())));
            assert_eq!(frames.next().await.unwrap(), Some((Kind::Note, vec![7; 65_535])));
            assert_eq!(frames.next().await.unwrap(), None);
        };
        tokio::join!(write, read);
    }

    #[tokio::test]
    async fn what_is_no_frame_is_refused() {
        let mut frames = Frames::new(b"GET / HTTP/1.1".as_slice());
        assert_eq!(frames.next().await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
