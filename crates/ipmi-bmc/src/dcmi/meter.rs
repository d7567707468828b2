//! The power meter: what the machine draws, once a second, for an hour.
//!
//! The last minute is kept by the second and the last hour by the minute, so that a BMC among a
//! hundred thousand costs little. Nothing is stored for a machine that is not measured.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::platform::Platform;

/// How often the machine is looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// A time that nobody looked is made up for if it is no longer: each look has the machine live through
/// what was before it. What was before that nobody knows.
const CATCH_UP: Duration = Duration::from_secs(60);
/// Seconds that are kept, and minutes.
const SECONDS: u32 = 61;
const MINUTES: u32 = 61;

#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    due: Option<Instant>,
    current: Option<u16>,
    seconds: VecDeque<Bucket>,
    minutes: VecDeque<Bucket>,
}

/// What was seen in one second, or one minute.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Which, from the start on.
    slot: u32,
    sum: u32,
    count: u16,
    least: u16,
    most: u16,
}

impl Meter {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            started: now,
            due: Some(now),
            current: None,
            seconds: VecDeque::new(),
            minutes: VecDeque::new(),
        }
    }

    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What the machine draws; `None` if nobody knows.
    pub(super) const fn current(&self) -> Option<u16> {
        self.current
    }

    /// Measures what is due until `now`, and shows each look: when, watts if they are known, whether it
    /// was on.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        platform: &mut dyn Platform,
        mut shows: impl FnMut(Instant, Option<u16>, bool),
    ) {
        let Some(mut at) = self.due.filter(|due| *due <= now) else { return };
        if now.saturating_duration_since(at) > CATCH_UP {
            at = now;
        }
        while at <= now {
            self.current = platform.power_draw(at).map(whole_watts);
            if let Some(watts) = self.current {
                let second = self.second(at);
                add(&mut self.seconds, second, watts, SECONDS);
                add(&mut self.minutes, second / 60, watts, MINUTES);
            }
            shows(at, self.current, platform.is_on());
            let Some(next) = at.checked_add(INTERVAL) else { break };
            at = next;
        }
        self.due = Some(at);
    }

    /// The least, the most and the mean of the last so many seconds; above a minute, to the minute.
    pub(super) fn statistics(&self, now: Instant, seconds: u32) -> Option<(u16, u16, u16)> {
        let second = self.second(now);
        let (ring, slot, slots) = if seconds < SECONDS {
            (&self.seconds, second, seconds)
        } else {
            (&self.minutes, second / 60, seconds.div_ceil(60))
        };
        // A controller that slept has fewer than one a second, and always the last one.
        let last = ring.back()?;
        let in_time = ring.iter().filter(|bucket| slot.saturating_sub(bucket.slot) < slots);
        let mut all = *last;
        (all.sum, all.count) = (0, 0);
        let (mut sum, mut count) = (0_u64, 0_u64);
        for bucket in in_time {
            all.least = all.least.min(bucket.least);
            all.most = all.most.max(bucket.most);
            sum = sum.saturating_add(bucket.sum.into());
            count = count.saturating_add(bucket.count.into());
        }
        if count == 0 {
            (sum, count) = (last.sum.into(), last.count.into());
        }
        let mean = sum.saturating_add(count / 2).checked_div(count)?;
        Some((all.least, all.most, u16::try_from(mean).unwrap_or(u16::MAX)))
    }

    fn second(&self, at: Instant) -> u32 {
        let seconds = at.saturating_duration_since(self.started).as_secs();
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }
}

fn add(ring: &mut VecDeque<Bucket>, slot: u32, watts: u16, kept: u32) {
    match ring.back_mut().filter(|last| last.slot == slot) {
        Some(last) => {
            last.least = last.least.min(watts);
            last.most = last.most.max(watts);
            last.sum = last.sum.saturating_add(watts.into());
            last.count = last.count.saturating_add(1);
        }
        None => {
            let bucket = Bucket { slot, sum: watts.into(), count: 1, least: watts, most: watts };
            ring.push_back(bucket);
        }
    }
    while ring.front().is_some_and(|first| slot.saturating_sub(first.slot) >= kept) {
        ring.pop_front();
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` clamps, and 65535 W is what the field has room for"
)]
fn whole_watts(watts: f64) -> u16 {
    watts.round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{IdentifyLight, PlatformError, PlatformEvent, PowerSignal, Scan};

    /// Draws what the second says: 100 W and one more each second.
    struct Rising(Instant, bool);

    impl Platform for Rising {
        fn advance(&mut self, _: Instant) {}
        fn poll_timeout(&self) -> Option<Instant> {
            None
        }
        fn is_on(&self) -> bool {
            true
        }
        fn power(&mut self, _: Instant, _: PowerSignal) -> Result<(), PlatformError> {
            Ok(())
        }
        fn identify(&mut self, _: Instant, _: IdentifyLight) {}
        fn start_scan(&mut self, _: Instant, _: u8) -> Scan {
            Scan::Pending
        }
        fn poll_event(&mut self) -> Option<PlatformEvent> {
            None
        }
        fn power_draw(&mut self, now: Instant) -> Option<f64> {
            self.1.then(|| 100.0 + now.duration_since(self.0).as_secs_f64())
        }
    }

    #[test]
    fn each_period_has_its_own_figures() {
        let start = Instant::now();
        let (mut meter, mut machine) = (Meter::new(start), Rising(start, true));
        let mut seen = 0;
        for second in 0..=4000 {
            let now = start + Duration::from_secs(second);
            meter.advance(now, &mut machine, |_, _, _| seen += 1);
            assert_eq!(meter.due(), Some(now + INTERVAL));
        }
        let now = start + Duration::from_secs(4000);
        assert_eq!((seen, meter.current()), (4001, Some(4100)));
        assert_eq!(meter.statistics(now, 5), Some((4096, 4100, 4098)));
        assert_eq!(meter.statistics(now, 60), Some((4041, 4100, 4071)));
        // The hour begins with a whole minute.
        let (least, most, _) = meter.statistics(now, 3600).unwrap();
        assert!(most == 4100 && (500..=560).contains(&least), "{least}");
        assert!(meter.seconds.len() <= 61 && meter.minutes.len() <= 61);
    }

    #[test]
    fn a_long_sleep_is_one_look_and_a_short_one_is_made_up_for() {
        for (slept, looks) in [(86_400, 1), (61, 1), (60, 61), (1, 2)] {
            let start = Instant::now();
            let (mut meter, mut machine) = (Meter::new(start), Rising(start, true));
            let mut seen = 0;
            let now = start + Duration::from_secs(slept);
            meter.advance(now, &mut machine, |_, _, _| seen += 1);
            assert_eq!(seen, looks, "after {slept} s");
            assert_eq!(meter.due(), Some(now + INTERVAL));
            assert!(meter.statistics(now, 60).is_some());
        }
    }

    #[test]
    fn what_is_not_measured_has_no_figures() {
        let start = Instant::now();
        let (mut meter, mut machine) = (Meter::new(start), Rising(start, false));
        meter.advance(start, &mut machine, |_, watts, _| assert_eq!(watts, None));
        assert_eq!((meter.current(), meter.statistics(start, 60)), (None, None));
        assert_eq!([-3.0, 0.4, 70_000.0, f64::NAN].map(whole_watts), [0, 0, 65_535, 0]);
    }
}
