//! `sensor`.

use crate::pair::Pair;

fn lists(pair: &Pair) {
    for line in
        ["sensor", "sensor list", "sensor list extra", "sensor -c", "-v sensor", "-c -v sensor list"]
    {
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
