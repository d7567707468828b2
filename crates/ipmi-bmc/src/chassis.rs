//! The chassis: power as a state machine, what happened to it last, how long it has been on.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ipmi_wire::cmd::chassis::{
    FrontPanelButtons, LastPowerEvent, PowerAction, PowerRestorePolicy, RestartCause,
    SetFrontPanelEnables, SystemRestartCause,
};
use ipmi_wire::{Channel, CompletionCode};

use crate::boot::BootOptions;
use crate::dispatch::Outcome;
use crate::nvram::Memory;
use crate::platform::{
    IdentifyLight, Platform, PlatformError, PlatformEvent, PowerCause, PowerSignal,
};

/// State of the chassis beyond what the platform knows.
#[derive(Debug)]
pub struct Chassis {
    pub(crate) cycle_interval: Duration,
    /// A power cycle is in its off phase until then, and whoever began it.
    power_on_at: Option<(Instant, SystemRestartCause)>,
    restart_cause: SystemRestartCause,
    last_event: LastPowerEvent,
    /// The machine did not go on or off when told to.
    control_fault: bool,
    /// It has gone off by a failure of its own, and was not on since.
    fault: bool,
    /// What is to be told of the machine's failures.
    failures: VecDeque<Failure>,
    light: IdentifyLight,
    /// The front panel buttons that are disabled, and that can be.
    pub(crate) buttons: FrontPanelButtons,
    /// Counted up to `counted_until`.
    on_time: Duration,
    counted_until: Instant,
    /// The machine has gone on or off, or was reset, and nobody has asked yet.
    turned: bool,
}

/// What the log is told of a machine that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It did not come on.
    StayedOff,
    /// It went off by itself.
    WentOff,
    /// Its operating system has stopped.
    Panicked,
}

/// More than this at once is nothing new.
const FAILURES: usize = 16;

/// What the chassis acts on.
pub(crate) struct Machine<'a> {
    pub(crate) platform: &'a mut dyn Platform,
    pub(crate) boot: &'a mut BootOptions,
    /// What the machine does when mains power comes back.
    pub(crate) restore_policy: PowerRestorePolicy,
}

impl Machine<'_> {
    /// Brings about a start of the machine, whose firmware gets to know from what.
    fn start(&mut self, now: Instant, line: PowerSignal, cause: RestartCause) -> Outcome<()> {
        self.platform.boot_from(now, self.boot.order(cause));
        signal(self.platform, now, line)?;
        self.boot.use_up();
        Ok(())
    }
}

impl Chassis {
    /// A chassis as it was.
    #[must_use]
    pub(crate) fn new(now: Instant, memory: &Memory) -> Self {
        let mut chassis = Self {
            // §28.9: the off phase of a power cycle lasts at least one second, if nobody says else.
            cycle_interval: Duration::from_secs(memory.cycle_interval.unwrap_or(1).into()),
            power_on_at: None,
            restart_cause: by_itself(RestartCause::Unknown),
            last_event: LastPowerEvent::default(),
            control_fault: false,
            fault: false,
            failures: VecDeque::new(),
            light: IdentifyLight::Off,
            buttons: BUTTONS,
            on_time: memory.on_time.unwrap_or_default(),
            counted_until: now,
            turned: false,
        };
        chassis.disable_buttons(memory.buttons.unwrap_or_default());
        chassis
    }

    /// Another chassis of the same kind, which has never been on.
    pub(crate) fn sibling(&self, now: Instant) -> Self {
        Self {
            cycle_interval: self.cycle_interval,
            buttons: self.buttons,
            ..Self::new(now, &Memory::default())
        }
    }

    /// Chassis Control, by whoever it is.
    ///
    /// # Errors
    /// D5h for what makes no sense while off; CCh for lines that the machine lacks.
    pub(crate) fn control(
        &mut self,
        now: Instant,
        machine: &mut Machine<'_>,
        action: PowerAction,
        by: SystemRestartCause,
    ) -> Outcome<()> {
        self.advance(now, machine);
        let on = machine.platform.is_on();
        match action {
            PowerAction::Off => {
                self.power_on_at = None;
                if on {
                    self.switch_off(now, machine)?;
                }
            }
            PowerAction::On => {
                self.power_on_at = None;
                if !on {
                    self.switch_on(now, machine, by)?;
                }
            }
            // Also in the off phase of a power cycle: who wants it off now does not want it on soon.
            PowerAction::SoftOff if !on => self.power_on_at = None,
            PowerAction::SoftOff => signal(machine.platform, now, PowerSignal::SoftShutdown)?,
            _ if !on => return Err(CompletionCode::NOT_SUPPORTED_IN_STATE),
            // Table 28-4 has it optional, and it would be half of one.
            PowerAction::Cycle if !machine.platform.can_switch_on() => {
                return Err(CompletionCode::INVALID_DATA_FIELD);
            }
            PowerAction::Cycle => {
                self.switch_off(now, machine)?;
                self.power_on_at = now.checked_add(self.cycle_interval).map(|at| (at, by));
            }
            PowerAction::Reset => {
                machine.start(now, PowerSignal::Reset, by.cause)?;
                self.restart_cause = by;
                self.turned = true;
            }
            PowerAction::DiagnosticInterrupt => {
                signal(machine.platform, now, PowerSignal::DiagnosticInterrupt)?;
            }
        }
        Ok(())
    }

