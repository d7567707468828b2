//! What is told when something does not work, and the exit code that goes with it.
//!
//! A person gets what was tried and what came back, the likely cause, and the next step; a program
//! gets the same as a JSON object.

use std::io;

use ipmi_client::{ErrorKind, Failure};
use ipmi_wire::CompletionCode;

use crate::codes::Code;
use crate::view::outcome::OutcomeView;

/// The exit codes, as `--help` documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The BMC answered and refused, or the operation failed.
    Failed = 1,
    /// Usage or configuration.
    Usage = 2,
    /// No session.
    NoSession = 3,
    /// It may have happened, or not.
    Uncertain = 4,
    /// What was looked at is in a state that `--fail-on` names.
    Alarm = 5,
    /// Of many BMCs, some are done and some failed.
    Partly = 6,
    /// Somebody else has what can be had once.
    InUse = 7,
    /// Somebody else has taken it.
    Taken = 8,
    /// By Ctrl-C, as shells count it.
    Interrupted = 130,
    /// By a signal that asks for an end.
    Terminated = 143,
}

/// Why a command did not end well.
#[derive(Debug)]
pub(crate) enum Error {
    /// Something to tell.
    Told(Box<Report>),
    /// Results could not be written; a reader that went away is no error.
    Output(io::Error),
}

/// What is told.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) exit: Exit,
    pub(crate) code: Code,
    /// What was tried, and what came back.
    pub(crate) message: String,
    pub(crate) cause: Option<String>,
    pub(crate) next: Option<String>,
    /// The BMC concerned.
    pub(crate) address: Option<String>,
    /// What was being done.
    pub(crate) doing: Option<&'static str>,
    /// The BMC's answer, if that is what went wrong.
    pub(crate) completion: Option<CompletionCode>,
    /// What was found out, if the answer was lost.
    pub(crate) outcome: Option<OutcomeView>,
}

impl Error {
    /// An error with nothing but a message yet, and the code that goes with the exit code.
    pub(crate) fn told(exit: Exit, message: impl Into<String>) -> Self {
        let code = match exit {
            Exit::Usage => Code::USAGE,
            Exit::NoSession => Code::NO_SESSION,
            Exit::Uncertain => Code::OUTCOME_UNKNOWN,
            Exit::Interrupted | Exit::Terminated => Code::INTERRUPTED,
            Exit::Failed | Exit::Alarm | Exit::Partly | Exit::InUse | Exit::Taken => Code::FAILED,
        };
        Self::Told(Box::new(Report {
            exit,
            code,
            message: message.into(),
            cause: None,
            next: None,
            address: None,
            doing: None,
            completion: None,
            outcome: None,
        }))
    }

    /// Wrong usage, or a configuration that does not fit.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::told(Exit::Usage, message)
    }

    /// With a code that says more.
    pub(crate) fn code(mut self, code: Code) -> Self {
        if let Self::Told(report) = &mut self {
            report.code = code;
        }
        self
    }

    /// With another exit code.
    pub(crate) fn exit_with(mut self, exit: Exit) -> Self {
        if let Self::Told(report) = &mut self {
            report.exit = exit;
        }
        self
    }

    /// That a signal has ended it.
    pub(crate) fn signal(number: i32) -> Self {
        const INTERRUPT: i32 = 2;
        let exit = if number == INTERRUPT { Exit::Interrupted } else { Exit::Terminated };
        Self::told(exit, format!("ended by signal {number}"))
    }

    /// Says where it is that something is wrong.
    pub(crate) fn at(mut self, place: &str) -> Self {
        if let Self::Told(report) = &mut self {
            report.message = format!("{place}: {}", report.message);
        }
        self
    }

    /// The exit code that goes with it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Told(report) => report.exit,
            Self::Output(_) => Exit::Failed,
        }
    }

    /// Adds the likely cause.
    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        if let Self::Told(report) = &mut self {
            report.cause = Some(cause.into());
        }
        self
    }

    /// Adds the next step.
    pub(crate) fn next(mut self, next: impl Into<String>) -> Self {
        if let Self::Told(report) = &mut self {
            report.next = Some(next.into());
        }
        self
    }
}

impl From<ipmi_client::Error> for Error {
    fn from(error: ipmi_client::Error) -> Self {
        let advice = error.advice();
        Self::Told(Box::new(Report {
            exit: exit_of(&error),
            code: error.cause().into(),
            message: error.to_string(),
            cause: Some(advice.cause),
            next: Some(advice.next),
            address: error.location.as_ref().map(ToString::to_string),
            doing: Some(error.doing),
            completion: error.completion(),
            outcome: match error.outcome() {
                Some(outcome) => Some(outcome.into()),
                None => error.is_unknown().then(OutcomeView::unknown),
            },
        }))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

fn exit_of(error: &ipmi_client::Error) -> Exit {
    match &*error.kind {
        _ if error.is_unknown() => Exit::Uncertain,
        ErrorKind::Session(_) | ErrorKind::Io(_) => Exit::NoSession,
        // The session is lost with the answer.
        ErrorKind::Call(
            Failure::NoAnswer { .. }
            | Failure::NotSent
            | Failure::Interrupted
            | Failure::WrongCode { .. }
            | Failure::Unreachable(_),
        ) => Exit::NoSession,
        _ => Exit::Failed,
    }
}
