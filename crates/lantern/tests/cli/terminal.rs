//! What a person sees: tables on a terminal of 80 columns, and nothing that the terminal would
//! obey.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::{Bmc, example, wait};

/// What the program writes to a terminal this wide.
fn on_terminal(mut command: Command, columns: u16) -> String {
    let (controller, terminal) = terminal(columns);
    let mut child = command.stdout(Stdio::from(terminal)).stderr(Stdio::null()).spawn().unwrap();
    // Else the end of the output would never come: this side of it would stay open.
    drop(command);
    let mut bytes = Vec::new();
    // A terminal that nobody writes to any more fails to be read, rather than to end.
    let _ = std::fs::File::from(controller).read_to_end(&mut bytes);
    wait(&mut child);
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

/// Both sides of a terminal.
pub(crate) fn terminal(columns: u16) -> (OwnedFd, OwnedFd) {
    // Else a program would keep its own terminal from being hung up.
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let controller = openpt(flags).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, flags, Mode::empty()).unwrap();
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size).unwrap();
    (controller, terminal)
}

/// What comes of a command whose question gets this answer.
fn answered(command: Command, answer: &str) -> Option<i32> {
    let (code, asked) = asked(command, answer);
    assert!(asked.contains("Type 'yes' to go on"), "{asked}");
    code
}

/// What a command says on its terminal that gets this answer, and how it ends.
pub(crate) fn asked(mut command: Command, answer: &str) -> (Option<i32>, String) {
    let (controller, terminal) = terminal(80);
    let stdin = terminal.try_clone().unwrap();
    command.stdin(Stdio::from(stdin)).stderr(Stdio::from(terminal)).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut controller = std::fs::File::from(controller);
    // It may be typed before it is asked for.
    controller.write_all(answer.as_bytes()).unwrap();
    let mut asked = Vec::new();
    let _ = controller.read_to_end(&mut asked);
    (wait(&mut child).code(), String::from_utf8(asked).unwrap())
}

const TABLES: &[&str] = &[
    "power status",
    "chassis status",
    "chassis capabilities",
    "chassis policy show",
    "chassis boot show",
    "chassis boot mailbox show",
    "chassis front-panel show",
    "mc watchdog show",
    "mc enables show",
    "mc sysinfo show",
    "mc acpi show",
    "mc interfaces",
    "event list FAN1",
    "mc info",
    "mc guid",
    "session info",
    "sensor list",
    "sensor list --no-thresholds",
    "sensor get CPU1\u{a0}Temp FAN1 12V Chassis\u{a0}Intru PSU1\u{a0}Status",
    "sdr list",
    "sdr list --kind all",
    "sdr list --kind fru",
    "sdr list --kind mc",
    "sdr get FAN1 BMC PSU1 Chassis\u{a0}Intru",
    "sdr type",
    "sdr type temperature",
    "sdr entity 10",
    "sdr info",
    "sel list",
    "sel list --no-names",
    "sel get 1 6 last",
    "sel info",
    "sel time get",
    "fru list",
    "fru print",
    "user list",
    "user summary",
    "user get oper",
    "user payload 3",
    "user set 3 --limit user --link on --session-limit 0",
    "user payload 3 --sol off --oem 3=off",
    "channel list",
    "channel info",
    "channel info 15",
    "channel auth",
    "channel ciphers",
    "channel payloads",
    "channel keys show",
    "channel set 1 --alerting off --per-message-auth on",
    "session list",
    "session list --names",
    "lan show --all",
    "lan alert list",
    "lan set --vlan 5 --snmp-community eighteen_letters.. --dry-run",
    "lan stats",
    "sol info",
    "sol set retry-count 3 force-encryption off --dry-run",
    "sol set character-accumulate-level 20ms volatile-bit-rate serial",
    "sol deactivate",
    "sol looptest 2",
    "power off",
    "sensor list",
    "sensor get FAN1",
];

