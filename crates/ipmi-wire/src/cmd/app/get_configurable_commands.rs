//! Get Configurable Commands: which commands can be enabled and disabled.

use super::firewall::{CommandMask, CommandsAt};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Configurable Commands. IPMI v2.0 §21.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetConfigurableCommands(pub CommandsAt);

impl Command for GetConfigurableCommands {
    type Response = CommandMask;
    const ID: CommandId = CommandId::new(NetFn::App, 0x0c);
    const NAME: &'static str = "Get Configurable Commands";
    const SECTION: &'static str = "IPMI v2.0 §21.5";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetConfigurableCommands {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for GetConfigurableCommands {
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
        let request = GetConfigurableCommands::decode_exact(&[0x01, 0x06, 0x00]).unwrap();
        assert_eq!(Request::of(&request).data, [0x01, 0x06, 0x00]);
        assert!(GetConfigurableCommands::decode_exact(&[0x01, 0x06]).is_err());
        let mask = request.decode_response(&mut Reader::new(&[0x06; 16])).unwrap();
        assert_eq!(mask.to_bytes(), [0x06; 16]);
        assert!(mask.has(1) && !mask.has(0));
        assert!(request.decode_response(&mut Reader::new(&[0x06; 15])).is_err());
    }
}
