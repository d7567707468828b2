//! Libraries that wrap it: bmclib of Tinkerbell and metal-toolbox, which reads both outputs as one
//! and looks at how that begins; rubyipmi of Foreman; python-ipmi, to which all is `raw`.

use lantern_testkit::peers::Machine;

use super::Programs;
use crate::pair::Pair;
use crate::support::PASSWORD;

#[test]
fn bmclib_finds_its_prefixes() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    let same = |words: &str, suite: u8| {
        let line = format!("-I lanplus -U admin -E -N 5 -H HOST -p PORT -C {suite} {words}");
        programs.same_in_all(&pair, &line, &[("IPMITOOL_PASSWORD", PASSWORD)])
    };
    for (words, begins) in [
        ("chassis power status", "Chassis Power is on"),
        ("chassis power cycle", "Chassis Power Control: Cycle"),
        ("chassis power reset", "Chassis Power Control: Reset"),
        ("chassis power soft", "Chassis Power Control: Soft"),
        ("chassis power off", "Chassis Power Control: Down/Off"),
        ("chassis power status", "Chassis Power is off"),
        ("chassis power on", "Chassis Power Control: Up/On"),
        ("chassis power diag", "Chassis Power Control: Diag"),
        ("chassis bootdev pxe", "Set Boot Device to pxe"),
        ("chassis bootdev disk options=persistent", "Set Boot Device to disk"),
        ("chassis bootdev bios options=efiboot", "Set Boot Device to bios"),
        ("chassis bootdev cdrom options=persistent,efiboot", "Set Boot Device to cdrom"),
        ("mc info", "Device ID"),
    ] {
        for suite in [3, 17] {
            // Off as the system sees fit; asked again, there is nobody left to ask.
            if words.ends_with("soft") && suite == 17 {
                continue;
            }
            let said = same(words, suite);
            assert!(said.starts_with(begins), "{words}: {said}");
            match words.rsplit(' ').next() {
                Some("cycle" | "reset") => pair.until("power status", "is on"),
                Some("soft") => pair.until("power status", "is off"),
                _ => {}
            }
        }
    }
    for line in same("user list", 17).lines().skip(1) {
        assert!(line.split_whitespace().next().unwrap().parse::<u8>().is_ok(), "{line}");
    }
    let events = same("sel list", 17);
    assert!(events.lines().count() > 3, "{events}");
    assert!(events.lines().all(|line| line.split('|').count() >= 6), "{events}");
    assert!(same("sel clear", 17).starts_with("Clearing SEL.  Please allow a few seconds"));
    // Its first suite may not be there; the second is tried whatever was said.
    assert!(same("chassis power status", 8).contains("Error: Unable to establish IPMI v2 / RMCP+"));
    assert_eq!(same("mc reset cold", 17), "Sent cold reset command to MC\n");
}

/// Success to bmclib is that nobody is on the console, in these words. Our BMC has none yet.
#[test]
fn bmclib_finds_the_console_free() {
    let Some(pair) = Pair::simulators_of(|| Machine { serial: true, ..Machine::default() }) else {
        return;
    };
    pair.same_error("sol deactivate", "Info: SOL payload already de-activated");
}

#[test]
fn rubyipmi_mends_its_options_after_the_same_words() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    let options = format!("-f {} -U admin -H HOST -p PORT", file.to_str().unwrap());
    // This BMC has IPMI 2.0 only; a lone protocol of the same file follows.
    let said = programs.same_in_all(&pair, &format!("{options} power status"), &[]);
    let mends =
        ["Authentication type NONE not supported", "Error: Unable to establish LAN session"];
    assert!(mends.iter().all(|mend| said.contains(mend)), "{said}");
    for words in [
        "power status",
        "power off",
        "power on",
        "chassis identify 5",
        "chassis bootdev pxe",
        "chassis bootparam set bootflag force_pxe",
        "chassis bootparam set bootflag force_disk",
        "chassis bootparam set bootflag force_bios",
        "bmc info",
        "bmc guid",
        "bmc reset",
        "chassis status",
        "sensor",
        "fru",
        "lan print",
    ] {
        let line = format!("-I lanplus {options} {words}");
        let said = programs.same_in_all(&pair, &line, &[]);
        assert!(!said.contains("Error"), "{words}: {said}");
    }
    // Its two forms of a list: a name before the first colon, and bars.
    let said = programs.same_in_all(&pair, &format!("-I lanplus {options} lan print"), &[]);
    let value = |name: &str| {
        let named = |line: &&str| line.split_once(':').is_some_and(|(key, _)| key.trim() == name);
        said.lines().find(named).and_then(|line| line.split_once(':')).unwrap().1.trim().to_owned()
    };
    for name in ["IP Address", "Subnet Mask", "MAC Address", "Default Gateway IP"] {
        assert!(!value(name).is_empty(), "{said}");
    }
    assert!(value("IP Address Source").contains("Address"), "{said}");
}

#[test]
fn python_ipmi_gets_its_bytes() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    let raw = |words: &str, address: &str| {
        let target = format!("-t {address} -b 0 -l 0");
        let line = format!(
            "-I lanplus -H HOST -p PORT -L ADMINISTRATOR -U admin -P PASSWORD -C 17 {target} raw {words}"
        );
        programs.same_in_all(&pair, &line, &[])
    };
    let said = raw("0x06 0x01", "0x20");
    let bytes = said.split_whitespace().map(|byte| u8::from_str_radix(byte, 16));
    assert!(bytes.collect::<Result<Vec<_>, _>>().unwrap().len() >= 11, "{said}");
    // The code is read out of the line that says so.
    assert!(raw("0x06 0x99", "0x20").contains("rsp=0xc1): Invalid command"));
    raw("0x0a 0x11 0x00 0x00 0x00 0x10", "0x20");
    raw("0x04 0x2d 0x01", "0x20");
    raw("0x06 0x01", "0x82");
}
