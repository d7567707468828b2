//! A bus: one scan at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// A bus.
#[derive(Debug)]
pub(super) struct Bus {
    pub(super) scan: Option<Scan>,
    /// How many scans there were.
    pub(super) turns: u64,
    /// Indices of its sensors.
    pub(super) sensors: Arc<[usize]>,
}

impl Bus {
    /// A bus with these sensors.
    pub(super) fn new(sensors: Arc<[usize]>) -> Self {
        Self { scan: None, turns: 0, sensors }
    }

    /// A bus of another machine with the same sensors.
    pub(super) fn sibling(&self) -> Self {
        Self::new(Arc::clone(&self.sensors))
    }
}

/// A scan under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    /// Index of the sensor.
    pub(super) sensor: usize,
    /// When the platform is to be asked; `None` once it has been, and has not answered yet.
    pub(super) until: Option<Instant>,
}

/// The first instant after `now` that is a multiple of `interval` from `epoch` on. Sensors with the
/// same interval stay together that way, whatever delays there were, and a controller wakes up once
/// for all of them.
pub(super) fn next_multiple(epoch: Instant, interval: Duration, now: Instant) -> Instant {
    let interval = interval.as_nanos().max(1);
    let passed = now.saturating_duration_since(epoch).as_nanos();
    let next = (passed / interval).saturating_add(1).saturating_mul(interval);
    let next = Duration::from_nanos(u64::try_from(next).unwrap_or(u64::MAX));
    // Centuries from now.
    epoch.checked_add(next).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_met_whatever_the_delay() {
        let epoch = Instant::now();
        let at = |ms| epoch + Duration::from_millis(ms);
        let next = |ms| next_multiple(epoch, Duration::from_secs(2), at(ms));
        assert_eq!((next(0), next(1), next(1999)), (at(2000), at(2000), at(2000)));
        assert_eq!((next(2000), next(2003), next(60_001)), (at(4000), at(4000), at(62_000)));
    }
}
