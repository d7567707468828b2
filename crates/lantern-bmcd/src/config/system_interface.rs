//! `[system_interface]`: how software on the host reaches the BMC.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::Fault;
use super::socket::{check_address, check_host_and_port, check_socket, one_of};

/// The system interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemInterfaceConfig {
    /// What is at its other end.
    pub source: SystemInterfaceSource,
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
}

impl fmt::Display for SystemInterfaceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp {address}"),
            Self::TcpListen(address) => write!(f, "tcp_listen {address}"),
            Self::Unix(path) => write!(f, "unix {}", path.display()),
            Self::UnixListen(path) => write!(f, "unix_listen {}", path.display()),
        }
    }
}

/// All that can be the source, as it is called in the file.
const KEYS: &str = "tcp, tcp_listen, unix and unix_listen";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SystemInterfaceSection {
    tcp: Option<Spanned<String>>,
    tcp_listen: Option<Spanned<String>>,
    unix: Option<Spanned<PathBuf>>,
    unix_listen: Option<Spanned<PathBuf>>,
}

/// Reads the section.
pub(super) fn check(
    section: Spanned<SystemInterfaceSection>,
) -> Result<SystemInterfaceConfig, Fault> {
    let span = section.span();
    let SystemInterfaceSection { tcp, tcp_listen, unix, unix_listen } = section.into_inner();
    let spans = [
        tcp.as_ref().map(Spanned::span),
        tcp_listen.as_ref().map(Spanned::span),
        unix.as_ref().map(Spanned::span),
        unix_listen.as_ref().map(Spanned::span),
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
    } else {
        let says = format!("a system interface leads to something: one of {KEYS}");
        return Err((Some(span), says));
    };
    Ok(SystemInterfaceConfig { source: source? })
}
