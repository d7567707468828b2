//! Where a BMC is: somewhere on the network, or in the machine that this runs on.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// Where a BMC is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// At this address.
    Lan(SocketAddr),
    /// In this machine, behind this device node.
    Device(Arc<Path>),
}

impl Location {
    /// Its address, if it is on the network.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Lan(address) => Some(*address),
            Self::Device(_) => None,
        }
    }
}

impl From<SocketAddr> for Location {
    fn from(address: SocketAddr) -> Self {
        Self::Lan(address)
    }
}

impl<I: Into<IpAddr>> From<(I, u16)> for Location {
    fn from(address: (I, u16)) -> Self {
        Self::Lan(address.into())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lan(address) => address.fmt(f),
            Self::Device(node) => node.display().fmt(f),
        }
    }
}
