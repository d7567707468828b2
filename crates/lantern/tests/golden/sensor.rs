//! `sensor`.

use lantern_testkit::peers::Machine;

use crate::pair::Pair;

fn lists(pair: &Pair) {
    for line in [
        "sensor",
        "sensor list",
        "sensor list extra",
        "sensor -c",
        "-v sensor",
        "-c -v sensor list",
    ] {
        assert!(!pair.same(line).is_empty(), "{line}");
    }
}

#[test]
fn lists_of_the_reference_are_the_same() {
    let Some(pair) = Pair::reference() else { return };
    lists(&pair);
}

#[test]
fn lists_of_one_of_everything_are_the_same() {
    let Some(pair) = Pair::specimens() else { return };
    lists(&pair);
}

#[test]
fn lists_of_the_simulator_are_the_same() {
    let Some(pair) = Pair::simulators() else { return };
    lists(&pair);
}

/// The names of all records, as the real program shows them.
fn names(pair: &Pair) -> Vec<String> {
    let listed = pair.theirs(&["-c", "sdr", "list", "all"]).stdout;
    listed.lines().filter_map(|line| line.split(',').next()).map(str::to_owned).collect()
}

#[test]
fn every_sensor_is_shown_alike_by_name() {
    for pair in [Pair::specimens(), Pair::simulators(), Pair::reference()] {
        let Some(pair) = pair else { return };
        let names = names(&pair);
        for first in [
            &["sensor", "get"][..],
            &["-c", "sensor", "get"],
            &["sensor", "reading"],
            &["-c", "sensor", "reading"],
            &["-v", "sensor", "reading"],
        ] {
            let words = first.iter().copied().chain(names.iter().map(String::as_str));
            pair.same_words(&words.collect::<Vec<_>>());
        }
    }
}

#[test]
fn sensors_are_found_by_name_alike() {
    let Some(pair) = Pair::reference() else { return };
    for words in [
        &["sensor", "get", "CPU1 Temp"][..],
        &["sensor", "get", "CPU1 Temp", "FAN1"],
        &["sensor", "get", "CPU1 Temp", "nosuch", "VBAT"],
        &["sensor", "get", "cpu1 temp"],
        &["-c", "sensor", "get", "CPU1 Temp"],
        &["-v", "sensor", "get", "CPU1 Temp"],
        &["sensor", "get"],
        &["sensor", "get", "help"],
        &["sensor", "get", "nosuch"],
        &["sensor", "reading", "CPU1 Temp"],
        &["sensor", "reading", "CPU1 Temp", "nosuch", "FAN1"],
        &["sensor", "reading", "12V", "VBAT"],
        &["-c", "sensor", "reading", "CPU1 Temp"],
        &["sensor", "reading"],
        &["sensor", "reading", "help"],
        &["sensor", "reading", "nosuch"],
        &["sensor", "help"],
        &["sensor", "bogus"],
        &["sensor", "LIST"],
    ] {
        pair.same_words(words);
    }
    pair.same_error("sensor get nosuch", "Sensor data record \"nosuch\" not found!");
    pair.same_error("sensor reading nosuch", "Sensor \"nosuch\" not found!");
    pair.same_error("sensor bogus", "Invalid sensor command: bogus");
}

#[test]
fn thresholds_are_set_alike() {
    let Some(pair) = Pair::reference() else { return };
    let reads = &["sensor list"];
    for words in [
        &["sensor", "thresh", "CPU1 Temp", "ucr", "94"][..],
        &["sensor", "thresh", "CPU1 Temp", "unc", "80.4"],
        &["sensor", "thresh", "CPU1 Temp", "unr", "101.6"],
        &["sensor", "thresh", "CPU1 Temp", "unc", "99"],
        &["sensor", "thresh", "CPU1 Temp", "unr", "50"],
        &["sensor", "thresh", "CPU1 Temp", "lnc", "5"],
        &["sensor", "thresh", "FAN1", "lcr", "840"],
        &["sensor", "thresh", "FAN1", "lnr", "0x1fe"],
        &["sensor", "thresh", "FAN1", "lnc", "1e3"],
        &["sensor", "thresh", "FAN1", "lnc", "100"],
        &["sensor", "thresh", "FAN1", "lower", "300", "600", "900"],
        &["sensor", "thresh", "VBAT", "lower", "2.1", "2.25", "2.5"],
        &["sensor", "thresh", "CPU2 Temp", "upper", "84", "93", "102"],
        &["sensor", "thresh", "CPU2 Temp", "upper", "84", "93", "102", "extra"],
        &["sensor", "thresh", "12V", "upper", "12.5", "12.8", "13.1"],
        &["sensor", "thresh", "12V", "lower", "10.9", "11.2", "11.5"],
        &["sensor", "thresh", "12V", "unc", "12.61"],
    ] {
        pair.same_change_words(words, reads);
    }
    for words in [
        &["sensor", "thresh"][..],
        &["sensor", "thresh", "help"],
        &["sensor", "thresh", "CPU1 Temp", "ucr"],
        &["sensor", "thresh", "CPU1 Temp", "bogus", "1"],
        &["sensor", "thresh", "CPU1 Temp", "ucr", "hot"],
        &["sensor", "thresh", "CPU1 Temp", "upper", "1", "2"],
        &["sensor", "thresh", "CPU1 Temp", "upper", "1", "x", "2"],
        &["sensor", "thresh", "CPU1 Temp", "lower", "1", "2"],
        &["sensor", "thresh", "CPU1 Temp", "lower", "1", "2", "z"],
        &["sensor", "thresh", "nosuch", "ucr", "1"],
        &["sensor", "thresh", "Chassis Intrusion", "ucr", "1"],
        &["sensor", "thresh", "Intrusion", "ucr", "1"],
        &["sensor", "thresh", "Watchdog", "ucr", "1"],
        &["sensor", "thresh", "BMC", "ucr", "1"],
    ] {
        pair.same_change_words(words, reads);
    }
}

