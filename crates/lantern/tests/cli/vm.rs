//! `bmc run --vm`: a BMC whose machine is whoever connects.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Bmc, example, lantern_with};

#[test]
fn the_machine_is_on_while_somebody_is_connected_and_the_control_socket_tells_who() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (vm, control) = (path("vm"), path("control"));
    let bmc = Bmc::with(&example(), &["--vm", &vm, "--control", &control]);
    let status = || {
        let output = lantern_with(&["-o", "json", "bmc", "ctl", "--socket", &control, "status"]);
        let object: Value = serde_json::from_str(output.expect_success()).unwrap();
        crate::schemas::check(&object);
        object
    };
    let nobody = status();
    assert_eq!(nobody["system_interface"]["source"], format!("unix_listen {vm}"));
    assert_eq!(nobody["system_interface"]["connected"], false);
    assert_eq!(nobody["power"], "off");
    assert!(bmc.text(&["power", "status"]).contains("off"));

    let mut machine = UnixStream::connect(&vm).unwrap();
    // What QEMU opens with, and a request for the device ID.
    machine.write_all(&[0xff, 0x01, 0xa1, 0x08, 0x3f, 0xa1, 0x07, 0x18, 0x01, 0xe0, 0xa0]).unwrap();
    let mut said = Vec::new();
    let mut byte = [0];
    while byte != [0xa0] {
        machine.read_exact(&mut byte).unwrap();
        said.push(byte[0]);
    }
    let answer = [0x07, 0x1c, 0x01, 0x00, 0x20];
    assert!(said.windows(5).any(|bytes| bytes == answer), "{said:02x?}");
    let start = Instant::now();
    while status()["power"] != "on" {
        assert!(start.elapsed() < Duration::from_secs(20));
    }
    let there = status();
    assert_eq!(there["system_interface"]["connected"], true);
    assert_eq!(there["system_interface"]["controls"][0], "power off");
    let text = lantern_with(&["bmc", "ctl", "--socket", &control, "status"]);
    assert!(text.expect_success().contains("connected: a program (unix_listen "), "{text}");
    assert!(bmc.text(&["power", "status"]).contains("on"));
}

#[test]
fn what_is_no_place_to_listen_at_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bmc.toml");
    std::fs::write(&file, example()).unwrap();
    let file = file.to_str().unwrap();
    let refused = lantern_with(&["bmc", "run", file, "--vm", "localhost:9002"]);
    assert!(refused.stderr.contains("neither an address and a port"), "{refused}");
    assert_eq!(refused.code(), Some(2));
    let missing = format!("{}/none/vm", directory.path().display());
    let refused = lantern_with(&["bmc", "run", file, "--vm", &missing, "--listen", "127.0.0.1:0"]);
    assert!(refused.stderr.contains("for the host's system interface"), "{refused}");
    assert!(refused.stderr.contains("docs/system-interface.md"), "{refused}");
    assert_eq!(refused.code(), Some(2));
}
