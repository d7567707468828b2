//! Add SDR: adds a record in one message.

use crate::cmd::storage::RecordId;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Add SDR. IPMI v2.0 §33.13.
///
/// Few records fit into the message of every interface:
/// [`PartialAddSdr`](super::PartialAddSdr) is for the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddSdr {
    /// The record from its header on. The controller numbers it anew, whatever its header says.
    pub record: Vec<u8>,
}

impl Command for AddSdr {
    type Response = RecordId;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x24);
    const NAME: &'static str = "Add SDR";
    const SECTION: &'static str = "IPMI v2.0 §33.13";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Once
    }
}

impl Encode for AddSdr {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(&self.record);
    }
}

impl Decode for AddSdr {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut record = r.bytes("record header", HEADER)?.to_vec();
        record.extend(r.take_rest());
        Ok(Self { record })
    }
}

/// Bytes of a record's header: number, version, type, length.
const HEADER: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_at_least_a_header() {
        // By hand from §33.13 and §43.12: an OEM record of three bytes.
        let bytes = [0x00, 0x00, 0x51, 0xc0, 0x03, 0x57, 0x01, 0x00];
        let request = AddSdr::decode_exact(&bytes).unwrap();
        assert_eq!(
            (request.record.as_slice(), request.to_bytes().as_slice()),
            (&bytes[..], &bytes[..])
        );
        assert_eq!(request.effect(), Effect::Once);
        let short = AddSdr::decode_exact(&bytes[..4]).unwrap_err();
        assert_eq!(short, DecodeError::Truncated { field: "record header", missing: 1 });
    }
}
