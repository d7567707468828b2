//! Channels.

mod auth;
mod ciphers;
mod keys;
mod payloads;

use ipmi_client::Told;
use ipmi_client::Written;
use ipmi_client::channels::{ChannelChange, ChannelDetails};
use ipmi_wire::cmd::app::{AccessCopy, AccessMode, ChannelAccess, ChannelInfo, SessionSupport};
use ipmi_wire::{Channel, enterprise};
use schemars::JsonSchema;
use serde::Serialize;

use super::setting::{self, Change, because, reason};
use super::table::{Fields, Table, left, right};
use super::user::{LIMITS, limit};
use super::{Rows, View, yes_no};
use crate::error::Exit;
pub(crate) use auth::Auth;
pub(crate) use ciphers::Ciphers;
pub(crate) use keys::{KeySet, Keys};
pub(crate) use payloads::Payloads;

/// Which channels there are.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct List {
    channels: Vec<Listed>,
}

/// A channel.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listed {
    channel: u8,
    medium: &'static str,
    medium_raw: u8,
    protocol: &'static str,
    protocol_raw: u8,
    #[schemars(extend("enum" = ["session_less", "single_session", "multi_session", "session_based"]))]
    session_support: &'static str,
    active_sessions: u8,
    /// Enterprise number of whoever defined the protocol; 7154 is IPMI's own.
    vendor_id: u32,
    vendor: Option<&'static str>,
}

impl From<&ChannelInfo> for Listed {
    fn from(info: &ChannelInfo) -> Self {
        Self {
            channel: info.channel.number(),
            medium: info.medium.name(),
            medium_raw: info.medium.0,
            protocol: info.protocol.name(),
            protocol_raw: info.protocol.0,
            session_support: match info.session_support {
                SessionSupport::SessionLess => "session_less",
                SessionSupport::SingleSession => "single_session",
                SessionSupport::MultiSession => "multi_session",
                SessionSupport::SessionBased => "session_based",
            },
            active_sessions: info.active_sessions,
            vendor_id: info.vendor_iana,
            vendor: enterprise::name(info.vendor_iana),
        }
    }
}

impl List {
    pub(crate) fn new(channels: &[ChannelInfo]) -> Self {
        Self { channels: channels.iter().map(Listed::from).collect() }
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.channel_list/1";
    const ROWS: Option<Rows> = Some(Rows { key: "channels", schema: "lantern.channel/1" });

    fn text(&self, width: Option<u16>) -> String {
        let columns = [
            right("CHANNEL"),
            left("MEDIUM"),
            left("PROTOCOL"),
            left("SESSIONS"),
            right("ACTIVE"),
            left("VENDOR").flexible(),
        ];
        let mut table = Table::new(&columns);
        for channel in &self.channels {
            table.row([
                channel.channel.to_string(),
                channel.medium.to_owned(),
                channel.protocol.to_owned(),
                channel.session_support.replace('_', "-"),
                channel.active_sessions.to_string(),
                channel.vendor(),
            ]);
        }
        table.text(width)
    }
}

impl Listed {
    fn vendor(&self) -> String {
        match self.vendor {
            Some(name) => format!("{name} ({})", self.vendor_id),
            None => self.vendor_id.to_string(),
        }
    }
}

/// A channel, and whom it lets in.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Info {
    #[serde(flatten)]
    channel: Listed,
    /// What is in force.
    volatile: Option<Access>,
    /// Why nothing is told of it.
    volatile_reason: Option<String>,
    /// What the BMC starts with.
    non_volatile: Option<Access>,
    /// Why nothing is told of it.
    non_volatile_reason: Option<String>,
}

/// Whom a channel lets in.
#[derive(Debug, Serialize, JsonSchema)]
struct Access {
    #[schemars(extend("enum" = ["disabled", "pre_boot", "always", "shared"]))]
    mode: &'static str,
    /// The most that anybody may do.
    #[schemars(extend("enum" = LIMITS))]
    privilege_limit: &'static str,
    /// Of packets of IPMI 1.5 sessions.
    per_message_auth: bool,
    /// Of what takes no more than User level, in IPMI 1.5 sessions.
    user_level_auth: bool,
    alerting: bool,
}

const fn mode(mode: AccessMode) -> &'static str {
    match mode {
        AccessMode::Disabled => "disabled",
        AccessMode::PreBoot => "pre_boot",
        AccessMode::Always => "always",
        AccessMode::Shared => "shared",
    }
}

