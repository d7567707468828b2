//! IPMI 1.5, with every authentication type, between our ends and those that others wrote.
//!
//! It is off unless it is asked for: that is in `refusals.rs`. What a peer does not speak is in the
//! table with the peer's own words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;

use common::Bmc;
use common::wire::judge;
use ipmi_client::{Agreed, Credentials, Endpoint, Error, Protocol, Secret};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::cmd::chassis::PowerAction;
use ipmi_wire::session::AuthType;
use lantern_testkit::peers::{Account, FreeIpmi, IpmiSim, Ipmitool, Machine};
use lantern_testkit::tap::Tap;

/// Each with the names that ipmitool and FreeIPMI have for it.
const TYPES: [(AuthType, &str, &str); 4] = [
    (AuthType::None, "NONE", "none"),
    (AuthType::Md2, "MD2", "md2"),
    (AuthType::Md5, "MD5", "md5"),
    (AuthType::Password, "PASSWORD", "straight_password_key"),
];

/// A password that only IPMI 2.0 has room for.
const LONG: &str = "18_bytes_of_secret";

/// The reference BMC with IPMI 1.5, and a user whose password is too long for it.
fn bmc() -> Bmc {
    Bmc::with(|config| {
        config.ipmi15 = TYPES.map(|(auth_type, ..)| auth_type).to_vec();
        config.users.push(ipmi_bmc::User {
            id: 5,
            name: ipmi_wire::session::Username::new(b"long").unwrap(),
            password: Secret::new(LONG.as_bytes()).unwrap(),
            limit: Privilege::Administrator,
            enabled: true,
        });
    })
}

#[test]
fn ipmitool_with_our_bmc() {
    let bmc = bmc();
    for (auth_type, name, _) in TYPES {
        let tap = Tap::start(bmc.addr);
        let Some(tool) = Ipmitool::new(tap.addr(), "admin", "Complex_Pass") else { return };
        let tool = tool.lan().options(["-A", name]);
        if auth_type == AuthType::Md2 {
            // Debian's is built without it: what it sends as a code is nothing.
            let output = tool.options(["-N", "1", "-R", "1"]).run("mc info");
            output.expect_failure();
            assert!(output.stdout.contains("No internal support for MD2"), "{output}");
            judge(&format!("ipmitool {name}"), &tap, 4, 2);
            continue;
        }
        for (command, says) in [
            ("mc info", "IPMI Version              : 2.0"),
            ("chassis power off", "Chassis Power Control: Down/Off"),
            ("chassis power status", "Chassis Power is off"),
            ("chassis power on", "Chassis Power Control: Up/On"),
            ("sdr list", "CPU1 Temp"),
            ("sel list", "General Chassis intrusion"),
        ] {
            let output = tool.run(command);
            assert!(output.expect_success().contains(says), "{output}");
        }
        judge(&format!("ipmitool {name}"), &tap, 100, 100);
    }
}

#[test]
fn freeipmi_with_our_bmc() {
    let bmc = bmc();
    for (_, _, name) in TYPES {
        let tap = Tap::start(bmc.addr);
        let Some(tool) = FreeIpmi::new(tap.addr(), "admin", "Complex_Pass") else { return };
        let tool = tool.lan(name);
        for (program, option, says) in [
            ("bmc-info", "", "IPMI Version          : 2.0"),
            ("ipmi-chassis", "--chassis-control=POWER-DOWN", ""),
            ("ipmi-chassis", "--get-chassis-status", "System Power                        : off"),
            ("ipmi-chassis", "--chassis-control=POWER-UP", ""),
            ("ipmi-chassis", "--get-chassis-status", "System Power                        : on"),
            ("ipmi-sensors", "", "CPU1 Temp"),
            ("ipmi-sel", "", "General Chassis Intrusion"),
        ] {
            let output = tool.run(program, option);
            assert!(output.expect_success().contains(says), "{output}");
        }
        // ipmipower finds every straight password wrong in the answer, `ipmi_sim`'s as well.
        if name != "straight_password_key" {
            let output = tool.run("ipmipower", "--stat");
            assert!(output.expect_success().ends_with(": on\n"), "{output}");
        }
        judge(&format!("freeipmi {name}"), &tap, 100, 100);
    }
}

fn credentials(user: &str, password: &str, auth_type: AuthType) -> Credentials {
    Credentials {
        protocol: Protocol::Ipmi15(vec![auth_type]),
        ..Credentials::new(user.as_bytes(), password.as_bytes()).unwrap()
    }
}

async fn ours(addr: SocketAddr, auth_type: AuthType) -> Result<(), Error> {
    let endpoint = Endpoint::bind().unwrap();
    let credentials = credentials("admin", "Complex_Pass", auth_type);
    let bmc = ipmi_client::Bmc::new(&endpoint, addr, credentials);
    assert_eq!(bmc.connect().await?.agreed, Some(Agreed::Ipmi15(auth_type)));
    bmc.send(&GetDeviceId).await?;
    for (action, on) in [(PowerAction::Off, false), (PowerAction::On, true)] {
        bmc.power(action).await?;
        assert_eq!(bmc.is_powered_on().await?, on);
    }
    bmc.sensors(true).await?;
    bmc.sel_entries().await?;
    endpoint.shutdown().await;
    Ok(())
}

