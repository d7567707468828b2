//! `-t` and its like: every command is for a controller behind the BMC. `--source-address`.

use std::process::Command;

use lantern_testkit::peers::{IpmiSim, Machine};
use lantern_testkit::process::Output;
use serde_json::Value;

use crate::support::{Bmc, finish, lantern};

fn sim() -> Option<IpmiSim> {
    IpmiSim::start_with(Machine::with_satellites())
}

fn console(sim: &IpmiSim, arguments: &[&str]) -> Command {
    let mut command = lantern();
    command.args(["-H", &sim.addr().to_string(), "-U", "admin", "-C", "3", "-o", "json"]);
    command.args(arguments).env("LANTERN_PASSWORD", &sim.machine().accounts[0].password);
    command
}

fn run(sim: &IpmiSim, arguments: &[&str]) -> Output {
    finish(&mut console(sim, arguments))
}

#[track_caller]
fn json(sim: &IpmiSim, arguments: &[&str]) -> Value {
    let object = serde_json::from_str(run(sim, arguments).expect_success()).unwrap();
    crate::schemas::check(&object);
    object
}

#[test]
fn every_command_is_for_the_controller_that_is_named() {
    let Some(sim) = sim() else { return };
    assert_eq!(json(&sim, &["mc", "info"])["device_id"], 0);
    assert_eq!(json(&sim, &["-t", "0x30", "mc", "info"])["device_id"], 0x77);
    assert_eq!(json(&sim, &["mc", "info", "--target-address", "0x32"])["device_id"], 0x78);
    let sensors = json(&sim, &["-t", "0x30", "sensor", "list"]);
    let sensors = sensors["sensors"].as_array().unwrap();
    let readings: Vec<_> = sensors.iter().map(|s| (&s["name"], &s["value"])).collect();
    assert_eq!(readings, [(&"Sat Temp".into(), &51.0.into()), (&"Sat Hot".into(), &85.0.into())]);
    let fru = json(&sim, &["-t", "0x32", "fru", "print", "0"]);
    assert_eq!(fru["devices"][0]["board"]["product_name"], "Satellite B");
    // Of many BMCs, it is the one behind each.
    let (twice, port) = ("127.0.0.1,localhost", sim.addr().port().to_string());
    let mut many = lantern();
    many.args(["-H", twice, "-p", &port, "-U", "admin", "-C", "3", "-t", "0x30", "mc", "info"]);
    let many = finish(many.env("LANTERN_PASSWORD", &sim.machine().accounts[0].password));
    assert!(many.expect_success().contains("119"), "{many}");
    assert_eq!(
        json(&sim, &["-t", "0x30", "raw", "6", "1"])["completion_code"],
        0,
        "logical unit 0"
    );
    let other = run(&sim, &["-t", "0x30", "raw", "-l", "1", "0x04", "0x2d", "1"]);
    assert!(other.code() == Some(1), "no sensor at logical unit 1: {other}");
    json(&sim, &["-t", "0x30", "raw", "--lun", "0", "0x04", "0x2d", "1"]);
}

#[test]
fn each_way_to_fail_has_its_own_code() {
    let Some(sim) = sim() else { return };
    let fails = |arguments: &[&str], code: &str, words: &str| {
        let output = run(&sim, arguments);
        let whole = format!("{output}");
        assert!(output.code() != Some(0), "{whole}");
        assert!(output.stderr.contains(code) && output.stderr.contains(words), "{whole}");
    };
    fails(&["-t", "0x40", "mc", "info"], "L0305", "nobody there");
    fails(&["-t", "0x30", "-b", "7", "mc", "info"], "L0307", "CCh");
    fails(&["-t", "0x82", "-T", "0x30", "mc", "info"], "L0307", "controller 30h has not passed");
    fails(&["-b", "7", "mc", "info"], "L0001", "no controller behind it");
    fails(&["-t", "0x82", "-B", "7", "mc", "info"], "L0001", "there is none");
    // ipmi_sim acknowledges for 30h only; the session has not suffered.
    fails(&["-t", "0x30", "sel", "list"], "L0402", "controller 30h");
}

