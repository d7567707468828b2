//! Get ACPI Power State: in which state the machine is, as far as the controller knows.

use super::acpi_power_state::known;
use super::{AcpiDeviceState, AcpiSystemState};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get ACPI Power State. IPMI v2.0 §20.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetAcpiPowerState;

/// The answer to [`GetAcpiPowerState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcpiPowerState {
    /// The system's state.
    pub system: AcpiSystemState,
    /// The devices' state.
    pub device: AcpiDeviceState,
}

impl Command for GetAcpiPowerState {
    type Response = AcpiPowerState;
    const ID: CommandId = CommandId::new(NetFn::App, 0x07);
    const NAME: &'static str = "Get ACPI Power State";
    const SECTION: &'static str = "IPMI v2.0 §20.7";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetAcpiPowerState);

impl Encode for AcpiPowerState {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.system.number(), self.device.number()]);
    }
}

impl Decode for AcpiPowerState {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // Bit 7 is reserved.
        let system = r.u8("ACPI system power state")? & 0x7f;
        let device = r.u8("ACPI device power state")? & 0x7f;
        Ok(Self {
            system: known("ACPI system power state", system, AcpiSystemState::from_number)?,
            device: known("ACPI device power state", device, AcpiDeviceState::from_number)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_number() {
        for number in 0..=0xff {
            let Ok(state) = AcpiPowerState::decode_exact(&[number, 0x80]) else {
                assert!(AcpiSystemState::from_number(number).is_none());
                continue;
            };
            assert_eq!(state.to_bytes(), [number & 0x7f, 0]);
            assert!(!state.system.name().is_empty());
        }
        // By hand from Table 20-5: soft-off, devices in D3.
        let off = AcpiPowerState::decode_exact(&[5, 3]).unwrap();
        assert_eq!((off.system, off.device), (AcpiSystemState::S5, AcpiDeviceState::D3));
        assert!(AcpiPowerState::decode_exact(&[0]).is_err());
        assert!(AcpiPowerState::decode_exact(&[0, 0x2b]).is_err());
    }
}
