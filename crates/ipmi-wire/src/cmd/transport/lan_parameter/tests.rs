use core::net::Ipv6Addr;

use proptest::prelude::*;

use super::*;
use crate::cmd::transport::{AddressStatus, AlertAddress, Ipv6Source};

fn decode(selector: u8, bytes: &[u8]) -> Result<LanParameter, DecodeError> {
    let mut r = Reader::new(bytes);
    let parameter = LanParameter::decode(selector, &mut r)?;
    r.finish()?;
    Ok(parameter)
}

/// What is read comes back as it was, and half of it is refused.
fn check(parameter: &LanParameter, selector: u8, bytes: &[u8]) {
    assert_eq!(decode(selector, bytes).as_ref(), Ok(parameter), "{bytes:02x?}");
    assert_eq!((parameter.selector(), parameter.to_bytes()), (selector, bytes.to_vec()));
    assert!(decode(selector, &[bytes, &[0]].concat()).is_err(), "{parameter:?} takes one more");
    assert!(decode(selector, &bytes[..bytes.len() - 1]).is_err(), "{parameter:?} takes one less");
}

/// As `ipmitool lan print` and `lan set` read and write them (1.8.19, lib/ipmi_lanp.c), the rest by
/// hand from Table 23-4; FreeIPMI's templates have the same layouts.
#[test]
fn every_parameter_of_ipv4_has_its_form() {
    use LanParameter as P;
    let md5 = AuthTypes { md5: true, ..AuthTypes::default() };
    let all = AuthTypes { none: true, md2: true, straight_password: true, oem: true, ..md5 };
    let mut enables = AuthTypeEnables([md5; 5]);
    enables.0[4] = AuthTypes::default();
    let mac = MacAddress([0x02, 0x11, 0x22, 0x33, 0x44, 0x55]);
    let mut community = [0; 18];
    community[..6].copy_from_slice(b"public");
    let ip = Ipv4Addr::new(192, 168, 0, 55);
    let mut levels = [0; 16];
    levels[..3].copy_from_slice(&[4, 3, 2]);
    let cases: Vec<(P, u8, Vec<u8>)> = vec![
        (P::SetInProgress(SetInProgress::CommitWrite), 0, vec![2]),
        (P::AuthTypeSupport(all), 1, vec![0x37]),
        (P::AuthTypeEnables(enables), 2, vec![4, 4, 4, 4, 0]),
        (P::IpAddress(ip), 3, vec![192, 168, 0, 55]),
        (P::AddressSource(AddressSource::DHCP), 4, vec![2]),
        (P::MacAddress(mac), 5, mac.0.to_vec()),
        (P::SubnetMask(Ipv4Addr::new(255, 255, 255, 0)), 6, vec![255, 255, 255, 0]),
        (P::Ipv4Header(Ipv4Header::default()), 7, vec![0x40, 0x40, 0x10]),
        (P::PrimaryRmcpPort(623), 8, vec![0x6f, 0x02]),
        (P::SecondaryRmcpPort(664), 9, vec![0x98, 0x02]),
        (P::ArpControl(ArpControl { gratuitous: false, responses: true }), 10, vec![2]),
        (P::GratuitousArpInterval(3), 11, vec![3]),
        (P::DefaultGateway(ip), 12, vec![192, 168, 0, 55]),
        (P::DefaultGatewayMac(mac), 13, mac.0.to_vec()),
        (P::BackupGateway(ip), 14, vec![192, 168, 0, 55]),
        (P::BackupGatewayMac(mac), 15, mac.0.to_vec()),
        (P::CommunityString(community), 16, community.to_vec()),
        (P::DestinationCount(4), 17, vec![4]),
        (P::Vlan(Vlan { id: 0x123, enabled: true }), 20, vec![0x23, 0x81]),
        (P::VlanPriority(5), 21, vec![5]),
        (P::CipherSuiteCount(2), 22, vec![2]),
        (
            P::CipherSuitePrivileges(CipherSuitePrivileges { levels }),
            24,
            vec![0, 0x34, 0x02, 0, 0, 0, 0, 0, 0],
        ),
        (
            P::BadPasswordThreshold(BadPasswordThreshold {
                log: true,
                threshold: 3,
                reset_interval: 0x1e,
                lockout_interval: 0x100,
            }),
            26,
            vec![1, 3, 0x1e, 0, 0, 1],
        ),
    ];
    for (parameter, selector, bytes) in cases {
        check(&parameter, selector, &bytes);
    }
    // Its length says how many there are.
    let suites = P::CipherSuites(vec![17, 3]);
    assert_eq!(decode(23, &[0, 17, 3]), Ok(suites.clone()));
    assert_eq!(suites.to_bytes(), [0, 17, 3]);
}

