//! The LAN configuration parameters. IPMI v2.0 §23.2, Table 23-4.

use core::net::Ipv4Addr;

use super::{
    AddressSource, AddressingEnables, ArpControl, AuthTypeEnables, BadPasswordThreshold,
    CipherSuitePrivileges, DestinationAddress, DestinationType, DestinationVlan, DuidBlock,
    Ipv4Header, Ipv6DynamicAddress, Ipv6StaticAddress, Ipv6Status, Ipv6Support, MacAddress,
    RouterControl, RouterField, TimingBlock, TimingSupport, Vlan,
};
use crate::cmd::app::AuthTypes;
use crate::cmd::chassis::SetInProgress;
use crate::codec::{Decode, DecodeError, Encode, Reader};

/// A LAN configuration parameter and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LanParameter {
    /// 0: whether somebody is setting others.
    SetInProgress(SetInProgress),
    /// 1: the authentication types of IPMI v1.5 that there are. Read-only.
    AuthTypeSupport(AuthTypes),
    /// 2: those that are enabled.
    AuthTypeEnables(AuthTypeEnables),
    /// 3: IP address.
    IpAddress(Ipv4Addr),
    /// 4: where it comes from.
    AddressSource(AddressSource),
    /// 5: MAC address.
    MacAddress(MacAddress),
    /// 6: subnet mask.
    SubnetMask(Ipv4Addr),
    /// 7: header of IPv4 packets.
    Ipv4Header(Ipv4Header),
    /// 8: the UDP port of RMCP.
    PrimaryRmcpPort(u16),
    /// 9: the UDP port of RMCP with security extensions.
    SecondaryRmcpPort(u16),
    /// 10: what the controller does about ARP.
    ArpControl(ArpControl),
    /// 11: half seconds between gratuitous ARPs, less one.
    GratuitousArpInterval(u8),
    /// 12: IP address of the default gateway.
    DefaultGateway(Ipv4Addr),
    /// 13: its MAC address.
    DefaultGatewayMac(MacAddress),
    /// 14: IP address of the backup gateway.
    BackupGateway(Ipv4Addr),
    /// 15: its MAC address.
    BackupGatewayMac(MacAddress),
    /// 16: community string of platform event traps, filled with zeros.
    CommunityString([u8; 18]),
    /// 17: how many alert destinations there are beside the volatile one. Read-only.
    DestinationCount(u8),
    /// 18: how alerts are sent to a destination.
    DestinationType(DestinationType),
    /// 19: where that is.
    DestinationAddress(DestinationAddress),
    /// 20: 802.1q VLAN.
    Vlan(Vlan),
    /// 21: 802.1q priority, 3 bits.
    VlanPriority(u8),
    /// 22: how many cipher suites there are. Read-only.
    CipherSuiteCount(u8),
    /// 23: their numbers, at most 16. Read-only.
    CipherSuites(Vec<u8>),
    /// 24: the most that sessions may do with each of them.
    CipherSuitePrivileges(CipherSuitePrivileges),
    /// 25: 802.1q tag of what goes to a destination.
    DestinationVlan(DestinationVlan),
    /// 26: what wrong passwords lead to.
    BadPasswordThreshold(BadPasswordThreshold),
    /// 50: what there is of IPv6. Read-only.
    Ipv6Support(Ipv6Support),
    /// 51: which kinds of address are in use.
    AddressingEnables(AddressingEnables),
    /// 52: traffic class of IPv6 packets.
    Ipv6TrafficClass(u8),
    /// 53: hop limit of IPv6 packets.
    Ipv6HopLimit(u8),
    /// 54: flow label of IPv6 packets, 20 bits.
    Ipv6FlowLabel(u32),
    /// 55: how many IPv6 addresses there can be. Read-only.
    Ipv6Status(Ipv6Status),
    /// 56: a static IPv6 address.
    Ipv6StaticAddress(Ipv6StaticAddress),
    /// 57: blocks for a static DHCP unique identifier. Read-only.
    StaticDuidBlocks(u8),
    /// 58: a piece of one.
    StaticDuid(DuidBlock),
    /// 59: a dynamic IPv6 address. Read-only.
    Ipv6DynamicAddress(Ipv6DynamicAddress),
    /// 60: blocks of a dynamic DHCP unique identifier. Read-only.
    DynamicDuidBlocks(u8),
    /// 61: a piece of one. Read-only.
    DynamicDuid(DuidBlock),
    /// 62: whether the timing of DHCPv6 can be set. Read-only.
    Dhcpv6TimingSupport(TimingSupport),
    /// 63: the timing of DHCPv6.
    Dhcpv6Timing(TimingBlock),
    /// 64: where routers are known from.
    RouterControl(RouterControl),
    /// 65 to 68, 69 to 72: a static router.
    StaticRouter {
        /// The second one.
        second: bool,
        /// What of it.
        field: RouterField,
    },
    /// 73: how many dynamic routers are known. Read-only.
    DynamicRouterCount(u8),
    /// 74 to 77: a dynamic router. Read-only.
    DynamicRouter {
        /// Which, from 0.
        selector: u8,
        /// What of it.
        field: RouterField,
    },
    /// 78: the hop limit that a router has announced. Read-only.
    DynamicHopLimit(u8),
    /// 79: whether the timing of neighbour discovery can be set. Read-only.
    NeighborTimingSupport(TimingSupport),
    /// 80: the timing of neighbour discovery and SLAAC.
    NeighborTiming(TimingBlock),
    /// Any other, as it came.
    Other {
        /// Its number.
        selector: u8,
        /// Its value.
        data: Vec<u8>,
    },
}

