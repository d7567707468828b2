use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ipmi_wire::cmd::transport::{
    AddressStatus, AddressingEnables, AlertAddress, BadPasswordThreshold, CipherSuitePrivileges,
    DestinationAddress, DestinationType, DestinationVlan, DuidBlock, Ipv6Source, Ipv6StaticAddress,
    RouterControl, RouterField, Vlan,
};
use ipmi_wire::{Decode, Reader};

use super::*;
use crate::nvram::Change;
use crate::users::BadPasswordPolicy;

mod model;

type P = LanParameter;

const ALICE: Holder = Holder::Session(1);
const BOB: Holder = Holder::Session(2);
const BAD: CompletionCode = CompletionCode::PARAMETER_OUT_OF_RANGE;
const IN_PROGRESS: P = P::SetInProgress(SetInProgress::InProgress);
const COMMIT: P = P::SetInProgress(SetInProgress::CommitWrite);
const COMPLETE: P = P::SetInProgress(SetInProgress::Complete);

fn ip(last: u8) -> P {
    P::IpAddress(Ipv4Addr::new(192, 0, 2, last))
}

struct Bench {
    lan: LanConfig,
    policy: LanPolicy,
    journal: Journal,
    now: Instant,
    store: BTreeMap<Key, Vec<u8>>,
}

impl Bench {
    fn new(policy: LanPolicy) -> Self {
        let mut journal = Journal::default();
        let lan = LanConfig::new(&policy, &Memory::default(), &mut journal);
        Self { lan, policy, journal, now: Instant::now(), store: BTreeMap::new() }
    }

    fn set(&mut self, by: Holder, parameter: P) -> Outcome<()> {
        self.lan.expire(self.now, |_| true);
        self.lan.set(self.now, by, parameter, &mut self.journal).map(drop)
    }

    fn get(&mut self, by: Holder, selector: u8, set: u8) -> Outcome<P> {
        self.lan.expire(self.now, |_| true);
        self.lan.get(by, selector, set, 0)
    }

    fn address(&mut self, by: Holder) -> P {
        self.get(by, 3, 0).unwrap()
    }

    /// What was noted since the last time.
    fn keep(&mut self) -> usize {
        let changes = self.journal.take();
        let count = changes.len();
        for change in changes {
            match change {
                Change::Put(key, value) => drop(self.store.insert(key, value)),
                Change::Remove(key) => drop(self.store.remove(&key)),
                Change::Clear(_) => unreachable!("nobody clears this room"),
            }
        }
        count
    }

    fn restart(&mut self, policy: LanPolicy) {
        self.keep();
        let values = self.store.iter().map(|(key, value)| (*key, value.as_slice()));
        let memory = Memory::decode(values).unwrap();
        self.lan = LanConfig::new(&policy, &memory, &mut self.journal);
        self.policy = policy;
    }

    fn enforced(&self) -> LanPolicy {
        let mut policy = self.policy.clone();
        self.lan.enforce(&mut policy);
        policy
    }
}

fn bench() -> Bench {
    let mut bench = Bench::new(LanPolicy::default());
    bench.keep();
    assert!(bench.lan.take_change().is_some(), "nobody knows what the interface has");
    bench
}

#[test]
fn who_does_not_lock_writes_at_once() {
    let mut bench = bench();
    bench.set(ALICE, ip(5)).unwrap();
    assert_eq!((bench.address(ALICE), bench.address(BOB), bench.keep()), (ip(5), ip(5), 1));
    // Nothing to commit and nothing to complete is nothing wrong: ipmitool does both always.
    bench.set(ALICE, COMMIT).unwrap();
    bench.set(ALICE, COMPLETE).unwrap();
    assert_eq!((bench.address(BOB), bench.keep()), (ip(5), 0));
}

