//! RMCP+ with BMCs that depart from the specification, one by one (`research/freeipmi.md` §4.2, §4.3,
//! §4.8). IPMI v1.5 is in `console_ipmi15.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

#[path = "common/bmc20.rs"]
#[allow(unreachable_pub, reason = "a module of tests")]
mod bmc20;
mod common;

use std::time::{Duration, Instant};

use bmc20::{Bmc20, Sees, Ways};
use common::{Seeded, config};
use ipmi_session::console::{Agreed, Call, Config, Event, Failure, Session, SessionError};
use ipmi_session::{Quirk, Quirks, Secret};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::session::{
    AlgorithmProposal, Algorithms, AuthenticationAlgorithm, CipherSuite, IntegrityAlgorithm,
    OpenSessionRequest, RmcpPlusStatus, Username,
};

const PASSWORD: &[u8] = b"Complex_Pass";

struct Outcome {
    events: Vec<Event>,
    noticed: Vec<Quirk>,
    waited: Duration,
    sent: u64,
}

impl Outcome {
    fn suite(&self) -> Option<u8> {
        match &self.events[0] {
            Event::Established { agreed: Agreed::Suite(suite), .. } => Some(suite.0),
            _ => None,
        }
    }
}

/// Logs in, raises the privilege and runs commands.
fn run(config: Config, bmc: &mut Bmc20) -> Outcome {
    let (start, mut rng) = (Instant::now(), Seeded(5));
    let mut now = start;
    let mut console = Session::open(now, config, 0xa0a2_a3a4, &mut rng);
    for needs in [Privilege::User; 6] {
        console.call(now, Call { needs, ..Call::of(&GetDeviceId) }, &mut rng);
    }
    console.call(now, Call { needs: Privilege::Operator, ..Call::of(&GetDeviceId) }, &mut rng);
    let (mut events, mut noticed) = (Vec::new(), Vec::new());
    for _ in 0..1000 {
        while let Some(datagram) = console.poll_transmit() {
            if let Some(answer) = bmc.answer(&datagram) {
                console.handle_datagram(now, &answer, &mut rng);
            }
        }
        while let Some(event) = console.poll_event() {
            match event {
                Event::Noticed(quirk) => noticed.push(quirk),
                event => events.push(event),
            }
        }
        let Some(due) = console.poll_timeout() else { break };
        now = due;
        console.handle_timeout(now, &mut rng);
    }
    Outcome { events, noticed, waited: now - start, sent: console.sent() }
}

/// All is answered without a repetition, and this was noticed.
fn works(config: Config, ways: Ways, noticed: &[Quirk]) -> Outcome {
    works_with(config, ways, PASSWORD, noticed)
}

fn works_with(config: Config, ways: Ways, password: &[u8], noticed: &[Quirk]) -> Outcome {
    let outcome = run(config, &mut Bmc20::new(ways, password));
    let answers = outcome.events.iter().filter(|e| matches!(e, Event::Answer(..))).count();
    assert_eq!(answers, 7, "{:?}", outcome.events);
    assert_eq!(outcome.noticed, noticed);
    assert_eq!((outcome.waited, outcome.sent), (Duration::ZERO, outcome.sent));
    outcome
}

fn suite(number: u8) -> Config {
    Config { suites: vec![CipherSuite(number)], ..config() }
}

fn only(quirk: Quirk) -> Quirks {
    Quirks::NONE.with(quirk)
}

#[test]
fn by_the_book_nothing_is_noticed() {
    for number in [0, 1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17] {
        let outcome = works(suite(number), Ways::default(), &[]);
        assert_eq!((outcome.suite(), outcome.sent), (Some(number), 3 + 1 + 7));
    }
}

fn intel_name(sees: &mut Sees, _: Option<Privilege>) {
    let mut name = sees.exchange.username.as_bytes().to_vec();
    name.resize(16, 0);
    sees.exchange.username = Username::new(&name).unwrap();
}

fn intel_cut(sees: &mut Sees, privilege: Option<Privilege>) {
    intel_name(sees, privilege);
    sees.password = Secret::new(&sees.password.padded()[..16]).unwrap();
}

fn intel_rakp3(sees: &mut Sees, _: Option<Privilege>) {
    let name = sees.exchange.username.as_bytes();
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    sees.exchange.username = Username::new(&name[..end]).unwrap();
    sees.exchange.role_byte &= 0x0f;
}

