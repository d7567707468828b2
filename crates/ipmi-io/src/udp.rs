//! UDP in batches, with the address that a datagram was sent to.
//!
//! One socket serves thousands of peers, so both directions move many datagrams a system call:
//! `recvmmsg` through quinn-udp, `sendmmsg` through rustix. A server bound to a wildcard address
//! answers from the address that was asked, which quinn-udp's `IP_PKTINFO` tells it.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use rustix::io::Errno;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny};
use tokio::io::Interest;

/// Room for one datagram, or for a run of one sender's that the kernel joined (GRO, which quinn-udp
/// turns on): a run is as long as a datagram can be, and what does not fit is lost without a word.
const SLOT: usize = 1 << 16;
/// Slots of a batch. Half a megabyte in all, of which only what datagrams fill is ever touched.
const SLOTS: usize = 8;
/// Kernel buffer asked for: ten thousand answers may come at once.
const KERNEL_BUFFER: usize = 4 << 20;

/// A UDP socket that sends and receives in batches.
#[derive(Debug)]
pub struct UdpSocket {
    io: tokio::net::UdpSocket,
    state: UdpSocketState,
}

/// Where a batch is received into. One is enough for a socket, reused for ever.
#[derive(Debug)]
pub struct ReceiveBuffer {
    bytes: Vec<u8>,
    metas: [RecvMeta; SLOTS],
    count: usize,
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
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, None)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        // Best effort: the system may allow less.
        let _ = socket.set_recv_buffer_size(KERNEL_BUFFER);
        let _ = socket.set_send_buffer_size(KERNEL_BUFFER);
        socket.bind(&address.into())?;
        let state = UdpSocketState::new((&socket).into())?;
        let io = tokio::net::UdpSocket::from_std(socket.into())?;
        Ok(Self { io, state })
    }

    /// The address the socket is bound to.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// Waits for datagrams and receives as many as there are and fit.
    ///
    /// # Errors
    /// What the system says. Errors that some earlier datagram caused (a port was unreachable)
    /// are reported here too, and do not end the socket's life.
    pub async fn receive(&self, buffer: &mut ReceiveBuffer) -> io::Result<()> {
        buffer.count = 0;
        let ReceiveBuffer { bytes, metas, count } = buffer;
        let mut slices: Vec<_> = bytes.chunks_mut(SLOT).map(IoSliceMut::new).collect();
        *count = self
            .io
            .async_io(Interest::READABLE, || self.state.recv((&self.io).into(), &mut slices, metas))
            .await?;
        Ok(())
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
        self.io
            .async_io(Interest::WRITABLE, || self.state.try_send((&self.io).into(), &transmit))
            .await
    }

    /// Sends a batch; what could not be sent to one peer does not keep the others from theirs.
    /// Returns the failures, each with its place in the batch.
    pub async fn send_batch(&self, batch: &[(SocketAddr, Vec<u8>)]) -> Vec<(usize, io::Error)> {
        let mut failures = Vec::new();
        let mut at = 0;
        while let Some(rest) = batch.get(at..).filter(|rest| !rest.is_empty()) {
            let sent = self.io.async_io(Interest::WRITABLE, || send_some(&self.io, rest)).await;
            let done = match sent {
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
}

/// Whether a failure to send says nothing of the peer, so that a repetition may well get through:
/// the system was short of memory.
#[must_use]
pub fn is_passing(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOBUFS | Errno::NOMEM | Errno::INTR))
}

