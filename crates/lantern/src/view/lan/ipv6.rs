//! IPv6 of a LAN channel.

use ipmi_client::lan::{Absent, LanConfig, Router};
use ipmi_wire::cmd::transport::{
    AddressStatus, AddressingEnables, Ipv6Source, TimingBlock, TimingSupport,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::row;
use crate::view::hex;
use crate::view::table::Fields;

/// IPv6 of a LAN channel.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Ipv6View {
    support: Option<SupportView>,
    #[schemars(extend("enum" = ["ipv4", "ipv6", "both", "reserved", null]))]
    enables: Option<&'static str>,
    traffic_class: Option<u8>,
    hop_limit: Option<u8>,
    flow_label: Option<u32>,
    status: Option<StatusView>,
    static_addresses: Vec<AddressView>,
    dynamic_addresses: Vec<AddressView>,
    router_control: Option<ControlView>,
    static_routers: Vec<RouterView>,
    dynamic_routers: Vec<RouterView>,
    /// What a router has announced; 0 is that it does not say.
    dynamic_hop_limit: Option<u8>,
    dhcpv6_timing: TimingView,
    neighbor_timing: TimingView,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SupportView {
    ipv6_only: bool,
    both: bool,
    alerts: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StatusView {
    static_max: u8,
    dynamic_max: u8,
    dhcpv6: bool,
    slaac: bool,
}

/// An IPv6 address.
#[derive(Debug, Serialize, JsonSchema)]
struct AddressView {
    index: u8,
    ip_address: String,
    prefix_length: u8,
    enabled: bool,
    #[schemars(extend("enum" = ["static", "slaac", "dhcpv6", "reserved"]))]
    source: &'static str,
    #[schemars(extend("enum" = ["active", "disabled", "pending", "failed", "deprecated",
        "invalid", "reserved"]))]
    status: &'static str,
    status_raw: u8,
    /// DHCP unique identifier, in hexadecimal digits.
    duid: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ControlView {
    static_routers: bool,
    dynamic_routers: bool,
}

/// An IPv6 router; without an address it is not set.
#[derive(Debug, Serialize, JsonSchema)]
struct RouterView {
    index: u8,
    ip_address: Option<String>,
    mac_address: Option<String>,
    prefix: Option<String>,
    prefix_length: Option<u8>,
}

/// Timing values as bytes.
#[derive(Debug, Serialize, JsonSchema)]
struct TimingView {
    #[schemars(extend("enum" = ["none", "global", "per_interface", "reserved", null]))]
    support: Option<&'static str>,
    blocks: Vec<TimingBlockView>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TimingBlockView {
    interface: u8,
    block: u8,
    /// In hexadecimal digits.
    data: String,
}

impl Ipv6View {
    /// `None` if the BMC has no IPv6.
    pub(super) fn new(config: &LanConfig) -> Option<Self> {
        if matches!(config.ipv6_support(), Err(Absent::NotSupported(_) | Absent::NotAsked)) {
            return None;
        }
        let duid = |dynamic, set| config.duid(dynamic, set).ok().map(|bytes| hex(&bytes));
        let fixed = |index| {
            let of = config.static_address6(index).ok()?;
            Some(AddressView {
                index,
                ip_address: of.address.to_string(),
                prefix_length: of.prefix_length,
                enabled: of.enabled,
                source: source(of.source),
                status: status(of.status),
                status_raw: of.status.0,
                duid: duid(false, index),
            })
        };
        let dynamic = |index| {
            let of = config.dynamic_address6(index).ok()?;
            Some(AddressView {
                index,
                ip_address: of.address.to_string(),
                prefix_length: of.prefix_length,
                enabled: true,
                source: source(of.source),
                status: status(of.status),
                status_raw: of.status.0,
                duid: duid(true, index),
            })
        };
        let routers = config.dynamic_routers().unwrap_or(0);
        Some(Self {
            support: config.ipv6_support().ok().map(|of| SupportView {
                ipv6_only: of.only,
                both: of.both,
                alerts: of.alerts,
            }),
            enables: config.addressing().ok().map(enables),
            traffic_class: config.traffic_class().ok(),
            hop_limit: config.hop_limit().ok(),
            flow_label: config.flow_label().ok(),
            status: config.ipv6_status().ok().map(|of| StatusView {
                static_max: of.static_max,
                dynamic_max: of.dynamic_max,
                dhcpv6: of.dhcpv6,
                slaac: of.slaac,
            }),
            static_addresses: (0..=u8::MAX).filter_map(fixed).collect(),
            dynamic_addresses: (0..=u8::MAX).filter_map(dynamic).collect(),
            router_control: config.router_control().ok().map(|of| ControlView {
                static_routers: of.static_routers,
                dynamic_routers: of.dynamic_routers,
            }),
            static_routers: [(1, false), (2, true)]
                .into_iter()
                .map(|(index, second)| RouterView::new(index, &config.static_router(second)))
                .collect(),
            dynamic_routers: (0..routers)
                .map(|index| RouterView::new(index, &config.dynamic_router(index)))
                .collect(),
            dynamic_hop_limit: config.dynamic_hop_limit().ok(),
            dhcpv6_timing: TimingView::new(config.dhcpv6_timing_support().ok(), config.timing(63)),
            neighbor_timing: TimingView::new(
                config.neighbor_timing_support().ok(),
                config.timing(80),
            ),
        })
    }

