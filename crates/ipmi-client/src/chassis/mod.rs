//! The chassis: what the machine does when mains power comes back, which of its buttons work, from
//! what it starts, and waiting until it is on or off.

mod boot;
mod mailbox;
mod wait;

use ipmi_wire::Command;
use ipmi_wire::cmd::chassis::{
    FrontPanelButtons, GetChassisStatus, PowerRestorePolicies, PowerRestorePolicy,
    SetFrontPanelEnables, SetPowerCycleInterval, SetPowerRestorePolicy,
};

pub use boot::{BootChange, BootOptions, BootRequest};
pub use mailbox::{Mailbox, MailboxChange};
pub use wait::Waited;

use crate::bmc::Bmc;
use crate::error::Error;
use crate::settings::{Change, tell};

/// What the machine does when mains power comes back.
#[derive(Debug)]
pub struct RestorePolicy {
    /// What is set.
    pub current: PowerRestorePolicy,
    /// What can be set, or why the BMC does not tell.
    pub supported: Result<PowerRestorePolicies, Error>,
}

/// A button on the front panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PanelButton {
    /// Power.
    Power,
    /// Reset.
    Reset,
    /// Diagnostic interrupt.
    Diagnostic,
    /// Standby, or sleep.
    Standby,
}

impl PanelButton {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Power, Self::Reset, Self::Diagnostic, Self::Standby];

    /// `power`, `reset`, `diagnostic` or `standby`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Reset => "reset",
            Self::Diagnostic => "diagnostic",
            Self::Standby => "standby",
        }
    }

    /// Whether it is disabled, and whether it can be.
    #[must_use]
    pub const fn of(self, buttons: &FrontPanelButtons) -> (bool, bool) {
        match self {
            Self::Power => (buttons.power_disabled, buttons.power_disable_allowed),
            Self::Reset => (buttons.reset_disabled, buttons.reset_disable_allowed),
            Self::Diagnostic => (buttons.diagnostic_disabled, buttons.diagnostic_disable_allowed),
            Self::Standby => (buttons.standby_disabled, buttons.standby_disable_allowed),
        }
    }

    const fn place(self, all: &mut SetFrontPanelEnables) -> &mut bool {
        match self {
            Self::Power => &mut all.disable_power,
            Self::Reset => &mut all.disable_reset,
            Self::Diagnostic => &mut all.disable_diagnostic,
            Self::Standby => &mut all.disable_standby,
        }
    }
}

impl Bmc {
    /// What the machine does when mains power comes back, and what it could be told to.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn restore_policy(&self) -> Result<RestorePolicy, Error> {
        let supported = tell(self.send(&SetPowerRestorePolicy { policy: None }).await)?;
        let current = self.send(&GetChassisStatus).await?.restore_policy;
        Ok(RestorePolicy { current, supported })
    }

    /// Sets what the machine does when mains power comes back.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`](crate::ErrorKind::NotPossible), and nothing was set, if the BMC
    /// says that it has no such policy; else as [`Bmc::send`].
    pub async fn set_restore_policy(
        &self,
        policy: PowerRestorePolicy,
    ) -> Result<Change<PowerRestorePolicy>, Error> {
        const DOING: &str = SetPowerRestorePolicy::NAME;
        let RestorePolicy { current: before, supported } = self.restore_policy().await?;
        let (name, missing) = match (policy, supported.ok()) {
            (PowerRestorePolicy::AlwaysOff, Some(known)) => ("always-off", !known.always_off),
            (PowerRestorePolicy::Previous, Some(known)) => ("previous", !known.previous),
            (PowerRestorePolicy::AlwaysOn, Some(known)) => ("always-on", !known.always_on),
            (PowerRestorePolicy::Unknown, _) => ("unknown", true),
            (_, None) => ("", false),
        };
        if missing {
            let why = format!("the policy '{name}' is none that this BMC has");
            return Err(self.not_possible(DOING, why));
        }
        self.send(&SetPowerRestorePolicy { policy: Some(policy) }).await?;
        let now = self.send(&GetChassisStatus).await?.restore_policy;
        Ok(Change { before: Some(before), asked: policy, now: Some(now) })
    }

    /// Which buttons on the front panel work; `None` if the BMC does not tell.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn front_panel(&self) -> Result<Option<FrontPanelButtons>, Error> {
        Ok(self.send(&GetChassisStatus).await?.buttons)
    }

    /// Disables buttons, or enables them again. The command says it of all buttons anew, so that
    /// those that are not meant are told to stay as they are.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`](crate::ErrorKind::NotPossible), and nothing was set, if a button
    /// cannot be disabled, or if the BMC does not tell how the others are; else as [`Bmc::send`].
    pub async fn disable_buttons(
        &self,
        buttons: &[PanelButton],
        disable: bool,
    ) -> Result<Change<SetFrontPanelEnables>, Error> {
        const DOING: &str = SetFrontPanelEnables::NAME;
        let told = self.front_panel().await?;
        let all_meant = PanelButton::ALL.iter().all(|button| buttons.contains(button));
        if told.is_none() && !all_meant {
            let why = "the BMC does not tell how the other buttons are, and would set them, too: \
                       name all four";
            return Err(self.not_possible(DOING, why.to_owned()));
        }
        let present = told.as_ref().map(disabled);
        let mut asked = present.unwrap_or_default();
        for button in buttons {
            let allowed = told.as_ref().is_none_or(|told| button.of(told).1);
            if disable && !allowed {
                let why = format!("the {} button cannot be disabled", button.name());
                return Err(self.not_possible(DOING, why));
            }
            *button.place(&mut asked) = disable;
        }
        self.send(&asked).await?;
        let now = self.front_panel().await?.as_ref().map(disabled);
        Ok(Change { before: present, asked, now })
    }

    /// Sets how many seconds a power cycle leaves the machine off. IPMI has no way to ask for it.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_cycle_interval(&self, seconds: u8) -> Result<(), Error> {
        self.send(&SetPowerCycleInterval { seconds }).await
    }
}

fn disabled(buttons: &FrontPanelButtons) -> SetFrontPanelEnables {
    let mut all = SetFrontPanelEnables::default();
    for button in PanelButton::ALL {
        *button.place(&mut all) = button.of(buttons).0;
    }
    all
}

#[cfg(test)]
mod tests;
