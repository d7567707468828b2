//! What the network says of datagrams that it did not deliver.
//!
//! Linux keeps it in the socket's error queue (ip(7), `IP_RECVERR`), each entry with the address that
//! the datagram was for, so one socket can tell for each of its thousands of peers. quinn-udp reads
//! the queue too, but returns who complained instead, who may be a router, and no port.
//!
//! Elsewhere a socket that is not connected hears nothing, and one connected socket for each peer
//! would be too many: there nothing is ever reported, and a closed port looks like a dead host until
//! the caller's deadline.
//!
//! A queue entry proves little. The kernel only passes on what quotes a datagram from this socket's
//! address and port, so a forger who does not see the traffic has to guess the port; one who sees it
//! guesses nothing. What follows from an entry has to be bearable when it is a lie.

use std::io;
use std::net::SocketAddr;

/// A datagram that did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// Whom it was for.
    pub peer: SocketAddr,
    /// Why it did not arrive.
    pub reason: Reason,
}

/// What kept a datagram from its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody listens at the port.
    Port,
    /// There is no such machine, or it does not answer the last router.
    Host,
    /// There is no way to its network, or that way goes round in circles.
    Network,
    /// A firewall or a router does not let it through.
    Prohibited,
    /// It is too long for some link on the way.
    TooLong,
    /// Something else.
    Other {
        /// ICMP's type.
        kind: u8,
        /// ICMP's code.
        code: u8,
    },
}

impl Reason {
    /// By the type and code of an ICMP message.
    ///
    /// Source: RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1.
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code))]
    const fn of_icmp4(kind: u8, code: u8) -> Self {
        match (kind, code) {
            // Code 2 is the protocol: a machine without UDP.
            (3, 2 | 3) => Self::Port,
            (3, 1 | 7 | 12) => Self::Host,
            // Type 11 is time exceeded.
            (3, 0 | 5 | 6 | 8 | 11) | (11, _) => Self::Network,
            (3, 9 | 10 | 13 | 14 | 15) => Self::Prohibited,
            (3, 4) => Self::TooLong,
            _ => Self::Other { kind, code },
        }
    }

    /// By the type and code of an ICMPv6 message.
    ///
    /// Source: RFC 4443 §3.
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code))]
    const fn of_icmp6(kind: u8, code: u8) -> Self {
        match (kind, code) {
            (1, 4) => Self::Port,
            (1, 3) => Self::Host,
            (1, 0 | 2) | (3, _) => Self::Network,
            (1, 1 | 5 | 6) => Self::Prohibited,
            (2, _) => Self::TooLong,
            _ => Self::Other { kind, code },
        }
    }
}

/// Whether the system may report this error of an earlier datagram at a call that has nothing to do
/// with it. What it turns ICMP into, by `icmp_err_convert` and `icmpv6_err_convert` of Linux.
pub(crate) fn may_be_earlier(error: &io::Error) -> bool {
    use rustix::io::Errno as E;
    matches!(
        E::from_io_error(error),
        Some(
            E::CONNREFUSED
                | E::HOSTUNREACH
                | E::NETUNREACH
                | E::NOPROTOOPT
                | E::OPNOTSUPP
                | E::HOSTDOWN
                | E::ACCESS
                | E::PROTO
                | E::MSGSIZE
        )
    ) || is_nonet(error)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_nonet(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::NONET)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_nonet(_error: &io::Error) -> bool {
    false
}

/// Where the error queue of a socket is read into.
#[derive(Debug)]
pub(crate) struct ErrorQueue {
    /// Room for control messages.
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code))]
    control: Vec<u8>,
    pub(crate) entries: Vec<Undelivered>,
}

