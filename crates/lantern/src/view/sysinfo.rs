//! System info: what the machine and its software are called.

use ipmi_client::controller::{SystemText, SystemTextChange, SystemTexts};
use ipmi_wire::cmd::app::SystemInfoParameter;
use schemars::JsonSchema;
use serde::Serialize;

use super::table::Fields;
use super::{Rows, View, hex, reason};
use crate::error::Exit;

/// What the machine and its software are called.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Names {
    #[schemars(extend("enum" = ["complete", "in_progress", "commit_write", null]))]
    set_in_progress: Option<&'static str>,
    names: Vec<Name>,
}

/// One name.
#[derive(Debug, Serialize, JsonSchema)]
struct Name {
    name: &'static str,
    parameter: u8,
    /// Null if the BMC does not tell.
    text: Option<String>,
    /// Why it does not tell.
    absent_reason: Option<String>,
    #[schemars(extend("enum" = ["latin1", "utf8", "ucs2", "reserved", null]))]
    encoding: Option<&'static str>,
    /// Hexadecimal digits.
    raw: Option<String>,
}

const fn text_name(selector: u8) -> (&'static str, &'static str) {
    match selector {
        SystemInfoParameter::FIRMWARE_VERSION => ("firmware_version", "Firmware version"),
        SystemInfoParameter::SYSTEM_NAME => ("system_name", "System name"),
        SystemInfoParameter::PRIMARY_OS_NAME => ("primary_os_name", "Primary OS name"),
        SystemInfoParameter::OS_NAME => ("os_name", "OS name"),
        SystemInfoParameter::OS_VERSION => ("os_version", "OS version"),
        SystemInfoParameter::BMC_URL => ("bmc_url", "BMC URL"),
        SystemInfoParameter::HYPERVISOR_URL => ("hypervisor_url", "Hypervisor URL"),
        _ => ("other", "Other"),
    }
}

const fn encoding(number: u8) -> &'static str {
    match number {
        0 => "latin1",
        1 => "utf8",
        2 => "ucs2",
        _ => "reserved",
    }
}

impl From<&SystemTexts> for Names {
    fn from(told: &SystemTexts) -> Self {
        use ipmi_wire::cmd::chassis::SetInProgress;
        let name = |(selector, told): &(u8, Result<SystemText, ipmi_client::Error>)| {
            let (text, why) = (told.as_ref().ok(), told.as_ref().err());
            Name {
                name: text_name(*selector).0,
                parameter: *selector,
                text: text.map(SystemText::text),
                absent_reason: why.map(reason),
                encoding: text.map(|text| encoding(text.encoding)),
                raw: text.map(|text| hex(&text.bytes)),
            }
        };
        Self {
            set_in_progress: told.progress.as_ref().ok().map(|state| match state {
                SetInProgress::Complete => "complete",
                SetInProgress::InProgress => "in_progress",
                SetInProgress::CommitWrite => "commit_write",
            }),
            names: told.texts.iter().map(name).collect(),
        }
    }
}

impl View for Names {
    const SCHEMA: &'static str = "lantern.mc_sysinfo/1";
    const ROWS: Option<Rows> = Some(Rows { key: "names", schema: "lantern.mc_sysinfo_name/1" });

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        for name in &self.names {
            let text = match (&name.text, &name.absent_reason) {
                (Some(text), _) if text.is_empty() => "-".to_owned(),
                (Some(text), _) => text.clone(),
                (None, why) => format!("not told: {}", why.as_deref().unwrap_or("no reason")),
            };
            fields.row(text_name(name.parameter).1, text);
        }
        fields.flush(width)
    }
}

/// A name that was set.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NameSet {
    name: &'static str,
    asked: String,
    /// Null if the BMC does not tell.
    now: Option<String>,
    /// Whether the BMC kept it; null if it does not tell.
    kept: Option<bool>,
    #[serde(skip)]
    title: &'static str,
}

impl NameSet {
    pub(crate) fn new(selector: u8, change: &SystemTextChange) -> Self {
        let (name, title) = text_name(selector);
        Self {
            name,
            asked: change.asked.text(),
            now: change.now.as_ref().map(SystemText::text),
            kept: change.now.as_ref().map(|now| *now == change.asked),
            title,
        }
    }
}

impl View for NameSet {
    const SCHEMA: &'static str = "lantern.mc_sysinfo_set/1";

    fn text(&self, _: Option<u16>) -> String {
        let now = self.now.as_ref().unwrap_or(&self.asked);
        let not = match self.kept {
            Some(false) => " (the BMC did not keep what was asked for)",
            Some(true) => "",
            None => " (the BMC does not tell whether it kept that)",
        };
        format!("{}: {now}{not}\n", self.title)
    }

    fn exit(&self) -> Option<Exit> {
        (self.kept == Some(false)).then_some(Exit::Failed)
    }
}
