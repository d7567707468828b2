//! What was set on a LAN channel, or would be.

use ipmi_client::lan::{Absent, Fate, LanChange, LanPlan, LanSet, LanSetting, Reach};
use schemars::JsonSchema;
use serde::Serialize;

use super::setting::{Value, label, value};
use crate::error::Exit;
use crate::view::table::{Table, left};
use crate::view::{Rows, View};

/// What was set on a LAN channel, or would be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Set {
    channel: u8,
    /// Nothing was written.
    dry_run: bool,
    changes: Vec<ChangeView>,
    /// What the BMC changed by itself, and was put back.
    restored: Vec<ChangeView>,
    /// Whether the BMC let setting be claimed; null if nothing had to be written.
    claimed: Option<bool>,
    /// How the BMC is reached now, if that may have changed; else null.
    reach: Option<ReachView>,
}

/// A setting.
#[derive(Debug, Serialize, JsonSchema)]
struct ChangeView {
    /// What it is called in `lan show`, as far as it is in there.
    setting: String,
    /// LAN parameter.
    parameter: u8,
    before: Option<Value>,
    asked: Value,
    /// What is in force now; null if nobody has read it.
    now: Option<Value>,
    #[schemars(extend("enum" = ["unchanged", "would_change", "changed", "unverified", "not_kept",
        "refused", "taken_back", "not_tried", "unknown"]))]
    outcome: &'static str,
    /// What is to be said of it beyond that; else null.
    reason: Option<String>,
    completion_code: Option<u8>,
}

/// How the BMC is reached.
#[derive(Debug, Serialize, JsonSchema)]
struct ReachView {
    /// Null if it gets its address elsewhere.
    bmc: Option<String>,
    /// Whether it was logged in to there; null if that was not tried.
    answered: Option<bool>,
    /// Whether the VLAN was changed.
    vlan_changed: bool,
    /// The VLAN that packets to it need now, if that was changed; null is none.
    vlan: Option<u16>,
}

impl ChangeView {
    fn new(change: &LanChange) -> Self {
        let (outcome, reason, completion_code) = match change.fate {
            Fate::Unchanged => ("unchanged", None, None),
            Fate::Kept => ("changed", None, None),
            Fate::Unverified => {
                let why = change.now.as_ref().err();
                ("unverified", why.map(ToString::to_string), None)
            }
            Fate::NotKept => ("not_kept", None, None),
            Fate::Refused { completion, explained } => {
                let why = explained.unwrap_or_else(|| completion.text());
                let why = format!("{why} ({:02X}h)", completion.0);
                ("refused", Some(why), Some(completion.0))
            }
            Fate::TakenBack => ("taken_back", None, None),
            Fate::NotTried => ("not_tried", None, None),
            Fate::Unknown => ("unknown", None, None),
        };
        Self {
            setting: label(&change.asked),
            parameter: change.asked.place().selector,
            before: change.before.as_ref().ok().map(value),
            asked: value(&change.asked),
            now: change.now.as_ref().ok().map(value),
            outcome,
            reason,
            completion_code,
        }
    }

    fn row(&self) -> [String; 4] {
        let words = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::words);
        let asked = self.asked.words();
        let now = match self.outcome {
            "would_change" | "unknown" | "not_tried" | "unverified" => asked.clone(),
            _ => words(&self.now),
        };
        let reason = self.reason.clone().unwrap_or_default();
        let note = match self.outcome {
            "would_change" | "changed" => String::new(),
            "unchanged" => "unchanged".to_owned(),
            "unverified" => format!("taken, but it cannot be read: {reason}"),
            "not_kept" => format!("the BMC took {asked}, and did not keep it"),
            "refused" => format!("{asked} was refused: {reason}"),
            "taken_back" => format!("taken back; {asked} was written"),
            "not_tried" => "not tried".to_owned(),
            _ => "unknown".to_owned(),
        };
        [self.setting.clone(), words(&self.before), now, note]
    }
}

impl Set {
    pub(crate) fn new(plan: &LanPlan, done: &LanSet) -> Self {
        Self {
            channel: plan.channel.number(),
            dry_run: false,
            changes: done.changes.iter().map(ChangeView::new).collect(),
            restored: done.restored.iter().map(ChangeView::new).collect(),
            claimed: done.claimed,
            reach: done.reach.map(ReachView::from),
        }
    }

