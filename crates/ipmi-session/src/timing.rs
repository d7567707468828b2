//! When to send again, and when to give up.

use std::time::{Duration, Instant};

/// The console's patience. IPMI over UDP has no retransmission of its own, so all of it is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// First retransmission timeout, and the least one.
    pub initial: Duration,
    /// The longest wait between two tries.
    pub ceiling: Duration,
    /// How long a handshake, or a request, may take in all.
    pub deadline: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(150),
            ceiling: Duration::from_secs(2),
            deadline: Duration::from_secs(5),
        }
    }
}

/// The copies of one message that were sent so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tries {
    pub(crate) sent: u32,
    pub(crate) first: Instant,
    last: Instant,
}

impl Tries {
    /// The first copy is sent.
    pub(crate) const fn new(now: Instant) -> Self {
        Self { sent: 1, first: now, last: now }
    }

    /// One more copy is sent.
    pub(crate) const fn again(&mut self, now: Instant) {
        self.sent = self.sent.saturating_add(1);
        self.last = now;
    }

    /// Time since the first copy.
    pub(crate) fn waited(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.first)
    }

    /// Time since the last copy: the least that an answer took which comes now.
    pub(crate) fn at_least(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last)
    }
}

/// Smoothed round-trip time.
///
/// Source: RFC 6298 §2, with [`Timing`]'s floor in the place of its one second, and with more than
/// it says about messages that were sent more than once. Karn's rule alone, to learn nothing from
/// those, never finds out that a BMC is slow; so two things are learned:
///
/// * The answer came to some copy, to the last one at the latest: the time since that one is a lower
///   bound. On a lossy network it is the round trip, and nothing slows down; with a slow BMC it
///   raises the timer.
/// * If later one more answer comes, the repetition was in vain, and the first answer was to the
///   first copy (as RFC 3522 finds out, and RFC 4015 makes use of it).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoundTrip {
    smoothed: Option<(Duration, Duration)>,
    /// It is from an earlier session, and counts only until there is an answer.
    borrowed: bool,
}

impl RoundTrip {
    /// Whatever is configured, a BMC is not asked more often than this.
    const LEAST: Duration = Duration::from_millis(10);

    /// As it was in an earlier session: waits are by that until this one has an answer of its own.
    pub(crate) fn of(known: Duration) -> Self {
        Self { smoothed: Some((known, known / 8)), borrowed: true }
    }

    /// How long an answer takes, if anything is known of it.
    pub(crate) fn smoothed(&self) -> Option<Duration> {
        self.smoothed.map(|(smoothed, _)| smoothed)
    }

    /// Takes in that a message was answered now.
    pub(crate) fn answered(&mut self, now: Instant, tries: &Tries) {
        let rtt = tries.at_least(now);
        if tries.sent == 1 {
            self.sample(rtt);
        } else {
            self.raise(rtt, rtt / 2);
        }
    }

    /// Takes in that a message was repeated in vain: its first copy was answered after `rtt`. That is
    /// no guess, so it needs less room than a bound.
    pub(crate) fn spurious(&mut self, rtt: Duration) {
        self.raise(rtt, rtt / 8);
    }

    /// It takes `rtt`, and the timer was too short for that.
    fn raise(&mut self, rtt: Duration, room: Duration) {
        let (srtt, var) = self.smoothed.unwrap_or_default();
        if rtt > srtt {
            self.smoothed = Some((rtt, var.max(room)));
        }
    }

    fn sample(&mut self, rtt: Duration) {
        let own = self.smoothed.filter(|_| !std::mem::take(&mut self.borrowed));
        self.smoothed = Some(match own {
            None => (rtt, rtt / 2),
            Some((srtt, var)) => {
                let var = (var * 3 + srtt.abs_diff(rtt)) / 4;
                ((srtt * 7 + rtt) / 8, var)
            }
        });
    }

