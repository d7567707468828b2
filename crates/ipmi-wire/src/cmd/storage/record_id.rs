//! What adding and deleting give: the number of the record, in the SDR repository and in the log.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// The record that was added or deleted.
///
/// Source: IPMI v2.0 §31.6 to §31.8 and §33.13 to §33.15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordId(pub u16);

impl Encode for RecordId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }
}

impl Decode for RecordId {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.u16("record ID").map(Self)
    }
}
