//! Get POH Counter: for how long the machine has been on in its life.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get POH (power-on hours) Counter. IPMI v2.0 §28.14.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetPohCounter;

/// The answer to [`GetPohCounter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PohCounter {
    /// Minutes per count, usually 60.
    pub minutes_per_count: u8,
    /// Counts.
    pub counter: u32,
}

impl PohCounter {
    /// The time in minutes.
    #[must_use]
    pub fn minutes(&self) -> u64 {
        u64::from(self.counter).saturating_mul(self.minutes_per_count.into())
    }
}

impl Command for GetPohCounter {
    type Response = PohCounter;
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x0f);
    const NAME: &'static str = "Get POH Counter";
    const SECTION: &'static str = "IPMI v2.0 §28.14";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetPohCounter);

impl Encode for PohCounter {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.minutes_per_count);
        out.extend(self.counter.to_le_bytes());
    }
}

impl Decode for PohCounter {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { minutes_per_count: r.u8("minutes per count")?, counter: r.u32("counter")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_hours_as_a_rule() {
        let poh = PohCounter::decode_exact(&[60, 0x10, 0x27, 0, 0]).unwrap();
        assert_eq!((poh.counter, poh.minutes()), (10_000, 600_000));
        assert_eq!(poh.to_bytes(), [60, 0x10, 0x27, 0, 0]);
        assert!(PohCounter::decode_exact(&[60, 0x10, 0x27, 0]).is_err());
    }
}
