//! The control socket: what somebody does to a BMC who does not go through IPMI.
//!
//! One JSON object a line, one answer a line; `docs/control.md` has it all, with transcripts that a
//! test runs. Whoever may connect may do everything, so only the user that runs the BMC may: by the
//! socket's mode, and by what the system says of the other end. All that is done goes through the
//! same state as commands do, and is answered once it is on the disk.
//!
//! * `socket`: the file. `lines`, `connection`: what comes in, and in which bounds.
//! * [`protocol`], [`reply`]: what is said. `operations`: what is done.
//! * `router`: who it is done to. `follow`: what happens. [`client`]: the other end.

pub mod client;
mod connection;
mod follow;
mod lines;
mod operations;
pub mod protocol;
pub mod reply;
pub(crate) mod router;
mod socket;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use connection::{refuse, serve};
pub(crate) use follow::{Hub, Reporter};
use protocol::{Code, Refusal};
pub(crate) use router::{Managed, Router, Target};
pub(crate) use socket::{Bound, bind};
pub use socket::{ControlError, Why};

/// How much is put up with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Connections at the same time.
    connections: usize,
    /// How long somebody may take to read what is sent.
    patience: Duration,
    /// Who may connect.
    owner: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 16,
            patience: Duration::from_secs(5),
            owner: rustix::process::geteuid().as_raw(),
        }
    }
}

/// A socket at which nobody is answered yet.
#[derive(Debug)]
pub(crate) struct Control {
    listener: UnixListener,
    bound: Bound,
    path: PathBuf,
}

impl Control {
    /// Binds it. Has to be called inside a tokio runtime.
    pub(crate) fn bind(path: &Path) -> Result<Self, ControlError> {
        let (listener, bound) = socket::bind(path)?;
        let listener = UnixListener::from_std(listener)
            .map_err(|error| ControlError { path: path.to_owned(), why: error.into() })?;
        Ok(Self { listener, bound, path: path.to_owned() })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Answers whoever comes. The socket goes with this.
    pub(crate) async fn run(self, router: Arc<Router>, bounds: Bounds) -> &'static str {
        let Self { listener, bound: _bound, .. } = self;
        let places = Arc::new(Semaphore::new(bounds.connections));
        // They end with the listener.
        let mut connections = JoinSet::new();
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "nobody can connect to the control socket");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            while connections.try_join_next().is_some() {}
            let refusal =
                match (is_owner(&stream, bounds.owner), places.clone().try_acquire_owned()) {
                    (false, _) => Refusal::new(Code::Forbidden, "this is another user's BMC"),
                    (true, Err(_)) => Refusal::new(Code::Busy, "there are too many connections"),
                    (true, Ok(place)) => {
                        let router = Arc::clone(&router);
                        connections.spawn(async move {
                            serve(stream, &router, bounds.patience).await;
                            drop(place);
                        });
                        continue;
                    }
                };
            refuse(&stream, refusal);
        }
    }
}

/// The pause after an error that is not the connection's.
const PAUSE: Duration = Duration::from_millis(100);

fn is_owner(stream: &UnixStream, owner: u32) -> bool {
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == owner => true,
        Ok(peer) => {
            tracing::warn!(uid = peer.uid(), "another user is refused at the control socket");
            false
        }
        Err(error) => {
            tracing::warn!(%error, "somebody unknown is refused at the control socket");
            false
        }
    }
}
