//! What is done over the control socket, as ipmitool and FreeIPMI see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use common::Bmc;
use lantern_bmcd::control::client::{Client, ClientError};
use lantern_bmcd::control::protocol::Action;
use lantern_bmcd::control::protocol::{
    ButtonName, ButtonPress, Code, EventInject, FaultSet, LeaseGive, Nothing, Operation,
    PowerControl, SelfTestFlag, SelfTestFlags, SelfTestResult, SelfTestSet, SensorName,
    SensorRelease, SensorSet, SessionEnd,
};
use lantern_bmcd::control::reply::{
    Done, Faults, LeaseInfo, Log, OnOff, Outcome, SelfTestInfo, Sensors, SessionsInfo,
};
use lantern_testkit::peers::Ipmitool;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The reference BMC and its control socket.
struct Controlled {
    bmc: Bmc,
    socket: PathBuf,
    runtime: Runtime,
    directory: TempDir,
}

const NOTHING: Nothing = Nothing {};

impl Controlled {
    fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let socket = directory.path().join("control");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let path = socket.clone();
        let state = directory.path().join("state");
        let bmc = Bmc::keeping(&state, |config| config.control = Some(path));
        Self { bmc, socket, runtime, directory }
    }

    fn tool(&self) -> Option<Ipmitool> {
        self.bmc.ipmitool(17)
    }

    fn try_to(&self, operation: Operation) -> Result<Done, ClientError> {
        self.runtime
            .block_on(async { Client::connect(&self.socket).await?.ask(None, operation).await })
    }

    fn done(&self, operation: Operation) -> Done {
        self.try_to(operation).unwrap()
    }

    fn ask<T: DeserializeOwned>(&self, operation: Operation) -> T {
        self.runtime.block_on(async {
            Client::connect(&self.socket).await.unwrap().ask(None, operation).await.unwrap()
        })
    }

    fn sensors(&self, operation: Operation) -> Sensors {
        self.ask(operation)
    }

    fn log(&self, operation: Operation) -> Log {
        self.ask(operation)
    }

    fn sessions(&self, operation: Operation) -> SessionsInfo {
        self.ask(operation)
    }

    fn set(&self, sensor: &str, set: impl FnOnce(&mut SensorSet)) {
        let sensor = SensorName::Name(sensor.to_owned());
        let mut args = SensorSet { sensor, value: None, states: None, unavailable: false };
        set(&mut args);
        self.sensors(Operation::SensorSet(args));
    }

    fn press(&self, button: ButtonName, held: bool) -> Outcome {
        self.done(Operation::ButtonPress(ButtonPress { button, held })).outcome
    }
}

/// The value of a line `name : value`.
fn field(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    line.split_once(':').unwrap().1.trim().to_owned()
}

fn chassis(tool: &Ipmitool, name: &str) -> String {
    field(tool.run("chassis status").expect_success(), name)
}

