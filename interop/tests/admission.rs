//! Who gets in, as the real ipmitool finds out: wrong passwords, hidden names, networks, suites.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use common::counted::Counted;
use ipmi_bmc::{BadPasswordPolicy, LanPolicy};
use ipmi_client::{Credentials, Endpoint};
use ipmi_session::console::SessionError;
use ipmi_wire::Privilege;
use ipmi_wire::session::{AuthType, CipherSuite, RmcpPlusStatus};
use lantern_testkit::peers::{FreeIpmi, Ipmitool};
use lantern_testkit::tap::{Direction, Tap};

fn tool(bmc: &Bmc, name: &str, password: &str) -> Option<Ipmitool> {
    Ipmitool::new(bmc.addr, name, password).map(|tool| tool.suite(17).privilege("USER"))
}

const STATUS: &str = "chassis power status";
const UNKNOWN: &str = "RAKP 2 message indicates an error : unauthorized name";
const WRONG: &str = "> RAKP 2 HMAC is invalid";

/// What ipmitool's `-v` says of a login that does not come about.
fn refusal(tool: &Ipmitool) -> String {
    let output = tool.clone().options(["-v"]).run(STATUS);
    output.expect_failure();
    output.to_string()
}

/// So many logins of ours with a wrong password, each of which tells the BMC that its code is wrong:
/// ipmitool and FreeIPMI find that out, too, and keep it to themselves.
fn wrong_passwords(bmc: &Bmc, name: &str, count: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let endpoint = Endpoint::bind().unwrap();
        for _ in 0..count {
            let mut credentials = Credentials::new(name.as_bytes(), b"wrong").unwrap();
            credentials.privilege = Privilege::User;
            let client = ipmi_client::Bmc::new(&endpoint, bmc.addr, credentials);
            let error = client.connect().await.unwrap_err();
            assert_eq!(error.session_error(), Some(&SessionError::WrongPassword));
        }
        endpoint.shutdown().await;
    });
}

#[test]
fn ten_wrong_passwords_lock_a_user_out_until_somebody_enables_the_user() {
    let bmc = Bmc::with(|config| config.ipmi15 = vec![AuthType::Md5]);
    let Some(wrong) = Ipmitool::new(bmc.addr, "oper", "wrong") else { return };
    // In IPMI 1.5, it is the BMC that finds out.
    let wrong = wrong.lan().privilege("USER").options(["-A", "MD5", "-N", "1", "-R", "1"]);
    let right = tool(&bmc, "oper", "Oper_Pass_3").unwrap();
    let admin = bmc.ipmitool(17).unwrap();
    // A right one begins anew.
    for _ in 0..2 {
        wrong_passwords(&bmc, "oper", 8);
        wrong.run(STATUS).expect_failure();
        assert_eq!(right.run(STATUS).expect_success(), "Chassis Power is on\n");
    }
    wrong_passwords(&bmc, "oper", 9);
    wrong.run(STATUS).expect_failure();
    // From here on nothing that the user says is looked at, right or wrong; as if disabled, which is
    // what administrators see, and others are not concerned.
    for password in ["wrong", "Oper_Pass_3"] {
        let text = refusal(&tool(&bmc, "oper", password).unwrap());
        assert!(text.contains(UNKNOWN), "{text}");
    }
    let access = admin.run("channel getaccess 1 3");
    let access = access.expect_success();
    assert!(access.contains("Enable Status        : disabled"), "{access}");
    assert_eq!(admin.run("-c user summary 1").expect_success(), "15,2,1\n");
    let log = admin.run("-c sel elist last 1");
    let log = log.expect_success();
    // ipmitool 1.8.19 has no words for what a Session Audit sensor tells (include/ipmi_sel.h).
    assert!(
        log.starts_with("8,") && log.contains("Session Audit Session Audit,,Asserted"),
        "{log}"
    );
    let event = admin.run("sel get 8");
    let event = event.expect_success();
    assert!(event.contains("Generator ID          : 0020"), "{event}");
    assert!(event.contains("Event Data (RAW)      : f30301"), "{event}");
    admin.run("user enable 3").expect_success();
    assert_eq!(right.run(STATUS).expect_success(), "Chassis Power is on\n");
    assert_eq!(admin.run("-c user summary 1").expect_success(), "15,3,1\n");
}

