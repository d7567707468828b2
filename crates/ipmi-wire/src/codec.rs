//! Cursor-style reading and appending: the only place that touches raw bytes by position.
//!
//! The contract of every decoder in this crate: it never panics, whatever the bytes; it never
//! allocates more than a small multiple of its input; and what it accepts it can encode again, to
//! bytes that decode to the same value. Reserved bits and surplus bytes are tolerated on decode
//! and never produced on encode.

/// Why a byte string is not the structure that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The input ended inside `field`.
    #[error("{field}: input ended, {missing} more byte(s) needed")]
    Truncated {
        /// The specification's name of the field being read.
        field: &'static str,
        /// How many bytes were missing.
        missing: usize,
    },
    /// `field` holds a value that the specification reserves or forbids.
    #[error("{field}: value {value:#04x} is not allowed here")]
    Invalid {
        /// The specification's name of the field being read.
        field: &'static str,
        /// The offending value, widened.
        value: u32,
    },
    /// A checksum does not match the bytes it covers.
    #[error("{field}: checksum mismatch")]
    Checksum {
        /// What the checksum covers.
        field: &'static str,
    },
    /// Bytes were left over after a structure that must fill its input.
    #[error("{count} unexpected trailing byte(s)")]
    Trailing {
        /// Number of bytes left.
        count: usize,
    },
}

/// A forward-only reader that names every field it takes. Multi-byte integers are little-endian.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Starts at the first byte of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Takes `N` bytes as an array.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if fewer than `N` bytes are left.
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let Some((head, rest)) = self.0.split_first_chunk::<N>() else {
            return Err(DecodeError::Truncated { field, missing: N.saturating_sub(self.0.len()) });
        };
        self.0 = rest;
        Ok(*head)
    }

    /// Takes one byte.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end of the input.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    /// Takes a 16-bit integer.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if fewer than two bytes are left.
    pub fn u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        self.array(field).map(u16::from_le_bytes)
    }

    /// Takes a 24-bit integer.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if fewer than three bytes are left.
    pub fn u24(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.array(field).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    /// Takes a 32-bit integer.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if fewer than four bytes are left.
    pub fn u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// Takes `count` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if fewer are left.
    pub fn bytes(&mut self, field: &'static str, count: usize) -> Result<&'a [u8], DecodeError> {
        let Some((head, rest)) = self.0.split_at_checked(count) else {
            return Err(DecodeError::Truncated {
                field,
                missing: count.saturating_sub(self.0.len()),
            });
        };
        self.0 = rest;
        Ok(head)
    }

    /// Takes one byte if there is one: for tails that the field has shown to be missing.
    pub fn optional_u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Takes everything that is left, possibly nothing.
    pub fn take_rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Insists that everything was read.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`] if bytes are left over.
    pub const fn finish(&self) -> Result<(), DecodeError> {
        match self.0.len() {
            0 => Ok(()),
            count => Err(DecodeError::Trailing { count }),
        }
    }
}

/// A value with exactly one wire form.
pub trait Encode {
    /// Appends the wire form to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// The wire form as a new vector.
    #[must_use]
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }
}

/// A value that can be read from the wire.
pub trait Decode: Sized {
    /// Reads one value, leaving the reader just after it.
    ///
    /// # Errors
    /// See [`DecodeError`].
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Reads one value that must use up `bytes`.
    ///
    /// # Errors
    /// As [`decode`](Self::decode), and [`DecodeError::Trailing`] if bytes are left over.
    fn decode_exact(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let value = Self::decode(&mut r)?;
        r.finish()?;
        Ok(value)
    }
}

/// Nothing at all: a request without data, or a response of just its completion code.
impl Encode for () {
    fn encode(&self, _: &mut Vec<u8>) {}
}

impl Decode for () {
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(())
    }
}

/// The two's complement of the byte sum, so that data and checksum together sum to zero.
///
/// Source: IPMI v2.0 §13.8 (IPMI LAN message format), IPMB v1.0 §2.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_input_names_the_field_and_what_is_missing() {
        let mut r = Reader::new(&[1, 2]);
        let err = r.u32("session id").unwrap_err();
        assert_eq!(err, DecodeError::Truncated { field: "session id", missing: 2 });
        assert_eq!(err.to_string(), "session id: input ended, 2 more byte(s) needed");
        // A failed read takes nothing.
        assert_eq!(r.u16("x").unwrap(), 0x0201);
    }

    #[test]
    fn data_and_checksum_sum_to_zero() {
        assert_eq!(checksum(&[0x20, 0x18]), 0xc8);
        assert_eq!(checksum(&[]), 0);
    }
}