#[test]
fn sensors_say_what_they_are_told_to() {
    let bmc = Controlled::start();
    let Some(tool) = bmc.tool() else { return };
    let row = |name: &str| {
        let list = tool.run("sdr elist");
        let list = list.expect_success();
        list.lines().find(|line| line.starts_with(name)).unwrap().to_owned()
    };
    bmc.set("CPU1 Temp", |set| set.value = Some(96.0));
    bmc.set("FAN2", |set| set.unavailable = true);
    bmc.set("PSU2 Status", |set| set.states = Some(vec![0, 1]));
    assert!(row("CPU1 Temp").contains("| ucr ") && row("CPU1 Temp").ends_with("96 degrees C"));
    assert!(row("FAN2").contains("| ns ") && row("FAN2").ends_with("No Reading"));
    assert!(row("PSU2 Status").ends_with("Presence detected, Failure detected"));
    let sensor = tool.run("-c sensor list").expect_success().to_owned();
    assert!(
        sensor.lines().any(|line| line.starts_with("CPU1 Temp,96.000,degrees C,cr,")),
        "{sensor}"
    );
    // It is an event like any other.
    let log = tool.run("sel elist last 3");
    assert!(
        log.expect_success().contains("CPU1 Temp | Upper Critical going high | Asserted"),
        "{log}"
    );
    assert!(log.stdout.contains("PSU2 Status | Failure detected | Asserted"), "{log}");
    if let Some(tool) = bmc.bmc.freeipmi(17) {
        let sensors = tool.run("ipmi-sensors", "--comma-separated-output --record-ids=1");
        let line = sensors.expect_success().lines().nth(1).unwrap().to_owned();
        assert!(
            line.starts_with("1,CPU1 Temp,Temperature,96.00,C,'At or Above (>=) Upper Critical"),
            "{sensors}"
        );
    }
    let released = bmc.sensors(Operation::SensorRelease(SensorRelease { sensor: None }));
    assert_eq!(released.sensors.len(), 3);
    assert!(!row("CPU1 Temp").ends_with("96 degrees C"));
    assert!(row("FAN2").contains("| ok ") && row("PSU2 Status").ends_with("| Presence detected"));
}

#[test]
fn an_injected_event_is_in_the_log() {
    let bmc = Controlled::start();
    let Some(tool) = bmc.tool() else { return };
    let inject = |args| bmc.log(Operation::EventInject(args)).entries.remove(0).record_id;
    let sensor = Some(SensorName::Name("FAN3".to_owned()));
    // Lower critical going low, at 20h, threshold 28h.
    let data = Some([0x20, 0x28]);
    let first = inject(EventInject { sensor, offset: Some(2), data, ..EventInject::default() });
    // A power supply is there no more.
    let sensor = Some(SensorName::Number(0x41));
    inject(EventInject { sensor, offset: Some(0), deassert: true, ..EventInject::default() });
    // Table 32-1 by hand: system software's watchdog says that it ran out.
    let record = Some("000002000000004100042300 6f00ffff".to_owned());
    let last = inject(EventInject { record, ..EventInject::default() });
    let log = tool.run("sel elist last 3");
    let lines: Vec<_> = log.expect_success().lines().collect();
    assert!(lines[0].contains("FAN3 | Lower Critical going low"), "{log}");
    assert!(lines[0].contains("| Asserted | Reading "), "{log}");
    assert!(lines[1].contains("PSU1 Status | Presence detected | Deasserted"), "{log}");
    assert!(lines[2].contains("Watchdog2 | Timer expired | Asserted"), "{log}");
    assert!(lines[0].trim_start().starts_with(&format!("{first:x} |")), "{log}");
    assert_eq!(last, first + 2);
}

#[test]
fn buttons_are_seen_in_the_chassis_status() {
    let bmc = Controlled::start();
    let Some(tool) = bmc.tool() else { return };
    let cause = || tool.run("chassis restart_cause").expect_success().trim().to_owned();
    assert_eq!(bmc.press(ButtonName::Power, true), Outcome::PoweredOff);
    assert_eq!(chassis(&tool, "System Power"), "off");
    assert_eq!(bmc.press(ButtonName::Power, false), Outcome::PoweredOn);
    assert_eq!(chassis(&tool, "System Power"), "on");
    assert!(cause().ends_with("power-up via pushbutton"), "{}", cause());
    assert_eq!(bmc.press(ButtonName::Reset, false), Outcome::Reset);
    assert!(cause().ends_with("reset via pushbutton"), "{}", cause());
    let control = PowerControl { action: Action::Off };
    assert_eq!(bmc.done(Operation::PowerControl(control)).power, OnOff::Off);
    assert_eq!(chassis(&tool, "System Power"), "off");
}

