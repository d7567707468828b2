//! Integrity and confidentiality of the packets inside a session.

use core::fmt;

use aes::Aes128;
use aes::cipher::{
    BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit, block_padding::NoPadding,
};

use ipmi_wire::DecodeError;
use ipmi_wire::rmcp::RmcpHeader;
use ipmi_wire::session::{
    Algorithms, ConfidentialityAlgorithm, IntegrityAlgorithm, V20Header, V20Packet,
};

use crate::crypto::KeyedHash;
use crate::keys::SessionKeys;
use crate::secret::Secret;

const BLOCK: usize = 16;

/// What turns payloads into packets and back, once the keys are agreed. The same at both ends.
///
/// Source: IPMI v2.0 §13.28.4 (integrity), §13.29 (AES-CBC payload).
pub struct Protection {
    integrity: Option<Integrity>,
    cipher: Option<Aes128>,
}

struct Integrity {
    hash: KeyedHash,
    code_length: usize,
}

/// How the packets of a payload are protected: by what of the session's protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover {
    /// They are encrypted.
    pub encrypted: bool,
    /// They have an authentication code.
    pub authenticated: bool,
}

/// Why a packet is not what the session's peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The header does not claim the protection that was agreed.
    #[error("packet is not protected as agreed")]
    Unprotected,
    /// The trailer has no code, or not in its place.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// The authentication code is wrong.
    #[error("wrong integrity code")]
    WrongCode,
    /// The payload does not decrypt to something with its padding.
    #[error("wrong encryption or padding")]
    Undecipherable,
}

impl Protection {
    /// The protection that `algorithms` give with `keys`; `None` if one is not supported. The
    /// password is what MD5-128 uses in the place of a key (IPMI v2.0 §13.28.4).
    #[must_use]
    pub fn new(algorithms: Algorithms, keys: &SessionKeys, password: &Secret) -> Option<Self> {
        let k1 = keys.k1.as_bytes();
        let integrity = match algorithms.integrity {
            IntegrityAlgorithm::None => None,
            IntegrityAlgorithm::HmacSha1_96 => {
                Some(Integrity { hash: KeyedHash::sha1(k1)?, code_length: 12 })
            }
            IntegrityAlgorithm::HmacMd5_128 => {
                Some(Integrity { hash: KeyedHash::md5(k1)?, code_length: 16 })
            }
            IntegrityAlgorithm::Md5_128 => {
                Some(Integrity { hash: KeyedHash::Md5Between(password.clone()), code_length: 16 })
            }
            IntegrityAlgorithm::HmacSha256_128 => {
                Some(Integrity { hash: KeyedHash::sha256(k1)?, code_length: 16 })
            }
            IntegrityAlgorithm::Other(_) => return None,
        };
        let cipher = match algorithms.confidentiality {
            ConfidentialityAlgorithm::None => None,
            ConfidentialityAlgorithm::AesCbc128 => {
                // §13.32: the first 128 bits of K2.
                Some(Aes128::new_from_slice(keys.k2.as_bytes().get(..BLOCK)?).ok()?)
            }
            _ => return None,
        };
        Some(Self { integrity, cipher })
    }

    /// Whether packets carry an authentication code.
    #[must_use]
    pub const fn authenticates(&self) -> bool {
        self.integrity.is_some()
    }

    /// All the protection that there is.
    #[must_use]
    pub const fn full(&self) -> Cover {
        Cover { encrypted: self.cipher.is_some(), authenticated: self.integrity.is_some() }
    }

    /// A datagram with `payload` in it. `header` says where it goes; its protection bits are set
    /// here. `iv` has to be fresh and unpredictable. `None` if the payload is too long for a packet.
    #[must_use]
    pub fn seal(&self, header: V20Header, payload: &[u8], iv: [u8; 16]) -> Option<Vec<u8>> {
        self.seal_with(self.full(), header, payload, iv)
    }

    /// As [`seal`](Self::seal), with so much protection as was agreed for the payload: some of what
    /// the session has, or all.
    #[must_use]
    pub fn seal_with(
        &self,
        cover: Cover,
        mut header: V20Header,
        payload: &[u8],
        iv: [u8; 16],
    ) -> Option<Vec<u8>> {
        let cipher = self.cipher.as_ref().filter(|_| cover.encrypted);
        let integrity = self.integrity.as_ref().filter(|_| cover.authenticated);
        header.encrypted = cipher.is_some();
        header.authenticated = integrity.is_some();
        let mut datagram = match cipher {
            None => header.to_datagram(payload)?,
            Some(cipher) => header.to_datagram(&encrypt(cipher, payload, iv)?)?,
        };
        if let Some(integrity) = integrity {
            V20Packet::append_trailer(&mut datagram);
            let code = integrity.code(datagram.get(RmcpHeader::LEN..)?);
            datagram.extend_from_slice(code.as_bytes());
        }
        Some(datagram)
    }

