//! Get Session Challenge: the first step into an IPMI v1.5 session.

use super::user_name::{decode_name, encode_name};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::session::{AuthType, Username};

/// Get Session Challenge. IPMI v2.0 §22.16.
///
/// Sent outside any session, in a packet without a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSessionChallenge {
    /// How the session's packets are to be authenticated.
    pub auth_type: AuthType,
    /// Who wants in.
    pub username: Username,
}

/// The answer to [`GetSessionChallenge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionChallenge {
    /// The ID under which [`ActivateSession`](super::ActivateSession) is to be sent, and only that.
    pub session_id: u32,
    /// What is to be sent back in there.
    pub challenge: [u8; 16],
}

impl Command for GetSessionChallenge {
    type Response = SessionChallenge;
    const ID: CommandId = CommandId::new(NetFn::App, 0x39);
    const NAME: &'static str = "Get Session Challenge";
    const SECTION: &'static str = "IPMI v2.0 §22.16";
    const ACCESS: Access = Access::PreSession;

    /// A challenge that is not used is forgotten.
    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x81 => "no such user, or not one who may log in this way",
            0x82 => "the user without a name is not enabled",
            _ => return None,
        })
    }
}

impl Encode for GetSessionChallenge {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.auth_type.number());
        encode_name(&self.username, out);
    }
}

impl Decode for GetSessionChallenge {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let auth_type = AuthType::from_number(r.u8("authentication type")?);
        Ok(Self { auth_type, username: decode_name(r)? })
    }
}

impl Encode for SessionChallenge {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.session_id.to_le_bytes());
        out.extend(self.challenge);
    }
}

impl Decode for SessionChallenge {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let session_id = r.u32("temporary session ID")?;
        Ok(Self { session_id, challenge: r.array("challenge")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from §22.16: MD5 for "admin".
    const REQUEST: [u8; 17] = *b"\x02admin\0\0\0\0\0\0\0\0\0\0\0";

    #[test]
    fn the_name_fills_sixteen_bytes() {
        let request = GetSessionChallenge::decode_exact(&REQUEST).unwrap();
        assert_eq!(request.auth_type, AuthType::Md5);
        assert_eq!(request.username.as_bytes(), b"admin");
        assert_eq!(request.to_bytes(), REQUEST);
        for length in 0..REQUEST.len() {
            GetSessionChallenge::decode_exact(&REQUEST[..length]).unwrap_err();
        }
    }

    #[test]
    fn an_answer_is_an_id_and_sixteen_bytes() {
        let mut bytes = [0xab; 20];
        bytes[..4].copy_from_slice(&[1, 2, 3, 4]);
        let answer = SessionChallenge::decode_exact(&bytes).unwrap();
        assert_eq!(answer, SessionChallenge { session_id: 0x0403_0201, challenge: [0xab; 16] });
        assert_eq!(answer.to_bytes(), bytes);
        for length in 0..bytes.len() {
            SessionChallenge::decode_exact(&bytes[..length]).unwrap_err();
        }
    }

    #[test]
    fn its_own_codes_are_explained() {
        for code in [0x81, 0x82] {
            assert!(GetSessionChallenge::explain(CompletionCode(code)).is_some());
        }
        assert!(GetSessionChallenge::explain(CompletionCode(0x83)).is_none());
    }
}
