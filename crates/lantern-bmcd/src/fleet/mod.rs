//! Many BMCs in one process.
//!
//! One of them is built from the configuration, and the others are its
//! [siblings](ipmi_bmc::Bmc::sibling): they share what they have in common and keep nothing when the
//! process ends. One socket on the wildcard address serves all of them, each under an address of
//! its own in 127.0.0.0/8, where Linux hears every address; an answer leaves from the address that
//! was asked. A datagram for anybody else is dropped, so that nothing is reached from outside. Where
//! the port tells them apart, each has a socket.
//!
//! * `members`: the BMCs, asleep and awake, and their times. `identity`: what tells them apart.
//! * `queue`: whose turn it is. Nothing here grows with what comes in.

mod identity;
mod members;
mod queue;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipmi_bmc::Network;
use ipmi_bmc::faults::Fault;
use ipmi_io::{ReceiveBuffer, UdpSocket, fill_random};
use ipmi_session::Quirks;
use ipmi_session::managed::Delayed;
use ipmi_wire::cmd::app::Guid;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::config::{Config, FleetConfig, NetworkConfig, PersonalityName, Spread};
use crate::personality::specimens::specimens;
use crate::platform::sim::SimPlatform;
use crate::platform::sources::Wake;
use crate::routes::{Outgoing, Routes};
use crate::serial::SimConsole;
use crate::server::{self, Failed, StartError};

use members::Members;
use queue::{Arrived, Queue};

/// Running BMCs of one make. Dropping it stops them.
#[derive(Debug)]
pub struct Fleet {
    addresses: Addresses,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// Where they are.
#[derive(Debug)]
enum Addresses {
    /// Each has one, and all have one port.
    Of(FleetConfig),
    /// Each has a port.
    Ports(Vec<SocketAddr>),
}

impl Addresses {
    fn get(&self, index: u32) -> Option<SocketAddr> {
        match self {
            Self::Of(fleet) => fleet.address(index),
            Self::Ports(all) => all.get(usize::try_from(index).ok()?).copied(),
        }
    }
}

struct Shared {
    members: Mutex<Members>,
    /// Time may have to be looked at earlier than planned.
    changed: Notify,
    /// The way to those who have a console.
    routes: Routes,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Batches that are taken out of the kernel before anybody is answered: a flood that is faster than
/// that has to wait, too.
const BATCHES: usize = 16;
/// Datagrams that are answered before the kernel is asked for more.
const ANSWERS: usize = 256;
/// BMCs for which time passes before others get a chance.
const TIMES: usize = 64;

/// How much of the time that it slept through a machine lives through when somebody looks.
const MEMORY: Duration = Duration::from_secs(120);

impl Fleet {
    /// Starts the BMCs that `config` and `fleet` describe. `config` says of each what it says of one;
    /// what it says of where that listens does not count, nor does its GUID. Has to be called inside a
    /// tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing runs then.
    pub fn start(config: &Config, fleet: &FleetConfig) -> Result<Self, StartError> {
        // First, since it fails at once if it does.
        let (addresses, sockets) = bind(fleet)?;
        let shared = Arc::new(Shared {
            members: Mutex::new(build(config, fleet, &addresses)),
            changed: Notify::new(),
            routes: Routes::default(),
        });
        if !config.quirks.is_empty() {
            server::tell(config.quirks);
        }
        if !config.faults.is_empty() {
            server::tell_faults(&config.faults);
        }
        let mut tasks = JoinSet::new();
        for (socket, whose) in sockets {
            tasks.spawn(listen(Arc::clone(&shared), socket, whose));
        }
        tasks.spawn(keep_time(Arc::clone(&shared)));
        Ok(Self { addresses, shared, tasks })
    }

    /// Where BMC `index` answers, from 0; `None` of one that there is not.
    #[must_use]
    pub fn address(&self, index: u32) -> Option<SocketAddr> {
        self.addresses.get(index)
    }

    /// Departs from the specification of sessions in these points and no others, from now on, with
    /// all BMCs.
    pub fn set_quirks(&self, quirks: Quirks) {
        self.shared.members().set_quirks(quirks);
        server::tell(quirks);
    }

