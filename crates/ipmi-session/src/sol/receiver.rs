//! What has come from the other side: each character once, in order.

use core::fmt;
use std::time::{Duration, Instant};

use ipmi_wire::session::SolPacket;

use super::sender::{Ack, is_after};
use super::tape::{Head, Tape};
use crate::timing::later;

#[derive(Debug)]
pub(super) struct Receiver {
    tape: Tape,
    capacity: usize,
    /// The newest packet with a number: its number, what was taken of it, and the session's number
    /// of the packet that it came in last.
    newest: Option<Newest>,
    /// What is still to be said of it.
    owed: Option<Owed>,
    /// What is in it, while it waits for room.
    held: Held,
    /// Numbers that were left out.
    skipped: u64,
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    ack: Ack,
    order: u32,
}

/// An acknowledgement that has not been sent.
#[derive(Clone, Copy, Debug)]
enum Owed {
    /// Since then.
    Now(Instant),
    /// There was no room at all: there may be some before this.
    Until(Instant),
}

/// Characters that there was no room for.
#[derive(Default)]
struct Held(Vec<u8>);

/// Without the characters: a password that is typed is among them.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({} characters)", self.0.len())
    }
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    /// It is new, and so are its flags.
    New,
    /// It came before, or is late: it has nothing to say.
    Old,
}

impl Receiver {
    /// For how long a packet that there is no room for is left without an answer: less than what
    /// the other side waits, whoever that is. ipmitool and FreeIPMI ask again at once when they are
    /// told that nothing was taken.
    const PATIENCE: Duration = Duration::from_millis(200);

    pub(super) fn new(capacity: usize) -> Self {
        Self {
            tape: Tape::default(),
            capacity,
            newest: None,
            owed: None,
            held: Held::default(),
            skipped: 0,
        }
    }

    fn room(&self) -> usize {
        self.capacity.saturating_sub(self.tape.len())
    }

    /// Takes in a packet with a number. `takes` says whether characters can be passed on at all.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        order: u32,
        packet: &SolPacket,
        marks: u8,
        takes: bool,
    ) -> Arrived {
        if let Some(newest) = &mut self.newest {
            if !is_after(order, newest.order) {
                return Arrived::Old;
            }
            if newest.ack.sequence == packet.sequence {
                // Whatever else is in it now: an earlier answer may be on its way, and what it does
                // not count will come again under another number.
                newest.order = order;
                self.owed.get_or_insert(Owed::Now(now));
                return Arrived::Old;
            }
            if packet.sequence != SolPacket::after(newest.ack.sequence) {
                self.skipped = self.skipped.saturating_add(1);
            }
        }
        let room = if takes { self.room() } else { 0 };
        let taken = packet.data.len().min(room).min(SolPacket::MAX_CHARACTERS);
        self.tape.push(packet.data.get(..taken).unwrap_or_default());
        if marks != 0 {
            self.tape.mark(marks);
        }
        let refused = taken == 0 && !packet.data.is_empty();
        let ack =
            Ack { sequence: packet.sequence, accepted: count(taken), nack: refused && !takes };
        self.newest = Some(Newest { ack, order });
        self.held = Held::default();
        self.owed = Some(Owed::Now(now));
        if refused && takes {
            self.held = Held(packet.data.clone());
            self.owed = Some(Owed::Until(later(now, Self::PATIENCE)));
        }
        Arrived::New
    }

    /// The acknowledgement that is to go out now.
    pub(super) fn take_ack(&mut self, now: Instant) -> Option<Ack> {
        let due = match self.owed? {
            Owed::Now(_) => true,
            Owed::Until(until) => now >= until || self.room() > 0,
        };
        if !due {
            return None;
        }
        self.owed = None;
        let Held(held) = std::mem::take(&mut self.held);
        let taken = held.len().min(self.room()).min(SolPacket::MAX_CHARACTERS);
        let newest = self.newest.as_mut()?;
        if taken > 0 {
            newest.ack.accepted = count(taken);
            self.tape.push(held.get(..taken).unwrap_or_default());
        }
        Some(newest.ack)
    }

    /// What was last acknowledged, to be said again with a packet that goes out again.
    pub(super) fn last_ack(&self) -> Option<Ack> {
        match self.owed {
            None => self.newest.map(|newest| newest.ack),
            Some(_) => None,
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.owed? {
            Owed::Now(since) => Some(since),
            // As when it came: that is over.
            Owed::Until(until) if self.room() > 0 => until.checked_sub(Self::PATIENCE),
            Owed::Until(until) => Some(until),
        }
    }

    pub(super) fn head(&self) -> Option<Head> {
        self.tape.head()
    }

    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        self.tape.take(count)
    }

    pub(super) fn take_mark(&mut self) {
        self.tape.take_mark();
    }

    /// Sets a mark that came with no packet of its own.
    pub(super) fn mark(&mut self, flags: u8) {
        self.tape.mark(flags);
    }

    pub(super) fn flush(&mut self) {
        self.tape.clear();
        self.held = Held::default();
    }

    /// How often numbers were left out.
    pub(super) const fn skipped(&self) -> u64 {
        self.skipped
    }
}

fn count(taken: usize) -> u8 {
    u8::try_from(taken).unwrap_or(u8::MAX)
}
