//! What `lan set` can set.

use std::net::Ipv4Addr;

use clap::{Args, ValueEnum};
use ipmi_client::lan::{Community, LanSetting};
use ipmi_wire::cmd::transport::{AddressSource, AddressingEnables, MacAddress};

use super::OnOff;
use super::words::{
    Prefix, Routers, address6, arp_interval, auth, bad_passwords, cipher_privilege, community,
    gateway, host, ipv6, mac, netmask, router_address, router_mac, router_prefix, routers, small,
    tens, up_to, vlan,
};

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
#[command(next_help_heading = "Settings")]
pub(crate) struct LanSettings {
    /// Where the address comes from
    #[arg(long)]
    source: Option<Source>,
    #[arg(long, value_parser = host)]
    address: Option<Ipv4Addr>,
    /// 255.255.255.0, or /24
    #[arg(long, value_name = "MASK", value_parser = netmask)]
    netmask: Option<Ipv4Addr>,
    /// Default gateway, or 'none'
    #[arg(long, value_name = "ADDRESS", value_parser = gateway)]
    gateway: Option<Ipv4Addr>,
    /// MAC address of the default gateway
    #[arg(long, value_name = "MAC", value_parser = mac)]
    gateway_mac: Option<MacAddress>,
    /// Backup gateway, or 'none'
    #[arg(long, value_name = "ADDRESS", value_parser = gateway)]
    backup_gateway: Option<Ipv4Addr>,
    /// MAC address of the backup gateway
    #[arg(long, value_name = "MAC", value_parser = mac)]
    backup_gateway_mac: Option<MacAddress>,
    /// MAC address of the BMC
    #[arg(long, value_parser = mac)]
    mac: Option<MacAddress>,
    /// 1 to 4094, or 'off'
    #[arg(long, value_name = "ID|off", value_parser = vlan)]
    vlan: Option<LanSetting>,
    /// 0 to 7
    #[arg(long, value_name = "PRIORITY", value_parser = small::<7>)]
    vlan_priority: Option<u8>,
    /// Whether requests for the BMC's address are answered
    #[arg(long, value_name = "on|off")]
    arp_responses: Option<OnOff>,
    /// Whether the BMC announces its address by itself
    #[arg(long, value_name = "on|off")]
    gratuitous_arp: Option<OnOff>,
    /// How often it does
    #[arg(long, value_name = "SECONDS", value_parser = arp_interval)]
    arp_interval: Option<u8>,
    /// Time to live of IPv4 packets
    #[arg(long, value_name = "TTL", value_parser = small::<255>)]
    ip_ttl: Option<u8>,
    /// Whether IPv4 packets may not be fragmented
    #[arg(long, value_name = "on|off")]
    ip_dont_fragment: Option<OnOff>,
    /// Precedence of IPv4 packets, 0 to 7
    #[arg(long, value_name = "PRECEDENCE", value_parser = small::<7>)]
    ip_precedence: Option<u8>,
    /// Type of service of IPv4 packets, 0 to 15; 8 is "minimise delay"
    #[arg(long, value_name = "TOS", value_parser = small::<15>)]
    ip_tos: Option<u8>,
    /// Community string of alerts: every user of this machine, and every operator of the BMC, can
    /// see it
    #[arg(long, value_name = "TEXT", value_parser = community)]
    snmp_community: Option<Community>,
    /// Authentication types of IPMI 1.5 for a privilege level: admin=md5+password, admin=off
    #[arg(long, value_name = "LEVEL=TYPES", value_delimiter = ',', value_parser = auth)]
    auth: Vec<LanSetting>,
    /// The most that sessions may do with a cipher suite from 0 to 15: 3=administrator, 0=off
    #[arg(long, value_name = "SUITE=LEVEL", value_delimiter = ',')]
    #[arg(value_parser = cipher_privilege)]
    cipher_privilege: Vec<LanSetting>,
    /// Wrong passwords that lock a user out, or 'off'
    #[arg(long, value_name = "N|off", value_parser = bad_passwords)]
    bad_password_threshold: Option<u8>,
    /// After how long wrong passwords are forgotten; 0 is never
    #[arg(long, value_name = "SECONDS", value_parser = tens)]
    bad_password_reset: Option<u16>,
    /// How long a user is locked out; 0 is for good
    #[arg(long, value_name = "SECONDS", value_parser = tens)]
    bad_password_lockout: Option<u16>,
    /// Whether an event tells of it
    #[arg(long, value_name = "on|off")]
    bad_password_log: Option<OnOff>,
    /// Which kinds of address are used: off is IPv4 alone, only is IPv6 alone
    #[arg(long, value_name = "off|only|both", value_parser = ipv6)]
    ipv6: Option<AddressingEnables>,
    /// A static IPv6 address; N from 0 [default: 0]
    #[arg(long, value_name = "[N=]ADDRESS/LENGTH|off", value_parser = address6)]
    ipv6_address: Vec<LanSetting>,
    /// Hop limit of IPv6 packets
    #[arg(long, value_name = "LIMIT", value_parser = small::<255>)]
    ipv6_hop_limit: Option<u8>,
    /// Traffic class of IPv6 packets
    #[arg(long, value_name = "CLASS", value_parser = small::<255>)]
    ipv6_traffic_class: Option<u8>,
    /// Flow label of IPv6 packets, 20 bits
    #[arg(long, value_name = "LABEL", value_parser = up_to::<0xf_ffff>)]
    ipv6_flow_label: Option<u32>,
    /// Which routers are used
    #[arg(long, value_name = "static|dynamic|both|none", value_parser = routers)]
    ipv6_routers: Option<Routers>,
    /// A static router; N is 1 or 2 [default: 1]
    #[arg(long, value_name = "[N=]ADDRESS|none", value_parser = router_address)]
    ipv6_router: Vec<LanSetting>,
    /// MAC address of a static router
    #[arg(long, value_name = "[N=]MAC", value_parser = router_mac)]
    ipv6_router_mac: Vec<LanSetting>,
    /// The prefix that a static router serves
    #[arg(long, value_name = "[N=]PREFIX/LENGTH", value_parser = router_prefix)]
    ipv6_router_prefix: Vec<Prefix>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Source {
    Static,
    Dhcp,
    Bios,
    Other,
}

impl From<Source> for AddressSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Static => Self::STATIC,
            Source::Dhcp => Self::DHCP,
            Source::Bios => Self::BIOS,
            Source::Other => Self::OTHER,
        }
    }
}

