//! What several sections say alike: addresses, and paths of sockets.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;

use super::{Fault, fault};

/// The longest path of a socket, on any system that this runs on.
const LONGEST_PATH: usize = 103;

/// Refuses the second of several keys of which one is enough; `keys` are all there are.
pub(super) fn one_of(
    spans: impl IntoIterator<Item = Option<Range<usize>>>,
    keys: &str,
) -> Result<(), Fault> {
    let mut given: Vec<_> = spans.into_iter().flatten().collect();
    given.sort_by_key(|span| span.start);
    match given.into_iter().nth(1) {
        Some(second) => Err((Some(second), format!("one of {keys} is enough"))),
        None => Ok(()),
    }
}

/// Where somebody listens.
pub(super) fn check_host_and_port(address: Spanned<String>) -> Result<String, Fault> {
    match is_host_and_port(address.get_ref()) {
        true => Ok(address.into_inner()),
        false => fault(&address, "not a host and a port: write \"127.0.0.1:4555\""),
    }
}

/// Where we listen.
pub(super) fn check_address(address: &Spanned<String>) -> Result<SocketAddr, Fault> {
    match address.get_ref().parse() {
        Ok(address) => Ok(address),
        Err(_) => fault(address, "not an address and a port: write \"127.0.0.1:4555\""),
    }
}

/// The path of something.
pub(super) fn check_path(path: Spanned<PathBuf>) -> Result<PathBuf, Fault> {
    match path.get_ref().as_os_str().is_empty() {
        true => fault(&path, "a path is not empty"),
        false => Ok(path.into_inner()),
    }
}

/// The path of a Unix socket.
pub(super) fn check_socket(path: Spanned<PathBuf>) -> Result<PathBuf, Fault> {
    match path.get_ref().as_os_str().len() {
        length if length > LONGEST_PATH => fault(&path, "the path is too long for a socket"),
        _ => check_path(path),
    }
}

fn is_host_and_port(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    // An IPv6 address is in brackets.
    let is_host =
        !host.is_empty() && (!host.contains(':') || address.parse::<SocketAddr>().is_ok());
    is_host && port.parse::<u16>().is_ok_and(|port| port != 0)
}
