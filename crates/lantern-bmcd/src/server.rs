//! The process around a BMC: sockets and time.
//!
//! One task for each socket, one for the time, one for what is kept. None of them ends by itself,
//! and time waits for none of the others: neither traffic nor a slow disk keeps a power cycle from
//! its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use ipmi_bmc::{Bmc, LanPolicy, Settings};
use ipmi_io::{ReceiveBuffer, UdpSocket, fill_random};
use ipmi_session::managed::Limits;
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::Guid;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

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
    tasks: JoinSet<Infallible>,
}

struct Shared {
    bmc: Mutex<Bmc>,
    /// Locked before the BMC, never while it is locked.
    store: Mutex<Option<Store>>,
    /// Time may have to be looked at earlier than planned.
    changed: Notify,
    /// The power has changed by itself, and that is not kept yet.
    unsaved: Notify,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// How often what changes by itself (the on time) is kept.
const SAVE_INTERVAL: Duration = Duration::from_secs(60);
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
        Self::start_saving(config, state, SAVE_INTERVAL)
    }

    fn start_saving(
        config: &Config,
        state: Option<&Path>,
        every: Duration,
    ) -> Result<Self, StartError> {
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
        let shared = Arc::new(Shared {
            bmc: Mutex::new(build(config, kept)),
            store: Mutex::new(store),
            changed: Notify::new(),
            unsaved: Notify::new(),
        });
        shared.save();
        let addresses = sockets.iter().map(|(address, _)| *address).collect();
        let mut tasks = JoinSet::new();
        for (address, socket) in sockets {
            tasks.spawn(listen(Arc::clone(&shared), address, socket));
        }
        tasks.spawn(keep_time(Arc::clone(&shared)));
        tasks.spawn(keep_state(Arc::clone(&shared), every));
        Ok(Self { addresses, shared, tasks })
    }

    /// The addresses it answers on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Waits for a part of it to fail, which it should not: a BMC that lost a listener still looks
    /// alive. Waiting may be given up and taken up again.
    pub async fn failed(&mut self) -> Failed {
        let what = match self.tasks.join_next().await {
            Some(Err(error)) => error.to_string(),
            Some(Ok(never)) => match never {},
            None => "nothing of it runs any more".to_owned(),
        };
        tracing::error!(what, "a part of the BMC has failed");
        Failed { what }
    }

    /// Stops it, and keeps what is to be kept.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.shared.bmc().handle_timeout(Instant::now());
        Shared::save_off_thread(&self.shared).await;
    }
}

impl Drop for Server {
    /// The state directory is free from here on, although tasks and a save may be on their way out.
    fn drop(&mut self) {
        *self.shared.store() = None;
    }
}

impl Shared {
    fn bmc(&self) -> MutexGuard<'_, Bmc> {
        self.bmc.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> MutexGuard<'_, Option<Store>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the BMC's state, and waits for the disk. The state is taken when the store is ours, so
    /// that of two who save the later one never writes what is older.
    fn save(&self) {
        let mut store = self.store();
        let Some(store) = &mut *store else { return };
        let state = State::of(&self.bmc());
        if let Err(error) = store.save(&state) {
            tracing::error!(%error, "the BMC's state is not kept");
        }
    }

    /// [`save`](Self::save), where others do not have to wait for the disk, too.
    async fn save_off_thread(shared: &Arc<Self>) {
        let shared = Arc::clone(shared);
        if let Err(error) = tokio::task::spawn_blocking(move || shared.save()).await {
            tracing::error!(%error, "the BMC's state is not kept");
        }
    }

