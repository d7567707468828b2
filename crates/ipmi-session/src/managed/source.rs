//! Who is counted as one where places are short.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// An IPv4 address, or an IPv6 /64, in which one machine can call itself what it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Source {
    V4(Ipv4Addr),
    V6(u64),
}

impl Source {
    pub(super) fn of(address: SocketAddr) -> Self {
        match address.ip().to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                let prefix = [a, b, c, d].into_iter();
                Self::V6(prefix.fold(0, |sum, part| sum << 16 | u64::from(part)))
            }
        }
    }
}
