//! Get User Access: what a user may do on a channel, and how many users there are.

use super::UserFlags;
use super::user_flags::limit_number;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get User Access. IPMI v2.0 §22.27.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetUserAccess {
    /// On which channel.
    pub channel: Channel,
    /// Whose, 1 to 63.
    pub user_id: u8,
}

/// The answer to [`GetUserAccess`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserAccess {
    /// The greatest user ID there is, 6 bits.
    pub max_user_id: u8,
    /// How many users are enabled, 6 bits.
    pub enabled_users: u8,
    /// How many names cannot be changed, that of user 1 included, 6 bits.
    pub fixed_names: u8,
    /// Whether this user is enabled.
    pub status: UserStatus,
    /// What this user's name and password are good for.
    pub flags: UserFlags,
    /// The most that this user may do; `None` is no access.
    pub limit: Option<Privilege>,
}

/// Whether a user is enabled. IPMI v2.0 §22.27, byte 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserStatus {
    /// The controller does not tell, as older ones do not.
    Unspecified,
    /// Enabled.
    Enabled,
    /// Disabled.
    Disabled,
    /// Number 3.
    Reserved,
}

impl Command for GetUserAccess {
    type Response = UserAccess;
    const ID: CommandId = CommandId::new(NetFn::App, 0x44);
    const NAME: &'static str = "Get User Access";
    const SECTION: &'static str = "IPMI v2.0 §22.27";
    const ACCESS: Access = Access::Session(Privilege::Operator);
}

impl Encode for GetUserAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.user_id & 0x3f]);
    }
}

impl Decode for GetUserAccess {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        Ok(Self { channel, user_id: r.u8("user ID")? & 0x3f })
    }
}

impl Encode for UserAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        let status = match self.status {
            UserStatus::Unspecified => 0,
            UserStatus::Enabled => 0x40,
            UserStatus::Disabled => 0x80,
            UserStatus::Reserved => 0xc0,
        };
        out.extend([
            self.max_user_id & 0x3f,
            status | (self.enabled_users & 0x3f),
            self.fixed_names & 0x3f,
            self.flags.bits() | limit_number(self.limit),
        ]);
    }
}

impl Decode for UserAccess {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let max_user_id = r.u8("maximum number of user IDs")? & 0x3f;
        let enabled = r.u8("enabled user IDs")?;
        let fixed_names = r.u8("fixed user names")? & 0x3f;
        let access = r.u8("channel access")?;
        Ok(Self {
            max_user_id,
            enabled_users: enabled & 0x3f,
            fixed_names,
            status: match enabled >> 6 {
                0 => UserStatus::Unspecified,
                1 => UserStatus::Enabled,
                2 => UserStatus::Disabled,
                _ => UserStatus::Reserved,
            },
            flags: UserFlags::from_bits(access),
            // Supermicro's X10DDW-i starts with a reserved limit (a workaround in FreeIPMI 1.6.10's
            // ipmi-config), with which nobody gets in.
            limit: Privilege::from_number(access & 0x0f),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_among_fifteen() {
        let request = GetUserAccess::decode_exact(&[0x0e, 0x02]).unwrap();
        assert_eq!(request, GetUserAccess { channel: Channel::PRESENT, user_id: 2 });
        assert_eq!(request.to_bytes(), [0x0e, 0x02]);
        // By hand from §22.27: 15 IDs, three enabled, this one too, user 1's name is fixed.
        let bytes = [0x0f, 0x43, 0x01, 0x14];
        let access = UserAccess::decode_exact(&bytes).unwrap();
        assert_eq!((access.max_user_id, access.enabled_users, access.fixed_names), (15, 3, 1));
        assert_eq!(access.status, UserStatus::Enabled);
        assert_eq!(access.limit, Some(Privilege::Administrator));
        assert!(access.flags.messaging && !access.flags.link_authentication);
        assert_eq!(access.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(UserAccess::decode_exact(&bytes[..length]).is_err());
        }
        assert!(GetUserAccess::decode_exact(&[0x0e]).is_err());
    }

    #[test]
    fn a_reserved_limit_is_no_access() {
        let access = UserAccess::decode_exact(&[0x0a, 0x81, 0x01, 0x00]).unwrap();
        assert_eq!((access.limit, access.status), (None, UserStatus::Disabled));
        assert_eq!(access.to_bytes(), [0x0a, 0x81, 0x01, 0x0f]);
    }
}
