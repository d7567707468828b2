//! Set DCMI Configuration Parameters: how the controller makes itself known by DHCP.

use super::{Acknowledged, ConfigurationParameter, GROUP, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Set DCMI Configuration Parameters. DCMI v1.5 §6.1.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetDcmiConfigurationParameters {
    /// Which of a set; 0 where there is no set, as with all that DCMI v1.5 defines.
    pub set: u8,
    /// The parameter and its value.
    pub parameter: ConfigurationParameter,
}

impl SetDcmiConfigurationParameters {
    /// The controller does not have this parameter.
    pub const UNSUPPORTED: CompletionCode = CompletionCode(0x80);
    /// It cannot be written.
    pub const READ_ONLY: CompletionCode = CompletionCode(0x82);
}

impl Command for SetDcmiConfigurationParameters {
    type Response = Acknowledged;
    const ID: CommandId = CommandId::group(GROUP, 0x12);
    const NAME: &'static str = "Set DCMI Configuration Parameters";
    const SECTION: &'static str = "DCMI v1.5 §6.1.2";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        match self.parameter {
            // Each time is another round of DHCP, after which the BMC may be elsewhere.
            ConfigurationParameter::ActivateDhcp(true) => Effect::Once,
            _ => Effect::Idempotent,
        }
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x80 => "the controller does not have this parameter",
            0x81 => "somebody else has setting under way",
            0x82 => "the parameter cannot be written",
            _ => return None,
        })
    }
}

impl Encode for SetDcmiConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, self.parameter.selector(), self.set]);
        self.parameter.encode(out);
    }
}

impl Decode for SetDcmiConfigurationParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        let [selector, set] = r.array("parameter and set selector")?;
        Ok(Self { set, parameter: ConfigurationParameter::decode(selector, r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::DiscoveryConfiguration;
    use super::*;

    #[test]
    fn values_are_what_ipmitool_sends() {
        // ipmi_dcmi_setconfparam() in lib/ipmi_dcmi.c of 1.8.19.
        let discovery =
            DiscoveryConfiguration { host_name: true, vendor_class: true, random_back_off: true };
        for (bytes, parameter) in [
            (&[0xdc, 1, 0, 1][..], ConfigurationParameter::ActivateDhcp(true)),
            (&[0xdc, 2, 0, 0x83], ConfigurationParameter::Discovery(discovery)),
            (&[0xdc, 3, 0, 4], ConfigurationParameter::InitialTimeout(4)),
            (&[0xdc, 4, 0, 0x78, 0x00], ConfigurationParameter::ContactTimeout(120)),
            (&[0xdc, 5, 0, 0x40, 0x01], ConfigurationParameter::ContactRetry(320)),
            (&[0xdc, 9, 0, 7], ConfigurationParameter::Other { selector: 9, data: vec![7] }),
        ] {
            let request = SetDcmiConfigurationParameters { set: 0, parameter };
            assert_eq!(request.to_bytes(), bytes);
            assert_eq!(SetDcmiConfigurationParameters::decode_exact(bytes), Ok(request));
        }
        for short in [&[0xdc, 1][..], &[0xdc, 3, 0], &[0xdc, 4, 0, 1]] {
            assert!(SetDcmiConfigurationParameters::decode_exact(short).is_err());
        }
        for code in 0x80..=0x82 {
            assert!(SetDcmiConfigurationParameters::explain(CompletionCode(code)).is_some());
        }
    }
}
