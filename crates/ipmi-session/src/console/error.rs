//! What can go wrong between a console and a BMC.

use core::fmt;
use std::time::Duration;

use super::{Presence, Unreachable};
use ipmi_wire::bridge::Route;
use ipmi_wire::cmd::app::SendMessage;
use ipmi_wire::lan::BMC_ADDRESS;
use ipmi_wire::session::{Algorithms, AuthType, CipherSuite, RmcpPlusStatus};
use ipmi_wire::{Command, CompletionCode, DecodeError, Privilege};

/// The message that a handshake waits to have answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// RMCP+ Open Session Request.
    OpenSession,
    /// RAKP Message 1.
    Rakp1,
    /// RAKP Message 3.
    Rakp3,
    /// Get Channel Authentication Capabilities (IPMI v1.5).
    Capabilities,
    /// Get Session Challenge (IPMI v1.5).
    SessionChallenge,
    /// Activate Session (IPMI v1.5).
    ActivateSession,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenSession => "Open Session Request",
            Self::Rakp1 => "RAKP Message 1",
            Self::Rakp3 => "RAKP Message 3",
            Self::Capabilities => "Get Channel Authentication Capabilities",
            Self::SessionChallenge => "Get Session Challenge",
            Self::ActivateSession => "Activate Session",
        })
    }
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Nobody answered.
    #[error("no answer to {stage}: {sent} datagram(s) in {:.1} s", waited.as_secs_f32())]
    NoAnswer {
        /// To what.
        stage: Stage,
        /// Datagrams sent in the whole handshake.
        sent: u64,
        /// Time since the handshake began.
        waited: Duration,
    },
    /// Open Session was not answered, and yet somebody is there.
    #[error(
        "no answer to Open Session Request: {sent} datagram(s) in {:.1} s; but {presence}",
        waited.as_secs_f32()
    )]
    Ignored {
        /// Who.
        presence: Presence,
        /// Datagrams sent in the whole handshake.
        sent: u64,
        /// Time since the handshake began.
        waited: Duration,
    },
    /// The network says that nothing gets there.
    #[error("{what}: {stage} was not delivered")]
    Unreachable {
        /// What was not delivered.
        stage: Stage,
        /// Why.
        what: Unreachable,
    },
    /// Every suite that was to be tried was refused.
    #[error("the BMC refused {}", list_refused(.0))]
    SuitesRefused(Vec<(CipherSuite, RmcpPlusStatus)>),
    /// The BMC answered a message with a status other than "no errors".
    #[error("the BMC refused {stage}: {status}")]
    Refused {
        /// What was refused.
        stage: Stage,
        /// Why.
        status: RmcpPlusStatus,
    },
    /// The BMC answered a message of IPMI v1.5's login with a completion code other than 00h.
    #[error("the BMC refused {stage}: {} ({:02x}h)", explained.unwrap_or(completion.text()), completion.0)]
    Refused15 {
        /// What was refused.
        stage: Stage,
        /// Why.
        completion: CompletionCode,
        /// The command's own meaning of the code, if it is one of its own.
        explained: Option<&'static str>,
    },
    /// All answers had wrong authentication codes: they may be from anybody. FreeIPMI calls it
    /// `noauthcodecheck` when a BMC always does so; to believe it would let others answer in its name.
    #[error(
        "the answer to {stage} has a wrong authentication code and may be from anybody: a wrong \
         password, or a BMC with the defect noauthcodecheck"
    )]
    WrongCode {
        /// The answer to what.
        stage: Stage,
    },
    /// The password does not fit IPMI v1.5, which has 16 bytes for it.
    #[error("the password has {0} bytes, and IPMI 1.5 has room for 16")]
    PasswordTooLong(usize),
    /// An authentication type that is not spoken here, or none at all, was to be tried.
    #[error("{}", match .0 {
        Some(auth_type) => format!("authentication type {auth_type} is not supported"),
        None => "no authentication type to try".to_owned(),
    })]
    UnsupportedAuthType(Option<AuthType>),
    /// The BMC's proof in RAKP 2 does not fit the password: the password is wrong, or the user is.
    #[error("the BMC's RAKP 2 authentication code does not match the password")]
    WrongPassword,
    /// The BMC's check value in RAKP 4 does not fit, although the password did: `K_g` is wrong.
    #[error("the BMC's RAKP 4 integrity check value does not match: wrong K_g")]
    WrongKg,
    /// The BMC chose algorithms that were not proposed.
    #[error(
        "the BMC chose {}, {} and {}, which were not proposed",
        .0.authentication, .0.integrity, .0.confidentiality
    )]
    UnexpectedAlgorithms(Algorithms),
    /// The BMC's answer makes no sense.
    #[error("the answer to {stage} is malformed: {source}")]
    Malformed {
        /// The answer to what.
        stage: Stage,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// The BMC stopped answering in a session that was idle: it has restarted and forgotten it, or
    /// is gone.
    #[error("the BMC no longer answers in this session")]
    Lost,
    /// A suite that is not spoken here, or none at all, was to be tried.
    #[error("{}", match .0 {
        Some(suite) => format!("{suite} is not supported"),
        None => "no cipher suite to try".to_owned(),
    })]
    UnsupportedSuite(Option<CipherSuite>),
}

