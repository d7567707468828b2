//! One socket for many sessions.
//!
//! The mux is protocol without I/O: which datagram belongs to which session, and which session
//! wakes next. The driver is the task that owns the socket and the clock. A BMC costs neither a
//! socket nor a task.

mod driver;
mod mux;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ipmi_io::UdpSocket;
use ipmi_session::console::{Call, Config, Failure, SessionError};
use ipmi_wire::Response;
use ipmi_wire::session::{CipherSuite, RmcpPlusStatus};
use tokio::sync::{mpsc, oneshot};

use driver::{Command, Driver};

/// A UDP socket with the sessions on it. Clones share both; when the last is gone, the sessions
/// are closed.
#[derive(Clone, Debug)]
pub struct Endpoint {
    commands: mpsc::UnboundedSender<Command>,
    counters: Arc<Counters>,
    /// The suite that worked last, per BMC.
    suites: Arc<Mutex<HashMap<SocketAddr, CipherSuite>>>,
}

/// What went over the socket.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
}

/// A session that was opened.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// Its ID on this console.
    pub(crate) id: u32,
    pub(crate) suite: CipherSuite,
    /// Suites that the BMC refused before.
    pub(crate) refused: Vec<(CipherSuite, RmcpPlusStatus)>,
}

/// The endpoint's task is gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone;

impl Endpoint {
    /// A socket on any port, for IPv4 and IPv6 peers alike (two sockets underneath). Has to be
    /// called inside a tokio runtime.
    ///
    /// # Errors
    /// What the system says if it has no socket to give.
    pub fn bind() -> io::Result<Self> {
        let v4 = UdpSocket::bind(([0, 0, 0, 0], 0).into())?;
        // A host without IPv6 is no reason to fail.
        let v6 = UdpSocket::bind(([0u16; 8], 0).into()).ok();
        let (commands, receiver) = mpsc::unbounded_channel();
        let counters = Arc::new(Counters::default());
        tokio::spawn(Driver::new(v4, v6, receiver, Arc::clone(&counters)).run());
        Ok(Self { commands, counters, suites: Arc::default() })
    }

    /// Datagrams sent and received so far.
    #[must_use]
    pub fn datagrams(&self) -> (u64, u64) {
        let Counters { sent, received } = &*self.counters;
        (sent.load(Ordering::Relaxed), received.load(Ordering::Relaxed))
    }

    /// Remembers that `suite` works with the BMC at `address`, so that it is tried first.
    pub fn remember(&self, address: SocketAddr, suite: CipherSuite) {
        self.suites.lock().unwrap_or_else(PoisonError::into_inner).insert(address, suite);
    }

    /// The suite that worked last with the BMC at `address`.
    #[must_use]
    pub fn recall(&self, address: SocketAddr) -> Option<CipherSuite> {
        self.suites.lock().unwrap_or_else(PoisonError::into_inner).get(&address).copied()
    }

    /// `suites`, the one that worked last with this BMC first.
    pub(crate) fn order_suites(
        &self,
        address: SocketAddr,
        mut suites: Vec<CipherSuite>,
    ) -> Vec<CipherSuite> {
        let known = self.recall(address);
        suites.sort_by_key(|suite| Some(*suite) != known);
        suites
    }

    /// Closes every session and waits until that is on the wire.
    pub async fn shutdown(&self) {
        let (done, waiter) = oneshot::channel();
        if self.commands.send(Command::Shutdown { done }).is_ok() {
            // The task answers or is gone: both are the end.
            let _ = waiter.await;
        }
    }

    pub(crate) async fn open(
        &self,
        peer: SocketAddr,
        config: Config,
    ) -> Result<Result<Opened, SessionError>, Gone> {
        let (reply, waiter) = oneshot::channel();
        let config = Box::new(config);
        self.commands.send(Command::Open { peer, config, reply }).map_err(|_| Gone)?;
        waiter.await.map_err(|_| Gone)
    }

    pub(crate) async fn call(
        &self,
        session: u32,
        call: Call,
    ) -> Result<Result<Response, Failure>, Gone> {
        let (reply, waiter) = oneshot::channel();
        self.commands.send(Command::Call { session, call, reply }).map_err(|_| Gone)?;
        waiter.await.map_err(|_| Gone)
    }

    /// Sends Close Session and forgets the session.
    pub(crate) async fn close(&self, session: u32) {
        let (done, waiter) = oneshot::channel();
        if self.commands.send(Command::Close { session, done: Some(done) }).is_ok() {
            let _ = waiter.await;
        }
    }

    /// As [`close`](Self::close), without waiting.
    pub(crate) fn close_later(&self, session: u32) {
        let _ = self.commands.send(Command::Close { session, done: None });
    }
}
