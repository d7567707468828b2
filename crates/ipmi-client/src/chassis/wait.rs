//! Waiting until the machine is as it was told to be. A BMC says "done" when it has understood.

use std::time::Duration;

use ipmi_wire::cmd::chassis::{GetChassisStatus, PowerAction, RestartCause};
use tokio::time::{Instant, sleep};

use crate::bmc::Bmc;
use crate::error::Error;
use crate::outcome::{Before, Done};

/// What came of waiting.
#[derive(Debug)]
pub struct Waited {
    /// Whether the machine came to be what it was to be.
    pub reached: bool,
    /// Whether it is on, if the BMC said so at last.
    pub on: Option<bool>,
    /// How long it took, or was waited.
    pub after: Duration,
    /// Why the BMC does not say, at last.
    pub error: Option<Error>,
}

/// How often the machine is looked at. A power cycle leaves a machine off for a second at the
/// least, unless it was told not to wait at all.
const POLL: Duration = Duration::from_millis(300);

impl Bmc {
    /// As [`power`](Self::power), and then waits: after on, off and soft until the machine is so,
    /// after a cycle until it was off and is on again. There is nothing to wait for after others.
    ///
    /// A BMC that says nothing meanwhile, or is busy, is asked again until `patience` is over.
    ///
    /// # Errors
    /// As [`power`](Self::power). That the state was not reached is no error here.
    pub async fn power_and_wait(
        &self,
        action: PowerAction,
        patience: Duration,
    ) -> Result<(Done, Option<Waited>), Error> {
        let before = match action {
            PowerAction::Cycle => self.before_restart().await?,
            _ => Before::default(),
        };
        let done = self.power(action).await?;
        let waited = match action {
            PowerAction::On => Some(self.wait_for(true, patience).await?),
            PowerAction::Off | PowerAction::SoftOff => Some(self.wait_for(false, patience).await?),
            PowerAction::Cycle => Some(self.wait_for_cycle(before, patience).await?),
            PowerAction::Reset | PowerAction::DiagnosticInterrupt => None,
        };
        Ok((done, waited))
    }

    async fn wait_for(&self, on: bool, patience: Duration) -> Result<Waited, Error> {
        self.watch(patience, async |_, is_on| is_on == on).await
    }

    /// Whoever misses the moment in which the machine was off has the restart cause: by a command
    /// now, and not before.
    async fn wait_for_cycle(&self, before: Before, patience: Duration) -> Result<Waited, Error> {
        let command = RestartCause::ChassisControl;
        let cause = before.cause.map(|cause| cause.cause);
        let mut was_off = !before.on;
        self.watch(patience, async |bmc, is_on| {
            was_off |= !is_on;
            if !is_on || was_off {
                return is_on;
            }
            let told = cause.is_some_and(|cause| cause != command);
            told && bmc.restart_cause().await.is_ok_and(|now| now.cause == command)
        })
        .await
    }

    async fn watch(
        &self,
        patience: Duration,
        mut is_it: impl AsyncFnMut(&Self, bool) -> bool,
    ) -> Result<Waited, Error> {
        let begun = Instant::now();
        loop {
            let (on, error) = match self.send(&GetChassisStatus).await {
                Ok(status) => {
                    let on = Some(status.power_on);
                    if is_it(self, status.power_on).await {
                        let after = begun.elapsed();
                        return Ok(Waited { reached: true, on, after, error: None });
                    }
                    (on, None)
                }
                // It may share its network interface with the machine, or be busy with it.
                Err(why) if why.is_silence() || why.completion().is_some() => (None, Some(why)),
                Err(why) => return Err(why),
            };
            let after = begun.elapsed();
            if after >= patience {
                return Ok(Waited { reached: false, on, after, error });
            }
            sleep(POLL.min(patience.saturating_sub(after))).await;
        }
    }
}
