//! How a LAN channel is set up.

use ipmi_client::lan::{Absent, Community, Known, LanConfig, LanQuery, NoLevel, SuiteLevel};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::AuthTypes;
use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{AddressSource, AuthTypeEnables};
use ipmi_wire::session::{
    AuthenticationAlgorithm, CipherSuite, ConfidentialityAlgorithm, IntegrityAlgorithm,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::alerts::AlertView;
use super::ipv6::Ipv6View;
use super::{AbsentField, absent, row};
use crate::view::table::Fields;
use crate::view::{View, list, set, yes_no};

/// How a LAN channel is set up. What is null has its reason in `absent`, unless it was not asked
/// for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Show {
    channel: u8,
    #[schemars(extend("enum" = ["complete", "in_progress", "commit_write", null]))]
    set_in_progress: Option<&'static str>,
    #[schemars(extend("enum" = SOURCES))]
    source: Option<&'static str>,
    source_raw: Option<u8>,
    ip_address: Option<String>,
    netmask: Option<String>,
    prefix_length: Option<u8>,
    mac_address: Option<String>,
    gateway: Option<String>,
    gateway_mac: Option<String>,
    backup_gateway: Option<String>,
    backup_gateway_mac: Option<String>,
    vlan: Option<VlanView>,
    vlan_priority: Option<u8>,
    ip_header: Option<HeaderView>,
    arp: Option<ArpView>,
    gratuitous_arp_interval_seconds: Option<f64>,
    snmp_community: Option<String>,
    /// Of IPMI 1.5.
    auth_types_supported: Option<Vec<&'static str>>,
    auth_types_enabled: Option<EnablesView>,
    cipher_suites: Option<Vec<SuiteView>>,
    bad_password: Option<BadPasswordView>,
    rmcp_port: Option<u16>,
    secondary_rmcp_port: Option<u16>,
    /// Null unless asked for, or if the BMC has none.
    ipv6: Option<Ipv6View>,
    /// Null unless asked for.
    alerts: Option<Vec<AlertView>>,
    /// What the BMC does not give.
    absent: Vec<AbsentField>,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    fields: Fields,
}

const SOURCES: [Option<&str>; 7] = [
    Some("unspecified"),
    Some("static"),
    Some("dhcp"),
    Some("bios"),
    Some("other"),
    Some("reserved"),
    None,
];

#[derive(Debug, Serialize, JsonSchema)]
struct VlanView {
    enabled: bool,
    /// Of no consequence while it is not enabled.
    id: u16,
}

#[derive(Debug, Serialize, JsonSchema)]
struct HeaderView {
    ttl: u8,
    dont_fragment: bool,
    flags_raw: u8,
    precedence: u8,
    tos: u8,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ArpView {
    responses: bool,
    gratuitous: bool,
}

/// Authentication types of IPMI 1.5 that are enabled for each privilege level.
#[derive(Debug, Serialize, JsonSchema)]
struct EnablesView {
    callback: Vec<&'static str>,
    user: Vec<&'static str>,
    operator: Vec<&'static str>,
    administrator: Vec<&'static str>,
    oem: Vec<&'static str>,
}

/// A cipher suite, and the most that sessions may do with it.
#[derive(Debug, Serialize, JsonSchema)]
struct SuiteView {
    suite: u8,
    /// Whether the BMC lists it; null if it lists none.
    listed: Option<bool>,
    /// Null if sessions are not let in with it, or if `privilege_reason` says why it is not known.
    #[schemars(extend("enum" = ["callback", "user", "operator", "administrator", "oem", null]))]
    privilege: Option<String>,
    privilege_reason: Option<String>,
    /// Why it should not be let in, if it may be; else null.
    weakness: Option<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct BadPasswordView {
    /// Wrong passwords until a user is locked out; 0 is never.
    threshold: u8,
    /// 0 is never.
    reset_interval_seconds: u32,
    /// 0 is until somebody enables the user again.
    lockout_interval_seconds: u32,
    log_event: bool,
}

pub(super) fn source(source: AddressSource) -> &'static str {
    match source {
        AddressSource::UNSPECIFIED => "unspecified",
        AddressSource::STATIC => "static",
        AddressSource::DHCP => "dhcp",
        AddressSource::BIOS => "bios",
        AddressSource::OTHER => "other",
        _ => "reserved",
    }
}

pub(super) fn auth_types(types: AuthTypes) -> Vec<&'static str> {
    set([
        (types.none, "none"),
        (types.md2, "md2"),
        (types.md5, "md5"),
        (types.straight_password, "password"),
        (types.oem, "oem"),
    ])
}

