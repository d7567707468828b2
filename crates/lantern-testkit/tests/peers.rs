//! The peers against each other: proves that the launchers, the tap and the judge work, before any
//! of our own code is judged by them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::panic;
use std::time::Duration;

use lantern_testkit::peers::{FreeIpmi, IpmiSim, Ipmitool, Machine};
use lantern_testkit::tap::{self, Direction, Packet, Tap};
use lantern_testkit::tshark::{judge, malformed};

#[test]
fn ipmitool_manages_ipmi_sim() {
    let Some(mut sim) = IpmiSim::start() else { return };
    let tap = Tap::start(sim.addr());
    let Some(tool) = Ipmitool::new(tap.addr(), "admin", "Complex_Pass") else { return };
    let tool = tool.suite(3);

    let info = tool.run("mc info");
    assert!(info.expect_success().contains("IPMI Version              : 2.0"), "{info}");

    let rows = |list: &str| -> Vec<Vec<String>> {
        let out = tool.run(list);
        let columns = |line: &str| line.split('|').map(|word| word.trim().to_owned()).collect();
        out.expect_success().lines().map(columns).collect()
    };
    let sdr = rows("sdr list");
    assert_eq!(sdr.len(), sim.machine().sensors.len(), "{sdr:?}");
    assert_eq!(sdr[0], ["CPU Temp", "42 degrees C", "ok"]);
    assert_eq!(sdr[2], ["Fan 1", "4800 RPM", "ok"]);
    assert_eq!(sdr[4], ["12V", "12 Volts", "ok"]);
    assert_eq!(sdr[5], ["3.3V", "3.30 Volts", "ok"]);
    assert_eq!(sdr[6], ["PSU Power", "130 Watts", "ok"]);
    assert_eq!(sdr[7], ["Ambient", "-5 degrees C", "ok"]);

    let sel = rows("sel list");
    assert_eq!(sel.len(), 3, "{sel:?}");
    assert_eq!(sel[1][4], "General Chassis intrusion", "{sel:?}");

    assert_eq!(tool.run("power status").expect_success(), "Chassis Power is off\n");
    tool.run("power on").expect_success();
    assert!(sim.is_on());
    assert_eq!(tool.run("power status").expect_success(), "Chassis Power is on\n");

    sim.command("sensor_set_value 0x20 0 1 0x55 0");
    assert_eq!(rows("sdr list")[0], ["CPU Temp", "85 degrees C", "nc"]);

    assert!(tap.count(Direction::ToBmc) > 50 && tap.count(Direction::ToConsole) > 50);
    assert_eq!(tap.malformed(), Vec::<String>::new());
}

#[test]
fn tshark_reads_the_messages_of_an_unencrypted_session() {
    let Some(sim) = IpmiSim::start() else { return };
    let tap = Tap::start(sim.addr());
    let Some(tool) = Ipmitool::new(tap.addr(), "admin", "Complex_Pass") else { return };
    tool.suite(2).run("mc info").expect_success();
    let file = tempfile::NamedTempFile::new().unwrap();
    tap.save(file.path()).unwrap();
    let Some(judgement) = judge(file.path()) else { return };
    assert_eq!(judgement.complaints, Vec::<String>::new());
    // Everything but Open Session and RAKP, both ways.
    assert_eq!(judgement.packets, tap.packets().len());
    assert_eq!(judgement.messages, judgement.packets - 6);
}

#[test]
fn freeipmi_manages_ipmi_sim() {
    let Some(sim) = IpmiSim::start() else { return };
    let tap = Tap::start(sim.addr());
    let Some(tools) = FreeIpmi::new(tap.addr(), "admin", "Complex_Pass") else { return };
    // The simulator answers Open Session with privilege 0, which FreeIPMI takes only when told.
    let tools = tools.options(["-W", "opensesspriv"]);

    let info = tools.run("bmc-info", "--get-device-id");
    assert!(info.expect_success().contains("Manufacturer ID"), "{info}");
    let sensors = tools.run("ipmi-sensors", "--quiet-cache --comma-separated-output");
    // One line of titles.
    assert_eq!(sensors.expect_success().lines().count(), 9, "{sensors}");
    assert!(sensors.stdout.contains("6,3.3V,Voltage,3.30,V,'OK'"), "{sensors}");
    let files = std::fs::read_dir(tools.directory()).unwrap().count();
    assert_eq!(files, 2, "the configuration file and the cache");
    let sel = tools.run("ipmi-sel", "--quiet-cache --no-header-output");
    assert_eq!(sel.expect_success().lines().count(), 3, "{sel}");
    let stat = tools.run("ipmipower", "--stat");
    assert_eq!(stat.expect_success(), "127.0.0.1: off\n");
    assert_eq!(tap.malformed(), Vec::<String>::new());
}

