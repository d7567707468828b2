//! The four RAKP messages: the Remote Authenticated Key-Exchange Protocol.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::privilege::Privilege;
use crate::session::RmcpPlusStatus;

/// A user name: at most 16 bytes, no trailing padding. Empty is the null user.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Username {
    length: u8,
    bytes: [u8; Self::MAX],
}

impl Username {
    /// The longest name.
    pub const MAX: usize = 16;

    /// A name of these bytes; `None` if there are more than 16.
    #[must_use]
    pub fn new(name: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::MAX];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        Some(Self { length: u8::try_from(name.len()).ok()?, bytes })
    }

    /// The bytes, without padding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// How many bytes the name has.
    #[must_use]
    pub const fn len(&self) -> u8 {
        self.length
    }

    /// Whether this is the null user's name.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().escape_ascii().fmt(f)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Username(\"{self}\")")
    }
}

/// RAKP Message 1: the console's nonce, the role it wants and its user.
///
/// Source: IPMI v2.0 §13.20, Table 13-11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rakp1 {
    /// Matches the answer to the message.
    pub tag: u8,
    /// The managed system's session ID from the Open Session Response.
    pub managed_session_id: u32,
    /// The console's random number, Rc.
    pub console_random: [u8; 16],
    /// The role byte exactly as sent, because keys are derived from it: see
    /// [`role`](Self::role) and [`name_only_lookup`](Self::name_only_lookup).
    pub role_byte: u8,
    /// Who wants in.
    pub username: Username,
}

impl Rakp1 {
    /// Bit 4 of the role byte: find the user by name alone, whatever the privilege.
    pub const NAME_ONLY_LOOKUP: u8 = 0x10;

    /// The role byte for `privilege`.
    #[must_use]
    pub const fn role_byte_of(privilege: Privilege, name_only_lookup: bool) -> u8 {
        privilege.number() | if name_only_lookup { Self::NAME_ONLY_LOOKUP } else { 0 }
    }

    /// The privilege wanted; `None` if the number is 0 or reserved.
    #[must_use]
    pub const fn role(&self) -> Option<Privilege> {
        Privilege::from_number(self.role_byte & 0x0f)
    }

    /// Whether the user is to be found by name alone.
    #[must_use]
    pub const fn name_only_lookup(&self) -> bool {
        self.role_byte & Self::NAME_ONLY_LOOKUP != 0
    }
}

impl Decode for Rakp1 {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tag = r.u8("message tag")?;
        let _reserved = r.u24("reserved")?;
        let managed_session_id = r.u32("managed system session ID")?;
        let console_random = r.array("console random number")?;
        let role_byte = r.u8("requested role")?;
        let _reserved = r.u16("reserved")?;
        let length = r.u8("user name length")?;
        if usize::from(length) > Username::MAX {
            return Err(DecodeError::Invalid { field: "user name length", value: length.into() });
        }
        let name = r.bytes("user name", length.into())?;
        let username = Username::new(name)
            .ok_or(DecodeError::Invalid { field: "user name length", value: length.into() })?;
        Ok(Self { tag, managed_session_id, console_random, role_byte, username })
    }
}

impl Encode for Rakp1 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.tag, 0, 0, 0]);
        out.extend(self.managed_session_id.to_le_bytes());
        out.extend(self.console_random);
        out.extend([self.role_byte, 0, 0, self.username.len()]);
        out.extend_from_slice(self.username.as_bytes());
    }
}

/// RAKP Message 2: the BMC's nonce and GUID, and its proof that it knows the password.
///
/// Source: IPMI v2.0 §13.21, Table 13-12.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rakp2 {
    /// RAKP 1's tag.
    pub tag: u8,
    /// Why not, if not.
    pub status: RmcpPlusStatus,
    /// The console's session ID; some BMCs leave it out of errors.
    pub console_session_id: Option<u32>,
    /// The rest, when the status is "no errors".
    pub keys: Option<Rakp2Keys>,
}

