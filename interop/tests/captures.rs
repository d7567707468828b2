//! Wireshark's dissector finds nothing malformed in any pairing of ends.
//!
//! With suites 17 and 3 it sees headers, trailers and the handshake; with suite 2, which signs but
//! does not encrypt, every message too. So each pairing talks both ways.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;

use common::wire::judged;
use common::{Bmc, freeipmi_at, ipmitool_at};
use ipmi_client::{Credentials, Endpoint};
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::session::CipherSuite;
use lantern_testkit::peers::IpmiSim;

fn our_client(addr: SocketAddr, user: &str, password: &str, suite: u8) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let endpoint = Endpoint::bind().unwrap();
        let credentials = Credentials {
            suites: vec![CipherSuite(suite)],
            ..Credentials::new(user.as_bytes(), password.as_bytes()).unwrap()
        };
        let bmc = ipmi_client::Bmc::new(&endpoint, addr, credentials);
        bmc.send(&GetDeviceId).await.unwrap();
        bmc.is_powered_on().await.unwrap();
        bmc.power(ipmi_wire::cmd::chassis::PowerAction::On).await.unwrap();
        bmc.sensors(true).await.unwrap();
        bmc.sel_entries().await.unwrap();
        endpoint.shutdown().await;
    });
}

#[test]
fn ipmitool_and_our_bmc() {
    let bmc = Bmc::with_suites(&[17, 3, 2]);
    for suite in [17, 3, 2] {
        judged(&format!("ipmitool {suite} ours"), bmc.addr, suite == 2, |addr| {
            let Some(tool) = ipmitool_at(addr, suite) else { return };
            tool.run("mc info").expect_success();
            tool.run("sdr list").expect_success();
            tool.run("sel list").expect_success();
            tool.run("chassis power reset").expect_success();
            // The error paths are packets too.
            tool.run("raw 0x06 0x7f").expect_failure();
            ipmitool_at(addr, 8).unwrap().run("mc info").expect_failure();
        });
    }
}

#[test]
fn freeipmi_and_our_bmc() {
    let bmc = Bmc::with_suites(&[17, 3, 2]);
    for suite in [17, 3, 2] {
        judged(&format!("freeipmi {suite} ours"), bmc.addr, suite == 2, |addr| {
            let Some(tool) = freeipmi_at(addr, suite) else { return };
            tool.run("bmc-info", "").expect_success();
            tool.run("ipmi-sensors", "").expect_success();
            tool.run("ipmi-sel", "").expect_success();
            tool.run("ipmipower", "--stat").expect_success();
        });
    }
}

#[test]
fn our_client_and_our_bmc() {
    let bmc = Bmc::with_suites(&[17, 3, 2]);
    for suite in [17, 3, 2] {
        judged(&format!("ours {suite} ours"), bmc.addr, suite == 2, |addr| {
            our_client(addr, "admin", "Complex_Pass", suite);
        });
    }
}

/// Records of all kinds, and every command that changes what the BMC keeps.
#[test]
fn everything_about_records_in_the_clear() {
    let suite = 2;
    let bmc = Bmc::with(|config| {
        config.personality = lantern_bmcd::PersonalityName::Specimens;
        config.suites = vec![CipherSuite(suite)];
    });
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).display().to_string();
    judged("ipmitool records", bmc.addr, true, |addr| {
        let Some(tool) = ipmitool_at(addr, suite) else { return };
        std::fs::write(file("events"), "0x04 0x01 0x01 0x01 0x57 0x57 0x50\n").unwrap();
        for command in [
            "sdr info".to_owned(),
            "sdr elist all -v".to_owned(),
            "sensor list".to_owned(),
            "sensor thresh Load upper 50 60 70".to_owned(),
            format!("sel add {}", file("events")),
            "sel info".to_owned(),
            "sel elist -v".to_owned(),
            "sel delete 1".to_owned(),
            "sel clear".to_owned(),
            "sel time set now".to_owned(),
            "sel time get".to_owned(),
            "fru print 0".to_owned(),
            format!("fru read 0 {}", file("fru")),
            format!("fru write 4 {}", file("fru")),
            format!("sdr dump {}", file("sdr")),
            format!("sdr fill file {}", file("sdr")),
        ] {
            tool.run(&command).expect_success();
        }
    });
    judged("freeipmi records", bmc.addr, true, |addr| {
        let Some(tool) = freeipmi_at(addr, suite) else { return };
        tool.run("ipmi-sensors", "-vv --output-sensor-thresholds").expect_success();
        tool.run("ipmi-sensors", "--sdr-info").expect_success();
        tool.run("ipmi-sel", "-v").expect_success();
        tool.run("ipmi-sel", "--info").expect_success();
        tool.run("ipmi-fru", "").expect_success();
        tool.run("ipmi-config", "--category=sensors --checkout --section=37_Load").expect_success();
    });
    judged("ours records", bmc.addr, true, |addr| {
        our_client(addr, "admin", "Complex_Pass", suite);
    });
}

#[test]
fn our_client_and_ipmi_sim() {
    let Some(sim) = IpmiSim::start() else { return };
    let admin = sim.machine().accounts.iter().find(|a| a.privilege == "admin").unwrap().clone();
    for suite in [3, 2] {
        judged(&format!("ours {suite} ipmi_sim"), sim.addr(), suite == 2, |addr| {
            our_client(addr, &admin.name, &admin.password, suite);
        });
    }
}
