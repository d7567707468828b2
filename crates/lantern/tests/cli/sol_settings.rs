//! `sol info` and `sol set`.

use lantern_testkit::peers::{IpmiSim, Machine};
use serde_json::json;

use crate::support::{Bmc, finish, lantern};

#[test]
fn all_parameters_are_told() {
    let bmc = Bmc::start();
    let told = bmc.json(&["sol", "info"]);
    for (name, value) in [
        ("channel", json!(14)),
        ("set_in_progress", json!("complete")),
        ("enabled", json!(true)),
        ("force_encryption", json!(true)),
        ("force_authentication", json!(true)),
        ("privilege_level", json!("operator")),
        ("character_accumulate_level_milliseconds", json!(60)),
        ("character_send_threshold", json!(96)),
        ("retry_count", json!(7)),
        ("retry_interval_milliseconds", json!(500)),
        ("non_volatile_bit_rate", json!(115_200)),
        ("volatile_bit_rate", json!(115_200)),
        ("payload_channel", json!(1)),
        ("payload_port", json!(bmc.address.port())),
        ("absent", json!([])),
    ] {
        assert_eq!(told[name], value, "{name}: {told}");
    }
    let text = bmc.text(&["sol", "info", "1"]);
    for (name, value) in [("retry interval ", " 500 ms"), ("volatile bit rate ", " 115200 bit/s")] {
        let is_line = |line: &str| line.starts_with(name) && line.ends_with(value);
        assert!(text.lines().any(is_line), "{name}: {text}");
    }
    let refused = bmc.run(&["sol", "info", "2"]);
    assert_eq!(refused.code(), Some(1), "{refused}");
}

#[test]
fn what_is_set_is_read_back_and_the_rest_stays() {
    let bmc = Bmc::start();
    let set = |words: &str| {
        let words: Vec<_> = ["sol", "set"].into_iter().chain(words.split(' ')).collect();
        bmc.json(&words)
    };
    let dry = set("retry-count 3 force-encryption off --dry-run");
    assert_eq!(dry["dry_run"], true);
    assert_eq!(dry["settings"][0]["setting"], "force_encryption");
    assert_eq!(dry["settings"][0]["before"], true);
    assert_eq!(dry["settings"][0]["asked"], false);
    assert_eq!(bmc.json(&["sol", "info"])["retry_count"], 7);
    let done = set("enabled false force-encryption off privilege-level admin retry-count 3 \
         character-accumulate-level 20ms volatile-bit-rate serial --channel 1");
    let settings = done["settings"].as_array().unwrap();
    assert_eq!(settings.len(), 6, "{done}");
    assert!(settings.iter().all(|setting| setting["kept"] == true), "{done}");
    let told = bmc.json(&["sol", "info"]);
    for (name, value) in [
        ("set_in_progress", json!("complete")),
        ("enabled", json!(false)),
        ("force_encryption", json!(false)),
        ("force_authentication", json!(true)),
        ("privilege_level", json!("administrator")),
        ("character_accumulate_level_milliseconds", json!(20)),
        ("character_send_threshold", json!(96)),
        ("retry_count", json!(3)),
        ("retry_interval_milliseconds", json!(500)),
        ("volatile_bit_rate", json!("serial")),
    ] {
        assert_eq!(told[name], value, "{name}: {told}");
    }
    let text = bmc.text(&["sol", "set", "retry-interval", "10ms"]);
    assert!(text.contains("retry interval milliseconds  500     10"), "{text}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_sent() {
    let bmc = Bmc::start();
    for (words, says) in [
        ("retry-interval 50", "0ms to 2550ms, in steps of 10ms"),
        ("enabled on retry-count", "retry-count has no value"),
        ("colour blue", "no setting of that name"),
    ] {
        let words: Vec<_> = ["sol", "set"].into_iter().chain(words.split(' ')).collect();
        let refused = bmc.run(&words);
        assert_eq!(refused.code(), Some(2), "{refused}");
        assert!(refused.stderr.contains(says), "{refused}");
    }
    let refused = bmc.run(&["sol", "set", "privilege-level", "oem"]);
    assert_eq!(refused.code(), Some(1), "{refused}");
    assert!(refused.stderr.contains("privilege_level"), "{refused}");
    assert_eq!(bmc.json(&["sol", "info"])["set_in_progress"], "complete");
}

/// OpenIPMI's simulator keeps some parameters and has no others.
#[test]
fn what_a_bmc_does_not_have_is_said_to_be_absent() {
    let machine = Machine { serial: true, ..Machine::default() };
    let Some(sim) = IpmiSim::start_with(machine) else { return };
    let account = sim.machine().accounts[0].clone();
    let run = |words: &[&str]| {
        let mut command = lantern();
        command.args(["-H", &sim.addr().to_string(), "-U", &account.name, "-o", "json"]);
        command.args(words).env("LANTERN_PASSWORD", &account.password);
        let output = finish(&mut command);
        let told: serde_json::Value = serde_json::from_str(output.expect_success()).unwrap();
        crate::schemas::check(&told);
        told
    };
    let told = run(&["sol", "info", "1"]);
    for absent in told["absent"].as_array().unwrap() {
        assert!(absent["reason"].as_str().unwrap().contains("does not have this"), "{told}");
    }
    let done = run(&["sol", "set", "enabled", "on", "--channel", "1"]);
    assert_eq!(done["settings"][0]["kept"], true, "{done}");
}
