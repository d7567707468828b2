//! Channels, keys and payloads as ipmitool and FreeIPMI manage them, over restarts, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use ipmi_client::{Credentials, Endpoint};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::cmd::chassis::PowerAction;
use lantern_testkit::peers::{FreeIpmi, Ipmitool};

const STATUS: &str = "chassis power status";

/// The lines of `text` without the blanks around them and between words.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[track_caller]
fn says(text: &str, expected: &[&str]) {
    let lines = lines(text);
    for line in expected {
        assert!(lines.iter().any(|found| found == line), "no `{line}` in\n{text}");
    }
}

#[test]
fn ipmitool_is_told_of_two_channels() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    for channel in ["", " 1", " 0xe"] {
        let info = tool.run(&format!("channel info{channel}"));
        says(
            info.expect_success(),
            &[
                "Channel 0x1 info:",
                "Channel Medium Type : 802.3 LAN",
                "Channel Protocol Type : IPMB-1.0",
                "Session Support : multi-session",
                "Active Session Count : 1",
                "Protocol Vendor ID : 7154",
                "Volatile(active) Settings",
                "Alerting : enabled",
                "Per-message Auth : enabled",
                "User Level Auth : enabled",
                "Access Mode : always available",
                "Non-Volatile Settings",
            ],
        );
    }
    let info = tool.run("channel info 0xf");
    let medium = "Channel Medium Type : System Interface";
    says(info.expect_success(), &["Channel 0xf info:", medium, "Channel Protocol Type : KCS"]);
    assert!(!info.stdout.contains("Settings"), "{info}");
    // As the kernel asks, one after the other.
    for channel in 0..14u8 {
        let info = tool.run(&format!("raw 0x06 0x42 {channel}"));
        assert_eq!(info.is_success(), channel == 1, "{info}");
        assert!(channel == 1 || info.to_string().contains("rsp=0xcc"), "{info}");
    }
    let access = tool.run("raw 0x06 0x41 0x0f 0x80");
    assert!(access.expect_failure().contains("rsp=0x82"), "{access}");
    let interface = tool.run("raw 0x06 0x57 0x01");
    assert_eq!(interface.expect_success().trim(), "00 00 ff");
    let ciphers = tool.run("channel getciphers ipmi 1");
    let ciphers = lines(ciphers.expect_success());
    let suites = ciphers.iter().filter_map(|line| line.split(' ').next()?.parse::<u8>().ok());
    assert_eq!(suites.collect::<Vec<_>>(), [17, 3]);
}

#[test]
fn access_is_set_now_or_for_the_next_start() {
    let state = tempfile::tempdir().unwrap();
    let bmc = Bmc::keeping(state.path(), |_| {});
    let Some(tool) = bmc.ipmitool(17) else { return };
    let oper = |bmc: &Bmc| {
        let tool = Ipmitool::new(bmc.addr, "oper", "Oper_Pass_3").unwrap();
        tool.suite(17).privilege("OPERATOR").options(["-v"])
    };
    oper(&bmc).run(STATUS).expect_success();
    // Volatile: no more than User, at once, for whoever comes and for whoever is in.
    let own = tool.run("raw 0x06 0x40 0x01 0x00 0x82");
    own.expect_success();
    let refused = oper(&bmc).run(STATUS);
    refused.expect_failure();
    assert!(refused.to_string().contains("unauthorized role"), "{refused}");
    let user = bmc.ipmitool(17).unwrap().privilege("USER");
    user.run(STATUS).expect_success();
    let access = user.run("raw 0x06 0x41 0x01 0x80");
    assert_eq!(access.expect_success().trim(), "02 02");
    assert_eq!(user.run("raw 0x06 0x41 0x01 0x40").expect_success().trim(), "02 04");
    drop(bmc);
    // The volatile copy is gone.
    let bmc = Bmc::keeping(state.path(), |_| {});
    oper(&bmc).run(STATUS).expect_success();
    let tool = bmc.ipmitool(17).unwrap();
    // Non-volatile: closed from the next start on, and not before.
    tool.run("raw 0x06 0x40 0x01 0x60 0x00").expect_success();
    let info = tool.run("channel info 1");
    let modes: Vec<_> =
        lines(info.expect_success()).into_iter().filter(|l| l.starts_with("Access Mode")).collect();
    assert_eq!(modes, ["Access Mode : always available", "Access Mode : disabled"]);
    drop(bmc);
    let bmc = Bmc::keeping(state.path(), |_| {});
    let refused = bmc.ipmitool(17).unwrap().options(["-v"]).run(STATUS);
    refused.expect_failure();
    let text = refused.to_string();
    assert!(text.contains("Error in open session response message : unauthorized role"), "{text}");
    drop(bmc);
    // Another limit in the configuration is the way back in.
    let lower = |config: &mut lantern_bmcd::Config| config.limit = Privilege::Operator;
    let bmc = Bmc::keeping(state.path(), lower);
    oper(&bmc).run(STATUS).expect_success();
}