#[test]
fn what_is_out_of_reach_is_a_row_and_the_rest_is_there() {
    let Some(sim) = sim() else { return };
    let sensors = json(&sim, &["sensor", "list"]);
    let sensors = sensors["sensors"].as_array().unwrap();
    assert_eq!(sensors.len(), 13);
    let of = |name: &str| sensors.iter().find(|s| s["name"] == name).unwrap();
    assert_eq!(of("CPU Temp")["value"], 42.0);
    assert_eq!(of("Sat Temp")["value"], 51.0);
    assert_eq!(of("Other Temp")["value"], 33.0);
    assert_eq!(
        (&of("Gone Too")["value"], &of("Gone Too")["status"]),
        (&Value::Null, &"unreadable".into())
    );
    let why = of("Gone Temp").to_string();
    assert!(why.contains("nobody there"), "{why}");
    let devices = json(&sim, &["fru", "list"]);
    let devices = devices["devices"].as_array().unwrap();
    let gone = devices.iter().find(|d| d["name"] == "Sat Gone").unwrap();
    assert!(gone.to_string().contains("controller 40h"), "{gone}");
    assert_eq!(devices.len(), 4);
}

#[test]
fn a_host_in_a_file_may_be_a_controller_behind_another_one() {
    let Some(sim) = sim() else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("lantern.toml");
    let address = sim.addr();
    let text = format!(
        "[defaults]\nsource_address = \"127.0.0.5\"\n\
         [hosts.front]\naddress = \"{address}\"\n\
         [hosts.behind]\naddress = \"{address}\"\nprofile = \"satellite\"\n\
         [profiles.satellite]\ntarget_address = 0x30\ntarget_channel = 0\n"
    );
    std::fs::write(&file, text).unwrap();
    let with = |host: &str, more: &[&str]| {
        let mut command = lantern();
        command.args(["--config", file.to_str().unwrap(), "-H", host, "-U", "admin", "-C", "3"]);
        command.args(["-o", "json"]).args(more);
        command.env("LANTERN_PASSWORD", &sim.machine().accounts[0].password);
        let output = finish(&mut command);
        serde_json::from_str::<Value>(output.expect_success()).unwrap()
    };
    assert_eq!(with("front", &["mc", "info"])["device_id"], 0);
    assert_eq!(with("behind", &["mc", "info"])["device_id"], 0x77);
    assert_eq!(with("behind", &["mc", "info", "-t", "0x32"])["device_id"], 0x78);
    assert_eq!(with("behind", &["mc", "info", "-t", "0x20"])["device_id"], 0);
    let shown = with("behind", &["config", "show"]).to_string();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let of = |key: &str| shown["settings"].as_array().unwrap().iter().find(|s| s["key"] == key);
    let target = of("target_address").unwrap();
    assert_eq!((&target["value"], &target["line"]), (&0x30.into(), &9.into()));
}

#[test]
fn packets_are_from_where_the_user_says_or_it_is_an_error() {
    let bmc = Bmc::start();
    for source in ["127.0.0.9", "127.0.0.9:0"] {
        let run = bmc.run(&["--source-address", source, "power", "status"]);
        assert_eq!(run.code() == Some(0), source == "127.0.0.9", "{run}");
    }
    let taken = std::net::UdpSocket::bind("127.0.0.9:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let run = bmc.run(&["--source-address", &port, "power", "status"]);
    assert_eq!(run.code(), Some(3), "{run}");
    assert!(run.stderr.contains(&port[..9]) && run.stderr.contains("L0112"), "{run}");
    let port = port.rsplit(':').next().unwrap();
    drop(taken);
    bmc.text(&["--source-address", "127.0.0.9", "--source-port", port, "power", "status"]);
    bmc.text(&["--source-port", port, "power", "status"]);
    let foreign = bmc.run(&["--source-address", "192.0.2.1", "power", "status"]);
    assert!(foreign.stderr.contains("source address 192.0.2.1: "), "{foreign}");
    // One socket serves many.
    let (host, at) = (bmc.address.to_string(), bmc.address.port().to_string());
    let both = format!("{host},localhost");
    let many = finish(
        bmc.console(&["-p", &at, "--source-port", port, "power", "status"]).args(["-H", &both]),
    );
    assert_eq!(many.code(), Some(0), "{many}");
}
