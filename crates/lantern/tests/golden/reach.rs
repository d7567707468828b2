//! How a BMC is reached: its key, older sessions, other levels, controllers behind it; and what is said of one
//! that is not there.

use std::io::Write;
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lantern_testkit::peers::Machine;

use crate::pair::Pair;
use crate::support::finish;

/// As configured, and as the two programs take it in hexadecimal.
const KEY: &str = "Kg_of_the_gallery";
const HEX: &str = "4b675f6f665f7468655f67616c6c657279";

fn with_key() -> Option<Pair> {
    Pair::with(|config| {
        config.replacen("suites = [17, 3]", &format!("suites = [17, 3]\nkg = \"{KEY}\""), 1)
    })
}

#[test]
fn keys_come_from_where_they_are_said_to_be() {
    let Some(pair) = with_key() else { return };
    let unable = "Error: Unable to establish IPMI v2 / RMCP+ session";
    for suite in [17, 3] {
        for option in
            [format!("-k {KEY}"), format!("-y {HEX}"), format!("-y {}", HEX.to_uppercase())]
        {
            assert_eq!(
                pair.same(&format!("-C {suite} {option} power status")),
                "Chassis Power is on\n"
            );
        }
        // None, the wrong one, too much of the right one, and no hexadecimal of it.
        for option in ["", "-k wrong", &format!("-k {KEY}_and_more"), &format!("-k {HEX}")] {
            pair.same_error(&format!("-C {suite} {option} power status"), unable);
        }
    }
    for (option, says) in [
        ("-y 4b6", "Number of Kg key characters is not even"),
        ("-y 4b6g", "Kg key is not hexadecimal number"),
    ] {
        pair.same_error(&format!("{option} power status"), says);
    }
    // The last one that said something counts.
    pair.same(&format!("-k wrong -y {HEX} power status"));
    // Behind a -y, the original tells of success where there was no session.
    for (key, says) in [("00", unable), (&"00".repeat(21), "Kg key is too long")] {
        let words = ["-y", key, "power", "status"];
        let (theirs, ours) = (pair.theirs(&words), pair.ours(&words));
        assert_eq!(ours.code(), Some(1), "{ours}");
        for output in [theirs, ours] {
            assert!(output.stdout.is_empty() && output.stderr.contains(says), "{output}");
        }
    }
    for key in [Some(KEY), Some("wrong"), None, Some(HEX)] {
        let run = |mut command: Command| match key {
            Some(key) => finish(command.env("IPMI_KGKEY", key)),
            None => finish(command.env_remove("IPMI_KGKEY")),
        };
        let words = ["-K", "power", "status"];
        let (theirs, ours) = (run(pair.their_command(&words)), run(pair.our_command(&words)));
        assert_eq!((&ours.stdout, ours.code()), (&theirs.stdout, theirs.code()), "{key:?}");
        assert_eq!(ours.code(), Some(i32::from(key != Some(KEY))), "{ours}");
        for output in [theirs, ours] {
            let lacks = output.stderr.contains("Unable to read kgkey from environment");
            assert_eq!(lacks, key.is_none(), "{output}");
        }
    }
}

#[test]
fn a_key_is_asked_for() {
    let Some(pair) = with_key() else { return };
    for key in [KEY, "wrong"] {
        let run = |mut command: Command| {
            let mut child = command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            writeln!(child.stdin.take().unwrap(), "{key}").unwrap();
            let output = child.wait_with_output().unwrap();
            (String::from_utf8(output.stdout).unwrap(), output.status.code())
        };
        let words = ["-Y", "power", "status"];
        let (theirs, ours) = (run(pair.their_command(&words)), run(pair.our_command(&words)));
        assert_eq!(ours, theirs, "{key}");
    }
}

