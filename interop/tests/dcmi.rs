//! DCMI as ipmitool and FreeIPMI meet it at our BMC: both take its answers, and find what they set.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use lantern_testkit::peers::FreeIpmi;

fn freeipmi(tool: &FreeIpmi, words: &str) -> String {
    tool.run("ipmi-dcmi", words).expect_success().to_owned()
}

#[test]
fn ipmitool_reads_capabilities_and_power() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let discover = tool.run("dcmi discover");
    let text = discover.expect_success();
    for line in [
        "Power management available",
        "In-band KCS channel available",
        "Asset tag",
        "Slave address of device: 20h (BMC)",
        "Primary LAN channel number: 1 is available",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{discover}");
    }
    let reading = tool.run("dcmi power reading");
    assert!(reading.expect_success().contains("activated"), "{reading}");
    let minute = tool.run("dcmi power reading 1_min");
    assert!(minute.expect_success().contains("1_min"), "{minute}");
}

#[test]
fn what_one_of_them_sets_the_other_one_finds() {
    let bmc = Bmc::reference();
    let (Some(tool), Some(free)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    freeipmi(&free, "--set-asset-tag=Rack-17-unit-3-of-the-second-row");
    let tag = tool.run("dcmi asset_tag");
    assert!(tag.expect_success().contains("Asset tag: Rack-17-unit-3-of-the-second-row"), "{tag}");
    tool.run("dcmi set_asset_tag short").expect_success();
    assert_eq!(freeipmi(&free, "--get-asset-tag").trim(), "short");
    freeipmi(&free, "--set-management-controller-identifier-string=node17");
    let id = tool.run("dcmi get_mc_id_string");
    assert!(id.expect_success().contains("String: node17"), "{id}");
    tool.run("dcmi set_mc_id_string node18-and-more-than-sixteen").expect_success();
    let id = freeipmi(&free, "--get-management-controller-identifier-string");
    assert_eq!(id.trim(), "node18-and-more-than-sixteen");

    for words in ["set_limit limit 300", "set_limit action sel_logging", "activate"] {
        tool.run(&format!("dcmi power {words}")).expect_success();
    }
    let limit = freeipmi(&free, "--get-power-limit");
    assert!(limit.contains("300 watts") && limit.contains("11h"), "{limit}");
    freeipmi(&free, "--activate-deactivate-power-limit=DEACTIVATE");
    let limit = tool.run("dcmi power get_limit");
    assert!(limit.expect_success().contains("No Active Power Limit"), "{limit}");
    let statistics = freeipmi(&free, "--get-enhanced-system-power-statistics");
    assert_eq!(statistics.matches(": Active").count(), 7, "{statistics}");
    let records = freeipmi(&free, "--get-dcmi-sensor-info");
    let ids: Vec<&str> = records.lines().filter(|line| line.parse::<u16>().is_ok()).collect();
    assert_eq!(ids, ["3", "1", "2", "5"]);
}
