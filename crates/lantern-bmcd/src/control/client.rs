//! The other end of a control socket.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::lines::{Line, Lines};
use super::protocol::{Code, Operation, Refusal, Request, Response};

/// The longest answer that is read: that of a whole log.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// A connection to a BMC's control socket.
#[derive(Debug)]
pub struct Client {
    lines: Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
    asked: u64,
    /// Events that came while an answer was waited for.
    events: VecDeque<Value>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no connection, or it was lost.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The socket is neither this user's nor root's: who answers there may be anybody.
    #[error("who answers there is user {0}")]
    Stranger(u32),
    /// What came is no answer.
    #[error("what came is no answer: {0}")]
    Nonsense(String),
    /// It was not done.
    #[error("{0}")]
    Refused(#[from] Refusal),
}

impl Client {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// [`ClientError::Io`], [`ClientError::Stranger`].
    pub async fn connect(path: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(path).await?;
        let peer = stream.peer_cred()?.uid();
        if peer != 0 && peer != rustix::process::geteuid().as_raw() {
            return Err(ClientError::Stranger(peer));
        }
        let (reader, writer) = stream.into_split();
        let lines = Lines::new(BufReader::new(reader), MAX_ANSWER);
        Ok(Self { lines, writer, asked: 0, events: VecDeque::new() })
    }

    /// Has something done, and waits for what it brings.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn ask<T: DeserializeOwned>(
        &mut self,
        bmc: Option<&str>,
        operation: Operation,
    ) -> Result<T, ClientError> {
        self.asked = self.asked.saturating_add(1);
        let id = Value::from(self.asked);
        let request = Request { id: id.clone(), bmc: bmc.map(str::to_owned), operation };
        // One that does not let us in may be gone before it has read anything: it says why.
        let written = self.writer.write_all((request.to_line() + "\n").as_bytes()).await;
        loop {
            let value = match self.line().await {
                Ok(value) => value,
                Err(error) => return Err(written.err().map_or(error, ClientError::Io)),
            };
            if value.get("event").is_some() {
                self.events.push_back(value);
                continue;
            }
            let response: Response = parse(value)?;
            if let Some(refusal) = response.error {
                return Err(refusal.into());
            }
            if response.id == id {
                return parse(response.result.unwrap_or_default());
            }
        }
    }

    /// The next event, once events follow; `None` when there are no more.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn event<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ClientError> {
        let value = match self.events.pop_front() {
            Some(value) => value,
            None => match self.line().await {
                Ok(value) => value,
                Err(ClientError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            },
        };
        if value.get("event").is_none() {
            let response: Response = parse(value)?;
            let dropped = Refusal::new(Code::Busy, "the connection was ended");
            return Err(response.error.unwrap_or(dropped).into());
        }
        parse(value).map(Some)
    }

    async fn line(&mut self) -> Result<Value, ClientError> {
        match self.lines.next().await? {
            Some(Line::Whole(line)) => serde_json::from_slice(&line)
                .map_err(|error| ClientError::Nonsense(error.to_string())),
            Some(Line::TooLong) => Err(ClientError::Nonsense("it has no end".to_owned())),
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }
}

fn parse<T: DeserializeOwned>(value: Value) -> Result<T, ClientError> {
    serde_json::from_value(value).map_err(|error| ClientError::Nonsense(error.to_string()))
}
