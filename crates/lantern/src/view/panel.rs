//! The chassis' other settings: power restore policy, front panel, power cycle interval.

use ipmi_client::chassis::{PanelButton, RestorePolicy};
use ipmi_client::settings::Change;
use ipmi_wire::cmd::chassis::{FrontPanelButtons, PowerRestorePolicy, SetFrontPanelEnables};
use schemars::JsonSchema;
use serde::Serialize;

use super::table::{Table, fields, left};
use super::{View, list, reason, set};
use crate::error::Exit;

/// As all views call it.
pub(super) const fn policy(policy: PowerRestorePolicy) -> &'static str {
    match policy {
        PowerRestorePolicy::AlwaysOff => "always_off",
        PowerRestorePolicy::Previous => "previous",
        PowerRestorePolicy::AlwaysOn => "always_on",
        PowerRestorePolicy::Unknown => "unknown",
    }
}

/// For people, as it is typed.
fn word(policy: &str) -> String {
    policy.replace('_', "-")
}

/// What the machine does when mains power comes back.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Policy {
    #[schemars(extend("enum" = ["always_off", "previous", "always_on", "unknown"]))]
    policy: &'static str,
    /// Null if the BMC does not tell.
    supported: Option<Vec<&'static str>>,
    /// Why it does not tell.
    absent_reason: Option<String>,
}

impl From<&RestorePolicy> for Policy {
    fn from(told: &RestorePolicy) -> Self {
        let supported = told.supported.as_ref();
        Self {
            policy: policy(told.current),
            supported: supported.ok().map(|known| {
                set([
                    (known.always_off, "always_off"),
                    (known.previous, "previous"),
                    (known.always_on, "always_on"),
                ])
            }),
            absent_reason: supported.err().map(reason),
        }
    }
}

impl View for Policy {
    const SCHEMA: &'static str = "lantern.chassis_policy/1";

    fn text(&self, width: Option<u16>) -> String {
        let supported = match (&self.supported, &self.absent_reason) {
            (Some(names), _) if names.is_empty() => "none".to_owned(),
            (Some(names), _) => names.iter().map(|name| word(name)).collect::<Vec<_>>().join(", "),
            (None, reason) => format!("not told: {}", reason.as_deref().unwrap_or("no reason")),
        };
        fields(width, [("Restore policy", word(self.policy)), ("Supported", supported)])
    }
}

/// A restore policy that was set.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PolicySet {
    asked: &'static str,
    before: Option<&'static str>,
    now: Option<&'static str>,
    /// Whether the BMC kept it; null if it does not tell.
    kept: Option<bool>,
}

impl From<&Change<PowerRestorePolicy>> for PolicySet {
    fn from(change: &Change<PowerRestorePolicy>) -> Self {
        Self {
            asked: policy(change.asked),
            before: change.before.map(policy),
            now: change.now.map(policy),
            kept: change.is_kept(),
        }
    }
}

impl View for PolicySet {
    const SCHEMA: &'static str = "lantern.chassis_policy_set/1";

    fn text(&self, _: Option<u16>) -> String {
        let now = word(self.now.unwrap_or(self.asked));
        let not = match self.kept {
            Some(false) => format!(" (the BMC did not take {})", word(self.asked)),
            _ => String::new(),
        };
        format!("Restore policy: {now}{not}\n")
    }

    fn exit(&self) -> Option<Exit> {
        (self.kept == Some(false)).then_some(Exit::Failed)
    }
}

/// The buttons on the front panel.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FrontPanel {
    /// Null if the BMC does not tell.
    buttons: Option<Vec<Button>>,
    absent_reason: Option<&'static str>,
}

/// A button.
#[derive(Debug, Serialize, JsonSchema)]
struct Button {
    #[schemars(extend("enum" = ["power", "reset", "diagnostic", "standby"]))]
    button: &'static str,
    enabled: bool,
    can_be_disabled: bool,
}

impl From<Option<FrontPanelButtons>> for FrontPanel {
    fn from(told: Option<FrontPanelButtons>) -> Self {
        let button = |told: &FrontPanelButtons, button: PanelButton| {
            let (disabled, can_be_disabled) = button.of(told);
            Button { button: button.name(), enabled: !disabled, can_be_disabled }
        };
        Self {
            buttons: told.map(|told| PanelButton::ALL.map(|one| button(&told, one)).into()),
            absent_reason: told.is_none().then_some("the BMC does not tell of its buttons"),
        }
    }
}

impl View for FrontPanel {
    const SCHEMA: &'static str = "lantern.chassis_front_panel/1";

    fn text(&self, width: Option<u16>) -> String {
        let Some(buttons) = &self.buttons else {
            return "Front panel: the BMC does not tell of its buttons\n".to_owned();
        };
        let mut table = Table::new(&[left("BUTTON"), left("STATE"), left("CAN BE DISABLED")]);
        for button in buttons {
            let state = if button.enabled { "enabled" } else { "disabled" };
            let can = if button.can_be_disabled { "yes" } else { "no" };
            table.row([button.button, state, can].map(str::to_owned));
        }
        table.text(width)
    }
}

/// Buttons that were enabled or disabled.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PanelSet {
    asked_disabled: Vec<&'static str>,
    before_disabled: Option<Vec<&'static str>>,
    now_disabled: Option<Vec<&'static str>>,
    /// Whether the BMC kept it; null if it does not tell.
    kept: Option<bool>,
}

impl From<&Change<SetFrontPanelEnables>> for PanelSet {
    fn from(change: &Change<SetFrontPanelEnables>) -> Self {
        Self {
            asked_disabled: disabled(change.asked),
            before_disabled: change.before.map(disabled),
            now_disabled: change.now.map(disabled),
            kept: change.is_kept(),
        }
    }
}

fn disabled(all: SetFrontPanelEnables) -> Vec<&'static str> {
    set([
        (all.disable_power, "power"),
        (all.disable_reset, "reset"),
        (all.disable_diagnostic, "diagnostic"),
        (all.disable_standby, "standby"),
    ])
}

impl View for PanelSet {
    const SCHEMA: &'static str = "lantern.chassis_front_panel_set/1";

    fn text(&self, _: Option<u16>) -> String {
        let now = self.now_disabled.as_ref().unwrap_or(&self.asked_disabled);
        let not = match self.kept {
            Some(false) => format!(" (the BMC did not take: {})", list(&self.asked_disabled)),
            _ => String::new(),
        };
        format!("Buttons disabled: {}{not}\n", list(now))
    }

    fn exit(&self) -> Option<Exit> {
        (self.kept == Some(false)).then_some(Exit::Failed)
    }
}

/// A power cycle interval that was set; it cannot be read.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CycleInterval {
    pub(crate) seconds: u8,
    pub(crate) accepted: bool,
}

impl View for CycleInterval {
    const SCHEMA: &'static str = "lantern.chassis_cycle_interval/1";

    fn text(&self, _: Option<u16>) -> String {
        format!("Power cycle: the machine stays off for {} s\n", self.seconds)
    }
}
