//! QEMU's VM protocol over a stream: we connect to the virtual machine, or it connects to us.
//!
//! **There is one host.** Who comes while it is there waits: two virtual machines that each connect
//! again after a second (`reconnect=1`) would take the interface from each other for ever, and both would
//! see a BMC that forgets what they asked. One waits connected and is told that the BMC is not ready; those
//! behind it wait in the system's queue, where QEMU's patience (four seconds a request) is what
//! answers them. None is sent away: QEMU 7.2 aborts, and its guest with it, if its first words find a
//! closed connection.
//!
//! What is left of a machine that is gone keeps nobody out: its end is noticed, by the system on this
//! machine and by probes over TCP. Who has connected and never said anything that makes sense gives way
//! to one that has.
//!
//! * `connection`: bytes. `talk`: what is said.

mod connection;
mod talk;

use std::net::SocketAddr;
use std::time::Duration;

use ipmi_bmc::Attention;

use super::{Desk, Presence, Seen, SystemInterfaceError};
use crate::config::SystemInterfaceConfig;
use crate::config::SystemInterfaceSource as Source;
use crate::control::Bound;
use crate::stream::{Listener, Place, Retry, Stream, connect};

use connection::Connection;
use talk::{Waited, hold, talk};

/// A way to a virtual machine.
#[derive(Debug)]
pub(crate) struct BackEnd {
    source: String,
    end: End,
}

#[derive(Debug)]
enum End {
    /// It comes to us. With a path, the socket goes with this.
    Listen(Listener, Option<Bound>),
    /// It listens.
    Connect(Place),
}

/// What is connected, for the log.
const WHAT: &str = "the host's system interface";
/// The first pause between attempts to connect, and the longest: a host that starts asks for its BMC for
/// a few seconds only.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

impl BackEnd {
    pub(super) fn open(config: &SystemInterfaceConfig) -> Result<Self, SystemInterfaceError> {
        let failed = |at, source| SystemInterfaceError::Listen { at, source };
        let end = match &config.source {
            Source::Tcp(address) => End::Connect(Place::Tcp(address.clone())),
            Source::Unix(path) => End::Connect(Place::Unix(path.clone())),
            Source::TcpListen(address) => Listener::tcp(*address)
                .map(|listener| End::Listen(listener, None))
                .map_err(|source| failed(address.to_string(), source))?,
            Source::UnixListen(path) => Listener::unix(path)
                .map(|(listener, bound)| End::Listen(listener, Some(bound)))
                .map_err(|source| failed(path.display().to_string(), source))?,
            // Behind a node there is no virtual machine.
            Source::Device(_) => return Err(SystemInterfaceError::None),
        };
        Ok(Self { source: config.source.to_string(), end })
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        match &self.end {
            End::Listen(listener, _) => listener.address(),
            End::Connect(_) => None,
        }
    }

    pub(super) async fn run(self, desk: Desk, presence: Presence) {
        match &self.end {
            End::Listen(listener, _bound) => serve(listener, &self.source, desk, presence).await,
            End::Connect(place) => visit(place, &self.source, desk, presence).await,
        }
    }
}

/// Goes to a machine that listens.
async fn visit(place: &Place, source: &str, mut desk: Desk, mut presence: Presence) {
    let mut retry = Retry::new(WHAT, PAUSES[0]).at_most(PAUSES[1]);
    loop {
        retry.begin();
        let why = match connect(place).await {
            Ok(stream) => {
                retry.found(source);
                let peer = place.to_string();
                let mut host = Connection::new(stream, peer, desk.attention());
                talk(&mut host, &mut desk, &mut presence).await.to_string()
            }
            Err(error) => error.to_string(),
        };
        retry.pause(source, why).await;
    }
}

/// Takes a machine that comes, and nobody else while it is there.
async fn serve(listener: &Listener, source: &str, mut desk: Desk, mut presence: Presence) {
    let mut next = None;
    loop {
        let mut host = match next.take() {
            Some(waiting) => waiting,
            None => {
                let (stream, peer) = accept(listener, source).await;
                Connection::new(stream, peer, desk.attention())
            }
        };
        tracing::info!(source, peer = host.peer, "{WHAT} is connected");
        let seen = presence.seen();
        let talk = talk(&mut host, &mut desk, &mut presence);
        tokio::pin!(talk);
        let end = loop {
            tokio::select! {
                // Who is gone does not keep its successor out.
                biased;
                end = &mut talk => break Some(end),
                is_host = wait(&mut next, listener, source, &seen) => if is_host {
                    break None;
                },
            }
        };
        match end {
            Some(end) => tracing::info!(source, "{WHAT} is not connected: {end}"),
            None => tracing::info!(
                source,
                "who was connected has said nothing that a host says, and gives way"
            ),
        }
    }
}

/// Whoever comes.
async fn accept(listener: &Listener, source: &str) -> (Box<dyn Stream>, String) {
    /// After an error that is not the connection's.
    const PAUSE: Duration = Duration::from_millis(100);
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(source, %error, "no host can connect to the system interface");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Takes somebody in who waits, or goes on with who does; whether they are to be the host now, for the one
/// there is has not shown to be one. It may be given up, and nothing is lost.
async fn wait(
    waiting: &mut Option<Connection>,
    listener: &Listener,
    source: &str,
    seen: &Seen,
) -> bool {
    let connection = match waiting {
        Some(connection) => connection,
        None => {
            let (stream, peer) = accept(listener, source).await;
            waiting.insert(Connection::new(stream, peer, Attention::default()))
        }
    };
    match hold(connection).await {
        Waited::Known => match seen.guest().filter(|guest| guest.is_known) {
            None => true,
            Some(host) => {
                tracing::warn!(
                    source,
                    host = host.peer,
                    other = connection.peer,
                    "another host wants the system interface, and has to wait: one BMC has one host. Give \
                     it a BMC and a port of its own, or stop the one that is connected"
                );
                false
            }
        },
        Waited::Gone(end) => {
            tracing::info!(source, other = connection.peer, "who waited is gone: {end}");
            *waiting = None;
            false
        }
    }
}
