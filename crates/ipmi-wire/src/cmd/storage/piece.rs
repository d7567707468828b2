//! Pieces of records: what reading and adding them asks for, the same for SDRs and the log.

use super::ReservationId;
use crate::codec::{Decode, DecodeError, Encode, Reader};

/// Which piece to read: all that [`GetSdr`](super::GetSdr), [`GetSelEntry`](super::GetSelEntry) and
/// [`GetDeviceSdr`](crate::cmd::sensor::GetDeviceSdr) send.
#[derive(Clone, Copy)]
pub(in crate::cmd) struct PieceToRead {
    pub(in crate::cmd) reservation: ReservationId,
    pub(in crate::cmd) record_id: u16,
    pub(in crate::cmd) offset: u8,
    pub(in crate::cmd) count: u8,
}

/// Where a piece goes: what [`PartialAddSdr`](super::PartialAddSdr) and
/// [`PartialAddSelEntry`](super::PartialAddSelEntry) send before it.
#[derive(Clone, Copy)]
pub(super) struct PieceToAdd {
    pub(super) reservation: ReservationId,
    pub(super) record_id: u16,
    pub(super) offset: u8,
    pub(super) last: bool,
}

impl Encode for PieceToRead {
    fn encode(&self, out: &mut Vec<u8>) {
        self.reservation.encode(out);
        out.extend(self.record_id.to_le_bytes());
        out.extend([self.offset, self.count]);
    }
}

impl Decode for PieceToRead {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            reservation: ReservationId::decode(r)?,
            record_id: r.u16("record ID")?,
            offset: r.u8("offset into record")?,
            count: r.u8("bytes to read")?,
        })
    }
}

impl Encode for PieceToAdd {
    fn encode(&self, out: &mut Vec<u8>) {
        self.reservation.encode(out);
        out.extend(self.record_id.to_le_bytes());
        out.extend([self.offset, self.last.into()]);
    }
}

impl Decode for PieceToAdd {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            reservation: ReservationId::decode(r)?,
            record_id: r.u16("record ID")?,
            offset: r.u8("offset into record")?,
            last: match r.u8("in progress")? & 0x0f {
                0 => false,
                1 => true,
                other => {
                    return Err(DecodeError::Invalid { field: "in progress", value: other.into() });
                }
            },
        })
    }
}
