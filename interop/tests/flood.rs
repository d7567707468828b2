//! One address begins session after session and finishes none; another one logs in all the while.
//!
//! How fast that may go, and what it costs in memory, is `cargo xtask bench`'s: here are the logins,
//! and the places that the flood holds afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use common::{Bmc, client_at};

/// The least that is sent.
const DATAGRAMS: usize = 5_000;
/// What one source may hold: `half_open::Table::PER_SOURCE`.
const QUOTA: usize = 16;

/// RMCP header, session header without a session, payload of this type.
fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut datagram = vec![6, 0, 0xff, 7, 6, kind, 0, 0, 0, 0, 0, 0, 0, 0];
    datagram.extend(u16::try_from(payload.len()).unwrap().to_le_bytes());
    datagram.extend(payload);
    datagram
}

/// Source: IPMI v2.0 §13.17, for cipher suite 17.
fn open_session(console_session_id: u32) -> Vec<u8> {
    let mut payload = vec![0, 0, 0, 0];
    payload.extend(console_session_id.to_le_bytes());
    for (kind, algorithm) in [(0, 3), (1, 4), (2, 1)] {
        payload.extend([kind, 0, 0, 8, algorithm, 0, 0, 0]);
    }
    packet(0x10, &payload)
}

/// Source: IPMI v2.0 §13.20, by the administrator of the reference BMC.
fn rakp1(managed_session_id: [u8; 4]) -> Vec<u8> {
    let mut payload = vec![0, 0, 0, 0];
    payload.extend(managed_session_id);
    payload.extend([0x55; 16]);
    payload.extend([0x14, 0, 0, 5]);
    payload.extend(b"admin");
    packet(0x12, &payload)
}

/// Sends until `over`, and at least [`DATAGRAMS`].
fn flood(sockets: &[UdpSocket], over: &AtomicBool, sent: &AtomicUsize) {
    for number in 1.. {
        if number > DATAGRAMS && over.load(Ordering::SeqCst) {
            return;
        }
        let socket = &sockets[number % sockets.len()];
        let _ = socket.send(&open_session(u32::try_from(number).unwrap()));
        sent.store(number, Ordering::SeqCst);
        if number % 20 == 0 {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn sockets(bmc: SocketAddr) -> Vec<UdpSocket> {
    let connected = || {
        let socket = UdpSocket::bind("127.0.0.2:0").unwrap();
        socket.connect(bmc).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    };
    (0..32).map(|_| connected()).collect()
}

/// What a socket was answered with so far: the payloads of this type with status 00h.
fn answers(socket: &UdpSocket, kind: u8) -> Vec<Vec<u8>> {
    let mut buffer = [0; 512];
    let mut answers = Vec::new();
    while let Ok(length) = socket.recv(&mut buffer) {
        if buffer[5] == kind && buffer[17] == 0 {
            answers.push(buffer[16..length].to_vec());
        }
    }
    answers
}

/// With how many of the handshakes that it has begun the flood can go on; that they answer for each
/// is given the BMC's time.
fn alive(sockets: &[UdpSocket]) -> usize {
    thread::sleep(Duration::from_millis(200));
    for socket in sockets {
        for answer in answers(socket, 0x11) {
            let _ = socket.send(&rakp1(answer[8..12].try_into().unwrap()));
        }
    }
    thread::sleep(Duration::from_millis(200));
    sockets.iter().map(|socket| answers(socket, 0x13).len()).sum()
}

fn logs_in_during_a_flood(bmc: &Bmc) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (over, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let sockets = Arc::new(sockets(bmc.addr));
    let flooding = {
        let (over, sent, sockets) = (Arc::clone(&over), Arc::clone(&sent), Arc::clone(&sockets));
        thread::spawn(move || flood(&sockets, &over, &sent))
    };
    let mut logins = 0;
    while logins < 10 || sent.load(Ordering::SeqCst) < DATAGRAMS {
        runtime.block_on(async {
            let (endpoint, client) = client_at(bmc.addr);
            assert!(client.is_powered_on().await.unwrap());
            endpoint.shutdown().await;
        });
        logins += 1;
    }
    if let Some(tool) = bmc.ipmitool(17) {
        tool.run("chassis power status").expect_success();
    }
    over.store(true, Ordering::SeqCst);
    flooding.join().unwrap();

    // Of all that it began, it can go on with no more than its quota.
    let held = alive(&sockets);
    assert!(held <= QUOTA, "{held} handshakes are alive");
    // And with some of them, while they are young: on a busy machine that takes a few tries.
    let held = (0..50).find_map(|_| {
        for socket in sockets.iter().cycle().take(2 * QUOTA) {
            let _ = socket.send(&open_session(u32::MAX));
        }
        Some(alive(&sockets)).filter(|held| *held > 0)
    });
    assert!(held.is_some_and(|held| held <= QUOTA), "{held:?} handshakes are alive");
}

#[test]
fn logins_succeed_during_a_flood() {
    logs_in_during_a_flood(&Bmc::reference());
}

/// The table alone holds, too.
#[test]
fn logins_succeed_during_a_flood_that_no_rate_limits() {
    logs_in_during_a_flood(&Bmc::with(|config| config.rate = None));
}
