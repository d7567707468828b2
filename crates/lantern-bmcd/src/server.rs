//! The process around a BMC: sockets and time.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use ipmi_bmc::{Bmc, LanPolicy, Settings};
use ipmi_io::{ReceiveBuffer, UdpSocket};
use ipmi_session::Entropy;
use ipmi_session::managed::Limits;
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::Guid;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::config::{Config, PersonalityName};
use crate::personality::reference::reference;
use crate::platform::sim::SimPlatform;
use crate::state::{State, StateError, Store};

/// Why a BMC does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// What the BMC keeps cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A running BMC. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    bmc: Mutex<Bmc>,
    store: Option<Store>,
    /// Time may have to be looked at earlier than planned.
    changed: Notify,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// The operating system's random source.
struct OsEntropy;

impl Entropy for OsEntropy {
    #[allow(clippy::expect_used, reason = "without randomness there is no safe way on")]
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system's random source works");
    }
}

/// How often what changes by itself (the on time) is kept.
const SAVE_INTERVAL: Duration = Duration::from_secs(60);

impl Server {
    /// Starts a BMC. What it keeps, it keeps in the directory `state`; without one, it forgets.
    /// Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing runs then.
    pub fn start(config: &Config, state: Option<&Path>) -> Result<Self, StartError> {
        let store = state.map(Store::open).transpose()?;
        let sockets = config
            .listen
            .iter()
            .map(|address| {
                UdpSocket::bind(*address)
                    .and_then(|socket| Ok((socket.local_addr()?, socket)))
                    .map_err(|source| StartError::Listen { address: *address, source })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let kept = store.as_ref().map(Store::load).transpose()?.flatten();
        let bmc = build(config, kept);
        let addresses = sockets.iter().map(|(address, _)| *address).collect();
        let shared = Arc::new(Shared { bmc: Mutex::new(bmc), store, changed: Notify::new() });
        shared.save();
        let mut tasks = JoinSet::new();
        for (_, socket) in sockets {
            tasks.spawn(listen(Arc::clone(&shared), socket));
        }
        tasks.spawn(keep_time(Arc::clone(&shared)));
        Ok(Self { addresses, shared, tasks })
    }

    /// The addresses it answers on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops it, and keeps what is to be kept.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.shared.bmc().handle_timeout(Instant::now());
        self.shared.save();
    }
}

impl Shared {
    fn bmc(&self) -> MutexGuard<'_, Bmc> {
        self.bmc.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self) {
        let Some(store) = &self.store else { return };
        let state = State::of(&self.bmc());
        if let Err(error) = store.save(&state) {
            tracing::error!(%error, "the BMC's state is not kept");
        }
    }
}

fn build(config: &Config, kept: Option<State>) -> Bmc {
    let now = Instant::now();
    let epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| u32::try_from(since.as_secs()).unwrap_or(u32::MAX));
    let mut personality = match config.personality {
        PersonalityName::Reference => reference(epoch),
    };
    let guid = config
        .guid
        .or_else(|| kept.as_ref().map(|kept| kept.guid))
        .unwrap_or_else(|| Guid(random_guid()));
    let power_on = kept.as_ref().map_or(config.power_on, |kept| kept.power_on);
    let on_time = kept.as_ref().map_or(Duration::ZERO, |kept| kept.on_time);
    if let Some(kept) = kept {
        personality.events = kept.events;
    }
    let settings = Settings {
        guid,
        users: config.users.clone(),
        lan: LanPolicy {
            limit: config.limit,
            suites: config.suites.iter().map(|suite| (*suite, Privilege::Administrator)).collect(),
            kg: config.kg.clone(),
        },
        limits: Limits { sessions: config.sessions, ..Limits::default() },
        on_time,
    };
    let platform = Box::new(SimPlatform::new(config.seed, now, power_on));
    Bmc::new(now, epoch, personality, settings, platform)
}

/// A random UUID (RFC 4122, version 4) in IPMI's wire order, which is the reverse of text order.
fn random_guid() -> [u8; 16] {
    let mut number = u128::from_le_bytes(OsEntropy.array());
    number = number & !(0xf << 76) | 0x4 << 76;
    number = number & !(0x3 << 62) | 0x2 << 62;
    number.to_le_bytes()
}

/// Answers what comes in on one socket.
async fn listen(shared: Arc<Shared>, socket: UdpSocket) {
    let mut buffer = ReceiveBuffer::new();
    loop {
        if let Err(error) = socket.receive(&mut buffer).await {
            // An earlier answer met a closed port; the socket lives on.
            tracing::debug!(%error, "receive");
            continue;
        }
        let mut replies = Vec::new();
        let power_changed = {
            let mut bmc = shared.bmc();
            let before = bmc.is_on();
            let now = Instant::now();
            for datagram in buffer.iter() {
                let reply = bmc.handle_datagram(now, datagram.peer, datagram.bytes, &mut OsEntropy);
                replies.extend(reply.map(|reply| (datagram.local_ip, datagram.peer, reply)));
            }
            before != bmc.is_on()
        };
        if power_changed {
            // Kept before it is acknowledged.
            shared.save();
        }
        for (source, peer, reply) in replies {
            if let Err(error) = socket.send_from(source, peer, &reply).await {
                tracing::debug!(%peer, %error, "send");
            }
        }
        shared.changed.notify_one();
    }
}

/// Lets time pass for the BMC, and keeps from time to time what changes by itself.
async fn keep_time(shared: Arc<Shared>) {
    let mut saved = Instant::now();
    loop {
        let due = shared.bmc().poll_timeout();
        let now = Instant::now();
        let pause = due.map_or(SAVE_INTERVAL, |due| due.saturating_duration_since(now));
        tokio::select! {
            () = tokio::time::sleep(pause.min(SAVE_INTERVAL)) => {}
            () = shared.changed.notified() => continue,
        }
        let power_changed = {
            let mut bmc = shared.bmc();
            let before = bmc.is_on();
            bmc.handle_timeout(Instant::now());
            before != bmc.is_on()
        };
        if power_changed || saved.elapsed() >= SAVE_INTERVAL {
            shared.save();
            saved = Instant::now();
        }
    }
}