/// Parameters where a router's four begin.
const ROUTER_1: u8 = 65;
const ROUTER_2: u8 = 69;
const DYNAMIC_ROUTER: u8 = 74;

impl LanParameter {
    /// Its number.
    #[must_use]
    pub const fn selector(&self) -> u8 {
        match self {
            Self::SetInProgress(_) => 0,
            Self::AuthTypeSupport(_) => 1,
            Self::AuthTypeEnables(_) => 2,
            Self::IpAddress(_) => 3,
            Self::AddressSource(_) => 4,
            Self::MacAddress(_) => 5,
            Self::SubnetMask(_) => 6,
            Self::Ipv4Header(_) => 7,
            Self::PrimaryRmcpPort(_) => 8,
            Self::SecondaryRmcpPort(_) => 9,
            Self::ArpControl(_) => 10,
            Self::GratuitousArpInterval(_) => 11,
            Self::DefaultGateway(_) => 12,
            Self::DefaultGatewayMac(_) => 13,
            Self::BackupGateway(_) => 14,
            Self::BackupGatewayMac(_) => 15,
            Self::CommunityString(_) => 16,
            Self::DestinationCount(_) => 17,
            Self::DestinationType(_) => 18,
            Self::DestinationAddress(_) => 19,
            Self::Vlan(_) => 20,
            Self::VlanPriority(_) => 21,
            Self::CipherSuiteCount(_) => 22,
            Self::CipherSuites(_) => 23,
            Self::CipherSuitePrivileges(_) => 24,
            Self::DestinationVlan(_) => 25,
            Self::BadPasswordThreshold(_) => 26,
            Self::Ipv6Support(_) => 50,
            Self::AddressingEnables(_) => 51,
            Self::Ipv6TrafficClass(_) => 52,
            Self::Ipv6HopLimit(_) => 53,
            Self::Ipv6FlowLabel(_) => 54,
            Self::Ipv6Status(_) => 55,
            Self::Ipv6StaticAddress(_) => 56,
            Self::StaticDuidBlocks(_) => 57,
            Self::StaticDuid(_) => 58,
            Self::Ipv6DynamicAddress(_) => 59,
            Self::DynamicDuidBlocks(_) => 60,
            Self::DynamicDuid(_) => 61,
            Self::Dhcpv6TimingSupport(_) => 62,
            Self::Dhcpv6Timing(_) => 63,
            Self::RouterControl(_) => 64,
            Self::StaticRouter { second: false, field } => ROUTER_1.wrapping_add(field.offset()),
            Self::StaticRouter { second: true, field } => ROUTER_2.wrapping_add(field.offset()),
            Self::DynamicRouterCount(_) => 73,
            Self::DynamicRouter { field, .. } => DYNAMIC_ROUTER.wrapping_add(field.offset()),
            Self::DynamicHopLimit(_) => 78,
            Self::NeighborTimingSupport(_) => 79,
            Self::NeighborTiming(_) => 80,
            Self::Other { selector, .. } => *selector,
        }
    }

    /// Which of a set it is, such as an alert destination; 0 for what there is one of.
    #[must_use]
    pub const fn set(&self) -> u8 {
        match self {
            Self::DestinationType(of) => of.selector,
            Self::DestinationAddress(of) => of.selector,
            Self::DestinationVlan(of) => of.selector,
            Self::Ipv6StaticAddress(of) => of.selector,
            Self::Ipv6DynamicAddress(of) => of.selector,
            Self::StaticDuid(of) | Self::DynamicDuid(of) => of.selector,
            Self::Dhcpv6Timing(of) | Self::NeighborTiming(of) => of.selector,
            Self::DynamicRouter { selector, .. } => *selector,
            _ => 0,
        }
    }

