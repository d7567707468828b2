//! Words as they came: bytes, which need not be UTF-8. A password in Latin-1 is as good as any.
//!
//! A word is a [`String`] all the same, because nearly all of them are compared with names. A byte that is not
//! part of UTF-8 stands in it as one of 128 characters at the end of what Unicode leaves to everybody; so do the
//! bytes of those characters themselves, and therefore nothing is lost.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// Byte 80h is U+10FF80, and so on.
const FIRST: u32 = 0x10_ff00;

/// The word of these bytes.
pub(super) fn of(bytes: &[u8]) -> String {
    let mut word = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match byte(c) {
                None => word.push(c),
                Some(_) => word.extend(c.encode_utf8(&mut [0; 4]).bytes().filter_map(stand_in)),
            }
        }
        word.extend(chunk.invalid().iter().copied().filter_map(stand_in));
    }
    word
}

/// The bytes of a word.
pub(super) fn bytes(word: &str) -> Cow<'_, [u8]> {
    if !word.contains(|c| byte(c).is_some()) {
        return Cow::Borrowed(word.as_bytes());
    }
    let mut bytes = Vec::with_capacity(word.len());
    for c in word.chars() {
        match byte(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

/// The file that a word names.
pub(super) fn path(word: &str) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes(word).into_owned()))
}

fn stand_in(byte: u8) -> Option<char> {
    char::from_u32(FIRST | u32::from(byte))
}

/// What a character stands in for.
fn byte(c: char) -> Option<u8> {
    let offset = u32::from(c).checked_sub(FIRST)?;
    u8::try_from(offset).ok().filter(|byte| !byte.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back() {
        for given in [
            &b"plain"[..],
            b"",
            "p\u{e4}ss \u{20ac}".as_bytes(),
            b"p\xe4ss",
            b"\xff\xfe\x80",
            "\u{10ff80}\u{10ffff}\u{10ff7f}".as_bytes(),
            b"a\xf4\x8f\xbe\x80b\x80",
        ] {
            assert_eq!(*bytes(&of(given)), *given, "{given:x?}");
        }
        for pair in 0..=u16::MAX {
            let given = pair.to_be_bytes();
            assert_eq!(*bytes(&of(&given)), given);
        }
        assert_eq!(of(b"plain"), "plain");
        assert_eq!(of(b"p\xe4ss").chars().count(), 4);
    }
}