#[test]
fn freeipmi_names_the_event_of_a_lockout() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    wrong_passwords(&bmc, "guest", 10);
    let log = tool.run("ipmi-sel", "--tail=1");
    let log = log.expect_success();
    let last = log.lines().last().unwrap();
    let cells: Vec<_> = last.split('|').map(str::trim).collect();
    assert_eq!(cells[3..5], ["Session Audit", "Session Audit"], "{log}");
    // It reads the user only with the other offsets.
    let says = "Invalid Password Disable ; Event Data2 = 04h ; Channel number that session was \
                activated/deactivated = 1";
    assert_eq!(cells[5], says, "{log}");
}

#[test]
fn a_lockout_without_an_end_is_a_user_who_is_disabled() {
    let policy = BadPasswordPolicy { threshold: 3, lockout: None, ..BadPasswordPolicy::default() };
    let ipmi15 = vec![AuthType::Md5];
    let bmc = Counted::with(LanPolicy { bad_password: policy, ipmi15, ..LanPolicy::default() });
    // A run of ipmitool repeats itself, and is one attempt.
    let Some(wrong) = Ipmitool::new(bmc.addr, "admin", "wrong") else { return };
    let right = common::ipmitool_at(bmc.addr, 17).unwrap();
    let wrong = wrong.lan().options(["-A", "MD5", "-N", "1", "-R", "2"]);
    for _ in 0..2 {
        wrong.run(STATUS).expect_failure();
    }
    right.run(STATUS).expect_success();
    for _ in 0..3 {
        wrong.run(STATUS).expect_failure();
    }
    let text = refusal(&right);
    assert!(text.contains(UNKNOWN), "{text}");
}

#[test]
fn hidden_names_are_told_apart_by_nothing_that_ipmitool_shows() {
    let told = |bmc: &Bmc, name: &str, password: &str| {
        let tap = Tap::start(bmc.addr);
        let tool = Ipmitool::new(tap.addr(), name, password)?.suite(17).privilege("OPERATOR");
        let text = refusal(&tool);
        let packets = tap.packets();
        let answers = packets.iter().filter(|p| p.direction == Direction::ToConsole);
        let rakp2 = answers.rev().find(|p| p.bytes[5] == 0x13).unwrap();
        let seen = (RmcpPlusStatus(rakp2.bytes[17]), rakp2.bytes.len());
        let line = text.lines().find(|line| line.contains("RAKP 2 ")).unwrap().to_owned();
        Some((seen, line))
    };
    let hiding = Bmc::with(|config| config.hide_usernames = true);
    let Some(admin) = hiding.ipmitool(17) else { return };
    admin.run("user set name 5 bob").expect_success();
    admin.run("user disable 3").expect_success();
    // Unknown, null, without a password, disabled, above its limit, known.
    let callers = ["nobody", "", "bob", "oper", "guest", "admin"];
    let seen: Vec<_> = callers.iter().map(|name| told(&hiding, name, "wrong").unwrap()).collect();
    for (name, seen) in callers.iter().zip(&seen) {
        assert_eq!(seen.0, (RmcpPlusStatus::NO_ERRORS, 16 + 72), "{name}");
        assert_eq!(seen.1, WRONG, "{name}");
    }
    // Locked out, and as the rest.
    wrong_passwords(&hiding, "admin", 10);
    for password in ["wrong", "Complex_Pass"] {
        assert_eq!(told(&hiding, "admin", password).unwrap(), seen[0]);
    }
    // By default, administrators are told what is wrong.
    let bmc = Bmc::reference();
    for (name, says) in [
        ("nobody", "unauthorized name"),
        ("", "unauthorized name"),
        ("guest", "unauthorized role requested"),
        ("admin", "HMAC is invalid"),
    ] {
        let (_, line) = told(&bmc, name, "wrong").unwrap();
        assert!(line.contains(says), "{name}: {line}");
    }
}

#[test]
fn freeipmi_is_told_a_wrong_name_as_a_wrong_password_where_names_are_hidden() {
    for (hide, says) in [(false, "username invalid"), (true, "password invalid")] {
        let bmc = Bmc::with(|config| config.hide_usernames = hide);
        let Some(tool) = FreeIpmi::new(bmc.addr, "nobody", "wrong") else { return };
        let output = tool.suite(17).run("ipmi-raw", "0 6 1");
        assert!(output.to_string().contains(says), "{output}");
    }
}

