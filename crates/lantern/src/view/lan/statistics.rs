//! Counters, and ARPs.

use ipmi_client::outcome::Done;
use ipmi_wire::Channel;
use ipmi_wire::cmd::transport::{ArpControl, IpUdpRmcpStatistics};
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::outcome::{OutcomeView, proof};
use crate::view::table::Fields;
use crate::view::{View, yes_no};

/// Get IP/UDP/RMCP Statistics. A counter stops at 65535.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stats {
    channel: u8,
    ip_packets_received: u16,
    ip_header_errors: u16,
    ip_address_errors: u16,
    ip_fragments: u16,
    ip_packets_sent: u16,
    udp_packets_received: u16,
    rmcp_packets_received: u16,
    proxy_packets_received: u16,
    proxy_packets_dropped: u16,
    /// Whether they were cleared, and these are what they were before.
    cleared: bool,
    /// What proves that they were, where the BMC's answer was lost; else null.
    outcome: Option<OutcomeView>,
}

impl Stats {
    pub(crate) fn new(channel: Channel, of: &IpUdpRmcpStatistics, cleared: Option<&Done>) -> Self {
        Self {
            channel: channel.number(),
            ip_packets_received: of.ip_received,
            ip_header_errors: of.ip_header_errors,
            ip_address_errors: of.ip_address_errors,
            ip_fragments: of.ip_fragments,
            ip_packets_sent: of.ip_transmitted,
            udp_packets_received: of.udp_received,
            rmcp_packets_received: of.rmcp_received,
            proxy_packets_received: of.proxy_received,
            proxy_packets_dropped: of.proxy_dropped,
            cleared: cleared.is_some(),
            outcome: cleared.and_then(proof),
        }
    }
}

impl View for Stats {
    const SCHEMA: &'static str = "lantern.lan_stats/1";

    fn text(&self, width: Option<u16>) -> String {
        let count = |count: u16| match count {
            u16::MAX => "65535 or more".to_owned(),
            count => count.to_string(),
        };
        let then = if self.cleared { ", before they were cleared" } else { "" };
        let mut fields = Fields::titled(&format!("Packets on channel {}{then}", self.channel));
        fields.row("IP received", count(self.ip_packets_received));
        fields.row("  header errors", count(self.ip_header_errors));
        fields.row("  address errors", count(self.ip_address_errors));
        fields.row("  fragments", count(self.ip_fragments));
        fields.row("IP sent", count(self.ip_packets_sent));
        fields.row("UDP received", count(self.udp_packets_received));
        fields.row("RMCP received", count(self.rmcp_packets_received));
        fields.row("Proxy received", count(self.proxy_packets_received));
        fields.row("  dropped", count(self.proxy_packets_dropped));
        let outcome = self.outcome.as_ref().map(|outcome| outcome.text(width));
        fields.text(width) + &outcome.unwrap_or_default()
    }
}

/// Suspend BMC ARPs: what the BMC does now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Arps {
    channel: u8,
    gratuitous_suspended: bool,
    responses_suspended: bool,
    /// Whether the BMC sends gratuitous ARPs now.
    gratuitous_occurring: bool,
    /// Whether the BMC answers requests now.
    responses_occurring: bool,
}

impl Arps {
    pub(crate) fn new(channel: Channel, suspended: ArpControl, now: ArpControl) -> Self {
        Self {
            channel: channel.number(),
            gratuitous_suspended: suspended.gratuitous,
            responses_suspended: suspended.responses,
            gratuitous_occurring: now.gratuitous,
            responses_occurring: now.responses,
        }
    }
}

impl View for Arps {
    const SCHEMA: &'static str = "lantern.lan_arps/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::titled(&format!("ARPs of the BMC on channel {}", self.channel));
        let words = |now: bool, suspended: bool| {
            format!("{}{}", yes_no(now), if suspended { " (suspended)" } else { "" })
        };
        let gratuitous = words(self.gratuitous_occurring, self.gratuitous_suspended);
        fields.row("Announces itself", gratuitous);
        fields.row("Answers", words(self.responses_occurring, self.responses_suspended));
        fields.text(width)
    }
}
