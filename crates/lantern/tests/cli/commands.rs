//! Every command in both forms, and what it is when it does not work.

use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use lantern_testkit::tap::{Direction, Tap};
use serde_json::{Value, json};

use crate::support::{Bmc, finish, lantern_with, wait};

/// Words of the command, what people look for, and what programs look for: a pointer and a value.
type Case<'a> = (&'a str, &'a [&'a str], &'a str, &'a [(&'a str, Value)]);

/// How often something may be tried that a busy machine disturbs.
const PATIENCE: usize = 5;

/// How many datagrams the console sent, once `wanted` have come through or will not any more: the
/// last one may still be on its way when its sender has ended.
fn sent(tap: &Tap, wanted: usize) -> usize {
    let started = Instant::now();
    while tap.count(Direction::ToBmc) < wanted && started.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(5));
    }
    tap.count(Direction::ToBmc)
}

#[test]
fn every_command_has_two_forms() {
    let bmc = Bmc::start();
    let guid = "6c616e74-6572-4e00-8000-000000000001";
    let cases: &[Case<'_>] = &[
        ("power status", &["Chassis power is on"], "power_status", &[("/power", json!("on"))]),
        ("chassis power status", &["power is on"], "power_status", &[("/power", json!("on"))]),
        ("power on", &["Power on: accepted"], "power_control", &[("/action", json!("on"))]),
        ("power reset", &["Hard reset: accepted"], "power_control", &[("/accepted", json!(true))]),
        ("power diag", &["Diagnostic interrupt"], "power_control", &[("/action", json!("diag"))]),
        (
            "chassis status",
            &["Power                on", "Restore policy       previous"],
            "chassis_status",
            &[("/power", json!("on")), ("/intrusion", json!(false)), ("/identify", json!("off"))],
        ),
        (
            "chassis identify",
            &["on for 15 s"],
            "chassis_identify",
            &[("/identify", json!("temporary")), ("/seconds", json!(15))],
        ),
        ("chassis identify 30", &["30 s"], "chassis_identify", &[("/seconds", json!(30))]),
        (
            "chassis identify force",
            &["until switched off"],
            "chassis_identify",
            &[("/identify", json!("indefinite")), ("/seconds", Value::Null)],
        ),
        ("chassis identify off", &["off"], "chassis_identify", &[("/identify", json!("off"))]),
        (
            "chassis restart-cause",
            &["a chassis control command on channel 1"],
            "chassis_restart_cause",
            &[("/cause", json!("chassis_control")), ("/cause_raw", json!(1))],
        ),
        ("chassis poh", &["0 h 0 min"], "chassis_poh", &[("/power_on_minutes", json!(0))]),
        (
            "chassis capabilities",
            &["Intrusion sensor          yes"],
            "chassis_capabilities",
            &[("/diagnostic_interrupt", json!(true)), ("/sel_device_address", json!(0x20))],
        ),
        (
            "mc info",
            &["(32473)", "IPMI version        2.0"],
            "mc_info",
            &[("/ipmi_version", json!("2.0")), ("/manufacturer_id", json!(32473))],
        ),
        ("mc guid", &[guid], "mc_guid", &[("/guid", json!(guid)), ("/encoding", json!("ipmi"))]),
        ("mc selftest", &["passed"], "mc_selftest", &[("/result", json!("passed"))]),
        (
            "sdr info",
            &["Records              42"],
            "sdr_info",
            &[("/records", json!(42)), ("/version", json!("1.5"))],
        ),
        ("sel info", &["Entries              7"], "sel_info", &[("/entries", json!(7))]),
        (
            "session info",
            &["17 (RAKP-HMAC-SHA256, HMAC-SHA256-128, AES-CBC-128)", "User ID          2"],
            "session_info",
            &[("/cipher_suite", json!(17)), ("/privilege", json!("user"))],
        ),
        (
            "raw 0x06 1",
            &["20 01 00"],
            "raw",
            &[("/completion_code", json!(0)), ("/response/0", json!(0x20))],
        ),
    ];
    for (words, texts, schema, pointers) in cases {
        let words: Vec<_> = words.split(' ').collect();
        let table = bmc.text(&words);
        for text in *texts {
            assert!(table.contains(text), "{words:?} lacks {text:?}:\n{table}");
        }
        let object = bmc.json(&words);
        assert_eq!(object["schema"], format!("lantern.{schema}/1"), "{words:?}");
        assert_eq!(object["address"], bmc.address.to_string());
        for (pointer, value) in *pointers {
            assert_eq!(object.pointer(pointer), Some(value), "{words:?} {pointer}: {object:#}");
        }
    }
}

