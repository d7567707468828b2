//! Clear Message Flags: what waited is dealt with, or is to be forgotten.

use super::MessageFlags;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};

/// Clear Message Flags. IPMI v2.0 §22.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClearMessageFlags {
    /// The flags to clear, with what they stand for.
    pub flags: MessageFlags,
}

impl Command for ClearMessageFlags {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x30);
    const NAME: &'static str = "Clear Message Flags";
    const SECTION: &'static str = "IPMI v2.0 §22.3";
    const ACCESS: Access = Access::SystemInterfaceOnly;

    /// A second time may clear what has come in between.
    fn effect(&self) -> Effect {
        Effect::Once
    }
}

impl Encode for ClearMessageFlags {
    fn encode(&self, out: &mut Vec<u8>) {
        self.flags.encode(out);
    }
}

impl Decode for ClearMessageFlags {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { flags: MessageFlags::decode(r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_sends_is_understood() {
        // drivers/char/ipmi/ipmi_si_intf.c clears the pre-timeout flag at its start.
        let request = ClearMessageFlags::decode_exact(&[0x08]).unwrap();
        let flags = MessageFlags { watchdog_pre_timeout: true, ..MessageFlags::default() };
        assert_eq!((request.flags, request.to_bytes()), (flags, vec![8]));
        for bit in 0..8 {
            let request = ClearMessageFlags::decode_exact(&[1 << bit]).unwrap();
            assert_eq!(request.to_bytes() == [1 << bit], !matches!(bit, 2 | 4), "bit {bit}");
        }
        assert!(ClearMessageFlags::decode_exact(&[]).is_err());
    }
}
