//! The whole client in the same world: endpoint, login, repeats in new sessions, the look-up of what
//! became of a command; on tokio's clock, which has to be paused.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use ipmi_client::outcome::{Done, Verdict};
use ipmi_client::{Bmc, Credentials, Endpoint, Error, ErrorKind, Failure, Incoming, Wire};
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::cmd::chassis::PowerAction;
use ipmi_wire::cmd::sensor::GetSensorReading;
use ipmi_wire::cmd::storage::{AddSelEntry, GetSelEntry, ReadFruData};
use ipmi_wire::{Command, Response};
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::{Instant, sleep, sleep_until};

use super::ether::{Come, Ether, bmc_address, console_address};
use super::ledger::End;
use super::machine::{PASSWORD, USER};
use super::rng::Rng;
use super::scenario::Scenario;
use super::trace::{Note, Trace};
use super::work::{READ, Work, event, write};
use super::{Report, Violation};

/// IPMI v2.0 §6.12.15: 60 seconds, give or take 3.
const IDLE: Duration = Duration::from_secs(63);
const SETTLED: Duration = Duration::from_secs(6);
/// tokio's timers count milliseconds.
const TICK: Duration = Duration::from_millis(20);

/// Runs clients to the end; the sums.
pub(super) async fn live(
    scenario: &Scenario,
    rng: &mut Rng,
    trace: Trace,
) -> Result<Report, Violation> {
    let world = Rc::new(World {
        start: Instant::now(),
        ether: RefCell::new(Ether::new(Instant::now().into_std(), scenario, rng, trace)),
        stirred: Notify::new(),
        inboxes: RefCell::default(),
        failures: Cell::new(scenario.console_failures),
        arrivals: u64::from(scenario.commands) * u64::from(scenario.consoles) * 2 + 5,
        rng: RefCell::new(rng.fork()),
        lone: scenario.consoles == 1,
    });
    LocalSet::new()
        .run_until(async {
            let pump = spawn_local(Rc::clone(&world).pump());
            let all = spawn_local(everything(Rc::clone(&world), scenario.clone(), rng.fork()));
            let outcome = tokio::select! {
                biased;
                broken = pump => Err(ended(broken).err().unwrap_or_else(|| Violation::new("no end"))),
                done = all => ended(done),
            };
            outcome?;
            let ether = world.ether.borrow();
            let machine = &ether.machine;
            let kept = machine.kept_log();
            ether.ledger.settle(&machine.log(), &kept, |slot| machine.kept_slot(slot))?;
            let (attacks, _) = ether.sums();
            let virtual_time = world.start.elapsed();
            Ok(Report { attacks, virtual_time, hash: ether.trace.hash(), ..ether.ledger.report() })
        })
        .await
}

/// What a task came to; a panic goes on.
fn ended(outcome: Result<Result<(), Violation>, tokio::task::JoinError>) -> Result<(), Violation> {
    match outcome {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Ok(()),
        },
    }
}

/// What all tasks share.
struct World {
    start: Instant,
    ether: RefCell<Ether>,
    /// Something was sent: what is next may be sooner.
    stirred: Notify,
    /// Where what arrives goes, and how to end the process there.
    inboxes: RefCell<BTreeMap<SocketAddr, Inbox>>,
    failures: Cell<u32>,
    arrivals: u64,
    rng: RefCell<Rng>,
    /// There is one console: what was done, it did.
    lone: bool,
}

struct Inbox {
    incoming: mpsc::UnboundedSender<Incoming>,
    end: Rc<TheEnd>,
}

/// The end of a process, which all that it does waits for. (Not a `watch`: that one wakes who waits
/// in an order that chance decides, and not ours.)
#[derive(Default)]
struct TheEnd {
    has_come: Cell<bool>,
    waiting: Notify,
}

impl TheEnd {
    fn comes(&self) {
        self.has_come.set(true);
        self.waiting.notify_waiters();
    }

    async fn wait(&self) {
        if !self.has_come.get() {
            self.waiting.notified().await;
        }
    }
}

impl World {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Carries what is under way, for ever.
    async fn pump(self: Rc<Self>) -> Result<(), Violation> {
        loop {
            let next = self.ether.borrow().next();
            let next = self.start + next.unwrap_or(Duration::from_secs(3600));
            tokio::select! {
                biased;
                () = self.stirred.notified() => {}
                () = sleep_until(next) => {}
            }
            let arrivals = self.ether.borrow_mut().advance(self.now())?;
            for arrival in arrivals {
                let odds = (1000 * u64::from(self.failures.get())).div_ceil(self.arrivals) as u32;
                let inboxes = self.inboxes.borrow();
                let Some(inbox) = inboxes.get(&arrival.to) else { continue };
                if self.rng.borrow_mut().chance(odds) {
                    self.failures.set(self.failures.get() - 1);
                    inbox.end.comes();
                }
                let what = match arrival.what {
                    Come::Datagram(bytes) => Incoming::Datagram(arrival.from, bytes),
                    Come::Unreachable(what) => Incoming::Unreachable(arrival.from, what),
                };
                let _ = inbox.incoming.send(what);
            }
        }
    }
}

