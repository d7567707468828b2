//! LAN parameters as our client reads and sets them: what it costs, beside ipmitool, and what
//! OpenIPMI's `ipmi_sim`, which neither of us wrote, makes of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::collections::HashMap;
use std::net::SocketAddr;

use common::{Bmc, client_at};
use ipmi_client::lan::{Absent, Fate, LanQuery, LanSetOptions, LanSetting};
use ipmi_wire::cmd::transport::{AddressSource, Ipv6Source, MacAddress};
use ipmi_wire::{Channel, CompletionCode, Privilege};
use lantern_testkit::peers::{IpmiSim, Ipmitool};
use lantern_testkit::tap::{Direction, Tap};

const CHANNEL: Channel = Channel::new(1);

/// How many requests each console has sent. A late goodbye of one is not counted for the next.
fn requests(tap: &Tap) -> HashMap<SocketAddr, usize> {
    let mut counts = HashMap::new();
    for packet in tap.packets().iter().filter(|packet| packet.direction == Direction::ToBmc) {
        *counts.entry(packet.console).or_default() += 1;
    }
    counts
}

/// How many a new console has sent.
fn newest(tap: &Tap, known: &HashMap<SocketAddr, usize>) -> usize {
    let counts = requests(tap);
    counts.iter().filter(|(console, _)| !known.contains_key(console)).map(|(_, count)| count).sum()
}

async fn run(tool: &Ipmitool, words: &'static str) -> String {
    let tool = tool.clone();
    let run = move || tool.run(words).expect_success().to_owned();
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn the_same_content_costs_less_than_with_ipmitool() {
    let bmc = Bmc::with(|config| {
        config.network.dynamic6 = vec![ipmi_bmc::Dynamic6 {
            source: Ipv6Source::DHCPV6,
            address: "2001:db8::aa".parse().unwrap(),
            prefix_length: 128,
        }];
    });
    let tap = Tap::start(bmc.addr);
    let Some(tool) = common::ipmitool_at(tap.addr(), 17) else { return };
    let plain = LanQuery::default();
    let ipv6 = LanQuery { ipv6: true, no_ipv4: true, ..plain };
    let alerts = LanQuery { alerts: true, no_ipv4: true, ..plain };
    // Four exchanges to log in; then one for each parameter.
    for (words, query, most) in [
        ("lan print 1", plain, 4 + 20),
        ("lan6 print 1", ipv6, 4 + 19),
        ("lan alert print 1", alerts, 4 + 1 + 2 * 9),
    ] {
        let before = requests(&tap);
        run(&tool, words).await;
        let theirs = newest(&tap, &before);
        let before = requests(&tap);
        let (endpoint, client) = client_at(tap.addr());
        let config = client.lan_config(CHANNEL, query).await.unwrap();
        let ours = newest(&tap, &before);
        assert_eq!(config.absent().count(), 0, "{:?}", config.absent().collect::<Vec<_>>());
        println!("{words}: {ours} requests, ipmitool {theirs}");
        // A machine that is too busy to answer in time makes for repetitions.
        assert!((most..most + 4).contains(&ours) && ours < theirs, "{words}: {ours}, {theirs}");
        endpoint.shutdown().await;
    }
    // One setting: read, raise the privilege once more, claim, write, commit, complete, read.
    let before = requests(&tap);
    run(&tool, "lan set 1 vlan priority 5").await;
    let theirs = newest(&tap, &before);
    let before = requests(&tap);
    let (endpoint, client) = client_at(tap.addr());
    let channel = client.lan_channel(Some(CHANNEL)).await.unwrap();
    let plan = client.plan_lan(channel, &[LanSetting::VlanPriority(6)]).await.unwrap();
    client.set_lan(&plan, LanSetOptions::default()).await.unwrap();
    let ours = newest(&tap, &before);
    println!("one setting: {ours} requests, ipmitool {theirs}");
    assert!((11..15).contains(&ours) && ours < theirs, "{ours}, {theirs}");
    endpoint.shutdown().await;
}

/// What `lan print` says under `name`.
fn printed(text: &str, name: &str) -> String {
    let start = format!("{name:24}: ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no `{name}` in {text}")).trim_end().to_owned()
}

