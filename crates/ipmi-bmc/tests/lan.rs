//! LAN and SOL parameters as commands read and set them, over restarts of the controller.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::Ipv4Addr;

use ipmi_bmc::{LanPolicy, Lease, Origin};
use ipmi_wire::cmd::app::{
    ColdReset, GetChannelAuthenticationCapabilities, GetChannelCipherSuites,
};
use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{
    AddressSource, ArpControl, AuthTypeEnables, BitRate, CipherSuitePrivileges,
    GetIpUdpRmcpStatistics, GetLanConfigurationParameters, GetSolConfigurationParameters,
    LanParameter, SetLanConfigurationParameters, SetSolConfigurationParameters, SolAuthentication,
    SolParameter, SuspendBmcArps,
};
use ipmi_wire::session::AuthType;
use ipmi_wire::{Channel, CompletionCode, NetFn, Privilege, Request};

use common::{Counting, Machine, peer};

const LAN: Channel = Channel::new(1);

fn set(machine: &mut Machine, parameter: LanParameter) -> Result<(), CompletionCode> {
    machine.ask(&SetLanConfigurationParameters { channel: LAN, parameter })
}

fn get(machine: &mut Machine, selector: u8) -> LanParameter {
    let answer = machine.ask(&GetLanConfigurationParameters::of(LAN, selector)).unwrap();
    assert_eq!(answer.revision, 0x11);
    answer.parameter.unwrap()
}

fn set_sol(machine: &mut Machine, parameter: SolParameter) -> Result<(), CompletionCode> {
    machine.ask(&SetSolConfigurationParameters { channel: LAN, parameter })
}

fn get_sol(machine: &mut Machine, selector: u8) -> SolParameter {
    let answer = machine.ask(&GetSolConfigurationParameters::of(LAN, selector)).unwrap();
    assert_eq!(answer.revision, 0x11);
    answer.parameter.unwrap()
}

#[test]
fn the_revision_can_be_asked_for_alone_and_only_of_what_there_is() {
    let mut machine = Machine::new();
    for (netfn, cmd) in [(NetFn::Transport, 0x02), (NetFn::Transport, 0x22)] {
        let mut ask = |selector| {
            let request = Request { netfn, lun: 0, cmd, data: vec![0x81, selector, 0, 0] };
            let response = machine.request(Origin::SystemInterface, &request);
            (response.completion.0, response.data)
        };
        assert_eq!(ask(3), (0x00, vec![0x11]));
        assert_eq!(ask(200), (0x80, vec![]));
    }
    let elsewhere = GetLanConfigurationParameters::of(Channel::new(2), 3);
    assert_eq!(machine.ask(&elsewhere), Err(CompletionCode::INVALID_DATA_FIELD));
    let elsewhere = GetSolConfigurationParameters::of(Channel::new(2), 1);
    assert_eq!(machine.ask(&elsewhere), Err(CompletionCode::INVALID_DATA_FIELD));
}

#[test]
fn operators_read_and_administrators_set() {
    let mut machine = Machine::new();
    let mut ask = |privilege, cmd, data: &[u8]| {
        let (session_id, channel, user_id) = (7, LAN, 2);
        let origin = Origin::Session { session_id, channel, user_id, privilege };
        let request = Request { netfn: NetFn::Transport, lun: 0, cmd, data: data.to_vec() };
        machine.request(origin, &request).completion
    };
    let refused = CompletionCode::INSUFFICIENT_PRIVILEGE;
    for (cmd, data, needed) in [
        (0x01, &[0x01, 21, 3][..], Privilege::Administrator),
        (0x02, &[0x01, 3, 0, 0], Privilege::Operator),
        (0x03, &[0x01, 0], Privilege::Administrator),
        (0x04, &[0x01, 0], Privilege::User),
        (0x21, &[0x01, 4, 1, 1], Privilege::Administrator),
        (0x22, &[0x01, 1, 0, 0], Privilege::User),
    ] {
        for privilege in [Privilege::User, Privilege::Operator, Privilege::Administrator] {
            let expected = if privilege < needed { refused } else { CompletionCode::OK };
            assert_eq!(ask(privilege, cmd, data), expected, "{cmd:#x} as {privilege}");
        }
    }
}

