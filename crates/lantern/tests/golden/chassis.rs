//! `chassis` and `power`.

use crate::pair::Pair;

#[test]
fn power_is_told_and_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in ["power status", "chassis power status", "power", "power help", "power bogus"] {
        pair.same(line);
    }
    let status = &["chassis status", "power status"];
    for action in ["on", "off", "off", "up", "reset", "cycle", "diag", "down", "acpi", "on", "soft"]
    {
        pair.same(&format!("power {action}"));
        // A cycle is off for a second, and an operating system takes its time.
        match action {
            "cycle" => pair.until("power status", "is on"),
            "acpi" | "soft" => pair.until("power status", "is off"),
            _ => {}
        }
        pair.same_state(status);
    }
}

/// What can be read and asked wrongly, everywhere.
const READS: &[&str] = &[
    "chassis",
    "chassis help",
    "chassis bogus",
    "chassis status",
    "-c chassis status",
    "chassis status -v",
    "chassis power",
    "chassis power help",
    "chassis power bogus",
    "chassis selftest",
    "chassis restart_cause",
    "chassis poh",
    "chassis policy",
    "chassis policy help",
    "chassis policy bogus",
    "chassis policy list",
    "chassis identify help",
    "chassis identify 256",
    "chassis identify -1",
    "chassis identify now",
    "chassis identify 08",
    "chassis bootdev",
    "chassis bootdev help",
    "chassis bootdev pxe options=help",
    "chassis bootdev pxe options=bogus",
    "chassis bootdev pxe options=efiboot,bogus",
    "chassis bootparam",
    "chassis bootparam help",
    "chassis bootparam get",
    "chassis bootparam bogus 1",
    "chassis bootparam set",
    "chassis bootparam set help",
    "chassis bootparam set bootflag",
    "chassis bootparam set bogus force_pxe",
    "chassis bootparam get 8",
    "chassis bootparam get 96",
    "chassis bootparam get 127",
    "chassis bootparam get x",
    "chassis bootparam get 256",
    "chassis bootparam get 5 x",
    "chassis bootmbox",
    "chassis bootmbox help",
    "chassis bootmbox bogus",
    "chassis bootmbox get block",
    "chassis bootmbox set",
    "chassis bootmbox set x",
    "chassis bootmbox set 343",
];

/// ipmi_sim leaves values out, and the original shows what its memory has had there.
const PARAMETERS: &[&str] = &[
    "chassis bootparam get 0",
    "chassis bootparam get 1",
    "chassis bootparam get 2",
    "chassis bootparam get 3",
    "chassis bootparam get 4",
    "chassis bootparam get 5",
    "-c chassis bootparam get 5",
    "chassis bootparam get 5 -v",
    "chassis bootparam get 0x5",
    "chassis bootparam get 05",
    "chassis bootparam get 5 0",
    "chassis bootparam get 5 1 2",
    "chassis bootparam get 133",
    "chassis bootparam get 6",
    "-Z chassis bootparam get 6",
    "chassis bootparam get 7",
    "chassis bootparam get 7 1",
    "chassis bootparam get 7 255",
    "chassis bootmbox get",
    "chassis bootmbox get text",
    "chassis bootmbox get block 0",
    "chassis bootmbox get text block 1",
    "chassis bootmbox get block 255",
    "chassis bootmbox get block 256",
    "chassis bootmbox get block -1",
    "chassis bootmbox get block x",
    "chassis bootmbox get block 40000",
    "chassis bootdev tape",
    "chassis bootdev force_none",
    "chassis bootparam set bootflag bogus",
];

#[test]
fn a_reference_is_read_alike() {
    let Some(pair) = Pair::reference() else { return };
    READS.iter().chain(PARAMETERS).for_each(|line| drop(pair.same(line)));
}

#[test]
fn specimens_are_read_alike() {
    let Some(pair) = Pair::specimens() else { return };
    READS.iter().chain(PARAMETERS).for_each(|line| drop(pair.same(line)));
}

#[test]
fn a_simulator_is_read_alike() {
    let Some(pair) = Pair::simulators() else { return };
    READS.iter().for_each(|line| drop(pair.same(line)));
}

