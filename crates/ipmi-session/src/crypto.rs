//! The primitives behind the cipher suites. The arithmetic is RustCrypto's; the choice is ours.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use ipmi_wire::session::{
    AuthenticationAlgorithm, CipherSuite, ConfidentialityAlgorithm, IntegrityAlgorithm,
};

use crate::secret::Digest;

/// Whether both ends here can speak this suite.
#[must_use]
pub fn is_supported(suite: CipherSuite) -> bool {
    use AuthenticationAlgorithm as A;
    use ConfidentialityAlgorithm as C;
    use IntegrityAlgorithm as I;
    suite.algorithms().is_some_and(|a| {
        matches!(a.authentication, A::None | A::HmacSha1 | A::HmacSha256)
            && matches!(a.integrity, I::None | I::HmacSha1_96 | I::HmacSha256_128)
            && matches!(a.confidentiality, C::None | C::AesCbc128)
    })
}

/// A keyed hash, ready to be used again and again.
#[derive(Clone)]
pub(crate) enum KeyedHash {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
}

impl KeyedHash {
    pub(crate) fn sha1(key: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(key).ok().map(Self::Sha1)
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
            Self::Sha256(mac) => run(mac.clone(), parts),
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
        AuthenticationAlgorithm::HmacSha256 => KeyedHash::sha256(key).map(Some),
        _ => None,
    }
}
