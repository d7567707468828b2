//! A setting in words, and as a value.

use ipmi_client::lan::LanSetting;
use ipmi_wire::Privilege;
use ipmi_wire::cmd::transport::RouterField;
use schemars::JsonSchema;
use serde::Serialize;

use super::alerts::kind;
use super::ipv6::enables;
use super::show::{arp_seconds, auth_types, source};

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Value {
    Switch(bool),
    Number(u32),
    Fraction(f64),
    Text(String),
    Words(Vec<&'static str>),
}

/// What a setting is called: its field in `lan show`, as far as there is one.
pub(crate) fn label(setting: &LanSetting) -> String {
    use LanSetting as S;
    let level = |level: &Privilege| level.name().to_lowercase();
    match setting {
        S::AuthTypes { level: of, .. } => format!("auth_types_enabled.{}", level(of)),
        S::Address(_) => "ip_address".to_owned(),
        S::Source(_) => "source".to_owned(),
        S::Mac(_) => "mac_address".to_owned(),
        S::Netmask(_) => "netmask".to_owned(),
        S::TimeToLive(_) => "ip_header.ttl".to_owned(),
        S::DontFragment(_) => "ip_header.dont_fragment".to_owned(),
        S::Precedence(_) => "ip_header.precedence".to_owned(),
        S::TypeOfService(_) => "ip_header.tos".to_owned(),
        S::GratuitousArp(_) => "arp.gratuitous".to_owned(),
        S::ArpResponses(_) => "arp.responses".to_owned(),
        S::ArpInterval(_) => "gratuitous_arp_interval_seconds".to_owned(),
        S::Gateway(_) => "gateway".to_owned(),
        S::GatewayMac(_) => "gateway_mac".to_owned(),
        S::BackupGateway(_) => "backup_gateway".to_owned(),
        S::BackupGatewayMac(_) => "backup_gateway_mac".to_owned(),
        S::Community(_) => "snmp_community".to_owned(),
        S::AlertKind { destination, .. } => format!("alert.{destination}.type"),
        S::AlertAcknowledged { destination, .. } => format!("alert.{destination}.acknowledged"),
        S::AlertTimeout { destination, .. } => format!("alert.{destination}.timeout_seconds"),
        S::AlertRetries { destination, .. } => format!("alert.{destination}.retries"),
        S::AlertIp { destination, .. } => format!("alert.{destination}.ip_address"),
        S::AlertMac { destination, .. } => format!("alert.{destination}.mac_address"),
        S::AlertByBackup { destination, .. } => format!("alert.{destination}.gateway"),
        S::Vlan(_) => "vlan".to_owned(),
        S::VlanPriority(_) => "vlan_priority".to_owned(),
        S::CipherPrivilege { suite, .. } => format!("cipher_suite.{suite}.privilege"),
        S::LogBadPasswords(_) => "bad_password.log_event".to_owned(),
        S::BadPasswords(_) => "bad_password.threshold".to_owned(),
        S::BadPasswordReset(_) => "bad_password.reset_interval_seconds".to_owned(),
        S::Lockout(_) => "bad_password.lockout_interval_seconds".to_owned(),
        S::Addressing(_) => "ipv6.enables".to_owned(),
        S::TrafficClass(_) => "ipv6.traffic_class".to_owned(),
        S::HopLimit(_) => "ipv6.hop_limit".to_owned(),
        S::FlowLabel(_) => "ipv6.flow_label".to_owned(),
        S::Address6 { index, .. } => format!("ipv6.static_address.{index}"),
        S::StaticRouters(_) => "ipv6.router_control.static_routers".to_owned(),
        S::DynamicRouters(_) => "ipv6.router_control.dynamic_routers".to_owned(),
        S::Router { second, field } => {
            let number = if *second { 2 } else { 1 };
            let field = match field {
                RouterField::Address(_) => "ip_address",
                RouterField::Mac(_) => "mac_address",
                RouterField::PrefixLength(_) => "prefix_length",
                RouterField::Prefix(_) => "prefix",
            };
            format!("ipv6.static_router.{number}.{field}")
        }
    }
}

/// What a setting says.
pub(crate) fn value(setting: &LanSetting) -> Value {
    use LanSetting as S;
    let text = |text: &dyn ToString| Value::Text(text.to_string());
    let off = || Value::Text("off".to_owned());
    let number = Value::Number;
    match setting {
        S::AuthTypes { types, .. } => Value::Words(auth_types(*types)),
        S::Address(ip)
        | S::Netmask(ip)
        | S::Gateway(ip)
        | S::BackupGateway(ip)
        | S::AlertIp { ip, .. } => text(ip),
        S::Source(of) => text(&source(*of)),
        S::Mac(mac) | S::GatewayMac(mac) | S::BackupGatewayMac(mac) | S::AlertMac { mac, .. } => {
            text(mac)
        }
        S::DontFragment(on)
        | S::GratuitousArp(on)
        | S::ArpResponses(on)
        | S::AlertAcknowledged { acknowledged: on, .. }
        | S::LogBadPasswords(on)
        | S::StaticRouters(on)
        | S::DynamicRouters(on) => Value::Switch(*on),
        S::ArpInterval(halves) => Value::Fraction(arp_seconds(*halves)),
        S::TimeToLive(of)
        | S::Precedence(of)
        | S::TypeOfService(of)
        | S::AlertTimeout { seconds: of, .. }
        | S::AlertRetries { retries: of, .. }
        | S::VlanPriority(of)
        | S::BadPasswords(of)
        | S::TrafficClass(of)
        | S::HopLimit(of) => number((*of).into()),
        S::BadPasswordReset(tens) | S::Lockout(tens) => number(u32::from(*tens).saturating_mul(10)),
        S::Community(of) => text(&String::from_utf8_lossy(of.bytes())),
        S::AlertKind { kind: of, .. } => text(&kind(*of)),
        S::AlertByBackup { backup, .. } => text(&if *backup { "backup" } else { "default" }),
        S::Vlan(id) => id.map_or_else(off, |id| number(id.into())),
        S::CipherPrivilege { level, .. } => {
            level.map_or_else(off, |level| Value::Text(level.name().to_lowercase()))
        }
        S::Addressing(of) => text(&enables(*of)),
        S::FlowLabel(of) => number(*of),
        S::Address6 { address, .. } => {
            address.map_or_else(off, |(ip, length)| Value::Text(format!("{ip}/{length}")))
        }
        S::Router { field, .. } => match field {
            RouterField::Address(ip) | RouterField::Prefix(ip) => text(ip),
            RouterField::Mac(mac) => text(mac),
            RouterField::PrefixLength(length) => number((*length).into()),
        },
    }
}

impl Value {
    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Switch(true) => "on".to_owned(),
            Self::Switch(false) => "off".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Fraction(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Words(words) => crate::view::list(words),
        }
    }
}
