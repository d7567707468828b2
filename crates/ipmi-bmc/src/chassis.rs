//! The chassis: power as a state machine, what happened to it last, how long it has been on.

use std::time::{Duration, Instant};

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::chassis::{FrontPanelButtons, PowerAction, RestartCause};

use crate::dispatch::Outcome;
use crate::platform::{
    IdentifyLight, Platform, PlatformError, PlatformEvent, PowerCause, PowerSignal,
};

/// State of the chassis beyond what the platform knows.
#[derive(Debug)]
pub struct Chassis {
    cycle_interval: Duration,
    /// A power cycle is in its off phase until then.
    power_on_at: Option<Instant>,
    restart_cause: RestartCause,
    on_by_command: bool,
    /// The machine last went off because the mains failed.
    pub(crate) mains_failed: bool,
    light: IdentifyLight,
    /// The front panel buttons that are disabled, and that can be.
    pub(crate) buttons: FrontPanelButtons,
    /// Counted up to `counted_until`.
    on_time: Duration,
    counted_until: Instant,
}

impl Chassis {
    /// A chassis that has been on for `on_time` in its life.
    #[must_use]
    pub const fn new(now: Instant, on_time: Duration) -> Self {
        Self {
            // §28.12: the off phase of a power cycle lasts at least one second.
            cycle_interval: Duration::from_secs(1),
            power_on_at: None,
            restart_cause: RestartCause::Unknown,
            on_by_command: false,
            mains_failed: false,
            light: IdentifyLight::Off,
            buttons: BUTTONS,
            on_time,
            counted_until: now,
        }
    }

    /// Another chassis of the same kind, which has never been on.
    pub(crate) const fn sibling(&self, now: Instant) -> Self {
        Self {
            cycle_interval: self.cycle_interval,
            buttons: self.buttons,
            ..Self::new(now, Duration::ZERO)
        }
    }

    /// Chassis Control.
    ///
    /// # Errors
    /// D5h for what makes no sense while off; CCh for lines that the machine lacks.
    pub fn control(
        &mut self,
        now: Instant,
        platform: &mut dyn Platform,
        action: PowerAction,
    ) -> Outcome<()> {
        self.advance(now, platform);
        let on = platform.is_on();
        match action {
            PowerAction::Off => {
                self.power_on_at = None;
                if on {
                    signal(platform, now, PowerSignal::Off)?;
                }
            }
            PowerAction::On => {
                self.power_on_at = None;
                if !on {
                    self.switch_on(now, platform)?;
                }
            }
            // Also in the off phase of a power cycle: who wants it off now does not want it on soon.
            PowerAction::SoftOff if !on => self.power_on_at = None,
            PowerAction::SoftOff => signal(platform, now, PowerSignal::SoftShutdown)?,
            _ if !on => return Err(CompletionCode::NOT_SUPPORTED_IN_STATE),
            PowerAction::Cycle => {
                signal(platform, now, PowerSignal::Off)?;
                self.power_on_at = now.checked_add(self.cycle_interval);
            }
            PowerAction::Reset => {
                signal(platform, now, PowerSignal::Reset)?;
                self.restart_cause = RestartCause::ChassisControl;
            }
            PowerAction::DiagnosticInterrupt => {
                signal(platform, now, PowerSignal::DiagnosticInterrupt)?;
            }
        }
        Ok(())
    }

    /// Lets time pass: the machine lives, a power cycle ends, the on time counts.
    pub fn advance(&mut self, now: Instant, platform: &mut dyn Platform) {
        self.count(now, platform.is_on());
        platform.advance(now);
        while let Some(event) = platform.poll_event() {
            self.note(event);
        }
        if self.power_on_at.is_some_and(|at| now >= at) {
            self.power_on_at = None;
            // A machine that does not come on shows as off: there is nobody left to tell.
            let _ = self.switch_on(now, platform);
        }
        if let IdentifyLight::Until(end) = self.light
            && now >= end
        {
            self.light = IdentifyLight::Off;
        }
    }

