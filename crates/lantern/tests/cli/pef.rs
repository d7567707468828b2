//! `pef`: what is shown is what ipmitool shows of the same BMC, and what is set is what it finds.

use lantern_testkit::peers::{IpmiSim, Ipmitool};
use serde_json::Value;

use crate::support::{Bmc, PASSWORD, example, finish, lantern};

fn ipmitool(bmc: &Bmc) -> Option<Ipmitool> {
    Ipmitool::new(bmc.address, "admin", PASSWORD).map(|tool| tool.suite(17))
}

/// A line of ipmitool's, taken apart at its bars.
fn cells(line: &str) -> Vec<&str> {
    line.split('|').map(str::trim).collect()
}

/// ipmitool's words for our names of actions.
fn actions(view: &Value) -> String {
    let words = view.as_array().unwrap().iter().map(|name| match name.as_str().unwrap() {
        "alert" => "Alert",
        "power_down" => "Power-off",
        "reset" => "Reset",
        "power_cycle" => "Power-cycle",
        "oem" => "OEM-defined",
        "diagnostic_interrupt" => "Diagnostic-interrupt",
        other => panic!("{other}"),
    });
    words.collect::<Vec<_>>().join(",")
}

/// A filter of software's own, by raw: a button that is pressed, and the machine goes off.
const FILTER: &str = "raw 4 0x12 6 9 0x80 2 0 0 0xff 0xff 0x14 0xff 0x6f 1 0 0 0 0 0 0 0 0 0 0";
const PRESSED: &str = "raw 4 2 4 0x14 7 0x6f 0 0xff 0xff";

#[test]
fn info_and_status_are_what_ipmitool_says() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    let info = bmc.json(&["pef", "info"]);
    let said = tool.run("pef info");
    let said = cells(said.expect_success());
    assert_eq!(said[0], format!("{:#x}", info["version_raw"].as_u64().unwrap()));
    assert_eq!((said[1], said[2]), (&*info["filters"].to_string(), &*info["policies"].to_string()));
    assert_eq!(said[3].replace('-', ""), info["guid"].as_str().unwrap());
    assert_eq!(said[4], actions(&info["actions"]));
    assert_eq!((&info["version"], &info["guid_own"]), (&"1.5".into(), &false.into()));

    for words in ["raw 4 0x12 1 3", FILTER, PRESSED, "raw 4 0x14 0 2 0", "raw 4 0x11 0xfe"] {
        tool.run(words).expect_success();
    }
    let status = bmc.json(&["pef", "status"]);
    let said = tool.run("pef status");
    let said = cells(said.expect_success());
    let id = |name: &str| format!("0x{:04x}", status[name].as_u64().unwrap());
    assert_eq!(said[1..4], [id("last_record"), id("last_by_software"), id("last_by_bmc")]);
    assert_eq!((said[4], said[5]), ("PEF,PEF event messages", &*actions(&status["actions"])));
    // 11/30/26 06:28:49 UTC, and ISO 8601.
    let time = status["last_addition"]["time"].as_str().unwrap();
    let (date, clock) = said[0].split_once(' ').unwrap();
    let [month, day, year] = date.split('/').collect::<Vec<_>>()[..] else { panic!("{date}") };
    assert_eq!(time, format!("20{year}-{month}-{day}T{}Z", clock.trim_end_matches(" UTC")));
    assert_eq!((&status["enabled"], &status["postponed"]), (&true.into(), &"held".into()));
    assert_eq!((&status["last_by_software"], &status["startup_delay"]), (&2.into(), &false.into()));
    let text = bmc.text(&["pef", "status"]);
    assert!(text.contains("until further notice"), "{text}");
}

