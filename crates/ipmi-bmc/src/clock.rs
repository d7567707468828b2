//! SEL time: the host's clock with an offset that consoles may set.
//!
//! One clock serves the log and the SDR repository. What is kept is the offset, not the time, so
//! that a controller that was off wakes up in the present.

use std::time::Instant;

use crate::nvram::{Journal, Memory, setting};

/// SEL time.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    /// The host's time at `started`, in seconds since 1970.
    epoch: u32,
    /// What consoles added to it.
    offset: i64,
    /// Minutes; [`UNSPECIFIED`](Self::UNSPECIFIED) if nobody set it.
    utc_offset: i16,
    /// It says the same for good, for whoever compares what was said at two times.
    stopped: bool,
}

impl Clock {
    /// §31.11a: the UTC offset is not known.
    pub(crate) const UNSPECIFIED: i16 = 0x07ff;

    pub(crate) fn new(started: Instant, epoch: u32, memory: &Memory) -> Self {
        let offset = memory.clock_offset.unwrap_or(0);
        let utc_offset = memory.utc_offset.unwrap_or(Self::UNSPECIFIED);
        Self { started, epoch, offset, utc_offset, stopped: false }
    }

    /// Stops it where it started.
    pub(crate) const fn stop(&mut self) {
        self.stopped = true;
    }

    /// A clock that says the same, of a controller that starts at `now`.
    pub(crate) fn sibling(&self, now: Instant) -> Self {
        let since = now.saturating_duration_since(self.started).as_secs();
        let epoch = self.epoch.saturating_add(u32::try_from(since).unwrap_or(u32::MAX));
        Self { started: now, epoch, ..*self }
    }

    /// The time, in seconds since 1970. FFFFFFFFh would mean "unspecified".
    pub(crate) fn now(&self, now: Instant) -> u32 {
        let time = self.host(now).saturating_add(self.offset);
        u32::try_from(time.clamp(0, i64::from(u32::MAX - 1))).unwrap_or(0)
    }

    pub(crate) fn set(&mut self, now: Instant, time: u32, journal: &mut Journal) {
        self.offset = i64::from(time).saturating_sub(self.host(now));
        journal.put_bytes(setting::CLOCK, self.offset.to_le_bytes());
    }

    pub(crate) const fn utc_offset(&self) -> i16 {
        self.utc_offset
    }

    pub(crate) fn set_utc_offset(&mut self, minutes: i16, journal: &mut Journal) {
        self.utc_offset = minutes;
        journal.put_bytes(setting::UTC_OFFSET, minutes.to_le_bytes());
    }

    fn host(&self, now: Instant) -> i64 {
        if self.stopped {
            return self.epoch.into();
        }
        let since = now.saturating_duration_since(self.started).as_secs();
        i64::from(self.epoch).saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_that_was_set_goes_on_and_is_kept_as_an_offset() {
        let start = Instant::now();
        let mut clock = Clock::new(start, 1_000_000, &Memory::default());
        let mut journal = Journal::default();
        let later = start + Duration::from_secs(60);
        assert_eq!(clock.now(later), 1_000_060);
        clock.set(later, 500, &mut journal);
        assert_eq!((clock.now(later), clock.now(later + Duration::from_secs(5))), (500, 505));
        let memory = Memory { clock_offset: Some(clock.offset), ..Memory::default() };
        // The process stops, and starts an hour later.
        let again = Clock::new(start, 1_000_060 + 3600, &memory);
        assert_eq!(again.now(start), 500 + 3600);
        clock.set(later, u32::MAX, &mut journal);
        assert_eq!(clock.now(later + Duration::from_secs(9)), u32::MAX - 1);
        clock.stop();
        clock.set(later, 700, &mut journal);
        assert_eq!(clock.now(later + Duration::from_secs(9)), 700);
    }
}
