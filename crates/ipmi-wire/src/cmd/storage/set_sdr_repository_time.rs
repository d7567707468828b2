//! Set SDR Repository Time: sets the clock that stamps changes.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set SDR Repository Time. IPMI v2.0 §33.18.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetSdrRepositoryTime {
    /// Seconds since 1970 began, in UTC or local time, whatever the controller's clock is to run
    /// in.
    pub time: u32,
}

impl Command for SetSdrRepositoryTime {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x29);
    const NAME: &'static str = "Set SDR Repository Time";
    const SECTION: &'static str = "IPMI v2.0 §33.18";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        // A repetition sets the clock back by as long as it came later: a few seconds at most. So
        // does a request that comes late by itself.
        Effect::Idempotent
    }
}

impl Encode for SetSdrRepositoryTime {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.time.to_le_bytes());
    }
}

impl Decode for SetSdrRepositoryTime {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { time: r.u32("time")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bytes_low_byte_first() {
        // By hand from §33.18: 2022-03-18 07:10:48 UTC.
        let bytes = [0x78, 0x30, 0x34, 0x62];
        let request = SetSdrRepositoryTime::decode_exact(&bytes).unwrap();
        assert_eq!((request.time, request.to_bytes().as_slice()), (0x6234_3078, &bytes[..]));
        for length in 0..bytes.len() {
            assert!(SetSdrRepositoryTime::decode_exact(&bytes[..length]).is_err());
        }
    }
}
