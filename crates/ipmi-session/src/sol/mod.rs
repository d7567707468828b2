//! Serial over LAN: two streams of characters over packets that get lost, the same at both ends.
//!
//! ```text
//!   write ─► [tape] ─► one packet in flight ─────► taken, in part, or not ─► [tape] ─► read
//!            ▲ retransmitted until it is acknowledged; what was not taken goes out again
//! ```
//!
//! One packet with characters is on its way at a time, numbered 1 to 15 (IPMI v2.0 §15.9 to §15.11).
//! That alone does not tell a late copy from a packet of the next round of numbers; but each copy
//! comes in a packet of the session, whose own numbers only grow. So [`Link::receive`] wants that
//! number, too, and what was sent before something already known is passed over.
//!
//! Nothing is given up here: as long as the session lives, what waits goes out again.

mod receiver;
mod sender;
mod tape;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use ipmi_wire::session::{SolOperation, SolPacket, SolStatus};

use receiver::{Arrived, Receiver};
use sender::{Ack, Outgoing, Sender, is_after};
use tape::Head;

use crate::timing::{RoundTrip, Timing};

/// Which end of the line this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The remote console.
    Console,
    /// The managed system.
    Managed,
}

/// When characters are sent that do not fill a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accumulate {
    /// They have waited for so long,
    pub interval: Duration,
    /// or there are so many.
    pub threshold: usize,
}

/// When a packet is sent again that is not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// As the line needs it.
    Adaptive(Timing),
    /// As the line needs it, after `interval` at the latest; once it was sent again `count` times,
    /// every second. SOL parameter 4 would have it dropped then: but nothing that comes after it is
    /// of use to somebody who lacks it, and he may be back.
    Parameter {
        /// How often.
        count: u8,
        /// Time between.
        interval: Duration,
    },
}

/// How a line is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which end this is.
    pub end: End,
    /// Characters that wait to be sent, at most.
    pub outbound: usize,
    /// Characters that wait to be read, at most: more are not taken from the other side.
    pub inbound: usize,
    /// How characters are gathered.
    pub accumulate: Accumulate,
    /// How packets are repeated.
    pub retry: Retry,
}

/// The least time after which a packet is sent again: it is answered as soon as it comes, by a BMC
/// that is well.
const INITIAL: Duration = Duration::from_millis(100);
/// The most, at a console.
pub(crate) const CEILING: Duration = Duration::from_millis(500);

/// One end of a line.
#[derive(Debug)]
pub struct Link {
    end: End,
    sender: Sender,
    receiver: Receiver,
    /// Whether characters from the other side can be passed on.
    takes: bool,
    /// The flags that describe a state, as the newest packet has them.
    levels: u8,
    /// The session's number of the packet that they are from.
    levels_from: Option<u32>,
    /// What is to be said without waiting for an acknowledgement.
    farewell: Option<Instant>,
}

/// What comes out of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Characters.
    Characters(Vec<u8>),
    /// Something beside them, in its place among them: flags of [`SolOperation`] at the managed
    /// system's end, of [`SolStatus`] at the console's.
    Flags(u8),
}

impl Accumulate {
    /// Nothing waits.
    pub const NONE: Self = Self { interval: Duration::ZERO, threshold: 1 };
}

impl Retry {
    /// Pauses between packets that go out although nobody seems to be there.
    const SELDOM: Duration = Duration::from_secs(1);

    fn after(self, round_trip: &RoundTrip, sent: u32) -> Duration {
        match self {
            Self::Adaptive(timing) => round_trip.timeout(&timing, sent),
            Self::Parameter { count, interval } if sent > u32::from(count) => {
                interval.max(Self::SELDOM)
            }
            Self::Parameter { interval, .. } => {
                let initial = INITIAL.min(interval);
                let timing = Timing { initial, ceiling: interval, ..Timing::default() };
                round_trip.timeout(&timing, sent)
            }
        }
    }
}

impl Settings {
    /// A console that sends what is typed at once, and again after half a second at the latest: each
    /// repetition also says whether the BMC is there.
    #[must_use]
    pub fn console(timing: Timing) -> Self {
        let initial = timing.initial.min(INITIAL);
        let timing = Timing { initial, ceiling: timing.ceiling.min(CEILING), ..timing };
        Self {
            end: End::Console,
            outbound: 64 * 1024,
            inbound: 16 * 1024,
            accumulate: Accumulate::NONE,
            retry: Retry::Adaptive(timing),
        }
    }
}

impl Link {
    /// A line over which nothing is sent yet but acknowledgements.
    #[must_use]
    pub fn new(now: Instant, settings: Settings) -> Self {
        let Settings { end, outbound, inbound, accumulate, retry } = settings;
        Self {
            end,
            sender: Sender::new(now, outbound, accumulate, retry),
            receiver: Receiver::new(inbound),
            takes: true,
            levels: 0,
            levels_from: None,
            farewell: None,
        }
    }

    /// From now on characters are sent, in payloads of at most `payload` bytes as in the answer to
    /// Activate Payload. What cannot be such a size (`research/freeipmi.md` §5 has 5 to 259) is
    /// taken for a small one.
    pub fn start(&mut self, payload: u16) {
        const SMALL: usize = 64;
        let fits = match usize::from(payload).saturating_sub(SolPacket::HEADER) {
            0 => SMALL,
            characters => characters,
        };
        self.sender.start(fits);
    }

    /// How many more characters [`write`](Self::write) takes.
    #[must_use]
    pub fn room(&self) -> usize {
        self.sender.room()
    }

    /// How many characters were written that the other side has not acknowledged.
    #[must_use]
    pub fn unacknowledged(&self) -> usize {
        self.sender.waiting()
    }

