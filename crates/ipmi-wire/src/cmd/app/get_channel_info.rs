//! Get Channel Info: what medium and protocol a channel has.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get Channel Info. IPMI v2.0 §22.24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetChannelInfo {
    /// Which channel; [`Channel::PRESENT`] asks for the number of the present one.
    pub channel: Channel,
}

/// The answer to [`GetChannelInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelInfo {
    /// The channel, by its number.
    pub channel: Channel,
    /// What it is made of.
    pub medium: ChannelMedium,
    /// How messages travel on it.
    pub protocol: ChannelProtocol,
    /// Whether there are sessions.
    pub session_support: SessionSupport,
    /// How many sessions are active on it, 6 bits.
    pub active_sessions: u8,
    /// IANA enterprise number of whoever defined the protocol: 7154 for IPMI's own, 24 bits.
    pub vendor_iana: u32,
    /// Auxiliary information. System interface: interrupts of the message channel and of the
    /// event buffer.
    pub aux: [u8; 2],
}

/// A Channel Medium Type. IPMI v2.0 §6.5, Table 6-3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChannelMedium(pub u8);

impl ChannelMedium {
    /// 802.3 LAN.
    pub const LAN: Self = Self(0x04);
    /// Serial or modem.
    pub const SERIAL: Self = Self(0x05);
    /// System interface.
    pub const SYSTEM_INTERFACE: Self = Self(0x0c);

    /// The name that ipmitool prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0x01 => "IPMB (I2C)",
            0x02 => "ICMB v1.0",
            0x03 => "ICMB v0.9",
            0x04 => "802.3 LAN",
            0x05 => "Serial/Modem",
            0x06 => "Other LAN",
            0x07 => "PCI SMBus",
            0x08 => "SMBus v1.0/v1.1",
            0x09 => "SMBus v2.0",
            0x0a => "USB 1.x",
            0x0b => "USB 2.x",
            0x0c => "System Interface",
            0x60..=0x7f => "OEM",
            _ => "reserved",
        }
    }
}

impl fmt::Display for ChannelMedium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A Channel Protocol Type. IPMI v2.0 §6.4, Table 6-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChannelProtocol(pub u8);

impl ChannelProtocol {
    /// IPMB messages: what LAN channels carry.
    pub const IPMB: Self = Self(0x01);
    /// IPMI messages over SMBus: an SSIF.
    pub const SMBUS: Self = Self(0x04);
    /// Keyboard controller style system interface.
    pub const KCS: Self = Self(0x05);
    /// Block transfer, as of IPMI v1.5.
    pub const BT: Self = Self(0x08);

    /// The name that ipmitool prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0x01 => "IPMB-1.0",
            0x02 => "ICMB-1.0",
            0x04 => "IPMI-SMBus",
            0x05 => "KCS",
            0x06 => "SMIC",
            0x07 => "BT-10",
            0x08 => "BT-15",
            0x09 => "TMode",
            0x1c => "OEM 1",
            0x1d => "OEM 2",
            0x1e => "OEM 3",
            0x1f => "OEM 4",
            _ => "reserved",
        }
    }
}

impl fmt::Display for ChannelProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether a channel has sessions. IPMI v2.0 §22.24, byte 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionSupport {
    /// None.
    SessionLess,
    /// One at a time.
    SingleSession,
    /// Several.
    MultiSession,
    /// Either, depending on how the channel is used: the serial one.
    SessionBased,
}

impl Command for GetChannelInfo {
    type Response = ChannelInfo;
    const ID: CommandId = CommandId::new(NetFn::App, 0x42);
    const NAME: &'static str = "Get Channel Info";
    const SECTION: &'static str = "IPMI v2.0 §22.24";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetChannelInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.channel.number());
    }
}

impl Decode for GetChannelInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { channel: Channel::new(r.u8("channel")?) })
    }
}

impl Encode for ChannelInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        let support = match self.session_support {
            SessionSupport::SessionLess => 0,
            SessionSupport::SingleSession => 0x40,
            SessionSupport::MultiSession => 0x80,
            SessionSupport::SessionBased => 0xc0,
        };
        out.extend([
            self.channel.number(),
            self.medium.0 & 0x7f,
            self.protocol.0 & 0x1f,
            support | (self.active_sessions & 0x3f),
        ]);
        let [a, b, c, _] = self.vendor_iana.to_le_bytes();
        out.extend([a, b, c]);
        out.extend(self.aux);
    }
}

impl Decode for ChannelInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let medium = ChannelMedium(r.u8("channel medium type")? & 0x7f);
        let protocol = ChannelProtocol(r.u8("channel protocol type")? & 0x1f);
        let sessions = r.u8("session support")?;
        Ok(Self {
            channel,
            medium,
            protocol,
            session_support: match sessions >> 6 {
                0 => SessionSupport::SessionLess,
                1 => SessionSupport::SingleSession,
                2 => SessionSupport::MultiSession,
                _ => SessionSupport::SessionBased,
            },
            active_sessions: sessions & 0x3f,
            vendor_iana: r.u24("vendor ID")?,
            aux: r.array("auxiliary channel info")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lan_channel() {
        // By hand from §22.24: LAN, IPMB, several sessions of which two, IPMI (7154).
        let bytes = [0x01, 0x04, 0x01, 0x82, 0xf2, 0x1b, 0x00, 0x00, 0x00];
        let info = ChannelInfo::decode_exact(&bytes).unwrap();
        assert_eq!((info.medium, info.protocol), (ChannelMedium::LAN, ChannelProtocol::IPMB));
        assert_eq!(info.session_support, SessionSupport::MultiSession);
        assert_eq!((info.active_sessions, info.vendor_iana), (2, 7154));
        assert_eq!(info.to_bytes(), bytes);
        assert_eq!(info.medium.to_string(), "802.3 LAN");
        for length in 0..bytes.len() {
            assert!(ChannelInfo::decode_exact(&bytes[..length]).is_err());
        }
    }
}
