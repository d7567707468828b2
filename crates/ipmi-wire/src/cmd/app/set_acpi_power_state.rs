//! Set ACPI Power State: the machine's software says in which state it is.

use super::acpi_power_state::known;
use super::{AcpiDeviceState, AcpiSystemState};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set ACPI Power State. IPMI v2.0 §20.6.
///
/// It tells the controller of a state; it does not bring one about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetAcpiPowerState {
    /// The system's state; `None` leaves that as it is.
    pub system: Option<AcpiSystemState>,
    /// The devices' state; `None` leaves that as it is.
    pub device: Option<AcpiDeviceState>,
}

impl Command for SetAcpiPowerState {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x06);
    const NAME: &'static str = "Set ACPI Power State";
    const SECTION: &'static str = "IPMI v2.0 §20.6";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

/// Bit 7: the state is meant.
const SET: u8 = 0x80;
/// "No change".
const NO_CHANGE: u8 = 0x7f;

impl Encode for SetAcpiPowerState {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.system.map_or(NO_CHANGE, |state| SET | state.number()));
        out.push(self.device.map_or(NO_CHANGE, |state| SET | state.number()));
    }
}

impl Decode for SetAcpiPowerState {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // "No change" can be said in two ways: by the bit, and by the number.
        let meant = |byte: u8| (byte & SET != 0 && byte & !SET != NO_CHANGE).then_some(byte & !SET);
        let system = meant(r.u8("ACPI system power state")?)
            .map(|state| known("ACPI system power state", state, AcpiSystemState::from_number));
        let device = meant(r.u8("ACPI device power state")?)
            .map(|state| known("ACPI device power state", state, AcpiDeviceState::from_number));
        Ok(Self { system: system.transpose()?, device: device.transpose()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_meant_is_left_alone() {
        // `bmc-device --set-acpi-power-state --set-acpi-system-power-state=S1` (FreeIPMI 1.6.10).
        let request = SetAcpiPowerState::decode_exact(&[0x81, 0x7f]).unwrap();
        assert_eq!(request.system, Some(AcpiSystemState::S1));
        assert_eq!((request.device, request.to_bytes()), (None, vec![0x81, 0x7f]));
        for bytes in [[0x05, 0x03], [0xff, 0xff], [0x7f, 0x00]] {
            let request = SetAcpiPowerState::decode_exact(&bytes).unwrap();
            assert_eq!(request, SetAcpiPowerState { system: None, device: None });
        }
        let both = SetAcpiPowerState::decode_exact(&[0xaa, 0x83]).unwrap();
        assert_eq!(both.system, Some(AcpiSystemState::UNKNOWN));
        assert_eq!(both.device, Some(AcpiDeviceState::D3));
    }

    #[test]
    fn what_is_reserved_is_refused() {
        for bytes in [[0x8b, 0x7f], [0xa2, 0x7f], [0x7f, 0x84], [0x7f, 0xab]] {
            assert!(SetAcpiPowerState::decode_exact(&bytes).is_err(), "{bytes:02x?}");
        }
        for bytes in [&[][..], &[0x80], &[0x80, 0x80, 0]] {
            assert!(SetAcpiPowerState::decode_exact(bytes).is_err());
        }
    }
}
