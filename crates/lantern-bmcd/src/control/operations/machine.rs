//! The machine: its panel, its plug, its lid.

use std::time::Instant;

use ipmi_bmc::panel::{Button, PanelError, Pressed};
use ipmi_bmc::platform::PlatformError;
use ipmi_bmc::{Bmc, Origin};
use ipmi_wire::Request;
use ipmi_wire::cmd::chassis::{ChassisControl, PowerAction};

use super::value;
use crate::control::protocol::{
    Action, ButtonName, ButtonPress, Code, Operation, PowerControl, Refusal,
};
use crate::control::reply::{Done, Outcome as Came};
use crate::control::router::Outcome;

pub(super) fn press(now: Instant, bmc: &mut Bmc, args: ButtonPress) -> Outcome {
    let button = match args {
        ButtonPress { button: ButtonName::Power, held: true } => Button::PowerHeld,
        ButtonPress { held: true, .. } => {
            return Err(Refusal::new(Code::BadRequest, "only the power button can be held"));
        }
        ButtonPress { button: ButtonName::Power, .. } => Button::Power,
        ButtonPress { button: ButtonName::Reset, .. } => Button::Reset,
        ButtonPress { button: ButtonName::Diagnostic, .. } => Button::Diagnostic,
        ButtonPress { button: ButtonName::Identify, .. } => Button::Identify,
    };
    let pressed = bmc.press(now, button).map_err(|error| {
        let code = match error {
            PanelError::Disabled => Code::Disabled,
            PanelError::NoMains => Code::NoMains,
            PanelError::Refused(_) => Code::Refused,
        };
        Refusal::new(code, error.to_string())
    })?;
    let came = match pressed {
        Pressed::PoweredOn => Came::PoweredOn,
        Pressed::PoweredOff => Came::PoweredOff,
        Pressed::ShutdownRequested => Came::ShutdownRequested,
        Pressed::Reset => Came::Reset,
        Pressed::Interrupted => Came::Interrupted,
        Pressed::LightOn => Came::LightOn,
        Pressed::LightOff => Came::LightOff,
        Pressed::Nothing => Came::Nothing,
    };
    done(bmc, "button.press", came)
}

/// By the command, so that it is what a command would be.
pub(super) fn control(now: Instant, bmc: &mut Bmc, args: PowerControl) -> Outcome {
    need_mains(bmc)?;
    let was_on = bmc.is_on();
    let request = Request::of(&ChassisControl { action: PowerAction::from(args.action) });
    let response = bmc.handle_request(now, Origin::SystemInterface, &request);
    if !response.completion.is_ok() {
        return Err(Refusal::new(Code::Refused, response.completion.text()));
    }
    let came = match args.action {
        Action::On | Action::Off | Action::Soft if was_on == (args.action == Action::On) => {
            Came::Nothing
        }
        Action::On => Came::PoweredOn,
        Action::Off => Came::PoweredOff,
        Action::Soft => Came::ShutdownRequested,
        Action::Cycle => Came::Done,
        Action::Reset => Came::Reset,
        Action::Diagnostic => Came::Interrupted,
    };
    done(bmc, "power.control", came)
}

pub(super) fn mains(now: Instant, bmc: &mut Bmc, operation: &Operation, there: bool) -> Outcome {
    let changed = if there { bmc.restore_mains(now) } else { bmc.pull_mains(now) };
    done(bmc, operation.name(), if changed { Came::Done } else { Came::Nothing })
}

pub(super) fn lid(now: Instant, bmc: &mut Bmc, operation: &Operation, open: bool) -> Outcome {
    bmc.move_lid(now, open).map_err(|error| match error {
        PlatformError::Unsupported => Refusal::new(Code::Unsupported, "the machine has no lid"),
        error => Refusal::new(Code::Refused, error.to_string()),
    })?;
    done(bmc, operation.name(), Came::Done)
}

/// What only a controller that has power can do.
pub(super) fn need_mains(bmc: &Bmc) -> Result<(), Refusal> {
    if bmc.has_mains() {
        return Ok(());
    }
    Err(Refusal::new(Code::NoMains, "there is no mains power: 'mains.restore' brings it back"))
}

pub(super) fn done(bmc: &Bmc, operation: &str, outcome: Came) -> Outcome {
    value(&Done { operation: operation.to_owned(), outcome, power: bmc.is_on().into() })
}
