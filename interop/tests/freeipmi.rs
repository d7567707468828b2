//! FreeIPMI takes our BMC for a real one, without any of its workarounds.
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

const SUITES: [u8; 2] = [17, 3];

#[test]
fn identity() {
    let bmc = Bmc::reference();
    for suite in SUITES {
        let Some(tool) = bmc.freeipmi(suite) else { return };
        let info = tool.run("bmc-info", "");
        let info = info.expect_success();
        for line in [
            "Device ID             : 32",
            "IPMI Version          : 2.0",
            "Device GUID : 6c616e74-6572-4e00-8000-000000000001",
            "System GUID : 6c616e74-6572-4e00-8000-000000000001",
            "Channel Number       : 1",
            "Medium Type          : 802.3 LAN",
        ] {
            assert!(info.lines().any(|l| l == line), "suite {suite}: no `{line}` in\n{info}");
        }
    }
}

#[test]
fn sensors_and_events() {
    let bmc = Bmc::reference();
    for suite in SUITES {
        let Some(tool) = bmc.freeipmi(suite) else { return };
        let sensors = tool.run("ipmi-sensors", "--comma-separated-output --no-header-output");
        let sensors = rows(sensors.expect_success()).join("\n");
        let readings = sensors.lines().filter(|row| row.contains(',')).count();
        assert!(readings >= 24, "{readings} sensors:\n{sensors}");
        assert!(sensors.contains("CPU1 Temp,Temperature,"), "{sensors}");
        assert!(sensors.contains(",RPM,'OK'") && sensors.contains(",V,'OK'"), "{sensors}");
        let events = tool.run("ipmi-sel", "--comma-separated-output --no-header-output");
        let events = events.expect_success();
        assert!(events.contains("General Chassis Intrusion"), "{events}");
        assert!(events.contains("Lower Critical - going low"), "{events}");
        let info = tool.run("ipmi-sel", "--info");
        assert!(info.expect_success().contains("Number of log entries"), "{info}");
    }
}

#[test]
fn power() {
    let bmc = Bmc::reference();
    for suite in SUITES {
        let Some(tool) = bmc.freeipmi(suite) else { return };
        let host = bmc.addr.ip();
        for (option, says) in [
            ("--stat", "on"),
            ("--off", "ok"),
            ("--stat", "off"),
            ("--off", "ok"),
            ("--on", "ok"),
            ("--stat", "on"),
            ("--reset", "ok"),
            ("--cycle", "ok"),
        ] {
            let output = tool.run("ipmipower", option);
            assert_eq!(output.expect_success(), format!("{host}: {says}\n"), "{option}");
        }
        let start = Instant::now();
        let on = format!("{host}: on\n");
        while tool.run("ipmipower", "--stat").expect_success() != on {
            assert!(start.elapsed() < Duration::from_secs(20), "the cycle never ends");
        }
        let output = tool.run("ipmipower", "--off --wait-until-off");
        assert_eq!(output.expect_success(), format!("{host}: ok\n"));
        tool.run("ipmipower", "--on --wait-until-on").expect_success();
        let status = tool.run("ipmi-chassis", "--get-chassis-status");
        assert!(status.expect_success().contains("System Power                        : on"));
    }
}

#[test]
fn a_suite_that_is_not_offered_is_named() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(2) else { return };
    let refused = tool.run("bmc-info", "");
    assert!(refused.expect_failure().contains("cipher suite id unavailable"), "{refused}");
}