    /// Reads the data of the parameter `selector`.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(selector: u8, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let address = |r: &mut Reader<'_>| r.array::<4>("IP address").map(Ipv4Addr::from);
        Ok(match selector {
            0 => Self::SetInProgress(progress(r)?),
            1 => Self::AuthTypeSupport(AuthTypes::from_bits(r.u8("authentication types")?)),
            2 => {
                let bytes: [u8; 5] = r.array("authentication type enables")?;
                Self::AuthTypeEnables(AuthTypeEnables(bytes.map(AuthTypes::from_bits)))
            }
            3 => Self::IpAddress(address(r)?),
            4 => Self::AddressSource(AddressSource::from_number(r.u8("IP address source")?)),
            5 => Self::MacAddress(MacAddress::decode(r)?),
            6 => Self::SubnetMask(address(r)?),
            7 => Self::Ipv4Header(Ipv4Header::decode(r)?),
            8 => Self::PrimaryRmcpPort(r.u16("primary RMCP port")?),
            9 => Self::SecondaryRmcpPort(r.u16("secondary RMCP port")?),
            10 => Self::ArpControl(ArpControl::from_bits(r.u8("ARP control")?)),
            11 => Self::GratuitousArpInterval(r.u8("gratuitous ARP interval")?),
            12 => Self::DefaultGateway(address(r)?),
            13 => Self::DefaultGatewayMac(MacAddress::decode(r)?),
            14 => Self::BackupGateway(address(r)?),
            15 => Self::BackupGatewayMac(MacAddress::decode(r)?),
            16 => Self::CommunityString(r.array("community string")?),
            17 => Self::DestinationCount(r.u8("number of destinations")? & 0x0f),
            18 => Self::DestinationType(DestinationType::decode(r)?),
            19 => Self::DestinationAddress(DestinationAddress::decode(r)?),
            20 => Self::Vlan(Vlan::decode(r)?),
            21 => Self::VlanPriority(r.u8("VLAN priority")? & 7),
            22 => Self::CipherSuiteCount(r.u8("cipher suite entry count")? & 0x1f),
            23 => {
                r.u8("reserved")?;
                let count = r.remaining().min(16);
                Self::CipherSuites(r.bytes("cipher suites", count)?.to_vec())
            }
            24 => Self::CipherSuitePrivileges(CipherSuitePrivileges::decode(r)?),
            25 => Self::DestinationVlan(DestinationVlan::decode(r)?),
            26 => Self::BadPasswordThreshold(BadPasswordThreshold::decode(r)?),
            50 => Self::Ipv6Support(Ipv6Support::from_bits(r.u8("IPv6 support")?)),
            51 => Self::AddressingEnables(AddressingEnables(r.u8("addressing enables")?)),
            52 => Self::Ipv6TrafficClass(r.u8("traffic class")?),
            53 => Self::Ipv6HopLimit(r.u8("hop limit")?),
            54 => {
                let [a, b, c] = r.array("flow label")?;
                Self::Ipv6FlowLabel(u32::from_be_bytes([0, a & 0x0f, b, c]))
            }
            55 => Self::Ipv6Status(Ipv6Status::decode(r)?),
            56 => Self::Ipv6StaticAddress(Ipv6StaticAddress::decode(r)?),
            57 => Self::StaticDuidBlocks(r.u8("DUID blocks")?),
            58 => Self::StaticDuid(DuidBlock::decode(r)?),
            59 => Self::Ipv6DynamicAddress(Ipv6DynamicAddress::decode(r)?),
            60 => Self::DynamicDuidBlocks(r.u8("DUID blocks")?),
            61 => Self::DynamicDuid(DuidBlock::decode(r)?),
            62 => Self::Dhcpv6TimingSupport(TimingSupport::from_bits(r.u8("timing support")?)),
            63 => Self::Dhcpv6Timing(TimingBlock::decode(r)?),
            64 => Self::RouterControl(RouterControl::from_bits(r.u8("router control")?)),
            65..=68 => {
                let field = RouterField::decode(selector.wrapping_sub(ROUTER_1), r)?;
                Self::StaticRouter { second: false, field }
            }
            69..=72 => {
                let field = RouterField::decode(selector.wrapping_sub(ROUTER_2), r)?;
                Self::StaticRouter { second: true, field }
            }
            73 => Self::DynamicRouterCount(r.u8("number of dynamic routers")?),
            74..=77 => Self::DynamicRouter {
                selector: r.u8("set selector")?,
                field: RouterField::decode(selector.wrapping_sub(DYNAMIC_ROUTER), r)?,
            },
            78 => Self::DynamicHopLimit(r.u8("hop limit")?),
            79 => Self::NeighborTimingSupport(TimingSupport::from_bits(r.u8("timing support")?)),
            80 => Self::NeighborTiming(TimingBlock::decode(r)?),
            _ => Self::Other { selector, data: r.take_rest().to_vec() },
        })
    }
}

