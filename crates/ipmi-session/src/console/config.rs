//! What a session is to be like.

use core::fmt;
use std::time::Duration;

use ipmi_wire::Privilege;
use ipmi_wire::session::{AuthType, CipherSuite, Username};

use crate::lessons::Lessons;
use crate::quirk::Quirks;
use crate::secret::Secret;
use crate::timing::Timing;

/// Everything a session needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who logs in. Empty is the null user.
    pub username: Username,
    /// The user's password.
    pub password: Secret,
    /// The BMC's key, if it has one set.
    pub kg: Option<Secret>,
    /// The highest privilege the session may need: asked for in Open Session and RAKP 1.
    pub privilege: Privilege,
    /// Find the user by name alone (the usual way), or by name and privilege.
    pub name_only_lookup: bool,
    /// Cipher suites to try, in this order.
    pub suites: Vec<CipherSuite>,
    /// Patience.
    pub timing: Timing,
    /// Send something when the session was silent for so long; `None` never.
    pub keepalive: Option<Duration>,
    /// IPMI v2.0, or v1.5 with one of these authentication types, the preferred one first.
    pub protocol: Protocol,
    /// Departures from the specification that this BMC is known for, beyond those that are found
    /// out and dealt with anyway.
    pub workarounds: Quirks,
    /// Whether the BMC is known to drop a packet that it has seen. Only then is a request that must
    /// not be carried out twice sent again when no answer comes: the very same packet.
    pub refuses_replays: bool,
    /// What earlier sessions with it have taught.
    pub lessons: Lessons,
}

/// Which kind of session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// IPMI v2.0 (RMCP+).
    #[default]
    RmcpPlus,
    /// IPMI v1.5, with one of these authentication types. None of them protects what is said.
    ///
    /// The first one that the BMC claims to offer is used, or the first that it does not refuse.
    /// Nothing about that is authenticated in IPMI v1.5: whoever can answer in the BMC's name can
    /// choose among these. So a list with [`AuthType::Password`] in it may give the password away.
    Ipmi15(Vec<AuthType>),
}

/// How a session is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Agreed {
    /// RMCP+ with this cipher suite.
    Suite(CipherSuite),
    /// IPMI v1.5 with this authentication type.
    Ipmi15(AuthType),
}

impl Agreed {
    /// The cipher suite, in RMCP+.
    #[must_use]
    pub const fn suite(self) -> Option<CipherSuite> {
        match self {
            Self::Suite(suite) => Some(suite),
            Self::Ipmi15(_) => None,
        }
    }
}

impl fmt::Display for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suite(suite) => suite.fmt(f),
            Self::Ipmi15(auth_type) => write!(f, "IPMI 1.5, authentication type {auth_type}"),
        }
    }
}

impl Config {
    /// Suites 17 and 3, ADMINISTRATOR, lookup by name.
    #[must_use]
    pub fn new(username: Username, password: Secret) -> Self {
        Self {
            username,
            password,
            kg: None,
            privilege: Privilege::Administrator,
            name_only_lookup: true,
            suites: vec![CipherSuite::SUITE_17, CipherSuite::SUITE_3],
            timing: Timing::default(),
            keepalive: None,
            protocol: Protocol::default(),
            workarounds: Quirks::NONE,
            refuses_replays: false,
            lessons: Lessons::default(),
        }
    }
}
