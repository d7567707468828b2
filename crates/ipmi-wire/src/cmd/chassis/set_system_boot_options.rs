//! Set System Boot Options: what the next start of the machine is to be like.

use super::BootParameter;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set System Boot Options. IPMI v2.0 §28.12.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetSystemBootOptions {
    /// Which parameter, 7 bits. [`with`](Self::with) takes it from the value.
    pub selector: u8,
    /// Marks the parameter as invalid, or locked.
    pub invalid: bool,
    /// Its value; `None` leaves that as it is.
    pub value: Option<BootParameter>,
}

impl SetSystemBootOptions {
    /// Sets `parameter`, and marks it as valid.
    #[must_use]
    pub const fn with(parameter: BootParameter) -> Self {
        Self { selector: parameter.selector(), invalid: false, value: Some(parameter) }
    }
}

impl Command for SetSystemBootOptions {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x08);
    const NAME: &'static str = "Set System Boot Options";
    const SECTION: &'static str = "IPMI v2.0 §28.12";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x80 => "the controller does not have this parameter",
            0x81 => "somebody else has setting under way",
            0x82 => "the parameter cannot be written",
            _ => return None,
        })
    }
}

/// Bit 7: the parameter is invalid, or locked.
pub(super) const INVALID: u8 = 0x80;

impl Encode for SetSystemBootOptions {
    fn encode(&self, out: &mut Vec<u8>) {
        let invalid = if self.invalid { INVALID } else { 0 };
        out.push(invalid | (self.selector & !INVALID));
        if let Some(value) = &self.value {
            value.encode(out);
        }
    }
}

impl Decode for SetSystemBootOptions {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = r.u8("boot option parameter selector")?;
        let selector = first & !INVALID;
        // Table 28-14: no data at all changes the mark alone.
        let value = if r.is_empty() { None } else { Some(BootParameter::decode(selector, r)?) };
        Ok(Self { selector, invalid: first & INVALID != 0, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::chassis::{BootDevice, BootFlags};

    #[test]
    fn what_ironic_sends_is_understood() {
        // `raw 0x00 0x08 0x05 0xe0 0x04 0x00 0x00 0x00` (research/ipmitool.md §2).
        let bytes = [0x05, 0xe0, 0x04, 0x00, 0x00, 0x00];
        let request = SetSystemBootOptions::decode_exact(&bytes).unwrap();
        let flags = BootFlags {
            valid: true,
            persistent: true,
            efi: true,
            device: BootDevice::PXE,
            ..BootFlags::default()
        };
        assert_eq!(request, SetSystemBootOptions::with(BootParameter::Flags(flags)));
        assert_eq!((request.to_bytes(), request.effect()), (bytes.to_vec(), Effect::Idempotent));
        let request = SetSystemBootOptions::decode_exact(&[0x03, 0x08]).unwrap();
        assert_eq!(request.value, Some(BootParameter::ValidBitClearing(0x08)));
    }

    #[test]
    fn without_data_only_the_mark_changes() {
        let request = SetSystemBootOptions::decode_exact(&[0x85]).unwrap();
        assert_eq!(request, SetSystemBootOptions { selector: 5, invalid: true, value: None });
        assert_eq!(request.to_bytes(), [0x85]);
        assert!(SetSystemBootOptions::decode_exact(&[]).is_err());
    }

    #[test]
    fn half_a_parameter_is_refused() {
        for length in 2..6 {
            let bytes = &[0x05, 0xe0, 0x04, 0x00, 0x00][..length - 1];
            let outcome = SetSystemBootOptions::decode_exact(bytes);
            assert_eq!(outcome.is_err(), length > 2, "{bytes:02x?}");
        }
        assert!(SetSystemBootOptions::decode_exact(&[0x05, 0xe0, 4, 0, 0, 0, 0]).is_err());
    }
}
