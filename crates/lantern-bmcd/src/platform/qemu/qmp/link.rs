//! The conversation with one QEMU.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::{Instant, timeout_at};

use super::lines::Lines;
use super::message::{Event, Message};

/// Events that wait to be taken, at most. Of more the oldest are dropped: they are about a machine
/// that has changed since.
const EVENTS: usize = 256;

/// Why a command is not done.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum QmpError {
    /// It has not answered in time.
    #[error("QEMU has not answered {what} within {} s", patience.as_secs_f64())]
    Silent {
        /// What.
        what: String,
        /// How long it had.
        patience: Duration,
    },
    /// It refuses.
    #[error("QEMU refuses {what}: {why}")]
    Refused {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
    /// There is nobody any more.
    #[error("the connection to QEMU's monitor is lost: {0}")]
    Lost(#[from] io::Error),
    /// What comes is not QMP.
    #[error("what answers at QEMU's monitor socket does not speak QMP")]
    NotQmp,
}

impl QmpError {
    /// Whether the link is of no more use.
    pub(in super::super) const fn ends_the_link(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::NotQmp)
    }
}

/// A connection to QEMU's monitor.
#[derive(Debug)]
pub(in super::super) struct Link {
    stream: UnixStream,
    lines: Lines,
    events: VecDeque<Event>,
    next_id: u64,
    version: Option<[u64; 3]>,
    is_ready: bool,
}

impl Link {
    /// Connects to the monitor at `path`. It has still to be [greeted](Self::greet).
    pub(in super::super) async fn connect(path: &Path) -> io::Result<Self> {
        Ok(Self::new(UnixStream::connect(path).await?))
    }

    /// The same over a connection that is there.
    pub(in super::super) fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            lines: Lines::default(),
            events: VecDeque::new(),
            next_id: 1,
            version: None,
            is_ready: false,
        }
    }

    /// Whether QEMU is ready for commands.
    pub(in super::super) const fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// QEMU's version, if it has said.
    pub(in super::super) const fn version(&self) -> Option<[u64; 3]> {
        self.version
    }

    /// The number of the process at the other end.
    pub(in super::super) fn peer(&self) -> Option<i32> {
        self.stream.peer_cred().ok()?.pid()
    }

    /// Waits for QEMU's greeting, and greets it.
    ///
    /// # Errors
    /// See [`QmpError`]. After [`QmpError::Silent`] it may be tried again.
    pub(in super::super) async fn greet(&mut self, patience: Duration) -> Result<(), QmpError> {
        let deadline = Instant::now() + patience;
        let silent = |_| QmpError::Silent { what: "the connection".to_owned(), patience };
        while self.version.is_none() {
            let next = timeout_at(deadline, self.message());
            match next.await.map_err(silent)?? {
                Message::Greeting { version } => self.version = Some(version.unwrap_or_default()),
                Message::Event(event) => self.keep(event),
                // An answer to somebody who was here before.
                Message::Done { .. } | Message::Refused { .. } => {}
            }
        }
        self.execute("qmp_capabilities", json!({}), patience).await?;
        self.is_ready = true;
        Ok(())
    }

    /// Has QEMU do something.
    ///
    /// # Errors
    /// See [`QmpError`]. One that was silent may still do it.
    pub(in super::super) async fn execute(
        &mut self,
        command: &str,
        arguments: Value,
        patience: Duration,
    ) -> Result<Value, QmpError> {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let mut line = json!({ "execute": command, "arguments": arguments, "id": id }).to_string();
        line.push('\n');
        let deadline = Instant::now() + patience;
        let silent = |_| QmpError::Silent { what: command.to_owned(), patience };
        // Half a command is none: whoever does not take one is of no more use.
        let stuck = |_| io::Error::from(io::ErrorKind::TimedOut);
        timeout_at(deadline, self.stream.write_all(line.as_bytes())).await.map_err(stuck)??;
        loop {
            // Also for one that always has something else to say.
            if Instant::now() >= deadline {
                return Err(QmpError::Silent { what: command.to_owned(), patience });
            }
            match timeout_at(deadline, self.message()).await.map_err(silent)?? {
                Message::Done { id: Some(of), value } if of == id => return Ok(value),
                Message::Refused { id: Some(of), why } if of == id => {
                    return Err(QmpError::Refused { what: command.to_owned(), why });
                }
                Message::Event(event) => self.keep(event),
                // Late, to a question that nobody waits for any more.
                Message::Done { .. } | Message::Refused { .. } | Message::Greeting { .. } => {}
            }
        }
    }

    /// The next event. Waiting may be given up and taken up again.
    ///
    /// # Errors
    /// [`QmpError::Lost`] or [`QmpError::NotQmp`].
    pub(in super::super) async fn event(&mut self) -> Result<Event, QmpError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            if let Message::Event(event) = self.message().await? {
                return Ok(event);
            }
        }
    }

    fn keep(&mut self, event: Event) {
        if self.events.len() >= EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// The next message. Nothing is lost if the wait is given up.
    async fn message(&mut self) -> Result<Message, QmpError> {
        loop {
            if let Some(line) = self.lines.next().map_err(|_| QmpError::NotQmp)? {
                return Message::parse(&line).ok_or(QmpError::NotQmp);
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk).await? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                count => self.lines.push(chunk.get(..count).unwrap_or_default()),
            }
        }
    }
}
