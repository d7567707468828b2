//! A running BMC of ours, in this process, for peers to talk to.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of it")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use lantern_bmcd::{Config, Server};
use lantern_testkit::peers::{FreeIpmi, Ipmitool};

/// The example that users start with is the one that is tested.
const REFERENCE: &str = include_str!("../../../examples/bmc.toml");

/// A BMC on a free loopback port; stopped when dropped.
pub struct Bmc {
    /// The first address it answers on.
    pub addr: SocketAddr,
    /// All of them.
    pub addrs: Vec<SocketAddr>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bmc {
    /// The reference BMC of `examples/bmc.toml`.
    pub fn reference() -> Self {
        Self::with(|_| {})
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
        let mut config = Config::parse(REFERENCE, Path::new("examples/bmc.toml")).unwrap();
        config.listen = vec!["127.0.0.1:0".parse().unwrap()];
        change(&mut config);
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::start(&config, None).unwrap();
                tell.send(server.addresses().to_vec()).unwrap();
                let _ = stopped.await;
                server.stop().await;
            });
        });
        let addrs = told.recv().unwrap();
        Self { addr: addrs[0], addrs, stop: Some(stop), thread: Some(thread) }
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

/// ipmitool as the administrator of the reference BMC.
pub fn ipmitool_at(addr: SocketAddr, suite: u8) -> Option<Ipmitool> {
    Ipmitool::new(addr, "admin", "Complex_Pass").map(|tool| tool.suite(suite))
}

/// FreeIPMI as the administrator of the reference BMC; no workaround flag.
pub fn freeipmi_at(addr: SocketAddr, suite: u8) -> Option<FreeIpmi> {
    FreeIpmi::new(addr, "admin", "Complex_Pass").map(|tool| tool.suite(suite))
}

/// The lines of a table's rows that are not blank.
pub fn rows(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.trim().is_empty()).collect()
}
