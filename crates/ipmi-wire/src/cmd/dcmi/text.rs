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