/// Half seconds, less one.
pub(super) fn arp_seconds(halves: u8) -> f64 {
    (f64::from(halves) + 1.0) / 2.0
}

pub(super) fn community(bytes: [u8; 18]) -> String {
    String::from_utf8_lossy(Community::of(bytes).bytes()).into_owned()
}

/// Why nobody should be let in with a suite.
fn weakness(suite: CipherSuite) -> Option<&'static str> {
    let algorithms = suite.algorithms()?;
    let md5 = algorithms.authentication == AuthenticationAlgorithm::HmacMd5
        || matches!(
            algorithms.integrity,
            IntegrityAlgorithm::HmacMd5_128 | IntegrityAlgorithm::Md5_128
        );
    if algorithms.authentication == AuthenticationAlgorithm::None {
        return Some("no password is needed");
    }
    if algorithms.integrity == IntegrityAlgorithm::None {
        return Some("neither integrity nor encryption");
    }
    match algorithms.confidentiality {
        ConfidentialityAlgorithm::None => Some("no encryption"),
        ConfidentialityAlgorithm::AesCbc128 if md5 => Some("MD5 is broken"),
        ConfidentialityAlgorithm::AesCbc128 => None,
        _ => Some("xRC4 is broken"),
    }
}

impl SuiteView {
    fn new(of: &SuiteLevel) -> Self {
        let (privilege, reason) = match of.level {
            Ok(level) => (level, None),
            Err(NoLevel::NoPlace) => (None, Some("parameter 24 has no place for it".to_owned())),
            Err(NoLevel::Untold) => (None, Some("the BMC does not tell".to_owned())),
            Err(NoLevel::Reserved(number)) => (None, Some(format!("reserved number {number}"))),
        };
        let is_let_in = of.level != Ok(None);
        Self {
            suite: of.suite.0,
            listed: of.listed,
            privilege: privilege.map(|level: Privilege| level.name().to_lowercase()),
            privilege_reason: reason,
            weakness: weakness(of.suite).filter(|_| is_let_in),
        }
    }

    fn words(&self) -> String {
        let privilege = match (&self.privilege, &self.privilege_reason) {
            (Some(privilege), _) => privilege.clone(),
            (None, Some(reason)) => format!("- ({reason})"),
            (None, None) => "off".to_owned(),
        };
        let weak = self.weakness.map(|why| format!("; WEAK: {why}"));
        let unlisted = (self.listed == Some(false)).then_some("; not listed");
        format!("{privilege}{}{}", weak.unwrap_or_default(), unlisted.unwrap_or_default())
    }
}

impl EnablesView {
    fn new(enables: AuthTypeEnables) -> Self {
        let [callback, user, operator, administrator, oem] = enables.0.map(auth_types);
        Self { callback, user, operator, administrator, oem }
    }

    fn levels(&self) -> [(&'static str, &[&'static str]); 5] {
        [
            ("callback", &self.callback),
            ("user", &self.user),
            ("operator", &self.operator),
            ("administrator", &self.administrator),
            ("oem", &self.oem),
        ]
    }
}