fn intel_check(algorithms: Algorithms) -> AuthenticationAlgorithm {
    match algorithms.integrity {
        IntegrityAlgorithm::None => AuthenticationAlgorithm::None,
        IntegrityAlgorithm::HmacSha1_96 => AuthenticationAlgorithm::HmacSha1,
        IntegrityAlgorithm::HmacMd5_128 => AuthenticationAlgorithm::HmacMd5,
        other => panic!("{other:?}"),
    }
}

fn intel() -> Ways {
    Ways {
        rakp2: intel_name,
        rakp3: intel_rakp3,
        keys: intel_name,
        check: intel_check,
        ..Ways::default()
    }
}

#[test]
fn intels_first_proofs_are_recognized() {
    for number in [1, 2, 3, 6, 7, 8] {
        works(suite(number), intel(), &[Quirk::Intel20]);
        let workarounds = only(Quirk::Intel20);
        works(Config { workarounds, ..suite(number) }, intel(), &[Quirk::Intel20]);
    }
}

#[test]
fn intels_first_cut_passwords_for_md5() {
    const LONG: &[u8] = b"twenty bytes of pass";
    fn rakp3(sees: &mut Sees, privilege: Option<Privilege>) {
        intel_cut(sees, privilege);
        intel_rakp3(sees, privilege);
    }
    let ways = || Ways { rakp2: intel_cut, rakp3, keys: intel_cut, ..intel() };
    let long = Config { password: Secret::new(LONG).unwrap(), ..suite(7) };
    works_with(long.clone(), ways(), LONG, &[Quirk::Intel20]);
    // No other BMC has its passwords cut.
    let outcome = run(long, &mut Bmc20::new(Ways::default(), &LONG[..16]));
    assert!(matches!(
        outcome.events.last(),
        Some(Event::Closed(Some(SessionError::WrongPassword)))
    ));
}

#[test]
fn declared_intels_first_gets_the_name_as_it_wants_it() {
    let mut bmc = Bmc20::new(intel(), PASSWORD);
    run(Config { workarounds: only(Quirk::Intel20), ..suite(3) }, &mut bmc);
    assert_eq!(bmc.rakp1.unwrap().username.len(), 16);
    let mut bmc = Bmc20::new(intel(), PASSWORD);
    run(suite(3), &mut bmc);
    assert_eq!(bmc.rakp1.unwrap().username.as_bytes(), b"admin");
}

/// The role byte is Open Session's privilege: with the lookup bit, or without.
fn open_role(sees: &mut Sees, privilege: Option<Privilege>) {
    sees.exchange.role_byte = privilege.map_or(0, Privilege::number);
}

#[test]
fn keys_of_open_sessions_privilege_are_recognized() {
    let all = || Ways { rakp2: open_role, rakp3: open_role, keys: open_role, ..Ways::default() };
    let workarounds = only(Quirk::OpenSessPriv);
    for number in [1, 2, 3, 8, 17] {
        works(suite(number), all(), &[Quirk::OpenSessPriv]);
        works(Config { workarounds, ..suite(number) }, all(), &[Quirk::OpenSessPriv]);
        // RAKP 2 as it should be, and the keys not.
        let keys = Ways { keys: open_role, ..Ways::default() };
        works(suite(number), keys, &[Quirk::OpenSessPriv]);
    }
    // An echo of 0, and all else right.
    works(config(), Ways { echo: |_| None, ..Ways::default() }, &[Quirk::OpenSessPriv]);
}

#[test]
fn a_suite_that_is_bound_to_one_privilege_is_opened_for_whatever_it_is_good_for() {
    for status in [0x09, 0x0a, 0x11] {
        let refuses: fn(&OpenSessionRequest) -> Option<RmcpPlusStatus> = match status {
            0x09 => |r| bound(r, RmcpPlusStatus::INVALID_ROLE),
            0x0a => |r| bound(r, RmcpPlusStatus::UNAUTHORIZED_ROLE),
            _ => |r| bound(r, RmcpPlusStatus::NO_CIPHER_SUITE_MATCH),
        };
        let outcome = works(config(), Ways { refuses, ..Ways::default() }, &[]);
        assert_eq!(outcome.suite(), Some(17), "{status:02x}");
    }
}

fn bound(request: &OpenSessionRequest, status: RmcpPlusStatus) -> Option<RmcpPlusStatus> {
    request.max_privilege.is_some().then_some(status)
}

