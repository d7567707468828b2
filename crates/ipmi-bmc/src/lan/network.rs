//! The network that a BMC is in: as delivered, and as commands have set it.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipmi_wire::Encode;
use ipmi_wire::cmd::transport::{
    AddressSource, AddressingEnables, Ipv6Source, LanParameter, MacAddress, Vlan,
};

/// How the network is set up as delivered. A command's change of it is kept for as long as the same
/// is said here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Where the address comes from.
    pub source: AddressSource,
    /// IPv4 address, if it does not come by DHCP.
    pub address: Ipv4Addr,
    /// Its subnet mask.
    pub netmask: Ipv4Addr,
    /// The default gateway; unspecified if there is none.
    pub gateway: Ipv4Addr,
    /// MAC address.
    pub mac: MacAddress,
    /// 802.1q VLAN.
    pub vlan: Vlan,
    /// What DHCP gives when it is asked; `None` if nobody answers.
    pub lease: Option<Lease>,
    /// Which kinds of address are in use.
    pub addressing: AddressingEnables,
    /// A static IPv6 address.
    pub address6: Option<Static6>,
    /// IPv6 addresses that came by themselves.
    pub dynamic6: Vec<Dynamic6>,
    /// IPv6 routers that have announced themselves.
    pub routers6: Vec<Router6>,
    /// The UDP port.
    pub port: u16,
}

/// What DHCP gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// IPv4 address.
    pub address: Ipv4Addr,
    /// Its subnet mask.
    pub netmask: Ipv4Addr,
    /// The default gateway; unspecified if there is none.
    pub gateway: Ipv4Addr,
}

/// A static IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Static6 {
    /// The address.
    pub address: Ipv6Addr,
    /// Length of its prefix in bits.
    pub prefix_length: u8,
}

/// An IPv6 address that came by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dynamic6 {
    /// How.
    pub source: Ipv6Source,
    /// The address.
    pub address: Ipv6Addr,
    /// Length of its prefix in bits.
    pub prefix_length: u8,
}

/// An IPv6 router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Router6 {
    /// IP address.
    pub address: Ipv6Addr,
    /// MAC address.
    pub mac: MacAddress,
    /// Length of the prefix that it serves, in bits.
    pub prefix_length: u8,
    /// That prefix.
    pub prefix: Ipv6Addr,
}

impl Default for Router6 {
    fn default() -> Self {
        Self {
            address: Ipv6Addr::UNSPECIFIED,
            mac: MacAddress::default(),
            prefix_length: 0,
            prefix: Ipv6Addr::UNSPECIFIED,
        }
    }
}

impl Default for Network {
    /// On loopback, as nobody else's network is known.
    fn default() -> Self {
        Self {
            source: AddressSource::STATIC,
            address: Ipv4Addr::LOCALHOST,
            netmask: Ipv4Addr::new(255, 0, 0, 0),
            gateway: Ipv4Addr::UNSPECIFIED,
            // Locally administered.
            mac: MacAddress([0x02, 0, 0, 0, 0, 1]),
            vlan: Vlan::default(),
            lease: None,
            addressing: AddressingEnables::IPV4,
            address6: None,
            dynamic6: Vec::new(),
            routers6: Vec::new(),
            port: 623,
        }
    }
}

impl Network {
    /// What is kept of it, to see whether it still says the same.
    pub(super) fn seed(&self) -> Vec<u8> {
        let mut seed = Vec::new();
        for parameter in [
            LanParameter::AddressSource(self.source),
            LanParameter::IpAddress(self.address),
            LanParameter::SubnetMask(self.netmask),
            LanParameter::DefaultGateway(self.gateway),
            LanParameter::MacAddress(self.mac),
            LanParameter::Vlan(self.vlan),
            LanParameter::AddressingEnables(self.addressing),
        ] {
            parameter.encode(&mut seed);
        }
        if let Some(Static6 { address, prefix_length }) = &self.address6 {
            seed.extend(address.octets());
            seed.push(*prefix_length);
        }
        seed
    }

    /// Whether it is here that a parameter's delivered value is from.
    pub(super) const fn is_configured(parameter: &LanParameter) -> bool {
        matches!((parameter.selector(), parameter.set()), (3..=6 | 12 | 20 | 51, _) | (56, 0))
    }
}

/// The network's settings as they are to be applied to an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSettings {
    /// Where the IPv4 address comes from. With DHCP, whoever applies this gets one.
    pub source: AddressSource,
    /// IPv4 address, if it does not come by DHCP.
    pub address: Ipv4Addr,
    /// Its subnet mask.
    pub netmask: Ipv4Addr,
    /// The default gateway; unspecified if there is none.
    pub gateway: Ipv4Addr,
    /// The default gateway's MAC address; zeros if it is not known.
    pub gateway_mac: MacAddress,
    /// The backup gateway; unspecified if there is none.
    pub backup_gateway: Ipv4Addr,
    /// The backup gateway's MAC address; zeros if it is not known.
    pub backup_gateway_mac: MacAddress,
    /// MAC address.
    pub mac: MacAddress,
    /// 802.1q VLAN, if packets carry one.
    pub vlan: Option<u16>,
    /// 802.1q priority, 0 to 7.
    pub vlan_priority: u8,
    /// Which kinds of address are in use.
    pub addressing: AddressingEnables,
    /// The static IPv6 addresses that are enabled.
    pub addresses6: Vec<Static6>,
    /// The static IPv6 routers, if those are to be used.
    pub routers6: Vec<Router6>,
}
