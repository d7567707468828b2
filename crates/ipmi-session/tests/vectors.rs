//! Known answers: sessions of the real ipmitool and FreeIPMI, one per suite and one per
//! authentication type of IPMI v1.5, whose keys and codes Python calculated.
//!
//! `vectors/README.md` tells where they come from. If this fails, the code is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ipmi_session::keys::Exchange;
use ipmi_session::{Protection, Secret, V15Protection};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{
    AuthType, OpenSessionResponse, PayloadType, Rakp1, Rakp2, Rakp3, Rakp4, SessionPacket,
};
use ipmi_wire::{Decode, Request};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/sessions")
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// The datagrams, in order; whether each is the console's.
fn datagrams(file: &str) -> Vec<(bool, Vec<u8>)> {
    let text = std::fs::read_to_string(directory().join(file)).unwrap();
    let line = |line: &str| {
        let (direction, bytes) = line.split_once(' ').unwrap();
        (direction == ">", hex(bytes))
    };
    text.lines().filter(|l| !l.starts_with('#')).map(line).collect()
}

fn keys(suite: u8) -> HashMap<String, Vec<u8>> {
    let text = std::fs::read_to_string(directory().join(format!("suite-{suite}.keys"))).unwrap();
    text.lines()
        .filter(|line| !line.starts_with("code"))
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), hex(value)))
        .collect()
}

#[test]
fn captured_sessions_lead_to_the_keys_that_python_calculated() {
    let password = Secret::new(b"Complex_Pass").unwrap();
    for suite in [0, 1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17] {
        let (datagrams, expected) = (datagrams(&format!("suite-{suite}.txt")), keys(suite));
        let mut messages = HashMap::new();
        let mut inside = Vec::new();
        for (from_console, datagram) in &datagrams {
            let Some(SessionPacket::V20(packet)) =
                SessionPacket::decode_datagram(datagram).unwrap()
            else {
                continue;
            };
            if packet.header.session_id == 0 {
                messages.insert(packet.header.payload_type, packet.payload);
            } else {
                inside.push((*from_console, packet));
            }
        }
        let opened =
            OpenSessionResponse::decode_exact(messages[&PayloadType::OpenSessionResponse]).unwrap();
        let rakp1 = Rakp1::decode_exact(messages[&PayloadType::Rakp1]).unwrap();
        let rakp2 = Rakp2::decode_exact(messages[&PayloadType::Rakp2]).unwrap().keys.unwrap();
        let rakp3 = Rakp3::decode_exact(messages[&PayloadType::Rakp3]).unwrap();
        let rakp4 = Rakp4::decode_exact(messages[&PayloadType::Rakp4]).unwrap();
        let accepted = opened.accepted.unwrap();
        let algorithm = accepted.algorithms.authentication;
        let exchange = Exchange {
            console_session_id: opened.console_session_id.unwrap(),
            managed_session_id: accepted.managed_session_id,
            console_random: rakp1.console_random,
            managed_random: rakp2.managed_random,
            managed_guid: rakp2.managed_guid,
            role_byte: rakp1.role_byte,
            username: rakp1.username,
        };
        let code2 = exchange.rakp2_code(algorithm, &password).unwrap();
        let code3 = exchange.rakp3_code(algorithm, &password).unwrap();
        let keys = exchange.session_keys(algorithm, &password, None).unwrap();
        let check4 = exchange.rakp4_check(algorithm, &keys).unwrap();
        for (name, ours, wire) in [
            ("rakp2", code2.as_bytes(), Some(&rakp2.auth_code)),
            ("rakp3", code3.as_bytes(), Some(&rakp3.auth_code)),
            ("rakp4", check4.as_bytes(), Some(&rakp4.integrity_check)),
            ("sik", keys.sik.as_bytes(), None),
            ("k1", keys.k1.as_bytes(), None),
            ("k2", keys.k2.as_bytes(), None),
        ] {
            assert_eq!(ours, expected[name], "suite {suite}: {name} against Python");
            assert!(wire.is_none_or(|wire| wire == ours), "suite {suite}: {name} on the wire");
        }

        // Every packet inside the session opens, and tells what the console is known to ask.
        let protection = Protection::new(accepted.algorithms, &keys, &password).unwrap();
        let mut asked = Vec::new();
        for (from_console, packet) in &inside {
            let payload = protection.open(packet).unwrap();
            let message = LanMessage::decode_exact(&payload).unwrap();
            assert_eq!(message.is_response(), !from_console);
            if let Some(Request { netfn, cmd, .. }) = message.to_request() {
                asked.push((netfn.number(), cmd));
            }
        }
        let by_ipmitool =
            [(6, 0x3b), (0x2c, 0x3e), (6, 1), (0x2c, 0), (0x2c, 0), (0, 1), (6, 0x3c)];
        // ipmitool has no MD5-128.
        let by_freeipmi = [(6, 0x3b), (0, 1), (6, 0x3c)];
        let known = if matches!(suite, 11 | 12) { &by_freeipmi[..] } else { &by_ipmitool };
        assert_eq!(asked, known, "suite {suite}");
    }
}

#[test]
fn captured_sessions_of_ipmi_15_carry_the_codes_that_we_calculate() {
    let password = Secret::new(b"Complex_Pass").unwrap();
    for (name, auth_type, codes) in [
        ("none", AuthType::None, 0),
        ("md2", AuthType::Md2, 10),
        ("md5", AuthType::Md5, 16),
        ("password", AuthType::Password, 16),
    ] {
        let protection = V15Protection::new(auth_type, &password).unwrap();
        let (mut checked, mut inside) = (0, 0);
        for (from_console, datagram) in datagrams(&format!("v15-{name}.txt")) {
            let Some(SessionPacket::V15(packet)) =
                SessionPacket::decode_datagram(&datagram).unwrap()
            else {
                continue;
            };
            let message = LanMessage::decode_exact(packet.payload).unwrap();
            assert_eq!(message.is_response(), !from_console);
            // Until a session is asked for, nothing is authenticated.
            if packet.session_id == 0 {
                assert_eq!(packet.auth_type, AuthType::None);
                continue;
            }
            inside += 1;
            protection.check(&packet).unwrap();
            let ours = protection.seal(packet.session_id, packet.sequence, packet.payload);
            assert_eq!(ours.unwrap(), datagram, "{name}");
            checked += usize::from(packet.auth_code.is_some());
        }
        assert_eq!(checked, codes, "{name}");
        assert!(inside >= 10, "{name}");
    }
}
