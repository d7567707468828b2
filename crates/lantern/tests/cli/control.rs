//! `bmc ctl`: every operation over a control socket, in words and as objects.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use lantern_testkit::process::Output;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Bmc, example, lantern, lantern_with, signal_to, wait};

struct Controlled {
    bmc: Bmc,
    socket: PathBuf,
    _directory: TempDir,
}

impl Controlled {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("control");
        let bmc = Bmc::with(&example(), &["--control", socket.to_str().unwrap()]);
        Self { bmc, socket, _directory: directory }
    }

    fn run(&self, words: &[&str]) -> Output {
        let socket = self.socket.to_str().unwrap();
        let fixed = ["bmc", "ctl", "--socket", socket];
        lantern_with(&fixed.iter().chain(words).copied().collect::<Vec<_>>())
    }

    fn text(&self, words: &[&str]) -> String {
        self.run(words).expect_success().to_owned()
    }

    fn json(&self, words: &[&str]) -> Value {
        let words: Vec<_> = ["-o", "json"].iter().chain(words).copied().collect();
        let object = serde_json::from_str(self.run(&words).expect_success()).unwrap();
        crate::schemas::check(&object);
        object
    }
}

#[test]
fn every_word_is_carried_out() {
    let bmc = Controlled::start();
    let status = bmc.json(&["status"]);
    assert_eq!(status["name"], "gallery-1");
    assert_eq!((&status["power"], &status["sensors"]), (&"on".into(), &38.into()));
    assert!(bmc.text(&["status"]).contains("Power             on\n"));
    assert_eq!(bmc.json(&["list"])["bmcs"][0]["name"], "gallery-1");
    assert!(bmc.text(&["list", "--bmc", "gallery-1"]).starts_with("BMC        MAINS  POWER"));

    let set = bmc.json(&["sensor", "set", "cpu1 temp", "96.2"]);
    let sensor = &set["sensors"][0];
    assert_eq!((&sensor["raw"], &sensor["overridden"]), (&96.into(), &true.into()));
    assert!(bmc.text(&["sensor", "get", "0x01"]).contains("Upper Critical"));
    assert!(bmc.bmc.text(&["sensor", "get", "CPU1 Temp"]).contains("96"));
    assert_eq!(bmc.json(&["status"])["overridden_sensors"][0], "CPU1 Temp");
    bmc.text(&["sensor", "set", "3.3V Standby", "-1"]);
    bmc.text(&["sensor", "set", "PSU1 Status", "--states", "0,1"]);
    let psu = bmc.json(&["sensor", "set", "PSU1 Status", "--states", "none"]);
    assert_eq!(psu["sensors"][0]["states"], Value::Array(vec![]));
    let fan = bmc.json(&["sensor", "set", "FAN1", "--unavailable"]);
    assert_eq!(
        (&fan["sensors"][0]["available"], &fan["sensors"][0]["value"]),
        (&false.into(), &Value::Null)
    );
    bmc.text(&["sensor", "release", "FAN1"]);
    assert_eq!(bmc.json(&["sensor", "release", "--all"])["sensors"].as_array().unwrap().len(), 3);
    let sensors = bmc.run(&["sensor", "list", "-o", "jsonl"]);
    let lines: Vec<Value> =
        sensors.expect_success().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 38);
    lines.iter().for_each(crate::schemas::check);

    assert_eq!(bmc.json(&["sel", "clear"])["outcome"], "done");
    let injected = bmc.json(&["event", "inject", "PSU2 Status", "1", "--data", "0x10,2"]);
    assert_eq!(injected["entries"][0]["sensor"], "PSU2 Status");
    bmc.text(&["event", "inject", "PSU2 Status", "1", "--deassert"]);
    bmc.text(&["event", "inject", "--record", "0000e000000000000000000000000000"]);
    let log = bmc.text(&["sel", "list", "--last", "2"]);
    assert!(log.contains("Power supply failure: over") && log.lines().count() == 3, "{log}");

    for (words, outcome) in [
        (&["button", "power", "--held"][..], "powered_off"),
        (&["button", "reset"], "nothing"),
        (&["power", "on"], "powered_on"),
        (&["power", "on"], "nothing"),
        (&["button", "diagnostic"], "interrupted"),
        (&["button", "identify"], "light_on"),
        (&["power", "soft"], "shutdown_requested"),
        (&["mains", "pull"], "done"),
        (&["mains", "pull"], "nothing"),
        (&["mains", "restore"], "done"),
        (&["lid", "open"], "done"),
        (&["lid", "close"], "done"),
    ] {
        let done = bmc.json(words);
        assert_eq!(done["outcome"], outcome, "{words:?} {done}");
    }
    let status = bmc.bmc.json(&["chassis", "status"]);
    assert_eq!(status["intrusion"], true, "{status}");

    assert_eq!(bmc.json(&["quirk", "set", "idzero"])["quirks"][0], "idzero");
    assert_eq!(bmc.json(&["quirk", "clear"])["quirks"], Value::Array(vec![]));
    assert!(bmc.text(&["quirk", "list"]).contains("opensesspriv"));
    assert_eq!(bmc.text(&["session", "list"]), "No session\n");
    assert_eq!(bmc.json(&["session", "end", "--all"])["sessions"], Value::Array(vec![]));
    assert_eq!(bmc.bmc.stop("-TERM").0.code(), Some(0));
    assert!(!bmc.socket.exists());
}

