//! A node of Linux on real hardware, `/dev/ipmi-kcs*` or `/dev/ipmi-bt-host`: this program is the BMC of
//! the machine whose board it runs on.
//!
//! * `framing`: what is around a request there. `node`: what is done to a node. `serve`: the work.

mod framing;
mod node;
mod serve;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ipmi_bmc::SystemInterfaceKind;
use ipmi_io::{HostDevice, HostInterface};
use ipmi_wire::vm::Capabilities;

use super::{Desk, Guest, Presence};
use crate::config::SystemInterfaceConfig;
use crate::stream::Retry;

use serve::serve;

/// The way to a host behind a node.
#[derive(Debug)]
pub(crate) struct BackEnd {
    path: PathBuf,
    interface: HostInterface,
    source: String,
}

/// What is connected, for the log.
const WHAT: &str = "the host's system interface";
/// The first pause between attempts. (A driver may be loaded later than we start.)
const PAUSE: Duration = Duration::from_millis(500);

impl BackEnd {
    /// The host behind the node at `path`, which nobody looks for yet: it may come later than we do.
    pub(super) fn new(path: PathBuf, config: &SystemInterfaceConfig) -> Self {
        let interface = match config.interface {
            SystemInterfaceKind::Bt => HostInterface::Bt,
            // There is no node of an SSIF.
            SystemInterfaceKind::Kcs | SystemInterfaceKind::Ssif => HostInterface::Kcs,
        };
        Self { path, interface, source: config.source.to_string() }
    }

    pub(super) async fn run(self, mut desk: Desk, mut presence: Presence) {
        let mut retry = Retry::new(WHAT, PAUSE);
        loop {
            retry.begin();
            let why = match HostDevice::open(&self.path, self.interface) {
                Ok(device) => {
                    retry.found(&self.source);
                    presence.set(Some(self.guest()));
                    let why = serve(&device, self.interface, &self.source, &mut desk).await;
                    presence.set(None);
                    why.to_string()
                }
                Err(error) => explain(&error),
            };
            retry.pause(&self.source, why).await;
        }
    }

    /// Behind a node there is a host, and nothing that it could be made to do.
    fn guest(&self) -> Guest {
        let capabilities = Capabilities::default();
        Guest { peer: self.path.display().to_string(), is_known: true, capabilities }
    }
}

/// Why a node cannot be opened, and what can be done.
fn explain(error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => {
            "this is the BMC's end, which only a board's management controller has; its driver is \
             kcs_bmc_cdev_ipmi with one for the chip, or bt-bmc"
        }
        io::ErrorKind::ResourceBusy => {
            "another program answers the host already (OpenBMC's kcsbridged or btbridged?): stop it, or use \
             another channel's node"
        }
        io::ErrorKind::PermissionDenied => "it is root's, if no rule of udev says otherwise",
        _ => return error.to_string(),
    };
    format!("{error}: {hint}")
}
