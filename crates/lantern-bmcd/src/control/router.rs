//! The BMCs behind a socket, by name.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use ipmi_bmc::Bmc;
use ipmi_bmc::nvram::Unkept;
use serde_json::Value;
use tokio::sync::oneshot;

use super::follow::Hub;
use super::protocol::{Code, Refusal, meant};
use super::reply::QemuInfo;
use crate::system_interface::Guest;

/// What an operation brings.
pub(crate) type Outcome = Result<Value, Refusal>;

/// Hears when what was changed is on the disk; `None` if nothing has to be.
pub(crate) type Kept = Option<oneshot::Receiver<Result<(), Unkept>>>;

/// A running BMC, to whoever does something to it.
pub(crate) trait Managed: Send + Sync {
    /// Does this to it. What changes goes its way as that of a command does.
    fn act(&self, what: &mut dyn FnMut(Instant, &mut Bmc) -> Outcome) -> (Outcome, Kept);

    /// How many datagrams were dropped because of where they came from.
    fn refused(&self) -> u64;

    /// What its system interface leads to and the host that is there, if it has one.
    fn system_interface(&self) -> Option<(String, Option<Guest>)>;

    /// The QEMU that is its machine, if that is one.
    fn qemu(&self) -> Option<QemuInfo>;
}

/// A BMC behind a socket.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) started: Instant,
    pub(crate) managed: Arc<dyn Managed>,
}

/// The BMCs behind a socket.
pub(crate) struct Router {
    targets: BTreeMap<String, Target>,
    /// Where they tell what happens.
    pub(crate) hub: Arc<Hub>,
}

impl Router {
    /// These BMCs, each of which has a name of its own.
    pub(crate) fn new(targets: impl IntoIterator<Item = Target>, hub: Arc<Hub>) -> Self {
        let targets = targets.into_iter().map(|target| (target.name.clone(), target)).collect();
        Self { targets, hub }
    }

    /// All of them, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Target> {
        self.targets.values()
    }

    /// The BMC of this name, or the only one.
    pub(crate) fn find(&self, name: Option<&str>) -> Result<&Target, Refusal> {
        let names = || self.targets.keys().map(String::as_str);
        match name {
            Some(name) => self.targets.get(name).ok_or_else(|| {
                let says = format!("no BMC '{name}' is here{}", meant(name, names()));
                Refusal::new(Code::NoSuchBmc, says)
            }),
            None => {
                let mut targets = self.targets.values();
                match (targets.next(), targets.next()) {
                    (Some(only), None) => Ok(only),
                    _ => {
                        let says = format!("'bmc' has to say which of {}", self.targets.len());
                        Err(Refusal::new(Code::WhichBmc, says))
                    }
                }
            }
        }
    }
}
