//! What the LAN configuration parameters of IPv6 consist of: 50 to 80. IPMI v2.0 errata 7 (revision
//! 1.1), Table 23-4. Multi-byte values of IPv6 go as on the network, high byte first.

use core::net::Ipv6Addr;

use super::MacAddress;
use crate::codec::{Decode, DecodeError, Encode, Reader};

/// What there is of IPv6: parameter 50.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ipv6Support {
    /// It can do without IPv4.
    pub only: bool,
    /// It can do both at a time.
    pub both: bool,
    /// Alerts can go to an IPv6 address.
    pub alerts: bool,
}

impl Ipv6Support {
    pub(super) const fn from_bits(bits: u8) -> Self {
        Self { only: bits & 1 != 0, both: bits & 2 != 0, alerts: bits & 4 != 0 }
    }

    pub(super) fn bits(self) -> u8 {
        u8::from(self.only) | (u8::from(self.both) << 1) | (u8::from(self.alerts) << 2)
    }
}

/// Which kinds of address are in use: parameter 51.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressingEnables(pub u8);

impl AddressingEnables {
    /// IPv4 alone.
    pub const IPV4: Self = Self(0);
    /// IPv6 alone.
    pub const IPV6: Self = Self(1);
    /// Both.
    pub const BOTH: Self = Self(2);
}

/// How many addresses there can be, and where from: parameter 55.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ipv6Status {
    /// Static addresses at most.
    pub static_max: u8,
    /// Dynamic addresses at most.
    pub dynamic_max: u8,
    /// Addresses come by DHCPv6.
    pub dhcpv6: bool,
    /// Addresses come by SLAAC.
    pub slaac: bool,
}

impl Encode for Ipv6Status {
    fn encode(&self, out: &mut Vec<u8>) {
        let ways = u8::from(self.dhcpv6) | (u8::from(self.slaac) << 1);
        out.extend([self.static_max, self.dynamic_max, ways]);
    }
}

impl Decode for Ipv6Status {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [static_max, dynamic_max, ways] = r.array("IPv6 status")?;
        Ok(Self { static_max, dynamic_max, dhcpv6: ways & 1 != 0, slaac: ways & 2 != 0 })
    }
}

/// Where an IPv6 address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ipv6Source(u8);

impl Ipv6Source {
    /// It was set by hand.
    pub const STATIC: Self = Self(0);
    /// Stateless address autoconfiguration.
    pub const SLAAC: Self = Self(1);
    /// DHCPv6.
    pub const DHCPV6: Self = Self(2);

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

/// What has become of an IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressStatus(pub u8);

impl AddressStatus {
    /// It is in use.
    pub const ACTIVE: Self = Self(0);
    /// It is switched off, or there is none.
    pub const DISABLED: Self = Self(1);
}

/// An address that was set by hand: parameter 56.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ipv6StaticAddress {
    /// Which, from 0.
    pub selector: u8,
    /// Whether it is to be used.
    pub enabled: bool,
    /// Its source; what is written is of no consequence.
    pub source: Ipv6Source,
    /// The address.
    pub address: Ipv6Addr,
    /// Length of its prefix in bits.
    pub prefix_length: u8,
    /// What has become of it; what is written is of no consequence.
    pub status: AddressStatus,
}

impl Encode for Ipv6StaticAddress {
    fn encode(&self, out: &mut Vec<u8>) {
        let enabled = u8::from(self.enabled) << 7;
        out.extend([self.selector, enabled | self.source.number()]);
        out.extend(self.address.octets());
        out.extend([self.prefix_length, self.status.0]);
    }
}

impl Decode for Ipv6StaticAddress {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [selector, source] = r.array("IPv6 static address")?;
        Ok(Self {
            selector,
            enabled: source & 0x80 != 0,
            source: Ipv6Source::from_number(source),
            address: Ipv6Addr::from(r.array::<16>("IPv6 address")?),
            prefix_length: r.u8("prefix length")?,
            // Who sets an address may leave it out: ipmitool and FreeIPMI send it.
            status: AddressStatus(r.optional_u8().unwrap_or_default()),
        })
    }
}

