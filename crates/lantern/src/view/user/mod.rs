//! Users.

mod change;

use ipmi_client::Told;
use ipmi_client::users::{User, UserDetails, UserList, UserSummary};
use ipmi_wire::cmd::app::{PayloadAccess, UserAccess};
use ipmi_wire::session::Username;
use ipmi_wire::{Channel, Privilege};
use schemars::JsonSchema;
use serde::Serialize;

use super::setting::reason;
use super::table::{Fields, Table, fields, left, right};
use super::{Rows, View, yes_no};
pub(crate) use change::{AccessPart, Added, Changed, Removed, Tested};

/// Who there is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct List {
    /// Whose settings these are; null for the channel of the session.
    channel: Option<u8>,
    /// The greatest ID that there can be.
    slots: u8,
    /// As the BMC counts.
    enabled_users: u8,
    /// Those of the first users cannot be changed.
    fixed_names: u8,
    /// The last slot that was looked at. Beyond, nobody is enabled, and nobody was expected.
    looked_at: u8,
    users: Vec<Listed>,
}

/// A user.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listed {
    id: u8,
    /// Empty if there is none. Bytes that are no text are escapes.
    name: String,
    /// Whether the name cannot be changed.
    fixed_name: bool,
    /// Null if the BMC does not tell, as those of IPMI 1.5.
    enabled: Option<bool>,
    /// Whether the user may call in, rather than be called back only.
    callin: bool,
    /// Whether name and password are good for link authentication.
    link_authentication: bool,
    /// Whether name and password are good for IPMI messages, which every session takes.
    ipmi_messaging: bool,
    /// The most that the user may do.
    #[schemars(extend("enum" = LIMITS))]
    privilege_limit: &'static str,
}

pub(crate) const LIMITS: [&str; 6] =
    ["no_access", "callback", "user", "operator", "administrator", "oem"];

/// What a limit is called.
pub(crate) const fn limit(limit: Option<Privilege>) -> &'static str {
    match limit {
        None => "no_access",
        Some(Privilege::Callback) => "callback",
        Some(Privilege::User) => "user",
        Some(Privilege::Operator) => "operator",
        Some(Privilege::Administrator) => "administrator",
        Some(Privilege::Oem) => "oem",
    }
}

/// A name as text, whatever bytes it has.
pub(crate) fn name(name: &Username) -> String {
    match std::str::from_utf8(name.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => name.to_string(),
    }
}

/// A channel's number, unless it is "the present one".
pub(crate) fn number(channel: Channel) -> Option<u8> {
    (channel != Channel::PRESENT).then_some(channel.number())
}

impl From<&User> for Listed {
    fn from(user: &User) -> Self {
        let UserAccess { flags, limit: most, .. } = user.access;
        Self {
            id: user.id,
            name: name(&user.name),
            fixed_name: user.has_fixed_name(),
            enabled: user.is_enabled(),
            callin: !flags.callback_only,
            link_authentication: flags.link_authentication,
            ipmi_messaging: flags.messaging,
            privilege_limit: limit(most),
        }
    }
}

impl Listed {
    fn enabled(&self) -> String {
        self.enabled.map_or_else(|| "-".to_owned(), yes_no)
    }
}

impl List {
    pub(crate) fn new(channel: Channel, list: &UserList) -> Self {
        let UserSummary { slots, enabled, fixed_names } = list.summary;
        Self {
            channel: number(channel),
            slots,
            enabled_users: enabled,
            fixed_names,
            looked_at: list.looked_at,
            users: list.users.iter().map(Listed::from).collect(),
        }
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.user_list/1";
    const ROWS: Option<Rows> = Some(Rows { key: "users", schema: "lantern.user/1" });

    fn text(&self, width: Option<u16>) -> String {
        let mut text = match self.users.as_slice() {
            [] => "No users\n".to_owned(),
            users => {
                let mut table = Table::new(&[
                    right("ID"),
                    left("NAME"),
                    left("ENABLED"),
                    left("CALLIN"),
                    left("LINK"),
                    left("IPMI"),
                    left("LIMIT").flexible(),
                ]);
                for user in users {
                    table.row([
                        user.id.to_string(),
                        user.name.clone(),
                        user.enabled(),
                        yes_no(user.callin),
                        yes_no(user.link_authentication),
                        yes_no(user.ipmi_messaging),
                        user.privilege_limit.replace('_', " "),
                    ]);
                }
                table.text(width)
            }
        };
        if self.looked_at < self.slots {
            let beyond = format!(
                "Slots up to {} of {} were looked at; --all looks at the others, too\n",
                self.looked_at, self.slots
            );
            text.push_str(&beyond);
        }
        text
    }
}

/// How many users there are.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// The greatest ID that there can be.
    slots: u8,
    enabled_users: u8,
    /// How many names cannot be changed, that of user 1 included.
    fixed_names: u8,
}