/// One `sendmmsg`: how many of the batch went out. An error concerns the first.
fn send_some(socket: &tokio::net::UdpSocket, batch: &[(SocketAddr, Vec<u8>)]) -> io::Result<usize> {
    let batch = batch.get(..batch.len().min(BATCH_SIZE)).unwrap_or_default();
    let addresses: Vec<SocketAddrAny> = batch.iter().map(|(to, _)| (*to).into()).collect();
    let slices: Vec<[IoSlice<'_>; 1]> =
        batch.iter().map(|(_, bytes)| [IoSlice::new(bytes)]).collect();
    let mut controls: Vec<_> = batch.iter().map(|_| SendAncillaryBuffer::default()).collect();
    let mut messages: Vec<_> = addresses
        .iter()
        .zip(&slices)
        .zip(&mut controls)
        .map(|((to, bytes), control)| MMsgHdr::new_with_addr(to, bytes, control))
        .collect();
    Ok(rustix::net::sendmmsg(socket, &mut messages, SendFlags::empty())?)
}

impl ReceiveBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: vec![0; SLOT * SLOTS], metas: [RecvMeta::default(); SLOTS], count: 0 }
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
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_batch_reaches_all_its_peers_and_tells_where_it_was_sent() {
        let server = UdpSocket::bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let port = server.local_addr().unwrap().port();
        let client = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let batch: Vec<_> = (1..=80u8)
            .map(|n| (SocketAddr::from(([127, 0, 0, n], port)), vec![n; usize::from(n)]))
            .collect();
        assert!(client.send_batch(&batch).await.is_empty());

        let mut buffer = ReceiveBuffer::new();
        let mut seen = Vec::new();
        while seen.len() < 80 {
            server.receive(&mut buffer).await.unwrap();
            for datagram in buffer.iter() {
                assert_eq!(datagram.bytes.len(), usize::from(datagram.bytes[0]));
                assert_eq!(datagram.local_ip, Some([127, 0, 0, datagram.bytes[0]].into()));
                seen.push((datagram.peer, datagram.bytes[0]));
            }
        }
        // The answer comes from the address that was asked.
        let (peer, n) = seen[7];
        server.send_from(Some([127, 0, 0, n].into()), peer, b"pong").await.unwrap();
        client.receive(&mut buffer).await.unwrap();
        let answer = buffer.iter().next().unwrap();
        assert_eq!(answer.peer, SocketAddr::from(([127, 0, 0, n], port)));
        assert_eq!(answer.bytes, b"pong");
    }

    #[tokio::test]
    async fn a_run_that_the_kernel_joined_is_received_whole() {
        const COUNT: usize = 30;
        const LENGTH: usize = 100;
        let server = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        if client.state.max_gso_segments() < COUNT || server.state.gro_segments() < COUNT {
            return; // this kernel neither splits nor joins
        }
        let contents: Vec<u8> =
            (0..COUNT * LENGTH).map(|at| u8::try_from(at / LENGTH).unwrap()).collect();
        let transmit = Transmit {
            destination: server.local_addr().unwrap(),
            ecn: None,
            contents: &contents,
            segment_size: Some(LENGTH),
            src_ip: None,
        };
        let send = || client.state.try_send((&client.io).into(), &transmit);
        client.io.async_io(Interest::WRITABLE, send).await.unwrap();

        let mut buffer = ReceiveBuffer::new();
        let mut seen = Vec::new();
        while seen.len() < COUNT {
            let received = server.receive(&mut buffer);
            let Ok(received) = tokio::time::timeout(Duration::from_secs(1), received).await else {
                break;
            };
            received.unwrap();
            seen.extend(buffer.iter().map(|datagram| datagram.bytes.to_vec()));
        }
        let sent: Vec<_> = contents.chunks(LENGTH).map(<[u8]>::to_vec).collect();
        assert_eq!(seen, sent);
    }

    #[tokio::test]
    async fn what_cannot_be_sent_is_named_and_the_rest_goes_out() {
        let server = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = UdpSocket::bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let to = server.local_addr().unwrap();
        // Broadcast is not allowed, port 0 is none.
        let batch = [to, ([255; 4], 623).into(), to, ([127, 0, 0, 1], 0).into()]
            .map(|to| (to, b"ping".to_vec()));
        let failures = client.send_batch(&batch).await;
        assert_eq!(failures.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 3], "{failures:?}");

        let mut buffer = ReceiveBuffer::new();
        let mut received = 0;
        while received < 2 {
            server.receive(&mut buffer).await.unwrap();
            received += buffer.iter().count();
        }
    }
}
