//! Every cipher suite that is spoken here, between our ends and those that others wrote.
//!
//! What is not spoken by a peer is in the table with the peer's own words, so that a newer peer
//! that learns it fails this test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;

use common::wire::judge;
use common::{Bmc, freeipmi_at, ipmitool_at};
use ipmi_client::{Agreed, Credentials, Endpoint, Error};
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::cmd::chassis::PowerAction;
use ipmi_wire::session::{CipherSuite, ConfidentialityAlgorithm};
use lantern_testkit::peers::{FreeIpmi, IpmiSim, Ipmitool, Peer};
use lantern_testkit::tap::Tap;

/// What comes of a suite between two ends.
#[derive(Clone, Copy, Debug)]
enum Cell {
    /// A session, questions and a change.
    Works,
    /// Nothing, and who wrote the peer's end would see this.
    Says(&'static str),
}
use Cell::{Says, Works};

/// A suite, and what comes of it with ipmitool and FreeIPMI as consoles of our BMC, and with
/// `ipmi_sim` as the BMC of our client.
struct Row {
    suite: u8,
    ipmitool: Cell,
    freeipmi: Cell,
    sim: Cell,
}

const fn row(suite: u8, ipmitool: Cell, freeipmi: Cell, sim: Cell) -> Row {
    Row { suite, ipmitool, freeipmi, sim }
}

/// What ipmitool says of MD5-128, which it lacks although it asks for it.
const ABORTS: &str = "ipmi_lanplus_build_v2x_msg: Assertion `0' failed";
/// What our client says when `ipmi_sim` lets it in and answers nothing then. It has keys of its own
/// for what is made with HMAC-MD5: HMAC-MD5-128 is keyed with the password instead of K1 (7, 8), and
/// K2 comes from 16 bytes of 02h instead of 20 (8, 12). FreeIPMI and ipmitool get nowhere either:
/// see `neither_peer_reaches_ipmi_sim_where_we_do_not`.
const SILENCE: &str = "Get Device ID: no answer";
/// `ipmi_sim` has no SHA-256.
const NO_SHA256: &str = "invalid authentication algorithm (04h)";

const TABLE: [Row; 12] = [
    row(0, Works, Works, Works),
    row(1, Works, Works, Works),
    row(2, Works, Works, Works),
    row(3, Works, Works, Works),
    row(6, Works, Works, Works),
    row(7, Works, Works, Says(SILENCE)),
    row(8, Works, Works, Says(SILENCE)),
    row(11, Says(ABORTS), Works, Works),
    row(12, Says(ABORTS), Works, Says(SILENCE)),
    row(15, Works, Works, Says(NO_SHA256)),
    row(16, Works, Works, Says(NO_SHA256)),
    row(17, Works, Works, Says(NO_SHA256)),
];

fn every_suite() -> Bmc {
    Bmc::with_suites(&TABLE.map(|row| row.suite))
}

/// Whether Wireshark can read what is said.
fn is_plain(suite: u8) -> bool {
    let algorithms = CipherSuite(suite).algorithms().unwrap();
    algorithms.confidentiality == ConfidentialityAlgorithm::None
}

fn ipmitool(tool: &Ipmitool) -> Result<(), String> {
    for (command, says) in [
        ("mc info", "IPMI Version              : 2.0"),
        ("chassis power off", "Chassis Power Control: Down/Off"),
        ("chassis power status", "Chassis Power is off"),
        ("chassis power on", "Chassis Power Control: Up/On"),
        ("chassis power status", "Chassis Power is on"),
    ] {
        let output = tool.run(command);
        if !(output.is_success() && output.stdout.contains(says)) {
            return Err(output.to_string());
        }
    }
    Ok(())
}

fn freeipmi(tool: &FreeIpmi) -> Result<(), String> {
    for (program, option, says) in [
        ("bmc-info", "--get-device-id", "IPMI Version"),
        ("ipmipower", "--off", ": ok\n"),
        ("ipmipower", "--stat", ": off\n"),
        ("ipmipower", "--on", ": ok\n"),
        ("ipmipower", "--stat", ": on\n"),
    ] {
        let output = tool.run(program, option);
        if !(output.is_success() && output.stdout.contains(says)) {
            return Err(output.to_string());
        }
    }
    Ok(())
}

fn ours(addr: SocketAddr, suite: u8) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let endpoint = Endpoint::bind().unwrap();
        let credentials = Credentials {
            suites: vec![CipherSuite(suite)],
            ..Credentials::new(b"admin", b"Complex_Pass").unwrap()
        };
        let bmc = ipmi_client::Bmc::new(&endpoint, addr, credentials);
        assert_eq!(bmc.connect().await?.agreed, Some(Agreed::Suite(CipherSuite(suite))));
        bmc.send(&GetDeviceId).await?;
        for (action, on) in [(PowerAction::Off, false), (PowerAction::On, true)] {
            bmc.power(action).await?;
            assert_eq!(bmc.is_powered_on().await?, on);
        }
        endpoint.shutdown().await;
        Ok(())
    })
}

