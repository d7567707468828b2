//! The alert policy table.

use ipmi_client::lan::Absent;
use ipmi_client::pef::{LanDestination, Numbered, PolicyEntry};
use ipmi_wire::cmd::sensor::PolicyRule;
use ipmi_wire::cmd::transport::AlertAddress;
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::lan::destination_kind;
use crate::view::setting::reason;
use crate::view::table::{Table, left, right};
use crate::view::{Rows, View};

/// The alert policy table.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Policies {
    policies: Vec<PolicyView>,
}

/// An entry of the alert policy table. What is null is not told, and has its reason.
#[derive(Debug, Serialize, JsonSchema)]
struct PolicyView {
    entry: u8,
    /// The policy set that it belongs to.
    policy: Option<u8>,
    enabled: Option<bool>,
    /// What becomes of it if the alert before it has gone out.
    #[schemars(extend("enum" = ["always", "next_entry", "stop", "next_channel", "next_destination_type", "reserved", null]))]
    rule: Option<&'static str>,
    rule_raw: Option<u8>,
    channel: Option<u8>,
    medium: Option<&'static str>,
    medium_raw: Option<u8>,
    /// The channel's alert destination; 0 is the volatile one.
    destination: Option<u8>,
    /// What of it is known, if the channel is a LAN.
    lan: Option<LanView>,
    /// The alert string set, or the string itself if that is not event-specific; 0 is none.
    string: Option<u8>,
    event_specific: Option<bool>,
    reason: Option<String>,
}

/// A LAN channel's alert destination.
#[derive(Debug, Serialize, JsonSchema)]
struct LanView {
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["pet", "oem1", "oem2", "reserved", null]))]
    kind: Option<&'static str>,
    acknowledged: Option<bool>,
    timeout_seconds: Option<u8>,
    retries: Option<u8>,
    ip_address: Option<String>,
    /// Null for IPv6.
    mac_address: Option<String>,
    /// The community of traps.
    community: Option<String>,
    reason: Option<String>,
}

impl LanView {
    fn new(of: &LanDestination) -> Self {
        let kind = of.kind.as_ref().ok();
        let (ip_address, mac_address) = match of.address.as_ref().map(|address| address.address) {
            Ok(AlertAddress::V4 { ip, mac, .. }) => (Some(ip.to_string()), Some(mac.to_string())),
            Ok(AlertAddress::V6(ip)) => (Some(ip.to_string()), None),
            Err(_) => (None, None),
        };
        let community = of.community.as_ref().ok().map(|bytes| {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
        });
        let why = [of.kind.as_ref().err(), of.address.as_ref().err(), of.community.as_ref().err()];
        Self {
            kind: kind.map(|kind| destination_kind(kind.kind)),
            acknowledged: kind.map(|kind| kind.acknowledged),
            timeout_seconds: kind.map(|kind| kind.timeout),
            retries: kind.map(|kind| kind.retries),
            ip_address,
            mac_address,
            community,
            reason: why.into_iter().flatten().next().map(Absent::to_string),
        }
    }

    fn text(&self) -> String {
        let Some(ip) = &self.ip_address else {
            return self.reason.as_ref().map_or_else(String::new, |reason| format!("({reason})"));
        };
        match self.kind {
            Some("pet") => format!("{ip}, trap"),
            Some(kind) => format!("{ip}, {kind}"),
            None => ip.clone(),
        }
    }
}

const fn rule(rule: PolicyRule) -> &'static str {
    match rule {
        PolicyRule::ALWAYS => "always",
        PolicyRule::NEXT_ENTRY => "next_entry",
        PolicyRule::STOP => "stop",
        PolicyRule::NEXT_CHANNEL => "next_channel",
        PolicyRule::NEXT_DESTINATION => "next_destination_type",
        PolicyRule(_) => "reserved",
    }
}

impl PolicyView {
    fn new(number: u8, told: &ipmi_client::Told<PolicyEntry>) -> Self {
        let entry = told.as_ref().ok();
        let policy = entry.map(|entry| entry.policy);
        let medium = entry.and_then(|entry| entry.medium.as_ref().ok());
        let untold = entry.and_then(|entry| reason(&entry.medium));
        Self {
            entry: number,
            policy: policy.map(|policy| policy.policy),
            enabled: policy.map(|policy| policy.enabled),
            rule: policy.map(|policy| rule(policy.rule)),
            rule_raw: policy.map(|policy| policy.rule.0),
            channel: policy.map(|policy| policy.channel.number()),
            medium: medium.map(|medium| medium.name()),
            medium_raw: medium.map(|medium| medium.0),
            destination: policy.map(|policy| policy.destination),
            lan: entry.and_then(|entry| entry.destination.as_ref()).map(LanView::new),
            string: policy.map(|policy| policy.string),
            event_specific: policy.map(|policy| policy.event_specific),
            reason: reason(told).or(untold),
        }
    }

    fn cells(&self) -> [String; 7] {
        let number = |number: Option<u8>| number.map_or_else(String::new, |n| n.to_string());
        let state = match self.enabled {
            Some(true) => "enabled",
            Some(false) => "disabled",
            None => "not told",
        };
        let to = match (&self.lan, &self.reason) {
            (Some(lan), _) => lan.text(),
            (None, Some(reason)) => format!("({reason})"),
            (None, None) => self.medium.unwrap_or_default().to_owned(),
        };
        [
            self.entry.to_string(),
            number(self.policy),
            state.to_owned(),
            self.rule.unwrap_or_default().replace('_', " "),
            number(self.channel),
            number(self.destination),
            to,
        ]
    }
}

impl Policies {
    pub(crate) fn new(policies: &[Numbered<PolicyEntry>]) -> Self {
        let policies = policies.iter().map(|(number, told)| PolicyView::new(*number, told));
        Self { policies: policies.collect() }
    }
}

impl View for Policies {
    const SCHEMA: &'static str = "lantern.pef_policies/1";
    const ROWS: Option<Rows> = Some(Rows { key: "policies", schema: "lantern.pef_policy/1" });

    fn text(&self, width: Option<u16>) -> String {
        if self.policies.is_empty() {
            return "There are no alert policies\n".to_owned();
        }
        let columns = [
            right("ENTRY"),
            right("POLICY"),
            left("STATE"),
            left("RULE"),
            right("CHANNEL"),
            right("DESTINATION"),
            left("TO").flexible(),
        ];
        let mut table = Table::new(&columns);
        self.policies.iter().for_each(|policy| table.row(policy.cells()));
        table.text(width)
    }
}
