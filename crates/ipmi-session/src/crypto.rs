//! The primitives behind the cipher suites. The arithmetic is RustCrypto's; the choice is ours.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

use ipmi_wire::session::{
    AuthenticationAlgorithm, CipherSuite, ConfidentialityAlgorithm, IntegrityAlgorithm,
};

use crate::secret::{Digest, Secret};

/// Whether both ends here can speak this suite: all of the standard but those with xRC4, which no
/// firmware is known to need and which protects nothing any more.
#[must_use]
pub fn is_supported(suite: CipherSuite) -> bool {
    use AuthenticationAlgorithm as A;
    use ConfidentialityAlgorithm as C;
    use IntegrityAlgorithm as I;
    suite.algorithms().is_some_and(|a| {
        !matches!(a.authentication, A::Other(_))
            && !matches!(a.integrity, I::Other(_))
            && matches!(a.confidentiality, C::None | C::AesCbc128)
    })
}

/// A keyed hash, ready to be used again and again.
#[derive(Clone)]
pub(crate) enum KeyedHash {
    Sha1(Hmac<Sha1>),
    Md5(Hmac<Md5>),
    Sha256(Hmac<Sha256>),
    /// Plain MD5 with the secret around the data: MD5-128, and IPMI v1.5.
    Md5Between(Secret),
}

impl KeyedHash {
    pub(crate) fn sha1(key: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(key).ok().map(Self::Sha1)
    }

    pub(crate) fn md5(key: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(key).ok().map(Self::Md5)
    }

    pub(crate) fn sha256(key: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(key).ok().map(Self::Sha256)
    }

    /// The hash of the concatenation of `parts`.
    pub(crate) fn digest(&self, parts: &[&[u8]]) -> Digest {
        fn run<M: Mac>(mut mac: M, parts: &[&[u8]]) -> Digest {
            for part in parts {
                mac.update(part);
            }
            Digest::new(&mac.finalize().into_bytes())
        }
        match self {
            Self::Sha1(mac) => run(mac.clone(), parts),
            Self::Md5(mac) => run(mac.clone(), parts),
            Self::Sha256(mac) => run(mac.clone(), parts),
            Self::Md5Between(secret) => {
                let mut hash = Md5::new_with_prefix(secret.padded());
                for part in parts {
                    hash.update(part);
                }
                hash.update(secret.padded());
                Digest::new(&hash.finalize())
            }
        }
    }
}

/// The keyed hash of a handshake algorithm; `None` inside `Some` for RAKP-none, `None` for
/// algorithms that are not spoken here.
pub(crate) fn handshake_hash(
    algorithm: AuthenticationAlgorithm,
    key: &[u8],
) -> Option<Option<KeyedHash>> {
    match algorithm {
        AuthenticationAlgorithm::None => Some(None),
        AuthenticationAlgorithm::HmacSha1 => KeyedHash::sha1(key).map(Some),
        AuthenticationAlgorithm::HmacMd5 => KeyedHash::md5(key).map(Some),
        AuthenticationAlgorithm::HmacSha256 => KeyedHash::sha256(key).map(Some),
        AuthenticationAlgorithm::Other(_) => None,
    }
}