#[test]
fn closing_the_channel_ends_sessions_and_closes_the_way_in() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    // What a LAN channel does not do, and what would let packets in without a code.
    for (command, code) in [
        ("raw 0x06 0x40 0x01 0x81 0x00", "rsp=0x83"),
        ("raw 0x06 0x40 0x01 0x83 0x00", "rsp=0x83"),
        ("raw 0x06 0x40 0x01 0x92 0x00", "rsp=0xcc"),
        ("raw 0x06 0x40 0x01 0x8a 0x00", "rsp=0xcc"),
        ("raw 0x06 0x40 0x0f 0x82 0x84", "rsp=0x82"),
        ("raw 0x06 0x40 0x00 0x82 0x84", "rsp=0xcc"),
        ("raw 0x06 0x40 0x01 0x82", "rsp=0xc7"),
    ] {
        let output = tool.run(command);
        assert!(output.expect_failure().contains(code), "{command}: {output}");
    }
    tool.run(STATUS).expect_success();
    // Both copies, as ipmitool has it.
    tool.run("lan set 1 access off");
    let text = tool.clone().options(["-v"]).run(STATUS);
    text.expect_failure();
    assert!(text.to_string().contains("unauthorized role"), "{text}");
}

#[test]
fn a_key_for_the_channel_is_needed_from_the_next_login_on_and_kept() {
    let state = tempfile::tempdir().unwrap();
    let bmc = Bmc::keeping(state.path(), |_| {});
    let Some(tool) = bmc.ipmitool(17) else { return };
    let set = "raw 0x06 0x56 0x01 0x01 0x01 0x6b 0x65 0x79 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0";
    assert_eq!(tool.run("raw 0x06 0x56 0x01 0x00 0x01").expect_success().trim()[..5], *"02 00");
    for (command, code) in [
        ("raw 0x06 0x56 0x01 0x01 0x01 0x6b", "rsp=0x81"),
        ("raw 0x06 0x56 0x01 0x00 0x00", "rsp=0x84"),
        ("raw 0x06 0x56 0x01 0x03 0x01", "rsp=0xcc"),
        ("raw 0x06 0x56 0x0f 0x00 0x01", "rsp=0xcc"),
    ] {
        let output = tool.run(command);
        assert!(output.expect_failure().contains(code), "{command}: {output}");
    }
    tool.run(set).expect_success();
    tool.run(STATUS).expect_failure();
    let keyed = |bmc: &Bmc| bmc.ipmitool(17).unwrap().options(["-k", "key"]);
    let status = keyed(&bmc).run("channel authcap 1 4");
    says(status.expect_success(), &["KG status : non-zero"]);
    assert!(keyed(&bmc).run("raw 0x06 0x56 0x01 0x00 0x01").stdout.starts_with(" 02 6b 65 79 00"));
    assert_eq!(keyed(&bmc).run("raw 0x06 0x56 0x01 0x02 0x01").expect_success().trim(), "01");
    drop(bmc);
    let bmc = Bmc::keeping(state.path(), |_| {});
    bmc.ipmitool(17).unwrap().run(STATUS).expect_failure();
    let tool = keyed(&bmc);
    // Locked: neither told nor set.
    assert_eq!(tool.run("raw 0x06 0x56 0x01 0x00 0x01").expect_success().trim(), "01");
    assert!(tool.run(set).expect_failure().contains("rsp=0x80"));
}