    /// Does these things wrong on purpose and no others, from now on, with all BMCs.
    pub fn set_faults(&self, faults: &[Fault]) {
        self.shared.members().set_faults(faults);
        server::tell_faults(faults);
    }

    /// Waits for a part of it to fail, which it should not. Waiting may be given up and taken up again.
    pub async fn failed(&mut self) -> Failed {
        let what = match self.tasks.join_next().await {
            Some(Err(error)) => error.to_string(),
            Some(Ok(())) => "a listener or the clock has ended".to_owned(),
            None => "nothing of it runs any more".to_owned(),
        };
        tracing::error!(what, "a part of the fleet has failed");
        Failed { what }
    }

    /// Stops it.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// Whose datagrams come in on a socket.
#[derive(Clone, Copy, Debug)]
enum Whose {
    /// Those of one BMC.
    Of(u32),
    /// The address says it.
    ByAddress(FleetConfig),
}

impl Whose {
    fn is(self, local: Option<IpAddr>) -> Option<u32> {
        match (self, local) {
            (Self::Of(index), _) => Some(index),
            (Self::ByAddress(fleet), Some(IpAddr::V4(ip))) => fleet.at(ip),
            (Self::ByAddress(_), _) => None,
        }
    }
}

type Sockets = Vec<(UdpSocket, Whose)>;

fn bind(fleet: &FleetConfig) -> Result<(Addresses, Sockets), StartError> {
    let bind = |address: SocketAddr| {
        UdpSocket::bind(address)
            .and_then(|socket| Ok((socket.local_addr()?, socket)))
            .map_err(|source| StartError::Listen { address, source })
    };
    if fleet.spread() == Spread::Addresses {
        let (bound, socket) = bind((Ipv4Addr::UNSPECIFIED, fleet.base().port()).into())?;
        let fleet = fleet.with_port(bound.port());
        return Ok((Addresses::Of(fleet), vec![(socket, Whose::ByAddress(fleet))]));
    }
    let (mut addresses, mut sockets) = (Vec::new(), Vec::new());
    for index in 0..fleet.count() {
        let Some(address) = fleet.address(index) else { break };
        let (bound, socket) = bind(address)?;
        addresses.push(bound);
        sockets.push((socket, Whose::Of(index)));
    }
    Ok((Addresses::Ports(addresses), sockets))
}

/// The BMCs, none of which has lived yet.
fn build(config: &Config, fleet: &FleetConfig, addresses: &Addresses) -> Members {
    let now = Instant::now();
    // Nothing measures their sensors but their machines, so nobody wakes them.
    let wake: Wake = Arc::new(|| {});
    let (model, _) = server::build(config, None, &wake, fleet.base().port(), server::Machine::Sim);
    let readings = match config.personality {
        PersonalityName::Reference => Vec::new(),
        PersonalityName::Specimens => specimens(config.records_in).readings,
    };
    let mut members = Members::with_capacity(usize::try_from(fleet.count()).unwrap_or_default());
    for index in 0..fleet.count() {
        let seed = identity::seed(config.seed, index);
        let mut machine = SimPlatform::new(seed, now, config.power_on);
        machine.set_memory(MEMORY);
        machine.set_boot_devices(config.boot_devices.clone());
        for (number, says) in &readings {
            machine.set_override(now, *number, *says);
        }
        let guid = identity::guid(seed);
        // As bound: consoles are told the port, and ipmitool wants SOL at the one that it has.
        let network = network(config, addresses.get(index), guid);
        let mut bmc = model.sibling(now, guid, network, Box::new(machine));
        if let Some(serial) = &config.serial {
            let name = format!("{}-{index}", config.name);
            let console = SimConsole::new(&name, server::clock(config));
            bmc.set_serial(now, Some((Box::new(console), serial.policy)));
        }
        members.push(bmc);
    }
    members
}

/// The network of a BMC at this address: as configured, but for what cannot be the same for all.
fn network(config: &Config, address: Option<SocketAddr>, guid: Guid) -> Network {
    let own = NetworkConfig { address: None, mac: None, lease: None, ..config.network.clone() };
    let port = address.map_or(0, |address| address.port());
    own.delivered(&Vec::from_iter(address), port, guid)
}

/// Answers what comes in on one socket.
async fn listen(shared: Arc<Shared>, socket: UdpSocket, whose: Whose) {
    let socket = Arc::new(socket);
    let mut buffer = ReceiveBuffer::new();
    let (mut queue, mut errors) = (Queue::default(), 0u32);
    // Answers that are late on purpose; they end with the listener.
    let mut late = JoinSet::new();
    loop {
        for _ in 0..BATCHES {
            if queue.is_full() {
                break;
            }
            let received = tokio::select! {
                biased;
                received = socket.receive(&mut buffer) => received,
                // What waits is answered first.
                () = std::future::ready(()), if !queue.is_empty() => break,
            };
            if let Err(error) = received {
                errors = errors.saturating_add(1);
                let address = ([0; 4], 0).into();
                server::back_off(socket.local_addr().unwrap_or(address), errors, &error).await;
                continue;
            }
            errors = 0;
            for datagram in buffer.iter() {
                if let Some(index) = whose.is(datagram.local_ip) {
                    let (peer, local) = (datagram.peer, datagram.local_ip);
                    queue.push(index, Arrived { peer, local, bytes: datagram.bytes.to_vec() });
                }
            }
        }
        let (replies, consoles) = answer(&shared, &socket, &mut queue, |local, delayed| {
            if late.len() >= server::LATE {
                return;
            }
            let socket = Arc::clone(&socket);
            late.spawn(async move {
                tokio::time::sleep_until(delayed.due.into()).await;
                send(&socket, local, delayed.to, &delayed.datagram).await;
            });
        });
        shared.changed.notify_one();
        for (local, peer, reply) in replies {
            send(&socket, local, peer, &reply).await;
        }
        shared.routes.send(consoles).await;
        while late.try_join_next().is_some() {}
        let dropped = queue.take_dropped();
        if dropped > 0 {
            tracing::debug!(dropped, "more than one BMC can answer");
        }
        // Also where nothing has to be waited for: it is time's turn.
        tokio::task::yield_now().await;
    }
}

/// An answer, where it goes, and the address of ours that it leaves from.
type Answer = (Option<IpAddr>, SocketAddr, Vec<u8>);

/// Answers some of what waits; with that comes what consoles are to be told.
fn answer(
    shared: &Shared,
    socket: &Arc<UdpSocket>,
    queue: &mut Queue,
    mut later: impl FnMut(Option<IpAddr>, Delayed),
) -> (Vec<Answer>, Vec<Outgoing>) {
    let (mut replies, mut consoles) = (Vec::new(), Vec::new());
    let mut members = shared.members();
    let now = Instant::now();
    for _ in 0..ANSWERS {
        let Some((index, Arrived { peer, local, bytes })) = queue.pop() else { break };
        let reply = members.receive(now, index, peer, &bytes, &mut fill_random);
        replies.extend(reply.map(|reply| (local, peer, reply)));
        while let Some(delayed) = members.poll_delayed(index) {
            later(local, delayed);
        }
        shared.routes.note(members.has_console(index, peer), || {
            std::iter::once((index, peer, socket, local))
        });
        consoles.extend(members.poll_outgoing(now, index, &mut fill_random));
    }
    (replies, consoles)
}

async fn send(socket: &UdpSocket, from: Option<IpAddr>, peer: SocketAddr, datagram: &[u8]) {
    if let Err(error) = socket.send_from(from, peer, datagram).await {
        tracing::debug!(%peer, %error, "send");
    }
}

/// Lets time pass for all of them, whenever one is due and whenever something has happened.
async fn keep_time(shared: Arc<Shared>) {
    loop {
        let changed = shared.changed.notified();
        let (consoles, due) = {
            let mut members = shared.members();
            let consoles = members.handle_timeout(Instant::now(), TIMES, &mut fill_random);
            (consoles, members.poll_timeout())
        };
        shared.routes.send(consoles).await;
        match due {
            None => changed.await,
            // It is traffic's turn.
            Some(due) if due <= Instant::now() => tokio::task::yield_now().await,
            Some(due) => {
                let _ = tokio::time::timeout_at(due.into(), changed).await;
            }
        }
    }
}
