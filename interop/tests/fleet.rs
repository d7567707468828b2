//! A thousand BMCs in one process, as ipmitool and FreeIPMI meet them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use common::{freeipmi_at, ipmitool_at, rows};
use lantern_bmcd::{Config, Fleet, FleetConfig, Spread};
use lantern_testkit::peers::{Ipmitool, PATIENCE, Peer};
use lantern_testkit::process::run;

/// The example that users start with is the one that is tested, on a free port.
const EXAMPLE: &str = include_str!("../../examples/fleet.toml");

/// A running fleet; stopped when dropped.
struct Many {
    first: SocketAddr,
    addresses: Vec<SocketAddr>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Many {
    fn start(base: &str) -> Self {
        let config = Config::parse(EXAMPLE, Path::new("examples/fleet.toml")).unwrap();
        let count = config.fleet.unwrap().count();
        let base = format!("{base}:0").parse().unwrap();
        let many = FleetConfig::new(count, base, Spread::Addresses).unwrap();
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let fleet = Fleet::start(&config, &many).unwrap();
                tell.send((0..count).map(|n| fleet.address(n).unwrap()).collect::<Vec<_>>())
                    .unwrap();
                let _ = stopped.await;
                fleet.stop().await;
            });
        });
        let addresses = told.recv().unwrap();
        Self { first: addresses[0], addresses, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Many {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[test]
fn what_is_done_to_one_of_a_thousand_is_not_seen_on_the_others() {
    let many = Many::start("127.61.0.1");
    assert_eq!(many.addresses.len(), 1000);
    let [first, middle, last] = [0, 499, 999].map(|n| many.addresses[n]);
    let tools = [first, middle, last].map(|address| ipmitool_at(address, 17));
    let [Some(first), Some(middle), Some(last)] = tools else { return };
    let state = |tool: &Ipmitool| {
        [
            "chassis power status",
            "sel list",
            "user list 1",
            "sdr list full -c",
            "fru print 0",
            "mc info",
        ]
        .map(|words| {
            let says = tool.run(words).expect_success().to_owned();
            // Of the sensors only which there are: no two machines are at one temperature.
            if words.starts_with("sdr") {
                let name = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
                return says.lines().map(name).collect::<Vec<_>>().join("\n");
            }
            says
        })
    };
    let before = state(&first);
    assert_eq!((state(&middle), state(&last)), (before.clone(), before.clone()));

    for words in ["chassis power off", "sel clear", "user set name 5 bob"] {
        middle.run(words).expect_success();
    }
    middle.run("user set password 2 Another_Pass 20").expect_success();
    middle.run("chassis power status").expect_failure();
    let changed = Ipmitool::new(many.addresses[499], "admin", "Another_Pass").unwrap().suite(17);
    changed.run("sensor thresh FAN1 lower 100 200 300").expect_success();
    // As long as the name in its place: ipmitool need not move anything.
    changed.run("fru edit 0 field p 1 Renamed_Server_2").expect_success();
    assert_eq!(changed.run("chassis power status").expect_success(), "Chassis Power is off\n");
    let after = state(&changed);
    let changes = after.iter().zip(&before).map(|(after, before)| after != before);
    assert_eq!(changes.collect::<Vec<_>>(), [true, true, true, false, true, false], "{after:#?}");
    assert!(changed.run("user list 1").expect_success().contains("bob"));

    assert_eq!((state(&first), state(&last)), (before.clone(), before));
    let guids = [&first, &changed, &last].map(|tool| {
        let says = tool.run("mc guid");
        let guid = says.expect_success().lines().find(|line| line.starts_with("System GUID"));
        guid.unwrap_or_else(|| panic!("{says}")).to_owned()
    });
    assert!(guids[0] != guids[1] && guids[1] != guids[2] && guids[0] != guids[2], "{guids:?}");
}

#[test]
fn freeipmi_finds_the_same_everywhere_and_each_sensor_at_work() {
    let many = Many::start("127.62.0.1");
    let mut logs = Vec::new();
    for n in [0, 500, 999] {
        let Some(tool) = freeipmi_at(many.addresses[n], 17) else { return };
        logs.push(tool.run("ipmi-sel", "").expect_success().to_owned());
        let sensors = tool.run("ipmi-sensors", "--comma-separated-output --output-sensor-state");
        let sensors = sensors.expect_success();
        // ID, name, type, state, reading, units, event.
        let fan = sensors.lines().find(|line| line.contains(",FAN1,")).unwrap_or_default();
        assert!(fan.contains(",Nominal,"), "nobody had scanned it before: {sensors}");
    }
    assert!(rows(&logs[0]).len() >= 7 && logs.iter().all(|log| *log == logs[0]), "{logs:?}");
}

#[test]
fn ipmipower_switches_a_hundred_at_once() {
    let many = Many::start("127.63.0.1");
    let Some(peer) = Peer::find("ipmipower") else { return };
    let hosts = format!("127.63.0.[1-100]:{}", many.first.port());
    let power = |hosts: &str, option: &str| {
        let mut command = peer.command();
        command.args(["-D", "LAN_2_0", "-h", hosts, "-u", "admin", "-p", "Complex_Pass"]);
        command.args(["-I", "17", "-l", "OPERATOR", option]);
        let output = run(&mut command, PATIENCE);
        let mut said: Vec<_> = output.expect_success().lines().map(str::to_owned).collect();
        said.sort_unstable();
        said
    };
    let all = |says: &str| {
        let mut lines: Vec<_> = (1..=100).map(|n| format!("127.63.0.{n}: {says}")).collect();
        lines.sort_unstable();
        lines
    };
    // It names the port along with the host.
    let plain = |lines: Vec<String>| {
        let port = format!(":{}:", many.first.port());
        lines.into_iter().map(|line| line.replace(&port, ":")).collect::<Vec<_>>()
    };
    assert_eq!(plain(power(&hosts, "--stat")), all("on"));
    assert_eq!(plain(power(&hosts, "--off")), all("ok"));
    assert_eq!(plain(power(&hosts, "--stat")), all("off"));
    let next = format!("127.63.0.101:{}", many.first.port());
    assert!(power(&next, "--stat")[0].ends_with(": on"), "the one after them is on");
}
