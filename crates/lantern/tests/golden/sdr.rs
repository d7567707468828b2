//! `sdr`.

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
