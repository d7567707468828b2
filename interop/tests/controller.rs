//! The controller itself as ipmitool and FreeIPMI see and set it: watchdog, resets, system info,
//! ACPI states, global enables; and every error that they may get.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use common::Bmc;
use common::chassis_app_errors::ALLOWED;
use lantern_testkit::peers::{FreeIpmi, Ipmitool};

fn says(tool: &Ipmitool, words: &str, lines: &[&str]) {
    let output = tool.run(words);
    output.expect_success();
    // What it has done, ipmitool often tells on standard error.
    let text = format!("{}{}", output.stdout, output.stderr);
    for line in lines {
        assert!(text.lines().any(|l| l.trim() == *line), "no `{line}` in\n{output}");
    }
}

/// Runs it again and again until it says this.
fn says_at_last(tool: &Ipmitool, words: &str, text: &str) {
    let seen = (0..500).any(|_| tool.run(words).stdout.contains(text));
    assert!(seen, "{words} does not come to say `{text}`:\n{}", tool.run(words));
}

#[test]
fn the_watchdog_is_set_wound_up_and_stopped() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    says(&tool, "mc watchdog get", &["Watchdog Timer Is:      Stopped"]);
    let set = "mc watchdog set timeout=100 pretimeout=7 int=msg use=osload action=cycle nolog";
    says(&tool, set, &["Watchdog Timer was successfully configured"]);
    let lines = [
        "Watchdog Timer Use:     OS Load (0x83)",
        "Watchdog Timer Is:      Stopped",
        "Watchdog Timer Logging: Off",
        "Watchdog Timer Action:  Power Cycle (0x33)",
        "Pre-timeout interrupt:  Messaging",
        "Pre-timeout interval:   7 seconds",
        "Timer Expiration Flags: None (0x00)",
        "Initial Countdown:      100.0 sec",
        "Present Countdown:      100.0 sec",
    ];
    says(&tool, "mc watchdog get", &lines);
    let reset = "IPMI Watchdog Timer Reset -  countdown restarted!";
    says(&tool, "mc watchdog reset", &[reset]);
    says(&tool, "mc watchdog get", &["Watchdog Timer Is:      Started/Running"]);
    // It may go on through a change.
    says(
        &tool,
        "mc watchdog set timeout=200 use=sms action=none dontstop",
        &["Watchdog Timer was successfully configured"],
    );
    let lines = ["Watchdog Timer Is:      Started/Running", "Initial Countdown:      200.0 sec"];
    says(&tool, "mc watchdog get", &lines);
    says(&tool, "mc watchdog off", &["Watchdog Timer Shutoff successful -- timer stopped"]);
    says(&tool, "mc watchdog get", &["Watchdog Timer Is:      Stopped"]);
}

#[test]
fn a_watchdog_that_runs_out_acts_and_tells() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    for (action, flag) in [("reset", "(0x10)"), ("cycle", "(0x10)"), ("poweroff", "(0x10)")] {
        let set = format!("mc watchdog set timeout=1 use=sms action={action} clear=sms");
        says(&tool, &set, &["Watchdog Timer was successfully configured"]);
        tool.run("mc watchdog reset").expect_success();
        says_at_last(&tool, "mc watchdog get", flag);
        says(&tool, "mc watchdog get", &["* SMS/OS", "Present Countdown:      0.0 sec"]);
        if action == "reset" {
            says(&tool, "chassis restart_cause", &["System restart cause: watchdog expired"]);
        }
        says_at_last(
            &tool,
            "chassis power status",
            if action == "poweroff" { "off" } else { "on" },
        );
    }
    let list = tool.run("sel elist");
    let list = list.expect_success();
    for event in ["Hard reset", "Power cycle", "Power down"] {
        let line = list.lines().find(|line| line.contains("Watchdog") && line.contains(event));
        assert!(line.is_some(), "no `{event}` in\n{list}");
    }
    let Some(freeipmi) = bmc.freeipmi(17) else { return };
    let events = freeipmi.run("ipmi-sel", "--sensor-types=Watchdog_2");
    let events = events.expect_success();
    assert!(
        events.contains("Power Cycle ; Timer use at expiration = SMS/OS ; Interrupt type = none"),
        "{events}"
    );
}

