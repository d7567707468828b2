//! Settings in their parameters.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::AuthTypes;
use ipmi_wire::cmd::transport::{
    AddressSource, AddressStatus, AddressingEnables, AlertAddress, ArpControl, AuthTypeEnables,
    BadPasswordThreshold, CipherSuitePrivileges, DestinationAddress, DestinationType, Ipv4Header,
    Ipv6Source, Ipv6StaticAddress, LanParameter, MacAddress, RouterControl, RouterField, Vlan,
};

use super::super::setting::{Community, LanSetting, Place};

fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, last)
}

/// Parameters, each with settings that are in it.
fn samples() -> Vec<(LanParameter, Vec<LanSetting>)> {
    use LanParameter as P;
    use LanSetting as S;
    let mac = MacAddress([2, 0, 0, 0, 0, 9]);
    let types = AuthTypes { md5: true, ..AuthTypes::default() };
    let destination = 3;
    let six: Ipv6Addr = "2001:db8::9".parse().unwrap();
    let community = Community::new(b"geheim").unwrap();
    vec![
        (
            P::AuthTypeEnables(AuthTypeEnables::default()),
            vec![S::AuthTypes { level: Privilege::Oem, types }],
        ),
        (P::IpAddress(ip(1)), vec![S::Address(ip(2))]),
        (P::AddressSource(AddressSource::DHCP), vec![S::Source(AddressSource::STATIC)]),
        (P::MacAddress(MacAddress::default()), vec![S::Mac(mac)]),
        (P::SubnetMask(ip(1)), vec![S::Netmask(ip(2))]),
        (
            P::Ipv4Header(Ipv4Header::default()),
            vec![S::TimeToLive(3), S::DontFragment(false), S::Precedence(5), S::TypeOfService(1)],
        ),
        (P::ArpControl(ArpControl::default()), vec![S::GratuitousArp(true), S::ArpResponses(true)]),
        (P::GratuitousArpInterval(1), vec![S::ArpInterval(2)]),
        (P::DefaultGateway(ip(1)), vec![S::Gateway(ip(2))]),
        (P::DefaultGatewayMac(MacAddress::default()), vec![S::GatewayMac(mac)]),
        (P::BackupGateway(ip(1)), vec![S::BackupGateway(ip(2))]),
        (P::BackupGatewayMac(MacAddress::default()), vec![S::BackupGatewayMac(mac)]),
        (P::CommunityString([0; 18]), vec![S::Community(community)]),
        (
            P::DestinationType(DestinationType { selector: 3, ..DestinationType::default() }),
            vec![
                S::AlertKind { destination, kind: 6 },
                S::AlertAcknowledged { destination, acknowledged: true },
                S::AlertTimeout { destination, seconds: 9 },
                S::AlertRetries { destination, retries: 2 },
            ],
        ),
        (
            P::DestinationAddress(DestinationAddress {
                selector: 3,
                address: AlertAddress::default(),
            }),
            vec![
                S::AlertIp { destination, ip: ip(4) },
                S::AlertMac { destination, mac },
                S::AlertByBackup { destination, backup: true },
            ],
        ),
        (P::Vlan(Vlan::default()), vec![S::Vlan(Some(42))]),
        (P::Vlan(Vlan { id: 7, enabled: true }), vec![S::Vlan(None)]),
        (P::VlanPriority(0), vec![S::VlanPriority(7)]),
        (
            P::CipherSuitePrivileges(CipherSuitePrivileges { levels: [4; 16] }),
            vec![
                S::CipherPrivilege { suite: 0, level: None },
                S::CipherPrivilege { suite: 15, level: Some(Privilege::User) },
            ],
        ),
        (
            P::BadPasswordThreshold(BadPasswordThreshold::default()),
            vec![
                S::LogBadPasswords(true),
                S::BadPasswords(3),
                S::BadPasswordReset(30),
                S::Lockout(60),
            ],
        ),
        (
            P::AddressingEnables(AddressingEnables::IPV4),
            vec![S::Addressing(AddressingEnables::BOTH)],
        ),
        (P::Ipv6TrafficClass(0), vec![S::TrafficClass(1)]),
        (P::Ipv6HopLimit(64), vec![S::HopLimit(1)]),
        (P::Ipv6FlowLabel(0), vec![S::FlowLabel(5)]),
        (
            P::Ipv6StaticAddress(Ipv6StaticAddress {
                selector: 1,
                enabled: true,
                source: Ipv6Source::STATIC,
                address: Ipv6Addr::LOCALHOST,
                prefix_length: 128,
                status: AddressStatus::DISABLED,
            }),
            vec![
                S::Address6 { index: 1, address: None },
                S::Address6 { index: 1, address: Some((six, 64)) },
            ],
        ),
        (
            P::RouterControl(RouterControl::default()),
            vec![S::StaticRouters(true), S::DynamicRouters(true)],
        ),
        (
            P::StaticRouter { second: true, field: RouterField::PrefixLength(0) },
            vec![S::Router { second: true, field: RouterField::PrefixLength(64) }],
        ),
    ]
}

#[test]
fn a_setting_finds_itself_where_it_was_put_and_nothing_else_changes() {
    for (parameter, settings) in samples() {
        for setting in &settings {
            assert_eq!(setting.place(), Place::of(parameter.selector(), parameter.set()));
            assert_ne!(setting.present(&parameter), Some(*setting), "{parameter:?}");
            let put = setting.put(Some(&parameter)).unwrap();
            assert_eq!(setting.present(&put), Some(*setting), "{put:?}");
            for other in settings.iter().filter(|other| *other != setting) {
                let is_alternative = matches!(other, LanSetting::Address6 { .. });
                let unchanged = other.present(&put) == other.present(&parameter);
                assert!(unchanged || is_alternative, "{setting:?} changed {other:?}");
            }
            // Nothing is found where something else is.
            assert_eq!(setting.present(&LanParameter::PrimaryRmcpPort(623)), None);
        }
    }
}

#[test]
fn a_part_is_not_put_where_the_rest_is_unknown() {
    assert_eq!(LanSetting::ArpResponses(true).put(None), None);
    assert_eq!(LanSetting::CipherPrivilege { suite: 3, level: None }.put(None), None);
    let whole = LanSetting::Address(ip(7));
    assert_eq!(whole.put(None), Some(LanParameter::IpAddress(ip(7))));
    // There is no sixteenth.
    let levels = LanParameter::CipherSuitePrivileges(CipherSuitePrivileges::default());
    let setting = LanSetting::CipherPrivilege { suite: 16, level: None };
    assert_eq!((setting.put(Some(&levels)), setting.present(&levels)), (None, None));
}

#[test]
fn a_community_is_never_cut() {
    assert!(Community::new(&[b'x'; 18]).is_some());
    assert!(Community::new(&[b'x'; 19]).is_none() && Community::new(b"a\0b").is_none());
    let mut padded = [0xff; 18];
    padded[..4].copy_from_slice(b"abc\0");
    assert_eq!(Community::of(padded), Community::new(b"abc").unwrap());
    assert_eq!(Community::of(padded).bytes(), b"abc");
}
