//! Errors for the person who reads them at 3 a.m.

use ipmi_session::console::{Failure, SessionError};
use ipmi_wire::bridge::Route;
use ipmi_wire::session::Username;
use ipmi_wire::{Access, CompletionCode, DecodeError, Privilege};

use crate::location::Location;
use crate::outcome::{Outcome, Verdict};

/// What went wrong, with whom, while doing what. [`advice`](Self::advice) adds the likely cause
/// and the next step.
#[derive(Debug, thiserror::Error)]
#[error("{}{doing}: {kind}", place(.location.as_ref(), *.behind))]
pub struct Error {
    /// The BMC, if one was concerned.
    pub location: Option<Location>,
    /// The way to the controller behind it, if one was concerned.
    pub behind: Option<Route>,
    /// What was being done: a command's name, usually.
    pub doing: &'static str,
    /// As whom.
    pub user: Username,
    /// The privilege the session was to have.
    pub privilege: Privilege,
    /// What came of it.
    #[source]
    pub kind: Box<ErrorKind>,
}

/// The kinds of failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no session.
    #[error("no session: {0}")]
    Session(#[source] SessionError),
    /// There is a session, but no answer in it.
    #[error(transparent)]
    Call(Failure),
    /// The answer to a command that must not run twice was lost, and nothing that was looked at
    /// afterwards proves that it happened.
    #[error("{}", match .0.verdict {
        Verdict::Happened => "no clear answer; it happened",
        Verdict::NotDone => "no clear answer; it was not done",
        Verdict::Unknown => "no clear answer; it may have taken effect",
    })]
    AnswerLost(Outcome),
    /// The BMC answered with a completion code other than 00h.
    #[error("{}", match explained {
        Some(text) => format!("{text} ({:02X}h)", completion.0),
        None => completion.to_string(),
    })]
    Refused {
        /// The code.
        completion: CompletionCode,
        /// What the command itself says of it.
        explained: Option<&'static str>,
        /// Who may run the command.
        access: Option<Access>,
    },
    /// The BMC's answer is not what the specification says.
    #[error("malformed answer ({source}): {}", hex(bytes))]
    Malformed {
        /// The answer, after the completion code.
        bytes: Vec<u8>,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// The BMC contradicts itself.
    #[error("{0}")]
    Inconsistent(&'static str),
    /// What was asked for cannot be done on this BMC; nothing was sent.
    #[error("{0}")]
    NotPossible(String),
    /// The system has no socket to give.
    #[error(transparent)]
    Io(std::io::Error),
    /// The endpoint was shut down.
    #[error("the endpoint was shut down")]
    EndpointGone,
}

impl Error {
    /// The completion code that the BMC answered with, if that is what went wrong.
    #[must_use]
    pub fn completion(&self) -> Option<CompletionCode> {
        match &*self.kind {
            ErrorKind::Refused { completion, .. } => Some(*completion),
            _ => None,
        }
    }
}

fn place(location: Option<&Location>, behind: Option<Route>) -> String {
    match (location, behind) {
        (Some(location), Some(route)) => format!("{location}, controller {route}: "),
        (Some(location), None) => format!("{location}: "),
        (None, _) => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
