//! What became of a command that must not run twice, when its answer was lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lantern_testkit::process::Output;
use lantern_testkit::tap::{Direction, Tap, Verdict};
use serde_json::{Value, json};

use crate::support::{Bmc, example};

/// A BMC whose packets can be read on the way, and a line that loses answers of one command.
struct Lossy {
    bmc: Bmc,
    tap: Tap,
    /// How often the command went to the BMC.
    sent: Arc<AtomicU32>,
}

/// What the line does after the command.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Works,
    Dead,
}

impl Lossy {
    /// Loses what answers this network function and command, and all that comes later if the line
    /// is `Dead` then.
    fn new(netfn: u8, cmd: u8, after: After) -> Self {
        // Authenticated, not encrypted.
        let config = example().replace("suites = [17, 3]", SUITE_2);
        let bmc = Bmc::with(&config, &[]);
        let sent = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&sent);
        let tap = Tap::with_hook(bmc.address, move |direction, datagram| {
            // RMCP header 4, session header 12; then address, network function and LUN, checksum,
            // address, sequence, command.
            let (kind, function, command) =
                match (datagram.get(5), datagram.get(17), datagram.get(21)) {
                    (Some(kind), Some(function), Some(command)) => {
                        (kind & 0x3f, function >> 2, *command)
                    }
                    _ => (0x3f, 0, 0),
                };
            let is = |netfn: u8| kind == 0 && function == netfn && command == cmd;
            match direction {
                Direction::ToBmc if is(netfn) => drop(count.fetch_add(1, Ordering::SeqCst)),
                Direction::ToConsole if is(netfn | 1) => return Verdict::Drop,
                _ => {}
            }
            match after == After::Dead && count.load(Ordering::SeqCst) > 0 {
                true if direction == Direction::ToConsole => Verdict::Drop,
                _ => Verdict::Pass,
            }
        });
        Self { bmc, tap, sent }
    }

    fn run(&self, words: &[&str]) -> Output {
        let host = self.tap.addr().to_string();
        // Patience for a machine that is busy; the console waits in vain once.
        let options = ["-H", &host, "-C", "2", "--allow-insecure-suites", "--deadline", "1"];
        self.bmc.run(&[words, &options].concat())
    }

    fn sent(&self) -> u32 {
        self.sent.swap(0, Ordering::SeqCst)
    }
}

const SUITE_2: &str = "suites = [17, 3, 2]\nallow_insecure_suites = true";
const CHASSIS: u8 = 0x00;
const CHASSIS_CONTROL: u8 = 0x02;

#[test]
fn a_reset_that_happened_is_told_as_such_and_one_that_cannot_be_proven_as_unknown() {
    let line = Lossy::new(CHASSIS, CHASSIS_CONTROL, After::Works);
    // Nobody knows why this machine last started; after the reset, everybody does.
    let output = line.run(&["-o", "json", "power", "reset"]);
    let object: Value = serde_json::from_str(output.expect_success()).unwrap();
    crate::schemas::check(&object);
    assert_eq!(object["outcome"]["verdict"], "happened");
    let seen = &object["outcome"]["seen"][1];
    assert_eq!(seen["asked"], "Get System Restart Cause");
    assert_eq!(seen["proves"], "happened");
    assert_eq!(line.sent(), 1);

    // Another one leaves the same cause as the first.
    let output = line.run(&["power", "reset"]);
    assert_eq!((output.code(), output.stdout.as_str()), (Some(4), ""), "{}", output.stderr);
    let lines: Vec<_> = output.stderr.lines().collect();
    assert!(lines[0].starts_with("unknown: "), "{lines:?}");
    assert!(lines[0].ends_with("Chassis Control: no clear answer; it may have taken effect"));
    assert_eq!(lines[1], "  seen:  Get Chassis Status: power is on");
    assert!(lines[2].contains("by a command, as before the request: it may be older"));
    assert!(lines.iter().any(|line| line.starts_with("  cause: ")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("  next:  look at the machine")));
    assert_eq!(line.sent(), 1);

    let output = line.run(&["power", "diag", "-o", "json"]);
    assert_eq!(output.code(), Some(4));
    let error: Value = serde_json::from_str(&output.stderr).unwrap();
    crate::schemas::check(&error);
    assert_eq!((&error["exit_code"], &error["outcome"]["verdict"]), (&json!(4), &json!("unknown")));
    assert_eq!(line.sent(), 1);
}

