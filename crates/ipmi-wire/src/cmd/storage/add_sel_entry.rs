//! Add SEL Entry: logs an event.

use crate::cmd::storage::RecordId;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::sel::SelRecord;

/// Add SEL Entry. IPMI v2.0 §31.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddSelEntry {
    /// The record. The controller numbers it, and stamps it with the log's time if its kind has
    /// one: what it says of both is not kept.
    pub record: SelRecord,
}

impl Command for AddSelEntry {
    type Response = RecordId;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x44);
    const NAME: &'static str = "Add SEL Entry";
    const SECTION: &'static str = "IPMI v2.0 §31.6";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Once
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        match code.0 {
            0x80 => Some("records of this type cannot be added"),
            0x81 => Some("the SEL is being erased, try again"),
            _ => None,
        }
    }
}

impl Encode for AddSelEntry {
    fn encode(&self, out: &mut Vec<u8>) {
        self.record.encode(out);
    }
}

impl Decode for AddSelEntry {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { record: SelRecord::decode(r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_sixteen_bytes() {
        // By hand from §31.6 and Table 32-1: a fan's event from system software.
        let bytes = [0, 0, 2, 0, 0, 0, 0, 0x41, 0, 4, 4, 0x30, 1, 2, 0xff, 0xff];
        let request = AddSelEntry::decode_exact(&bytes).unwrap();
        assert_eq!((request.record.record_type(), request.effect()), (2, Effect::Once));
        assert_eq!(request.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(AddSelEntry::decode_exact(&bytes[..length]).is_err());
        }
        assert!(AddSelEntry::explain(CompletionCode(0x81)).is_some());
    }
}
