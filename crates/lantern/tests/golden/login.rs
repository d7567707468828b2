//! Who logs in, how, and what is said if that fails.

use crate::pair::Pair;
use crate::support::PASSWORD;

/// IPMI v1.5 and every suite that both programs speak.
pub(crate) fn anything_goes() -> Option<Pair> {
    Pair::with(|config| {
        let lan = "suites = [17, 3, 0, 1, 2, 6, 7, 8, 15, 16]\nallow_insecure_suites = true\n\
                   ipmi15 = [\"md5\"]\nrate = \"off\"";
        config.replacen("suites = [17, 3]", lan, 1)
    })
}

#[test]
fn ipmi_15_is_spoken_and_refused_alike() {
    let Some(pair) = anything_goes() else { return };
    for line in [
        "-I lan power status",
        "-I lan -A MD5 power status",
        "-I lan -U oper -P Oper_Pass_3 -L OPERATOR power status",
        "-I lan -U guest -P Guest_Pass_4 -L USER power status",
    ] {
        pair.same(line);
    }
    for (line, says) in [
        ("-I lan -U nobody power status", "Invalid user name"),
        ("-I lan -A NONE power status", "Authentication type NONE not supported"),
        ("-I lan -A PASSWORD power status", "Authentication type PASSWORD not supported"),
        ("-I lan -A bogus power status", "Authentication type Unknown (0xFF) not supported"),
        ("-I lan -P wrong -R 1 -N 1 power status", "Error: Unable to establish LAN session"),
        ("-I lan -U nobody power status", "Error: Unable to establish IPMI v1.5 / RMCP session"),
    ] {
        pair.same_error(line, says);
    }
    // Asked for more than the user has: refused, by whatever step of the login.
    pair.same_error(
        "-I lan -U oper -P Oper_Pass_3 power status",
        "Error: Unable to establish LAN session",
    );
}

#[test]
fn suites_privileges_and_keys_are_taken_alike() {
    let Some(pair) = anything_goes() else { return };
    // 11 and 12 end the original by an assertion.
    for suite in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18, 19, 20, 255, 256] {
        pair.same(&format!("-C {suite} power status"));
    }
    for level in ["USER", "OPERATOR", "CALLBACK", "administrator", "ADMINISTRATOR+", "bogus", "OEM"]
    {
        pair.same(&format!("-L {level} power status"));
    }
    pair.same_words(&["-L", "NO ACCESS", "power", "status"]);
    let guest = "-U guest -P Guest_Pass_4";
    for (line, says) in [
        ("-P wrong -v power status", "> RAKP 2 HMAC is invalid"),
        ("-P wrong -vv power status", "BMC Session ID"),
        ("-U nobody -vv power status", "RAKP 2 message indicates an error : unauthorized name"),
        ("-k wrong -v power status", "> RAKP 4 message has invalid integrity check value"),
        ("-C 18 power status", "Unsupported cipher suite ID : 18"),
    ] {
        let words: Vec<_> = line.split_whitespace().collect();
        let (theirs, ours) = (pair.theirs(&words), pair.ours(&words));
        assert_eq!(ours.code(), theirs.code(), "{line}");
        for output in [theirs, ours] {
            assert!((output.stdout.clone() + &output.stderr).contains(says), "{says}: {output}");
        }
    }
    let output = pair.ours(&["-vv", "chassis", "power", "status"]);
    assert!(output.stderr.contains("Set Session Privilege Level to ADMINISTRATOR"), "{output}");
    let (id, rest) = output.stdout.split_once('\n').unwrap();
    assert!(id.starts_with("<<  BMC Session ID                     : 0x"), "{output}");
    assert_eq!(rest, "Chassis Power is on\n");
    pair.same(&format!("{guest} -L USER power status"));
    pair.same_error(&format!("{guest} -L USER power on"), "Insufficient privilege level");
    let unable = "Error: Unable to establish IPMI v2 / RMCP+ session";
    for level in ["OPERATOR", "ADMINISTRATOR"] {
        pair.same_error(&format!("{guest} -L {level} power status"), unable);
    }
}