    /// Set Front Panel Button Enables.
    pub(crate) const fn disable_buttons(&mut self, disabled: SetFrontPanelEnables) {
        self.buttons.power_disabled = disabled.disable_power;
        self.buttons.reset_disabled = disabled.disable_reset;
        self.buttons.diagnostic_disabled = disabled.disable_diagnostic;
        self.buttons.standby_disabled = disabled.disable_standby;
    }

    /// Lets time pass: the machine lives, a power cycle ends, the on time counts.
    pub(crate) fn advance(&mut self, now: Instant, machine: &mut Machine<'_>) {
        self.count(now, machine.platform.is_on());
        machine.platform.advance(now);
        while let Some(event) = machine.platform.poll_event() {
            self.note(now, machine, event);
        }
        if let Some((_, by)) = self.power_on_at.take_if(|(at, _)| now >= *at) {
            // A machine that does not come on shows as off: there is nobody left to tell.
            let _ = self.switch_on(now, machine, by);
        }
        if let IdentifyLight::Until(end) = self.light
            && now >= end
        {
            self.light = IdentifyLight::Off;
        }
    }

    /// When [`advance`](Self::advance) next has something to do.
    #[must_use]
    pub(crate) fn poll_timeout(&self, platform: &dyn Platform) -> Option<Instant> {
        let light = match self.light {
            IdentifyLight::Until(end) => Some(end),
            IdentifyLight::Off | IdentifyLight::Indefinitely => None,
        };
        let power_on = self.power_on_at.map(|(at, _)| at);
        [power_on, light, platform.poll_timeout()].into_iter().flatten().min()
    }

    /// The mains fail: the machine is off, its light dark, and what was to come is forgotten.
    pub(crate) fn fail_mains(&mut self, now: Instant, platform: &mut dyn Platform) {
        self.power_on_at = None;
        // A machine that hangs has no power either.
        let _ = signal(platform, now, PowerSignal::Off);
        self.turned = true;
        self.identify(now, platform, IdentifyLight::Off);
    }

    /// The mains are back. The machine comes on if its policy says so, and it `was_on` before.
    pub(crate) fn have_mains(&mut self, now: Instant, machine: &mut Machine<'_>, was_on: bool) {
        let cause = match machine.restore_policy {
            PowerRestorePolicy::AlwaysOff => None,
            PowerRestorePolicy::AlwaysOn => Some(RestartCause::PowerRestoredAlways),
            PowerRestorePolicy::Previous | PowerRestorePolicy::Unknown => {
                was_on.then_some(RestartCause::PowerRestoredPrevious)
            }
        };
        if let Some(cause) = cause {
            // A machine that does not come on shows as off: there is nobody left to tell.
            let _ = self.switch_on(now, machine, by_itself(cause));
        }
        self.last_event = LastPowerEvent { ac_failed: true, ..LastPowerEvent::default() };
    }

    /// Chassis Identify.
    pub(crate) fn identify(
        &mut self,
        now: Instant,
        platform: &mut dyn Platform,
        light: IdentifyLight,
    ) {
        self.light = light;
        platform.identify(now, light);
    }

    /// Whether the machine has gone on or off, or was reset, since this was last asked.
    pub(crate) const fn has_turned(&mut self) -> bool {
        core::mem::replace(&mut self.turned, false)
    }

    /// The identification light.
    #[must_use]
    pub const fn light(&self) -> IdentifyLight {
        self.light
    }

    /// Why the machine last came on or was reset.
    #[must_use]
    pub const fn restart_cause(&self) -> RestartCause {
        self.restart_cause.cause
    }

    /// The same, with the channel that a command came in on.
    pub(crate) const fn restarted_by(&self) -> SystemRestartCause {
        self.restart_cause
    }

    /// How the machine last went on or off.
    #[must_use]
    pub const fn last_event(&self) -> LastPowerEvent {
        self.last_event
    }

    /// Whether the machine did not go on or off when it was last told to.
    #[must_use]
    pub const fn control_fault(&self) -> bool {
        self.control_fault
    }

