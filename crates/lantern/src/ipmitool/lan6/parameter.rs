//! The parameters of `lan6`.

/// A parameter as the command knows it: sometimes several of a BMC's.
pub(super) struct Parameter {
    pub(super) word: &'static str,
    /// What is to be given when it is written; nothing if it can only be read.
    pub(super) format: Option<&'static str>,
    /// How many bytes are kept of an answer.
    pub(super) length: usize,
    pub(super) is_set: bool,
    pub(super) first_set: i32,
    pub(super) has_blocks: bool,
    pub(super) selector: u8,
    pub(super) kind: Kind,
}

/// What a parameter looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Support,
    Enables,
    FlowLabel,
    Status,
    StaticAddress,
    DynamicAddress,
    Duid,
    TimingSupport,
    Dhcpv6Timing,
    RouterControl,
    StaticRouter,
    DynamicRouter,
    NeighborTiming,
}

impl Parameter {
    const fn one(
        word: &'static str,
        format: Option<&'static str>,
        selector: u8,
        kind: Kind,
    ) -> Self {
        let length = match kind {
            Kind::FlowLabel | Kind::Status => 3,
            _ => 1,
        };
        Self {
            word,
            format,
            length,
            is_set: false,
            first_set: 0,
            has_blocks: false,
            selector,
            kind,
        }
    }

    const fn many(
        word: &'static str,
        format: Option<&'static str>,
        selector: u8,
        kind: Kind,
    ) -> Self {
        let length = match kind {
            Kind::StaticAddress | Kind::DynamicAddress => 20,
            _ => 18,
        };
        let first_set = if matches!(kind, Kind::StaticRouter) { 1 } else { 0 };
        let has_blocks = matches!(kind, Kind::Duid);
        Self { word, format, length, is_set: true, first_set, has_blocks, selector, kind }
    }

    /// How it is used: to write it, if it can be written.
    pub(super) fn usage(&self, to_write: bool) -> Option<String> {
        let format = match to_write {
            true => self.format?,
            false => "",
        };
        let set = if self.is_set { " <set_sel>" } else { "" };
        let block = if self.has_blocks { " <block_sel>" } else { "" };
        Some(format!("    {}{set}{block} {format}\n", self.word))
    }
}

pub(super) const PARAMETERS: [Parameter; 21] = [
    Parameter::one("support", None, 50, Kind::Support),
    Parameter::one("enables", Some("{ipv4|ipv6|both}"), 51, Kind::Enables),
    Parameter::one("traffic_class", Some("<value>"), 52, Kind::Number),
    Parameter::one("static_hops", Some("<value>"), 53, Kind::Number),
    Parameter::one("flow_label", Some("<value>"), 54, Kind::FlowLabel),
    Parameter::one("status", None, 55, Kind::Status),
    Parameter::many(
        "static_addr",
        Some("{enable|disable} <addr> <pfx_len>"),
        56,
        Kind::StaticAddress,
    ),
    Parameter::one("static_duid_stg", None, 57, Kind::Number),
    Parameter::many("static_duid", Some("<data>"), 58, Kind::Duid),
    Parameter::many("dynamic_addr", None, 59, Kind::DynamicAddress),
    Parameter::one("dynamic_duid_stg", None, 60, Kind::Number),
    Parameter::many("dynamic_duid", Some("<data>"), 61, Kind::Duid),
    Parameter::one("dhcp6_cfg_sup", None, 62, Kind::TimingSupport),
    Parameter::many("dhcp6_cfg", Some("<data> <data>"), 63, Kind::Dhcpv6Timing),
    Parameter::one("rtr_cfg", Some("{static|dynamic|both}"), 64, Kind::RouterControl),
    Parameter::many(
        "static_rtr",
        Some("<addr> <macaddr> <prefix> <prefix_len>"),
        65,
        Kind::StaticRouter,
    ),
    Parameter::one("num_dynamic_rtrs", None, 73, Kind::Number),
    Parameter::many("dynamic_rtr", None, 74, Kind::DynamicRouter),
    Parameter::one("dynamic_hops", None, 78, Kind::Number),
    Parameter::one("ndslaac_cfg_sup", None, 79, Kind::TimingSupport),
    Parameter::many("ndslaac_cfg", Some("<data>"), 80, Kind::NeighborTiming),
];

/// What a BMC's parameter is called in what is printed.
pub(super) const fn name(selector: u8) -> &'static str {
    match selector {
        0 => "Set In Progress",
        50 => "IPv6/IPv4 Support",
        51 => "IPv6/IPv4 Addressing Enables",
        52 => "IPv6 Header Traffic Class",
        53 => "IPv6 Header Static Hop Limit",
        54 => "IPv6 Header Flow Label",
        55 => "IPv6 Status",
        56 => "IPv6 Static Address",
        57 => "IPv6 DHCPv6 Static DUID Storage Length",
        58 => "IPv6 DHCPv6 Static DUID",
        59 => "IPv6 Dynamic Address",
        60 => "IPv6 DHCPv6 Dynamic DUID Storage Length",
        61 => "IPv6 DHCPv6 Dynamic DUID",
        62 => "IPv6 DHCPv6 Timing Configuration Support",
        63 => "IPv6 DHCPv6 Timing Configuration",
        64 => "IPv6 Router Address Configuration Control",
        65 => "IPv6 Static Router 1 IP Address",
        66 => "IPv6 Static Router 1 MAC Address",
        67 => "IPv6 Static Router 1 Prefix Length",
        68 => "IPv6 Static Router 1 Prefix Value",
        69 => "IPv6 Static Router 2 IP Address",
        70 => "IPv6 Static Router 2 MAC Address",
        71 => "IPv6 Static Router 2 Prefix Length",
        72 => "IPv6 Static Router 2 Prefix Value",
        73 => "IPv6 Number of Dynamic Router Info Sets",
        74 => "IPv6 Dynamic Router Info IP Address",
        75 => "IPv6 Dynamic Router Info MAC Address",
        76 => "IPv6 Dynamic Router Info Prefix Length",
        77 => "IPv6 Dynamic Router Info Prefix Value",
        78 => "IPv6 Dynamic Router Received Hop Limit",
        79 => "IPv6 ND/SLAAC Timing Configuration Support",
        80 => "IPv6 ND/SLAAC Timing Configuration",
        _ => "",
    }
}