#[test]
fn thresholds_of_signed_and_of_crooked_sensors_are_set_alike() {
    let Some(pair) = Pair::specimens() else { return };
    let reads = &["sensor list"];
    for words in [
        &["sensor", "thresh", "Linear unsigned", "ucr", "395.3"][..],
        &["sensor", "thresh", "Linear unsigned", "ucr", "-11.2"],
        &["sensor", "thresh", "Linear unsigned", "lower", "-100.5", "-70.2", "-40.9"],
        &["sensor", "thresh", "Linear unsigned", "upper", "10", "20.3", "30"],
        &["sensor", "thresh", "Linear 2's", "ucr", "9.3"],
        &["sensor", "thresh", "Linear 2's", "lower", "-20.1", "-15.2", "-12.3"],
        &["sensor", "thresh", "Load", "unc", "70"],
        &["sensor", "thresh", "Depth below zero", "lower", "-20", "-15", "-12"],
    ] {
        pair.same_change_words(words, reads);
    }
}

#[test]
fn readings_beyond_thresholds_are_shown_alike() {
    let Some(pair) = Pair::reference() else { return };
    let reads = &["sdr", "sdr elist", "-v sdr type Temperature", "-c -v sdr"];
    for words in [
        &["sensor", "thresh", "CPU1 Temp", "upper", "30", "100", "110"][..],
        &["sensor", "thresh", "CPU2 Temp", "upper", "30", "35", "110"],
        &["sensor", "thresh", "Inlet Temp", "upper", "10", "12", "14"],
        &["sensor", "thresh", "FAN1", "lower", "600", "900", "12000"],
        &["sensor", "thresh", "FAN2", "lower", "600", "11000", "12000"],
        &["sensor", "thresh", "VBAT", "lower", "3.2", "3.3", "3.4"],
    ] {
        pair.same_change_words(words, reads);
    }
    for line in [
        "sdr",
        "sdr elist",
        "-c sdr",
        "-v sdr",
        "-c -v sdr",
        "sensor",
        "-c sensor",
        "-v sensor",
        "-c -v sensor",
        "sdr type Temperature",
    ] {
        pair.same(line);
    }
    pair.same_words(&["sensor", "get", "FAN1", "VBAT", "Inlet Temp"]);
    pair.same_words(&["sdr", "get", "FAN1", "VBAT", "Inlet Temp"]);
    pair.same_words(&["-c", "sdr", "get", "FAN1", "VBAT", "Inlet Temp"]);
}

#[test]
fn a_threshold_that_no_reading_has_is_not_set() {
    let Some(pair) = Pair::reference() else { return };
    let before = pair.theirs(&["sensor", "get", "CPU1 Temp"]).stdout;
    let ours = pair.ours(&["sensor", "thresh", "CPU1 Temp", "unr", "300"]);
    assert_eq!(ours.code(), Some(1), "{ours}");
    assert!(ours.stderr.contains("no reading for 300.000"), "{ours}");
    assert_eq!(pair.ours(&["sensor", "get", "CPU1 Temp"]).stdout, before);
}

#[test]
fn sensors_that_are_absent_or_set_otherwise_are_shown_alike() {
    let Some(pair) = Pair::reference() else { return };
    pair.same("power off");
    for line in
        ["sdr", "sdr elist", "-c sdr", "-v sdr", "-c -v sdr", "sensor", "-c sensor", "-v sensor"]
    {
        pair.same(line);
    }
    pair.same_words(&["sensor", "get", "FAN1", "CPU1 Temp"]);
    pair.same_words(&["sensor", "reading", "FAN1", "CPU1 Temp"]);
    pair.same_words(&["sdr", "get", "FAN1", "CPU1 Temp"]);
}

#[test]
fn lists_of_a_rich_machine_are_the_same() {
    let Some(pair) = Pair::simulators_of(Machine::rich) else { return };
    lists(&pair);
}

#[test]
fn privileges_and_older_sessions_change_nothing() {
    let Some(pair) = Pair::reference() else { return };
    for line in ["-L USER sensor", "-L OPERATOR sensor list", "-L USER sdr elist all"] {
        pair.same(line);
    }
    let reads = &["sensor list"];
    pair.same_change_words(&["-L", "USER", "sensor", "thresh", "12V", "unc", "12.4"], reads);
    pair.same_change_words(&["-L", "OPERATOR", "sensor", "thresh", "12V", "unc", "12.5"], reads);
    let Some(pair) = Pair::simulators() else { return };
    for line in ["sensor", "sdr", "sdr elist all", "-c -v sdr"] {
        pair.same(&format!("-I lan {line}"));
    }
}
