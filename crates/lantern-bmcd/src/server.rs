//! The process around a BMC: sockets and time.
//!
//! Two tasks for each socket (one answers, one sends the answers that had to wait for the disk), one
//! for the time, a thread for the disk. None of them ends by itself, and time waits for none of the
//! others: neither traffic nor a slow disk keeps a power cycle from its end.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use ipmi_bmc::nvram::{Memory, Unkept};
use ipmi_bmc::personality::Personality;
use ipmi_bmc::{Bmc, Held, LanPolicy, Reply, Settings};
use ipmi_io::{ReceiveBuffer, UdpSocket, fill_random};
use ipmi_session::managed::{Delayed, Limits};
use ipmi_session::{Quirk, Quirks};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::Guid;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use crate::config::{Config, PersonalityName};
use crate::personality::reference::reference;
use crate::personality::specimens::{Specimens, specimens};
use crate::platform::sim::SimPlatform;
use crate::platform::sources::{Wake, equip};
use crate::store::committer::{Committer, News, RETRY, Ticket};
use crate::store::{Store, StoreError};

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
    /// What the BMC keeps cannot be read, or written.
    #[error(transparent)]
    State(#[from] StoreError),
    /// The system has no thread left for what the BMC keeps.
    #[error("what the BMC keeps cannot be looked after: {0}")]
    Thread(#[source] std::io::Error),
}

/// A part of a running BMC has failed, which is a fault in this program. What is left of the BMC
/// should be stopped.
#[derive(Debug, thiserror::Error)]
#[error("a part of the BMC has failed: {what}")]
#[non_exhaustive]
pub struct Failed {
    /// What is known of it.
    pub what: String,
}

/// A running BMC. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
    /// Each tells which part of the BMC has ended.
    tasks: JoinSet<&'static str>,
    /// They end with the listeners, once all that waits is sent.
    acknowledgers: JoinSet<()>,
}

struct Shared {
    /// Whoever changes anything in it submits the changes before anybody else comes.
    bmc: Arc<Mutex<Bmc>>,
    /// Brings changes to the disk; `None` for a BMC that forgets.
    committer: Option<Committer>,
    /// Time may have to be looked at earlier than planned.
    changed: Arc<Notify>,
}

/// An answer and its way.
struct Parcel<T> {
    source: Option<IpAddr>,
    peer: SocketAddr,
    content: T,
}

/// Answers that waited, and what became of what they waited for.
struct Settled {
    outcome: Result<(), Unkept>,
    held: Vec<Parcel<Held>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// So many receive errors in a row may each be an earlier answer's; after that, it is the socket.
const PATIENCE: u32 = 16;
/// The pause after the first receive error beyond that. It doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Server {
    /// Starts a BMC. What it keeps, it keeps in the directory `state`; without one, it forgets.
    /// Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing runs then.
    pub fn start(config: &Config, state: Option<&Path>) -> Result<Self, StartError> {
        Self::start_with(config, state.map(Store::open).transpose()?, RETRY)
    }

    fn start_with(
        config: &Config,
        mut store: Option<Store>,
        retry: Duration,
    ) -> Result<Self, StartError> {
        let sockets = config
            .listen
            .iter()
            .map(|address| {
                UdpSocket::bind(*address)
                    .and_then(|socket| Ok((socket.local_addr()?, Arc::new(socket))))
                    .map_err(|source| StartError::Listen { address: *address, source })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let memory = store.as_ref().map(Store::memory).transpose()?;
        let changed = Arc::new(Notify::new());
        let wake: Wake = {
            let changed = Arc::clone(&changed);
            Arc::new(move || changed.notify_one())
        };
        let mut bmc = build(config, memory, &wake);
        if let Some(store) = &mut store {
            // Its GUID, at least, before anybody can ask for it.
            store.commit(&bmc.take_changes())?;
        }
        let bmc = Arc::new(Mutex::new(bmc));
        let broken = Arc::new(Notify::new());
        let committer = store.map(|store| {
            let (bmc, broken) = (Arc::clone(&bmc), Arc::clone(&broken));
            let listener = move |news| match news {
                News::Storage(trouble) => lock(&bmc).report_storage(trouble),
                News::Ended => broken.notify_one(),
            };
            Committer::start(store, retry, Box::new(listener)).map_err(StartError::Thread)
        });
        let committer = committer.transpose()?;
        let shared = Arc::new(Shared { bmc, committer, changed });
        if !config.quirks.is_empty() {
            tell(config.quirks);
        }
        let addresses = sockets.iter().map(|(address, _)| *address).collect();
        let (mut tasks, mut acknowledgers) = (JoinSet::new(), JoinSet::new());
        for (address, socket) in sockets {
            let (settled, receiver) = mpsc::unbounded_channel();
            let (socket, other) = (Arc::clone(&socket), socket);
            tasks.spawn(listen(Arc::clone(&shared), address, socket, settled));
            acknowledgers.spawn(acknowledge(Arc::clone(&shared), other, receiver));
        }
        tasks.spawn(keep_time(Arc::clone(&shared)));
        tasks.spawn(async move {
            broken.notified().await;
            "what keeps its changes has ended"
        });
        Ok(Self { addresses, shared, tasks, acknowledgers })
    }

    /// The addresses it answers on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Departs from the specification of sessions in these points and no others, from now on.
    pub fn set_quirks(&self, quirks: Quirks) {
        {
            let mut bmc = self.shared.bmc();
            bmc.set_quirks(quirks);
            self.shared.submit(&mut bmc, None);
        }
        tell(quirks);
    }

    /// Where it departs from the specification of sessions.
    #[must_use]
    pub fn quirks(&self) -> Quirks {
        self.shared.bmc().sessions().quirks()
    }

    /// Waits for a part of it to fail, which it should not: a BMC that lost a listener still looks
    /// alive. Waiting may be given up and taken up again.
    pub async fn failed(&mut self) -> Failed {
        let ended = tokio::select! {
            ended = self.tasks.join_next() => ended,
            Some(ended) = self.acknowledgers.join_next() => {
                Some(ended.map(|()| "what sends its late answers has ended"))
            }
        };
        let what = match ended {
            Some(Err(error)) => error.to_string(),
            Some(Ok(what)) => what.to_owned(),
            None => "nothing of it runs any more".to_owned(),
        };
        tracing::error!(what, "a part of the BMC has failed");
        Failed { what }
    }

    /// Stops it, once all that is to be kept is kept, and those who wait for that are told.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        {
            let mut bmc = self.shared.bmc();
            bmc.note_on_time(Instant::now());
            self.shared.submit(&mut bmc, None);
        }
        let shared = Arc::clone(&self.shared);
        if let Err(error) = tokio::task::spawn_blocking(move || shared.flush()).await {
            tracing::error!(%error, "the BMC's state is not kept");
        }
        while self.acknowledgers.join_next().await.is_some() {}
    }
}

