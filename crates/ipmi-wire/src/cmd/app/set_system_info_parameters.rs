//! Set System Info Parameters: what the machine and its software are called.

use super::SystemInfoParameter;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set System Info Parameters. IPMI v2.0 §22.14a.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetSystemInfoParameters {
    /// The parameter, or a block of it.
    pub parameter: SystemInfoParameter,
}

impl SetSystemInfoParameters {
    /// There is no such parameter.
    pub const UNSUPPORTED: CompletionCode = CompletionCode(0x80);
    /// Somebody is setting parameters already.
    pub const IN_PROGRESS: CompletionCode = CompletionCode(0x81);
}

impl Command for SetSystemInfoParameters {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x58);
    const NAME: &'static str = "Set System Info Parameters";
    const SECTION: &'static str = "IPMI v2.0 §22.14a";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code {
            Self::UNSUPPORTED => "the controller does not have this parameter",
            Self::IN_PROGRESS => "somebody else has setting under way",
            CompletionCode(0x82) => "the parameter cannot be written",
            CompletionCode(0x83) => "the parameter cannot be read",
            _ => return None,
        })
    }
}

impl Encode for SetSystemInfoParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.parameter.selector());
        self.parameter.encode(out);
    }
}

impl Decode for SetSystemInfoParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let selector = r.u8("parameter selector")?;
        Ok(Self { parameter: SystemInfoParameter::decode(selector, r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ipmitool_sends_is_understood() {
        // `ipmitool mc setsysinfo system_name web1` (lib/ipmi_mc.c of 1.8.19): whole blocks always.
        let mut bytes = vec![2, 0, 0, 4];
        bytes.extend(b"web1\0\0\0\0\0\0\0\0\0\0");
        let request = SetSystemInfoParameters::decode_exact(&bytes).unwrap();
        let data = bytes[2..].to_vec();
        let selector = SystemInfoParameter::SYSTEM_NAME;
        let parameter = SystemInfoParameter::Text { selector, set: 0, data };
        assert_eq!(request, SetSystemInfoParameters { parameter });
        assert_eq!((request.to_bytes(), request.effect()), (bytes, Effect::Idempotent));
    }

    #[test]
    fn half_a_parameter_is_refused() {
        let long: Vec<u8> = [2, 0].into_iter().chain([b'x'; 17]).collect();
        for bytes in [&[][..], &[0], &[0, 3], &[0, 1, 0], &[1], &long] {
            assert!(SetSystemInfoParameters::decode_exact(bytes).is_err(), "{bytes:02x?}");
        }
        // Dell's own, which ipmitool asks for as `delloem_url`.
        let other = SetSystemInfoParameters::decode_exact(&[0xde, 1, 2]).unwrap().parameter;
        assert_eq!(other, SystemInfoParameter::Other { selector: 0xde, data: vec![1, 2] });
    }
}
