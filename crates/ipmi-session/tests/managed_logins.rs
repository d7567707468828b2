//! What the managed end tells of logins: to the console, and to whoever counts wrong passwords.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod managed_common;

use ipmi_session::managed::Login;
use ipmi_session::{Entropy, Secret, V15Protection};
use ipmi_wire::session::{AuthType, PayloadType, Rakp3, RmcpPlusStatus, Username};
use ipmi_wire::{CompletionCode, Privilege};

use managed_common::{Bmc, Console15, Console20, Seeded, TYPES, host, step};

const WRONG: Option<Login> = Some(Login::WrongPassword { user_id: 2 });
const RIGHT: Option<Login> = Some(Login::Succeeded { user_id: 2 });

fn console(suite: u8, name: &[u8], password: &[u8]) -> Console20 {
    let mut console = Console20::new(host(1), suite);
    console.rakp1.username = Username::new(name).unwrap();
    console.password = Secret::new(password).unwrap();
    console
}

/// How far `console` comes: RAKP 2's status, and RAKP 4's if there was one.
fn statuses(bmc: &mut Bmc, mut console: Console20) -> (RmcpPlusStatus, Option<RmcpPlusStatus>) {
    assert!(console.ask_open(bmc).status.is_ok());
    let rakp2 = console.ask_rakp1(bmc).status;
    let exchange = console.exchange.clone().filter(|_| rakp2.is_ok());
    (rakp2, exchange.map(|exchange| console.ask_rakp3(bmc, &exchange).status))
}

#[test]
fn a_wrong_password_is_told_once_and_so_is_a_right_one() {
    for suite in [3, 17, 8] {
        let mut bmc = Bmc::new();
        let (_, rakp4) = statuses(&mut bmc, console(suite, b"admin", b"wrong"));
        assert_eq!(rakp4, Some(RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE));
        assert_eq!((bmc.sessions.take_login(), bmc.sessions.take_login()), (WRONG, None));
        let (_, rakp4) = statuses(&mut bmc, console(suite, b"admin", managed_common::PASSWORD));
        assert_eq!((rakp4, bmc.sessions.take_login()), (Some(RmcpPlusStatus::NO_ERRORS), RIGHT));
        // Nobody's password is nobody's concern; and a role is not a password.
        let (rakp2, _) = statuses(&mut bmc, console(suite, b"nobody", b"wrong"));
        assert_eq!((rakp2, bmc.sessions.take_login()), (RmcpPlusStatus::UNAUTHORIZED_NAME, None));
        let (rakp2, _) = statuses(&mut bmc, console(suite, b"guest", managed_common::PASSWORD));
        assert_eq!((rakp2, bmc.sessions.take_login()), (RmcpPlusStatus::UNAUTHORIZED_ROLE, None));
    }
    // Without authentication nothing was proven.
    let mut bmc = Bmc::new();
    let (_, rakp4) = statuses(&mut bmc, console(0, b"admin", b"wrong"));
    assert_eq!((rakp4, bmc.sessions.take_login()), (Some(RmcpPlusStatus::NO_ERRORS), None));
}

/// As our own console does: it finds RAKP 2's code wrong and sends a RAKP 3 that says so (§13.23).
#[test]
fn a_console_that_finds_our_code_wrong_had_a_wrong_password() {
    for (status, login) in [
        (RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE, WRONG),
        (RmcpPlusStatus::INSUFFICIENT_RESOURCES, None),
    ] {
        let mut bmc = Bmc::new();
        let mut console = console(17, b"admin", b"wrong");
        console.ask_open(&mut bmc);
        let managed_session_id = console.rakp1.managed_session_id;
        let abort = Rakp3 { tag: 3, status, managed_session_id, auth_code: Vec::new() };
        let abort = Console20::datagram(PayloadType::Rakp3, &abort);
        // Before RAKP 1 it is about no user; from elsewhere, about no handshake.
        console.ask_rakp1(&mut bmc);
        assert!(bmc.send(host(2), &abort).is_none());
        assert_eq!(bmc.sessions.take_login(), None);
        for expected in [login, None] {
            assert!(bmc.send(host(1), &abort).is_none());
            assert_eq!(bmc.sessions.take_login(), expected);
        }
    }
}