#[test]
fn interfaces_hosts_and_types_are_refused_alike() {
    let Some(pair) = Pair::reference() else { return };
    let (device, none) = ("Could not open device at /dev/ipmi", "No such file or directory");
    if !std::path::Path::new("/dev/ipmi0").exists() {
        pair.same_error("-I open power status", device);
        pair.same_error("-I open -d 7 power status", none);
    }
    for interface in ["bogus", "serial-terminal", "serial-basic", "dummy", "usb", "free"] {
        pair.same(&format!("-I {interface} power status"));
    }
    for (line, says) in [
        ("-H nosuch.invalid power status", "Address lookup for nosuch.invalid failed"),
        ("-I lan -H nosuch.invalid power status", "Could not open socket!"),
        ("-4 -H ::1 power status", "Address lookup for ::1 failed"),
        ("-6 -H 127.0.0.1 power status", "Could not open socket!"),
        ("-H [::1] power status", "Address lookup for [::1] failed"),
        ("-o bogus power status", "OEM setup for \"bogus\" failed"),
        ("-o ibm power status", "Unable to read IPMI_OEM_IBM_DATAFILE from environment"),
        ("-T 0x82 power status", "Target address must be specified!"),
        ("-t 0x82 power status", "Get Chassis Power Status failed: Unknown (0x83)"),
    ] {
        pair.same_error(line, says);
    }
    for line in [
        "-o list",
        "-o help",
        "-g power status",
        "-s power status",
        "-z 100 power status",
        "-B 7 power status",
        "-t 0x20 power status",
        "-m 0x20 power status",
        "-4 power status",
    ] {
        pair.same(line);
    }
}

#[test]
fn passwords_come_from_where_they_are_said_to_be() {
    let Some(pair) = Pair::reference() else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for content in [
        PASSWORD.to_owned(),
        format!("{PASSWORD}\r\nmore\n"),
        format!("{PASSWORD}\tmore"),
        format!("{PASSWORD}\0"),
        "\0".to_owned(),
        "wrong".to_owned(),
        "x".repeat(30),
    ] {
        pair.same_words(&["-f", &file("password", &content), "power", "status"]);
    }
    for environment in [
        &[("IPMITOOL_PASSWORD", PASSWORD)][..],
        &[("IPMI_PASSWORD", PASSWORD)],
        &[("IPMITOOL_PASSWORD", PASSWORD), ("IPMI_PASSWORD", "wrong")],
        &[("IPMITOOL_PASSWORD", "wrong"), ("IPMI_PASSWORD", PASSWORD)],
        &[],
    ] {
        let run = |mut command: std::process::Command| {
            crate::support::finish(command.envs(environment.iter().copied()))
        };
        let words = ["-P", "other", "-E", "power", "status"];
        let (theirs, ours) = (run(pair.their_command(&words)), run(pair.our_command(&words)));
        assert_eq!((ours.stdout, ours.status), (theirs.stdout, theirs.status), "{environment:?}");
    }
    for locale in ["de_DE.UTF-8", "tr_TR.UTF-8"] {
        for words in [
            &["power", "status"][..],
            &["raw", "6", "1"],
            &["-I", "lanplus", "-L", "ADMINISTRATOR", "power", "status"],
        ] {
            let plain = pair.ours(words);
            let mut command = pair.our_command(words);
            let there = crate::support::finish(command.env("LC_ALL", locale).env("LANG", locale));
            assert_eq!((there.stdout, there.stderr), (plain.stdout, plain.stderr), "{locale}");
        }
    }
}

#[test]
fn another_bmc_is_logged_in_to_alike() {
    let Some(pair) = Pair::simulators() else { return };
    for line in [
        "power status",
        "-I lan power status",
        "-I lan -L OPERATOR power status",
        "-L OPERATOR power status",
        "-L USER power status",
        "-C 1 power status",
        "-t 0x20 power status",
        "-P wrong power status",
        "-U nobody power status",
        "raw 6 1",
        "echo a",
    ] {
        pair.same(line);
    }
}
