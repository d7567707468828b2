//! NetFn Group Extension (2Ch), group DCh: the Data Center Manageability Interface.
//!
//! Layouts are those of DCMI v1.5, as ipmitool 1.8.19 (`lib/ipmi_dcmi.c`), FreeIPMI 1.6.10
//! (`ipmi-dcmi-cmds.c`) and OpenBMC (`dcmihandler.cpp`) have them; where these disagree, the field
//! says so. Every request and every answer begins with the group's code.

mod capabilities;
mod configuration_parameter;
mod instances;
mod power_limit;
mod text;
mod thermal_limit;

pub use capabilities::{
    AccessAttributes, AveragePeriod, Capabilities, Conformance, MandatoryAttributes,
    OptionalAttributes, SupportedCapabilities, TimeUnit,
};
pub use configuration_parameter::{ConfigurationParameter, DiscoveryConfiguration};
pub use instances::{Instances, TEMPERATURE};
pub use power_limit::{ExceptionAction, PowerLimit};
pub use text::{TextLength, TextPiece};
pub use thermal_limit::ThermalLimit;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::commands;

commands! {
    get_dcmi_capabilities_info: GetDcmiCapabilitiesInfo;
    get_power_reading: GetPowerReading;
    get_power_limit: GetPowerLimit;
    set_power_limit: SetPowerLimit;
    activate_power_limit: ActivatePowerLimit;
    get_asset_tag: GetAssetTag;
    get_dcmi_sensor_info: GetDcmiSensorInfo;
    set_asset_tag: SetAssetTag;
    get_management_controller_identifier_string: GetManagementControllerIdentifierString;
    set_management_controller_identifier_string: SetManagementControllerIdentifierString;
    set_thermal_limit: SetThermalLimit;
    get_thermal_limit: GetThermalLimit;
    get_temperature_readings: GetTemperatureReadings;
    set_dcmi_configuration_parameters: SetDcmiConfigurationParameters;
    get_dcmi_configuration_parameters: GetDcmiConfigurationParameters;
}

/// The group's code: the first byte of every request and of every answer.
pub const GROUP: u8 = 0xdc;

/// What its own code is called where it is missing.
pub const GROUP_FIELD: &str = "group extension identification";

/// Takes the group's code.
fn group(r: &mut Reader<'_>) -> Result<(), DecodeError> {
    match r.u8(GROUP_FIELD)? {
        GROUP => Ok(()),
        other => Err(DecodeError::Invalid { field: GROUP_FIELD, value: other.into() }),
    }
}

/// An answer that says nothing but that it is one of this group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged;

impl Encode for Acknowledged {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(GROUP);
    }
}

impl Decode for Acknowledged {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // OpenBMC leaves the code out of answers without data: the completion code says it all.
        if !r.is_empty() {
            group(r)?;
        }
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_another_group_is_none_of_ours() {
        for bytes in [&[0x00][..], &[0x00, 1, 5, 2]] {
            let error = Acknowledged::decode(&mut Reader::new(bytes)).unwrap_err();
            assert_eq!(error, DecodeError::Invalid { field: GROUP_FIELD, value: 0 });
        }
        assert_eq!(Acknowledged::decode_exact(&[]), Ok(Acknowledged));
        assert_eq!(Acknowledged.to_bytes(), [0xdc]);
    }
}
