//! Users as ipmitool and FreeIPMI manage them, over restarts, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::{Bmc, rows};
use ipmi_client::{Credentials, Endpoint};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::cmd::chassis::PowerAction;
use lantern_testkit::peers::Ipmitool;

/// What `user list` says of user `id`.
fn listed(tool: &Ipmitool, id: u8) -> String {
    let list = tool.run("-c user list 1");
    let list = list.expect_success();
    let start = format!("{id},");
    list.lines().find(|line| line.starts_with(&start)).unwrap().to_owned()
}

/// ipmitool as somebody who may do at least what an operator may.
fn login(bmc: &Bmc, name: &str, password: &str) -> Ipmitool {
    Ipmitool::new(bmc.addr, name, password).unwrap().suite(17).privilege("OPERATOR")
}

#[test]
fn a_new_user_can_log_in_and_a_disabled_one_cannot() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let list = tool.run("user list 1");
    let list = rows(list.expect_success());
    assert_eq!(list.len(), 16, "a heading and 15 users:\n{}", list.join("\n"));
    assert!(list[2].starts_with("2   admin") && list[2].ends_with("ADMINISTRATOR"), "{}", list[2]);
    let summary = tool.run("-c user summary 1");
    assert_eq!(summary.expect_success(), "15,3,1\n");

    for command in ["user set name 5 bob", "user set password 5 Bob_Pass_5 20", "user priv 5 3 1"] {
        tool.run(command).expect_success();
    }
    let bob = login(&bmc, "bob", "Bob_Pass_5");
    bob.run("chassis power status").expect_failure();
    tool.run("user enable 5").expect_success();
    assert_eq!(listed(&tool, 5), "5,bob,true,false,true,OPERATOR");
    assert_eq!(bob.run("chassis power status").expect_success(), "Chassis Power is on\n");
    let access = tool.run("channel getaccess 1 5");
    for line in [
        "User Name            : bob",
        "Fixed Name           : No",
        "Enable Status        : enabled",
    ] {
        assert!(access.expect_success().lines().any(|l| l == line), "no `{line}` in\n{access}");
    }

    // What the user may do is for the channel to say, and for the user's own sessions.
    tool.run("user priv 5 2 1").expect_success();
    bob.run("chassis power status").expect_failure();
    // `channel setaccess` of ipmitool 1.8.19 takes `off` for `on` (lib/ipmi_channel.c).
    tool.run("raw 0x06 0x43 0xa1 0x05 0x03").expect_success();
    assert_eq!(listed(&tool, 5), "5,bob,true,true,false,OPERATOR");
    bob.run("chassis power status").expect_failure();
    tool.run("channel setaccess 1 5 ipmi=on").expect_success();
    bob.run("chassis power status").expect_success();
    tool.run("user disable 5").expect_success();
    bob.run("chassis power status").expect_failure();
}

#[test]
fn passwords_are_kept_whole_and_with_their_size() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let test = |words: &str, says: &str| {
        let output = tool.run(&format!("user test {words}"));
        assert_eq!(output.stdout, format!("{says}\n"), "{output}");
        assert_eq!(output.is_success(), says == "Success", "{output}");
    };
    tool.run("user set name 5 bob").expect_success();
    let long = "twenty_characters_20";
    for (password, size, other) in [("sixteen_chars_16", "16", "20"), (long, "20", "16")] {
        tool.run(&format!("user set password 5 {password} {size}")).expect_success();
        test(&format!("5 {size} {password}"), "Success");
        test(&format!("5 {size} Other"), "Failure: password incorrect");
        test(&format!("5 {other} {password}"), "Failure: wrong password size");
    }
    for command in ["user priv 5 3 1", "user enable 5"] {
        tool.run(command).expect_success();
    }
    login(&bmc, "bob", long).run("chassis power status").expect_success();
    // Nineteen of twenty are not enough.
    login(&bmc, "bob", &long[..19]).run("chassis power status").expect_failure();
    // The configuration does not say a size: both are good.
    test("2 16 Complex_Pass", "Success");
    test("2 20 Complex_Pass", "Success");
    test("5 20 Complex_Pass", "Failure: password incorrect");
}

#[test]
fn what_must_not_be_is_refused() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    for command in [
        "user set name 1 root",
        "user set password 1 Secret_1",
        "user enable 1",
        // A user without a name, and a name that is taken.
        "user enable 6",
        "user set name 6 admin",
        // A limit on sessions, which cannot be kept.
        "raw 0x06 0x43 0x91 0x05 0x04 0x01",
        // An empty password.
        "raw 0x06 0x47 0x02 0x02 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
    ] {
        let output = tool.run(command);
        let text = output.expect_failure().to_owned() + &output.stdout;
        assert!(text.contains("Invalid data field in request"), "{output}");
    }
    for command in ["raw 0x06 0x44 0x01 0x10", "raw 0x06 0x46 0x00"] {
        let output = tool.run(command);
        assert!(output.expect_failure().contains("rsp=0xc9"), "{output}");
    }
    let oper = login(&bmc, "oper", "Oper_Pass_3");
    oper.run("user list 1").expect_success();
    for command in ["user set name 6 eve", "user enable 4", "user priv 3 4 1"] {
        assert!(oper.run(command).expect_failure().contains("Insufficient privilege level"));
    }
}

