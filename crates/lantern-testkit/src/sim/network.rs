//! The virtual network: what becomes of a datagram, and what is under way.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

use super::rng::Rng;

/// What one direction does to datagrams. Rates are per mille.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Lost.
    pub loss: u32,
    /// Delivered a second time.
    pub duplicate: u32,
    /// Held up by up to `lateness`, so that later ones overtake it.
    pub late: u32,
    /// How long it takes.
    pub delay: Duration,
    /// How much longer it may take.
    pub jitter: Duration,
    /// How much longer one that is held up may take.
    pub lateness: Duration,
}

impl Link {
    /// Loses nothing, takes no time to speak of.
    pub const PERFECT: Self = Self {
        loss: 0,
        duplicate: 0,
        late: 0,
        delay: Duration::from_millis(1),
        jitter: Duration::ZERO,
        lateness: Duration::ZERO,
    };

    /// When a datagram that is sent now arrives: never, once, or twice.
    pub(super) fn fate(&self, rng: &mut Rng) -> [Option<Duration>; 2] {
        if rng.chance(self.loss) {
            return [None, None];
        }
        let second = rng.chance(self.duplicate);
        [Some(self.takes(rng)), second.then(|| self.takes(rng))]
    }

    fn takes(&self, rng: &mut Rng) -> Duration {
        let mut takes = self.delay + rng.duration(self.jitter);
        if rng.chance(self.late) {
            takes += rng.duration(self.lateness);
        }
        takes
    }
}

/// What is under way, by the time of its arrival; what arrives at the same time, as it was sent.
#[derive(Debug)]
pub(super) struct InFlight<T> {
    heap: BinaryHeap<Reverse<Item<T>>>,
    number: u64,
}

#[derive(Debug)]
struct Item<T> {
    at: Duration,
    number: u64,
    what: T,
}

impl<T> InFlight<T> {
    pub(super) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), number: 0 }
    }

    pub(super) fn push(&mut self, at: Duration, what: T) {
        self.number += 1;
        self.heap.push(Reverse(Item { at, number: self.number, what }));
    }

    /// What has arrived by `now`, the earliest first.
    pub(super) fn pop(&mut self, now: Duration) -> Option<T> {
        self.heap.peek().filter(|Reverse(item)| item.at <= now)?;
        self.heap.pop().map(|Reverse(item)| item.what)
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse(item)| item.at)
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}

impl<T> PartialEq for Item<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Item<T> {}

impl<T> PartialOrd for Item<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Item<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_at_once_arrives_as_it_was_sent() {
        let ms = Duration::from_millis;
        let mut in_flight = InFlight::new();
        for (at, what) in [(2, 'c'), (1, 'a'), (1, 'b'), (3, 'd')] {
            in_flight.push(ms(at), what);
        }
        assert_eq!((in_flight.next(), in_flight.pop(Duration::ZERO)), (Some(ms(1)), None));
        let order: String = std::iter::from_fn(|| in_flight.pop(ms(2))).collect();
        assert_eq!((order.as_str(), in_flight.len()), ("abc", 1));
    }

    #[test]
    fn a_link_loses_doubles_and_delays_as_often_as_it_says() {
        let ms = Duration::from_millis;
        let link =
            Link { loss: 300, duplicate: 100, late: 150, lateness: ms(400), ..Link::PERFECT };
        let mut rng = Rng::new(5);
        let fates: Vec<_> = (0..10_000).map(|_| link.fate(&mut rng)).collect();
        let count = |is: fn(&[Option<Duration>; 2]) -> bool| fates.iter().filter(|f| is(f)).count();
        assert!((2800..3200).contains(&count(|fate| fate[0].is_none())));
        assert!((600..800).contains(&count(|fate| fate[1].is_some())));
        assert!((900..1200).contains(&count(|f| f[0] > Some(Duration::from_millis(1)))));
        assert!(fates.iter().flatten().flatten().all(|takes| *takes <= ms(401)));
        assert_eq!(Link::PERFECT.fate(&mut rng), [Some(ms(1)), None]);
    }
}
