//! Texts that go over the wire in pieces of 16 bytes: asset tag, identifier string.

use super::{GROUP, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};

/// A piece of a text, and how long all of it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextPiece {
    /// How long the whole text is.
    pub total: u8,
    /// The piece.
    pub data: Vec<u8>,
}

impl TextPiece {
    /// The most bytes that a piece has.
    pub const MOST: u8 = 16;
}

impl Encode for TextPiece {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, self.total]);
        out.extend(&self.data);
    }
}

impl Decode for TextPiece {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        Ok(Self { total: r.u8("total length")?, data: r.take_rest().to_vec() })
    }
}

/// How long a text is after a piece of it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLength {
    /// In bytes. Supermicro's controllers leave it out of their answer to Set Asset Tag (FreeIPMI's
    /// notes on workarounds).
    pub total: Option<u8>,
}

impl Encode for TextLength {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(GROUP);
        out.extend(self.total);
    }
}

impl Decode for TextLength {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        Ok(Self { total: r.optional_u8() })
    }
}

/// A request for a piece: where it begins, and how many bytes.
pub(super) fn decode_place(r: &mut Reader<'_>) -> Result<[u8; 2], DecodeError> {
    group(r)?;
    r.array("offset and count")
}

/// A piece to be written: where it begins, and its bytes.
pub(super) fn encode_piece(offset: u8, data: &[u8], out: &mut Vec<u8>) {
    let count = u8::try_from(data.len()).unwrap_or(u8::MAX);
    out.extend([GROUP, offset, count]);
    out.extend(data.iter().take(count.into()));
}

/// The same, read.
pub(super) fn decode_piece(r: &mut Reader<'_>) -> Result<(u8, Vec<u8>), DecodeError> {
    let [offset, count] = decode_place(r)?;
    Ok((offset, r.bytes("data to write", count.into())?.to_vec()))
}

/// The bytes of a command that asks for a piece: both texts are asked for alike.
macro_rules! asks_for_text {
    ($command:ident) => {
        impl $crate::codec::Encode for $command {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend([$crate::cmd::dcmi::GROUP, self.offset, self.count]);
            }
        }

        impl $crate::codec::Decode for $command {
            fn decode(
                r: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::DecodeError> {
                let [offset, count] = $crate::cmd::dcmi::text::decode_place(r)?;
                Ok(Self { offset, count })
            }
        }
    };
}
pub(super) use asks_for_text;

/// The bytes of a command that writes a piece: both texts are written alike.
macro_rules! sets_text {
    ($command:ident) => {
        impl $crate::codec::Encode for $command {
            fn encode(&self, out: &mut Vec<u8>) {
                $crate::cmd::dcmi::text::encode_piece(self.offset, &self.data, out);
            }
        }

        impl $crate::codec::Decode for $command {
            fn decode(
                r: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::DecodeError> {
                let (offset, data) = $crate::cmd::dcmi::text::decode_piece(r)?;
                Ok(Self { offset, data })
            }
        }
    };
}
pub(super) use sets_text;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::dcmi::{
        GetAssetTag, GetManagementControllerIdentifierString, SetAssetTag,
        SetManagementControllerIdentifierString,
    };
    use crate::command::{Command, Effect};

    /// One command of each pair: what is true of one text's is true of the other's.
    macro_rules! both {
        ($case:ident: $one:ident, $other:ident) => {
            $case!($one);
            $case!($other);
        };
    }

    #[test]
    fn a_piece_says_how_long_the_whole_is() {
        // As FreeIPMI 1.6.10 asks for the second piece (ipmi-dcmi.c).
        macro_rules! case {
            ($command:ident) => {
                let request = $command { offset: 16, count: 4 };
                assert_eq!(request.to_bytes(), [0xdc, 16, 4]);
                assert_eq!($command::decode_exact(&[0xdc, 16, 4]), Ok(request));
                assert!($command::decode_exact(&[0xdc, 16]).is_err());
            };
        }
        both!(case: GetAssetTag, GetManagementControllerIdentifierString);
        let bytes = [0xdc, 20, b'r', b'a', b'c', b'k'];
        let piece = TextPiece::decode_exact(&bytes).unwrap();
        assert_eq!((piece.total, piece.data.as_slice()), (20, &b"rack"[..]));
        assert_eq!(piece.to_bytes(), bytes);
        assert!(TextPiece::decode_exact(&[0xdc]).is_err());
        assert!(TextPiece::decode_exact(&[0x00, 0]).is_err());
    }

    #[test]
    fn a_piece_is_what_ipmitool_sends() {
        // lib/ipmi_dcmi.c of 1.8.19: group, offset, count, bytes.
        let bytes = [0xdc, 16, 4, b'r', b'a', b'c', b'k'];
        macro_rules! case {
            ($command:ident) => {
                let request = $command::decode_exact(&bytes).unwrap();
                assert_eq!((request.offset, request.data.as_slice()), (16, &b"rack"[..]));
                assert_eq!(
                    (request.to_bytes().as_slice(), request.effect()),
                    (&bytes[..], Effect::Idempotent)
                );
                // Fewer bytes than it says, or more.
                assert!($command::decode_exact(&bytes[..6]).is_err());
                assert!($command::decode_exact(&[0xdc, 0, 0, 1]).is_err());
            };
        }
        both!(case: SetAssetTag, SetManagementControllerIdentifierString);
        assert_eq!(TextLength::decode_exact(&[0xdc, 20]).unwrap().total, Some(20));
        assert_eq!(TextLength::decode_exact(&[0xdc]).unwrap().total, None);
    }
}