    /// The payload of a packet: checked first, decrypted then.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self, packet: &V20Packet<'_>) -> Result<Vec<u8>, OpenError> {
        self.open_with(self.full(), packet)
    }

    /// As [`open`](Self::open), where no more protection than this was agreed for the payload. One
    /// with more is as good.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_with(&self, cover: Cover, packet: &V20Packet<'_>) -> Result<Vec<u8>, OpenError> {
        let V20Header { authenticated, encrypted, .. } = packet.header;
        let Cover { authenticated: most_authenticated, encrypted: most_encrypted } = self.full();
        let short = cover.authenticated & !authenticated | cover.encrypted & !encrypted;
        if short || authenticated && !most_authenticated || encrypted && !most_encrypted {
            return Err(OpenError::Unprotected);
        }
        if let Some(integrity) = self.integrity.as_ref().filter(|_| authenticated) {
            let (covered, code) = packet.split_auth_code(integrity.code_length)?;
            if !integrity.code(covered).matches(code) {
                return Err(OpenError::WrongCode);
            }
        }
        match self.cipher.as_ref().filter(|_| encrypted) {
            None => Ok(packet.payload.to_vec()),
            Some(cipher) => decrypt(cipher, packet.payload).ok_or(OpenError::Undecipherable),
        }
    }
}

impl fmt::Debug for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { integrity, cipher } = self;
        write!(
            f,
            "Protection {{ integrity: {}, confidentiality: {} }}",
            integrity.is_some(),
            cipher.is_some()
        )
    }
}

impl Integrity {
    fn code(&self, covered: &[u8]) -> crate::secret::Digest {
        self.hash.digest(&[covered]).truncated(self.code_length)
    }
}

/// IV, then payload, pad bytes 1, 2, 3 … and their count, in whole blocks.
fn encrypt(cipher: &Aes128, payload: &[u8], iv: [u8; 16]) -> Option<Vec<u8>> {
    let pad = payload.len().checked_add(1)?.wrapping_neg() % BLOCK;
    let mut out = Vec::with_capacity(payload.len().checked_add(2 * BLOCK)?);
    out.extend_from_slice(&iv);
    out.extend_from_slice(payload);
    out.extend((1u8..).take(pad));
    out.push(u8::try_from(pad).ok()?);
    let body = out.get_mut(BLOCK..)?;
    let length = body.len();
    cbc::Encryptor::inner_iv_init(cipher.clone(), &iv.into())
        .encrypt_padded::<NoPadding>(body, length)
        .ok()?;
    Some(out)
}

fn decrypt(cipher: &Aes128, encrypted: &[u8]) -> Option<Vec<u8>> {
    let (iv, body) = encrypted.split_first_chunk::<BLOCK>()?;
    let mut body = body.to_vec();
    cbc::Decryptor::inner_iv_init(cipher.clone(), &(*iv).into())
        .decrypt_padded::<NoPadding>(&mut body)
        .ok()?;
    // The pad's contents are not checked: the integrity code has vouched for the ciphertext, and
    // some BMCs do not count 1, 2, 3.
    let pad = usize::from(*body.last()?);
    if pad >= BLOCK {
        return None;
    }
    let length = body.len().checked_sub(pad.checked_add(1)?)?;
    body.truncate(length);
    Some(body)
}

#[cfg(test)]
mod tests {
    use ipmi_wire::session::{CipherSuite, PayloadType, SessionPacket};
    use proptest::prelude::*;

    use super::*;
    use crate::secret::Digest;

    fn protection(suite: u8) -> Protection {
        let keys = SessionKeys {
            sik: Digest::new(&[1; 32]),
            k1: Digest::new(&[2; 32]),
            k2: Digest::new(&[3; 32]),
        };
        Protection::new(
            CipherSuite(suite).algorithms().unwrap(),
            &keys,
            &Secret::new(b"pw").unwrap(),
        )
        .unwrap()
    }

    fn header() -> V20Header {
        V20Header { session_id: 7, sequence: 9, ..V20Header::sessionless(PayloadType::Ipmi) }
    }

    fn open(protection: &Protection, datagram: &[u8]) -> Result<Vec<u8>, OpenError> {
        match SessionPacket::decode_datagram(datagram) {
            Ok(Some(SessionPacket::V20(packet))) => protection.open(&packet),
            Ok(_) => panic!("not RMCP+"),
            Err(err) => Err(err.into()),
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        for suite in [2, 3, 7, 8, 11, 12, 16, 17] {
            let protection = protection(suite);
            let datagram = protection.seal(header(), b"Get Device ID", [4; 16]).unwrap();
            assert_eq!(open(&protection, &datagram).unwrap(), b"Get Device ID");
            for bit in 4 * 8..datagram.len() * 8 {
                let mut flipped = datagram.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                if flipped[4] == 6 {
                    assert!(open(&protection, &flipped).is_err(), "suite {suite}, bit {bit}");
                }
            }
            for cut in 4..datagram.len() {
                assert!(
                    SessionPacket::decode_datagram(&datagram[..cut]).is_err()
                        || open(&protection, &datagram[..cut]).is_err()
                );
            }
        }
    }

    #[test]
    fn protection_that_was_agreed_cannot_be_left_out() {
        let bare = protection(0).seal(header(), b"x", [0; 16]).unwrap();
        assert_eq!(open(&protection(17), &bare), Err(OpenError::Unprotected));
        let signed = protection(16).seal(header(), b"x", [0; 16]).unwrap();
        assert_eq!(open(&protection(17), &signed), Err(OpenError::Unprotected));
        let sealed = protection(17).seal(header(), b"x", [0; 16]).unwrap();
        assert_eq!(open(&protection(0), &sealed), Err(OpenError::Unprotected));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(payload in prop::collection::vec(any::<u8>(), 0..300), iv: [u8; 16]) {
            for suite in [0, 2, 3, 7, 8, 11, 12, 16, 17] {
                let protection = protection(suite);
                let datagram = protection.seal(header(), &payload, iv).unwrap();
                prop_assert_eq!(&open(&protection, &datagram).unwrap(), &payload);
            }
        }
    }
}
