//! The system interface: how software on the host reaches the BMC.
//!
//! A back end is what is at the BMC's end of it: a stream to a virtual machine, or a device.
//! It brings requests to the [`Desk`] and answers back, one at a time, and follows the
//! [attention](Desk::attention) lines. The desk is all that it has of the BMC, so that no
//! back end holds up anybody else, however slow its host is.
//!
//! * `desk`: the BMC, as a back end has it. `presence`: the host, as the BMC has it.
//! * `vm`: QEMU's VM protocol. `device`: a node of Linux on real hardware.

mod desk;
mod device;
mod presence;
#[cfg(test)]
mod tests;
mod vm;

pub(crate) use desk::{Desk, Host};
pub(crate) use presence::{Guest, Presence, Seen, presence};

use crate::config::SystemInterfaceConfig;
use crate::config::SystemInterfaceSource as Source;

/// Why there is no system interface.
#[derive(Debug, thiserror::Error)]
pub enum SystemInterfaceError {
    /// An address or a path cannot be listened at.
    #[error("cannot listen at {at} for the host's system interface: {source}")]
    Listen {
        /// Which.
        at: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The machine is to be the one behind it, and it is not there.
    #[error("the machine is to be the one behind the system interface, and there is none")]
    None,
}

/// What is at the BMC's end.
#[derive(Debug)]
pub(crate) enum BackEnd {
    Vm(vm::BackEnd),
    Device(device::BackEnd),
}

impl BackEnd {
    /// What `config` describes, at which nobody is answered yet. Has to be called inside a tokio
    /// runtime.
    pub(crate) fn open(config: &SystemInterfaceConfig) -> Result<Self, SystemInterfaceError> {
        match &config.source {
            Source::Tcp(_) | Source::TcpListen(_) | Source::Unix(_) | Source::UnixListen(_) => {
                vm::BackEnd::open(config).map(Self::Vm)
            }
            Source::Device(path) => Ok(Self::Device(device::BackEnd::new(path.clone(), config))),
        }
    }

    /// Where it is reached, if that is an address of which the configuration left something open.
    pub(crate) fn address(&self) -> Option<std::net::SocketAddr> {
        match self {
            Self::Vm(back_end) => back_end.address(),
            Self::Device(_) => None,
        }
    }

    /// Answers the host, for ever.
    pub(crate) async fn run(self, desk: Desk, presence: Presence) -> &'static str {
        match self {
            Self::Vm(back_end) => back_end.run(desk, presence).await,
            Self::Device(back_end) => back_end.run(desk, presence).await,
        }
        "what answers the host has ended"
    }
}
