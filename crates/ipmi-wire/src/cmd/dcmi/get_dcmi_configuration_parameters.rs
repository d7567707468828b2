//! Get DCMI Configuration Parameters: how the controller makes itself known by DHCP.

use super::{ConfigurationParameter, Conformance, GROUP, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Get DCMI Configuration Parameters. DCMI v1.5 §6.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetDcmiConfigurationParameters {
    /// Which parameter: 1 to 5.
    pub selector: u8,
    /// Which of a set; 0 where there is no set.
    pub set: u8,
}

/// The answer to [`GetDcmiConfigurationParameters`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DcmiConfiguration {
    /// Which specification.
    pub conformance: Conformance,
    /// The parameter.
    pub parameter: ConfigurationParameter,
}

impl Command for GetDcmiConfigurationParameters {
    type Response = DcmiConfiguration;
    const ID: CommandId = CommandId::group(GROUP, 0x13);
    const NAME: &'static str = "Get DCMI Configuration Parameters";
    const SECTION: &'static str = "DCMI v1.5 §6.1.3";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn decode_response(&self, r: &mut Reader<'_>) -> Result<Self::Response, DecodeError> {
        let conformance = Conformance::decode(r)?;
        let parameter = ConfigurationParameter::decode(self.selector, r)?;
        Ok(DcmiConfiguration { conformance, parameter })
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x80).then_some("the controller does not have this parameter")
    }
}

impl Encode for GetDcmiConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, self.selector, self.set]);
    }
}

impl Decode for GetDcmiConfigurationParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        let [selector, set] = r.array("parameter and set selector")?;
        Ok(Self { selector, set })
    }
}

impl Encode for DcmiConfiguration {
    fn encode(&self, out: &mut Vec<u8>) {
        self.conformance.encode(out);
        self.parameter.encode(out);
    }
}

impl Decode for DcmiConfiguration {
    /// Without its request a value is not understood.
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let conformance = Conformance::decode(r)?;
        let data = r.take_rest().to_vec();
        let parameter = ConfigurationParameter::Other { selector: 0, data };
        Ok(Self { conformance, parameter })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_where_ipmitool_looks_for_it() {
        let request = GetDcmiConfigurationParameters { selector: 4, set: 0 };
        assert_eq!(request.to_bytes(), [0xdc, 4, 0]);
        assert_eq!(GetDcmiConfigurationParameters::decode_exact(&[0xdc, 4, 0]), Ok(request));
        // OpenBMC's answer: two minutes.
        let bytes = [0xdc, 1, 5, 1, 0x78, 0x00];
        let told = request.decode_response(&mut Reader::new(&bytes)).unwrap();
        assert_eq!(told.parameter, ConfigurationParameter::ContactTimeout(120));
        assert_eq!(told.to_bytes(), bytes);
        assert!(request.decode_response(&mut Reader::new(&bytes[..5])).is_err());
        assert!(GetDcmiConfigurationParameters::decode_exact(&[0xdc, 4]).is_err());
        assert!(GetDcmiConfigurationParameters::explain(CompletionCode(0x80)).is_some());
    }
}
