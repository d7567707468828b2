//! The clock that stamps records: the same for the SDR repository and the log.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::sel::Timestamp;

/// The answer to [`GetSelTime`](super::GetSelTime) and
/// [`GetSdrRepositoryTime`](super::GetSdrRepositoryTime).
///
/// Source: IPMI v2.0 §31.10 and §33.17. Many controllers have one clock for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RepositoryTime(pub u32);

impl RepositoryTime {
    /// What the number means.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        Timestamp::new(self.0)
    }
}

impl Encode for RepositoryTime {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }
}

impl Decode for RepositoryTime {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.u32("present timestamp").map(Self)
    }
}
