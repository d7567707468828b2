//! `firewall`.

use crate::pair::Pair;

#[test]
fn commands_are_told_alike() {
    for pair in [Pair::reference(), Pair::specimens(), Pair::simulators()] {
        let Some(pair) = pair else { return };
        for line in [
            "firewall",
            "firewall help",
            "firewall bogus",
            "firewall info",
            "firewall info help",
            "firewall info channel 1",
            "firewall info channel 2",
            "firewall info channel 0xf",
            "firewall info lun 0",
            "firewall info lun 1",
            "firewall info lun 0 netfn 0",
            "firewall info lun 0 netfn 4",
            "firewall info lun 0 netfn 6",
            "firewall info lun 0 netfn 7",
            "firewall info lun 0 netfn 10",
            "firewall info lun 0 netfn 12",
            "firewall info lun 0 netfn 0x2c",
            "firewall info lun 0 netfn 0x2e",
            "firewall info lun 0 netfn 0x30",
            "firewall info lun 1 netfn 6",
            "firewall info lun 0 netfn 0 command 2",
            "firewall info lun 0 netfn 6 command 2",
            "firewall info lun 0 netfn 6 command 1",
            "firewall info lun 0 netfn 6 command 0x60",
            "firewall info lun 0 netfn 6 command 0xff",
            "firewall info lun 0 netfn 12 command 1",
            "firewall info channel 0xe lun 0 netfn 10 command 0x48",
            "firewall info lun 9",
            "firewall info lun x",
            "firewall info netfn 6",
            "firewall info lun 0 command 1",
            "firewall info lun 0 netfn 6 subfn 1",
            "firewall info lun 0 netfn 64",
            "firewall info lun 0 netfn 6 command 256",
            "firewall info lun 0 netfn 6 command 1 subfn 32",
            "firewall info channel 0xd",
            "firewall info bogus lun 0 netfn 6",
            "firewall enable",
            "firewall enable help",
            "firewall disable",
            "firewall disable help",
            "firewall enable lun x",
            "firewall disable netfn 6",
            "firewall enable lun 0",
            "firewall disable lun 0 netfn 64",
            "firewall reset",
            "firewall reset help",
            "firewall reset channel 0xd",
        ] {
            pair.same(line);
        }
    }
}

#[test]
fn commands_are_enabled_and_disabled_alike() {
    let Some(pair) = Pair::reference() else { return };
    let reads = &[
        "firewall info lun 0 netfn 0",
        "firewall info lun 0 netfn 6",
        "firewall info lun 0 netfn 10",
        "firewall info lun 0 netfn 0 command 2",
    ];
    for line in [
        "firewall disable lun 0 netfn 0 command 2",
        "firewall enable lun 0 netfn 0 command 2",
        "firewall disable lun 0 netfn 0 command 2 subfn 3",
        "firewall enable lun 0 netfn 0 command 2 subfn 3",
        "firewall disable lun 0 netfn 6 command 2",
        "firewall enable lun 0 netfn 6 command 2",
        "firewall disable channel 0xe lun 0 netfn 10 command 0x47",
        "firewall enable lun 0 netfn 10",
        "firewall disable lun 0 netfn 10",
        "firewall enable lun 0 netfn 10",
        "firewall disable lun 0 netfn 6 command 1",
        "firewall disable lun 0 netfn 6 command 0xff",
        "firewall disable lun 0 netfn 6 command 0x60",
    ] {
        pair.same_change(line, reads);
    }
}
