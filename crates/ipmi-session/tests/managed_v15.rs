//! IPMI v1.5 at the managed end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod managed_common;

use ipmi_session::console::Agreed;
use ipmi_session::managed::{Format, Limits, Received, Sessions};
use ipmi_session::{Secret, V15Protection};
use ipmi_wire::session::{AuthType, PayloadType, V15Packet, V20Header};
use ipmi_wire::{CompletionCode, Encode, Privilege};

use managed_common::{Bmc, Console15, Console20, PASSWORD, TYPES, host, poll, request, v15};

fn code(number: u8) -> Option<Result<(), CompletionCode>> {
    Some(Err(CompletionCode(number)))
}

#[test]
fn every_type_opens_a_session_that_starts_at_user() {
    for auth_type in TYPES {
        let mut bmc = Bmc::new();
        let mut console = Console15::new(host(1), auth_type);
        console.activate.max_privilege = Privilege::Administrator;
        console.ask_challenge(&mut bmc).unwrap().unwrap();
        let activated = console.ask_activate(&mut bmc).unwrap().unwrap();
        assert_eq!(activated.auth_type, auth_type);
        assert_eq!(activated.max_privilege, Privilege::Administrator);
        assert!(activated.session_id != console.challenged.session_id);
        let session = bmc.sessions.get(activated.session_id).unwrap();
        assert_eq!(session.agreed, Agreed::Ipmi15(auth_type));
        assert_eq!((session.privilege, session.limit), (Privilege::User, Privilege::Administrator));
        assert_eq!((session.user_id, session.handle, session.peer), (2, 1, host(1)));
        for number in 1..=40 {
            let reply = console.ask(&mut bmc, &poll(number)).unwrap();
            let (packet, message) = v15(&reply);
            console.protection.check(&packet).unwrap();
            assert_eq!(packet.session_id, console.session_id);
            // The answer to Activate Session had the number that the console chose.
            assert_eq!(packet.sequence, Console15::OUTBOUND + u32::from(number));
            assert_eq!(message.data, [0, number]);
        }
    }
}

#[test]
fn it_is_off_unless_somebody_turns_it_on() {
    let mut bmc = Bmc::new();
    bmc.users.ipmi15.clear();
    let mut console = Console15::new(host(1), AuthType::Md5);
    let received = bmc.receive(host(1), &console.challenge_datagram());
    assert!(matches!(received, Received::Sessionless { format: Format::V15, .. }));
    console.challenged.session_id = 7;
    assert!(bmc.send(host(1), &console.activate_datagram()).is_none());
    bmc.users.ipmi15 = vec![AuthType::Md5];
    assert_eq!(Console15::new(host(1), AuthType::None).ask_challenge(&mut bmc), code(0xcc));
    assert_eq!(Console15::new(host(1), AuthType::Password).ask_challenge(&mut bmc), code(0xcc));
    assert_eq!(console.ask_challenge(&mut bmc), Some(Ok(())));
}

#[test]
fn who_may_not_log_in_is_told_so() {
    let mut bmc = Bmc::new();
    let ask = |bmc: &mut Bmc, name: &[u8]| {
        Console15::of(host(1), AuthType::Md5, name, PASSWORD).ask_challenge(bmc)
    };
    assert_eq!(ask(&mut bmc, b"nobody"), code(0x81));
    assert_eq!(ask(&mut bmc, b""), code(0x82));
    // 17 bytes: neither all of them nor the first 16 are a password of IPMI v1.5.
    assert_eq!(ask(&mut bmc, b"long"), code(0x81));
    let short = request(1, &Console15::new(host(1), AuthType::Md5).challenge);
    for length in 0..short.data.len() {
        let cut =
            ipmi_wire::lan::LanMessage { data: short.data[..length].to_vec(), ..short.clone() };
        let payload = cut.to_bytes();
        let reply = bmc.send(host(1), &V15Packet::sessionless(&payload).to_datagram().unwrap());
        assert_eq!(v15(&reply.unwrap()).1.data, [0xc7]);
    }
}

