//! What became of a reset of the controller itself.

use std::time::Duration;

use ipmi_wire::Command;
use ipmi_wire::cmd::app::{ColdReset, GetDeviceId, WarmReset};
use ipmi_wire::cmd::storage::GetSelTime;
use ipmi_wire::sel::Timestamp;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Done, Observation, Outcome, Verdict};
use crate::Failure;
use crate::bmc::{Bmc, KEEPALIVE};
use crate::error::{Error, ErrorKind};

/// How long a controller that says nothing is left alone before the next login.
const PAUSE: Duration = Duration::from_secs(1);
/// How long it is looked whether a controller answers on.
const PATIENCE: Duration = Duration::from_secs(2);
/// A session in which nothing got through for longer may have ended by itself: a BMC ends it after
/// 60 s, give or take 3 (IPMI v2.0 §6.12.15), and the last sign of life may be a keepalive's.
const IDLE: Duration = Duration::from_secs(57).saturating_sub(KEEPALIVE);

impl Bmc {
    /// Restarts the controller as if it had just been powered; the machine runs on. The session is
    /// forgotten, as the BMC forgets it.
    ///
    /// If the answer is lost, what became of the request is looked up, for
    /// [`longest_look_up`](Self::longest_look_up) at most: a controller that answers again, but not
    /// in the session from before, has had a new life.
    ///
    /// # Errors
    /// As [`power`](Self::power).
    pub async fn cold_reset(&self) -> Result<Done, Error> {
        self.reset_controller(&ColdReset).await
    }

    /// As [`cold_reset`](Self::cold_reset), keeping what the controller can keep. Sessions may be
    /// part of that (IPMI v2.0 §20.3), so that one that goes on proves nothing.
    ///
    /// # Errors
    /// As [`power`](Self::power).
    pub async fn warm_reset(&self) -> Result<Done, Error> {
        self.reset_controller(&WarmReset).await
    }

    /// As [`cold_reset`](Self::cold_reset), for those who do not wait until the controller is back: silence is
    /// taken for a restart, unless the controller answers on in the session from before.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn cold_reset_unwatched(&self) -> Result<(), Error> {
        let (session, _, outcome) = self.send_reset(&ColdReset).await?;
        match outcome {
            Err(error) if error.leaves_doubt() => {
                let answers = timeout(PATIENCE, self.answers_in(session)).await;
                if answers == Ok(true) { Err(error) } else { Ok(()) }
            }
            sent => sent,
        }
    }

    /// Sends it, once; and in which session that was, and when.
    async fn send_reset<C: Command<Response = ()>>(
        &self,
        reset: &C,
    ) -> Result<(u32, Instant, Result<(), Error>), Error> {
        let mut session = self.session_id().await?;
        let mut begun = Instant::now();
        let mut outcome = self.send_in(session, reset).await;
        if outcome.as_ref().is_err_and(was_not_sent) {
            self.drop_session(session);
            session = self.session_id().await?;
            begun = Instant::now();
            outcome = self.send_in(session, reset).await;
        }
        Ok((session, begun, outcome))
    }

    async fn reset_controller<C: Command<Response = ()>>(&self, reset: &C) -> Result<Done, Error> {
        let (session, begun, outcome) = self.send_reset(reset).await?;
        match outcome {
            Ok(()) => {
                self.forget_session().await;
                Ok(Done::Accepted)
            }
            Err(error) if error.leaves_doubt() => {
                let sent = self.latest_sending(begun, &error);
                let outcome = self.look_up_reset(session, begun, sent).await;
                outcome.settle(error).map(Done::Proven)
            }
            Err(error) => Err(error),
        }
    }

    async fn look_up_reset(&self, old: u32, begun: Instant, sent: Instant) -> Outcome {
        let mut seen = Vec::new();
        let limit = self.look_up_limit();
        if timeout_at(limit, self.watch_reset(old, begun, sent, &mut seen)).await.is_err() {
            self.set_aside(old);
            self.abandon(old);
            seen.push(Observation::of::<GetDeviceId>(format!(
                "no answer for {} s, as from a controller that restarts",
                sent.elapsed().as_secs()
            )));
        }
        Outcome::of(seen)
    }

    async fn watch_reset(
        &self,
        old: u32,
        begun: Instant,
        sent: Instant,
        seen: &mut Vec<Observation>,
    ) {
        const STILL: &str = "answers in the session from before: it had not restarted by then";
        if self.is_local() {
            // No session shows by its loss that it has restarted: only its clock may.
            if self.answers_in(old).await {
                seen.push(Observation::of::<GetDeviceId>("answers"));
                if let Ok(time) = self.sel_time().await {
                    seen.extend(started_since(time.timestamp(), sent));
                }
            }
            return;
        }
        if self.answers_in(old).await {
            seen.push(Observation::of::<GetDeviceId>(STILL));
            return;
        }
        seen.push(Observation::of::<GetDeviceId>("no answer in the session from before"));
        // Neither closed nor used, it shows later whether the controller still knows it.
        self.set_aside(old);
        while let Err(error) = self.send(&GetDeviceId).await {
            if !error.is_silence() {
                seen.push(Observation::failed::<GetDeviceId>(&error));
                self.abandon(old);
                return;
            }
            sleep(PAUSE).await;
        }
        let outcome = self.send_in(old, &GetDeviceId).await;
        let gone = outcome.as_ref().is_err_and(Error::is_unanswered) && begun.elapsed() < IDLE;
        if outcome.is_ok() {
            seen.push(Observation::of::<GetDeviceId>(STILL));
            self.close_aside(old);
            return;
        }
        self.abandon(old);
        // That nothing got through just then would look the same.
        let there = self.send(&GetDeviceId).await.is_ok();
        let words = "answers in a new session, and no more in the one from before";
        seen.push(if gone && there {
            Observation::of::<GetDeviceId>(words).proving(Verdict::Happened)
        } else {
            Observation::of::<GetDeviceId>("answers in a new session")
        });
        if let Ok(time) = self.sel_time().await {
            seen.extend(started_since(time.timestamp(), sent));
        }
    }

    /// Whether the controller answers in this session, be it with a refusal.
    async fn answers_in(&self, session: u32) -> bool {
        match self.send_in(session, &GetDeviceId).await {
            Ok(_) => true,
            Err(error) => error.completion().is_some(),
        }
    }
}

/// A clock that nobody has set counts from the controller's start (IPMI v2.0 §37).
fn started_since(clock: Timestamp, sent: Instant) -> Option<Observation> {
    let Timestamp::SinceInit(seconds) = clock else { return None };
    let words = format!("the controller's clock started {seconds} s ago");
    // What it shows is rounded down.
    let proven = u64::from(seconds).saturating_add(1) <= sent.elapsed().as_secs();
    Some(Observation::of::<GetSelTime>(words).proving_if(proven, Verdict::Happened))
}

fn was_not_sent(error: &Error) -> bool {
    matches!(*error.kind, ErrorKind::Call(Failure::NotSent))
}
