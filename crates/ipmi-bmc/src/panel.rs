//! The machine's front panel and its plug: what somebody does who stands before it.
//!
//! Without mains there is no controller: it answers nobody, its sessions are gone, nothing is
//! measured. When they are back it starts up as a controller does that was cold, with what it keeps,
//! and the power restore policy decides about the machine. IPMI v2.0 §28.6, §28.8.

use std::time::Instant;

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::chassis::{PowerAction, RestartCause};

use crate::bmc::Bmc;
use crate::chassis::by_itself;
use crate::platform::{IdentifyLight, Intervention, Measurement, PlatformError};

/// A button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// Power, pressed briefly: on, or a shutdown of the operating system.
    Power,
    /// Power, held for four seconds: on, or off at once.
    PowerHeld,
    /// Reset.
    Reset,
    /// Diagnostic interrupt (NMI).
    Diagnostic,
    /// Identification light, on and off.
    Identify,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// The machine came on.
    PoweredOn,
    /// The machine went off.
    PoweredOff,
    /// The operating system was asked to shut down.
    ShutdownRequested,
    /// The machine was reset.
    Reset,
    /// The machine got a diagnostic interrupt.
    Interrupted,
    /// The identification light went on.
    LightOn,
    /// The identification light went off.
    LightOff,
    /// Nothing: the machine is off, and the button has no meaning then.
    Nothing,
}

/// Why nothing came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PanelError {
    /// The button is disabled: see Set Front Panel Enables.
    #[error("the button is disabled")]
    Disabled,
    /// There is no mains power.
    #[error("there is no mains power")]
    NoMains,
    /// The machine refuses.
    #[error("the machine refuses: {0}")]
    Refused(CompletionCode),
}

impl Bmc {
    /// Presses a button on the front panel.
    ///
    /// # Errors
    /// [`PanelError`], and nothing has happened.
    pub fn press(&mut self, now: Instant, button: Button) -> Result<Pressed, PanelError> {
        if !self.has_mains {
            return Err(PanelError::NoMains);
        }
        self.advance(now);
        let pressed = self.pressed(now, button);
        self.follow(now);
        pressed
    }

    fn pressed(&mut self, now: Instant, button: Button) -> Result<Pressed, PanelError> {
        let (buttons, on) = (self.chassis.buttons, self.is_on());
        // A disabled power button still switches on: §28.6 disables it "for power off only".
        let disabled = match button {
            Button::Power | Button::PowerHeld => buttons.power_disabled && on,
            Button::Reset => buttons.reset_disabled,
            Button::Diagnostic => buttons.diagnostic_disabled,
            Button::Identify => false,
        };
        if disabled {
            return Err(PanelError::Disabled);
        }
        let (action, cause, pressed) = match button {
            Button::Power | Button::PowerHeld if !on => {
                (PowerAction::On, RestartCause::PowerButton, Pressed::PoweredOn)
            }
            Button::Power => {
                (PowerAction::SoftOff, RestartCause::PowerButton, Pressed::ShutdownRequested)
            }
            Button::PowerHeld => (PowerAction::Off, RestartCause::PowerButton, Pressed::PoweredOff),
            Button::Reset | Button::Diagnostic if !on => return Ok(Pressed::Nothing),
            Button::Reset => (PowerAction::Reset, RestartCause::ResetButton, Pressed::Reset),
            Button::Diagnostic => {
                (PowerAction::DiagnosticInterrupt, RestartCause::Unknown, Pressed::Interrupted)
            }
            Button::Identify => return Ok(self.toggle_light(now)),
        };
        let done = self.control(now, action, by_itself(cause));
        done.map(|()| pressed).map_err(PanelError::Refused)
    }

    fn toggle_light(&mut self, now: Instant) -> Pressed {
        let (light, pressed) = match self.chassis.light() {
            IdentifyLight::Off => (IdentifyLight::Indefinitely, Pressed::LightOn),
            _ => (IdentifyLight::Off, Pressed::LightOff),
        };
        self.chassis.identify(now, &mut *self.platform, light);
        pressed
    }

    /// Whether there is mains power.
    #[must_use]
    pub const fn has_mains(&self) -> bool {
        self.has_mains
    }

    /// Pulls the plug; whether it was in.
    pub fn pull_mains(&mut self, now: Instant) -> bool {
        if !self.has_mains {
            return false;
        }
        self.advance(now);
        // What was kept says whether the machine was on: from here on nothing is noted.
        self.chassis.fail_mains(now, &mut *self.platform);
        self.sessions.close_all();
        self.has_mains = false;
        // Whatever it was in the middle of.
        (self.dark_until, self.cold_reset_pending) = (None, None);
        true
    }

