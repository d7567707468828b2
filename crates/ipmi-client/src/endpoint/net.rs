//! What the driver speaks through: sockets, or channels that stand for them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ipmi_io::{Reason, ReceiveBuffer, UdpSocket, Undelivered};
use ipmi_session::console::Unreachable;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::same;
use super::wire::Incoming;

/// Either kind of network.
pub(super) enum Net {
    Sockets(Box<Sockets>),
    Wire(Channels),
}

/// One socket for each version of IP.
pub(super) struct Sockets {
    /// The errors are for whoever asks for such a peer.
    v4: io::Result<Socket>,
    v6: io::Result<Socket>,
}

struct Socket {
    io: UdpSocket,
    buffer: ReceiveBuffer,
    /// How often receiving has failed in a row.
    failures: u32,
    /// When to try again.
    not_before: Option<Instant>,
}

/// So many failures in a row may each have a cause of its own; after that, it is the socket.
const PATIENCE: u32 = 16;
/// How long a socket that cannot receive is left alone.
const PAUSE: Duration = Duration::from_millis(10);

/// The channels of a [`Wire`](super::Wire).
pub(super) struct Channels {
    pub(super) outgoing: mpsc::UnboundedSender<(SocketAddr, Vec<u8>)>,
    pub(super) incoming: mpsc::UnboundedReceiver<Incoming>,
}

/// Something has come; [`Net::visit`] shows it.
pub(super) enum Arrival {
    V4,
    V6,
    Wire(Incoming),
    Failed(io::Error),
}

/// One piece of what has come.
#[derive(Clone, Copy)]
pub(super) enum Piece<'a> {
    Datagram(SocketAddr, &'a [u8]),
    Unreachable(SocketAddr, Unreachable),
}

impl Net {
    pub(super) fn sockets(v4: io::Result<UdpSocket>, v6: io::Result<UdpSocket>) -> Self {
        let socket =
            |io| Socket { io, buffer: ReceiveBuffer::new(), failures: 0, not_before: None };
        Self::Sockets(Box::new(Sockets { v4: v4.map(socket), v6: v6.map(socket) }))
    }

    /// Waits until something comes. Nothing is lost when the future is dropped.
    pub(super) async fn receive(&mut self) -> Arrival {
        match self {
            Self::Sockets(sockets) => {
                let Sockets { v4, v6 } = &mut **sockets;
                // Chosen at random, so that a flood on one does not keep the other from its turn.
                let (arrival, received) = tokio::select! {
                    received = receive_if_any(v4.as_mut().ok()) => (Arrival::V4, received),
                    received = receive_if_any(v6.as_mut().ok()) => (Arrival::V6, received),
                };
                received.map_or_else(Arrival::Failed, |()| arrival)
            }
            Self::Wire(Channels { incoming, .. }) => match incoming.recv().await {
                Some(incoming) => Arrival::Wire(incoming),
                None => std::future::pending().await,
            },
        }
    }

    /// Shows what has come.
    pub(super) fn visit(&self, arrival: &Arrival, mut see: impl FnMut(Piece<'_>)) {
        match (self, arrival) {
            (Self::Sockets(sockets), Arrival::V4) => {
                if let Ok(v4) = &sockets.v4 {
                    v4.visit(see);
                }
            }
            (Self::Sockets(sockets), Arrival::V6) => {
                if let Ok(v6) = &sockets.v6 {
                    v6.visit(see);
                }
            }
            (_, Arrival::Wire(Incoming::Datagram(from, bytes))) => {
                see(Piece::Datagram(*from, bytes));
            }
            (_, Arrival::Wire(Incoming::Unreachable(peer, what))) => {
                see(Piece::Unreachable(*peer, *what));
            }
            (_, Arrival::Failed(error)) => tracing::debug!(%error, "receive"),
            (Self::Wire(_), Arrival::V4 | Arrival::V6) => {}
        }
    }

    /// Sends all of it. Returns what could not be sent, each by its place in `datagrams`, and why.
    pub(super) async fn send(
        &self,
        datagrams: Vec<(SocketAddr, Vec<u8>)>,
    ) -> Vec<(usize, io::Error)> {
        match self {
            Self::Sockets(sockets) => sockets.send(datagrams).await,
            Self::Wire(Channels { outgoing, .. }) => {
                for datagram in datagrams {
                    // With nobody at the other end it gets lost, as datagrams do.
                    let _ = outgoing.send(datagram);
                }
                Vec::new()
            }
        }
    }
}

impl Sockets {
    async fn send(&self, datagrams: Vec<(SocketAddr, Vec<u8>)>) -> Vec<(usize, io::Error)> {
        let (mut batch4, mut batch6) = (Batch::default(), Batch::default());
        for (place, datagram) in datagrams.into_iter().enumerate() {
            let batch = if datagram.0.is_ipv4() { &mut batch4 } else { &mut batch6 };
            batch.places.push(place);
            batch.datagrams.push(datagram);
        }
        let mut failures = batch4.send(self.v4.as_ref().map(|v4| &v4.io)).await;
        failures.extend(batch6.send(self.v6.as_ref().map(|v6| &v6.io)).await);
        failures
    }
}

impl Socket {
    async fn receive(&mut self) -> io::Result<()> {
        if let Some(at) = self.not_before {
            tokio::time::sleep_until(at).await;
        }
        let received = self.io.receive(&mut self.buffer).await;
        self.failures = if received.is_ok() { 0 } else { self.failures.saturating_add(1) };
        self.not_before = (self.failures > PATIENCE).then(|| Instant::now() + PAUSE);
        received
    }

    /// Datagrams come first: a genuine answer counts for more than a report that came with it.
    fn visit(&self, mut see: impl FnMut(Piece<'_>)) {
        for datagram in self.buffer.iter() {
            see(Piece::Datagram(datagram.peer, datagram.bytes));
        }
        for Undelivered { peer, reason } in self.buffer.undelivered() {
            tracing::debug!(%peer, ?reason, "not delivered");
            if let Some(what) = unreachable(*reason) {
                see(Piece::Unreachable(*peer, what));
            }
        }
    }
}

/// What this means for a session, if anything: a path that takes only shorter datagrams still takes
/// those, and what is not known decides nothing.
const fn unreachable(reason: Reason) -> Option<Unreachable> {
    match reason {
        Reason::Port => Some(Unreachable::Port),
        Reason::Host => Some(Unreachable::Host),
        Reason::Network => Some(Unreachable::Network),
        Reason::Prohibited => Some(Unreachable::Prohibited),
        Reason::TooLong | Reason::Other { .. } => None,
    }
}

async fn receive_if_any(socket: Option<&mut Socket>) -> io::Result<()> {
    match socket {
        Some(socket) => socket.receive().await,
        None => std::future::pending().await,
    }
}

/// What goes out of one socket in one go.
#[derive(Default)]
struct Batch {
    /// Where among all datagrams each was.
    places: Vec<usize>,
    datagrams: Vec<(SocketAddr, Vec<u8>)>,
}

impl Batch {
    async fn send(self, socket: Result<&UdpSocket, &io::Error>) -> Vec<(usize, io::Error)> {
        let socket = match socket {
            Ok(socket) => socket,
            Err(error) => return self.places.into_iter().map(|at| (at, same(error))).collect(),
        };
        let failures = socket.send_batch(&self.datagrams).await;
        let placed = |(at, error)| Some((*self.places.get(at)?, error));
        failures.into_iter().filter_map(placed).collect()
    }
}
