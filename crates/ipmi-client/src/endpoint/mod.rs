//! One socket for many sessions.
//!
//! The mux is protocol without I/O: which datagram belongs to which session, and which session
//! wakes next. The driver is the task that owns the network, the clock and the randomness. A BMC
//! costs neither a socket nor a task.

mod driver;
pub(crate) mod line;
mod mux;
mod net;
mod suites;
mod wire;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ipmi_io::{UdpSocket, fill_random};
use ipmi_session::console::{Agreed, Call, Config, SessionError};
use ipmi_session::{Entropy, Lessons, Quirk, Quirks};
use ipmi_wire::Response;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::session::{CipherSuite, RmcpPlusStatus};
use tokio::sync::{mpsc, oneshot};

use crate::error::ErrorKind;
use driver::{Command, Driver};
use line::LineCommand;
use net::{Channels, Net};
use suites::Suites;
pub use wire::{Incoming, Wire};

/// A UDP socket with the sessions on it. Clones share both; when the last is gone, the sessions
/// are closed.
#[derive(Clone, Debug)]
pub struct Endpoint {
    commands: mpsc::UnboundedSender<Command>,
    counters: Arc<Counters>,
    suites: Arc<Mutex<Suites>>,
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
    /// Its ID on the BMC.
    pub(crate) managed_id: Option<u32>,
    /// What protects it; `None` where there is no session.
    pub(crate) agreed: Option<Agreed>,
    pub(crate) observed: Observed,
    /// Suites that the BMC refused before.
    pub(crate) refused: Vec<(CipherSuite, RmcpPlusStatus)>,
    /// The GUID that the BMC gave while logging in.
    pub(crate) guid: Option<Guid>,
}

/// What a session has shown of the BMC so far. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed(Arc<Mutex<Observations>>);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Observations {
    /// Departures from the specification that were dealt with.
    pub(crate) noticed: Quirks,
    pub(crate) lessons: Lessons,
}

impl Observed {
    pub(crate) fn get(&self) -> Observations {
        *self.inner()
    }

    fn notice(&self, quirk: Quirk) {
        self.inner().noticed.insert(quirk);
    }

    fn learn(&self, lessons: Lessons) {
        self.inner().lessons = lessons;
    }

    fn inner(&self) -> MutexGuard<'_, Observations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session on its way to its owner. Lost on the way, because whoever waited for it went away, it
/// is closed: nobody else would, and its keepalive would hold the BMC's slot for ever.
#[derive(Debug)]
pub(crate) struct Delivery {
    opened: Option<Opened>,
    /// Weak, because what is under way must not keep the endpoint alive; when that is gone, all
    /// sessions are closed anyway.
    commands: mpsc::WeakUnboundedSender<Command>,
}

/// Why no session was opened. Clonable, because all who waited are told.
#[derive(Clone, Debug)]
pub(crate) enum OpenError {
    /// With the BMC's ID of the session, if it went as far as to give one.
    Session(SessionError, Option<u32>),
    /// This machine cannot send to the BMC.
    Io(Arc<io::Error>),
    /// The endpoint's task is gone.
    Gone,
}

impl Endpoint {
    /// A socket on any port, for IPv4 and IPv6 peers alike (two sockets underneath). Has to be
    /// called inside a tokio runtime.
    ///
    /// # Errors
    /// What the system says if it has no socket to give.
    pub fn bind() -> io::Result<Self> {
        Self::bind_to(None, 0)
    }

    /// As [`bind`](Self::bind), from this address of the machine and from this port; 0 is any. With
    /// an address, peers of the other kind of address cannot be asked.
    ///
    /// # Errors
    /// What the system says: the machine does not have the address, or somebody else has the port.
    pub fn bind_to(address: Option<IpAddr>, port: u16) -> io::Result<Self> {
        let at = |ip: IpAddr| UdpSocket::bind_reporting((ip, port).into());
        let other = || io::Error::other("the source address is of the other kind: IPv4 or IPv6");
        let (v4, v6) = match address {
            Some(ip @ IpAddr::V4(_)) => (Ok(at(ip)?), Err(other())),
            Some(ip @ IpAddr::V6(_)) => (Err(other()), Ok(at(ip)?)),
            // A host without IPv6 is no reason to fail before an IPv6 peer is asked for.
            None => (Ok(at(Ipv4Addr::UNSPECIFIED.into())?), at(Ipv6Addr::UNSPECIFIED.into())),
        };
        Ok(Self::on(v4, v6))
    }

    /// An endpoint without sockets, for simulations. Has to be called inside a tokio runtime.
    #[must_use]
    pub fn over(wire: Wire) -> Self {
        let Wire { outgoing, incoming, entropy } = wire;
        Self::start(Net::Wire(Channels { outgoing, incoming }), entropy)
    }

