//! `[system_interface]`: how software on the host reaches the BMC.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipmi_bmc::SystemInterfaceKind;
use serde::Deserialize;
use toml::Spanned;

use super::socket::{check_address, check_host_and_port, check_path, check_socket, one_of};
use super::{Fault, fault};

/// The system interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemInterfaceConfig {
    /// What is at its other end.
    pub source: SystemInterfaceSource,
    /// What it is made of, as far as the host sees.
    pub interface: SystemInterfaceKind,
}

impl SystemInterfaceConfig {
    /// With this at its other end, and made of KCS.
    #[must_use]
    pub const fn of(source: SystemInterfaceSource) -> Self {
        Self { source, interface: SystemInterfaceKind::Kcs }
    }

    /// Whether whoever is at the other end speaks QEMU's VM protocol.
    pub(super) const fn leads_to_vm(&self) -> bool {
        !matches!(self.source, SystemInterfaceSource::Device(_))
    }
}

/// What is at the other end of a system interface. Whoever is behind a socket speaks QEMU's VM
/// protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemInterfaceSource {
    /// Whoever listens at this address: `host:port`.
    Tcp(String),
    /// Whoever connects to this address.
    TcpListen(SocketAddr),
    /// Whoever listens at this path.
    Unix(PathBuf),
    /// Whoever connects to this path.
    UnixListen(PathBuf),
    /// The host behind this node of Linux's, on the board that we run on.
    Device(PathBuf),
}

impl fmt::Display for SystemInterfaceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp {address}"),
            Self::TcpListen(address) => write!(f, "tcp_listen {address}"),
            Self::Unix(path) => write!(f, "unix {}", path.display()),
            Self::UnixListen(path) => write!(f, "unix_listen {}", path.display()),
            Self::Device(path) => write!(f, "device {}", path.display()),
        }
    }
}

/// All that can be the source, as it is called in the file.
const KEYS: &str = "tcp, tcp_listen, unix, unix_listen and device";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SystemInterfaceSection {
    tcp: Option<Spanned<String>>,
    tcp_listen: Option<Spanned<String>>,
    unix: Option<Spanned<PathBuf>>,
    unix_listen: Option<Spanned<PathBuf>>,
    device: Option<Spanned<PathBuf>>,
    interface: Option<Spanned<Interface>>,
}

/// A kind of interface by its name in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Interface {
    Kcs,
    Bt,
    Ssif,
}

impl Interface {
    const fn kind(self) -> SystemInterfaceKind {
        match self {
            Self::Kcs => SystemInterfaceKind::Kcs,
            Self::Bt => SystemInterfaceKind::Bt,
            Self::Ssif => SystemInterfaceKind::Ssif,
        }
    }
}

/// Reads the section.
pub(super) fn check(
    section: Spanned<SystemInterfaceSection>,
) -> Result<SystemInterfaceConfig, Fault> {
    let span = section.span();
    let SystemInterfaceSection { tcp, tcp_listen, unix, unix_listen, device, interface } =
        section.into_inner();
    let spans = [
        tcp.as_ref().map(Spanned::span),
        tcp_listen.as_ref().map(Spanned::span),
        unix.as_ref().map(Spanned::span),
        unix_listen.as_ref().map(Spanned::span),
        device.as_ref().map(Spanned::span),
    ];
    one_of(spans, KEYS)?;
    let source = if let Some(address) = tcp {
        check_host_and_port(address).map(SystemInterfaceSource::Tcp)
    } else if let Some(address) = tcp_listen {
        check_address(&address).map(SystemInterfaceSource::TcpListen)
    } else if let Some(path) = unix {
        check_socket(path).map(SystemInterfaceSource::Unix)
    } else if let Some(path) = unix_listen {
        check_socket(path).map(SystemInterfaceSource::UnixListen)
    } else if let Some(path) = device {
        return check_device(path, interface);
    } else {
        let says = format!("a system interface leads to something: one of {KEYS}");
        return Err((Some(span), says));
    };
    let interface = interface.map_or(Interface::Kcs, Spanned::into_inner).kind();
    Ok(SystemInterfaceConfig { source: source?, interface })
}

/// A node, whose name says what it is where it is the kernel's.
fn check_device(
    path: Spanned<PathBuf>,
    interface: Option<Spanned<Interface>>,
) -> Result<SystemInterfaceConfig, Fault> {
    if let Some(interface) = interface.as_ref().filter(|i| *i.get_ref() == Interface::Ssif) {
        return fault(interface, "there is no node of an SSIF: this is KCS's or BT's");
    }
    let name = path.get_ref().file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let interface = match interface {
        Some(interface) => interface.into_inner(),
        None if name.starts_with("ipmi-kcs") => Interface::Kcs,
        None if name.starts_with("ipmi-bt") => Interface::Bt,
        None => {
            return fault(
                &path,
                "the name does not say whether this is KCS or BT: write interface = \"kcs\" or \"bt\" beside it",
            );
        }
    };
    let source = SystemInterfaceSource::Device(check_path(path)?);
    Ok(SystemInterfaceConfig { source, interface: interface.kind() })
}
