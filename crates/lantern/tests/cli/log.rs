//! `sel`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use lantern_testkit::peers::{IpmiSim, Machine};
use serde_json::{Value, json};

use crate::schemas::check;
use crate::support::{Bmc, PASSWORD, finish, lantern, lantern_with, signal_to, wait};

fn ids(object: &Value) -> Vec<u64> {
    let events = object["events"].as_array().unwrap();
    events.iter().map(|event| event["record_id"].as_u64().unwrap()).collect()
}

#[test]
fn events_are_chosen_by_number_time_and_severity() {
    let bmc = Bmc::start();
    assert_eq!(ids(&bmc.json(&["sel", "list"])), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(ids(&bmc.json(&["sel", "list", "--last", "2"])), [6, 7]);
    assert_eq!(ids(&bmc.json(&["sel", "list", "--since", "5"])), [6, 7]);
    let bad = bmc.json(&["sel", "list", "--severity", "warning"]);
    let bad = bad["events"].as_array().unwrap();
    assert!(!bad.is_empty() && bad.len() < 7);
    assert!(bad.iter().all(|event| event["severity"] != "information"));
    let time = bmc.json(&["sel", "get", "6"])["events"][0]["time"].as_str().unwrap().to_owned();
    assert_eq!(ids(&bmc.json(&["sel", "list", "--since", &time])), [6, 7]);
    assert!(!ids(&bmc.json(&["sel", "list", "--since", "100d"])).is_empty());
    assert_eq!(bmc.text(&["sel", "list", "--since", "2100-01-01"]), "No such events\n");
    let gone = bmc.run(&["sel", "list", "--since", "700"]);
    assert!(gone.stderr.contains("no event 700"), "{}", gone.stderr);
    assert!(gone.expect_success().contains("CPU1 Vcore"));
}

#[test]
fn single_events_say_everything() {
    let bmc = Bmc::start();
    let text = bmc.text(&["sel", "get", "6", "last"]);
    for says in ["Event 6 (0x0006)", "CPU1 Vcore", "0.665 V, limit 0.700", "Severity     critical"]
    {
        assert!(text.contains(says), "{says}:\n{text}");
    }
    let event = bmc.json(&["sel", "get", "0x06"])["events"][0].clone();
    assert_eq!((&event["severity"], &event["entity"]["id"]), (&json!("critical"), &json!(3)));
    assert_eq!(event["raw_record"].as_str().unwrap().len(), 32);
    let missing = bmc.run(&["sel", "get", "99"]);
    assert_eq!(missing.code(), Some(1));
    assert!(missing.stderr.contains("no event 99"), "{}", missing.stderr);
    assert_eq!(bmc.run(&["sel", "get", "0"]).code(), Some(2));
}

#[test]
fn events_are_added_from_standard_input() {
    use std::io::Write;
    let bmc = Bmc::start();
    let line = b"0x04 0x01 0x30 0x01 0x57 0x5b 0x5f # comment\n";
    for (words, last) in [(["sel", "add", "--file", "-"], 8), (["sel", "replay", "--", "-"], 9)] {
        let mut command = bmc.console(&words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(line).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("Event {last} was added\n"));
    }
    let nothing = bmc.run(&["sel", "add", "--file", "/dev/null"]);
    assert_eq!(nothing.code(), Some(2));
    assert!(nothing.stderr.contains("no events"), "{}", nothing.stderr);
}

#[test]
fn events_are_added_and_deleted() {
    let bmc = Bmc::start();
    let words = ["--type", "temperature", "--number", "1", "--event-type", "threshold"];
    let add: Vec<_> =
        ["sel", "add"].iter().chain(&words).chain(&["--data", "0x59,96,95"]).copied().collect();
    assert_eq!(bmc.text(&add), "Event 8 was added\n");
    let add: Vec<_> = add.into_iter().chain(["--deassert", "--generator", "0x20"]).collect();
    assert_eq!(bmc.json(&add)["record_ids"], json!([9]));
    let event = bmc.json(&["sel", "get", "9"])["events"][0].clone();
    assert_eq!(
        (&event["sensor"], &event["state"], &event["reading"]),
        (&json!("CPU1 Temp"), &json!("cleared"), &json!(96.0))
    );
    let file = bmc.directory.path().join("events");
    std::fs::write(
        &file,
        "# two\n0x04 0x09 0x01 0x6f 0x00 0xff 0xff # power down\n4 9 1 0xef 0 255 255\n",
    )
    .unwrap();
    let text = bmc.text(&["sel", "add", "--file", file.to_str().unwrap()]);
    assert_eq!(text, "2 events were added: 10 to 11\n");

    let deleted = bmc.run(&["sel", "delete", "8", "77", "last", "-o", "json"]);
    assert_eq!(deleted.code(), Some(1));
    let object: Value = serde_json::from_str(&deleted.stdout).unwrap();
    check(&object);
    let outcomes: Vec<_> = object["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["record_id"].as_u64().unwrap(), event["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(outcomes, [(8, "deleted"), (77, "not_there"), (11, "deleted")]);
    assert!(bmc.text(&["sel", "delete", "9"]).contains("deleted"));
    assert_eq!(ids(&bmc.json(&["sel", "list"])), [1, 2, 3, 4, 5, 6, 7, 10]);
    assert_eq!(bmc.run(&["sel", "add", "--type", "fan"]).code(), Some(2));
    assert_eq!(bmc.run(&["sel", "add", "--file", "/nonexistent"]).code(), Some(2));
}

#[test]
fn a_log_is_erased_only_on_demand_and_after_it_was_saved() {
    let bmc = Bmc::start();
    let refused = bmc.run(&["sel", "clear"]);
    assert_eq!(refused.code(), Some(2));
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    let file = bmc.directory.path().join("log");
    let path = file.to_str().unwrap();
    let text = bmc.text(&["sel", "clear", "--yes", "--save", path]);
    assert_eq!(text, format!("7 events erased, saved in {path}\n"));
    assert_eq!(bmc.text(&["sel", "list"]), "The log is empty\n");
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 7);
    assert_eq!(bmc.json(&["sel", "clear", "--yes"])["erased"], 0);
    // Nothing is overwritten, and so nothing erased.
    bmc.text(&["sel", "replay", path]);
    assert_eq!(bmc.run(&["sel", "clear", "--yes", "--save", path]).code(), Some(2));
    let nowhere = bmc.run(&["sel", "clear", "--yes", "--save", &format!("{path}.none/log")]);
    assert_eq!(nowhere.code(), Some(2));
    assert!(nowhere.stderr.contains("no such directory"), "{}", nowhere.stderr);
    assert_eq!(bmc.json(&["sel", "info"])["entries"], 7);
    assert_eq!(bmc.run(&["sel", "get", "last"]).code(), Some(0));
}

/// OpenIPMI's ipmi_sim refuses what it does not know with D4h: the log's UTC offset, too.
#[test]
fn a_clock_without_an_offset_is_shown_and_set() {
    let Some(sim) = IpmiSim::start() else { return };
    for words in [&["sel", "time", "set", "2026-09-20"][..], &["sel", "time", "get"]] {
        let mut command = lantern();
        command.args(["-H", &sim.addr().to_string(), "-U", "admin"]).args(words);
        let output = finish(command.env("LANTERN_PASSWORD", PASSWORD));
        assert!(output.expect_success().contains("2026-09-20 00:00:0"), "{words:?}");
    }
    let mut command = lantern();
    command.args(["-H", &sim.addr().to_string(), "-U", "admin", "sel", "time", "set", "now"]);
    finish(command.env("LANTERN_PASSWORD", PASSWORD)).expect_success();
}

#[test]
fn a_saved_log_is_replayed_from_every_form() {
    for (options, same_sensor) in [(&[][..], false), (&["--raw"], true), (&["--jsonl"], true)] {
        let bmc = Bmc::start();
        let before = bmc.json(&["sel", "list"]);
        let file = bmc.directory.path().join("log");
        let path = file.to_str().unwrap();
        let words: Vec<_> = ["sel", "save", path].iter().chain(options).copied().collect();
        assert!(bmc.text(&words).contains("7 events"));
        let bytes = std::fs::read(&file).unwrap();
        let standard: Vec<_> = ["sel", "save", "-"].iter().chain(options).copied().collect();
        assert_eq!(bmc.console(&standard).output().unwrap().stdout, bytes);
        match options {
            ["--raw"] => assert_eq!(bytes.len(), 7 * 16),
            ["--jsonl"] => std::str::from_utf8(&bytes)
                .unwrap()
                .lines()
                .for_each(|line| check(&serde_json::from_str(line).unwrap())),
            _ => assert!(bytes.starts_with(b"0x04 0x10 ")),
        }
        // Which form it is, the file tells.
        assert!(bmc.text(&["sel", "replay", path]).contains("7 events were added"));
        let after = bmc.json(&["sel", "list", "--last", "7"]);
        for (old, new) in
            before["events"].as_array().unwrap().iter().zip(after["events"].as_array().unwrap())
        {
            assert_eq!((&old["data"], &old["state"]), (&new["data"], &new["state"]));
            // ipmitool's lines do not say who reported it.
            assert_eq!(old["sensor"] == new["sensor"], same_sensor, "{options:?}");
        }
    }
}

#[test]
fn the_clock_is_read_and_set() {
    let bmc = Bmc::start();
    let object = bmc.json(&["sel", "time", "get"]);
    assert!(object["ahead_seconds"].as_i64().unwrap().abs() < 60, "{object:#}");
    let set = bmc.json(&["sel", "time", "set", "2030-01-02T03:04:05Z"]);
    assert!(set["time"].as_str().unwrap().starts_with("2030-01-02T03:04:"), "{set:#}");
    assert!(bmc.text(&["sel", "time", "get"]).contains("ahead of this machine"));
    assert!(bmc.text(&["sel", "time", "set", "now"]).contains("The log's clock says"));
    assert_eq!(bmc.json(&["sel", "time", "utc-offset", "-90"])["utc_offset_minutes"], -90);
    assert_eq!(bmc.text(&["sel", "time", "utc-offset"]), "UTC offset: -01:30\n");
    assert_eq!(bmc.run(&["sel", "time", "set", "yesterday"]).code(), Some(2));
}

#[test]
fn new_events_appear_at_once_in_every_form() {
    let bmc = Bmc::start();
    for form in ["table", "json", "jsonl", "csv", "yaml"] {
        let words: &[&str] = match form {
            "table" => &["sel", "list", "--last", "1", "--follow"],
            _ => &["sel", "follow", "--interval", "0.1"],
        };
        let mut command = bmc.console(words);
        let mut child = command
            .args(["-o", form])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        // It may not have begun when the first one is added: then the next one is its first.
        let add = [
            "sel",
            "add",
            "--type",
            "fan",
            "--number",
            "0x10",
            "--event-type",
            "threshold",
            "--data",
            "0x50",
            "--generator",
            "0x20",
        ];
        let mut seen = String::new();
        for _ in 0..40 {
            bmc.text(&add);
            while let Ok(line) = lines.recv_timeout(Duration::from_millis(300)) {
                seen.push_str(&line);
                seen.push('\n');
            }
            if seen.contains("FAN1") {
                break;
            }
        }
        signal_to(&child, "-INT");
        assert_eq!(wait(&mut child).code(), Some(0), "{form}");
        let text = seen.as_str();
        match form {
            "table" => {
                assert!(text.starts_with("   ID  TIME (UTC)") && text.contains(" FAN1 "), "{text}")
            }
            "json" | "jsonl" => {
                let events: Vec<Value> =
                    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                events.iter().for_each(check);
                assert_eq!(events[0]["sensor"], "FAN1");
            }
            "csv" => {
                let mut reader = csv::Reader::from_reader(text.as_bytes());
                let column = reader.headers().unwrap().iter().position(|name| name == "sensor");
                let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
                assert_eq!(&rows[0][column.unwrap()], "FAN1");
            }
            _ => {
                let first = text.trim_start_matches("---\n").split("---\n").next().unwrap();
                let event: Value = serde_saphyr::from_str(first).unwrap();
                check(&event);
            }
        }
    }
}

/// What a maker means by its own is told with who says so; the rest stays numbers, and says that.
#[test]
fn events_of_a_maker_are_explained() {
    let event = |sensor_type, class, data: [u8; 3]| {
        let [a, b, c] = data;
        (0x02, [0, 0, 0, 0, 0x20, 0x00, 0x04, sensor_type, 1, class, a, b, c])
    };
    let events = vec![
        event(0x0c, 0x6f, [0xa0, 0x80, 0x01]),
        event(0xc0, 0x6f, [0x02, 0xff, 0xff]),
        event(0xdd, 0x6f, [0x01, 0xff, 0xff]),
        event(0x01, 0x01, [0x57, 0x5b, 0x5f]),
    ];
    let machine = Machine { made_by: (674, 256), events, ..Machine::default() };
    let Some(sim) = IpmiSim::start_with(machine) else { return };
    let host = sim.addr().to_string();
    let run = |words: &[&str]| {
        let mut command = lantern();
        command.args(["-H", &host, "-U", "admin"]).args(words);
        finish(command.env("LANTERN_PASSWORD", PASSWORD)).expect_success().to_owned()
    };
    let list: Value = serde_json::from_str(&run(&["sel", "list", "-o", "json"])).unwrap();
    check(&list);
    let list = &list["events"];
    assert_eq!(
        (&list[0]["oem"]["vendor"], &list[0]["oem"]["text"], &list[0]["severity"]),
        (&json!("Dell"), &json!("DIMM A1"), &json!("warning")),
        "{list:#}"
    );
    assert_eq!(list[1]["oem"]["state"], "warning");
    assert!(list[1]["oem"]["sources"][0].as_str().unwrap().starts_with("FreeIPMI 1.6.10"));
    let nothing = json!({ "vendor": "Dell", "text": null, "state": null, "sources": [] });
    assert_eq!((&list[2]["oem"], &list[3]["oem"]), (&nothing, &Value::Null));
    let table = run(&["sel", "list"]);
    for says in ["DIMM A1", "Degraded, protects itself from heat", "unknown OEM"] {
        assert!(table.contains(says), "{says}:\n{table}");
    }
    let get = run(&["sel", "get", "1"]);
    assert!(get.contains("DIMM A1") && get.contains("FreeIPMI 1.6.10"), "{get}");
}

#[test]
fn tables_of_makers_are_shown_with_their_sources() {
    let all = lantern_with(&["vendors", "-o", "json"]);
    let all: Value = serde_json::from_str(all.expect_success()).unwrap();
    check(&all);
    let names: Vec<_> = all["vendors"].as_array().unwrap().iter().collect();
    assert!(names.iter().any(|vendor| vendor["name"] == "Supermicro"), "{all:#}");
    let one = lantern_with(&["vendors", "dell"]);
    let one = one.expect_success();
    assert!(one.contains("ipmi-sel-string-dell-poweredge.c"), "{one}");
    assert_eq!(lantern_with(&["vendors", "nobody"]).code(), Some(2));
}