#[test]
fn ipmi_15_tells_of_passwords_too_and_a_repeat_is_no_second_attempt() {
    for auth_type in [AuthType::Md5, AuthType::Md2, AuthType::Password] {
        let mut bmc = Bmc::new();
        let mut console = Console15::new(host(1), auth_type);
        console.ask_challenge(&mut bmc).unwrap().unwrap();
        let right = core::mem::replace(
            &mut console.protection,
            V15Protection::new(auth_type, &Secret::new(b"wrong").unwrap()).unwrap(),
        );
        for expected in [WRONG, None, None] {
            assert!(console.ask_activate(&mut bmc).is_none());
            assert_eq!(bmc.sessions.take_login(), expected, "{auth_type}");
        }
        let other = Secret::new(b"also wrong").unwrap();
        console.protection = V15Protection::new(auth_type, &other).unwrap();
        assert!(console.ask_activate(&mut bmc).is_none());
        assert_eq!(bmc.sessions.take_login(), WRONG, "{auth_type}");
        console.protection = right;
        console.ask_activate(&mut bmc).unwrap().unwrap();
        assert_eq!(bmc.sessions.take_login(), RIGHT, "{auth_type}");
    }
    let mut bmc = Bmc::new();
    Console15::login(&mut bmc, host(1), AuthType::None);
    assert_eq!(bmc.sessions.take_login(), None);
}

#[test]
fn a_closed_channel_opens_no_session() {
    let mut bmc = Bmc::new();
    let mut console = Console20::new(host(1), 17);
    bmc.users.closed = true;
    assert_eq!(console.ask_open(&mut bmc).status, RmcpPlusStatus::UNAUTHORIZED_ROLE);
    // What was under way when it was closed is taken back.
    bmc.users.closed = false;
    assert!(console.ask_open(&mut bmc).status.is_ok());
    bmc.sessions.cancel_all_logins();
    assert_eq!(console.ask_rakp1(&mut bmc).status, RmcpPlusStatus::INVALID_SESSION_ID);
}

/// Everybody who has no business here, and the one who has.
const CALLERS: [(&[u8], &[u8], u8); 6] = [
    (b"nobody", b"Complex_Pass", 0x14),
    (b"", b"", 0x14),
    (b"admin", b"wrong", 0x14),
    (b"guest", b"wrong", 0x12),
    // Above the user's limit, and a lookup by a level that is not the user's.
    (b"guest", b"wrong", 0x14),
    (b"guest", b"wrong", 0x03),
];

#[test]
fn hidden_names_look_alike_until_rakp_4() {
    for suite in [3, 17, 12] {
        let mut seen = Vec::new();
        for (name, password, role) in CALLERS {
            let mut bmc = Bmc::new();
            bmc.users.hides_names = true;
            let mut console = console(suite, name, password);
            console.rakp1.role_byte = role;
            console.ask_open(&mut bmc);
            let (before, mut after) = (bmc.rng.0, Seeded(0));
            let rakp1 = Console20::datagram(PayloadType::Rakp1, &console.rakp1);
            let rakp2 = bmc.send(host(1), &rakp1).unwrap();
            // As much randomness was used for each: nothing was left out for anybody.
            after.0 = before;
            let mut drawn = 0;
            while after.0 != bmc.rng.0 {
                after.fill(&mut [0]);
                drawn += 1;
            }
            let answer: ipmi_wire::session::Rakp2 = step(&rakp2);
            console.ask_rakp1(&mut bmc);
            let exchange = console.exchange.clone().unwrap();
            let algorithm = console.suite.algorithms().unwrap().authentication;
            let code = exchange.rakp3_code(algorithm, &console.password).unwrap();
            let rakp3 = Rakp3 {
                tag: 3,
                status: RmcpPlusStatus::NO_ERRORS,
                managed_session_id: console.rakp1.managed_session_id,
                auth_code: code.as_bytes().to_vec(),
            };
            let rakp4 =
                bmc.send(host(1), &Console20::datagram(PayloadType::Rakp3, &rakp3)).unwrap();
            let status: ipmi_wire::session::Rakp4 = step(&rakp4);
            seen.push((drawn, answer.status, rakp2.len(), status.status, rakp4.len()));
            assert!(bmc.sessions.is_empty());
        }
        let first = seen[0];
        assert!(seen.iter().all(|other| *other == first), "{seen:?}");
        assert_eq!(
            (first.1, first.3),
            (RmcpPlusStatus::NO_ERRORS, RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE,)
        );
    }
}

