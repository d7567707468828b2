//! How much one source may ask outside of sessions.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::source::Source;

/// A token bucket: so many datagrams a second, after so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Datagrams a second. With 0, nothing outside of sessions is answered.
    pub per_second: u32,
    /// Datagrams at once, after a rest.
    pub burst: u32,
}

impl Default for Rate {
    /// A login is three datagrams, with discovery eight: thirty consoles behind one address may
    /// begin every second.
    fn default() -> Self {
        Self { per_second: 256, burst: 512 }
    }
}

/// The buckets of the sources that have lately sent something.
///
/// A bucket is one instant: when it will be full again. Each datagram puts that off by the time
/// that a token takes; one that would put it off by more than a whole bucket takes is refused, and
/// puts off nothing. A bucket that is full says nothing and needs no place, and somebody without a
/// place has a full one.
///
/// When there is no place left, the bucket that is full soonest gives way. A flood under made-up
/// addresses so displaces its own buckets first, and those it does displace are refilled by it:
/// nobody is ever refused because of others (but neighbours in one IPv6 /64 are one), and a source that floods under its own name keeps its
/// place and its limit. What addresses that are made up may send in all is not limited here: what
/// they would use up has its own rules (the table of handshakes).
///
/// An attacker who sends in a console's name can keep that console from logging in, as everywhere
/// where sources are counted. Its sessions are not counted, so they go on.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    full_at: HashMap<Source, Instant>,
}

impl Buckets {
    pub(super) const CAPACITY: usize = 256;

    /// Whether this source may have one datagram more looked at.
    pub(super) fn take(&mut self, now: Instant, from: SocketAddr, rate: Rate) -> bool {
        let Some(token) = Duration::from_secs(1).checked_div(rate.per_second) else {
            return false;
        };
        let source = Source::of(from);
        let level = self.full_at.get(&source).copied().unwrap_or(now).max(now);
        let Some(full_at) = level.checked_add(token) else { return false };
        if full_at.saturating_duration_since(now) > token.saturating_mul(rate.burst) {
            return false;
        }
        if self.full_at.len() >= Self::CAPACITY && !self.full_at.contains_key(&source) {
            self.make_room(now);
        }
        self.full_at.insert(source, full_at);
        true
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.full_at.len()
    }

    fn make_room(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() < Self::CAPACITY {
            return;
        }
        let fullest = self.full_at.iter().min_by_key(|(_, full_at)| **full_at);
        if let Some(source) = fullest.map(|(source, _)| *source) {
            self.full_at.remove(&source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 100, burst: 5 };

    fn host(n: u32) -> SocketAddr {
        SocketAddr::from((n.to_be_bytes(), 1000))
    }

    #[test]
    fn a_burst_is_followed_by_the_rate() {
        let (mut buckets, mut now) = (Buckets::default(), Instant::now());
        let taken = (0..20).filter(|_| buckets.take(now, host(1), RATE)).count();
        assert_eq!(taken, 5);
        let mut taken = 0;
        for _ in 0..1000 {
            now += Duration::from_millis(1);
            taken += usize::from(buckets.take(now, host(1), RATE));
        }
        assert_eq!(taken, 100);
        now += Duration::from_secs(1000);
        let taken = (0..20).filter(|_| buckets.take(now, host(1), RATE)).count();
        assert_eq!(taken, 5, "a rest fills the bucket, and no more");
    }

    #[test]
    fn nobody_is_refused_because_of_others() {
        let (mut buckets, mut now) = (Buckets::default(), Instant::now());
        for n in 0..100_000u32 {
            now += Duration::from_micros(10);
            assert!(buckets.take(now, host(n.wrapping_mul(2_654_435_761)), RATE));
            assert!(buckets.len() <= Buckets::CAPACITY);
            // Two datagrams every 25 ms: within its rate.
            if n % 2500 < 2 {
                assert!(buckets.take(now, host(7), RATE));
            }
        }
    }

    #[test]
    fn who_is_over_the_limit_is_not_helped_by_a_flood_under_other_names() {
        let (mut buckets, mut now) = (Buckets::default(), Instant::now());
        let mut taken = 0;
        for n in 0..100_000u32 {
            now += Duration::from_micros(10);
            buckets.take(now, host(0x0a00_0000 | n), RATE);
            taken += u32::from(buckets.take(now, host(7), RATE));
        }
        assert!((100..=105).contains(&taken), "{taken} in a second");
    }

    #[test]
    fn an_ipv6_prefix_has_one_bucket_and_the_next_has_its_own() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        let host = |net: u16, n: u16| SocketAddr::from(([0x2001, 0xdb8, 0, net, n, n, n, n], 1000));
        assert_eq!((0..1000).filter(|n| buckets.take(now, host(1, *n), RATE)).count(), 5);
        assert_eq!((0..5).filter(|n| buckets.take(now, host(2, *n), RATE)).count(), 5);
        let mapped = SocketAddr::from(([0, 0, 0, 0, 0, 0xffff, 0, 1], 1000));
        assert_eq!((0..5).filter(|_| buckets.take(now, mapped, RATE)).count(), 5);
        assert!(!buckets.take(now, self::host(1), RATE), "the same IPv4 address");
        assert_eq!(buckets.len(), 3);
    }

    #[test]
    fn a_rate_of_nothing_lets_nothing_through() {
        let none = Rate { per_second: 0, burst: 5 };
        assert!(!Buckets::default().take(Instant::now(), host(1), none));
        let none = Rate { per_second: 5, burst: 0 };
        assert!(!Buckets::default().take(Instant::now(), host(1), none));
    }
}
