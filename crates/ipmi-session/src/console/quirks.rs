//! Proofs that fit only if one supposes a known departure from how RMCP+ makes them.
//!
//! Whoever makes a proof that fits knows the password, whichever bytes are hashed with it: to look
//! for one that fits costs no security, and no word to the BMC.

use ipmi_wire::session::{
    Algorithms, AuthenticationAlgorithm, IntegrityAlgorithm, Rakp1, Username,
};

use super::Config;
use crate::keys::{Exchange, SessionKeys};
use crate::quirk::Quirk;
use crate::secret::{Digest, Secret};

/// One way to make the proofs and keys of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Making {
    /// The role byte that is hashed.
    role_byte: u8,
    /// As Intel's first RMCP+ did (SE7520AF2): the name with its padding, the password cut at 16
    /// bytes for HMAC-MD5, RAKP 3 with the bare name and without the lookup bit, and RAKP 4's check
    /// value with the algorithm of integrity (`research/freeipmi.md` §4.3).
    intel: bool,
}

/// All that goes into the proofs of one handshake.
#[derive(Debug)]
pub(super) struct Proofs<'a> {
    pub(super) config: &'a Config,
    pub(super) exchange: &'a Exchange,
    pub(super) algorithms: Algorithms,
}

impl Making {
    /// All ways that are known, the specification's first, or the one that the BMC is known for. The
    /// roles are those of Open Session: as it was asked for, and as it was answered.
    pub(super) fn all(config: &Config, role_byte: u8, open_session: [u8; 2]) -> Vec<Self> {
        let lookup = role_byte & Rakp1::NAME_ONLY_LOOKUP;
        let mut all = Vec::new();
        for role in [role_byte & 0x0f, open_session[0], open_session[1]] {
            for role_byte in [role | lookup, role] {
                for intel in [false, true] {
                    let making = Self { role_byte, intel };
                    if !all.contains(&making) {
                        all.push(making);
                    }
                }
            }
        }
        // A stable sort: what is declared comes first, then what is usual.
        let open_session_first = config.workarounds.has(Quirk::OpenSessPriv);
        all.sort_by_key(|making| {
            let declared = making.intel == config.workarounds.has(Quirk::Intel20);
            let usual = (making.role_byte == role_byte) != open_session_first;
            (!declared, !usual)
        });
        all
    }

    /// Whether both are Intel's, or neither.
    pub(super) const fn resembles(self, other: &Self) -> bool {
        self.intel == other.intel
    }

    /// What it means that the proofs are made like this.
    pub(super) const fn quirk(self, role_byte: u8) -> Option<Quirk> {
        if self.intel {
            Some(Quirk::Intel20)
        } else if self.role_byte != role_byte {
            Some(Quirk::OpenSessPriv)
        } else {
            None
        }
    }
}

impl Proofs<'_> {
    /// The code that RAKP 2 should have. `None` if the algorithm is not spoken here.
    pub(super) fn rakp2_code(&self, making: Making) -> Option<Digest> {
        self.exchange(making)
            .rakp2_code(self.algorithms.authentication, &self.key(making, &self.config.password))
    }

    /// The code for RAKP 3.
    pub(super) fn rakp3_code(&self, making: Making) -> Option<Digest> {
        let mut exchange = self.exchange(making);
        if making.intel {
            exchange.username = self.config.username;
            exchange.role_byte &= !Rakp1::NAME_ONLY_LOOKUP;
        }
        exchange
            .rakp3_code(self.algorithms.authentication, &self.key(making, &self.config.password))
    }

    /// The session's keys.
    pub(super) fn session_keys(&self, making: Making) -> Option<SessionKeys> {
        let password = self.key(making, &self.config.password);
        let kg = self.config.kg.as_ref();
        self.exchange(making).session_keys(self.algorithms.authentication, &password, kg)
    }

    /// The check value that RAKP 4 should have.
    pub(super) fn rakp4_check(&self, making: Making, keys: &SessionKeys) -> Option<Digest> {
        use AuthenticationAlgorithm as A;
        use IntegrityAlgorithm as I;
        let algorithm = match self.algorithms.integrity {
            _ if !making.intel => self.algorithms.authentication,
            I::None => A::None,
            I::HmacSha1_96 => A::HmacSha1,
            I::HmacMd5_128 => A::HmacMd5,
            I::HmacSha256_128 => A::HmacSha256,
            // Nobody has found out what it does there.
            I::Md5_128 | I::Other(_) => return None,
        };
        self.exchange.rakp4_check(algorithm, keys)
    }

    fn exchange(&self, making: Making) -> Exchange {
        let mut exchange = self.exchange.clone();
        exchange.role_byte = making.role_byte;
        if making.intel {
            exchange.username = padded(&self.config.username);
        }
        exchange
    }

    fn key(&self, making: Making, password: &Secret) -> Secret {
        const CUT: usize = 16;
        let cut =
            making.intel && self.algorithms.authentication == AuthenticationAlgorithm::HmacMd5;
        password
            .padded()
            .get(..CUT.min(password.len()))
            .filter(|_| cut)
            .and_then(Secret::new)
            .unwrap_or_else(|| password.clone())
    }
}

/// A name with its padding to 16 bytes, which counts as part of it.
pub(super) fn padded(name: &Username) -> Username {
    let mut bytes = [0; Username::MAX];
    for (to, from) in bytes.iter_mut().zip(name.as_bytes()) {
        *to = *from;
    }
    Username::new(&bytes).unwrap_or(*name)
}
