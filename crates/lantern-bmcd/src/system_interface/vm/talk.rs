//! The work on one connection: bytes to and from the [`Link`], requests to and from the BMC.

use std::fmt;
use std::io;

use ipmi_bmc::platform::PowerSignal;
use ipmi_bmc::vm::{Event, Fault, Link, Peer, Tally};
use ipmi_wire::Response;
use ipmi_wire::vm::VERSION;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::desk::Answer;
use super::super::{Desk, Guest, Presence};
use crate::stream::Stream;

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
            f.write_str(", nothing that a host says (is it a chardev of ipmi-bmc-extern?)")?;
        }
        Ok(())
    }
}

/// Nobody is there once this is over, however that comes about.
struct There<'a>(&'a mut Presence);

impl Drop for There<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

/// Answers who is at the other end of `stream`, until that ends.
pub(super) async fn talk(
    stream: Box<dyn Stream>,
    peer: &str,
    desk: &mut Desk,
    presence: &mut Presence,
) -> End {
    let there = There(presence);
    let mut link = Link::new(desk.attention());
    there.0.set(Some(guest(peer, link.peer())));
    let error = carry(stream, peer, desk, &mut *there.0, &mut link).await;
    let error = error.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into());
    End {
        error,
        tally: link.tally(),
        is_within_frame: link.is_within_frame(),
        is_known: link.peer().is_known,
    }
}

fn guest(peer: &str, says: Peer) -> Guest {
    let Peer { capabilities, is_known, .. } = says;
    Guest { peer: peer.to_owned(), is_known, capabilities }
}

async fn carry(
    stream: Box<dyn Stream>,
    peer: &str,
    desk: &mut Desk,
    presence: &mut Presence,
    link: &mut Link,
) -> io::Result<()> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut chunk = [0; 512];
    let mut answer: Option<Answer> = None;
    loop {
        while let Some(event) = link.poll() {
            match event {
                Event::Request(request) => answer = Some(desk.ask(request)),
                Event::Peer(says) => meet(peer, says),
                Event::Reset => presence.was_reset(),
                Event::Fault(fault) => complain(peer, &fault, link.tally()),
            }
            presence.set(Some(guest(peer, link.peer())));
        }
        // Not before there is room: who sends then has to wait.
        let room = link.room().min(chunk.len());
        let space = chunk.get_mut(..room).unwrap_or_default();
        tokio::select! {
            Some(response) = given(&mut answer) => {
                answer = None;
                link.attend(desk.attention());
                link.answer(&response);
            }
            () = desk.attention_changed() => link.attend(desk.attention()),
            signal = presence.signal(), if link.has_room() => control(peer, link, signal),
            sent = writer.write(link.output()), if !link.output().is_empty() => match sent? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => link.sent(count),
            },
            count = reader.read(space), if room > 0 => match count? {
                0 => return Ok(()),
                count => drop(link.receive(chunk.get(..count).unwrap_or_default())),
            },
        }
    }
}

/// The answer that is waited for, once it is there.
async fn given(answer: &mut Option<Answer>) -> Option<Response> {
    match answer {
        Some(answer) => Some(answer.await),
        None => None,
    }
}

/// The other end has said something of itself.
fn meet(peer: &str, says: Peer) {
    let can: Vec<_> = says.capabilities.names().collect();
    tracing::debug!(
        peer,
        version = says.version,
        can = can.join(", "),
        "the host introduces itself"
    );
    if let Some(version) = says.version.filter(|version| *version != VERSION) {
        tracing::warn!(
            peer,
            version,
            "the host speaks another version of the VM protocol than {VERSION}: what is new in it is not \
             understood"
        );
    }
}

/// Something made no sense. The first time it is told.
fn complain(peer: &str, fault: &Fault, tally: Tally) {
    if tally.faults == 1 {
        tracing::warn!(
            peer, %fault,
            "the host's system interface carries something that makes no sense; it is skipped, and more of it is \
             counted only"
        );
    } else {
        tracing::trace!(peer, %fault, "skipped");
    }
}

fn control(peer: &str, link: &mut Link, signal: PowerSignal) {
    match link.signal(signal) {
        Ok(()) => tracing::debug!(peer, ?signal, "sent to the host"),
        // It was another host's that could.
        Err(error) => tracing::warn!(peer, ?signal, %error, "not sent to the host"),
    }
}
