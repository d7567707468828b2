//! Power.

use ipmi_client::outcome::Done;
use ipmi_wire::cmd::chassis::PowerAction;
use schemars::JsonSchema;
use serde::Serialize;

use super::View;
use super::outcome::{OutcomeView, proof};

/// Whether the machine is on.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PowerStatus {
    #[schemars(extend("enum" = ["on", "off"]))]
    power: &'static str,
}

impl PowerStatus {
    pub(crate) const fn new(on: bool) -> Self {
        Self { power: on_off(on) }
    }
}

impl View for PowerStatus {
    const SCHEMA: &'static str = "lantern.power_status/1";

    fn text(&self, _: Option<u16>) -> String {
        format!("Chassis power is {}\n", self.power)
    }
}

/// What the machine was told. That it is so is for `power status` to say.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PowerControl {
    #[schemars(extend("enum" = ["on", "off", "soft", "cycle", "reset", "diag"]))]
    action: &'static str,
    accepted: bool,
    /// What proves that it happened, where the BMC's answer was lost; else null.
    outcome: Option<OutcomeView>,
    #[serde(skip)]
    words: &'static str,
}

impl PowerControl {
    pub(crate) fn new(action: PowerAction, done: &Done) -> Self {
        let (action, words) = match action {
            PowerAction::On => ("on", "Power on"),
            PowerAction::Off => ("off", "Power off"),
            PowerAction::SoftOff => ("soft", "Soft shutdown"),
            PowerAction::Cycle => ("cycle", "Power cycle"),
            PowerAction::Reset => ("reset", "Hard reset"),
            PowerAction::DiagnosticInterrupt => ("diag", "Diagnostic interrupt"),
        };
        Self { action, accepted: true, outcome: proof(done), words }
    }
}

impl View for PowerControl {
    const SCHEMA: &'static str = "lantern.power_control/1";

    fn text(&self, width: Option<u16>) -> String {
        match &self.outcome {
            None => format!("{}: accepted\n", self.words),
            Some(outcome) => {
                let happened = format!("{}: happened, although the answer was lost\n", self.words);
                happened + &outcome.text(width)
            }
        }
    }
}

/// `on` or `off`.
pub(crate) const fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
