//! Get PEF Configuration Parameters: what is done about events.

use super::PefParameter;
use crate::cmd::transport::explain_set;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get PEF Configuration Parameters. IPMI v2.0 §30.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetPefConfigurationParameters {
    /// Ask for the parameter's revision alone.
    pub revision_only: bool,
    /// Which parameter, 7 bits.
    pub selector: u8,
    /// Which of a set, such as an event filter; else 0.
    pub set: u8,
    /// Which block of that; else 0.
    pub block: u8,
}

/// The answer to [`GetPefConfigurationParameters`]. It does not say what it is about: see
/// [`Command::decode_response`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PefConfigurationParameters {
    /// Revision of the parameter: the present one in the high, the oldest that it is compatible to
    /// in the low four bits.
    pub revision: u8,
    /// The parameter; `None` if only its revision was asked for.
    pub parameter: Option<PefParameter>,
}

impl PefConfigurationParameters {
    /// The revision of the parameters in IPMI v2.0: 1, and backward compatible to 1.
    pub const REVISION: u8 = 0x11;
}

impl GetPefConfigurationParameters {
    /// Asks for the parameter `selector`, of which there is one.
    #[must_use]
    pub const fn of(selector: u8) -> Self {
        Self::entry(selector, 0)
    }

    /// Asks for one of a set.
    #[must_use]
    pub const fn entry(selector: u8, set: u8) -> Self {
        Self { revision_only: false, selector, set, block: 0 }
    }
}

impl Command for GetPefConfigurationParameters {
    type Response = PefConfigurationParameters;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x13);
    const NAME: &'static str = "Get PEF Configuration Parameters";
    const SECTION: &'static str = "IPMI v2.0 §30.4";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn decode_response(&self, r: &mut Reader<'_>) -> Result<Self::Response, DecodeError> {
        let revision = r.u8("parameter revision")?;
        let parameter = match self.revision_only {
            true => None,
            false => Some(PefParameter::decode(self.selector, r)?),
        };
        Ok(PefConfigurationParameters { revision, parameter })
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        // 81h and 82h are about setting.
        matches!(code.0, 0x80 | 0x83).then(|| explain_set(code)).flatten()
    }
}

const REVISION_ONLY: u8 = 0x80;

impl Encode for GetPefConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        let revision = if self.revision_only { REVISION_ONLY } else { 0 };
        out.extend([revision | (self.selector & 0x7f), self.set, self.block]);
    }
}

impl Decode for GetPefConfigurationParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let selector = r.u8("parameter selector")?;
        Ok(Self {
            revision_only: selector & REVISION_ONLY != 0,
            selector: selector & 0x7f,
            set: r.u8("set selector")?,
            block: r.u8("block selector")?,
        })
    }
}

impl Encode for PefConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.revision);
        if let Some(parameter) = &self.parameter {
            parameter.encode(out);
        }
    }
}

/// Without its request the answer is bytes.
impl Decode for PefConfigurationParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let revision = r.u8("parameter revision")?;
        let data = r.take_rest().to_vec();
        let parameter = (!data.is_empty())
            .then_some(PefParameter::Other { selector: UNKNOWN_SELECTOR, data });
        Ok(Self { revision, parameter })
    }
}

/// What an answer without its request is filed under: the last of the OEMs' numbers.
const UNKNOWN_SELECTOR: u8 = 0x7f;

#[cfg(test)]
mod tests {
    use super::super::PefControl;
    use super::*;

    #[test]
    fn an_answer_is_understood_with_its_request() {
        // `pef status` of ipmitool 1.8.19 (lib/ipmi_pef.c), answered by hand from Table 30-6.
        let bytes = [0x01, 0x00, 0x00];
        let request = GetPefConfigurationParameters::decode_exact(&bytes).unwrap();
        assert_eq!(request, GetPefConfigurationParameters::of(1));
        assert_eq!(request.to_bytes(), bytes);
        let bytes = [0x11, 0x01];
        let answer = request.decode_response(&mut Reader::new(&bytes)).unwrap();
        let control = PefControl { enabled: true, ..PefControl::default() };
        let parameter = Some(PefParameter::Control(control));
        assert_eq!(answer, PefConfigurationParameters { revision: 0x11, parameter });
        assert_eq!(answer.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(request.decode_response(&mut Reader::new(&bytes[..length])).is_err());
        }
        let alone = PefConfigurationParameters::decode_exact(&bytes).unwrap();
        assert_eq!(alone.to_bytes(), bytes);
    }

    #[test]
    fn the_revision_comes_alone_if_asked_for() {
        let request = GetPefConfigurationParameters::decode_exact(&[0x86, 1, 0]).unwrap();
        assert!(request.revision_only && request.selector == 6);
        assert_eq!(request.to_bytes(), [0x86, 1, 0]);
        let answer = request.decode_response(&mut Reader::new(&[0x11])).unwrap();
        assert_eq!(answer.parameter, None);
        for length in 0..3 {
            let cut = &[0x86, 1, 0][..length];
            assert!(GetPefConfigurationParameters::decode_exact(cut).is_err());
        }
    }
}
