//! Get Management Controller Identifier String: a piece of it.

use super::text::decode_place;
use super::{GROUP, TextPiece};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Get Management Controller Identifier String. DCMI v1.5 §6.4.6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetManagementControllerIdentifierString {
    /// Where the piece begins.
    pub offset: u8,
    /// How many bytes, up to [`TextPiece::MOST`].
    pub count: u8,
}

impl Command for GetManagementControllerIdentifierString {
    type Response = TextPiece;
    const ID: CommandId = CommandId::group(GROUP, 0x09);
    const NAME: &'static str = "Get Management Controller Identifier String";
    const SECTION: &'static str = "DCMI v1.5 §6.4.6.1";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetManagementControllerIdentifierString {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, self.offset, self.count]);
    }
}

impl Decode for GetManagementControllerIdentifierString {
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
        let request = GetManagementControllerIdentifierString { offset: 16, count: 4 };
        assert_eq!(request.to_bytes(), [0xdc, 16, 4]);
        assert_eq!(GetManagementControllerIdentifierString::decode_exact(&[0xdc, 16, 4]), Ok(request));
        assert!(GetManagementControllerIdentifierString::decode_exact(&[0xdc, 16]).is_err());
        let bytes = [0xdc, 20, b'r', b'a', b'c', b'k'];
        let piece = TextPiece::decode_exact(&bytes).unwrap();
        assert_eq!((piece.total, piece.data.as_slice()), (20, &b"rack"[..]));
        assert_eq!(piece.to_bytes(), bytes);
        assert!(TextPiece::decode_exact(&[0xdc]).is_err());
        assert!(TextPiece::decode_exact(&[0x00, 0]).is_err());
    }
}
