//! Each quirk as it is seen on the wire. What a console makes of it is tested with the console; what
//! is in the answers to commands (`authcap`, `suitesfromone`, …), with the commands.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod managed_common;

use std::time::Duration;

use ipmi_session::keys::Exchange;
use ipmi_session::{Quirk, Quirks};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{
    AuthType, AuthenticationAlgorithm, OpenSessionRequest, OpenSessionResponse, PayloadType, Rakp2,
    Rakp3, Rakp4, RmcpPlusStatus, Username,
};
use ipmi_wire::{CompletionCode, Decode, Encode, Privilege};

use managed_common::{Bmc, CONSOLE_ID, Console15, Console20, TYPES, host, poll, step, v15};

fn algorithm(console: &Console20) -> AuthenticationAlgorithm {
    console.suite.algorithms().unwrap().authentication
}

/// Open Session and RAKP 1, each answered with no error.
fn challenged(bmc: &mut Bmc, suite: u8) -> (Console20, Rakp2, Exchange) {
    let mut console = Console20::new(host(1), suite);
    assert!(console.ask_open(bmc).status.is_ok());
    let rakp2 = console.ask_rakp1(bmc);
    let exchange = console.exchange.clone().unwrap();
    (console, rakp2, exchange)
}

/// Asks with the keys that follow from `exchange`; whether that works.
fn works(bmc: &mut Bmc, console: &mut Console20, exchange: &Exchange) -> bool {
    let keys = console.keys(exchange);
    console.protect(&keys);
    console.ask(bmc, &poll(1)).is_some()
}

fn proves(console: &Console20, rakp2: &Rakp2, exchange: &Exchange) -> bool {
    let code = exchange.rakp2_code(algorithm(console), &console.password).unwrap();
    rakp2.keys.as_ref().unwrap().auth_code == code.as_bytes()
}

#[test]
fn without_quirks_nothing_is_odd() {
    for suite in [17, 3, 0, 1, 2, 6, 7, 8, 11, 12, 15, 16] {
        let bmc = &mut Bmc::new();
        let (mut console, rakp2, exchange) = challenged(bmc, suite);
        assert!(proves(&console, &rakp2, &exchange));
        let rakp4 = console.ask_rakp3(bmc, &exchange);
        let keys = console.keys(&exchange);
        let check = exchange.rakp4_check(algorithm(&console), &keys).unwrap();
        assert_eq!(rakp4.integrity_check, check.as_bytes(), "suite {suite}");
        assert!(works(bmc, &mut console, &exchange), "suite {suite}");
    }
}

#[test]
fn idzero() {
    let bmc = &mut Bmc::with(&[Quirk::IdZero]);
    let mut console = Console15::login(bmc, host(1), AuthType::Md5);
    let reply = console.ask(bmc, &poll(1)).unwrap();
    let (packet, _) = v15(&reply);
    assert_eq!(packet.session_id, 0);
    console.protection.check(&packet).unwrap();
}

/// A console without codes in its packets, after a login with them.
fn without_codes(bmc: &mut Bmc) -> (Console15, Console15) {
    let mut console = Console15::new(host(1), AuthType::Md5);
    console.ask_challenge(bmc).unwrap().unwrap();
    assert_eq!(console.ask_activate(bmc).unwrap().unwrap().auth_type, AuthType::None);
    let mut bare = Console15::new(host(1), AuthType::None);
    (bare.session_id, bare.sequence) = (console.session_id, console.sequence);
    console.sequence += 1;
    (console, bare)
}

#[test]
fn unexpectedauth() {
    let bmc = &mut Bmc::with(&[Quirk::UnexpectedAuth]);
    let (mut console, mut bare) = without_codes(bmc);
    let reply = bare.ask(bmc, &poll(1)).unwrap();
    console.protection.check(&v15(&reply).0).unwrap();
    assert!(console.ask(bmc, &poll(2)).is_some());
}

#[test]
fn forcepermsg() {
    let bmc = &mut Bmc::with(&[Quirk::ForcePerMsg]);
    let (mut console, mut bare) = without_codes(bmc);
    assert!(bare.ask(bmc, &poll(1)).is_none());
    assert!(console.ask(bmc, &poll(2)).is_some());
}

