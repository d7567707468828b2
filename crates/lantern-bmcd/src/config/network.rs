//! `[lan.network]`: the network as the BMC is delivered with it, for its LAN parameters.
//!
//! It says what consoles are told. Where the BMC answers is what `listen` says, and what its
//! `apply` program makes of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipmi_bmc::{Dynamic6, Lease, Network, Router6, Static6};
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::cmd::transport::{AddressSource, AddressingEnables, Ipv6Source, MacAddress, Vlan};
use serde::Deserialize;
use toml::Spanned;

use super::{Fault, fault};

/// The network, as far as the configuration says something of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkConfig {
    /// Where the IPv4 address comes from.
    pub source: Option<AddressSource>,
    /// IPv4 address; that of the first `listen` if there is none.
    pub address: Option<Ipv4Addr>,
    /// Its subnet mask.
    pub netmask: Option<Ipv4Addr>,
    /// The default gateway.
    pub gateway: Option<Ipv4Addr>,
    /// MAC address; made of the GUID if there is none.
    pub mac: Option<MacAddress>,
    /// 802.1q VLAN.
    pub vlan: Option<u16>,
    /// What DHCP gives.
    pub lease: Option<Lease>,
    /// A static IPv6 address; that of the first `listen` that is one if there is none.
    pub address6: Option<Static6>,
    /// IPv6 addresses that came by themselves.
    pub dynamic6: Vec<Dynamic6>,
    /// IPv6 routers that have announced themselves.
    pub routers6: Vec<Router6>,
}

impl NetworkConfig {
    /// The network of a BMC that answers at `listen`, on `port`.
    #[must_use]
    pub fn delivered(&self, listen: &[SocketAddr], port: u16, guid: Guid) -> Network {
        let mut heard = listen.iter().map(SocketAddr::ip);
        let v4 = heard.clone().find_map(|ip| match ip {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        });
        let v6 = heard.find_map(|ip| match ip {
            IpAddr::V6(ip) => Some(Static6 { address: ip, prefix_length: 64 }),
            IpAddr::V4(_) => None,
        });
        let by_listen =
            if v4.is_some() { AddressingEnables::IPV4 } else { AddressingEnables::IPV6 };
        let has_v6 = v6.is_some() || self.address6.is_some() || !self.dynamic6.is_empty();
        let has_v4 = v4.is_some() || self.address.is_some() || self.lease.is_some();
        let address = self.address.or(v4).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let (netmask, gateway) = (self.netmask.unwrap_or_else(|| mask_of(address)), self.gateway);
        let gateway = gateway.unwrap_or(Ipv4Addr::UNSPECIFIED);
        let source = self.source.unwrap_or(AddressSource::STATIC);
        // Who has said DHCP and an address has said what DHCP gives.
        let own = Lease { address, netmask, gateway };
        let lease = self.lease.or((source == AddressSource::DHCP).then_some(own));
        Network {
            source,
            address,
            netmask,
            gateway,
            mac: self.mac.unwrap_or_else(|| mac_of(guid)),
            vlan: Vlan { id: self.vlan.unwrap_or_default(), enabled: self.vlan.is_some() },
            lease,
            addressing: if has_v4 && has_v6 { AddressingEnables::BOTH } else { by_listen },
            address6: self.address6.or(v6),
            dynamic6: self.dynamic6.clone(),
            routers6: self.routers6.clone(),
            port,
        }
    }
}

/// The mask that goes with an address of which nobody says one.
fn mask_of(address: Ipv4Addr) -> Ipv4Addr {
    if address.is_unspecified() {
        Ipv4Addr::UNSPECIFIED
    } else if address.is_loopback() {
        Ipv4Addr::new(255, 0, 0, 0)
    } else {
        Ipv4Addr::new(255, 255, 255, 0)
    }
}

