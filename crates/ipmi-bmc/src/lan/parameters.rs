//! The values of the LAN configuration parameters. IPMI v2.0 §23.2, Table 23-4.
//!
//! A value that makes no sense is refused with C9h: at CCh, ipmitool 1.8.19 tries again for half a
//! minute (`__set_lan_param` in lib/ipmi_lanp.c).

mod ipv6;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use ipmi_wire::cmd::app::AuthTypes;
use ipmi_wire::cmd::transport::{
    AddressingEnables, AlertAddress, BadPasswordThreshold, CipherSuitePrivileges,
    DestinationAddress, DestinationType, DestinationVlan, Ipv4Header, RouterControl, Vlan,
};
use ipmi_wire::session::CipherSuite;
use ipmi_wire::{CompletionCode, Privilege};

use super::{
    AddressSource, ArpControl, AuthTypeEnables, LanParameter, Lease, MacAddress, Network,
    NetworkSettings, READ_ONLY, Router6, Static6, auth_types,
};
use crate::dispatch::Outcome;
use crate::users::{BadPasswordPolicy, LanPolicy};

/// What no command changes.
#[derive(Debug)]
pub(super) struct Fixed {
    /// Cipher suites on offer, each with its maximum privilege.
    pub(super) suites: Vec<(CipherSuite, Privilege)>,
    /// The authentication types of IPMI v1.5 on offer.
    pub(super) auth_types: AuthTypes,
    /// The network, for what is found in it and not set.
    pub(super) network: Network,
}

/// The values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) auth_enables: AuthTypeEnables,
    source: AddressSource,
    address: Ipv4Addr,
    netmask: Ipv4Addr,
    mac: MacAddress,
    header: Ipv4Header,
    pub(super) arp: ArpControl,
    arp_interval: u8,
    gateway: Ipv4Addr,
    gateway_mac: MacAddress,
    backup_gateway: Ipv4Addr,
    backup_gateway_mac: MacAddress,
    community: [u8; 18],
    destinations: [Destination; DESTINATIONS],
    vlan: Vlan,
    vlan_priority: u8,
    /// Privilege levels of the suites on offer, in their order; 0 switches one off.
    pub(super) suites: Vec<(CipherSuite, u8)>,
    bad_password: BadPasswordThreshold,
    addressing: AddressingEnables,
    traffic_class: u8,
    hop_limit: u8,
    flow_label: u32,
    static6: [Option<Static6>; STATIC6],
    /// Whether those are in use.
    static6_enabled: [bool; STATIC6],
    router_control: RouterControl,
    routers: [Router6; 2],
}

/// An alert's destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Destination {
    kind: DestinationType,
    address: AlertAddress,
    vlan: DestinationVlan,
}

/// Alert destinations: the volatile one, and eight others.
const DESTINATIONS: usize = 9;
/// Static IPv6 addresses.
const STATIC6: usize = 2;
/// Cipher suites that parameters 23 and 24 have room for.
const SUITES: usize = 16;
/// A value that cannot be.
const BAD: CompletionCode = CompletionCode::PARAMETER_OUT_OF_RANGE;

impl Parameters {
    /// The values of a BMC that nobody has told anything.
    pub(super) fn delivered(policy: &LanPolicy) -> Self {
        let network = &policy.network;
        let mut community = [0; 18];
        community.iter_mut().zip(b"public").for_each(|(to, from)| *to = *from);
        let mut destinations = [Destination::default(); DESTINATIONS];
        for (number, destination) in (0..).zip(&mut destinations) {
            destination.kind.selector = number;
            destination.vlan.selector = number;
        }
        let mut parameters = Self {
            auth_enables: AuthTypeEnables([auth_types(&policy.ipmi15); 5]),
            source: network.source,
            address: network.address,
            netmask: network.netmask,
            mac: network.mac,
            header: Ipv4Header::default(),
            arp: ArpControl { gratuitous: false, responses: true },
            // Two seconds, the specification's default.
            arp_interval: 3,
            gateway: network.gateway,
            gateway_mac: MacAddress::default(),
            backup_gateway: Ipv4Addr::UNSPECIFIED,
            backup_gateway_mac: MacAddress::default(),
            community,
            destinations,
            vlan: network.vlan,
            vlan_priority: 0,
            suites: policy.suites.iter().map(|(suite, level)| (*suite, level.number())).collect(),
            bad_password: threshold(&policy.bad_password),
            addressing: network.addressing,
            traffic_class: 0,
            hop_limit: 64,
            flow_label: 0,
            static6: [network.address6, None],
            static6_enabled: [network.address6.is_some(), false],
            router_control: RouterControl::default(),
            routers: [Router6::default(); 2],
        };
        parameters.router_control.dynamic_routers = !network.routers6.is_empty();
        parameters
    }

    /// Takes the privileges of suites from what was kept.
    pub(super) fn recall_suites(&mut self, kept: &BTreeMap<u8, u8>, fixed: &Fixed) {
        for ((suite, level), (_, most)) in self.suites.iter_mut().zip(&fixed.suites) {
            if let Some(kept) = kept.get(&suite.0) {
                *level = (*kept).min(most.number());
            }
        }
    }

