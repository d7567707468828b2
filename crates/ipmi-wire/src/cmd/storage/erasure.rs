//! Clearing a repository: the same for the SDR repository and the log.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::Effect;

use super::ReservationId;

/// What [`ClearSel`](super::ClearSel) and
/// [`ClearSdrRepository`](super::ClearSdrRepository) are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EraseAction {
    /// Start clearing: AAh.
    Initiate,
    /// Tell how far it has come: 00h.
    Status,
}

/// How far clearing has come. IPMI v2.0 §31.9 and §33.16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EraseProgress {
    /// Not done yet: ask again.
    InProgress,
    /// Everything is gone.
    Completed,
}

impl EraseAction {
    /// What a repetition does.
    ///
    /// Under a reservation it clears what the first has cleared, if anything: clearing cancels
    /// the reservation, so the repetition is refused (C5h), which then may well mean that the
    /// first was carried out. OpenBMC checks the reservation even of a status request after that.
    /// Without a reservation, nothing protects what was added in between.
    pub(super) fn effect(self, reservation: ReservationId) -> Effect {
        match self {
            Self::Status => Effect::Read,
            Self::Initiate if reservation == ReservationId::NONE => Effect::Once,
            Self::Initiate => Effect::Idempotent,
        }
    }
}

/// Writes the body that both commands share.
pub(super) fn encode_clear(reservation: ReservationId, action: EraseAction, out: &mut Vec<u8>) {
    reservation.encode(out);
    out.extend(GUARD);
    out.push(match action {
        EraseAction::Initiate => 0xaa,
        EraseAction::Status => 0,
    });
}

/// Reads it. Without the three letters nothing may be cleared, nor with an unknown action.
pub(super) fn decode_clear(
    r: &mut Reader<'_>,
) -> Result<(ReservationId, EraseAction), DecodeError> {
    let reservation = ReservationId::decode(r)?;
    let guard: [u8; 3] = r.array("'CLR'")?;
    if guard != GUARD {
        let [c, l, letter] = guard;
        let value = u32::from_be_bytes([0, c, l, letter]);
        return Err(DecodeError::Invalid { field: "'CLR'", value });
    }
    match r.u8("erase action")? {
        0xaa => Ok((reservation, EraseAction::Initiate)),
        0x00 => Ok((reservation, EraseAction::Status)),
        other => Err(DecodeError::Invalid { field: "erase action", value: other.into() }),
    }
}

impl Encode for EraseProgress {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::InProgress => 0,
            Self::Completed => 1,
        });
    }
}

impl Decode for EraseProgress {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match r.u8("erasure progress")? & 0x0f {
            0 => Ok(Self::InProgress),
            1 => Ok(Self::Completed),
            other => Err(DecodeError::Invalid { field: "erasure progress", value: other.into() }),
        }
    }
}

/// What stands between a mistyped command and an empty log.
const GUARD: [u8; 3] = *b"CLR";
