//! `dcmi`: what is shown is what ipmitool shows of the same BMC, and what is set is what it finds.

use lantern_testkit::peers::{IpmiSim, Ipmitool};
use serde_json::Value;

use crate::support::{Bmc, PASSWORD, example, finish, lantern};

/// The value after `name` and a colon, blanks apart.
#[track_caller]
fn value<'a>(text: &'a str, name: &str) -> &'a str {
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    let mut fields = fields.filter(|(found, _)| found.trim() == name);
    fields.next().unwrap_or_else(|| panic!("no {name} in\n{text}")).1.trim()
}

fn ipmitool(bmc: &Bmc) -> Option<Ipmitool> {
    Ipmitool::new(bmc.address, "admin", PASSWORD).map(|tool| tool.suite(17))
}

fn watts(text: &str, name: &str) -> i64 {
    value(text, name).split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn power_and_its_limit_are_what_ipmitool_says() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    let discover = bmc.json(&["dcmi", "discover"]);
    assert_eq!(
        (&discover["version"], &discover["power_management"]),
        (&"1.5".into(), &true.into())
    );
    let power = bmc.json(&["dcmi", "power"]);
    let said = tool.run("dcmi power reading");
    let said = said.expect_success();
    // A second or two later, a machine in equilibrium draws about the same.
    for (key, name) in [
        ("current_watts", "Instantaneous power reading"),
        ("average_watts", "Average power reading over sample period"),
    ] {
        let (ours, theirs) = (power[key].as_i64().unwrap(), watts(said, name));
        assert!(ours > 100 && (ours - theirs).abs() <= ours / 10, "{ours} and {theirs} W");
    }
    assert_eq!(power["period_ms"], 60_000);
    assert!(said.contains("00000060 Seconds."), "{said}");
    let averages = bmc.json(&["dcmi", "power", "--enhanced"]);
    assert_eq!(averages["readings"].as_array().unwrap().len(), 7);

    let changed = bmc.json(&["dcmi", "limit", "set", "--watts", "400", "--action", "log"]);
    assert!(changed["changes"].as_array().unwrap().iter().all(|change| change["kept"] == true));
    let limit = bmc.json(&["dcmi", "limit", "show"]);
    assert_eq!((&limit["active"], &limit["watts"]), (&false.into(), &400.into()));
    assert_eq!(bmc.json(&["dcmi", "limit", "on"])["changes"][0]["now"], true);
    let said = tool.run("dcmi power get_limit");
    let said = said.expect_success();
    assert_eq!(value(said, "Current Limit State"), "Power Limit Active");
    assert_eq!(value(said, "Exception actions"), "Log Event to SEL");
    assert_eq!(value(said, "Power Limit"), "400 Watts");
    tool.run("dcmi power set_limit limit 350").expect_success();
    tool.run("dcmi power deactivate").expect_success();
    let limit = bmc.json(&["dcmi", "limit", "show"]);
    assert_eq!((&limit["active"], &limit["watts"]), (&false.into(), &350.into()));
    let refused = bmc.run(&["dcmi", "limit", "set", "--correction", "1"]);
    assert!(refused.code() == Some(1) && refused.stderr.contains("correction time"), "{refused}");
}

