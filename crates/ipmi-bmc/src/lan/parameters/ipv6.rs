//! Parameters 50 to 80. What comes by itself is what the BMC was built with: nobody here speaks
//! DHCPv6 or listens to routers. What the timing of that would be is not supported (80h).

use std::net::Ipv6Addr;

use ipmi_wire::cmd::transport::{
    AddressStatus, AddressingEnables, DuidBlock, Ipv6DynamicAddress, Ipv6Source, Ipv6StaticAddress,
    Ipv6Status, Ipv6Support, RouterField, TimingSupport,
};

use super::{BAD, Parameters, STATIC6, count};
use crate::dispatch::Outcome;
use crate::lan::{LanParameter, MacAddress, Network, READ_ONLY, Router6, Static6, UNSUPPORTED};

impl Parameters {
    pub(super) fn get_ipv6(
        &self,
        network: &Network,
        selector: u8,
        set: u8,
        block: u8,
    ) -> Outcome<LanParameter> {
        use LanParameter as P;
        let index = usize::from(set);
        let router = || network.routers6.get(index).ok_or(BAD);
        let dynamic = |field| P::DynamicRouter { selector: set, field };
        let comes_by = |source| network.dynamic6.iter().any(|dynamic| dynamic.source == source);
        let in_use = |enabled| match enabled && self.addressing != AddressingEnables::IPV4 {
            true => AddressStatus::ACTIVE,
            false => AddressStatus::DISABLED,
        };
        Ok(match selector {
            50 => P::Ipv6Support(Ipv6Support { only: true, both: true, alerts: false }),
            51 => P::AddressingEnables(self.addressing),
            52 => P::Ipv6TrafficClass(self.traffic_class),
            53 => P::Ipv6HopLimit(self.hop_limit),
            54 => P::Ipv6FlowLabel(self.flow_label),
            55 => P::Ipv6Status(Ipv6Status {
                static_max: count(STATIC6),
                dynamic_max: count(network.dynamic6.len()),
                dhcpv6: comes_by(Ipv6Source::DHCPV6),
                slaac: comes_by(Ipv6Source::SLAAC),
            }),
            56 => {
                let address = self.static6.get(index).ok_or(BAD)?;
                let enabled = self.static6_enabled.get(index).copied().unwrap_or_default();
                P::Ipv6StaticAddress(Ipv6StaticAddress {
                    selector: set,
                    enabled,
                    source: Ipv6Source::STATIC,
                    address: address.map_or(Ipv6Addr::UNSPECIFIED, |address| address.address),
                    prefix_length: address.map_or(0, |address| address.prefix_length),
                    status: in_use(enabled && address.is_some()),
                })
            }
            57 => P::StaticDuidBlocks(0),
            59 => {
                let address = network.dynamic6.get(index).ok_or(BAD)?;
                P::Ipv6DynamicAddress(Ipv6DynamicAddress {
                    selector: set,
                    source: address.source,
                    address: address.address,
                    prefix_length: address.prefix_length,
                    status: in_use(true),
                })
            }
            60 => P::DynamicDuidBlocks(u8::from(comes_by(Ipv6Source::DHCPV6))),
            61 => {
                let address = network.dynamic6.get(index).ok_or(BAD)?;
                if address.source != Ipv6Source::DHCPV6 || block != 0 {
                    return Err(BAD);
                }
                P::DynamicDuid(DuidBlock { selector: set, block, data: duid(self.mac) })
            }
            62 => P::Dhcpv6TimingSupport(TimingSupport::NONE),
            64 => P::RouterControl(self.router_control),
            65..=72 => {
                let second = selector >= 69;
                let [first, other] = &self.routers;
                let router = if second { other } else { first };
                P::StaticRouter { second, field: field(router, selector.wrapping_sub(65) & 3) }
            }
            73 => P::DynamicRouterCount(count(network.routers6.len())),
            74..=77 => dynamic(field(router()?, selector.wrapping_sub(74))),
            // RFC 4861 §4.2: 0 is "unspecified by this router".
            78 => P::DynamicHopLimit(0),
            79 => P::NeighborTimingSupport(TimingSupport::NONE),
            _ => return Err(UNSUPPORTED),
        })
    }

    pub(super) fn set_ipv6(&mut self, parameter: &LanParameter) -> Outcome<()> {
        use LanParameter as P;
        match parameter {
            P::AddressingEnables(enables) => {
                if enables.0 > AddressingEnables::BOTH.0 {
                    return Err(BAD);
                }
                self.addressing = *enables;
            }
            P::Ipv6TrafficClass(class) => self.traffic_class = *class,
            P::Ipv6HopLimit(limit) => self.hop_limit = *limit,
            P::Ipv6FlowLabel(label) => self.flow_label = *label,
            P::Ipv6StaticAddress(written) => {
                let Ipv6StaticAddress { selector, enabled, address, prefix_length, .. } = *written;
                if prefix_length > 128 || address.is_multicast() {
                    return Err(BAD);
                }
                let index = usize::from(selector);
                let place = self.static6.get_mut(index).ok_or(BAD)?;
                let is_given = !address.is_unspecified() || prefix_length != 0;
                *place = is_given.then_some(Static6 { address, prefix_length });
                if let Some(place) = self.static6_enabled.get_mut(index) {
                    *place = enabled;
                }
            }
            P::RouterControl(control) => self.router_control = *control,
            P::StaticRouter { second, field } => {
                let [first, other] = &mut self.routers;
                let router = if *second { other } else { first };
                match *field {
                    RouterField::Address(address) => router.address = address,
                    RouterField::Mac(mac) => router.mac = mac,
                    RouterField::PrefixLength(length) if length > 128 => return Err(BAD),
                    RouterField::PrefixLength(length) => router.prefix_length = length,
                    RouterField::Prefix(prefix) => router.prefix = prefix,
                }
            }
            P::Ipv6Support(_)
            | P::Ipv6Status(_)
            | P::StaticDuidBlocks(_)
            | P::Ipv6DynamicAddress(_)
            | P::DynamicDuidBlocks(_)
            | P::DynamicDuid(_)
            | P::Dhcpv6TimingSupport(_)
            | P::DynamicRouterCount(_)
            | P::DynamicRouter { .. }
            | P::DynamicHopLimit(_)
            | P::NeighborTimingSupport(_) => return Err(READ_ONLY),
            _ => return Err(UNSUPPORTED),
        }
        Ok(())
    }
}

fn field(router: &Router6, offset: u8) -> RouterField {
    match offset {
        0 => RouterField::Address(router.address),
        1 => RouterField::Mac(router.mac),
        2 => RouterField::PrefixLength(router.prefix_length),
        _ => RouterField::Prefix(router.prefix),
    }
}

/// A DUID based on the link-layer address (RFC 3315 §9.4), with its length before it.
fn duid(mac: MacAddress) -> [u8; 16] {
    let mut data = [0; 16];
    let bytes = [10, 0, 3, 0, 1].into_iter().chain(mac.0);
    data.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    data
}
