//! The type/length byte and the string that it announces.

use core::fmt;

use crate::codec::{Encode, Reader};
use crate::packed::{bcd_plus_text, six_bit_text};

/// A sensor's name. IPMI v2.0 §43.15.
///
/// Kept as the bytes that came; [`text`](Self::text) reads them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdString {
    encoding: IdStringEncoding,
    data: Vec<u8>,
}

/// How an [`IdString`] is written: the top two bits of its type/length byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdStringEncoding {
    /// UTF-16, low byte first.
    Unicode,
    /// Two characters per byte, high digit first: `0`-`9`, space, `-`, `.`.
    BcdPlus,
    /// Four characters in three bytes, from 20h (space) to 5Fh (underscore).
    SixBitAscii,
    /// One character per byte, ISO 8859-1.
    Latin1,
}

/// Why a text cannot be an [`IdString`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdStringError {
    /// Sixteen bytes are all there is.
    #[error("sensor name has {0} characters, at most 16 are allowed")]
    TooLong(usize),
    /// The character is not in ISO 8859-1.
    #[error("sensor name contains {0:?}, which is not Latin-1")]
    NotLatin1(char),
}

impl IdString {
    /// The longest string that may be made. What is read may have up to 31 bytes.
    pub const MAX: usize = 16;
    /// No name at all.
    pub const EMPTY: Self = Self { encoding: IdStringEncoding::Latin1, data: Vec::new() };

    /// The name `text`, as 8-bit ASCII and Latin-1.
    ///
    /// # Errors
    /// See [`IdStringError`].
    pub fn new(text: &str) -> Result<Self, IdStringError> {
        let data = text
            .chars()
            .map(|c| u8::try_from(c).map_err(|_| IdStringError::NotLatin1(c)))
            .collect::<Result<Vec<u8>, _>>()?;
        match data.len() {
            0..=Self::MAX => Ok(Self { encoding: IdStringEncoding::Latin1, data }),
            length => Err(IdStringError::TooLong(length)),
        }
    }

    /// How the bytes are written.
    #[must_use]
    pub const fn encoding(&self) -> IdStringEncoding {
        self.encoding
    }

    /// The bytes as they are on the wire, without the type/length byte.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.data
    }

    /// Whether there is no name.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The name. It ends at the first NUL, as some controllers fill up with those; packed
    /// encodings lose trailing spaces, which are their filling.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text: String = match self.encoding {
            IdStringEncoding::Latin1 => self.data.iter().map(|byte| char::from(*byte)).collect(),
            IdStringEncoding::Unicode => {
                let units = self.data.chunks_exact(2).filter_map(|pair| match pair {
                    [low, high] => Some(u16::from_le_bytes([*low, *high])),
                    _ => None,
                });
                char::decode_utf16(units)
                    .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect()
            }
            IdStringEncoding::BcdPlus => bcd_plus_text(&self.data),
            IdStringEncoding::SixBitAscii => six_bit_text(&self.data),
        };
        if let Some(end) = text.find('\0') {
            text.truncate(end);
        }
        text
    }

    /// Reads the type/length byte and as much of the string as there is.
    ///
    /// Never fails: some records end before the type/length byte, or inside the string. The
    /// specification counts characters, most controllers bytes; for the packed encodings the end
    /// of the record decides, as both agree on that.
    pub(super) fn decode(r: &mut Reader<'_>) -> Self {
        let Some(code) = r.optional_u8() else {
            return Self::EMPTY;
        };
        let encoding = match code >> 6 {
            0 => IdStringEncoding::Unicode,
            1 => IdStringEncoding::BcdPlus,
            2 => IdStringEncoding::SixBitAscii,
            _ => IdStringEncoding::Latin1,
        };
        let announced = usize::from(code & 0x1f);
        let data = r.take_rest().iter().take(announced).copied().collect();
        Self { encoding, data }
    }
}

impl Encode for IdString {
    fn encode(&self, out: &mut Vec<u8>) {
        let encoding = match self.encoding {
            IdStringEncoding::Unicode => 0,
            IdStringEncoding::BcdPlus => 0x40,
            IdStringEncoding::SixBitAscii => 0x80,
            IdStringEncoding::Latin1 => 0xc0,
        };
        // Both ways to make one keep it below 32 bytes.
        let length = u8::try_from(self.data.len()).unwrap_or(0x1f) & 0x1f;
        out.push(encoding | length);
        out.extend(&self.data);
    }
}

impl fmt::Display for IdString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl fmt::Debug for IdString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { encoding, data: _ } = self;
        match encoding {
            IdStringEncoding::Latin1 => write!(f, "{:?}", self.text()),
            other => write!(f, "{:?} ({other:?})", self.text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> IdString {
        let id = IdString::decode(&mut Reader::new(bytes));
        assert_eq!(IdString::decode(&mut Reader::new(&id.to_bytes())), id);
        id
    }

    #[test]
    fn all_four_encodings_are_read() {
        assert_eq!(read(b"\xc4Fan1").text(), "Fan1");
        assert_eq!(read(&[0xc2, 0xb0, b'C']).text(), "°C");
        // "IPMI" is the specification's own example of 6-bit packing (§43.15).
        assert_eq!(read(&[0x83, 0x29, 0xdc, 0xa6]).text(), "IPMI");
        assert_eq!(read(&[0x43, 0x12, 0xb3, 0xc4]).text(), "12-3.4");
        assert_eq!(read(&[0x42, 0x12, 0xaa]).text(), "12");
        assert_eq!(read(&[0x04, b'A', 0, 0xac, 0x20]).text(), "A€");
    }

    #[test]
    fn six_bit_counted_in_characters_ends_with_the_record() {
        // gebn/bmc's test record: nine characters, seven bytes.
        let id = read(&[0x89, 0x18, 0x01, 0x74, 0xc7, 0xce, 0xdb, 0x3f]);
        assert_eq!(id.text(), r"8$ ='[\V_");
    }

    #[test]
    fn short_and_missing_strings_are_tolerated() {
        assert!(read(&[]).is_empty());
        assert!(read(&[0xc0]).is_empty());
        assert!(read(&[0x00]).is_empty());
        assert_eq!(read(b"\xd0Inlet\0\0\0").text(), "Inlet");
    }

    #[test]
    fn only_what_fits_can_be_made() {
        assert_eq!(IdString::new("CPU Temp").unwrap().to_bytes(), b"\xc8CPU Temp");
        assert_eq!(IdString::new("0123456789abcdef").unwrap().to_bytes().len(), 17);
        assert_eq!(IdString::new("0123456789abcdefg"), Err(IdStringError::TooLong(17)));
        assert_eq!(IdString::new("5 k€"), Err(IdStringError::NotLatin1('€')));
    }
}
