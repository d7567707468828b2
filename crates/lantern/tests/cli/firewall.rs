//! `firewall`: what is shown is what ipmitool shows of the same BMC, what one of them disables is gone
//! for all, and comes back.

use std::collections::BTreeMap;

use lantern_testkit::peers::{IpmiSim, Ipmitool};
use serde_json::Value;

use crate::support::{Bmc, PASSWORD, example, finish, lantern};

fn ipmitool(bmc: &Bmc) -> Option<Ipmitool> {
    Ipmitool::new(bmc.address, "admin", PASSWORD).map(|tool| tool.suite(17))
}

/// By network function: the commands that ipmitool shows as supported, configurable and enabled.
fn shown(text: &str) -> BTreeMap<u8, [Vec<u8>; 3]> {
    let mut all = BTreeMap::<u8, [Vec<u8>; 3]>::new();
    for line in text.lines() {
        let Some((head, mask)) = line.split_once(':') else { continue };
        let (place, kind) = head.split_once(' ').unwrap();
        let (lun, netfn) = place.split_once(',').unwrap();
        assert_eq!(lun, "00", "{line}");
        let netfn = u8::from_str_radix(netfn, 16).unwrap();
        let digits: String = mask.split_whitespace().collect();
        let bytes: Vec<_> = (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let numbers = (0..=255).filter(|cmd| bytes[usize::from(cmd / 8)] >> (cmd % 8) & 1 == 1);
        let kind = ["support", "configurable", "enabled"].iter().position(|name| *name == kind);
        all.entry(netfn).or_default()[kind.unwrap()] = numbers.collect();
    }
    all
}

/// The same, as we show it. Whose group commands there are, ipmitool does not ask.
fn said(info: &Value) -> BTreeMap<u8, [Vec<u8>; 3]> {
    let mut all = BTreeMap::<u8, [Vec<u8>; 3]>::new();
    for row in info["commands"].as_array().unwrap().iter().filter(|row| row["body"].is_null()) {
        let number = |key: &str| u8::try_from(row[key].as_u64().unwrap()).unwrap();
        let lists = all.entry(number("netfn")).or_default();
        let is_in = [true, row["configurable"] == true, row["enabled"] == true];
        for (list, is_in) in lists.iter_mut().zip(is_in) {
            list.extend(is_in.then(|| number("command")));
        }
    }
    all
}

#[test]
fn commands_are_those_that_ipmitool_shows_on_both_channels() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    tool.run("firewall disable channel 15 lun 0 netfn 6 command 2").expect_success();
    tool.run("firewall disable channel 1 lun 0 netfn 4").expect_success();
    for channel in ["1", "14", "15"] {
        let info = bmc.json(&["firewall", "info", "--channel", channel]);
        let text = tool.run(&format!("firewall info channel {channel}"));
        let (ours, theirs) = (said(&info), shown(text.expect_success()));
        assert_eq!(ours, theirs, "channel {channel}");
        assert_eq!(ours.keys().copied().collect::<Vec<_>>(), [0, 4, 6, 10, 12]);
        let restricted = info["luns"][0]["support"].as_str().unwrap();
        assert_eq!((restricted, &info["luns"][1]["support"]), ("restricted", &"none".into()));
        let app = &ours[&6][2];
        assert_eq!(app.contains(&2), channel != "15", "Cold Reset");
        assert_eq!(ours[&4][2].is_empty(), channel != "15", "sensors");
    }
    // And what it does not ask: DCMI.
    let info = bmc.json(&["firewall", "info", "--netfn", "dcmi"]);
    let rows = info["commands"].as_array().unwrap();
    assert!(rows.len() > 10 && rows.iter().all(|row| row["body"] == 0xdc), "{info}");
    assert!(rows.iter().any(|row| row["name"] == "Get Power Reading"));
}

