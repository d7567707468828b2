//! Boot options and the power restore policy as ipmitool and FreeIPMI set and read them, over
//! restarts, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use lantern_testkit::peers::Ipmitool;

/// Insists that `bootparam get` of `parameter` has all the `lines`, less their indentation.
fn told(tool: &Ipmitool, parameter: u8, lines: &[&str]) {
    let output = tool.run(&format!("chassis bootparam get {parameter}"));
    let text = output.expect_success();
    for line in lines {
        assert!(text.lines().any(|l| l.trim() == *line), "no `{line}` in\n{output}");
    }
}

#[test]
fn a_boot_device_is_told_as_it_was_set() {
    let bmc = Bmc::reference();
    for suite in [17, 3] {
        let Some(tool) = bmc.ipmitool(suite) else { return };
        let set = tool.run("chassis bootdev pxe options=efiboot,persistent");
        assert_eq!(set.expect_success(), "Set Boot Device to pxe\n");
        assert!(set.stderr.is_empty(), "{set}");
        let lines = [
            "Boot parameter 5 is valid/unlocked",
            "Boot parameter data: e004000000",
            "- Boot Flag Valid",
            "- Options apply to all future boots",
            "- BIOS EFI boot",
            "- Boot Device Selector : Force PXE",
        ];
        told(&tool, 5, &lines);
        for (device, says) in [
            ("disk", "Force Boot from default Hard-Drive"),
            ("safe", "Force Boot from default Hard-Drive, request Safe-Mode"),
            ("diag", "Force Boot from Diagnostic Partition"),
            ("cdrom", "Force Boot from CD/DVD"),
            ("bios", "Force Boot into BIOS Setup"),
            ("floppy", "Force Boot from Floppy/primary removable media"),
            ("none", "No override"),
        ] {
            tool.run(&format!("chassis bootdev {device}")).expect_success();
            let selector = format!("- Boot Device Selector : {says}");
            told(&tool, 5, &[&selector, "- Options apply to only next boot"]);
        }
        // As Ironic sets it, past ipmitool's own options.
        tool.run("raw 0x00 0x08 0x03 0x08").expect_success();
        tool.run("raw 0x00 0x08 0x05 0xa0 0x18 0x00 0x00 0x00").expect_success();
        told(&tool, 5, &["- Boot Device Selector : Force Boot into BIOS Setup"]);
        let timeout = "- Don't automatically clear boot flag valid bit on timeout";
        told(&tool, 3, &["Boot parameter data: 08", timeout]);
        // ipmitool leaves it as it should.
        told(&tool, 0, &["Set In Progress : set complete"]);
    }
}

#[test]
fn every_parameter_can_be_set_and_no_other() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let raw = |words: &str| {
        let output = tool.run(&format!("raw {words}"));
        output.expect_success().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (parameter, set, told) in [
        ("0x01", "0x07", "07"),
        ("0x02", "0x02", "02"),
        ("0x03", "0x1f", "1f"),
        ("0x04", "0xff 0xff", "00 ff"),
        ("0x04", "0x01 0x00", "00 fe"),
        ("0x05", "0xe0 0xff 0xff 0x0f 0x1f", "e0 ff ff 0f 1f"),
        ("0x06", "0x01 1 2 3 4 5 6 7 8", "01 01 02 03 04 05 06 07 08"),
    ] {
        raw(&format!("0x00 0x08 {parameter} {set}"));
        let answer = raw(&format!("0x00 0x09 {parameter} 0 0"));
        assert_eq!(answer, format!("01 {} {told}", &parameter[2..]));
    }
    // The mark alone, and back.
    raw("0x00 0x08 0x85");
    assert_eq!(raw("0x00 0x09 0x05 0 0"), "01 85 e0 ff ff 0f 1f");
    raw("0x00 0x08 0x05");
    assert_eq!(raw("0x00 0x09 0x05 0 0"), "01 05 e0 ff ff 0f 1f");
    for (words, code) in [
        ("0x00 0x08 0x08 0x00", "0x80"),
        ("0x00 0x09 0x08 0x00 0x00", "0x80"),
        ("0x00 0x08 0x60 0x00", "0x80"),
        ("0x00 0x09 0x07 0x05 0x00", "0xc9"),
        ("0x00 0x08 0x05 0xe0 0x04", "0xc7"),
        ("0x00 0x09 0x05", "0xc7"),
    ] {
        let refused = tool.run(&format!("raw {words}"));
        assert!(refused.expect_failure().contains(&format!("rsp={code}")), "{refused}");
    }
    raw("0x00 0x08 0x00 0x01");
    let refused = tool.run("raw 0x00 0x08 0x00 0x01");
    assert!(refused.expect_failure().contains("rsp=0x81"), "{refused}");
    raw("0x00 0x08 0x00 0x00");
}

