//! Get Payload Activation Status: how many instances of a payload there can be, and are.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Payload Activation Status. IPMI v2.0 §24.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetPayloadActivationStatus {
    /// Of which payload type, 6 bits: 01h is Serial over LAN.
    pub payload_type: u8,
}

/// The answer to [`GetPayloadActivationStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadActivationStatus {
    /// How many instances can be active at a time, 1 to 15.
    pub capacity: u8,
    /// Which are: bit 0 is instance 1.
    pub active: u16,
}

impl Command for GetPayloadActivationStatus {
    type Response = PayloadActivationStatus;
    const ID: CommandId = CommandId::new(NetFn::App, 0x4a);
    const NAME: &'static str = "Get Payload Activation Status";
    const SECTION: &'static str = "IPMI v2.0 §24.4";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetPayloadActivationStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.payload_type & 0x3f);
    }
}

impl Decode for GetPayloadActivationStatus {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { payload_type: r.u8("payload type")? & 0x3f })
    }
}

impl Encode for PayloadActivationStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.capacity & 0x0f);
        out.extend(self.active.to_le_bytes());
    }
}

impl Decode for PayloadActivationStatus {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let capacity = r.u8("instance capacity")? & 0x0f;
        Ok(Self { capacity, active: r.u16("activation status")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_console_of_one() {
        let request = GetPayloadActivationStatus::decode_exact(&[0x01]).unwrap();
        assert_eq!((request.payload_type, request.to_bytes()), (1, vec![1]));
        // By hand from §24.4: one instance, active.
        let bytes = [0x01, 0x01, 0x00];
        let status = PayloadActivationStatus::decode_exact(&bytes).unwrap();
        assert_eq!(status, PayloadActivationStatus { capacity: 1, active: 1 });
        assert_eq!(status.to_bytes(), bytes);
        for length in 0..3 {
            assert!(PayloadActivationStatus::decode_exact(&bytes[..length]).is_err());
        }
        assert!(GetPayloadActivationStatus::decode_exact(&[]).is_err());
    }
}