impl SessionError {
    /// Whether the same attempt may succeed a little later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Lost => true,
            Self::Ignored { presence, .. } => !matches!(presence, Presence::Ipmi15Only),
            // All slots taken, or the challenge forgotten, or busy.
            Self::Refused15 { completion, .. } => {
                matches!(completion.0, 0x81..=0x83 | 0x85 | 0xc0)
                    && matches!(self, Self::Refused15 { stage: Stage::ActivateSession, .. })
            }
            Self::Refused { status, .. } => matches!(
                *status,
                RmcpPlusStatus::INSUFFICIENT_RESOURCES
                    | RmcpPlusStatus::INSUFFICIENT_RESOURCES_FOR_ROLE
                    | RmcpPlusStatus::INVALID_SESSION_ID
            ),
            _ => false,
        }
    }
}

/// Why one call inside a session came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It was never sent.
    #[error("the session ended before the request was sent")]
    NotSent,
    /// It was sent, repeatedly, and never answered. Repeating it does no harm.
    #[error("no answer{} in {:.1} s", datagrams(": ", *sent), waited.as_secs_f32())]
    NoAnswer {
        /// How often it was sent; 0 if that is up to others.
        sent: u32,
        /// How long its answer was waited for.
        waited: Duration,
    },
    /// It was sent, and what came back has a wrong authentication code: it may be from anybody.
    /// Repeating the request does no harm.
    ///
    /// FreeIPMI calls it `noauthcodecheck` when a BMC always does so; then there is no way to talk to
    /// it that would not let others answer in its name.
    #[error(
        "{answers} answer(s) with a wrong authentication code, which may be from anybody, and no \
         other: {sent} datagram(s) in {:.1} s (noauthcodecheck)", waited.as_secs_f32()
    )]
    WrongCode {
        /// How many such answers came.
        answers: u32,
        /// How often the request was sent.
        sent: u32,
        /// How long its answer was waited for.
        waited: Duration,
    },
    /// It was sent, and the network says that nothing gets there. Repeating it does no harm.
    #[error("{0}: the request was not delivered")]
    Unreachable(Unreachable),
    /// It was sent, and the session closed before its answer came. Repeating it does no harm.
    #[error("the session was closed before the answer came")]
    Interrupted,
    /// It was sent and not answered; it may have taken effect. It was not repeated, because every
    /// time counts, or only as the very same packet to a BMC that knows such packets again.
    #[error("no answer; it may have taken effect")]
    Uncertain,
    /// A controller on the way to the one that is meant has not passed the request on: it was not
    /// carried out.
    #[error("{} has not passed the request on: {}", who(*.by), refused(*.completion))]
    NotPassedOn {
        /// The way.
        route: Route,
        /// Slave address of the one that has not: the BMC's, or that of the transit.
        by: u8,
        /// Its answer to Send Message.
        completion: CompletionCode,
    },
    /// It was passed on to a controller behind the BMC, and no answer came from there. Repeating it
    /// does no harm, and the BMC is well.
    #[error(
        "the BMC has passed the request on, and no answer came{} in {:.1} s",
        datagrams(": ", *sent), waited.as_secs_f32()
    )]
    SilentBehind {
        /// The way.
        route: Route,
        /// How often it was sent.
        sent: u32,
        /// How long its answer was waited for.
        waited: Duration,
    },
    /// The session could not be raised to the privilege it needs.
    #[error("the session's privilege could not be raised to {wanted}: {completion}")]
    PrivilegeRefused {
        /// What the call needs, or the most that the session was opened for.
        wanted: Privilege,
        /// The answer to Set Session Privilege Level.
        completion: CompletionCode,
    },
    /// It does not fit a packet.
    #[error("the request is too long for a packet")]
    TooLong,
}

impl Failure {
    /// Whether a controller behind the BMC could not be reached, or does not answer, while the BMC
    /// does.
    #[must_use]
    pub const fn is_behind_bmc(&self) -> bool {
        matches!(self, Self::NotPassedOn { .. } | Self::SilentBehind { .. })
    }
}

/// How many went out, unless it is the kernel that knows.
fn datagrams(before: &str, sent: u32) -> String {
    if sent == 0 { String::new() } else { format!("{before}{sent} datagram(s)") }
}

fn who(address: u8) -> String {
    match address {
        BMC_ADDRESS => "the BMC".to_owned(),
        transit => format!("controller {transit:02x}h"),
    }
}

/// What Send Message was answered with.
fn refused(completion: CompletionCode) -> String {
    match SendMessage::explain(completion) {
        Some(text) => format!("{text} ({:02X}h)", completion.0),
        None => completion.to_string(),
    }
}

fn list_refused(refused: &[(CipherSuite, RmcpPlusStatus)]) -> String {
    let lines: Vec<_> =
        refused.iter().map(|(suite, status)| format!("{suite}: {status}")).collect();
    lines.join("; ")
}
