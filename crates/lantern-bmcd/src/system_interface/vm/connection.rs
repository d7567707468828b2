//! One connection: bytes to and from its [`Link`].

use std::fmt;
use std::io;

use ipmi_bmc::Attention;
use ipmi_bmc::vm::{Event, Fault, Link, Peer, Tally};
use ipmi_wire::vm::VERSION;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use super::super::Guest;
use crate::stream::Stream;

/// A connection and all that is known of its other end.
pub(super) struct Connection {
    pub(super) peer: String,
    pub(super) link: Link,
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
}

impl Connection {
    /// One that has just come to be.
    pub(super) fn new(stream: Box<dyn Stream>, peer: String, attention: Attention) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self { peer, link: Link::new(attention), reader, writer }
    }

    /// What happens next; meanwhile what is to be sent is sent. It may be given up, and nothing is lost.
    pub(super) async fn event(&mut self) -> io::Result<Event> {
        let Self { link, reader, writer, .. } = self;
        let mut chunk = [0; 512];
        loop {
            if let Some(event) = link.poll() {
                return Ok(event);
            }
            // Not before there is room: who sends then has to wait.
            let room = link.room().min(chunk.len());
            let space = chunk.get_mut(..room).unwrap_or_default();
            tokio::select! {
                count = writer.write(link.output()), if !link.output().is_empty() => match count? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    count => link.sent(count),
                },
                count = reader.read(space), if room > 0 => match count? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    count => {
                        link.receive(chunk.get(..count).unwrap_or_default());
                    }
                },
                // Somebody else knows what to do next.
                else => std::future::pending().await,
            }
        }
    }

    /// Who is at the other end.
    pub(super) fn guest(&self) -> Guest {
        let Peer { capabilities, is_known, .. } = self.link.peer();
        Guest { peer: self.peer.clone(), is_known, capabilities }
    }

    /// What has come of it, now that it has ended like this.
    pub(super) fn end(&self, error: io::Error) -> End {
        End {
            error,
            tally: self.link.tally(),
            is_within_frame: self.link.is_within_frame(),
            is_known: self.link.peer().is_known,
        }
    }

    /// The other end has said something of itself.
    pub(super) fn meet(&self, says: Peer) {
        let can: Vec<_> = says.capabilities.names().collect();
        let (peer, can) = (&self.peer, can.join(", "));
        tracing::debug!(peer, version = says.version, can, "the host introduces itself");
        if let Some(version) = says.version.filter(|version| *version != VERSION) {
            tracing::warn!(
                peer,
                version,
                "the host speaks another version of the VM protocol than {VERSION}: what is new in it is \
                 not understood"
            );
        }
    }

    /// Something made no sense. The first time it is told.
    pub(super) fn complain(&self, fault: &Fault) {
        let peer = &self.peer;
        if self.link.tally().faults == 1 {
            tracing::warn!(
                peer, %fault,
                "the host's system interface carries something that makes no sense: it is skipped, and \
                 more of it is counted only"
            );
        } else {
            tracing::trace!(peer, %fault, "skipped");
        }
    }
}

/// Why a connection is over, and what came of it.
#[derive(Debug)]
pub(super) struct End {
    error: io::Error,
    tally: Tally,
    is_within_frame: bool,
    is_known: bool,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error.kind() {
            io::ErrorKind::UnexpectedEof => f.write_str("closed by the other end")?,
            _ => write!(f, "{}", self.error)?,
        }
        let Tally { requests, faults } = self.tally;
        write!(f, "; {requests} requests")?;
        if faults > 0 {
            write!(f, ", {faults} pieces that made no sense")?;
        }
        if self.is_within_frame {
            f.write_str(", ended within a frame")?;
        }
        if !self.is_known {
            f.write_str(", nothing that a host says (is it the chardev of an ipmi-bmc-extern?)")?;
        }
        Ok(())
    }
}
