//! The BMC as a process on a machine: it is slow, its store is slower, and it loses its power.
//!
//! It takes one datagram at a time, keeps what it notes in a store, and after a failure of its
//! power knows what the store had by then and nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ipmi_bmc::nvram::{Change, Key, Memory, Room, setting};
use ipmi_bmc::personality::Personality;
use ipmi_bmc::platform::{
    IdentifyLight, Measurement, Platform, PlatformError, PlatformEvent, PowerSignal, Scan,
};
use ipmi_bmc::{Bmc, Held, LanPolicy, LogPolicy, Reply, Settings, User};
use ipmi_session::managed::Limits;
use ipmi_session::{Quirks, Secret};
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::sel::SelRecord;
use ipmi_wire::session::{AuthType, Username};
use ipmi_wire::{Decode, Privilege};

use super::Violation;
use super::ledger::{Effects, Ledger};
use super::model::personality;
use super::rng::{Rng, letters};
use super::scenario::PROTECTED;
use super::trace::{Note, Trace};
use super::work::{SLOT, WRITTEN, reading};

/// Who may log in.
pub(super) const USER: &[u8] = b"admin";
pub(super) const PASSWORD: &[u8] = b"Complex_Pass";
/// Datagrams that wait for the BMC, as in a socket's buffer.
const BACKLOG: usize = 64;
/// Longer is no answer outside a session: RAKP 2 with a SHA-256 code, headers included.
const LONGEST_PRESESSION: usize = 4 + 12 + 40 + 32;

/// How quick it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// What a datagram takes at least.
    pub least: Duration,
    /// What it takes more at most.
    pub more: Duration,
    /// What the store takes at most to keep a change.
    pub store: Duration,
}

impl Pace {
    /// It takes no time.
    pub const INSTANT: Self =
        Self { least: Duration::ZERO, more: Duration::ZERO, store: Duration::ZERO };
}

/// The machine's lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<PowerSignal>>>);

impl Lines {
    fn take(&self) -> Vec<PowerSignal> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Platform for Lines {
    fn advance(&mut self, _: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn is_on(&self) -> bool {
        true
    }

    fn power(&mut self, _: Instant, action: PowerSignal) -> Result<(), PlatformError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(action);
        Ok(())
    }

    fn identify(&mut self, _: Instant, _: IdentifyLight) {}

    fn start_scan(&mut self, _: Instant, number: u8) -> Scan {
        Scan::Done(Measurement::Value(reading(number).into()))
    }

    fn poll_event(&mut self) -> Option<PlatformEvent> {
        None
    }
}

/// The process, its machine and its store.
pub(super) struct Machine {
    start: Instant,
    personality: Personality,
    limits: Limits,
    pace: Pace,
    rng: Rng,
    lines: Lines,
    state: State,
    boots: u32,
    store: BTreeMap<Key, Vec<u8>>,
    backlog: VecDeque<Incoming>,
    busy_until: Duration,
    /// On their way to the store, oldest first.
    commits: VecDeque<Commit>,
    /// Answers, when they are ready, and for whom.
    out: Vec<(Duration, SocketAddr, Vec<u8>)>,
    trace: Trace,
}

enum State {
    Up(Box<Bmc>),
    Down { until: Duration },
}

struct Incoming {
    from: SocketAddr,
    bytes: Vec<u8>,
}

struct Commit {
    at: Duration,
    changes: Vec<Change>,
    answer: Option<(SocketAddr, Held)>,
}

impl Machine {
    pub(super) fn new(start: Instant, limits: Limits, pace: Pace, rng: Rng, trace: Trace) -> Self {
        let lines = Lines::default();
        let personality = personality();
        let store = BTreeMap::new();
        let bmc = boot(start, Duration::ZERO, &personality, limits, &lines, &store);
        let mut machine = Self {
            start,
            personality,
            limits,
            pace,
            rng,
            lines,
            state: State::Up(Box::new(bmc)),
            boots: 1,
            store,
            backlog: VecDeque::new(),
            busy_until: Duration::ZERO,
            commits: VecDeque::new(),
            out: Vec::new(),
            trace,
        };
        machine.keep(Duration::ZERO, None);
        machine
    }

    /// The BMC, if it runs.
    pub(super) fn bmc(&self) -> Option<&Bmc> {
        match &self.state {
            State::Up(bmc) => Some(bmc),
            State::Down { .. } => None,
        }
    }

    /// From now on it takes no time for anything.
    pub(super) const fn hurry(&mut self) {
        self.pace = Pace::INSTANT;
    }

