//! Get Thermal Limit: how hot an entity may get.

use super::{GROUP, ThermalLimit, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Get Thermal Limit. DCMI v1.5 §6.7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetThermalLimit {
    /// Entity ID: 40h or 37h, the inlet.
    pub entity: u8,
    /// Instance, from 1 on.
    pub instance: u8,
}

/// The answer to [`GetThermalLimit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThermalLimitSet(pub ThermalLimit);

impl Command for GetThermalLimit {
    type Response = ThermalLimitSet;
    const ID: CommandId = CommandId::group(GROUP, 0x0c);
    const NAME: &'static str = "Get Thermal Limit";
    const SECTION: &'static str = "DCMI v1.5 §6.7.1";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetThermalLimit {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, self.entity, self.instance]);
    }
}

impl Decode for GetThermalLimit {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        let [entity, instance] = r.array("entity and instance")?;
        Ok(Self { entity, instance })
    }
}

impl Encode for ThermalLimitSet {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(GROUP);
        self.0.encode(out);
    }
}

impl Decode for ThermalLimitSet {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        ThermalLimit::decode(r).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_where_ipmitool_looks_for_it() {
        // struct thermal_limit of include/ipmitool/ipmi_dcmi.h.
        let bytes = [0xdc, 0xa0, 45, 0x3c, 0x00];
        let ThermalLimitSet(limit) = ThermalLimitSet::decode_exact(&bytes).unwrap();
        assert!(limit.persistent && limit.log && !limit.power_off);
        assert_eq!((limit.celsius, limit.seconds), (45, 60));
        assert_eq!(ThermalLimitSet(limit).to_bytes(), bytes);
        let request = GetThermalLimit { entity: 0x40, instance: 1 };
        assert_eq!(request.to_bytes(), [0xdc, 0x40, 1]);
        assert_eq!(GetThermalLimit::decode_exact(&[0xdc, 0x40, 1]), Ok(request));
        assert!(ThermalLimitSet::decode_exact(&bytes[..4]).is_err());
        assert!(GetThermalLimit::decode_exact(&[0xdc, 0x40]).is_err());
    }
}
