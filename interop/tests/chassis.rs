//! The chassis as ipmitool and FreeIPMI see and set it: every word that they have for it, what boot
//! options do, and what is there after the mains were away.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use lantern_testkit::peers::{FreeIpmi, Ipmitool};

fn says(tool: &Ipmitool, words: &str, lines: &[&str]) {
    let output = tool.run(words);
    let text = output.expect_success();
    for line in lines {
        assert!(text.lines().any(|l| l.trim() == *line), "no `{line}` in\n{output}");
    }
}

/// Insists that the machine, which may have been told a moment ago, is on or off.
fn wait_for_power(tool: &Ipmitool, state: &str) {
    let wanted = format!("Chassis Power is {state}\n");
    let seen = (0..200).any(|_| tool.run("chassis power status").expect_success() == wanted);
    assert!(seen, "the machine is not {state}");
}

#[test]
fn every_word_that_ipmitool_has_for_the_chassis() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let power = "System Power         : on";
    let none = "Last Power Event     :";
    let lines = [
        power,
        none,
        "Power Control Fault  : false",
        "Front-Panel Lockout  : inactive",
        "Cooling/Fan Fault    : false",
        "Sleep Button Disable : allowed",
        "Power Button Disable : allowed",
        "Power Button Disabled: false",
    ];
    says(&tool, "chassis status", &lines);
    says(&tool, "chassis selftest", &["Self Test Results    : passed"]);
    says(&tool, "chassis poh", &["POH Counter  : 0 days, 0 hours"]);
    says(&tool, "chassis restart_cause", &["System restart cause: unknown"]);
    for (words, line) in [
        ("identify", "Chassis identify interval: default (15 seconds)"),
        ("identify 20", "Chassis identify interval: 20 seconds"),
        ("identify force", "Chassis identify interval: indefinite"),
        ("identify 0", "Chassis identify interval: off"),
        ("power diag", "Chassis Power Control: Diag"),
        ("power reset", "Chassis Power Control: Reset"),
        ("power soft", "Chassis Power Control: Soft"),
        ("power off", "Chassis Power Control: Down/Off"),
        ("power on", "Chassis Power Control: Up/On"),
        ("power status", "Chassis Power is on"),
        ("policy list", "Supported chassis power policy:  always-off always-on previous"),
        ("policy always-off", "Set chassis power restore policy to always-off"),
        ("policy previous", "Set chassis power restore policy to previous"),
        ("bootdev none", "Set Boot Device to none"),
        ("bootdev pxe clear-cmos=yes", "Set Boot Device to pxe"),
        ("bootparam set bootflag force_cdrom", "Set Boot Device to force_cdrom"),
        ("bootparam get 0", "Set In Progress : set complete"),
    ] {
        says(&tool, &format!("chassis {words}"), &[line]);
    }
    says(&tool, "chassis status", &["Last Power Event     : command"]);
    let cause = "System restart cause: chassis power control command";
    says(&tool, "chassis restart_cause", &[cause]);
    for option in [
        "valid",
        "persistent",
        "efiboot",
        "clear-cmos",
        "lockkbd",
        "screenblank",
        "lockoutreset",
        "lockout_power",
        "verbose=default",
        "verbose=yes",
        "verbose=no",
        "force_pet",
        "upw_bypass",
        "lockout_sleep",
        "cons_redirect=default",
        "cons_redirect=skip",
        "cons_redirect=enable",
    ] {
        let output = tool.run(&format!("chassis bootdev disk options={option}"));
        assert_eq!(output.expect_success(), "Set Boot Device to disk\n", "{option}: {output}");
    }
    // What does *not* clear the valid bit can be taken back. (Its `no-`, which would add to it, 1.8.19
    // does not understand: it compares all of `no-timeout` with it.)
    tool.run("raw 0x00 0x08 0x03 0x1f").expect_success();
    let set = "chassis bootparam set bootflag force_bios options=timeout,power";
    says(&tool, set, &["Set Boot Device to force_bios"]);
    says(&tool, "chassis bootparam get 3", &["Boot parameter data: 16"]);
    for parameter in 0..=7 {
        tool.run(&format!("chassis bootparam get {parameter}")).expect_success();
    }
    // The first number is the enterprise, which is not written to other blocks than the first.
    let block = format!("chassis bootmbox set block 1 343{}", " 0x41".repeat(16));
    tool.run(&block).expect_success();
    says(&tool, "chassis bootmbox get", &["Block   1 Data : 41414141414141414141414141414141"]);
}

#[test]
fn a_boot_device_for_one_start_is_used_by_one_and_one_for_all_by_all() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let valid = |is: bool| {
        let word = if is { "- Boot Flag Valid" } else { "- Boot Flag Invalid" };
        says(&tool, "chassis bootparam get 5", &[word, "- Boot Device Selector : Force PXE"]);
    };
    tool.run("chassis bootdev pxe options=efiboot").expect_success();
    valid(true);
    tool.run("chassis power off").expect_success();
    valid(true);
    tool.run("chassis power on").expect_success();
    valid(false);
    says(&tool, "chassis bootparam get 5", &["- BIOS EFI boot"]);
    tool.run("chassis bootdev pxe options=persistent").expect_success();
    for command in ["reset", "cycle"] {
        tool.run(&format!("chassis power {command}")).expect_success();
        wait_for_power(&tool, "on");
        valid(true);
    }
    // A device that the machine does not have changes nothing.
    let refused = tool.run("raw 0x00 0x08 0x05 0x80 0x20 0x00 0x00 0x00");
    assert!(refused.expect_failure().contains("rsp=0xcc"), "{refused}");
    valid(true);
}

