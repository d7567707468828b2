//! Get System Boot Options: what the next start of the machine is to be like.

use super::BootParameter;
use super::set_system_boot_options::INVALID;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get System Boot Options. IPMI v2.0 §28.13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSystemBootOptions {
    /// Which parameter, 7 bits.
    pub selector: u8,
    /// Which of a set, such as a block of the mailbox; else 0.
    pub set: u8,
    /// Which block of that; no parameter has any, so 0.
    pub block: u8,
}

/// The answer to [`GetSystemBootOptions`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemBootOptions {
    /// Version of the parameters, 4 bits.
    pub version: u8,
    /// The parameter is marked as invalid, or locked.
    pub invalid: bool,
    /// The parameter.
    pub parameter: BootParameter,
}

impl SystemBootOptions {
    /// The version of the parameters in IPMI v2.0.
    pub const VERSION: u8 = 1;
}

impl Command for GetSystemBootOptions {
    type Response = SystemBootOptions;
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x09);
    const NAME: &'static str = "Get System Boot Options";
    const SECTION: &'static str = "IPMI v2.0 §28.13";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x80).then_some("the controller does not have this parameter")
    }
}

impl Encode for GetSystemBootOptions {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.selector & !INVALID, self.set, self.block]);
    }
}

impl Decode for GetSystemBootOptions {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            selector: r.u8("boot option parameter selector")? & !INVALID,
            set: r.u8("set selector")?,
            block: r.u8("block selector")?,
        })
    }
}

impl Encode for SystemBootOptions {
    fn encode(&self, out: &mut Vec<u8>) {
        let invalid = if self.invalid { INVALID } else { 0 };
        out.extend([self.version & 0x0f, invalid | self.parameter.selector()]);
        self.parameter.encode(out);
    }
}

impl Decode for SystemBootOptions {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version = r.u8("parameter version")? & 0x0f;
        let first = r.u8("boot option parameter selector")?;
        Ok(Self {
            version,
            invalid: first & INVALID != 0,
            parameter: BootParameter::decode(first & !INVALID, r)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_names_its_parameter() {
        // `ipmitool raw 0x00 0x09 0x04 0x00 0x00` against OpenBMC, as the change that brought it
        // there has it.
        let bytes = [0x01, 0x04, 0x00, 0x01];
        let answer = SystemBootOptions::decode_exact(&bytes).unwrap();
        let parameter = BootParameter::Acknowledge { mask: 0, data: 1 };
        assert_eq!(answer, SystemBootOptions { version: 1, invalid: false, parameter });
        assert_eq!(answer.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(SystemBootOptions::decode_exact(&bytes[..length]).is_err());
        }
        let locked = SystemBootOptions::decode_exact(&[0x01, 0x81, 0x07]).unwrap();
        assert!(locked.invalid);
        assert_eq!(locked.parameter, BootParameter::ServicePartition(7));
    }

    #[test]
    fn three_bytes_ask() {
        let request = GetSystemBootOptions::decode_exact(&[0x07, 0x02, 0x00]).unwrap();
        assert_eq!(request, GetSystemBootOptions { selector: 7, set: 2, block: 0 });
        assert_eq!(request.to_bytes(), [0x07, 0x02, 0x00]);
        for length in 0..3 {
            assert!(GetSystemBootOptions::decode_exact(&[5, 0, 0][..length]).is_err());
        }
    }
}