#[test]
fn who_does_not_know_the_password_is_not_answered() {
    for auth_type in [AuthType::Md5, AuthType::Md2, AuthType::Password] {
        let mut bmc = Bmc::new();
        let mut console = Console15::new(host(1), auth_type);
        console.ask_challenge(&mut bmc).unwrap().unwrap();
        let right = console.activate_datagram();
        let wrong = Secret::new(b"Complex_Past").unwrap();
        console.protection = V15Protection::new(auth_type, &wrong).unwrap();
        assert!(console.ask_activate(&mut bmc).is_none());
        for bit in 4 * 8..right.len() * 8 {
            let mut flipped = right.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // The upper half of the type is reserved. A flipped ID is one without a challenge. A
            // straight password covers nothing but itself.
            let covered = auth_type != AuthType::Password || (13..29).contains(&(bit / 8));
            if (36..40).contains(&bit) || (9..13).contains(&(bit / 8)) || !covered {
                continue;
            }
            assert!(bmc.send(host(1), &flipped).is_none(), "{auth_type}, bit {bit}");
        }
        assert!(bmc.sessions.is_empty());
        assert!(bmc.send(host(1), &right).is_some());
        assert_eq!(bmc.sessions.len(), 1);
    }
}

/// CVE-2024-42934: ipmi_sim let the packet's type differ from the one that was agreed.
#[test]
fn the_type_of_the_packet_is_the_type_of_the_challenge() {
    for auth_type in TYPES {
        let mut bmc = Bmc::new();
        let mut console = Console15::new(host(1), auth_type);
        console.ask_challenge(&mut bmc).unwrap().unwrap();
        let password = Secret::new(PASSWORD).unwrap();
        for other in TYPES.into_iter().filter(|other| *other != auth_type) {
            console.protection = V15Protection::new(other, &password).unwrap();
            assert!(console.ask_activate(&mut bmc).is_none(), "{other} for {auth_type}");
        }
        console.protection = V15Protection::new(auth_type, &password).unwrap();
        for other in TYPES.into_iter().filter(|other| *other != auth_type) {
            console.activate.auth_type = other;
            assert_eq!(console.ask_activate(&mut bmc), Some(Err(CompletionCode(0xcc))));
        }
        console.activate.auth_type = auth_type;
        console.ask_activate(&mut bmc).unwrap().unwrap();
        for other in TYPES.into_iter().filter(|other| *other != auth_type) {
            console.protection = V15Protection::new(other, &password).unwrap();
            let sequence = console.sequence;
            assert!(console.ask(&mut bmc, &poll(1)).is_none(), "{other} for {auth_type}");
            console.sequence = sequence;
        }
        console.protection = V15Protection::new(auth_type, &password).unwrap();
        assert!(console.ask(&mut bmc, &poll(1)).is_some());
    }
}

#[test]
fn what_is_wrong_with_an_activation_is_told() {
    let mut bmc = Bmc::new();
    let mut console = Console15::of(host(1), AuthType::Md5, b"guest", PASSWORD);
    console.challenged.session_id = 99;
    assert_eq!(console.ask_activate(&mut bmc), Some(Err(CompletionCode(0x85))));
    console.ask_challenge(&mut bmc).unwrap().unwrap();
    let right = console.activate;
    console.activate.max_privilege = Privilege::Operator;
    assert_eq!(console.ask_activate(&mut bmc), Some(Err(CompletionCode(0x86))));
    console.activate = right;
    console.activate.outbound_sequence = 0;
    assert_eq!(console.ask_activate(&mut bmc), Some(Err(CompletionCode(0x84))));
    console.activate = right;
    console.activate.challenge[15] ^= 1;
    assert_eq!(console.ask_activate(&mut bmc), Some(Err(CompletionCode(0xcc))));
    console.activate = right;
    let reply = bmc.send(host(1), &console.activate_datagram()).unwrap();
    let (packet, _) = v15(&reply);
    console.protection.check(&packet).unwrap();
    assert_eq!(packet.sequence, Console15::OUTBOUND);
}

#[test]
fn a_lost_answer_is_given_again_before_and_after_the_session_is_active() {
    let mut bmc = Bmc::new();
    let mut console = Console15::new(host(1), AuthType::Md5);
    let first = bmc.send(host(1), &console.challenge_datagram());
    bmc.wait(2900);
    assert_eq!(bmc.send(host(1), &console.challenge_datagram()), first);
    console.ask_challenge(&mut bmc).unwrap().unwrap();
    let first = bmc.send(host(1), &console.activate_datagram()).unwrap();
    bmc.wait(5000);
    for _ in 0..3 {
        assert_eq!(bmc.send(host(1), &console.activate_datagram()), Some(first.clone()));
    }
    assert_eq!(bmc.sessions.len(), 1);
    assert!(bmc.send(host(2), &console.activate_datagram()) != Some(first));
    // Another request under the same challenge is no repeat, and opens nothing.
    console.activate.max_privilege = Privilege::Administrator;
    assert!(bmc.send(host(1), &console.activate_datagram()).is_none());
    assert_eq!(bmc.sessions.len(), 1);
}

