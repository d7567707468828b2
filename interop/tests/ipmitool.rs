//! The real ipmitool takes our BMC for a real one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::{Duration, Instant};

use common::{Bmc, rows};
use lantern_testkit::peers::Ipmitool;

/// The suites that every test here is run with.
const SUITES: [u8; 2] = [17, 3];

#[test]
fn identity() {
    let bmc = Bmc::reference();
    for suite in SUITES {
        let Some(tool) = bmc.ipmitool(suite) else { return };
        let info = tool.run("mc info");
        let info = info.expect_success();
        for line in [
            "Device ID                 : 32",
            "IPMI Version              : 2.0",
            "Manufacturer ID           : 32473",
            "Manufacturer Name         : Example Enterprise Number for Documentation Use",
            "Device Available          : yes",
            "    SDR Repository Device",
        ] {
            assert!(info.lines().any(|l| l == line), "suite {suite}: no `{line}` in\n{info}");
        }
        let guid = tool.run("mc guid");
        let guid = guid.expect_success();
        assert!(guid.contains("6c616e74-6572-4e00-8000-000000000001"), "{guid}");
        let selftest = tool.run("mc selftest");
        assert!(selftest.expect_success().contains("Selftest: passed"));
        let info = tool.run("session info active");
        assert!(info.expect_success().contains("user id                       : 2"));
    }
}

#[test]
fn power_on_off_off_on_cycle_reset() {
    let bmc = Bmc::reference();
    for suite in SUITES {
        let Some(tool) = bmc.ipmitool(suite) else { return };
        let status = |wanted: &str| {
            let output = tool.run("chassis power status");
            assert_eq!(output.expect_success(), format!("Chassis Power is {wanted}\n"));
        };
        for (command, says, after) in [
            ("on", "Chassis Power Control: Up/On\n", "on"),
            ("off", "Chassis Power Control: Down/Off\n", "off"),
            ("off", "Chassis Power Control: Down/Off\n", "off"),
            ("on", "Chassis Power Control: Up/On\n", "on"),
            ("reset", "Chassis Power Control: Reset\n", "on"),
        ] {
            let output = tool.run(&format!("chassis power {command}"));
            assert_eq!(output.expect_success(), says, "suite {suite}");
            status(after);
        }
        let output = tool.run("chassis power cycle");
        assert_eq!(output.expect_success(), "Chassis Power Control: Cycle\n");
        let start = Instant::now();
        while tool.run("chassis power status").expect_success() != "Chassis Power is on\n" {
            assert!(start.elapsed() < Duration::from_secs(20), "the cycle never ends");
        }
        let cause = tool.run("chassis restart_cause");
        assert_eq!(cause.expect_success(), "System restart cause: chassis power control command\n");

        tool.run("chassis power off").expect_success();
        let refused = tool.run("chassis power cycle");
        let text =
            "Set Chassis Power Control to Cycle failed: Command not supported in present state";
        assert!(refused.expect_failure().contains(text), "{refused}");
        status("off");
        tool.run("chassis power on").expect_success();
    }
}

#[test]
fn chassis() {
    let bmc = Bmc::reference();
    for suite in SUITES {
        let Some(tool) = bmc.ipmitool(suite) else { return };
        let status = tool.run("chassis status");
        let status = status.expect_success();
        for line in [
            "System Power         : on",
            "Power Overload       : false",
            "Chassis Intrusion    : inactive",
            "Cooling/Fan Fault    : false",
        ] {
            assert!(status.lines().any(|l| l == line), "no `{line}` in\n{status}");
        }
        let identify = tool.run("chassis identify 5");
        assert_eq!(identify.expect_success(), "Chassis identify interval: 5 seconds\n");
        let identify = tool.run("chassis identify force");
        assert_eq!(identify.expect_success(), "Chassis identify interval: indefinite\n");
        tool.run("chassis identify 0").expect_success();
        assert!(tool.run("chassis poh").expect_success().starts_with("POH Counter"));
    }
}