#[test]
fn a_made_up_password_is_another_one_each_time_and_none_that_can_be_guessed() {
    let mut bmc = Bmc::new();
    bmc.users.hides_names = true;
    let mut codes = Vec::new();
    for tag in 0..4 {
        let mut console = console(17, b"nobody", b"");
        console.open.tag = tag;
        console.ask_open(&mut bmc);
        let answer = console.ask_rakp1(&mut bmc);
        let keys = answer.keys.unwrap();
        for guess in [&b""[..], b"nobody", &[0; 20]] {
            let exchange = console.exchange.clone().unwrap();
            let algorithm = console.suite.algorithms().unwrap().authentication;
            let code = exchange.rakp2_code(algorithm, &Secret::new(guess).unwrap()).unwrap();
            assert_ne!(code.as_bytes(), keys.auth_code);
        }
        codes.push(keys.auth_code);
    }
    codes.dedup();
    assert_eq!(codes.len(), 4);
    // A repeat is still a repeat.
    let mut console = console(17, b"nobody", b"");
    console.ask_open(&mut bmc);
    assert_eq!(console.ask_rakp1(&mut bmc), console.ask_rakp1(&mut bmc));
}

#[test]
fn who_knows_the_password_is_told_the_truth_where_names_are_hidden() {
    let right = managed_common::PASSWORD;
    let mut bmc = Bmc::new();
    bmc.users.hides_names = true;
    let ok = RmcpPlusStatus::NO_ERRORS;
    assert_eq!(statuses(&mut bmc, console(17, b"admin", right)), (ok, Some(ok)));
    assert_eq!(bmc.sessions.take_login(), RIGHT);
    let rakp4 = Some(RmcpPlusStatus::UNAUTHORIZED_ROLE);
    assert_eq!(statuses(&mut bmc, console(17, b"guest", right)), (ok, rakp4));
    // What the channel does not allow is no secret.
    let mut low = console(17, b"nobody", right);
    low.open.max_privilege = Some(Privilege::User);
    assert_eq!(statuses(&mut bmc, low), (RmcpPlusStatus::UNAUTHORIZED_ROLE, None));
    // Nor can a suite without authentication hide anything: but nobody gets in.
    let rakp4 = Some(RmcpPlusStatus::UNAUTHORIZED_NAME);
    assert_eq!(statuses(&mut bmc, console(0, b"nobody", b"")), (ok, rakp4));
    assert_eq!(bmc.sessions.len(), 1);
}

#[test]
fn ipmi_15_hides_names_where_there_is_a_password_to_prove() {
    for auth_type in TYPES {
        let mut answers = Vec::new();
        for name in [&b"admin"[..], b"nobody", b"", b"long"] {
            let mut bmc = Bmc::new();
            bmc.users.hides_names = true;
            let mut console = Console15::of(host(1), auth_type, name, b"wrong");
            let challenged = console.ask_challenge(&mut bmc).unwrap();
            let activated = challenged.ok().and_then(|()| console.ask_activate(&mut bmc));
            answers.push((challenged, activated.is_some()));
        }
        if auth_type == AuthType::None {
            assert_eq!(answers[0], (Ok(()), true));
            assert_eq!(answers[1], (Err(CompletionCode(0x81)), false));
        } else {
            assert!(answers.iter().all(|answer| *answer == (Ok(()), false)), "{answers:?}");
        }
    }
}
