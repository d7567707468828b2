//! Get Asset Tag: a piece of it.

use super::text::decode_place;
use super::{GROUP, TextPiece};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Get Asset Tag. DCMI v1.5 §6.4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetAssetTag {
    /// Where the piece begins.
    pub offset: u8,
    /// How many bytes, up to [`TextPiece::MOST`].
    pub count: u8,
}

impl Command for GetAssetTag {
    type Response = TextPiece;
    const ID: CommandId = CommandId::group(GROUP, 0x06);
    const NAME: &'static str = "Get Asset Tag";
    const SECTION: &'static str = "DCMI v1.5 §6.4.2";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetAssetTag {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, self.offset, self.count]);
    }
}

impl Decode for GetAssetTag {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [offset, count] = decode_place(r)?;
        Ok(Self { offset, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_says_how_long_the_whole_is() {
        // As FreeIPMI 1.6.10 asks for the second piece (ipmi-dcmi.c).
        let request = GetAssetTag { offset: 16, count: 4 };
        assert_eq!(request.to_bytes(), [0xdc, 16, 4]);
        assert_eq!(GetAssetTag::decode_exact(&[0xdc, 16, 4]), Ok(request));
        assert!(GetAssetTag::decode_exact(&[0xdc, 16]).is_err());
        let bytes = [0xdc, 20, b'r', b'a', b'c', b'k'];
        let piece = TextPiece::decode_exact(&bytes).unwrap();
        assert_eq!((piece.total, piece.data.as_slice()), (20, &b"rack"[..]));
        assert_eq!(piece.to_bytes(), bytes);
        assert!(TextPiece::decode_exact(&[0xdc]).is_err());
        assert!(TextPiece::decode_exact(&[0x00, 0]).is_err());
    }
}
