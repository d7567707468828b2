//! Delete SEL Entry: removes an event.

use crate::cmd::storage::{RecordId, ReservationId};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Delete SEL Entry. IPMI v2.0 §31.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteSelEntry {
    /// A reservation that is still good.
    pub reservation: ReservationId,
    /// Which record: 0000h is the first, FFFFh the last.
    pub record_id: u16,
}

impl Command for DeleteSelEntry {
    type Response = RecordId;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x46);
    const NAME: &'static str = "Delete SEL Entry";
    const SECTION: &'static str = "IPMI v2.0 §31.8";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        // The first and the last record are another one the second time, and a number may have
        // been given to a new record.
        Effect::Once
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        match code.0 {
            0x80 => Some("records of this type cannot be deleted"),
            0x81 => Some("the SEL is being erased, try again"),
            _ => None,
        }
    }
}

impl Encode for DeleteSelEntry {
    fn encode(&self, out: &mut Vec<u8>) {
        self.reservation.encode(out);
        out.extend(self.record_id.to_le_bytes());
    }
}

impl Decode for DeleteSelEntry {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { reservation: ReservationId::decode(r)?, record_id: r.u16("record ID")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reservation_comes_first() {
        // By hand from §31.8.
        let bytes = [0x34, 0x12, 0x07, 0x00];
        let request = DeleteSelEntry::decode_exact(&bytes).unwrap();
        let expected = DeleteSelEntry { reservation: ReservationId(0x1234), record_id: 7 };
        assert_eq!((request, request.to_bytes().as_slice()), (expected, &bytes[..]));
        for length in 0..bytes.len() {
            assert!(DeleteSelEntry::decode_exact(&bytes[..length]).is_err());
        }
        let deleted = RecordId::decode_exact(&[0x07, 0x00]).unwrap();
        assert_eq!((deleted, deleted.to_bytes()), (RecordId(7), vec![7, 0]));
        assert!(RecordId::decode_exact(&[0x07]).is_err());
    }
}
