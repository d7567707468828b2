//! Reserve Device SDR Repository: notices if a controller's own records change while they are read
//! in pieces.

use crate::cmd::storage::ReservationId;
use crate::command::{Access, Command, Effect, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Reserve Device SDR Repository. IPMI v2.0 §35.4.
///
/// A new reservation cancels the one before, and so does any change of the sensor population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReserveDeviceSdrRepository;

impl Command for ReserveDeviceSdrRepository {
    type Response = ReservationId;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x22);
    const NAME: &'static str = "Reserve Device SDR Repository";
    const SECTION: &'static str = "IPMI v2.0 §35.4";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn effect(&self) -> Effect {
        // A repetition only takes another reservation, in place of one that nobody has seen.
        Effect::Idempotent
    }
}

no_request_data!(ReserveDeviceSdrRepository);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Decode, Encode};

    #[test]
    fn it_may_be_resent() {
        assert_eq!(ReserveDeviceSdrRepository.effect(), Effect::Idempotent);
        assert!(ReserveDeviceSdrRepository.to_bytes().is_empty());
        assert!(ReserveDeviceSdrRepository::decode_exact(&[0]).is_err());
    }
}
