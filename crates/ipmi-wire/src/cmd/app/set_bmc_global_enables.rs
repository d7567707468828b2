//! Set BMC Global Enables: what the controller does for the system interface.

use super::GlobalEnables;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};

/// Set BMC Global Enables. IPMI v2.0 §22.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetBmcGlobalEnables {
    /// All of them.
    pub enables: GlobalEnables,
}

impl Command for SetBmcGlobalEnables {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x2e);
    const NAME: &'static str = "Set BMC Global Enables";
    const SECTION: &'static str = "IPMI v2.0 §22.1";
    const ACCESS: Access = Access::SystemInterfaceOnly;

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetBmcGlobalEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        self.enables.encode(out);
    }
}

impl Decode for SetBmcGlobalEnables {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { enables: GlobalEnables::decode(r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_has_its_field() {
        // The bits are those of `tmpl_cmd_set_bmc_global_enables_rq` (FreeIPMI 1.6.10); 4 is reserved.
        for bit in 0..8 {
            let request = SetBmcGlobalEnables::decode_exact(&[1 << bit]).unwrap();
            assert_eq!(request.to_bytes() == [1 << bit], bit != 4, "bit {bit}");
        }
        let logging = SetBmcGlobalEnables::decode_exact(&[0x08]).unwrap().enables;
        assert_eq!(logging, GlobalEnables { logging: true, ..GlobalEnables::default() });
        assert!(SetBmcGlobalEnables::decode_exact(&[]).is_err());
    }
}
