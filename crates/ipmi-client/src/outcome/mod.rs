//! What became of a command that must not run twice, when its answer was lost.
//!
//! It is not sent again. Its effect is looked up instead, with commands that change nothing, and
//! each answer is an [`Observation`]: what was asked, what was seen, and what that proves, if
//! anything. Something that may be older than the request proves nothing. What nothing proves is
//! [`Verdict::Unknown`], and whoever has to decide is told what was seen.
//!
//! "It happened" is said of the effect, not of its author: a machine that was restarted by a command
//! since the request was sent was restarted, should another console have done it in those seconds.
//!
//! `docs/decisions/0010-what-became-of-a-once.md` has what proves what, and what it costs.

mod controller;
mod events;
mod power;

pub(crate) use power::Before;

use ipmi_wire::{Command, CompletionCode};

use crate::error::{Error, ErrorKind};
use crate::{Failure, SessionError};

/// How a command ended whose answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What is proven.
    pub verdict: Verdict,
    /// What was seen, in the order of the questions; empty if there is nothing to ask.
    pub seen: Vec<Observation>,
}

/// What is proven of a command whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Its effect came about after it was sent.
    Happened,
    /// Its effect did not come about.
    NotDone,
    /// Neither.
    Unknown,
}

/// One answer, or silence, to a question that was asked afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The question: a command's name.
    pub asked: &'static str,
    /// What was seen, for people.
    pub seen: String,
    /// What it proves; `None` if nothing.
    pub proves: Option<Verdict>,
}

/// How a command came to be known as done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The BMC said that it accepts it.
    Accepted,
    /// The answer was lost, and this proves it.
    Proven(Outcome),
}

impl Verdict {
    /// `happened`, `not_done` or `unknown`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Happened => "happened",
            Self::NotDone => "not_done",
            Self::Unknown => "unknown",
        }
    }
}

impl Outcome {
    /// The verdict that these observations allow. Where they contradict each other, none.
    #[must_use]
    pub fn of(seen: Vec<Observation>) -> Self {
        let proven = |verdict| seen.iter().any(|one| one.proves == Some(verdict));
        let verdict = match (proven(Verdict::Happened), proven(Verdict::NotDone)) {
            (true, false) => Verdict::Happened,
            (false, true) => Verdict::NotDone,
            _ => Verdict::Unknown,
        };
        Self { verdict, seen }
    }

    /// Success if it happened, else the error with this in it.
    pub(crate) fn settle(self, error: Error) -> Result<Self, Error> {
        match self.verdict {
            Verdict::Happened => Ok(self),
            _ => Err(error.with_outcome(self)),
        }
    }
}

impl Observation {
    /// Something seen that proves nothing.
    pub(crate) fn of<C: Command>(seen: impl Into<String>) -> Self {
        Self { asked: C::NAME, seen: seen.into(), proves: None }
    }

    /// A question that was not answered, or with a refusal.
    pub(crate) fn failed<C: Command>(error: &Error) -> Self {
        Self::of::<C>(match &*error.kind {
            ErrorKind::Session(why) => format!("no new session: {why}"),
            kind => kind.to_string(),
        })
    }

    pub(crate) fn proving(self, verdict: Verdict) -> Self {
        Self { proves: Some(verdict), ..self }
    }

    pub(crate) fn proving_if(self, proven: bool, verdict: Verdict) -> Self {
        if proven { self.proving(verdict) } else { self }
    }
}

impl Error {
    /// What was found out about a command whose answer was lost, if it was looked up.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &*self.kind {
            ErrorKind::AnswerLost(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Whether the command may have run, or not: its answer was lost and nothing proved either.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match &*self.kind {
            ErrorKind::Call(Failure::Uncertain) => true,
            ErrorKind::AnswerLost(outcome) => outcome.verdict == Verdict::Unknown,
            _ => false,
        }
    }

    /// Whether this leaves open if a command that must not run twice has run. Two codes do, besides
    /// silence: C3h, a timeout while it was processed, and CEh, a response that could not be
    /// provided.
    ///
    /// Source: IPMI v2.0 §5.2, Table 5-2.
    pub(crate) fn leaves_doubt(&self) -> bool {
        match &*self.kind {
            ErrorKind::Call(Failure::Uncertain) => true,
            ErrorKind::Refused { completion, .. } => {
                matches!(
                    *completion,
                    CompletionCode::TIMEOUT | CompletionCode::RESPONSE_UNAVAILABLE
                )
            }
            _ => false,
        }
    }

    /// Whether the BMC says nothing at all, which may pass: it restarts, or nothing gets through.
    pub(crate) fn is_silence(&self) -> bool {
        match &*self.kind {
            ErrorKind::Call(failure) => !matches!(
                failure,
                Failure::PrivilegeRefused { .. } | Failure::TooLong | Failure::NotPassedOn { .. }
            ),
            ErrorKind::Session(why) => {
                why.is_transient() || matches!(why, SessionError::Unreachable { .. })
            }
            _ => false,
        }
    }

    /// Whether the request was sent until its time was up, and no answer came.
    pub(crate) fn is_unanswered(&self) -> bool {
        matches!(
            *self.kind,
            ErrorKind::Call(Failure::NoAnswer { .. } | Failure::SilentBehind { .. })
        )
    }

    /// As [`with_outcome`](Self::with_outcome) of one observation, if this leaves something open.
    pub(crate) fn having_seen(self, seen: Observation) -> Self {
        if self.leaves_doubt() { self.with_outcome(Outcome::of(vec![seen])) } else { self }
    }

    fn with_outcome(self, mut outcome: Outcome) -> Self {
        // A code that leaves it open is an answer all the same.
        if self.completion().is_some() {
            let (asked, seen) = (self.doing, self.kind.to_string());
            outcome.seen.insert(0, Observation { asked, seen, proves: None });
        }
        Self { kind: Box::new(ErrorKind::AnswerLost(outcome)), ..self }
    }
}

#[cfg(test)]
mod tests;
