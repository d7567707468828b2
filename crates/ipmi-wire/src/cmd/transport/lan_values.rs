//! What LAN configuration parameters consist of. IPMI v2.0 §23.2, Table 23-4.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::cmd::app::AuthTypes;
use crate::codec::{Decode, DecodeError, Encode, Reader};

/// Where the address comes from: parameter 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressSource(u8);

impl AddressSource {
    /// Nobody says.
    pub const UNSPECIFIED: Self = Self(0);
    /// It was set by hand.
    pub const STATIC: Self = Self(1);
    /// The controller got it by DHCP.
    pub const DHCP: Self = Self(2);
    /// BIOS or system software sets it.
    pub const BIOS: Self = Self(3);
    /// The controller got it by another protocol.
    pub const OTHER: Self = Self(4);

    /// The source of a 4-bit number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        Self(number & 0x0f)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A hardware address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array("MAC address").map(Self)
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// Authentication types enabled for each privilege level, Callback first, OEM last: parameter 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuthTypeEnables(pub [AuthTypes; 5]);

/// Header of the IPv4 packets that the controller sends: parameter 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ipv4Header {
    /// Time to live.
    pub time_to_live: u8,
    /// Flags, 3 bits; 2 is "don't fragment".
    pub flags: u8,
    /// Precedence, 3 bits.
    pub precedence: u8,
    /// Type of service, 4 bits; 8 is "minimise delay".
    pub type_of_service: u8,
}

impl Default for Ipv4Header {
    /// The specification's: 64, "don't fragment", no precedence, "minimise delay".
    fn default() -> Self {
        Self { time_to_live: 0x40, flags: 2, precedence: 0, type_of_service: 8 }
    }
}

impl Encode for Ipv4Header {
    fn encode(&self, out: &mut Vec<u8>) {
        let service = (self.precedence << 5) | ((self.type_of_service & 0x0f) << 1);
        out.extend([self.time_to_live, self.flags << 5, service]);
    }
}

impl Decode for Ipv4Header {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [time_to_live, flags, service] = r.array("IPv4 header parameters")?;
        Ok(Self {
            time_to_live,
            flags: flags >> 5,
            precedence: service >> 5,
            type_of_service: (service >> 1) & 0x0f,
        })
    }
}

/// What the controller does about ARP by itself: parameter 10, and what Suspend BMC ARPs stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ArpControl {
    /// Gratuitous ARPs: it announces its address.
    pub gratuitous: bool,
    /// It answers requests for its address.
    pub responses: bool,
}

impl ArpControl {
    pub(super) const fn from_bits(bits: u8) -> Self {
        Self { gratuitous: bits & 1 != 0, responses: bits & 2 != 0 }
    }

    pub(super) fn bits(self) -> u8 {
        u8::from(self.gratuitous) | (u8::from(self.responses) << 1)
    }
}

/// How an alert is sent to a destination: parameter 18.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DestinationType {
    /// Which destination, 4 bits; 0 is the volatile one.
    pub selector: u8,
    /// What it is sent as, 3 bits: 0 is a platform event trap, 6 and 7 are the OEM's.
    pub kind: u8,
    /// Whether the destination acknowledges.
    pub acknowledged: bool,
    /// Acknowledge timeout, or else retry interval, in seconds; 0 is one second.
    pub timeout: u8,
    /// How often it is sent again, 3 bits.
    pub retries: u8,
}

impl Encode for DestinationType {
    fn encode(&self, out: &mut Vec<u8>) {
        let kind = (u8::from(self.acknowledged) << 7) | (self.kind & 7);
        out.extend([self.selector & 0x0f, kind, self.timeout, self.retries & 7]);
    }
}

impl Decode for DestinationType {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [selector, kind, timeout, retries] = r.array("destination type")?;
        Ok(Self {
            selector: selector & 0x0f,
            kind: kind & 7,
            acknowledged: kind & 0x80 != 0,
            timeout,
            retries: retries & 7,
        })
    }
}

/// Where an alert is sent: parameter 19.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DestinationAddress {
    /// Which destination, 4 bits; 0 is the volatile one.
    pub selector: u8,
    /// Its address.
    pub address: AlertAddress,
}

/// The address of an alert's destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlertAddress {
    /// IPv4 and 802.3.
    V4 {
        /// By the backup gateway instead of the default one.
        backup_gateway: bool,
        /// IP address.
        ip: Ipv4Addr,
        /// MAC address.
        mac: MacAddress,
    },
    /// IPv6.
    V6(Ipv6Addr),
}

impl Default for AlertAddress {
    fn default() -> Self {
        Self::V4 { backup_gateway: false, ip: Ipv4Addr::UNSPECIFIED, mac: MacAddress::default() }
    }
}

impl Encode for DestinationAddress {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.selector & 0x0f);
        match self.address {
            AlertAddress::V4 { backup_gateway, ip, mac } => {
                out.extend([0, u8::from(backup_gateway)]);
                out.extend(ip.octets());
                out.extend(mac.0);
            }
            AlertAddress::V6(ip) => {
                out.push(0x10);
                out.extend(ip.octets());
            }
        }
    }
}