/// Where names, units and records are as strange as they may be.
const STRANGE: &[&str] = &[
    "sensor list",
    "sensor list --no-thresholds",
    "sensor get Linear\u{a0}unsigned Energy\u{a0}rate OEM\u{a0}states Bay\u{a0}Y",
    "sdr list",
    "sdr list --kind all",
    "sdr get 0x0001 0x002d 0x0039 0x003b 0x003c 0x003d 0x003f 0x0041 0x0042 0x0043 0x0045",
    "fru list",
    "fru print",
];

#[test]
fn no_line_is_longer_than_the_terminal_is_wide() {
    let strange = example().replace("\"reference\"", "\"specimens\"");
    for (bmc, tables) in [(Bmc::start(), TABLES), (Bmc::with(&strange, &[]), STRANGE)] {
        for words in tables {
            let words: Vec<_> = words.split(' ').map(|word| word.replace('\u{a0}', " ")).collect();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let text = on_terminal(bmc.console(&words), 80);
            assert!(text.lines().count() > 0, "{words:?}");
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{words:?}: {line}\n{text}");
                assert_eq!(line, line.trim_end(), "{words:?}");
            }
            // The same for programs, as the schema says it.
            bmc.json(&words);
        }
    }
}

#[test]
fn what_cannot_be_undone_is_asked_for() {
    let bmc = Bmc::start();
    assert_eq!(answered(bmc.console(&["sel", "clear"]), "no\n"), Some(1));
    assert_eq!(bmc.json(&["sel", "info"])["entries"], 7);
    assert_eq!(answered(bmc.console(&["sel", "clear"]), "yes\n"), Some(0));
    assert_eq!(bmc.json(&["sel", "info"])["entries"], 0);
    let file = bmc.directory.path().join("fru");
    let path = file.to_str().unwrap();
    bmc.text(&["fru", "read", "0", path]);
    bmc.text(&["fru", "edit", "0", "product.serial", "OTHER"]);
    assert_eq!(answered(bmc.console(&["fru", "write", "0", path]), "\n"), Some(1));
    let serial =
        || bmc.json(&["fru", "print", "0"])["devices"][0]["product"]["serial_number"].clone();
    assert_eq!(serial(), "OTHER");
    assert_eq!(answered(bmc.console(&["fru", "write", "0", path]), "yes\n"), Some(0));
    assert_eq!(serial(), "LNS00001");
}

#[test]
fn a_user_is_taken_away_only_after_a_yes() {
    let bmc = Bmc::start();
    let users = || bmc.json(&["user", "list"])["users"].as_array().unwrap().len();
    assert_eq!(answered(bmc.console(&["user", "remove", "guest"]), "no\n"), Some(1));
    assert_eq!(users(), 3);
    assert_eq!(answered(bmc.console(&["user", "remove", "guest"]), "yes\n"), Some(0));
    assert_eq!(users(), 2);
    // And the own one is not shut out without.
    let own = ["user", "set", "admin", "--limit", "user"];
    assert_eq!(answered(bmc.console(&own), "no\n"), Some(1));
    assert_eq!(bmc.json(&["user", "get", "admin"])["privilege_limit"], "administrator");
    assert_eq!(answered(bmc.console(&["channel", "keys", "lock"]), "no\n"), Some(1));
    assert_eq!(bmc.json(&["channel", "keys", "show"])["kg"]["lock"], "unlocked");
}

#[test]
fn a_terminal_obeys_nothing_that_a_bmc_says() {
    let bmc = Bmc::start();
    let evil = "a\u{1b}[2J\u{7}b";
    bmc.text(&["fru", "edit", "0", "product.serial", evil]);
    for words in [&["fru", "print", "0"][..], &["fru", "edit", "0", "product.asset", evil]] {
        let text = bmc.text(words);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
        assert!(text.contains("a\\u{1b}[2J\\u{7}b"), "{text:?}");
    }
    // Programs get what is there.
    let object = bmc.json(&["fru", "print", "0"]);
    assert_eq!(object["devices"][0]["product"]["serial_number"], evil);
}
