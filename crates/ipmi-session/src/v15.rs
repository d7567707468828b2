//! Authentication of IPMI v1.5 packets. There is no encryption in IPMI v1.5.

use core::fmt;

use ipmi_wire::session::{AuthType, V15Packet};
use md2::Md2;
use md5::Md5;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::protection::OpenError;
use crate::secret::Secret;

/// The longest password of IPMI v1.5.
const PASSWORD: usize = 16;

/// What turns messages into IPMI v1.5 packets and back: the same at both ends, and for the commands
/// that set a session up.
///
/// Source: IPMI v2.0 §22.17.1 (Activate Session, authentication codes).
#[derive(Clone)]
pub struct V15Protection {
    auth_type: AuthType,
    password: Zeroizing<[u8; PASSWORD]>,
}

impl V15Protection {
    /// The protection of this type. `None` if the type is not one of none, MD2, MD5 and straight
    /// password, or the password has more than IPMI v1.5's 16 bytes: nothing is ever cut.
    #[must_use]
    pub fn new(auth_type: AuthType, password: &Secret) -> Option<Self> {
        use AuthType as A;
        let spoken = matches!(auth_type, A::None | A::Md2 | A::Md5 | A::Password);
        let (bytes, _) = password.padded().split_first_chunk::<PASSWORD>()?;
        (spoken && password.len() <= PASSWORD)
            .then(|| Self { auth_type, password: Zeroizing::new(*bytes) })
    }

    /// The type.
    #[must_use]
    pub const fn auth_type(&self) -> AuthType {
        self.auth_type
    }

    /// Whether packets carry a code that depends on what is in them.
    #[must_use]
    pub fn authenticates(&self) -> bool {
        matches!(self.auth_type, AuthType::Md2 | AuthType::Md5)
    }

    /// The code of a packet; `None` for the type that has none.
    #[must_use]
    pub fn code(&self, session_id: u32, sequence: u32, payload: &[u8]) -> Option<[u8; 16]> {
        let (id, number) = (session_id.to_le_bytes(), sequence.to_le_bytes());
        let parts: [&[u8]; 5] = [&*self.password, &id, payload, &number, &*self.password];
        match self.auth_type {
            AuthType::Md2 => Some(hash::<Md2>(&parts)),
            AuthType::Md5 => Some(hash::<Md5>(&parts)),
            AuthType::Password => Some(*self.password),
            AuthType::None | AuthType::Oem | AuthType::Other(_) => None,
        }
    }

    /// A datagram with `payload` in it; `None` if it is too long for a packet.
    #[must_use]
    pub fn seal(&self, session_id: u32, sequence: u32, payload: &[u8]) -> Option<Vec<u8>> {
        V15Packet {
            auth_type: self.auth_type,
            sequence,
            session_id,
            auth_code: self.code(session_id, sequence, payload),
            payload,
        }
        .to_datagram()
    }

    /// Whether a packet is the peer's: type and code are what was agreed.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn check(&self, packet: &V15Packet<'_>) -> Result<(), OpenError> {
        if packet.auth_type != self.auth_type {
            return Err(OpenError::Unprotected);
        }
        match (self.code(packet.session_id, packet.sequence, packet.payload), packet.auth_code) {
            (None, None) => Ok(()),
            (Some(expected), Some(code)) if expected.ct_eq(&code).into() => Ok(()),
            _ => Err(OpenError::WrongCode),
        }
    }
}

impl fmt::Debug for V15Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V15Protection({:?})", self.auth_type)
    }
}

fn hash<H: md5::Digest>(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = H::new();
    for part in parts {
        hash.update(part);
    }
    let mut code = [0; 16];
    for (to, from) in code.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protection(auth_type: AuthType) -> V15Protection {
        V15Protection::new(auth_type, &Secret::new(b"Complex_Pass").unwrap()).unwrap()
    }

    #[test]
    fn what_was_not_agreed_is_refused() {
        let md5 = protection(AuthType::Md5);
        let datagram = md5.seal(7, 9, b"Get Device ID").unwrap();
        let packet = V15Packet::decode(&datagram[4..]).unwrap();
        md5.check(&packet).unwrap();
        assert_eq!(protection(AuthType::Md2).check(&packet), Err(OpenError::Unprotected));
        for changed in [
            V15Packet { session_id: 8, ..packet },
            V15Packet { sequence: 8, ..packet },
            V15Packet { payload: b"get Device ID", ..packet },
            V15Packet { auth_code: None, ..packet },
        ] {
            assert_eq!(md5.check(&changed), Err(OpenError::WrongCode));
        }
        let bare = V15Packet { auth_type: AuthType::None, auth_code: None, ..packet };
        assert_eq!(md5.check(&bare), Err(OpenError::Unprotected));
    }

    #[test]
    fn a_password_of_ipmi_20_is_not_cut() {
        let long = Secret::new(b"seventeen bytes !").unwrap();
        assert!(V15Protection::new(AuthType::Md5, &long).is_none());
    }
}