impl Drop for Server {
    /// The state directory is free from here on, although tasks may be on their way out.
    fn drop(&mut self) {
        self.shared.flush();
    }
}

/// Tells the log where the BMC departs from the specification, and why its sessions may look odd.
fn tell(quirks: Quirks) {
    if quirks.is_empty() {
        tracing::info!("sessions are as the specification has them");
    } else {
        let names: Vec<_> = quirks.iter().map(Quirk::name).collect();
        tracing::warn!(quirks = names.join(", "), "sessions depart from the specification");
    }
}

fn lock(bmc: &Mutex<Bmc>) -> MutexGuard<'_, Bmc> {
    bmc.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn bmc(&self) -> MutexGuard<'_, Bmc> {
        lock(&self.bmc)
    }

    /// Sends the BMC's changes on their way, and those along who wait for them.
    fn submit(&self, bmc: &mut Bmc, waiting: Option<Waiting>) {
        let changes = bmc.take_changes();
        let Some(committer) = &self.committer else {
            waiting.into_iter().for_each(|waiting| waiting.settle(Ok(())));
            return;
        };
        if !changes.is_empty() || waiting.is_some() {
            let ticket = waiting
                .map(|waiting| -> Ticket { Box::new(move |outcome| waiting.settle(outcome)) });
            committer.submit(changes, ticket);
        }
    }

    /// Keeps all there is to keep, and nothing more from here on.
    fn flush(&self) {
        if let Some(committer) = &self.committer {
            committer.stop();
        }
    }

    /// Lets time pass for the BMC; when to look again.
    fn live(&self) -> Option<Instant> {
        let mut bmc = self.bmc();
        bmc.handle_timeout(Instant::now());
        self.submit(&mut bmc, None);
        bmc.poll_timeout()
    }
}

/// Answers that wait, and who sends them when they no longer have to.
struct Waiting {
    held: Vec<Parcel<Held>>,
    to: mpsc::UnboundedSender<Settled>,
}

impl Waiting {
    fn settle(self, outcome: Result<(), Unkept>) {
        // If the listener is gone, so is the way to those who wait.
        let _ = self.to.send(Settled { outcome, held: self.held });
    }
}

