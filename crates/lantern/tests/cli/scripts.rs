//! Many commands in one session: `exec`, `shell`, and `raw` with a file; what they mean, with
//! `raw --explain`; and events that are sent.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use lantern_testkit::peers::Ipmitool;
use lantern_testkit::process::Output;
use lantern_testkit::tap::{Direction, Tap};
use serde_json::{Value, json};

use crate::support::{Bmc, PASSWORD, lantern_with, signal_to, wait};
use crate::terminal::terminal;

/// Writes a file of lines, and returns its name.
fn script(bmc: &Bmc, lines: &str) -> String {
    let path = bmc.directory.path().join("script");
    std::fs::write(&path, lines).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Runs a program with these lines on its standard input.
fn fed(bmc: &Bmc, words: &[&str], lines: &str) -> Output {
    let mut command = bmc.console(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let status = wait(&mut child);
    Output {
        command: format!("{words:?} < {lines:?}"),
        status,
        stdout,
        stderr,
        duration: Duration::ZERO,
        timed_out: false,
    }
}

#[test]
fn a_file_runs_in_one_session_with_the_privilege_of_its_most_demanding_line() {
    let bmc = Bmc::start();
    let tap = Tap::start(bmc.address);
    let host = tap.addr().to_string();
    let file = script(
        &bmc,
        "# what we do every morning\n\
         power status\n\
         chassis boot set 'pxe' --uefi --persistent   # quoted, and with a comment\n\
         \n\
         sensor get \"CPU1 Temp\" -o json\n\
         power status\n",
    );
    let output = bmc.run(&["exec", &file, "-H", &host]);
    let text = output.expect_success();
    assert!(text.starts_with("Chassis power is on\nAll starts: PXE by EFI\n{\n"), "{text}");
    assert!(text.ends_with("}\nChassis power is on\n"), "{text}");
    let packets = tap.packets();
    let opened =
        packets.iter().filter(|p| p.direction == Direction::ToBmc && p.bytes.get(5) == Some(&0x10));
    assert_eq!(opened.count(), 1, "one session");
}

#[test]
fn files_that_lines_write_bear_the_hosts_name_for_one_bmc_too() {
    let bmc = Bmc::start();
    let directory = bmc.directory.path().to_str().unwrap().to_owned();
    let line = format!("sel save {directory}/log-{{host}}\n");
    let file = script(&bmc, &line);
    bmc.run(&["exec", &file]).expect_success();
    let name = bmc.directory.path().join(format!("log-{}", bmc.address));
    assert!(name.exists(), "{}", name.display());
    std::fs::remove_file(&name).unwrap();
    fed(&bmc, &["shell"], &line).expect_success();
    assert!(name.exists(), "{}", name.display());
}

#[test]
fn the_first_failure_is_the_last_unless_told_otherwise_and_the_worst_counts() {
    let bmc = Bmc::start();
    let file = script(&bmc, "power status\nraw 6 0x99\nchassis policy always-on\n");
    let output = bmc.run(&["exec", &file]);
    assert_eq!((output.code(), output.stdout.as_str()), (Some(1), "Chassis power is on\n"));
    assert!(output.stderr.contains(&format!("{file}:2: ")), "{output}");
    assert_eq!(bmc.json(&["chassis", "policy", "show"])["policy"], "previous");
    let output = bmc.run(&["exec", "--keep-going", &file]);
    assert_eq!(output.code(), Some(1), "{output}");
    assert!(output.stdout.ends_with("Restore policy: always-on\n"), "{output}");
    // A line that works, and alarms.
    let file = script(&bmc, "sensor get 'CPU1 Temp' --fail-on warning\npower status\n");
    assert_eq!(bmc.run(&["exec", &file]).code(), Some(0));
}

#[test]
fn a_file_is_judged_before_anything_is_sent() {
    let bmc = Bmc::start();
    for (lines, number, why) in [
        ("power off\nnonsense\n", 2, "unrecognized"),
        ("power off\nsensor get 'CPU1\n", 2, "quotation mark"),
        ("power off -H other\n", 1, "one session"),
        ("power off\n-U root -P secret mc info\n", 2, "one session"),
        ("power off\nexec other\n", 2, "lines cannot read lines"),
        ("power off\nshell\n", 2, "lines cannot read lines"),
        ("power off\nbmc run x\n", 2, "does not talk to a BMC"),
        ("power off\nsel follow\n", 2, "never ends"),
        ("power off\nraw 7 1\n", 2, "network function"),
        ("power off\nsel clear\n", 2, "has to be confirmed"),
        ("power off\npower\n", 2, "not complete"),
    ] {
        let file = script(&bmc, lines);
        let output = bmc.run(&["exec", &file]);
        assert_eq!((output.code(), output.stdout.as_str()), (Some(2), ""), "{output}");
        assert!(output.stderr.contains(&format!("{file}:{number}: ")), "{output}");
        assert!(output.stderr.contains(why) && !output.stderr.contains("secret"), "{output}");
    }
    // What sends nothing outside of a file sends nothing in one.
    let file = script(&bmc, "raw --explain --dry-run 0 2 0\n");
    assert!(bmc.text(&["exec", &file]).contains("Chassis Control"));
    assert!(fed(&bmc, &["shell"], "raw --explain --dry-run 0 2 0\n").stdout.contains("Off"));
    assert_eq!(bmc.run(&["raw", "--explain", "--dry-run", "--file", &file]).code(), Some(2));
    assert_eq!(bmc.run(&["exec", &script(&bmc, "# nothing\n")]).code(), Some(2));
    assert_eq!(bmc.run(&["exec", "/nonexistent"]).code(), Some(2));
    assert_eq!(bmc.json(&["power", "status"])["power"], "on");
}

#[test]
fn a_shell_without_a_terminal_reads_lines_and_goes_on() {
    let bmc = Bmc::start();
    let tap = Tap::start(bmc.address);
    let host = tap.addr().to_string();
    let lines = "power status\nnonsense\nhelp power\nmc info -o jsonl\nraw 6 0x99\npower status\n";
    let output = fed(&bmc, &["shell", "-H", &host], lines);
    // As `exec --keep-going`: the worst of all.
    assert_eq!(output.code(), Some(2), "{output}");
    assert_eq!(output.stdout.matches("Chassis power is on\n").count(), 2, "{output}");
    assert!(output.stdout.contains("Ask the operating system to shut down"), "{output}");
    assert!(output.stdout.contains("\"schema\":\"lantern.mc_info/1\""), "{output}");
    assert!(output.stderr.contains("line 2: unrecognized"), "{output}");
    assert!(output.stderr.contains("line 5: "), "{output}");
    // One session for what USER may do, and one for what raw bytes need.
    let packets = tap.packets();
    let opened =
        packets.iter().filter(|p| p.direction == Direction::ToBmc && p.bytes.get(5) == Some(&0x10));
    assert_eq!(opened.count(), 2);
    let output = fed(&bmc, &["shell"], "power status\nexit\nraw 6 0x99\n");
    assert_eq!((output.code(), output.stderr.as_str()), (Some(0), ""), "{output}");
    // Nothing was asked, so nobody logs in.
    let mut command = bmc.console(&["shell", "-P", "wrong"]);
    assert!(command.stdin(Stdio::null()).status().unwrap().success());
}

const SIGINT: &str = "(SIGINT)";

/// What somebody sees who types this into a shell on a terminal, each as soon as what was expected
/// of the one before is there; and how it ends.
fn session(bmc: &Bmc, state: &std::path::Path, typed: &[(&str, &str)]) -> (String, Option<i32>) {
    let (controller, inner) = terminal(80);
    let mut command = bmc.console(&["shell"]);
    command.env("XDG_STATE_HOME", state).env("TERM", "xterm");
    let clone = || Stdio::from(inner.try_clone().unwrap());
    command.stdin(clone()).stdout(clone()).stderr(clone());
    let mut child = command.spawn().unwrap();
    drop((command, inner));
    let mut controller = std::fs::File::from(controller);
    let mut reader = controller.try_clone().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if tell.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut seen = String::new();
    let started = Instant::now();
    let mut from = 0;
    for (keys, expected) in typed {
        match *keys {
            // This terminal controls no process, so that nobody makes a signal of the key.
            SIGINT => signal_to(&child, "-INT"),
            keys => controller.write_all(keys.as_bytes()).unwrap(),
        }
        while !seen[from..].contains(expected) {
            assert!(started.elapsed() < Duration::from_secs(60), "no `{expected}` in\n{seen}");
            if let Ok(bytes) = told.recv_timeout(Duration::from_secs(1)) {
                seen += &String::from_utf8_lossy(&bytes);
            }
        }
        from += seen[from..].find(expected).unwrap() + expected.len();
    }
    let code = wait(&mut child).code();
    (seen, code)
}

#[test]
fn a_shell_on_a_terminal_prompts_completes_and_remembers() {
    let bmc = Bmc::start();
    let state = tempfile::tempdir().unwrap();
    let prompt = format!("lantern {}> ", bmc.address);
    let history: PathBuf = state.path().join("lantern/history");
    let (_, code) = session(
        &bmc,
        state.path(),
        &[
            ("", &prompt),
            // The Tab key.
            ("powe\tsta\t\r", "Chassis power is on"),
            // What is typed wrong is no secret, and no command.
            ("", &prompt),
            ("Complex_Pass\r", "unrecognized subcommand"),
            ("", &prompt),
            // What asks can be answered: the terminal is the command's meanwhile.
            ("sel clear\r", "Type 'yes' to go on"),
            ("yes\r", "erased"),
            ("", &prompt),
            // Ctrl-C forgets a line, and stops a command that does not end.
            ("power off\u{3}", &prompt),
            ("sel follow\r", "SENSOR"),
            (SIGINT, &prompt),
            ("raw 6 0x99\r", "(C1h)"),
            ("", &prompt),
            (" mc info\r", "Manufacturer"),
            ("", &prompt),
            // What failed, its user saw: the end is a good one.
            ("\u{4}", ""),
        ],
    );
    assert_eq!(code, Some(0));
    assert_eq!(bmc.json(&["power", "status"])["power"], "on");
    let kept = std::fs::read_to_string(&history).unwrap();
    assert_eq!(
        kept,
        "power status \nsel clear\nsel follow\n".replace("status \n", "status\n"),
        "numbers may be a password"
    );
    assert_eq!(std::fs::metadata(&history).unwrap().permissions().mode() & 0o777, 0o600);
    // The arrow keys know it the next time: two up.
    let again = [
        ("", &*prompt),
        ("\u{1b}[A\u{1b}[A\u{1b}[A\u{1b}[A\r", "Chassis power is on"),
        ("exit\r", ""),
    ];
    assert_eq!(session(&bmc, state.path(), &again).1, Some(0));
}

#[test]
fn raw_bytes_are_explained_with_and_without_a_bmc() {
    let offline = lantern_with(&["raw", "--explain", "--dry-run", "0", "2", "3"]);
    let text = offline.expect_success();
    for part in ["Chassis Control, IPMI v2.0 §28.3", "OPERATOR", "it counts twice", "Reset"] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let offline = lantern_with(&["-o", "json", "raw", "--explain", "--dry-run", "0", "2"]);
    assert_eq!(offline.code(), Some(1), "{offline}");
    let object: Value = serde_json::from_str(&offline.stdout).unwrap();
    crate::schemas::check(&object);
    assert!(object["explained"]["request_error"].as_str().unwrap().contains("input ended"));
    assert_eq!(lantern_with(&["raw", "--dry-run", "6", "1"]).code(), Some(2));

    let bmc = Bmc::start();
    let known = bmc.json(&["raw", "--explain", "6", "1"]);
    assert_eq!(
        (&known["explained"]["name"], &known["completion_code"]),
        (&json!("Get Device ID"), &json!(0))
    );
    assert!(known["explained"]["response"].as_str().unwrap().contains("manufacturer_id: 32473"));
    // Refused is explained, too; without, it is an error.
    let refused = bmc.run(&["raw", "--explain", "0", "9", "99", "0", "0", "-o", "json"]);
    assert_eq!((refused.code(), refused.stderr.as_str()), (Some(1), ""), "{refused}");
    let object: Value = serde_json::from_str(&refused.stdout).unwrap();
    crate::schemas::check(&object);
    let why = object["explained"]["completion"].as_str().unwrap();
    assert!(why.contains("does not have this parameter (80h)"), "{why}");
    let unknown = bmc.run(&["raw", "--explain", "6", "0x99"]);
    assert_eq!(unknown.code(), Some(1));
    assert!(unknown.stdout.contains("not known here"), "{unknown}");
    assert_eq!(bmc.json(&["raw", "6", "1"])["explained"], Value::Null);
}

#[test]
fn a_file_of_raw_commands_is_one_session_and_what_ipmitool_reads() {
    let bmc = Bmc::start();
    let file = script(&bmc, "6 1 # who\n0x06 0x37\n\n6 0x99\n0 1\n");
    let output = bmc.run(&["raw", "--file", &file, "-o", "jsonl", "--keep-going"]);
    assert_eq!(output.code(), Some(1), "{output}");
    let objects: Vec<Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    objects.iter().for_each(crate::schemas::check);
    let codes: Vec<_> = objects.iter().map(|one| one["completion_code"].clone()).collect();
    assert_eq!(codes, [json!(0), json!(0), json!(0xc1), json!(0)]);
    let stopped = bmc.run(&["raw", "--file", &file]);
    assert_eq!(stopped.code(), Some(1));
    assert!(
        stopped.stdout.contains("# 0x06 0x99\nrefused: ") && !stopped.stdout.contains("0x00 0x01"),
        "{stopped}"
    );
    let piped = fed(&bmc, &["raw", "--file", "-"], "6 1\n");
    assert!(piped.expect_success().starts_with("# 0x06 0x01\n20 01 "), "{piped}");
    let wrong = bmc.run(&["raw", "--file", &script(&bmc, "6 1\n6 one\n")]);
    assert_eq!((wrong.code(), wrong.stdout.as_str()), (Some(2), ""), "{wrong}");
    let Some(tool) = Ipmitool::new(bmc.address, "admin", PASSWORD) else { return };
    let theirs = tool.suite(17).run("raw 6 1");
    let theirs: Vec<u8> = theirs
        .expect_success()
        .split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect();
    assert_eq!(objects[0]["response"], json!(theirs));
}

#[test]
fn events_are_sent_and_found_in_the_log() {
    let bmc = Bmc::start();
    let list = bmc.json(&["event", "list", "FAN1"]);
    assert_eq!(list["events"][2]["short"], "lc-");
    let sent = bmc.json(&["event", "send", "FAN1", "lc"]);
    let id = sent["events"][0]["record_id"].as_u64().unwrap().to_string();
    let event = bmc.json(&["sel", "get", &id]);
    assert_eq!(event["events"][0]["sensor_number"], 0x10, "{event}");
    let back = bmc.json(&["event", "send", "0x10", "lc", "--deassert", "--detail", "1,2"]);
    assert_eq!(
        (&back["events"][0]["direction"], &back["events"][0]["data"]),
        (&json!("deassert"), &json!("020102"))
    );
    // By its text, or part of that.
    let door = bmc.json(&["event", "send", "Chassis Intru", "general chassis"]);
    assert_eq!(door["events"][0]["text"], "General chassis intrusion");
    let wrong = bmc.run(&["event", "send", "FAN1", "on fire"]);
    assert_eq!(wrong.code(), Some(1), "{wrong}");
    assert!(wrong.stderr.contains("event list"), "{wrong}");
    assert_eq!(bmc.run(&["event", "send", "FAN1"]).code(), Some(2));

    // Ours and ipmitool's samples leave the same records.
    let Some(tool) = Ipmitool::new(bmc.address, "admin", PASSWORD) else { return };
    let tool = tool.suite(17);
    for sample in ["1", "2", "3"] {
        let ours = bmc.json(&["event", "send", "--sample", sample]);
        tool.run(&format!("event {sample}")).expect_success();
        let last = bmc.json(&["sel", "list", "--last", "2"]);
        let record = |nth: usize| {
            let event = &last["events"][nth];
            let names = [
                "sensor_type",
                "sensor_number",
                "direction",
                "description",
                "data_raw",
                "generator",
            ];
            names.map(|name| event[name].clone())
        };
        assert_eq!(record(0), record(1), "{last:#}");
        assert_eq!(last["events"][0]["record_id"], ours["events"][0]["record_id"]);
    }
    let file = script(&bmc, "0x04 0x02 0x60 0x01 0x52 0xff 0xff # a voltage\n");
    let sent = bmc.json(&["event", "send", "--file", &file]);
    assert_eq!(sent["events"].as_array().unwrap().len(), 1);
    let typed = bmc.json(&["event", "send", "--type", "fan", "--number", "9", "--data", "1"]);
    assert_eq!(typed["events"][0]["sensor_number"], 9);
}

#[test]
fn an_i2c_bus_that_is_not_there_is_said_not_to_be() {
    let bmc = Bmc::start();
    for words in [&["i2c", "0x50", "1"][..], &["i2c", "--bus", "1", "0x50", "4", "0"]] {
        let output = bmc.run(words);
        assert_eq!(output.code(), Some(1), "{output}");
        assert!(output.stderr.contains("Master Write-Read: invalid command"), "{output}");
    }
    assert_eq!(bmc.run(&["i2c", "0xa0", "1"]).code(), Some(2));
}
