//! Deactivate Payload: ends packets of a type beside IPMI messages.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Deactivate Payload. IPMI v2.0 §24.2.
///
/// It need not be active in the session that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeactivatePayload {
    /// Which payload type, 6 bits: 01h is Serial over LAN.
    pub payload_type: u8,
    /// Which instance, 1 to 15.
    pub instance: u8,
    /// The payload type's own; of Serial over LAN all zero.
    pub auxiliary: [u8; 4],
}

impl DeactivatePayload {
    /// Instance `instance` of Serial over LAN.
    #[must_use]
    pub const fn sol(instance: u8) -> Self {
        Self { payload_type: 1, instance, auxiliary: [0; 4] }
    }
}

impl Command for DeactivatePayload {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x49);
    const NAME: &'static str = "Deactivate Payload";
    const SECTION: &'static str = "IPMI v2.0 §24.2";
    /// At least; the rest is the payload's own affair.
    const ACCESS: Access = Access::Session(Privilege::User);

    fn effect(&self) -> Effect {
        // Somebody else may have activated it in between.
        Effect::Once
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x80 => "the payload is not active",
            0x81 => "the payload type is disabled",
            _ => return None,
        })
    }
}

impl Encode for DeactivatePayload {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.payload_type & 0x3f, self.instance & 0x0f]);
        out.extend(self.auxiliary);
    }
}

impl Decode for DeactivatePayload {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let payload_type = r.u8("payload type")? & 0x3f;
        let instance = r.u8("payload instance")? & 0x0f;
        Ok(Self { payload_type, instance, auxiliary: r.array("auxiliary data")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_ipmitool_asks_for_it() {
        let bytes = [0x01, 0x02, 0, 0, 0, 0];
        let request = DeactivatePayload::decode_exact(&bytes).unwrap();
        assert_eq!(request, DeactivatePayload::sol(2));
        assert_eq!((request.to_bytes(), request.effect()), (bytes.to_vec(), Effect::Once));
        assert!(DeactivatePayload::decode_exact(&bytes[..5]).is_err());
    }
}
