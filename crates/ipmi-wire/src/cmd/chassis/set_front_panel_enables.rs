//! Set Front Panel Button Enables: which buttons on the front panel work.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Front Panel Button Enables. IPMI v2.0 §28.6.
///
/// What it has set, and what can be set, is in [`FrontPanelButtons`](super::FrontPanelButtons).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetFrontPanelEnables {
    /// The power button does not switch off. It still switches on.
    pub disable_power: bool,
    /// The reset button does nothing.
    pub disable_reset: bool,
    /// The diagnostic interrupt button does nothing.
    pub disable_diagnostic: bool,
    /// The standby (sleep) button does not put the machine to sleep.
    pub disable_standby: bool,
}

impl Command for SetFrontPanelEnables {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x0a);
    const NAME: &'static str = "Set Front Panel Button Enables";
    const SECTION: &'static str = "IPMI v2.0 §28.6";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetFrontPanelEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(
            u8::from(self.disable_power)
                | (u8::from(self.disable_reset) << 1)
                | (u8::from(self.disable_diagnostic) << 2)
                | (u8::from(self.disable_standby) << 3),
        );
    }
}

impl Decode for SetFrontPanelEnables {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = r.u8("front panel button enables")?;
        Ok(Self {
            disable_power: bits & 1 != 0,
            disable_reset: bits & 2 != 0,
            disable_diagnostic: bits & 4 != 0,
            disable_standby: bits & 8 != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_has_its_bit() {
        // `tmpl_cmd_set_front_panel_enables_rq` of FreeIPMI 1.6.10: power off first.
        for bits in 0..0x10 {
            let request = SetFrontPanelEnables::decode_exact(&[bits]).unwrap();
            assert_eq!((request.to_bytes(), request.effect()), (vec![bits], Effect::Idempotent));
        }
        let reset = SetFrontPanelEnables::decode_exact(&[0xf2]).unwrap();
        assert_eq!(reset, SetFrontPanelEnables { disable_reset: true, ..Default::default() });
        assert!(SetFrontPanelEnables::decode_exact(&[]).is_err());
        assert!(SetFrontPanelEnables::decode_exact(&[0, 0]).is_err());
    }
}
