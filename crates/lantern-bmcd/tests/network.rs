//! `[lan] apply`: the program that brings the network's settings to an interface.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use ipmi_client::{Bmc, Credentials, Endpoint};
use ipmi_wire::Channel;
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{
    AddressSource, GetLanConfigurationParameters, LanParameter, SetLanConfigurationParameters, Vlan,
};
use lantern_bmcd::{Config, Server};

const TEXT: &str = "[bmc]\nname = \"t\"\n[lan]\nlisten = [\"127.0.0.1:0\"]\n\
    [lan.network]\naddress = \"192.0.2.5\"\nnetmask = \"255.255.255.0\"\n\
    [[user]]\nid = 2\nname = \"admin\"\npassword = \"pw\"\nprivilege = \"administrator\"\n";

/// A BMC whose program is this script.
fn config(script: &str, directory: &Path) -> Config {
    let argv = ["/bin/sh", "-c", script, directory.to_str().unwrap()].map(str::to_owned);
    Config { apply: Some(argv.to_vec()), ..Config::parse(TEXT, Path::new("bmc.toml")).unwrap() }
}

fn console(endpoint: &Endpoint, server: &Server) -> Bmc {
    let mut credentials = Credentials::new(b"admin", b"pw").unwrap();
    // What hangs here hangs for a reason.
    credentials.timing.deadline = Duration::from_secs(60);
    Bmc::new(endpoint, server.addresses()[0], credentials)
}

async fn set(bmc: &Bmc, parameter: LanParameter) {
    let channel = Channel::new(1);
    bmc.send(&SetLanConfigurationParameters { channel, parameter }).await.unwrap();
}

/// What a run of the program left in `path`, once it has.
async fn left(path: &Path) -> BTreeMap<String, String> {
    for _ in 0..10_000 {
        if let Ok(text) = std::fs::read_to_string(path) {
            std::fs::remove_file(path).unwrap();
            let lines = text.lines().filter_map(|line| line.split_once('='));
            return lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("the program was not run");
}

/// Leaves its environment in the directory that it is called by.
const TELL: &str = "env | grep ^LANTERN_ > $0/part; mv $0/part $0/settings";

#[tokio::test]
async fn a_program_gets_what_was_committed_as_one() {
    let directory = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    let config = config(TELL, directory.path());
    let server = Server::start(&config, Some(state.path())).unwrap();
    let endpoint = Endpoint::bind().unwrap();
    let bmc = console(&endpoint, &server);
    let settings = directory.path().join("settings");
    // The interface may have nothing yet of what the configuration says.
    let told = left(&settings).await;
    assert_eq!((&*told["LANTERN_SOURCE"], &*told["LANTERN_IP"]), ("static", "192.0.2.5"));
    set(&bmc, LanParameter::SetInProgress(SetInProgress::InProgress)).await;
    set(&bmc, LanParameter::IpAddress([192, 0, 2, 9].into())).await;
    set(&bmc, LanParameter::SubnetMask([255, 255, 0, 0].into())).await;
    set(&bmc, LanParameter::Vlan(Vlan { id: 7, enabled: true })).await;
    // Of no interface.
    set(&bmc, LanParameter::CommunityString([7; 18])).await;
    set(&bmc, LanParameter::SetInProgress(SetInProgress::Complete)).await;
    let told = left(&settings).await;
    for (name, value) in [
        ("LANTERN_SOURCE", "static"),
        ("LANTERN_IP", "192.0.2.9"),
        ("LANTERN_NETMASK", "255.255.0.0"),
        ("LANTERN_PREFIX", "16"),
        ("LANTERN_GATEWAY", ""),
        ("LANTERN_VLAN", "7"),
        ("LANTERN_ADDRESSING", "ipv4"),
        ("LANTERN_IP6", ""),
    ] {
        assert_eq!(told.get(name).map(String::as_str), Some(value), "{name}: {told:?}");
    }
    assert!(told["LANTERN_MAC"].starts_with("02:"), "{told:?}");
    set(&bmc, LanParameter::AddressSource(AddressSource::DHCP)).await;
    let told = left(&settings).await;
    assert_eq!((&*told["LANTERN_SOURCE"], &*told["LANTERN_IP"]), ("dhcp", ""));
    // After a restart it is to be told again; the listener has not moved.
    endpoint.shutdown().await;
    server.stop().await;
    let server = Server::start(&config, Some(state.path())).unwrap();
    assert_eq!(left(&settings).await, told);
    server.stop().await;
}

#[tokio::test]
async fn a_lease_comes_and_goes_while_it_runs() {
    let server = Server::start(&Config::parse(TEXT, Path::new("bmc.toml")).unwrap(), None).unwrap();
    let endpoint = Endpoint::bind().unwrap();
    let bmc = console(&endpoint, &server);
    let address = async || {
        let ask = GetLanConfigurationParameters::of(Channel::new(1), 3);
        match bmc.send(&ask).await.unwrap().parameter {
            Some(LanParameter::IpAddress(address)) => address.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(address().await, "192.0.2.5");
    set(&bmc, LanParameter::AddressSource(AddressSource::DHCP)).await;
    assert_eq!(address().await, "0.0.0.0");
    let gateway = [192, 0, 2, 1].into();
    let (own, netmask) = ([192, 0, 2, 77].into(), [255, 255, 255, 0].into());
    server.set_lease(Some(ipmi_bmc::Lease { address: own, netmask, gateway }));
    assert_eq!(address().await, "192.0.2.77");
    server.set_lease(None);
    assert_eq!(address().await, "0.0.0.0");
    // It answers all the same: its listener does not move.
    set(&bmc, LanParameter::AddressSource(AddressSource::STATIC)).await;
    assert_eq!(address().await, "192.0.2.5");
    endpoint.shutdown().await;
    server.stop().await;
}

#[tokio::test]
async fn a_program_that_hangs_holds_up_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let config = config("touch $0/running; exec sleep 600", directory.path());
    let server = Server::start(&config, None).unwrap();
    let endpoint = Endpoint::bind().unwrap();
    let bmc = console(&endpoint, &server);
    set(&bmc, LanParameter::IpAddress([192, 0, 2, 9].into())).await;
    left(&directory.path().join("running")).await;
    bmc.send(&GetDeviceId).await.unwrap();
    set(&bmc, LanParameter::IpAddress([192, 0, 2, 10].into())).await;
    let ask = GetLanConfigurationParameters::of(Channel::new(1), 3);
    let told = bmc.send(&ask).await.unwrap().parameter;
    assert_eq!(told, Some(LanParameter::IpAddress([192, 0, 2, 10].into())));
    endpoint.shutdown().await;
    // It is killed, and not waited for.
    server.stop().await;
}
