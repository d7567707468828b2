//! Get SEL Time UTC Offset: how far the log's clock is from UTC.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get SEL Time UTC Offset. IPMI v2.0 §31.11a.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSelTimeUtcOffset;

/// Local time less UTC, in minutes. IPMI v2.0 §31.11a.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UtcOffset(pub i16);

impl UtcOffset {
    /// Nobody has said whether the clock runs in UTC or in local time.
    pub const UNSPECIFIED: Self = Self(0x07ff);
    /// The clock runs in UTC.
    pub const UTC: Self = Self(0);
    /// The greatest offset either way: a day.
    pub const MAX: i16 = 1440;

    /// The minutes to take from a time of the log to get UTC, if they are known. What is no
    /// offset at all is not known either.
    #[must_use]
    pub const fn minutes(self) -> Option<i16> {
        if self.is_allowed() && self.0 != Self::UNSPECIFIED.0 { Some(self.0) } else { None }
    }

    /// Whether it may be set: up to a day either way, or unspecified.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        self.0 == Self::UNSPECIFIED.0 || (-Self::MAX <= self.0 && self.0 <= Self::MAX)
    }
}

impl Command for GetSelTimeUtcOffset {
    type Response = UtcOffset;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x5c);
    const NAME: &'static str = "Get SEL Time UTC Offset";
    const SECTION: &'static str = "IPMI v2.0 §31.11a";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetSelTimeUtcOffset);

impl Encode for UtcOffset {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }
}

impl Decode for UtcOffset {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array("UTC offset").map(|bytes| Self(i16::from_le_bytes(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn west_of_greenwich_is_negative() {
        // By hand from §31.11a: UTC-5 is -300 minutes.
        let offset = UtcOffset::decode_exact(&[0xd4, 0xfe]).unwrap();
        assert_eq!((offset.minutes(), offset.to_bytes()), (Some(-300), vec![0xd4, 0xfe]));
        assert_eq!(UtcOffset::decode_exact(&[0xff, 0x07]).unwrap(), UtcOffset::UNSPECIFIED);
        assert_eq!(UtcOffset::UNSPECIFIED.minutes(), None);
        assert_eq!(UtcOffset(i16::MIN).minutes(), None);
        assert!(UtcOffset::decode_exact(&[0xd4]).is_err());
    }
}