#[test]
fn sol_payloads_are_allowed_and_taken_back_and_kept() {
    let state = tempfile::tempdir().unwrap();
    let bmc = Bmc::keeping(state.path(), |_| {});
    let Some(tool) = bmc.ipmitool(17) else { return };
    let status = |tool: &Ipmitool, id: u8, word: &str| {
        let output = tool.run(&format!("sol payload status 1 {id}"));
        assert_eq!(output.expect_success(), format!("User {id} on channel 1 is {word}\n"));
    };
    status(&tool, 3, "enabled");
    tool.run("sol payload disable 1 3").expect_success();
    status(&tool, 3, "disabled");
    status(&tool, 2, "enabled");
    drop(bmc);
    let bmc = Bmc::keeping(state.path(), |_| {});
    let tool = bmc.ipmitool(17).unwrap();
    status(&tool, 3, "disabled");
    tool.run("sol payload enable 1 3").expect_success();
    status(&tool, 3, "enabled");
    for (command, says) in [
        ("raw 0x06 0x4a 0x01", "04 00 00"),
        ("raw 0x06 0x4b 0x01 0x01", "00 00 00 00 01 00 00 00 00 00 00 00"),
        ("raw 0x06 0x4e 0x01", "03 00 3f 00 00 00 00 00"),
        ("raw 0x06 0x4f 0x01 0x00", "10"),
        ("raw 0x06 0x4f 0x01 0x01", "10"),
    ] {
        assert_eq!(tool.run(command).expect_success().trim(), says, "{command}");
    }
    let version = tool.run("raw 0x06 0x4f 0x01 0x02");
    assert!(version.expect_failure().contains("rsp=0x80"), "{version}");
    let oper = Ipmitool::new(bmc.addr, "oper", "Oper_Pass_3").unwrap();
    let oper = oper.suite(17).privilege("OPERATOR");
    status(&oper, 3, "enabled");
    oper.run("sol payload disable 1 3").expect_failure();
}

#[test]
fn sessions_are_listed() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    for words in ["session info all", "session info active"] {
        let info = tool.run(words);
        says(
            info.expect_success(),
            &[
                "session handle : 1",
                "slot count : 32",
                "active sessions : 1",
                "user id : 2",
                "privilege level : ADMINISTRATOR",
                "session type : IPMIv2/RMCP+",
                "console ip : 127.0.0.1",
            ],
        );
    }
}

/// FreeIPMI's word for one key of a section.
fn value<'a>(section: &'a str, key: &str) -> Option<&'a str> {
    section.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(key)).then(|| words.next().unwrap_or_default())
    })
}

fn section(tool: &FreeIpmi, name: &str) -> String {
    tool.run("ipmi-config", &format!("--category=core --checkout -S {name}")).stdout
}

#[test]
fn freeipmi_reads_and_writes_the_lan_channel() {
    let state = tempfile::tempdir().unwrap();
    let bmc = Bmc::keeping(state.path(), |_| {});
    let Some(tool) = bmc.freeipmi(17) else { return };
    let read = section(&tool, "Lan_Channel");
    for copy in ["Volatile", "Non_Volatile"] {
        for (key, expected) in [
            ("Access_Mode", "Always_Available"),
            ("Enable_User_Level_Auth", "Yes"),
            ("Enable_Per_Message_Auth", "Yes"),
            ("Enable_Pef_Alerting", "Yes"),
            ("Channel_Privilege_Limit", "Administrator"),
        ] {
            assert_eq!(value(&read, &format!("{copy}_{key}")), Some(expected), "{key}: {read}");
        }
    }
    // Its own output can be given back, and makes no difference.
    let file = tool.directory().join("lan-channel");
    std::fs::write(&file, &read).unwrap();
    let file = file.display();
    for action in ["--commit", "--diff"] {
        let output = tool.run("ipmi-config", &format!("--category=core {action} -n {file}"));
        output.expect_success();
        assert_eq!(output.stdout, "", "{output}");
    }
    let pair = "-e Lan_Channel:Non_Volatile_Channel_Privilege_Limit=Operator \
                -e Lan_Channel:Non_Volatile_Enable_Pef_Alerting=No";
    tool.run("ipmi-config", &format!("--category=core --commit {pair}")).expect_success();
    drop(bmc);
    let bmc = Bmc::keeping(state.path(), |_| {});
    let tool = bmc.freeipmi(17).unwrap().privilege("OPERATOR");
    let read = section(&tool, "Lan_Channel");
    for copy in ["Volatile", "Non_Volatile"] {
        let limit = format!("{copy}_Channel_Privilege_Limit");
        assert_eq!(value(&read, &limit), Some("Operator"), "{read}");
        assert_eq!(value(&read, &format!("{copy}_Enable_Pef_Alerting")), Some("No"), "{read}");
    }
}

#[test]
fn freeipmi_reads_and_writes_k_g() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    let read = section(&tool, "Lan_Conf_Security_Keys");
    let none = format!("0x{}", "0".repeat(40));
    assert_eq!(value(&read, "K_G"), Some(none.as_str()), "{read}");
    let pair = "-e Lan_Conf_Security_Keys:K_G=gallery";
    tool.run("ipmi-config", &format!("--category=core --commit {pair}")).expect_success();
    let refused = tool.run("ipmipower", "--stat");
    assert!(refused.to_string().contains("k_g invalid"), "{refused}");
    let keyed = tool.options(["-k", "gallery"]);
    keyed.run("ipmi-config", &format!("--category=core --diff {pair}")).expect_success();
    let read = section(&keyed, "Lan_Conf_Security_Keys");
    assert_eq!(value(&read, "K_G"), Some("gallery"), "{read}");
}

