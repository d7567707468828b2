//! `sdr`.

use lantern_testkit::peers::Machine;
use tempfile::tempdir;

use crate::pair::Pair;

const LISTS: [&str; 18] = [
    "sdr",
    "sdr list",
    "sdr list all",
    "sdr list full",
    "sdr list compact",
    "sdr list event",
    "sdr list mcloc",
    "sdr list fru",
    "sdr list generic",
    "sdr elist",
    "sdr elist all",
    "sdr elist full",
    "sdr elist compact",
    "sdr elist event",
    "sdr elist mcloc",
    "sdr elist fru",
    "sdr elist generic",
    "sdr list all extra",
];

fn lists(pair: &Pair) {
    for line in LISTS {
        let said = pair.same(line);
        let is_plain = matches!(line, "sdr" | "sdr list" | "sdr elist all");
        assert!(!is_plain || !said.is_empty(), "{line}");
    }
    for options in ["-c", "-v", "-c -v"] {
        for line in ["sdr", "sdr list all", "sdr elist all", "sdr list event", "sdr elist mcloc"] {
            pair.same(&format!("{options} {line}"));
        }
    }
    pair.same("sdr elist full -c");
    pair.same("sdr info");
    pair.same("-c sdr info");
    pair.same("-v sdr info");
    pair.same("-Z sdr info");
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

fn choices(pair: &Pair) {
    for name in ["Temperature", "temperature", "FAN", "Voltage", "Processor", "Memory", "Other"] {
        pair.same(&format!("sdr type {name}"));
    }
    pair.same_words(&["sdr", "type", "Power Supply"]);
    pair.same_words(&["sdr", "type", "Physical Security"]);
    pair.same_words(&["sdr", "type", "Drive Slot / Bay"]);
    pair.same_words(&["sdr", "type", "FRU State"]);
    pair.same_words(&["sdr", "type", "System Firmwares"]);
    for line in [
        "sdr type",
        "sdr type list",
        "sdr type LIST",
        "sdr type help",
        "sdr type 0x01",
        "sdr type 0x08",
        "sdr type 0x2c",
        "sdr type 0xC0",
        "sdr type 0x100",
        "sdr type 0x",
        "sdr type 1",
        "sdr type reserved",
        "sdr type bogus",
        "-c sdr type Temperature",
        "-v sdr type Temperature",
        "-c -v sdr type Temperature",
        "sdr type Temperature -c",
        "sdr entity 3",
        "sdr entity 3.1",
        "sdr entity 3.2",
        "sdr entity 7",
        "sdr entity 7.1",
        "sdr entity 10.1x",
        "sdr entity 10.",
        "sdr entity 3.127",
        "sdr entity 259.1",
        "sdr entity -253",
        "sdr entity 99",
        "sdr entity Processor",
        "sdr entity disk",
        "sdr entity",
        "sdr entity list",
        "sdr entity help",
        "sdr entity bogus",
        "-c sdr entity 7",
        "-v sdr entity 7",
    ] {
        pair.same(line);
    }
    pair.same_words(&["sdr", "entity", "system board"]);
    pair.same_words(&["sdr", "entity", "Power Supply"]);
}

#[test]
fn types_and_entities_of_the_reference_are_chosen_alike() {
    let Some(pair) = Pair::reference() else { return };
    choices(&pair);
}

#[test]
fn types_and_entities_of_one_of_everything_are_chosen_alike() {
    let Some(pair) = Pair::specimens() else { return };
    choices(&pair);
}

#[test]
fn types_and_entities_of_the_simulator_are_chosen_alike() {
    let Some(pair) = Pair::simulators() else { return };
    choices(&pair);
}

#[test]
fn sensors_are_found_by_name_alike() {
    let Some(pair) = Pair::reference() else { return };
    for words in [
        &["sdr", "get", "CPU1 Temp"][..],
        &["sdr", "get", "CPU1 Temp", "FAN1", "nosuch", "VBAT"],
        &["sdr", "get", "CPU1"],
        &["sdr", "get", "CPU1 Temp "],
        &["sdr", "get", "cpu1 temp"],
        &["sdr", "get", "CPU1 Temp", "CPU1 Temp"],
        &["-c", "sdr", "get", "CPU1 Temp", "FAN1"],
        &["-c", "-v", "sdr", "get", "CPU1 Temp"],
        &["-v", "sdr", "get", "CPU1 Temp"],
        &["sdr", "get", ""],
        &["sdr", "get"],
        &["sdr", "get", "help"],
        &["sdr", "get", "nosuch"],
    ] {
        pair.same_words(words);
    }
    pair.same_error("sdr get nosuch", "Unable to find sensor id 'nosuch'");
}

/// The names of all records, as the real program shows them.
fn names(pair: &Pair) -> Vec<String> {
    let listed = pair.theirs(&["-c", "sdr", "list", "all"]).stdout;
    listed.lines().filter_map(|line| line.split(',').next()).map(str::to_owned).collect()
}

#[test]
fn every_kind_of_record_is_shown_alike_by_name() {
    for pair in [Pair::specimens(), Pair::simulators(), Pair::reference()] {
        let Some(pair) = pair else { return };
        let names = names(&pair);
        let words = |first: &[&'static str]| -> Vec<String> {
            first.iter().map(|word| (*word).to_owned()).chain(names.clone()).collect()
        };
        for first in [&["sdr", "get"][..], &["-c", "sdr", "get"]] {
            let words = words(first);
            pair.same_words(&words.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_dump_is_the_same_and_serves_both_as_a_cache() {
    for pair in [Pair::reference(), Pair::specimens(), Pair::simulators()] {
        let Some(pair) = pair else { return };
        let directory = tempdir().unwrap();
        let path = directory.path().join("sdr.bin");
        let path = path.to_str().unwrap();
        let theirs = pair.theirs(&["sdr", "dump", path]);
        let original = std::fs::read(path).unwrap();
        std::fs::remove_file(path).unwrap();
        let ours = pair.ours(&["sdr", "dump", path]);
        assert_eq!((&ours.stdout, ours.code()), (&theirs.stdout, theirs.code()));
        assert_eq!(std::fs::read(path).unwrap(), original);
        for line in ["sdr", "sdr elist all", "-c sdr", "sdr type Temperature", "sdr entity 7"] {
            let words: Vec<_> = ["-S", path].into_iter().chain(line.split(' ')).collect();
            assert!(!pair.same_words(&words).is_empty());
        }
        pair.same_words(&["sensor", "list", "-S", path]);
        pair.same_words(&["sdr", "get", "CPU1 Temp", "-S", path]);
        // What is cut off is not there.
        std::fs::write(path, &original[..original.len() / 2]).unwrap();
        pair.same_words(&["-S", path, "sdr", "list"]);
        std::fs::write(path, [&original[..60], &[0xff; 9]].concat()).unwrap();
        pair.same_words(&["-S", path, "sdr", "list"]);
        std::fs::write(path, b"").unwrap();
        pair.same_words(&["-S", path, "sdr", "list"]);
        pair.same_words(&["-S", path, "sdr", "get", "x"]);
        pair.same_words(&["-S", &format!("{path}/none"), "sdr", "list"]);
    }
}

#[test]
fn what_is_wrong_is_told_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "sdr help",
        "sdr bogus",
        "sdr LIST",
        "sdr list help",
        "sdr elist help",
        "sdr list bogus",
        "sdr elist bogus",
        "sdr dump",
        "sdr dump /",
        "sdr dump /nonexistent/file",
        "sdr fill",
        "sdr fill bogus",
        "sdr fill file",
        "sdr fill range",
    ] {
        pair.same(line);
    }
    pair.same_error("sdr bogus", "Invalid SDR command: bogus");
    pair.same_error("sdr list bogus", "Invalid SDR list command: bogus");
}

#[test]
fn lists_of_a_rich_machine_are_the_same() {
    let Some(pair) = Pair::simulators_of(Machine::rich) else { return };
    lists(&pair);
}

#[test]
fn sensors_of_controllers_behind_the_bmc_are_read_there() {
    let Some(pair) = Pair::simulators_of(Machine::with_satellites) else { return };
    for line in [
        "sdr",
        "sdr elist all",
        "-c sdr",
        "sdr list mcloc -v",
        "-v sdr list fru",
        "sensor",
        "-v sdr type Temperature",
    ] {
        pair.same(&format!("-N 1 -R 1 {line}"));
    }
    pair.same_words(&["sensor", "get", "Sat Temp"]);
    pair.same_words(&["sensor", "reading", "Sat Hot"]);
    pair.same_words(&["sdr", "get", "Sat A", "Other Temp"]);
    let reads = &["-N 1 -R 1 sensor list"];
    pair.same_change_words(&["sensor", "thresh", "Sat Temp", "ucr", "95"], reads);
}

#[test]
fn records_of_the_device_are_as_good_as_those_of_a_repository() {
    let with = |config: String| config.replacen("[bmc]\n", "[bmc]\nrecords = \"device\"\n", 1);
    let Some(pair) = Pair::with(with) else { return };
    for line in ["sdr", "sdr elist all", "sensor", "sdr type Fan", "sdr info", "sdr entity 7"] {
        pair.same(line);
    }
    pair.same_words(&["sdr", "get", "CPU1 Temp"]);
}

/// The original answers an empty repository by erasing it, and by filling it with what it finds.
#[test]
fn an_empty_repository_is_not_written_to() {
    let Some(pair) = Pair::reference() else { return };
    let reserved = pair.ours(&["raw", "0x0a", "0x22"]).stdout;
    let [low, high] = reserved.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{reserved}")
    };
    let (low, high) = (format!("0x{low}"), format!("0x{high}"));
    let clear = ["raw", "0x0a", "0x27", &low, &high, "0x43", "0x4c", "0x52", "0xaa"];
    let cleared = pair.ours(&clear);
    assert_eq!(cleared.code(), Some(0), "{cleared}");
    let before = pair.ours(&["raw", "0x0a", "0x20"]).stdout;
    for line in ["sdr", "sdr elist all", "sensor", "sdr type Fan", "sdr get x"] {
        let words: Vec<_> = line.split(' ').collect();
        pair.ours(&words);
    }
    assert_eq!(pair.ours(&["raw", "0x0a", "0x20"]).stdout, before);
}
