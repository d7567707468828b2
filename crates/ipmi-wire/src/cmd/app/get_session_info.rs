//! Get Session Info: who is connected, and from where.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get Session Info. IPMI v2.0 §22.20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSessionInfo {
    /// Which session.
    pub selector: SessionSelector,
}

/// Which session [`GetSessionInfo`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionSelector {
    /// The one that the request came over.
    Current,
    /// The Nth active one: 1 to 253. Anything else is encoded as the nearest of these.
    Index(u8),
    /// The one with this handle.
    Handle(u8),
    /// The one with this ID, as the controller chose it.
    Id(u32),
}

/// The answer to [`GetSessionInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// The session's handle; 0 if there is no such session.
    pub handle: u8,
    /// How many sessions there can be, 6 bits.
    pub possible: u8,
    /// How many there are, 6 bits.
    pub active: u8,
    /// The session, if it is active.
    pub session: Option<ActiveSession>,
}

/// An active session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ActiveSession {
    /// User ID, 6 bits.
    pub user_id: u8,
    /// Present privilege level; `None` if the controller sends a reserved number.
    pub privilege: Option<Privilege>,
    /// Session protocol auxiliary data, 4 bits; on LAN channels 0 is IPMI v1.5, 1 is v2.0.
    pub protocol: u8,
    /// The channel that it came in on.
    pub channel: Channel,
    /// Where it comes from, if it is over LAN.
    pub lan: Option<SessionLan>,
}

/// The remote end of a session over LAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionLan {
    /// IPv4 address.
    pub ip: [u8; 4],
    /// MAC address, often that of the router; zero if the controller does not know.
    pub mac: [u8; 6],
    /// UDP port.
    pub port: u16,
}

impl Command for GetSessionInfo {
    type Response = SessionInfo;
    const ID: CommandId = CommandId::new(NetFn::App, 0x3d);
    const NAME: &'static str = "Get Session Info";
    const SECTION: &'static str = "IPMI v2.0 §22.20";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetSessionInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        match self.selector {
            SessionSelector::Current => out.push(0),
            SessionSelector::Index(index) => out.push(index.clamp(1, 0xfd)),
            SessionSelector::Handle(handle) => out.extend([0xfe, handle]),
            SessionSelector::Id(id) => {
                out.push(0xff);
                out.extend(id.to_le_bytes());
            }
        }
    }
}

impl Decode for GetSessionInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let selector = match r.u8("session index")? {
            0 => SessionSelector::Current,
            0xfe => SessionSelector::Handle(r.u8("session handle")?),
            0xff => SessionSelector::Id(r.u32("session ID")?),
            index => SessionSelector::Index(index),
        };
        Ok(Self { selector })
    }
}

impl Encode for SessionInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.handle, self.possible & 0x3f, self.active & 0x3f]);
        let Some(session) = &self.session else { return };
        out.extend([
            session.user_id & 0x3f,
            session.privilege.map_or(0, Privilege::number),
            (session.protocol << 4) | session.channel.number(),
        ]);
        if let Some(lan) = &session.lan {
            out.extend(lan.ip);
            out.extend(lan.mac);
            out.extend(lan.port.to_le_bytes());
        }
    }
}

impl Decode for SessionInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let handle = r.u8("session handle")?;
        let possible = r.u8("possible active session count")? & 0x3f;
        let active = r.u8("active session count")? & 0x3f;
        let session = match r.is_empty() {
            true => None,
            false => Some(ActiveSession::decode(r)?),
        };
        Ok(Self { handle, possible, active, session })
    }
}

impl ActiveSession {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let user_id = r.u8("user ID")? & 0x3f;
        let privilege = Privilege::from_number(r.u8("operating privilege level")? & 0x0f);
        let channel = r.u8("session protocol and channel")?;
        // Serial channels have shorter tails, of 6 or 8 bytes: nobody needs those.
        let lan = match r.remaining() {
            0..12 => None,
            _ => Some(SessionLan {
                ip: r.array("remote IP address")?,
                mac: r.array("remote MAC address")?,
                port: r.u16("remote port")?,
            }),
        };
        let protocol = channel >> 4;
        Ok(Self { user_id, privilege, protocol, channel: Channel::new(channel), lan })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from §22.20: handle 3, 1 of 15; user 2, Administrator, v2.0 on channel 1,
    /// 192.0.2.7 port 623 (026Fh).
    const LAN: [u8; 18] = [
        0x03, 0x0f, 0x01, 0x02, 0x04, 0x11, 192, 0, 2, 7, 0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,
        0x6f, 0x02,
    ];

    #[test]
    fn a_session_over_lan() {
        let info = SessionInfo::decode_exact(&LAN).unwrap();
        assert_eq!((info.handle, info.possible, info.active), (3, 15, 1));
        let session = info.session.unwrap();
        assert_eq!((session.user_id, session.protocol), (2, 1));
        assert_eq!(session.privilege, Some(Privilege::Administrator));
        assert_eq!(session.channel, Channel::new(1));
        let lan = session.lan.unwrap();
        assert_eq!((lan.ip, lan.port), ([192, 0, 2, 7], 623));
        assert_eq!(info.to_bytes(), LAN);
    }

    #[test]
    fn no_session_is_three_bytes_and_parts_of_one_an_error() {
        for length in 0..LAN.len() {
            let info = SessionInfo::decode(&mut Reader::new(&LAN[..length]));
            assert_eq!(info.is_ok(), length == 3 || length >= 6, "{length}");
        }
        assert_eq!(SessionInfo::decode_exact(&LAN[..3]).unwrap().session, None);
    }

    #[test]
    fn the_first_byte_says_how_to_look_up() {
        let selector = |bytes: &[u8]| {
            let request = GetSessionInfo::decode_exact(bytes).unwrap();
            assert_eq!(request.to_bytes(), bytes);
            request.selector
        };
        assert_eq!(selector(&[0]), SessionSelector::Current);
        assert_eq!(selector(&[5]), SessionSelector::Index(5));
        assert_eq!(selector(&[0xfe, 3]), SessionSelector::Handle(3));
        assert_eq!(selector(&[0xff, 1, 2, 3, 4]), SessionSelector::Id(0x0403_0201));
    }
}
