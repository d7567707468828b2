//! Datagrams that wait for their BMC's turn.
//!
//! All BMCs of a fleet have one socket, and the kernel's queue of it has one order. Whoever floods one
//! of them must not keep the others from answering: so what has come in is taken out of the kernel
//! as fast as that goes, each BMC has a line of its own, of which it can fill only its own, and the
//! BMCs take turns.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

/// A datagram that came in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    pub(super) peer: SocketAddr,
    /// Where it was sent to.
    pub(super) local: Option<IpAddr>,
    pub(super) bytes: Vec<u8>,
}

/// The lines of those BMCs for which anything waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    lines: HashMap<u32, VecDeque<Arrived>>,
    /// The BMCs in the order of their turns, each once.
    turns: VecDeque<u32>,
    /// Bytes that wait in all.
    waiting: usize,
    dropped: u64,
}

impl Queue {
    /// Datagrams that wait for one BMC. A console has one or a few under way; more come from many of
    /// them, or from a flood.
    const LINE: usize = 64;
    /// Bytes that wait in all, by and large.
    const FULL: usize = 4 << 20;

    /// Whether no more should be taken out of the kernel before some of it is answered.
    pub(super) const fn is_full(&self) -> bool {
        self.waiting >= Self::FULL
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Puts a datagram at the end of the BMC's line; away with it if that is too long.
    pub(super) fn push(&mut self, bmc: u32, arrived: Arrived) {
        let line = self.lines.entry(bmc).or_default();
        if line.len() >= Self::LINE {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        if line.is_empty() {
            self.turns.push_back(bmc);
        }
        self.waiting = self.waiting.saturating_add(arrived.bytes.len());
        line.push_back(arrived);
    }

    /// The first datagram of the BMC whose turn it is.
    pub(super) fn pop(&mut self) -> Option<(u32, Arrived)> {
        let bmc = self.turns.pop_front()?;
        let line = self.lines.get_mut(&bmc)?;
        let arrived = line.pop_front()?;
        if line.is_empty() {
            self.lines.remove(&bmc);
        } else {
            self.turns.push_back(bmc);
        }
        self.waiting = self.waiting.saturating_sub(arrived.bytes.len());
        Some((bmc, arrived))
    }

    /// How many were dropped since the last time.
    pub(super) const fn take_dropped(&mut self) -> u64 {
        core::mem::replace(&mut self.dropped, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(number: u8) -> Arrived {
        let peer = ([127, 0, 0, 1], 4000).into();
        Arrived { peer, local: None, bytes: vec![number; 100] }
    }

    #[test]
    fn those_who_wait_take_turns_and_each_keeps_its_order() {
        let mut queue = Queue::default();
        for (bmc, number) in [(7, 1), (7, 2), (7, 3), (3, 4), (9, 5), (3, 6)] {
            queue.push(bmc, datagram(number));
        }
        let order: Vec<_> =
            std::iter::from_fn(|| queue.pop()).map(|(bmc, a)| (bmc, a.bytes[0])).collect();
        assert_eq!(order, [(7, 1), (3, 4), (9, 5), (7, 2), (3, 6), (7, 3)]);
        assert!(queue.is_empty() && queue.lines.is_empty() && queue.waiting == 0);
    }

    #[test]
    fn a_flood_fills_its_own_line_and_no_other() {
        let mut queue = Queue::default();
        for n in 0..100_000_u32 {
            queue.push(1, datagram(0));
            if n % 10_000 == 0 {
                queue.push(2, datagram(1));
            }
        }
        assert_eq!(queue.take_dropped(), 100_000 - 64);
        assert_eq!((queue.take_dropped(), queue.is_full()), (0, false));
        let served = std::iter::from_fn(|| queue.pop()).take(20).filter(|(bmc, _)| *bmc == 2);
        assert_eq!(served.count(), 10, "one turn after the other");
    }

    #[test]
    fn what_waits_in_all_is_bounded() {
        let mut queue = Queue::default();
        let mut bmc = 0;
        while !queue.is_full() {
            queue.push(bmc, datagram(0));
            bmc += 1;
        }
        assert!((41_000..43_000).contains(&bmc), "{bmc}");
        queue.pop().unwrap();
        assert!(!queue.is_full());
    }
}
