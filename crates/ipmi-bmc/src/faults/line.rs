//! Faults of the line: datagrams that are late, lost or jumbled.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_session::Entropy;
use ipmi_session::managed::Delayed;
use ipmi_wire::lan::LanMessage;

use super::FaultKind::{Delay, Drop, PressedDrop, PressedMerge, PressedReorder};
use super::Faults;

/// What the line remembers.
#[derive(Debug, Default)]
pub(super) struct Line {
    late: VecDeque<Delayed>,
    /// By session: until when the answer to its last request is on its way, and what is in it.
    answering: BTreeMap<u32, (Instant, Vec<u8>)>,
}

/// How an answer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// With all others.
    Usual,
    /// At this instant.
    At(Instant),
    /// Not at all.
    Lost,
}

/// How long an answer takes where it matters whether somebody waits for it, if nothing is said.
const ANSWERING: Duration = Duration::from_millis(30);
/// How many late answers may wait to be fetched. Whoever fetches them after each datagram finds one.
const CAPACITY: usize = 64;

impl Faults {
    /// Whether a datagram gets lost.
    pub(crate) fn loses(&self, entropy: &mut dyn Entropy) -> bool {
        let Some(percent) = self.amount(Drop) else { return false };
        let mut draw = [0; 4];
        entropy.fill(&mut draw);
        u32::from_le_bytes(draw) % 100 < percent
    }

    /// What becomes of the answer to a request of session `id` that came at `now`: where its
    /// console did not wait for the one before, it may be jumbled.
    pub(crate) fn press(&mut self, now: Instant, id: u32, answer: &mut LanMessage) -> Way {
        let pressable = [PressedDrop, PressedMerge, PressedReorder];
        if !pressable.into_iter().any(|kind| self.has(kind)) {
            return Way::Usual;
        }
        let takes = self.delay().unwrap_or(ANSWERING);
        let due = now.checked_add(takes).unwrap_or(now);
        self.line.answering.retain(|_, (until, _)| *until > now);
        let before = self.line.answering.insert(id, (due, answer.data.clone()));
        let Some((_, before)) = before else { return Way::At(due) };
        if self.has(PressedDrop) {
            return Way::Lost;
        }
        if self.has(PressedMerge) {
            // One completion code for both.
            let data = answer.data.get(1..).unwrap_or_default();
            answer.data = [&before, data].concat();
        }
        if self.has(PressedReorder) { Way::At(now) } else { Way::At(due) }
    }

    /// Sends an answer on its way to `to`: what leaves at once, if anything does.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        to: SocketAddr,
        way: Way,
        datagram: Vec<u8>,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        if way == Way::Lost || self.loses(entropy) {
            return None;
        }
        let due = match (way, self.delay()) {
            (Way::At(due), _) => due,
            (_, Some(delay)) => now.checked_add(delay).unwrap_or(now),
            (_, None) => now,
        };
        if due <= now {
            return Some(datagram);
        }
        if self.line.late.len() >= CAPACITY {
            self.line.late.pop_front();
        }
        self.line.late.push_back(Delayed { due, to, datagram });
        None
    }

    /// An answer that is to be sent later.
    pub(crate) fn poll_late(&mut self) -> Option<Delayed> {
        self.line.late.pop_front()
    }

    fn delay(&self) -> Option<Duration> {
        self.amount(Delay).map(|milliseconds| Duration::from_millis(milliseconds.into()))
    }
}
