//! What callers may count on when logins fail, futures are dropped and networks are not there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use common::Bmc;
use ipmi_client::{Credentials, Endpoint, Error, ErrorKind};
use ipmi_wire::cmd::app::{GetDeviceId, GetSessionInfo, SessionSelector};
use ipmi_wire::cmd::chassis::{GetChassisStatus, PowerAction};

fn client(endpoint: &Endpoint, address: SocketAddr) -> ipmi_client::Bmc {
    let credentials = Credentials::new(b"admin", b"Complex_Pass").unwrap();
    ipmi_client::Bmc::new(endpoint, address, credentials)
}

/// How many sessions the BMC has, the asking one included.
async fn sessions(client: &ipmi_client::Bmc) -> u8 {
    client.send(&GetSessionInfo { selector: SessionSelector::Current }).await.unwrap().active
}

fn is_gone<T>(outcome: Result<T, Error>) -> bool {
    outcome.is_err_and(|error| matches!(*error.kind, ErrorKind::EndpointGone))
}

#[tokio::test]
async fn a_power_off_that_was_given_up_in_the_queue_never_happens() {
    let bmc = Bmc::reference();
    let endpoint = Endpoint::bind().unwrap();
    let client = client(&endpoint, bmc.addr);
    client.connect().await.unwrap();
    let reads: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send(&GetChassisStatus).await.map(drop) })
        })
        .collect();
    // The reads are queued before the power-off is, which goes before none of its own priority.
    tokio::task::yield_now().await;
    {
        let mut off = Box::pin(client.power(PowerAction::Off));
        assert!(off.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        // The endpoint's task takes it in, too, before it is dropped.
        tokio::task::yield_now().await;
    }
    for read in reads {
        read.await.unwrap().unwrap();
    }
    assert!(client.is_powered_on().await.unwrap());
    // 3 for the login, 50 reads, 1 status: nothing else went out.
    assert_eq!(endpoint.datagrams().0, 54);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_login_that_succeeds_for_nobody_is_closed() {
    let bmc = Bmc::reference();
    let endpoint = Endpoint::bind().unwrap();
    let lost = client(&endpoint, bmc.addr);
    {
        let mut login = Box::pin(lost.connect());
        assert!(login.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        // The session arrives, and its owner never looks.
        while endpoint.datagrams().1 < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::task::yield_now().await;
    }
    // Three messages of the handshake, and Close Session.
    let closed = async {
        while endpoint.datagrams().0 < 4 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), closed).await.expect("it is closed at once");
    assert_eq!(sessions(&client(&endpoint, bmc.addr)).await, 1);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn who_waited_for_a_login_that_failed_fails_with_it() {
    // Bound, so that it takes what is sent, and silent.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::bind().unwrap();
    let mut credentials = Credentials::new(b"admin", b"pw").unwrap();
    credentials.timing.deadline = Duration::from_millis(200);
    let client = ipmi_client::Bmc::new(&endpoint, silent.local_addr().unwrap(), credentials);
    let start = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let client = client.clone();
        callers.spawn(async move { client.send(&GetDeviceId).await.unwrap_err().to_string() });
    }
    let errors = callers.join_all().await;
    assert!(start.elapsed() < Duration::from_millis(1000), "{:?}", start.elapsed());
    assert!(errors[0].contains("no answer to Open Session Request"), "{}", errors[0]);
    assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
    // Open Session and one repetition, for all ten. The next caller tries again.
    let sent = endpoint.datagrams().0;
    assert!(sent <= 2, "{sent}");
    client.connect().await.unwrap_err();
    assert!(endpoint.datagrams().0 > sent);
}

#[tokio::test]
async fn what_this_machine_cannot_reach_is_said_at_once() {
    let endpoint = Endpoint::bind().unwrap();
    for address in ["255.255.255.255:623", "127.0.0.1:0", "[::1]:0", "[::ffff:127.0.0.1]:623"] {
        let start = Instant::now();
        let error = client(&endpoint, address.parse().unwrap()).connect().await.unwrap_err();
        assert!(matches!(*error.kind, ErrorKind::Io(_)), "{address}: {error:?}");
        assert!(error.to_string().starts_with(address), "{error}");
        assert!(start.elapsed() < Duration::from_secs(1), "{address}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn after_shutdown_there_is_no_endpoint() {
    let bmc = Bmc::reference();
    let endpoint = Endpoint::bind().unwrap();
    let client = client(&endpoint, bmc.addr);
    client.connect().await.unwrap();
    endpoint.shutdown().await;
    let sent = endpoint.datagrams().0;
    assert!(is_gone(client.send(&GetDeviceId).await));
    assert!(is_gone(client.connect().await));
    client.close().await;
    assert!(is_gone(client.connect().await));
    endpoint.shutdown().await;
    assert_eq!(endpoint.datagrams().0, sent);
}

#[tokio::test]
async fn a_forgotten_session_is_not_closed() {
    let bmc = Bmc::reference();
    let endpoint = Endpoint::bind().unwrap();
    let client = client(&endpoint, bmc.addr);
    client.connect().await.unwrap();
    client.forget_session().await;
    // Three of each handshake and the question: no Close Session in between.
    assert_eq!(sessions(&client).await, 2);
    assert_eq!(endpoint.datagrams().0, 3 + 3 + 1);
    endpoint.shutdown().await;
}
