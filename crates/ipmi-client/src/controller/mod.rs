//! The controller itself: its watchdog, what it does for the system interface, ACPI states, and
//! what the machine and its software are called.

mod system_info;
mod watchdog;

use ipmi_wire::cmd::app::{
    AcpiPowerState, GetAcpiPowerState, GetBmcGlobalEnables, GetSystemInterfaceCapabilities,
    GlobalEnables, SetAcpiPowerState, SetBmcGlobalEnables, SystemInterface,
    SystemInterfaceCapabilities,
};

pub use system_info::{SystemText, SystemTextChange, SystemTexts};
pub use watchdog::{Watchdog, WatchdogChange, WatchdogRequest};

use crate::bmc::Bmc;
use crate::error::Error;
use crate::settings::{Change, all_refused_alike, tell};

/// What there is to know of a kind of system interface, or why the BMC does not tell.
pub type InterfaceTold = (SystemInterface, Result<SystemInterfaceCapabilities, Error>);

impl Bmc {
    /// What the controller does for the system interface.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn global_enables(&self) -> Result<GlobalEnables, Error> {
        self.send(&GetBmcGlobalEnables).await
    }

    /// Changes what the controller does for the system interface. By the specification that is for
    /// software on the machine itself; some BMCs let consoles do it, too.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_global_enables(
        &self,
        change: impl FnOnce(&mut GlobalEnables),
    ) -> Result<Change<GlobalEnables>, Error> {
        let before = self.global_enables().await?;
        let mut enables = before;
        change(&mut enables);
        self.send(&SetBmcGlobalEnables { enables }).await?;
        let now = tell(self.global_enables().await)?.ok();
        Ok(Change { before: Some(before), asked: enables, now })
    }

    /// In which ACPI state the machine is, as far as the controller knows.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn acpi_state(&self) -> Result<AcpiPowerState, Error> {
        self.send(&GetAcpiPowerState).await
    }

    /// Tells the controller in which ACPI state the machine is; it does not bring one about. What is
    /// not said stays.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_acpi_state(
        &self,
        state: SetAcpiPowerState,
    ) -> Result<Change<AcpiPowerState>, Error> {
        let before = tell(self.acpi_state().await)?.ok();
        self.send(&state).await?;
        let now = tell(self.acpi_state().await)?.ok();
        let kept = before.or(now);
        let asked = AcpiPowerState {
            system: state.system.or(kept.map(|kept| kept.system)).unwrap_or(UNKNOWN.system),
            device: state.device.or(kept.map(|kept| kept.device)).unwrap_or(UNKNOWN.device),
        };
        Ok(Change { before, asked, now })
    }

    /// What the BMC says of each kind of system interface.
    ///
    /// # Errors
    /// As [`Bmc::send`]; a BMC that refuses a single kind says so there.
    pub async fn system_interfaces(&self) -> Result<Vec<InterfaceTold>, Error> {
        let mut all = Vec::new();
        for interface in [SystemInterface::SSIF, SystemInterface::KCS, SystemInterface::SMIC] {
            let told = self.send(&GetSystemInterfaceCapabilities { interface }).await;
            all.push((interface, tell(told)?));
        }
        if all_refused_alike(all.iter().map(|(_, told)| told.as_ref().err()))
            && let Some((_, Err(error))) = all.pop()
        {
            return Err(error);
        }
        Ok(all)
    }
}

const UNKNOWN: AcpiPowerState = AcpiPowerState {
    system: ipmi_wire::cmd::app::AcpiSystemState::UNKNOWN,
    device: ipmi_wire::cmd::app::AcpiDeviceState::UNKNOWN,
};

#[cfg(test)]
mod tests;
