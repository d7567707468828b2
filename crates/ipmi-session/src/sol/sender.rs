//! What is on its way to the other side: one packet at a time, until it says how much it took.

use std::time::{Duration, Instant};

use ipmi_wire::session::SolPacket;

use super::tape::{Head, Tape};
use super::{Accumulate, Retry};
use crate::timing::{RoundTrip, Tries, later};

#[derive(Debug)]
pub(super) struct Sender {
    tape: Tape,
    capacity: usize,
    /// Characters that fit into a packet; 0 as long as that is not known.
    fits: usize,
    accumulate: Accumulate,
    retry: Retry,
    round_trip: RoundTrip,
    flight: Option<Flight>,
    /// The number of the last packet.
    sequence: u8,
    /// When the characters that wait began to.
    gathering: Instant,
    /// The other side could not take anything: not before this.
    held_until: Option<Instant>,
    /// How often in a row it could not.
    held: u32,
    /// What the other side last said came in the session's packet of this number.
    heard: Option<u32>,
}

#[derive(Debug)]
struct Flight {
    sequence: u8,
    what: Head,
    tries: Tries,
    due: Instant,
}

/// What the other side says of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ack {
    pub(super) sequence: u8,
    pub(super) accepted: u8,
    pub(super) nack: bool,
}

/// What goes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) sequence: u8,
    pub(super) flags: u8,
    pub(super) data: Vec<u8>,
    /// It went out before.
    pub(super) again: bool,
}

impl Sender {
    /// Pauses while the other side cannot take anything: from this, doubling, to
    /// [`LONGEST_HOLD`](Self::LONGEST_HOLD).
    const HOLD: Duration = Duration::from_millis(50);
    const LONGEST_HOLD: Duration = Duration::from_secs(1);

    pub(super) fn new(now: Instant, capacity: usize, accumulate: Accumulate, retry: Retry) -> Self {
        Self {
            tape: Tape::default(),
            capacity,
            fits: 0,
            accumulate,
            retry,
            round_trip: RoundTrip::default(),
            flight: None,
            sequence: 0,
            gathering: now,
            held_until: None,
            held: 0,
            heard: None,
        }
    }

    /// From now on packets with so many characters may be sent.
    pub(super) fn start(&mut self, fits: usize) {
        self.fits = fits.clamp(1, SolPacket::MAX_CHARACTERS);
    }

    /// How many more characters it takes.
    pub(super) fn room(&self) -> usize {
        self.capacity.saturating_sub(self.tape.len())
    }

    /// How many characters are not known to have arrived.
    pub(super) fn waiting(&self) -> usize {
        self.tape.len()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.tape.is_empty()
    }

    /// Since when a packet has not been acknowledged.
    pub(super) fn unacknowledged_since(&self, now: Instant) -> Option<Duration> {
        self.flight.as_ref().map(|flight| flight.tries.waited(now))
    }

    /// Takes as many characters as there is room for; how many.
    pub(super) fn write(&mut self, now: Instant, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        let taken = bytes.get(..count).unwrap_or_default();
        self.begin(now);
        self.tape.push(taken);
        count
    }

    /// Lets these flags go out behind the characters that wait.
    pub(super) fn mark(&mut self, now: Instant, flags: u8) {
        self.begin(now);
        self.tape.mark(flags);
    }

    /// What is first to wait, waits from now on.
    fn begin(&mut self, now: Instant) {
        if self.tape.is_empty() {
            self.gathering = now;
        }
    }

    /// Forgets what waits; what is on its way may have arrived.
    pub(super) fn flush(&mut self) {
        self.tape.clear();
        self.flight = None;
    }

    /// Takes in an acknowledgement from the session's packet number `order`. Those that come late
    /// are about packets of an earlier round of numbers.
    pub(super) fn acknowledged(&mut self, now: Instant, order: u32, ack: Ack) {
        let is_late = self.heard.is_some_and(|heard| !is_after(order, heard));
        let Some(flight) = self.flight.as_ref().filter(|f| f.sequence == ack.sequence) else {
            return;
        };
        if is_late {
            return;
        }
        self.heard = Some(order);
        self.round_trip.answered(now, &flight.tries);
        let taken = match flight.what {
            Head::Bytes(count) => count.min(ack.accepted.into()),
            // A break has no characters to be counted. Early Tyan boards say no to one and generate
            // it all the same (`research/freeipmi.md` §5).
            Head::Mark(_) => {
                self.tape.take_mark();
                0
            }
        };
        let refused = matches!(flight.what, Head::Bytes(_)) && taken == 0;
        self.flight = None;
        self.tape.take(taken);
        if refused {
            self.held = self.held.saturating_add(1);
            let doubled = Self::HOLD.saturating_mul(1 << self.held.saturating_sub(1).min(8));
            self.held_until = Some(later(now, doubled.min(Self::LONGEST_HOLD)));
        } else {
            self.held = 0;
            self.held_until = None;
        }
        // What was in flight has gathered for long enough; what comes behind it has not.
        self.gathering = now;
    }

    /// What goes out now, if anything does.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Outgoing> {
        if let Some(flight) = &mut self.flight {
            if now < flight.due {
                return None;
            }
            flight.tries.again(now);
            flight.due = later(now, self.retry.after(&self.round_trip, flight.tries.sent));
            return Some(outgoing(&self.tape, flight.sequence, flight.what, true));
        }
        if self.fits == 0 || self.ready_at().is_none_or(|at| now < at) {
            return None;
        }
        let what = match self.tape.head()? {
            Head::Bytes(count) => Head::Bytes(count.min(self.fits)),
            mark @ Head::Mark(_) => mark,
        };
        self.sequence = SolPacket::after(self.sequence);
        let due = later(now, self.retry.after(&self.round_trip, 1));
        self.flight = Some(Flight { sequence: self.sequence, what, tries: Tries::new(now), due });
        Some(outgoing(&self.tape, self.sequence, what, false))
    }

    /// When there is something to send.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.flight {
            Some(flight) => Some(flight.due),
            None if self.fits == 0 => None,
            None => self.ready_at(),
        }
    }

    /// When what waits is to go: at once if it fills a packet or a mark stands behind it, else when
    /// it has gathered for long enough.
    fn ready_at(&self) -> Option<Instant> {
        let Accumulate { interval, threshold } = self.accumulate;
        let at = match self.tape.head()? {
            Head::Mark(_) => self.gathering,
            Head::Bytes(count) if count >= threshold.min(self.fits) => self.gathering,
            // A mark stands behind them.
            Head::Bytes(_) if self.tape.has_mark() => self.gathering,
            Head::Bytes(_) => later(self.gathering, interval),
        };
        Some(self.held_until.map_or(at, |until| at.max(until)))
    }
}

fn outgoing(tape: &Tape, sequence: u8, what: Head, again: bool) -> Outgoing {
    match what {
        Head::Bytes(count) => Outgoing { sequence, flags: 0, data: tape.peek(count), again },
        Head::Mark(flags) => Outgoing { sequence, flags, data: Vec::new(), again },
    }
}

/// Whether the session's packet `number` was sent after `other`.
pub(super) const fn is_after(number: u32, other: u32) -> bool {
    let ahead = number.wrapping_sub(other);
    ahead != 0 && ahead < 1 << 31
}