#[test]
fn what_is_refused_is_told_alike() {
    let Some(pair) = Pair::reference() else { return };
    pair.same_error(
        "-L USER chassis identify",
        "Set Chassis Identify failed: Insufficient privilege level",
    );
    pair.same_error("-L USER chassis identify force", "Set Chassis Identify failed");
    pair.same_error("-L USER chassis policy list", "Power Restore Policy command failed");
    pair.same_error("-L USER chassis policy always-on", "Power Restore Policy command failed");
    pair.same_error(
        "-L USER chassis bootparam get 5",
        "Get Chassis Boot Parameter 5 failed: Insufficient privilege level",
    );
    pair.same_error("chassis bootparam get 100", "Get Chassis Boot Parameter 100 failed: ");
    pair.same_error("-L USER chassis power off", "Set Chassis Power Control to Down/Off failed");
    pair.same_error("chassis bogus", "Invalid chassis command: bogus");
    pair.same_error("chassis bootdev tape", "Invalid argument: tape");
    pair.same_error("chassis bootdev pxe options=x", "Invalid option: x");
    pair.same_error("chassis identify x", "Invalid interval given.");
    pair.same_error("chassis identify 300", "Given interval is too big.");
}

#[test]
fn identify_and_policy_are_set_alike() {
    let Some(pair) = Pair::reference() else { return };
    let status = &["chassis status", "raw 0 1"];
    for line in [
        "chassis identify",
        "chassis identify 0",
        "chassis identify 250",
        "chassis identify 0x10 more",
        "chassis identify force",
        "chassis identify 0",
        "chassis policy always-on",
        "chassis policy previous",
        "chassis policy always-off",
        "chassis policy list more",
    ] {
        pair.same_change(line, status);
    }
}

const BOOT: &[&str] = &[
    "chassis bootparam get 0",
    "chassis bootparam get 3",
    "chassis bootparam get 4",
    "chassis bootparam get 5",
];

#[test]
fn boot_devices_are_set_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "chassis bootdev pxe",
        "chassis bootdev disk",
        "chassis bootdev safe",
        "chassis bootdev diag",
        "chassis bootdev cdrom",
        "chassis bootdev bios",
        "chassis bootdev floppy",
        "chassis bootdev none",
        "chassis bootdev force_pxe",
        "chassis bootdev force_disk options=persistent",
        "chassis bootdev pxe options=efiboot,persistent",
        "chassis bootdev pxe clear-cmos=yes",
        "chassis bootdev pxe clear-cmos=no",
        "chassis bootdev disk options=",
        "chassis bootdev disk options=,valid,,lockkbd",
        "chassis bootdev disk options=screenblank,lockoutreset,lockout_power",
        "chassis bootdev disk options=verbose=yes,force_pet,upw_bypass,lockout_sleep",
        "chassis bootdev disk options=verbose=no,cons_redirect=skip",
        "chassis bootdev disk options=cons_redirect=enable,verbose=default,cons_redirect=default",
        "chassis bootdev cdrom options=cons_redirect=enable",
    ] {
        pair.same_change(line, BOOT);
        for read in BOOT {
            pair.same(read);
        }
    }
}

#[test]
fn boot_flags_are_set_alike() {
    let Some(pair) = Pair::reference() else { return };
    pair.same_change("raw 0 8 3 0x1f", BOOT);
    for line in [
        "chassis bootparam set bootflag force_pxe",
        "chassis bootparam set bootflag force_disk options=PEF",
        "chassis bootparam set bootflag force_bios options=timeout,watchdog",
    ] {
        pair.same_change(line, BOOT);
        for read in BOOT {
            pair.same(read);
        }
    }
    for value in ["0xe0 0x04", "0xa0 0x08", "0xff 0xff 0xff 0xff 0xff", "0x00 0x24", "0x80 0x28"] {
        let bytes: Vec<_> = value.split(' ').chain(["0"; 5]).take(5).collect();
        pair.same_change(&format!("raw 0 8 5 {}", bytes.join(" ")), BOOT);
        pair.same("chassis bootparam get 5");
    }
    for number in 0..=7 {
        pair.same(&format!("chassis bootparam get {number}"));
    }
}

#[test]
fn a_mailbox_is_set_alike() {
    let Some(pair) = Pair::reference() else { return };
    let reads = &["chassis bootmbox get", "chassis bootmbox get text", "chassis bootparam get 4"];
    for line in [
        "chassis bootmbox set 343 1 2 3 0x04",
        "chassis bootmbox set text 674 hello",
        "chassis bootmbox set text 674 a_text_that_is_longer_than_a_block_and_then_some",
        "chassis bootmbox set block 1 343 9 8 7",
        "chassis bootmbox set block 0 10876 9 8 7",
        "chassis bootmbox set text block 2 0 yes",
        "chassis bootmbox set 343 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
    ] {
        pair.same_change(line, reads);
        pair.same("chassis bootmbox get");
        pair.same("chassis bootmbox get text");
        pair.same("chassis bootmbox get text block 2");
    }
    pair.same_words(&["chassis", "bootmbox", "set", "text", "343", "two words"]);
    pair.same("chassis bootmbox get text block 0");
}