/// The body of a successful RAKP 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rakp2Keys {
    /// The managed system's random number, Rm.
    pub managed_random: [u8; 16],
    /// The managed system's GUID.
    pub managed_guid: [u8; 16],
    /// Key exchange authentication code: as long as the algorithm's digest.
    pub auth_code: Vec<u8>,
}

impl Rakp2 {
    /// A refusal, at the length the specification gives it.
    #[must_use]
    pub const fn refusal(tag: u8, status: RmcpPlusStatus, console_session_id: u32) -> Self {
        Self { tag, status, console_session_id: Some(console_session_id), keys: None }
    }
}

impl Decode for Rakp2 {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (tag, status, console_session_id) = decode_answer_head(r)?;
        if !status.is_ok() {
            r.take_rest();
            return Ok(Self { tag, status, console_session_id, keys: None });
        }
        let keys = Rakp2Keys {
            managed_random: r.array("managed system random number")?,
            managed_guid: r.array("managed system GUID")?,
            auth_code: r.take_rest().to_vec(),
        };
        Ok(Self { tag, status, console_session_id, keys: Some(keys) })
    }
}

impl Encode for Rakp2 {
    fn encode(&self, out: &mut Vec<u8>) {
        if !encode_answer_head(out, self.tag, self.status, self.console_session_id) {
            return;
        }
        let Some(keys) = &self.keys else { return };
        out.extend(keys.managed_random);
        out.extend(keys.managed_guid);
        out.extend_from_slice(&keys.auth_code);
    }
}

/// RAKP Message 3: the console's proof that it knows the password, or why it gives up.
///
/// Source: IPMI v2.0 §13.22, Table 13-13.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rakp3 {
    /// Matches the answer to the message.
    pub tag: u8,
    /// Anything but "no errors" tells the BMC to forget the session.
    pub status: RmcpPlusStatus,
    /// The managed system's session ID.
    pub managed_session_id: u32,
    /// Key exchange authentication code; empty in an error.
    pub auth_code: Vec<u8>,
}

impl Decode for Rakp3 {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tag = r.u8("message tag")?;
        let status = RmcpPlusStatus(r.u8("RMCP+ status")?);
        let _reserved = r.u16("reserved")?;
        let managed_session_id = r.u32("managed system session ID")?;
        let auth_code = r.take_rest().to_vec();
        Ok(Self { tag, status, managed_session_id, auth_code })
    }
}

impl Encode for Rakp3 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.tag, self.status.0, 0, 0]);
        out.extend(self.managed_session_id.to_le_bytes());
        out.extend_from_slice(&self.auth_code);
    }
}

/// RAKP Message 4: the BMC's proof that both derived the same session key.
///
/// Source: IPMI v2.0 §13.23, Table 13-14.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rakp4 {
    /// RAKP 3's tag.
    pub tag: u8,
    /// Why not, if not.
    pub status: RmcpPlusStatus,
    /// The console's session ID; some BMCs leave it out of errors.
    pub console_session_id: Option<u32>,
    /// Integrity check value; empty in an error and with RAKP-none.
    pub integrity_check: Vec<u8>,
}

impl Rakp4 {
    /// A refusal, at the length the specification gives it.
    #[must_use]
    pub const fn refusal(tag: u8, status: RmcpPlusStatus, console_session_id: u32) -> Self {
        let console_session_id = Some(console_session_id);
        Self { tag, status, console_session_id, integrity_check: Vec::new() }
    }
}

impl Decode for Rakp4 {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (tag, status, console_session_id) = decode_answer_head(r)?;
        let rest = r.take_rest();
        let integrity_check = if status.is_ok() { rest.to_vec() } else { Vec::new() };
        Ok(Self { tag, status, console_session_id, integrity_check })
    }
}

impl Encode for Rakp4 {
    fn encode(&self, out: &mut Vec<u8>) {
        if !encode_answer_head(out, self.tag, self.status, self.console_session_id) {
            return;
        }
        out.extend_from_slice(&self.integrity_check);
    }
}

