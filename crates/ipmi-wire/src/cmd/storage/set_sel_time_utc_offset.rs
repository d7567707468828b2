//! Set SEL Time UTC Offset: tells how far the log's clock is from UTC.

use crate::cmd::storage::UtcOffset;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set SEL Time UTC Offset. IPMI v2.0 §31.11b. It does not change the clock itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetSelTimeUtcOffset {
    /// The offset.
    pub offset: UtcOffset,
}

impl Command for SetSelTimeUtcOffset {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x5d);
    const NAME: &'static str = "Set SEL Time UTC Offset";
    const SECTION: &'static str = "IPMI v2.0 §31.11b";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetSelTimeUtcOffset {
    fn encode(&self, out: &mut Vec<u8>) {
        self.offset.encode(out);
    }
}

impl Decode for SetSelTimeUtcOffset {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = UtcOffset::decode(r)?;
        if !offset.is_allowed() {
            let value = u32::from(offset.0.cast_unsigned());
            return Err(DecodeError::Invalid { field: "UTC offset", value });
        }
        Ok(Self { offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_a_day_either_way() {
        // By hand from §31.11b: UTC+5:30 is 330 minutes.
        let request = SetSelTimeUtcOffset::decode_exact(&[0x4a, 0x01]).unwrap();
        assert_eq!((request.offset, request.to_bytes()), (UtcOffset(330), vec![0x4a, 0x01]));
        let set = |minutes: i16| SetSelTimeUtcOffset::decode_exact(&minutes.to_le_bytes());
        assert!(set(-1440).is_ok() && set(1440).is_ok() && set(0x07ff).is_ok());
        let refused = DecodeError::Invalid { field: "UTC offset", value: 1441 };
        assert_eq!(set(1441).unwrap_err(), refused);
        assert!(set(-1441).is_err());
    }
}