    pub(super) fn lay_out(&self, config: &LanConfig, fields: &mut Fields) {
        fields.heading("IPv6");
        let f = fields;
        row(f, "Supports", &config.ipv6_support(), |of| {
            let words = crate::view::set([
                (of.only, "IPv6 alone"),
                (of.both, "both"),
                (of.alerts, "alerts"),
            ]);
            crate::view::list(&words)
        });
        row(f, "In use", &config.addressing(), |of| match enables(*of) {
            "ipv4" => "IPv4 alone".to_owned(),
            "ipv6" => "IPv6 alone".to_owned(),
            "both" => "IPv4 and IPv6".to_owned(),
            _ => format!("reserved ({})", of.0),
        });
        row(f, "Traffic class", &config.traffic_class(), ToString::to_string);
        row(f, "Hop limit", &config.hop_limit(), ToString::to_string);
        row(f, "Flow label", &config.flow_label(), ToString::to_string);
        row(f, "Addresses", &config.ipv6_status(), |of| {
            let ways = crate::view::set([(of.dhcpv6, "DHCPv6"), (of.slaac, "SLAAC")]);
            format!(
                "{} static, {} dynamic at most; by itself: {}",
                of.static_max,
                of.dynamic_max,
                crate::view::list(&ways)
            )
        });
        for of in &self.static_addresses {
            let used = if of.enabled { of.status } else { "not enabled" };
            f.row(
                &format!("Static {}", of.index),
                format!("{}/{} ({used})", of.ip_address, of.prefix_length),
            );
        }
        for of in &self.dynamic_addresses {
            f.row(
                &format!("Dynamic {}", of.index),
                format!("{}/{} ({}, {})", of.ip_address, of.prefix_length, of.source, of.status),
            );
            f.maybe("  DUID", &of.duid);
        }
        row(f, "Routers", &config.router_control(), |of| {
            crate::view::list(&crate::view::set([
                (of.static_routers, "static"),
                (of.dynamic_routers, "dynamic"),
            ]))
        });
        for (kind, routers) in
            [("Static", &self.static_routers), ("Dynamic", &self.dynamic_routers)]
        {
            for router in routers {
                f.row(&format!("{kind} router {}", router.index), router.words());
            }
        }
        row(f, "Their hop limit", &config.dynamic_hop_limit(), |limit| match limit {
            0 => "not told".to_owned(),
            limit => limit.to_string(),
        });
    }
}

impl RouterView {
    fn new(index: u8, router: &Router) -> Self {
        let address = router.address.as_ref().ok().filter(|address| !address.is_unspecified());
        Self {
            index,
            ip_address: address.map(ToString::to_string),
            mac_address: router.mac.as_ref().ok().map(ToString::to_string),
            prefix: router.prefix.as_ref().ok().map(ToString::to_string),
            prefix_length: router.prefix_length.as_ref().ok().copied(),
        }
    }

    fn words(&self) -> String {
        let Some(address) = &self.ip_address else { return "none".to_owned() };
        let mac = self.mac_address.as_ref().map(|mac| format!(" at {mac}")).unwrap_or_default();
        let prefix = match (&self.prefix, self.prefix_length) {
            (Some(prefix), Some(length)) => format!(", for {prefix}/{length}"),
            _ => String::new(),
        };
        format!("{address}{mac}{prefix}")
    }
}

impl TimingView {
    fn new<'a>(
        support: Option<TimingSupport>,
        blocks: impl Iterator<Item = &'a TimingBlock>,
    ) -> Self {
        let support = support.map(|support| match support {
            TimingSupport::NONE => "none",
            TimingSupport::GLOBAL => "global",
            TimingSupport::PER_INTERFACE => "per_interface",
            _ => "reserved",
        });
        let block = |of: &TimingBlock| TimingBlockView {
            interface: of.selector,
            block: of.block,
            data: hex(&of.data),
        };
        Self { support, blocks: blocks.map(block).collect() }
    }
}

pub(super) fn enables(enables: AddressingEnables) -> &'static str {
    match enables {
        AddressingEnables::IPV4 => "ipv4",
        AddressingEnables::IPV6 => "ipv6",
        AddressingEnables::BOTH => "both",
        _ => "reserved",
    }
}

fn source(source: Ipv6Source) -> &'static str {
    match source {
        Ipv6Source::STATIC => "static",
        Ipv6Source::SLAAC => "slaac",
        Ipv6Source::DHCPV6 => "dhcpv6",
        _ => "reserved",
    }
}

fn status(status: AddressStatus) -> &'static str {
    match status.0 {
        0 => "active",
        1 => "disabled",
        2 => "pending",
        3 => "failed",
        4 => "deprecated",
        5 => "invalid",
        _ => "reserved",
    }
}