/// FreeIPMI reverses what it receives and not what it sends (`ipmi-lan-session-common.c`).
#[test]
fn endianseq() {
    let bmc = &mut Bmc::with(&[Quirk::EndianSeq]);
    let mut console = Console15::new(host(1), AuthType::Md5);
    console.ask_challenge(bmc).unwrap().unwrap();
    let reply = bmc.send(host(1), &console.activate_datagram()).unwrap();
    assert_eq!(v15(&reply).0.sequence, Console15::OUTBOUND.swap_bytes());
    console.ask_activate(bmc).unwrap().unwrap();
    for number in 1..300u32 {
        let reply = console.ask(bmc, &poll(number as u8 & 0x3f)).unwrap();
        let (packet, _) = v15(&reply);
        assert_eq!(packet.sequence, (Console15::OUTBOUND + number).swap_bytes());
        console.protection.check(&packet).unwrap();
    }
}

#[test]
fn noauthcodecheck() {
    for auth_type in TYPES {
        let bmc = &mut Bmc::with(&[Quirk::NoAuthCodeCheck]);
        let mut console = Console15::new(host(1), auth_type);
        console.ask_challenge(bmc).unwrap().unwrap();
        let activated = bmc.send(host(1), &console.activate_datagram()).unwrap();
        console.ask_activate(bmc).unwrap().unwrap();
        let reply = console.ask(bmc, &poll(1)).unwrap();
        for reply in [activated, reply] {
            let (packet, _) = v15(&reply);
            assert_eq!(console.protection.check(&packet).is_ok(), auth_type == AuthType::None);
            if auth_type == AuthType::Password {
                assert_eq!(packet.auth_code, Some([0; 16]), "blank");
            }
        }
    }
}

#[test]
fn nochecksumcheck() {
    let bmc = &mut Bmc::with(&[Quirk::NoChecksumCheck]);
    let mut console = Console15::login(bmc, host(1), AuthType::Md5);
    let reply = console.ask(bmc, &poll(1)).unwrap();
    let (packet, message) = v15(&reply);
    console.protection.check(&packet).unwrap();
    let mut right = packet.payload.to_vec();
    LanMessage::decode_exact(&right).unwrap_err();
    for at in [2, right.len() - 1] {
        assert_ne!(right[at], message.to_bytes()[at], "both of them");
        right[at] = message.to_bytes()[at];
    }
    assert_eq!(LanMessage::decode_exact(&right).unwrap(), message);
    let mut console = Console20::login(bmc, host(2), 17);
    assert!(console.ask(bmc, &poll(1)).is_some(), "the packet is as it should be");
}

#[test]
fn intel20() {
    let padded = Username::new(b"admin\0\0\0\0\0\0\0\0\0\0\0").unwrap();
    for suite in [3, 8, 2, 1] {
        let bmc = &mut Bmc::with(&[Quirk::Intel20]);
        let (mut console, rakp2, exchange) = challenged(bmc, suite);
        let long_name = Exchange { username: padded, ..exchange.clone() };
        assert!(!proves(&console, &rakp2, &exchange) && proves(&console, &rakp2, &long_name));
        let no_lookup = Exchange { role_byte: exchange.role_byte & 0x0f, ..exchange.clone() };
        let rakp4 = console.ask_rakp3(bmc, &no_lookup);
        assert!(rakp4.status.is_ok(), "suite {suite}");
        let length = match suite {
            3 | 2 => 12,
            8 => 16,
            _ => 0,
        };
        assert_eq!(rakp4.integrity_check.len(), length);
        assert!(works(bmc, &mut console, &long_name));
    }
    let bmc = &mut Bmc::with(&[Quirk::Intel20]);
    let mut console = Console20::new(host(1), 3);
    console.ask_open(bmc);
    console.rakp1.username = padded;
    assert!(console.ask_rakp1(bmc).status.is_ok(), "as FreeIPMI sends it with -W intel20");
    let mut console = Console20::new(host(1), 3);
    console.open.max_privilege = None;
    assert_eq!(console.ask_open(bmc).accepted.unwrap().max_privilege, None);
    assert!(!Console20::new(host(1), 12).ask_open(bmc).status.is_ok(), "MD5-128");
}

#[test]
fn supermicro20() {
    for (suite, length) in [(17, 33), (3, 21), (8, 17), (0, 1)] {
        let bmc = &mut Bmc::with(&[Quirk::Supermicro20]);
        let (mut console, mut rakp2, exchange) = challenged(bmc, suite);
        let keys = rakp2.keys.as_mut().unwrap();
        assert_eq!(keys.auth_code.len(), length);
        keys.auth_code.pop();
        assert!(proves(&console, &rakp2, &exchange));
        assert!(console.ask_rakp3(bmc, &exchange).status.is_ok());
        assert!(works(bmc, &mut console, &exchange));
    }
}

