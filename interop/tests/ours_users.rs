//! What it costs to list users, beside ipmitool, and to look at what else a channel has.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use ipmi_client::Endpoint;
use ipmi_wire::{Channel, Privilege};
use lantern_testkit::peers::{IpmiSim, Ipmitool};
use lantern_testkit::tap::{Direction, Tap};

#[tokio::test]
async fn users_of_a_bmc_with_63_slots_take_a_third_of_ipmitools_exchanges_at_most() {
    let Some(sim) = IpmiSim::start() else { return };
    let admin = sim.machine().accounts[0].clone();
    let tap = Tap::start(sim.addr());
    let Some(tool) = Ipmitool::new(tap.addr(), &admin.name, &admin.password) else { return };
    let tool = tool.suite(3);
    let theirs = tokio::task::spawn_blocking(move || tool.run("-c user list 1")).await.unwrap();
    let by_ipmitool = tap.count(Direction::ToBmc);
    assert_eq!(theirs.expect_success().lines().count(), 63, "it has 63 slots");

    tap.clear();
    let endpoint = Endpoint::bind().unwrap();
    let credentials = ipmi_client::Credentials {
        privilege: Privilege::Operator,
        ..ipmi_client::Credentials::new(admin.name.as_bytes(), admin.password.as_bytes()).unwrap()
    };
    let client = ipmi_client::Bmc::new(&endpoint, tap.addr(), credentials);
    let list = client.users(Channel::PRESENT, false).await.unwrap();
    let ours = tap.count(Direction::ToBmc);
    eprintln!(
        "user list of {} slots: {ours} exchanges, by ipmitool {by_ipmitool}",
        list.summary.slots
    );
    assert!(ours * 3 <= by_ipmitool, "{ours} of {by_ipmitool}");
    // Four to log in, because one suite is refused, and one to raise the privilege; two for each slot
    // up to the last enabled user, and one for each of the other thirteen.
    assert_eq!(ours, 4 + 1 + 2 * 3 + 13);
    let named = theirs.stdout.lines().filter(|line| line.split(',').nth(1) != Some("")).count();
    assert_eq!(list.users.iter().filter(|user| !user.name.is_empty()).count(), named);

    // And all of them, with no more than ipmitool takes.
    tap.clear();
    let all = client.users(Channel::PRESENT, true).await.unwrap();
    assert_eq!((all.users, all.looked_at), (list.users, 63));
    assert_eq!(tap.count(Direction::ToBmc), 63 * 2);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_summary_is_one_question() {
    let bmc = common::Bmc::reference();
    let tap = Tap::start(bmc.addr);
    let endpoint = Endpoint::bind().unwrap();
    let client =
        ipmi_client::Bmc::new(&endpoint, tap.addr(), common::credentials(Privilege::Operator));
    client.connect().await.unwrap();
    client.own_user_id().await.unwrap();
    let before = tap.count(Direction::ToBmc);
    // The first question above USER raises the session.
    let summary = client.user_summary(Channel::PRESENT).await.unwrap();
    assert_eq!((summary.slots, summary.enabled, summary.fixed_names), (15, 3, 1));
    assert_eq!(tap.count(Direction::ToBmc), before + 2);
    client.user_summary(Channel::PRESENT).await.unwrap();
    assert_eq!(tap.count(Direction::ToBmc), before + 3);
    endpoint.shutdown().await;
}
