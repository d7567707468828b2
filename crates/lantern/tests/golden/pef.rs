//! `pef`.

use crate::pair::Pair;

#[test]
fn what_is_done_about_events_is_told_alike() {
    for pair in [Pair::reference(), Pair::specimens(), Pair::simulators()] {
        let Some(pair) = pair else { return };
        for line in [
            "pef",
            "pef help",
            "pef bogus",
            "pef list",
            "pef capabilities",
            "pef event",
            "pef event x",
            "pef timer get",
            "pef timer set 1",
            "pef pet ack",
            "pef info",
            "-v pef info",
            "-c pef info",
            "pef status",
            "-v pef status",
            "-Z pef status",
            "pef filter",
            "pef filter help",
            "pef filter bogus",
            "pef filter create 1",
            "pef filter delete 1",
            "pef filter enable",
            "pef filter enable x",
            "pef filter enable 0",
            "pef filter enable 255",
            "pef filter enable 1 2",
            "pef filter list",
            "-v pef filter list",
            "-c pef filter list",
            "pef policy",
            "pef policy help",
            "pef policy bogus",
            "pef policy create 1",
            "pef policy delete 1",
            "pef policy enable",
            "pef policy enable x",
            "pef policy enable 0",
            "pef policy enable 127",
            "pef policy enable 128",
            "pef policy list",
            "-v pef policy list",
            "-c pef policy list",
        ] {
            pair.same(line);
        }
    }
}

#[test]
fn filters_and_policies_are_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    let reads = &["pef filter list", "pef policy list", "-v pef status"];
    // A filter of one's own, with each kind of trigger.
    for (number, trigger) in
        [(15, "0x03 1 0"), (16, "0x0b 0xff 0"), (17, "0x0d 1 0"), (18, "0x70 1 0")]
    {
        let set = format!(
            "raw 4 0x12 6 {number} 0x80 1 2 0x08 0xff 0xff 0x02 0x31 {trigger} 0 0 0 0 0 0 0 0 0"
        );
        pair.same_change(&set, reads);
    }
    for line in [
        "pef filter disable 15",
        "pef filter enable 15",
        "pef filter disable 16",
        "pef filter enable 16",
        "pef policy enable 1",
        "pef policy enable 2",
        "pef policy disable 1",
        "pef policy enable 0x03",
        "raw 4 0x12 1 3",
        "raw 4 0x12 2 0x2f",
        "raw 4 0x12 9 4 0x29 0x12 0x81",
        "raw 4 0x12 9 5 0x3c 0xf0 0",
        "raw 0x0c 1 1 18 1 6 3 2",
        "raw 0x0c 1 1 19 1 0 0 10 0 0 7 2 4 6 8 10 12",
    ] {
        pair.same_change(line, reads);
    }
}
