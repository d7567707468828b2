//! What is learned of a BMC by talking to it, and is worth knowing the next time.
//!
//! A hint each, and no more: nothing that a BMC says is believed for it, and no protection is left out.
//! What only shows in its records is kept with those, in the [`Cache`](crate::Cache).

use ipmi_session::{Lessons, Quirks};

use crate::endpoint::Observations;

/// What was learned of a BMC, beside the cipher suite that it took
/// ([`Endpoint::remember`](crate::Endpoint::remember)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// How its sessions are best treated.
    pub lessons: Lessons,
    /// Departures from the specification that were dealt with in its sessions.
    pub quirks: Quirks,
    /// It loses what is set within a second of the last setting (FreeIPMI's `slowcommit`): settings
    /// are written with pauses from the start, rather than when they turned out not to be kept.
    pub slow_commit: bool,
}

impl Learned {
    /// Whether there is anything that would make a difference the next time, or that is worth telling.
    #[must_use]
    pub fn is_worth_keeping(&self) -> bool {
        let Self { lessons, quirks, slow_commit } = self;
        lessons.one_at_a_time || lessons.is_slow() || !quirks.is_empty() || *slow_commit
    }

    pub(crate) fn take_in(&mut self, Observations { noticed, lessons }: Observations) {
        self.quirks = self.quirks.iter().chain(noticed.iter()).collect();
        self.lessons = Lessons {
            round_trip: lessons.round_trip.or(self.lessons.round_trip),
            one_at_a_time: lessons.one_at_a_time || self.lessons.one_at_a_time,
        };
    }
}
