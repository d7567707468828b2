//! `sensor` and `sdr`.

use serde_json::{Value, json};

use crate::support::{Bmc, example, finish, lantern, lantern_with};

/// The sensor with this name.
fn named<'a>(object: &'a Value, name: &str) -> &'a Value {
    let list = object.get("sensors").or(object.get("records")).unwrap().as_array().unwrap();
    list.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}: {object:#}"))
}

#[test]
fn everything_about_a_sensor() {
    let bmc = Bmc::start();
    let text = bmc.text(&["sensor", "get", "CPU1 Temp", "0x40"]);
    for says in [
        "CPU1 Temp\n",
        "Upper critical         95 °C",
        "Hysteresis             2 °C downwards, 2 °C upwards",
        "Upper Critical going high",
        "Chassis Intru\n",
        "Re-arms itself  no",
    ] {
        assert!(text.contains(says), "{says}:\n{text}");
    }
    let object = bmc.json(&["sensor", "get", "cpu1 temp"]);
    let cpu = named(&object, "CPU1 Temp");
    assert_eq!(cpu["thresholds"]["upper_critical"], json!(95.0));
    assert_eq!(cpu["hysteresis"]["positive"], json!(2.0));
    assert_eq!((&cpu["scanning_enabled"], &cpu["auto_rearm"]), (&json!(true), &json!(true)));
    assert!(cpu["settable_thresholds"].as_array().unwrap().contains(&json!("upper_critical")));
    let enabled = cpu["events_enabled"]["asserted"].as_array().unwrap();
    assert!(enabled.iter().any(|event| event["offset"] == 9), "{enabled:?}");
}

#[test]
fn an_unknown_sensor_brings_those_that_are_like_it() {
    let bmc = Bmc::start();
    for command in [&["sensor", "get", "CPU1 Tmp"][..], &["sdr", "get", "CPU1 Tmp"]] {
        let output = bmc.run(command);
        assert_eq!((output.code(), output.stdout.as_str()), (Some(1), ""));
        assert!(output.stderr.contains("'CPU1 Tmp'"), "{}", output.stderr);
        assert!(output.stderr.contains("'CPU1 Temp'"), "{}", output.stderr);
    }
    let output = bmc.run(&["sensor", "set", "nothing", "--uc", "1"]);
    assert_eq!(output.code(), Some(1));
    assert!(output.stderr.contains("lantern sensor list"), "{}", output.stderr);
}

#[test]
fn thresholds_are_set_and_read_back() {
    let bmc = Bmc::start();
    let text = bmc.text(&["sensor", "set", "CPU1 Temp", "--upper-critical", "93", "--unc", "80"]);
    assert!(text.contains("Upper Critical          95   93 °C"), "{text}");
    let object = bmc.json(&["sensor", "set", "CPU1 Temp", "--uc", "92"]);
    assert_eq!(
        object["changes"],
        json!([{"threshold": "upper_critical", "asked": 92.0, "before": 93.0, "now": 92.0,
                "taken": true}])
    );
    let list = bmc.json(&["sensor", "list"]);
    let thresholds = &named(&list, "CPU1 Temp")["thresholds"];
    assert_eq!(
        (&thresholds["upper_non_critical"], &thresholds["upper_critical"]),
        (&json!(80.0), &json!(92.0))
    );
}

#[test]
fn thresholds_that_make_no_sense_are_not_sent() {
    let bmc = Bmc::start();
    for (words, says) in [
        // Below one that stays.
        (&["sensor", "set", "CPU1 Temp", "--uc", "70"][..], "which stays"),
        (&["sensor", "set", "CPU1 Temp", "--uc", "70", "--unc", "75"], "would be above"),
        (&["sensor", "set", "CPU1 Temp", "--unr", "1000"], "beyond"),
        (&["sensor", "set", "Chassis Intru", "--uc", "1"], "no sensor with thresholds"),
        (&["sensor", "set", "CPU1 Temp", "--uc", "warm"], "a number"),
        (&["sensor", "set", "CPU1 Temp"], "required"),
    ] {
        let output = bmc.run(words);
        assert!(matches!(output.code(), Some(1 | 2)), "{words:?}");
        assert!(output.stderr.contains(says), "{words:?}: {}", output.stderr);
    }
    let list = bmc.json(&["sensor", "list"]);
    assert_eq!(named(&list, "CPU1 Temp")["thresholds"]["upper_critical"], json!(95.0));
}