    /// The parameter `selector`; `set` and `block` say which of several.
    pub(super) fn get(
        &self,
        fixed: &Fixed,
        lease: Option<Lease>,
        selector: u8,
        set: u8,
        block: u8,
    ) -> Outcome<LanParameter> {
        use LanParameter as P;
        let Lease { address, netmask, gateway } = match self.source {
            AddressSource::DHCP => lease.unwrap_or(NO_LEASE),
            _ => Lease { address: self.address, netmask: self.netmask, gateway: self.gateway },
        };
        Ok(match selector {
            1 => P::AuthTypeSupport(fixed.auth_types),
            2 => P::AuthTypeEnables(self.auth_enables),
            3 => P::IpAddress(address),
            4 => P::AddressSource(self.source),
            5 => P::MacAddress(self.mac),
            6 => P::SubnetMask(netmask),
            7 => P::Ipv4Header(self.header),
            8 => P::PrimaryRmcpPort(fixed.network.port),
            10 => P::ArpControl(self.arp),
            11 => P::GratuitousArpInterval(self.arp_interval),
            12 => P::DefaultGateway(gateway),
            13 => P::DefaultGatewayMac(self.gateway_mac),
            14 => P::BackupGateway(self.backup_gateway),
            15 => P::BackupGatewayMac(self.backup_gateway_mac),
            16 => P::CommunityString(self.community),
            17 => P::DestinationCount(count(DESTINATIONS.saturating_sub(1))),
            18 => P::DestinationType(self.destination(set)?.kind),
            19 => {
                let address = self.destination(set)?.address;
                P::DestinationAddress(DestinationAddress { selector: set, address })
            }
            20 => P::Vlan(self.vlan),
            21 => P::VlanPriority(self.vlan_priority),
            22 => P::CipherSuiteCount(count(self.suites.len().min(SUITES))),
            23 => {
                P::CipherSuites(self.suites.iter().map(|(suite, _)| suite.0).take(SUITES).collect())
            }
            24 => {
                let mut levels = [0; SUITES];
                for (suite, own) in &self.suites {
                    if let Some(level) = levels.get_mut(usize::from(suite.0)) {
                        *level = *own;
                    }
                }
                P::CipherSuitePrivileges(CipherSuitePrivileges { levels })
            }
            25 => P::DestinationVlan(self.destination(set)?.vlan),
            26 => P::BadPasswordThreshold(self.bad_password),
            _ => return self.get_ipv6(&fixed.network, selector, set, block),
        })
    }

    /// Whether a parameter can be written now: an address that comes by DHCP cannot. Whoever wants to
    /// set it says so first.
    pub(super) const fn allows(&self, parameter: &LanParameter) -> Outcome<()> {
        match (self.source, parameter) {
            (
                AddressSource::DHCP,
                LanParameter::IpAddress(_)
                | LanParameter::SubnetMask(_)
                | LanParameter::DefaultGateway(_),
            ) => Err(READ_ONLY),
            _ => Ok(()),
        }
    }

    /// Sets a parameter, if its value makes sense.
    pub(super) fn set(&mut self, parameter: &LanParameter, fixed: &Fixed) -> Outcome<()> {
        use LanParameter as P;
        match parameter {
            P::AuthTypeEnables(enables) => {
                let offered = fixed.auth_types.bits();
                if enables.0.iter().any(|types| types.bits() & !offered != 0) {
                    return Err(BAD);
                }
                self.auth_enables = *enables;
            }
            P::IpAddress(address) => self.address = host(*address)?,
            P::AddressSource(source) => {
                if source.number() > AddressSource::OTHER.number() {
                    return Err(BAD);
                }
                self.source = *source;
            }
            P::MacAddress(mac) => {
                let [first, ..] = mac.0;
                if mac.0 == [0; 6] || first & 1 != 0 {
                    return Err(BAD);
                }
                self.mac = *mac;
            }
            P::SubnetMask(mask) => {
                let bits = u32::from(*mask);
                if bits.leading_ones().saturating_add(bits.trailing_zeros()) < 32 {
                    return Err(BAD);
                }
                self.netmask = *mask;
            }
            P::Ipv4Header(header) => self.header = *header,
            P::ArpControl(control) => self.arp = *control,
            P::GratuitousArpInterval(interval) => self.arp_interval = *interval,
            P::DefaultGateway(address) => self.gateway = host(*address)?,
            P::DefaultGatewayMac(mac) => self.gateway_mac = *mac,
            P::BackupGateway(address) => self.backup_gateway = host(*address)?,
            P::BackupGatewayMac(mac) => self.backup_gateway_mac = *mac,
            P::CommunityString(text) => self.community = *text,
            P::DestinationType(kind) => {
                // Platform event traps, and two kinds for OEMs.
                if !matches!(kind.kind, 0 | 6 | 7) {
                    return Err(BAD);
                }
                self.destination_mut(kind.selector)?.kind = *kind;
            }
            P::DestinationAddress(DestinationAddress { selector, address }) => {
                if matches!(address, AlertAddress::V6(_)) {
                    return Err(BAD);
                }
                self.destination_mut(*selector)?.address = *address;
            }
            P::Vlan(vlan) => {
                if vlan.enabled && !(1..=4094).contains(&vlan.id) {
                    return Err(BAD);
                }
                self.vlan = *vlan;
            }
            P::VlanPriority(priority) => self.vlan_priority = *priority,
            P::CipherSuitePrivileges(privileges) => {
                self.set_suites(&privileges.levels, fixed)?;
            }
            P::DestinationVlan(vlan) => self.destination_mut(vlan.selector)?.vlan = *vlan,
            P::BadPasswordThreshold(threshold) => self.bad_password = *threshold,
            P::PrimaryRmcpPort(_)
            | P::AuthTypeSupport(_)
            | P::DestinationCount(_)
            | P::CipherSuiteCount(_)
            | P::CipherSuites(_) => return Err(READ_ONLY),
            _ => return self.set_ipv6(parameter),
        }
        Ok(())
    }