    /// The power of the BMC fails; the machine's does not.
    pub(super) fn fail(&mut self, now: Duration, time: Duration) {
        if matches!(self.state, State::Down { .. }) {
            return;
        }
        self.trace.note(now, Note::BmcFails { millis: time.as_millis() as u32 });
        self.state = State::Down { until: now + time };
        self.backlog.clear();
        self.commits.clear();
    }

    /// Takes in a datagram; whether anybody was there to take it.
    pub(super) fn accept(&mut self, from: SocketAddr, bytes: Vec<u8>) -> bool {
        if matches!(self.state, State::Down { .. }) {
            return false;
        }
        if self.backlog.len() < BACKLOG {
            self.backlog.push_back(Incoming { from, bytes });
        }
        true
    }

    /// When [`run`](Self::run) next has something to do.
    pub(super) fn next(&self) -> Option<Duration> {
        let bmc = match &self.state {
            State::Down { until } => return Some(*until),
            State::Up(bmc) => bmc.poll_timeout().map(|at| at.saturating_duration_since(self.start)),
        };
        let backlog = (!self.backlog.is_empty()).then_some(self.busy_until);
        let commit = self.commits.front().map(|commit| commit.at);
        [bmc, backlog, commit].into_iter().flatten().min()
    }

    /// Does what is due by `now`.
    pub(super) fn run(&mut self, now: Duration, ledger: &mut Ledger) -> Result<(), Violation> {
        if let State::Down { until } = self.state {
            if now < until {
                return Ok(());
            }
            self.boots += 1;
            self.trace.note(now, Note::BmcStarts { boot: self.boots });
            let bmc =
                boot(self.start, now, &self.personality, self.limits, &self.lines, &self.store);
            self.state = State::Up(Box::new(bmc));
            self.busy_until = now;
            self.keep(now, None);
        }
        while self.commits.front().is_some_and(|commit| commit.at <= now) {
            self.commit(now);
        }
        self.pass_time(now)?;
        while self.busy_until <= now {
            let Some(incoming) = self.backlog.pop_front() else { break };
            self.serve(now, incoming, ledger)?;
        }
        Ok(())
    }

    /// Answers that are ready from then on, and for whom.
    pub(super) fn take_answers(&mut self) -> Vec<(Duration, SocketAddr, Vec<u8>)> {
        std::mem::take(&mut self.out)
    }

    /// How much its sessions know, in words: a measure of their memory that misses nothing.
    pub(super) fn size(&self) -> usize {
        self.bmc().map_or(0, |bmc| letters(&format!("{:?}", bmc.sessions())))
    }

    /// What is in the log, in the order of the log.
    pub(super) fn log(&self) -> Vec<SelRecord> {
        self.bmc().map(|bmc| bmc.sel().records().copied().collect()).unwrap_or_default()
    }

    /// What the store has of the log.
    pub(super) fn kept_log(&self) -> Vec<SelRecord> {
        let events = self.store.iter().filter(|(key, _)| key.room == Room::Sel);
        events.filter_map(|(_, value)| SelRecord::decode_exact(value).ok()).collect()
    }

    /// What the store has in a place of the inventory that is written.
    pub(super) fn kept_slot(&self, slot: u16) -> Option<[u8; 4]> {
        let (page, at) = (slot * SLOT / 256, usize::from(slot * SLOT % 256));
        let [low, high] = page.to_le_bytes();
        let number = u32::from_le_bytes([low, high, WRITTEN, 0]);
        let page = self.store.get(&Key { room: Room::Fru, number })?;
        page.get(at..at + 4)?.try_into().ok()
    }

    fn instant(&self, at: Duration) -> Instant {
        self.start + at
    }

    fn pass_time(&mut self, now: Duration) -> Result<(), Violation> {
        let at = self.instant(now);
        let State::Up(bmc) = &mut self.state else { return Ok(()) };
        let mut turns = 0;
        while bmc.poll_timeout().is_some_and(|due| due <= at) {
            bmc.handle_timeout(at);
            turns += 1;
            if turns > 100 {
                return Err(Violation::new("the BMC's time stands still"));
            }
        }
        self.keep(now, None);
        Ok(())
    }

