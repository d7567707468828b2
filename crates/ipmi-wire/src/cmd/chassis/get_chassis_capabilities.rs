//! Get Chassis Capabilities: which chassis functions there are, and who has them.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Chassis Capabilities. IPMI v2.0 §28.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetChassisCapabilities;

/// The answer to [`GetChassisCapabilities`]. Addresses are IPMB slave addresses; 20h is the BMC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChassisCapabilities {
    /// There is an intrusion (physical security) sensor.
    pub intrusion_sensor: bool,
    /// The front panel can be locked.
    pub front_panel_lockout: bool,
    /// There is a diagnostic interrupt (front panel NMI).
    pub diagnostic_interrupt: bool,
    /// There is a power interlock.
    pub power_interlock: bool,
    /// Address of the chassis FRU device; 0 is unspecified.
    pub fru_address: u8,
    /// Address of the chassis SDR device.
    pub sdr_address: u8,
    /// Address of the chassis SEL device.
    pub sel_address: u8,
    /// Address of the chassis system management device.
    pub sm_address: u8,
    /// Address of the chassis bridge device; the BMC's if left out.
    pub bridge_address: Option<u8>,
}

impl Command for GetChassisCapabilities {
    type Response = ChassisCapabilities;
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x00);
    const NAME: &'static str = "Get Chassis Capabilities";
    const SECTION: &'static str = "IPMI v2.0 §28.1";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetChassisCapabilities);

impl Encode for ChassisCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            u8::from(self.intrusion_sensor)
                | (u8::from(self.front_panel_lockout) << 1)
                | (u8::from(self.diagnostic_interrupt) << 2)
                | (u8::from(self.power_interlock) << 3),
            self.fru_address,
            self.sdr_address,
            self.sel_address,
            self.sm_address,
        ]);
        out.extend(self.bridge_address);
    }
}

impl Decode for ChassisCapabilities {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags = r.u8("capabilities flags")?;
        Ok(Self {
            intrusion_sensor: flags & 1 != 0,
            front_panel_lockout: flags & 2 != 0,
            diagnostic_interrupt: flags & 4 != 0,
            power_interlock: flags & 8 != 0,
            fru_address: r.u8("chassis FRU device address")?,
            sdr_address: r.u8("chassis SDR device address")?,
            sel_address: r.u8("chassis SEL device address")?,
            sm_address: r.u8("chassis system management device address")?,
            bridge_address: r.optional_u8(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bridge_may_be_left_out() {
        // By hand from §28.1.
        let bytes = [0x05, 0x20, 0x20, 0x20, 0x20, 0x22];
        let long = ChassisCapabilities::decode_exact(&bytes).unwrap();
        assert!(long.intrusion_sensor && long.diagnostic_interrupt && !long.power_interlock);
        assert_eq!(long.bridge_address, Some(0x22));
        assert_eq!(long.to_bytes(), bytes);
        let short = ChassisCapabilities::decode_exact(&bytes[..5]).unwrap();
        assert_eq!(short, ChassisCapabilities { bridge_address: None, ..long });
        assert_eq!(short.to_bytes(), bytes[..5]);
    }
}
