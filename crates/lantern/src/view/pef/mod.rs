//! Platform Event Filtering.

mod filter;
mod policy;

pub(crate) use filter::Filters;
pub(crate) use policy::Policies;

use ipmi_client::pef::{AlertString, PefInfo, PefStatus};
use ipmi_client::{Told, Written};
use ipmi_wire::cmd::sensor::{
    AlertPolicy, FilterConfiguration, LastProcessedEventId, PefActions, PefPostponeTimer,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::setting::{self, Change, because, reason};
use super::table::{Fields, Table, left, right};
use super::time::{self, Time};
use super::{Rows, View, hex, list, set, version, yes_no};
use crate::error::Exit;

/// The actions that are set.
fn actions(of: PefActions) -> Vec<&'static str> {
    set([
        (of.alert, "alert"),
        (of.power_down, "power_down"),
        (of.reset, "reset"),
        (of.power_cycle, "power_cycle"),
        (of.oem, "oem"),
        (of.diagnostic_interrupt, "diagnostic_interrupt"),
    ])
}

/// What a BMC has of PEF. What it does not tell is null, and `reasons` says why.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Info {
    /// The version of PEF.
    version: String,
    version_raw: u8,
    /// What it can do about events.
    actions: Vec<&'static str>,
    /// Whether records of the OEM's types are filtered, too.
    oem_records: bool,
    filters: u8,
    policies: Option<u8>,
    /// Beside the volatile one.
    alert_strings: Option<u8>,
    group_controls: Option<u8>,
    /// The GUID in traps, as 32 hexadecimal digits in the order of the wire: see `lantern mc guid`.
    guid: Option<String>,
    /// Whether that is one of its own, and not the system's.
    guid_own: Option<bool>,
    /// Why something is not told.
    reasons: Vec<String>,
}

impl Info {
    pub(crate) fn new(info: &PefInfo) -> Self {
        let mut reasons = Vec::new();
        let mut know = |told: &Told<u8>| known(told, &mut reasons);
        let policies = know(&info.policies);
        let alert_strings = know(&info.strings);
        // Hardly any BMC has it, or knows the parameter.
        let group_controls = info.groups.as_ref().ok().copied();
        let guid_own = match &info.pet_guid {
            Ok(guid) => Some(guid.used),
            Err(error) => {
                reasons.push(because(error));
                None
            }
        };
        if let Some(Err(error)) = &info.system_guid {
            reasons.push(because(error));
        }
        Self {
            version: version(info.capabilities.version),
            version_raw: info.capabilities.version,
            actions: actions(info.capabilities.actions),
            oem_records: info.capabilities.oem_records,
            filters: info.capabilities.filters,
            policies,
            alert_strings,
            group_controls,
            guid: info.guid().map(|guid| hex(&guid.0)),
            guid_own,
            reasons,
        }
    }
}

/// A value, if it is told; else why not is noted.
fn known<T: Copy>(told: &Told<T>, reasons: &mut Vec<String>) -> Option<T> {
    match told {
        Ok(value) => Some(*value),
        Err(error) => {
            reasons.push(because(error));
            None
        }
    }
}

impl View for Info {
    const SCHEMA: &'static str = "lantern.pef_info/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::titled(&format!("PEF {}", self.version));
        let number = |number: Option<u8>| number.map(|number| number.to_string());
        fields.row("Actions", list(&self.actions));
        fields.row("Filters OEM records", yes_no(self.oem_records));
        fields.row("Event filters", self.filters.to_string());
        fields.maybe("Alert policies", &number(self.policies));
        fields.maybe("Alert strings", &number(self.alert_strings));
        fields.maybe("Group controls", &number(self.group_controls));
        let whose = if self.guid_own == Some(true) { "its own" } else { "the system's" };
        let guid = self.guid.as_ref().map(|guid| format!("{guid}, {whose}"));
        fields.maybe("GUID in traps", &guid);
        for reason in &self.reasons {
            fields.row("Not told", reason.clone());
        }
        fields.text(width)
    }
}

/// What PEF is about at present. What the BMC does not tell is null, and `reasons` says why.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Status {
    /// Whether events are filtered.
    enabled: Option<bool>,
    /// Whether an event tells of each action.
    event_messages: Option<bool>,
    /// Whether nothing is filtered for some time after a start of the machine.
    startup_delay: Option<bool>,
    startup_delay_seconds: Option<u8>,
    /// Whether no alert is sent for some time after a start of the machine.
    alert_startup_delay: Option<bool>,
    alert_startup_delay_seconds: Option<u8>,
    /// The actions that are enabled.
    actions: Option<Vec<&'static str>>,
    /// Whether software has the BMC wait.
    #[schemars(extend("enum" = ["no", "counting", "held", null]))]
    postponed: Option<&'static str>,
    /// How long, if it counts.
    postponed_seconds: Option<u8>,
    /// When an event was last added to the log.
    last_addition: Option<Time>,
    /// The last record in the log; null if it is empty.
    last_record: Option<u16>,
    /// The last record that software has seen to; 0 is none.
    last_by_software: Option<u16>,
    /// The last record that the BMC has seen to; 0 is none, or an event that could not be logged.
    last_by_bmc: Option<u16>,
    /// Why something is not told.
    reasons: Vec<String>,
    #[serde(skip)]
    added: Option<String>,
}

