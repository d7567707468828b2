//! How many requests a BMC is given at a time.
//!
//! A caller says how many may be in flight; how many are, the BMC's behaviour decides. It begins with
//! two, and doubles as long as all goes well. A loss halves it, because a BMC that drops requests when
//! it is pressed looks like that; "node busy" ends it for the rest of the session.

/// The window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pressure {
    limit: u8,
    /// No more than this, since there was trouble.
    top: u8,
    /// Answers since the limit was last changed.
    calm: u8,
}

/// Never more: queues in BMCs are short, and so is the range of `rqSeq`.
pub(super) const MOST: u8 = 16;
const FIRST: u8 = 2;
/// After so many good answers at the top, one more is tried.
const PATIENCE: u8 = 64;

impl Pressure {
    pub(super) const fn new() -> Self {
        Self { limit: FIRST, top: MOST, calm: 0 }
    }

    /// One at a time, for good: for a BMC that was busy before.
    pub(super) const fn none() -> Self {
        Self { limit: 1, top: 0, calm: 0 }
    }

    /// How many may be in flight now.
    pub(super) const fn limit(self) -> u8 {
        self.limit
    }

    /// A request was answered at the first try.
    pub(super) fn answered(&mut self) {
        self.calm = self.calm.saturating_add(1);
        if self.limit < self.top && self.calm >= self.limit {
            self.limit = self.limit.saturating_mul(2).min(self.top);
            self.calm = 0;
        } else if self.top > 0 && self.top < MOST && self.calm >= PATIENCE {
            self.top = self.top.saturating_add(1);
            self.limit = self.top;
            self.calm = 0;
        }
    }

    /// A request has to be sent again, while others were in flight.
    pub(super) fn lost(&mut self) {
        if self.top > 0 {
            self.top = (self.limit / 2).max(1);
            self.limit = self.top;
        }
        self.calm = 0;
    }

    /// The BMC says that it has too much to do.
    pub(super) const fn busy(&mut self) {
        // No patience brings this back.
        *self = Self::none();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(answers: usize, mut pressure: Pressure) -> u8 {
        (0..answers).for_each(|_| pressure.answered());
        pressure.limit()
    }

    #[test]
    fn it_grows_while_all_goes_well_and_no_further_than_is_wise() {
        let limits: Vec<_> = [0, 1, 2, 5, 6, 14, 1000].map(|n| after(n, Pressure::new())).into();
        assert_eq!(limits, [2, 2, 4, 4, 8, 16, 16]);
    }

    #[test]
    fn a_loss_halves_it_and_patience_brings_it_back() {
        let mut pressure = Pressure::new();
        (0..100).for_each(|_| pressure.answered());
        pressure.lost();
        assert_eq!(pressure.limit(), 8);
        assert_eq!(after(63, pressure), 8);
        assert_eq!(after(64, pressure), 9);
        for _ in 0..10 {
            pressure.lost();
        }
        assert_eq!(pressure.limit(), 1);
        assert_eq!(after(10_000, pressure), MOST);
    }

    #[test]
    fn a_busy_bmc_is_asked_one_thing_at_a_time_for_good() {
        let mut pressure = Pressure::new();
        pressure.busy();
        assert_eq!(after(10_000, pressure), 1);
        pressure.lost();
        assert_eq!(after(10_000, pressure), 1, "a later loss does not undo it");
    }
}
