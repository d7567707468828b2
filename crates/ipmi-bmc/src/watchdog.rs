//! The watchdog: a countdown that somebody has to wind up again and again, or else.
//!
//! Pure: [`poll`](Watchdog::poll) says what is due, and whoever has it carries that out. Nothing
//! of it survives the controller. A machine that goes off or starts stops it, for what wound it up
//! is gone; what it was set to can still be read, but it has to be set again (§27.5).

use std::time::{Duration, Instant};

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::{
    PreTimeoutInterrupt, ResetWatchdogTimer, SetWatchdogTimer, TimeoutAction, TimerUse,
    WatchdogSettings, WatchdogTimer,
};

use crate::dispatch::Outcome;

/// The watchdog.
#[derive(Debug, Default)]
pub(crate) struct Watchdog {
    /// `None` as long as nobody has set it.
    settings: Option<WatchdogSettings>,
    /// Somebody has set it since the machine last started.
    is_set: bool,
    /// Uses for which it has expired, a bit each.
    expired: u8,
    timer: Timer,
    /// What a Watchdog 2 sensor says.
    states: u16,
}

#[derive(Clone, Copy, Debug)]
enum Timer {
    /// With so much left, in units of 100 ms.
    Stopped(u16),
    Running {
        end: Instant,
        /// When the pre-timeout interrupt is due, unless it has been.
        warning: Option<Instant>,
    },
}

impl Default for Timer {
    fn default() -> Self {
        Self::Stopped(0)
    }
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// What is to be done.
    pub(crate) what: Deed,
    /// What the sensor says now, as bits of Watchdog 2 (Table 42-3, type 23h).
    pub(crate) states: u16,
    /// The second byte of event data: interrupt type and timer use.
    pub(crate) detail: u8,
    /// Whether that is an event.
    pub(crate) logged: bool,
}

/// What the watchdog wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Interrupt(PreTimeoutInterrupt),
    Action(TimeoutAction),
}

/// State of a Watchdog 2 sensor: the pre-timeout interrupt.
const INTERRUPT: u16 = 1 << 8;

impl Watchdog {
    /// Set Watchdog Timer.
    ///
    /// # Errors
    /// CCh for a pre-timeout interrupt that cannot be: an SMI, for which the machine has no line, or
    /// one before the start of the countdown.
    pub(crate) fn set(&mut self, now: Instant, request: &SetWatchdogTimer) -> Outcome<()> {
        let settings = request.settings;
        let before = u32::from(settings.pre_timeout).saturating_mul(UNITS_PER_SECOND);
        match settings.interrupt {
            PreTimeoutInterrupt::None => {}
            PreTimeoutInterrupt::Nmi | PreTimeoutInterrupt::Messaging
                if before <= u32::from(settings.initial) => {}
            _ => return Err(CompletionCode::INVALID_DATA_FIELD),
        }
        self.settings = Some(settings);
        self.is_set = true;
        self.expired &= !request.clear;
        self.states = 0;
        if request.dont_stop && self.is_running() {
            self.start(now, &settings);
        } else {
            self.timer = Timer::Stopped(settings.initial);
        }
        Ok(())
    }

    /// Reset Watchdog Timer: winds it up. Once it has warned, only setting it stops it (§27.5): this
    /// does nothing then.
    ///
    /// # Errors
    /// 80h if nobody has set it since the machine started.
    pub(crate) fn wind(&mut self, now: Instant) -> Outcome<()> {
        let settings = self.settings.filter(|_| self.is_set);
        let settings = settings.ok_or(ResetWatchdogTimer::UNINITIALIZED)?;
        if settings.interrupt != PreTimeoutInterrupt::None
            && matches!(self.timer, Timer::Running { warning: None, .. })
        {
            return Ok(());
        }
        self.states = 0;
        self.start(now, &settings);
        Ok(())
    }

    /// Get Watchdog Timer.
    pub(crate) fn get(&self, now: Instant) -> WatchdogTimer {
        WatchdogTimer {
            settings: self.settings.unwrap_or(UNSET),
            running: self.is_running(),
            expired: self.expired,
            present: Some(self.left(now)),
        }
    }

