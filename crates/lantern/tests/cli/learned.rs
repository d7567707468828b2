//! What a run learns of a BMC, and the next one knows.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::{Bmc, example, finish, lantern};

/// A BMC with these faults, and a place to remember it in.
struct Odd {
    bmc: Bmc,
    cache: PathBuf,
}

impl Odd {
    fn with(faults: &str) -> Self {
        let config = example().replacen("[bmc]\n", &format!("[bmc]\nfaults = [{faults}]\n"), 1);
        assert_ne!(config, example());
        let bmc = Bmc::with(&config, &[]);
        let cache = bmc.directory.path().join("cache");
        Self { bmc, cache }
    }

    /// What it says on standard error.
    fn run(&self, words: &[&str]) -> String {
        let output = finish(self.bmc.console(words).env("XDG_CACHE_HOME", &self.cache));
        output.expect_success();
        output.stderr
    }

    /// Datagrams that a command sends.
    fn sent(&self, words: &[&str]) -> u32 {
        let told = self.run(&[&["-vv"], words].concat());
        let count = told.split("sent=").nth(1).unwrap().split_whitespace().next().unwrap();
        count.parse().unwrap()
    }

    /// What is known of it.
    fn known(&self) -> Value {
        let mut command = lantern();
        let command = command.env("XDG_CACHE_HOME", &self.cache);
        let output = finish(command.args(["-o", "json", "config", "learned"]));
        let object: Value = serde_json::from_str(output.expect_success()).unwrap();
        crate::schemas::check(&object);
        let bmcs = object["bmcs"].as_array().unwrap();
        assert!(bmcs.len() < 2, "{object}");
        bmcs.first().cloned().unwrap_or_default()
    }
}

#[test]
fn a_slow_bmc_is_not_asked_everything_twice_the_next_time() {
    let odd = Odd::with("\"delay=400\"");
    let status = ["power", "status"];
    let first = odd.sent(&status);
    assert!(first > 6, "{first}: it is asked again within 400 ms");
    let took = odd.known()["round_trip_ms"].as_u64().unwrap();
    assert!((400..700).contains(&took), "{took} ms");
    // Four questions, and the end of the session once or twice.
    let second = odd.sent(&status);
    assert!(second <= 6, "{second} datagrams, {first} the first time");
    let untaught = odd.sent(&["--workaround", "none", "power", "status"]);
    assert!(untaught > 6, "{untaught}");

    let mut forget: Command = lantern();
    let forget = forget.env("XDG_CACHE_HOME", &odd.cache);
    let output = finish(forget.args(["config", "learned", "--forget"]));
    assert_eq!(output.expect_success(), "what was known of 1 BMC is forgotten\n");
    assert_eq!(odd.known(), Value::Null);
}

#[test]
fn a_bmc_that_is_as_it_should_be_leaves_no_trace() {
    let odd = Odd::with("");
    odd.run(&["sensor", "list", "--window", "8"]);
    odd.run(&["lan", "set", "--ip-ttl", "9", "--yes"]);
    let known = odd.known();
    // A busy machine may have been slow for a moment.
    let remarkable = ["one_at_a_time", "slow_commit"].map(|what| known[what] == true);
    assert_eq!(remarkable, [false, false], "{known}");
}

#[test]
fn a_bmc_that_is_busy_when_it_is_pressed_is_asked_one_thing_at_a_time() {
    let odd = Odd::with("\"busy=9\"");
    odd.run(&["sensor", "list", "--window", "8"]);
    assert_eq!(odd.known()["one_at_a_time"], true);
}

#[test]
fn a_bmc_that_loses_quick_settings_is_given_time_from_the_start() {
    let odd = Odd::with("\"slowcommit\"");
    let set = |ttl| odd.run(&["lan", "set", "--ip-ttl", ttl, "--vlan-priority", ttl, "--yes"]);
    set("5");
    let known = odd.known();
    assert_eq!(known["slow_commit"], true, "{known}");
    odd.run(&["--workaround", "slowcommit", "lan", "set", "--ip-ttl", "6", "--yes"]);
    assert_eq!(odd.known()["slow_commit"], true);
}

#[test]
fn readings_beside_disabled_scanning_are_believed_where_the_administrator_says_so() {
    let odd = Odd::with("\"ignorescanningdisabled\"");
    let readings = |words: &[&str]| {
        let words = [words, &["sensor", "list", "--type", "temperature"]].concat();
        let object = odd.bmc.json(&words);
        let sensors = object["sensors"].as_array().unwrap().clone();
        assert!(!sensors.is_empty());
        sensors.iter().filter(|sensor| sensor["value"].is_number()).count()
    };
    assert_eq!(readings(&[]), 0);
    assert!(readings(&["--workaround", "ignorescanningdisabled"]) > 0);
}

#[test]
fn sensors_that_records_give_to_somebody_else_are_the_bmcs_where_the_administrator_says_so() {
    let odd = Odd::with("\"assumebmcowner\"");
    let readings = |words: &[&str]| {
        let words = [words, &["sensor", "list", "--type", "temperature"]].concat();
        let object = odd.bmc.json(&words);
        let sensors = object["sensors"].as_array().unwrap().clone();
        assert!(!sensors.is_empty());
        sensors.iter().filter(|sensor| sensor["value"].is_number()).count()
    };
    assert_eq!(readings(&[]), 0);
    assert!(readings(&["--workaround", "assumebmcowner"]) > 0);
}