#[test]
fn what_the_mains_did_is_told_after_they_are_back() {
    let state = tempfile::tempdir().unwrap();
    let start = || Bmc::keeping(state.path(), |_| {});
    let bmc = start();
    let Some(tool) = bmc.ipmitool(17) else { return };
    says(&tool, "chassis status", &["Last Power Event     :"]);
    tool.run("chassis bootdev cdrom").expect_success();
    drop(bmc);
    for (policy, on, cause) in [
        ("previous", "on", "power-up due to restore-previous power policy"),
        ("always-off", "off", "unknown"),
        ("always-on", "on", "power-up due to always-restore power policy"),
    ] {
        let bmc = start();
        bmc.ipmitool(17).unwrap().run(&format!("chassis policy {policy}")).expect_success();
        drop(bmc);
        let bmc = start();
        let tool = bmc.ipmitool(17).unwrap();
        let power = format!("System Power         : {on}");
        let event = "Last Power Event     : ac-failed";
        says(&tool, "chassis status", &[&power, event]);
        says(&tool, "chassis restart_cause", &[&format!("System restart cause: {cause}")]);
    }
    let bmc = start();
    let tool = bmc.ipmitool(17).unwrap();
    says(&tool, "chassis bootparam get 5", &["- Boot Flag Invalid"]);
}

/// `ipmi-config` of the chassis.
fn config(tool: &FreeIpmi, words: &str) -> String {
    let output = tool.run("ipmi-config", &format!("--category=chassis {words}"));
    output.expect_success().to_owned()
}

#[test]
fn freeipmi_checks_out_commits_and_finds_no_difference() {
    let state = tempfile::tempdir().unwrap();
    let start = || Bmc::keeping(state.path(), |_| {});
    let bmc = start();
    let Some(tool) = bmc.freeipmi(17) else { return };
    let file = state.path().join("chassis.conf");
    let name = file.display();
    config(&tool, &format!("--checkout --filename={name}"));
    config(&tool, &format!("--commit --filename={name}"));
    assert_eq!(config(&tool, &format!("--diff --filename={name}")), "");
    let changed = std::fs::read_to_string(&file)
        .unwrap()
        .replace("Enable_Reset_Button                           Yes", "Enable_Reset_Button No")
        .replace("Restore_State_AC_Apply\n", "On_State_AC_Apply\n")
        .replace("## Power_Cycle_Interval", "Power_Cycle_Interval 3 ##")
        .replace("Boot_Flags_Persistent                         No", "Boot_Flags_Persistent Yes")
        .replace("NO-OVERRIDE\n", "BIOS-SETUP\n");
    std::fs::write(&file, &changed).unwrap();
    assert!(changed.contains("Enable_Reset_Button No") && changed.contains("Interval 3"));
    config(&tool, &format!("--commit --filename={name}"));
    // The interval cannot be read, so that it always differs.
    let readable = changed.replace("Power_Cycle_Interval 3 ##", "##");
    std::fs::write(&file, readable).unwrap();
    drop((bmc, tool));
    let bmc = start();
    let tool = bmc.freeipmi(17).unwrap();
    assert_eq!(config(&tool, &format!("--diff --filename={name}")), "");
    let status = tool.run("ipmi-chassis", "--get-chassis-status");
    assert!(
        status.expect_success().contains("Reset button                        : disabled"),
        "{status}"
    );
}

#[test]
fn every_option_of_ipmi_chassis() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    let run = |words: &str| tool.run("ipmi-chassis", words).expect_success().to_owned();
    assert!(run("--get-chassis-capabilities").contains("Front Panel Lockout     : provided"));
    for (control, power) in [
        ("POWER-DOWN", "off"),
        ("POWER-UP", "on"),
        ("POWER-CYCLE", "on"),
        ("HARD-RESET", "on"),
        ("DIAGNOSTIC-INTERRUPT", "on"),
        ("SOFT-SHUTDOWN", "off"),
    ] {
        run(&format!("--chassis-control={control}"));
        let line = format!("System Power                        : {power}");
        let seen = (0..500).any(|_| run("--get-chassis-status").contains(&line));
        assert!(seen, "{control}: not {power}");
    }
    run("--chassis-identify=FORCE");
    let status = run("--get-chassis-status");
    assert!(status.contains("Chassis Identify state              : Indefinite on"), "{status}");
    run("--chassis-identify=TURN-OFF");
    assert!(run("--get-chassis-status").contains("Chassis Identify state              : off"));
    assert!(run("--get-system-restart-cause").contains("Chassis control command"));
    assert!(run("--get-power-on-hours-counter").starts_with("Power on hours : 0 Hours"));
}
