//! Many BMCs in one process.

use std::io::BufReader;
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::support::{PASSWORD, finish, first_line, lantern, lantern_with, signal_to, wait};

/// Many BMCs, until they are dropped.
pub(crate) struct Fleet {
    pub(crate) child: Child,
    pub(crate) first: String,
    pub(crate) last: String,
    _stdout: BufReader<ChildStdout>,
}

impl Fleet {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = lantern();
        command.args(arguments).args(["-o", "json"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (line, stdout) = first_line(child.stdout.take().unwrap());
        let object: Value = serde_json::from_str(&line).unwrap();
        crate::schemas::check(&object);
        let [first, last] = ["first", "last"].map(|end| object[end].as_str().unwrap().to_owned());
        Self { child, first, last, _stdout: stdout }
    }

    fn text(host: &str, arguments: &[&str]) -> String {
        let mut command = lantern();
        command.args(["-H", host, "-U", "admin"]).args(arguments);
        finish(command.env("LANTERN_PASSWORD", PASSWORD)).expect_success().to_owned()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_fleet_answers_and_what_is_done_to_one_is_done_to_one() {
    let arguments = ["sim", "--count", "300", "--base", "127.45.0.200", "--port", "0"];
    let mut fleet = Fleet::start(&arguments);
    let port = fleet.first.strip_prefix("127.45.0.200:").unwrap();
    assert_eq!(fleet.last, format!("127.45.1.243:{port}"));
    assert_eq!(Fleet::text(&fleet.last, &["power", "off"]), "Power off: accepted\n");
    assert_eq!(Fleet::text(&fleet.last, &["power", "status"]), "Chassis power is off\n");
    assert_eq!(Fleet::text(&fleet.first, &["power", "status"]), "Chassis power is on\n");
    let guids = [&fleet.first, &fleet.last].map(|host| Fleet::text(host, &["mc", "guid"]));
    assert_ne!(guids[0], guids[1]);
    signal_to(&fleet.child, "-TERM");
    assert_eq!(wait(&mut fleet.child).code(), Some(0));
    // The same seed makes the same ones again.
    let again = Fleet::start(&arguments);
    assert_eq!(Fleet::text(&again.first, &["mc", "guid"]), guids[0]);
    assert_eq!(Fleet::text(&again.last, &["power", "status"]), "Chassis power is on\n");
}

#[test]
fn a_file_describes_a_fleet_too() {
    let example = include_str!("../../../../examples/fleet.toml");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fleet.toml");
    let ports = example.replace("count = 1000", "count = 2").replace(
        "base = \"127.1.0.1\"\nport = 9623",
        "base = \"127.0.0.1\"\nport = 0\nports = true",
    );
    assert_ne!(ports, example);
    std::fs::write(&path, ports).unwrap();
    let file = path.to_str().unwrap();
    let fleet = Fleet::start(&["bmc", "run", file]);
    assert_ne!(fleet.first, fleet.last);
    for host in [&fleet.first, &fleet.last] {
        assert!(host.starts_with("127.0.0.1:"), "{host}");
        assert_eq!(Fleet::text(host, &["power", "status"]), "Chassis power is on\n");
    }
    let kept = lantern_with(&["bmc", "run", file, "--state", directory.path().to_str().unwrap()]);
    assert_eq!(kept.code(), Some(2), "{}", kept.stderr);
    assert!(kept.stderr.contains("a fleet, which keeps nothing"), "{}", kept.stderr);
}

#[test]
fn what_cannot_be_is_said_before_anything_is_bound() {
    for (arguments, says) in [
        (&["--count", "0"][..], "a fleet has 1 to 1000000 BMCs"),
        (&["--count", "1000001"], "a fleet has 1 to 1000000 BMCs"),
        (&["--base", "10.0.0.1"], "a fleet is on loopback only"),
        (&["--base", "127.255.255.250"], "at most 5"),
        (&["--ports", "-p", "65500"], "at most 36"),
        (&["--ports", "--count", "5000"], "at most 4096 BMCs"),
    ] {
        let output = lantern_with(&[&["sim"], arguments].concat());
        assert_eq!((output.code(), output.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(output.stderr.contains(says), "{arguments:?}: {}", output.stderr);
    }
    // Somebody has the port, at one of the addresses.
    let taken = std::net::UdpSocket::bind("127.46.0.9:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = lantern_with(&["sim", "--base", "127.46.0.1", "-p", &port]);
    assert_eq!(output.code(), Some(2));
    assert!(output.stderr.contains("another program has the port"), "{}", output.stderr);
}
