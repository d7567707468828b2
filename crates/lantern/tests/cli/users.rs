//! `user`: what is shown is what ipmitool and FreeIPMI show of the same BMC, and what is set is what
//! they find afterwards.

use lantern_testkit::peers::{FreeIpmi, IpmiSim, Ipmitool};
use serde_json::{Value, json};

use crate::support::{Bmc, PASSWORD, example, file, finish, lantern};

fn ipmitool(bmc: &Bmc) -> Option<Ipmitool> {
    Ipmitool::new(bmc.address, "admin", PASSWORD).map(|tool| tool.suite(17))
}

/// A command that is told of a new password.
fn with_new(bmc: &Bmc, words: &[&str], password: &str) -> lantern_testkit::process::Output {
    finish(bmc.console(words).env("LANTERN_NEW_PASSWORD", password))
}

#[track_caller]
fn made(bmc: &Bmc, words: &[&str], password: &str) -> Value {
    let words: Vec<_> = ["-o", "json", "user", "add"].iter().chain(words).copied().collect();
    let output = with_new(bmc, &words, password);
    let object = serde_json::from_str(output.expect_success()).unwrap();
    crate::schemas::check(&object);
    object
}

/// A user as ipmitool's CSV has one: ID, name, call in, link, IPMI, limit.
fn row(user: &Value) -> String {
    let word = |key: &str| user[key].as_bool().unwrap().to_string();
    let limit = user["privilege_limit"].as_str().unwrap().replace('_', " ").to_uppercase();
    [
        user["id"].to_string(),
        user["name"].as_str().unwrap().to_owned(),
        word("callin"),
        word("link_authentication"),
        word("ipmi_messaging"),
        limit,
    ]
    .join(",")
}

/// The rows of those who have a name.
fn named(csv: &str) -> Vec<&str> {
    csv.lines().filter(|line| line.split(',').nth(1).is_some_and(|name| !name.is_empty())).collect()
}