    /// When [`advance`](Self::advance) next has something to do.
    #[must_use]
    pub fn poll_timeout(&self, platform: &dyn Platform) -> Option<Instant> {
        let light = match self.light {
            IdentifyLight::Until(end) => Some(end),
            IdentifyLight::Off | IdentifyLight::Indefinitely => None,
        };
        [self.power_on_at, light, platform.poll_timeout()].into_iter().flatten().min()
    }

    /// Switches a machine that is off on, for a reason other than a command.
    pub(crate) fn start(
        &mut self,
        now: Instant,
        platform: &mut dyn Platform,
        cause: RestartCause,
    ) -> Outcome<()> {
        self.power_on_at = None;
        signal(platform, now, PowerSignal::On)?;
        self.restart_cause = cause;
        self.on_by_command = false;
        Ok(())
    }

    /// Resets a machine that is on, for a reason other than a command.
    pub(crate) fn restart(
        &mut self,
        now: Instant,
        platform: &mut dyn Platform,
        cause: RestartCause,
    ) -> Outcome<()> {
        signal(platform, now, PowerSignal::Reset)?;
        self.restart_cause = cause;
        Ok(())
    }

    /// The mains fail: the machine is off, its light dark, and what was to come is forgotten.
    pub(crate) fn fail_mains(&mut self, now: Instant, platform: &mut dyn Platform) {
        self.power_on_at = None;
        // A machine that hangs has no power either.
        let _ = signal(platform, now, PowerSignal::Off);
        self.identify(now, platform, IdentifyLight::Off);
    }

    /// Chassis Identify.
    pub fn identify(&mut self, now: Instant, platform: &mut dyn Platform, light: IdentifyLight) {
        self.light = light;
        platform.identify(now, light);
    }

    /// The identification light.
    #[must_use]
    pub const fn light(&self) -> IdentifyLight {
        self.light
    }

    /// Why the machine last came on or was reset.
    #[must_use]
    pub const fn restart_cause(&self) -> RestartCause {
        self.restart_cause
    }

    /// Whether the machine was last switched on by a command.
    #[must_use]
    pub const fn on_by_command(&self) -> bool {
        self.on_by_command
    }

    /// How long the machine has been on, in all.
    #[must_use]
    pub const fn on_time(&self) -> Duration {
        self.on_time
    }

    fn switch_on(&mut self, now: Instant, platform: &mut dyn Platform) -> Outcome<()> {
        signal(platform, now, PowerSignal::On)?;
        self.restart_cause = RestartCause::ChassisControl;
        self.on_by_command = true;
        Ok(())
    }

    fn count(&mut self, now: Instant, on: bool) {
        if on {
            self.on_time =
                self.on_time.saturating_add(now.saturating_duration_since(self.counted_until));
        }
        self.counted_until = now;
    }

    const fn note(&mut self, event: PlatformEvent) {
        if let PlatformEvent::PoweredOn(cause) | PlatformEvent::Reset(cause) = event {
            self.on_by_command = false;
            self.restart_cause = match cause {
                PowerCause::Button => RestartCause::PowerButton,
                PowerCause::OperatingSystem => RestartCause::SoftReset,
                PowerCause::Mains => RestartCause::PowerRestoredPrevious,
            };
        }
    }
}

/// At first all buttons work, and none can be disabled.
const BUTTONS: FrontPanelButtons = FrontPanelButtons {
    power_disabled: false,
    reset_disabled: false,
    diagnostic_disabled: false,
    standby_disabled: false,
    power_disable_allowed: false,
    reset_disable_allowed: false,
    diagnostic_disable_allowed: false,
    standby_disable_allowed: false,
};

fn signal(platform: &mut dyn Platform, now: Instant, signal: PowerSignal) -> Outcome<()> {
    platform.power(now, signal).map_err(|err| match err {
        PlatformError::Unsupported => CompletionCode::INVALID_DATA_FIELD,
        PlatformError::WrongState => CompletionCode::NOT_SUPPORTED_IN_STATE,
        PlatformError::Failed => CompletionCode::UNSPECIFIED,
    })
}