impl Decode for DestinationAddress {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let selector = r.u8("destination selector")? & 0x0f;
        let address = match r.u8("address format")? >> 4 {
            0 => AlertAddress::V4 {
                backup_gateway: r.u8("gateway selector")? & 1 != 0,
                ip: Ipv4Addr::from(r.array::<4>("alerting IP address")?),
                mac: MacAddress::decode(r)?,
            },
            1 => AlertAddress::V6(Ipv6Addr::from(r.array::<16>("alerting IP address")?)),
            other => {
                return Err(DecodeError::Invalid { field: "address format", value: other.into() });
            }
        };
        Ok(Self { selector, address })
    }
}

/// 802.1q VLAN: parameter 20.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Vlan {
    /// VLAN ID, 12 bits.
    pub id: u16,
    /// Whether packets carry it.
    pub enabled: bool,
}

impl Encode for Vlan {
    fn encode(&self, out: &mut Vec<u8>) {
        let enabled = u16::from(self.enabled) << 15;
        out.extend((enabled | (self.id & 0x0fff)).to_le_bytes());
    }
}

impl Decode for Vlan {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = r.u16("VLAN ID")?;
        Ok(Self { id: bits & 0x0fff, enabled: bits & 0x8000 != 0 })
    }
}

/// The most that sessions may do with each cipher suite: parameter 24.
///
/// The specification speaks of the first and the second suite and so on. ipmitool and FreeIPMI take
/// that for suites 0 and 1, whatever parameter 23 lists, and so do the BMCs that they were tested
/// with; there is no place for suites 16 and up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CipherSuitePrivileges {
    /// Privilege levels by the suite's number, 4 bits each; 0 is for one that is not used.
    pub levels: [u8; 16],
}

impl Encode for CipherSuitePrivileges {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(0);
        let pair =
            |pair: &[u8]| pair.iter().rev().fold(0u8, |byte, level| (byte << 4) | (level & 0x0f));
        out.extend(self.levels.chunks(2).map(pair));
    }
}

impl Decode for CipherSuitePrivileges {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.u8("reserved")?;
        let bytes: [u8; 8] = r.array("maximum privilege levels")?;
        let nibbles = bytes.iter().flat_map(|byte| [byte & 0x0f, byte >> 4]);
        let mut levels = [0; 16];
        levels.iter_mut().zip(nibbles).for_each(|(level, nibble)| *level = nibble);
        Ok(Self { levels })
    }
}

/// 802.1q tag of what goes to a destination: parameter 25.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DestinationVlan {
    /// Which destination, 4 bits; 0 is the volatile one.
    pub selector: u8,
    /// Whether it gets a tag of its own.
    pub tagged: bool,
    /// VLAN ID, 12 bits.
    pub id: u16,
    /// Canonical format indicator.
    pub canonical: bool,
    /// User priority, 3 bits.
    pub priority: u8,
}

impl Encode for DestinationVlan {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.selector & 0x0f, u8::from(self.tagged) << 4]);
        let tag = (u16::from(self.priority & 7) << 13)
            | (u16::from(self.canonical) << 12)
            | (self.id & 0x0fff);
        out.extend(tag.to_le_bytes());
    }
}

impl Decode for DestinationVlan {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let selector = r.u8("destination selector")? & 0x0f;
        let tagged = match r.u8("address format")? >> 4 {
            0 => false,
            1 => true,
            other => {
                return Err(DecodeError::Invalid { field: "address format", value: other.into() });
            }
        };
        // Without a tag there may be nothing more.
        let tag = if !tagged && r.is_empty() { 0 } else { r.u16("VLAN TAG")? };
        Ok(Self {
            selector,
            tagged,
            id: tag & 0x0fff,
            canonical: tag & 0x1000 != 0,
            priority: u8::try_from(tag >> 13).unwrap_or_default(),
        })
    }
}

/// What wrong passwords lead to: parameter 26.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BadPasswordThreshold {
    /// Whether an event is logged when a user is disabled by it.
    pub log: bool,
    /// After so many wrong passwords the user is disabled; 0 is never.
    pub threshold: u8,
    /// Tens of seconds after which the count starts again; 0 is never.
    pub reset_interval: u16,
    /// Tens of seconds that the user is disabled for; 0 is until somebody enables the user again.
    pub lockout_interval: u16,
}

impl Encode for BadPasswordThreshold {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([u8::from(self.log), self.threshold]);
        out.extend(self.reset_interval.to_le_bytes());
        out.extend(self.lockout_interval.to_le_bytes());
    }
}

impl Decode for BadPasswordThreshold {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            log: r.u8("bad password event")? & 1 != 0,
            threshold: r.u8("bad password threshold")?,
            reset_interval: r.u16("attempt count reset interval")?,
            lockout_interval: r.u16("user lockout interval")?,
        })
    }
}