#[test]
fn what_is_under_way_shows_to_whom_it_belongs_and_holds_when_it_is_committed() {
    let mut bench = bench();
    let before = bench.address(BOB);
    bench.set(ALICE, IN_PROGRESS).unwrap();
    assert_eq!(bench.get(BOB, 0, 0), Ok(IN_PROGRESS));
    bench.set(ALICE, ip(5)).unwrap();
    bench.set(ALICE, ip(6)).unwrap();
    // ipmitool reads back what it has written before it commits.
    assert_eq!((bench.address(ALICE), bench.address(BOB)), (ip(6), before));
    assert_eq!((bench.keep(), bench.lan.take_change()), (0, None));
    bench.set(ALICE, COMMIT).unwrap();
    assert_eq!((bench.address(BOB), bench.keep()), (ip(6), 1));
    assert_eq!(bench.lan.take_change().unwrap().address, Ipv4Addr::new(192, 0, 2, 6));
    // Setting goes on until it is complete.
    assert_eq!(bench.get(BOB, 0, 0), Ok(IN_PROGRESS));
    bench.set(ALICE, COMPLETE).unwrap();
    assert_eq!(bench.get(BOB, 0, 0), Ok(COMPLETE));
    assert_eq!(bench.keep(), 0);
}

#[test]
fn set_complete_alone_loses_nothing() {
    let mut bench = bench();
    bench.set(ALICE, IN_PROGRESS).unwrap();
    bench.set(ALICE, ip(5)).unwrap();
    bench.set(ALICE, P::VlanPriority(3)).unwrap();
    bench.set(ALICE, COMPLETE).unwrap();
    assert_eq!((bench.address(BOB), bench.get(BOB, 21, 0)), (ip(5), Ok(P::VlanPriority(3))));
    assert_eq!(bench.keep(), 2);
}

#[test]
fn two_cannot_set_at_a_time_and_the_other_one_loses_nothing() {
    let mut bench = bench();
    bench.set(ALICE, IN_PROGRESS).unwrap();
    bench.set(ALICE, ip(5)).unwrap();
    let in_progress = Err(CompletionCode(0x81));
    for parameter in [IN_PROGRESS, COMMIT, COMPLETE] {
        assert_eq!(bench.set(BOB, parameter), in_progress);
    }
    // Who has heard no answer says it again, and loses nothing.
    bench.set(ALICE, IN_PROGRESS).unwrap();
    assert_eq!(bench.address(ALICE), ip(5));
    // Who writes all the same writes what nobody takes back.
    bench.set(BOB, P::VlanPriority(6)).unwrap();
    assert_eq!((bench.keep(), bench.get(ALICE, 21, 0)), (1, Ok(P::VlanPriority(6))));
    bench.lan.reset();
    assert_eq!(bench.get(BOB, 21, 0), Ok(P::VlanPriority(6)));
    assert_ne!(bench.address(ALICE), ip(5));
    bench.set(BOB, IN_PROGRESS).unwrap();
}

#[test]
fn who_does_not_come_back_holds_up_nobody_and_leaves_nothing() {
    let mut bench = bench();
    let before = bench.address(BOB);
    for end in 0..3 {
        bench.set(ALICE, IN_PROGRESS).unwrap();
        bench.now += Duration::from_secs(40);
        // Every write lets it live on.
        bench.set(ALICE, ip(5)).unwrap();
        bench.now += Duration::from_secs(40);
        assert_eq!(bench.get(BOB, 0, 0), Ok(IN_PROGRESS));
        match end {
            0 => bench.now += Duration::from_secs(20),
            1 => bench.lan.expire(bench.now, |id| Holder::Session(id) != ALICE),
            _ => bench.lan.reset(),
        }
        assert_eq!((bench.get(BOB, 0, 0), bench.address(ALICE)), (Ok(COMPLETE), before.clone()));
    }
    // The host has no session that could end.
    bench.set(Holder::Host, IN_PROGRESS).unwrap();
    bench.lan.expire(bench.now, |_| false);
    assert_eq!(bench.get(BOB, 0, 0), Ok(IN_PROGRESS));
    bench.now += Duration::from_secs(60);
    assert_eq!(bench.get(BOB, 0, 0), Ok(COMPLETE));
    assert_eq!(bench.keep(), 0);
}

