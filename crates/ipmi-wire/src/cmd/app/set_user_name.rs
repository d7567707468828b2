//! Set User Name: gives a user ID a name, or takes it away.

use super::user_name::{decode_name, encode_name};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::session::Username;

/// Set User Name. IPMI v2.0 §22.28.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetUserName {
    /// Whose, 1 to 63. User 1's name is always empty.
    pub user_id: u8,
    /// The name.
    pub name: Username,
}

impl Command for SetUserName {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x45);
    const NAME: &'static str = "Set User Name";
    const SECTION: &'static str = "IPMI v2.0 §22.28";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetUserName {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.user_id & 0x3f);
        encode_name(&self.name, out);
    }
}

impl Decode for SetUserName {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let user_id = r.u8("user ID")? & 0x3f;
        Ok(Self { user_id, name: decode_name(r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_padded() {
        // `ipmitool user set name 5 bob` (lib/ipmi_user.c of 1.8.19).
        let bytes = *b"\x05bob\0\0\0\0\0\0\0\0\0\0\0\0\0";
        let request = SetUserName::decode_exact(&bytes).unwrap();
        assert_eq!(request, SetUserName { user_id: 5, name: Username::new(b"bob").unwrap() });
        assert_eq!(request.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(SetUserName::decode_exact(&bytes[..length]).is_err());
        }
        let full = *b"\x3fabcdefghijklmnop";
        assert_eq!(SetUserName::decode_exact(&full).unwrap().to_bytes(), full);
        assert!(SetUserName::decode_exact(b"\x3fabcdefghijklmnopq").is_err());
    }

    #[test]
    fn what_follows_the_end_of_a_name_is_no_part_of_it() {
        let request = SetUserName::decode_exact(b"\x05bob\0junk\0\0\0\0\0\0\0\0").unwrap();
        assert_eq!(request.name.as_bytes(), b"bob");
    }
}