#[test]
fn who_is_not_there_is_told_of_alike_and_soon() {
    let Some(pair) = Pair::reference() else { return };
    // A port that nobody listens at, and one that somebody listens at and says nothing.
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().map(|address| (address.port(), silent)).unwrap();
    for port in [closed, silent.0] {
        let port = port.to_string();
        for (interface, says) in [
            ("lanplus", "Error: Unable to establish IPMI v2 / RMCP+ session"),
            ("lan", "Error: Unable to establish IPMI v1.5 / RMCP session"),
        ] {
            let words = ["-I", interface, "-p", &port, "-R", "1", "-N", "1", "power", "status"];
            let begun = Instant::now();
            let theirs = pair.theirs(&words);
            let between = Instant::now();
            let ours = pair.ours(&words);
            let (their_time, our_time) = (between - begun, between.elapsed());
            assert_eq!((&ours.stdout, ours.code()), (&theirs.stdout, theirs.code()));
            assert_eq!(ours.code(), Some(1), "{ours}");
            for output in [&theirs, &ours] {
                assert!(output.stderr.contains(says), "{output}");
            }
            assert!(their_time < Duration::from_secs(30), "{their_time:?}");
            assert!(our_time < Duration::from_secs(10), "{our_time:?}");
        }
    }
    // Without a word about patience.
    let begun = Instant::now();
    let ours = pair.ours(&["-p", &silent.0.to_string(), "power", "status"]);
    assert!(ours.code() == Some(1) && ours.stdout.is_empty(), "{ours}");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn controllers_behind_the_bmc_are_asked_alike() {
    let Some(pair) = Pair::simulators_of(Machine::with_satellites) else { return };
    for line in [
        "-t 0x30 mc info",
        "-t 0x32 mc info",
        "-t 0x30 -b 0 mc info",
        "-t 0x30 -m 0x20 mc info",
        "-t 0x30 -m 0x81 mc info",
        "-t 0x30 raw 6 1",
        "-t 0x30 raw 4 0x2d 1",
        "-t 0x30 -l 1 raw 4 0x2d 1",
        "-t 0x30 power status",
        "-t 0x30 chassis status",
        "-t 0x30 sel info",
        "-t 0x30 sel list",
        "-t 0x30 mc guid",
        "-t 0x30 mc selftest",
        "-t 0x20 mc info",
        "-t 0x20 -b 0 mc info",
        "-t 0x30 lan print 1",
        "-t 0x30 user list 1",
    ] {
        pair.same(&format!("-N 1 -R 1 {line}"));
    }
    for (line, says) in [
        ("-t 0x40 mc info", "Get Device ID command failed"),
        ("-t 0x30 -b 5 mc info", "Get Device ID command failed"),
        ("-T 0x30 mc info", "Target address must be specified!"),
    ] {
        pair.same_error(&format!("-N 1 -R 1 {line}"), says);
    }
}

#[test]
fn older_sessions_say_the_same() {
    let Some(pair) = crate::login::anything_goes() else { return };
    for line in [
        "power status",
        "chassis status",
        "chassis policy list",
        "chassis restart_cause",
        "chassis bootparam get 5",
        "mc info",
        "mc guid",
        "mc selftest",
        "mc watchdog get",
        "sdr",
        "sdr elist all",
        "sdr info",
        "sensor",
        "sel info",
        "sel elist",
        "-c sel list",
        "fru",
        "lan print 1",
        "user list 1",
        "user summary 1",
        "channel info 1",
        "channel getaccess 1 2",
        "raw 6 1",
        "raw 6 0x99",
        "raw 0x2e 1",
    ] {
        pair.same(&format!("-I lan {line}"));
    }
    pair.same_change("-I lan chassis policy always-on", &["chassis status"]);
    pair.same_change("-I lan user set name 5 older", &["user list 1"]);
    pair.same_change("-I lan sel clear", &["sel info"]);
    for auth_type in ["NONE", "MD2", "MD5", "PASSWORD", "OEM", "none", "md5", "bogus"] {
        pair.same(&format!("-I lan -A {auth_type} mc info"));
        // With newer sessions it is no matter, but that with none there is no password.
        pair.same(&format!("-A {auth_type} mc info"));
    }
}

#[test]
fn writes_that_take_more_are_refused_alike() {
    let Some(pair) = crate::login::anything_goes() else { return };
    let refused = "Insufficient privilege level";
    for interface in ["lanplus", "lan"] {
        for who in [
            "-U guest -P Guest_Pass_4 -L USER",
            "-U admin -L USER",
            "-U oper -P Oper_Pass_3 -L USER",
        ] {
            let who = format!("-I {interface} {who}");
            for line in [
                "power off",
                "power on",
                "chassis policy always-off",
                "user set name 5 x",
                "user enable 5",
                "sel clear",
                "mc reset warm",
                "raw 0x0a 0x44 0 0 2 0 0 0 0 0x41 0 4 1 1 1 0x57 0 0",
            ] {
                pair.same(&format!("{who} {line}"));
            }
            pair.same_error(&format!("{who} power off"), refused);
            pair.same_error(&format!("{who} chassis policy always-off"), refused);
            for line in [
                "chassis status",
                "sdr",
                "sel list",
                "mc info",
                "lan print 1",
                "user list 1",
                "fru",
            ] {
                pair.same(&format!("{who} {line}"));
            }
        }
        for who in ["-U oper -P Oper_Pass_3 -L OPERATOR", "-U admin -L OPERATOR"] {
            let who = format!("-I {interface} {who}");
            for line in [
                "user set name 5 x",
                "user set password 5 Another_Pass",
                "user priv 4 3 1",
                "lan set 1 ipaddr 192.0.2.9",
                "channel setaccess 1 4 privilege=3",
                "raw 6 0x47 5 2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
                "lan print 1",
                "user list 1",
                "sel info",
            ] {
                pair.same(&format!("{who} {line}"));
            }
            pair.same_error(&format!("{who} user enable 5"), refused);
            pair.same_change(&format!("{who} chassis policy always-off"), &["chassis status"]);
            pair.same_change(&format!("{who} chassis policy previous"), &["chassis status"]);
        }
    }
    pair.same_state(&["user list 1", "lan print 1", "chassis status", "sel info"]);
}