#[test]
fn names_are_kept_and_read_by_both() {
    let state = tempfile::tempdir().unwrap();
    let start = || Bmc::keeping(state.path(), |_| {});
    let bmc = start();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let long = "a_rather_long_name_of_a_system_that_needs_all_of_four_blocks";
    for (name, text) in [
        ("system_name", long),
        ("primary_os_name", "Debian_12"),
        ("os_name", "Linux"),
        ("system_fw_version", "BIOS_1.2.3"),
    ] {
        tool.run(&format!("mc setsysinfo {name} {text}")).expect_success();
        assert_eq!(
            tool.run(&format!("mc getsysinfo {name}")).expect_success(),
            format!("{text}\n")
        );
    }
    let Some(freeipmi) = bmc.freeipmi(17) else { return };
    let url = "https://bmc.example/a/path/that/is/longer/than/one/block";
    for option in [
        format!("--set-bmc-url={url}"),
        "--set-base-os-hypervisor-url=https://host.example/".to_owned(),
        "--set-present-os-version-number=6.1.0".to_owned(),
        "--set-operating-system-name=GNU/Linux".to_owned(),
    ] {
        freeipmi.run("bmc-device", &option).expect_success();
    }
    let lines = |freeipmi: &FreeIpmi, os: [&str; 2]| {
        let info = freeipmi.run("bmc-info", "--get-system-info");
        let expected = format!(
            "System Firmware Version       : BIOS_1.2.3\n\
             System Name                   : {long}\n\
             Primary Operating System Name : Debian_12\n\
             Operating System Name         : {}\n\
             Present OS Version Number     : {}\n\
             BMC URL                       : {url}\n\
             Base OS/Hypervisor URL        : https://host.example/\n",
            os[0], os[1],
        );
        assert_eq!(info.expect_success(), expected);
    };
    lines(&freeipmi, ["GNU/Linux", "6.1.0"]);
    drop(bmc);
    // What ran then may not be what runs now.
    let bmc = start();
    lines(&bmc.freeipmi(17).unwrap(), ["", ""]);
}

#[test]
fn a_cold_reset_is_silent_and_then_the_controller_is_back() {
    let bmc = Bmc::with(|config| config.cold_reset = Duration::from_secs(1));
    let Some(tool) = bmc.ipmitool(17) else { return };
    for words in [
        "chassis identify force",
        "mc setsysinfo system_name web1",
        "mc watchdog set timeout=100 use=sms action=reset",
        "mc watchdog reset",
    ] {
        tool.run(words).expect_success();
    }
    says(&tool, "mc reset warm", &["Sent warm reset command to MC"]);
    says(&tool, "mc watchdog get", &["Watchdog Timer Is:      Started/Running"]);
    says(&tool, "mc reset cold", &["Sent cold reset command to MC"]);
    says_at_last(&tool, "mc info", "Device ID                 : 32");
    says(&tool, "mc watchdog get", &["Watchdog Timer Is:      Stopped"]);
    assert_eq!(tool.run("mc getsysinfo system_name").expect_success(), "web1\n");
    says(&tool, "chassis power status", &["Chassis Power is on"]);
    let Some(freeipmi) = bmc.freeipmi(17) else { return };
    let status = freeipmi.run("ipmi-chassis", "--get-chassis-status");
    let off = "Chassis Identify state              : off";
    assert!(status.expect_success().contains(off), "{status}");
    freeipmi.run("bmc-device", "--warm-reset").expect_success();
    freeipmi.run("bmc-device", "--cold-reset").expect_success();
    says_at_last(&tool, "mc selftest", "Selftest: passed");
}

#[test]
fn acpi_states_and_enables_are_told() {
    let bmc = Bmc::reference();
    let Some(freeipmi) = bmc.freeipmi(17) else { return };
    let told = |words: &str| freeipmi.run("bmc-device", words).expect_success().to_owned();
    let state = "ACPI System Power State : S0/G0\nACPI Device Power State : D0\n";
    assert_eq!(told("--get-acpi-power-state"), state);
    told("--set-acpi-power-state --set-acpi-system-power-state=S1");
    told("--set-acpi-power-state --set-acpi-device-power-state=D2");
    let state = "ACPI System Power State : S1\nACPI Device Power State : D2\n";
    assert_eq!(told("--get-acpi-power-state"), state);
    assert_eq!(told("--get-self-test-results"), "Self Test Result : No Error\n");
    let enables = told("--get-bmc-global-enables");
    assert!(enables.contains("System Event Logging            : enabled"), "{enables}");
    let Some(tool) = bmc.ipmitool(17) else { return };
    let line = "System Event Logging                     : enabled";
    says(&tool, "mc getenables", &[line]);
    says(&tool, "mc guid", &["System GUID   : 6c616e74-6572-4e00-8000-000000000001"]);
}

#[test]
fn every_error_has_its_reason() {
    let bmc = Bmc::reference();
    let (Some(ipmitool), Some(freeipmi)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    for allowed in ALLOWED {
        allowed.check(&ipmitool, &freeipmi);
    }
}