#[test]
fn names_limits_and_parameters_are_what_ipmitool_finds() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    let tag = "rack 17, and longer than one piece";
    assert_eq!(bmc.json(&["dcmi", "asset-tag", "--set", tag])["changes"][0]["kept"], true);
    let said = tool.run("dcmi asset_tag");
    assert_eq!(value(said.expect_success(), "Asset tag"), tag);
    let told = bmc.text(&["dcmi", "asset-tag", "--set", "rack_7_b"]);
    assert!(told.contains("rack_7_b"), "{told}");
    tool.run("dcmi set_asset_tag short").expect_success();
    assert_eq!(bmc.text(&["dcmi", "asset-tag"]), "short\n");
    bmc.json(&["dcmi", "asset-tag", "--set", ""]);
    assert_eq!(bmc.json(&["dcmi", "asset-tag"])["text"], "");
    let long = bmc.run(&["dcmi", "asset-tag", "--set", &"x".repeat(64)]);
    assert!(long.code() == Some(1) && long.stderr.contains("64 bytes"), "{long}");
    bmc.json(&["dcmi", "mc-id", "--set", "node17-bmc"]);
    let said = tool.run("dcmi get_mc_id_string");
    let said = value(said.expect_success(), "Get Management Controller Identifier String");
    assert_eq!(said, "node17-bmc");

    let words = ["--celsius", "45", "--seconds", "60", "--action", "log"];
    bmc.json(&[&["dcmi", "thermal", "set"][..], &words].concat());
    let said = tool.run("dcmi thermalpolicy get 0x40 1");
    let said = said.expect_success();
    assert_eq!(value(said, "Log event to SEL only"), "active");
    assert!(said.contains("45 degrees") && said.contains("60 seconds"), "{said}");
    let thermal = bmc.json(&["dcmi", "thermal", "show"]);
    assert_eq!((&thermal["celsius"], &thermal["persistent"]), (&45.into(), &true.into()));

    bmc.json(&["dcmi", "config", "set", "--contact-timeout", "300", "--host-name", "on"]);
    let said = tool.run("dcmi get_conf_param");
    let said = said.expect_success();
    assert_eq!(value(said, "Server contact timeout interval"), "300 seconds");
    assert!(said.contains("Management Controller ID String is enabled"), "{said}");
    assert_eq!(bmc.json(&["dcmi", "config", "show"])["host_name"], true);
}

#[test]
fn temperatures_are_those_of_the_sensors() {
    let bmc = Bmc::start();
    let sensors = bmc.json(&["dcmi", "sensors"]);
    let names: Vec<_> = sensors["sensors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Inlet Temp", "CPU1 Temp", "CPU2 Temp", "PCH Temp"]);
    let told = bmc.json(&["dcmi", "temperature"]);
    let told: Vec<&Value> = told["readings"].as_array().unwrap().iter().collect();
    assert_eq!(told.len(), 4);
    let Some(tool) = ipmitool(&bmc) else { return };
    let said = tool.run("dcmi get_temp_reading");
    let said = said.expect_success();
    let theirs: Vec<i64> = said
        .lines()
        .filter_map(|line| line.trim_end().strip_suffix(" C")?.rsplit('+').next()?.parse().ok())
        .collect();
    assert_eq!(theirs.len(), 4, "{said}");
    for (ours, theirs) in told.iter().zip(theirs) {
        assert!((ours["celsius"].as_i64().unwrap() - theirs).abs() <= 2, "{ours} {theirs}");
    }
}

#[test]
fn what_is_set_survives_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let options = ["--state", state.path().to_str().unwrap()];
    let bmc = Bmc::with(&example(), &options);
    bmc.json(&["dcmi", "asset-tag", "--set", "A 1234"]);
    bmc.json(&["dcmi", "limit", "set", "--watts", "300"]);
    bmc.json(&["dcmi", "limit", "on"]);
    bmc.stop("-TERM");
    let bmc = Bmc::with(&example(), &options);
    assert_eq!(bmc.text(&["dcmi", "asset-tag"]), "A 1234\n");
    let limit = bmc.json(&["dcmi", "limit", "show"]);
    assert_eq!((&limit["active"], &limit["watts"]), (&true.into(), &300.into()));
}

#[test]
fn a_bmc_without_dcmi_is_one_clear_line() {
    let Some(sim) = IpmiSim::start() else { return };
    let admin = sim.machine().accounts[0].clone();
    for words in [&["dcmi", "discover"][..], &["dcmi", "power"], &["dcmi", "temperature"]] {
        let mut command = lantern();
        command.args(["-H", &sim.addr().to_string(), "-U", &admin.name]).args(words);
        let output = finish(command.env("LANTERN_PASSWORD", &admin.password));
        assert_eq!(output.code(), Some(1), "{output}");
        assert!(output.stderr.contains("this BMC does not know DCMI"), "{output}");
    }
}