#[test]
fn a_challenge_is_good_for_three_seconds_and_one_address() {
    let mut bmc = Bmc::new();
    let mut console = Console15::new(host(1), AuthType::Md5);
    console.ask_challenge(&mut bmc).unwrap().unwrap();
    console.from = host(2);
    assert_eq!(console.ask_activate(&mut bmc), Some(Err(CompletionCode(0x85))));
    console.from = host(1);
    bmc.wait(3000);
    assert_eq!(console.ask_activate(&mut bmc), Some(Err(CompletionCode(0x85))));
}

#[test]
fn a_login_does_not_outlive_the_account_it_began_with() {
    let mut bmc = Bmc::new();
    let mut console = Console15::new(host(1), AuthType::Md5);
    console.ask_challenge(&mut bmc).unwrap().unwrap();
    bmc.sessions.cancel_logins(3);
    bmc.sessions.cancel_logins(2);
    assert_eq!(console.ask_activate(&mut bmc), Some(Err(CompletionCode(0x85))));
}

/// IPMI v2.0 §6.12.11: at least 8 numbers around the highest.
#[test]
fn numbers_jump_only_where_the_code_covers_them() {
    for auth_type in TYPES {
        let mut bmc = Bmc::new();
        let mut console = Console15::login(&mut bmc, host(1), auth_type);
        let first = console.sequence;
        let mut takes = |offset: u32| {
            console.sequence = first.wrapping_add(offset);
            console.ask(&mut bmc, &poll(offset as u8 & 0x3f)).is_some()
        };
        assert!(!takes(0u32.wrapping_sub(1)), "before the first");
        assert!(takes(8) && takes(0) && takes(1) && !takes(1) && !takes(8));
        let jumps = matches!(auth_type, AuthType::Md2 | AuthType::Md5);
        assert_eq!(takes(24), jumps);
        assert_eq!(takes(60_000), jumps);
        assert!(!takes(1_000_000), "nor there without end");
        assert_eq!(takes(9), !jumps);
    }
}

#[test]
fn every_flipped_bit_of_a_packet_is_noticed_if_the_type_can() {
    for auth_type in [AuthType::Md5, AuthType::Md2] {
        let mut bmc = Bmc::new();
        let mut console = Console15::login(&mut bmc, host(1), auth_type);
        let packet = console.packet(&poll(1));
        for bit in 4 * 8..packet.len() * 8 {
            if (36..40).contains(&bit) {
                continue;
            }
            let mut flipped = packet.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(bmc.send(host(1), &flipped).is_none(), "{auth_type}, bit {bit}");
        }
        for length in 0..packet.len() {
            assert!(bmc.send(host(1), &packet[..length]).is_none());
        }
        assert!(bmc.send(host(2), &packet).is_none(), "from elsewhere");
        assert!(bmc.executed.is_empty());
        assert!(bmc.send(host(1), &packet).is_some());
    }
}

#[test]
fn a_session_takes_no_packet_of_the_other_version() {
    let mut bmc = Bmc::new();
    let mut old = Console15::login(&mut bmc, host(1), AuthType::None);
    let mut new = Console20::login(&mut bmc, host(1), 0);
    let payload = poll(1).to_bytes();
    let (session_id, sequence) = (old.session_id, old.sequence);
    let header = V20Header { session_id, sequence, ..V20Header::sessionless(PayloadType::Ipmi) };
    assert!(bmc.send(host(1), &header.to_datagram(&payload).unwrap()).is_none());
    let session_id = new.rakp1.managed_session_id;
    let packet = V15Packet { session_id, sequence: 1, ..V15Packet::sessionless(&payload) };
    assert!(bmc.send(host(1), &packet.to_datagram().unwrap()).is_none());
    assert!(bmc.executed.is_empty());
    assert!(old.ask(&mut bmc, &poll(1)).is_some() && new.ask(&mut bmc, &poll(1)).is_some());
}

#[test]
fn both_versions_share_places_handles_and_the_limit_of_idleness() {
    let mut bmc = Bmc::new();
    bmc.sessions = Sessions::new(Limits { sessions: 2, ..Limits::default() });
    Console20::login(&mut bmc, host(1), 17);
    Console15::login(&mut bmc, host(2), AuthType::Md5);
    let mut handles: Vec<_> = bmc.sessions.iter().map(|session| session.handle).collect();
    handles.sort_unstable();
    assert_eq!(handles, [1, 2]);
    let mut third = Console15::new(host(3), AuthType::Md5);
    third.ask_challenge(&mut bmc).unwrap().unwrap();
    assert_eq!(third.ask_activate(&mut bmc), Some(Err(CompletionCode(0x81))));
    assert_eq!(Console20::new(host(3), 17).ask_open(&mut bmc).status.0, 0x01);
    bmc.wait(59_999);
    bmc.sessions.handle_timeout(bmc.now);
    assert_eq!(bmc.sessions.len(), 2);
    bmc.wait(1);
    bmc.sessions.handle_timeout(bmc.now);
    assert!(bmc.sessions.is_empty());
    assert!(bmc.sessions.poll_timeout().is_none());
}

