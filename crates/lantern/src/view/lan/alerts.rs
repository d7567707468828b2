//! Where alerts are sent.

use ipmi_client::lan::LanConfig;
use ipmi_wire::cmd::transport::AlertAddress;
use schemars::JsonSchema;
use serde::Serialize;

use super::{AbsentField, absent};
use crate::view::table::Fields;
use crate::view::{Rows, View};

/// Alert destinations of a LAN channel.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Alerts {
    channel: u8,
    destinations: Vec<AlertView>,
    /// What the BMC does not give.
    absent: Vec<AbsentField>,
}

/// An alert destination; 0 is the volatile one. What is null has its reason in `absent` of the
/// list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AlertView {
    destination: u8,
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["pet", "oem1", "oem2", "reserved", null]))]
    kind: Option<&'static str>,
    type_raw: Option<u8>,
    acknowledged: Option<bool>,
    timeout_seconds: Option<u8>,
    retries: Option<u8>,
    ip_address: Option<String>,
    /// Null for IPv6.
    mac_address: Option<String>,
    #[schemars(extend("enum" = ["default", "backup", null]))]
    gateway: Option<&'static str>,
    /// Null unless it has a tag of its own, or if that was not asked for.
    vlan: Option<TagView>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TagView {
    id: u16,
    priority: u8,
    canonical: bool,
}

pub(crate) const fn kind(number: u8) -> &'static str {
    match number {
        0 => "pet",
        6 => "oem1",
        7 => "oem2",
        _ => "reserved",
    }
}

impl AlertView {
    /// Every destination; `None` if the BMC does not tell how many there are.
    pub(super) fn all(config: &LanConfig) -> Option<Vec<Self>> {
        let count = config.destinations().ok()?;
        Some((0..=count).map(|destination| Self::new(config, destination)).collect())
    }

    fn new(config: &LanConfig, destination: u8) -> Self {
        let of = config.destination_type(destination).ok();
        let (ip_address, mac_address, gateway) = match config.destination_address(destination) {
            Ok(of) => match of.address {
                AlertAddress::V4 { backup_gateway, ip, mac } => (
                    Some(ip.to_string()),
                    Some(mac.to_string()),
                    Some(if backup_gateway { "backup" } else { "default" }),
                ),
                AlertAddress::V6(ip) => (Some(ip.to_string()), None, None),
            },
            Err(_) => (None, None, None),
        };
        let tag = config.destination_vlan(destination).ok().filter(|tag| tag.tagged);
        Self {
            destination,
            kind: of.map(|of| kind(of.kind)),
            type_raw: of.map(|of| of.kind),
            acknowledged: of.map(|of| of.acknowledged),
            timeout_seconds: of.map(|of| of.timeout),
            retries: of.map(|of| of.retries),
            ip_address,
            mac_address,
            gateway,
            vlan: tag.map(|tag| TagView {
                id: tag.id,
                priority: tag.priority,
                canonical: tag.canonical,
            }),
        }
    }

    pub(super) fn lay_out(&self, fields: &mut Fields) {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let volatile = if self.destination == 0 { " (volatile)" } else { "" };
        fields.heading(&format!("Alert destination {}{volatile}", self.destination));
        let kind = self.kind.map(|kind| match (kind, self.type_raw) {
            ("pet", _) => "platform event trap".to_owned(),
            ("reserved", Some(raw)) => format!("reserved ({raw})"),
            (kind, _) => kind.to_uppercase(),
        });
        fields.row("Type", or_dash(kind));
        let acknowledged = self.acknowledged.map(crate::view::yes_no);
        fields.row("Acknowledges", or_dash(acknowledged));
        let again = match (self.timeout_seconds, self.retries) {
            (Some(timeout), Some(retries)) => Some(format!("{retries} times, after {timeout} s")),
            _ => None,
        };
        fields.row("Sent again", or_dash(again));
        let address = self.ip_address.as_ref().map(|ip| match (&self.mac_address, self.gateway) {
            (Some(mac), Some(gateway)) => format!("{ip} at {mac}, by the {gateway} gateway"),
            _ => ip.clone(),
        });
        fields.row("Address", or_dash(address));
        let tag = self.vlan.as_ref();
        fields.maybe("VLAN", &tag.map(|tag| format!("{}, priority {}", tag.id, tag.priority)));
    }
}

impl Alerts {
    /// `None` if the BMC does not tell how many there are.
    pub(crate) fn new(config: &LanConfig) -> Option<Self> {
        Some(Self {
            channel: config.channel.number(),
            destinations: AlertView::all(config)?,
            absent: absent(config),
        })
    }
}

impl View for Alerts {
    const SCHEMA: &'static str = "lantern.lan_alerts/1";
    const ROWS: Option<Rows> = Some(Rows { key: "destinations", schema: "lantern.lan_alert/1" });

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        self.destinations.iter().for_each(|alert| alert.lay_out(&mut fields));
        for absent in &self.absent {
            let AbsentField { field, set, reason, .. } = absent;
            fields.row("", format!("{} {set}: {reason}", field.replace('_', " ")));
        }
        fields.text(width)
    }
}
