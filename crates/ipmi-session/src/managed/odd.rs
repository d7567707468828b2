//! Departures from the specification, put on for tests of consoles: what they change in what is
//! sent and calculated. What each imitates: [`Quirk::facts`], `research/freeipmi.md` §4.
//!
//! With no quirks, each of these does what the specification says.

use std::time::Duration;

use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{
    Algorithms, AuthType, AuthenticationAlgorithm, CipherSuite, IntegrityAlgorithm, RmcpPlusStatus,
    Username, V15Packet,
};
use ipmi_wire::{Encode, Privilege};

use super::delayed::DELAY;
use crate::keys::Exchange;
use crate::quirk::{Quirk, Quirks};
use crate::secret::{Digest, Secret};
use crate::v15::V15Protection;

/// Where a v1.5 datagram has its code.
const V15_CODE: core::ops::Range<usize> = 13..29;

/// The bytes of a message inside a session. Those outside are right also where
/// [`Quirk::NoChecksumCheck`] was seen: FreeIPMI checks them whatever it is told.
pub(super) fn message(quirks: Quirks, message: &LanMessage) -> Vec<u8> {
    let mut bytes = message.to_bytes();
    if quirks.has(Quirk::NoChecksumCheck) {
        let last = bytes.len().saturating_sub(1);
        for at in [2, last] {
            if let Some(checksum) = bytes.get_mut(at) {
                *checksum ^= 0x55;
            }
        }
    }
    bytes
}

/// A datagram of an IPMI v1.5 session.
pub(super) fn seal_v15(
    quirks: Quirks,
    protection: &V15Protection,
    session_id: u32,
    sequence: u32,
    payload: &[u8],
) -> Option<Vec<u8>> {
    let sequence = if quirks.has(Quirk::EndianSeq) { sequence.swap_bytes() } else { sequence };
    let mut datagram = protection.seal(session_id, sequence, payload)?;
    if quirks.has(Quirk::NoAuthCodeCheck) && protection.auth_type() != AuthType::None {
        let blank = protection.auth_type() == AuthType::Password;
        for byte in datagram.get_mut(V15_CODE)? {
            *byte = if blank { 0 } else { !*byte };
        }
    }
    Some(datagram)
}

/// Whether a packet of an IPMI v1.5 session is taken without a code.
pub(super) fn needs_no_code(quirks: Quirks, packet: &V15Packet<'_>) -> bool {
    quirks.has(Quirk::UnexpectedAuth) && packet.auth_type == AuthType::None
}

/// What the answer to Activate Session says of the packets to come.
pub(super) fn announced(quirks: Quirks, agreed: AuthType) -> AuthType {
    let without = quirks.has(Quirk::UnexpectedAuth) || quirks.has(Quirk::ForcePerMsg);
    if without { AuthType::None } else { agreed }
}

/// What Open Session's answer says of the privilege.
pub(super) fn echoed(
    quirks: Quirks,
    asked: Option<Privilege>,
    limit: Privilege,
) -> Option<Privilege> {
    let as_asked = takes_role_from_open_session(quirks) || quirks.has(Quirk::Intel20);
    if as_asked { asked } else { Some(limit) }
}

/// Whether a suite that is allowed is refused: the one that Intel's S2600JF lists in vain, and
/// what its first RMCP+ could not do.
pub(super) fn refuses(quirks: Quirks, suite: CipherSuite) -> bool {
    let integrity = || suite.algorithms().map(|algorithms| algorithms.integrity);
    quirks.has(Quirk::SuiteAdvertised) && suite == ADVERTISED
        || quirks.has(Quirk::Intel20) && integrity() == Some(IntegrityAlgorithm::Md5_128)
}

/// The suite that is listed in vain.
pub const ADVERTISED: CipherSuite = CipherSuite(15);

/// The status of a refusal that is about suites.
pub(super) fn suite_status(quirks: Quirks, status: RmcpPlusStatus) -> RmcpPlusStatus {
    if quirks.has(Quirk::SuiteRefusedAsRole) { RmcpPlusStatus::UNAUTHORIZED_ROLE } else { status }
}

/// Which of its calculations a handshake's values go into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Calculation {
    Rakp2,
    Rakp3,
    Keys,
}

/// The values as this calculation sees them. `asked` is Open Session's privilege.
pub(super) fn exchange(
    quirks: Quirks,
    calculation: Calculation,
    exchange: &Exchange,
    asked: Option<Privilege>,
) -> Exchange {
    const LOOKUP: u8 = ipmi_wire::session::Rakp1::NAME_ONLY_LOOKUP;
    let mut seen = exchange.clone();
    if takes_role_from_open_session(quirks) {
        seen.role_byte = seen.role_byte & LOOKUP | asked.map_or(0, Privilege::number);
    }
    if quirks.has(Quirk::Intel20) {
        seen.username = username(quirks, &exchange.username);
        if calculation == Calculation::Rakp3 {
            seen.role_byte &= !LOOKUP;
        } else {
            let mut padded = seen.username.as_bytes().to_vec();
            padded.resize(Username::MAX, 0);
            seen.username = Username::new(&padded).unwrap_or(seen.username);
        }
    }
    seen
}

/// The name that RAKP 1 means. Consoles that know [`Quirk::Intel20`] send it with its padding.
pub(super) fn username(quirks: Quirks, sent: &Username) -> Username {
    if !quirks.has(Quirk::Intel20) {
        return *sent;
    }
    let name = sent.as_bytes().split(|byte| *byte == 0).next().unwrap_or_default();
    Username::new(name).unwrap_or(*sent)
}

/// How long a handshake may take.
pub(super) fn patience(quirks: Quirks, patience: Duration) -> Duration {
    let steps = if quirks.has(Quirk::SlowHandshake) { 3 } else { 0 };
    patience.saturating_add(DELAY.saturating_mul(steps))
}

/// The password as the handshake's calculations see it.
pub(super) fn password(
    quirks: Quirks,
    algorithm: AuthenticationAlgorithm,
    password: &Secret,
) -> Secret {
    let cut = quirks.has(Quirk::Intel20) && algorithm == AuthenticationAlgorithm::HmacMd5;
    let first = password.padded().first_chunk::<16>().filter(|_| cut);
    first.and_then(|first| Secret::new(first)).unwrap_or_else(|| password.clone())
}

/// RAKP 2's code as it is sent.
pub(super) fn rakp2_code(
    quirks: Quirks,
    algorithm: AuthenticationAlgorithm,
    code: &Digest,
) -> Vec<u8> {
    let mut code = code.as_bytes().to_vec();
    let sha1 = algorithm == AuthenticationAlgorithm::HmacSha1;
    if quirks.has(Quirk::Supermicro20) || quirks.has(Quirk::Sun20) && sha1 {
        code.push(0);
    }
    code
}

/// RAKP 4's check value.
pub(super) fn rakp4_check(quirks: Quirks, algorithms: Algorithms, check: Digest) -> Digest {
    let is_none = algorithms.authentication == AuthenticationAlgorithm::None;
    if is_none && quirks.has(Quirk::IntegrityCheckValue) {
        return Digest::new(&[0x5a; 12]);
    }
    // Of the integrity algorithms that are left, each gives what the specification's does.
    if quirks.has(Quirk::Intel20) && algorithms.integrity == IntegrityAlgorithm::None {
        return Digest::empty();
    }
    check
}

fn takes_role_from_open_session(quirks: Quirks) -> bool {
    quirks.has(Quirk::OpenSessPriv) || quirks.has(Quirk::Sun20)
}