/// A locally administered address that is always the same for a GUID.
fn mac_of(guid: Guid) -> MacAddress {
    let [a, b, c, d, e, ..] = guid.0;
    MacAddress([0x02, e, d, c, b, a])
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct NetworkSection {
    source: Option<Spanned<String>>,
    address: Option<Spanned<String>>,
    netmask: Option<Spanned<String>>,
    gateway: Option<Spanned<String>>,
    mac: Option<Spanned<String>>,
    vlan: Option<Spanned<u16>>,
    lease: Option<LeaseSection>,
    address6: Option<Spanned<String>>,
    #[serde(default)]
    dynamic6: Vec<Dynamic6Section>,
    #[serde(default)]
    routers6: Vec<Router6Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaseSection {
    address: Spanned<String>,
    netmask: Spanned<String>,
    gateway: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dynamic6Section {
    source: Spanned<String>,
    address: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Router6Section {
    address: Spanned<String>,
    mac: Spanned<String>,
    prefix: Spanned<String>,
}

impl NetworkSection {
    pub(super) fn check(&self) -> Result<NetworkConfig, Fault> {
        let given = |text: &Option<Spanned<String>>, check: fn(&_) -> _| {
            text.as_ref().map(check).transpose()
        };
        Ok(NetworkConfig {
            source: self.source.as_ref().map(source).transpose()?,
            address: given(&self.address, v4)?,
            netmask: given(&self.netmask, netmask)?,
            gateway: given(&self.gateway, v4)?,
            mac: self.mac.as_ref().map(mac).transpose()?,
            vlan: self.vlan.as_ref().map(vlan).transpose()?,
            lease: self.lease.as_ref().map(LeaseSection::check).transpose()?,
            address6: self.address6.as_ref().map(v6).transpose()?,
            dynamic6: dynamic(&self.dynamic6)?,
            routers6: self.routers6.iter().map(Router6Section::check).collect::<Result<_, _>>()?,
        })
    }
}

impl LeaseSection {
    fn check(&self) -> Result<Lease, Fault> {
        let gateway = self.gateway.as_ref().map(v4).transpose()?;
        Ok(Lease {
            address: v4(&self.address)?,
            netmask: netmask(&self.netmask)?,
            gateway: gateway.unwrap_or(Ipv4Addr::UNSPECIFIED),
        })
    }
}

impl Router6Section {
    fn check(&self) -> Result<Router6, Fault> {
        let Ok(address) = self.address.get_ref().parse() else {
            return fault(&self.address, "not an IPv6 address: \"fe80::1\"");
        };
        let Static6 { address: prefix, prefix_length } = v6(&self.prefix)?;
        Ok(Router6 { address, mac: mac(&self.mac)?, prefix_length, prefix })
    }
}

fn dynamic(sections: &[Dynamic6Section]) -> Result<Vec<Dynamic6>, Fault> {
    let check = |Dynamic6Section { source, address }: &Dynamic6Section| {
        let source = match source.get_ref().as_str() {
            "slaac" => Ipv6Source::SLAAC,
            "dhcpv6" => Ipv6Source::DHCPV6,
            _ => return fault(source, "where it comes from: \"slaac\" or \"dhcpv6\""),
        };
        let Static6 { address, prefix_length } = v6(address)?;
        Ok(Dynamic6 { source, address, prefix_length })
    };
    sections.iter().map(check).collect()
}

fn source(text: &Spanned<String>) -> Result<AddressSource, Fault> {
    Ok(match text.get_ref().as_str() {
        "static" => AddressSource::STATIC,
        "dhcp" => AddressSource::DHCP,
        "bios" => AddressSource::BIOS,
        "other" => AddressSource::OTHER,
        _ => {
            let message =
                "where the address comes from: \"static\", \"dhcp\", \"bios\" or \"other\"";
            return fault(text, message);
        }
    })
}

fn v4(text: &Spanned<String>) -> Result<Ipv4Addr, Fault> {
    match text.get_ref().parse() {
        Ok(address) => Ok(address),
        Err(_) => fault(text, "not an IPv4 address: \"192.0.2.5\""),
    }
}

fn netmask(text: &Spanned<String>) -> Result<Ipv4Addr, Fault> {
    let mask = v4(text)?;
    let bits = u32::from(mask);
    if bits.leading_ones().saturating_add(bits.trailing_zeros()) < 32 {
        return fault(text, "not a subnet mask: \"255.255.255.0\"");
    }
    Ok(mask)
}

fn v6(text: &Spanned<String>) -> Result<Static6, Fault> {
    const FORM: &str = "not an IPv6 address with the length of its prefix: \"2001:db8::5/64\"";
    let parts = text.get_ref().split_once('/');
    let parsed = parts.and_then(|(address, length)| {
        let length: u8 = length.parse().ok().filter(|length| *length <= 128)?;
        Some((address.parse::<Ipv6Addr>().ok()?, length))
    });
    match parsed {
        Some((address, prefix_length)) => Ok(Static6 { address, prefix_length }),
        None => fault(text, FORM),
    }
}

fn vlan(number: &Spanned<u16>) -> Result<u16, Fault> {
    match *number.get_ref() {
        id @ 1..=4094 => Ok(id),
        _ => fault(number, "VLAN IDs run from 1 to 4094"),
    }
}

fn mac(text: &Spanned<String>) -> Result<MacAddress, Fault> {
    const FORM: &str = "not a MAC address of one machine: \"02:00:5e:10:00:01\"";
    let mut mac = [0; 6];
    let parts: Vec<_> = text.get_ref().split(':').collect();
    let parse = |part: &&str| {
        let is_hex = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u8::from_str_radix(part, 16).ok()).flatten()
    };
    let bytes: Option<Vec<u8>> = parts.iter().map(parse).collect();
    match bytes {
        Some(bytes) if bytes.len() == 6 => {
            mac.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        }
        _ => return fault(text, FORM),
    }
    let [first, ..] = mac;
    if first & 1 != 0 || mac == [0; 6] {
        return fault(text, FORM);
    }
    Ok(MacAddress(mac))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Config;

    fn parse(section: &str) -> Result<Config, String> {
        let text = format!(
            "[bmc]\nname = \"t\"\n[lan]\nlisten = [\"192.0.2.7:623\", \"[2001:db8::7]:623\"]\n\
             {section}"
        );
        Config::parse(&text, Path::new("bmc.toml")).map_err(|error| error.message)
    }

    fn delivered(section: &str) -> Network {
        let config = parse(section).unwrap();
        config.network.delivered(
            &config.listen,
            623,
            Guid([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
        )
    }

    #[test]
    fn what_is_not_said_follows_from_where_it_listens() {
        let network = delivered("");
        assert_eq!(network.address, Ipv4Addr::new(192, 0, 2, 7));
        assert_eq!(network.netmask, Ipv4Addr::new(255, 255, 255, 0));
        assert_eq!(network.mac.to_string(), "02:05:04:03:02:01");
        assert_eq!(network.addressing, AddressingEnables::BOTH);
        let address = "2001:db8::7".parse().unwrap();
        assert_eq!(network.address6, Some(Static6 { address, prefix_length: 64 }));
        assert_eq!((network.lease, network.vlan.enabled), (None, false));
    }

    #[test]
    fn what_is_said_holds() {
        let network = delivered(
            "[lan.network]\nsource = \"dhcp\"\naddress = \"10.0.0.5\"\nnetmask = \"255.0.0.0\"\n\
             gateway = \"10.0.0.1\"\nmac = \"02:aa:bb:cc:dd:ee\"\nvlan = 7\n\
             dynamic6 = [{ source = \"slaac\", address = \"2001:db8::aa/64\" }]\n\
             routers6 = [{ address = \"fe80::1\", mac = \"02:00:00:00:00:09\", \
             prefix = \"2001:db8::/64\" }]\n",
        );
        assert_eq!(network.source, AddressSource::DHCP);
        assert_eq!(network.lease.map(|lease| lease.address), Some(Ipv4Addr::new(10, 0, 0, 5)));
        assert_eq!(network.vlan, Vlan { id: 7, enabled: true });
        assert_eq!(network.dynamic6.len() + network.routers6.len(), 2);
        // A static BMC that can be switched to DHCP.
        let lease = "lease = { address = \"10.0.0.9\", netmask = \"255.0.0.0\" }";
        let network = delivered(&format!("[lan.network]\n{lease}\n"));
        assert_eq!(network.source, AddressSource::STATIC);
        assert_eq!(network.lease.map(|lease| lease.address), Some(Ipv4Addr::new(10, 0, 0, 9)));
    }

    #[test]
    fn what_makes_no_sense_is_refused_where_it_is() {
        for (line, says) in [
            ("source = \"luck\"", "\"static\", \"dhcp\""),
            ("address = \"10.0.0\"", "not an IPv4 address"),
            ("netmask = \"255.0.255.0\"", "not a subnet mask"),
            ("mac = \"02:00:5e:10:00\"", "not a MAC address"),
            ("mac = \"01:00:5e:10:00:01\"", "not a MAC address"),
            ("vlan = 4095", "1 to 4094"),
            ("address6 = \"2001:db8::5\"", "length of its prefix"),
            ("address6 = \"2001:db8::5/129\"", "length of its prefix"),
            ("hostname = \"x\"", "unknown field"),
        ] {
            let error = parse(&format!("[lan.network]\n{line}\n")).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
        let error = parse("apply = []\n").unwrap_err();
        assert!(error.contains("program"), "{error}");
    }
}
