//! One thing of a LAN channel that can be set: a parameter, or a part of one.
//!
//! A setting finds itself in a parameter ([`LanSetting::present`]) and puts itself into one
//! ([`LanSetting::put`]), so that what was asked for, what was before and what is in force now are
//! of one kind and can be compared, whatever else is in the same parameter.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipmi_wire::cmd::app::AuthTypes;
use ipmi_wire::cmd::transport::{
    AddressSource, AddressStatus, AddressingEnables, AlertAddress, DestinationAddress, Ipv6Source,
    Ipv6StaticAddress, LanParameter, MacAddress, RouterField, Vlan,
};
use ipmi_wire::{CompletionCode, Privilege};

/// Where a parameter is: its number, and which of a set it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Parameter selector.
    pub selector: u8,
    /// Set selector, such as an alert destination; 0 for what there is one of.
    pub set: u8,
    /// Block selector; 0 for what has one.
    pub block: u8,
}

impl Place {
    /// Of what there is one.
    #[must_use]
    pub const fn one(selector: u8) -> Self {
        Self::of(selector, 0)
    }

    /// One of a set.
    #[must_use]
    pub const fn of(selector: u8, set: u8) -> Self {
        Self { selector, set, block: 0 }
    }
}

/// Something that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what they are called")]
pub enum LanSetting {
    /// Authentication types of IPMI v1.5 that are enabled for a privilege level (2).
    AuthTypes { level: Privilege, types: AuthTypes },
    /// IPv4 address (3).
    Address(Ipv4Addr),
    /// Where it comes from (4).
    Source(AddressSource),
    /// MAC address (5).
    Mac(MacAddress),
    /// Subnet mask (6).
    Netmask(Ipv4Addr),
    /// Time to live of IPv4 packets (7).
    TimeToLive(u8),
    /// That they are not fragmented (7).
    DontFragment(bool),
    /// Their precedence (7).
    Precedence(u8),
    /// Their type of service (7).
    TypeOfService(u8),
    /// That gratuitous ARPs are sent (10).
    GratuitousArp(bool),
    /// That requests for the address are answered (10).
    ArpResponses(bool),
    /// Half seconds between gratuitous ARPs, less one (11).
    ArpInterval(u8),
    /// Default gateway (12).
    Gateway(Ipv4Addr),
    /// Its MAC address (13).
    GatewayMac(MacAddress),
    /// Backup gateway (14).
    BackupGateway(Ipv4Addr),
    /// Its MAC address (15).
    BackupGatewayMac(MacAddress),
    /// Community string of platform event traps (16).
    Community(Community),
    /// What alerts are sent as to a destination: 0 is a platform event trap (18).
    AlertKind { destination: u8, kind: u8 },
    /// That the destination acknowledges them (18).
    AlertAcknowledged { destination: u8, acknowledged: bool },
    /// Seconds to wait for that, or between retries (18).
    AlertTimeout { destination: u8, seconds: u8 },
    /// How often an alert is sent again (18).
    AlertRetries { destination: u8, retries: u8 },
    /// Where the destination is (19).
    AlertIp { destination: u8, ip: Ipv4Addr },
    /// Its MAC address (19).
    AlertMac { destination: u8, mac: MacAddress },
    /// That it is reached by the backup gateway (19).
    AlertByBackup { destination: u8, backup: bool },
    /// 802.1q VLAN; `None` without (20).
    Vlan(Option<u16>),
    /// 802.1q priority (21).
    VlanPriority(u8),
    /// The most that sessions may do with a cipher suite from 0 to 15; `None` switches it off (24).
    CipherPrivilege { suite: u8, level: Option<Privilege> },
    /// That an event is logged when a user is locked out (26).
    LogBadPasswords(bool),
    /// Wrong passwords until a user is locked out; 0 is never (26).
    BadPasswords(u8),
    /// Tens of seconds after which they are forgotten; 0 is never (26).
    BadPasswordReset(u16),
    /// Tens of seconds of a lockout; 0 is for good (26).
    Lockout(u16),
    /// Which kinds of address are in use (51).
    Addressing(AddressingEnables),
    /// Traffic class of IPv6 packets (52).
    TrafficClass(u8),
    /// Hop limit of IPv6 packets (53).
    HopLimit(u8),
    /// Flow label of IPv6 packets (54).
    FlowLabel(u32),
    /// A static IPv6 address with the length of its prefix; `None` switches it off (56).
    Address6 { index: u8, address: Option<(Ipv6Addr, u8)> },
    /// That static routers are used (64).
    StaticRouters(bool),
    /// That routers that announce themselves are used (64).
    DynamicRouters(bool),
    /// Something of a static router (65 to 72).
    Router { second: bool, field: RouterField },
}

