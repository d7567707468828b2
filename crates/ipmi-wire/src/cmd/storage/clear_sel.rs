//! Clear SEL: empties the log.

use crate::cmd::storage::erasure::{decode_clear, encode_clear};
use crate::cmd::storage::{EraseAction, EraseProgress, ReservationId};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Clear SEL. IPMI v2.0 §31.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClearSel {
    /// A reservation that is still good.
    pub reservation: ReservationId,
    /// Start, or ask how far it has come.
    pub action: EraseAction,
}

impl Command for ClearSel {
    type Response = EraseProgress;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x47);
    const NAME: &'static str = "Clear SEL";
    const SECTION: &'static str = "IPMI v2.0 §31.9";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        self.action.effect(self.reservation)
    }
}

impl Encode for ClearSel {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_clear(self.reservation, self.action, out);
    }
}

impl Decode for ClearSel {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (reservation, action) = decode_clear(r)?;
        Ok(Self { reservation, action })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starting_and_asking() {
        // ipmitool 1.8.19 `sel clear` sends these two, one after the other.
        let start = [0x34, 0x12, 0x43, 0x4c, 0x52, 0xaa];
        let request = ClearSel::decode_exact(&start).unwrap();
        let expected =
            ClearSel { reservation: ReservationId(0x1234), action: EraseAction::Initiate };
        assert_eq!((request, request.to_bytes().as_slice()), (expected, &start[..]));
        let ask = [0x34, 0x12, 0x43, 0x4c, 0x52, 0x00];
        let request = ClearSel::decode_exact(&ask).unwrap();
        assert_eq!(
            (request.action, request.to_bytes().as_slice()),
            (EraseAction::Status, &ask[..])
        );
        for length in 0..ask.len() {
            assert!(ClearSel::decode_exact(&ask[..length]).is_err());
        }
    }

    #[test]
    fn nothing_is_cleared_by_mistake() {
        let refused = ClearSel::decode_exact(b"\x34\x12CLS\xaa").unwrap_err();
        assert_eq!(refused, DecodeError::Invalid { field: "'CLR'", value: 0x43_4c53 });
        let refused = ClearSel::decode_exact(b"\x34\x12CLR\xab").unwrap_err();
        assert_eq!(refused, DecodeError::Invalid { field: "erase action", value: 0xab });
    }

    #[test]
    fn only_a_reservation_makes_it_repeatable() {
        let effect = |reservation, action| {
            ClearSel { reservation: ReservationId(reservation), action }.effect()
        };
        assert_eq!(effect(1, EraseAction::Initiate), Effect::Idempotent);
        assert_eq!(effect(0, EraseAction::Initiate), Effect::Once);
        assert_eq!(effect(1, EraseAction::Status), Effect::Read);
    }

    #[test]
    fn progress_is_the_low_nibble() {
        assert_eq!(EraseProgress::decode_exact(&[0xf1]).unwrap(), EraseProgress::Completed);
        assert_eq!(EraseProgress::decode_exact(&[0]).unwrap(), EraseProgress::InProgress);
        assert_eq!(EraseProgress::Completed.to_bytes(), [1]);
        assert!(EraseProgress::decode_exact(&[2]).is_err());
        assert!(EraseProgress::decode_exact(&[]).is_err());
    }
}
