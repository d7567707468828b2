//! Who may send anything at all: the source addresses that are let in.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};

use ipnet::IpNet;

/// The networks that datagrams are taken from. What comes from elsewhere is dropped before anybody
/// looks at it.
#[derive(Debug)]
pub(crate) struct Acl {
    /// `None` for all there are.
    allowed: Option<Vec<IpNet>>,
    refused: AtomicU64,
}

impl Acl {
    pub(crate) const fn new(allowed: Option<Vec<IpNet>>) -> Self {
        Self { allowed, refused: AtomicU64::new(0) }
    }

    /// Whether a datagram from there is looked at. One that is not is counted.
    pub(crate) fn admits(&self, from: SocketAddr) -> bool {
        // A socket for both versions sees IPv4 addresses as IPv6 ones.
        let ip: IpAddr = from.ip().to_canonical();
        let admitted =
            self.allowed.as_ref().is_none_or(|nets| nets.iter().any(|net| net.contains(&ip)));
        if !admitted {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }

    /// How many datagrams were dropped.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_dropped_and_counted() {
        let nets = ["10.1.0.0/16", "2001:db8::/32", "192.0.2.7/32"];
        let acl = Acl::new(Some(nets.map(|net| net.parse().unwrap()).to_vec()));
        let admits = |ip: &str| acl.admits(SocketAddr::new(ip.parse().unwrap(), 1000));
        for ip in ["10.1.255.1", "::ffff:10.1.0.1", "2001:db8:1::1", "192.0.2.7"] {
            assert!(admits(ip), "{ip}");
        }
        assert_eq!(acl.refused(), 0);
        for ip in ["10.2.0.1", "::ffff:10.2.0.1", "2001:db9::1", "192.0.2.8", "127.0.0.1", "::1"] {
            assert!(!admits(ip), "{ip}");
        }
        assert_eq!(acl.refused(), 6);
        assert!(Acl::new(None).admits(SocketAddr::from(([1, 2, 3, 4], 5))));
    }
}