#[test]
fn a_byte_too_many_in_rakp_2_is_passed_over() {
    let surplus: (&[u8], &[u8]) = (&[0x99], &[]);
    for number in [0, 3, 8, 17] {
        works(suite(number), Ways { surplus, ..Ways::default() }, &[Quirk::Supermicro20]);
    }
    // With keys of Open Session's privilege it is Sun's.
    let (rakp2, rakp3, keys) = (open_role as _, open_role as _, open_role as _);
    let ways = Ways { surplus, rakp2, rakp3, keys, ..Ways::default() };
    let noticed = run(suite(3), &mut Bmc20::new(ways, PASSWORD)).noticed;
    assert_eq!(noticed[0], Quirk::Sun20);
    let ways = Ways { surplus, echo: |_| None, ..Ways::default() };
    works(suite(3), ways, &[Quirk::Sun20]);
}

#[test]
fn a_check_value_where_there_is_nothing_to_check_is_passed_over() {
    let surplus: (&[u8], &[u8]) = (&[], &[0x99; 12]);
    works(suite(0), Ways { surplus, ..Ways::default() }, &[Quirk::IntegrityCheckValue]);
}

#[test]
fn wrong_checksums_are_passed_over_where_integrity_vouches_or_the_administrator() {
    let ways = || Ways { checksums: false, ..Ways::default() };
    for number in [2, 3, 7, 8, 12, 16, 17] {
        works(suite(number), ways(), &[Quirk::NoChecksumCheck]);
    }
    for number in [0, 1, 6, 15] {
        let outcome = run(suite(number), &mut Bmc20::new(ways(), PASSWORD));
        assert!(matches!(outcome.events[1], Event::Failed(_, Failure::NoAnswer { .. })));
        let workarounds = only(Quirk::NoChecksumCheck);
        works(Config { workarounds, ..suite(number) }, ways(), &[Quirk::NoChecksumCheck]);
    }
}

#[test]
fn wrong_integrity_codes_are_told_from_silence() {
    let ways = || Ways { wrong_code: true, ..Ways::default() };
    for number in [2, 3, 17] {
        let outcome = run(suite(number), &mut Bmc20::new(ways(), PASSWORD));
        let Event::Failed(_, failure) = &outcome.events[1] else { panic!("{:?}", outcome.events) };
        assert!(matches!(failure, Failure::WrongCode { answers: 6, sent: 6, .. }), "{failure:?}");
    }
}

#[test]
fn steps_of_two_are_taken() {
    works(config(), Ways { step: 2, ..Ways::default() }, &[Quirk::SeqByTwo]);
    works(config(), Ways { step: 3, ..Ways::default() }, &[]);
}

#[test]
fn a_disabled_suite_that_is_refused_for_another_reason_is_left_for_the_next() {
    fn refuses(request: &OpenSessionRequest) -> Option<RmcpPlusStatus> {
        let sha256 = AlgorithmProposal::Exactly(AuthenticationAlgorithm::HmacSha256);
        (request.authentication == sha256).then_some(RmcpPlusStatus::ILLEGAL_PARAMETER)
    }
    let outcome =
        works(config(), Ways { refuses, ..Ways::default() }, &[Quirk::SuiteRefusedAsRole]);
    assert_eq!(outcome.suite(), Some(3));
}

#[test]
fn a_wrong_password_stays_one_whatever_is_declared() {
    let everything = Quirk::ALL.into_iter().collect();
    for workarounds in [Quirks::NONE, everything] {
        for number in [1, 3, 8, 12, 17] {
            let config = Config { workarounds, ..suite(number) };
            let outcome = run(config, &mut Bmc20::new(Ways::default(), b"another"));
            let last = outcome.events.last();
            assert_eq!(last, Some(&Event::Closed(Some(SessionError::WrongPassword))));
        }
    }
}

#[test]
fn a_wrong_check_value_ends_a_login_whatever_is_declared() {
    // Declared, intel20 changes the name that is sent, and so which BMC can be logged in to at all.
    let everything = Quirk::ALL.into_iter().filter(|quirk| *quirk != Quirk::Intel20).collect();
    fn other_keys(sees: &mut Sees, _: Option<Privilege>) {
        sees.password = Secret::new(b"a K_g").unwrap();
    }
    for workarounds in [Quirks::NONE, everything] {
        for number in [1, 3, 8, 12, 17] {
            let config = Config { workarounds, ..suite(number) };
            let ways = Ways { keys: other_keys, ..Ways::default() };
            let outcome = run(config, &mut Bmc20::new(ways, PASSWORD));
            let last = outcome.events.last();
            assert_eq!(last, Some(&Event::Closed(Some(SessionError::WrongKg))), "suite {number}");
        }
    }
}
