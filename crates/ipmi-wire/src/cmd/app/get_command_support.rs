//! Get Command Support: which commands there are.

use super::firewall::{CommandMask, CommandsAt};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Command Support. IPMI v2.0 §21.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetCommandSupport(pub CommandsAt);

/// The answer to [`GetCommandSupport`]: the commands that there are, whether or not they are disabled
/// at present. On the wire a bit that is set says that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandSupport(pub CommandMask);

impl Command for GetCommandSupport {
    type Response = CommandSupport;
    const ID: CommandId = CommandId::new(NetFn::App, 0x0a);
    const NAME: &'static str = "Get Command Support";
    const SECTION: &'static str = "IPMI v2.0 §21.3";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetCommandSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for GetCommandSupport {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        CommandsAt::decode(r).map(Self)
    }
}

impl Encode for CommandSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.inverted().encode(out);
    }
}

impl Decode for CommandSupport {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        CommandMask::decode(r).map(|mask| Self(mask.inverted()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_has_no_bit() {
        // As ipmitool 1.8.19 asks for chassis commands 80h and up.
        let request = GetCommandSupport::decode_exact(&[0x0e, 0x40, 0x00]).unwrap();
        assert_eq!(request.to_bytes(), [0x0e, 0x40, 0x00]);
        let mut bytes = [0xff; 16];
        bytes[0] = 0xf8;
        let support = CommandSupport::decode_exact(&bytes).unwrap();
        assert_eq!(support, CommandSupport(CommandMask::of([0, 1, 2])));
        assert_eq!(support.to_bytes(), bytes);
        assert!(CommandSupport::decode_exact(&bytes[..15]).is_err());
    }
}
