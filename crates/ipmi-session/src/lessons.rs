//! What one session teaches for the next one with the same BMC.

use std::time::Duration;

use crate::timing::Timing;

/// How a BMC is best treated. It changes how long is waited and how much is asked at a time, never
/// what is believed: whoever writes it down need not protect it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lessons {
    /// How long it takes to answer. A BMC that needs longer than the first retransmission timeout
    /// would otherwise get each message of a login two or three times, which confuses some
    /// (FreeIPMI 1.6.10, `ipmiping(8)`).
    pub round_trip: Option<Duration>,
    /// It said that it was busy (C0h) when it had several requests at a time.
    pub one_at_a_time: bool,
}

impl Lessons {
    /// Whether the BMC takes longer to answer than it is given before it is asked again.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.round_trip.is_some_and(|round_trip| round_trip > Timing::default().initial)
    }
}
