//! `fru`.

use std::io::Read;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Bmc, finish, lantern_with, signal_to, wait};

#[test]
fn devices_are_listed_and_printed() {
    let bmc = Bmc::start();
    let list = bmc.text(&["fru", "list"]);
    assert!(list.contains("Power Supply 1"), "{list}");
    assert_eq!(bmc.json(&["fru", "list"])["devices"].as_array().unwrap().len(), 3);
    let text = bmc.text(&["fru", "print"]);
    for says in ["FRU 0: BMC", "Serial number       LNB00001", "Record: power supply", "750 W"] {
        assert!(text.contains(says), "{says}:\n{text}");
    }
    let object = bmc.json(&["fru", "print"]);
    let supply = &object["devices"][1];
    assert_eq!(supply["product"]["part_number"], "LN-PSU-750");
    assert_eq!(supply["multirecords"][0]["power_supply"]["capacity_watts"], 750);
    assert_eq!(supply["board"], Value::Null);
    let board = &bmc.json(&["fru", "print", "0"])["devices"][0]["board"];
    assert_eq!(board["manufactured"], "2026-01-15T12:00:00Z");
    let missing = bmc.run(&["fru", "print", "9"]);
    assert_eq!(missing.code(), Some(1));
    assert!(missing.stderr.contains("no FRU device 9"), "{}", missing.stderr);
}

#[test]
fn a_field_is_edited_by_its_name() {
    let bmc = Bmc::start();
    let text = bmc.text(&["fru", "edit", "0", "product.serial", "S/N 4711, rev \"B\""]);
    assert!(text.contains("LNS00001  S/N 4711, rev \"B\"") && text.contains("read back"), "{text}");
    let object = bmc.json(&["fru", "edit", "0", "chassis", "custom1", "rack 7"]);
    assert_eq!(
        object["changes"],
        json!([{"area": "chassis", "field": "Custom 1", "before": null, "now": "rack 7"}])
    );
    let csv = bmc.text(&["fru", "print", "0", "-o", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let column = reader.headers().unwrap().iter().position(|name| name == "product.serial_number");
    let row = reader.records().next().unwrap().unwrap();
    assert_eq!(&row[column.unwrap()], "S/N 4711, rev \"B\"");
    for wrong in [["product.colour", "x"], ["internal.use", "x"], ["serial", "x"]] {
        let words: Vec<_> = ["fru", "edit", "0"].iter().chain(&wrong).copied().collect();
        assert_eq!(bmc.run(&words).code(), Some(2), "{wrong:?}");
    }
    let long = "x".repeat(64);
    let refused = bmc.run(&["fru", "edit", "0", "product.serial", &long]);
    assert_eq!(refused.code(), Some(1));
    assert!(refused.stderr.contains("63"), "{}", refused.stderr);
}

#[test]
fn a_device_is_read_to_a_file_and_written_from_it() {
    let bmc = Bmc::start();
    let file = bmc.directory.path().join("fru0.bin");
    let path = file.to_str().unwrap();
    assert!(bmc.text(&["fru", "read", "0", path]).contains("1024 bytes"));
    assert_eq!(bmc.json(&["fru", "read", "0", path])["bytes"], 1024);
    let decoded = lantern_with(&["fru", "decode", path, "-o", "json"]);
    let object: Value = serde_json::from_str(decoded.expect_success()).unwrap();
    crate::schemas::check(&object);
    assert_eq!(object["devices"][0]["product"]["serial_number"], "LNS00001");
    assert_eq!(object["address"], Value::Null);

    bmc.text(&["fru", "edit", "0", "product.serial", "OTHER"]);
    let refused = bmc.run(&["fru", "write", "0", path]);
    assert_eq!(refused.code(), Some(2));
    let text = bmc.text(&["fru", "write", "0", path, "--yes"]);
    assert!(text.contains("OTHER   LNS00001"), "{text}");
    assert_eq!(bmc.text(&["fru", "write", "0", path, "--yes"]), "FRU 0: nothing to change\n");

    // Faults are warnings with the area's name.
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(8).position(|window| window == b"LNB00001").unwrap();
    bytes[at] = b'X';
    std::fs::write(&file, &bytes).unwrap();
    let text = lantern_with(&["fru", "decode", path]).expect_success().to_owned();
    assert!(text.contains("board area: checksum mismatch") && text.contains("XNB00001"), "{text}");
    std::fs::write(&file, [0xff; 64]).unwrap();
    let blank = lantern_with(&["fru", "decode", path]);
    assert_eq!(blank.code(), Some(2));
    assert!(blank.stderr.contains("blank"), "{}", blank.stderr);
    assert_eq!(bmc.run(&["fru", "write", "0", path, "--yes"]).code(), Some(2));
    bmc.text(&["fru", "write", "0", path, "--yes", "--force"]);
    assert!(bmc.text(&["fru", "print", "0"]).contains("blank"));
}

/// A link to `bmc` that goes dead for good once the console has sent `alive` datagrams; its address,
/// and what says that it is dead.
fn mortal_link(bmc: SocketAddr, alive: usize) -> (SocketAddr, Receiver<()>) {
    let link = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = link.local_addr().unwrap();
    let (tell, dead) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        link.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (mut buffer, mut console, mut sent) = ([0; 2048], None, 0);
        while let Ok((length, from)) = link.recv_from(&mut buffer) {
            if from == bmc {
                let _ = link.send_to(&buffer[..length], console.unwrap());
                continue;
            }
            console = Some(from);
            sent += 1;
            if sent > alive {
                let _ = tell.send(());
                return;
            }
            let _ = link.send_to(&buffer[..length], bmc);
        }
    });
    (address, dead)
}

