//! Get Command Sub-function Support: which sub-functions a command has.

use super::firewall::{CommandAt, SubFunctions};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Command Sub-function Support. IPMI v2.0 §21.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetCommandSubFunctionSupport(pub CommandAt);

/// The answer to [`GetCommandSubFunctionSupport`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubFunctionSupport {
    /// For groups and OEMs their errata; else the specification that numbers them in the upper four
    /// bits (0 is IPMI, 1 IPMB, 2 ICMB) and its errata in the lower.
    pub edition: u8,
    /// The specification's version: 20h is 2.0.
    pub version: u8,
    /// Its revision: 11h is 1.1.
    pub revision: u8,
    /// The sub-functions that there are. On the wire a bit that is set says that there is none.
    pub supported: SubFunctions,
}

impl Command for GetCommandSubFunctionSupport {
    type Response = SubFunctionSupport;
    const ID: CommandId = CommandId::new(NetFn::App, 0x0b);
    const NAME: &'static str = "Get Command Sub-function Support";
    const SECTION: &'static str = "IPMI v2.0 §21.4";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetCommandSubFunctionSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for GetCommandSubFunctionSupport {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        CommandAt::decode(r).map(Self)
    }
}

impl Encode for SubFunctionSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.edition, self.version, self.revision]);
        self.supported.encode_inverted(out);
    }
}

impl Decode for SubFunctionSupport {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            edition: r.u8("specification type and errata")?,
            version: r.u8("specification version")?,
            revision: r.u8("specification revision")?,
            supported: SubFunctions::decode_inverted(r)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_of_chassis_control() {
        let request = GetCommandSubFunctionSupport::decode_exact(&[0x0e, 0, 0, 2]).unwrap();
        assert_eq!(request.to_bytes(), [0x0e, 0, 0, 2]);
        assert!(GetCommandSubFunctionSupport::decode_exact(&[0x0e, 0, 0]).is_err());
        // As the MegaRAC firmware says it.
        let bytes = [0x04, 0x20, 0x10, 0xc0, 0xff, 0xff, 0xff];
        let support = SubFunctionSupport::decode_exact(&bytes).unwrap();
        assert_eq!(support.supported, SubFunctions(0x3f));
        assert_eq!(support.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(SubFunctionSupport::decode_exact(&bytes[..length]).is_err());
        }
    }
}
