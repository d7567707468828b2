//! Get Command Sub-function Enables: which sub-functions are enabled.

use super::firewall::{CommandAt, SubFunctions};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Command Sub-function Enables. IPMI v2.0 §21.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetCommandSubFunctionEnables(pub CommandAt);

impl Command for GetCommandSubFunctionEnables {
    type Response = SubFunctions;
    const ID: CommandId = CommandId::new(NetFn::App, 0x63);
    const NAME: &'static str = "Get Command Sub-function Enables";
    const SECTION: &'static str = "IPMI v2.0 §21.10";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetCommandSubFunctionEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for GetCommandSubFunctionEnables {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        CommandAt::decode(r).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_ipmitool_asks() {
        let request = GetCommandSubFunctionEnables::decode_exact(&[0x0e, 0, 0, 2]).unwrap();
        assert_eq!(request.to_bytes(), [0x0e, 0, 0, 2]);
        assert!(GetCommandSubFunctionEnables::decode_exact(&[0x0e, 0, 0]).is_err());
        let some = request.decode_response(&mut Reader::new(&[0x3d, 0, 0, 0])).unwrap();
        assert!(some.has(0) && !some.has(1));
        assert!(request.decode_response(&mut Reader::new(&[0x3d, 0, 0])).is_err());
    }
}