#[test]
fn sun20() {
    for (suite, length) in [(17, 32), (3, 21)] {
        let bmc = &mut Bmc::with(&[Quirk::Sun20]);
        let mut console = Console20::new(host(1), suite);
        console.rakp1.role_byte = 0x13;
        assert!(console.ask_open(bmc).status.is_ok());
        let mut rakp2 = console.ask_rakp1(bmc);
        assert_eq!(rakp2.keys.as_ref().unwrap().auth_code.len(), length);
        rakp2.keys.as_mut().unwrap().auth_code.truncate(length & !1);
        let exchange = console.exchange.clone().unwrap();
        let opened = Exchange { role_byte: 0x14, ..exchange.clone() };
        assert!(proves(&console, &rakp2, &opened) && !proves(&console, &rakp2, &exchange));
    }
}

#[test]
fn opensesspriv() {
    for (asked, byte) in [(Some(Privilege::Administrator), 0x14), (None, 0x10)] {
        let bmc = &mut Bmc::with(&[Quirk::OpenSessPriv]);
        let mut console = Console20::new(host(1), 17);
        console.open.max_privilege = asked;
        console.rakp1.role_byte = 0x12;
        assert_eq!(console.ask_open(bmc).accepted.unwrap().max_privilege, asked, "an echo");
        let rakp2 = console.ask_rakp1(bmc);
        let exchange = console.exchange.clone().unwrap();
        let opened = Exchange { role_byte: byte, ..exchange.clone() };
        assert!(proves(&console, &rakp2, &opened) && !proves(&console, &rakp2, &exchange));
        assert!(console.ask_rakp3(bmc, &opened).status.is_ok());
        let session = bmc.sessions.get(exchange.managed_session_id).unwrap();
        assert_eq!(session.limit, Privilege::User, "what RAKP 1 asked for");
        assert!(works(bmc, &mut console, &opened));
    }
}

#[test]
fn integritycheckvalue() {
    for (suite, length) in [(0, 12), (3, 12), (17, 16)] {
        let bmc = &mut Bmc::with(&[Quirk::IntegrityCheckValue]);
        let (console, _, exchange) = challenged(bmc, suite);
        assert_eq!(console.ask_rakp3(bmc, &exchange).integrity_check.len(), length);
    }
}

#[test]
fn freshnonce() {
    for (quirks, fresh) in [(&[Quirk::FreshNonce][..], true), (&[], false)] {
        let bmc = &mut Bmc::with(quirks);
        let (mut console, first, exchange) = challenged(bmc, 17);
        assert_eq!(console.ask_rakp1(bmc) != first, fresh);
        assert_eq!(!console.ask_rakp3(bmc, &exchange).status.is_ok(), fresh);
    }
}

#[test]
fn vaguerefusal() {
    for (quirks, vague) in [(&[Quirk::VagueRefusal][..], true), (&[], false)] {
        let named = |tag| if vague { (0, Some(0)) } else { (tag, Some(CONSOLE_ID)) };
        let bmc = &mut Bmc::with(quirks);
        let mut console = Console20::new(host(1), 17);
        console.ask_open(bmc);
        console.rakp1.username = Username::new(b"nobody").unwrap();
        let refusal = console.ask_rakp1(bmc);
        assert_eq!((refusal.tag, refusal.console_session_id), named(2));
        assert_eq!(refusal.status, RmcpPlusStatus::UNAUTHORIZED_NAME);
        console.rakp1.username = Username::new(b"admin").unwrap();
        assert_eq!(console.ask_rakp1(bmc).tag, 2);
        let exchange = Exchange { role_byte: 0, ..console.exchange.clone().unwrap() };
        let refusal = console.ask_rakp3(bmc, &exchange);
        assert_eq!((refusal.tag, refusal.console_session_id), named(3));
    }
}

#[test]
fn seqbytwo() {
    let bmc = &mut Bmc::with(&[Quirk::SeqByTwo]);
    let mut console = Console20::login(bmc, host(1), 17);
    let numbers = [1, 2, 3].map(|n| console.ask(bmc, &poll(n)).unwrap().0);
    assert_eq!([numbers[1] - numbers[0], numbers[2] - numbers[1]], [2, 2]);
    let mut console = Console15::login(bmc, host(2), AuthType::Md5);
    let numbers = [1, 2, 3].map(|n| v15(&console.ask(bmc, &poll(n)).unwrap()).0.sequence);
    assert_eq!([numbers[1] - numbers[0], numbers[2] - numbers[1]], [2, 2]);
}