    /// How long to wait before try number `sent + 1`, doubling each time.
    pub(crate) fn timeout(&self, timing: &Timing, sent: u32) -> Duration {
        // A BMC that always takes the same time is still given an eighth more.
        let base = self.smoothed.map_or(timing.initial, |(srtt, var)| {
            srtt.saturating_add(var.saturating_mul(4).max(srtt / 8))
        });
        let doubled = base
            .max(timing.initial)
            .max(Self::LEAST)
            .saturating_mul(1 << sent.saturating_sub(1).min(16));
        doubled.min(timing.ceiling.max(Self::LEAST))
    }
}

/// `by` after `now`; in a year, should that be more than time can say.
pub(crate) fn later(now: Instant, by: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    now.checked_add(by).or_else(|| now.checked_add(YEAR)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(round_trips: &[Duration]) -> Duration {
        let mut rtt = RoundTrip::default();
        for sample in round_trips {
            rtt.sample(*sample);
        }
        rtt.timeout(&Timing::default(), 1)
    }

    #[test]
    fn waits_double_up_to_the_ceiling() {
        let waits: Vec<_> = (1..7)
            .map(|n| RoundTrip::default().timeout(&Timing::default(), n).as_millis())
            .collect();
        assert_eq!(waits, [150, 300, 600, 1200, 2000, 2000]);
    }

    #[test]
    fn a_slow_bmc_is_waited_for() {
        let wait = after(&[Duration::from_millis(400); 20]);
        assert!(
            wait >= Duration::from_millis(400) && wait < Duration::from_millis(500),
            "{wait:?}"
        );
    }

    #[test]
    fn what_was_slow_last_time_is_waited_for_from_the_beginning_and_not_for_longer() {
        let mut rtt = RoundTrip::of(Duration::from_millis(800));
        let wait = rtt.timeout(&Timing::default(), 1);
        assert!(
            wait > Duration::from_millis(800) && wait < Duration::from_millis(1300),
            "{wait:?}"
        );
        rtt.sample(Duration::from_millis(10));
        assert_eq!(rtt.timeout(&Timing::default(), 1), Duration::from_millis(150));
        assert_eq!(rtt.smoothed(), Some(Duration::from_millis(10)));
        let absurd = RoundTrip::of(Duration::MAX);
        assert_eq!(absurd.timeout(&Timing::default(), 1), Duration::from_secs(2));
    }

    #[test]
    fn losses_on_a_fast_network_slow_nothing_down() {
        let (mut rtt, now) = (RoundTrip::default(), Instant::now());
        let mut tries = Tries::new(now);
        tries.again(now + Duration::from_millis(150));
        tries.again(now + Duration::from_millis(450));
        rtt.answered(now + Duration::from_millis(460), &tries);
        assert_eq!(rtt.timeout(&Timing::default(), 1), Duration::from_millis(150));
    }

    #[test]
    fn what_takes_a_second_is_not_asked_again_within_it() {
        let (mut rtt, now) = (RoundTrip::default(), Instant::now());
        let mut tries = Tries::new(now);
        tries.again(now + Duration::from_millis(150));
        tries.again(now + Duration::from_millis(450));
        rtt.answered(now + Duration::from_secs(1), &tries);
        assert!(rtt.timeout(&Timing::default(), 1) > Duration::from_secs(1));
        rtt.spurious(Duration::from_secs(1));
        assert_eq!(rtt.timeout(&Timing::default(), 1), Duration::from_secs(2));
    }

    #[test]
    fn a_bound_below_what_is_known_lowers_nothing() {
        let (mut rtt, now) = (RoundTrip::default(), Instant::now());
        rtt.sample(Duration::from_secs(1));
        let before = rtt.timeout(&Timing::default(), 1);
        let mut tries = Tries::new(now);
        tries.again(now + Duration::from_millis(990));
        rtt.answered(now + Duration::from_secs(1), &tries);
        assert_eq!(rtt.timeout(&Timing::default(), 1), before);
    }
}
