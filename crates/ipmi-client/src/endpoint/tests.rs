//! Real sockets on loopback.

use std::net::UdpSocket as StdSocket;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ipmi_session::Secret;
use ipmi_session::console::Unreachable;
use ipmi_session::managed::{Account, Accounts, Limits, Received, Sessions};
use ipmi_wire::Privilege;
use ipmi_wire::session::Username;

use super::*;
use crate::{Bmc, Credentials, Error};

fn patient(seconds: u64) -> Credentials {
    let mut credentials = Credentials::new(b"admin", b"pw").unwrap();
    credentials.timing.deadline = Duration::from_secs(seconds);
    credentials
}

/// A port where nobody listens. The socket keeps others from it: connected to itself, it takes
/// nothing from anybody, and the system answers for it.
fn closed(address: &str) -> (SocketAddr, StdSocket) {
    let socket = StdSocket::bind(address).unwrap();
    let at = socket.local_addr().unwrap();
    socket.connect(at).unwrap();
    (at, socket)
}

fn is_unreachable(error: &Error, expected: Unreachable) -> bool {
    matches!(error.session_error(), Some(SessionError::Unreachable { what, .. }) if *what == expected)
}

#[tokio::test]
async fn an_ipv6_peer_of_a_host_without_ipv6_is_refused_at_once() {
    let v4 = UdpSocket::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let v6 = Err(io::Error::from(io::ErrorKind::Unsupported));
    let endpoint = Endpoint::on(Ok(v4), v6);
    let bmc = Bmc::new(&endpoint, "[2001:db8::1]:623".parse().unwrap(), patient(5));
    let error = bmc.connect().await.unwrap_err();
    let ErrorKind::Io(system) = &*error.kind else { panic!("{error:?}") };
    assert_eq!(system.kind(), io::ErrorKind::Unsupported);
    assert_eq!(endpoint.datagrams(), (0, 0));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_closed_port_ends_a_login_at_once_and_a_silent_one_at_its_deadline() {
    let endpoint = Endpoint::bind().unwrap();
    let silent = StdSocket::bind("127.0.0.1:0").unwrap();
    let waiting = Bmc::new(&endpoint, silent.local_addr().unwrap(), patient(2));
    let waiting = tokio::spawn(async move { waiting.connect().await.unwrap_err() });
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let (peer, _keep) = closed(address);
        let error = Bmc::new(&endpoint, peer, patient(60)).connect().await.unwrap_err();
        assert!(is_unreachable(&error, Unreachable::Port), "{error}");
        // The session's grace is 50 ms. This is no measurement, hence the order of events: the
        // silent one, with its 2 s, has not ended.
        assert!(!waiting.is_finished());
    }
    let error = waiting.await.unwrap();
    assert!(matches!(error.session_error(), Some(SessionError::NoAnswer { .. })), "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn each_of_many_logins_at_once_fails_for_its_own_reason() {
    let endpoint = Endpoint::bind().unwrap();
    let (mut closed_ports, mut logins) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        let (peer, keep) = closed("127.0.0.1:0");
        closed_ports.push(keep);
        // This machine does not send there: broadcast is not allowed.
        for (peer, here) in [(peer, false), (([255; 4], 623).into(), true)] {
            let bmc = Bmc::new(&endpoint, peer, patient(60));
            logins.push(tokio::spawn(async move { (here, bmc.connect().await.unwrap_err()) }));
        }
    }
    for login in logins {
        let (here, error) = login.await.unwrap();
        if here {
            let ErrorKind::Io(system) = &*error.kind else { panic!("{error:?}") };
            assert_eq!(system.kind(), io::ErrorKind::PermissionDenied);
        } else {
            assert!(is_unreachable(&error, Unreachable::Port), "{error}");
        }
    }
}

/// One user, and no key.
struct OneUser;

impl Accounts for OneUser {
    fn find(&self, name: &Username, _role: Option<Privilege>) -> Option<Account> {
        let limit = Privilege::Administrator;
        let account = Account { user_id: 2, password: Secret::new(b"pw")?, limit };
        (name.as_bytes() == b"admin").then_some(account)
    }

    fn kg(&self) -> Option<Secret> {
        None
    }

    fn guid(&self) -> [u8; 16] {
        [0x47; 16]
    }

