//! Get Channel Authentication Capabilities: how a session may be opened.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get Channel Authentication Capabilities. IPMI v2.0 §22.13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetChannelAuthenticationCapabilities {
    /// Which channel; usually [`Channel::PRESENT`].
    pub channel: Channel,
    /// Whether to answer with the IPMI v2.0 extended data. Controllers of IPMI v1.5 may refuse
    /// the question (CCh); ask again without.
    pub ipmi20: bool,
    /// The privilege level that the session is to have.
    pub privilege: Privilege,
}

/// The answer to [`GetChannelAuthenticationCapabilities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelAuthenticationCapabilities {
    /// The channel, by its number.
    pub channel: Channel,
    /// Whether the v2.0 extended data is present: `supports_ipmi15`, `supports_ipmi20` and
    /// `kg_nonzero` mean nothing otherwise.
    pub extended: bool,
    /// IPMI v1.5 authentication types for the requested privilege level.
    pub auth_types: AuthTypes,
    /// A key KG other than all zeros is set: it has to be given for a session.
    pub kg_nonzero: bool,
    /// Packets inside a v1.5 session are not authenticated.
    pub per_message_auth_disabled: bool,
    /// Commands of User level inside a v1.5 session are not authenticated.
    pub user_level_auth_disabled: bool,
    /// There are users with names.
    pub non_null_users: bool,
    /// There is a user with an empty name and a password.
    pub null_users: bool,
    /// There is a user with an empty name and an empty password.
    pub anonymous_login: bool,
    /// The channel takes IPMI v1.5 sessions.
    pub supports_ipmi15: bool,
    /// The channel takes IPMI v2.0 (RMCP+) sessions.
    pub supports_ipmi20: bool,
    /// IANA enterprise number of the OEM authentication type, 0 if there is none.
    pub oem_iana: u32,
    /// The OEM's own.
    pub oem_aux: u8,
}

/// IPMI v1.5 authentication types. IPMI v2.0 §22.13, byte 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuthTypes {
    /// No password at all.
    pub none: bool,
    /// MD2.
    pub md2: bool,
    /// MD5.
    pub md5: bool,
    /// The password itself, in every packet.
    pub straight_password: bool,
    /// The OEM's own.
    pub oem: bool,
}

impl AuthTypes {
    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self {
            none: bits & 0x01 != 0,
            md2: bits & 0x02 != 0,
            md5: bits & 0x04 != 0,
            straight_password: bits & 0x10 != 0,
            oem: bits & 0x20 != 0,
        }
    }

    /// The bits on the wire.
    #[must_use]
    pub fn bits(self) -> u8 {
        u8::from(self.none)
            | (u8::from(self.md2) << 1)
            | (u8::from(self.md5) << 2)
            | (u8::from(self.straight_password) << 4)
            | (u8::from(self.oem) << 5)
    }
}

impl Command for GetChannelAuthenticationCapabilities {
    type Response = ChannelAuthenticationCapabilities;
    const ID: CommandId = CommandId::new(NetFn::App, 0x38);
    const NAME: &'static str = "Get Channel Authentication Capabilities";
    const SECTION: &'static str = "IPMI v2.0 §22.13";
    const ACCESS: Access = Access::PreSession;
}

impl Encode for GetChannelAuthenticationCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        let extended = if self.ipmi20 { 0x80 } else { 0 };
        out.extend([extended | self.channel.number(), self.privilege.number()]);
    }
}

impl Decode for GetChannelAuthenticationCapabilities {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = r.u8("channel")?;
        let privilege = r.u8("requested privilege level")? & 0x0f;
        Ok(Self {
            channel: Channel::new(channel),
            ipmi20: channel & 0x80 != 0,
            privilege: Privilege::decode_number(privilege, "requested privilege level")?,
        })
    }
}

impl Encode for ChannelAuthenticationCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        let extended = if self.extended { 0x80 } else { 0 };
        out.extend([
            self.channel.number(),
            extended | self.auth_types.bits(),
            u8::from(self.anonymous_login)
                | (u8::from(self.null_users) << 1)
                | (u8::from(self.non_null_users) << 2)
                | (u8::from(self.user_level_auth_disabled) << 3)
                | (u8::from(self.per_message_auth_disabled) << 4)
                | (u8::from(self.kg_nonzero) << 5),
            u8::from(self.supports_ipmi15) | (u8::from(self.supports_ipmi20) << 1),
        ]);
        let [a, b, c, _] = self.oem_iana.to_le_bytes();
        out.extend([a, b, c, self.oem_aux]);
    }
}

impl Decode for ChannelAuthenticationCapabilities {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let types = r.u8("authentication type support")?;
        let status = r.u8("authentication status")?;
        // What follows is reserved in IPMI v1.5 and sometimes left out.
        let versions = r.optional_u8().unwrap_or(0);
        let has_oem = r.remaining() >= 4;
        Ok(Self {
            channel,
            extended: types & 0x80 != 0,
            auth_types: AuthTypes::from_bits(types),
            kg_nonzero: status & 0x20 != 0,
            per_message_auth_disabled: status & 0x10 != 0,
            user_level_auth_disabled: status & 0x08 != 0,
            non_null_users: status & 0x04 != 0,
            null_users: status & 0x02 != 0,
            anonymous_login: status & 0x01 != 0,
            supports_ipmi15: versions & 0x01 != 0,
            supports_ipmi20: versions & 0x02 != 0,
            oem_iana: if has_oem { r.u24("OEM ID")? } else { 0 },
            oem_aux: if has_oem { r.u8("OEM auxiliary data")? } else { 0 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_that_every_client_asks_first() {
        let bytes = [0x8e, 0x04];
        let request = GetChannelAuthenticationCapabilities::decode_exact(&bytes).unwrap();
        assert_eq!((request.channel, request.ipmi20), (Channel::PRESENT, true));
        assert_eq!(request.privilege, Privilege::Administrator);
        assert_eq!(request.to_bytes(), bytes);
    }

    #[test]
    fn an_answer_of_a_usual_controller() {
        // By hand from §22.13: channel 1; MD5, password; named users; both versions.
        let bytes = [0x01, 0x94, 0x04, 0x03, 0, 0, 0, 0];
        let answer = ChannelAuthenticationCapabilities::decode_exact(&bytes).unwrap();
        assert!(answer.extended && answer.supports_ipmi15 && answer.supports_ipmi20);
        let types = AuthTypes { md5: true, straight_password: true, ..AuthTypes::default() };
        assert_eq!(answer.auth_types, types);
        assert!(answer.non_null_users && !answer.null_users && !answer.anonymous_login);
        assert!(!answer.kg_nonzero && !answer.per_message_auth_disabled);
        assert_eq!(answer.to_bytes(), bytes);
    }

    #[test]
    fn only_the_tail_may_be_missing() {
        let bytes = [0x01, 0x94, 0x24, 0x02, 0x57, 0x01, 0x00, 0x09];
        for length in 0..bytes.len() {
            let answer = ChannelAuthenticationCapabilities::decode(&mut Reader::new(&bytes[..length]));
            assert_eq!(answer.is_ok(), length >= 3, "{length}");
        }
        let answer = ChannelAuthenticationCapabilities::decode_exact(&bytes).unwrap();
        assert_eq!((answer.oem_iana, answer.oem_aux, answer.kg_nonzero), (343, 9, true));
    }
}