#[test]
fn suiterefusedasrole() {
    for (quirks, status) in [(&[Quirk::SuiteRefusedAsRole][..], 0x0a), (&[], 0x11)] {
        let bmc = &mut Bmc::with(quirks);
        bmc.users.suites = vec![3];
        assert_eq!(Console20::new(host(1), 17).ask_open(bmc).status.0, status);
        assert!(Console20::new(host(1), 3).ask_open(bmc).status.is_ok());
    }
}

#[test]
fn suiteadvertised() {
    let bmc = &mut Bmc::with(&[Quirk::SuiteAdvertised]);
    assert_eq!(Console20::new(host(1), 15).ask_open(bmc).status.0, 0x11);
    assert!(Console20::new(host(1), 17).ask_open(bmc).status.is_ok());
}

#[test]
fn shortrefusal() {
    let bmc = &mut Bmc::with(&[Quirk::ShortRefusal]);
    bmc.users.suites = vec![3];
    let console = Console20::new(host(1), 17);
    let request = Console20::datagram(PayloadType::OpenSessionRequest, &console.open);
    let reply = bmc.send(host(1), &request).unwrap();
    assert_eq!(reply[reply.len() - 4..], [2, 0, 1, 0x11], "a length of two, tag and status");
    assert_eq!(step::<OpenSessionResponse>(&reply).console_session_id, None);
}

#[test]
fn silentclose() {
    for (quirks, answered) in [(&[Quirk::SilentClose][..], false), (&[], true)] {
        let bmc = &mut Bmc::with(quirks);
        let mut console = Console20::login(bmc, host(1), 17);
        let session_id = console.rakp1.managed_session_id;
        assert!(console.ask(bmc, &poll(1)).is_some());
        bmc.sessions.get_mut(session_id).unwrap().close_after_answer();
        assert_eq!(console.ask(bmc, &poll(2)).is_some(), answered);
    }
}

#[test]
fn lostchallenge() {
    let bmc = &mut Bmc::with(&[Quirk::LostChallenge]);
    let mut console = Console15::new(host(1), AuthType::Md5);
    assert!(console.ask_challenge(bmc).is_some());
    bmc.wait(1000);
    assert!(console.ask_challenge(bmc).is_none());
    console.from.set_port(1001);
    assert!(console.ask_challenge(bmc).is_some(), "from another port");
}

#[test]
fn seqoffbyone() {
    let bmc = &mut Bmc::with(&[Quirk::SeqOffByOne]);
    let mut console = Console15::new(host(1), AuthType::Md5);
    console.ask_challenge(bmc).unwrap().unwrap();
    let reply = bmc.send(host(1), &console.activate_datagram()).unwrap();
    assert_eq!(v15(&reply).0.sequence, Console15::OUTBOUND + 1);
    console.ask_activate(bmc).unwrap().unwrap();
    assert_eq!(v15(&console.ask(bmc, &poll(1)).unwrap()).0.sequence, Console15::OUTBOUND + 2);
}

#[test]
fn exactprivilege() {
    let bmc = &mut Bmc::with(&[Quirk::ExactPrivilege]);
    let mut console = Console15::new(host(1), AuthType::Md5);
    console.ask_challenge(bmc).unwrap().unwrap();
    let refused = Some(Err(CompletionCode::INSUFFICIENT_PRIVILEGE));
    for level in [Privilege::User, Privilege::Operator] {
        console.activate.max_privilege = level;
        assert_eq!(console.ask_activate(bmc), refused);
    }
    console.activate.max_privilege = Privilege::Administrator;
    console.ask_activate(bmc).unwrap().unwrap();
}

/// What is sent to the console, a second later.
fn late(bmc: &mut Bmc, datagram: &[u8]) -> Vec<u8> {
    assert!(bmc.send(host(1), datagram).is_none());
    let delayed = bmc.sessions.poll_delayed().unwrap();
    assert_eq!((delayed.to, delayed.due), (host(1), bmc.now + Duration::from_secs(1)));
    assert!(bmc.sessions.poll_delayed().is_none());
    bmc.now = delayed.due;
    delayed.datagram
}

