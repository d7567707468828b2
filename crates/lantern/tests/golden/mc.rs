//! `mc` and `bmc`.

use crate::pair::Pair;

/// What can be read and asked wrongly, everywhere.
const READS: &[&str] = &[
    "mc",
    "bmc",
    "mc help",
    "mc bogus",
    "mc info",
    "bmc info",
    "mc info -v",
    "-c mc info",
    "mc info more",
    "mc selftest",
    "mc guid",
    "mc guid auto",
    "mc guid smbios",
    "mc guid ipmi",
    "mc guid rfc",
    "mc guid rfc4122",
    "mc guid dump",
    "mc guid bogus",
    "-Z mc guid",
    "mc reset",
    "mc reset help",
    "mc reset bogus",
    "mc watchdog",
    "mc watchdog help",
    "mc watchdog bogus",
    "mc watchdog set",
    "mc getenables",
    "mc setenables",
    "mc setenables help",
    "mc setenables bogus",
    "mc setenables oem0=on",
    "mc getsysinfo",
    "mc getsysinfo help",
    "mc getsysinfo bogus",
    "mc getsysinfo system_fw_version",
    "mc getsysinfo system_name",
    "mc getsysinfo primary_os_name",
    "mc getsysinfo os_name",
    "mc getsysinfo delloem_os_version",
    "mc getsysinfo delloem_url",
    "mc setsysinfo",
    "mc setsysinfo help",
    "mc setsysinfo os_name",
    "mc setsysinfo bogus x",
];

#[test]
fn a_reference_is_read_alike() {
    let Some(pair) = Pair::reference() else { return };
    READS.iter().for_each(|line| drop(pair.same(line)));
    // ipmi_sim leaves the countdown out, and the original shows what its memory has had there.
    pair.same("mc watchdog get");
    pair.same("bmc watchdog get more");
}

#[test]
fn specimens_are_read_alike() {
    let Some(pair) = Pair::specimens() else { return };
    READS.iter().for_each(|line| drop(pair.same(line)));
}

#[test]
fn a_simulator_is_read_alike() {
    let Some(pair) = Pair::simulators() else { return };
    READS.iter().for_each(|line| drop(pair.same(line)));
}

#[test]
fn what_is_wrong_is_told_alike() {
    let Some(pair) = Pair::reference() else { return };
    pair.same_error("mc bogus", "Invalid mc/bmc command: bogus");
    pair.same_error("mc reset lukewarm", "Invalid mc/bmc reset command: lukewarm");
    pair.same_error("mc getsysinfo x", "Invalid mc/bmc getsysinfo command: x");
    pair.same_error(
        "-L USER mc reset warm",
        "MC reset command failed: Insufficient privilege level",
    );
    pair.same_error("-L USER mc watchdog off", "Watchdog Timer Shutoff command failed!");
    pair.same_error(
        "mc watchdog reset",
        "Reset Watchdog Timer command failed: Attempt to reset uninitialized watchdog",
    );
    pair.same_error("mc setenables oem0 on", "Set Global Enables command failed: ");
    pair.same_error("mc setenables oem0 on oem1 off", "Set Global Enables command failed: ");
}

#[test]
fn identities_are_guessed_alike() {
    // Random; of a time, in each order; of no version at all; the same in several orders.
    for guid in [
        "6c616e74-6572-4e00-8000-000000000001",
        "00112233-4455-6677-8899-aabbccddeeff",
        "2d3a1f10-6f3b-11ee-b962-0242ac120002",
        "ee116f3b-1f10-5d3a-b962-0242ac11ee11",
        "11111111-1111-1111-1111-111111111111",
        "55555555-5555-5555-5555-555555555555",
        "0242ac12-0002-b962-11ee-6f3b2d3a1f10",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "ffffffff-ffff-2fff-bfff-ffffffffff3f",
    ] {
        let own = "6c616e74-6572-4e00-8000-000000000001";
        let Some(pair) = Pair::with(|config| config.replace(own, guid)) else { return };
        for mode in ["", "smbios", "ipmi", "rfc", "dump"] {
            pair.same(&format!("mc guid {mode}"));
        }
    }
}

#[test]
fn a_watchdog_is_set_alike() {
    let Some(pair) = Pair::reference() else { return };
    let reads = &["mc watchdog get", "raw 6 0x25"];
    for line in [
        "mc watchdog set timeout=300 use=sms",
        "mc watchdog set timeout=6553 pretimeout=255 int=nmi use=osload action=reset nolog",
        "mc watchdog set t=60 p=10 i=msg u=frb2 a=poweroff c=frb2 c=oem n d",
        "mc watchdog set timeout=100abc use=post action=cycle clear=post",
        "mc watchdog set timeout=100 use=oem action=none int=none",
        "mc watchdog set timeout=100 use=oem action=reset int=msg",
        "mc watchdog off",
        "mc watchdog set timeout=1 use=sms dontstop",
        "mc watchdog off more",
    ] {
        pair.same_change(line, reads);
        pair.same("mc watchdog get");
    }
    pair.same("mc watchdog reset");
    // It counts now, so nothing but what does not change can be compared.
    pair.same("mc watchdog off");
    pair.same("mc watchdog get");
}

#[test]
fn names_are_set_alike() {
    let Some(pair) = Pair::reference() else { return };
    let long = "abcdefghijklmnopqrstuvwxyz0123456789".repeat(3);
    for name in ["system_fw_version", "system_name", "primary_os_name", "os_name"] {
        let read = format!("mc getsysinfo {name}");
        let raw = "raw 6 0x59 0 4 0 0";
        for text in
            ["x", "fourteen_bytes", "fifteen_bytes_.", "a_name_of_thirty_bytes_and_no_1", &long]
        {
            pair.same_change(&format!("mc setsysinfo {name} {text}"), &[&read, raw]);
            pair.same(&read);
        }
        pair.same_words(&["mc", "setsysinfo", name, ""]);
        pair.same(&read);
        pair.same_words(&["mc", "setsysinfo", name, "Debian GNU/Linux 13", "more"]);
        pair.same(&read);
    }
}

#[test]
fn a_controller_is_reset_alike() {
    let Some(pair) = Pair::with(|config| config.replacen("[bmc]\n", "[bmc]\ncold_reset = 1\n", 1))
    else {
        return;
    };
    pair.same("mc reset warm");
    pair.same("bmc reset warm");
    pair.same("mc reset cold");
    std::thread::sleep(std::time::Duration::from_secs(2));
    pair.same("bmc reset cold");
    std::thread::sleep(std::time::Duration::from_secs(2));
    pair.same("mc info");
}