/// A community string: at most 18 bytes, without the zeros that fill it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Community([u8; 18]);

impl Community {
    /// `None` if it has more than 18 bytes, or a zero: nothing is ever cut.
    #[must_use]
    pub fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 18];
        let fits = text.len() <= bytes.len() && !text.contains(&0);
        bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        fits.then_some(Self(bytes))
    }

    /// What is before the first zero of a parameter.
    #[must_use]
    pub fn of(bytes: [u8; 18]) -> Self {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let mut own = [0; 18];
        own.iter_mut().zip(bytes.iter().take(end)).for_each(|(to, from)| *to = *from);
        Self(own)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        self.0.get(..end).unwrap_or_default()
    }
}

/// "Don't fragment" among the three flags of parameter 7.
const DONT_FRAGMENT: u8 = 2;

impl LanSetting {
    /// The parameter that it is (a part of).
    #[must_use]
    pub const fn place(&self) -> Place {
        let selector = match self {
            Self::AuthTypes { .. } => 2,
            Self::Address(_) => 3,
            Self::Source(_) => 4,
            Self::Mac(_) => 5,
            Self::Netmask(_) => 6,
            Self::TimeToLive(_)
            | Self::DontFragment(_)
            | Self::Precedence(_)
            | Self::TypeOfService(_) => 7,
            Self::GratuitousArp(_) | Self::ArpResponses(_) => 10,
            Self::ArpInterval(_) => 11,
            Self::Gateway(_) => 12,
            Self::GatewayMac(_) => 13,
            Self::BackupGateway(_) => 14,
            Self::BackupGatewayMac(_) => 15,
            Self::Community(_) => 16,
            Self::AlertKind { destination, .. }
            | Self::AlertAcknowledged { destination, .. }
            | Self::AlertTimeout { destination, .. }
            | Self::AlertRetries { destination, .. } => return Place::of(18, *destination),
            Self::AlertIp { destination, .. }
            | Self::AlertMac { destination, .. }
            | Self::AlertByBackup { destination, .. } => return Place::of(19, *destination),
            Self::Vlan(_) => 20,
            Self::VlanPriority(_) => 21,
            Self::CipherPrivilege { .. } => 24,
            Self::LogBadPasswords(_)
            | Self::BadPasswords(_)
            | Self::BadPasswordReset(_)
            | Self::Lockout(_) => 26,
            Self::Addressing(_) => 51,
            Self::TrafficClass(_) => 52,
            Self::HopLimit(_) => 53,
            Self::FlowLabel(_) => 54,
            Self::Address6 { index, .. } => return Place::of(56, *index),
            Self::StaticRouters(_) | Self::DynamicRouters(_) => 64,
            Self::Router { second, field } => {
                LanParameter::StaticRouter { second: *second, field: *field }.selector()
            }
        };
        Place::one(selector)
    }