    /// Plugs it in again: the controller starts up, and the machine as the restore policy says;
    /// whether it was out.
    pub fn restore_mains(&mut self, now: Instant) -> bool {
        if self.has_mains {
            return false;
        }
        self.has_mains = true;
        self.forget(now);
        let was_on = self.noted_power == Some(true);
        let (chassis, mut machine) = self.machine();
        // Nothing lived meanwhile, but the machine's time went by.
        chassis.advance(now, &mut machine);
        chassis.have_mains(now, &mut machine, was_on);
        self.sensors.start_anew(now);
        self.follow(now);
        true
    }

    /// Opens or closes the machine's lid.
    ///
    /// # Errors
    /// [`PlatformError::Unsupported`] of a machine without one.
    pub fn move_lid(&mut self, now: Instant, open: bool) -> Result<(), PlatformError> {
        self.intervene(now, Intervention::Lid { open })
    }

    /// Makes a sensor say this, whatever is true; with `None` it tells the truth again.
    ///
    /// # Errors
    /// [`PlatformError::Unsupported`] of a machine whose sensors nobody can talk into it.
    pub fn override_sensor(
        &mut self,
        now: Instant,
        number: u8,
        says: Option<Measurement>,
    ) -> Result<(), PlatformError> {
        self.intervene(now, Intervention::Sensor { number, says })?;
        match says {
            Some(_) => self.overridden.insert(number),
            None => self.overridden.remove(&number),
        };
        Ok(())
    }

    fn intervene(&mut self, now: Instant, what: Intervention) -> Result<(), PlatformError> {
        self.advance(now);
        self.platform.intervene(now, what)?;
        // Without mains it is seen when they are back.
        self.advance(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ipmi_session::Quirks;
    use ipmi_session::managed::Limits;
    use ipmi_wire::Decode;
    use ipmi_wire::cmd::app::{DeviceId, Guid};

    use super::*;
    use crate::nvram::Memory;
    use crate::personality::{Personality, Product, RecordsIn};
    use crate::platform::{Platform, PlatformEvent, PowerSignal, Scan};
    use crate::sensors::Plan;
    use crate::{LanPolicy, LogPolicy, Settings};

    struct Machine(bool);

    impl Platform for Machine {
        fn advance(&mut self, _: Instant) {}
        fn poll_timeout(&self) -> Option<Instant> {
            None
        }
        fn is_on(&self) -> bool {
            self.0
        }
        fn power(&mut self, _: Instant, action: PowerSignal) -> Result<(), PlatformError> {
            self.0 = action == PowerSignal::On;
            Ok(())
        }
        fn identify(&mut self, _: Instant, _: IdentifyLight) {}
        fn start_scan(&mut self, _: Instant, _: u8) -> Scan {
            Scan::Done(Measurement::Unavailable)
        }
        fn poll_event(&mut self) -> Option<PlatformEvent> {
            None
        }
    }

    fn bmc(now: Instant) -> Bmc {
        let personality = Personality {
            device_id: DeviceId::decode_exact(&[0x20, 1, 1, 0, 2, 0, 0, 0, 0, 0, 0]).unwrap(),
            product: Product {
                manufacturer: String::new(),
                name: String::new(),
                part_number: String::new(),
                version: String::new(),
            },
            sdrs: Vec::new(),
            sensors: Plan::default(),
            records_in: RecordsIn::Repository,
            sdrs_built: 0,
            events: Vec::new(),
            inventory: Vec::new(),
        };
        let settings = Settings {
            guid: Guid([0; 16]),
            users: Vec::new(),
            lan: LanPolicy::default(),
            limits: Limits::default(),
            quirks: Quirks::NONE,
            epoch: 0,
            log: LogPolicy::default(),
            nonvolatile: false,
        };
        Bmc::new(now, personality, settings, Box::new(Machine(true)), Memory::default())
    }

    #[test]
    fn a_disabled_button_does_nothing() {
        let now = Instant::now();
        let mut bmc = bmc(now);
        let buttons = &mut bmc.chassis.buttons;
        (buttons.power_disabled, buttons.reset_disabled, buttons.diagnostic_disabled) =
            (true, true, true);
        for button in [Button::Power, Button::PowerHeld, Button::Reset, Button::Diagnostic] {
            assert_eq!(bmc.press(now, button), Err(PanelError::Disabled), "{button:?}");
        }
        assert!(bmc.is_on());
        assert_eq!(bmc.press(now, Button::Identify), Ok(Pressed::LightOn));
        // Off, it is not the same button: see §28.6.
        bmc.control(now, PowerAction::Off, by_itself(RestartCause::Unknown)).unwrap();
        assert_eq!(bmc.press(now, Button::Power), Ok(Pressed::PoweredOn));
    }
}