#[test]
fn an_operator_sees_what_is_not_the_administrators() {
    let bmc = Bmc::start();
    let mut command = lantern();
    let host = bmc.address.to_string();
    command.args(["-H", &host, "-U", "oper", "-o", "json", "pef", "status"]);
    let output = finish(command.env("LANTERN_PASSWORD", "Oper_Pass_3"));
    let status: Value = serde_json::from_str(output.expect_success()).unwrap();
    assert_eq!((&status["enabled"], &status["postponed"]), (&false.into(), &Value::Null));
    // Who says for what the session is to be has that, or none.
    let mut command = lantern();
    command.args(["-H", &host, "-U", "oper", "-L", "administrator", "pef", "status"]);
    assert_eq!(finish(command.env("LANTERN_PASSWORD", "Oper_Pass_3")).code(), Some(3));
}

#[test]
fn filters_are_what_ipmitool_lists() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    tool.run(FILTER).expect_success();
    let changed = bmc.json(&["pef", "filter", "disable", "2"]);
    assert_eq!(
        (&changed["changes"][0]["now"], &changed["changes"][0]["kept"]),
        (&false.into(), &true.into())
    );
    let told = bmc.json(&["pef", "filter", "list"]);
    let filters = told["filters"].as_array().unwrap();
    let said = tool.run("pef filter list");
    let said: Vec<_> = said.expect_success().lines().map(cells).collect();
    assert_eq!((filters.len(), said.len()), (20, 20));
    for (ours, theirs) in filters.iter().zip(said) {
        assert_eq!(theirs[0], ours["filter"].to_string());
        let state = if ours["enabled"] == true { "enabled" } else { "disabled" };
        let kind = if ours["kind"] == "preconfigured" { "pre-configured" } else { "configurable" };
        assert_eq!(theirs[1], format!("{state}, {kind}"));
        // It shows no more of one that is disabled.
        if ours["enabled"] == false {
            continue;
        }
        let kind = ours["sensor_type"].as_str().unwrap();
        assert!(kind.to_lowercase().starts_with(&theirs[2].to_lowercase()), "{ours} {theirs:?}");
        assert_eq!((theirs[3], &ours["sensor_number"]), ("Any", &Value::Null));
        let severity = ours["severity"].as_str().unwrap().replace('_', "-");
        let severity = severity.replace("unspecified", "none");
        assert_eq!(theirs[4].to_lowercase(), severity);
        let is_threshold = ours["event_type_raw"] == 1;
        assert_eq!(theirs[5], if is_threshold { "Threshold" } else { "Discrete" });
        if is_threshold {
            let mask = ours["offset_mask"].as_u64().unwrap();
            assert!(theirs[6].starts_with(&format!("(0x01/0x{mask:04x})")), "{theirs:?}");
            assert_eq!(theirs[6].matches(',').count(), ours["events"].as_array().unwrap().len());
        }
        assert_eq!(theirs[7], actions(&ours["actions"]));
        assert_eq!(
            theirs.get(8).copied(),
            ours["policy"].as_u64().map(|n| n.to_string()).as_deref()
        );
    }
    // What it sets is what we find, and the manufacturer's stays the manufacturer's.
    tool.run("pef filter enable 2").expect_success();
    let told = bmc.json(&["pef", "filter", "list"]);
    assert_eq!(told["filters"][1]["enabled"], true);
    assert_eq!(told["filters"][1]["kind"], "preconfigured");
    let none = bmc.run(&["pef", "filter", "enable", "21"]);
    assert!(none.code() == Some(1) && none.stderr.contains("numbered 1 to 20"), "{none}");
}

