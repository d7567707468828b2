//! Get SDR: a record, or a piece of one.

use crate::cmd::storage::{PieceToRead, RecordData, ReservationId};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get SDR. IPMI v2.0 §33.12.
///
/// Many controllers cannot return a whole record at once and say so (CAh, or C8h): read the five
/// bytes of the header, then the rest in pieces, under a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSdr {
    /// Needed unless `offset` is 0.
    pub reservation: ReservationId,
    /// Which record; see the constants.
    pub record_id: u16,
    /// First byte to read, counted from the start of the header.
    pub offset: u8,
    /// How many bytes to read; see [`WHOLE`](Self::WHOLE).
    pub count: u8,
}

impl GetSdr {
    /// Record ID of the first record, whatever its own number is.
    pub const FIRST: u16 = 0x0000;
    /// Record ID of the last record; as "next record ID" it says that there is none.
    pub const LAST: u16 = 0xffff;
    /// Count: up to the end of the record.
    pub const WHOLE: u8 = 0xff;
}

impl Command for GetSdr {
    type Response = RecordData;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x23);
    const NAME: &'static str = "Get SDR";
    const SECTION: &'static str = "IPMI v2.0 §33.12";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetSdr {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { reservation, record_id, offset, count } = *self;
        PieceToRead { reservation, record_id, offset, count }.encode(out);
    }
}

impl Decode for GetSdr {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let PieceToRead { reservation, record_id, offset, count } = PieceToRead::decode(r)?;
        Ok(Self { reservation, record_id, offset, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_a_record() {
        let bytes = [0x01, 0x00, 0x04, 0x00, 0x05, 0x10];
        let request = GetSdr::decode_exact(&bytes).unwrap();
        let expected = GetSdr { reservation: ReservationId(1), record_id: 4, offset: 5, count: 16 };
        assert_eq!(request, expected);
        assert_eq!(request.to_bytes(), bytes);
        let answer = RecordData::decode_exact(&[0xff, 0xff, 1, 2, 3]).unwrap();
        assert_eq!((answer.next_record_id, answer.data.as_slice()), (GetSdr::LAST, &[1, 2, 3][..]));
        assert!(RecordData::decode_exact(&[0xff]).is_err());
    }
}