#[test]
fn an_open_lid_is_an_intrusion_and_stays_one() {
    let bmc = Controlled::start();
    let Some(tool) = bmc.tool() else { return };
    assert_eq!(chassis(&tool, "Chassis Intrusion"), "inactive");
    bmc.done(Operation::LidOpen(NOTHING));
    assert_eq!(chassis(&tool, "Chassis Intrusion"), "active");
    let log = tool.run("sel elist last 1");
    let says = "Chassis Intru | General Chassis intrusion | Asserted";
    assert!(log.expect_success().contains(says), "{log}");
    bmc.done(Operation::LidClose(NOTHING));
    assert_eq!(chassis(&tool, "Chassis Intrusion"), "active");
    // Until somebody re-arms it.
    let number = 0x40;
    tool.run(&format!("raw 0x04 0x2a {number} 0x00")).expect_success();
    assert_eq!(chassis(&tool, "Chassis Intrusion"), "inactive");
}

#[test]
fn without_mains_nobody_answers_and_then_the_policy_decides() {
    let bmc = Controlled::start();
    let Some(tool) = bmc.tool() else { return };
    for (policy, before, after, cause) in [
        ("always-off", "on", "off", None),
        ("previous", "off", "off", None),
        ("previous", "on", "on", Some("power-up due to restore-previous power policy")),
        ("always-on", "off", "on", Some("power-up due to always-restore power policy")),
    ] {
        tool.run(&format!("chassis power {before}")).expect_success();
        tool.run(&format!("chassis policy {policy}")).expect_success();
        assert_eq!(bmc.done(Operation::MainsPull(NOTHING)).power, OnOff::Off);
        let quick = tool.clone().options(["-N", "1", "-R", "1"]);
        assert!(quick.run("chassis power status").expect_failure().contains("Unable to establish"));
        let refused = bmc.try_to(Operation::PowerControl(PowerControl { action: Action::On }));
        let Err(ClientError::Refused(refusal)) = refused else { panic!("{refused:?}") };
        assert_eq!(refusal.code, Code::NoMains);
        bmc.done(Operation::MainsRestore(NOTHING));
        assert_eq!(chassis(&tool, "System Power"), after, "{policy}");
        assert_eq!(chassis(&tool, "Power Restore Policy"), policy);
        assert_eq!(chassis(&tool, "Last Power Event"), "ac-failed");
        if let Some(cause) = cause {
            let says = tool.run("chassis restart_cause");
            assert!(says.expect_success().contains(cause), "{says}");
        }
    }
}

#[test]
fn a_process_that_ends_without_mains_starts_by_the_policy_too() {
    let Controlled { bmc, socket, runtime, directory } = Controlled::start();
    let Some(tool) = bmc.ipmitool(17) else { return };
    tool.run("chassis power on").expect_success();
    let done: Done = runtime.block_on(async {
        let mut client = Client::connect(&socket).await.unwrap();
        client.ask(None, Operation::MainsPull(NOTHING)).await.unwrap()
    });
    assert_eq!(done.power, OnOff::Off);
    drop(bmc);
    let bmc = Bmc::keeping(&directory.path().join("state"), |_| {});
    let tool = bmc.ipmitool(17).unwrap();
    assert_eq!(chassis(&tool, "System Power"), "on");
}

#[test]
fn a_session_that_is_ended_is_gone() {
    let bmc = Controlled::start();
    let Some(tool) = bmc.tool() else { return };
    let mut shell = tool.clone().options(["-N", "1", "-R", "1"]).command("shell");
    let mut shell =
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let list = || bmc.sessions(Operation::SessionList(NOTHING)).sessions;
    let session = loop {
        if let Some(session) = list().pop() {
            break session;
        }
    };
    assert_eq!((session.user.as_str(), session.cipher_suite), ("admin", Some(17)));
    // The shell's, and that of who asks.
    let all = |tool: &Ipmitool| {
        let all = tool.run("session info all");
        all.expect_success().matches("user id").count()
    };
    assert_eq!(all(&tool), 2);
    let end = SessionEnd { session: Some(session.session), all: false };
    let ended = bmc.sessions(Operation::SessionEnd(end)).sessions;
    // Meanwhile it may have asked for more privilege.
    assert_eq!(ended.iter().map(|ended| ended.session).collect::<Vec<_>>(), [session.session]);
    assert_eq!(all(&tool), 1);
    // The shell finds nobody who knows it.
    let mut stdin = shell.stdin.take().unwrap();
    let _ = stdin.write_all(b"chassis power status\nexit\n");
    drop(stdin);
    let output = shell.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains("Chassis Power is"), "{text}");
}

