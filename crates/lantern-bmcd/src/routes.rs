//! The way to consoles: what a system says on its serial port is sent unasked, and has to leave from
//! the socket and the address that the console has been talking to.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipmi_io::UdpSocket;

/// Where the consoles of BMCs are, each by the BMC's number and its own address.
#[derive(Debug, Default)]
pub(crate) struct Routes(Mutex<HashMap<(u32, SocketAddr), Route>>);

/// A packet for a console of the BMC of this number.
pub(crate) type Outgoing = (u32, SocketAddr, Vec<u8>);

#[derive(Clone, Debug)]
struct Route {
    socket: Arc<UdpSocket>,
    /// The address of ours that it knows.
    source: Option<IpAddr>,
}

/// Who has a session with a BMC that has consoles is remembered, but no more than so many.
const MOST: usize = 16 * 1024;

impl Routes {
    /// Remembers where these came in, of consoles that have sessions, if there is Serial over LAN
    /// at all.
    pub(crate) fn note<'a, I>(&self, has_consoles: bool, arrivals: impl FnOnce() -> I)
    where
        I: Iterator<Item = (u32, SocketAddr, &'a Arc<UdpSocket>, Option<IpAddr>)>,
    {
        if !has_consoles {
            return;
        }
        let mut routes = self.lock();
        if routes.len() >= MOST {
            // Those who are still there make themselves heard.
            routes.clear();
        }
        for (index, peer, socket, source) in arrivals() {
            routes.insert((index, peer), Route { socket: Arc::clone(socket), source });
        }
    }

    /// Sends packets to consoles. What has no way is lost, as anything may be that is sent.
    pub(crate) async fn send(&self, packets: Vec<Outgoing>) {
        for (index, peer, datagram) in packets {
            let Some(Route { socket, source }) = self.lock().get(&(index, peer)).cloned() else {
                continue;
            };
            if let Err(error) = socket.send_from(source, peer, &datagram).await {
                tracing::debug!(%peer, %error, "send");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(u32, SocketAddr), Route>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