#[test]
fn who_knows_the_password_gets_in_where_names_are_hidden() {
    let bmc = Bmc::with(|config| config.hide_usernames = true);
    for (name, password) in
        [("admin", "Complex_Pass"), ("oper", "Oper_Pass_3"), ("guest", "Guest_Pass_4")]
    {
        let Some(tool) = tool(&bmc, name, password) else { return };
        assert_eq!(tool.run(STATUS).expect_success(), "Chassis Power is on\n");
    }
    // Who asks for too much is told so, but not before the password is proven.
    let guest = tool(&bmc, "guest", "Guest_Pass_4").unwrap().privilege("OPERATOR");
    let text = refusal(&guest);
    assert!(text.contains("RAKP 4 message indicates an error : unauthorized role"), "{text}");
}

#[test]
fn only_networks_that_are_listed_are_heard() {
    let listening = |allow: &str| {
        let net = allow.parse().unwrap();
        Bmc::with(move |config| config.allow = Some(vec![net]))
    };
    let allowed = listening("127.0.0.0/8");
    let Some(tool) = allowed.ipmitool(17) else { return };
    tool.run(STATUS).expect_success();
    let elsewhere = listening("192.0.2.0/24");
    let tap = Tap::start(elsewhere.addr);
    let tool = Ipmitool::new(tap.addr(), "admin", "Complex_Pass").unwrap().suite(17);
    tool.options(["-N", "1", "-R", "1"]).run(STATUS).expect_failure();
    let packets = tap.packets();
    assert!(packets.iter().any(|packet| packet.direction == Direction::ToBmc));
    assert!(packets.iter().all(|packet| packet.direction == Direction::ToBmc), "not a word");
}

#[test]
fn a_suite_carries_no_more_than_it_may() {
    let suites = [(17, Privilege::Administrator), (3, Privilege::Operator), (2, Privilege::User)];
    let suites = suites.map(|(suite, limit)| (CipherSuite(suite), limit)).to_vec();
    let bmc = Counted::with(LanPolicy { suites, ..LanPolicy::default() });
    let Some(tool) = common::ipmitool_at(bmc.addr, 17) else { return };
    tool.run("chassis power on").expect_success();
    for (suite, level, enough) in [
        (17, "ADMINISTRATOR", true),
        (3, "ADMINISTRATOR", false),
        (3, "OPERATOR", true),
        (2, "OPERATOR", false),
        (2, "USER", true),
        (1, "USER", false),
    ] {
        let tool = common::ipmitool_at(bmc.addr, suite).unwrap().privilege(level);
        let output = tool.options(["-v"]).run(STATUS);
        assert_eq!(output.is_success(), enough, "{suite} {level}: {output}");
        let says = if suite == 1 { "no matching cipher suite" } else { "unauthorized role" };
        assert!(enough || output.to_string().contains(says), "{suite} {level}: {output}");
    }
    // In a session that is open, the level that is above the suite's is refused as 81h.
    let tool = common::ipmitool_at(bmc.addr, 3).unwrap().privilege("OPERATOR");
    let output = tool.run("raw 0x06 0x3b 0x04");
    assert!(output.expect_failure().contains("rsp=0x81"), "{output}");
    assert_eq!(tool.run("raw 0x06 0x3b 0x03").expect_success().trim(), "03");
}

#[test]
fn the_null_user_never_gets_in() {
    let bmc = Bmc::reference();
    let Some(admin) = bmc.ipmitool(17) else { return };
    // As far as an administrator can push it.
    admin.run("user priv 1 4 1").expect_success();
    for command in ["user enable 1", "user set name 1 root", "user set password 1 Secret_1"] {
        admin.run(command).expect_failure();
    }
    for (name, password) in [("", ""), ("", "Secret_1"), ("", "Complex_Pass")] {
        let text = refusal(&tool(&bmc, name, password).unwrap());
        assert!(text.contains(UNKNOWN), "{text}");
    }
    let capabilities = admin.run("channel authcap 1 4");
    for line in ["Null user names exist      : no", "Anonymous login enabled    : no"] {
        assert!(capabilities.expect_success().contains(line), "{capabilities}");
    }
}