impl From<&ChannelAccess> for Access {
    fn from(access: &ChannelAccess) -> Self {
        let flags = access.flags;
        Self {
            mode: mode(flags.mode),
            privilege_limit: limit(access.limit),
            per_message_auth: !flags.per_message_auth_disabled,
            user_level_auth: !flags.user_level_auth_disabled,
            alerting: !flags.alerting_disabled,
        }
    }
}

impl From<&ChannelDetails> for Info {
    fn from(details: &ChannelDetails) -> Self {
        let access = |told: &Told<ChannelAccess>| told.as_ref().ok().map(Access::from);
        Self {
            channel: Listed::from(&details.info),
            volatile: access(&details.volatile),
            volatile_reason: reason(&details.volatile),
            non_volatile: access(&details.non_volatile),
            non_volatile_reason: reason(&details.non_volatile),
        }
    }
}

impl View for Info {
    const SCHEMA: &'static str = "lantern.channel_info/1";

    fn text(&self, width: Option<u16>) -> String {
        let channel = &self.channel;
        let mut fields = Fields::titled(&format!("Channel {}", channel.channel));
        fields.row("Medium", channel.medium.to_owned());
        fields.row("Protocol", channel.protocol.to_owned());
        fields.row("Sessions", channel.session_support.replace('_', "-"));
        fields.row("Active sessions", channel.active_sessions.to_string());
        fields.row("Vendor", channel.vendor());
        let copies = [
            ("In force", &self.volatile, &self.volatile_reason),
            ("After the next start", &self.non_volatile, &self.non_volatile_reason),
        ];
        for (name, access, why) in copies {
            let Some(access) = access else {
                fields.row(name, why.clone().unwrap_or_default());
                continue;
            };
            fields.heading(name);
            fields.row("Access", access.mode.replace('_', "-"));
            fields.row("Privilege limit", access.privilege_limit.replace('_', " "));
            fields.row("Per-message auth", yes_no(access.per_message_auth));
            fields.row("User level auth", yes_no(access.user_level_auth));
            fields.row("Alerting", yes_no(access.alerting));
        }
        fields.text(width)
    }
}

/// What was changed of a channel.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Changed {
    channel: u8,
    changes: Vec<Copied>,
}

/// A setting that was changed, in one of the copies.
#[derive(Debug, Serialize, JsonSchema)]
struct Copied {
    #[schemars(extend("enum" = ["non_volatile", "volatile"]))]
    copy: &'static str,
    #[serde(flatten)]
    change: Change,
}

impl Changed {
    pub(crate) fn new(
        channel: Channel,
        change: &ChannelChange,
        written: &[(AccessCopy, Written<ChannelAccess>)],
    ) -> Self {
        let mut changes = Vec::new();
        for (copy, written) in written {
            let copy = match copy {
                AccessCopy::NonVolatile => "non_volatile",
                AccessCopy::Volatile => "volatile",
            };
            let mut push = |change| changes.push(Copied { copy, change });
            if change.mode.is_some() {
                push(Change::part("mode", written, |access| mode(access.flags.mode)));
            }
            if change.limit.is_some() {
                push(Change::part("privilege_limit", written, |access| limit(access.limit)));
            }
            if change.per_message_auth.is_some() {
                push(Change::part("per_message_auth", written, |access| {
                    !access.flags.per_message_auth_disabled
                }));
            }
            if change.user_level_auth.is_some() {
                push(Change::part("user_level_auth", written, |access| {
                    !access.flags.user_level_auth_disabled
                }));
            }
            if change.alerting.is_some() {
                push(Change::part("alerting", written, |access| !access.flags.alerting_disabled));
            }
        }
        Self { channel: channel.number(), changes }
    }
}

impl View for Changed {
    const SCHEMA: &'static str = "lantern.channel_set/1";
    const ROWS: Option<Rows> = Some(Rows { key: "changes", schema: "lantern.channel_change/1" });

    fn text(&self, width: Option<u16>) -> String {
        let mut text = String::new();
        for (copy, name) in [("non_volatile", "after the next start"), ("volatile", "in force")] {
            let of: Vec<_> = self.changes.iter().filter(|change| change.copy == copy).collect();
            if !of.is_empty() {
                text.push_str(&format!("Channel {}, {name}\n", self.channel));
                text.push_str(&setting::text(of.iter().map(|copied| &copied.change), width));
            }
        }
        text
    }

    fn exit(&self) -> Option<Exit> {
        setting::exit(self.changes.iter().map(|copied| &copied.change))
    }
}

/// An answer, or why there is none.
fn shown<T>(told: &Told<T>, show: impl Fn(&T) -> String) -> String {
    match told {
        Ok(answer) => show(answer),
        Err(error) => because(error),
    }
}