#[test]
fn a_flood_of_challenges_is_bounded_and_keeps_nobody_else_out() {
    let mut bmc = Bmc::new();
    for n in 0..10_000u32 {
        let from = std::net::SocketAddr::from(([10, 1, 1, 1], n as u16 | 1024));
        bmc.now += std::time::Duration::from_micros(100);
        bmc.send(from, &Console15::new(from, AuthType::Md5).challenge_datagram());
        if n % 500 == 0 {
            let console = Console15::login(&mut bmc, host(2), AuthType::Md5);
            assert!(bmc.sessions.close(console.session_id));
        }
    }
}

/// `research/bmc-servers.md` §5 row 12: neither IDs nor challenges nor numbers follow a pattern.
#[test]
fn what_is_drawn_is_drawn_anew() {
    let mut bmc = Bmc::new();
    let mut drawn = std::collections::HashSet::new();
    for n in 0..30 {
        let console = Console15::login(&mut bmc, host(n), AuthType::Md5);
        for number in [console.challenged.session_id, console.session_id, console.sequence] {
            assert!(number != 0 && drawn.insert(number));
        }
        let [a, b, c, d, ..] = console.challenged.challenge;
        assert!(drawn.insert(u32::from_le_bytes([a, b, c, d])));
    }
}

/// Session ID and key are the same both ways, so the BMC's own packet has the right code for it.
#[test]
fn what_the_bmc_sent_is_nothing_if_it_comes_back() {
    for auth_type in TYPES {
        let mut bmc = Bmc::new();
        let mut console = Console15::new(host(1), auth_type);
        console.ask_challenge(&mut bmc).unwrap().unwrap();
        // The console chooses the BMC's numbers, and may well choose such.
        let activated = console.ask_activate(&mut bmc).unwrap().unwrap();
        let mut reflected = Vec::new();
        for number in 1..=3 {
            reflected.push(console.ask(&mut bmc, &poll(number)).unwrap());
        }
        // Whatever the distance is, one of these is ahead.
        let payload = poll(3).answer(&ipmi_wire::Response::code(CompletionCode::OK)).to_bytes();
        for ahead in [5, 12, 1000, 1 << 30] {
            let number = console.sequence.wrapping_add(ahead);
            reflected
                .push(console.protection.seal(activated.session_id, number, &payload).unwrap());
        }
        bmc.wait(30_000);
        for datagram in &reflected {
            assert!(bmc.send(host(1), datagram).is_none());
        }
        assert!(console.ask(&mut bmc, &poll(4)).is_some(), "{auth_type}");
        assert_eq!(bmc.executed.len(), 4);
        bmc.wait(59_999);
        for datagram in &reflected {
            assert!(bmc.send(host(1), datagram).is_none());
        }
        bmc.wait(1);
        bmc.sessions.handle_timeout(bmc.now);
        assert!(bmc.sessions.is_empty(), "{auth_type}: kept alive by its own words");
    }
}

#[test]
fn a_straight_password_is_not_printed_with_its_session() {
    let mut bmc = Bmc::new();
    let console = Console15::login(&mut bmc, host(1), AuthType::Password);
    let session = bmc.sessions.get(console.session_id).unwrap();
    let bytes = format!("{PASSWORD:?}");
    assert!(!format!("{session:?}").contains(bytes.trim_matches(['[', ']'])));
}

#[test]
fn half_an_activation_without_a_challenge_is_not_answered() {
    let mut bmc = Bmc::new();
    let whole = request(2, &Console15::new(host(1), AuthType::None).activate);
    for length in 0..=whole.data.len() {
        let data = whole.data[..length].to_vec();
        let payload = ipmi_wire::lan::LanMessage { data, ..whole.clone() }.to_bytes();
        let packet = V15Packet { session_id: 99, ..V15Packet::sessionless(&payload) };
        let datagram = packet.to_datagram().unwrap();
        let reply = bmc.send(host(1), &datagram);
        assert_eq!(reply.is_some(), length == whole.data.len());
        assert!(reply.is_none_or(|reply| reply.len() <= datagram.len()));
    }
}
