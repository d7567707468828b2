//! Reserve SDR Repository: notices if records change while they are read in pieces.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Reserve SDR Repository. IPMI v2.0 §33.11.
///
/// A new reservation cancels the one before, and so does any change of the repository: pieces
/// that were read under the same reservation belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReserveSdrRepository;

/// A reservation of the SDR repository or of the SEL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReservationId(pub u16);

impl ReservationId {
    /// No reservation: good for reading from the start of a record.
    pub const NONE: Self = Self(0);
}

impl fmt::Display for ReservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.0)
    }
}

impl Command for ReserveSdrRepository {
    type Response = ReservationId;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x22);
    const NAME: &'static str = "Reserve SDR Repository";
    const SECTION: &'static str = "IPMI v2.0 §33.11";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn effect(&self) -> Effect {
        // A repetition only takes another reservation, in place of one that nobody has seen.
        Effect::Idempotent
    }
}

no_request_data!(ReserveSdrRepository);

impl Encode for ReservationId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }
}

impl Decode for ReservationId {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.u16("reservation ID").map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_two_bytes() {
        let reservation = ReservationId::decode_exact(&[0x34, 0x12]).unwrap();
        assert_eq!(
            (reservation, reservation.to_bytes()),
            (ReservationId(0x1234), vec![0x34, 0x12])
        );
        assert!(ReservationId::decode_exact(&[0x34]).is_err());
    }
}
