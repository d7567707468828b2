//! Suspend/Resume Payload Encryption: turns the encryption of an active payload off and on.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Suspend/Resume Payload Encryption. IPMI v2.0 §24.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuspendResumePayloadEncryption {
    /// Which payload type, 6 bits: 01h is Serial over LAN.
    pub payload_type: u8,
    /// Which instance, 1 to 15.
    pub instance: u8,
    /// What is to be done.
    pub operation: PayloadEncryption,
}

/// What is done to the encryption of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadEncryption {
    /// 0: packets to the console are no longer encrypted.
    Suspend,
    /// 1: they are again.
    Resume,
    /// 2: the encryption is started anew, where it has a state.
    Regenerate,
}

impl Command for SuspendResumePayloadEncryption {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x55);
    const NAME: &'static str = "Suspend/Resume Payload Encryption";
    const SECTION: &'static str = "IPMI v2.0 §24.3";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x80 => "the operation is not supported for the payload type",
            0x81 => "the operation is not allowed as the payload is configured",
            0x82 => "encryption is not available for the session that the payload is active in",
            0x83 => "the payload instance is not active",
            _ => return None,
        })
    }
}

impl Encode for SuspendResumePayloadEncryption {
    fn encode(&self, out: &mut Vec<u8>) {
        let operation = match self.operation {
            PayloadEncryption::Suspend => 0,
            PayloadEncryption::Resume => 1,
            PayloadEncryption::Regenerate => 2,
        };
        out.extend([self.payload_type & 0x3f, self.instance & 0x0f, operation]);
    }
}

impl Decode for SuspendResumePayloadEncryption {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let payload_type = r.u8("payload type")? & 0x3f;
        let instance = r.u8("payload instance")? & 0x0f;
        let operation = match r.u8("operation")? & 0x1f {
            0 => PayloadEncryption::Suspend,
            1 => PayloadEncryption::Resume,
            2 => PayloadEncryption::Regenerate,
            value => return Err(DecodeError::Invalid { field: "operation", value: value.into() }),
        };
        Ok(Self { payload_type, instance, operation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from §24.3; no peer sends it.
    #[test]
    fn three_operations_and_no_more() {
        for (number, operation) in [
            (0, PayloadEncryption::Suspend),
            (1, PayloadEncryption::Resume),
            (2, PayloadEncryption::Regenerate),
        ] {
            let bytes = [1, 1, number];
            let request = SuspendResumePayloadEncryption::decode_exact(&bytes).unwrap();
            assert_eq!((request.operation, request.to_bytes()), (operation, bytes.to_vec()));
        }
        assert!(SuspendResumePayloadEncryption::decode_exact(&[1, 1, 3]).is_err());
        assert!(SuspendResumePayloadEncryption::decode_exact(&[1, 1]).is_err());
    }
}
