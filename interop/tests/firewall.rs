//! The firmware firewall as ipmitool and FreeIPMI meet it at our BMC: what ipmitool disables, neither
//! can do, and what it resets, both can.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::collections::HashSet;

use common::{Bmc, client_at};
use ipmi_client::firewall::{Scope, Target};
use ipmi_wire::cmd::app::CommandSpace;
use ipmi_wire::cmd::chassis::ChassisControl;
use ipmi_wire::{Body, Channel, Command};
use lantern_testkit::peers::Ipmitool;
use lantern_testkit::tap::{Direction, Tap};

const HERE: Channel = Channel::PRESENT;

/// How many requests new consoles send while this is done. A late goodbye of an old one is not
/// counted.
async fn cost<T>(tap: &Tap, work: impl Future<Output = T>) -> (usize, T) {
    let to_bmc = || tap.packets().into_iter().filter(|packet| packet.direction == Direction::ToBmc);
    let known: HashSet<_> = to_bmc().map(|packet| packet.console).collect();
    let done = work.await;
    (to_bmc().filter(|packet| !known.contains(&packet.console)).count(), done)
}

async fn run(tool: &Ipmitool, words: &'static str) {
    let tool = tool.clone();
    let run = move || {
        tool.run(words).expect_success();
    };
    tokio::task::spawn_blocking(run).await.unwrap();
}

#[tokio::test]
async fn discovery_costs_less_than_with_ipmitool_and_finds_more() {
    let bmc = Bmc::reference();
    let tap = Tap::start(bmc.addr);
    let Some(tool) = common::ipmitool_at(tap.addr(), 17) else { return };
    let (theirs, ()) = cost(&tap, run(&tool, "firewall info")).await;
    let (endpoint, client) = client_at(tap.addr());
    let (ours, found) =
        cost(&tap, async { client.commands(Scope::all(HERE)).await.unwrap() }).await;
    println!("firewall info: {ours} requests, ipmitool {theirs}");
    assert!(found.commands.iter().any(|command| command.space.body == Body::Group(0xdc)));
    // Four to log in, network functions, groups, four for each of six. A machine that is too busy
    // to answer in time makes for repetitions.
    assert!((ours <= 4 + 1 + 1 + 6 * 4 + 2) && ours < theirs, "{ours} {theirs}");
    client.close().await;
    drop(endpoint);

    let (theirs, ()) = cost(&tap, run(&tool, "firewall disable lun 0 netfn 0 command 2")).await;
    run(&tool, "firewall enable lun 0 netfn 0 command 2").await;
    let (_endpoint, client) = client_at(tap.addr());
    let space = CommandSpace::of(ChassisControl::ID);
    let control = Target { space, cmd: Some(ChassisControl::ID.cmd), part: None };
    let (ours, applied) = cost(&tap, async {
        let plan = client.plan_firewall(HERE, control, false).await.unwrap();
        client.apply_firewall(&plan).await.unwrap()
    })
    .await;
    println!("firewall disable: {ours} requests, ipmitool {theirs}");
    assert!(applied.len() == 1 && ours <= 4 + 1 + 4 + 2 && ours < theirs, "{ours} {theirs}");
    client.close().await;
}

#[test]
fn what_ipmitool_disables_freeipmi_cannot_do_until_it_is_reset() {
    let bmc = Bmc::reference();
    let (Some(tool), Some(free)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    let up =
        || (tool.run("chassis power on"), free.run("ipmi-chassis", "--chassis-control=POWER-UP"));
    let (one, other) = up();
    one.expect_success();
    other.expect_success();
    tool.run("firewall disable channel 1 lun 0 netfn 0 command 2").expect_success();
    let (one, other) = up();
    assert!(one.code() != Some(0) && one.stderr.contains("Insufficient privilege level"), "{one}");
    assert!(other.code() != Some(0) && other.stderr.contains("privilege level"), "{other}");
    // Everything else goes on.
    tool.run("chassis status").expect_success();
    free.run("ipmi-chassis", "--get-chassis-status").expect_success();
    // It asks about every number there is, at every unit; what does not exist takes no harm.
    tool.run("firewall reset channel 1").expect_success();
    let (one, other) = up();
    one.expect_success();
    other.expect_success();
}

#[test]
fn parts_and_whole_network_functions_can_be_disabled_by_ipmitool() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    tool.run("firewall disable lun 0 netfn 0 command 2 subfn 3").expect_success();
    let reset = tool.run("chassis power reset");
    assert!(reset.code() != Some(0) && reset.stderr.contains("command disabled"), "{reset}");
    tool.run("chassis power on").expect_success();
    tool.run("firewall enable lun 0 netfn 0 command 2 subfn 3").expect_success();
    tool.run("chassis power reset").expect_success();
    // All of App that can be: with that gone, it still gets in and back, `force` or not.
    for words in ["firewall disable lun 0 netfn 6", "firewall disable lun 0 netfn 6 force"] {
        tool.run(words).expect_success();
        let guid = tool.run("mc selftest");
        assert!(guid.code() != Some(0), "{guid}");
        tool.run("firewall enable lun 0 netfn 6").expect_success();
        tool.run("mc selftest").expect_success();
    }
    // What it says in full of it: what it sends is what it was told, but for what it means to change.
    let verbose = tool.run("-v firewall disable lun 0 netfn 0 command 1");
    verbose.expect_success();
    let info = tool.run("firewall info lun 0 netfn 0");
    assert!(info.expect_success().contains("enabled:      dd8f0000"), "{info}");
}