#[tokio::test]
async fn sessions_end_with_what_they_were_opened_with() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let run = async |words: &'static str| {
        let tool = tool.clone();
        let output = tokio::task::spawn_blocking(move || tool.run(words)).await.unwrap();
        output.expect_success().to_owned()
    };
    let active = async || {
        let info = run("session info active").await;
        info.lines()
            .find_map(|line| line.strip_prefix("active sessions               : "))
            .unwrap()
            .to_owned()
    };
    let endpoint = Endpoint::bind().unwrap();
    let oper = |password: &[u8]| {
        let mut credentials = Credentials::new(b"oper", password).unwrap();
        credentials.privilege = Privilege::Operator;
        ipmi_client::Bmc::new(&endpoint, bmc.addr, credentials)
    };
    let client = oper(b"Oper_Pass_3");
    client.power(PowerAction::On).await.unwrap();
    assert_eq!(active().await, "2");
    // A lower limit holds at once.
    run("user priv 3 2 1").await;
    client.send(&GetDeviceId).await.unwrap();
    assert!(client.power(PowerAction::On).await.is_err());
    run("user priv 3 3 1").await;
    assert_eq!(active().await, "2");
    run("user disable 3").await;
    assert_eq!(active().await, "1");
    run("user enable 3").await;
    let client = oper(b"Oper_Pass_3");
    client.power(PowerAction::On).await.unwrap();
    assert_eq!(active().await, "2");
    run("user set password 3 New_Pass_3").await;
    assert_eq!(active().await, "1");
    let client = oper(b"New_Pass_3");
    client.power(PowerAction::On).await.unwrap();
    run("user set name 3 olga").await;
    assert_eq!(active().await, "2", "another name is no other user");
    // Whoever changes the own password goes on with it.
    assert_eq!(
        run("user set password 2 Complex_Pass").await,
        "Set User Password command successful (user 2)\n"
    );
    endpoint.shutdown().await;
}

#[test]
fn users_are_there_after_a_restart_and_the_configuration_can_take_them_back() {
    let state = tempfile::tempdir().unwrap();
    let start = || Bmc::keeping(state.path(), |_| {});
    let bmc = start();
    let Some(tool) = bmc.ipmitool(17) else { return };
    for command in [
        "user set name 5 bob",
        "user set password 5 twenty_characters_20 20",
        "user priv 5 3 1",
        "user enable 5",
        "user set password 3 New_Pass_3",
        "user set name 4 gast",
        "user disable 4",
    ] {
        tool.run(command).expect_success();
    }
    drop(bmc);
    for _ in 0..2 {
        let bmc = start();
        let tool = bmc.ipmitool(17).unwrap();
        let bob = login(&bmc, "bob", "twenty_characters_20");
        bob.run("chassis power status").expect_success();
        let oper = login(&bmc, "oper", "Oper_Pass_3");
        oper.run("chassis power status").expect_failure();
        let oper = login(&bmc, "oper", "New_Pass_3");
        oper.run("chassis power status").expect_success();
        assert_eq!(listed(&tool, 4), "4,gast,true,false,true,USER");
        assert_eq!(tool.run("-c user summary 1").expect_success(), "15,3,1\n");
    }
    // The configuration says something else of user 4, and nothing of user 3 any more.
    let changed = |config: &mut lantern_bmcd::Config| {
        config.users.retain(|user| user.id != 3);
        for user in config.users.iter_mut().filter(|user| user.id == 4) {
            user.limit = Privilege::Operator;
        }
    };
    let bmc = Bmc::keeping(state.path(), changed);
    let tool = bmc.ipmitool(17).unwrap();
    assert_eq!(listed(&tool, 4), "4,guest,true,false,true,OPERATOR");
    assert_eq!(listed(&tool, 3), "3,,true,false,true,NO ACCESS");
    login(&bmc, "guest", "Guest_Pass_4").run("chassis power status").expect_success();
    login(&bmc, "bob", "twenty_characters_20").run("chassis power status").expect_success();
}

#[test]
fn freeipmi_reads_and_writes_a_user() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    // It ends with status 1 whatever it finds, as there is no serial channel.
    let section = tool.run("bmc-config", "--checkout --section=User2");
    let says = |key: &str, value: &str| {
        let words = |line: &str| line.split_whitespace().eq([key, value]);
        assert!(section.stdout.lines().any(words), "no `{key} {value}` in\n{section}");
    };
    says("Username", "admin");
    says("Enable_User", "Yes");
    says("Lan_Enable_IPMI_Msgs", "Yes");
    says("Lan_Enable_Restricted_to_Callback", "No");
    says("Lan_Privilege_Limit", "Administrator");
    // Enabled before there is a password, which is the order that FreeIPMI writes it in.
    let pairs = [
        "User8:Username=carol",
        "User8:Enable_User=Yes",
        "User8:Password=more_than_16_bytes",
        "User8:Lan_Enable_IPMI_Msgs=Yes",
        "User8:Lan_Privilege_Limit=Operator",
    ];
    let pairs = pairs.map(|pair| format!("--key-pair={pair}"));
    tool.run("bmc-config", &format!("--commit {}", pairs.join(" "))).expect_success();
    tool.run("bmc-config", &format!("--diff {}", pairs.join(" "))).expect_success();
    if let Some(carol) = Ipmitool::new(bmc.addr, "carol", "more_than_16_bytes") {
        carol.suite(3).privilege("OPERATOR").run("chassis power status").expect_success();
    }
    let other = tool.run("bmc-config", "--diff --key-pair=User8:Password=something_else");
    assert!(other.to_string().contains("<something else>"), "{other}");
}