#[test]
fn hysteresis_and_events_are_set() {
    let bmc = Bmc::start();
    let object = bmc.json(&["sensor", "hysteresis", "CPU1 Temp", "--positive", "5"]);
    assert_eq!((&object["positive"], &object["negative"]), (&json!(5.0), &json!(2.0)));
    assert!(bmc.text(&["sensor", "hysteresis", "CPU1 Temp", "--negative", "1"]).contains("5 °C"));

    let offsets = |object: &Value, which: &str| -> Vec<u64> {
        let events = object["events_enabled"][which].as_array().unwrap();
        events.iter().map(|event| event["offset"].as_u64().unwrap()).collect()
    };
    let object = bmc.json(&["sensor", "disable", "CPU1 Temp", "uc"]);
    assert!(!offsets(&object, "asserted").contains(&9) && object["scanning_enabled"] == true);
    let object = bmc.json(&["sensor", "enable", "CPU1 Temp", "uc+:assert"]);
    assert!(offsets(&object, "asserted").contains(&9));
    assert!(!offsets(&object, "deasserted").contains(&9));
    let text = bmc.text(&["sensor", "disable", "CPU1 Temp", "events"]);
    assert!(text.contains("Event messages  off"), "{text}");

    bmc.text(&["sensor", "disable", "FAN1", "scanning"]);
    let object = bmc.json(&["sensor", "list", "--type", "fan"]);
    let fan = named(&object, "FAN1");
    assert_eq!((&fan["status"], &fan["value"]), (&json!("unreadable"), &Value::Null));
    assert!(fan["absent_reason"].as_str().unwrap().contains("scanning"));
    bmc.text(&["sensor", "enable", "FAN1", "scanning"]);

    for wrong in ["lc", "uc+:sometimes", "17", "colour"] {
        let output = bmc.run(&["sensor", "disable", "CPU1 Temp", wrong]);
        assert_eq!(output.code(), Some(2), "{wrong}: {}", output.stderr);
    }
}