    /// Lets time pass for the BMC; when to look again.
    fn live(&self) -> Option<Instant> {
        let mut bmc = self.bmc();
        let before = bmc.is_on();
        bmc.handle_timeout(Instant::now());
        if before != bmc.is_on() {
            self.unsaved.notify_one();
        }
        bmc.poll_timeout()
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
    Bmc::new(now, personality, settings, platform)
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
async fn listen(shared: Arc<Shared>, address: SocketAddr, socket: UdpSocket) -> Infallible {
    let mut buffer = ReceiveBuffer::new();
    let mut errors = 0u32;
    loop {
        if let Err(error) = socket.receive(&mut buffer).await {
            errors = errors.saturating_add(1);
            back_off(address, errors, &error).await;
            continue;
        }
        errors = 0;
        let mut replies = Vec::new();
        let power_changed = {
            let mut bmc = shared.bmc();
            let before = bmc.is_on();
            let now = Instant::now();
            for datagram in buffer.iter() {
                let reply =
                    bmc.handle_datagram(now, datagram.peer, datagram.bytes, &mut fill_random);
                replies.extend(reply.map(|reply| (datagram.local_ip, datagram.peer, reply)));
            }
            before != bmc.is_on()
        };
        shared.changed.notify_one();
        if power_changed {
            // Kept before it is acknowledged.
            Shared::save_off_thread(&shared).await;
        }
        for (source, peer, reply) in replies {
            if let Err(error) = socket.send_from(source, peer, &reply).await {
                tracing::debug!(%peer, %error, "send");
            }
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
async fn keep_time(shared: Arc<Shared>) -> Infallible {
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

/// Keeps what changes by itself: the power at once, the rest `every` so often, however much else
/// happens.
async fn keep_state(shared: Arc<Shared>, every: Duration) -> Infallible {
    let mut due = tokio::time::interval(every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, and the state has just been kept.
    due.tick().await;
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = shared.unsaved.notified() => {}
        }
        Shared::save_off_thread(&shared).await;
    }
}

#[cfg(test)]
mod tests {
    use ipmi_bmc::Origin;
    use ipmi_wire::cmd::chassis::{ChassisControl, PowerAction};
    use ipmi_wire::cmd::storage::{GetSdrRepositoryInfo, GetSelInfo};
    use ipmi_wire::{Command, Reader, Request};

    use super::*;

    fn config() -> Config {
        let text = "[bmc]\nname = \"t\"\n[lan]\nlisten = [\"127.0.0.1:0\"]\n";
        Config::parse(text, Path::new("bmc.toml")).unwrap()
    }

    fn ask<C: Command>(bmc: &mut Bmc, command: &C) -> C::Response {
        let request = Request::of(command);
        let response = bmc.handle_request(Instant::now(), Origin::SystemInterface, &request);
        assert!(response.completion.is_ok(), "{:?}", response.completion);
        command.decode_response(&mut Reader::new(&response.data)).unwrap()
    }

    /// Sends junk to `server` until `done`, or for five seconds.
    async fn junk_until(server: &Server, mut done: impl FnMut() -> bool) -> bool {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..2500 {
            if done() {
                return true;
            }
            socket.send_to(b"junk", server.addresses()[0]).unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        false
    }

    #[tokio::test]
    async fn traffic_does_not_stop_the_saving() {
        let directory = tempfile::tempdir().unwrap();
        let every = Duration::from_millis(100);
        let server = Server::start_saving(&config(), Some(directory.path()), every).unwrap();
        let file = directory.path().join("bmc-state.toml");
        // Whoever takes the file away sees it come back at the next save.
        for _ in 0..2 {
            std::fs::remove_file(&file).unwrap();
            assert!(junk_until(&server, || file.exists()).await);
        }
        server.stop().await;
    }

    #[tokio::test]
    async fn traffic_does_not_hold_up_a_power_cycle() {
        let mut server = Server::start(&config(), None).unwrap();
        ask(&mut server.shared.bmc(), &ChassisControl { action: PowerAction::Cycle });
        server.shared.changed.notify_one();
        assert!(!server.shared.bmc().is_on());
        let shared = Arc::clone(&server.shared);
        assert!(junk_until(&server, || shared.bmc().is_on()).await);
        // Nothing of it has failed meanwhile.
        let failed = tokio::time::timeout(Duration::ZERO, server.failed()).await;
        assert!(failed.is_err(), "{failed:?}");
    }

    #[tokio::test]
    async fn a_part_that_fails_is_reported() {
        let mut server = Server::start(&config(), None).unwrap();
        server.tasks.spawn(async { panic!("part of the test") });
        assert!(server.failed().await.to_string().contains("panic"));
    }

    #[tokio::test]
    async fn the_state_directory_is_free_as_soon_as_the_server_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let start = || Server::start(&config(), Some(directory.path()));
        for _ in 0..20 {
            let server = start().unwrap();
            assert!(matches!(start(), Err(StartError::State(StateError::InUse { .. }))));
            drop(server);
            start().unwrap().stop().await;
        }
    }

    /// FreeIPMI and ipmitool keep copies of the repository, and go by this whether they are good.
    #[test]
    fn after_a_restart_sdrs_and_log_are_as_old_as_before() {
        let mut first = build(&config(), None);
        let state = State::of(&first);
        let mut second = build(&config(), Some(state.clone()));
        let sdrs = ask(&mut first, &GetSdrRepositoryInfo);
        assert_eq!(ask(&mut second, &GetSdrRepositoryInfo), sdrs);
        let log = ask(&mut first, &GetSelInfo);
        assert_eq!(ask(&mut second, &GetSelInfo), log);
        let newest = state.events.last().and_then(|event| event.timestamp()).unwrap();
        assert_eq!(log.last_addition, newest.raw());
        assert_eq!(State::of(&second).events, state.events);
        // Records that are old when the log begins, whatever the clock says.
        assert_eq!(reference(1).sdrs_built, sdrs.last_addition);
    }
}
