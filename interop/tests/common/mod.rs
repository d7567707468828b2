//! A running BMC of ours, in this process, for peers to talk to.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of it")]

pub mod chassis_app_errors;
pub mod counted;
pub mod deviations;
pub mod events;
pub mod ipmitool_says;
pub mod pair;
pub mod truth;
pub mod wire;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

use ipmi_client::{Credentials, Endpoint};
use ipmi_wire::Privilege;
use lantern_bmcd::personality::sensors::{Kind, SENSORS};
use lantern_bmcd::{
    Config, PersonalityName, SensorConfig, Server, SourceConfig, SystemInterfaceConfig,
    SystemInterfaceSource,
};
use lantern_testkit::peers::{FreeIpmi, Ipmitool};
use tempfile::TempDir;

/// The example that users start with is the one that is tested.
const REFERENCE: &str = include_str!("../../../examples/bmc.toml");

/// A BMC on a free loopback port; stopped when dropped.
pub struct Bmc {
    /// The first address it answers on.
    pub addr: SocketAddr,
    /// All of them.
    pub addrs: Vec<SocketAddr>,
    /// Where a virtual machine finds it, if that is an address.
    pub host: Option<SocketAddr>,
    /// What its sensors read, if that is in files.
    files: Option<TempDir>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bmc {
    /// The reference BMC of `examples/bmc.toml`.
    pub fn reference() -> Self {
        Self::with(|_| {})
    }

    /// One of everything: `personality = "specimens"`.
    pub fn specimens() -> Self {
        Self::with(|config| config.personality = PersonalityName::Specimens)
    }

    /// The specimens in the device instead of a repository: `records = "device"`.
    pub fn device_records() -> Self {
        let text = REFERENCE.replace(
            "personality = \"reference\"",
            "personality = \"specimens\"\nrecords = \"device\"",
        );
        let device = Config::parse(&text, Path::new("examples/bmc.toml")).unwrap();
        Self::with(|config| {
            (config.personality, config.records_in) = (device.personality, device.records_in);
        })
    }

    /// The reference BMC, whose threshold sensors all say for good what is normal.
    pub fn frozen() -> Self {
        Self::frozen_with(|_| {})
    }

    /// That one, changed.
    pub fn frozen_with(change: impl FnOnce(&mut Config)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut sensors = Vec::new();
        for sensor in SENSORS {
            let Kind::Analog(analog) = sensor.kind else { continue };
            let path = directory.path().join(sensor.number.to_string());
            std::fs::write(&path, analog.nominal.to_string()).unwrap();
            sensors.push(measured_otherwise(sensor.name, SourceConfig::File(path)));
        }
        let mut bmc = Self::with(|config| {
            config.sensors.sensors = sensors;
            change(config);
        });
        bmc.files = Some(directory);
        bmc
    }

    /// The reference BMC with suites that only tests want.
    pub fn with_suites(suites: &[u8]) -> Self {
        let suites = suites.to_vec();
        Self::with(move |config| {
            config.suites = suites.into_iter().map(ipmi_wire::session::CipherSuite).collect();
        })
    }

    /// The reference BMC, changed.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start(None, change)
    }

    /// The reference BMC, changed, of a host that connects to `socket`.
    pub fn of_host(socket: &Path, change: impl FnOnce(&mut Config)) -> Self {
        Self::with(|config| {
            config.system_interface = Some(unix_host(socket));
            change(config);
        })
    }

    /// The reference BMC, changed, with what it keeps in `directory`.
    pub fn keeping(directory: &Path, change: impl FnOnce(&mut Config)) -> Self {
        Self::start(Some(directory.to_owned()), change)
    }

    fn start(state: Option<PathBuf>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::parse(REFERENCE, Path::new("examples/bmc.toml")).unwrap();
        config.listen = vec!["127.0.0.1:0".parse().unwrap()];
        change(&mut config);
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::start(&config, state.as_deref()).unwrap();
                tell.send((server.addresses().to_vec(), server.host_address())).unwrap();
                let _ = stopped.await;
                server.stop().await;
            });
        });
        let (addrs, host) = told.recv().unwrap();
        Self { addr: addrs[0], addrs, host, files: None, stop: Some(stop), thread: Some(thread) }
    }

    pub fn ipmitool(&self, suite: u8) -> Option<Ipmitool> {
        ipmitool_at(self.addr, suite)
    }

    pub fn freeipmi(&self, suite: u8) -> Option<FreeIpmi> {
        freeipmi_at(self.addr, suite)
    }
}

impl Drop for Bmc {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A host that connects to `socket`.
pub fn unix_host(socket: &Path) -> SystemInterfaceConfig {
    SystemInterfaceConfig::of(SystemInterfaceSource::UnixListen(socket.to_owned()))
}

/// A sensor of the personality with another source.
pub fn measured_otherwise(name: &str, source: SourceConfig) -> SensorConfig {
    SensorConfig {
        name: name.to_owned(),
        definition: None,
        bus: None,
        interval: None,
        scan_time: None,
        source: Some(source),
        scale: 1.0,
        offset: 0.0,
    }
}

/// ipmitool as the administrator of the reference BMC.
pub fn ipmitool_at(addr: SocketAddr, suite: u8) -> Option<Ipmitool> {
    Ipmitool::new(addr, "admin", "Complex_Pass").map(|tool| tool.suite(suite))
}

/// FreeIPMI as the administrator of the reference BMC; no workaround flag.
pub fn freeipmi_at(addr: SocketAddr, suite: u8) -> Option<FreeIpmi> {
    FreeIpmi::new(addr, "admin", "Complex_Pass").map(|tool| tool.suite(suite))
}

/// Our client as the administrator of the reference BMC.
pub fn client_at(addr: SocketAddr) -> (Endpoint, ipmi_client::Bmc) {
    let endpoint = Endpoint::bind().unwrap();
    let client = ipmi_client::Bmc::new(&endpoint, addr, credentials(Privilege::Administrator));
    (endpoint, client)
}

/// Those of the administrator of the reference BMC.
pub fn credentials(privilege: Privilege) -> Credentials {
    Credentials { privilege, ..Credentials::new(b"admin", b"Complex_Pass").unwrap() }
}

/// The lines of a table's rows that are not blank.
pub fn rows(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.trim().is_empty()).collect()
}
