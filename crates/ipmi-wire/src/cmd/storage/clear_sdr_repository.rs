//! Clear SDR Repository: removes every record.

use crate::cmd::storage::erasure::{decode_clear, encode_clear};
use crate::cmd::storage::{EraseAction, EraseProgress, ReservationId};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Clear SDR Repository. IPMI v2.0 §33.16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClearSdrRepository {
    /// A reservation that is still good.
    pub reservation: ReservationId,
    /// Start, or ask how far it has come.
    pub action: EraseAction,
}

impl Command for ClearSdrRepository {
    type Response = EraseProgress;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x27);
    const NAME: &'static str = "Clear SDR Repository";
    const SECTION: &'static str = "IPMI v2.0 §33.16";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        self.action.effect(self.reservation)
    }
}

impl Encode for ClearSdrRepository {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_clear(self.reservation, self.action, out);
    }
}

impl Decode for ClearSdrRepository {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (reservation, action) = decode_clear(r)?;
        Ok(Self { reservation, action })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_are_needed() {
        // By hand from §33.16.
        let bytes = *b"\x01\x00CLR\xaa";
        let request = ClearSdrRepository::decode_exact(&bytes).unwrap();
        assert_eq!(
            (request.reservation, request.action),
            (ReservationId(1), EraseAction::Initiate)
        );
        assert_eq!(request.to_bytes(), bytes);
        assert!(ClearSdrRepository::decode_exact(b"\x01\x00RLC\xaa").is_err());
        assert_eq!(request.effect(), Effect::Idempotent);
    }
}