/// A value for every parameter that can be written.
fn values() -> Vec<P> {
    let mac = MacAddress([2, 1, 2, 3, 4, 5]);
    let address = Ipv4Addr::new(192, 0, 2, 9);
    let address6: Ipv6Addr = "2001:db8::9".parse().unwrap();
    let mut levels = [0; 16];
    levels[3] = 3;
    let kind = DestinationType { selector: 8, kind: 6, acknowledged: true, timeout: 9, retries: 2 };
    let to = AlertAddress::V4 { backup_gateway: true, ip: address, mac };
    let tag = DestinationVlan { selector: 8, tagged: true, id: 5, ..DestinationVlan::default() };
    let router = |second, field| P::StaticRouter { second, field };
    vec![
        P::AuthTypeEnables(AuthTypeEnables::default()),
        P::IpAddress(address),
        P::AddressSource(AddressSource::BIOS),
        P::MacAddress(mac),
        P::SubnetMask(Ipv4Addr::new(255, 255, 0, 0)),
        P::Ipv4Header(ipmi_wire::cmd::transport::Ipv4Header {
            time_to_live: 9,
            flags: 0,
            precedence: 1,
            type_of_service: 2,
        }),
        P::ArpControl(ArpControl { gratuitous: true, responses: false }),
        P::GratuitousArpInterval(9),
        P::DefaultGateway(address),
        P::DefaultGatewayMac(mac),
        P::BackupGateway(address),
        P::BackupGatewayMac(mac),
        P::CommunityString([7; 18]),
        P::DestinationType(kind),
        P::DestinationAddress(DestinationAddress { selector: 8, address: to }),
        P::Vlan(Vlan { id: 9, enabled: true }),
        P::VlanPriority(5),
        P::CipherSuitePrivileges(CipherSuitePrivileges { levels }),
        P::DestinationVlan(tag),
        P::BadPasswordThreshold(BadPasswordThreshold {
            log: false,
            threshold: 3,
            reset_interval: 6,
            lockout_interval: 0,
        }),
        P::AddressingEnables(AddressingEnables::BOTH),
        P::Ipv6TrafficClass(1),
        P::Ipv6HopLimit(2),
        P::Ipv6FlowLabel(3),
        P::Ipv6StaticAddress(Ipv6StaticAddress {
            selector: 1,
            enabled: true,
            source: Ipv6Source::STATIC,
            address: address6,
            prefix_length: 48,
            status: AddressStatus::ACTIVE,
        }),
        P::RouterControl(RouterControl { static_routers: true, dynamic_routers: false }),
        router(false, RouterField::Address(address6)),
        router(false, RouterField::Mac(mac)),
        router(true, RouterField::PrefixLength(48)),
        router(true, RouterField::Prefix(address6)),
    ]
}

#[test]
fn what_is_set_is_told_and_kept() {
    let mut bench = bench();
    for value in values() {
        bench.set(ALICE, value.clone()).unwrap();
        assert_eq!(bench.get(BOB, value.selector(), value.set()), Ok(value));
    }
    assert!(bench.lan.take_change().is_some());
    let values_before = bench.lan.values.clone();
    bench.restart(LanPolicy::default());
    assert_eq!(bench.lan.values, values_before);
    // What commands have set is to be applied again.
    assert_eq!(bench.lan.take_change(), Some(values_before.settings()));
    assert_eq!(bench.lan.take_change(), None);
}

#[test]
fn the_first_destination_is_for_now() {
    let mut bench = bench();
    let kind = DestinationType { timeout: 7, ..DestinationType::default() };
    bench.set(ALICE, P::DestinationType(kind)).unwrap();
    assert_eq!(bench.get(BOB, 18, 0), Ok(P::DestinationType(kind)));
    assert_eq!(bench.keep(), 0);
    bench.restart(LanPolicy::default());
    assert_eq!(bench.get(BOB, 18, 0), Ok(P::DestinationType(DestinationType::default())));
}