#[test]
fn a_latched_intrusion_is_explained_and_cleared() {
    let directory = tempfile::tempdir().unwrap();
    let lid = directory.path().join("lid");
    std::fs::write(&lid, "0").unwrap();
    let sensor = format!(
        "\n[[sensor]]\nname = \"Chassis Intru\"\nfile = \"{}\"\ninterval = 0.05\n",
        lid.display()
    );
    let bmc = Bmc::with(&(example() + &sensor), &[]);
    let states = || named(&bmc.json(&["sensor", "get", "Chassis Intru"]), "Chassis Intru").clone();
    let until = |wanted: u64| {
        for _ in 0..200 {
            let now = states();
            if now["states_raw"].as_u64() == Some(wanted) {
                return now;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("{:#}", states());
    };
    until(0);
    std::fs::write(&lid, "1").unwrap();
    let open = until(1);
    assert_eq!(open["status"], "critical");
    std::fs::write(&lid, "0").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    // Closed, and still there.
    let closed = until(1);
    assert!(closed["how_to_clear"].as_array().unwrap().len() >= 5);
    let text = bmc.text(&["chassis", "status"]);
    for step in ["sensor rearm", "sel clear", "power cycle", "mc reset cold"] {
        assert!(text.contains(step), "{step}:\n{text}");
        assert!(bmc.text(&["sensor", "get", "Chassis Intru"]).contains(step), "{step}");
    }
    assert_eq!(bmc.run(&["sensor", "list", "--fail-on", "critical"]).code(), Some(5));
    let cleared = bmc.text(&["sensor", "rearm", "Chassis Intru"]);
    assert!(cleared.contains("(ok)"), "{cleared}");
    until(0);
    assert_eq!(bmc.run(&["sensor", "list", "--fail-on", "warning"]).code(), Some(0));
}

#[test]
fn sensors_are_chosen_by_type_and_state() {
    let bmc = Bmc::start();
    let fans = bmc.json(&["sensor", "list", "--type", "fan", "--no-thresholds"]);
    let fans = fans["sensors"].as_array().unwrap();
    assert_eq!(fans.len(), 6);
    assert!(fans.iter().all(|fan| fan["type"] == "Fan" && fan.get("thresholds").is_none()));
    assert_eq!(bmc.text(&["sensor", "list", "--state", "warning.."]), "No sensors\n");
    bmc.text(&["power", "off"]);
    let silent = bmc.json(&["sensor", "list", "--state", "unreadable,absent"]);
    assert!(silent["sensors"].as_array().unwrap().len() > 4);
    assert_eq!(bmc.run(&["sensor", "list", "--type", "wind"]).code(), Some(2));
}

#[test]
fn records_of_every_kind_are_listed() {
    let bmc = Bmc::start();
    let all = bmc.json(&["sdr", "list", "--kind", "all"]);
    let fru = named(&all, "PSU1");
    assert_eq!((&fru["kind"], &fru["status"]), (&json!("fru"), &Value::Null));
    assert_eq!(bmc.json(&["sdr", "list", "--kind", "fru"])["records"].as_array().unwrap().len(), 2);
    assert_eq!(bmc.json(&["sdr", "list", "--kind", "mc"])["records"][0]["kind"], "mc");
    let audit = bmc.json(&["sdr", "list", "--kind", "event-only"]);
    assert_eq!(audit["records"][0]["name"], "Session Audit");
    assert_eq!(bmc.text(&["sdr", "list", "--kind", "generic"]), "No such records\n");
    let cpu = bmc.json(&["sdr", "entity", "processor.1"]);
    let names: Vec<_> =
        cpu["records"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert!(
        names.contains(&json!("CPU1 Temp")) && !names.contains(&json!("CPU2 Temp")),
        "{names:?}"
    );

    let types = bmc.text(&["sdr", "type"]);
    assert!(types.contains("0x04  Fan                                    6"), "{types}");
    assert_eq!(bmc.json(&["sdr", "type", "fan"])["records"].as_array().unwrap().len(), 6);
    let object = bmc.json(&["sdr", "get", "FAN1", "0x0001", "PSU1"]);
    let records = object["records"].as_array().unwrap();
    assert_eq!(records.len(), 3);
    assert_eq!((&records[0]["conversion"]["m"], &records[0]["kind"]), (&json!(60), &json!("full")));
    assert!(records[0]["sensors"][0]["reading"]["value"].is_number());
    assert_eq!(records[2]["fru"]["device"], 1);
    assert!(bmc.text(&["sdr", "get", "FAN1"]).contains("linear: M 60"));
}

#[test]
fn a_dump_is_read_without_a_bmc_and_written_back() {
    let bmc = Bmc::start();
    let file = bmc.directory.path().join("sdr.bin");
    let path = file.to_str().unwrap();
    let text = bmc.text(&["sdr", "dump", path]);
    assert!(text.contains("42 records"), "{text}");
    let object = bmc.json(&["sdr", "dump", path]);
    assert_eq!(object["bytes"], std::fs::metadata(&file).unwrap().len());
    // Standard output gets the bytes and nothing else.
    let mut command = bmc.console(&["sdr", "dump", "-"]);
    let bytes = command.output().unwrap().stdout;
    assert_eq!(bytes, std::fs::read(&file).unwrap());

    let offline = lantern_with(&["sdr", "list", "--from", path, "-o", "json", "--kind", "all"]);
    let object: Value = serde_json::from_str(offline.expect_success()).unwrap();
    crate::schemas::check(&object);
    assert_eq!(
        (&object["address"], &object["records"][0]["name"]),
        (&Value::Null, &json!("CPU1 Temp"))
    );
    let offline = lantern_with(&["sdr", "get", "FAN1", "--from", path]);
    assert!(offline.expect_success().contains("M 60"));

    // Nobody was asked.
    let refused = bmc.run(&["sdr", "replay", path]);
    assert_eq!(refused.code(), Some(2));
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    let saved = bmc.directory.path().join("before.bin");
    let save = saved.to_str().unwrap();
    // One record less: without the last FRU locator, 20 bytes.
    std::fs::write(&file, &bytes[..bytes.len() - 20]).unwrap();
    let text = bmc.text(&["sdr", "replay", path, "--save", save, "--yes"]);
    assert!(text.contains("41 records are in the repository now"), "{text}");
    assert_eq!(std::fs::read(&saved).unwrap(), bytes);
    assert_eq!(bmc.json(&["sdr", "info"])["records"], 41);
    let object = bmc.json(&["sdr", "replay", save, "--yes"]);
    assert_eq!(object["added"].as_array().unwrap().len(), 42);
    // Nothing is overwritten.
    assert_eq!(bmc.run(&["sdr", "replay", save, "--save", save, "--yes"]).code(), Some(2));
    std::fs::write(&file, &bytes[..100]).unwrap();
    let broken = bmc.run(&["sdr", "replay", path, "--yes"]);
    assert_eq!(broken.code(), Some(2));
    assert!(broken.stderr.contains("not a dump"), "{}", broken.stderr);
}

#[test]
fn records_are_kept_on_this_machine_unless_they_must_not_be() {
    let bmc = Bmc::start();
    let cache = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let mut command = bmc.console(words);
        finish(command.env("XDG_CACHE_HOME", cache.path())).expect_success().to_owned()
    };
    let kept = || {
        let mut command = lantern();
        command.args(["sdr", "cache", "show", "-o", "json"]).env("XDG_CACHE_HOME", cache.path());
        let object: Value = serde_json::from_str(finish(&mut command).expect_success()).unwrap();
        crate::schemas::check(&object);
        object["bmcs"].as_u64().unwrap()
    };
    run(&["sensor", "list", "--no-cache"]);
    assert_eq!(kept(), 0);
    let first = run(&["sdr", "list", "--kind", "all"]);
    assert_eq!(kept(), 1);
    assert_eq!(run(&["sdr", "list", "--kind", "all"]), first);
    let mut command = lantern();
    command.args(["sdr", "cache", "clear"]).env("XDG_CACHE_HOME", cache.path());
    assert!(finish(&mut command).expect_success().contains("removed"));
    assert_eq!(kept(), 0);
}