impl From<UserSummary> for Summary {
    fn from(summary: UserSummary) -> Self {
        let UserSummary { slots, enabled, fixed_names } = summary;
        Self { slots, enabled_users: enabled, fixed_names }
    }
}

impl View for Summary {
    const SCHEMA: &'static str = "lantern.user_summary/1";

    fn text(&self, width: Option<u16>) -> String {
        fields(
            width,
            [
                ("Slots", self.slots.to_string()),
                ("Enabled users", self.enabled_users.to_string()),
                ("Fixed names", self.fixed_names.to_string()),
            ],
        )
    }
}

/// All that the BMC tells of one user.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Info {
    /// Whose settings these are; null for the channel of the session.
    channel: Option<u8>,
    #[serde(flatten)]
    user: Listed,
    /// Which payloads the user may activate.
    payloads: Option<Payloads>,
    /// Why nothing is told of them.
    payloads_reason: Option<String>,
}

/// Payloads that a user may activate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Payloads {
    /// Serial over LAN.
    sol: bool,
    /// Numbers of other standard payloads, 2 to 7.
    standard: Vec<u8>,
    /// Which of the maker's own, 0 to 7.
    oem: Vec<u8>,
}

impl From<PayloadAccess> for Payloads {
    fn from(access: PayloadAccess) -> Self {
        let bits = |byte: u8, from: u8| (from..8).filter(|bit| byte >> bit & 1 == 1).collect();
        Self {
            sol: access.standard & PayloadAccess::SOL.standard != 0,
            standard: bits(access.standard, 2),
            oem: bits(access.oem, 0),
        }
    }
}

impl Payloads {
    fn text(&self) -> String {
        let standard = self.standard.iter().map(|number| format!("payload {number}"));
        let oem = self.oem.iter().map(|number| format!("OEM {number}"));
        let all: Vec<_> =
            self.sol.then(|| "SOL".to_owned()).into_iter().chain(standard).chain(oem).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    }
}

impl Info {
    pub(crate) fn new(channel: Channel, details: &UserDetails) -> Self {
        Self {
            channel: number(channel),
            user: Listed::from(&details.user),
            payloads: details.payloads.as_ref().ok().copied().map(Payloads::from),
            payloads_reason: reason(&details.payloads),
        }
    }
}

impl View for Info {
    const SCHEMA: &'static str = "lantern.user_info/1";

    fn text(&self, width: Option<u16>) -> String {
        let user = &self.user;
        let mut fields = Fields::default();
        let fixed = if user.fixed_name { " (fixed)" } else { "" };
        fields.row("ID", user.id.to_string());
        fields
            .row("Name", format!("{}{fixed}", if user.name.is_empty() { "-" } else { &user.name }));
        fields.row("Enabled", user.enabled());
        fields.row("Privilege limit", user.privilege_limit.replace('_', " "));
        fields.row("IPMI messaging", yes_no(user.ipmi_messaging));
        fields.row("Call in", yes_no(user.callin));
        fields.row("Link authentication", yes_no(user.link_authentication));
        let payloads = match (&self.payloads, &self.payloads_reason) {
            (Some(payloads), _) => payloads.text(),
            (None, reason) => reason.clone().unwrap_or_default(),
        };
        fields.row("Payloads", payloads);
        fields.flush(width)
    }
}

/// Which payloads a user may activate.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PayloadsOf {
    id: u8,
    /// On which channel; null for that of the session.
    channel: Option<u8>,
    #[serde(flatten)]
    payloads: Payloads,
}

impl PayloadsOf {
    pub(crate) fn new(id: u8, channel: Channel, access: PayloadAccess) -> Self {
        Self { id, channel: number(channel), payloads: access.into() }
    }
}

impl View for PayloadsOf {
    const SCHEMA: &'static str = "lantern.user_payload/1";

    fn text(&self, width: Option<u16>) -> String {
        fields(width, [("User ID", self.id.to_string()), ("Payloads", self.payloads.text())])
    }
}

/// What came of a question, shown or explained.
fn shown<T>(told: &Told<T>, show: impl Fn(&T) -> String) -> String {
    match told {
        Ok(answer) => show(answer),
        Err(error) => super::setting::because(error),
    }
}