#[test]
fn what_is_disabled_is_gone_for_all_and_comes_back() {
    let bmc = Bmc::start();
    let changed = bmc.json(&["firewall", "disable", "--command", "chassis-control"]);
    let change = &changed["changes"][0];
    assert_eq!(
        (&change["before"], &change["now"], &change["kept"]),
        (&true.into(), &false.into(), &true.into())
    );
    let refused = bmc.run(&["power", "on"]);
    assert!(refused.code() == Some(1) && refused.stderr.contains("D4h"), "{refused}");
    assert!(refused.stderr.contains("firewall info --command \"Chassis Control\""), "{refused}");
    let info = bmc.json(&["firewall", "info", "--command", "Chassis Control"]);
    assert_eq!(
        (&info["commands"][0]["enabled"], info["commands"].as_array().unwrap().len()),
        (&false.into(), 1)
    );
    let again = bmc.json(&["firewall", "disable", "--netfn", "chassis", "--command", "2"]);
    assert_eq!(again["changes"], Value::Array(Vec::new()));
    if let Some(tool) = ipmitool(&bmc) {
        let on = tool.run("chassis power on");
        assert!(on.code() != Some(0) && on.stderr.contains("Insufficient privilege"), "{on}");
        let text = tool.run("firewall info lun 0 netfn 0 command 2");
        assert!(text.expect_success().contains("Command 0x02:        | X | X |   |"), "{text}");
    }
    assert_eq!(bmc.json(&["firewall", "reset"])["changes"][0]["now"], true);
    bmc.text(&["power", "on"]);

    let part = ["firewall", "disable", "--command", "chassis-control", "--sub-function", "3"];
    let changed = bmc.json(&part);
    assert_eq!(changed["changes"][0]["sub_function_name"], "hard reset");
    let refused = bmc.run(&["power", "reset"]);
    assert!(refused.code() == Some(1) && refused.stderr.contains("D6h"), "{refused}");
    let info = bmc.json(&["firewall", "info", "--command", "chassis-control"]);
    let off: Vec<_> = info["sub_functions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|part| part["enabled"] == false)
        .collect();
    assert!(off.len() == 1 && off[0]["number"] == 3, "{info}");
    assert_eq!(
        bmc.json(&["firewall", "enable", "--command", "chassis-control"])["changes"][0]["sub_function"],
        3
    );
    bmc.text(&["power", "reset"]);
}

#[test]
fn what_cannot_be_is_said_and_not_tried() {
    let bmc = Bmc::start();
    let before = bmc.json(&["firewall", "info"]);
    for (words, says) in [
        (
            "disable --command set-command-enables",
            "lets nobody enable or disable Set Command Enables",
        ),
        ("disable --command get-device-sdr", "there is no Get Device SDR"),
        ("info --netfn bridge", "no commands of Bridge"),
        (
            "disable --command chassis-identify --sub-function 7",
            "sub-function 7 of Chassis Identify",
        ),
        ("info --channel 3", "CCh"),
    ] {
        let words: Vec<_> = std::iter::once("firewall").chain(words.split(' ')).collect();
        let refused = bmc.run(&words);
        assert!(refused.code() == Some(1) && refused.stderr.contains(says), "{refused}");
    }
    for words in [
        "disable --command 2",
        "disable --netfn group",
        "info --netfn app --command chassis-control",
        "info --netfn app --body 3",
        "disable",
    ] {
        let words: Vec<_> = std::iter::once("firewall").chain(words.split(' ')).collect();
        assert_eq!(bmc.run(&words).code(), Some(2), "{words:?}");
    }
    assert_eq!(bmc.json(&["firewall", "info"]), before);
}

#[test]
fn what_is_disabled_stays_so_over_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let options = ["--state", state.path().to_str().unwrap()];
    let bmc = Bmc::with(&example(), &options);
    bmc.json(&["firewall", "disable", "--netfn", "dcmi"]);
    bmc.stop("-TERM");
    let bmc = Bmc::with(&example(), &options);
    let refused = bmc.run(&["dcmi", "power"]);
    assert!(refused.code() == Some(1) && refused.stderr.contains("D4h"), "{refused}");
    bmc.json(&["firewall", "reset"]);
    bmc.stop("-TERM");
    let bmc = Bmc::with(&example(), &options);
    bmc.json(&["dcmi", "power"]);
}

#[test]
fn a_bmc_without_a_firewall_is_told_in_one_line() {
    let Some(sim) = IpmiSim::start() else { return };
    let admin = sim.machine().accounts[0].clone();
    for words in [
        &["firewall", "info"][..],
        &["firewall", "disable", "--command", "cold-reset"],
        &["firewall", "reset"],
    ] {
        let mut command = lantern();
        command.args(["-H", &sim.addr().to_string(), "-U", &admin.name]).args(words);
        let output = finish(command.env("LANTERN_PASSWORD", &admin.password));
        assert_eq!(output.code(), Some(1), "{output}");
        assert!(output.stderr.contains("error: this BMC has no firmware firewall"), "{output}");
    }
}
