//! Power, as an administrator thinks of it.

use ipmi_wire::cmd::chassis::{
    ChassisControl, GetChassisStatus, GetSystemRestartCause, PowerAction, SystemRestartCause,
};
use ipmi_wire::{Command, Effect};
use tokio::time::Instant;

use crate::bmc::Bmc;
use crate::error::Error;
use crate::outcome::{Before, Done};

impl Bmc {
    /// Whether the machine's main power is on.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn is_powered_on(&self) -> Result<bool, Error> {
        self.send(&GetChassisStatus).await.map(|status| status.power_on)
    }

    /// Acts on the machine's power. Off on a machine that is off is a null operation.
    ///
    /// Cycle, reset and the diagnostic interrupt are sent once. If the answer is lost, what became
    /// of it is looked up, for [`longest_look_up`](Self::longest_look_up) at most. For that the
    /// power and the restart cause are read before a cycle and a reset: a machine that was on, and
    /// whose last restart was not by a command before and is afterwards, was restarted.
    ///
    /// All of that ends within three [`longest_call`](Self::longest_call) and one look-up.
    ///
    /// # Errors
    /// As [`Bmc::send`]; [`ErrorKind::AnswerLost`](crate::ErrorKind::AnswerLost) if the answer was
    /// lost and nothing proves that it happened.
    pub async fn power(&self, action: PowerAction) -> Result<Done, Error> {
        let command = ChassisControl { action };
        if command.effect() != Effect::Once {
            return self.send(&command).await.map(|()| Done::Accepted);
        }
        let before = match action {
            PowerAction::Cycle | PowerAction::Reset => self.before_restart().await?,
            _ => Before::default(),
        };
        let begun = Instant::now();
        // One that is busy has not begun.
        match self.send_until_free(0, &command).await {
            Ok(()) => Ok(Done::Accepted),
            Err(error) if error.leaves_doubt() => {
                let sent = self.latest_sending(begun, &error);
                let outcome = self.look_up_power(action, before, sent).await;
                outcome.settle(error).map(Done::Proven)
            }
            Err(error) => Err(error),
        }
    }

    /// An error if there is nobody to send a command to: each would wait as long and end the same
    /// way. Whoever refuses to tell has nothing to tell afterwards either.
    pub(crate) async fn before_restart(&self) -> Result<Before, Error> {
        let on = match self.send(&GetChassisStatus).await {
            Ok(status) => status.power_on,
            Err(error) if error.completion().is_some() => false,
            Err(error) => return Err(error),
        };
        Ok(Before { on, cause: self.restart_cause().await.ok() })
    }

    pub(crate) async fn restart_cause(&self) -> Result<SystemRestartCause, Error> {
        self.send(&GetSystemRestartCause).await
    }
}