    fn serve(
        &mut self,
        now: Duration,
        Incoming { from, bytes }: Incoming,
        ledger: &mut Ledger,
    ) -> Result<(), Violation> {
        let took = self.pace.least + self.rng.duration(self.pace.more);
        self.busy_until = now + took;
        let at = self.instant(now);
        let State::Up(bmc) = &mut self.state else { return Ok(()) };
        // What time does is not this datagram's doing.
        bmc.handle_timeout(at);
        self.keep(now, None);
        let State::Up(bmc) = &mut self.state else { return Ok(()) };
        let before = sessions(bmc);
        let reply = bmc.receive(at, from, &bytes, &mut self.rng);
        let changes = bmc.take_changes();
        let mut effects = Effects { signals: self.lines.take(), ..Effects::default() };
        for change in &changes {
            match change {
                Change::Put(key, value) if key.room == Room::Sel => {
                    effects.events.extend(SelRecord::decode_exact(value));
                }
                Change::Put(key, _) if key.room == Room::Fru => effects.inventory = true,
                Change::Put(setting::SEL | setting::ON_TIME, _) => {}
                _ => effects.others = true,
            }
        }
        let after = sessions(bmc);
        effects.opened = after.iter().any(|id| !before.contains(id));
        effects.closed = before.iter().any(|id| !after.contains(id));
        if after.len() > self.limits.sessions {
            return Err(Violation::new(format!("{} sessions", after.len())));
        }
        ledger.observe(now, from, &bytes, &effects)?;
        let ready = now + took;
        match reply {
            Some(Reply::Now(reply)) => {
                if before.is_empty() && after.is_empty() && reply.len() > LONGEST_PRESESSION {
                    return Err(Violation::new(format!("{} bytes for nobody", reply.len())));
                }
                self.out.push((ready, from, reply));
                self.keep_these(ready, changes, None);
            }
            Some(Reply::Held(held)) => self.keep_these(ready, changes, Some((from, held))),
            None => self.keep_these(ready, changes, None),
        }
        Ok(())
    }

    fn keep(&mut self, now: Duration, answer: Option<(SocketAddr, Held)>) {
        let State::Up(bmc) = &mut self.state else { return };
        let changes = bmc.take_changes();
        self.keep_these(now, changes, answer);
    }

    fn keep_these(
        &mut self,
        now: Duration,
        changes: Vec<Change>,
        answer: Option<(SocketAddr, Held)>,
    ) {
        if changes.is_empty() && answer.is_none() {
            return;
        }
        // A store commits in the order in which it was told.
        let earliest = self.commits.back().map_or(now, |last| last.at.max(now));
        let at = earliest + self.rng.duration(self.pace.store);
        self.commits.push_back(Commit { at, changes, answer });
    }

    fn commit(&mut self, now: Duration) {
        let Some(Commit { changes, answer, .. }) = self.commits.pop_front() else { return };
        for change in changes {
            match change {
                Change::Put(key, value) => drop(self.store.insert(key, value)),
                Change::Remove(key) => drop(self.store.remove(&key)),
                Change::Clear(room) => self.store.retain(|key, _| key.room != room),
            }
        }
        let State::Up(bmc) = &mut self.state else { return };
        if let Some((to, held)) = answer
            && let Some(reply) = bmc.release(held, Ok(()), &mut self.rng)
        {
            self.out.push((now, to, reply));
        }
    }
}

/// The sessions that there are, by ID.
fn sessions(bmc: &Bmc) -> Vec<u32> {
    bmc.sessions().iter().map(|session| session.managed_session_id).collect()
}

fn boot(
    start: Instant,
    now: Duration,
    personality: &Personality,
    limits: Limits,
    lines: &Lines,
    store: &BTreeMap<Key, Vec<u8>>,
) -> Bmc {
    let memory = Memory::decode(store.iter().map(|(key, value)| (*key, value.as_slice())))
        .expect("what was noted can be read");
    let settings = Settings {
        guid: Guid([7; 16]),
        users: vec![User {
            id: 2,
            name: Username::new(USER).expect("short"),
            password: Secret::new(PASSWORD).expect("short"),
            limit: Privilege::Administrator,
            enabled: true,
        }],
        lan: LanPolicy {
            suites: PROTECTED.map(|suite| (suite, Privilege::Administrator)).to_vec(),
            ipmi15: vec![AuthType::Md5],
            ..LanPolicy::default()
        },
        limits,
        quirks: Quirks::NONE,
        epoch: 1_800_000_000 + now.as_secs() as u32,
        log: LogPolicy { capacity: 10_000, ..LogPolicy::default() },
        nonvolatile: true,
    };
    Bmc::new(start + now, personality.clone(), settings, Box::new(lines.clone()), memory)
}