fn sim() -> Option<IpmiSim> {
    let mut machine =
        Machine { ipmi15: vec!["none", "md2", "md5", "straight"], ..Machine::default() };
    machine.accounts.push(Account {
        name: "long".to_owned(),
        password: LONG.to_owned(),
        privilege: "admin".to_owned(),
    });
    IpmiSim::start_with(machine)
}

#[tokio::test]
async fn our_client_with_ipmi_sim() {
    let Some(sim) = sim() else { return };
    for (auth_type, name, _) in TYPES {
        let tap = Tap::start(sim.addr());
        ours(tap.addr(), auth_type).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        judge(&format!("ours sim {name}"), &tap, 40, 40);
    }
}

#[tokio::test]
async fn our_client_with_our_bmc() {
    let bmc = bmc();
    for (auth_type, name, _) in TYPES {
        let tap = Tap::start(bmc.addr);
        ours(tap.addr(), auth_type).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        judge(&format!("ours ours {name}"), &tap, 40, 40);
    }
}

/// Our BMC refuses in words that ipmitool and FreeIPMI have for it. A wrong code in Activate Session
/// it leaves unanswered, as `ipmi_sim` does.
#[test]
fn our_bmc_refuses_who_is_not_to_get_in() {
    let bmc = bmc();
    for (user, password, ipmitool_says, freeipmi_says) in [
        ("admin", "wrong", "Activate Session command failed", "password verification timeout"),
        ("nobody", "Complex_Pass", "Invalid user name", "username invalid"),
        (
            "guest",
            "Guest_Pass_4",
            "Requested privilege level exceeds limit",
            "privilege level cannot be obtained for this user",
        ),
        ("long", LONG, "password is longer than 16 bytes", "password too long"),
        // What a console makes of it that cuts.
        ("long", &LONG[..16], "Invalid user name", "username invalid"),
    ] {
        let Some(tool) = Ipmitool::new(bmc.addr, user, password) else { return };
        let tool = tool.lan().options(["-v", "-N", "1", "-R", "1", "-A", "MD5"]);
        let output = tool.run("chassis power status");
        assert!(output.expect_failure().contains(ipmitool_says), "{output}");
        let Some(tool) = FreeIpmi::new(bmc.addr, user, password) else { return };
        let tool = tool.lan("md5").options(["--session-timeout", "2000"]);
        let output = tool.run("bmc-info", "--get-device-id");
        assert!(output.expect_failure().contains(freeipmi_says), "{output}");
    }
    let Some(tool) = Ipmitool::new(bmc.addr, "long", LONG) else { return };
    tool.suite(17).run("chassis power status").expect_success();
}

/// Whom type "none" lets in is anybody who knows a name, as with suite 0; whether it is on, everybody
/// can see.
#[test]
fn type_none_asks_nobody_for_a_password_and_says_so() {
    let all = bmc();
    let md5 = Bmc::with(|config| config.ipmi15 = vec![AuthType::Md5]);
    for (bmc, is_open, types) in [(&all, true, "NONE MD2 MD5 PASSWORD"), (&md5, false, "MD5")] {
        let Some(tool) = Ipmitool::new(bmc.addr, "admin", "wrong") else { return };
        let output = tool.lan().options(["-A", "NONE"]).run("chassis power status");
        assert_eq!(output.is_success(), is_open, "{output}");
        let listed = bmc.ipmitool(17).unwrap().run("channel authcap 1 4");
        let listed = listed.expect_success();
        let line = listed.lines().find_map(|line| line.split_once("auth types"));
        let (_, said) = line.unwrap_or_else(|| panic!("{listed}"));
        assert_eq!(said.trim_start_matches([' ', ':']).trim(), types, "{listed}");
    }
}

#[tokio::test]
async fn our_client_names_the_cause() {
    let Some(sim) = sim() else { return };
    let bmc = bmc();
    for addr in [sim.addr(), bmc.addr] {
        for (user, password, says) in [
            ("admin", "wrong", "no answer to Activate Session"),
            ("nobody", "Complex_Pass", "refused Get Session Challenge: no such user"),
            ("long", LONG, "the password has 18 bytes, and IPMI 1.5 has room for 16"),
        ] {
            let endpoint = Endpoint::bind().unwrap();
            let credentials = credentials(user, password, AuthType::Md5);
            let client = ipmi_client::Bmc::new(&endpoint, addr, credentials);
            let error = client.connect().await.unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
            endpoint.shutdown().await;
        }
    }
    // Who asks for more than the user may have is let in for what the user may have.
    let endpoint = Endpoint::bind().unwrap();
    let credentials = credentials("guest", "Guest_Pass_4", AuthType::Md5);
    let client = ipmi_client::Bmc::new(&endpoint, bmc.addr, credentials);
    client.connect().await.unwrap();
    assert!(client.is_powered_on().await.unwrap());
    let error = client.power(PowerAction::Off).await.unwrap_err();
    assert!(error.to_string().contains("rivilege"), "{error}");
    assert!(client.is_powered_on().await.unwrap());
    endpoint.shutdown().await;
}