#[test]
fn of_many_each_is_looked_up_and_told_with_what_was_seen() {
    let lines = [(); 2].map(|()| Lossy::new(CHASSIS, CHASSIS_CONTROL, After::Works));
    let hosts = lines.each_ref().map(|line| line.tap.addr().to_string()).join(",");
    let options = ["-H", &hosts, "-C", "2", "--allow-insecure-suites", "--deadline", "1"];
    let reset = || lines[0].bmc.run(&[&["power", "reset"], &options[..]].concat());
    let first = reset();
    assert_eq!(first.code(), Some(0), "{first}");
    assert!(first.stdout.contains("Hard reset: happened, although the answer was lost"), "{first}");
    assert_eq!(lines.each_ref().map(Lossy::sent), [1, 1]);
    // What looking takes is not cut short by the deadline of each.
    let again = reset();
    assert_eq!(again.code(), Some(4), "{again}");
    assert!(again.stdout.starts_with("--- unknown: 2 BMCs: 127.0.0.1:["), "{again}");
    assert!(again.stdout.contains("\n  seen:  Get Chassis Status: power is on\n"), "{again}");
    assert!(again.stdout.contains("\n  next:  look at the machine"), "{again}");
    assert!(again.stderr.contains("2 of 2 BMCs failed or are unknown: "), "{again}");
    assert_eq!(lines.each_ref().map(Lossy::sent), [1, 1]);
}

#[test]
fn a_power_cycle_is_seen_to_come_on_again() {
    let line = Lossy::new(CHASSIS, CHASSIS_CONTROL, After::Works);
    let output = line.run(&["power", "cycle"]);
    let text = output.expect_success();
    assert!(text.starts_with("Power cycle: happened, although the answer was lost\n"), "{text}");
    assert!(text.contains("proves that it happened"), "{text}");
    assert_eq!(line.sent(), 1);
}

#[test]
fn where_nothing_can_be_looked_up_it_is_unknown_and_ends_in_time() {
    let line = Lossy::new(CHASSIS, CHASSIS_CONTROL, After::Dead);
    let output = line.run(&["power", "reset"]);
    assert_eq!(output.code(), Some(4), "{}", output.stderr);
    assert!(output.stderr.contains("it may have taken effect"), "{}", output.stderr);
    assert!(output.stderr.contains("seen:  Get Chassis Status: no "), "{}", output.stderr);
    // A login and an answer that never comes, a second each, and half of the look-up's 20 s: the BMC
    // may be back by then.
    assert!(output.duration < Duration::from_secs(20), "{:?}", output.duration);
    assert_eq!(line.sent(), 1);
}

#[test]
fn a_controller_that_forgot_the_session_was_reset() {
    let line = Lossy::new(0x06, 0x02, After::Works);
    let output = line.run(&["mc", "reset", "cold"]);
    let text = output.expect_success();
    assert!(text.starts_with("Cold reset: happened, although the answer was lost\n"), "{text}");
    assert!(text.contains("no more in the one from before (proves"), "{text}");
    assert_eq!(line.sent(), 1);
}

#[test]
fn an_event_is_found_in_the_log_and_not_added_twice() {
    let line = Lossy::new(0x0a, 0x44, After::Works);
    let before = line.bmc.json(&["sel", "info"])["entries"].as_u64().unwrap();
    let words = ["sel", "add", "--type", "fan", "--data", "1"];
    assert!(line.run(&words).expect_success().contains("was added"));
    assert_eq!(line.sent(), 1);
    assert_eq!(line.bmc.json(&["sel", "info"])["entries"], before + 1);
}

#[test]
fn an_event_that_was_sent_is_found_in_the_log_and_not_sent_twice() {
    let line = Lossy::new(0x04, 0x02, After::Works);
    let output = line.run(&["-o", "json", "event", "send", "--sample", "1"]);
    let object: Value = serde_json::from_str(output.expect_success()).unwrap();
    crate::schemas::check(&object);
    let sent = &object["events"][0];
    assert_eq!(sent["outcome"]["verdict"], "happened");
    let record = sent["record_id"].as_u64().unwrap().to_string();
    assert_eq!(line.bmc.json(&["sel", "get", &record])["events"][0]["sensor_number"], 0x30);
    assert_eq!(line.sent(), 1);
}

#[test]
fn raw_bytes_are_never_looked_up_and_say_so() {
    let line = Lossy::new(CHASSIS, CHASSIS_CONTROL, After::Works);
    let output = line.run(&["raw", "0", "2", "3"]);
    assert_eq!(output.code(), Some(4), "{}", output.stderr);
    assert!(output.stderr.starts_with("unknown: "), "{}", output.stderr);
    assert!(output.stderr.contains("nothing was looked up"), "{}", output.stderr);
    assert_eq!(line.sent(), 1);
}