    /// The machine has gone off or started: stops it until it is set again. What has expired stays
    /// told.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.timer = Timer::Stopped(self.left(now));
        self.is_set = false;
    }

    /// What a Watchdog 2 sensor says.
    pub(crate) const fn states(&self) -> u16 {
        self.states
    }

    /// When [`poll`](Self::poll) next has something to say.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.timer {
            Timer::Stopped(_) => None,
            Timer::Running { end, warning } => {
                Some(warning.map_or(end, |warning| warning.min(end)))
            }
        }
    }

    /// What is due, one thing after the other.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Due> {
        let settings = self.settings?;
        let Timer::Running { end, warning } = &mut self.timer else { return None };
        let what = if warning.is_some_and(|warning| now >= warning) {
            *warning = None;
            self.states |= INTERRUPT;
            Deed::Interrupt(settings.interrupt)
        } else if now >= *end {
            self.timer = Timer::Stopped(0);
            self.expired |= 1u8.checked_shl(settings.timer_use.number().into()).unwrap_or(0);
            self.states |= 1u16.checked_shl(settings.action.number().into()).unwrap_or(0);
            Deed::Action(settings.action)
        } else {
            return None;
        };
        let detail = (settings.interrupt.number() << 4) | settings.timer_use.number();
        Some(Due { what, states: self.states, detail, logged: !settings.dont_log })
    }

    const fn is_running(&self) -> bool {
        matches!(self.timer, Timer::Running { .. })
    }

    fn start(&mut self, now: Instant, settings: &WatchdogSettings) {
        let length = UNIT.saturating_mul(settings.initial.into());
        let before = Duration::from_secs(settings.pre_timeout.into());
        let end = now.checked_add(length).unwrap_or(now);
        // Without an interval, at the same time as the end (§27.2).
        let warns = settings.interrupt != PreTimeoutInterrupt::None;
        let warning = warns.then(|| end.checked_sub(before).unwrap_or(now).max(now));
        self.timer = Timer::Running { end, warning };
    }

    /// What is left of the countdown. A timer that runs has something left.
    fn left(&self, now: Instant) -> u16 {
        match self.timer {
            Timer::Stopped(left) => left,
            Timer::Running { end, .. } => {
                let left = end.saturating_duration_since(now).as_millis();
                u16::try_from(left.div_ceil(UNIT.as_millis())).unwrap_or(u16::MAX)
            }
        }
    }
}

/// The countdown's unit.
const UNIT: Duration = Duration::from_millis(100);
const UNITS_PER_SECOND: u32 = 10;

