//! What reading a repository gives: the same for the SDR repository and the log.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// The answer to [`GetSdr`](super::GetSdr), [`GetSelEntry`](super::GetSelEntry) and
/// [`GetDeviceSdr`](crate::cmd::sensor::GetDeviceSdr).
///
/// Source: IPMI v2.0 §31.5, §33.12 and §35.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordData {
    /// The record after this one; FFFFh if there is none.
    pub next_record_id: u16,
    /// The bytes asked for; `ipmi_sim` may send more than the record has.
    pub data: Vec<u8>,
}

impl Encode for RecordData {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.next_record_id.to_le_bytes());
        out.extend(&self.data);
    }
}

impl Decode for RecordData {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { next_record_id: r.u16("next record ID")?, data: r.take_rest().to_vec() })
    }
}
