//! The machine's ACPI power states: what its software has told, as long as that can be true.

use ipmi_wire::cmd::app::{AcpiDeviceState, AcpiPowerState, AcpiSystemState, SetAcpiPowerState};

/// What was told.
#[derive(Debug, Default)]
pub(crate) struct Acpi {
    system: Option<AcpiSystemState>,
    device: Option<AcpiDeviceState>,
}

impl Acpi {
    /// Set ACPI Power State.
    pub(crate) fn set(&mut self, request: &SetAcpiPowerState) {
        self.system = request.system.or(self.system);
        self.device = request.device.or(self.device);
    }

    /// Get ACPI Power State. What nobody has told follows from main power.
    pub(crate) fn get(&self, on: bool) -> AcpiPowerState {
        let system = if on { AcpiSystemState::S0 } else { AcpiSystemState::S5 };
        let device = if on { AcpiDeviceState::D0 } else { AcpiDeviceState::D3 };
        AcpiPowerState {
            system: self.system.unwrap_or(system),
            device: self.device.unwrap_or(device),
        }
    }

    /// The machine has gone on or off, or started anew: what was told is past.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_holds_until_the_machine_turns() {
        let mut acpi = Acpi::default();
        assert_eq!(acpi.get(true).system, AcpiSystemState::S0);
        assert_eq!(acpi.get(false).system, AcpiSystemState::S5);
        let told = SetAcpiPowerState { system: Some(AcpiSystemState::S3), device: None };
        acpi.set(&told);
        acpi.set(&SetAcpiPowerState { system: None, device: Some(AcpiDeviceState::D1) });
        let state = acpi.get(true);
        assert_eq!((state.system, state.device), (AcpiSystemState::S3, AcpiDeviceState::D1));
        acpi.forget();
        assert_eq!(acpi.get(true).device, AcpiDeviceState::D0);
    }
}