#[test]
fn freeipmi_gives_users_their_payloads() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    // User 1 has no name that could be set.
    for (user, name) in [("User1", None), ("User2", Some("admin")), ("User3", Some("oper"))] {
        let read = section(&tool, user);
        assert_eq!(value(&read, "Username"), name, "{read}");
        assert_eq!(value(&read, "SOL_Payload_Access"), Some("Yes"), "{read}");
    }
    let pair = "-e User3:SOL_Payload_Access=No";
    tool.run("ipmi-config", &format!("--category=core --commit {pair}")).expect_success();
    tool.run("ipmi-config", &format!("--category=core --diff {pair}")).expect_success();
    assert_eq!(value(&section(&tool, "User3"), "SOL_Payload_Access"), Some("No"));
}

/// Of all users, the free IDs included: what it reads it writes, and then finds no difference.
#[test]
fn freeipmi_takes_back_what_it_said_of_users() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    let users: Vec<String> = (1..=15).map(|id| format!("-S User{id}")).collect();
    let read = tool.run("ipmi-config", &format!("--category=core --checkout {}", users.join(" ")));
    assert_eq!(read.stdout.matches("EndSection").count(), 15, "{read}");
    let file = tool.directory().join("users");
    std::fs::write(&file, &read.stdout).unwrap();
    for action in ["--commit", "--diff"] {
        let command = format!("--category=core {action} -n {}", file.display());
        let output = tool.run("ipmi-config", &command);
        assert_eq!(output.stdout, "", "{output}");
        output.expect_success();
    }
}

#[tokio::test]
async fn sessions_that_are_open_are_lowered_or_ended() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let run = async |words: &'static str| {
        let tool = tool.clone();
        tokio::task::spawn_blocking(move || tool.run(words)).await.unwrap()
    };
    let endpoint = Endpoint::bind().unwrap();
    let mut credentials = Credentials::new(b"oper", b"Oper_Pass_3").unwrap();
    credentials.privilege = Privilege::Operator;
    let client = ipmi_client::Bmc::new(&endpoint, bmc.addr, credentials);
    client.power(PowerAction::On).await.unwrap();
    // Nothing is said of what is in force: nothing happens.
    run("raw 0x06 0x40 0x01 0x00 0x42").await.expect_success();
    client.power(PowerAction::On).await.unwrap();
    run("raw 0x06 0x40 0x01 0x00 0x82").await.expect_success();
    client.send(&GetDeviceId).await.unwrap();
    assert!(client.power(PowerAction::On).await.is_err());
    // Nobody comes in above it any more, not even to take it back: that is for the host.
    run("raw 0x06 0x40 0x01 0x00 0x84").await.expect_failure();
    drop(client);
    endpoint.shutdown().await;
}

/// Each of the two sees what both did, and nothing in between.
#[test]
fn two_consoles_change_one_user_at_once() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    tool.run("user set name 5 bob").expect_success();
    let rounds = 12;
    std::thread::scope(|scope| {
        let tool = &tool;
        scope.spawn(move || {
            for round in 0..rounds {
                let word = if round % 2 == 0 { "enable" } else { "disable" };
                tool.run(&format!("user {word} 5")).expect_success();
            }
        });
        scope.spawn(move || {
            for round in 0..rounds {
                let level = 2 + round % 3;
                tool.run(&format!("user priv 5 {level} 1")).expect_success();
                let word = if round % 2 == 0 { "enable" } else { "disable" };
                tool.run(&format!("sol payload {word} 1 5")).expect_success();
            }
        });
        scope.spawn(move || {
            for _ in 0..rounds {
                let list = tool.run("-c user list 1");
                let row = list.expect_success().lines().find(|row| row.starts_with("5,")).unwrap();
                assert!(row.starts_with("5,bob,true,false,true,"), "{row}");
            }
        });
    });
    // The last word of each, as no other said anything of it.
    let list = tool.run("-c user list 1");
    let list = list.expect_success();
    assert!(list.lines().any(|row| row == "5,bob,true,false,true,ADMINISTRATOR"), "{list}");
    let access = tool.run("channel getaccess 1 5");
    says(access.expect_success(), &["Enable Status : disabled"]);
    let payload = tool.run("sol payload status 1 5");
    assert_eq!(payload.expect_success(), "User 5 on channel 1 is disabled\n");
}
