//! All sessions with a BMC.

use std::collections::BTreeMap;

use ipmi_client::sessions::{Closing, ListedSession, SessionList};
use ipmi_wire::session::Username;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Exit;
use crate::view::table::{Table, left, right};
use crate::view::user::name;
use crate::view::{Rows, View};

/// The active sessions.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct List {
    /// How many there are, as the BMC counts.
    active_sessions: u8,
    /// How many there can be.
    possible_sessions: u8,
    sessions: Vec<Listed>,
}

/// A session.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listed {
    handle: u8,
    /// Whether it is the one that the list was read in.
    own: bool,
    user_id: u8,
    /// Null unless it was asked for.
    user: Option<String>,
    /// Null if the BMC sends a number that is none.
    privilege: Option<String>,
    channel: u8,
    /// Of sessions over LAN; null for those over something else.
    #[schemars(extend("enum" = ["rmcp+", "ipmi1.5", null]))]
    protocol: Option<&'static str>,
    remote_ip: Option<String>,
    remote_port: Option<u16>,
    /// Null if the BMC does not know it.
    remote_mac: Option<String>,
}

impl Listed {
    fn new(listed: &ListedSession, own: u8, names: &BTreeMap<u8, Username>) -> Self {
        let ListedSession { handle, session } = *listed;
        let lan = session.lan;
        Self {
            handle,
            own: handle == own,
            user_id: session.user_id,
            user: names.get(&session.user_id).map(name),
            privilege: session.privilege.map(|privilege| privilege.name().to_lowercase()),
            channel: session.channel.number(),
            protocol: lan.map(|_| if session.protocol == 0 { "ipmi1.5" } else { "rmcp+" }),
            remote_ip: lan.map(|lan| std::net::Ipv4Addr::from(lan.ip).to_string()),
            remote_port: lan.map(|lan| lan.port),
            remote_mac: lan.filter(|lan| lan.mac != [0; 6]).map(|lan| {
                let bytes: Vec<_> = lan.mac.iter().map(|byte| format!("{byte:02x}")).collect();
                bytes.join(":")
            }),
        }
    }

    fn console(&self) -> Option<String> {
        Some(format!("{}:{}", self.remote_ip.as_ref()?, self.remote_port?))
    }
}

impl List {
    pub(crate) fn new(list: &SessionList, names: &BTreeMap<u8, Username>) -> Self {
        let sessions = list.sessions.iter().map(|listed| Listed::new(listed, list.own, names));
        Self {
            active_sessions: list.active,
            possible_sessions: list.possible,
            sessions: sessions.collect(),
        }
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.session_list/1";
    const ROWS: Option<Rows> = Some(Rows { key: "sessions", schema: "lantern.session/1" });

    fn text(&self, width: Option<u16>) -> String {
        let columns = [
            right("HANDLE"),
            left("USER"),
            left("PRIVILEGE"),
            right("CHANNEL"),
            left("CONSOLE"),
            left("MAC"),
            left("").flexible(),
        ];
        let mut table = Table::new(&columns);
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        for session in &self.sessions {
            let user = match &session.user {
                Some(user) => format!("{} {user}", session.user_id),
                None => session.user_id.to_string(),
            };
            table.row([
                session.handle.to_string(),
                user,
                or_dash(&session.privilege),
                session.channel.to_string(),
                or_dash(&session.console()),
                or_dash(&session.remote_mac),
                if session.own { "this one" } else { "" }.to_owned(),
            ]);
        }
        let count = format!("{} of {} sessions\n", self.active_sessions, self.possible_sessions);
        table.text(width) + &count
    }
}

/// A session that was to be closed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Closed {
    handle: u8,
    user_id: u8,
    /// Whether it is gone.
    closed: bool,
    remote_ip: Option<String>,
    remote_port: Option<u16>,
}

impl Closed {
    /// `None` if nothing was done.
    pub(crate) fn new(closing: Closing) -> Option<Self> {
        let (listed, closed) = match closing {
            Closing::Closed(listed) => (listed, true),
            Closing::StillThere(listed) => (listed, false),
            Closing::NotThere | Closing::Own => return None,
        };
        let lan = listed.session.lan;
        Some(Self {
            handle: listed.handle,
            user_id: listed.session.user_id,
            closed,
            remote_ip: lan.map(|lan| std::net::Ipv4Addr::from(lan.ip).to_string()),
            remote_port: lan.map(|lan| lan.port),
        })
    }
}

impl View for Closed {
    const SCHEMA: &'static str = "lantern.session_close/1";

    fn text(&self, _: Option<u16>) -> String {
        let from = match (&self.remote_ip, self.remote_port) {
            (Some(ip), Some(port)) => format!(" from {ip}:{port}"),
            _ => String::new(),
        };
        let what = match self.closed {
            true => "was closed",
            false => "is still there, although the BMC said that it was closed",
        };
        format!("Session {} of user {}{from} {what}\n", self.handle, self.user_id)
    }

    fn exit(&self) -> Option<Exit> {
        (!self.closed).then_some(Exit::Failed)
    }
}
