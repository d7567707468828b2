//! What was written, and what became of it.
//!
//! A BMC may acknowledge a setting and lose it, for good or because another one came right before
//! (`research/freeipmi.md` §4.8: Supermicro's H8QME, Quanta's S99Q, Dell's T320). So what is written is
//! read back, and written once more after a pause if it is not there.

use std::time::Duration;

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};

/// What a BMC says to one question among several: the answer, or why there is none.
pub type Told<T> = Result<T, Error>;

/// A setting that was written.
#[derive(Debug)]
pub struct Written<T> {
    /// What there was before, if the BMC told.
    pub before: Option<T>,
    /// What was asked for.
    pub asked: T,
    /// What is in force now, read back.
    pub now: Told<T>,
}

impl<T: PartialEq> Written<T> {
    /// Whether what was asked for is in force now. What cannot be read back is believed to be.
    pub fn is_kept(&self) -> bool {
        self.now.as_ref().map_or(true, |now| *now == self.asked)
    }

    /// Whether there was nothing to do.
    pub fn was_so_before(&self) -> bool {
        self.before.as_ref() == Some(&self.asked)
    }
}

/// Longer than any BMC is known to lose what follows a setting.
const PAUSE: Duration = Duration::from_millis(1200);

impl Bmc {
    /// Writes, and reads back; writes once more after a pause if it is not there.
    pub(crate) async fn write_and_read<T: PartialEq>(
        &self,
        asked: T,
        before: Option<T>,
        write: impl AsyncFn() -> Result<(), Error>,
        read: impl AsyncFn() -> Result<T, Error>,
    ) -> Result<Written<T>, Error> {
        write().await?;
        // It was taken. That it cannot be read back, or that the BMC has ended the session over it,
        // is no failure of that.
        let mut now = read().await;
        if now.as_ref().is_ok_and(|now| *now != asked) {
            tokio::time::sleep(PAUSE).await;
            if write().await.is_ok() {
                now = read().await;
            }
        }
        Ok(Written { before, asked, now })
    }
}

/// Keeps an error that is about this question alone; any other is the end of all of them.
pub(crate) fn told<T>(outcome: Result<T, Error>) -> Result<Told<T>, Error> {
    match outcome {
        Err(error) if !error.is_answer() => Err(error),
        outcome => Ok(outcome),
    }
}

impl Error {
    /// Whether the BMC answered, with a refusal or with something that makes no sense: it is there,
    /// and may well answer the next question.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(
            *self.kind,
            ErrorKind::Refused { .. } | ErrorKind::Malformed { .. } | ErrorKind::Inconsistent(_)
        )
    }
}
