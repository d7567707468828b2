//! Get PEF Capabilities: what a controller can do about events.

use super::PefActions;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get PEF Capabilities. IPMI v2.0 §30.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetPefCapabilities;

/// The answer to [`GetPefCapabilities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PefCapabilities {
    /// Version of PEF, two digits with the first in the low four bits: 51h is 1.5.
    pub version: u8,
    /// The actions that there are.
    pub actions: PefActions,
    /// Whether records of the OEM's types are filtered, too.
    pub oem_records: bool,
    /// How many event filters there are.
    pub filters: u8,
}

impl PefCapabilities {
    /// The version in IPMI v2.0.
    pub const VERSION: u8 = 0x51;
}

impl Command for GetPefCapabilities {
    type Response = PefCapabilities;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x10);
    const NAME: &'static str = "Get PEF Capabilities";
    const SECTION: &'static str = "IPMI v2.0 §30.1";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetPefCapabilities);

impl Encode for PefCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        let actions = self.actions.bits() | (u8::from(self.oem_records) << 7);
        out.extend([self.version, actions, self.filters]);
    }
}

impl Decode for PefCapabilities {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version = r.u8("PEF version")?;
        let actions = r.u8("action support")?;
        Ok(Self {
            version,
            actions: PefActions::from_bits(actions),
            oem_records: actions & 0x80 != 0,
            filters: r.u8("number of event filter table entries")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ipmitool_takes_is_understood() {
        // The form that `pef info` of ipmitool 1.8.19 insists on (lib/ipmi_pef.c): three bytes.
        let bytes = [0x51, 0xae, 0x10];
        let capabilities = PefCapabilities::decode_exact(&bytes).unwrap();
        assert_eq!(capabilities.to_bytes(), bytes);
        let PefActions { alert, power_down, reset, power_cycle, oem, diagnostic_interrupt } =
            capabilities.actions;
        assert!(power_down && reset && power_cycle && diagnostic_interrupt && !alert && !oem);
        assert_eq!((capabilities.oem_records, capabilities.filters), (true, 16));
        for length in 0..bytes.len() {
            assert!(PefCapabilities::decode_exact(&bytes[..length]).is_err());
        }
    }
}
