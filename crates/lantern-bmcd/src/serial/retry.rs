//! What is lost comes back: the pauses between attempts, and what the log is told.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// The pauses between attempts: they double, and begin anew behind what held for longer.
#[derive(Debug)]
pub(super) struct Retry {
    first: Duration,
    next: Duration,
    began: Instant,
    /// What was wrong the last time is not told again.
    told: Option<String>,
}

impl Retry {
    const LONGEST: Duration = Duration::from_secs(30);

    pub(super) fn new(first: Duration) -> Self {
        Self { first, next: first, began: Instant::now(), told: None }
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self) {
        self.began = Instant::now();
    }

    /// It has succeeded: there is a source.
    pub(super) fn found(&mut self, source: &str) {
        tracing::info!(source, "the serial port is connected");
        self.told = None;
    }

    /// It is over. Waits until the next one is due.
    pub(super) async fn pause(&mut self, source: &str, why: impl Display) {
        let why = why.to_string();
        if self.told.as_ref() == Some(&why) {
            tracing::debug!(source, why, "the serial port is not connected");
        } else {
            tracing::warn!(source, why, "the serial port is not connected");
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
        self.next = self.next.saturating_mul(2).min(Self::LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_half_a_minute_and_begin_anew_behind_what_held() {
        let mut retry = Retry::new(Duration::from_secs(1));
        let mut pauses = Vec::new();
        for _ in 0..7 {
            pauses.push(retry.after(Duration::ZERO).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(retry.after(Duration::from_secs(60)).as_secs(), 1);
        assert_eq!(retry.after(Duration::from_secs(1)).as_secs(), 2);
    }
}
