//! Get SEL Entry: a record of the log, or a piece of one.

use crate::cmd::storage::{PieceToRead, RecordData, ReservationId};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get SEL Entry. IPMI v2.0 §31.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSelEntry {
    /// Needed only for pieces of a record.
    pub reservation: ReservationId,
    /// Which record; see the constants.
    pub record_id: u16,
    /// First byte to read.
    pub offset: u8,
    /// How many bytes to read; see [`WHOLE`](Self::WHOLE).
    pub count: u8,
}

impl GetSelEntry {
    /// Record ID of the oldest record, whatever its own number is.
    pub const FIRST: u16 = 0x0000;
    /// Record ID of the newest record; as "next record ID" it says that there is none.
    pub const LAST: u16 = 0xffff;
    /// Count: the whole record.
    pub const WHOLE: u8 = 0xff;

    /// The whole record `record_id`, without a reservation.
    #[must_use]
    pub const fn whole(record_id: u16) -> Self {
        Self { reservation: ReservationId::NONE, record_id, offset: 0, count: Self::WHOLE }
    }
}

impl Command for GetSelEntry {
    type Response = RecordData;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x43);
    const NAME: &'static str = "Get SEL Entry";
    const SECTION: &'static str = "IPMI v2.0 §31.5";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x81).then_some("the SEL is being erased, try again")
    }
}

impl Encode for GetSelEntry {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { reservation, record_id, offset, count } = *self;
        PieceToRead { reservation, record_id, offset, count }.encode(out);
    }
}

impl Decode for GetSelEntry {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let PieceToRead { reservation, record_id, offset, count } = PieceToRead::decode(r)?;
        Ok(Self { reservation, record_id, offset, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_first_record() {
        let request = GetSelEntry::whole(GetSelEntry::FIRST);
        assert_eq!(request.to_bytes(), [0, 0, 0, 0, 0, 0xff]);
        assert_eq!(GetSelEntry::decode_exact(&[0, 0, 0, 0, 0, 0xff]).unwrap(), request);
        let answer = RecordData::decode_exact(&[0x02, 0x00, 0x01]).unwrap();
        assert_eq!((answer.next_record_id, answer.to_bytes()), (2, vec![2, 0, 1]));
    }
}
