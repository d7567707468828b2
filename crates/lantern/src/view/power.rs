//! Power.

use ipmi_client::chassis::Waited;
use ipmi_client::outcome::Done;
use ipmi_wire::cmd::chassis::PowerAction;
use schemars::JsonSchema;
use serde::Serialize;

use super::number::short;
use super::outcome::{OutcomeView, proof};
use super::{View, reason};
use crate::error::Exit;

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
    /// What came of waiting; null if that was not asked for.
    waited: Option<WaitedView>,
    #[serde(skip)]
    words: &'static str,
}

/// What came of waiting.
#[derive(Debug, Serialize, JsonSchema)]
struct WaitedView {
    /// Whether the machine came to be what it was to be.
    reached: bool,
    /// What it was at last; null if the BMC did not say.
    #[schemars(extend("enum" = ["on", "off", null]))]
    power: Option<&'static str>,
    seconds: f64,
    /// Why the BMC did not say.
    absent_reason: Option<String>,
}

impl WaitedView {
    fn new(waited: &Waited) -> Self {
        Self {
            reached: waited.reached,
            power: waited.on.map(on_off),
            seconds: (waited.after.as_secs_f64() * 10.0).round() / 10.0,
            absent_reason: waited.error.as_ref().map(reason),
        }
    }

    fn text(&self) -> String {
        let power = match (self.power, &self.absent_reason) {
            (Some(power), _) => format!("power is {power}"),
            (None, why) => format!("no answer ({})", why.as_deref().unwrap_or("no reason")),
        };
        let not = if self.reached { "" } else { "not what it should be: " };
        format!("after {} s  {not}{power}\n", short(self.seconds, 1))
    }
}

impl PowerControl {
    pub(crate) fn new(action: PowerAction, done: &Done, waited: Option<&Waited>) -> Self {
        let (action, words) = match action {
            PowerAction::On => ("on", "Power on"),
            PowerAction::Off => ("off", "Power off"),
            PowerAction::SoftOff => ("soft", "Soft shutdown"),
            PowerAction::Cycle => ("cycle", "Power cycle"),
            PowerAction::Reset => ("reset", "Hard reset"),
            PowerAction::DiagnosticInterrupt => ("diag", "Diagnostic interrupt"),
        };
        let waited = waited.map(WaitedView::new);
        Self { action, accepted: true, outcome: proof(done), waited, words }
    }
}

impl View for PowerControl {
    const SCHEMA: &'static str = "lantern.power_control/1";

    fn text(&self, width: Option<u16>) -> String {
        let done = match &self.outcome {
            None => format!("{}: accepted\n", self.words),
            Some(outcome) => {
                let happened = format!("{}: happened, although the answer was lost\n", self.words);
                happened + &outcome.text(width)
            }
        };
        done + &self.waited.as_ref().map_or_else(String::new, WaitedView::text)
    }

    fn exit(&self) -> Option<Exit> {
        self.waited.as_ref().is_some_and(|waited| !waited.reached).then_some(Exit::Failed)
    }
}

/// `on` or `off`.
pub(crate) const fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
