//! When to send again, and when to give up.

use std::time::Duration;

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

/// Smoothed round-trip time.
///
/// Source: RFC 6298 §2, with [`Timing`]'s floor in the place of its one second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoundTrip {
    smoothed: Option<(Duration, Duration)>,
}

impl RoundTrip {
    /// Whatever is configured, a BMC is not asked more often than this.
    const LEAST: Duration = Duration::from_millis(10);

    /// Takes in the time of a request that was sent once (Karn: repeated ones tell nothing).
    pub(crate) fn sample(&mut self, rtt: Duration) {
        self.smoothed = Some(match self.smoothed {
            None => (rtt, rtt / 2),
            Some((srtt, var)) => {
                let var = (var * 3 + srtt.abs_diff(rtt)) / 4;
                ((srtt * 7 + rtt) / 8, var)
            }
        });
    }

    /// How long to wait before try number `sent + 1`, doubling each time.
    pub(crate) fn timeout(&self, timing: &Timing, sent: u32) -> Duration {
        let base = self.smoothed.map_or(timing.initial, |(srtt, var)| srtt + var * 4);
        let doubled = base
            .max(timing.initial)
            .max(Self::LEAST)
            .saturating_mul(1 << sent.saturating_sub(1).min(16));
        doubled.min(timing.ceiling.max(Self::LEAST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_ceiling() {
        let waits: Vec<_> = (1..7)
            .map(|n| RoundTrip::default().timeout(&Timing::default(), n).as_millis())
            .collect();
        assert_eq!(waits, [150, 300, 600, 1200, 2000, 2000]);
    }

    #[test]
    fn a_slow_bmc_is_waited_for() {
        let mut rtt = RoundTrip::default();
        for _ in 0..20 {
            rtt.sample(Duration::from_millis(400));
        }
        let wait = rtt.timeout(&Timing::default(), 1);
        assert!(
            wait >= Duration::from_millis(400) && wait < Duration::from_millis(500),
            "{wait:?}"
        );
    }
}
