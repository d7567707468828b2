//! OpenStack Ironic's own driver, of the release that `cargo xtask peers` installs.

use std::process::Command;
use std::time::Duration;

use lantern_testkit::peers::Peer;
use lantern_testkit::process::{Output, run};
use serde_json::{Map, Value, json};

use super::Programs;
use crate::pair::Pair;
use crate::support::PASSWORD;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/consumers/ask_ironic.py");

/// A hundred command lines, and a second of waiting after each change of power: 30 s in all.
const PATIENCE: Duration = Duration::from_secs(240);

#[test]
fn ironic_makes_the_same_of_both() {
    let Some(python) = Peer::python("ironic") else { return };
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    let ask = |mut command: Command, port: u16| {
        command.args(["-W", "ignore", SCRIPT, "127.0.0.1", &port.to_string(), "admin", PASSWORD]);
        let output = run(&mut command, PATIENCE);
        assert!(!output.timed_out, "{output}");
        output
    };
    // Most of it is waiting: the power is looked at once a second.
    let (theirs, ours) = std::thread::scope(|scope| {
        let theirs =
            scope.spawn(|| ask(programs.theirs(python.command()), pair.their_address().port()));
        let ours = ask(programs.ours(python.command()), pair.our_address().port());
        (theirs.join().unwrap(), ours)
    });
    let (theirs, ours) = (answers(&theirs), answers(&ours));
    for (question, answer) in &theirs {
        assert_eq!(ours.get(question), Some(answer), "{question}");
    }
    assert_eq!(ours.len(), theirs.len());
    makes_sense(&ours);
}

fn answers(output: &Output) -> Map<String, Value> {
    serde_json::from_str(output.expect_success()).unwrap()
}

/// That both may not have failed alike.
fn makes_sense(answers: &Map<String, Value>) {
    for option in ["timing", "single_bridge", "dual_bridge"] {
        assert_eq!(answers[&format!("option {option}")], json!(true), "{option}");
    }
    for (question, answer) in [
        ("power", json!("power on")),
        ("power after power off", json!("power off")),
        ("power after power on", json!("power on")),
        ("power after soft power off", json!("power off")),
        ("power after reboot", json!("power on")),
        ("power after soft reboot", json!("power on")),
        ("nmi", Value::Null),
        ("dump", Value::Null),
        ("reset", Value::Null),
        ("console stopped", Value::Null),
        ("power, verbosely", json!("power on")),
        ("power, password in the environment", json!("power on")),
        ("suites from the end of a list", json!("power on")),
        ("single bridge", json!("power on")),
    ] {
        assert_eq!(answers[question], answer, "{question}");
    }
    for mode in ["bios", "uefi"] {
        for device in ["pxe", "disk", "cdrom", "bios", "safe"] {
            for (how, persistent) in [("once", false), ("always", true)] {
                let question = format!("get boot {mode} {device} {how}");
                let answer = json!({"boot_device": device, "persistent": persistent});
                assert_eq!(answers[&question], answer, "{question}");
            }
        }
    }
    let sensors = answers["sensors"].as_object().unwrap();
    let number: usize = sensors.values().map(|kind| kind.as_object().unwrap().len()).sum();
    assert!(sensors.contains_key("Temperature") && number > 20, "{number} sensors");
    assert_eq!(answers["console"][3], json!(0), "{}", answers["console"]);
    for (question, error) in [
        ("no such suite", "ProcessExecutionError"),
        ("no such command", "ProcessExecutionError"),
        ("wrong password", "IPMIFailure"),
    ] {
        assert_eq!(answers[question][0], json!(error), "{question}");
    }
}
