//! A UDP relay between a console and a BMC: it counts, records, and disturbs on request.
//!
//! The console is given [`Tap::addr`] instead of the BMC's address. Each console gets a socket of
//! its own towards the BMC, so that the BMC tells them apart as it would without the relay. What is
//! recorded is what each end *sent*, before the hook had its say: a capture judges the ends, not
//! the disturbance.
//!
//! Real sockets and real time, for tests with real programs; it does not pass on ICMP errors.

mod line;
mod pcap;
mod relay;

pub use line::Line;
pub use pcap::save;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use relay::Relay;

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a console to the BMC: requests.
    ToBmc,
    /// From the BMC to a console: responses.
    ToConsole,
}

/// What becomes of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrives.
    Pass,
    /// It is lost.
    Drop,
    /// It arrives later, and others may overtake it.
    Delay(Duration),
    /// It arrives twice.
    Duplicate,
    /// It arrives once after each of these.
    Copies(Vec<Duration>),
    /// Something else arrives instead.
    Replace(Vec<u8>),
}

/// A datagram as its sender sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When, since the tap was started.
    pub at: Duration,
    /// Which way.
    pub direction: Direction,
    /// The console at one end of it.
    pub console: SocketAddr,
    /// The datagram.
    pub bytes: Vec<u8>,
}

/// A running relay; it ends when dropped.
#[derive(Debug)]
pub struct Tap {
    addr: SocketAddr,
    relay: Arc<Relay>,
    threads: Vec<JoinHandle<()>>,
}

impl Tap {
    /// A relay to `bmc` that passes everything.
    ///
    /// # Panics
    /// If no loopback socket is to be had.
    #[must_use]
    pub fn start(bmc: SocketAddr) -> Self {
        Self::with_hook(bmc, |_, _| Verdict::Pass)
    }

    /// A relay to `bmc` that asks `hook` about every datagram, in the order in which they come.
    ///
    /// # Panics
    /// If no loopback socket is to be had.
    #[must_use]
    pub fn with_hook(
        bmc: SocketAddr,
        hook: impl FnMut(Direction, &[u8]) -> Verdict + Send + 'static,
    ) -> Self {
        Self::with_front(relay::loopback_like(bmc), bmc, hook)
    }

    /// A relay at `front` that passes everything: for who insists on the port that a BMC tells of.
    ///
    /// # Panics
    /// If it is not to be had.
    #[must_use]
    pub fn at(front: SocketAddr, bmc: SocketAddr) -> Self {
        Self::with_front(front, bmc, |_, _| Verdict::Pass)
    }

    fn with_front(
        front: SocketAddr,
        bmc: SocketAddr,
        hook: impl FnMut(Direction, &[u8]) -> Verdict + Send + 'static,
    ) -> Self {
        let front = UdpSocket::bind(front).expect("a loopback socket");
        let addr = front.local_addr().expect("a bound socket has an address");
        let (relay, threads) = relay::start(front, bmc, Box::new(hook));
        Self { addr, relay, threads }
    }

    /// A relay to `bmc` over a bad line, whose mischief the seed decides.
    ///
    /// # Panics
    /// If no loopback socket is to be had.
    #[must_use]
    pub fn over(bmc: SocketAddr, line: Line, seed: u64) -> Self {
        Self::with_hook(bmc, line.hook(seed))
    }

    /// As [`with_hook`](Self::with_hook), at `front`.
    ///
    /// # Panics
    /// If it is not to be had.
    #[must_use]
    pub fn with_hook_at(
        front: SocketAddr,
        bmc: SocketAddr,
        hook: impl FnMut(Direction, &[u8]) -> Verdict + Send + 'static,
    ) -> Self {
        Self::with_front(front, bmc, hook)
    }

    /// What to give to the console instead of the BMC's address: a free loopback port.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many datagrams were sent this way so far, lost ones included.
    #[must_use]
    pub fn count(&self, direction: Direction) -> usize {
        self.relay.packets().iter().filter(|packet| packet.direction == direction).count()
    }

    /// Every datagram sent so far, in order.
    #[must_use]
    pub fn packets(&self) -> Vec<Packet> {
        self.relay.packets().clone()
    }

    /// Forgets what was recorded so far.
    pub fn clear(&self) {
        self.relay.packets().clear();
    }

    /// Writes everything recorded so far to a capture file.
    ///
    /// # Errors
    /// Those of writing the file.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        save(path, self.relay.started_at(), &self.packets())
    }

    /// What Wireshark finds wrong with everything recorded so far: see
    /// [`malformed`](crate::tshark::malformed).
    ///
    /// # Panics
    /// As `malformed`, for example if nothing was recorded.
    #[must_use]
    pub fn malformed(&self) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("tap.pcap");
        self.save(&path).expect("a file in it");
        crate::tshark::malformed(&path)
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.relay.stop();
        let failed = self.threads.drain(..).map(JoinHandle::join).filter(Result::is_err).count();
        // A hook that panicked is a failed assertion of the test; say so unless it knows already.
        assert!(failed == 0 || std::thread::panicking(), "the tap's hook panicked");
    }
}

#[cfg(test)]
mod tests;
