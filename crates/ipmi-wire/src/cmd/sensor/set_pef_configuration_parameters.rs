//! Set PEF Configuration Parameters: what is done about events.

use super::PefParameter;
use crate::cmd::transport::explain_set;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set PEF Configuration Parameters. IPMI v2.0 §30.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPefConfigurationParameters {
    /// The parameter and its value.
    pub parameter: PefParameter,
}

impl Command for SetPefConfigurationParameters {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x12);
    const NAME: &'static str = "Set PEF Configuration Parameters";
    const SECTION: &'static str = "IPMI v2.0 §30.3";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        explain_set(code)
    }
}

impl Encode for SetPefConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.parameter.selector() & 0x7f);
        self.parameter.encode(out);
    }
}

impl Decode for SetPefConfigurationParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let selector = r.u8("parameter selector")? & 0x7f;
        Ok(Self { parameter: PefParameter::decode(selector, r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::FilterConfiguration;
    use super::*;

    #[test]
    fn what_ipmitool_sends_is_understood() {
        // `pef filter enable 3` of ipmitool 1.8.19 (lib/ipmi_pef.c).
        let bytes = [0x07, 0x03, 0x80];
        let request = SetPefConfigurationParameters::decode_exact(&bytes).unwrap();
        let configuration = FilterConfiguration { enabled: true, ..FilterConfiguration::default() };
        let parameter = PefParameter::FilterData1 { number: 3, configuration };
        assert_eq!(request, SetPefConfigurationParameters { parameter });
        assert_eq!((request.to_bytes(), request.effect()), (bytes.to_vec(), Effect::Idempotent));
        for length in 0..bytes.len() {
            assert!(SetPefConfigurationParameters::decode_exact(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn the_command_explains_its_codes() {
        for code in 0x80..=0x83 {
            assert!(SetPefConfigurationParameters::explain(CompletionCode(code)).is_some());
        }
        assert_eq!(SetPefConfigurationParameters::explain(CompletionCode(0xc9)), None);
    }
}