#[test]
fn a_cipher_suite_that_is_switched_off_is_not_offered() {
    let mut machine = Machine::new();
    let suites = |machine: &mut Machine| {
        let command =
            GetChannelCipherSuites { channel: LAN, payload_type: 0, by_suite: true, index: 0 };
        let records = machine.ask(&command).unwrap().data;
        records.chunks(5).map(|record| record[1]).collect::<Vec<_>>()
    };
    assert_eq!(suites(&mut machine), [17, 3]);
    let privileges = CipherSuitePrivileges { levels: [0; 16] };
    set(&mut machine, LanParameter::CipherSuitePrivileges(privileges)).unwrap();
    assert_eq!(suites(&mut machine), [17]);
    machine.restart();
    assert_eq!(suites(&mut machine), [17]);
}

#[test]
fn authentication_types_are_told_by_privilege() {
    let ipmi15 = vec![AuthType::Md5];
    let mut machine = Machine::with_lan(LanPolicy { ipmi15, ..LanPolicy::default() });
    let types = |machine: &mut Machine, privilege| {
        let command =
            GetChannelAuthenticationCapabilities { channel: LAN, ipmi20: true, privilege };
        let answer = machine.ask(&command).unwrap();
        (answer.auth_types.bits(), answer.supports_ipmi15)
    };
    let LanParameter::AuthTypeEnables(AuthTypeEnables(mut enables)) = get(&mut machine, 2) else {
        panic!("2");
    };
    enables[3].md5 = false;
    set(&mut machine, LanParameter::AuthTypeEnables(AuthTypeEnables(enables))).unwrap();
    assert_eq!(types(&mut machine, Privilege::Administrator), (0, true));
    assert_eq!(types(&mut machine, Privilege::User), (4, true));
    let none = AuthTypeEnables::default();
    set(&mut machine, LanParameter::AuthTypeEnables(none)).unwrap();
    assert_eq!(types(&mut machine, Privilege::User), (0, false));
    machine.restart();
    assert_eq!(types(&mut machine, Privilege::User), (0, false));
}

#[test]
fn packets_are_counted_until_they_are_cleared() {
    let mut machine = Machine::new();
    let mut entropy = Counting(1);
    // RMCP/ASF presence ping of IPMI v2.0 §13.2.3: answered; junk is not.
    let ping = [0x06, 0x00, 0xff, 0x06, 0x00, 0x00, 0x11, 0xbe, 0x80, 0x01, 0x00, 0x00];
    assert!(machine.bmc.handle_datagram(machine.now, peer(), &ping, &mut entropy).is_some());
    assert!(machine.bmc.handle_datagram(machine.now, peer(), b"junk", &mut entropy).is_none());
    let counts = |machine: &mut Machine, clear| {
        let told = machine.ask(&GetIpUdpRmcpStatistics { channel: LAN, clear }).unwrap();
        [told.ip_received, told.udp_received, told.rmcp_received, told.ip_transmitted]
    };
    assert_eq!(counts(&mut machine, false), [2, 2, 1, 1]);
    assert_eq!(counts(&mut machine, true), [2, 2, 1, 1]);
    assert_eq!(counts(&mut machine, false), [0; 4]);
}

#[test]
fn a_reset_of_the_controller_takes_back_what_nobody_has_completed() {
    let mut machine = Machine::new();
    let in_progress = LanParameter::SetInProgress(SetInProgress::InProgress);
    set(&mut machine, in_progress.clone()).unwrap();
    set(&mut machine, LanParameter::VlanPriority(3)).unwrap();
    set_sol(&mut machine, SolParameter::SetInProgress(SetInProgress::InProgress)).unwrap();
    set_sol(&mut machine, SolParameter::Enable(true)).unwrap();
    assert_eq!(get_sol(&mut machine, 1), SolParameter::Enable(true));
    machine.keep();
    let suspend = ArpControl { gratuitous: false, responses: true };
    let command = SuspendBmcArps { channel: LAN, suspend };
    assert_eq!(machine.ask(&command).unwrap().occurring, ArpControl::default());
    machine.ask(&ColdReset).unwrap();
    assert_eq!(machine.keep(), 0);
    assert_eq!(get(&mut machine, 21), LanParameter::VlanPriority(0));
    assert_eq!(get_sol(&mut machine, 1), SolParameter::Enable(false));
    set(&mut machine, in_progress).unwrap();
}

