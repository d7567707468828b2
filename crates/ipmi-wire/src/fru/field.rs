//! A field of an info area: a type/length byte and what it announces.

use core::fmt;

use crate::packed;

/// A field, kept as the bytes that came; [`text`](Self::text) reads them. FRU Definition §13.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Field {
    encoding: Encoding,
    data: Vec<u8>,
}

/// How a [`Field`] is written: the top two bits of its type/length byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Bytes without a meaning, or none at all.
    Binary,
    /// Two characters per byte, high digit first: `0`-`9`, space, `-`, `.`.
    BcdPlus,
    /// Four characters in three bytes, from 20h (space) to 5Fh (underscore).
    SixBitAscii,
    /// ASCII and Latin-1, one byte each; UTF-16, low byte first, if the language is not English.
    Text,
}

/// The language of an info area. FRU Definition §15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Language(pub u8);

/// Why a text cannot be a [`Field`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// 63 bytes are all that the type/length byte can announce.
    #[error("takes {0} bytes, a field holds at most 63")]
    TooLong(usize),
    /// No encoding gives the text back as it is.
    #[error("cannot be written in this field's encodings")]
    NotExpressible,
}

impl Language {
    /// English, also for "not said".
    pub const ENGLISH: Self = Self(0);

    /// Whether it is English: 0, or the code of its own.
    #[must_use]
    pub const fn is_english(self) -> bool {
        matches!(self.0, 0 | 25)
    }
}

impl Field {
    /// The longest field.
    pub const MAX: usize = 63;
    /// A field without contents.
    pub const EMPTY: Self = Self { encoding: Encoding::Text, data: Vec::new() };
    /// What ends the fields: it would announce a text of a single byte.
    pub const END: u8 = 0xc1;

    /// The field `text`, as 8-bit ASCII and Latin-1 if possible; in a language that is not
    /// English, else as UTF-16.
    ///
    /// # Errors
    /// See [`FieldError`].
    pub fn new(text: &str, language: Language) -> Result<Self, FieldError> {
        Self::EMPTY.replaced(text, language)
    }

    /// The bytes `data`, without a meaning.
    ///
    /// # Errors
    /// See [`FieldError`].
    pub fn binary(data: Vec<u8>) -> Result<Self, FieldError> {
        match data.len() {
            0..=Self::MAX => Ok(Self { encoding: Encoding::Binary, data }),
            length => Err(FieldError::TooLong(length)),
        }
    }

    /// The field `text` in the encoding `encoding`; binary data is given as hexadecimal digits.
    ///
    /// # Errors
    /// See [`FieldError`].
    pub fn encoded(encoding: Encoding, text: &str) -> Result<Self, FieldError> {
        let data = match encoding {
            Encoding::Binary => hex(text),
            Encoding::BcdPlus => packed::bcd_plus(text),
            Encoding::SixBitAscii => packed::six_bit(text),
            Encoding::Text => latin1(text),
        };
        let data = data.ok_or(FieldError::NotExpressible)?;
        match data.len() {
            0..=Self::MAX => Ok(Self::from_parts(encoding, data)),
            length => Err(FieldError::TooLong(length)),
        }
    }

    /// The field with `text` in place of what it has: in the encoding that it has, if that gives
    /// the text back as it is and the field is not empty, else as [`new`](Self::new) chooses.
    ///
    /// # Errors
    /// See [`FieldError`].
    pub fn replaced(&self, text: &str, language: Language) -> Result<Self, FieldError> {
        let wide = self.encoding == Encoding::Text && utf16(&self.data, language).is_some();
        let mut candidates = Vec::new();
        match self.encoding {
            _ if self.data.is_empty() => {}
            Encoding::Binary => candidates.extend(hex(text).map(|data| (Encoding::Binary, data))),
            Encoding::BcdPlus => {
                candidates.extend(packed::bcd_plus(text).map(|data| (Encoding::BcdPlus, data)));
            }
            Encoding::SixBitAscii => {
                candidates.extend(packed::six_bit(text).map(|data| (Encoding::SixBitAscii, data)));
            }
            Encoding::Text if wide => candidates.push((Encoding::Text, to_utf16(text))),
            Encoding::Text => {}
        }
        candidates.extend(latin1(text).map(|data| (Encoding::Text, data)));
        if !language.is_english() {
            candidates.push((Encoding::Text, to_utf16(text)));
        }
        let mut shortest = None;
        for (encoding, data) in candidates {
            let field = Self::from_parts(encoding, data);
            // Not everything is read back: a NUL ends a text, filling is dropped.
            if field.text(language) != text {
                continue;
            }
            match field.data.len() {
                0..=Self::MAX => return Ok(field),
                length => shortest = Some(shortest.unwrap_or(length).min(length)),
            }
        }
        Err(shortest.map_or(FieldError::NotExpressible, FieldError::TooLong))
    }