/// Tag, status and console session ID. In errors the ID may be missing: OpenIPMI's `ipmi_sim`
/// stops after the status, as in its Open Session Response.
fn decode_answer_head(
    r: &mut Reader<'_>,
) -> Result<(u8, RmcpPlusStatus, Option<u32>), DecodeError> {
    let tag = r.u8("message tag")?;
    let status = RmcpPlusStatus(r.u8("RMCP+ status")?);
    if !status.is_ok() && r.remaining() < 6 {
        return Ok((tag, status, None));
    }
    let _reserved = r.u16("reserved")?;
    let console_session_id = r.u32("console session ID")?;
    Ok((tag, status, Some(console_session_id)))
}

/// As [`decode_answer_head`]; whether anything may follow.
fn encode_answer_head(
    out: &mut Vec<u8>,
    tag: u8,
    status: RmcpPlusStatus,
    console_session_id: Option<u32>,
) -> bool {
    out.extend([tag, status.0]);
    if console_session_id.is_none() && !status.is_ok() {
        return false;
    }
    out.extend([0, 0]);
    out.extend(console_session_id.unwrap_or_default().to_le_bytes());
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_of_seventeen_bytes_is_refused_and_not_cut() {
        assert_eq!(Username::new(b"abcdefghijklmnopq"), None);
        let mut bytes = Rakp1 {
            tag: 0,
            managed_session_id: 1,
            console_random: [7; 16],
            role_byte: 0x14,
            username: Username::new(b"abcdefghijklmnop").unwrap(),
        }
        .to_bytes();
        bytes[27] = 17;
        bytes.push(b'q');
        let err = Rakp1::decode_exact(&bytes).unwrap_err();
        assert_eq!(err, DecodeError::Invalid { field: "user name length", value: 17 });
    }

    #[test]
    fn refusals_stop_after_the_console_session_id() {
        let refusal = Rakp2::refusal(3, RmcpPlusStatus::UNAUTHORIZED_NAME, 0xa0a2_a3a4);
        assert_eq!(refusal.to_bytes(), [3, 0x0d, 0, 0, 0xa4, 0xa3, 0xa2, 0xa0]);
        assert_eq!(Rakp2::decode_exact(&refusal.to_bytes()).unwrap(), refusal);
        let refusal = Rakp4::refusal(3, RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE, 5);
        assert_eq!(Rakp4::decode_exact(&refusal.to_bytes()).unwrap(), refusal);
    }

    #[test]
    fn the_role_byte_keeps_the_lookup_bit() {
        let byte = Rakp1::role_byte_of(Privilege::Administrator, true);
        assert_eq!(byte, 0x14);
        assert_eq!(Rakp1::role_byte_of(Privilege::User, false), 0x02);
    }

    proptest! {
        #[test]
        fn all_four_round_trip(
            tag: u8, sid: u32, rc: [u8; 16], role: u8,
            name in prop::collection::vec(any::<u8>(), 0..=16),
            code in prop::collection::vec(any::<u8>(), 0..33),
        ) {
            let m1 = Rakp1 {
                tag, managed_session_id: sid, console_random: rc, role_byte: role,
                username: Username::new(&name).unwrap(),
            };
            prop_assert_eq!(Rakp1::decode_exact(&m1.to_bytes()).unwrap(), m1);
            let m2 = Rakp2 {
                tag, status: RmcpPlusStatus::NO_ERRORS, console_session_id: Some(sid),
                keys: Some(Rakp2Keys { managed_random: rc, managed_guid: rc, auth_code: code.clone() }),
            };
            prop_assert_eq!(Rakp2::decode_exact(&m2.to_bytes()).unwrap(), m2);
            let m3 = Rakp3 {
                tag, status: RmcpPlusStatus(role), managed_session_id: sid, auth_code: code.clone(),
            };
            prop_assert_eq!(Rakp3::decode_exact(&m3.to_bytes()).unwrap(), m3);
            let m4 = Rakp4 {
                tag, status: RmcpPlusStatus::NO_ERRORS, console_session_id: Some(sid),
                integrity_check: code,
            };
            prop_assert_eq!(Rakp4::decode_exact(&m4.to_bytes()).unwrap(), m4);
        }
    }
}