impl Show {
    pub(crate) fn new(config: &LanConfig, query: LanQuery) -> Self {
        let text = |known: Known<String>| known.ok();
        let suites = config.suites().map(|all| all.iter().map(SuiteView::new).collect::<Vec<_>>());
        let enables = config.auth_enables().map(EnablesView::new);
        let ipv6 = query.ipv6.then(|| Ipv6View::new(config)).flatten();
        let alerts = query.alerts.then(|| AlertView::all(config)).flatten();
        let header = config.ipv4_header().map(|header| HeaderView {
            ttl: header.time_to_live,
            dont_fragment: header.flags & 2 != 0,
            flags_raw: header.flags,
            precedence: header.precedence,
            tos: header.type_of_service,
        });
        let bad_password = config.bad_password().map(|of| BadPasswordView {
            threshold: of.threshold,
            reset_interval_seconds: u32::from(of.reset_interval).saturating_mul(10),
            lockout_interval_seconds: u32::from(of.lockout_interval).saturating_mul(10),
            log_event: of.log,
        });
        let mut show = Self {
            channel: config.channel.number(),
            set_in_progress: config.set_in_progress().ok().map(progress),
            source: config.source().ok().map(source),
            source_raw: config.source().ok().map(AddressSource::number),
            ip_address: text(config.address().map(|ip| ip.to_string())),
            netmask: text(config.netmask().map(|ip| ip.to_string())),
            prefix_length: config.netmask().ok().and_then(prefix_length),
            mac_address: text(config.mac().map(|mac| mac.to_string())),
            gateway: text(config.gateway().map(|ip| ip.to_string())),
            gateway_mac: text(config.gateway_mac().map(|mac| mac.to_string())),
            backup_gateway: text(config.backup_gateway().map(|ip| ip.to_string())),
            backup_gateway_mac: text(config.backup_gateway_mac().map(|mac| mac.to_string())),
            vlan: config.vlan().ok().map(|vlan| VlanView { enabled: vlan.enabled, id: vlan.id }),
            vlan_priority: config.vlan_priority().ok(),
            ip_header: None,
            arp: config
                .arp()
                .ok()
                .map(|arp| ArpView { responses: arp.responses, gratuitous: arp.gratuitous }),
            gratuitous_arp_interval_seconds: config.arp_interval().ok().map(arp_seconds),
            snmp_community: text(config.community().map(community)),
            auth_types_supported: config.auth_types().ok().map(auth_types),
            auth_types_enabled: None,
            cipher_suites: None,
            bad_password: None,
            rmcp_port: config.primary_port().ok(),
            secondary_rmcp_port: config.secondary_port().ok(),
            ipv6,
            alerts,
            absent: absent(config),
            text: format!("LAN channel {}", config.channel),
            fields: Fields::default(),
        };
        show.fields = show.lay_out(config, &header, &enables, &suites, &bad_password);
        Self {
            ip_header: header.ok(),
            auth_types_enabled: enables.ok(),
            cipher_suites: suites.ok(),
            bad_password: bad_password.ok(),
            ..show
        }
    }

