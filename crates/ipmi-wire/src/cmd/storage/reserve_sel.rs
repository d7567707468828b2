//! Reserve SEL: notices if records disappear while they are read in pieces.

use crate::cmd::storage::ReservationId;
use crate::command::{Access, Command, Effect, no_request_data};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Reserve SEL. IPMI v2.0 §31.4.
///
/// Deleting and clearing need a reservation, and so does reading a record in pieces. A new
/// reservation cancels the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReserveSel;

impl Command for ReserveSel {
    type Response = ReservationId;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x42);
    const NAME: &'static str = "Reserve SEL";
    const SECTION: &'static str = "IPMI v2.0 §31.4";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn effect(&self) -> Effect {
        // A repetition only takes another reservation, in place of one that nobody has seen.
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x81).then_some("the SEL is being erased, try again")
    }
}

no_request_data!(ReserveSel);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_may_be_resent() {
        assert_eq!(ReserveSel.effect(), Effect::Idempotent);
        assert!(ReserveSel::explain(CompletionCode(0x81)).is_some());
    }
}