#[tokio::test]
async fn ipmi_sim_is_read_as_ipmitool_reads_it_and_takes_what_is_set() {
    let Some(sim) = IpmiSim::start() else { return };
    let account = &sim.machine().accounts[0];
    let (endpoint, client) = client_at(sim.addr());
    let Some(tool) = Ipmitool::new(sim.addr(), &account.name, &account.password) else { return };
    let tool = tool.suite(3);
    let channel = client.lan_channel(None).await.unwrap();
    assert_eq!((channel.channel, channel.own), (CHANNEL, Some(true)));
    let query = LanQuery { ipv6: true, alerts: true, rest: true, no_ipv4: false };
    let config = client.lan_config(CHANNEL, query).await.unwrap();
    let print = run(&tool, "lan print 1").await;
    // What there is not is told by both, and fails neither.
    let absent = Absent::NotSupported(CompletionCode(0x80));
    assert_eq!(config.bad_password(), Err(absent.clone()));
    assert_eq!((config.arp(), config.ipv6_support()), (Err(absent.clone()), Err(absent)));
    assert_eq!(printed(&print, "Bad Password Threshold"), "Not Available");
    let suites: Vec<_> = config.cipher_suites().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(suites.join(","), printed(&print, "RMCP+ Cipher Suites"));
    assert!(config.suites().unwrap().iter().all(|suite| {
        suite.level.is_err() || suite.level == Ok(Some(Privilege::Administrator))
    }));

    let settings = [
        LanSetting::Vlan(Some(5)),
        LanSetting::VlanPriority(3),
        LanSetting::Address([192, 0, 2, 5].into()),
        LanSetting::Netmask([255, 255, 255, 0].into()),
        LanSetting::Gateway([192, 0, 2, 1].into()),
        LanSetting::GatewayMac(MacAddress([2, 0, 0, 0, 0, 9])),
        LanSetting::Source(AddressSource::STATIC),
        LanSetting::TimeToLive(9),
        LanSetting::CipherPrivilege { suite: 1, level: None },
    ];
    let plan = client.plan_lan(channel, &settings[1..]).await.unwrap();
    // Another channel's, so that nobody is looked for at 192.0.2.5.
    let other = ipmi_client::lan::LanChannel { channel: CHANNEL, own: Some(false) };
    assert!(!plan.risks().is_empty());
    let plan = client.plan_lan(other, &settings).await.unwrap();
    assert!(plan.impossible().is_empty() && plan.risks().is_empty());
    let done = client.set_lan(&plan, LanSetOptions::default()).await.unwrap();
    let fates: Vec<_> = done.changes.iter().map(|change| change.fate).collect();
    assert_eq!((fates, done.claimed), (vec![Fate::Kept; 9], Some(true)), "{done:#?}");
    let print = run(&tool, "lan print 1").await;
    for (name, says) in [
        ("Set in Progress", "Set Complete"),
        ("802.1q VLAN ID", "5"),
        ("802.1q VLAN Priority", "3"),
        ("IP Address", "192.0.2.5"),
        ("Subnet Mask", "255.255.255.0"),
        ("Default Gateway IP", "192.0.2.1"),
        ("Default Gateway MAC", "02:00:00:00:00:09"),
        ("IP Address Source", "Static Address"),
        ("IP Header", "TTL=0x09 Flags=0x00 Precedence=0x00 TOS=0x00"),
        ("Cipher Suite Priv Max", "aXaaaaaaaaaaaaa"),
    ] {
        assert_eq!(printed(&print, name), says, "{name}");
    }
    // And the other way round.
    run(&tool, "lan set 1 vlan id off").await;
    run(&tool, "lan set 1 bakgw ipaddr 192.0.2.3").await;
    let config = client.lan_config(CHANNEL, LanQuery::default()).await.unwrap();
    assert!(!config.vlan().unwrap().enabled);
    assert_eq!(config.backup_gateway(), Ok([192, 0, 2, 3].into()));
    // What it does not have is known before anything is written.
    let plan = client.plan_lan(other, &[LanSetting::ArpResponses(false)]).await.unwrap();
    assert_eq!(plan.impossible().len(), 1);
    endpoint.shutdown().await;
}