    pub(crate) fn dry_run(plan: &LanPlan) -> Self {
        let change = |planned: &ipmi_client::lan::Planned| ChangeView {
            setting: label(&planned.asked),
            parameter: planned.asked.place().selector,
            before: planned.before.as_ref().ok().map(value),
            asked: value(&planned.asked),
            now: planned.before.as_ref().ok().map(value),
            outcome: if planned.is_needed() { "would_change" } else { "unchanged" },
            reason: None,
            completion_code: None,
        };
        Self {
            channel: plan.channel.number(),
            dry_run: true,
            changes: plan.settings.iter().map(change).collect(),
            restored: Vec::new(),
            claimed: None,
            reach: None,
        }
    }

    fn has(&self, outcome: &str) -> bool {
        self.changes.iter().chain(&self.restored).any(|change| change.outcome == outcome)
    }
}

impl From<Reach> for ReachView {
    fn from(reach: Reach) -> Self {
        Self {
            bmc: reach.address.map(|address| address.to_string()),
            answered: reach.answers,
            vlan_changed: reach.vlan.is_some(),
            vlan: reach.vlan.flatten(),
        }
    }
}

impl ReachView {
    fn text(&self) -> String {
        let vlan = match (self.vlan_changed, self.vlan) {
            (true, Some(id)) => {
                format!("Its packets carry VLAN {id} now: only what is in that VLAN reaches it.\n")
            }
            (true, None) => "Its packets carry no VLAN now.\n".to_owned(),
            _ => String::new(),
        };
        let place = match (&self.bmc, self.answered) {
            (None, _) => "Where the BMC gets its address from decides where it is now: ask the \
                          DHCP server, or the host with 'ipmitool lan print'.\n"
                .to_owned(),
            (Some(bmc), Some(true)) => format!("Reach it with -H {bmc}: it answered there.\n"),
            (Some(bmc), _) => format!(
                "Reach it with -H {bmc}: it did not answer there yet, as far as can be seen from \
                 here.\n"
            ),
        };
        vlan + &place
    }
}

impl View for Set {
    const SCHEMA: &'static str = "lantern.lan_set/1";
    const ROWS: Option<Rows> = Some(Rows { key: "changes", schema: "lantern.lan_change/1" });

    fn text(&self, width: Option<u16>) -> String {
        let now = if self.dry_run { "WOULD BE" } else { "NOW" };
        let mut table =
            Table::new(&[left("SETTING"), left("BEFORE"), left(now), left("").flexible()]);
        self.changes.iter().for_each(|change| table.row(change.row()));
        let mut text = format!("LAN channel {}\n{}", self.channel, table.text(width));
        for change in &self.restored {
            let (name, value) = (&change.setting, change.asked.words());
            text += &match change.outcome {
                "changed" => format!("The BMC changed {name} by itself; it is {value} again.\n"),
                _ => format!("The BMC changed {name} by itself; it was {value}.\n"),
            };
        }
        if self.dry_run {
            text += "Nothing was written.\n";
        }
        text + &self.reach.as_ref().map(ReachView::text).unwrap_or_default()
    }

    fn exit(&self) -> Option<Exit> {
        if self.has("unknown") {
            return Some(Exit::Uncertain);
        }
        let failed = ["not_kept", "refused", "taken_back", "not_tried"];
        failed.iter().any(|outcome| self.has(outcome)).then_some(Exit::Failed)
    }
}

/// What is about to change, for a question.
pub(crate) fn plan_text(plan: &LanPlan) -> String {
    let line = |asked: &LanSetting, before: Option<&LanSetting>| {
        let before = before.map_or("-".to_owned(), |before| value(before).words());
        format!("  {}: {before} -> {}\n", label(asked), value(asked).words())
    };
    plan.needed().map(|planned| line(&planned.asked, planned.before.as_ref().ok())).collect()
}

/// What this BMC cannot be told, in one line.
pub(crate) fn impossible(settings: &[(LanSetting, Absent)]) -> String {
    let words: Vec<_> = settings
        .iter()
        .map(|(setting, why)| {
            format!("{} (parameter {}): {why}", label(setting), setting.place().selector)
        })
        .collect();
    words.join("; ")
}
