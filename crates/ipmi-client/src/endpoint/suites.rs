//! Which cipher suite each BMC took last.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_wire::session::CipherSuite;

/// A hint for the order in which suites are tried, and no more: none is ever tried that the caller
/// did not list.
#[derive(Debug, Default)]
pub(crate) struct Suites(HashMap<SocketAddr, Entry>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    suite: CipherSuite,
    learned: Instant,
}

/// Open Session is not authenticated, so whoever sits in between can refuse the better suite in the
/// BMC's name. After this time it is tried again.
const KEPT: Duration = Duration::from_secs(3600);

impl Suites {
    /// Remembers that `suite` works. Using what was remembered teaches nothing new, so it does not
    /// keep the lesson alive.
    pub(crate) fn remember(&mut self, now: Instant, address: SocketAddr, suite: CipherSuite) {
        if self.recall(now, address) != Some(suite) {
            self.0.insert(address, Entry { suite, learned: now });
        }
    }

    /// The suite that worked last, if that is not too long ago.
    pub(crate) fn recall(&self, now: Instant, address: SocketAddr) -> Option<CipherSuite> {
        let entry = self.0.get(&address)?;
        (now.saturating_duration_since(entry.learned) < KEPT).then_some(entry.suite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: CipherSuite = CipherSuite::SUITE_17;
    const B: CipherSuite = CipherSuite::SUITE_3;

    #[test]
    fn a_fallback_is_forgotten_after_an_hour_however_often_it_was_used() {
        let address = ([192, 0, 2, 1], 623).into();
        let start = Instant::now();
        let mut suites = Suites::default();
        for minute in 0..60 {
            let now = start + Duration::from_secs(60 * minute);
            suites.remember(now, address, B);
            assert_eq!(suites.recall(now, address), Some(B));
        }
        let later = start + KEPT;
        assert_eq!(suites.recall(later, address), None);
        suites.remember(later, address, B);
        assert_eq!(suites.recall(later + KEPT / 2, address), Some(B));
    }

    #[test]
    fn the_suite_that_worked_last_counts() {
        let address = ([192, 0, 2, 1], 623).into();
        let now = Instant::now();
        let mut suites = Suites::default();
        suites.remember(now, address, B);
        suites.remember(now, address, A);
        assert_eq!(suites.recall(now, address), Some(A));
        assert_eq!(suites.recall(now, ([192, 0, 2, 2], 623).into()), None);
    }
}