    /// The same setting as it is in `parameter`; `None` if it is not in there.
    #[must_use]
    pub fn present(&self, parameter: &LanParameter) -> Option<Self> {
        use LanParameter as P;
        Some(match (*self, parameter) {
            (Self::AuthTypes { level, .. }, P::AuthTypeEnables(enables)) => {
                Self::AuthTypes { level, types: *enables.0.get(level_index(level))? }
            }
            (Self::Address(_), P::IpAddress(ip)) => Self::Address(*ip),
            (Self::Source(_), P::AddressSource(source)) => Self::Source(*source),
            (Self::Mac(_), P::MacAddress(mac)) => Self::Mac(*mac),
            (Self::Netmask(_), P::SubnetMask(mask)) => Self::Netmask(*mask),
            (Self::TimeToLive(_), P::Ipv4Header(header)) => Self::TimeToLive(header.time_to_live),
            (Self::DontFragment(_), P::Ipv4Header(header)) => {
                Self::DontFragment(header.flags & DONT_FRAGMENT != 0)
            }
            (Self::Precedence(_), P::Ipv4Header(header)) => Self::Precedence(header.precedence),
            (Self::TypeOfService(_), P::Ipv4Header(header)) => {
                Self::TypeOfService(header.type_of_service)
            }
            (Self::GratuitousArp(_), P::ArpControl(arp)) => Self::GratuitousArp(arp.gratuitous),
            (Self::ArpResponses(_), P::ArpControl(arp)) => Self::ArpResponses(arp.responses),
            (Self::ArpInterval(_), P::GratuitousArpInterval(halves)) => Self::ArpInterval(*halves),
            (Self::Gateway(_), P::DefaultGateway(ip)) => Self::Gateway(*ip),
            (Self::GatewayMac(_), P::DefaultGatewayMac(mac)) => Self::GatewayMac(*mac),
            (Self::BackupGateway(_), P::BackupGateway(ip)) => Self::BackupGateway(*ip),
            (Self::BackupGatewayMac(_), P::BackupGatewayMac(mac)) => Self::BackupGatewayMac(*mac),
            (Self::Community(_), P::CommunityString(text)) => Self::Community(Community::of(*text)),
            (Self::AlertKind { destination, .. }, P::DestinationType(of)) => {
                Self::AlertKind { destination, kind: of.kind }
            }
            (Self::AlertAcknowledged { destination, .. }, P::DestinationType(of)) => {
                Self::AlertAcknowledged { destination, acknowledged: of.acknowledged }
            }
            (Self::AlertTimeout { destination, .. }, P::DestinationType(of)) => {
                Self::AlertTimeout { destination, seconds: of.timeout }
            }
            (Self::AlertRetries { destination, .. }, P::DestinationType(of)) => {
                Self::AlertRetries { destination, retries: of.retries }
            }
            (_, P::DestinationAddress(of)) => return self.present_in_destination(of),
            (Self::Vlan(_), P::Vlan(vlan)) => Self::Vlan(vlan.enabled.then_some(vlan.id)),
            (Self::VlanPriority(_), P::VlanPriority(priority)) => Self::VlanPriority(*priority),
            (Self::CipherPrivilege { suite, .. }, P::CipherSuitePrivileges(privileges)) => {
                let level = *privileges.levels.get(usize::from(suite))?;
                Self::CipherPrivilege { suite, level: Privilege::from_number(level) }
            }
            (Self::LogBadPasswords(_), P::BadPasswordThreshold(of)) => {
                Self::LogBadPasswords(of.log)
            }
            (Self::BadPasswords(_), P::BadPasswordThreshold(of)) => {
                Self::BadPasswords(of.threshold)
            }
            (Self::BadPasswordReset(_), P::BadPasswordThreshold(of)) => {
                Self::BadPasswordReset(of.reset_interval)
            }
            (Self::Lockout(_), P::BadPasswordThreshold(of)) => Self::Lockout(of.lockout_interval),
            (Self::Addressing(_), P::AddressingEnables(enables)) => Self::Addressing(*enables),
            (Self::TrafficClass(_), P::Ipv6TrafficClass(class)) => Self::TrafficClass(*class),
            (Self::HopLimit(_), P::Ipv6HopLimit(limit)) => Self::HopLimit(*limit),
            (Self::FlowLabel(_), P::Ipv6FlowLabel(label)) => Self::FlowLabel(*label),
            (Self::Address6 { index, .. }, P::Ipv6StaticAddress(of)) => {
                let address = of.enabled.then_some((of.address, of.prefix_length));
                Self::Address6 { index, address }
            }
            (Self::StaticRouters(_), P::RouterControl(control)) => {
                Self::StaticRouters(control.static_routers)
            }
            (Self::DynamicRouters(_), P::RouterControl(control)) => {
                Self::DynamicRouters(control.dynamic_routers)
            }
            (Self::Router { second, .. }, P::StaticRouter { field, .. }) => {
                Self::Router { second, field: *field }
            }
            _ => return None,
        })
    }

    fn present_in_destination(&self, of: &DestinationAddress) -> Option<Self> {
        let AlertAddress::V4 { backup_gateway, ip, mac } = of.address else { return None };
        Some(match *self {
            Self::AlertIp { destination, .. } => Self::AlertIp { destination, ip },
            Self::AlertMac { destination, .. } => Self::AlertMac { destination, mac },
            Self::AlertByBackup { destination, .. } => {
                Self::AlertByBackup { destination, backup: backup_gateway }
            }
            _ => return None,
        })
    }

    /// The parameter with this in it, and all else as in `before`; `None` if that would have to be
    /// known and is not.
    #[must_use]
    pub fn put(&self, before: Option<&LanParameter>) -> Option<LanParameter> {
        use LanParameter as P;
        Some(match *self {
            Self::Address(ip) => P::IpAddress(ip),
            Self::Source(source) => P::AddressSource(source),
            Self::Mac(mac) => P::MacAddress(mac),
            Self::Netmask(mask) => P::SubnetMask(mask),
            Self::ArpInterval(halves) => P::GratuitousArpInterval(halves),
            Self::Gateway(ip) => P::DefaultGateway(ip),
            Self::GatewayMac(mac) => P::DefaultGatewayMac(mac),
            Self::BackupGateway(ip) => P::BackupGateway(ip),
            Self::BackupGatewayMac(mac) => P::BackupGatewayMac(mac),
            Self::Community(Community(text)) => P::CommunityString(text),
            // What the number is while it is switched off is nobody's concern; ipmitool sends 0.
            Self::Vlan(id) => P::Vlan(Vlan { id: id.unwrap_or(0), enabled: id.is_some() }),
            Self::VlanPriority(priority) => P::VlanPriority(priority),
            Self::Addressing(enables) => P::AddressingEnables(enables),
            Self::TrafficClass(class) => P::Ipv6TrafficClass(class),
            Self::HopLimit(limit) => P::Ipv6HopLimit(limit),
            Self::FlowLabel(label) => P::Ipv6FlowLabel(label),
            Self::Router { second, field } => P::StaticRouter { second, field },
            Self::Address6 { index, address: Some((address, prefix_length)) } => {
                P::Ipv6StaticAddress(Ipv6StaticAddress {
                    selector: index,
                    enabled: true,
                    source: Ipv6Source::STATIC,
                    address,
                    prefix_length,
                    status: AddressStatus::ACTIVE,
                })
            }
            _ => {
                let mut parameter = before?.clone();
                self.change(&mut parameter)?;
                parameter
            }
        })
    }

