//! What became of a power cycle, a reset, or a diagnostic interrupt.

use std::time::Duration;

use ipmi_wire::cmd::chassis::{
    GetChassisStatus, GetSystemRestartCause, PowerAction, RestartCause, SystemRestartCause,
};
use tokio::time::{Instant, sleep, timeout_at};

use super::events::proof;
use super::{Observation, Outcome, Verdict};
use crate::bmc::Bmc;
use crate::error::Error;

/// A machine that is cycled is off for seconds, and the BMC may be busy with it.
const LOOK_UP: Duration = Duration::from_secs(20);
/// How often the machine is looked at while it is off.
const POLL: Duration = Duration::from_secs(1);

/// What was known of a machine before it was to restart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    /// It was on, for certain. One that was off may be switched on by somebody else, or be in the
    /// middle of somebody else's cycle: that looks the same afterwards.
    pub(crate) on: bool,
    pub(crate) cause: Option<SystemRestartCause>,
}

impl Bmc {
    /// The longest that the effect of a command is looked up after its answer was lost: 20 s, or
    /// four times the [`deadline`](crate::Timing::deadline) of the credentials' timing if that is
    /// more.
    #[must_use]
    pub fn longest_look_up(&self) -> Duration {
        self.deadline().saturating_mul(4).max(LOOK_UP)
    }

    /// When a request that ended in this doubt was on the wire at the latest. Logging in and
    /// raising the privilege came before that; then its answer was waited for as long as the
    /// deadline, unless it was lost in another way, at once, or was a code.
    pub(crate) fn latest_sending(&self, begun: Instant, doubt: &Error) -> Instant {
        let now = Instant::now();
        match now.checked_sub(self.deadline()) {
            Some(sent) if sent >= begun && doubt.completion().is_none() => sent,
            _ => now,
        }
    }

    pub(super) fn look_up_limit(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.longest_look_up()).unwrap_or(now)
    }

    pub(crate) async fn look_up_power(
        &self,
        action: PowerAction,
        before: Before,
        sent: Instant,
    ) -> Outcome {
        let limit = self.look_up_limit();
        let mut seen = Vec::new();
        let looking = async {
            if !self.watch_power(action, before, &mut seen).await {
                return;
            }
            if action != PowerAction::DiagnosticInterrupt {
                seen.push(match self.restart_cause().await {
                    Ok(after) => compare(before, after),
                    Err(error) => Observation::failed::<GetSystemRestartCause>(&error),
                });
            }
            if seen.iter().all(|one| one.proves.is_none()) {
                let proof = |record: &_| proof(action, before.on, record);
                seen.extend(self.events_since(sent, proof).await);
            }
        };
        // What was seen by then counts.
        let _ = timeout_at(limit, looking).await;
        if seen.is_empty() {
            seen.push(Observation::of::<GetChassisStatus>("no answer"));
        }
        Outcome::of(seen)
    }

    /// Looks at the machine: until the BMC answers, and if it is being cycled until it is on again;
    /// for half the time. Whether the BMC answers.
    async fn watch_power(
        &self,
        action: PowerAction,
        before: Before,
        seen: &mut Vec<Observation>,
    ) -> bool {
        let begun = Instant::now();
        let mut was_off = false;
        loop {
            match self.send(&GetChassisStatus).await {
                Ok(status) if status.power_on => {
                    let (words, proven) = match was_off {
                        true => ("power is on again", action == PowerAction::Cycle && before.on),
                        false => ("power is on", false),
                    };
                    let one = Observation::of::<GetChassisStatus>(words);
                    seen.push(one.proving_if(proven, Verdict::Happened));
                    return true;
                }
                Ok(_) => {
                    if !was_off {
                        seen.push(Observation::of::<GetChassisStatus>("power is off"));
                    }
                    // A cycle goes on; nothing else does.
                    if action != PowerAction::Cycle {
                        return true;
                    }
                    was_off = true;
                }
                Err(error) if was_off && error.completion().is_some() => {}
                // A network interface that it shares with the machine restarts with it.
                Err(error) if error.is_silence() && begun.elapsed() < LOOK_UP / 2 => {}
                Err(error) => {
                    seen.push(Observation::failed::<GetChassisStatus>(&error));
                    return error.completion().is_some();
                }
            }
            // The rest of the time is for the other witnesses.
            if was_off && begun.elapsed() >= LOOK_UP / 2 {
                return true;
            }
            sleep(POLL).await;
        }
    }
}

/// A cause that is the same as before may be of a restart before; one of a machine that was off, of
/// its being switched on by a command.
fn compare(before: Before, after: SystemRestartCause) -> Observation {
    let last = format!("last restart: {}", words(after.cause));
    let one = |note: &str| Observation::of::<GetSystemRestartCause>(last.clone() + note);
    let command = RestartCause::ChassisControl;
    match before.cause {
        Some(cause) if cause.cause == after.cause && after.cause == command => {
            one(", as before the request: it may be older")
        }
        Some(cause) if cause.cause == after.cause => one(", as before the request"),
        Some(cause) => {
            let off = if before.on { "" } else { ", and it was not seen to be on" };
            one(&format!("; before the request: {}{off}", words(cause.cause)))
                .proving_if(before.on && after.cause == command, Verdict::Happened)
        }
        None => one("; it may be older than the request"),
    }
}

const fn words(cause: RestartCause) -> &'static str {
    match cause {
        RestartCause::Unknown => "cause unknown",
        RestartCause::ChassisControl => "by a command",
        RestartCause::ResetButton => "by the reset button",
        RestartCause::PowerButton => "by the power button",
        RestartCause::Watchdog => "by the watchdog",
        RestartCause::Oem => "by the manufacturer's own means",
        RestartCause::PowerRestoredAlways | RestartCause::PowerRestoredPrevious => {
            "when mains power came back"
        }
        RestartCause::PefReset => "by event filtering, a reset",
        RestartCause::PefPowerCycle => "by event filtering, a power cycle",
        RestartCause::SoftReset => "by a soft reset",
        RestartCause::RtcWakeup => "by the real-time clock",
        RestartCause::Other(_) => "for a reserved reason",
    }
}
