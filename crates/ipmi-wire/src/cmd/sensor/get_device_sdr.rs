//! Get Device SDR: a controller's own sensor data record, or a piece of one.

use crate::cmd::storage::{PieceToRead, RecordData, ReservationId};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Device SDR. IPMI v2.0 §35.3.
///
/// Like [`GetSdr`](crate::cmd::storage::GetSdr), for controllers that describe their sensors
/// themselves: satellite controllers, and BMCs without an SDR repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetDeviceSdr {
    /// Needed only for pieces of a record.
    pub reservation: ReservationId,
    /// Which record; see the constants.
    pub record_id: u16,
    /// First byte to read.
    pub offset: u8,
    /// How many bytes to read; see [`WHOLE`](Self::WHOLE).
    pub count: u8,
}

impl GetDeviceSdr {
    /// Record ID of the first record, whatever its own number is.
    pub const FIRST: u16 = 0x0000;
    /// As "next record ID": there is none.
    pub const LAST: u16 = 0xffff;
    /// Count: the whole record.
    pub const WHOLE: u8 = 0xff;

    /// The whole record `record_id`, without a reservation.
    #[must_use]
    pub const fn whole(record_id: u16) -> Self {
        Self { reservation: ReservationId::NONE, record_id, offset: 0, count: Self::WHOLE }
    }
}

impl Command for GetDeviceSdr {
    type Response = RecordData;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x21);
    const NAME: &'static str = "Get Device SDR";
    const SECTION: &'static str = "IPMI v2.0 §35.3";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x80).then_some("the record changed since its first piece was read")
    }
}

impl Encode for GetDeviceSdr {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { reservation, record_id, offset, count } = *self;
        PieceToRead { reservation, record_id, offset, count }.encode(out);
    }
}

impl Decode for GetDeviceSdr {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let PieceToRead { reservation, record_id, offset, count } = PieceToRead::decode(r)?;
        Ok(Self { reservation, record_id, offset, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_a_record_needs_a_reservation() {
        // By hand from §35.3: 16 bytes from byte 5 of record 0201h.
        let bytes = [0x34, 0x12, 0x01, 0x02, 0x05, 0x10];
        let request = GetDeviceSdr::decode_exact(&bytes).unwrap();
        assert_eq!((request.reservation, request.record_id), (ReservationId(0x1234), 0x0201));
        assert_eq!((request.offset, request.count), (5, 16));
        assert_eq!(request.to_bytes(), bytes);
        assert_eq!(GetDeviceSdr::whole(GetDeviceSdr::FIRST).to_bytes(), [0, 0, 0, 0, 0, 0xff]);
        for length in 0..bytes.len() {
            assert!(GetDeviceSdr::decode_exact(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn its_own_completion_code_is_explained() {
        assert!(GetDeviceSdr::explain(CompletionCode(0x80)).is_some());
        assert!(GetDeviceSdr::explain(CompletionCode(0x81)).is_none());
    }
}
