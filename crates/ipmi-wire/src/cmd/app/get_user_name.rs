//! Get User Name: what a user ID is called.

use super::user_name::{decode_name, encode_name};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::session::Username;

/// Get User Name. IPMI v2.0 §22.29.
///
/// Some controllers refuse this (CCh) for a user ID that has no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetUserName {
    /// Whose, 1 to 63.
    pub user_id: u8,
}

/// The answer to [`GetUserName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserName {
    /// The name; empty if there is none.
    pub name: Username,
}

impl Command for GetUserName {
    type Response = UserName;
    const ID: CommandId = CommandId::new(NetFn::App, 0x46);
    const NAME: &'static str = "Get User Name";
    const SECTION: &'static str = "IPMI v2.0 §22.29";
    const ACCESS: Access = Access::Session(Privilege::Operator);
}

impl Encode for GetUserName {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.user_id & 0x3f);
    }
}

impl Decode for GetUserName {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { user_id: r.u8("user ID")? & 0x3f })
    }
}

impl Encode for UserName {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_name(&self.name, out);
    }
}

impl Decode for UserName {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { name: decode_name(r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_sixteen_bytes_on_the_wire() {
        let bytes = *b"admin\0\0\0\0\0\0\0\0\0\0\0";
        let answer = UserName::decode_exact(&bytes).unwrap();
        assert_eq!(answer.name.as_bytes(), b"admin");
        assert_eq!(answer.to_bytes(), bytes);
        assert!(UserName::decode_exact(&bytes[..15]).is_err());
        assert!(UserName::decode_exact(&[0; 16]).unwrap().name.is_empty());
        assert_eq!(GetUserName::decode_exact(&[0xc2]).unwrap().to_bytes(), [2]);
        assert!(GetUserName::decode_exact(&[]).is_err());
    }
}