#[test]
fn the_bmc_says_where_its_socket_is() {
    let directory = tempfile::tempdir().unwrap();
    let (file, socket) = (directory.path().join("bmc.toml"), directory.path().join("control"));
    let text = example().replacen("[bmc]\n", &format!("[bmc]\ncontrol = {socket:?}\n"), 1);
    std::fs::write(&file, text).unwrap();
    let mut command = lantern();
    command.args(["bmc", "run", "-o", "json"]).arg(&file).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (line, _stdout) = crate::support::first_line(child.stdout.take().unwrap());
    let running: Value = serde_json::from_str(&line).unwrap();
    crate::schemas::check(&running);
    assert_eq!(running["control"], socket.to_str().unwrap());
    // The path may come from the environment.
    let mut status = lantern();
    status.args(["bmc", "ctl", "status"]).env("LANTERN_BMC_SOCKET", &socket);
    crate::support::finish(&mut status).expect_success();
    // Its socket is not to be had twice.
    let second = lantern_with(&["bmc", "run", file.to_str().unwrap()]);
    assert_eq!(second.code(), Some(2));
    assert!(second.stderr.contains("another program answers there"), "{second}");
    signal_to(&child, "-TERM");
    assert_eq!(wait(&mut child).code(), Some(0));
}

#[test]
fn what_is_wrong_is_told_with_its_cause() {
    let bmc = Controlled::start();
    for (words, exit, says) in [
        (&["sensor", "get", "CPU Temp"][..], 1, "no sensor 'CPU Temp'; is 'CPU1 Temp' meant?"),
        (&["sensor", "set", "CPU1 Temp", "--states", "1"], 1, "has a value, not states"),
        (&["sensor", "set", "SEL Fullness", "--states", "4"], 1, "controller itself"),
        (&["session", "end", "7"], 1, "no session 7 is open"),
        (&["--bmc", "gallery-2", "status"], 1, "is 'gallery-1' meant?"),
        (&["event", "inject", "--record", "00"], 1, "32 hexadecimal digits"),
        (&["sensor", "set", "CPU1 Temp"], 2, "required"),
        (&["quirk", "set", "idzeroo"], 2, "is 'idzero' meant?"),
    ] {
        let output = bmc.run(words);
        assert_eq!((output.code(), output.stdout.as_str()), (Some(exit), ""), "{output}");
        assert!(output.stderr.contains(says), "{output}");
    }
    bmc.text(&["mains", "pull"]);
    let output = bmc.run(&["power", "on", "-o", "json"]);
    let error: Value = serde_json::from_str(&output.stderr).unwrap();
    crate::schemas::check(&error);
    assert_eq!((&error["exit_code"], output.code()), (&1.into(), Some(1)));
    assert_eq!(error["next"], "lantern bmc ctl mains restore");

    let output = lantern_with(&["bmc", "ctl", "status"]);
    assert_eq!(output.code(), Some(2));
    assert!(output.stderr.contains("LANTERN_BMC_SOCKET"), "{output}");
    let stale = bmc.socket.with_file_name("stale");
    drop(UnixListener::bind(&stale).unwrap());
    for (path, says) in [
        ("/nonexistent/control", "no BMC runs with this control socket"),
        (stale.to_str().unwrap(), "has ended without removing it"),
    ] {
        let output = lantern_with(&["bmc", "ctl", "status", "--socket", path]);
        assert_eq!(output.code(), Some(3), "{output}");
        assert!(output.stderr.contains(says), "{output}");
    }
}

#[test]
fn following_shows_each_event_at_once() {
    let bmc = Controlled::start();
    let mut command = lantern();
    command.args(["bmc", "ctl", "follow", "-o", "jsonl", "--socket"]).arg(&bmc.socket);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (sender, events) = mpsc::channel();
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let event: Value = serde_json::from_str(&line).unwrap();
            crate::schemas::check(&event);
            let _ = sender.send(event);
        }
    });
    // What changes nothing is told, too, once somebody follows.
    while events.recv_timeout(Duration::from_millis(20)).is_err() {
        bmc.text(&["power", "on"]);
    }
    let until = |what: &str| loop {
        let event = events.recv_timeout(Duration::from_secs(60)).unwrap();
        if event["event"] == what {
            return event;
        }
    };
    bmc.text(&["lid", "open"]);
    assert_eq!(until("sel_added")["entry"]["sensor"], "Chassis Intru");
    bmc.bmc.text(&["chassis", "status"]);
    assert_eq!(until("session_opened")["session"]["user"], "admin");
    until("session_closed");
    bmc.text(&["power", "off"]);
    assert_eq!(until("power")["now"], "off");
    signal_to(&child, "-INT");
    assert_eq!(wait(&mut child).code(), Some(0));

    // A BMC that stops ends it, and not well.
    let mut command = lantern();
    command.args(["bmc", "ctl", "follow", "-o", "csv", "--socket"]).arg(&bmc.socket);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (header, _stdout) = crate::support::first_line(child.stdout.take().unwrap());
    assert!(header.starts_with("event,bmc,time,"), "{header}");
    bmc.bmc.stop("-TERM");
    assert_eq!(wait(&mut child).code(), Some(3));
}
