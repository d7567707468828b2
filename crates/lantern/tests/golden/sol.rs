//! `sol`.

use crate::pair::Pair;

#[test]
fn settings_of_sol_are_told_alike() {
    for pair in [Pair::reference(), Pair::specimens(), Pair::simulators()] {
        let Some(pair) = pair else { return };
        // The port is the BMC's own.
        for line in ["sol info", "sol info 1", "sol info 0xe", "-c sol info", "sol info -v"] {
            pair.same_of_one(line);
        }
        for line in [
            "sol",
            "sol help",
            "sol bogus",
            "sol info 2",
            "sol info 0xc",
            "sol info x",
            "sol info 99",
            "sol info 1 2",
            "sol payload",
            "sol payload bogus",
            "sol payload status",
            "sol payload status 1",
            "sol payload status 1 2",
            "sol payload status 1 3",
            "sol payload status 1 63",
            "sol payload status 1 64",
            "sol payload status 1 0",
            "sol payload status 1 2 3",
            "sol payload status 0xd 2",
            "sol payload status 2 2",
            "sol set",
            "sol set enabled",
            "sol set help",
            "sol set bogus true",
            "sol set enabled maybe",
            "sol set force-encryption 1",
            "sol set force-authentication yes",
            "sol set privilege-level administrator",
            "sol set character-accumulate-level 0",
            "sol set character-accumulate-level 256",
            "sol set character-send-threshold -1",
            "sol set retry-count 8",
            "sol set retry-interval x",
            "sol set volatile-bit-rate 9600",
            "sol set non-volatile-bit-rate 115200",
            "sol set set-in-progress done",
            "sol set enabled true 99",
            "sol set enabled true x noguard",
            "sol set enabled true 1 noguard 5",
            "sol deactivate",
            "sol deactivate instance=2",
            "sol deactivate instance=0",
            "sol deactivate instance=16",
            "sol deactivate instance=x",
            "sol deactivate 1",
            "sol activate bogus",
        ] {
            pair.same(line);
        }
    }
}

/// All that can be set, as the BMC has it.
const READS: [&str; 7] = [
    "raw 0x0c 0x22 1 0 0 0",
    "raw 0x0c 0x22 1 1 0 0",
    "raw 0x0c 0x22 1 2 0 0",
    "raw 0x0c 0x22 1 3 0 0",
    "raw 0x0c 0x22 1 4 0 0",
    "raw 0x0c 0x22 1 5 0 0",
    "raw 0x0c 0x22 1 6 0 0",
];

#[test]
fn settings_of_sol_are_changed_alike() {
    for (pair, each) in [(Pair::reference(), true), (Pair::simulators(), false)] {
        let Some(pair) = pair else { return };
        for line in [
            "sol set enabled true",
            "sol set enabled false 1",
            "sol set enabled true 1 noguard",
            "sol set enabled true noguard",
            "sol set force-encryption false",
            "sol set force-authentication false 1",
            "sol set force-encryption true",
            "sol set force-authentication true",
            "sol set privilege-level user",
            "sol set privilege-level admin 1",
            "sol set privilege-level oem",
            "sol set privilege-level operator",
            "sol set character-accumulate-level 10",
            "sol set character-send-threshold 0x40",
            "sol set retry-count 3",
            "sol set retry-interval 20 1",
            "sol set non-volatile-bit-rate 9.6",
            "sol set volatile-bit-rate 57.6",
            "sol set volatile-bit-rate serial",
            "sol set volatile-bit-rate 115.2 1",
            "sol set set-in-progress set-in-progress",
            "sol set retry-count 2",
            "sol set set-in-progress commit-write",
            "sol set set-in-progress set-complete",
            "sol set retry-count 2 2",
        ] {
            pair.same_change(line, if each { &READS } else { &[] });
        }
        pair.same_change("sol set retry-count 1", &READS);
        pair.same_of_one("sol info");
    }
}

#[test]
fn who_may_use_sol_is_changed_alike() {
    for pair in [Pair::reference(), Pair::simulators()] {
        let Some(pair) = pair else { return };
        for line in [
            "sol payload disable 1 2",
            "sol payload enable 1 2",
            "sol payload disable 0xe 2",
            "sol payload enable 1 3",
            "sol payload disable",
            "sol payload enable 1",
            "sol payload enable 2 2",
            "sol payload disable 1 63",
        ] {
            pair.same_change(line, &["raw 6 0x4d 1 2", "raw 6 0x4d 1 3", "raw 6 0x4d 1 1"]);
        }
    }
}

#[test]
fn what_is_wrong_with_sol_is_in_the_same_words() {
    let Some(pair) = Pair::reference() else { return };
    pair.same_error("sol set bogus true", "Error: invalid SOL parameter bogus");
    pair.same_error("sol deactivate", "Info: SOL payload already de-activated");
    pair.same_error("sol info 99", "Given Channel number '99' is either invalid or out of range.");
    pair.same_error("sol set retry-count 8", "Invalid value 8 for parameter retry-count");
    pair.same_error("sol info 2", "Error requesting SOL parameter 'Set In Progress (0)': ");
}