/// One life of a client's process.
struct Process {
    world: Rc<World>,
    number: u16,
    address: SocketAddr,
    endpoint: Endpoint,
    bmc: Bmc,
    end: Rc<TheEnd>,
    /// What is being done, for the books.
    task: Rc<Cell<Option<usize>>>,
    sender: JoinHandle<()>,
}

impl Process {
    fn start(
        world: &Rc<World>,
        number: u16,
        life: u16,
        scenario: &Scenario,
        rng: &mut Rng,
    ) -> Self {
        let (to_net, mut from_process) = mpsc::unbounded_channel();
        let (to_process, from_net) = mpsc::unbounded_channel();
        let mut own = rng.fork();
        let entropy =
            Box::new(move |bytes: &mut [u8]| ipmi_session::Entropy::fill(&mut own, bytes));
        let endpoint = Endpoint::over(Wire { outgoing: to_net, incoming: from_net, entropy });
        let credentials = Credentials::new(USER, PASSWORD).expect("short");
        let credentials = Credentials {
            timing: scenario.timing,
            suites: scenario.suites.clone(),
            protocol: scenario.protocol.clone(),
            refuses_replays: scenario.refuses_replays,
            ..credentials
        };
        let bmc = Bmc::new(&endpoint, bmc_address(), credentials);
        let address = console_address(number, life);
        let (end, task) = (Rc::new(TheEnd::default()), Rc::new(Cell::new(None)));
        let inbox = Inbox { incoming: to_process, end: Rc::clone(&end) };
        world.inboxes.borrow_mut().insert(address, inbox);
        let sender = spawn_local({
            let (world, task) = (Rc::clone(world), Rc::clone(&task));
            async move {
                while let Some((_, bytes)) = from_process.recv().await {
                    world.ether.borrow_mut().send(world.now(), address, task.get(), bytes);
                    world.stirred.notify_one();
                }
            }
        });
        let world = Rc::clone(world);
        Self { world, number, address, endpoint, bmc, end, task, sender }
    }

    /// Nothing of it is left, and nobody hears of that.
    fn die(self) {
        self.world.inboxes.borrow_mut().remove(&self.address);
        self.sender.abort();
    }

    /// Does one thing after another, until all is done or the process ends; what is left.
    async fn work(
        &self,
        mut script: VecDeque<Work>,
        pause: Duration,
        rng: &mut Rng,
    ) -> Result<VecDeque<Work>, Violation> {
        while let Some(work) = script.pop_front() {
            let now = self.world.now();
            let within = self.bound(work);
            let task =
                self.world.ether.borrow_mut().ledger.begin(now, self.number, work, within, false);
            if work.acts() {
                self.task.set(Some(task));
            }
            let end = tokio::select! {
                biased;
                () = self.end.wait() => End::Died,
                end = self.perform(work) => end?,
            };
            self.world.ether.borrow_mut().ledger.end(self.world.now(), task, &end)?;
            if end == End::Died {
                break;
            }
            // Until what was sent for this is on the wire.
            sleep(Duration::from_millis(2) + rng.duration(pause)).await;
        }
        Ok(script)
    }

    /// How long this may take.
    fn bound(&self, work: Work) -> Duration {
        let call = self.bmc.longest_call();
        TICK + match work {
            // As `Bmc::power` says: what is read before, the act, and what is read after.
            Work::Reset | Work::Interrupt => call * 3 + self.bmc.longest_look_up(),
            _ => call,
        }
    }

    async fn perform(&self, work: Work) -> Result<End, Violation> {
        let bmc = &self.bmc;
        match work {
            Work::ReadInventory { offset, count } => {
                let read = ReadFruData { fru_device_id: READ, offset, count };
                told(work, ask(bmc, &read).await)
            }
            Work::ReadEvent { id } => told(work, ask(bmc, &GetSelEntry::whole(id)).await),
            Work::ReadSensor { number } => told(work, ask(bmc, &GetSensorReading { number }).await),
            Work::DeviceId => told(work, ask(bmc, &GetDeviceId).await),
            Work::Write { slot, serial } => told(work, ask(bmc, &write(slot, serial)).await),
            Work::AddEvent { serial } => {
                told(work, ask(bmc, &AddSelEntry { record: event(serial) }).await)
            }
            Work::Reset => self.signal(work, PowerAction::Reset).await,
            Work::Interrupt => self.signal(work, PowerAction::DiagnosticInterrupt).await,
        }
    }

    async fn signal(&self, work: Work, action: PowerAction) -> Result<End, Violation> {
        let done = Response::ok(&());
        match self.bmc.power(action).await {
            Ok(Done::Accepted) => Ok(End::Answer(done)),
            // "It happened" is said of the effect, not of its author.
            Ok(Done::Proven(_)) if !self.world.lone => Ok(End::Failed(Failure::Uncertain)),
            Ok(Done::Proven(_)) => Ok(End::Answer(done)),
            Err(error) => told(work, Err(error)),
        }
    }
}