    /// Levels are by the suite's number, as ipmitool, FreeIPMI and many a BMC have it. Suites 16 and 17
    /// have none, and stay as configured.
    fn set_suites(&mut self, levels: &[u8; SUITES], fixed: &Fixed) -> Outcome<()> {
        let most = |number: u8| {
            let offered = fixed.suites.iter().find(|(suite, _)| suite.0 == number);
            offered.map_or(0, |(_, most)| most.number())
        };
        if (0..).zip(levels).any(|(number, level)| *level > most(number)) {
            return Err(BAD);
        }
        for (suite, own) in &mut self.suites {
            if let Some(level) = levels.get(usize::from(suite.0)) {
                *own = *level;
            }
        }
        Ok(())
    }

    /// The suites that may be used, each with the most that it may be used for.
    pub(super) fn enabled_suites(&self, fixed: &Fixed) -> Vec<(CipherSuite, Privilege)> {
        let level = |level: u8, most: Privilege| Privilege::from_number(level).map(|p| p.min(most));
        let of = self.suites.iter().zip(&fixed.suites);
        of.filter_map(|((suite, own), (_, most))| Some((*suite, level(*own, *most)?))).collect()
    }

    pub(super) fn bad_password_policy(&self) -> BadPasswordPolicy {
        let time = |tens: u16| {
            (tens != 0).then(|| Duration::from_secs(u64::from(tens).saturating_mul(10)))
        };
        BadPasswordPolicy {
            threshold: self.bad_password.threshold,
            reset_after: time(self.bad_password.reset_interval),
            lockout: time(self.bad_password.lockout_interval),
            log_lockout: self.bad_password.log,
        }
    }

    /// What is to be applied to an interface.
    pub(super) fn settings(&self) -> NetworkSettings {
        let used = |router: &&Router6| !router.address.is_unspecified();
        let routers = self.router_control.static_routers.then_some(&self.routers);
        let enabled = self.static6.iter().zip(&self.static6_enabled).filter(|(_, on)| **on);
        NetworkSettings {
            source: self.source,
            address: self.address,
            netmask: self.netmask,
            gateway: self.gateway,
            gateway_mac: self.gateway_mac,
            backup_gateway: self.backup_gateway,
            backup_gateway_mac: self.backup_gateway_mac,
            mac: self.mac,
            vlan: self.vlan.enabled.then_some(self.vlan.id),
            vlan_priority: self.vlan_priority,
            addressing: self.addressing,
            addresses6: enabled.filter_map(|(address, _)| *address).collect(),
            routers6: routers.into_iter().flatten().filter(used).copied().collect(),
        }
    }

    fn destination(&self, number: u8) -> Outcome<&Destination> {
        self.destinations.get(usize::from(number)).ok_or(BAD)
    }

    fn destination_mut(&mut self, number: u8) -> Outcome<&mut Destination> {
        self.destinations.get_mut(usize::from(number)).ok_or(BAD)
    }
}

/// What a BMC has whose lease is lost: nothing, so that nobody takes it for an address.
const NO_LEASE: Lease = Lease {
    address: Ipv4Addr::UNSPECIFIED,
    netmask: Ipv4Addr::UNSPECIFIED,
    gateway: Ipv4Addr::UNSPECIFIED,
};

/// An address that one machine can have, or none.
const fn host(address: Ipv4Addr) -> Outcome<Ipv4Addr> {
    if address.is_multicast() || address.is_broadcast() { Err(BAD) } else { Ok(address) }
}

fn threshold(policy: &BadPasswordPolicy) -> BadPasswordThreshold {
    let tens = |time: Option<Duration>| {
        time.map_or(0, |time| u16::try_from(time.as_secs().div_ceil(10)).unwrap_or(u16::MAX))
    };
    BadPasswordThreshold {
        log: policy.log_lockout,
        threshold: policy.threshold,
        reset_interval: tens(policy.reset_after),
        lockout_interval: tens(policy.lockout),
    }
}

fn count(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}
