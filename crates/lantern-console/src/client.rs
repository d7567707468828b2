//! The other end of the socket.

use std::io;
use std::path::Path;

use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::frame::{Attach, Begun, Frames, Kind, Request, Row, State, send, send_json};
use crate::socket::is_trusted;

/// A connection to a console server.
#[derive(Debug)]
pub struct Client {
    frames: Frames<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

/// Somebody at a console that others share.
#[derive(Debug)]
pub struct Attached {
    /// What tells him.
    pub listener: Listener,
    /// What he types with.
    pub typist: Typist,
    /// Whether he writes.
    pub writes: bool,
    /// Who does, if it is not he.
    pub writer: Option<String>,
    /// How many share it, he included.
    pub attached: usize,
    /// How it is with the console.
    pub state: State,
    /// Why it is so.
    pub why: Option<String>,
}

/// What a console server tells him by.
#[derive(Debug)]
pub struct Listener(Frames<OwnedReadHalf>);

/// What he types with.
#[derive(Debug)]
pub struct Typist(OwnedWriteHalf);

/// So much is typed at once.
const AT_ONCE: usize = 4096;

/// What a console server tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// What the console shows.
    Characters(Vec<u8>),
    /// Something else.
    Note(String),
    /// There is no more.
    Ended(String),
}

/// Why it does not work.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no connection, or it was lost.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The socket is neither this user's nor root's: who answers there may be anybody.
    #[error("who answers there is user {0}")]
    Stranger(u32),
    /// What came is no answer.
    #[error("what came is no answer")]
    Nonsense,
    /// It is refused.
    #[error("{0}")]
    Refused(String),
}

impl Client {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// [`ClientError::Io`], [`ClientError::Stranger`].
    pub async fn connect(path: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(path).await?;
        let peer = stream.peer_cred()?.uid();
        if !is_trusted(peer) {
            return Err(ClientError::Stranger(peer));
        }
        let (reader, writer) = stream.into_split();
        Ok(Self { frames: Frames::new(reader), writer })
    }

    /// All consoles.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn list(mut self) -> Result<Vec<Row>, ClientError> {
        send_json(&mut self.writer, Kind::Request, &Request::List).await?;
        let mut rows = Vec::new();
        while let Some(answer) = self.answer().await? {
            rows.push(serde_json::from_slice(&answer).map_err(|_| ClientError::Nonsense)?);
        }
        Ok(rows)
    }

    /// Shares a console.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn attach(mut self, attach: Attach) -> Result<Attached, ClientError> {
        send_json(&mut self.writer, Kind::Request, &Request::Attach(attach)).await?;
        let answer = self.answer().await?.ok_or(ClientError::Nonsense)?;
        let begun = serde_json::from_slice(&answer).map_err(|_| ClientError::Nonsense)?;
        let Begun { writes, writer, attached, state, why } = begun;
        let (listener, typist) = (Listener(self.frames), Typist(self.writer));
        Ok(Attached { listener, typist, writes, writer, attached, state, why })
    }

    /// The next answer; `None` when there are no more.
    async fn answer(&mut self) -> Result<Option<Vec<u8>>, ClientError> {
        match self.frames.next().await? {
            Some((Kind::Answer, answer)) => Ok(Some(answer)),
            Some((Kind::End, _)) => Ok(None),
            Some((Kind::Refused, why)) => Err(ClientError::Refused(text(&why))),
            Some(_) => Err(ClientError::Nonsense),
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }
}

impl Listener {
    /// What comes next. Waiting may be given up and taken up again.
    pub async fn next(&mut self) -> Told {
        loop {
            return match self.0.next().await {
                Ok(Some((Kind::Data, characters))) => Told::Characters(characters),
                Ok(Some((Kind::Note, note))) => Told::Note(text(&note)),
                Ok(Some((Kind::End, why))) => Told::Ended(text(&why)),
                Ok(Some(_)) => continue,
                Ok(None) => Told::Ended("the console server is gone".to_owned()),
                Err(error) => Told::Ended(format!("the console server is gone: {error}")),
            };
        }
    }
}

impl Typist {
    /// Types characters. May not be given up.
    ///
    /// # Errors
    /// The server is gone; [`Listener::next`] says why.
    pub async fn write(&mut self, characters: &[u8]) -> io::Result<()> {
        for piece in characters.chunks(AT_ONCE) {
            send(&mut self.0, Kind::Data, piece).await?;
        }
        Ok(())
    }

    /// Sends a break. May not be given up.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn send_break(&mut self) -> io::Result<()> {
        send(&mut self.0, Kind::Break, b"").await
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
