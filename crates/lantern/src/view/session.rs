//! Sessions.

mod list;

use ipmi_client::{Agreed, Quirk, Quirks};
use ipmi_wire::cmd::app::{ActiveSession, SessionInfo};
use ipmi_wire::session::CipherSuite;
use schemars::JsonSchema;
use serde::Serialize;

use super::table::fields;
use super::{View, list as names};
pub(crate) use list::{Closed, List};

/// Get Session Info, and what the console knows itself.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Session {
    #[schemars(extend("enum" = ["rmcp+", "ipmi1.5", "system_interface"]))]
    protocol: &'static str,
    /// Of IPMI 1.5.
    authentication_type: Option<String>,
    cipher_suite: Option<u8>,
    authentication: Option<String>,
    integrity: Option<String>,
    confidentiality: Option<String>,
    handle: u8,
    user_id: Option<u8>,
    privilege: Option<String>,
    channel: Option<u8>,
    remote_ip: Option<String>,
    remote_mac: Option<String>,
    remote_port: Option<u16>,
    active_sessions: u8,
    possible_sessions: u8,
    /// Departures from the specification that were dealt with, by their names in `--workaround`.
    quirks: Vec<&'static str>,
}

impl Session {
    pub(crate) fn new(agreed: Option<Agreed>, noticed: Quirks, info: &SessionInfo) -> Self {
        let suite = agreed.and_then(Agreed::suite);
        let algorithms = suite.and_then(CipherSuite::algorithms);
        let session = info.session.as_ref();
        let lan = session.and_then(|session| session.lan);
        let (protocol, authentication_type) = match agreed {
            Some(Agreed::Suite(_)) => ("rmcp+", None),
            Some(Agreed::Ipmi15(auth_type)) => ("ipmi1.5", Some(auth_type.to_string())),
            None => ("system_interface", None),
        };
        Self {
            protocol,
            authentication_type,
            cipher_suite: suite.map(|suite| suite.0),
            authentication: algorithms.map(|a| a.authentication.to_string()),
            integrity: algorithms.map(|a| a.integrity.to_string()),
            confidentiality: algorithms.map(|a| a.confidentiality.to_string()),
            handle: info.handle,
            user_id: session.map(|session| session.user_id),
            privilege: session
                .and_then(|session| session.privilege)
                .map(|privilege| privilege.name().to_lowercase()),
            channel: session.map(|ActiveSession { channel, .. }| channel.number()),
            remote_ip: lan.map(|lan| std::net::Ipv4Addr::from(lan.ip).to_string()),
            remote_mac: lan.map(|lan| {
                let bytes: Vec<_> = lan.mac.iter().map(|byte| format!("{byte:02x}")).collect();
                bytes.join(":")
            }),
            remote_port: lan.map(|lan| lan.port),
            active_sessions: info.active,
            possible_sessions: info.possible,
            quirks: noticed.iter().map(Quirk::name).collect(),
        }
    }

    /// The algorithms in use.
    pub(crate) fn suite(&self) -> String {
        let named = [&self.authentication, &self.integrity, &self.confidentiality];
        let named: Vec<_> = named.into_iter().flatten().map(String::as_str).collect();
        match self.cipher_suite {
            None if self.protocol == "system_interface" => {
                "none: this machine's own BMC, without a session".to_owned()
            }
            Some(suite) => format!("{suite} ({})", named.join(", ")),
            None => {
                let auth_type = self.authentication_type.as_deref().unwrap_or("unknown");
                format!("none: IPMI 1.5, authentication {auth_type}")
            }
        }
    }
}

impl View for Session {
    const SCHEMA: &'static str = "lantern.session_info/1";

    fn text(&self, width: Option<u16>) -> String {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let console = match (&self.remote_ip, self.remote_port) {
            (Some(ip), Some(port)) => Some(format!("{ip}:{port}")),
            _ => None,
        };
        fields(
            width,
            [
                ("Cipher suite", self.suite()),
                ("Quirks", names(&self.quirks)),
                ("Session handle", self.handle.to_string()),
                ("User ID", or_dash(self.user_id.map(|id| id.to_string()))),
                ("Privilege", or_dash(self.privilege.clone())),
                ("Channel", or_dash(self.channel.map(|channel| channel.to_string()))),
                ("Console", or_dash(console)),
                ("Console's MAC", or_dash(self.remote_mac.clone())),
                (
                    "Active sessions",
                    format!("{} of {}", self.active_sessions, self.possible_sessions),
                ),
            ],
        )
    }
}