#[test]
fn sensors_and_events() {
    let bmc = Bmc::reference();
    for suite in SUITES {
        let Some(tool) = bmc.ipmitool(suite) else { return };
        let sdr = tool.run("sdr list");
        let sdr = rows(sdr.expect_success());
        assert!(sdr.len() >= 24, "{} rows", sdr.len());
        let good = sdr.iter().filter(|row| row.ends_with("| ok")).count();
        assert!(good >= 24, "only {good} sensors are ok:\n{}", sdr.join("\n"));
        for unit in ["degrees C", "RPM", "Volts", "Watts"] {
            assert!(sdr.iter().any(|row| row.contains(unit)), "nothing in {unit}");
        }
        let sensors = tool.run("sensor list");
        let sensors = rows(sensors.expect_success());
        assert_eq!(sensors.len(), sdr.len());
        assert!(sensors.iter().all(|row| row.split('|').count() == 10));
        let elist = tool.run("sdr elist");
        assert_eq!(rows(elist.expect_success()).len(), sdr.len());
        let sel = tool.run("sel list");
        let sel = rows(sel.expect_success());
        assert!(sel.len() >= 2, "{} events", sel.len());
        assert!(sel.iter().any(|row| row.contains("General Chassis intrusion")));
        assert!(sel.iter().any(|row| row.contains("Voltage") && row.contains("Lower Critical")));
        assert!(tool.run("sel elist").expect_success().contains("CPU1 Vcore"));
        assert!(tool.run("sel info").expect_success().contains("Entries          : "));
        assert!(tool.run("sdr info").expect_success().contains("SDR Version"));
    }
}

#[test]
fn the_best_suite_is_found_without_being_told() {
    let bmc = Bmc::reference();
    let Some(tool) = Ipmitool::new(bmc.addr, "admin", "Complex_Pass") else { return };
    let output = tool.options(["-v"]).run("chassis power status");
    assert!(output.expect_success().contains("Chassis Power is on"));
    assert!(output.to_string().contains("Using best available cipher suite 17"), "{output}");
    let output = bmc.ipmitool(17).unwrap().run("channel getciphers ipmi 1");
    let listed = output.expect_success();
    for suite in ["17", "3"] {
        assert!(
            listed.lines().any(|line| line.split_whitespace().next() == Some(suite)),
            "{listed}"
        );
    }
}

#[test]
fn privileges_are_enforced() {
    let bmc = Bmc::reference();
    let Some(guest) = Ipmitool::new(bmc.addr, "guest", "Guest_Pass_4") else { return };
    let guest = guest.suite(17).privilege("USER");
    assert_eq!(guest.run("chassis power status").expect_success(), "Chassis Power is on\n");
    let refused = guest.run("chassis power off");
    assert!(refused.expect_failure().contains("Insufficient privilege level"), "{refused}");
    let oper = Ipmitool::new(bmc.addr, "oper", "Oper_Pass_3").unwrap();
    let oper = oper.suite(17).privilege("OPERATOR");
    oper.run("chassis power off").expect_success();
    oper.run("chassis power on").expect_success();
    // `mc reset` itself does not look at the answer.
    let refused = oper.run("raw 0x06 0x02");
    assert!(refused.expect_failure().contains("rsp=0xd4"), "{refused}");
}

#[test]
fn a_reset_of_the_controller_leaves_no_session_and_the_machine_alone() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    for kind in ["warm", "cold"] {
        let output = tool.run(&format!("mc reset {kind}"));
        assert_eq!(output.expect_success(), format!("Sent {kind} reset command to MC\n"));
        assert_eq!(tool.run("chassis power status").expect_success(), "Chassis Power is on\n");
    }
    let sessions = tool.run("session info active");
    assert!(sessions.expect_success().contains("active sessions               : 1"), "{sessions}");
}
