//! A line on standard error that tells how far it has come, if anybody looks.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The line; none if standard error is no terminal, or has logs to show.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn none() -> Self {
        Self(ProgressBar::hidden())
    }

    pub(super) fn start(all: usize, verbose: u8) -> Self {
        if verbose > 0 || !stderr().is_terminal() {
            return Self::none();
        }
        let target = ProgressDrawTarget::stderr_with_hz(10);
        let bar = ProgressBar::with_draw_target(u64::try_from(all).ok(), target);
        // The template is ours; without one, the default does as well.
        if let Ok(style) = ProgressStyle::with_template("{pos} of {len} BMCs{msg}, {elapsed}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// One more has ended; so many failed until now.
    pub(super) fn ended(&self, failed: usize) {
        if failed > 0 && !self.0.is_hidden() {
            self.0.set_message(format!(", {failed} failed"));
        }
        self.0.inc(1);
    }

    /// Does what may write to the same terminal.
    pub(super) fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
