//! Partial Add SDR: adds a record that does not fit into one message.

use crate::cmd::storage::piece::PieceToAdd;
use crate::cmd::storage::{RecordId, ReservationId};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Partial Add SDR. IPMI v2.0 §33.14.
///
/// The first piece goes to record 0000h and is answered with the number that the others go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialAddSdr {
    /// A reservation that is still good: a new one discards the unfinished record.
    pub reservation: ReservationId,
    /// The record that the piece belongs to; 0000h for the first piece.
    pub record_id: u16,
    /// Where in the record the piece goes.
    pub offset: u8,
    /// Whether the record is complete with this piece.
    pub last: bool,
    /// The piece.
    pub data: Vec<u8>,
}

impl Command for PartialAddSdr {
    type Response = RecordId;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x25);
    const NAME: &'static str = "Partial Add SDR";
    const SECTION: &'static str = "IPMI v2.0 §33.14";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        // A repeated first piece begins another record.
        Effect::Once
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x80).then_some("record rejected: its header announces another length")
    }
}

impl Encode for PartialAddSdr {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { reservation, record_id, offset, last, ref data } = *self;
        PieceToAdd { reservation, record_id, offset, last }.encode(out);
        out.extend(data);
    }
}

impl Decode for PartialAddSdr {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let PieceToAdd { reservation, record_id, offset, last } = PieceToAdd::decode(r)?;
        Ok(Self { reservation, record_id, offset, last, data: r.take_rest().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_piece_says_so() {
        // By hand from §33.14.
        let bytes = [0x34, 0x12, 0x07, 0x00, 0x05, 0x01, 0xaa, 0xbb];
        let request = PartialAddSdr::decode_exact(&bytes).unwrap();
        let expected = PartialAddSdr {
            reservation: ReservationId(0x1234),
            record_id: 7,
            offset: 5,
            last: true,
            data: vec![0xaa, 0xbb],
        };
        assert_eq!(request, expected);
        assert_eq!(request.to_bytes(), bytes);
        assert_eq!(request.effect(), Effect::Once);
        for length in 0..6 {
            assert!(PartialAddSdr::decode_exact(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn a_reserved_progress_is_refused() {
        let refused = PartialAddSdr::decode_exact(&[0, 0, 0, 0, 0, 2, 1]).unwrap_err();
        assert_eq!(refused, DecodeError::Invalid { field: "in progress", value: 2 });
        assert!(PartialAddSdr::explain(CompletionCode(0x80)).is_some());
    }
}