fn rows(list: &Value) -> Vec<String> {
    list["users"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn the_list_is_ipmitools_list_of_those_who_have_names() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    for command in [
        "user set name 9 disabled",
        "user priv 9 2 1",
        "channel setaccess 1 3 link=on ipmi=on privilege=2",
        "channel setaccess 1 4 callin=off ipmi=on privilege=15",
    ] {
        tool.run(command).expect_success();
    }
    let list = bmc.json(&["user", "list"]);
    let theirs = tool.run("-c user list 1");
    assert_eq!(rows(&list), named(theirs.expect_success()));
    assert_eq!(bmc.json(&["user", "list", "--all", "--channel", "1"])["users"], list["users"]);
    let enabled = list["users"].as_array().unwrap().iter().map(|user| user["enabled"].clone());
    assert_eq!(enabled.collect::<Vec<_>>(), [true, true, true, false]);

    let summary = bmc.json(&["user", "summary"]);
    let ours = ["slots", "enabled_users", "fixed_names"].map(|key| summary[key].to_string());
    assert_eq!(tool.run("-c user summary 1").expect_success().trim(), ours.join(","));
    for key in ["slots", "enabled_users", "fixed_names"] {
        assert_eq!(list[key], summary[key]);
    }
    let one = bmc.json(&["user", "get", "oper"]);
    assert_eq!((row(&one), &one["payloads"]["sol"]), (rows(&list)[1].clone(), &json!(true)));
    assert_eq!(bmc.json(&["user", "get", "3"]), one);
    let csv = bmc.text(&["user", "list", "-o", "csv"]);
    assert!(
        csv.lines().nth(1).unwrap().ends_with(",2,admin,false,true,true,false,true,administrator")
    );
}

#[test]
fn the_list_of_ipmi_sim_is_ipmitools_too() {
    let Some(sim) = IpmiSim::start() else { return };
    let admin = sim.machine().accounts[0].clone();
    let Some(tool) = Ipmitool::new(sim.addr(), &admin.name, &admin.password) else { return };
    let run = |words: &[&str]| {
        let mut command = lantern();
        command.args(["-H", &sim.addr().to_string(), "-U", &admin.name, "-o", "json"]);
        finish(command.args(words).env("LANTERN_PASSWORD", &admin.password))
    };
    let json = |words: &[&str]| {
        let object: Value = serde_json::from_str(run(words).expect_success()).unwrap();
        crate::schemas::check(&object);
        object
    };
    let list = json(&["user", "list"]);
    let tool = tool.suite(3);
    let theirs = tool.run("-c user list 1");
    assert_eq!(rows(&list), named(theirs.expect_success()));
    assert_eq!((&list["slots"], &list["looked_at"]), (&json!(63), &json!(16)));
    assert_eq!(rows(&json(&["user", "list", "--all"])), rows(&list));
    // It has no payload access: one line for it, and all the rest.
    let one = json(&["user", "get", "oper"]);
    assert_eq!((row(&one), &one["payloads"]), (rows(&list)[1].clone(), &Value::Null));
    let reason = one["payloads_reason"].as_str().unwrap();
    assert!(reason.contains("Get User Payload Access") && reason.contains("C1h"), "{reason}");
    let refused = run(&["user", "payload", "oper"]);
    assert_eq!(refused.code(), Some(1), "{refused}");
    // And what it takes, it has.
    let changes = json(&["user", "set", "3", "--limit", "user", "--disable"]);
    let (enabled, limit) = (&changes["changes"][0], &changes["changes"][1]);
    assert_eq!((&limit["kept"], &limit["now"]), (&json!(true), &json!("user")));
    assert_eq!(json(&["user", "get", "3"])["privilege_limit"], "user");
    // It does not tell whether a user is enabled. Whoever logs in finds out.
    assert_eq!((&enabled["kept"], &list["users"][0]["enabled"]), (&Value::Null, &Value::Null));
    assert!(enabled["reason"].as_str().unwrap().contains("does not tell"), "{enabled:#}");
    let oper = &sim.machine().accounts[1];
    let tool = Ipmitool::new(sim.addr(), &oper.name, &oper.password).unwrap().suite(3);
    tool.privilege("USER").run("chassis power status").expect_failure();
}

#[test]
fn a_new_user_gets_in_with_ipmitool_and_a_removed_one_does_not() {
    let bmc = Bmc::start();
    let added = made(&bmc, &["bob", "--limit", "operator"], "Bob_Pass_5");
    assert_eq!((&added["id"], &added["password_bytes"]), (&json!(5), &json!(16)));
    assert_eq!((&added["password_verified"], &added["enabled"]), (&json!(true), &json!(true)));
    let login = |password: &str| {
        let tool = Ipmitool::new(bmc.address, "bob", password)?;
        Some(tool.suite(17).privilege("OPERATOR").run("chassis power status"))
    };
    if let Some(output) = login("Bob_Pass_5") {
        assert_eq!(output.expect_success(), "Chassis Power is on\n");
    }
    // Everything else of it is as it was: one does not come in by another's slot.
    let taken = with_new(&bmc, &["user", "add", "bob", "--limit", "user"], "Bob_Pass_5");
    assert_eq!(taken.code(), Some(1));
    assert!(taken.stderr.contains("user 5 has that name already"), "{taken}");
    let limit = with_new(&bmc, &["user", "add", "eve"], "Eve_Pass_6");
    assert!(limit.code() == Some(2) && limit.stderr.contains("--limit"), "{limit}");

    let refused = bmc.run(&["user", "remove", "bob"]);
    assert!(refused.code() == Some(2) && refused.stderr.contains("--yes"), "{refused}");
    let removed = bmc.json(&["user", "remove", "bob", "--yes"]);
    assert_eq!((&removed["removed"], &removed["shut_out"]), (&json!(true), &json!(true)));
    assert_eq!(bmc.json(&["user", "list", "--all"])["users"].as_array().unwrap().len(), 3);
    if let Some(output) = login("Bob_Pass_5") {
        output.expect_failure();
    }
    let gone = bmc.run(&["user", "get", "bob"]);
    assert!(gone.code() == Some(1) && gone.stderr.contains("no user 'bob'"), "{gone}");
}

#[test]
fn passwords_are_whole_or_refused_and_never_shown() {
    let bmc = Bmc::start();
    let directory = bmc.directory.path();
    let long = "twenty_characters_20";
    let secret = file(directory, format!("{long}\nnot this\n").as_bytes(), 0o600);
    let set = |words: &[&str]| {
        let all: Vec<_> = ["user", "set", "oper", "--new-password-file", secret.to_str().unwrap()]
            .iter()
            .chain(words)
            .copied()
            .collect();
        bmc.run(&all)
    };
    let cut = set(&["--size", "16"]);
    assert!(cut.code() == Some(2) && cut.stderr.contains("nothing is ever cut"), "{cut}");
    let output = set(&["-vvv"]);
    assert!(output.expect_success().contains("20 bytes"), "{output}");
    assert!(output.stderr.contains("IPMI 2.0 only"), "{output}");
    assert!(!output.to_string().contains(long), "{output}");
    if let Some(tool) = ipmitool(&bmc) {
        let test = |words: &str| tool.run(&format!("user test 3 {words}")).stdout;
        assert_eq!(test(&format!("20 {long}")), "Success\n");
        assert_eq!(test(&format!("16 {long}")), "Failure: wrong password size\n");
    }
    let test = |words: &[&str], password: &str| {
        let words: Vec<_> =
            ["user", "test", "oper", "-o", "json"].iter().chain(words).copied().collect();
        let output = with_new(&bmc, &words, password);
        let object: Value = serde_json::from_str(&output.stdout).unwrap();
        crate::schemas::check(&object);
        (output.code(), object["correct"].clone(), object["stored_bytes"].clone())
    };
    assert_eq!(test(&[], long), (Some(0), json!(true), json!(20)));
    assert_eq!(test(&[], &long[..19]), (Some(1), json!(false), Value::Null));
    // Short, and stored with 20: found out, unless a size is asked for.
    let short = with_new(&bmc, &["user", "set", "3", "--new-password", "--size", "20"], "short");
    short.expect_success();
    assert_eq!(test(&[], "short"), (Some(0), json!(true), json!(20)));
    assert_eq!(test(&["--size", "16"], "short"), (Some(1), json!(false), Value::Null));

    let words = ["user", "set", "3", "--new-password"];
    let longer = with_new(&bmc, &words, "twenty_one_characters");
    assert!(longer.code() == Some(2) && longer.stderr.contains("more than 20 bytes"), "{longer}");
    // Nobody can be asked, so nothing is sent.
    let nothing = bmc.run(&words);
    assert!(
        nothing.code() == Some(2) && nothing.stderr.contains("LANTERN_NEW_PASSWORD"),
        "{nothing}"
    );
    let open = file(directory, b"Readable_Pass", 0o644);
    let words = ["user", "set", "3", "--new-password-file", open.to_str().unwrap()];
    assert_eq!(bmc.run(&words).code(), Some(2));
}

#[test]
fn one_does_not_shut_oneself_out_by_mistake() {
    let bmc = Bmc::start();
    for words in [
        &["user", "set", "admin", "--disable"][..],
        &["user", "set", "2", "--limit", "operator"],
        &["user", "set", "2", "--limit", "none"],
        &["user", "set", "2", "--ipmi", "off"],
        &["user", "set", "2", "--name", "root"],
        &["channel", "set", "1", "--mode", "disabled"],
        &["channel", "set", "14", "--limit", "user", "--non-volatile"],
    ] {
        let output = bmc.run(words);
        assert!(output.code() == Some(2) && output.stderr.contains("--yes"), "{words:?}: {output}");
    }
    bmc.run(&["user", "list"]).expect_success();
    // Others, and what does no harm, need no word.
    bmc.text(&["user", "set", "oper", "--disable"]);
    bmc.text(&["user", "set", "admin", "--limit", "administrator", "--link", "on"]);
    // What is meant happens, and that nobody can look any more is no failure of it.
    let output = bmc.run(&["user", "set", "admin", "--disable", "--yes", "-o", "json"]);
    let object: Value = serde_json::from_str(output.expect_success()).unwrap();
    crate::schemas::check(&object);
    assert_eq!(object["changes"][0]["kept"], Value::Null);
    assert_eq!(bmc.run(&["user", "list"]).code(), Some(3));
}

#[test]
fn settings_are_what_freeipmi_finds_afterwards() {
    let bmc = Bmc::start();
    let long = "more_than_16_bytes";
    let words = ["carol", "--limit", "user", "--id", "8", "--sol", "off", "--disabled"];
    let added = made(&bmc, &words, long);
    assert_eq!((&added["id"], &added["enabled"]), (&json!(8), &json!(false)));
    let Some(tool) = FreeIpmi::new(bmc.address, "admin", PASSWORD) else { return };
    let section = || tool.run("ipmi-config", "--category=core --checkout -S User8");
    let says = |pairs: &[(&str, &str)]| {
        let section = section();
        for (key, value) in pairs {
            let found = |line: &str| line.split_whitespace().eq([*key, *value]);
            assert!(section.stdout.lines().any(found), "no `{key} {value}` in\n{section}");
        }
    };
    says(&[
        ("Username", "carol"),
        ("Enable_User", "No"),
        ("Lan_Enable_IPMI_Msgs", "Yes"),
        ("Lan_Enable_Link_Auth", "No"),
        ("Lan_Enable_Restricted_to_Callback", "No"),
        ("Lan_Privilege_Limit", "User"),
        ("SOL_Payload_Access", "No"),
    ]);
    let words =
        ["--name", "caroline", "--limit", "administrator", "--link", "on", "--callin", "off"];
    let words: Vec<_> =
        ["user", "set", "carol"].iter().chain(&words).chain(&["--enable"]).copied().collect();
    let changes = bmc.json(&words);
    assert!(changes["changes"].as_array().unwrap().iter().all(|change| change["kept"] == true));
    bmc.json(&["user", "payload", "caroline", "--sol", "on"]);
    says(&[
        ("Username", "caroline"),
        ("Enable_User", "Yes"),
        ("Lan_Enable_Link_Auth", "Yes"),
        ("Lan_Enable_Restricted_to_Callback", "Yes"),
        ("Lan_Privilege_Limit", "Administrator"),
        ("SOL_Payload_Access", "Yes"),
    ]);
    let same = tool.run("ipmi-config", &format!("--diff --key-pair=User8:Password={long}"));
    assert_eq!(same.expect_success(), "");
}

/// The example with a defect that real firmware has: `docs/quirks.md`.
fn broken(fault: &str) -> Bmc {
    Bmc::with(&example().replacen("[bmc]\n", &format!("[bmc]\nfaults = [\"{fault}\"]\n"), 1), &[])
}

#[test]
fn users_are_made_and_changed_on_bmcs_with_defects() {
    for fault in [
        "enableneedspassword",
        "passwordfirst",
        "namefirst",
        "samename",
        "busyafteruser=3",
        "reservedlimit",
        "slowcommit",
        "longanswer=12",
    ] {
        let bmc = broken(fault);
        let added = made(&bmc, &["bob", "--limit", "operator"], "Bob_Pass_5");
        assert_eq!(added["enabled"], true, "{fault}");
        let words = ["user", "set", "bob", "--name", "bob", "--limit", "user", "--link", "on"];
        let changes = bmc.json(&words);
        let kept = |change: &Value| change["kept"] == true;
        assert!(changes["changes"].as_array().unwrap().iter().all(kept), "{fault}: {changes:#}");
        let list = bmc.json(&["user", "list"]);
        let bob = &list["users"][3];
        assert_eq!(
            (&bob["name"], &bob["privilege_limit"]),
            (&json!("bob"), &json!("user")),
            "{fault}"
        );
        assert_eq!((&bob["enabled"], &bob["id"]), (&json!(true), &json!(5)), "{fault}");
    }
}

#[test]
fn a_password_that_the_bmc_has_rules_against_leaves_a_user_that_is_not_enabled() {
    let bmc = broken("passwordpolicy=12");
    let output = with_new(&bmc, &["user", "add", "bob", "--limit", "user"], "short");
    assert_eq!(output.code(), Some(1), "{output}");
    for words in ["(8Fh)", "user 5 'bob' is half made, and not enabled", "user remove 5"] {
        assert!(output.stderr.contains(words), "no `{words}` in {output}");
    }
    assert_eq!(bmc.json(&["user", "get", "bob"])["enabled"], false);
    let words = ["user", "set", "5", "--new-password", "--limit", "user", "--enable"];
    with_new(&bmc, &words, "long_enough_12").expect_success();
    assert_eq!(bmc.json(&["user", "get", "bob"])["enabled"], true);
}

/// `<(…)` of a shell: what was read before the login is not there a second time.
#[test]
fn a_new_password_may_come_through_a_pipe() {
    let bmc = Bmc::start();
    let script = format!(
        "exec {} -H {} -U admin user set oper --new-password-file <(printf 'Piped_Pass_9\\n')",
        env!("CARGO_BIN_EXE_lantern"),
        bmc.address
    );
    let mut command = std::process::Command::new("bash");
    let scratch = bmc.directory.path();
    command.args(["-c", &script]).env("LANTERN_PASSWORD", PASSWORD).env("LANTERN_CONFIG", "none");
    finish(command.env("XDG_CACHE_HOME", scratch.join("cache"))).expect_success();
    let mut login = lantern();
    login.args(["-H", &bmc.address.to_string(), "-U", "oper", "power", "status"]);
    finish(login.env("LANTERN_PASSWORD", "Piped_Pass_9")).expect_success();
}