async fn ask<C: Command>(bmc: &Bmc, command: &C) -> Result<Response, Error> {
    bmc.send(command).await.map(|response| Response::ok(&response))
}

/// What a client was told.
fn told(work: Work, outcome: Result<Response, Error>) -> Result<End, Violation> {
    let error = match outcome {
        Ok(response) => return Ok(End::Answer(response)),
        Err(error) => error,
    };
    Ok(match *error.kind {
        ErrorKind::Refused { completion, .. } => End::Answer(Response::code(completion)),
        ErrorKind::Call(failure) => End::Failed(failure),
        ErrorKind::Session(_) if work.is_once() => End::NoSession,
        // The session that it was sent in was lost, and there is no new one.
        ErrorKind::Session(_) => End::Failed(Failure::Interrupted),
        ErrorKind::AnswerLost(outcome) => match outcome.verdict {
            Verdict::NotDone => End::NoSession,
            Verdict::Unknown => End::Failed(Failure::Uncertain),
            Verdict::Happened => return Err(Violation::new("it happened, and that is an error")),
        },
        kind => return Err(Violation::new(format!("{work:?}: {kind}"))),
    })
}

/// All that happens.
async fn everything(world: Rc<World>, scenario: Scenario, mut rng: Rng) -> Result<(), Violation> {
    let mut serial = 0;
    let mut clients = Vec::new();
    for number in 0..scenario.consoles {
        let mut rng = rng.fork();
        let mut draw = |once| -> VecDeque<Work> {
            let mut works = VecDeque::new();
            for _ in 0..scenario.commands {
                serial += 1;
                works.push_back(Work::drawn(&mut rng, number, serial, once));
            }
            works
        };
        let script = draw(scenario.once);
        // Beside the one who acts, those who read in the same session.
        let readers = (1..scenario.depth).map(|_| {
            let mut works = draw(0);
            works.retain(|work| !work.acts());
            works
        });
        let readers: Vec<_> = readers.collect();
        let client = client(Rc::clone(&world), number, scenario.clone(), script, readers, rng);
        clients.push(spawn_local(client));
    }
    let mut processes = Vec::new();
    for client in clients {
        match client.await {
            Ok(process) => processes.push(process?),
            Err(error) => ended(Err(error))?,
        }
    }
    recover(&world, &scenario, processes).await?;
    sleep(IDLE + SETTLED).await;
    let left = world.ether.borrow().machine.bmc().map_or(0, |bmc| bmc.sessions().len());
    match left {
        0 => Ok(()),
        left => Err(Violation::new(format!("{left} sessions are left that nobody has"))),
    }
}

/// A client that is started again when its process ends.
async fn client(
    world: Rc<World>,
    number: u16,
    scenario: Scenario,
    mut script: VecDeque<Work>,
    mut readers: Vec<VecDeque<Work>>,
    mut rng: Rng,
) -> Result<Process, Violation> {
    let mut life = 0;
    loop {
        let process = Rc::new(Process::start(&world, number, life, &scenario, &mut rng));
        let reading: Vec<_> = readers
            .drain(..)
            .map(|works| {
                let (process, mut rng) = (Rc::clone(&process), rng.fork());
                let pause = scenario.pause;
                spawn_local(async move { process.work(works, pause, &mut rng).await.map(drop) })
            })
            .collect();
        script = process.work(script, scenario.pause, &mut rng).await?;
        for reader in reading {
            ended(reader.await)?;
        }
        let process = Rc::try_unwrap(process).map_err(|_| Violation::new("a reader is left"))?;
        if script.is_empty() {
            return Ok(process);
        }
        let console = number;
        world.ether.borrow().trace.note(world.now(), Note::ConsoleRestarts { console });
        process.die();
        sleep(rng.duration(Duration::from_secs(1))).await;
        life += 1;
    }
}

/// The network heals: every client gets in, is answered, and leaves.
async fn recover(
    world: &Rc<World>,
    scenario: &Scenario,
    processes: Vec<Process>,
) -> Result<(), Violation> {
    world.failures.set(0);
    world.ether.borrow_mut().heal(world.now());
    world.stirred.notify_one();
    sleep(SETTLED).await;
    while world.ether.borrow().machine.bmc().is_none() {
        sleep(Duration::from_secs(1)).await;
    }
    // A session that is kept alive holds its place.
    for process in &processes {
        process.bmc.close().await;
    }
    for process in processes {
        let begun = world.now();
        loop {
            let sessions = world.ether.borrow().machine.bmc().map_or(0, |bmc| bmc.sessions().len());
            let has_room = sessions < scenario.sessions;
            let Err(error) = process.bmc.send(&GetDeviceId).await else { break };
            let took = world.now() - begun;
            if took > IDLE + Duration::from_secs(10) || has_room {
                return Err(Violation::new(format!(
                    "after {took:?} on a healed network (room: {has_room}): {error}"
                )));
            }
            sleep(Duration::from_secs(1)).await;
        }
        process.bmc.close().await;
        process.endpoint.shutdown().await;
    }
    Ok(())
}
