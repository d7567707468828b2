//! What RAKP calculates: proofs of the password, and the session's keys.

use ipmi_wire::session::{AuthenticationAlgorithm, Username};

use crate::crypto::handshake_hash;
use crate::secret::{Digest, Secret};

/// Everything that RAKP messages 1 and 2 put on the table. Neither side's secret is in it.
///
/// Source: IPMI v2.0 §13.31 and §13.32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The console's session ID, `SID_M`.
    pub console_session_id: u32,
    /// The managed system's session ID, `SID_C`.
    pub managed_session_id: u32,
    /// The console's random number, `R_M`.
    pub console_random: [u8; 16],
    /// The managed system's random number, `R_C`.
    pub managed_random: [u8; 16],
    /// The managed system's GUID, `GUID_C`.
    pub managed_guid: [u8; 16],
    /// The role byte of RAKP 1 as it was sent, lookup bit included, `Role_M`.
    pub role_byte: u8,
    /// The user name, `UName_M`.
    pub username: Username,
}

/// The session's keys.
#[derive(Clone, Debug)]
pub struct SessionKeys {
    /// Session Integrity Key.
    pub sik: Digest,
    /// Additional key 1: integrity.
    pub k1: Digest,
    /// Additional key 2: confidentiality.
    pub k2: Digest,
}

impl Exchange {
    /// Key exchange authentication code of RAKP 2: the BMC knows the password. `None` if the
    /// algorithm is not supported.
    #[must_use]
    pub fn rakp2_code(
        &self,
        algorithm: AuthenticationAlgorithm,
        password: &Secret,
    ) -> Option<Digest> {
        digest(
            algorithm,
            password.padded(),
            &[
                &self.console_session_id.to_le_bytes(),
                &self.managed_session_id.to_le_bytes(),
                &self.console_random,
                &self.managed_random,
                &self.managed_guid,
                &[self.role_byte, self.username.len()],
                self.username.as_bytes(),
            ],
        )
    }

    /// Key exchange authentication code of RAKP 3: the console knows the password.
    #[must_use]
    pub fn rakp3_code(
        &self,
        algorithm: AuthenticationAlgorithm,
        password: &Secret,
    ) -> Option<Digest> {
        digest(
            algorithm,
            password.padded(),
            &[
                &self.managed_random,
                &self.console_session_id.to_le_bytes(),
                &[self.role_byte, self.username.len()],
                self.username.as_bytes(),
            ],
        )
    }

    /// The session's keys. `kg` takes the password's place where it is set.
    #[must_use]
    pub fn session_keys(
        &self,
        algorithm: AuthenticationAlgorithm,
        password: &Secret,
        kg: Option<&Secret>,
    ) -> Option<SessionKeys> {
        let key = kg.filter(|kg| !kg.is_zero()).unwrap_or(password);
        let sik = digest(
            algorithm,
            key.padded(),
            &[
                &self.console_random,
                &self.managed_random,
                &[self.role_byte, self.username.len()],
                self.username.as_bytes(),
            ],
        )?;
        // §13.32: constants of 20 bytes each, with every algorithm.
        let k1 = digest(algorithm, sik.as_bytes(), &[&[0x01; 20]])?;
        let k2 = digest(algorithm, sik.as_bytes(), &[&[0x02; 20]])?;
        Some(SessionKeys { sik, k1, k2 })
    }

    /// Integrity check value of RAKP 4: the BMC derived the same session key.
    #[must_use]
    pub fn rakp4_check(
        &self,
        algorithm: AuthenticationAlgorithm,
        keys: &SessionKeys,
    ) -> Option<Digest> {
        let length = match algorithm {
            AuthenticationAlgorithm::HmacSha1 => 12,
            _ => 16,
        };
        let whole = digest(
            algorithm,
            keys.sik.as_bytes(),
            &[&self.console_random, &self.managed_session_id.to_le_bytes(), &self.managed_guid],
        )?;
        Some(whole.truncated(length))
    }
}

/// The keyed hash of `parts`, empty for RAKP-none.
fn digest(algorithm: AuthenticationAlgorithm, key: &[u8], parts: &[&[u8]]) -> Option<Digest> {
    Some(match handshake_hash(algorithm, key)? {
        Some(hash) => hash.digest(parts),
        None => Digest::empty(),
    })
}