#[test]
fn every_selector_has_its_code() {
    let mut bench = bench();
    let no_dynamic = [59, 61, 74, 75, 76, 77];
    for selector in 0..=255u8 {
        let is_known = matches!(selector, 0..=8 | 10..=26 | 50..=57 | 59..=62 | 64..=79);
        let told = bench.get(ALICE, selector, 0);
        match is_known {
            // This BMC has none of these to tell of.
            _ if no_dynamic.contains(&selector) => assert_eq!(told, Err(BAD), "{selector}"),
            true => assert_eq!(told.unwrap().selector(), selector),
            false => assert_eq!(told, Err(UNSUPPORTED), "{selector}"),
        }
        let is_read_only =
            matches!(selector, 1 | 8 | 17 | 22 | 23 | 50 | 55 | 57 | 59..=62 | 73..=79);
        // As long as any parameter is.
        let bytes = [0; 20];
        let Some(parameter) = (0..=20).find_map(|length| {
            let mut r = Reader::new(&bytes[..length]);
            let parameter = P::decode(selector, &mut r).ok()?;
            r.is_empty().then_some(parameter)
        }) else {
            panic!("{selector} has no form");
        };
        let outcome = bench.set(ALICE, parameter);
        if is_read_only {
            assert_eq!(outcome, Err(READ_ONLY), "{selector}");
        } else if !is_known {
            assert_eq!(outcome, Err(UNSUPPORTED), "{selector}");
        } else {
            assert!(outcome.is_ok() || outcome == Err(BAD), "{selector}: {outcome:?}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut bench = bench();
    let md5 = AuthTypes { md5: true, ..AuthTypes::default() };
    let levels = |number: usize, level| {
        let mut levels = [0; 16];
        levels[3] = 4;
        levels[number] = level;
        P::CipherSuitePrivileges(CipherSuitePrivileges { levels })
    };
    let static6 = |selector, prefix_length, address: &str| {
        P::Ipv6StaticAddress(Ipv6StaticAddress {
            selector,
            enabled: true,
            source: Ipv6Source::STATIC,
            address: address.parse().unwrap(),
            prefix_length,
            status: AddressStatus::ACTIVE,
        })
    };
    let destination = |selector, kind| {
        P::DestinationType(DestinationType { selector, kind, ..DestinationType::default() })
    };
    let v6 = AlertAddress::V6(Ipv6Addr::LOCALHOST);
    for parameter in [
        P::AuthTypeEnables(AuthTypeEnables([md5; 5])),
        P::IpAddress(Ipv4Addr::new(224, 0, 0, 1)),
        P::IpAddress(Ipv4Addr::BROADCAST),
        P::AddressSource(AddressSource::from_number(5)),
        P::MacAddress(MacAddress([0; 6])),
        P::MacAddress(MacAddress([1, 0, 0x5e, 0, 0, 1])),
        P::SubnetMask(Ipv4Addr::new(255, 0, 255, 0)),
        P::DefaultGateway(Ipv4Addr::BROADCAST),
        P::Vlan(Vlan { id: 0, enabled: true }),
        P::Vlan(Vlan { id: 4095, enabled: true }),
        destination(1, 3),
        destination(9, 0),
        P::DestinationAddress(DestinationAddress { selector: 1, address: v6 }),
        // A suite that is not on offer, and more than may be.
        levels(0, 4),
        levels(3, 5),
        P::AddressingEnables(AddressingEnables(3)),
        static6(0, 129, "2001:db8::1"),
        static6(0, 64, "ff02::1"),
        static6(2, 64, "2001:db8::1"),
        P::StaticRouter { second: false, field: RouterField::PrefixLength(129) },
    ] {
        let before = bench.lan.values.clone();
        assert_eq!(bench.set(ALICE, parameter.clone()), Err(BAD), "{parameter:?}");
        bench.set(ALICE, IN_PROGRESS).unwrap();
        assert_eq!(bench.set(ALICE, parameter), Err(BAD));
        bench.set(ALICE, COMPLETE).unwrap();
        assert_eq!(bench.lan.values, before);
    }
    assert_eq!(bench.keep(), 0);
    for (selector, set) in [(18, 9), (19, 9), (25, 9), (56, 2), (59, 0), (74, 0), (61, 0)] {
        assert_eq!(bench.get(ALICE, selector, set), Err(BAD));
    }
}

#[test]
fn the_configuration_has_the_last_word_of_the_network_once_it_says_something_else() {
    let mut bench = bench();
    bench.set(ALICE, ip(5)).unwrap();
    bench.set(ALICE, P::CommunityString([7; 18])).unwrap();
    bench.restart(LanPolicy::default());
    assert_eq!(bench.address(ALICE), ip(5));
    let network = Network { gateway: Ipv4Addr::new(192, 0, 2, 1), ..Network::default() };
    let other = LanPolicy { network, ..LanPolicy::default() };
    for _ in 0..2 {
        bench.restart(other.clone());
        assert_eq!(bench.address(ALICE), P::IpAddress(Ipv4Addr::LOCALHOST));
        // Of which it says nothing.
        assert_eq!(bench.get(ALICE, 16, 0), Ok(P::CommunityString([7; 18])));
        let settings = bench.lan.take_change().unwrap();
        assert_eq!(settings.gateway, Ipv4Addr::new(192, 0, 2, 1));
    }
    // The port is where it listens, and no setting.
    let mut moved = other;
    moved.network.port = 9623;
    bench.set(ALICE, ip(6)).unwrap();
    bench.restart(moved);
    assert_eq!(bench.address(ALICE), ip(6));
    assert_eq!(bench.get(ALICE, 8, 0), Ok(P::PrimaryRmcpPort(9623)));
}

#[test]
fn a_suite_is_limited_by_its_number_and_never_brought_in() {
    let suites = |numbers: &[u8]| {
        numbers.iter().map(|n| (CipherSuite(*n), Privilege::Administrator)).collect::<Vec<_>>()
    };
    let mut bench = bench();
    let mut levels = [0; 16];
    levels[3] = 4;
    assert_eq!(
        bench.get(ALICE, 24, 0),
        Ok(P::CipherSuitePrivileges(CipherSuitePrivileges { levels }))
    );
    assert_eq!(bench.get(ALICE, 23, 0), Ok(P::CipherSuites(vec![17, 3])));
    assert_eq!(bench.enforced().suites, suites(&[17, 3]));
    levels[3] = 2;
    bench.set(ALICE, P::CipherSuitePrivileges(CipherSuitePrivileges { levels })).unwrap();
    let limited =
        vec![(CipherSuite(17), Privilege::Administrator), (CipherSuite(3), Privilege::User)];
    assert_eq!(bench.enforced().suites, limited);
    levels[3] = 0;
    bench.set(ALICE, P::CipherSuitePrivileges(CipherSuitePrivileges { levels })).unwrap();
    assert_eq!(bench.enforced().suites, suites(&[17]));
    // It is off, and still there to be switched on.
    assert_eq!(bench.get(ALICE, 22, 0), Ok(P::CipherSuiteCount(2)));
    // Another list gives no suite another one's privilege.
    let other = LanPolicy { suites: suites(&[3, 8, 17]), ..LanPolicy::default() };
    bench.restart(other);
    assert_eq!(bench.enforced().suites, suites(&[8, 17]));
    bench.restart(LanPolicy { suites: suites(&[17]), ..LanPolicy::default() });
    assert_eq!(bench.enforced().suites, suites(&[17]));
}

#[test]
fn wrong_passwords_lead_to_what_the_parameter_says() {
    let mut bench = bench();
    let delivered =
        BadPasswordThreshold { log: true, threshold: 10, reset_interval: 30, lockout_interval: 30 };
    assert_eq!(bench.get(ALICE, 26, 0), Ok(P::BadPasswordThreshold(delivered)));
    assert_eq!(bench.enforced().bad_password, BadPasswordPolicy::default());
    let set =
        BadPasswordThreshold { log: false, threshold: 3, reset_interval: 0, lockout_interval: 12 };
    bench.set(ALICE, P::BadPasswordThreshold(set)).unwrap();
    let policy = BadPasswordPolicy {
        threshold: 3,
        reset_after: None,
        lockout: Some(Duration::from_secs(120)),
        log_lockout: false,
    };
    assert_eq!(bench.enforced().bad_password, policy);
}

#[test]
fn authentication_types_are_enabled_among_those_on_offer() {
    let ipmi15 = vec![AuthType::Md5, AuthType::Password];
    let mut bench = Bench::new(LanPolicy { ipmi15: ipmi15.clone(), ..LanPolicy::default() });
    let both = AuthTypes { md5: true, straight_password: true, ..AuthTypes::default() };
    assert_eq!(bench.get(ALICE, 1, 0), Ok(P::AuthTypeSupport(both)));
    assert_eq!(bench.get(ALICE, 2, 0), Ok(P::AuthTypeEnables(AuthTypeEnables([both; 5]))));
    assert_eq!(bench.enforced().ipmi15, ipmi15);
    let md5 = AuthTypes { straight_password: false, ..both };
    let mut enables = AuthTypeEnables([md5; 5]);
    enables.0[3] = AuthTypes::default();
    bench.set(ALICE, P::AuthTypeEnables(enables)).unwrap();
    let policy = bench.enforced();
    assert_eq!((policy.ipmi15, policy.auth_enables), (vec![AuthType::Md5], enables));
    assert_eq!(enabled_for(&enables, Privilege::User), md5);
    assert_eq!(enabled_for(&enables, Privilege::Administrator), AuthTypes::default());
}

#[test]
fn what_dhcp_gives_is_not_set_by_hand_and_can_be_lost() {
    let lease = Lease {
        address: Ipv4Addr::new(10, 0, 0, 7),
        netmask: Ipv4Addr::new(255, 0, 0, 0),
        gateway: Ipv4Addr::new(10, 0, 0, 1),
    };
    let network = Network { lease: Some(lease), ..Network::default() };
    let mut bench = Bench::new(LanPolicy { network, ..LanPolicy::default() });
    bench.keep();
    // Who takes the address away from DHCP can set it in the same go.
    bench.set(ALICE, P::AddressSource(AddressSource::DHCP)).unwrap();
    assert_eq!(bench.address(BOB), P::IpAddress(lease.address));
    assert_eq!(bench.get(BOB, 6, 0), Ok(P::SubnetMask(lease.netmask)));
    assert_eq!(bench.get(BOB, 12, 0), Ok(P::DefaultGateway(lease.gateway)));
    for parameter in [ip(5), P::SubnetMask(lease.netmask), P::DefaultGateway(lease.gateway)] {
        assert_eq!(bench.set(ALICE, parameter), Err(READ_ONLY));
    }
    assert_eq!(bench.lan.take_change().unwrap().source, AddressSource::DHCP);
    bench.lan.set_lease(None);
    assert_eq!(bench.address(BOB), P::IpAddress(Ipv4Addr::UNSPECIFIED));
    assert_eq!(bench.lan.take_change(), None, "whoever asks for leases knows that");
    bench.set(ALICE, IN_PROGRESS).unwrap();
    bench.set(ALICE, P::AddressSource(AddressSource::STATIC)).unwrap();
    bench.set(ALICE, ip(5)).unwrap();
    bench.set(ALICE, P::DefaultGateway(lease.gateway)).unwrap();
    assert_eq!(bench.address(ALICE), ip(5));
    bench.set(ALICE, COMPLETE).unwrap();
    assert_eq!(bench.address(BOB), ip(5));
    // All of that after a restart, too, in whatever order it is kept.
    bench.set(ALICE, P::AddressSource(AddressSource::DHCP)).unwrap();
    let policy = bench.policy.clone();
    bench.restart(policy);
    assert_eq!(bench.address(BOB), P::IpAddress(lease.address));
    bench.set(ALICE, P::AddressSource(AddressSource::STATIC)).unwrap();
    assert_eq!(bench.address(BOB), ip(5));
    assert_eq!(bench.get(BOB, 12, 0), Ok(P::DefaultGateway(lease.gateway)));
}

#[test]
fn dynamic_ipv6_addresses_are_told_as_they_came() {
    let address: Ipv6Addr = "2001:db8::aa".parse().unwrap();
    let dynamic = |source| Dynamic6 { source, address, prefix_length: 64 };
    let router = Router6 { address, prefix_length: 64, ..Router6::default() };
    let network = Network {
        addressing: AddressingEnables::BOTH,
        dynamic6: vec![dynamic(Ipv6Source::SLAAC), dynamic(Ipv6Source::DHCPV6)],
        routers6: vec![router],
        mac: MacAddress([2, 0, 0, 0, 0, 9]),
        ..Network::default()
    };
    let mut bench = Bench::new(LanPolicy { network, ..LanPolicy::default() });
    let Ok(P::Ipv6Status(status)) = bench.get(ALICE, 55, 0) else { panic!("55") };
    assert_eq!((status.dynamic_max, status.dhcpv6, status.slaac), (2, true, true));
    let Ok(P::Ipv6DynamicAddress(told)) = bench.get(ALICE, 59, 1) else { panic!("59") };
    assert_eq!((told.source, told.status), (Ipv6Source::DHCPV6, AddressStatus::ACTIVE));
    let mut data = [0; 16];
    data[..11].copy_from_slice(&[10, 0, 3, 0, 1, 2, 0, 0, 0, 0, 9]);
    let duid = DuidBlock { selector: 1, block: 0, data };
    assert_eq!(bench.get(ALICE, 61, 1), Ok(P::DynamicDuid(duid)));
    assert_eq!(bench.get(ALICE, 61, 0), Err(BAD), "SLAAC has none");
    assert_eq!(bench.lan.get(ALICE, 61, 1, 1), Err(BAD));
    let field = RouterField::PrefixLength(64);
    assert_eq!(bench.get(ALICE, 76, 0), Ok(P::DynamicRouter { selector: 0, field }));
    bench.set(ALICE, P::AddressingEnables(AddressingEnables::IPV4)).unwrap();
    let Ok(P::Ipv6DynamicAddress(told)) = bench.get(ALICE, 59, 1) else { panic!("59") };
    assert_eq!(told.status, AddressStatus::DISABLED);
}

#[test]
fn arps_are_suspended_until_a_reset() {
    let mut bench = bench();
    let both = ArpControl { gratuitous: true, responses: true };
    bench.set(ALICE, P::ArpControl(both)).unwrap();
    let some = ArpControl { gratuitous: true, responses: false };
    let rest = ArpControl { gratuitous: false, responses: true };
    assert_eq!(bench.lan.suspend_arps(some), rest);
    assert_eq!(bench.get(ALICE, 10, 0), Ok(P::ArpControl(both)), "what is set stays so");
    assert_eq!(bench.lan.suspend_arps(ArpControl::default()), both);
}

#[test]
fn counters_stop_at_their_end() {
    let mut statistics = Statistics::default();
    // RMCP of IPMI, of nobody, and not at all.
    let valid = [0x06, 0x00, 0xff, 0x07];
    statistics.received(&valid);
    statistics.received(&[0x06, 0x00, 0xff, 0x01]);
    statistics.received(b"junk");
    statistics.transmitted();
    let told = statistics.get();
    assert_eq!((told.ip_received, told.udp_received, told.rmcp_received), (3, 3, 1));
    assert_eq!((told.ip_transmitted, told.ip_fragments), (1, 0));
    (0..0x1_0000).for_each(|_| statistics.received(&valid));
    assert_eq!(statistics.get().ip_received, 0xffff);
}

#[test]
fn what_a_later_program_kept_is_left_alone() {
    let key = |selector: u8, set: u8| Key {
        room: Room::Lan,
        number: u32::from_le_bytes([selector, set, 0, 0]),
    };
    let seed = Network::default().seed();
    let values: [(Key, &[u8]); 4] =
        [(key(99, 0), &[1, 2]), (key(18, 15), &[15, 0, 0, 0]), (key(24, 200), &[4]), (SEED, &seed)];
    let memory = Memory::decode(values).unwrap();
    let lan = LanConfig::new(&LanPolicy::default(), &memory, &mut Journal::default());
    assert_eq!(lan.values, Parameters::delivered(&LanPolicy::default()));
    assert!(Memory::decode([(key(3, 0), &[1, 2, 3][..])]).is_err());
    assert_eq!(P::decode(99, &mut Reader::new(&[1])).unwrap().selector(), 99);
    assert!(DestinationType::decode_exact(&[1]).is_err());
}