    /// Whether the machine is off because it has failed.
    #[must_use]
    pub const fn fault(&self) -> bool {
        self.fault
    }

    /// What the log is to be told next.
    pub(crate) fn poll_failure(&mut self) -> Option<Failure> {
        self.failures.pop_front()
    }

    /// Whether the machine was last switched on by a command.
    #[must_use]
    pub const fn on_by_command(&self) -> bool {
        self.last_event.on_by_command
    }

    /// How long the machine has been on, in all.
    #[must_use]
    pub const fn on_time(&self) -> Duration {
        self.on_time
    }

    fn switch_on(
        &mut self,
        now: Instant,
        machine: &mut Machine<'_>,
        by: SystemRestartCause,
    ) -> Outcome<()> {
        let outcome = machine.start(now, PowerSignal::On, by.cause);
        self.control_fault = outcome.is_err();
        outcome?;
        self.fault = false;
        self.restart_cause = by;
        let on_by_command = by.cause == RestartCause::ChassisControl;
        self.last_event = LastPowerEvent { on_by_command, ..LastPowerEvent::default() };
        self.turned = true;
        Ok(())
    }

    fn switch_off(&mut self, now: Instant, machine: &mut Machine<'_>) -> Outcome<()> {
        let outcome = signal(machine.platform, now, PowerSignal::Off);
        self.control_fault = outcome.is_err();
        outcome?;
        (self.last_event.ac_failed, self.last_event.fault) = (false, false);
        self.turned = true;
        Ok(())
    }

    fn fail(&mut self, failure: Failure) {
        if self.failures.len() < FAILURES {
            self.failures.push_back(failure);
        }
    }

    fn count(&mut self, now: Instant, on: bool) {
        if on {
            self.on_time =
                self.on_time.saturating_add(now.saturating_duration_since(self.counted_until));
        }
        self.counted_until = now;
    }

    fn note(&mut self, now: Instant, machine: &mut Machine<'_>, event: PlatformEvent) {
        // One that has panicked is still on.
        self.turned |= event != PlatformEvent::Panicked;
        let cause = match event {
            PlatformEvent::Panicked => {
                self.fail(Failure::Panicked);
                return;
            }
            PlatformEvent::StayedOff => {
                self.control_fault = true;
                self.fail(Failure::StayedOff);
                return;
            }
            PlatformEvent::PoweredOff(cause) => {
                self.last_event.ac_failed = cause == PowerCause::Mains;
                self.last_event.fault = cause == PowerCause::Fault;
                if cause == PowerCause::Fault {
                    self.fault = true;
                    self.fail(Failure::WentOff);
                }
                return;
            }
            PlatformEvent::PoweredOn(cause) => {
                let ac_failed = cause == PowerCause::Mains;
                self.last_event = LastPowerEvent { ac_failed, ..LastPowerEvent::default() };
                (self.control_fault, self.fault) = (false, false);
                match cause {
                    PowerCause::Button => RestartCause::PowerButton,
                    // Nothing comes on because it failed.
                    PowerCause::Fault => RestartCause::Unknown,
                    PowerCause::OperatingSystem => RestartCause::SoftReset,
                    PowerCause::Mains => match machine.restore_policy {
                        PowerRestorePolicy::AlwaysOn => RestartCause::PowerRestoredAlways,
                        _ => RestartCause::PowerRestoredPrevious,
                    },
                }
            }
            PlatformEvent::Reset(PowerCause::Button) => RestartCause::ResetButton,
            PlatformEvent::Reset(_) => RestartCause::SoftReset,
        };
        self.restart_cause = by_itself(cause);
        machine.platform.boot_from(now, machine.boot.order(cause));
        machine.boot.use_up();
    }
}

/// A cause that is no command, and came in on no channel.
pub(crate) const fn by_itself(cause: RestartCause) -> SystemRestartCause {
    SystemRestartCause { cause, channel: Channel::new(0) }
}

/// At first all buttons work, and all can be disabled.
const BUTTONS: FrontPanelButtons = FrontPanelButtons {
    power_disabled: false,
    reset_disabled: false,
    diagnostic_disabled: false,
    standby_disabled: false,
    power_disable_allowed: true,
    reset_disable_allowed: true,
    diagnostic_disable_allowed: true,
    standby_disable_allowed: true,
};

fn signal(platform: &mut dyn Platform, now: Instant, signal: PowerSignal) -> Outcome<()> {
    platform.power(now, signal).map_err(|err| match err {
        PlatformError::Unsupported => CompletionCode::INVALID_DATA_FIELD,
        PlatformError::WrongState => CompletionCode::NOT_SUPPORTED_IN_STATE,
        PlatformError::Failed => CompletionCode::UNSPECIFIED,
    })
}