/// Ctrl-C while a device is written: what was on it is in a file. The link dies a datagram later each
/// time, so that some time it does so in the middle of the writing.
#[test]
fn an_interrupted_write_leaves_what_was_there_before() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("new.bin"), [0xa5; 1024]).unwrap();
    for alive in (10..200).step_by(10) {
        // A new one each time: sessions that nobody closed take up its slots.
        let bmc = Bmc::start();
        bmc.text(&["fru", "read", "0", &path("before.bin")]);
        let before = std::fs::read(path("before.bin")).unwrap();
        let (link, dead) = mortal_link(bmc.address, alive);
        let mut command = crate::support::lantern();
        command.args(["-H", &link.to_string(), "-U", "admin", "--deadline", "15"]);
        command.args(["fru", "write", "0", "new.bin", "--yes", "--force"]);
        command.env("LANTERN_PASSWORD", crate::support::PASSWORD);
        command.current_dir(&place).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        // If nobody tells, the link never sees so many.
        if dead.recv_timeout(Duration::from_secs(10)).is_err() {
            break;
        }
        signal_to(&child, "-INT");
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let code = wait(&mut child).code();
        let names = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path());
        let is_saved = |path: &PathBuf| path.to_str().unwrap().contains("lantern-fru-0-");
        let saved: Vec<_> = names.filter(is_saved).collect();
        bmc.text(&["fru", "read", "0", &path("now.bin")]);
        let now = std::fs::read(path("now.bin")).unwrap();
        if let [saved] = &saved[..] {
            assert_eq!(code, Some(130));
            assert_eq!(std::fs::read(saved).unwrap(), before);
            assert!(said.contains("puts it back"), "{said}");
            if now != before {
                return;
            }
            std::fs::remove_file(saved).unwrap();
        }
        assert_eq!(now, before, "{said}");
    }
    panic!("never in the middle of it");
}

#[test]
fn what_is_not_supported_says_so() {
    let output = lantern_with(&["fru", "upgEkey", "0", "x.bin"]);
    assert_eq!(output.code(), Some(2));
    assert!(output.stderr.contains("not supported"), "{}", output.stderr);
}

#[test]
fn a_user_may_look_and_not_touch() {
    let bmc = Bmc::start();
    let guest = |words: &[&str]| {
        let mut command: Command = crate::support::lantern();
        command.args(["-H", &bmc.address.to_string(), "-U", "guest"]).args(words);
        finish(command.env("LANTERN_PASSWORD", "Guest_Pass_4"))
    };
    for words in
        [&["fru", "print"][..], &["sensor", "get", "FAN1"], &["sel", "list"], &["sdr", "info"]]
    {
        guest(words).expect_success();
    }
    for words in [
        &["fru", "edit", "0", "product.serial", "x"][..],
        &["sel", "clear", "--yes"],
        &["sensor", "set", "FAN1", "--lc", "700"],
        &["sel", "time", "set", "now"],
    ] {
        let refused = guest(words);
        assert!(matches!(refused.code(), Some(1 | 3)), "{words:?}");
        assert!(
            refused.stderr.contains("operator") || refused.stderr.contains("OPERATOR"),
            "{}",
            refused.stderr
        );
    }
}