    fn suites(&self) -> Vec<(CipherSuite, Privilege)> {
        vec![(CipherSuite::SUITE_17, Privilege::Administrator)]
    }
}

/// Fifty datagrams a millisecond that mean nothing, from two addresses, of which one is the BMC's.
fn flood(bmc: &StdSocket, to: SocketAddr, stop: &AtomicBool) {
    let other = StdSocket::bind("127.0.0.1:0").unwrap();
    // Noise; IPMI v1.5; a session that nobody has; a handshake that names nobody.
    let junk: [&[u8]; 4] = [
        &[0xff; 200],
        b"\x06\0\xff\x07\0\0\0\0\0\0\0\0\0\x08\x81\x1c\x63\x20\0\x38\xcc\xdc",
        b"\x06\0\xff\x07\x06\xc0\x01\x02\x03\x04\x01\0\0\0\x20\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        b"\x06\0\xff\x07\x06\x11\0\0\0\0\0\0\0\0\x02\0\0\x11",
    ];
    while !stop.load(Ordering::Relaxed) {
        for junk in junk.iter().cycle().take(50) {
            let _ = bmc.send_to(junk, to);
            let _ = other.send_to(junk, to);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A BMC that answers logins, once it has seen the first datagram and the flood is well under way.
fn serve(socket: &StdSocket, stop: &AtomicBool) {
    let (mut sessions, mut buffer) = (Sessions::new(Limits::default()), [0; 1500]);
    std::thread::scope(|scope| {
        let mut flooding = None;
        while !stop.load(Ordering::Relaxed) {
            let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
            if flooding.is_none() {
                flooding = Some(scope.spawn(move || flood(socket, from, stop)));
                std::thread::sleep(Duration::from_millis(100));
            }
            let mut entropy = fill_random;
            let datagram = &buffer[..length];
            let received =
                sessions.receive(std::time::Instant::now(), from, datagram, &OneUser, &mut entropy);
            if let Received::Reply(reply) = received {
                socket.send_to(&reply, from).unwrap();
            }
        }
    });
}

#[tokio::test]
async fn a_flood_of_junk_keeps_no_login_from_its_end() {
    let socket = StdSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let (bmc, stop) = (socket.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
    let server = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || serve(&socket, &stop)
    });
    let endpoint = Endpoint::bind().unwrap();
    let opened = Bmc::new(&endpoint, bmc, patient(30)).connect().await;
    // Nor a timer from its time.
    let silent = StdSocket::bind("127.0.0.1:0").unwrap();
    let dead = Bmc::new(&endpoint, silent.local_addr().unwrap(), patient(1)).connect().await;
    stop.store(true, Ordering::Relaxed);
    server.join().unwrap();
    assert_eq!(opened.unwrap().agreed, Some(Agreed::Suite(CipherSuite::SUITE_17)));
    let error = dead.unwrap_err();
    assert!(matches!(error.session_error(), Some(SessionError::NoAnswer { .. })), "{error}");
    let (_, received) = endpoint.datagrams();
    assert!(received > 5000, "there was no flood: {received}");
}

#[tokio::test]
async fn a_source_is_where_packets_are_from_and_one_that_is_not_ours_is_an_error() {
    let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let free = std::net::UdpSocket::bind("127.0.0.3:0").unwrap().local_addr().unwrap();
    let endpoint = Endpoint::bind_to(Some(free.ip()), free.port()).unwrap();
    assert!(Endpoint::bind_to(Some(free.ip()), free.port()).is_err(), "taken");
    let bmc = Bmc::new(&endpoint, peer.local_addr().unwrap(), patient(1));
    let asked = tokio::spawn(async move { bmc.connect().await });
    let from = tokio::task::spawn_blocking(move || peer.recv_from(&mut [0; 512]).unwrap().1);
    assert_eq!(from.await.unwrap(), free);
    asked.abort();
    let six = Bmc::new(&endpoint, "[::1]:623".parse().unwrap(), patient(1));
    let error = six.connect().await.unwrap_err();
    assert!(error.to_string().contains("IPv4 or IPv6"), "{error}");
    // TEST-NET-1: no machine has it.
    assert!(Endpoint::bind_to(Some([192, 0, 2, 1].into()), 0).is_err());
}