#[test]
fn slowhandshake() {
    let bmc = &mut Bmc::with(&[Quirk::SlowHandshake]);
    let mut console = Console20::new(host(1), 17);
    let request = Console20::datagram(PayloadType::OpenSessionRequest, &console.open);
    let opened: OpenSessionResponse = step(&late(bmc, &request));
    let managed_session_id = opened.accepted.unwrap().managed_session_id;
    console.rakp1.managed_session_id = managed_session_id;
    let rakp2: Rakp2 = step(&late(bmc, &Console20::datagram(PayloadType::Rakp1, &console.rakp1)));
    let keys = rakp2.keys.unwrap();
    let exchange = Exchange {
        console_session_id: CONSOLE_ID,
        managed_session_id,
        console_random: console.rakp1.console_random,
        managed_random: keys.managed_random,
        managed_guid: keys.managed_guid,
        role_byte: console.rakp1.role_byte,
        username: console.rakp1.username,
    };
    let code = exchange.rakp3_code(algorithm(&console), &console.password).unwrap();
    let auth_code = code.as_bytes().to_vec();
    let rakp3 = Rakp3 { tag: 3, status: RmcpPlusStatus::NO_ERRORS, managed_session_id, auth_code };
    let rakp4: Rakp4 = step(&late(bmc, &Console20::datagram(PayloadType::Rakp3, &rakp3)));
    assert!(rakp4.status.is_ok());
    assert!(works(bmc, &mut console, &exchange), "commands are as fast as ever");
}

#[test]
fn slowhandshake_in_ipmi_15() {
    let bmc = &mut Bmc::with(&[Quirk::SlowHandshake]);
    let mut console = Console15::new(host(1), AuthType::Md5);
    let challenge = late(bmc, &console.challenge_datagram());
    let data = v15(&challenge).1.data;
    console.challenged.session_id = u32::from_le_bytes(data[1..5].try_into().unwrap());
    console.activate.challenge = data[5..].try_into().unwrap();
    assert_eq!(v15(&late(bmc, &console.activate_datagram())).1.data[0], 0);
}

#[test]
fn late_answers_that_nobody_fetches_are_not_kept_for_ever() {
    let bmc = &mut Bmc::with(&[Quirk::SlowHandshake]);
    for tag in 0..255 {
        let open = OpenSessionRequest { tag, ..Console20::new(host(1), 17).open };
        bmc.send(host(1), &Console20::datagram(PayloadType::OpenSessionRequest, &open));
    }
    let waiting = std::iter::from_fn(|| bmc.sessions.poll_delayed()).count();
    assert!((1..=64).contains(&waiting), "{waiting}");
}

/// Any of them, any number of them, at any moment: once they are off, nothing is left of them.
#[test]
fn quirks_that_come_and_go_leave_sessions_as_they_were() {
    let mut bmc = Bmc::new();
    let mut sessions20 = [17, 3, 2, 0].map(|n| Console20::login(&mut bmc, host(n), n));
    let mut sessions15 =
        [1, 2, 3, 4].map(|n| Console15::login(&mut bmc, host(n), TYPES[usize::from(n) - 1]));
    let mut seed = 1u64;
    for round in 0..300u32 {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let pick = (seed >> 39) & (seed.rotate_left(17) >> 39);
        let quirks: Quirks = Quirk::ALL
            .into_iter()
            .enumerate()
            .filter(|(n, _)| pick >> n & 1 == 1)
            .map(|q| q.1)
            .collect();
        bmc.sessions.set_quirks(quirks);
        let number = |n: u32| poll((2 * round + n) as u8 & 0x3f);
        for console in &mut sessions20 {
            let packet = console.packet(&number(0));
            bmc.send(console.from, &packet);
        }
        for console in &mut sessions15 {
            console.ask(&mut bmc, &number(0));
        }
        // And somebody in the middle of a login.
        let half = Console15::new(host(99), AuthType::Md5);
        bmc.send(half.from, &half.challenge_datagram());
        let half = Console20::new(host(99), 17);
        bmc.send(half.from, &Console20::datagram(PayloadType::OpenSessionRequest, &half.open));
        while bmc.sessions.poll_delayed().is_some() {}
        bmc.sessions.set_quirks(Quirks::NONE);
        for console in &mut sessions20 {
            assert_eq!(console.ask(&mut bmc, &number(1)).unwrap().1.data[0], 0, "{quirks:?}");
        }
        for console in &mut sessions15 {
            let reply = console.ask(&mut bmc, &number(1)).unwrap();
            let (packet, message) = v15(&reply);
            console.protection.check(&packet).unwrap();
            assert_eq!((packet.session_id, message.data[0]), (console.session_id, 0), "{quirks:?}");
        }
        bmc.wait(1000);
        bmc.sessions.handle_timeout(bmc.now);
        assert!(bmc.sessions.poll_timeout().is_some_and(|at| at > bmc.now));
    }
    assert_eq!(bmc.sessions.len(), 8);
    Console20::login(&mut bmc, host(50), 17);
    Console15::login(&mut bmc, host(51), AuthType::Md5);
}