#[test]
fn faults_begin_and_end_while_the_bmc_runs() {
    let bmc = Controlled::start();
    let Some(tool) = bmc.tool() else { return };
    let set = |words: &[&str]| {
        let faults = words.iter().map(|word| (*word).to_owned()).collect();
        bmc.ask::<Faults>(Operation::FaultSet(FaultSet { faults })).faults.len()
    };
    tool.run("mc info").expect_success();
    assert_eq!(set(&["busy=1"]), 1);
    let output = tool.run("mc info");
    assert!(output.expect_failure().contains("Node busy"), "{output}");
    assert_eq!(set(&[]), 0);
    tool.run("mc info").expect_success();
    assert_eq!(set(&["selcount=100"]), 1);
    let entries = |tool: &Ipmitool| -> u32 {
        field(tool.run("sel info").expect_success(), "Entries").parse().unwrap()
    };
    let many = entries(&tool);
    assert_eq!(set(&[]), 0);
    assert_eq!(entries(&tool), many - 100);
}

#[test]
fn the_self_test_fails_as_it_is_told_to() {
    let bmc = Controlled::start();
    let Some(tool) = bmc.tool() else { return };
    let set = |result, flags, code| {
        let set = SelfTestSet { result, flags, code };
        bmc.ask::<SelfTestInfo>(Operation::SelfTestSet(set)).overridden
    };
    let says = |what: &str| {
        let output = tool.run("mc selftest");
        assert!(output.stdout.contains(what), "{what}: {output}");
    };
    says("Selftest: passed");
    let flags = vec![SelfTestFlag::SelInaccessible, SelfTestFlag::SdrRepositoryEmpty];
    assert!(set(SelfTestResult::Corrupted, Some(SelfTestFlags::Names(flags)), None));
    says("Selftest: device corrupted");
    says("SEL device not accessible");
    says("SDR repository empty");
    assert!(set(SelfTestResult::NotImplemented, None, None));
    says("Selftest: not implemented");
    assert!(set(SelfTestResult::Fatal, None, Some(0x12)));
    says("Failure code : 12");
    assert!(!set(SelfTestResult::Passed, None, None));
    says("Selftest: passed");
}

#[test]
fn a_lease_that_is_lost_takes_the_address_away() {
    let bmc = Controlled::start();
    let Some(tool) = bmc.tool() else { return };
    let lan = |name: &str| field(tool.run("lan print 1").expect_success(), name);
    let give = Operation::LeaseGive(LeaseGive {
        address: [192, 0, 2, 50].into(),
        netmask: [255, 255, 255, 0].into(),
        gateway: Some([192, 0, 2, 1].into()),
    });
    // Where the address does not come by DHCP, nobody sees what that gives.
    assert!(!bmc.ask::<LeaseInfo>(give.clone()).in_use);
    assert_eq!(lan("IP Address  "), "127.0.0.1");
    tool.run("lan set 1 ipsrc dhcp").expect_success();
    let seen = || [lan("IP Address  "), lan("Subnet Mask"), lan("Default Gateway IP")];
    assert_eq!(seen(), ["192.0.2.50", "255.255.255.0", "192.0.2.1"]);
    assert!(bmc.ask::<LeaseInfo>(Operation::LeaseLose(NOTHING)).in_use);
    assert_eq!(seen(), ["0.0.0.0"; 3]);
    assert_eq!(lan("IP Address Source"), "DHCP Address");
    // It answers all the same, and has an address again when there is one.
    assert!(bmc.ask::<LeaseInfo>(give).in_use);
    assert_eq!(seen()[0], "192.0.2.50");
}
