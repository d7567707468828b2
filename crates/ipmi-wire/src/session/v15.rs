//! The IPMI v1.5 session header. Before a session, discovery uses it even for IPMI v2.0.

use crate::codec::{DecodeError, Encode, Reader};
use crate::rmcp::RmcpHeader;
use crate::session::V20Header;

/// Authentication types of IPMI v1.5 packets.
///
/// Source: IPMI v2.0 §13.6, Table 13-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthType {
    /// None.
    None,
    /// MD2.
    Md2,
    /// MD5.
    Md5,
    /// Straight password.
    Password,
    /// OEM proprietary.
    Oem,
    /// Reserved numbers.
    Other(u8),
}

impl AuthType {
    /// The type of a number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number & 0x0f {
            0 => Self::None,
            1 => Self::Md2,
            2 => Self::Md5,
            4 => Self::Password,
            5 => Self::Oem,
            other => Self::Other(other),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Md2 => 1,
            Self::Md5 => 2,
            Self::Password => 4,
            Self::Oem => 5,
            Self::Other(number) => number & 0x0f,
        }
    }
}

impl core::fmt::Display for AuthType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Md2 => f.write_str("MD2"),
            Self::Md5 => f.write_str("MD5"),
            Self::Password => f.write_str("straight password"),
            Self::Oem => f.write_str("OEM"),
            Self::Other(number) => write!(f, "{number}"),
        }
    }
}

/// An IPMI v1.5 packet after its RMCP header.
///
/// Source: IPMI v2.0 §13.6, Table 13-8, the column "IPMI 1.5".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct V15Packet<'a> {
    /// How the packet is authenticated.
    pub auth_type: AuthType,
    /// Session sequence number; 0 outside a session.
    pub sequence: u32,
    /// Session ID; 0 outside a session.
    pub session_id: u32,
    /// Message authentication code, with every type but none.
    pub auth_code: Option<[u8; 16]>,
    /// The IPMI message.
    pub payload: &'a [u8],
}

impl<'a> V15Packet<'a> {
    /// A packet outside any session.
    #[must_use]
    pub const fn sessionless(payload: &'a [u8]) -> Self {
        Self { auth_type: AuthType::None, sequence: 0, session_id: 0, auth_code: None, payload }
    }

    /// Reads everything after the RMCP header. A byte of legacy padding after the payload, which
    /// §13.6 asks for at some lengths, is passed over.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let auth_type = AuthType::from_number(r.u8("authentication type")?);
        if auth_type.number() == V20Header::AUTH_TYPE {
            let value = V20Header::AUTH_TYPE.into();
            return Err(DecodeError::Invalid { field: "authentication type", value });
        }
        let sequence = r.u32("session sequence number")?;
        let session_id = r.u32("session ID")?;
        let auth_code = match auth_type {
            AuthType::None => None,
            _ => Some(r.array("message authentication code")?),
        };
        let length = r.u8("payload length")?;
        let payload = r.bytes("payload", length.into())?;
        Ok(Self { auth_type, sequence, session_id, auth_code, payload })
    }

    /// A whole datagram of this packet; `None` if the payload is longer than a length byte says.
    #[must_use]
    pub fn to_datagram(&self) -> Option<Vec<u8>> {
        let length = u8::try_from(self.payload.len()).ok()?;
        let mut out = RmcpHeader::IPMI.to_bytes();
        out.push(self.auth_type.number());
        out.extend(self.sequence.to_le_bytes());
        out.extend(self.session_id.to_le_bytes());
        if self.auth_type != AuthType::None {
            out.extend(self.auth_code.unwrap_or_default());
        }
        out.push(length);
        out.extend_from_slice(self.payload);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionPacket;

    #[test]
    fn a_sessionless_packet_round_trips() {
        let packet = V15Packet::sessionless(&[1, 2, 3]);
        let datagram = packet.to_datagram().unwrap();
        assert_eq!(datagram, [6, 0, 0xff, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
        let read = SessionPacket::decode_datagram(&datagram).unwrap();
        assert_eq!(read, Some(SessionPacket::V15(packet)));
    }

    #[test]
    fn an_authenticated_packet_carries_its_code() {
        let packet = V15Packet {
            auth_type: AuthType::Md5,
            sequence: 7,
            session_id: 9,
            auth_code: Some([0xaa; 16]),
            payload: &[5],
        };
        let datagram = packet.to_datagram().unwrap();
        assert_eq!(V15Packet::decode(&datagram[4..]).unwrap(), packet);
        for cut in 4..datagram.len() {
            V15Packet::decode(&datagram[4..cut]).unwrap_err();
        }
    }

    #[test]
    fn an_oversized_payload_is_not_cut() {
        assert_eq!(V15Packet::sessionless(&[0; 256]).to_datagram(), None);
    }
}
