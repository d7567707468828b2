//! A limit that something is above: for how long, and whether that has been told.

use std::time::{Duration, Instant};

/// What is above a limit, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Watch {
    since: Option<Instant>,
    /// It has been above for too long.
    passed: bool,
    told: bool,
}

impl Watch {
    /// Sees whether it is above now, which is allowed for so long.
    pub(super) fn look(&mut self, now: Instant, above: bool, allowed: Duration) {
        if !above {
            *self = Self { passed: self.passed && !self.told, ..Self::default() };
            return;
        }
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= allowed {
            self.passed = true;
        }
    }

    /// Whether it was above at the last look.
    pub(super) const fn is_above(&self) -> bool {
        self.since.is_some()
    }

    /// Whether it has been above for too long, once each time.
    pub(super) fn poll(&mut self) -> bool {
        self.passed && !std::mem::replace(&mut self.told, self.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_long_is_told_once_each_time() {
        let (mut watch, start) = (Watch::default(), Instant::now());
        let allowed = Duration::from_secs(3);
        let mut look = |second, above| {
            watch.look(start + Duration::from_secs(second), above, allowed);
            watch.poll()
        };
        assert_eq!(
            [0, 1, 2, 3, 4].map(|second| look(second, true)),
            [false, false, false, true, false]
        );
        // Short of it, the time begins anew.
        assert!(!look(5, false) && !look(6, true) && !look(8, true) && !look(8, false));
        assert!(!look(9, true) && look(12, true));
    }
}