impl Status {
    pub(crate) fn new(status: &PefStatus) -> Self {
        let mut reasons = Vec::new();
        let control = known(&status.control, &mut reasons);
        let enabled_actions = known(&status.actions, &mut reasons);
        let startup_delay_seconds = known(&status.startup_delay, &mut reasons);
        let alert_startup_delay_seconds = known(&status.alert_startup_delay, &mut reasons);
        let timer = known(&status.postponed, &mut reasons);
        let processed = known(&status.processed, &mut reasons);
        Self {
            enabled: control.map(|control| control.enabled),
            event_messages: control.map(|control| control.event_messages),
            startup_delay: control.map(|control| control.startup_delay),
            startup_delay_seconds,
            alert_startup_delay: control.map(|control| control.alert_startup_delay),
            alert_startup_delay_seconds,
            actions: enabled_actions.map(actions),
            postponed: timer.map(|present| match present {
                0 => "no",
                PefPostponeTimer::HELD => "held",
                _ => "counting",
            }),
            postponed_seconds: timer
                .filter(|present| (1..PefPostponeTimer::HELD).contains(present)),
            last_addition: processed.map(|last| last.last_addition.into()),
            last_record: processed
                .map(|last| last.last_record)
                .filter(|id| *id != LastProcessedEventId::EMPTY),
            last_by_software: processed.map(|last| last.by_software),
            last_by_bmc: processed.map(|last| last.by_bmc),
            reasons,
            added: processed.map(|last| time::text(last.last_addition)),
        }
    }
}

impl View for Status {
    const SCHEMA: &'static str = "lantern.pef_status/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::titled("PEF");
        let delay = |on: Option<bool>, seconds: Option<u8>| match (on, seconds) {
            (Some(true), Some(seconds)) => Some(format!("{seconds} s")),
            (Some(false), Some(seconds)) => Some(format!("disabled ({seconds} s)")),
            (Some(on), None) => Some(yes_no(on)),
            (None, _) => None,
        };
        fields.maybe("Events are filtered", &self.enabled.map(yes_no));
        fields.maybe("Actions are logged", &self.event_messages.map(yes_no));
        fields.maybe("Enabled actions", &self.actions.as_ref().map(|actions| list(actions)));
        fields.maybe("Startup delay", &delay(self.startup_delay, self.startup_delay_seconds));
        let alerts = delay(self.alert_startup_delay, self.alert_startup_delay_seconds);
        fields.maybe("Alert startup delay", &alerts);
        let postponed = self.postponed.map(|how| match (how, self.postponed_seconds) {
            (_, Some(seconds)) => format!("for {seconds} s"),
            ("held", _) => "until further notice".to_owned(),
            _ => "no".to_owned(),
        });
        fields.maybe("Postponed", &postponed);
        fields.maybe("Last addition to the log", &self.added);
        let id = |id: Option<u16>| {
            id.map(|id| match id {
                0 => "none".to_owned(),
                id => id.to_string(),
            })
        };
        fields.maybe("Last record in the log", &id(self.last_record));
        fields.maybe("Seen to by software", &id(self.last_by_software));
        fields.maybe("Seen to by the BMC", &id(self.last_by_bmc));
        for reason in &self.reasons {
            fields.row("Not told", reason.clone());
        }
        fields.text(width)
    }
}

/// The alert strings.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Strings {
    strings: Vec<StringView>,
}

/// An alert string. What is null has its reason.
#[derive(Debug, Serialize, JsonSchema)]
struct StringView {
    string: u8,
    /// The event filter that it is for; 0 is none.
    filter: Option<u8>,
    /// The alert string set that it belongs to; 0 is none.
    set: Option<u8>,
    text: Option<String>,
    /// Its bytes, in hexadecimal: it may be of any encoding.
    raw: Option<String>,
    reason: Option<String>,
}

impl Strings {
    pub(crate) fn new(strings: &[AlertString]) -> Self {
        let strings = strings.iter().map(|of| {
            let keys = of.keys.as_ref().ok();
            let text = of.text.as_ref().ok();
            StringView {
                string: of.selector,
                filter: keys.map(|keys| keys.filter),
                set: keys.map(|keys| keys.set),
                text: text.map(|text| String::from_utf8_lossy(text).into_owned()),
                raw: text.map(|text| hex(text)),
                reason: reason(&of.keys).or_else(|| reason(&of.text)),
            }
        });
        Self { strings: strings.collect() }
    }
}

impl View for Strings {
    const SCHEMA: &'static str = "lantern.pef_strings/1";
    const ROWS: Option<Rows> = Some(Rows { key: "strings", schema: "lantern.pef_string/1" });

    fn text(&self, width: Option<u16>) -> String {
        if self.strings.is_empty() {
            return "There are no alert strings\n".to_owned();
        }
        let columns = [right("STRING"), right("FILTER"), right("SET"), left("TEXT").flexible()];
        let mut table = Table::new(&columns);
        for of in &self.strings {
            let number = |number: Option<u8>| match number {
                Some(0) | None => "-".to_owned(),
                Some(number) => number.to_string(),
            };
            let text = match (&of.reason, &of.text) {
                (Some(reason), _) => format!("({reason})"),
                (None, Some(text)) => text.clone(),
                (None, None) => String::new(),
            };
            table.row([of.string.to_string(), number(of.filter), number(of.set), text]);
        }
        table.text(width)
    }
}

/// What was changed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Changed {
    changes: Vec<Change>,
}

impl Changed {
    pub(crate) fn filter(written: &Written<FilterConfiguration>) -> Self {
        Self { changes: vec![Change::part("enabled", written, |of| of.enabled)] }
    }

    pub(crate) fn policy(written: &Written<AlertPolicy>) -> Self {
        Self { changes: vec![Change::part("enabled", written, |of| of.enabled)] }
    }
}

impl View for Changed {
    const SCHEMA: &'static str = "lantern.pef_changed/1";

    fn text(&self, width: Option<u16>) -> String {
        setting::text(&self.changes, width)
    }

    fn exit(&self) -> Option<Exit> {
        setting::exit(&self.changes)
    }
}