/// Lets `talk` talk to `target`, Wireshark judge what was said, and holds what came of it against
/// the table; all that is wrong is told at once.
fn compare(
    wrong: &mut Vec<String>,
    who: &str,
    (suite, expected): (u8, Cell),
    target: SocketAddr,
    talk: impl FnOnce(SocketAddr) -> Result<(), String>,
) {
    let tap = Tap::start(target);
    let got = talk(tap.addr());
    let (packets, messages) = match expected {
        Works if is_plain(suite) => (10, 6),
        Works => (10, 0),
        Says(_) => (1, 0),
    };
    judge(&format!("{who} {suite}"), &tap, packets, messages);
    let fine = match (expected, &got) {
        (Works, Ok(())) => true,
        (Says(says), Err(error)) => error.contains(says),
        (Works, Err(_)) | (Says(_), Ok(())) => false,
    };
    if !fine {
        wrong.push(format!("{who}, suite {suite}: {expected:?} expected, but {got:?}"));
    }
}

#[test]
fn ipmitool_with_our_bmc() {
    let bmc = every_suite();
    let mut wrong = Vec::new();
    if Peer::find("ipmitool").is_none() {
        return;
    }
    for row in TABLE {
        compare(&mut wrong, "ipmitool", (row.suite, row.ipmitool), bmc.addr, |addr| {
            ipmitool(&ipmitool_at(addr, row.suite).unwrap())
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn freeipmi_with_our_bmc() {
    let bmc = every_suite();
    let mut wrong = Vec::new();
    if Peer::find("bmc-info").is_none() {
        return;
    }
    for row in TABLE {
        compare(&mut wrong, "FreeIPMI", (row.suite, row.freeipmi), bmc.addr, |addr| {
            freeipmi(&freeipmi_at(addr, row.suite).unwrap())
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn our_client_with_ipmi_sim() {
    let Some(sim) = IpmiSim::start() else { return };
    let mut wrong = Vec::new();
    for row in TABLE {
        compare(&mut wrong, "our client", (row.suite, row.sim), sim.addr(), |addr| {
            ours(addr, row.suite).map_err(|error| error.to_string())
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn our_client_with_our_bmc() {
    let bmc = every_suite();
    let mut wrong = Vec::new();
    for row in TABLE {
        compare(&mut wrong, "our client, our BMC", (row.suite, Works), bmc.addr, |addr| {
            ours(addr, row.suite).map_err(|error| error.to_string())
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What our client cannot do with `ipmi_sim` is `ipmi_sim`'s doing.
#[test]
fn neither_peer_reaches_ipmi_sim_where_we_do_not() {
    let Some(sim) = IpmiSim::start() else { return };
    let admin = sim.machine().accounts[0].clone();
    for (suite, ipmitool_says, freeipmi_says) in [
        (7, "Set Session Privilege Level to ADMINISTRATOR failed", "session timeout"),
        (8, "Set Session Privilege Level to ADMINISTRATOR failed", "session timeout"),
        (12, ABORTS, "session timeout"),
        (15, "invalid authentication algorithm", "internal IPMI error"),
        (16, "invalid authentication algorithm", "internal IPMI error"),
        (17, "invalid authentication algorithm", "internal IPMI error"),
    ] {
        let Some(tool) = Ipmitool::new(sim.addr(), &admin.name, &admin.password) else { return };
        let output = tool.suite(suite).options(["-N", "1", "-R", "1"]).run("mc info");
        assert!(!output.is_success() && output.stderr.contains(ipmitool_says), "{output}");
        let Some(tool) = FreeIpmi::new(sim.addr(), &admin.name, &admin.password) else { return };
        let tool = tool.suite(suite).options(["-W", "opensesspriv", "--session-timeout", "2000"]);
        let output = tool.run("bmc-info", "--get-device-id");
        assert!(!output.is_success() && output.stderr.contains(freeipmi_says), "{output}");
    }
}

/// Suite 0 is off unless it is asked for; where it is on, whoever knows a name gets in, and
/// everybody can see that.
#[test]
fn suite_0_asks_nobody_for_a_password_and_says_so() {
    let (open, closed) = (every_suite(), Bmc::reference());
    for (bmc, is_open) in [(&open, true), (&closed, false)] {
        let Some(tool) = Ipmitool::new(bmc.addr, "admin", "not the password") else { return };
        let output = tool.clone().suite(0).run("chassis power status");
        assert_eq!(output.is_success(), is_open, "{output}");
        // The other suites are as good as ever.
        tool.suite(17).run("chassis power status").expect_failure();
        let listed = bmc.ipmitool(17).unwrap().run("channel getciphers ipmi 1");
        let listed = listed.expect_success();
        let row = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let says_so = listed.lines().any(|line| row(line) == "0 N/A none none none");
        assert_eq!(says_so, is_open, "{listed}");
    }
    let Some(stranger) = Ipmitool::new(open.addr, "nobody", "") else { return };
    let refused = stranger.suite(0).options(["-v"]).run("chassis power status");
    assert!(refused.expect_failure().contains("unauthorized name"), "{refused}");
}
