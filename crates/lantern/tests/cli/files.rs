//! Files of the real ipmitool, and ours for it.

use lantern_testkit::peers::ipmitool::Ipmitool;

use crate::support::{Bmc, PASSWORD};

#[test]
fn files_are_those_of_ipmitool() {
    let bmc = Bmc::start();
    let Some(tool) = Ipmitool::new(bmc.address, "admin", PASSWORD) else { return };
    let tool = tool.suite(17);
    let run = |words: &[&str]| tool.run(&words.join(" ")).expect_success().to_owned();
    let place = |name: &str| bmc.directory.path().join(name).to_str().unwrap().to_owned();
    let same = |theirs: &str, ours: &str| {
        assert_eq!(std::fs::read(theirs).unwrap(), std::fs::read(ours).unwrap(), "{ours}");
    };
    let [dump, our_dump, raw, our_raw, text, our_text, fru, our_fru] =
        ["dump", "our_dump", "raw", "our_raw", "text", "our_text", "fru", "our_fru"].map(place);

    run(&["sdr", "dump", &dump]);
    bmc.text(&["sdr", "dump", &our_dump]);
    same(&dump, &our_dump);
    run(&["sel", "writeraw", &raw]);
    bmc.text(&["sel", "save", "--raw", &our_raw]);
    same(&raw, &our_raw);
    run(&["fru", "read", "0", &fru]);
    bmc.text(&["fru", "read", "0", &our_fru]);
    same(&fru, &our_fru);

    run(&["sel", "save", &text]);
    bmc.text(&["sel", "save", &our_text]);
    let numbers = |path: &str| -> Vec<String> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| line.split(" #").next().unwrap().to_owned()).collect()
    };
    assert_eq!(numbers(&text), numbers(&our_text));

    // Each takes the other's.
    assert!(run(&["sel", "readraw", &our_raw]).contains("General Chassis intrusion"));
    run(&["sel", "add", &our_text]);
    assert!(bmc.text(&["sel", "replay", &text]).contains("7 events were added: 15 to 21"));
    assert!(bmc.text(&["sel", "replay", &raw]).contains("7 events were added"));
    bmc.text(&["fru", "edit", "0", "product.serial", "OTHER"]);
    run(&["fru", "write", "0", &our_fru]);
    assert!(bmc.text(&["fru", "print", "0"]).contains("LNS00001"));
}