/// The parameter's data, without its selector.
impl Encode for LanParameter {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::SetInProgress(state) => out.push(progress_number(*state)),
            Self::AuthTypeSupport(types) => out.push(types.bits()),
            Self::AuthTypeEnables(enables) => out.extend(enables.0.map(AuthTypes::bits)),
            Self::IpAddress(address)
            | Self::SubnetMask(address)
            | Self::DefaultGateway(address)
            | Self::BackupGateway(address) => out.extend(address.octets()),
            Self::AddressSource(source) => out.push(source.number()),
            Self::MacAddress(mac) | Self::DefaultGatewayMac(mac) | Self::BackupGatewayMac(mac) => {
                out.extend(mac.0)
            }
            Self::Ipv4Header(header) => header.encode(out),
            Self::PrimaryRmcpPort(port) | Self::SecondaryRmcpPort(port) => {
                out.extend(port.to_le_bytes());
            }
            Self::ArpControl(control) => out.push(control.bits()),
            Self::CommunityString(text) => out.extend(text),
            Self::DestinationCount(count) => out.push(count & 0x0f),
            Self::DestinationType(kind) => kind.encode(out),
            Self::DestinationAddress(address) => address.encode(out),
            Self::Vlan(vlan) => vlan.encode(out),
            Self::VlanPriority(priority) => out.push(priority & 7),
            Self::CipherSuiteCount(count) => out.push(count & 0x1f),
            Self::CipherSuites(suites) => {
                out.push(0);
                out.extend(suites.iter().take(16));
            }
            Self::CipherSuitePrivileges(privileges) => privileges.encode(out),
            Self::DestinationVlan(vlan) => vlan.encode(out),
            Self::BadPasswordThreshold(threshold) => threshold.encode(out),
            Self::Ipv6Support(support) => out.push(support.bits()),
            Self::AddressingEnables(enables) => out.push(enables.0),
            Self::GratuitousArpInterval(number)
            | Self::Ipv6TrafficClass(number)
            | Self::Ipv6HopLimit(number)
            | Self::StaticDuidBlocks(number)
            | Self::DynamicDuidBlocks(number)
            | Self::DynamicRouterCount(number)
            | Self::DynamicHopLimit(number) => out.push(*number),
            Self::Ipv6FlowLabel(label) => {
                let [_, a, b, c] = label.to_be_bytes();
                out.extend([a & 0x0f, b, c]);
            }
            Self::Ipv6Status(status) => status.encode(out),
            Self::Ipv6StaticAddress(address) => address.encode(out),
            Self::Ipv6DynamicAddress(address) => address.encode(out),
            Self::StaticDuid(block) | Self::DynamicDuid(block) => block.encode(out),
            Self::Dhcpv6TimingSupport(support) | Self::NeighborTimingSupport(support) => {
                out.push(support.number());
            }
            Self::Dhcpv6Timing(block) | Self::NeighborTiming(block) => block.encode(out),
            Self::RouterControl(control) => out.push(control.bits()),
            Self::StaticRouter { field, .. } => field.encode(out),
            Self::DynamicRouter { selector, field } => {
                out.push(*selector);
                field.encode(out);
            }
            Self::Other { data, .. } => out.extend(data),
        }
    }
}

/// Parameter 0, which LAN and SOL have in common.
pub(in crate::cmd) fn progress(r: &mut Reader<'_>) -> Result<SetInProgress, DecodeError> {
    Ok(match r.u8("set in progress")? & 3 {
        0 => SetInProgress::Complete,
        1 => SetInProgress::InProgress,
        2 => SetInProgress::CommitWrite,
        other => {
            return Err(DecodeError::Invalid { field: "set in progress", value: other.into() });
        }
    })
}

pub(in crate::cmd) const fn progress_number(state: SetInProgress) -> u8 {
    match state {
        SetInProgress::Complete => 0,
        SetInProgress::InProgress => 1,
        SetInProgress::CommitWrite => 2,
    }
}

#[cfg(test)]
mod tests;