impl ErrorQueue {
    pub(crate) fn new() -> Self {
        // The error is 64 bytes with its header, and what else quinn-udp asks for comes along.
        Self { control: vec![0; 512], entries: Vec::new() }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::io::{self, IoSliceMut};
    use std::net::SocketAddr;
    use std::os::fd::{AsFd, AsRawFd};

    use nix::errno::Errno;
    use nix::libc::{SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6};
    use nix::sys::socket::{
        ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
    };

    use super::{ErrorQueue, Reason, Undelivered};

    /// Entries read in one go.
    const MOST: usize = 64;

    pub(crate) const SUPPORTED: bool = true;

    pub(crate) fn enable(socket: &impl AsFd, local: SocketAddr) -> io::Result<()> {
        let enabled = match local {
            SocketAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvErr, &true),
            SocketAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvErr, &true),
        };
        Ok(enabled?)
    }

    impl ErrorQueue {
        /// Takes over what is in the queue, up to a limit.
        pub(crate) fn read(&mut self, socket: &impl AsRawFd) {
            for _ in 0..MOST {
                match read(socket, &mut self.control) {
                    Ok(entry) => self.entries.extend(entry),
                    Err(_) => break,
                }
            }
        }
    }

    /// Takes one entry out of the queue; `None` if it says nothing of the network. An error means
    /// that there is no entry.
    fn read(socket: &impl AsRawFd, control: &mut [u8]) -> Result<Option<Undelivered>, Errno> {
        // What the datagram was comes along, and nobody wants it.
        let mut contents = [0; 1];
        let mut slices = [IoSliceMut::new(&mut contents)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let message =
            recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, Some(control), flags)?;
        let Some(peer) = message.address.as_ref().and_then(address) else { return Ok(None) };
        let Ok(mut controls) = message.cmsgs() else { return Ok(None) };
        // What this machine itself objects to (`SO_EE_ORIGIN_LOCAL`) the call that sent it was told.
        let reason = controls.find_map(|control| match control {
            ControlMessageOwned::Ipv4RecvErr(error, _) if error.ee_origin == SO_EE_ORIGIN_ICMP => {
                Some(Reason::of_icmp4(error.ee_type, error.ee_code))
            }
            ControlMessageOwned::Ipv6RecvErr(error, _) if error.ee_origin == SO_EE_ORIGIN_ICMP6 => {
                Some(Reason::of_icmp6(error.ee_type, error.ee_code))
            }
            _ => None,
        });
        Ok(reason.map(|reason| Undelivered { peer, reason }))
    }

    fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
        let v4 = storage.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
        v4.or_else(|| storage.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into())))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use std::io;
    use std::net::SocketAddr;

    use super::ErrorQueue;

    pub(crate) const SUPPORTED: bool = false;

    pub(crate) fn enable<S>(_socket: &S, _local: SocketAddr) -> io::Result<()> {
        Ok(())
    }

    impl ErrorQueue {
        pub(crate) fn read<S>(&mut self, _socket: &S) {}
    }
}

pub(crate) use system::{SUPPORTED, enable};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_icmp_code_means_what_the_rfcs_say() {
        let icmp4 =
            |codes: &[u8]| codes.iter().map(|c| Reason::of_icmp4(3, *c)).collect::<Vec<_>>();
        assert_eq!(icmp4(&[2, 3]), [Reason::Port; 2]);
        assert_eq!(icmp4(&[1, 7, 12]), [Reason::Host; 3]);
        assert_eq!(icmp4(&[0, 5, 6, 8, 11]), [Reason::Network; 5]);
        assert_eq!(icmp4(&[9, 10, 13, 14, 15]), [Reason::Prohibited; 5]);
        assert_eq!(icmp4(&[4, 16]), [Reason::TooLong, Reason::Other { kind: 3, code: 16 }]);
        assert_eq!(Reason::of_icmp4(11, 0), Reason::Network);
        // Parameter problem: this machine's packet was at fault.
        assert_eq!(Reason::of_icmp4(12, 0), Reason::Other { kind: 12, code: 0 });

        let icmp6 =
            |codes: &[u8]| codes.iter().map(|c| Reason::of_icmp6(1, *c)).collect::<Vec<_>>();
        assert_eq!(icmp6(&[4, 3]), [Reason::Port, Reason::Host]);
        assert_eq!(icmp6(&[0, 2]), [Reason::Network; 2]);
        assert_eq!(icmp6(&[1, 5, 6]), [Reason::Prohibited; 3]);
        assert_eq!(Reason::of_icmp6(2, 0), Reason::TooLong);
        assert_eq!(Reason::of_icmp6(3, 0), Reason::Network);
        assert_eq!(Reason::of_icmp6(4, 1), Reason::Other { kind: 4, code: 1 });
    }
}
