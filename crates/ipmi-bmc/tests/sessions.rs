//! Sessions as commands show them, and what a request that is sent again does to the machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use ipmi_bmc::platform::PowerSignal;
use ipmi_bmc::{LanPolicy, Origin, Reply};
use ipmi_session::{Quirk, Quirks};
use ipmi_wire::cmd::app::{
    AuthTypes, CloseSession, GetChannelAuthenticationCapabilities, GetChannelCipherSuites,
    GetSessionInfo, GetUserAccess, SessionInfo, SessionSelector, SetSessionPrivilegeLevel,
    SetUserAccess,
};
use ipmi_wire::cmd::chassis::{
    ChassisControl, GetChassisStatus, PowerAction, PowerRestorePolicy, SetPowerRestorePolicy,
};
use ipmi_wire::session::{
    AlgorithmProposal, AuthType, OpenSessionRequest, OpenSessionResponse, PayloadType,
    RmcpPlusStatus,
};
use ipmi_wire::{
    Channel, Command, CompletionCode, Decode, NetFn, Privilege, Reader, Request, Response,
};

use common::console::{Console, answer, payload, suite_0};
use common::{Counting, Machine, peer};

const RESET: ChassisControl = ChassisControl { action: PowerAction::Reset };

/// As ipmitool does it: four tries, after 1, 3 and 6 seconds (`research/ipmitool.md` §4.3).
#[test]
fn a_reset_that_is_asked_for_again_is_done_once_and_answered_each_time() {
    let mut machine = suite_0();
    let mut console = Console::login(&mut machine, peer(), 1);
    for pause in [0, 1, 2, 3] {
        machine.now += Duration::from_secs(pause);
        let response = console.ask(&mut machine, 5, &RESET).unwrap();
        assert_eq!(response.completion, CompletionCode::OK);
    }
    assert_eq!(machine.bench.state().signals, [PowerSignal::Reset]);
    console.ask(&mut machine, 6, &RESET).unwrap();
    assert_eq!(machine.bench.state().signals.len(), 2, "another request");
}

#[test]
fn who_uses_one_number_for_everything_is_served_as_well() {
    let mut machine = suite_0();
    let mut console = Console::login(&mut machine, peer(), 1);
    let mut is_on = |machine: &mut Machine, action| {
        assert!(console.ask(machine, 9, &ChassisControl { action }).unwrap().completion.is_ok());
        console.ask(machine, 9, &GetChassisStatus).unwrap().data[0] & 1 == 1
    };
    for _ in 0..3 {
        assert!(!is_on(&mut machine, PowerAction::Off));
        assert!(is_on(&mut machine, PowerAction::On));
    }
    assert_eq!(machine.bench.state().signals.len(), 6);
}

#[test]
fn an_answer_that_waits_is_given_once_and_then_as_often_as_asked_for() {
    let mut machine = suite_0();
    let mut console = Console::login(&mut machine, peer(), 1);
    let command = SetPowerRestorePolicy { policy: Some(PowerRestorePolicy::AlwaysOn) };
    let Some(Reply::Held(held)) = console.receive(&mut machine, 5, &command) else {
        panic!("it has to be kept first");
    };
    for _ in 0..3 {
        assert!(console.receive(&mut machine, 5, &command).is_none());
    }
    let failed = Err(ipmi_bmc::nvram::Unkept::Full);
    let sent = machine.bmc.release(held, failed, &mut console.entropy).unwrap();
    assert_eq!(answer(&sent), Response::code(CompletionCode::OUT_OF_SPACE));
    for _ in 0..3 {
        let again = console.ask(&mut machine, 5, &command).unwrap();
        assert_eq!(again, answer(&sent), "as it was sent");
    }
    assert!(matches!(console.receive(&mut machine, 6, &command), Some(Reply::Held(_))));
}

