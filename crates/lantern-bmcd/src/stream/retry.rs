//! What is lost comes back: the pauses between attempts, and what the log is told.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// The pauses between attempts: they double, and begin anew behind what held for longer.
#[derive(Debug)]
pub(crate) struct Retry {
    /// Of what there is a source, or is not.
    what: &'static str,
    first: Duration,
    longest: Duration,
    next: Duration,
    began: Instant,
    /// What was wrong the last time is not told again.
    told: Option<String>,
}

impl Retry {
    pub(crate) fn new(what: &'static str, first: Duration) -> Self {
        Self {
            what,
            first,
            longest: Duration::from_secs(30),
            next: first,
            began: Instant::now(),
            told: None,
        }
    }

    /// With pauses of no more than so much, for what is waited for.
    pub(crate) fn at_most(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// An attempt begins.
    pub(crate) fn begin(&mut self) {
        self.began = Instant::now();
    }

    /// It has succeeded: there is a source.
    pub(crate) fn found(&mut self, source: &str) {
        tracing::info!(source, "{} is connected", self.what);
        self.told = None;
    }

    /// It is over. Waits until the next one is due.
    pub(crate) async fn pause(&mut self, source: &str, why: impl Display) {
        let why = why.to_string();
        if self.told.as_ref() == Some(&why) {
            tracing::debug!(source, why, "{} is not connected", self.what);
        } else {
            tracing::warn!(source, why, "{} is not connected", self.what);
            self.told = Some(why);
        }
        let pause = self.after(self.began.elapsed());
        tokio::time::sleep(pause).await;
    }

    fn after(&mut self, lasted: Duration) -> Duration {
        if lasted >= self.next.max(self.first) {
            self.next = self.first;
        }
        let pause = self.next;
        self.next = self.next.saturating_mul(2).min(self.longest);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_half_a_minute_and_begin_anew_behind_what_held() {
        let mut retry = Retry::new("it", Duration::from_secs(1));
        let mut pauses = Vec::new();
        for _ in 0..7 {
            pauses.push(retry.after(Duration::ZERO).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(retry.after(Duration::from_secs(60)).as_secs(), 1);
        assert_eq!(retry.after(Duration::from_secs(1)).as_secs(), 2);
    }
}
