//! QMP, the QEMU Machine Protocol: JSON, one message a line, over a socket.
//!
//! QEMU greets, the client says `qmp_capabilities`, and from then on each command has one answer,
//! told by its `id`, with events in between. Whoever is at the other end may be slow, silent, or not
//! QEMU at all: a line has a longest length, events that nobody takes are bounded, and every
//! command has its time.
//!
//! * `lines`: bytes to lines. `message`: lines to messages. `link`: the conversation.

mod lines;
mod link;
mod message;
#[cfg(test)]
mod tests;

pub(super) use link::{Link, QmpError};
use message::Message;
pub(super) use message::{Event, clean};

/// Reads what a peer says, cut into chunks as it came: for fuzzing. How many messages there were, if
/// it was QMP to the end.
pub fn read_all<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Option<usize> {
    let mut lines = lines::Lines::default();
    let mut count = 0;
    for chunk in chunks {
        lines.push(chunk);
        while let Some(line) = lines.next().ok()? {
            let _ = Message::parse(&line)?;
            count += 1;
        }
        if !lines.is_bounded() {
            return None;
        }
    }
    Some(count)
}