/// Somebody else takes the privilege away while the answer is still there to be given again.
#[test]
fn what_a_console_may_no_longer_see_is_not_shown_again() {
    let mut machine = suite_0();
    let mut console = Console::login(&mut machine, peer(), 1);
    let look = GetUserAccess { channel: Channel::new(1), user_id: 2 };
    let seen = console.ask(&mut machine, 5, &look).unwrap();
    assert!(seen.completion.is_ok());
    assert_eq!(console.ask(&mut machine, 5, &look).unwrap(), seen);
    assert!(console.ask(&mut machine, 4, &RESET).unwrap().completion.is_ok());
    let less = SetUserAccess {
        channel: Channel::new(1),
        flags: None,
        user_id: 2,
        limit: Some(Privilege::User),
        session_limit: None,
    };
    assert!(machine.request(Origin::SystemInterface, &Request::of(&less)).completion.is_ok());
    let denied = Response::code(CompletionCode::INSUFFICIENT_PRIVILEGE);
    // What was done is not undone by that, nor done again.
    assert!(console.ask(&mut machine, 4, &RESET).unwrap().completion.is_ok());
    assert_eq!(console.ask(&mut machine, 5, &look).unwrap(), denied);
    assert_eq!(console.ask(&mut machine, 6, &RESET).unwrap(), denied);
    assert_eq!(machine.bench.state().signals, [PowerSignal::Reset]);
}

#[test]
fn a_session_that_is_closed_stays_closed_whoever_repeats_it() {
    let mut machine = suite_0();
    let mut console = Console::login(&mut machine, peer(), 1);
    let close = CloseSession { session_id: console.session_id, handle: None };
    assert!(console.ask(&mut machine, 5, &close).unwrap().completion.is_ok());
    assert!(machine.bmc.sessions().is_empty());
    assert!(console.ask(&mut machine, 5, &close).is_none());
    assert!(console.ask(&mut machine, 6, &close).is_none());
}

fn info(machine: &mut Machine, console: &mut Console, selector: SessionSelector) -> SessionInfo {
    let command = GetSessionInfo { selector };
    // Each of these is a request of its own.
    let response = console.ask(machine, console.sequence as u8 & 0x3f, &command).unwrap();
    assert!(response.completion.is_ok(), "{selector:?}: {:?}", response.completion);
    command.decode_response(&mut Reader::new(&response.data)).unwrap()
}

#[test]
fn session_info_finds_a_session_by_all_its_names() {
    let mut machine = suite_0();
    let v6: SocketAddr = "[2001:db8::7]:50001".parse().unwrap();
    let mapped: SocketAddr = "[::ffff:192.0.2.7]:50002".parse().unwrap();
    let mut consoles =
        [(peer(), 1), (v6, 2), (mapped, 3)].map(|(from, n)| Console::login(&mut machine, from, n));
    let ids = consoles.each_ref().map(|console| console.session_id);
    let [first, ..] = &mut consoles;
    let current = info(&mut machine, first, SessionSelector::Current);
    assert_eq!((current.handle, current.possible, current.active), (1, 32, 3));
    for (at, id) in ids.into_iter().enumerate() {
        let number = at as u8 + 1;
        let found = info(&mut machine, first, SessionSelector::Id(id));
        assert_eq!(found.handle, number);
        for selector in [SessionSelector::Index(number), SessionSelector::Handle(number)] {
            assert_eq!(info(&mut machine, first, selector), found);
        }
        let session = found.session.unwrap();
        assert_eq!((session.user_id, session.protocol), (2, 1));
        assert_eq!(session.privilege, Some(Privilege::Administrator));
        assert_eq!(session.channel, Channel::new(1));
        let lan = session.lan.unwrap();
        // There is room for an IPv4 address only.
        let expected = [([127, 0, 0, 1], 50_000), ([0; 4], 50_001), ([192, 0, 2, 7], 50_002)];
        assert_eq!(((lan.ip, lan.port), lan.mac), (expected[at], [0; 6]));
    }
    assert_eq!(current, info(&mut machine, first, SessionSelector::Id(ids[0])));
    for none in [
        SessionSelector::Index(4),
        SessionSelector::Index(0xfd),
        SessionSelector::Handle(0),
        SessionSelector::Handle(4),
        SessionSelector::Id(0),
        SessionSelector::Id(ids[0].wrapping_add(1)),
    ] {
        let nobody = info(&mut machine, first, none);
        assert_eq!((nobody.handle, nobody.possible, nobody.active), (0, 32, 3), "{none:?}");
        assert_eq!(nobody.session, None);
    }
}