    /// A field as it came. A text of one byte cannot be written, as its type/length byte is the
    /// end mark: it gets a NUL, which no reader shows.
    pub(super) fn from_parts(encoding: Encoding, mut data: Vec<u8>) -> Self {
        if encoding == Encoding::Text && data.len() == 1 {
            data.push(0);
        }
        Self { encoding, data }
    }

    /// How the bytes are written.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The bytes as they are stored, without the type/length byte.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.data
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The contents as text. NULs before it are skipped and the next one ends it, as makers fill up
    /// with those; packed encodings lose trailing spaces, which are their filling; binary data is
    /// hexadecimal.
    ///
    /// In a language that is not English the definition wants UTF-16, yet the common tools write
    /// and read bytes. What is nothing but printable ASCII, or not UTF-16, is taken for bytes.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut text = match self.encoding {
            Encoding::Binary => self.data.iter().map(|byte| format!("{byte:02x}")).collect(),
            Encoding::BcdPlus => packed::bcd_plus_text(&self.data),
            Encoding::SixBitAscii => packed::six_bit_text(&self.data),
            Encoding::Text => utf16(&self.data, language)
                .unwrap_or_else(|| self.data.iter().map(|byte| char::from(*byte)).collect()),
        };
        // Analog Devices puts a NUL before the revision in its FMCs' first custom field.
        let leading = text.len().saturating_sub(text.trim_start_matches('\0').len());
        text.drain(..leading);
        if let Some(end) = text.find('\0') {
            text.truncate(end);
        }
        text
    }

    /// The type/length byte. No way to make a field allows more than 63 bytes.
    pub(super) fn code(&self) -> u8 {
        let encoding = match self.encoding {
            Encoding::Binary => 0,
            Encoding::BcdPlus => 0x40,
            Encoding::SixBitAscii => 0x80,
            Encoding::Text => 0xc0,
        };
        encoding | (u8::try_from(self.data.len()).unwrap_or(0x3f) & 0x3f)
    }
}

impl Encoding {
    /// The encoding that a type/length byte announces.
    pub(super) const fn of(code: u8) -> Self {
        match code >> 6 {
            0 => Self::Binary,
            1 => Self::BcdPlus,
            2 => Self::SixBitAscii,
            _ => Self::Text,
        }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { encoding, data: _ } = self;
        match encoding {
            Encoding::Text => write!(f, "{:?}", self.text(Language::ENGLISH)),
            other => write!(f, "{:?} ({other:?})", self.text(Language::ENGLISH)),
        }
    }
}

/// `data` as UTF-16, if that is what it is.
fn utf16(data: &[u8], language: Language) -> Option<String> {
    let ascii = data.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    if language.is_english() || ascii || !data.len().is_multiple_of(2) {
        return None;
    }
    let units = data.chunks_exact(2).filter_map(|pair| match pair {
        [low, high] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    });
    char::decode_utf16(units).collect::<Result<String, _>>().ok()
}

/// `text` as UTF-16; with a NUL if it would be taken for bytes.
fn to_utf16(text: &str) -> Vec<u8> {
    let mut data: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    if data.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
        data.extend([0, 0]);
    }
    data
}

fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(c).ok()).collect()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
    let digits = digits.collect::<Option<Vec<u8>>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some((high << 4) | low),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHINESE: Language = Language(131);

    fn field(code: u8, data: &[u8]) -> Field {
        Field::from_parts(Encoding::of(code), data.to_vec())
    }

    #[test]
    fn all_encodings_are_read() {
        let english = Language::ENGLISH;
        assert_eq!(field(0xc4, b"Fan1").text(english), "Fan1");
        assert_eq!(field(0xc2, &[0xb0, b'C']).text(Language(25)), "°C");
        assert_eq!(field(0x83, &[0x29, 0xdc, 0xa6]).text(english), "IPMI");
        assert_eq!(field(0x42, &[0x12, 0xb3]).text(english), "12-3");
        assert_eq!(field(0x02, &[0x0f, 0xa0]).text(english), "0fa0");
        assert_eq!(field(0xd0, b"Inlet\0\0\0").text(english), "Inlet");
        assert_eq!(field(0x00, &[]).text(english), "");
    }

    #[test]
    fn another_language_may_be_utf16_or_bytes_all_the_same() {
        assert_eq!(field(0xc4, &[0x41, 0, 0xac, 0x20]).text(CHINESE), "A€");
        assert_eq!(field(0xc4, b"Fan1").text(CHINESE), "Fan1");
        assert_eq!(field(0xc3, &[0xe4, b'b', b'c']).text(CHINESE), "äbc");
        // Half of a surrogate pair is none.
        assert_eq!(field(0xc2, &[0x00, 0xd8]).text(CHINESE), "Ø");
    }

    #[test]
    fn the_encoding_is_kept_where_it_can_express_the_text() {
        let english = Language::ENGLISH;
        let six_bit = field(0x83, &[0x29, 0xdc, 0xa6]);
        let upper = six_bit.replaced("BMC 2", english).unwrap();
        assert_eq!(
            (upper.encoding(), upper.text(english).as_str()),
            (Encoding::SixBitAscii, "BMC 2")
        );
        let lower = six_bit.replaced("bmc", english).unwrap();
        assert_eq!((lower.encoding(), lower.as_bytes()), (Encoding::Text, &b"bmc"[..]));
        let digits = field(0x41, &[0x12]);
        assert_eq!(digits.replaced("3-4", english).unwrap().encoding(), Encoding::BcdPlus);
        assert_eq!(digits.replaced("A", english).unwrap().encoding(), Encoding::Text);
        let binary = field(0x01, &[0x12]);
        assert_eq!(binary.replaced("beef", english).unwrap().as_bytes(), [0xbe, 0xef]);
        assert_eq!(binary.replaced("Beef", english).unwrap().as_bytes(), b"Beef");
        // 00h is what most makers write for "nothing", not a wish for binary data.
        assert_eq!(field(0x00, &[]).replaced("12", english).unwrap().as_bytes(), b"12");
    }

    #[test]
    fn a_single_character_is_not_taken_for_the_end() {
        let x = Field::new("x", Language::ENGLISH).unwrap();
        assert_eq!((x.code(), x.as_bytes()), (0xc2, &b"x\0"[..]));
        assert_eq!(x.text(Language::ENGLISH), "x");
    }

    #[test]
    fn only_what_fits_can_be_made() {
        let english = Language::ENGLISH;
        assert_eq!(Field::new(&"x".repeat(63), english).unwrap().code(), 0xff);
        assert_eq!(Field::new(&"x".repeat(64), english), Err(FieldError::TooLong(64)));
        assert_eq!(Field::new("5 €", english), Err(FieldError::NotExpressible));
        assert_eq!(Field::new("a\0b", english), Err(FieldError::NotExpressible));
        assert_eq!(Field::new("5 €", CHINESE).unwrap().as_bytes(), [0x35, 0, 0x20, 0, 0xac, 0x20]);
        // U+4E2D is "-N" byte by byte.
        let middle = Field::new("中", CHINESE).unwrap();
        assert_eq!(
            (middle.as_bytes(), middle.text(CHINESE).as_str()),
            (&[0x2d, 0x4e, 0, 0][..], "中")
        );
        assert_eq!(Field::binary(vec![0; 64]), Err(FieldError::TooLong(64)));
        assert_eq!(Field::binary(vec![0; 3]).unwrap().code(), 3);
    }

    proptest! {
        #[test]
        fn what_is_set_is_read_back(
            code in any::<u8>(),
            data in proptest::collection::vec(any::<u8>(), 0..8),
            text in ".{0,40}",
            language in prop_oneof![Just(Language::ENGLISH), any::<u8>().prop_map(Language)],
        ) {
            if let Ok(set) = field(code, &data).replaced(&text, language) {
                prop_assert_eq!(set.text(language), text);
                prop_assert!(set.as_bytes().len() <= Field::MAX);
                prop_assert_ne!(set.code(), Field::END);
            }
        }
    }
}