impl LanSettings {
    /// Whether one of them can be true of one BMC only.
    pub(crate) const fn names_one(&self) -> bool {
        self.address.is_some() || self.mac.is_some() || !self.ipv6_address.is_empty()
    }

    /// What was given.
    pub(crate) fn given(&self) -> Vec<LanSetting> {
        use LanSetting as S;
        let on = |switch: &Option<OnOff>, setting: fn(bool) -> S| {
            switch.map(|switch| setting(switch.is_on()))
        };
        let single = [
            self.source.map(|source| S::Source(source.into())),
            self.address.map(S::Address),
            self.netmask.map(S::Netmask),
            self.gateway.map(S::Gateway),
            self.gateway_mac.map(S::GatewayMac),
            self.backup_gateway.map(S::BackupGateway),
            self.backup_gateway_mac.map(S::BackupGatewayMac),
            self.mac.map(S::Mac),
            self.vlan,
            self.vlan_priority.map(S::VlanPriority),
            on(&self.arp_responses, S::ArpResponses),
            on(&self.gratuitous_arp, S::GratuitousArp),
            self.arp_interval.map(S::ArpInterval),
            self.ip_ttl.map(S::TimeToLive),
            on(&self.ip_dont_fragment, S::DontFragment),
            self.ip_precedence.map(S::Precedence),
            self.ip_tos.map(S::TypeOfService),
            self.snmp_community.map(S::Community),
            self.bad_password_threshold.map(S::BadPasswords),
            self.bad_password_reset.map(S::BadPasswordReset),
            self.bad_password_lockout.map(S::Lockout),
            on(&self.bad_password_log, S::LogBadPasswords),
            self.ipv6.map(S::Addressing),
            self.ipv6_hop_limit.map(S::HopLimit),
            self.ipv6_traffic_class.map(S::TrafficClass),
            self.ipv6_flow_label.map(S::FlowLabel),
        ];
        let prefixes = self.ipv6_router_prefix.iter().flat_map(|prefix| prefix.0);
        let lists = [
            &self.auth,
            &self.cipher_privilege,
            &self.ipv6_address,
            &self.ipv6_router,
            &self.ipv6_router_mac,
        ];
        single
            .into_iter()
            .flatten()
            .chain(lists.into_iter().flatten().copied())
            .chain(self.ipv6_routers.iter().flat_map(|routers| routers.0))
            .chain(prefixes)
            .collect()
    }
}