    /// For how long a packet has gone out without an answer.
    #[must_use]
    pub fn silence(&self, now: Instant) -> Option<Duration> {
        self.sender.unacknowledged_since(now)
    }

    /// Whether all that was written has arrived.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.sender.is_idle()
    }

    /// Sends as many of these characters as there is room for; how many.
    pub fn write(&mut self, now: Instant, characters: &[u8]) -> usize {
        self.sender.write(now, characters)
    }

    /// Sends flags behind what was written: a break, a loss.
    pub fn write_flags(&mut self, now: Instant, flags: u8) {
        self.sender.mark(now, flags);
    }

    /// What has come: up to `max` characters, or flags.
    pub fn read(&mut self, max: usize) -> Option<Piece> {
        match self.receiver.head()? {
            Head::Bytes(count) => Some(Piece::Characters(self.receiver.take(count.min(max)))),
            Head::Mark(flags) => {
                self.receiver.take_mark();
                Some(Piece::Flags(flags))
            }
        }
    }

    /// Whether there is something to [`read`](Self::read).
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.receiver.head().is_some()
    }

    /// Whether characters from the other side can be passed on. As long as they cannot, it is told
    /// so.
    pub fn set_available(&mut self, now: Instant, available: bool) {
        if self.takes && !available && self.end == End::Managed {
            self.sender.mark(now, SolStatus::UNAVAILABLE);
        }
        self.takes = available;
    }

    /// The flags that describe a state, as the other side said last: [`SolOperation::CTS_OFF`] and
    /// [`SolOperation::DCD_DSR_OFF`], or [`SolStatus::UNAVAILABLE`] and
    /// [`SolStatus::DEACTIVATING`].
    #[must_use]
    pub const fn levels(&self) -> u8 {
        self.levels
    }

    /// How often numbers of packets were left out: the other side has started anew, or cannot
    /// count.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.receiver.skipped()
    }

    /// Says once that the line ends: no answer is waited for.
    pub const fn say_farewell(&mut self, now: Instant) {
        self.farewell = Some(now);
    }

    /// Takes in a packet, which came in the session's packet number `order`.
    pub fn receive(&mut self, now: Instant, order: u32, packet: &SolPacket) {
        let (levels, events, flushes) = match self.end {
            End::Console => (
                SolStatus::UNAVAILABLE | SolStatus::DEACTIVATING,
                SolStatus::OVERRUN | SolStatus::BREAK,
                0,
            ),
            End::Managed => (
                SolOperation::CTS_OFF | SolOperation::DCD_DSR_OFF,
                SolOperation::RING | SolOperation::BREAK,
                SolOperation::FLUSH_INBOUND | SolOperation::FLUSH_OUTBOUND,
            ),
        };
        let is_newest = self.levels_from.is_none_or(|from| is_after(order, from));
        if is_newest {
            self.levels_from = Some(order);
            self.levels = packet.flags & levels;
        }
        if packet.ack != 0 {
            let nack = packet.is_nack();
            let ack = Ack { sequence: packet.ack, accepted: packet.accepted, nack };
            self.sender.acknowledged(now, order, ack);
            if self.end == End::Console && !nack && is_newest {
                self.levels &= !SolStatus::UNAVAILABLE;
            }
        }
        let events = packet.flags & events;
        let arrived = if packet.sequence != 0 {
            self.receiver.receive(now, order, packet, events, self.takes)
        } else if is_newest {
            if events != 0 {
                self.receiver.mark(events);
            }
            Arrived::New
        } else {
            Arrived::Old
        };
        if arrived == Arrived::New && flushes & packet.flags & SolOperation::FLUSH_INBOUND != 0 {
            self.receiver.flush();
        }
        if arrived == Arrived::New && flushes & packet.flags & SolOperation::FLUSH_OUTBOUND != 0 {
            self.sender.flush();
        }
    }

    /// The next packet to send.
    pub fn poll(&mut self, now: Instant) -> Option<SolPacket> {
        let ack = self.receiver.take_ack(now);
        // ipmitool throws away the characters of a packet that acknowledges a break or its keep-alive
        // (`sendBreak` and `ipmi_sol_keepalive_using_sol` of 1.8.19 do not look at the answer), and
        // FreeIPMI takes either: a managed system says the one and then the other.
        let alone = self.end == End::Managed;
        let outgoing = if alone && ack.is_some() { None } else { self.sender.poll(now) };
        let farewell = self.farewell.take();
        if ack.is_none() && outgoing.is_none() && farewell.is_none() {
            return None;
        }
        let again = !alone && outgoing.as_ref().is_some_and(|outgoing| outgoing.again);
        let ack = ack.or_else(|| self.receiver.last_ack().filter(|_| again));
        let mut packet = SolPacket::default();
        if let Some(Ack { sequence, accepted, nack }) = ack {
            packet.ack = sequence;
            packet.accepted = accepted;
            if nack {
                packet.flags |= SolPacket::NACK;
                if self.end == End::Managed {
                    packet.flags |= SolStatus::UNAVAILABLE;
                }
            }
        }
        if let Some(Outgoing { sequence, flags, data, .. }) = outgoing {
            packet.sequence = sequence;
            packet.flags |= flags;
            packet.data = data;
        }
        if farewell.is_some() {
            packet.flags |= SolStatus::DEACTIVATING;
        }
        Some(packet)
    }

    /// When [`poll`](Self::poll) has something next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = [self.sender.poll_timeout(), self.receiver.poll_timeout(), self.farewell];
        due.into_iter().flatten().min()
    }
}