#[test]
fn sensors_have_readings_units_and_thresholds() {
    let bmc = Bmc::start();
    let table = bmc.text(&["sensor", "list"]);
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    for text in ["SENSOR        READING", "CPU1 Temp", "°C", "RPM", "Power supply present"] {
        assert!(table.contains(text), "{text}:\n{table}");
    }
    let line = table.lines().find(|line| line.starts_with("12V ")).unwrap();
    assert!(line.contains(" V ") && line.ends_with("11.40 12.60 12.85 13.23"), "{line}");

    let object = bmc.json(&["sensor", "list"]);
    let sensors = object["sensors"].as_array().unwrap();
    assert!(sensors.len() >= 24);
    let named = |name: &str| sensors.iter().find(|sensor| sensor["name"] == name).unwrap();
    let cpu = named("CPU1 Temp");
    assert_eq!((&cpu["unit"], &cpu["status"]), (&json!("degrees C"), &json!("ok")));
    assert_eq!(cpu["value"].as_f64().unwrap(), cpu["raw"].as_f64().unwrap());
    assert_eq!(cpu["thresholds"]["upper_critical"], json!(95.0));
    assert_eq!(cpu["thresholds"]["lower_critical"], Value::Null);
    let supply = named("PSU1 Status");
    assert_eq!(supply["states"], json!(["Power supply present"]));
    assert_eq!((&supply["states_raw"], &supply["value"]), (&json!(1), &Value::Null));

    let short = bmc.text(&["sdr", "list"]);
    assert!(short.lines().count() > 24 && short.contains("Processor 1"), "{short}");
    assert_eq!(bmc.json(&["sdr", "list"])["records"].as_array().unwrap().len(), sensors.len());
}

#[test]
fn what_is_not_measured_is_null_with_a_reason() {
    let bmc = Bmc::start();
    bmc.text(&["power", "off"]);
    let object = bmc.json(&["sensor", "list"]);
    let sensors = object["sensors"].as_array().unwrap();
    let fan = sensors.iter().find(|sensor| sensor["name"] == "FAN1").unwrap();
    assert_eq!((&fan["value"], &fan["status"]), (&Value::Null, &json!("unreadable")));
    assert!(fan["absent_reason"].as_str().unwrap().contains("unavailable"));
}

#[test]
fn the_log_has_names_times_and_readings() {
    let bmc = Bmc::start();
    let table = bmc.text(&["sel", "list"]);
    for text in ["Chassis Intru", "General chassis intrusion", "0.665 V, limit 0.700"] {
        assert!(table.contains(text), "{text}:\n{table}");
    }
    let numbered = bmc.text(&["sel", "list", "--no-names"]);
    assert!(numbered.contains("Physical Security 0x40"), "{numbered}");

    let object = bmc.json(&["sel", "list"]);
    let events = object["events"].as_array().unwrap();
    let volts = events.iter().find(|event| event["reading"].is_number()).unwrap();
    assert_eq!((&volts["sensor"], &volts["unit"]), (&json!("CPU1 Vcore"), &json!("Volts")));
    assert_eq!((&volts["reading"], &volts["threshold"]), (&json!(0.665), &json!(0.7)));
    assert_eq!((&volts["state"], &volts["data"]), (&json!("asserted"), &json!([82, 53, 60])));
    let time = volts["time"].as_str().unwrap();
    assert!(time.ends_with('Z') && time.as_bytes()[10] == b'T', "{time}");
    assert!(volts["time_raw"].is_u64());
}

#[test]
fn off_twice_is_off_and_cycle_while_off_is_refused() {
    let bmc = Bmc::start();
    for _ in 0..2 {
        assert_eq!(bmc.run(&["power", "off"]).code(), Some(0));
    }
    assert_eq!(bmc.text(&["power", "status"]), "Chassis power is off\n");

    let refused = bmc.run(&["power", "cycle"]);
    assert_eq!((refused.code(), refused.stdout.as_str()), (Some(1), ""));
    let lines: Vec<_> = refused.stderr.lines().collect();
    assert!(lines[0].starts_with("error: ") && lines[0].contains("(D5h)"), "{lines:?}");
    assert!(lines[0].contains("Chassis Control"), "{lines:?}");
    assert!(lines[1].starts_with("  cause: ") && lines[2].starts_with("  next:  "), "{lines:?}");

    let refused = bmc.run(&["power", "cycle", "-o", "json"]);
    assert_eq!((refused.code(), refused.stdout.as_str()), (Some(1), ""));
    let error: Value = serde_json::from_str(&refused.stderr).unwrap();
    crate::schemas::check(&error);
    assert_eq!(error["schema"], "lantern.error/1");
    assert_eq!((&error["exit_code"], &error["completion_code"]), (&json!(1), &json!(0xd5)));
    assert_eq!(error["address"], bmc.address.to_string());
    for key in ["doing", "message", "cause", "next"] {
        assert!(error[key].is_string(), "{key}: {error:#}");
    }
}

