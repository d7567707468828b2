//! Get LAN Configuration Parameters: how the controller is reached.

use super::{LanParameter, REVISION, REVISION_ONLY};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get LAN Configuration Parameters. IPMI v2.0 §23.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetLanConfigurationParameters {
    /// Which channel.
    pub channel: Channel,
    /// Ask for the parameter's revision alone.
    pub revision_only: bool,
    /// Which parameter.
    pub selector: u8,
    /// Which of a set, such as an alert destination; else 0.
    pub set: u8,
    /// Which block of that; else 0.
    pub block: u8,
}

/// The answer to [`GetLanConfigurationParameters`]. It does not say what it is about: see
/// [`Command::decode_response`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanConfigurationParameters {
    /// Revision of the parameter: the present one in the high, the oldest that it is compatible to
    /// in the low four bits.
    pub revision: u8,
    /// The parameter; `None` if only its revision was asked for.
    pub parameter: Option<LanParameter>,
}

impl LanConfigurationParameters {
    /// The revision of the parameters in IPMI v2.0.
    pub const REVISION: u8 = REVISION;
}

impl GetLanConfigurationParameters {
    /// Asks for the parameter `selector` of `channel`, of which there is one.
    #[must_use]
    pub const fn of(channel: Channel, selector: u8) -> Self {
        Self { channel, revision_only: false, selector, set: 0, block: 0 }
    }
}

impl Command for GetLanConfigurationParameters {
    type Response = LanConfigurationParameters;
    const ID: CommandId = CommandId::new(NetFn::Transport, 0x02);
    const NAME: &'static str = "Get LAN Configuration Parameters";
    const SECTION: &'static str = "IPMI v2.0 §23.2";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn decode_response(&self, r: &mut Reader<'_>) -> Result<Self::Response, DecodeError> {
        let revision = r.u8("parameter revision")?;
        let parameter = match self.revision_only {
            true => None,
            false => Some(LanParameter::decode(self.selector, r)?),
        };
        Ok(LanConfigurationParameters { revision, parameter })
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x80).then_some("the controller does not have this parameter")
    }
}

impl Encode for GetLanConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        let revision_only = if self.revision_only { REVISION_ONLY } else { 0 };
        let channel = revision_only | self.channel.number();
        out.extend([channel, self.selector, self.set, self.block]);
    }
}

impl Decode for GetLanConfigurationParameters {
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

impl Encode for LanConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.revision);
        if let Some(parameter) = &self.parameter {
            parameter.encode(out);
        }
    }
}

/// Without its request the answer is bytes.
impl Decode for LanConfigurationParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let revision = r.u8("parameter revision")?;
        let data = r.take_rest().to_vec();
        let parameter = (!data.is_empty())
            .then_some(LanParameter::Other { selector: UNKNOWN_SELECTOR, data });
        Ok(Self { revision, parameter })
    }
}

/// What an answer without its request is filed under: the last of the OEMs' numbers.
const UNKNOWN_SELECTOR: u8 = 0xff;

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    #[test]
    fn an_answer_is_understood_with_its_request() {
        // `lan print 1` of ipmitool 1.8.19 (lib/ipmi_lanp.c), answered by hand from Table 23-4.
        let bytes = [0x01, 0x03, 0x00, 0x00];
        let request = GetLanConfigurationParameters::decode_exact(&bytes).unwrap();
        assert_eq!(request, GetLanConfigurationParameters::of(Channel::new(1), 3));
        assert_eq!(request.to_bytes(), bytes);
        let bytes = [0x11, 127, 0, 0, 1];
        let answer = request.decode_response(&mut Reader::new(&bytes)).unwrap();
        let parameter = Some(LanParameter::IpAddress(Ipv4Addr::LOCALHOST));
        assert_eq!(answer, LanConfigurationParameters { revision: 0x11, parameter });
        assert_eq!(answer.to_bytes(), bytes);
        for length in 0..bytes.len() {
            let cut = request.decode_response(&mut Reader::new(&bytes[..length]));
            assert!(cut.is_err(), "{length}");
        }
        let alone = LanConfigurationParameters::decode_exact(&bytes).unwrap();
        assert_eq!(alone.to_bytes(), bytes);
    }

    #[test]
    fn the_revision_comes_alone_if_asked_for() {
        let request = GetLanConfigurationParameters::decode_exact(&[0x81, 3, 0, 0]).unwrap();
        assert!(request.revision_only);
        assert_eq!(request.to_bytes(), [0x81, 3, 0, 0]);
        let answer = request.decode_response(&mut Reader::new(&[0x11])).unwrap();
        assert_eq!(answer, LanConfigurationParameters { revision: 0x11, parameter: None });
        for length in 0..4 {
            let cut = &[0x81, 3, 0, 0][..length];
            assert!(GetLanConfigurationParameters::decode_exact(cut).is_err());
        }
    }
}
