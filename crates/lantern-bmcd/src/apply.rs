//! `[lan] apply`: a program that brings the network's settings to a real interface.
//!
//! It is run without a shell, in a process group of its own, on a thread of its own: a program that
//! hangs holds up nothing but the next change, for half a minute. Of changes that come while it runs,
//! the last one counts. The BMC's listeners stay where they are; whoever moves the interface's
//! address has the BMC listen at a wildcard address.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use ipmi_bmc::NetworkSettings;
use ipmi_wire::cmd::transport::{AddressSource, AddressingEnables};

use crate::platform::sources::command::perform;

/// How long the program may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs the program for each change.
#[derive(Debug)]
pub(crate) struct Applier {
    changes: Option<Sender<NetworkSettings>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Applier {
    /// Starts the thread that runs `argv`.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn start(argv: Vec<String>) -> std::io::Result<Self> {
        let (changes, receiver) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("lan-apply".to_owned())
            .spawn(move || work(&argv, &receiver, &stopped))?;
        Ok(Self { changes: Some(changes), stop, thread: Some(thread) })
    }

    /// Has the settings applied, soon.
    pub(crate) fn apply(&self, settings: NetworkSettings) {
        if let Some(changes) = &self.changes {
            // A thread that has ended has told why.
            let _ = changes.send(settings);
        }
    }
}

impl Drop for Applier {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.changes = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(argv: &[String], changes: &Receiver<NetworkSettings>, stop: &AtomicBool) {
    while let Ok(mut settings) = changes.recv() {
        while let Ok(later) = changes.try_recv() {
            settings = later;
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
        match perform(argv, &environment(&settings), TIMEOUT, stop) {
            Ok(()) => tracing::info!("the network's settings are applied"),
            Err(error) => tracing::error!(error, "the network's settings are not applied"),
        }
    }
}

/// What the program finds in its environment. What there is not is empty.
fn environment(settings: &NetworkSettings) -> Vec<(&'static str, String)> {
    let NetworkSettings {
        source,
        address,
        netmask,
        gateway,
        gateway_mac,
        backup_gateway,
        backup_gateway_mac,
        mac,
        vlan,
        vlan_priority,
        addressing,
        addresses6,
        routers6,
    } = settings;
    let is_dhcp = *source == AddressSource::DHCP;
    let by_hand = |address: &std::net::Ipv4Addr| match is_dhcp {
        true => String::new(),
        false => some(address, address.is_unspecified()),
    };
    let source = match *source {
        AddressSource::STATIC => "static",
        AddressSource::DHCP => "dhcp",
        AddressSource::BIOS => "bios",
        AddressSource::OTHER => "other",
        _ => "unspecified",
    };
    let addressing = match *addressing {
        AddressingEnables::IPV6 => "ipv6",
        AddressingEnables::BOTH => "both",
        _ => "ipv4",
    };
    let prefix = match is_dhcp || address.is_unspecified() {
        true => String::new(),
        false => u32::from(*netmask).leading_ones().to_string(),
    };
    let addresses6 = addresses6.iter().map(|own| format!("{}/{}", own.address, own.prefix_length));
    let routers6 = routers6.iter().map(|router| router.address.to_string());
    vec![
        ("LANTERN_ADDRESSING", addressing.to_owned()),
        ("LANTERN_SOURCE", source.to_owned()),
        ("LANTERN_IP", by_hand(address)),
        ("LANTERN_NETMASK", by_hand(netmask)),
        ("LANTERN_PREFIX", prefix),
        ("LANTERN_GATEWAY", by_hand(gateway)),
        ("LANTERN_GATEWAY_MAC", some(gateway_mac, gateway_mac.0 == [0; 6])),
        ("LANTERN_BACKUP_GATEWAY", some(backup_gateway, backup_gateway.is_unspecified())),
        ("LANTERN_BACKUP_GATEWAY_MAC", some(backup_gateway_mac, backup_gateway_mac.0 == [0; 6])),
        ("LANTERN_MAC", mac.to_string()),
        ("LANTERN_VLAN", vlan.map(|id| id.to_string()).unwrap_or_default()),
        ("LANTERN_VLAN_PRIORITY", vlan_priority.to_string()),
        ("LANTERN_IP6", addresses6.collect::<Vec<_>>().join(" ")),
        ("LANTERN_GATEWAY6", routers6.collect::<Vec<_>>().join(" ")),
    ]
}

fn some(value: &impl ToString, is_none: bool) -> String {
    if is_none { String::new() } else { value.to_string() }
}
