//! QEMU's VM protocol over a stream: we connect to the virtual machine, or it connects to us.
//!
//! **There is one host.** Who comes while it is there is sent away: two virtual machines that each connect
//! again after a second (`reconnect=1`) would take the interface from each other for ever, and both would
//! see a BMC that forgets what they asked. What is left of a machine that is gone keeps nobody out:
//! its end is noticed, by the system on this machine and by probes over TCP, and who has
//! connected and never said anything that makes sense gives way to whoever comes next.
//!
//! * `talk`: the work on one connection.

mod talk;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{Desk, Presence, SystemInterfaceError};
use crate::config::SystemInterfaceConfig;
use crate::config::SystemInterfaceSource as Source;
use crate::control::Bound;
use crate::stream::{Listener, Place, Retry, connect};

use talk::talk;

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
                talk(stream, source, &mut desk, &mut presence).await.to_string()
            }
            Err(error) => error.to_string(),
        };
        retry.pause(source, why).await;
    }
}

/// Takes a machine that comes, and nobody else while it is there.
async fn serve(listener: &Listener, source: &str, mut desk: Desk, mut presence: Presence) {
    /// After an error that is not the connection's.
    const PAUSE: Duration = Duration::from_millis(100);
    let seen = presence.seen();
    let mut refusals = Refusals::default();
    let mut next = None;
    loop {
        let accepted = match next.take() {
            Some(accepted) => accepted,
            None => listener.accept().await,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(source, %error, "no host can connect to the system interface");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        tracing::info!(source, peer, "{WHAT} is connected");
        let talk = talk(stream, &peer, &mut desk, &mut presence);
        tokio::pin!(talk);
        loop {
            tokio::select! {
                // Who is gone does not keep its successor out.
                biased;
                end = &mut talk => {
                    tracing::info!(source, peer, "{WHAT} is not connected: {end}");
                    break;
                }
                accepted = listener.accept() => match accepted {
                    Ok((_, other)) if seen.guest().is_some_and(|guest| guest.is_known) => {
                        refusals.tell(source, &peer, &other);
                    }
                    Ok((stream, other)) => {
                        tracing::info!(
                            source, peer, by = other,
                            "who is connected has said nothing that a host says, and is replaced"
                        );
                        next = Some(Ok((stream, other)));
                        break;
                    }
                    // If it is the socket's fault, it is told when the connection is over.
                    Err(error) => {
                        tracing::debug!(source, %error, "accept");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        }
    }
}

/// Hosts that were sent away. They come again every second, and the log is told once a minute.
#[derive(Debug, Default)]
struct Refusals {
    told: Option<Instant>,
    since: u64,
}

impl Refusals {
    const INTERVAL: Duration = Duration::from_secs(60);

    fn tell(&mut self, source: &str, host: &str, other: &str) {
        self.since = self.since.saturating_add(1);
        if self.told.is_some_and(|told| told.elapsed() < Self::INTERVAL) {
            return;
        }
        tracing::warn!(
            source,
            host,
            other,
            times = self.since,
            "another host wants the system interface, and is sent away: one BMC has one host. Give it a BMC \
             and a port of its own, or stop the one that is connected"
        );
        (self.told, self.since) = (Some(Instant::now()), 0);
    }
}
