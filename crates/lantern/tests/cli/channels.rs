//! `channel` and `session`: what is shown is what ipmitool shows of the same BMC, and what is set is
//! what it finds afterwards.

use std::process::{Child, Command, Stdio};

use lantern_testkit::peers::{IpmiSim, Ipmitool};
use serde_json::{Value, json};

use crate::support::{Bmc, PASSWORD, example, file, finish, lantern};

fn ipmitool(bmc: &Bmc) -> Option<Ipmitool> {
    Ipmitool::new(bmc.address, "admin", PASSWORD).map(|tool| tool.suite(17))
}

/// The value after `name`, from the line that says `heading` on; blanks apart.
#[track_caller]
fn value<'a>(text: &'a str, heading: &str, name: &str) -> &'a str {
    let from = text.find(heading).unwrap_or_else(|| panic!("no {heading} in\n{text}"));
    let fields = text[from..].lines().filter_map(|line| line.split_once(':'));
    let mut fields = fields.filter(|(found, _)| found.trim() == name);
    fields.next().unwrap_or_else(|| panic!("no {name} in\n{text}")).1.trim()
}

fn on_off(on: &Value) -> &'static str {
    if on.as_bool().unwrap() { "enabled" } else { "disabled" }
}

/// What ipmitool prints of a channel is what `info` says.
fn check_info(info: &Value, text: &str) {
    let heading = format!("Channel 0x{:x} info", info["channel"].as_u64().unwrap());
    let says = |name: &str| value(text, &heading, name).to_owned();
    assert_eq!(info["medium"], says("Channel Medium Type"));
    assert_eq!(info["protocol"], says("Channel Protocol Type"));
    assert_eq!(
        info["session_support"].as_str().unwrap().replace('_', "-"),
        says("Session Support")
    );
    assert_eq!(info["vendor_id"].to_string(), says("Protocol Vendor ID"));
    for (key, heading) in
        [("volatile", "Volatile(active) Settings"), ("non_volatile", "Non-Volatile Settings")]
    {
        let access = &info[key];
        // ipmitool does not ask where there are no sessions.
        if !text.contains(heading) {
            assert_eq!(info["session_support"], "session_less");
            assert_eq!(access.is_null(), info[format!("{key}_reason")].is_string());
            continue;
        }
        let mode = match access["mode"].as_str().unwrap() {
            "always" => "always available",
            mode => mode,
        };
        assert_eq!(mode, value(text, heading, "Access Mode"));
        for (key, name) in [
            ("alerting", "Alerting"),
            ("per_message_auth", "Per-message Auth"),
            ("user_level_auth", "User Level Auth"),
        ] {
            assert_eq!(on_off(&access[key]), value(text, heading, name), "{heading}: {name}");
        }
    }
}

#[test]
fn channels_are_what_ipmitool_says_they_are() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    let list = bmc.json(&["channel", "list"]);
    let list = list["channels"].as_array().unwrap();
    let numbers: Vec<_> = list.iter().map(|channel| channel["channel"].clone()).collect();
    assert_eq!(numbers, [1, 15]);
    for channel in list {
        let number = channel["channel"].to_string();
        let info = bmc.json(&["channel", "info", &number]);
        for key in ["medium", "protocol", "session_support", "vendor_id"] {
            assert_eq!(info[key], channel[key]);
        }
        check_info(&info, tool.run(&format!("channel info {number}")).expect_success());
    }
    assert_eq!(bmc.json(&["channel", "info"])["channel"], 1);
    let missing = bmc.run(&["channel", "info", "3"]);
    assert!(missing.code() == Some(1) && missing.stderr.contains("CCh"), "{missing}");

    // What is set is what it finds.
    let changed = bmc.json(&["channel", "set", "1", "--alerting", "off"]);
    let changes = changed["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    assert!(changes.iter().all(|change| change["kept"] == true && change["before"] == true));
    bmc.json(&["channel", "set", "14", "--alerting", "on", "--volatile"]);
    bmc.json(&["channel", "set", "1", "--limit", "operator", "--non-volatile", "--yes"]);
    let info = bmc.json(&["channel", "info"]);
    assert_eq!(info["volatile"]["alerting"], true);
    assert_eq!(info["non_volatile"]["alerting"], false);
    check_info(&info, tool.run("channel info 1").expect_success());
    assert_eq!(tool.run("raw 0x06 0x41 0x01 0x40").expect_success().trim(), "22 03");
    assert_eq!(tool.run("raw 0x06 0x41 0x01 0x80").expect_success().trim(), "02 04");
    let refused = bmc.run(&["channel", "set", "1", "--mode", "shared"]);
    assert!(refused.stderr.contains("does not support this access mode"), "{refused}");
}

