//! What is kept of DCMI.

use std::collections::BTreeMap;

use ipmi_wire::cmd::dcmi::{
    ConfigurationParameter, PowerLimit, SetPowerLimit, SetThermalLimit, ThermalLimit,
};
use ipmi_wire::{Decode, DecodeError, Encode, Reader};

use super::{Key, setting};

/// What was set of DCMI; `None` is as delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptDcmi {
    /// The power limit, and whether it is active.
    pub power_limit: Option<(PowerLimit, bool)>,
    /// Limits of temperatures at the inlet, by instance.
    pub thermal_limits: BTreeMap<u8, ThermalLimit>,
    /// The asset tag.
    pub asset_tag: Option<Vec<u8>>,
    /// The management controller's identifier string.
    pub identifier: Option<Vec<u8>>,
    /// Configuration parameters.
    pub configuration: Vec<ConfigurationParameter>,
}

/// The entity whose limits are kept; the format has room for others.
const INLET: u8 = 0x40;

impl KeptDcmi {
    pub(crate) fn limit_bytes(limit: PowerLimit, active: bool) -> Vec<u8> {
        let mut bytes = vec![active.into()];
        SetPowerLimit(limit).encode(&mut bytes);
        bytes
    }

    pub(crate) fn thermal_bytes(limits: impl Iterator<Item = (u8, ThermalLimit)>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (instance, limit) in limits {
            SetThermalLimit { entity: INLET, instance, limit }.encode(&mut bytes);
        }
        bytes
    }

    /// Takes a value that is one of these; whether it was.
    pub(super) fn take(&mut self, key: Key, r: &mut Reader<'_>) -> Result<bool, DecodeError> {
        match key {
            setting::POWER_LIMIT => {
                let active = r.u8("power limit active")? != 0;
                self.power_limit = Some((SetPowerLimit::decode(r)?.0, active));
            }
            setting::THERMAL_LIMITS => {
                while !r.is_empty() {
                    let SetThermalLimit { instance, limit, .. } = SetThermalLimit::decode(r)?;
                    self.thermal_limits.insert(instance, limit);
                }
            }
            setting::ASSET_TAG => self.asset_tag = Some(r.take_rest().to_vec()),
            setting::IDENTIFIER => self.identifier = Some(r.take_rest().to_vec()),
            key => match setting::dcmi_selector(key) {
                Some(selector) => {
                    self.configuration.push(ConfigurationParameter::decode(selector, r)?);
                }
                None => return Ok(false),
            },
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvram::Memory;

    #[test]
    fn limits_and_parameters_come_back() {
        let limit = PowerLimit { watts: 500, correction_ms: 1000, ..PowerLimit::default() };
        let thermal = ThermalLimit { persistent: true, celsius: 45, ..ThermalLimit::default() };
        let values = [
            (setting::POWER_LIMIT, KeptDcmi::limit_bytes(limit, true)),
            (setting::THERMAL_LIMITS, KeptDcmi::thermal_bytes([(2, thermal)].into_iter())),
            (setting::dcmi_parameter(4), vec![0x2c, 0x01]),
            (setting::ASSET_TAG, b"A 1234".to_vec()),
        ];
        let values = values.iter().map(|(key, value)| (*key, value.as_slice()));
        let kept = Memory::decode(values).unwrap().dcmi;
        assert_eq!(
            (kept.power_limit, kept.thermal_limits),
            (Some((limit, true)), [(2, thermal)].into())
        );
        assert_eq!(kept.configuration, [ConfigurationParameter::ContactTimeout(300)]);
        assert_eq!((kept.asset_tag, kept.identifier), (Some(b"A 1234".to_vec()), None));
    }
}
