//! The LAN of a BMC.

mod alerts;
mod change;
mod ipv6;
mod setting;
mod show;
mod statistics;

pub(crate) use alerts::{Alerts, kind as destination_kind};
pub(crate) use change::{Set, impossible, plan_text};
pub(crate) use setting::label;
pub(crate) use show::Show;
pub(crate) use statistics::{Arps, Stats};

use ipmi_client::lan::{Absent, Known, LanConfig, Place};
use schemars::JsonSchema;
use serde::Serialize;

use super::table::Fields;

/// A value that the BMC does not give.
#[derive(Debug, Serialize, JsonSchema)]
struct AbsentField {
    /// Whose value is null, as far as it has a place here.
    field: String,
    /// LAN parameter.
    parameter: u8,
    /// Which of a set, such as an alert destination.
    set: u8,
    reason: String,
    /// What the BMC answered, if it refused.
    completion_code: Option<u8>,
}

/// Everything that was asked for and is not there.
fn absent(config: &LanConfig) -> Vec<AbsentField> {
    let field = |(place, absent): (Place, &Absent)| AbsentField {
        field: name(place.selector).to_owned(),
        parameter: place.selector,
        set: place.set,
        reason: absent.to_string(),
        completion_code: absent.completion().map(|code| code.0),
    };
    config.absent().map(field).collect()
}

/// A field for people: its value, or why there is none. What was not asked for is left out.
fn row<T>(fields: &mut Fields, label: &str, known: &Known<T>, words: impl Fn(&T) -> String) {
    match known {
        Ok(value) => fields.row(label, words(value)),
        Err(Absent::NotAsked) => {}
        Err(absent) => fields.row(label, format!("- ({absent})")),
    }
}

/// What a parameter is called.
fn name(selector: u8) -> &'static str {
    match selector {
        0 => "set_in_progress",
        1 => "auth_types_supported",
        2 => "auth_types_enabled",
        3 => "ip_address",
        4 => "source",
        5 => "mac_address",
        6 => "netmask",
        7 => "ip_header",
        8 => "rmcp_port",
        9 => "secondary_rmcp_port",
        10 => "arp",
        11 => "gratuitous_arp_interval_seconds",
        12 => "gateway",
        13 => "gateway_mac",
        14 => "backup_gateway",
        15 => "backup_gateway_mac",
        16 => "snmp_community",
        17 => "alert_destinations",
        18 => "alert_type",
        19 => "alert_address",
        20 => "vlan",
        21 => "vlan_priority",
        22 => "cipher_suite_count",
        23 => "cipher_suites",
        24 => "cipher_privileges",
        25 => "alert_vlan",
        26 => "bad_password",
        50 => "ipv6.support",
        51 => "ipv6.enables",
        52 => "ipv6.traffic_class",
        53 => "ipv6.hop_limit",
        54 => "ipv6.flow_label",
        55 => "ipv6.status",
        56 => "ipv6.static_addresses",
        57 | 58 => "ipv6.static_duid",
        59 => "ipv6.dynamic_addresses",
        60 | 61 => "ipv6.dynamic_duid",
        62 | 63 => "ipv6.dhcpv6_timing",
        64 => "ipv6.router_control",
        65..=72 => "ipv6.static_routers",
        73..=77 => "ipv6.dynamic_routers",
        78 => "ipv6.dynamic_hop_limit",
        79 | 80 => "ipv6.neighbor_timing",
        _ => "oem",
    }
}
