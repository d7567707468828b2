//! Delete SDR: removes a record.

use crate::cmd::storage::{RecordId, ReservationId};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Delete SDR. IPMI v2.0 §33.15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteSdr {
    /// A reservation that is still good.
    pub reservation: ReservationId,
    /// Which record: 0000h is the first, FFFFh the last.
    pub record_id: u16,
}

impl Command for DeleteSdr {
    type Response = RecordId;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x26);
    const NAME: &'static str = "Delete SDR";
    const SECTION: &'static str = "IPMI v2.0 §33.15";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        // The first and the last record are another one the second time, and a number may have
        // been given to a new record.
        Effect::Once
    }
}

impl Encode for DeleteSdr {
    fn encode(&self, out: &mut Vec<u8>) {
        self.reservation.encode(out);
        out.extend(self.record_id.to_le_bytes());
    }
}

impl Decode for DeleteSdr {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { reservation: ReservationId::decode(r)?, record_id: r.u16("record ID")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reservation_comes_first() {
        // By hand from §33.15.
        let bytes = [0x34, 0x12, 0x07, 0x00];
        let request = DeleteSdr::decode_exact(&bytes).unwrap();
        let expected = DeleteSdr { reservation: ReservationId(0x1234), record_id: 7 };
        assert_eq!((request, request.to_bytes().as_slice()), (expected, &bytes[..]));
        for length in 0..bytes.len() {
            assert!(DeleteSdr::decode_exact(&bytes[..length]).is_err());
        }
        let deleted = RecordId::decode_exact(&[0x07, 0x00]).unwrap();
        assert_eq!((deleted, deleted.to_bytes()), (RecordId(7), vec![7, 0]));
        assert!(RecordId::decode_exact(&[0x07]).is_err());
    }
}