#[test]
fn destinations_are_found_by_their_selector() {
    use LanParameter as P;
    let mac = MacAddress([0, 1, 2, 3, 4, 5]);
    let kind =
        DestinationType { selector: 2, kind: 6, acknowledged: true, timeout: 10, retries: 3 };
    check(&P::DestinationType(kind), 18, &[2, 0x86, 10, 3]);
    let ip = Ipv4Addr::new(10, 0, 0, 9);
    let address = AlertAddress::V4 { backup_gateway: true, ip, mac };
    let address = P::DestinationAddress(DestinationAddress { selector: 4, address });
    check(&address, 19, &[4, 0, 1, 10, 0, 0, 9, 0, 1, 2, 3, 4, 5]);
    let address = AlertAddress::V6(Ipv6Addr::LOCALHOST);
    let v6 = P::DestinationAddress(DestinationAddress { selector: 1, address });
    check(&v6, 19, &[&[1, 0x10][..], &Ipv6Addr::LOCALHOST.octets()].concat());
    assert!(decode(19, &[1, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).is_err());
    let tag = DestinationVlan { selector: 1, tagged: true, id: 5, canonical: false, priority: 7 };
    check(&P::DestinationVlan(tag), 25, &[1, 0x10, 0x05, 0xe0]);
    assert_eq!((address_set(&v6), P::DestinationType(kind).set()), (1, 2));
    // Who has no tag may say nothing of it.
    let none = DestinationVlan { selector: 3, ..DestinationVlan::default() };
    assert_eq!(decode(25, &[3, 0]), Ok(P::DestinationVlan(none)));
}

fn address_set(parameter: &LanParameter) -> u8 {
    parameter.set()
}

/// As `ipmitool lan6 set` (1.8.19, lib/ipmi_lanp6.c) lays them out.
#[test]
fn every_parameter_of_ipv6_has_its_form() {
    use LanParameter as P;
    let address: Ipv6Addr = "2001:db8::7".parse().unwrap();
    let octets = address.octets();
    let mac = MacAddress([2, 1, 2, 3, 4, 5]);
    let fixed = Ipv6StaticAddress {
        selector: 1,
        enabled: true,
        source: Ipv6Source::STATIC,
        address,
        prefix_length: 64,
        status: AddressStatus::DISABLED,
    };
    let bytes = [&[1, 0x80][..], &octets, &[64, 1]].concat();
    assert_eq!(decode(56, &bytes), Ok(P::Ipv6StaticAddress(fixed)));
    assert_eq!(P::Ipv6StaticAddress(fixed).to_bytes(), bytes);
    let given = Ipv6StaticAddress { status: AddressStatus::ACTIVE, ..fixed };
    assert_eq!(decode(56, &bytes[..19]), Ok(P::Ipv6StaticAddress(given)));
    let dynamic = Ipv6DynamicAddress {
        selector: 0,
        source: Ipv6Source::DHCPV6,
        address,
        prefix_length: 128,
        status: AddressStatus::ACTIVE,
    };
    let mut data = [0; 16];
    data[..5].copy_from_slice(&[10, 0, 3, 0, 1]);
    let duid = DuidBlock { selector: 0, block: 0, data };
    let support = Ipv6Support { only: true, both: true, alerts: false };
    let status = Ipv6Status { static_max: 2, dynamic_max: 1, dhcpv6: false, slaac: true };
    let control = RouterControl { static_routers: true, dynamic_routers: false };
    let second = |field| P::StaticRouter { second: true, field };
    let router = |field| P::DynamicRouter { selector: 3, field };
    let cases: Vec<(P, u8, Vec<u8>)> = vec![
        (P::Ipv6Support(support), 50, vec![3]),
        (P::AddressingEnables(AddressingEnables::BOTH), 51, vec![2]),
        (P::Ipv6TrafficClass(7), 52, vec![7]),
        (P::Ipv6HopLimit(64), 53, vec![64]),
        (P::Ipv6FlowLabel(0x0c_1234), 54, vec![0x0c, 0x12, 0x34]),
        (P::Ipv6Status(status), 55, vec![2, 1, 2]),
        (P::StaticDuidBlocks(0), 57, vec![0]),
        (P::StaticDuid(duid), 58, [&[0, 0][..], &data].concat()),
        (P::Ipv6DynamicAddress(dynamic), 59, [&[0, 2][..], &octets, &[128, 0]].concat()),
        (P::DynamicDuidBlocks(1), 60, vec![1]),
        (P::DynamicDuid(duid), 61, [&[0, 0][..], &data].concat()),
        (P::Dhcpv6TimingSupport(TimingSupport::GLOBAL), 62, vec![1]),
        (P::RouterControl(control), 64, vec![1]),
        (
            P::StaticRouter { second: false, field: RouterField::Address(address) },
            65,
            octets.to_vec(),
        ),
        (second(RouterField::Mac(mac)), 70, mac.0.to_vec()),
        (second(RouterField::PrefixLength(64)), 71, vec![64]),
        (second(RouterField::Prefix(address)), 72, octets.to_vec()),
        (P::DynamicRouterCount(1), 73, vec![1]),
        (router(RouterField::Address(address)), 74, [&[3][..], &octets].concat()),
        (router(RouterField::PrefixLength(48)), 76, vec![3, 48]),
        (P::DynamicHopLimit(255), 78, vec![255]),
        (P::NeighborTimingSupport(TimingSupport::NONE), 79, vec![0]),
    ];
    for (parameter, selector, bytes) in cases {
        check(&parameter, selector, &bytes);
    }
    let timing = TimingBlock { selector: 0, block: 1, data: vec![1, 2, 3, 4, 5, 6] };
    for (selector, parameter) in
        [(63, P::Dhcpv6Timing(timing.clone())), (80, P::NeighborTiming(timing))]
    {
        assert_eq!(decode(selector, &[0, 1, 1, 2, 3, 4, 5, 6]).as_ref(), Ok(&parameter));
        assert_eq!(parameter.to_bytes(), [0, 1, 1, 2, 3, 4, 5, 6]);
        assert!(decode(selector, &[0]).is_err());
    }
}

#[test]
fn what_is_reserved_is_not_a_state() {
    assert!(decode(0, &[3]).is_err());
    assert_eq!(decode(0, &[0xfd]), Ok(LanParameter::SetInProgress(SetInProgress::InProgress)));
    assert_eq!(decode(192, &[1, 2]), Ok(LanParameter::Other { selector: 192, data: vec![1, 2] }));
    // Reserved bits that a controller sets are not passed on.
    assert_eq!(decode(54, &[0xfc, 0x12, 0x34]), Ok(LanParameter::Ipv6FlowLabel(0x0c_1234)));
    assert_eq!(decode(21, &[0xff]), Ok(LanParameter::VlanPriority(7)));
}

proptest! {
    #[test]
    fn a_value_comes_back(
        selector in 0u8..=96,
        body in prop::collection::vec(any::<u8>(), 0..24),
    ) {
        let mut r = Reader::new(&body);
        if let Ok(parameter) = LanParameter::decode(selector, &mut r) {
            prop_assert_eq!(parameter.selector(), selector);
            let again = parameter.to_bytes();
            let back = LanParameter::decode(selector, &mut Reader::new(&again)).unwrap();
            prop_assert_eq!(back, parameter);
        }
    }
}
