//! Cipher suites and the algorithms they are made of.

use core::fmt;

/// How the RAKP messages are authenticated and keys derived.
///
/// Source: IPMI v2.0 §13.28, Table 13-17.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthenticationAlgorithm {
    /// RAKP-none: no password is checked.
    None,
    /// RAKP-HMAC-SHA1.
    HmacSha1,
    /// RAKP-HMAC-MD5.
    HmacMd5,
    /// RAKP-HMAC-SHA256.
    HmacSha256,
    /// OEM or reserved.
    Other(u8),
}

/// How packets inside a session are authenticated.
///
/// Source: IPMI v2.0 §13.28.4, Table 13-18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntegrityAlgorithm {
    /// Not at all.
    None,
    /// HMAC-SHA1-96.
    HmacSha1_96,
    /// HMAC-MD5-128.
    HmacMd5_128,
    /// MD5-128.
    Md5_128,
    /// HMAC-SHA256-128.
    HmacSha256_128,
    /// OEM or reserved.
    Other(u8),
}

/// How payloads inside a session are encrypted.
///
/// Source: IPMI v2.0 §13.28.5, Table 13-19.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfidentialityAlgorithm {
    /// Not at all.
    None,
    /// AES-CBC-128.
    AesCbc128,
    /// xRC4-128.
    Xrc4_128,
    /// xRC4-40.
    Xrc4_40,
    /// OEM or reserved.
    Other(u8),
}

macro_rules! numbered {
    ($type:ident { $($variant:ident = $number:literal $name:literal),+ $(,)? }) => {
        impl $type {
            /// The algorithm of a 6-bit number.
            #[must_use]
            pub const fn from_number(number: u8) -> Self {
                match number & 0x3f {
                    $($number => Self::$variant,)+
                    other => Self::Other(other),
                }
            }

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$variant => $number,)+
                    Self::Other(number) => number & 0x3f,
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.write_str($name),)+
                    Self::Other(number) => write!(f, "algorithm {number:02X}h"),
                }
            }
        }
    };
}

numbered!(AuthenticationAlgorithm {
    None = 0 "RAKP-none",
    HmacSha1 = 1 "RAKP-HMAC-SHA1",
    HmacMd5 = 2 "RAKP-HMAC-MD5",
    HmacSha256 = 3 "RAKP-HMAC-SHA256",
});
numbered!(IntegrityAlgorithm {
    None = 0 "none",
    HmacSha1_96 = 1 "HMAC-SHA1-96",
    HmacMd5_128 = 2 "HMAC-MD5-128",
    Md5_128 = 3 "MD5-128",
    HmacSha256_128 = 4 "HMAC-SHA256-128",
});
numbered!(ConfidentialityAlgorithm {
    None = 0 "none",
    AesCbc128 = 1 "AES-CBC-128",
    Xrc4_128 = 2 "xRC4-128",
    Xrc4_40 = 3 "xRC4-40",
});

/// One algorithm of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Algorithms {
    /// Authentication of the handshake.
    pub authentication: AuthenticationAlgorithm,
    /// Integrity of the packets.
    pub integrity: IntegrityAlgorithm,
    /// Confidentiality of the payloads.
    pub confidentiality: ConfidentialityAlgorithm,
}

/// A Cipher Suite ID.
///
/// Source: IPMI v2.0 §22.15.2, Table 22-20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CipherSuite(pub u8);

impl CipherSuite {
    /// RAKP-HMAC-SHA1, HMAC-SHA1-96, AES-CBC-128: mandatory in IPMI 2.0.
    pub const SUITE_3: Self = Self(3);
    /// RAKP-HMAC-SHA256, HMAC-SHA256-128, AES-CBC-128: the strongest.
    pub const SUITE_17: Self = Self(17);

    /// The suite's algorithms; `None` for OEM and reserved numbers.
    #[must_use]
    pub const fn algorithms(self) -> Option<Algorithms> {
        use AuthenticationAlgorithm as A;
        use ConfidentialityAlgorithm as C;
        use IntegrityAlgorithm as I;
        let (authentication, integrity, confidentiality) = match self.0 {
            0 => (A::None, I::None, C::None),
            1 => (A::HmacSha1, I::None, C::None),
            2 => (A::HmacSha1, I::HmacSha1_96, C::None),
            3 => (A::HmacSha1, I::HmacSha1_96, C::AesCbc128),
            4 => (A::HmacSha1, I::HmacSha1_96, C::Xrc4_128),
            5 => (A::HmacSha1, I::HmacSha1_96, C::Xrc4_40),
            6 => (A::HmacMd5, I::None, C::None),
            7 => (A::HmacMd5, I::HmacMd5_128, C::None),
            8 => (A::HmacMd5, I::HmacMd5_128, C::AesCbc128),
            9 => (A::HmacMd5, I::HmacMd5_128, C::Xrc4_128),
            10 => (A::HmacMd5, I::HmacMd5_128, C::Xrc4_40),
            11 => (A::HmacMd5, I::Md5_128, C::None),
            12 => (A::HmacMd5, I::Md5_128, C::AesCbc128),
            13 => (A::HmacMd5, I::Md5_128, C::Xrc4_128),
            14 => (A::HmacMd5, I::Md5_128, C::Xrc4_40),
            15 => (A::HmacSha256, I::None, C::None),
            16 => (A::HmacSha256, I::HmacSha256_128, C::None),
            17 => (A::HmacSha256, I::HmacSha256_128, C::AesCbc128),
            18 => (A::HmacSha256, I::HmacSha256_128, C::Xrc4_128),
            19 => (A::HmacSha256, I::HmacSha256_128, C::Xrc4_40),
            _ => return None,
        };
        Some(Algorithms { authentication, integrity, confidentiality })
    }

    /// The standard suite made of these algorithms.
    #[must_use]
    pub fn of(algorithms: Algorithms) -> Option<Self> {
        (0..=19).map(Self).find(|suite| suite.algorithms() == Some(algorithms))
    }

    /// Whether packets are both authenticated and encrypted.
    #[must_use]
    pub fn protects_payloads(self) -> bool {
        self.algorithms().is_some_and(|a| {
            a.integrity != IntegrityAlgorithm::None
                && a.confidentiality != ConfidentialityAlgorithm::None
        })
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cipher suite {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_standard_suites_are_distinct_and_found_again() {
        for suite in (0..=19).map(CipherSuite) {
            assert_eq!(CipherSuite::of(suite.algorithms().unwrap()), Some(suite));
        }
        assert_eq!(CipherSuite(20).algorithms(), None);
        assert!(CipherSuite::SUITE_17.protects_payloads() && CipherSuite(3).protects_payloads());
        assert!(!CipherSuite(0).protects_payloads() && !CipherSuite(2).protects_payloads());
    }
}
