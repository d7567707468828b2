//! The process around a BMC: sockets and time. What it is made of is in `build`, what its tasks do in `tasks`.
//!
//! Two tasks for each socket (one answers, one sends the answers that had to wait for the disk), one
//! for the time, a thread for the disk. None of them ends by itself, and time waits for none of the
//! others: neither traffic nor a slow disk keeps a power cycle from its end.

mod build;
mod host;
mod tasks;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipmi_bmc::faults::Fault;
use ipmi_bmc::nvram::{Change, Unkept};
use ipmi_bmc::{Attention, Bmc, Held, Lease};
use ipmi_io::{UdpSocket, fill_random};
use ipmi_session::{Quirk, Quirks};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;

pub(crate) use build::{Machine, build, clock, version_4};

use build::keep;
pub(crate) use tasks::{LATE, back_off};
use tasks::{acknowledge, keep_time, listen};

use crate::acl::Acl;
use crate::apply::Applier;
use crate::config::{
    Config, MachineKind, SerialConfig, SerialSource, SystemInterfaceConfig, SystemInterfaceSource,
};
use crate::control::reply::QemuInfo;
use crate::control::router::{Kept, Outcome};
use crate::control::{Bounds, Control, ControlError, Hub, Managed, Reporter, Router, Target};
use crate::platform::qemu::{Handle, Qemu, QemuError, Starter};
use crate::platform::sources::Wake;
use crate::routes::{Outgoing, Routes};
use crate::serial::{self, Keeper, SerialError};
use crate::store::committer::{Committer, News, RETRY, Ticket};
use crate::store::{Store, StoreError};
use crate::system_interface::{BackEnd, Desk, Guest, Host, Seen, SystemInterfaceError, presence};

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
    /// There is no control socket.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The serial port has no source.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// There is no place for the machine's QEMU.
    #[error(transparent)]
    Qemu(#[from] QemuError),
    /// There is no system interface.
    #[error(transparent)]
    SystemInterface(#[from] SystemInterfaceError),
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
    control: Option<PathBuf>,
    /// Where a virtual machine finds its system interface, if it does so at an address.
    host: Option<SocketAddr>,
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
    /// Brings the network's settings to an interface, if there is one.
    applier: Option<Applier>,
    /// Time may have to be looked at earlier than planned.
    changed: Arc<Notify>,
    /// Whose datagrams are looked at.
    acl: Acl,
    /// Tells those at the control socket what happens.
    reporter: Option<Reporter>,
    /// The way to those who have a console.
    routes: Routes,
    /// Keeps what the system says, if that is to be kept.
    keeper: Option<Keeper>,
    /// What the host's system interface is to show.
    attention: watch::Sender<Attention>,
    /// The system interface and who is at its other end, if there is one.
    interface: Option<(SystemInterfaceConfig, Seen)>,
    /// The machine, if it is a process.
    qemu: Option<Handle>,
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

impl Server {
    /// Starts a BMC. What it keeps, it keeps in the directory `state`; without one, it forgets.
    /// Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing runs then.
    pub fn start(config: &Config, state: Option<&Path>) -> Result<Self, StartError> {
        let qemu = config.qemu.as_ref().map(|qemu| Qemu::open(qemu, &config.name, state));
        let qemu = qemu.transpose()?;
        Self::start_with(config, state.map(Store::open).transpose()?, qemu, RETRY)
    }

    fn start_with(
        config: &Config,
        mut store: Option<Store>,
        mut qemu: Option<Qemu>,
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
        let control = config.control.as_deref().map(Control::bind).transpose()?;
        let memory = store.as_ref().map(Store::memory).transpose()?;
        let changed = Arc::new(Notify::new());
        let wake: Wake = {
            let changed = Arc::clone(&changed);
            Arc::new(move || changed.notify_one())
        };
        let port = sockets.first().map_or(623, |(address, _)| address.port());
        let wiring = config.serial.clone().map(|port| wire(port, qemu.as_mut()));
        let interface = interface(config, qemu.as_mut());
        let back_end = interface.as_ref().map(BackEnd::open).transpose()?;
        let (presence, seen) = presence(&wake);
        if let Some(qemu) = &mut qemu {
            qemu.set_host(seen.clone());
        }
        let machine = match (qemu, config.machine.unwrap_or_default()) {
            (Some(qemu), _) => Machine::Qemu(Box::new(qemu)),
            (None, MachineKind::Sim | MachineKind::Qemu) => Machine::Sim,
            (None, MachineKind::Vm) if back_end.is_none() => {
                return Err(SystemInterfaceError::None.into());
            }
            (None, MachineKind::Vm) => Machine::Vm(seen.clone()),
        };
        let (mut bmc, starter) = build(config, memory, &wake, port, machine);
        if let Some(config) = &interface {
            bmc.set_system_interface(config.interface);
        }
        let mut keeper = None;
        if let Some(port) = &wiring {
            let port = serial::open(port, &config.name, clock(config), &wake)?;
            let history = port.1.history;
            bmc.set_serial(Instant::now(), Some(port));
            keeper = store.as_ref().and_then(|store| keep(&mut bmc, &store.directory(), history));
        }
        if let Some(store) = &mut store {
            // Its GUID, at least, before anybody can ask for it.
            store.commit(&bmc.take_changes())?;
        }
        let (attention, lines) = watch::channel(bmc.attention());
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
        let applier = config.apply.clone().map(Applier::start).transpose();
        let applier = applier.map_err(StartError::Thread)?;
        let acl = Acl::new(config.allow.clone());
        let control = control.map(|control| (control, Arc::new(Hub::default())));
        let reporter = control
            .as_ref()
            .map(|(_, hub)| Reporter { name: config.name.clone(), hub: Arc::clone(hub) });
        let routes = Routes::default();
        let shared = Arc::new(Shared {
            bmc,
            committer,
            applier,
            changed,
            acl,
            reporter,
            routes,
            keeper,
            attention,
            interface: interface.map(|config| (config, seen)),
            qemu: starter.as_ref().map(Starter::handle),
        });
        if !config.quirks.is_empty() {
            tell(config.quirks);
        }
        if !config.faults.is_empty() {
            tell_faults(&config.faults);
        }
        let addresses: Vec<_> = sockets.iter().map(|(address, _)| *address).collect();
        let (mut tasks, mut acknowledgers) = (JoinSet::new(), JoinSet::new());
        let path = control.as_ref().map(|(control, _)| control.path().to_owned());
        if let Some((control, hub)) = control {
            let target = Target {
                name: config.name.clone(),
                addresses: addresses.clone(),
                started: Instant::now(),
                managed: Arc::clone(&shared) as Arc<dyn Managed>,
            };
            let router = Arc::new(Router::new([target], hub));
            tasks.spawn(control.run(router, Bounds::default()));
        }
        for (address, socket) in sockets {
            let (settled, receiver) = mpsc::unbounded_channel();
            let (socket, other) = (Arc::clone(&socket), socket);
            tasks.spawn(listen(Arc::clone(&shared), address, socket, settled));
            acknowledgers.spawn(acknowledge(Arc::clone(&shared), other, receiver));
        }
        let host = back_end.as_ref().and_then(BackEnd::address);
        if let Some(back_end) = back_end {
            let desk = Desk::new(Arc::clone(&shared) as Arc<dyn Host>, lines);
            tasks.spawn(back_end.run(desk, presence));
        }
        tasks.spawn(keep_time(Arc::clone(&shared)));
        // Now that all is there that it connects to.
        if let Some(starter) = starter {
            starter.go();
        }
        tasks.spawn(async move {
            broken.notified().await;
            "what keeps its changes has ended"
        });
        Ok(Self { addresses, control: path, host, shared, tasks, acknowledgers })
    }

    /// The addresses it answers on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where its control socket is, if it has one.
    #[must_use]
    pub fn control(&self) -> Option<&Path> {
        self.control.as_deref()
    }

    /// The address at which a virtual machine finds its system interface, if it is to connect to one.
    #[must_use]
    pub const fn host_address(&self) -> Option<SocketAddr> {
        self.host
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

    /// How many datagrams were dropped because of where they came from.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.shared.acl.refused()
    }

    /// What DHCP has given, or that the lease is lost: see [`Bmc::set_lease`].
    pub fn set_lease(&self, lease: Option<Lease>) {
        let mut bmc = self.shared.bmc();
        bmc.set_lease(lease);
        self.shared.submit(&mut bmc, None);
    }

    /// The BMC, for a control socket of somebody else's.
    #[cfg(test)]
    pub(crate) fn managed(&self) -> Arc<dyn Managed> {
        Arc::clone(&self.shared) as Arc<dyn Managed>
    }

    /// A look at the BMC itself.
    #[cfg(test)]
    pub(crate) fn with_bmc<T>(&self, look: impl FnOnce(&mut Bmc) -> T) -> T {
        look(&mut self.shared.bmc())
    }

    /// Where it departs from the specification of sessions.
    #[must_use]
    pub fn quirks(&self) -> Quirks {
        self.shared.bmc().sessions().quirks()
    }

    /// Does these things wrong on purpose and no others, from now on.
    pub fn set_faults(&self, faults: &[Fault]) {
        {
            let mut bmc = self.shared.bmc();
            if bmc.faults() == faults {
                return;
            }
            bmc.set_faults(faults);
            self.shared.submit(&mut bmc, None);
        }
        tell_faults(faults);
    }

    /// What it does wrong on purpose.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.bmc().faults().to_vec()
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
        if let Some(qemu) = &self.shared.qemu {
            qemu.stop().await;
        }
        let consoles = {
            let (mut bmc, now) = (self.shared.bmc(), Instant::now());
            bmc.note_on_time(now);
            self.shared.submit(&mut bmc, None);
            // What it still has to say is kept, and the consoles are told that it stops.
            let _ = self.shared.outgoing(&mut bmc, now);
            bmc.set_serial(now, None);
            self.shared.outgoing(&mut bmc, now)
        };
        self.shared.routes.send(consoles).await;
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
        {
            let (mut bmc, now) = (self.shared.bmc(), Instant::now());
            let _ = self.shared.outgoing(&mut bmc, now);
            // Links and sockets of the port go with it.
            bmc.set_serial(now, None);
        }
        if let Some(keeper) = &self.shared.keeper {
            keeper.stop();
        }
    }
}

/// Tells the log where the BMC departs from the specification, and why its sessions may look odd.
pub(crate) fn tell(quirks: Quirks) {
    if quirks.is_empty() {
        tracing::info!("sessions are as the specification has them");
    } else {
        let names: Vec<_> = quirks.iter().map(Quirk::name).collect();
        tracing::warn!(quirks = names.join(", "), "sessions depart from the specification");
    }
}

/// Tells the log what the BMC does wrong, which is then no surprise.
pub(crate) fn tell_faults(faults: &[Fault]) {
    if faults.is_empty() {
        tracing::info!("no faults are on");
    } else {
        let names: Vec<_> = faults.iter().map(Fault::to_string).collect();
        tracing::warn!(faults = names.join(", "), "faults are on");
    }
}

/// A serial port that is QEMU's to connect has a place of its own.
fn wire(port: SerialConfig, qemu: Option<&mut Qemu>) -> SerialConfig {
    match (&port.source, qemu) {
        (SerialSource::Qemu, Some(qemu)) => {
            SerialConfig { source: SerialSource::UnixListen(qemu.wire_serial()), ..port }
        }
        _ => port,
    }
}

/// So has a system interface, which QEMU has if nothing else is said.
fn interface(config: &Config, qemu: Option<&mut Qemu>) -> Option<SystemInterfaceConfig> {
    let own = config.system_interface.clone();
    own.or_else(|| {
        let qemu = qemu.filter(|_| config.qemu.as_ref().is_some_and(|qemu| qemu.ipmi))?;
        let source = SystemInterfaceSource::UnixListen(qemu.wire_system_interface());
        Some(SystemInterfaceConfig::of(source))
    })
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
        let changes = self.changes(bmc);
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

    /// What has to be kept; what has happened is told, and network settings are applied.
    fn changes(&self, bmc: &mut Bmc) -> Vec<Change> {
        if let (Some(settings), Some(applier)) = (bmc.take_network_change(), &self.applier) {
            applier.apply(settings);
        }
        if let Some(reporter) = &self.reporter {
            reporter.report(bmc);
        }
        self.attention.send_if_modified(|shown| {
            let is = bmc.attention();
            std::mem::replace(shown, is) != is
        });
        bmc.take_changes()
    }

    /// Sends the BMC's changes on their way; what becomes of them, unless there is nothing that they
    /// could be brought to.
    fn submit_and_tell(&self, bmc: &mut Bmc) -> Kept {
        let changes = self.changes(bmc);
        self.committer.as_ref().map(|committer| tell_of(committer, changes))
    }

    /// Keeps all there is to keep, and nothing more from here on.
    fn flush(&self) {
        if let Some(committer) = &self.committer {
            committer.stop();
        }
    }

    /// What is to be sent to consoles; what the system has said meanwhile is kept.
    fn outgoing(&self, bmc: &mut Bmc, now: Instant) -> Vec<Outgoing> {
        let next = || bmc.poll_outgoing(now, &mut fill_random);
        let packets =
            std::iter::from_fn(next).map(|(peer, datagram)| (0, peer, datagram)).collect();
        if let Some(keeper) = &self.keeper
            && let Some(heard) = bmc.take_heard()
        {
            keeper.keep(heard);
        }
        packets
    }

    /// Lets time pass for the BMC; when to look again, and what is to be sent to consoles.
    fn live(&self) -> (Option<Instant>, Vec<Outgoing>) {
        let mut bmc = self.bmc();
        let now = Instant::now();
        bmc.handle_timeout(now);
        self.submit(&mut bmc, None);
        let outgoing = self.outgoing(&mut bmc, now);
        (bmc.poll_timeout(), outgoing)
    }
}

impl Managed for Shared {
    fn act(&self, what: &mut dyn FnMut(Instant, &mut Bmc) -> Outcome) -> (Outcome, Kept) {
        let mut bmc = self.bmc();
        let outcome = what(Instant::now(), &mut bmc);
        let changes = self.changes(&mut bmc);
        // Who only looks does not wait for a disk, whatever that is about.
        let committer = self.committer.as_ref().filter(|_| !changes.is_empty());
        let kept = committer.map(|committer| tell_of(committer, changes));
        drop(bmc);
        self.changed.notify_one();
        (outcome, kept)
    }

    fn refused(&self) -> u64 {
        self.acl.refused()
    }

    fn system_interface(&self) -> Option<(String, Option<Guest>)> {
        self.interface.as_ref().map(|(config, seen)| (config.source.to_string(), seen.guest()))
    }

    fn qemu(&self) -> Option<QemuInfo> {
        self.qemu.as_ref().map(Handle::info)
    }
}

/// Brings changes to the store; what becomes of them.
fn tell_of(committer: &Committer, changes: Vec<Change>) -> oneshot::Receiver<Result<(), Unkept>> {
    let (tell, told) = oneshot::channel();
    // Who is gone meanwhile does not want to know.
    let ticket = Box::new(move |outcome| {
        let _ = tell.send(outcome);
    });
    committer.submit(changes, Some(ticket));
    told
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

#[cfg(test)]
mod tests;
