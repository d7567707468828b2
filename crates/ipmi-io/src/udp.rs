//! UDP in batches, with the address that a datagram was sent to.
//!
//! One socket serves thousands of peers, so both directions move many datagrams a system call:
//! `recvmmsg` through quinn-udp, `sendmmsg` through rustix. A server bound to a wildcard address
//! answers from the address that was asked, which quinn-udp's `IP_PKTINFO` tells it.
//!
//! A client also wants to hear what the network says of its datagrams. That has a price: from then on
//! the system reports what became of an earlier datagram at any later call, whichever peer that is
//! about. Such a call is made again, and the error queue tells whom the error is about.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use rustix::io::Errno;
use tokio::io::Interest;

use crate::undelivered::{self, ErrorQueue, Undelivered, may_be_earlier};

/// Room for one datagram, or for a run of one sender's that the kernel joined (GRO, which quinn-udp
/// turns on): a run is as long as a datagram can be, and what does not fit is lost without a word.
const SLOT: usize = 1 << 16;
/// Slots of a batch. Half a megabyte in all, of which only what datagrams fill is ever touched.
const SLOTS: usize = 8;
/// Kernel buffer asked for: ten thousand answers may come at once.
const KERNEL_BUFFER: usize = 4 << 20;
/// How often a call is made again whose error may be an earlier datagram's. The system reports each
/// once, so that so many in a row mean the call itself, or a flood.
const TRIES: usize = 8;
/// The pause while there is no room to send, where tokio cannot wait for room.
const ROOM_PAUSE: Duration = Duration::from_millis(1);

/// A UDP socket that sends and receives in batches.
#[derive(Debug)]
pub struct UdpSocket {
    io: tokio::net::UdpSocket,
    state: UdpSocketState,
    /// Whether the system reports what it did not deliver.
    reports: bool,
}

/// Where a batch is received into. One is enough for a socket, reused for ever.
#[derive(Debug)]
pub struct ReceiveBuffer {
    bytes: Vec<u8>,
    metas: [RecvMeta; SLOTS],
    count: usize,
    errors: ErrorQueue,
}

/// One datagram of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Who sent it.
    pub peer: SocketAddr,
    /// The local address it was sent to, where the system tells.
    pub local_ip: Option<IpAddr>,
    /// Its contents.
    pub bytes: &'a [u8],
}