#[test]
fn session_info_follows_the_sessions() {
    let mut machine = suite_0();
    let mut first = Console::login(&mut machine, peer(), 1);
    let second = Console::login(&mut machine, peer(), 2);
    let level = Some(Privilege::User);
    first.ask(&mut machine, 60, &SetSessionPrivilegeLevel { level }).unwrap();
    let current = info(&mut machine, &mut first, SessionSelector::Current);
    assert_eq!(current.session.unwrap().privilege, level);
    // The other one falls silent.
    for _ in 0..3 {
        machine.now += Duration::from_secs(20);
        info(&mut machine, &mut first, SessionSelector::Current);
    }
    assert!(machine.bmc.sessions().get(second.session_id).is_none());
    assert_eq!(info(&mut machine, &mut first, SessionSelector::Index(2)).handle, 0);
    // Its handle is free again.
    Console::login(&mut machine, peer(), 3);
    assert_eq!(info(&mut machine, &mut first, SessionSelector::Index(2)).handle, 2);
}

#[test]
fn session_info_that_makes_no_sense_is_refused() {
    let mut machine = suite_0();
    let mut ask = |data: &[u8]| {
        let request = Request {
            data: data.to_vec(),
            ..Request::of(&GetSessionInfo { selector: SessionSelector::Current })
        };
        machine.request(Origin::SystemInterface, &request).completion.0
    };
    assert_eq!(ask(&[0]), 0xcc, "the system interface has no session");
    assert_eq!(ask(&[1]), 0);
    for wrong in [&[][..], &[0xfe], &[0xff, 1, 2, 3], &[1, 2], &[0xfe, 1, 2]] {
        assert_eq!(ask(wrong), 0xc7, "{wrong:02x?}");
    }
}

#[test]
fn the_last_place_is_the_last() {
    let mut machine = suite_0();
    for n in 0..32 {
        Console::login(&mut machine, SocketAddr::from(([10, 0, 0, n], 1)), n);
    }
    let request = OpenSessionRequest {
        tag: 0,
        max_privilege: None,
        console_session_id: 1,
        authentication: AlgorithmProposal::Any,
        integrity: AlgorithmProposal::Any,
        confidentiality: AlgorithmProposal::Any,
    };
    let mut console = Console { from: peer(), session_id: 0, sequence: 1, entropy: Counting(77) };
    let reply = console.step(&mut machine, PayloadType::OpenSessionRequest, &request);
    let refusal = OpenSessionResponse::decode_exact(&payload(&reply)).unwrap();
    assert_eq!(refusal.status, RmcpPlusStatus::INSUFFICIENT_RESOURCES);
    machine.wait(Duration::from_secs(60));
    assert!(machine.bmc.sessions().is_empty());
    Console::login(&mut machine, peer(), 1);
}

const CAPABILITIES: GetChannelAuthenticationCapabilities = GetChannelAuthenticationCapabilities {
    channel: Channel::new(1),
    ipmi20: true,
    privilege: Privilege::Administrator,
};

