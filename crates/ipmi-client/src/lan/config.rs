//! The parameters of a LAN channel, as they were read: each with its value, or with why there is
//! none.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipmi_wire::cmd::app::AuthTypes;
use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{
    AddressSource, AddressingEnables, ArpControl, AuthTypeEnables, BadPasswordThreshold,
    CipherSuitePrivileges, DestinationAddress, DestinationType, DestinationVlan, DuidBlock,
    Ipv4Header, Ipv6DynamicAddress, Ipv6StaticAddress, Ipv6Status, Ipv6Support, LanParameter,
    MacAddress, RouterControl, RouterField, TimingBlock, TimingSupport, Vlan,
};
use ipmi_wire::session::CipherSuite;
use ipmi_wire::{Channel, CompletionCode, Privilege};

use super::setting::Place;

/// Why a parameter has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    /// The BMC says that it has no such parameter.
    #[error("not supported by this BMC ({:02X}h)", .0.0)]
    NotSupported(CompletionCode),
    /// The BMC does not tell, for another reason.
    #[error("{0}")]
    Refused(CompletionCode),
    /// Its answer is not what the specification says.
    #[error("malformed answer: {0}")]
    Malformed(String),
    /// It was not asked for.
    #[error("not asked for")]
    NotAsked,
}

impl Absent {
    /// The code that the BMC answered with, if that is why.
    #[must_use]
    pub const fn completion(&self) -> Option<CompletionCode> {
        match self {
            Self::NotSupported(code) | Self::Refused(code) => Some(*code),
            Self::Malformed(_) | Self::NotAsked => None,
        }
    }
}

/// A value, or why there is none.
pub type Known<T> = Result<T, Absent>;

/// The parameters of a LAN channel.
#[derive(Clone, Debug, PartialEq)]
pub struct LanConfig {
    /// Of which channel.
    pub channel: Channel,
    pub(super) found: BTreeMap<Place, Known<LanParameter>>,
}

/// A cipher suite and the most that sessions may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuiteLevel {
    /// Which suite.
    pub suite: CipherSuite,
    /// Whether the BMC lists it (parameter 23); `None` if it lists none.
    pub listed: Option<bool>,
    /// The privilege; `Ok(None)` if it is switched off.
    pub level: Result<Option<Privilege>, NoLevel>,
}

/// Why a suite has no privilege of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLevel {
    /// Parameter 24 has no place for it: 16 and up.
    NoPlace,
    /// The BMC does not tell parameter 24.
    Untold,
    /// The level has a reserved number.
    Reserved(u8),
}

