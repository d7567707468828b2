//! Key material that wipes itself and does not print.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password or `K_g`: at most 20 bytes, zero-padded to 20 where the specification asks for it.
#[derive(Clone)]
pub struct Secret {
    bytes: Zeroizing<[u8; Self::MAX]>,
    length: u8,
}

impl Secret {
    /// The longest password of IPMI v2.0 (IPMI v1.5 has 16).
    pub const MAX: usize = 20;

    /// A secret of these bytes; `None` if there are more than 20: nothing is ever cut.
    #[must_use]
    pub fn new(secret: &[u8]) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; Self::MAX]);
        bytes.get_mut(..secret.len())?.copy_from_slice(secret);
        Some(Self { bytes, length: u8::try_from(secret.len()).ok()? })
    }

    /// All 20 bytes, zero-padded: the HMAC key `K_uid` or `K_g`.
    #[must_use]
    pub fn padded(&self) -> &[u8; Self::MAX] {
        &self.bytes
    }

    /// How many bytes it has without padding.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether it has no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether all bytes are zero: as `K_g`, "not set".
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.bytes.ct_eq(&[0; Self::MAX]).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// An HMAC result: at most 32 bytes, compared in constant time, wiped on drop.
#[derive(Clone)]
pub struct Digest {
    bytes: Zeroizing<[u8; Self::MAX]>,
    length: usize,
}

impl Digest {
    const MAX: usize = 32;

    /// The result of "no algorithm": zero bytes.
    pub(crate) fn empty() -> Self {
        Self::new(&[])
    }

    /// A digest of these bytes, of which 32 are kept.
    pub(crate) fn new(digest: &[u8]) -> Self {
        let mut bytes = Zeroizing::new([0; Self::MAX]);
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = *from;
        }
        Self { bytes, length: digest.len().min(Self::MAX) }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The first `length` bytes.
    pub(crate) fn truncated(mut self, length: usize) -> Self {
        self.length = self.length.min(length);
        self
    }

    /// Whether `other` is the same, in time that depends on the lengths alone.
    #[must_use]
    pub fn matches(&self, other: &[u8]) -> bool {
        self.as_bytes().ct_eq(other).into()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_secret_is_refused_and_a_short_one_padded() {
        assert!(Secret::new(&[b'x'; 21]).is_none());
        let secret = Secret::new(b"Complex_Pass").unwrap();
        assert_eq!(&secret.padded()[..12], b"Complex_Pass");
        assert_eq!(&secret.padded()[12..], [0; 8]);
        assert!(!secret.is_zero() && Secret::new(&[0; 20]).unwrap().is_zero());
    }

    #[test]
    fn nothing_secret_is_printed() {
        let secret = Secret::new(b"Complex_Pass").unwrap();
        assert_eq!(format!("{secret:?} {:?}", Digest::new(b"abc")), "Secret(..) Digest(..)");
    }
}
