//! Get System Info Parameters: what the machine and its software are called.

use super::SystemInfoParameter;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get System Info Parameters. IPMI v2.0 §22.14b.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSystemInfoParameters {
    /// Only the revision of the parameter is wanted.
    pub revision_only: bool,
    /// Which parameter.
    pub selector: u8,
    /// Which block of it, from 0.
    pub set: u8,
    /// Which part of that; no parameter has any, so 0.
    pub block: u8,
}

/// The answer to [`GetSystemInfoParameters`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemInfo {
    /// Revision of the parameter: present, and oldest that it is compatible with, 4 bits each.
    pub revision: u8,
    /// The parameter, or a block of it; `None` if only the revision was wanted.
    pub parameter: Option<SystemInfoParameter>,
}

impl SystemInfo {
    /// The revision of the parameters in IPMI v2.0.
    pub const REVISION: u8 = 0x11;
}

impl Command for GetSystemInfoParameters {
    type Response = SystemInfo;
    const ID: CommandId = CommandId::new(NetFn::App, 0x59);
    const NAME: &'static str = "Get System Info Parameters";
    const SECTION: &'static str = "IPMI v2.0 §22.14b";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn decode_response(&self, r: &mut Reader<'_>) -> Result<Self::Response, DecodeError> {
        let revision = r.u8("parameter revision")?;
        let parameter = if self.revision_only {
            None
        } else {
            Some(SystemInfoParameter::decode(self.selector, r)?)
        };
        Ok(SystemInfo { revision, parameter })
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x80).then_some("the controller does not have this parameter")
    }
}

/// Bit 7: only the revision is wanted.
const REVISION_ONLY: u8 = 0x80;

impl Encode for GetSystemInfoParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        let first = if self.revision_only { REVISION_ONLY } else { 0 };
        out.extend([first, self.selector, self.set, self.block]);
    }
}

impl Decode for GetSystemInfoParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            revision_only: r.u8("get parameter revision")? & REVISION_ONLY != 0,
            selector: r.u8("parameter selector")?,
            set: r.u8("set selector")?,
            block: r.u8("block selector")?,
        })
    }
}

impl Encode for SystemInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.revision);
        if let Some(parameter) = &self.parameter {
            parameter.encode(out);
        }
    }
}

/// Without the request, it is not known what the data are.
impl Decode for SystemInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let revision = r.u8("parameter revision")?;
        let data = r.take_rest();
        let parameter = (!data.is_empty())
            .then(|| SystemInfoParameter::Other { selector: 0xff, data: data.to_vec() });
        Ok(Self { revision, parameter })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::chassis::SetInProgress;

    #[test]
    fn an_answer_is_read_by_its_request() {
        // `ipmitool mc getsysinfo system_name` (lib/ipmi_mc.c of 1.8.19).
        let request = GetSystemInfoParameters::decode_exact(&[0, 2, 0, 0]).unwrap();
        let text = b"\x11\x00\x00\x04web1\0\0\0\0\0\0\0\0\0\0";
        let answer = request.decode_response(&mut Reader::new(text)).unwrap();
        let data = text[2..].to_vec();
        let parameter = SystemInfoParameter::Text { selector: 2, set: 0, data };
        assert_eq!(answer, SystemInfo { revision: 0x11, parameter: Some(parameter) });
        assert_eq!(answer.to_bytes(), text);
        let progress = GetSystemInfoParameters { selector: 0, ..request };
        let answer = progress.decode_response(&mut Reader::new(&[0x11, 1])).unwrap();
        let state = SystemInfoParameter::SetInProgress(SetInProgress::InProgress);
        assert_eq!(answer.parameter, Some(state));
        let revision = GetSystemInfoParameters::decode_exact(&[0x80, 2, 0, 0]).unwrap();
        let answer = revision.decode_response(&mut Reader::new(&[0x11])).unwrap();
        assert_eq!((answer.parameter.clone(), answer.to_bytes()), (None, vec![0x11]));
    }

    #[test]
    fn half_of_it_is_refused() {
        for length in 0..4 {
            assert!(GetSystemInfoParameters::decode_exact(&[0, 2, 0, 0][..length]).is_err());
        }
        let request = GetSystemInfoParameters::decode_exact(&[0, 2, 0, 0]).unwrap();
        for bytes in [&[][..], &[0x11]] {
            assert!(request.decode_response(&mut Reader::new(bytes)).is_err());
        }
    }
}