    /// For people.
    fn lay_out(
        &self,
        config: &LanConfig,
        header: &Known<HeaderView>,
        enables: &Known<EnablesView>,
        suites: &Known<Vec<SuiteView>>,
        bad_password: &Known<BadPasswordView>,
    ) -> Fields {
        let mut fields = Fields::titled(&self.text);
        let fields_ref = &mut fields;
        let f = fields_ref;
        row(f, "Address source", &config.source(), |of| match source(*of) {
            "dhcp" => "DHCP".to_owned(),
            "bios" => "BIOS".to_owned(),
            "reserved" => format!("reserved ({})", of.number()),
            words => words.to_owned(),
        });
        row(f, "Address", &config.address(), ToString::to_string);
        row(f, "Subnet mask", &config.netmask(), |mask| match prefix_length(*mask) {
            Some(length) => format!("{mask} (/{length})"),
            None => format!("{mask} (no mask)"),
        });
        row(f, "MAC address", &config.mac(), ToString::to_string);
        for (name, ip, mac) in [
            ("Gateway", config.gateway(), config.gateway_mac()),
            ("Backup gateway", config.backup_gateway(), config.backup_gateway_mac()),
        ] {
            let mac = mac.ok().filter(|mac| mac.0 != [0; 6]);
            row(f, name, &ip, |ip| match (ip.is_unspecified(), mac) {
                (true, None) => "none".to_owned(),
                (_, None) => ip.to_string(),
                (_, Some(mac)) => format!("{ip} at {mac}"),
            });
        }
        row(f, "VLAN", &config.vlan(), |vlan| match vlan.enabled {
            true => vlan.id.to_string(),
            false => "off".to_owned(),
        });
        row(f, "VLAN priority", &config.vlan_priority(), ToString::to_string);
        row(f, "IP header", header, |header| {
            let fragment = if header.dont_fragment { ", don't fragment" } else { "" };
            let HeaderView { ttl, precedence, tos, .. } = header;
            format!("TTL {ttl}{fragment}, precedence {precedence}, type of service {tos}")
        });
        row(f, "ARP responses", &config.arp(), |arp| yes_no(arp.responses));
        row(f, "Gratuitous ARPs", &config.arp(), |arp| yes_no(arp.gratuitous));
        row(f, "  every", &config.arp_interval(), |halves| format!("{} s", arp_seconds(*halves)));
        row(f, "SNMP community", &config.community(), |text| community(*text));
        row(f, "RMCP port", &config.primary_port(), ToString::to_string);
        row(f, "Secondary port", &config.secondary_port(), ToString::to_string);
        row(f, "Set in progress", &config.set_in_progress(), |state| {
            progress(*state).replace('_', " ")
        });
        row(f, "IPMI 1.5 types", &config.auth_types(), |types| list(&auth_types(*types)));
        match enables {
            Ok(enables) => {
                for (level, types) in enables.levels() {
                    f.row(&format!("  {level}"), list(types));
                }
            }
            known => row(f, "  enabled", known, |_| String::new()),
        }
        row(f, "Bad passwords", bad_password, |of| {
            if of.threshold == 0 {
                return "lock nobody out".to_owned();
            }
            let span = |seconds: u32, never: &str| match seconds {
                0 => never.to_owned(),
                seconds => format!("{seconds} s"),
            };
            let event = if of.log_event { ", with an event" } else { "" };
            format!(
                "{} lock out for {}, forgotten after {}{event}",
                of.threshold,
                span(of.lockout_interval_seconds, "good"),
                span(of.reset_interval_seconds, "no time"),
            )
        });
        match suites {
            Ok(suites) => {
                f.heading("Cipher suites");
                for suite in suites {
                    f.row(&suite.suite.to_string(), suite.words());
                }
                if let Err(absent @ (Absent::NotSupported(_) | Absent::Malformed(_))) =
                    config.cipher_suites()
                {
                    f.row("list", format!("- ({absent})"));
                }
            }
            known => row(f, "Cipher suites", known, |_| String::new()),
        }
        if let Some(ipv6) = &self.ipv6 {
            ipv6.lay_out(config, f);
        } else if config.ipv6_support() != Err(Absent::NotAsked) {
            row(f, "IPv6", &config.ipv6_support().map(drop), |()| String::new());
        }
        match &self.alerts {
            Some(alerts) => alerts.iter().for_each(|alert| alert.lay_out(f)),
            None => row(f, "Alerts", &config.destinations().map(drop), |()| String::new()),
        }
        fields
    }
}

/// Bits of a mask; `None` if it is none.
fn prefix_length(mask: std::net::Ipv4Addr) -> Option<u8> {
    let bits = u32::from(mask);
    let is_mask = bits.leading_ones().saturating_add(bits.trailing_zeros()) >= 32;
    is_mask.then(|| u8::try_from(bits.leading_ones()).ok()).flatten()
}

fn progress(state: SetInProgress) -> &'static str {
    match state {
        SetInProgress::Complete => "complete",
        SetInProgress::InProgress => "in_progress",
        SetInProgress::CommitWrite => "commit_write",
    }
}

impl View for Show {
    const SCHEMA: &'static str = "lantern.lan_show/1";

    fn text(&self, width: Option<u16>) -> String {
        self.fields.text(width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_suites_are_known() {
        let weak = (0..20).filter(|suite| weakness(CipherSuite(*suite)).is_some());
        assert_eq!(weak.filter(|suite| [3, 17].contains(suite)).count(), 0);
        for (suite, why) in [
            (0, "no password is needed"),
            (1, "neither integrity nor encryption"),
            (2, "no encryption"),
            (4, "xRC4 is broken"),
            (8, "MD5 is broken"),
            (15, "neither integrity nor encryption"),
            (16, "no encryption"),
        ] {
            assert_eq!(weakness(CipherSuite(suite)), Some(why), "{suite}");
        }
    }
}