#[test]
fn a_reset_of_the_controller_is_survived() {
    let bmc = Bmc::start();
    for how in ["cold", "warm"] {
        assert!(bmc.text(&["mc", "reset", how]).contains("accepted"));
        assert!(bmc.text(&["power", "status"]).contains("on"));
    }
}

#[test]
fn raw_says_what_was_refused() {
    let bmc = Bmc::start();
    let unknown = bmc.run(&["raw", "0x06", "0x99"]);
    assert_eq!(unknown.code(), Some(1));
    assert!(unknown.stderr.contains("invalid command") && unknown.stderr.contains("(C1h)"));
    let known = bmc.run(&["raw", "10", "0x23", "0", "0", "0xfe", "0xff", "0", "255"]);
    assert_eq!(known.code(), Some(1));
    assert!(known.stderr.contains("Get SDR:"), "{}", known.stderr);
    // 010 is ten, not eight; a response's network function is nobody's request.
    assert!(bmc.text(&["raw", "010", "0x20"]).starts_with("51 "));
    assert_eq!(bmc.run(&["raw", "7", "1"]).code(), Some(2));
    assert_eq!(bmc.run(&["raw", "6", "256"]).code(), Some(2));
}

#[test]
fn power_status_is_four_exchanges_and_a_goodbye() {
    let bmc = Bmc::start();
    let tap = Tap::start(bmc.address);
    let host = tap.addr().to_string();
    let count = || {
        tap.clear();
        bmc.text(&["power", "status", "-H", &host]);
        sent(&tap, 5)
    };
    // A machine that is too busy to answer within 150 ms makes for repetitions: nobody's fault.
    assert_eq!((0..PATIENCE).map(|_| count()).min(), Some(5));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bmc = Bmc::start();
    for words in [["sensor", "list"], ["power", "status"]] {
        let mut command = bmc.console(&words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let status = wait(&mut child);
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{words:?}");
    }
}

#[test]
fn wrong_usage_is_two() {
    for words in [
        &["frobnicate"][..],
        &["power"],
        &["power", "sideways"],
        &["power", "status", "-U", "admin"],
        &["power", "status", "-H", "a:b"],
        &["power", "status", "-H", "127.0.0.1"],
        &["power", "status", "-H", "127.0.0.1", "-U", "seventeen_letters"],
        &["power", "status", "-H", "127.0.0.1", "-U", "admin", "-C", "0"],
        &["power", "status", "-H", "127.0.0.1", "-U", "admin", "-C", "8"],
        &["power", "status", "-H", "127.0.0.1", "-U", "admin", "-L", "root"],
        &["power", "status", "-H", "127.0.0.1", "-U", "admin", "--deadline", "0"],
    ] {
        let output = lantern_with(words);
        assert_eq!((output.code(), output.stdout.as_str()), (Some(2), ""), "{words:?}");
        assert!(output.stderr.starts_with("error:") || words == ["power"], "{}", output.stderr);
    }
    let demo = lantern_with(&["demo", "-o", "json"]);
    assert_eq!((demo.code(), demo.stdout.as_str()), (Some(2), ""));
    let help = lantern_with(&["--help"]);
    for text in ["Exit codes:", "LANTERN_PASSWORD", "outcome unknown"] {
        assert!(help.expect_success().contains(text), "{text}");
    }
    assert!(lantern_with(&["--version"]).expect_success().starts_with("lantern "));
}

#[test]
fn a_silent_address_is_given_up_in_time() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let host = silent.local_addr().unwrap().to_string();
    let mut command = crate::support::lantern();
    command.args(["-H", &host, "-U", "admin", "--deadline", "0.5", "power", "status"]);
    let output = finish(command.env("LANTERN_PASSWORD", "x"));
    assert_eq!(output.code(), Some(3));
    assert!(output.stderr.contains("no answer to Open Session Request"), "{}", output.stderr);
    // Half a second, and room for a machine that is busy.
    assert!(output.duration < Duration::from_secs(4), "{:?}", output.duration);
}

#[test]
fn a_closed_port_is_told_at_once_and_apart_from_a_silent_address() {
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let host = closed.local_addr().unwrap().to_string();
    drop(closed);
    let mut command = crate::support::lantern();
    command.args(["-H", &host, "-U", "admin", "power", "status"]);
    let output = finish(command.env("LANTERN_PASSWORD", "x"));
    assert_eq!(output.code(), Some(3));
    assert!(output.stderr.contains("the port is closed"), "{}", output.stderr);
    assert!(output.stderr.contains("nothing listens on this UDP port"), "{}", output.stderr);
    // A twentieth of a second, and room for a machine that is busy: not the five of a dead host.
    assert!(output.duration < Duration::from_secs(4), "{:?}", output.duration);
}
