//! Set Asset Tag: a piece of it.
//!
//! The tag is as long as its offset and its bytes together from then on: a shorter one needs no zeros.

use super::text::{decode_piece, encode_piece};
use super::{GROUP, TextLength};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Set Asset Tag. DCMI v1.5 §6.4.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAssetTag {
    /// Where the piece begins.
    pub offset: u8,
    /// Its bytes, up to [`TextPiece::MOST`](super::TextPiece::MOST).
    pub data: Vec<u8>,
}

impl Command for SetAssetTag {
    type Response = TextLength;
    const ID: CommandId = CommandId::group(GROUP, 0x08);
    const NAME: &'static str = "Set Asset Tag";
    const SECTION: &'static str = "DCMI v1.5 §6.4.3";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetAssetTag {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_piece(self.offset, &self.data, out);
    }
}

impl Decode for SetAssetTag {
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
        let request = SetAssetTag::decode_exact(&bytes).unwrap();
        assert_eq!((request.offset, request.data.as_slice()), (16, &b"rack"[..]));
        assert_eq!((request.to_bytes().as_slice(), request.effect()), (&bytes[..], Effect::Idempotent));
        // Fewer bytes than it says, or more.
        assert!(SetAssetTag::decode_exact(&bytes[..6]).is_err());
        assert!(SetAssetTag::decode_exact(&[0xdc, 0, 0, 1]).is_err());
        assert_eq!(TextLength::decode_exact(&[0xdc, 20]).unwrap().total, Some(20));
        assert_eq!(TextLength::decode_exact(&[0xdc]).unwrap().total, None);
    }
}
