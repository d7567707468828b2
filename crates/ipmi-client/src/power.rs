//! Power, as an administrator thinks of it.

use ipmi_wire::cmd::chassis::{ChassisControl, GetChassisStatus, PowerAction};

use crate::bmc::Bmc;
use crate::error::Error;

impl Bmc {
    /// Whether the machine's main power is on.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn is_powered_on(&self) -> Result<bool, Error> {
        self.send(&GetChassisStatus).await.map(|status| status.power_on)
    }

    /// Acts on the machine's power. Off on a machine that is off is a null operation; cycle, reset
    /// and the diagnostic interrupt are sent once and never repeated.
    ///
    /// # Errors
    /// As [`Bmc::send`]; [`Failure::Uncertain`](crate::Failure::Uncertain) when the answer to what
    /// must not be repeated was lost.
    pub async fn power(&self, action: PowerAction) -> Result<(), Error> {
        self.send(&ChassisControl { action }).await
    }
}