impl UdpSocket {
    /// A socket bound to `address`. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// What the system says, for example that the address is in use.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Self::bind_as(address, false)
    }

    /// As [`bind`](Self::bind), and [`receive`](Self::receive) also reports what the network says
    /// of datagrams that it did not deliver; on Linux only, see [`Undelivered`].
    ///
    /// # Errors
    /// As `bind`.
    pub fn bind_reporting(address: SocketAddr) -> io::Result<Self> {
        Self::bind_as(address, undelivered::SUPPORTED)
    }

    fn bind_as(address: SocketAddr, reports: bool) -> io::Result<Self> {
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, None)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        // Best effort: the system may allow less.
        let _ = socket.set_recv_buffer_size(KERNEL_BUFFER);
        let _ = socket.set_send_buffer_size(KERNEL_BUFFER);
        if reports {
            undelivered::enable(&socket, address)?;
        }
        socket.bind(&address.into())?;
        let state = UdpSocketState::new((&socket).into())?;
        let io = tokio::net::UdpSocket::from_std(socket.into())?;
        Ok(Self { io, state, reports })
    }

    /// The address the socket is bound to.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// Waits for datagrams and receives as many as there are and fit. A socket that reports also
    /// returns when there is only something to report.
    ///
    /// # Errors
    /// What the system says. It does not end the socket's life.
    pub async fn receive(&self, buffer: &mut ReceiveBuffer) -> io::Result<()> {
        buffer.count = 0;
        buffer.errors.entries.clear();
        let ReceiveBuffer { bytes, metas, count, errors } = buffer;
        let mut slices: Vec<_> = bytes.chunks_mut(SLOT).map(IoSliceMut::new).collect();
        let mut receive = || self.state.recv((&self.io).into(), &mut slices, metas);
        *count = if self.reports {
            let interest = Interest::READABLE | Interest::ERROR;
            self.io.async_io(interest, || self.receive_either(errors, &mut receive)).await?
        } else {
            self.io.async_io(Interest::READABLE, receive).await?
        };
        Ok(())
    }

    /// Receives what there is, reports first: they take room in the kernel that datagrams need.
    fn receive_either(
        &self,
        errors: &mut ErrorQueue,
        receive: &mut impl FnMut() -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut tries = TRIES;
        loop {
            errors.read(&self.io);
            tries = tries.saturating_sub(1);
            match receive() {
                Err(error) if may_be_earlier(&error) && tries > 0 => {}
                // Should it be more than a report that came in between, it comes again.
                Err(_) if !errors.entries.is_empty() => return Ok(0),
                outcome => return outcome,
            }
        }
    }

    /// Sends one datagram, from `source` where it is given.
    ///
    /// # Errors
    /// What the system says.
    pub async fn send_from(
        &self,
        source: Option<IpAddr>,
        destination: SocketAddr,
        contents: &[u8],
    ) -> io::Result<()> {
        let transmit =
            Transmit { destination, ecn: None, contents, segment_size: None, src_ip: source };
        self.when_writable(|| self.state.try_send((&self.io).into(), &transmit)).await
    }

    /// Sends a batch; what could not be sent to one peer does not keep the others from theirs.
    /// Returns the failures, each with its place in the batch.
    pub async fn send_batch(&self, batch: &[(SocketAddr, Vec<u8>)]) -> Vec<(usize, io::Error)> {
        let mut failures = Vec::new();
        let mut at = 0;
        while let Some(rest) = batch.get(at..).filter(|rest| !rest.is_empty()) {
            let done = match self.when_writable(|| self.send_some(rest)).await {
                Ok(count) => count.max(1),
                Err(error) => {
                    failures.push((at, error));
                    1
                }
            };
            at = at.saturating_add(done);
        }
        failures
    }

    /// Sends, once there is room. The error it returns is this call's.
    async fn when_writable<T>(&self, mut send: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        let mut tries = TRIES;
        loop {
            let ready = self.io.ready(Interest::WRITABLE).await?;
            match self.io.try_io(Interest::WRITABLE, &mut send) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // mio takes the first error for the end of a pipe, so that tokio deems the
                    // socket writable for ever.
                    if ready.is_write_closed() {
                        tokio::time::sleep(ROOM_PAUSE).await;
                    }
                }
                Err(error) if self.reports && may_be_earlier(&error) && tries > 0 => {
                    tries = tries.saturating_sub(1);
                }
                outcome => return outcome,
            }
        }
    }

    /// One `sendmmsg`: how many of the batch went out. An error concerns the first, or an earlier
    /// datagram.
    #[cfg(target_os = "linux")]
    fn send_some(&self, batch: &[(SocketAddr, Vec<u8>)]) -> io::Result<usize> {
        use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny};

        let batch = batch.get(..batch.len().min(quinn_udp::BATCH_SIZE)).unwrap_or_default();
        let addresses: Vec<SocketAddrAny> = batch.iter().map(|(to, _)| (*to).into()).collect();
        let slices: Vec<[io::IoSlice<'_>; 1]> =
            batch.iter().map(|(_, bytes)| [io::IoSlice::new(bytes)]).collect();
        let mut controls: Vec<_> = batch.iter().map(|_| SendAncillaryBuffer::default()).collect();
        let mut messages: Vec<_> = addresses
            .iter()
            .zip(&slices)
            .zip(&mut controls)
            .map(|((to, bytes), control)| MMsgHdr::new_with_addr(to, bytes, control))
            .collect();
        Ok(rustix::net::sendmmsg(&self.io, &mut messages, SendFlags::empty())?)
    }

    /// Sends the first of the batch, where there is no call for more.
    #[cfg(not(target_os = "linux"))]
    fn send_some(&self, batch: &[(SocketAddr, Vec<u8>)]) -> io::Result<usize> {
        let Some((destination, contents)) = batch.first() else { return Ok(0) };
        let transmit = Transmit {
            destination: *destination,
            ecn: None,
            contents,
            segment_size: None,
            src_ip: None,
        };
        self.state.try_send((&self.io).into(), &transmit).map(|()| 1)
    }
}

/// Whether a failure to send says nothing of the peer, so that a repetition may well get through:
/// the system was short of memory, or reports of other datagrams that met closed ports came faster
/// than it could be tried again (no datagram is refused before it is sent).
#[must_use]
pub fn is_passing(error: &io::Error) -> bool {
    use Errno as E;
    matches!(E::from_io_error(error), Some(E::NOBUFS | E::NOMEM | E::INTR | E::CONNREFUSED))
}

impl ReceiveBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        let metas = [RecvMeta::default(); SLOTS];
        Self { bytes: vec![0; SLOT * SLOTS], metas, count: 0, errors: ErrorQueue::new() }
    }

    /// What the last batch reports as not delivered; without fail empty where the socket does not
    /// [report](UdpSocket::bind_reporting).
    #[must_use]
    pub fn undelivered(&self) -> &[Undelivered] {
        &self.errors.entries
    }

    /// The datagrams of the last batch. Where the kernel joined several of one sender (GRO), they
    /// are taken apart again.
    pub fn iter(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.bytes.chunks(SLOT).zip(&self.metas).take(self.count).flat_map(|(bytes, meta)| {
            let whole = bytes.get(..meta.len).unwrap_or_default();
            whole.chunks(meta.stride.max(1)).map(|bytes| Datagram {
                peer: meta.addr,
                local_ip: meta.dst_ip,
                bytes,
            })
        })
    }
}

impl Default for ReceiveBuffer {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
