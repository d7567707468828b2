//! Our client manages a BMC that we did not write: OpenIPMI's `ipmi_sim`, which knows suite 3 but
//! not 17, echoes privilege 0, refuses whole SDRs with CAh and pads what it gives.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;

use ipmi_client::sensors::{Reading, Sensor};
use ipmi_client::{Agreed, Bmc, Credentials, Endpoint, SessionError, Stage};
use ipmi_wire::cmd::app::{GetDeviceId, GetSelfTestResults, GetSystemGuid};
use ipmi_wire::cmd::chassis::PowerAction;
use ipmi_wire::session::{CipherSuite, RmcpPlusStatus};
use ipmi_wire::{CompletionCode, NetFn, Request};
use lantern_testkit::peers::{IpmiSim, Ipmitool};
use lantern_testkit::tap::{Direction, Tap};

/// The simulator's first administrator.
fn credentials(sim: &IpmiSim) -> (String, String) {
    let admin = sim.machine().accounts.iter().find(|a| a.privilege == "admin").unwrap();
    (admin.name.clone(), admin.password.clone())
}

fn client(sim: &IpmiSim, addr: SocketAddr) -> (Endpoint, Bmc) {
    let endpoint = Endpoint::bind().unwrap();
    let (user, password) = credentials(sim);
    let credentials = Credentials::new(user.as_bytes(), password.as_bytes()).unwrap();
    let bmc = Bmc::new(&endpoint, addr, credentials);
    (endpoint, bmc)
}

fn ipmitool(sim: &IpmiSim) -> Ipmitool {
    let (user, password) = credentials(sim);
    Ipmitool::new(sim.addr(), &user, &password).unwrap().suite(3)
}

#[tokio::test]
async fn suite_17_is_tried_first_and_3_remembered() {
    let Some(sim) = IpmiSim::start() else { return };
    let tap = Tap::start(sim.addr());
    let (endpoint, bmc) = client(&sim, tap.addr());
    let session = bmc.connect().await.unwrap();
    assert_eq!(session.agreed, Some(Agreed::Suite(CipherSuite::SUITE_3)));
    assert_eq!(session.refused[0].0, CipherSuite::SUITE_17);
    assert!(!session.refused[0].1.is_ok());
    assert_eq!(tap.count(Direction::ToBmc), 4);
    bmc.close().await;
    assert_eq!(endpoint.recall(tap.addr()), Some(CipherSuite::SUITE_3));

    // The second time nothing is asked in vain. A tap counts what arrives: closing took one more.
    tap.clear();
    let session = bmc.connect().await.unwrap();
    assert!(session.refused.is_empty());
    let opened = tap.packets().iter().filter(|p| p.bytes[5] == 0x10).count();
    assert_eq!(opened, 1);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn identity_and_power() {
    let Some(sim) = IpmiSim::start() else { return };
    let (endpoint, bmc) = client(&sim, sim.addr());
    let id = bmc.send(&GetDeviceId).await.unwrap();
    let info = ipmitool(&sim).run("mc info");
    let info = info.expect_success();
    let line = format!("Manufacturer ID           : {}", id.manufacturer_id);
    assert!(info.lines().any(|l| l == line), "no `{line}` in\n{info}");
    bmc.send(&GetSystemGuid).await.unwrap();

    for (action, on) in [
        (PowerAction::On, true),
        (PowerAction::Off, false),
        (PowerAction::Off, false),
        (PowerAction::On, true),
    ] {
        bmc.power(action).await.unwrap();
        assert_eq!(bmc.is_powered_on().await.unwrap(), on);
        assert_eq!(sim.is_on(), on);
    }
    // What it does not serve is a completion code, not a failure of the session.
    let error = bmc.send(&GetSelfTestResults).await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode::INVALID_COMMAND));
    let raw = Request { netfn: NetFn::App, lun: 0, cmd: 0x01, data: vec![] };
    assert!(bmc.send_raw(raw).await.unwrap().completion.is_ok());
    endpoint.shutdown().await;
}

#[tokio::test]
async fn sensors_equal_what_ipmitool_reads() {
    let Some(sim) = IpmiSim::start() else { return };
    let (endpoint, bmc) = client(&sim, sim.addr());
    let sensors = bmc.sensors(true).await.unwrap();
    assert_eq!(sensors.len(), sim.machine().sensors.len());
    let listed = ipmitool(&sim).run("-c sdr list");
    let listed = listed.expect_success();
    for (sensor, simulated) in sensors.iter().zip(&sim.machine().sensors) {
        assert_eq!(sensor.name(), simulated.name);
        let Reading::Analog { value: Some(value), .. } = sensor.reading else {
            panic!("{}: {:?}", sensor.name(), sensor.reading)
        };
        assert!((value - simulated.value()).abs() < 1e-9, "{}: {value}", sensor.name());
        let theirs = field(listed, sensor);
        // ipmitool prints two digits.
        let slack = 0.005 + value.abs() * 0.01;
        assert!((value - theirs).abs() <= slack, "{}: {value}, ipmitool {theirs}", sensor.name());
    }
    endpoint.shutdown().await;
}

/// The value that ipmitool's CSV has for a sensor.
fn field(csv: &str, sensor: &Sensor) -> f64 {
    let name = sensor.name();
    let row = csv.lines().find(|line| line.split(',').next() == Some(name));
    row.unwrap_or_else(|| panic!("no {name} in\n{csv}")).split(',').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn events_equal_what_ipmitool_lists() {
    let Some(sim) = IpmiSim::start() else { return };
    let (endpoint, bmc) = client(&sim, sim.addr());
    let events = bmc.sel_entries().await.unwrap();
    assert_eq!(events.len(), sim.machine().events.len());
    let listed = ipmitool(&sim).run("-c sel list");
    let listed = common::rows(listed.expect_success());
    assert_eq!(listed.len(), events.len());
    for (event, row) in events.iter().zip(listed) {
        let id = u16::from_str_radix(row.split(',').next().unwrap().trim(), 16).unwrap();
        assert_eq!(event.id(), id);
    }
    endpoint.shutdown().await;
}

#[tokio::test]
async fn refusals_name_their_cause() {
    let Some(sim) = IpmiSim::start() else { return };
    let endpoint = Endpoint::bind().unwrap();
    let (user, password) = credentials(&sim);
    let attempt = async |user: &str, password: &str| {
        let credentials = Credentials::new(user.as_bytes(), password.as_bytes()).unwrap();
        let error = Bmc::new(&endpoint, sim.addr(), credentials).connect().await.unwrap_err();
        let advice = error.advice();
        assert!(!advice.cause.is_empty() && !advice.next.is_empty());
        error.session_error().unwrap().clone()
    };
    assert_eq!(attempt(&user, "not this").await, SessionError::WrongPassword);
    let status = RmcpPlusStatus::UNAUTHORIZED_NAME;
    let refused = SessionError::Refused { stage: Stage::Rakp1, status };
    assert_eq!(attempt("nobody", &password).await, refused);
    let credentials = Credentials {
        suites: vec![CipherSuite::SUITE_17],
        ..Credentials::new(user.as_bytes(), password.as_bytes()).unwrap()
    };
    let error = Bmc::new(&endpoint, sim.addr(), credentials).connect().await.unwrap_err();
    assert!(matches!(error.session_error(), Some(SessionError::SuitesRefused(_))), "{error}");
    endpoint.shutdown().await;
}