#[test]
fn a_wrong_password_is_a_failure_that_ipmitool_reports() {
    let Some(sim) = IpmiSim::start() else { return };
    let Some(tool) = Ipmitool::new(sim.addr(), "admin", "wrong") else { return };
    let out = tool.suite(3).privilege("USER").verbose().run("mc info");
    assert!(out.expect_failure().contains("RAKP 2"), "{out}");
}

#[test]
fn a_line_that_the_simulator_refuses_is_not_overlooked() {
    let Some(mut sim) = IpmiSim::start() else { return };
    let refused = panic::catch_unwind(panic::AssertUnwindSafe(|| sim.command("no_such_command")));
    let message = refused.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("Unknown command: no_such_command"), "{message}");

    let mut machine = Machine::default();
    machine.sensors[3].number = 3;
    let refused = panic::catch_unwind(|| IpmiSim::start_with(machine));
    let message = refused.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("refuses the last of these commands"), "{message}");
    assert!(message.contains("sensor_add 0x20 0 3"), "{message}");
}

#[test]
fn a_peer_out_of_time_is_killed() {
    let Some(sim) = IpmiSim::start() else { return };
    // Nothing of what the BMC says arrives: ipmitool would try for some 20 s.
    let tap = Tap::with_hook(sim.addr(), |direction, _| match direction {
        Direction::ToBmc => tap::Verdict::Pass,
        Direction::ToConsole => tap::Verdict::Drop,
    });
    let Some(tool) = Ipmitool::new(tap.addr(), "admin", "Complex_Pass") else { return };
    let out = tool.suite(3).timeout(Duration::from_millis(300)).run("mc info");
    assert!(out.timed_out && out.duration < Duration::from_secs(5), "{out}");
}

/// A capture with these datagrams in it.
fn capture(datagrams: &[&[u8]]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let packet = |bytes: &&[u8]| Packet {
        at: Duration::ZERO,
        direction: Direction::ToBmc,
        console: "127.0.0.1:40000".parse().unwrap(),
        bytes: bytes.to_vec(),
    };
    let packets: Vec<_> = datagrams.iter().map(packet).collect();
    tap::save(file.path(), Duration::ZERO, &packets).unwrap();
    file
}

/// Get Channel Authentication Capabilities in an IPMI 1.5 packet without a session, by hand from
/// IPMI v2.0 §13.6, §13.8 and §22.13.
const GOOD: [u8; 23] = [
    0x06, 0x00, 0xff, 0x07, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0x20, 0x18, 0xc8, 0x81, 0x04, 0x38,
    0x8e, 0x04, 0xb1,
];

#[test]
fn tshark_notices_what_is_broken_and_nothing_else() {
    assert_eq!(malformed(capture(&[&GOOD]).path()), Vec::<String>::new());

    // Cut short; a payload length beyond the packet; a checksum that is wrong.
    let cut = &GOOD[..GOOD.len() - 4];
    let mut long = GOOD;
    long[13] = 40;
    let mut sum = GOOD;
    sum[22] ^= 0x40;
    for broken in [cut, &long, &sum] {
        let found = malformed(capture(&[&GOOD, broken]).path());
        assert_eq!(found.len(), 1, "{broken:02x?}: {found:?}");
        assert!(found[0].starts_with("Frame 2 "), "{found:?}");
    }
}

#[test]
#[should_panic(expected = "no RMCP packet")]
fn a_capture_without_rmcp_proves_nothing() {
    if malformed(capture(&[&[0; 3]]).path()).is_empty() {
        panic!("no RMCP packet: tshark is not installed");
    }
}
