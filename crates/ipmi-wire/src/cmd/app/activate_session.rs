//! Activate Session: the second step into an IPMI v1.5 session.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::session::AuthType;

/// Activate Session. IPMI v2.0 §22.17.
///
/// Sent under the challenge's temporary session ID with sequence number 0, in a packet that is
/// authenticated as the session's are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivateSession {
    /// The authentication type that the challenge was asked for.
    pub auth_type: AuthType,
    /// The most that the session may be raised to.
    pub max_privilege: Privilege,
    /// The challenge.
    pub challenge: [u8; 16],
    /// The number that the controller's first packet is to have; not 0.
    pub outbound_sequence: u32,
}

/// The answer to [`ActivateSession`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivatedSession {
    /// How packets are authenticated from here on: as was asked, or not at all if the channel does
    /// without in every packet.
    pub auth_type: AuthType,
    /// The session's ID.
    pub session_id: u32,
    /// The number that the console's first packet is to have; not 0.
    pub inbound_sequence: u32,
    /// The most that the session may be raised to.
    pub max_privilege: Privilege,
}

impl Command for ActivateSession {
    type Response = ActivatedSession;
    const ID: CommandId = CommandId::new(NetFn::App, 0x3a);
    const NAME: &'static str = "Activate Session";
    const SECTION: &'static str = "IPMI v2.0 §22.17";
    const ACCESS: Access = Access::PreSession;

    /// A challenge opens one session at most.
    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x81 => "all sessions are taken",
            0x82 => "this user has as many sessions as allowed",
            0x83 => "no session is left for this privilege level",
            0x84 => "the session sequence number cannot be used",
            0x85 => "there is no challenge with this session ID",
            0x86 => "the requested privilege level exceeds the limit of the user or the channel",
            _ => return None,
        })
    }
}

impl Encode for ActivateSession {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.auth_type.number(), self.max_privilege.number()]);
        out.extend(self.challenge);
        out.extend(self.outbound_sequence.to_le_bytes());
    }
}

impl Decode for ActivateSession {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let auth_type = AuthType::from_number(r.u8("authentication type")?);
        Ok(Self {
            auth_type,
            max_privilege: decode_level(r, "requested maximum privilege")?,
            challenge: r.array("challenge")?,
            outbound_sequence: r.u32("initial outbound sequence number")?,
        })
    }
}

impl Encode for ActivatedSession {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.auth_type.number());
        out.extend(self.session_id.to_le_bytes());
        out.extend(self.inbound_sequence.to_le_bytes());
        out.push(self.max_privilege.number());
    }
}

impl Decode for ActivatedSession {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let auth_type = AuthType::from_number(r.u8("authentication type")?);
        Ok(Self {
            auth_type,
            session_id: r.u32("session ID")?,
            inbound_sequence: r.u32("initial inbound sequence number")?,
            max_privilege: decode_level(r, "maximum privilege")?,
        })
    }
}

/// Bits 7:4 are reserved.
fn decode_level(r: &mut Reader<'_>, field: &'static str) -> Result<Privilege, DecodeError> {
    Privilege::decode_number(r.u8(field)? & 0x0f, field)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from §22.17: MD5, Administrator.
    fn request() -> [u8; 22] {
        let mut bytes = [0xc5; 22];
        bytes[..2].copy_from_slice(&[2, 4]);
        bytes[18..].copy_from_slice(&[1, 2, 3, 4]);
        bytes
    }

    /// By hand from §22.17.
    const ANSWER: [u8; 10] = [2, 1, 2, 3, 4, 5, 6, 7, 8, 4];

    #[test]
    fn what_the_challenge_was_for_comes_back() {
        let request = ActivateSession::decode_exact(&request()).unwrap();
        assert_eq!(request.auth_type, AuthType::Md5);
        assert_eq!(request.max_privilege, Privilege::Administrator);
        assert_eq!((request.challenge, request.outbound_sequence), ([0xc5; 16], 0x0403_0201));
        assert_eq!(request.to_bytes(), self::request());
        let answer = ActivatedSession::decode_exact(&ANSWER).unwrap();
        assert_eq!((answer.session_id, answer.inbound_sequence), (0x0403_0201, 0x0807_0605));
        assert_eq!(answer.to_bytes(), ANSWER);
    }

    #[test]
    fn parts_of_them_are_errors() {
        for length in 0..request().len() {
            ActivateSession::decode_exact(&request()[..length]).unwrap_err();
        }
        for length in 0..ANSWER.len() {
            ActivatedSession::decode_exact(&ANSWER[..length]).unwrap_err();
        }
    }

    #[test]
    fn a_reserved_level_is_refused_and_reserved_bits_are_not() {
        let with_level = |level| {
            let mut bytes = request();
            bytes[1] = level;
            ActivateSession::decode_exact(&bytes)
        };
        for level in [0, 6, 0xf0] {
            with_level(level).unwrap_err();
        }
        assert_eq!(with_level(0xf4).unwrap().max_privilege, Privilege::Administrator);
        let mut answer = ANSWER;
        answer[9] = 0;
        ActivatedSession::decode_exact(&answer).unwrap_err();
    }

    #[test]
    fn its_own_codes_are_explained() {
        for code in 0x81..=0x86 {
            assert!(ActivateSession::explain(CompletionCode(code)).is_some());
        }
        assert!(ActivateSession::explain(CompletionCode(0x87)).is_none());
    }
}