macro_rules! values {
    ($($(#[$doc:meta])* $name:ident, $selector:literal, $variant:ident => $type:ty;)*) => {
        impl LanConfig {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// Why there is no value.
                pub fn $name(&self) -> Known<$type> {
                    match self.get(Place::one($selector))? {
                        LanParameter::$variant(value) => Ok(value.clone()),
                        _ => Err(Absent::NotAsked),
                    }
                }
            )*
        }
    };
}

values! {
    /// Whether somebody is setting parameters.
    set_in_progress, 0, SetInProgress => SetInProgress;
    /// Authentication types of IPMI v1.5 that there are.
    auth_types, 1, AuthTypeSupport => AuthTypes;
    /// Those that are enabled for each privilege level.
    auth_enables, 2, AuthTypeEnables => AuthTypeEnables;
    /// IPv4 address.
    address, 3, IpAddress => Ipv4Addr;
    /// Where it comes from.
    source, 4, AddressSource => AddressSource;
    /// MAC address.
    mac, 5, MacAddress => MacAddress;
    /// Subnet mask.
    netmask, 6, SubnetMask => Ipv4Addr;
    /// Header of IPv4 packets.
    ipv4_header, 7, Ipv4Header => Ipv4Header;
    /// UDP port of RMCP.
    primary_port, 8, PrimaryRmcpPort => u16;
    /// UDP port of RMCP with security extensions.
    secondary_port, 9, SecondaryRmcpPort => u16;
    /// What the BMC does about ARP.
    arp, 10, ArpControl => ArpControl;
    /// Half seconds between gratuitous ARPs, less one.
    arp_interval, 11, GratuitousArpInterval => u8;
    /// Default gateway.
    gateway, 12, DefaultGateway => Ipv4Addr;
    /// Its MAC address.
    gateway_mac, 13, DefaultGatewayMac => MacAddress;
    /// Backup gateway.
    backup_gateway, 14, BackupGateway => Ipv4Addr;
    /// Its MAC address.
    backup_gateway_mac, 15, BackupGatewayMac => MacAddress;
    /// Community string of platform event traps.
    community, 16, CommunityString => [u8; 18];
    /// How many alert destinations there are beside the volatile one.
    destinations, 17, DestinationCount => u8;
    /// 802.1q VLAN.
    vlan, 20, Vlan => Vlan;
    /// 802.1q priority.
    vlan_priority, 21, VlanPriority => u8;
    /// How many cipher suites there are.
    cipher_suite_count, 22, CipherSuiteCount => u8;
    /// Cipher suites that there are, at most 16.
    cipher_suites, 23, CipherSuites => Vec<u8>;
    /// The most that sessions may do with suites 0 to 15.
    cipher_privileges, 24, CipherSuitePrivileges => CipherSuitePrivileges;
    /// What wrong passwords lead to.
    bad_password, 26, BadPasswordThreshold => BadPasswordThreshold;
    /// What there is of IPv6.
    ipv6_support, 50, Ipv6Support => Ipv6Support;
    /// Which kinds of address are in use.
    addressing, 51, AddressingEnables => AddressingEnables;
    /// Traffic class of IPv6 packets.
    traffic_class, 52, Ipv6TrafficClass => u8;
    /// Hop limit of IPv6 packets.
    hop_limit, 53, Ipv6HopLimit => u8;
    /// Flow label of IPv6 packets.
    flow_label, 54, Ipv6FlowLabel => u32;
    /// How many IPv6 addresses there can be.
    ipv6_status, 55, Ipv6Status => Ipv6Status;
    /// Blocks of a static DHCP unique identifier.
    static_duid_blocks, 57, StaticDuidBlocks => u8;
    /// Blocks of a dynamic one.
    dynamic_duid_blocks, 60, DynamicDuidBlocks => u8;
    /// Whether the timing of DHCPv6 can be set.
    dhcpv6_timing_support, 62, Dhcpv6TimingSupport => TimingSupport;
    /// Where IPv6 routers are known from.
    router_control, 64, RouterControl => RouterControl;
    /// How many routers have announced themselves.
    dynamic_routers, 73, DynamicRouterCount => u8;
    /// The hop limit that a router has announced.
    dynamic_hop_limit, 78, DynamicHopLimit => u8;
    /// Whether the timing of neighbour discovery can be set.
    neighbor_timing_support, 79, NeighborTimingSupport => TimingSupport;
}

macro_rules! values_of_sets {
    ($($(#[$doc:meta])* $name:ident, $selector:literal, $variant:ident => $type:ty;)*) => {
        impl LanConfig {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// Why there is no value.
                pub fn $name(&self, number: u8) -> Known<$type> {
                    match self.get(Place::of($selector, number))? {
                        LanParameter::$variant(value) => Ok(*value),
                        _ => Err(Absent::NotAsked),
                    }
                }
            )*
        }
    };
}

values_of_sets! {
    /// How alerts are sent to a destination; 0 is the volatile one.
    destination_type, 18, DestinationType => DestinationType;
    /// Where that is.
    destination_address, 19, DestinationAddress => DestinationAddress;
    /// The 802.1q tag of what goes there.
    destination_vlan, 25, DestinationVlan => DestinationVlan;
    /// A static IPv6 address, from 0.
    static_address6, 56, Ipv6StaticAddress => Ipv6StaticAddress;
    /// A dynamic IPv6 address, from 0.
    dynamic_address6, 59, Ipv6DynamicAddress => Ipv6DynamicAddress;
}

/// A router, as far as the BMC tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Router {
    /// IP address.
    pub address: Known<Ipv6Addr>,
    /// MAC address.
    pub mac: Known<MacAddress>,
    /// Length of the prefix that it serves, in bits.
    pub prefix_length: Known<u8>,
    /// That prefix.
    pub prefix: Known<Ipv6Addr>,
}

impl LanConfig {
    /// A parameter as it was read.
    ///
    /// # Errors
    /// Why there is no value.
    pub fn get(&self, place: Place) -> Known<&LanParameter> {
        match self.found.get(&place) {
            Some(Ok(parameter)) => Ok(parameter),
            Some(Err(absent)) => Err(absent.clone()),
            None => Err(Absent::NotAsked),
        }
    }

    /// What was asked for and has no value, in the order of the parameters.
    pub fn absent(&self) -> impl Iterator<Item = (Place, &Absent)> {
        self.found.iter().filter_map(|(place, known)| Some((*place, known.as_ref().err()?)))
    }

    /// Everything that was read, in the order of the parameters.
    pub fn parameters(&self) -> impl Iterator<Item = (Place, &LanParameter)> {
        self.found.iter().filter_map(|(place, known)| Some((*place, known.as_ref().ok()?)))
    }

    /// A static router, the first or the second.
    #[must_use]
    pub fn static_router(&self, second: bool) -> Router {
        self.router(if second { 69 } else { 65 }, 0)
    }

    /// A router that has announced itself, from 0.
    #[must_use]
    pub fn dynamic_router(&self, number: u8) -> Router {
        self.router(74, number)
    }

    fn router(&self, first: u8, set: u8) -> Router {
        let field = |offset: u8| match self.get(Place::of(first.saturating_add(offset), set))? {
            LanParameter::StaticRouter { field, .. }
            | LanParameter::DynamicRouter { field, .. } => Ok(*field),
            _ => Err(Absent::NotAsked),
        };
        Router {
            address: field(0).and_then(|field| match field {
                RouterField::Address(address) => Ok(address),
                _ => Err(Absent::NotAsked),
            }),
            mac: field(1).and_then(|field| match field {
                RouterField::Mac(mac) => Ok(mac),
                _ => Err(Absent::NotAsked),
            }),
            prefix_length: field(2).and_then(|field| match field {
                RouterField::PrefixLength(length) => Ok(length),
                _ => Err(Absent::NotAsked),
            }),
            prefix: field(3).and_then(|field| match field {
                RouterField::Prefix(prefix) => Ok(prefix),
                _ => Err(Absent::NotAsked),
            }),
        }
    }

    /// A DHCP unique identifier: of a static address (58), or of a dynamic one (61).
    ///
    /// # Errors
    /// Why there is none.
    pub fn duid(&self, dynamic: bool, set: u8) -> Known<Vec<u8>> {
        let selector = if dynamic { 61 } else { 58 };
        let mut blocks = Vec::new();
        for block in 0..=u8::MAX {
            match self.get(Place { selector, set, block }) {
                Ok(
                    LanParameter::StaticDuid(DuidBlock { data, .. })
                    | LanParameter::DynamicDuid(DuidBlock { data, .. }),
                ) => blocks.extend(data),
                Ok(_) => break,
                Err(absent) if blocks.is_empty() => return Err(absent),
                Err(_) => break,
            }
        }
        // The first byte says how long it is.
        let mut bytes = blocks.into_iter();
        let length = bytes.next().map_or(0, usize::from);
        Ok(bytes.take(length).collect())
    }

    /// The blocks of a timing configuration: 63 or 80.
    pub fn timing(&self, selector: u8) -> impl Iterator<Item = &TimingBlock> {
        self.parameters().filter(move |(place, _)| place.selector == selector).filter_map(
            |(_, parameter)| match parameter {
                LanParameter::Dhcpv6Timing(block) | LanParameter::NeighborTiming(block) => {
                    Some(block)
                }
                _ => None,
            },
        )
    }

    /// Every cipher suite that the BMC lists, or gives a privilege to, each with that.
    ///
    /// # Errors
    /// Why there is none, if the BMC tells neither list nor privileges.
    pub fn suites(&self) -> Known<Vec<SuiteLevel>> {
        let (listed, levels) = (self.cipher_suites(), self.cipher_privileges());
        let (listed, levels) = match (listed, levels) {
            (Err(absent), Err(_)) => return Err(absent),
            (listed, levels) => (listed.ok(), levels.ok()),
        };
        let level = |suite: u8| {
            let Some(CipherSuitePrivileges { levels }) = &levels else {
                return Err(NoLevel::Untold);
            };
            match levels.get(usize::from(suite)) {
                None => Err(NoLevel::NoPlace),
                Some(0) => Ok(None),
                Some(number) => match Privilege::from_number(*number) {
                    Some(level) => Ok(Some(level)),
                    None => Err(NoLevel::Reserved(*number)),
                },
            }
        };
        let is_listed = |suite: &u8| listed.as_ref().map(|listed| listed.contains(suite));
        let unlisted = (0..16_u8)
            .filter(|suite| is_listed(suite) != Some(true) && level(*suite) != Ok(None))
            .filter(|_| levels.is_some());
        let all = listed.iter().flatten().copied().chain(unlisted);
        Ok(all
            .map(|suite| SuiteLevel {
                suite: CipherSuite(suite),
                listed: is_listed(&suite),
                level: level(suite),
            })
            .collect())
    }
}