#[test]
fn what_is_set_of_serial_over_lan_is_kept_but_for_the_bit_rate_of_now() {
    let mut machine = Machine::new();
    let authentication =
        SolAuthentication { force_encryption: false, force_authentication: true, privilege: 4 };
    let values = [
        SolParameter::Enable(true),
        SolParameter::Authentication(authentication),
        SolParameter::Accumulate { interval: 1, threshold: 2 },
        SolParameter::Retry { count: 3, interval: 4 },
        SolParameter::NonVolatileBitRate(BitRate::B9600),
        SolParameter::VolatileBitRate(BitRate::B57600),
    ];
    for value in &values {
        set_sol(&mut machine, value.clone()).unwrap();
        assert_eq!(get_sol(&mut machine, value.selector()), *value);
    }
    machine.restart();
    for value in &values[..5] {
        assert_eq!(get_sol(&mut machine, value.selector()), *value);
    }
    assert_eq!(get_sol(&mut machine, 6), SolParameter::VolatileBitRate(BitRate::B9600));
    assert_eq!(get_sol(&mut machine, 7), SolParameter::PayloadChannel(LAN));
    assert_eq!(get_sol(&mut machine, 8), SolParameter::PayloadPort(623));
}

#[test]
fn what_serial_over_lan_cannot_be_is_refused() {
    let mut machine = Machine::new();
    machine.keep();
    let authentication = |privilege| {
        SolParameter::Authentication(SolAuthentication {
            force_encryption: true,
            force_authentication: true,
            privilege,
        })
    };
    let (range, read_only) = (CompletionCode::PARAMETER_OUT_OF_RANGE, CompletionCode(0x82));
    let other = SolParameter::Other { selector: 9, data: vec![1] };
    for (parameter, code) in [
        (authentication(1), range),
        (authentication(5), range),
        (SolParameter::Accumulate { interval: 0, threshold: 1 }, range),
        (SolParameter::NonVolatileBitRate(BitRate::from_number(5)), range),
        (SolParameter::VolatileBitRate(BitRate::from_number(11)), range),
        (SolParameter::PayloadChannel(LAN), read_only),
        (SolParameter::PayloadPort(624), read_only),
        (other, CompletionCode(0x80)),
    ] {
        assert_eq!(set_sol(&mut machine, parameter), Err(code));
    }
    set_sol(&mut machine, SolParameter::PayloadPort(623)).unwrap();
    let in_progress = SolParameter::SetInProgress(SetInProgress::InProgress);
    set_sol(&mut machine, in_progress.clone()).unwrap();
    let by_lan = machine.ask_by_lan(&SetSolConfigurationParameters {
        channel: LAN,
        parameter: in_progress.clone(),
    });
    assert_eq!(by_lan, Err(CompletionCode(0x81)), "it is another's");
    set_sol(&mut machine, in_progress).unwrap();
}

#[test]
fn whoever_runs_the_bmc_is_told_of_changes_and_tells_of_leases() {
    let mut machine = Machine::new();
    assert!(machine.bmc.take_network_change().is_some(), "at each start");
    assert_eq!(machine.bmc.take_network_change(), None);
    set(&mut machine, LanParameter::CommunityString([7; 18])).unwrap();
    assert_eq!(machine.bmc.take_network_change(), None);
    set(&mut machine, LanParameter::AddressSource(AddressSource::DHCP)).unwrap();
    assert_eq!(machine.bmc.take_network_change().unwrap().source, AddressSource::DHCP);
    let address = Ipv4Addr::new(10, 0, 0, 7);
    assert_eq!(get(&mut machine, 3), LanParameter::IpAddress(Ipv4Addr::UNSPECIFIED));
    let (netmask, gateway) = (Ipv4Addr::new(255, 0, 0, 0), Ipv4Addr::new(10, 0, 0, 1));
    machine.bmc.set_lease(Some(Lease { address, netmask, gateway }));
    assert_eq!(get(&mut machine, 3), LanParameter::IpAddress(address));
    machine.bmc.set_lease(None);
    assert_eq!(get(&mut machine, 3), LanParameter::IpAddress(Ipv4Addr::UNSPECIFIED));
    machine.restart();
    assert!(machine.bmc.take_network_change().is_some(), "it is to be applied again");
}
