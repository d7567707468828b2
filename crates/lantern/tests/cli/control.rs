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
    assert_eq!((&status["qemu"], &status["waiting_messages"]), (&Value::Null, &0.into()));
    let text = bmc.text(&["status"]);
    for line in
        ["Power             on", "For software      0 messages wait", "QEMU              none"]
    {
        assert!(text.contains(line), "{text}");
    }
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
    assert_eq!(bmc.json(&["quirk", "set"])["quirks"], Value::Array(vec![]));
    what_goes_wrong(&bmc);
    assert_eq!(bmc.text(&["session", "list"]), "No session\n");
    assert_eq!(bmc.json(&["session", "end", "--all"])["sessions"], Value::Array(vec![]));
    assert_eq!(bmc.bmc.stop("-TERM").0.code(), Some(0));
    assert!(!bmc.socket.exists());
}

fn what_goes_wrong(bmc: &Controlled) {
    let names = |object: &Value| -> Vec<String> {
        let faults = object["faults"].as_array().unwrap();
        faults.iter().map(|fault| fault["name"].as_str().unwrap().to_owned()).collect()
    };
    let set = bmc.json(&["fault", "set", "sdrcount=7", "nofru"]);
    assert_eq!(names(&set), ["sdrcount", "nofru"]);
    assert_eq!(set["faults"][0]["amount"], 7);
    assert_eq!(bmc.json(&["status"])["faults"], serde_json::json!(["sdrcount=7", "nofru"]));
    let list = bmc.text(&["fault", "list"]);
    assert!(list.contains("sdrcount=7") && list.contains("busy[=N]"), "{list}");
    let rows = bmc.run(&["fault", "list", "-o", "jsonl"]);
    let rows = rows.expect_success().lines().map(|line| serde_json::from_str(line).unwrap());
    let rows: Vec<Value> = rows.collect();
    rows.iter().for_each(crate::schemas::check);
    assert_eq!(rows.iter().filter(|row| row["on"] == true).count(), 2);
    assert_eq!(bmc.text(&["fault", "clear"]), "No fault is on\n");
    assert_eq!(names(&bmc.json(&["fault", "set"])), Vec::<String>::new());

    // Its names are those that a client has for what the BMC answers.
    let all = [
        "sel_inaccessible",
        "sdr_repository_inaccessible",
        "fru_inaccessible",
        "ipmb_lines_fail",
        "sdr_repository_empty",
        "fru_internal_use_area_corrupted",
        "boot_block_corrupted",
        "operational_firmware_corrupted",
    ];
    for name in all {
        let set = bmc.json(&["selftest", "set", "corrupted", name]);
        assert_eq!(set["faults"], serde_json::json!([name]));
        let seen = bmc.bmc.json(&["mc", "selftest"]);
        assert_eq!((&seen["result"], &seen["faults"]), (&"corrupted".into(), &set["faults"]));
    }
    let text = bmc.text(&["selftest", "set", "corrupted", "0x81"]);
    assert_eq!(
        text,
        "Self test: failed: sel inaccessible, operational firmware corrupted (set by hand)\n"
    );
    bmc.json(&["selftest", "set", "not-implemented"]);
    let text = bmc.text(&["selftest", "set", "fatal", "0x12"]);
    assert_eq!(text, "Self test: fatal hardware error, code 0x12 (set by hand)\n");
    assert!(bmc.text(&["status"]).contains("Self test         fatal hardware error\n"));
    assert_eq!(bmc.text(&["selftest", "set", "passed"]), "Self test: passed\n");

    let given =
        ["lease", "give", "192.0.2.50", "--netmask", "255.255.255.0", "--gateway", "192.0.2.1"];
    let lease = bmc.json(&given);
    assert_eq!((&lease["gateway"], &lease["in_use"]), (&"192.0.2.1".into(), &false.into()));
    assert_eq!(bmc.json(&["lease", "lose"])["address"], Value::Null);
    assert!(bmc.text(&["lease", "lose"]).contains("does not come by DHCP"));
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
        (&["fault", "set", "busi"], 2, "is 'busy' meant?"),
        (&["fault", "set", "busy=0"], 2, "1 to 1000"),
        (&["fault", "set", "busy", "busy=4"], 1, "'busy' is there twice"),
        (&["selftest", "set", "corrupted", "sel"], 2, "sel_inaccessible"),
        (&["lease", "give", "192.0.2.5", "--netmask", "255.0.255.0"], 1, "no subnet mask"),
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