    fn on(v4: io::Result<UdpSocket>, v6: io::Result<UdpSocket>) -> Self {
        Self::start(Net::sockets(v4, v6), Box::new(fill_random))
    }

    fn start(net: Net, entropy: Box<dyn Entropy + Send>) -> Self {
        let (commands, receiver) = mpsc::unbounded_channel();
        let counters = Arc::new(Counters::default());
        let driver = Driver::new(net, entropy, commands.downgrade(), Arc::clone(&counters));
        tokio::spawn(driver.run(receiver));
        Self { commands, counters, suites: Arc::default() }
    }

    /// Datagrams sent and received so far.
    #[must_use]
    pub fn datagrams(&self) -> (u64, u64) {
        let Counters { sent, received } = &*self.counters;
        (sent.load(Ordering::Relaxed), received.load(Ordering::Relaxed))
    }

    /// Remembers that `suite` works with the BMC at `address`, so that it is tried first for the
    /// next hour.
    pub fn remember(&self, address: SocketAddr, suite: CipherSuite) {
        self.suites().remember(now(), address, suite);
    }

    /// The suite that worked last with the BMC at `address`, in the last hour.
    #[must_use]
    pub fn recall(&self, address: SocketAddr) -> Option<CipherSuite> {
        self.suites().recall(now(), address)
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

    /// Closes every session and waits until that is on the wire. Whatever is asked of the endpoint
    /// afterwards ends in [`ErrorKind::EndpointGone`].
    pub async fn shutdown(&self) {
        let (done, waiter) = oneshot::channel();
        if self.commands.send(Command::Shutdown { done }).is_ok() {
            // The task answers or is gone: both are the end.
            let _ = waiter.await;
        }
    }

    /// Whether it was shut down.
    pub(crate) fn is_gone(&self) -> bool {
        self.commands.is_closed()
    }

    pub(crate) async fn open(
        &self,
        peer: SocketAddr,
        config: Config,
    ) -> Result<Delivery, OpenError> {
        let (reply, waiter) = oneshot::channel();
        let config = Box::new(config);
        let command = Command::Open { peer, config, reply };
        self.commands.send(command).map_err(|_| OpenError::Gone)?;
        waiter.await.map_err(|_| OpenError::Gone)?
    }

    /// Makes a call. When the future is dropped before the request is on the wire, it is never
    /// sent.
    pub(crate) async fn call(&self, session: u32, call: Call) -> Result<Response, ErrorKind> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Call { session, call, reply };
        self.commands.send(command).map_err(|_| ErrorKind::EndpointGone)?;
        let mut waiting = Waiting { endpoint: self, session, answer, answered: false };
        let outcome = (&mut waiting.answer).await;
        waiting.answered = true;
        outcome.map_err(|_| ErrorKind::EndpointGone)?
    }

    /// Something for the Serial over LAN of a session.
    pub(crate) fn line(&self, session: u32, command: LineCommand) -> Result<(), ErrorKind> {
        let command = Command::Line { session, command };
        self.commands.send(command).map_err(|_| ErrorKind::EndpointGone)
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

    /// Forgets the session and sends nothing.
    pub(crate) fn abandon(&self, session: u32) {
        let _ = self.commands.send(Command::Abandon { session });
    }

    fn suites(&self) -> MutexGuard<'_, Suites> {
        self.suites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for an answer.
struct Waiting<'a> {
    endpoint: &'a Endpoint,
    session: u32,
    answer: oneshot::Receiver<Result<Response, ErrorKind>>,
    answered: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.answered {
            // In this order: the task tells by the closed channel which call is meant.
            self.answer.close();
            let _ = self.endpoint.commands.send(Command::Withdraw { session: self.session });
        }
    }
}

impl Delivery {
    fn new(opened: Opened, commands: mpsc::WeakUnboundedSender<Command>) -> Self {
        Self { opened: Some(opened), commands }
    }

    /// The session; closing it is the caller's business now.
    pub(crate) fn accept(mut self) -> Option<Opened> {
        self.opened.take()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(Opened { id, .. }) = self.opened.take()
            && let Some(commands) = self.commands.upgrade()
        {
            let _ = commands.send(Command::Close { session: id, done: None });
        }
    }
}

impl From<OpenError> for ErrorKind {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Session(error, _) => Self::Session(error),
            OpenError::Io(error) => Self::Io(same(&error)),
            OpenError::Gone => Self::EndpointGone,
        }
    }
}

/// The time by tokio's clock, which tests may pause.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The same error once more, for one more to be told.
fn same(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests;