#[test]
fn only_what_is_on_is_offered() {
    let types = |machine: &mut Machine, ipmi20| {
        let command = GetChannelAuthenticationCapabilities { ipmi20, ..CAPABILITIES };
        let answer = machine.ask(&command).unwrap();
        assert!(!answer.per_message_auth_disabled && !answer.user_level_auth_disabled);
        assert_eq!((answer.extended, answer.supports_ipmi20), (ipmi20, ipmi20));
        (answer.auth_types, answer.supports_ipmi15)
    };
    let mut machine = Machine::new();
    for ipmi20 in [true, false] {
        assert_eq!(types(&mut machine, ipmi20), (AuthTypes::default(), false));
    }
    let ipmi15 = vec![AuthType::Md5, AuthType::Password];
    let mut machine = Machine::with_lan(LanPolicy { ipmi15, ..LanPolicy::default() });
    let offered = AuthTypes { md5: true, straight_password: true, ..AuthTypes::default() };
    assert_eq!(types(&mut machine, true), (offered, true));
    // To a console of IPMI v1.5 the byte of versions is reserved.
    assert_eq!(types(&mut machine, false), (offered, false));
}

fn with(quirk: Quirk, ipmi15: &[AuthType]) -> Machine {
    let ipmi15 = ipmi15.to_vec();
    let mut machine = Machine::with_lan(LanPolicy { ipmi15, ..LanPolicy::default() });
    machine.bmc.set_quirks(Quirks::NONE.with(quirk));
    machine
}

#[test]
fn quirks_of_the_capabilities() {
    let truth =
        Machine::with_lan(LanPolicy { ipmi15: vec![AuthType::Md5], ..LanPolicy::default() })
            .ask(&CAPABILITIES)
            .unwrap();
    let lie = with(Quirk::AuthCap, &[AuthType::Md5]).ask(&CAPABILITIES).unwrap();
    assert_eq!(lie.auth_types, AuthTypes::default());
    assert!(truth.non_null_users && !lie.non_null_users);
    assert!(!truth.kg_nonzero && lie.kg_nonzero);
    for quirk in [Quirk::UnexpectedAuth, Quirk::ForcePerMsg] {
        let answer = with(quirk, &[AuthType::Md5]).ask(&CAPABILITIES).unwrap();
        assert!(answer.per_message_auth_disabled);
    }
}

#[test]
fn quirks_of_the_list_of_suites() {
    let list = |mut machine: Machine| {
        let command = GetChannelCipherSuites {
            channel: Channel::new(1),
            payload_type: 0,
            by_suite: true,
            index: 0,
        };
        machine.ask(&command).unwrap().data
    };
    // Start of record, number; authentication, integrity, confidentiality (§22.15.2).
    let (seventeen, three) = ([0xc0, 17, 3, 0x44, 0x81], [0xc0, 3, 1, 0x41, 0x81]);
    assert_eq!(list(Machine::new()), [seventeen, three].concat());
    let advertised = [0xc0, 15, 3, 0x40, 0x80];
    let listed = list(with(Quirk::SuiteAdvertised, &[]));
    assert!(listed.starts_with(&[seventeen, three].concat()) && listed.len() > 10, "{listed:02x?}");
    assert_eq!(listed[10..13], advertised[..3]);
    let shifted = list(with(Quirk::SuitesFromOne, &[]));
    assert_eq!([shifted[1], shifted[6]], [18, 4]);
}

/// LAN parameter 24, set by the host.
#[test]
fn a_session_does_not_outlive_its_suite() {
    let mut machine = suite_0();
    let mut console = Console::login(&mut machine, peer(), 1);
    let set = |machine: &mut Machine, level: u8| {
        let data = [&[1, 24, 0, level][..], &[0; 7]].concat();
        let request = Request { netfn: NetFn::Transport, lun: 0, cmd: 1, data };
        assert!(machine.request(Origin::SystemInterface, &request).completion.is_ok());
    };
    set(&mut machine, 2);
    let reset = console.ask(&mut machine, 1, &RESET).unwrap();
    assert_eq!(reset.completion, CompletionCode::INSUFFICIENT_PRIVILEGE, "users at most");
    set(&mut machine, 0);
    assert!(console.ask(&mut machine, 2, &GetChassisStatus).is_none());
    assert!(machine.bmc.sessions().is_empty());
}
