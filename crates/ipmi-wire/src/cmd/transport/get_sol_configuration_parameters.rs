//! Get SOL Configuration Parameters: how serial over LAN behaves.

use super::{SolParameter, REVISION, REVISION_ONLY};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get SOL Configuration Parameters. IPMI v2.0 §26.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSolConfigurationParameters {
    /// Which channel.
    pub channel: Channel,
    /// Ask for the parameter's revision alone.
    pub revision_only: bool,
    /// Which parameter.
    pub selector: u8,
    /// Which of a set; no parameter has any, so 0.
    pub set: u8,
    /// Which block of that; else 0.
    pub block: u8,
}

/// The answer to [`GetSolConfigurationParameters`]. It does not say what it is about: see
/// [`Command::decode_response`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolConfigurationParameters {
    /// Revision of the parameter: the present one in the high, the oldest that it is compatible to
    /// in the low four bits.
    pub revision: u8,
    /// The parameter; `None` if only its revision was asked for.
    pub parameter: Option<SolParameter>,
}

impl SolConfigurationParameters {
    /// The revision of the parameters in IPMI v2.0.
    pub const REVISION: u8 = REVISION;
}

impl GetSolConfigurationParameters {
    /// Asks for the parameter `selector` of `channel`, of which there is one.
    #[must_use]
    pub const fn of(channel: Channel, selector: u8) -> Self {
        Self { channel, revision_only: false, selector, set: 0, block: 0 }
    }
}

impl Command for GetSolConfigurationParameters {
    type Response = SolConfigurationParameters;
    const ID: CommandId = CommandId::new(NetFn::Transport, 0x22);
    const NAME: &'static str = "Get SOL Configuration Parameters";
    const SECTION: &'static str = "IPMI v2.0 §26.3";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn decode_response(&self, r: &mut Reader<'_>) -> Result<Self::Response, DecodeError> {
        let revision = r.u8("parameter revision")?;
        let parameter = match self.revision_only {
            true => None,
            false => Some(SolParameter::decode(self.selector, r)?),
        };
        Ok(SolConfigurationParameters { revision, parameter })
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x80).then_some("the controller does not have this parameter")
    }
}

impl Encode for GetSolConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        let revision_only = if self.revision_only { REVISION_ONLY } else { 0 };
        let channel = revision_only | self.channel.number();
        out.extend([channel, self.selector, self.set, self.block]);
    }
}

impl Decode for GetSolConfigurationParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = r.u8("channel")?;
        Ok(Self {
            channel: Channel::new(channel),
            revision_only: channel & REVISION_ONLY != 0,
            selector: r.u8("parameter selector")?,
            set: r.u8("set selector")?,
            block: r.u8("block selector")?,
        })
    }
}

impl Encode for SolConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.revision);
        if let Some(parameter) = &self.parameter {
            parameter.encode(out);
        }
    }
}

/// Without its request the answer is bytes.
impl Decode for SolConfigurationParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let revision = r.u8("parameter revision")?;
        let data = r.take_rest().to_vec();
        let parameter = (!data.is_empty())
            .then_some(SolParameter::Other { selector: UNKNOWN_SELECTOR, data });
        Ok(Self { revision, parameter })
    }
}

/// What an answer without its request is filed under: the last of the OEMs' numbers.
const UNKNOWN_SELECTOR: u8 = 0xff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_understood_with_its_request() {
        // `sol info 1` of ipmitool 1.8.19 (lib/ipmi_sol.c), answered by hand from Table 26-5.
        let bytes = [0x01, 0x08, 0x00, 0x00];
        let request = GetSolConfigurationParameters::decode_exact(&bytes).unwrap();
        assert_eq!(request, GetSolConfigurationParameters::of(Channel::new(1), 8));
        assert_eq!(request.to_bytes(), bytes);
        let bytes = [0x11, 0x6f, 0x02];
        let answer = request.decode_response(&mut Reader::new(&bytes)).unwrap();
        let parameter = Some(SolParameter::PayloadPort(623));
        assert_eq!(answer, SolConfigurationParameters { revision: 0x11, parameter });
        assert_eq!(answer.to_bytes(), bytes);
        for length in 0..bytes.len() {
            let cut = request.decode_response(&mut Reader::new(&bytes[..length]));
            assert!(cut.is_err(), "{length}");
        }
        let alone = SolConfigurationParameters::decode_exact(&bytes).unwrap();
        assert_eq!(alone.to_bytes(), bytes);
    }

    #[test]
    fn the_revision_comes_alone_if_asked_for() {
        let request = GetSolConfigurationParameters::decode_exact(&[0x81, 3, 0, 0]).unwrap();
        assert!(request.revision_only);
        assert_eq!(request.to_bytes(), [0x81, 3, 0, 0]);
        let answer = request.decode_response(&mut Reader::new(&[0x11])).unwrap();
        assert_eq!(answer, SolConfigurationParameters { revision: 0x11, parameter: None });
        for length in 0..4 {
            let cut = &[0x81, 3, 0, 0][..length];
            assert!(GetSolConfigurationParameters::decode_exact(cut).is_err());
        }
    }
}