/// What is told of a timer that nobody has set.
const UNSET: WatchdogSettings = WatchdogSettings {
    timer_use: TimerUse::SmsOs,
    dont_log: false,
    interrupt: PreTimeoutInterrupt::None,
    action: TimeoutAction::None,
    pre_timeout: 0,
    initial: 0,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten seconds for the operating system, then a reset; an NMI two seconds before.
    fn settings() -> WatchdogSettings {
        WatchdogSettings {
            timer_use: TimerUse::SmsOs,
            dont_log: false,
            interrupt: PreTimeoutInterrupt::Nmi,
            action: TimeoutAction::Reset,
            pre_timeout: 2,
            initial: 100,
        }
    }

    fn set(settings: WatchdogSettings) -> SetWatchdogTimer {
        SetWatchdogTimer { settings, dont_stop: false, clear: 0 }
    }

    fn after(now: Instant, millis: u64) -> Instant {
        now + Duration::from_millis(millis)
    }

    #[test]
    fn it_warns_and_then_acts_and_then_rests() {
        let now = Instant::now();
        let mut dog = Watchdog::default();
        assert_eq!(dog.wind(now), Err(CompletionCode(0x80)));
        dog.set(now, &set(settings())).unwrap();
        assert_eq!((dog.get(now).running, dog.get(now).present), (false, Some(100)));
        assert_eq!(dog.poll_timeout(), None);
        dog.wind(now).unwrap();
        assert_eq!(dog.poll_timeout(), Some(after(now, 8000)));
        assert_eq!(dog.poll(after(now, 7999)), None);
        let present = dog.get(after(now, 950)).present;
        assert_eq!((present, dog.get(after(now, 951)).present), (Some(91), Some(91)));
        let warning = dog.poll(after(now, 8000)).unwrap();
        assert_eq!(warning.what, Deed::Interrupt(PreTimeoutInterrupt::Nmi));
        assert_eq!((warning.states, warning.detail, warning.logged), (0x100, 0x24, true));
        assert_eq!(dog.poll(after(now, 9999)), None);
        let end = dog.poll(after(now, 10_000)).unwrap();
        assert_eq!((end.what, end.states), (Deed::Action(TimeoutAction::Reset), 0x102));
        let rest = dog.get(after(now, 10_001));
        assert_eq!((rest.running, rest.expired, rest.present), (false, 0x10, Some(0)));
        assert_eq!((dog.poll(after(now, 99_999)), dog.poll_timeout()), (None, None));
        // Winding it up makes the state of the sensor past, and not the flag.
        dog.wind(now).unwrap();
        assert_eq!((dog.states(), dog.get(now).expired), (0, 0x10));
    }

    #[test]
    fn a_late_look_finds_both_in_their_order() {
        let now = Instant::now();
        let mut dog = Watchdog::default();
        dog.set(now, &set(settings())).unwrap();
        dog.wind(now).unwrap();
        let late = after(now, 60_000);
        let deeds = [dog.poll(late), dog.poll(late), dog.poll(late)].map(|due| due.map(|d| d.what));
        let expected = [
            Some(Deed::Interrupt(PreTimeoutInterrupt::Nmi)),
            Some(Deed::Action(TimeoutAction::Reset)),
            None,
        ];
        assert_eq!(deeds, expected);
    }

    #[test]
    fn setting_it_stops_it_unless_told_otherwise() {
        let now = Instant::now();
        let mut dog = Watchdog::default();
        let go_on = SetWatchdogTimer { dont_stop: true, ..set(settings()) };
        dog.set(now, &go_on).unwrap();
        assert!(!dog.get(now).running, "what stands still does not start");
        dog.wind(now).unwrap();
        let later = after(now, 5000);
        let longer = WatchdogSettings { initial: 200, ..settings() };
        dog.set(later, &SetWatchdogTimer { settings: longer, ..go_on }).unwrap();
        let timer = dog.get(later);
        assert_eq!((timer.running, timer.present, timer.settings), (true, Some(200), longer));
        dog.set(later, &set(settings())).unwrap();
        assert_eq!((dog.get(later).running, dog.get(later).present), (false, Some(100)));
    }

    #[test]
    fn flags_add_up_and_are_cleared_one_by_one() {
        let now = Instant::now();
        let mut dog = Watchdog::default();
        let uses = [TimerUse::BiosFrb2, TimerUse::BiosPost, TimerUse::OsLoad, TimerUse::Oem];
        for timer_use in uses {
            let short = WatchdogSettings { timer_use, initial: 0, pre_timeout: 0, ..settings() };
            dog.set(now, &set(short)).unwrap();
            dog.wind(now).unwrap();
            // Without an interval, the warning and the end are one.
            let deeds = [dog.poll(now), dog.poll(now), dog.poll(now)];
            let deeds = deeds.map(|due| due.map(|due| (due.what, due.states)));
            let warning = Deed::Interrupt(PreTimeoutInterrupt::Nmi);
            let end = Deed::Action(TimeoutAction::Reset);
            assert_eq!(deeds, [Some((warning, 0x100)), Some((end, 0x102)), None]);
        }
        assert_eq!(dog.get(now).expired, 0x2e);
        dog.set(now, &SetWatchdogTimer { clear: 0x06, ..set(settings()) }).unwrap();
        assert_eq!(dog.get(now).expired, 0x28);
    }

    #[test]
    fn an_interrupt_that_cannot_be_is_refused_and_changes_nothing() {
        let now = Instant::now();
        let mut dog = Watchdog::default();
        dog.set(now, &set(settings())).unwrap();
        dog.wind(now).unwrap();
        let smi = WatchdogSettings { interrupt: PreTimeoutInterrupt::Smi, ..settings() };
        let early = WatchdogSettings { pre_timeout: 11, ..settings() };
        for settings in [smi, early] {
            let refused = dog.set(now, &SetWatchdogTimer { clear: 0x3e, ..set(settings) });
            assert_eq!(refused, Err(CompletionCode::INVALID_DATA_FIELD));
        }
        assert_eq!((dog.get(now).settings, dog.get(now).running), (settings(), true));
        let none = WatchdogSettings { interrupt: PreTimeoutInterrupt::None, ..early };
        dog.set(now, &set(none)).unwrap();
    }

    /// §27.5: once it has warned, only setting it stops it.
    #[test]
    fn who_winds_it_up_after_the_warning_is_too_late() {
        for (interrupt, in_time) in
            [(PreTimeoutInterrupt::Nmi, false), (PreTimeoutInterrupt::None, true)]
        {
            let now = Instant::now();
            let mut dog = Watchdog::default();
            dog.set(now, &set(WatchdogSettings { interrupt, ..settings() })).unwrap();
            dog.wind(now).unwrap();
            dog.wind(after(now, 7000)).unwrap();
            let warned = dog.poll(after(now, 15_500)).is_some();
            assert_eq!(warned, !in_time);
            dog.wind(after(now, 16_000)).unwrap();
            assert_eq!(dog.states(), if warned { 0x100 } else { 0 });
            assert_eq!(dog.poll(after(now, 17_000)).is_some(), !in_time);
            // The end is as good as a start again.
            dog.wind(after(now, 18_000)).unwrap();
            assert_eq!(dog.get(after(now, 18_000)).present, Some(100));
            // Setting it in the last moment, as Linux does after a warning, saves the machine.
            let go_on = SetWatchdogTimer { dont_stop: true, ..set(settings()) };
            dog.poll(after(now, 26_500));
            dog.set(after(now, 27_000), &go_on).unwrap();
            assert_eq!((dog.states(), dog.get(after(now, 27_000)).present), (0, Some(100)));
            assert_eq!(dog.poll(after(now, 34_999)), None);
        }
    }

    #[test]
    fn a_machine_that_is_gone_is_not_watched() {
        let now = Instant::now();
        let mut dog = Watchdog::default();
        dog.set(now, &set(WatchdogSettings { dont_log: true, ..settings() })).unwrap();
        dog.wind(now).unwrap();
        dog.forget(after(now, 4000));
        let timer = dog.get(after(now, 20_000));
        assert_eq!((timer.running, timer.present), (false, Some(60)));
        assert_eq!(timer.settings.initial, 100, "that can be read");
        assert_eq!(dog.wind(now), Err(CompletionCode(0x80)));
        dog.set(now, &set(WatchdogSettings { dont_log: true, ..settings() })).unwrap();
        dog.wind(now).unwrap();
        assert!(!dog.poll(after(now, 8000)).unwrap().logged);
    }
}