/// An address that came by itself: parameter 59.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ipv6DynamicAddress {
    /// Which, from 0.
    pub selector: u8,
    /// Where it is from.
    pub source: Ipv6Source,
    /// The address.
    pub address: Ipv6Addr,
    /// Length of its prefix in bits.
    pub prefix_length: u8,
    /// What has become of it.
    pub status: AddressStatus,
}

impl Encode for Ipv6DynamicAddress {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.selector, self.source.number()]);
        out.extend(self.address.octets());
        out.extend([self.prefix_length, self.status.0]);
    }
}

impl Decode for Ipv6DynamicAddress {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [selector, source] = r.array("IPv6 dynamic address")?;
        Ok(Self {
            selector,
            source: Ipv6Source::from_number(source),
            address: Ipv6Addr::from(r.array::<16>("IPv6 address")?),
            prefix_length: r.u8("prefix length")?,
            status: AddressStatus(r.u8("address status")?),
        })
    }
}

/// A piece of a DHCP unique identifier: parameters 58 and 61. The first block begins with the
/// identifier's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DuidBlock {
    /// Which address it belongs to, from 0.
    pub selector: u8,
    /// Which 16 bytes, from 0.
    pub block: u8,
    /// The bytes.
    pub data: [u8; 16],
}

impl Encode for DuidBlock {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.selector, self.block]);
        out.extend(self.data);
    }
}

impl Decode for DuidBlock {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [selector, block] = r.array("DUID")?;
        Ok(Self { selector, block, data: r.array("DUID")? })
    }
}

/// Whether timing can be set: parameters 62 and 79.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimingSupport(u8);

impl TimingSupport {
    /// It cannot.
    pub const NONE: Self = Self(0);
    /// For all interfaces at a time.
    pub const GLOBAL: Self = Self(1);
    /// For each interface.
    pub const PER_INTERFACE: Self = Self(2);

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self(bits & 3)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A piece of timing values: parameters 63 and 80.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimingBlock {
    /// Which address it belongs to, from 0.
    pub selector: u8,
    /// Which block, from 0.
    pub block: u8,
    /// Its bytes, at most 16, as RFC 3315 and RFC 4861 name them, in the order of the specification.
    pub data: Vec<u8>,
}

impl Encode for TimingBlock {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.selector, self.block]);
        out.extend(self.data.iter().take(16));
    }
}

impl Decode for TimingBlock {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [selector, block] = r.array("timing configuration")?;
        let length = r.remaining().min(16);
        Ok(Self { selector, block, data: r.bytes("timing configuration", length)?.to_vec() })
    }
}

/// Where routers are known from: parameter 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RouterControl {
    /// Those that were set.
    pub static_routers: bool,
    /// Those that announce themselves.
    pub dynamic_routers: bool,
}

impl RouterControl {
    pub(super) const fn from_bits(bits: u8) -> Self {
        Self { static_routers: bits & 1 != 0, dynamic_routers: bits & 2 != 0 }
    }

    pub(super) fn bits(self) -> u8 {
        u8::from(self.static_routers) | (u8::from(self.dynamic_routers) << 1)
    }
}

/// A router has four parameters: 65 to 68, 69 to 72, 74 to 77.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouterField {
    /// IP address.
    Address(Ipv6Addr),
    /// MAC address.
    Mac(MacAddress),
    /// Length of the prefix that it serves, in bits.
    PrefixLength(u8),
    /// That prefix.
    Prefix(Ipv6Addr),
}

impl RouterField {
    /// Its place among the four.
    pub(super) const fn offset(&self) -> u8 {
        match self {
            Self::Address(_) => 0,
            Self::Mac(_) => 1,
            Self::PrefixLength(_) => 2,
            Self::Prefix(_) => 3,
        }
    }

    pub(super) fn decode(offset: u8, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match offset {
            0 => Self::Address(Ipv6Addr::from(r.array::<16>("router IP address")?)),
            1 => Self::Mac(MacAddress::decode(r)?),
            2 => Self::PrefixLength(r.u8("prefix length")?),
            _ => Self::Prefix(Ipv6Addr::from(r.array::<16>("prefix value")?)),
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Address(address) | Self::Prefix(address) => out.extend(address.octets()),
            Self::Mac(mac) => out.extend(mac.0),
            Self::PrefixLength(length) => out.push(*length),
        }
    }
}
