//! What one packet costs: codec and cryptography, without a system call.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "criterion's macros; and a panic is how a benchmark fails"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ipmi_session::keys::Exchange;
use ipmi_session::{Protection, Secret, V15Protection};
use ipmi_wire::cmd::app::{DeviceId, GetDeviceId};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{AuthType, CipherSuite, PayloadType, SessionPacket, Username, V20Header};
use ipmi_wire::{CompletionCode, Decode, Encode, Request, Response};

/// What ipmi_sim 2.0.33 answers to Get Device ID.
const DEVICE_ID: [u8; 15] =
    [0x20, 0x01, 0x00, 0x60, 0x02, 0x9f, 0xf2, 0x1b, 0x00, 0x10, 0x20, 0x00, 0x00, 0x00, 0x00];

fn answer() -> LanMessage {
    let request = LanMessage::request(5, &Request::of(&GetDeviceId));
    request.answer(&Response { completion: CompletionCode::OK, data: DEVICE_ID.to_vec() })
}

fn password() -> Secret {
    Secret::new(b"Complex_Pass").unwrap()
}

fn protection(suite: u8) -> Protection {
    let algorithms = CipherSuite(suite).algorithms().unwrap();
    let exchange = Exchange {
        console_session_id: 0xa0a2_a3a4,
        managed_session_id: 0x0200_1a4f,
        console_random: [3; 16],
        managed_random: [4; 16],
        managed_guid: [5; 16],
        role_byte: 0x14,
        username: Username::new(b"admin").unwrap(),
    };
    let keys = exchange.session_keys(algorithms.authentication, &password(), None).unwrap();
    Protection::new(algorithms, &keys, &password()).unwrap()
}

fn header() -> V20Header {
    V20Header { session_id: 0x0200_1a4f, sequence: 7, ..V20Header::sessionless(PayloadType::Ipmi) }
}

/// The answer to Get Device ID, 23 bytes of message, in every layer.
fn codec(c: &mut Criterion) {
    let mut group = c.benchmark_group("codec");
    let message = answer();
    let bytes = message.to_bytes();
    group.bench_function("LAN message, encode", |b| b.iter(|| black_box(&message).to_bytes()));
    group.bench_function("LAN message, decode", |b| {
        b.iter(|| LanMessage::decode_exact(black_box(&bytes)).unwrap());
    });
    group.bench_function("Get Device ID response, decode", |b| {
        b.iter(|| DeviceId::decode_exact(black_box(&DEVICE_ID)).unwrap());
    });
    let datagram = protection(3).seal(header(), &bytes, [6; 16]).unwrap();
    group.bench_function("RMCP+ packet, encode", |b| {
        b.iter(|| header().to_datagram(black_box(&bytes)).unwrap());
    });
    group.bench_function("RMCP+ packet, decode", |b| {
        b.iter(|| SessionPacket::decode_datagram(black_box(&datagram)).unwrap());
    });
    group.finish();
}

/// The same message sealed and opened.
fn crypto(c: &mut Criterion) {
    let mut group = c.benchmark_group("crypto");
    let bytes = answer().to_bytes();
    for suite in [3, 8, 12, 17] {
        let protection = protection(suite);
        group.bench_function(format!("suite {suite}, seal"), |b| {
            b.iter(|| protection.seal(header(), black_box(&bytes), [6; 16]).unwrap());
        });
        let datagram = protection.seal(header(), &bytes, [6; 16]).unwrap();
        let Some(SessionPacket::V20(packet)) = SessionPacket::decode_datagram(&datagram).unwrap()
        else {
            panic!("not what was sealed");
        };
        group.bench_function(format!("suite {suite}, open"), |b| {
            b.iter(|| protection.open(black_box(&packet)).unwrap());
        });
    }
    let protection = V15Protection::new(AuthType::Md5, &password()).unwrap();
    group.bench_function("IPMI 1.5 MD5, seal", |b| {
        b.iter(|| protection.seal(7, 9, black_box(&bytes)).unwrap());
    });
    let datagram = protection.seal(7, 9, &bytes).unwrap();
    let Some(SessionPacket::V15(packet)) = SessionPacket::decode_datagram(&datagram).unwrap()
    else {
        panic!("not what was sealed");
    };
    group.bench_function("IPMI 1.5 MD5, open", |b| {
        b.iter(|| protection.check(black_box(&packet)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, codec, crypto);
criterion_main!(benches);