/// The suites that ipmitool lists are those that `suites` lists.
fn check_suites(suites: &Value, csv: &str) {
    let ours = suites["suites"].as_array().unwrap();
    let theirs: Vec<_> = csv.lines().filter(|line| line.starts_with(char::is_numeric)).collect();
    // ipmitool 1.8.19 reads 64 bytes of the list at most, which is 12 suites and a part of one.
    let most = theirs.len().max(12).min(ours.len());
    assert!(theirs.len() == most && most > 0, "{theirs:?}");
    for (suite, line) in ours.iter().zip(&theirs) {
        let mut columns = line.split(',').map(str::trim);
        assert_eq!(columns.next(), Some(suite["suite"].to_string().as_str()), "{line}");
        // ipmitool's names: `hmac_sha1`, `sha1_96`, `aes_cbc_128`.
        for key in ["authentication", "integrity", "confidentiality"] {
            let plain = |text: &str| {
                let text = text.to_lowercase().replace(['-', '_'], "");
                text.replace("rakp", "").replace("hmac", "")
            };
            let theirs = columns.find(|column| !matches!(*column, "IPMI" | "N/A" | ""));
            let ours = suite[key][0].as_str().unwrap();
            assert_eq!(plain(ours), plain(theirs.unwrap()), "{line}");
        }
    }
}

#[test]
fn logins_suites_and_payloads_are_those_that_ipmitool_lists() {
    let insecure = "suites = [17, 3, 0, 2, 12]\nallow_insecure_suites = true\nipmi15 = [\"md5\"]";
    let bmc = Bmc::with(&example().replace("suites = [17, 3]", insecure), &[]);
    let Some(tool) = ipmitool(&bmc) else { return };
    let suites = bmc.json(&["channel", "ciphers"]);
    let theirs = tool.run("-c channel getciphers ipmi 1");
    check_suites(&suites, theirs.expect_success());
    let ours = suites["suites"].as_array().unwrap();
    let weak: Vec<_> =
        ours.iter().filter(|s| s["weak"] == true).map(|s| s["suite"].clone()).collect();
    assert_eq!(weak, [0, 2, 12]);
    assert_eq!(bmc.json(&["channel", "ciphers", "1", "--payload", "sol"])["payload"], "sol");

    let auth = bmc.json(&["channel", "auth"]);
    let text = tool.run("channel authcap 1 4");
    let text = text.expect_success();
    let says = |name: &str| value(text, "Channel number", name);
    assert_eq!(auth["channel"].to_string(), says("Channel number"));
    let kg = if auth["kg_set"] == true { "non-zero" } else { "default (all zeroes)" };
    assert_eq!(kg, says("KG status"));
    assert_eq!(on_off(&auth["per_message_auth"]), says("Per message authentication"));
    assert_eq!(on_off(&auth["user_level_auth"]), says("User level authentication"));
    assert_eq!(auth["named_users"], says("Non-null user names exist") == "yes");
    assert_eq!(auth["anonymous_login"], says("Anonymous login enabled") == "yes");
    assert_eq!(auth["ipmi15"], says("Channel supports IPMI v1.5") == "yes");
    assert_eq!(auth["ipmi20"], says("Channel supports IPMI v2.0") == "yes");
    assert_eq!(auth["auth_types"], json!(["md5"]));
    assert!(says("IPMI v1.5  auth types").contains("MD5"), "{text}");

    let payloads = bmc.json(&["channel", "payloads", "1"]);
    let all: u64 = payloads["payloads"]
        .as_array()
        .unwrap()
        .iter()
        .fold(0, |all, payload| all | 1 << payload["payload_type"].as_u64().unwrap());
    let hex: Vec<_> = all.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(tool.run("raw 0x06 0x4e 0x01").expect_success().trim(), hex.join(" "));
    assert_eq!(payloads["payloads"][0]["version"], "1.0");
}