#[test]
fn policies_lead_where_ipmitool_says() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    for words in [
        "lan alert set 1 2 ipaddr 127.0.0.9",
        "lan alert set 1 2 macaddr 02:00:00:00:00:09",
        "lan alert set 1 2 retry 3",
        "lan set 1 snmp traps",
    ] {
        tool.run(words).expect_success();
    }
    bmc.json(&["pef", "policy", "enable", "2"]);
    let told = bmc.json(&["pef", "policy", "list"]);
    let said = tool.run("pef policy list");
    let said: Vec<_> = said.expect_success().lines().map(cells).collect();
    let policies = told["policies"].as_array().unwrap();
    assert_eq!((policies.len(), said.len()), (8, 8));
    for (ours, theirs) in policies.iter().zip(&said) {
        let lan = &ours["lan"];
        let state = if ours["enabled"] == true { "enabled" } else { "disabled" };
        let expected = [
            ours["entry"].to_string(),
            ours["policy"].to_string(),
            state.to_owned(),
            "Match-always".to_owned(),
            ours["channel"].to_string(),
            ours["medium"].as_str().unwrap().to_owned(),
            lan["type"].as_str().unwrap().to_uppercase(),
            lan["community"].as_str().unwrap().to_owned(),
            lan["timeout_seconds"].to_string(),
            lan["retries"].to_string(),
            lan["ip_address"].as_str().unwrap().to_owned(),
            lan["mac_address"].as_str().unwrap().to_owned(),
        ];
        assert_eq!(theirs[..], expected);
    }
    assert_eq!((said[1][2], said[1][10]), ("enabled", "127.0.0.9"));
    tool.run("pef policy disable 2").expect_success();
    assert_eq!(bmc.json(&["pef", "policy", "list"])["policies"][1]["enabled"], false);
}

#[test]
fn an_event_that_a_filter_matches_switches_the_machine_off_once() {
    let state = tempfile::tempdir().unwrap();
    let options = ["--state", state.path().to_str().unwrap()];
    let bmc = Bmc::with(&example(), &options);
    let Some(tool) = ipmitool(&bmc) else { return };
    bmc.text(&["power", "on"]);
    tool.run(FILTER).expect_success();
    tool.run("raw 4 0x12 13 1 1 0x50 0x72 0x65 0x73 0x73 0x65 0x64").expect_success();
    // PEF is disabled as delivered.
    tool.run(PRESSED).expect_success();
    assert_eq!(bmc.json(&["power", "status"])["power"], "on");
    tool.run("raw 4 0x12 1 3").expect_success();
    tool.run(PRESSED).expect_success();
    assert_eq!(bmc.json(&["power", "status"])["power"], "off");
    let log = bmc.text(&["sel", "list"]);
    assert_eq!(log.matches("PEF action: power off").count(), 1, "{log}");
    // It is over: who switches the machine on has it on.
    bmc.text(&["power", "on"]);
    assert_eq!(bmc.json(&["power", "status"])["power"], "on");
    bmc.stop("-TERM");
    let bmc = Bmc::with(&example(), &options);
    assert_eq!(bmc.json(&["power", "status"])["power"], "on");
    assert_eq!(bmc.json(&["pef", "status"])["enabled"], true);
    let filters = bmc.json(&["pef", "filter", "list"]);
    let mine = &filters["filters"][8];
    assert_eq!(
        (&mine["sensor_type"], &mine["actions"][0]),
        (&"Button / Switch".into(), &"power_down".into())
    );
    let strings = bmc.json(&["pef", "string", "list"]);
    assert_eq!(strings["strings"][0]["text"], "Pressed");
}

#[test]
fn what_ipmi_sim_has_of_it_is_shown() {
    let Some(sim) = IpmiSim::start() else { return };
    let admin = sim.machine().accounts[0].clone();
    let run = |words: &[&str]| {
        let mut command = lantern();
        command.args(["-H", &sim.addr().to_string(), "-U", &admin.name, "-o", "json"]).args(words);
        finish(command.env("LANTERN_PASSWORD", &admin.password))
    };
    for words in [
        &["pef", "info"][..],
        &["pef", "status"],
        &["pef", "filter", "list"],
        &["pef", "policy", "list"],
        &["pef", "string", "list"],
    ] {
        let output = run(words);
        assert_eq!(output.code(), Some(0), "{output}");
        let told: Value = serde_json::from_str(&output.stdout).unwrap();
        crate::schemas::check(&told);
        match words[1] {
            "info" => assert_eq!(told["version"], "1.5"),
            "filter" => assert!(!told["filters"].as_array().unwrap().is_empty()),
            _ => {}
        }
    }
}
