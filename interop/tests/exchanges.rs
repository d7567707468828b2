//! What a question costs, in datagrams.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::collections::HashSet;
use std::sync::Arc;

use common::Bmc;
use ipmi_client::{Credentials, Endpoint};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::chassis::PowerAction;
use lantern_testkit::tap::{Direction, Tap};
use tokio::sync::Semaphore;

fn credentials(privilege: Privilege) -> Credentials {
    Credentials { privilege, ..Credentials::new(b"admin", b"Complex_Pass").unwrap() }
}

#[tokio::test]
async fn power_status_takes_four_exchanges_and_a_close_that_is_not_waited_for() {
    let bmc = Bmc::reference();
    let tap = Tap::start(bmc.addr);
    let endpoint = Endpoint::bind().unwrap();
    let client = ipmi_client::Bmc::new(&endpoint, tap.addr(), credentials(Privilege::User));
    assert!(client.is_powered_on().await.unwrap());
    assert_eq!((tap.count(Direction::ToBmc), tap.count(Direction::ToConsole)), (4, 4));
    client.close().await;
    assert_eq!(endpoint.datagrams().0, 5);

    // Above USER the privilege has to be raised, once.
    let client = ipmi_client::Bmc::new(&endpoint, tap.addr(), credentials(Privilege::Operator));
    client.power(PowerAction::On).await.unwrap();
    client.power(PowerAction::On).await.unwrap();
    assert_eq!(endpoint.datagrams().0, 5 + 3 + 1 + 2);
    endpoint.shutdown().await;

    // The last close is on its way.
    while tap.count(Direction::ToBmc) < 12 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    // The same question, asked by ipmitool.
    if let Some(tool) = common::ipmitool_at(tap.addr(), 17) {
        tap.clear();
        tool.run("chassis power status").expect_success();
        assert_eq!(tap.packets().iter().filter(|p| p.direction == Direction::ToBmc).count(), 11);
    }
}

#[tokio::test]
async fn sixty_sessions_share_one_socket() {
    const SESSIONS: u8 = 60;
    let bmc = Bmc::with(|config| {
        config.sessions = 63;
        config.listen = (1..=SESSIONS).map(|n| ([127, 0, 9, n], 0).into()).collect();
    });
    let endpoint = Endpoint::bind().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    // A BMC lets one source have 16 handshakes under way; here all of them come from one.
    let logins = Arc::new(Semaphore::new(12));
    for addr in bmc.addrs.clone() {
        let client = ipmi_client::Bmc::new(&endpoint, addr, credentials(Privilege::User));
        let logins = Arc::clone(&logins);
        tasks.spawn(async move {
            let _permit = logins.acquire().await.unwrap();
            (client.is_powered_on().await, client)
        });
    }
    let mut clients = Vec::new();
    while let Some(done) = tasks.join_next().await {
        let (on, client) = done.unwrap();
        assert!(on.unwrap());
        clients.push(client);
    }
    let info = ipmi_wire::cmd::app::GetSessionInfo {
        selector: ipmi_wire::cmd::app::SessionSelector::Current,
    };
    let mut ports = HashSet::new();
    for client in &clients {
        let session = client.send(&info).await.unwrap();
        assert_eq!(session.active, SESSIONS);
        ports.insert(session.session.unwrap().lan.unwrap().port);
    }
    assert_eq!(ports.len(), 1, "one socket for all");
    endpoint.shutdown().await;
}

#[tokio::test]
async fn ipv6_is_spoken_by_both_ends() {
    let bmc = Bmc::with(|config| config.listen = vec!["[::1]:0".parse().unwrap()]);
    let endpoint = Endpoint::bind().unwrap();
    let client = ipmi_client::Bmc::new(&endpoint, bmc.addr, credentials(Privilege::User));
    assert!(client.is_powered_on().await.unwrap());
    assert!(client.sensors(false).await.unwrap().len() >= 24);
    endpoint.shutdown().await;
    if let Some(tool) = bmc.ipmitool(17) {
        assert_eq!(tool.run("chassis power status").expect_success(), "Chassis Power is on\n");
    }
}