/// The BMC that `config` describes, with what it remembers if it is one that does.
fn build(config: &Config, memory: Option<Memory>, wake: &Wake) -> Bmc {
    let now = Instant::now();
    let epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| u32::try_from(since.as_secs()).unwrap_or(u32::MAX));
    let delivered = config.power_on;
    let power_on = memory.as_ref().map_or(delivered, |memory| memory.starts_on(delivered));
    let mut platform = SimPlatform::new(config.seed, now, power_on);
    platform.set_boot_devices(config.boot_devices.clone());
    if let Some(was_on) = memory.as_ref().and_then(|memory| memory.power_on) {
        platform.mains_are_back(was_on);
    }
    let mut personality = match config.personality {
        PersonalityName::Reference => {
            Personality { records_in: config.records_in, ..reference(epoch) }
        }
        PersonalityName::Specimens => {
            let Specimens { personality, readings } = specimens(config.records_in);
            for (number, says) in readings {
                platform.set_override(now, number, says);
            }
            personality
        }
    };
    let platform = equip(&config.sensors, &mut personality, Box::new(platform), wake);
    let nonvolatile = memory.is_some();
    let memory = memory.unwrap_or_default();
    let settings = Settings {
        guid: config.guid.or(memory.guid).unwrap_or_else(|| Guid(random_guid())),
        users: config.users.clone(),
        lan: LanPolicy {
            limit: config.limit,
            suites: config.suites.iter().map(|suite| (*suite, Privilege::Administrator)).collect(),
            kg: config.kg.clone(),
            ipmi15: config.ipmi15.clone(),
            ..LanPolicy::default()
        },
        limits: Limits {
            sessions: config.sessions,
            idle: config.idle_timeout,
            rate: config.rate,
            ..Limits::default()
        },
        quirks: config.quirks,
        epoch,
        log: config.log,
        nonvolatile,
    };
    let mut bmc = Bmc::new(now, personality, settings, platform, memory);
    bmc.set_cold_reset_time(config.cold_reset);
    bmc
}

/// A random UUID (RFC 4122, version 4) in IPMI's wire order, which is the reverse of text order.
fn random_guid() -> [u8; 16] {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    let mut number = u128::from_le_bytes(bytes);
    number = number & !(0xf << 76) | 0x4 << 76;
    number = number & !(0x3 << 62) | 0x2 << 62;
    number.to_le_bytes()
}

/// Answers what comes in on one socket.
async fn listen(
    shared: Arc<Shared>,
    address: SocketAddr,
    socket: Arc<UdpSocket>,
    settled: mpsc::UnboundedSender<Settled>,
) -> &'static str {
    let mut buffer = ReceiveBuffer::new();
    let mut errors = 0u32;
    // Answers that are late on purpose; they end with the listener.
    let mut late = JoinSet::new();
    loop {
        if let Err(error) = socket.receive(&mut buffer).await {
            errors = errors.saturating_add(1);
            back_off(address, errors, &error).await;
            continue;
        }
        errors = 0;
        let (mut replies, mut held) = (Vec::new(), Vec::new());
        {
            let mut bmc = shared.bmc();
            let now = Instant::now();
            for datagram in buffer.iter() {
                let (source, peer) = (datagram.local_ip, datagram.peer);
                match bmc.receive(now, peer, datagram.bytes, &mut fill_random) {
                    Some(Reply::Now(content)) => replies.push(Parcel { source, peer, content }),
                    Some(Reply::Held(content)) => held.push(Parcel { source, peer, content }),
                    None => {}
                }
                while let Some(Delayed { due, to, datagram: content }) = bmc.poll_delayed() {
                    let (socket, peer) = (Arc::clone(&socket), to);
                    late.spawn(async move {
                        tokio::time::sleep_until(due.into()).await;
                        send(&socket, vec![Parcel { source, peer, content }]).await;
                    });
                }
            }
            let waiting = (!held.is_empty()).then(|| Waiting { held, to: settled.clone() });
            shared.submit(&mut bmc, waiting);
        }
        shared.changed.notify_one();
        send(&socket, replies).await;
        while late.try_join_next().is_some() {}
    }
}

/// Sends the answers that had to wait for the disk.
async fn acknowledge(
    shared: Arc<Shared>,
    socket: Arc<UdpSocket>,
    mut settled: mpsc::UnboundedReceiver<Settled>,
) {
    while let Some(Settled { outcome, held }) = settled.recv().await {
        let mut replies = Vec::new();
        {
            let mut bmc = shared.bmc();
            for Parcel { source, peer, content } in held {
                let content = bmc.release(content, outcome, &mut fill_random);
                replies.extend(content.map(|content| Parcel { source, peer, content }));
            }
            shared.submit(&mut bmc, None);
        }
        shared.changed.notify_one();
        send(&socket, replies).await;
    }
}

async fn send(socket: &UdpSocket, replies: Vec<Parcel<Vec<u8>>>) {
    for Parcel { source, peer, content } in replies {
        if let Err(error) = socket.send_from(source, peer, &content).await {
            tracing::debug!(%peer, %error, "send");
        }
    }
}

/// After the `errors`th receive error in a row.
async fn back_off(address: SocketAddr, errors: u32, error: &std::io::Error) {
    let Some(beyond) = errors.checked_sub(PATIENCE) else {
        // An earlier answer met a closed port; the socket lives on.
        tracing::debug!(%address, %error, "receive");
        return;
    };
    let pause = FIRST_PAUSE.saturating_mul(1u32.checked_shl(beyond).unwrap_or(u32::MAX));
    if beyond == 0 {
        tracing::error!(%address, %error, "nothing can be received; trying on");
    }
    tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
}

/// Lets time pass for the BMC, whenever it is due and whenever something has happened.
async fn keep_time(shared: Arc<Shared>) -> &'static str {
    loop {
        let changed = shared.changed.notified();
        match shared.live() {
            None => changed.await,
            // Whichever comes first.
            Some(due) => {
                let _ = tokio::time::timeout_at(due.into(), changed).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
