//! Set Management Controller Identifier String: a piece of it.
//!
//! Nothing changes before a piece with a zero byte comes, which ends the string.

use super::text::{decode_piece, encode_piece};
use super::{GROUP, TextLength};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Set Management Controller Identifier String. DCMI v1.5 §6.4.6.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetManagementControllerIdentifierString {
    /// Where the piece begins.
    pub offset: u8,
    /// Its bytes, up to [`TextPiece::MOST`](super::TextPiece::MOST).
    pub data: Vec<u8>,
}

impl Command for SetManagementControllerIdentifierString {
    type Response = TextLength;
    const ID: CommandId = CommandId::group(GROUP, 0x0a);
    const NAME: &'static str = "Set Management Controller Identifier String";
    const SECTION: &'static str = "DCMI v1.5 §6.4.6.2";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetManagementControllerIdentifierString {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_piece(self.offset, &self.data, out);
    }
}

impl Decode for SetManagementControllerIdentifierString {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (offset, data) = decode_piece(r)?;
        Ok(Self { offset, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_what_ipmitool_sends() {
        // lib/ipmi_dcmi.c of 1.8.19: group, offset, count, bytes.
        let bytes = [0xdc, 16, 4, b'r', b'a', b'c', b'k'];
        let request = SetManagementControllerIdentifierString::decode_exact(&bytes).unwrap();
        assert_eq!((request.offset, request.data.as_slice()), (16, &b"rack"[..]));
        assert_eq!((request.to_bytes().as_slice(), request.effect()), (&bytes[..], Effect::Idempotent));
        // Fewer bytes than it says, or more.
        assert!(SetManagementControllerIdentifierString::decode_exact(&bytes[..6]).is_err());
        assert!(SetManagementControllerIdentifierString::decode_exact(&[0xdc, 0, 0, 1]).is_err());
        assert_eq!(TextLength::decode_exact(&[0xdc, 20]).unwrap().total, Some(20));
        assert_eq!(TextLength::decode_exact(&[0xdc]).unwrap().total, None);
    }
}
