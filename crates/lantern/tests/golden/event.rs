//! `event`.

use std::io::Write;

use crate::pair::Pair;

const LOG: &[&str] = &["sel list", "sel list -v"];

#[test]
fn samples_are_sent_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in ["event", "event help", "event file", "event file /none", "event 4", "event 10"] {
        pair.same(line);
    }
    for line in [
        "event 1",
        "event 2",
        "event 3",
        "event 1 more",
        "-c event 1",
        "event 2 -v",
        "-c event 3 -v",
    ] {
        pair.same_change(line, LOG);
    }
    pair.same_error(
        "-L USER event 1",
        "Platform Event Message command failed: Insufficient privilege level",
    );
}

#[test]
fn events_of_sensors_are_sent_alike() {
    for pair in [Pair::reference(), Pair::specimens()] {
        let Some(pair) = pair else { return };
        let sensors = pair.theirs(&["-c", "sdr", "list", "all"]).stdout;
        let mut names: Vec<_> = sensors.lines().filter_map(|line| line.split(',').next()).collect();
        names.dedup();
        for name in names.iter().step_by(4) {
            pair.same_words(&["event", name, "list"]);
        }
        for name in names.iter().take(3) {
            for state in ["ucr", "lnc", "LNC", "nosuch", "State Asserted", "on"] {
                pair.same_words(&["event", name, state]);
                pair.same_words(&["event", name, state, "deassert"]);
            }
            pair.same_words(&["event", name]);
            pair.same_words(&["event", name, "unr", "assert", "more"]);
            pair.same_words(&["event", name, "unr", "sideways"]);
        }
        pair.same_words(&["event", "no such sensor"]);
        pair.same_words(&["event", "no such sensor", "list"]);
        pair.same_change("event 1", LOG);
    }
}

#[test]
fn states_are_found_by_their_words_alike() {
    let Some(pair) = Pair::specimens() else { return };
    let sensors = pair.theirs(&["-c", "sdr", "list", "all"]).stdout;
    for name in sensors.lines().filter_map(|line| line.split(',').next()).take(20) {
        let list = pair.same_words(&["event", name, "list"]);
        let Some((_, states)) = list.split_once("Sensor States: \n") else { continue };
        for state in states.lines().map(str::trim).take(2).filter(|state| !state.is_empty()) {
            pair.same_words(&["event", name, state]);
            pair.same_words(&["-v", "event", name, &state.to_uppercase(), "deassert"]);
        }
    }
    pair.same_change("event 2", LOG);
}

#[test]
fn files_are_sent_alike() {
    let Some(pair) = Pair::reference() else { return };
    for text in [
        "0x04 0x01 0x30 0x01 0x59 0x40 0x3f # upper critical\n\n# nothing\n4 2 0x60 0x81 2 255 255\n",
        "0x04 0x01 0x30\n0x04 0x0c 0x53 0x6f 0x00 0xff 0xff 0x01\n",
        "0x04 0x0c 0x53 0x6f 0x00 0xff x\n",
        "0x04 0x0c 0x53 0x6f 0x00 0xff 0x100\n   0x04   0x0c 0x53 0x6f  0x01 0xff 0xff   ",
        "",
    ] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap();
        pair.same_change(&format!("event file {path}"), LOG);
        pair.same_change(&format!("-v event file {path}"), LOG);
    }
}

#[test]
fn a_simulator_takes_events_alike() {
    let Some(pair) = Pair::simulators() else { return };
    for line in ["event", "event help", "event 1", "event 2", "event 3 -v", "event none list"] {
        pair.same(line);
    }
}
