//! Users that were made, changed, tried and taken away.

use ipmi_client::users::{AccessOf, AddedUser, PasswordTest, PasswordWritten, RemovedUser};
use ipmi_client::{Told, Written};
use ipmi_wire::Channel;
use ipmi_wire::cmd::app::{PasswordSize, PayloadAccess};
use ipmi_wire::session::Username;
use schemars::JsonSchema;
use serde::Serialize;

use super::{limit, name, number, shown};
use crate::error::Exit;
use crate::view::setting::{self, Change, because, reason};
use crate::view::table::{Fields, fields};
use crate::view::{Rows, View, yes_no};

/// What was changed of a user.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Changed {
    id: u8,
    /// On which channel; null for that of the session.
    channel: Option<u8>,
    changes: Vec<Change>,
}

impl Changed {
    pub(crate) const fn new(id: u8, channel: Option<u8>) -> Self {
        Self { id, channel, changes: Vec::new() }
    }

    pub(crate) fn name(&mut self, written: &Written<Username>) {
        self.changes.push(Change::part("name", written, name));
    }

    pub(crate) fn password(&mut self, written: &PasswordWritten) {
        let kept = written.now.as_ref().ok().map(|_| written.is_kept());
        let why = match &written.now {
            Ok(PasswordTest::WrongSize) => Some("it is stored with the other size".to_owned()),
            Ok(_) => None,
            Err(error) => Some(because(error)),
        };
        let asked = format!("{} bytes", written.size.bytes());
        self.changes.push(Change::hidden("password", asked, kept, why));
    }

    /// Only of `parts` somebody said something.
    pub(crate) fn access(&mut self, written: &Written<AccessOf>, parts: &[AccessPart]) {
        for part in parts {
            self.changes.push(match part {
                AccessPart::Limit => Change::part("privilege_limit", written, |a| limit(a.limit)),
                AccessPart::Callin => Change::part("callin", written, |a| !a.flags.callback_only),
                AccessPart::Link => {
                    Change::part("link_authentication", written, |a| a.flags.link_authentication)
                }
                AccessPart::Messaging => {
                    Change::part("ipmi_messaging", written, |a| a.flags.messaging)
                }
                AccessPart::Sessions(number) => {
                    let asked = match number {
                        0 => "as many as there are".to_owned(),
                        number => number.to_string(),
                    };
                    Change::hidden("session_limit", asked, None, None)
                }
            });
        }
    }

    pub(crate) fn enabled(&mut self, written: &Written<bool>) {
        self.changes.push(Change::part("enabled", written, |enabled| *enabled));
    }

    pub(crate) fn sol(&mut self, written: &Written<PayloadAccess>) {
        let sol = |access: &PayloadAccess| access.standard & PayloadAccess::SOL.standard != 0;
        self.changes.push(Change::part("sol", written, sol));
    }

    pub(crate) fn oem(&mut self, written: &Written<PayloadAccess>, payload: u8) {
        const NAMES: [&str; 8] = ["oem0", "oem1", "oem2", "oem3", "oem4", "oem5", "oem6", "oem7"];
        let Some(name) = NAMES.get(usize::from(payload)) else { return };
        let allowed = |access: &PayloadAccess| access.oem >> (payload & 7) & 1 == 1;
        self.changes.push(Change::part(name, written, allowed));
    }

    /// Whether the BMC has not kept something so far.
    pub(crate) fn is_lost(&self) -> bool {
        self.changes.iter().any(Change::is_lost)
    }
}

/// What of a user's access is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AccessPart {
    Limit,
    Callin,
    Link,
    Messaging,
    Sessions(u8),
}

impl View for Changed {
    const SCHEMA: &'static str = "lantern.user_set/1";
    const ROWS: Option<Rows> = Some(Rows { key: "changes", schema: "lantern.user_change/1" });

    fn text(&self, width: Option<u16>) -> String {
        format!("User {}\n{}", self.id, setting::text(&self.changes, width))
    }

    fn exit(&self) -> Option<Exit> {
        setting::exit(&self.changes)
    }
}

/// A user that was made.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Added {
    id: u8,
    name: String,
    /// On which channel; null for that of the session.
    channel: Option<u8>,
    #[schemars(extend("enum" = super::LIMITS))]
    privilege_limit: &'static str,
    /// With how many bytes the password is stored.
    password_bytes: usize,
    /// Whether the BMC said that it is the password now; null if it does not tell.
    password_verified: Option<bool>,
    /// Whether the user may activate Serial over LAN; null if that was left to the BMC.
    sol: Option<bool>,
    /// Why that is not as it was to be.
    sol_reason: Option<String>,
    enabled: bool,
}

impl Added {
    pub(crate) fn new(new: Username, channel: Channel, added: &AddedUser) -> Self {
        let access = added.access.now.as_ref().unwrap_or(&added.access.asked);
        let payloads = added.payloads.as_ref().map(|told| match told {
            Ok(written) => {
                let now = written.now.as_ref().unwrap_or(&written.asked);
                let why = (!written.is_kept()).then(|| "the BMC did not keep it".to_owned());
                (Some(now.standard & PayloadAccess::SOL.standard != 0), why)
            }
            Err(error) => (None, Some(because(error))),
        });
        let (sol, sol_reason) = payloads.unwrap_or((None, None));
        Self {
            id: added.id,
            name: name(&new),
            channel: number(channel),
            privilege_limit: limit(access.limit),
            password_bytes: added.password.size.bytes(),
            password_verified: added.password.now.as_ref().ok().map(|_| added.password.is_kept()),
            sol,
            sol_reason,
            enabled: added.enabled.is_some(),
        }
    }
}