#[test]
fn ipmi_sim_says_what_it_does_not_serve_in_one_line_each() {
    let Some(sim) = IpmiSim::start() else { return };
    let admin = sim.machine().accounts[0].clone();
    let Some(tool) = Ipmitool::new(sim.addr(), &admin.name, &admin.password) else { return };
    let tool = tool.suite(3);
    let run = |words: &[&str]| {
        let mut command = lantern();
        command.args(["-H", &sim.addr().to_string(), "-U", &admin.name]);
        finish(command.args(words).env("LANTERN_PASSWORD", &admin.password))
    };
    let json = |words: &[&str]| {
        let words: Vec<_> = ["-o", "json"].iter().chain(words).copied().collect();
        let object: Value = serde_json::from_str(run(&words).expect_success()).unwrap();
        crate::schemas::check(&object);
        object
    };
    let list = json(&["channel", "list"]);
    for channel in list["channels"].as_array().unwrap() {
        let number = channel["channel"].to_string();
        let text = tool.run(&format!("channel info {number}"));
        check_info(&json(&["channel", "info", &number]), text.expect_success());
    }
    assert!(!list["channels"].as_array().unwrap().is_empty());
    // D5h: only before a login.
    for (words, command, code) in [
        (&["channel", "auth"][..], "Get Channel Authentication Capabilities", "D5h"),
        (&["channel", "keys", "show"], "Set Channel Security Keys", "C1h"),
    ] {
        let output = run(words);
        assert_eq!(output.code(), Some(1), "{output}");
        let error = output.stderr.lines().find(|line| line.starts_with("error")).unwrap();
        assert!(error.contains(command) && error.contains(code), "{output}");
    }
    tool.run("channel authcap 1 4").expect_failure();
    let payloads = json(&["channel", "payloads", "1"]);
    let sol = &payloads["payloads"][0];
    assert_eq!((&sol["payload_type"], &sol["version"]), (&json!(1), &Value::Null));
    assert!(sol["version_reason"].as_str().unwrap().contains("C1h"), "{sol}");
    let theirs = tool.run("-c channel getciphers ipmi 1");
    let suites = json(&["channel", "ciphers"]);
    check_suites(&suites, theirs.expect_success());
    // The fifth piece, which it has left out.
    let end = tool.run("raw 0x06 0x54 0x0e 0x00 0x84");
    let end = end.expect_success().split_whitespace().last().unwrap();
    let last = suites["suites"].as_array().unwrap().last().unwrap();
    assert_eq!((end, &last["confidentiality"][0]), ("83", &json!("xRC4-40")), "{suites:#}");
    let sessions = json(&["session", "list"]);
    let own: Vec<_> = sessions["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|session| session["own"] == true)
        .collect();
    assert_eq!((own.len(), &own[0]["user_id"]), (1, &json!(2)), "{sessions:#}");
}

#[test]
fn a_key_is_needed_from_the_next_login_on_by_every_console() {
    let bmc = Bmc::start();
    let kg = |object: &Value| (object["kg"]["set"].clone(), object["kg"]["lock"].clone());
    let shown = bmc.json(&["channel", "keys", "show"]);
    assert_eq!(kg(&shown), (json!(false), json!("unlocked")));
    assert!(shown["kr"].is_null() && shown["kr_reason"].as_str().unwrap().contains("84h"));
    // There is nobody to ask.
    let nothing = bmc.run(&["channel", "keys", "set"]);
    assert!(nothing.code() == Some(2) && nothing.stderr.contains("LANTERN_NEW_KG"), "{nothing}");
    let zero = file(bmc.directory.path(), b"0x0000", 0o600);
    let zero = bmc.run(&["channel", "keys", "set", "--new-key-file", zero.to_str().unwrap()]);
    assert!(zero.code() == Some(2) && zero.stderr.contains("--clear"), "{zero}");

    let key = file(bmc.directory.path(), b"0x6b6579206f66\n", 0o600);
    let words = ["channel", "keys", "set", "1", "--new-key-file", key.to_str().unwrap(), "-vvv"];
    let set = bmc.run(&words);
    assert_eq!(set.expect_success(), "K_g was set\n");
    assert!(set.stderr.contains("every console needs it") && set.stderr.contains("--kg-file"));
    assert!(!set.stderr.contains("key of") && !set.stderr.contains("6b6579"), "{set}");
    let refused = bmc.run(&["power", "status"]);
    assert!(refused.code() == Some(3) && refused.stderr.contains("K_g"), "{refused}");
    if let Some(tool) = ipmitool(&bmc) {
        tool.run("chassis power status").expect_failure();
        tool.options(["-k", "key of"]).run("chassis power status").expect_success();
    }
    let keyed = |words: &[&str]| {
        let words: Vec<_> = ["-o", "json"].iter().chain(words).copied().collect();
        let output = finish(bmc.console(&words).env("LANTERN_KG", "key of"));
        let object: Value = serde_json::from_str(output.expect_success()).unwrap();
        crate::schemas::check(&object);
        object
    };
    assert_eq!(keyed(&["channel", "auth"])["kg_set"], true);
    assert_eq!(kg(&keyed(&["channel", "keys", "show"])), (json!(true), json!("unlocked")));
    assert_eq!(keyed(&["channel", "keys", "set", "--clear"])["kept"], true);
    bmc.text(&["power", "status"]);

    let unasked = bmc.run(&["channel", "keys", "lock"]);
    assert!(unasked.code() == Some(2) && unasked.stderr.contains("--yes"), "{unasked}");
    let locked = bmc.json(&["channel", "keys", "lock", "--yes"]);
    assert_eq!((&locked["done"], &locked["lock"]), (&json!("locked"), &json!("locked")));
    assert_eq!(kg(&bmc.json(&["channel", "keys", "show"])), (Value::Null, json!("locked")));
    let refused = bmc.run(&["channel", "keys", "set", "--clear"]);
    assert!(refused.code() == Some(1) && refused.stderr.contains("the key is locked"), "{refused}");
}

/// A program that goes on until this is dropped.
struct Staying(Child);

impl Staying {
    fn new(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Staying {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn sessions_are_those_that_ipmitool_lists_and_others_can_be_closed() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    // Somebody who stays.
    let _other = Staying::new(bmc.console(&["sel", "follow", "-o", "jsonl"]));
    let list = || bmc.json(&["session", "list", "--names"]);
    let started = std::time::Instant::now();
    let sessions = loop {
        let list = list();
        if list["active_sessions"] == 2 {
            break list;
        }
        assert!(started.elapsed().as_secs() < 60, "{list:#}");
    };
    let sessions = sessions["sessions"].as_array().unwrap().clone();
    let theirs = tool.run("session info all");
    let theirs = theirs.expect_success();
    let stays = sessions.iter().find(|session| session["own"] == false).unwrap();
    let heading = format!("session handle                : {}", stays["handle"]);
    let says = |name: &str| value(theirs, &heading, name);
    assert_eq!(stays["user_id"].to_string(), says("user id"));
    assert_eq!(stays["privilege"].as_str().unwrap().to_uppercase(), says("privilege level"));
    assert_eq!(stays["remote_ip"], says("console ip"));
    assert_eq!(stays["remote_port"].to_string(), says("console port"));
    assert_eq!((&stays["user"], says("session type")), (&json!("admin"), "IPMIv2/RMCP+"));
    assert_eq!(stays["protocol"], "rmcp+");

    let handle = stays["handle"].to_string();
    let closed = bmc.json(&["session", "close", &handle]);
    assert_eq!((&closed["closed"], &closed["remote_port"]), (&json!(true), &stays["remote_port"]));
    let gone = bmc.run(&["session", "close", "200"]);
    assert!(gone.code() == Some(1) && gone.stderr.contains("no such session"), "{gone}");
    assert_eq!(bmc.run(&["session", "close"]).code(), Some(2));
}
