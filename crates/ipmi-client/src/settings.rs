//! What operations on settings have in common: what a BMC tells of one thing among several, and
//! what became of a value that was written.

use ipmi_wire::CompletionCode;

use crate::error::{Error, ErrorKind};

/// A setting that was written.
///
/// A BMC that says "done" may have kept something else, or nothing (`research/freeipmi.md` §4.8), so
/// that it is read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<T> {
    /// What was there before; `None` if the BMC does not tell.
    pub before: Option<T>,
    /// What was asked for.
    pub asked: T,
    /// What is there now; `None` if the BMC does not tell.
    pub now: Option<T>,
}

impl<T: PartialEq> Change<T> {
    /// Whether the BMC kept what it was given; `None` if it does not tell.
    #[must_use]
    pub fn is_kept(&self) -> Option<bool> {
        self.now.as_ref().map(|now| *now == self.asked)
    }
}

/// Takes apart what ends an operation and what merely is not to be had: `Ok(Err(_))` is a BMC that
/// refused this one thing, or said of it what makes no sense.
pub(crate) fn tell<T>(outcome: Result<T, Error>) -> Result<Result<T, Error>, Error> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(error) => match *error.kind {
            ErrorKind::Refused { .. }
            | ErrorKind::Malformed { .. }
            | ErrorKind::Inconsistent(_) => Ok(Err(error)),
            _ => Err(error),
        },
    }
}

/// Whether each of them was refused with the same code: then the BMC does not serve the command at
/// all, and a report of nothing else would hide that.
pub(crate) fn all_refused_alike<'a>(refusals: impl IntoIterator<Item = Option<&'a Error>>) -> bool {
    let mut codes = refusals.into_iter().map(|error| error.and_then(Error::completion));
    let Some(Some(first)) = codes.next() else { return false };
    codes.all(|code| code == Some(first))
}

/// What setting of parameters is refused with while somebody else is at it. IPMI v2.0 §22.14a and
/// §28.12.
pub(crate) const IN_PROGRESS: CompletionCode = CompletionCode(0x81);