impl View for Added {
    const SCHEMA: &'static str = "lantern.user_add/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut rows = Fields::default();
        rows.row("ID", self.id.to_string());
        rows.row("Name", self.name.clone());
        rows.row("Privilege limit", self.privilege_limit.replace('_', " "));
        let verified = match self.password_verified {
            Some(_) => "",
            None => ", which the BMC does not let be verified",
        };
        rows.row("Password", format!("stored with {} bytes{verified}", self.password_bytes));
        match (self.sol, &self.sol_reason) {
            (_, Some(reason)) => rows.row("Serial over LAN", reason.clone()),
            (Some(sol), None) => rows.row("Serial over LAN", yes_no(sol)),
            (None, None) => {}
        }
        rows.row("Enabled", yes_no(self.enabled));
        rows.flush(width)
    }

    fn exit(&self) -> Option<Exit> {
        self.sol_reason.is_some().then_some(Exit::Failed)
    }
}

/// A user that was taken away.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Removed {
    id: u8,
    /// Whether the slot is empty now.
    removed: bool,
    /// Whether the user can log in no more, removed or not; false if the BMC does not tell.
    shut_out: bool,
    /// Null if the BMC does not tell.
    enabled: Option<bool>,
    enabled_reason: Option<String>,
    /// Null if the BMC does not tell.
    #[schemars(extend("enum" = [
        "no_access", "callback", "user", "operator", "administrator", "oem", null
    ]))]
    privilege_limit: Option<&'static str>,
    privilege_limit_reason: Option<String>,
    /// Empty if all is well; null if the BMC does not tell.
    name: Option<String>,
    name_reason: Option<String>,
    #[serde(skip)]
    lines: [(&'static str, String); 3],
}

impl Removed {
    pub(crate) fn new(id: u8, removed: &RemovedUser) -> Self {
        fn now<T>(told: &Told<Written<T>>) -> Option<&T> {
            told.as_ref().ok().and_then(|written| written.now.as_ref().ok())
        }
        fn why<T>(told: &Told<Written<T>>) -> Option<String> {
            reason(told).or_else(|| told.as_ref().ok().and_then(|written| reason(&written.now)))
        }
        fn line<T>(told: &Told<Written<T>>, show: impl Fn(&T) -> String) -> String {
            shown(told, |written| shown(&written.now, &show))
        }
        let called = |now: &Username| if now.is_empty() { "none".to_owned() } else { name(now) };
        let RemovedUser { enabled, access, name: named } = removed;
        // A BMC without such a user any more has nothing to say of access.
        let gone = removed.is_gone();
        Self {
            id,
            removed: gone,
            shut_out: removed.is_shut_out(),
            enabled: now(enabled).copied(),
            enabled_reason: why(enabled),
            privilege_limit: now(access).map(|access| limit(access.limit)),
            privilege_limit_reason: why(access),
            name: now(named).map(name),
            name_reason: why(named),
            lines: [
                ("Enabled", line(enabled, |enabled| yes_no(*enabled))),
                ("Privilege limit", line(access, |a| limit(a.limit).replace('_', " "))),
                ("Name", line(named, called)),
            ],
        }
    }
}

impl View for Removed {
    const SCHEMA: &'static str = "lantern.user_remove/1";

    fn text(&self, width: Option<u16>) -> String {
        if self.removed {
            return format!("User {} was removed\n", self.id);
        }
        let but = if self.shut_out { ", but can no longer log in" } else { "" };
        let lines = fields(width, self.lines.clone());
        format!("User {} could not be removed{but}\n{lines}", self.id)
    }

    fn exit(&self) -> Option<Exit> {
        (!self.removed).then_some(Exit::Failed)
    }
}

/// A password that was tried.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tested {
    id: u8,
    /// Whether it is the user's.
    correct: bool,
    /// With how many bytes it is stored; null if it is not the user's.
    stored_bytes: Option<usize>,
    /// What is wrong.
    reason: Option<&'static str>,
}

impl Tested {
    pub(crate) fn new(id: u8, size: PasswordSize, test: PasswordTest) -> Self {
        let reason = match test {
            PasswordTest::Right => None,
            PasswordTest::Wrong => Some("this is not the user's password"),
            PasswordTest::WrongSize => Some("the user's password is stored with the other size"),
        };
        let stored_bytes = (test == PasswordTest::Right).then_some(size.bytes());
        Self { id, correct: reason.is_none(), stored_bytes, reason }
    }
}

impl View for Tested {
    const SCHEMA: &'static str = "lantern.user_test/1";

    fn text(&self, _: Option<u16>) -> String {
        match (self.stored_bytes, self.reason) {
            (Some(bytes), _) => {
                format!("User {}: the password is right, and stored with {bytes} bytes\n", self.id)
            }
            (None, reason) => format!("User {}: {}\n", self.id, reason.unwrap_or_default()),
        }
    }

    fn exit(&self) -> Option<Exit> {
        (!self.correct).then_some(Exit::Failed)
    }
}