    /// Changes the part of `parameter` that this is.
    fn change(&self, parameter: &mut LanParameter) -> Option<()> {
        use LanParameter as P;
        match (*self, parameter) {
            (Self::AuthTypes { level, types }, P::AuthTypeEnables(enables)) => {
                *enables.0.get_mut(level_index(level))? = types;
            }
            (Self::TimeToLive(ttl), P::Ipv4Header(header)) => header.time_to_live = ttl,
            (Self::DontFragment(on), P::Ipv4Header(header)) => {
                header.flags = (header.flags & !DONT_FRAGMENT) | if on { DONT_FRAGMENT } else { 0 };
            }
            (Self::Precedence(precedence), P::Ipv4Header(header)) => {
                header.precedence = precedence;
            }
            (Self::TypeOfService(service), P::Ipv4Header(header)) => {
                header.type_of_service = service;
            }
            (Self::GratuitousArp(on), P::ArpControl(arp)) => arp.gratuitous = on,
            (Self::ArpResponses(on), P::ArpControl(arp)) => arp.responses = on,
            (Self::AlertKind { kind, .. }, P::DestinationType(of)) => of.kind = kind,
            (Self::AlertAcknowledged { acknowledged, .. }, P::DestinationType(of)) => {
                of.acknowledged = acknowledged;
            }
            (Self::AlertTimeout { seconds, .. }, P::DestinationType(of)) => of.timeout = seconds,
            (Self::AlertRetries { retries, .. }, P::DestinationType(of)) => of.retries = retries,
            (_, P::DestinationAddress(of)) => return self.change_destination(of),
            (Self::CipherPrivilege { suite, level }, P::CipherSuitePrivileges(privileges)) => {
                *privileges.levels.get_mut(usize::from(suite))? =
                    level.map_or(0, Privilege::number);
            }
            (Self::LogBadPasswords(log), P::BadPasswordThreshold(of)) => of.log = log,
            (Self::BadPasswords(times), P::BadPasswordThreshold(of)) => of.threshold = times,
            (Self::BadPasswordReset(tens), P::BadPasswordThreshold(of)) => {
                of.reset_interval = tens;
            }
            (Self::Lockout(tens), P::BadPasswordThreshold(of)) => of.lockout_interval = tens,
            (Self::Address6 { address: None, .. }, P::Ipv6StaticAddress(of)) => of.enabled = false,
            (Self::StaticRouters(on), P::RouterControl(control)) => control.static_routers = on,
            (Self::DynamicRouters(on), P::RouterControl(control)) => control.dynamic_routers = on,
            _ => return None,
        }
        Some(())
    }

    fn change_destination(&self, of: &mut DestinationAddress) -> Option<()> {
        if let AlertAddress::V6(_) = of.address {
            of.address = AlertAddress::default();
        }
        let AlertAddress::V4 { backup_gateway, ip, mac } = &mut of.address else { return None };
        match *self {
            Self::AlertIp { ip: wanted, .. } => *ip = wanted,
            Self::AlertMac { mac: wanted, .. } => *mac = wanted,
            Self::AlertByBackup { backup, .. } => *backup_gateway = backup,
            _ => return None,
        }
        Some(())
    }
}

/// A level's place in parameter 2: Callback first.
fn level_index(level: Privilege) -> usize {
    usize::from(level.number()).saturating_sub(1)
}

/// Whether a refused question says that the BMC has no such parameter. Beside 80h (IPMI v2.0 §23.2)
/// BMCs answer C1h, C9h, CBh and CCh (iDRAC, iLO: ipmitool issue 388).
pub(super) const fn means_unsupported(code: CompletionCode) -> bool {
    matches!(code.0, 0x80 | 0xc1 | 0xc9 | 0xcb | 0xcc)
}