#[test]
fn the_mailbox_carries_text_in_blocks() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let text = "more_than_one_block_of_text_for_the_loader";
    tool.run(&format!("chassis bootmbox set text 343 {text}")).expect_success();
    let mailbox = tool.run("chassis bootmbox get text");
    let mailbox = mailbox.expect_success();
    assert!(mailbox.contains("IANA PEN       : 343 [Intel Corporation]"), "{mailbox}");
    let blocks: String = mailbox.split('\'').skip(1).step_by(2).collect();
    assert_eq!(blocks, text);
}

#[test]
fn the_restore_policy_is_told_where_the_status_is() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let list = tool.run("chassis policy list");
    let all = "Supported chassis power policy:  always-off always-on previous\n";
    assert_eq!(list.expect_success(), all);
    for policy in ["always-on", "always-off", "previous"] {
        let set = tool.run(&format!("chassis policy {policy}"));
        assert_eq!(set.expect_success(), format!("Set chassis power restore policy to {policy}\n"));
        tool.run("chassis policy list").expect_success();
        let status = tool.run("chassis status");
        let line = format!("Power Restore Policy : {policy}");
        assert!(status.expect_success().lines().any(|l| l == line), "{status}");
    }
    assert!(tool.run("raw 0x00 0x06 0x04").expect_failure().contains("rsp=0xcc"));
}

#[test]
fn what_was_set_is_there_after_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let start = || Bmc::keeping(state.path(), |_| {});
    let bmc = start();
    let Some(tool) = bmc.ipmitool(17) else { return };
    for command in [
        "chassis bootdev pxe options=efiboot,persistent",
        "raw 0x00 0x08 0x03 0x08",
        "raw 0x00 0x08 0x04 0xff 0xff",
        "raw 0x00 0x08 0x81 0x07",
        "raw 0x00 0x08 0x00 0x01",
        "chassis bootmbox set text 343 a_word_for_the_loader",
        "chassis policy always-on",
    ] {
        tool.run(command).expect_success();
    }
    drop(bmc);
    for _ in 0..2 {
        let bmc = start();
        let tool = bmc.ipmitool(17).unwrap();
        told(&tool, 5, &["Boot parameter data: e004000000", "- Boot Flag Valid"]);
        told(&tool, 3, &["Boot parameter data: 08"]);
        told(&tool, 1, &["Boot parameter 1 is invalid/locked", "Service Partition Selector : 7"]);
        let mailbox = tool.run("chassis bootmbox get text");
        let mailbox = mailbox.expect_success();
        let blocks: String = mailbox.split('\'').skip(1).step_by(2).collect();
        assert_eq!(blocks, "a_word_for_the_loader");
        let status = tool.run("chassis status");
        assert!(status.expect_success().contains("Power Restore Policy : always-on"), "{status}");
        // Who was at it, and who had handled it, was before.
        told(&tool, 0, &["Set In Progress : set complete"]);
        told(&tool, 4, &["Boot parameter data: 0000"]);
    }
}

#[test]
fn freeipmi_reads_and_writes_the_same() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    let pairs = [
        "Chassis_Power_Conf:Power_Restore_Policy=On_State_AC_Apply",
        "Chassis_Boot_Flags:Boot_Flags_Persistent=Yes",
        "Chassis_Boot_Flags:BIOS_Boot_Type=EFI",
        "Chassis_Boot_Flags:Boot_Device=CD-DVD",
        "Chassis_Boot_Flags:Device_Instance_Selector=External-3",
        "Chassis_Boot_Flags:Firmware_Bios_Verbosity=VERBOSE",
        "Chassis_Boot_Flags:Console_Redirection=ENABLE",
        "Chassis_Boot_Flags:Lock_Out_Reset_Button=Yes",
    ];
    let pairs = pairs.map(|pair| format!("--key-pair={pair}")).join(" ");
    tool.run("ipmi-config", &format!("--category=chassis --commit {pairs}")).expect_success();
    let same = tool.run("ipmi-config", &format!("--category=chassis --diff {pairs}"));
    assert_eq!(same.expect_success(), "");
    let all = tool.run("ipmi-config", "--category=chassis --checkout");
    assert!(all.expect_success().contains("HARD-DRIVE-SAFE-MODE"), "{all}");
    let Some(ipmitool) = bmc.ipmitool(17) else { return };
    told(&ipmitool, 5, &["Boot parameter data: e015420003"]);
}
