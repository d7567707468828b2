//! Get Command Enables: which commands are enabled.

use super::firewall::{CommandMask, CommandsAt};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Command Enables. IPMI v2.0 §21.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetCommandEnables(pub CommandsAt);

impl Command for GetCommandEnables {
    type Response = CommandMask;
    const ID: CommandId = CommandId::new(NetFn::App, 0x61);
    const NAME: &'static str = "Get Command Enables";
    const SECTION: &'static str = "IPMI v2.0 §21.8";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetCommandEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for GetCommandEnables {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        CommandsAt::decode(r).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Request;

    #[test]
    fn as_ipmitool_asks() {
        let request = GetCommandEnables::decode_exact(&[0x01, 0x06, 0x00]).unwrap();
        assert_eq!(Request::of(&request).data, [0x01, 0x06, 0x00]);
        assert!(GetCommandEnables::decode_exact(&[0x01, 0x06]).is_err());
        let mask = request.decode_response(&mut Reader::new(&[0x06; 16])).unwrap();
        assert_eq!(mask.to_bytes(), [0x06; 16]);
        assert!(mask.has(1) && !mask.has(0));
        assert!(request.decode_response(&mut Reader::new(&[0x06; 15])).is_err());
    }
}
