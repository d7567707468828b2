//! Deterministic simulation: both real ends, a virtual network and clock, and all that can go wrong.
//!
//! A run is its [`Kind`] and a seed; the same two always give the same run, datagram by datagram.
//! [`run`] lets consoles (as state machines; [`run_client`]: whole clients) ask a BMC for things while the network loses, doubles, reorders, delays and
//! swallows, both ends fail at any step, and an attacker does as it likes; it keeps books of what was
//! asked, done and told, and holds each step to the laws in `ledger`. Then the network heals, and
//! everybody has to get in, be answered and be forgotten.
//!
//! A failure prints the scenario, the tail of what happened (`LANTERN_SIM_TAIL` says how much of it), and the test to add to
//! `tests/sim_regressions.rs`.

mod attacker;
mod client;
mod console;
mod ether;
mod ledger;
mod machine;
mod model;
mod network;
mod rng;
mod scenario;
mod trace;
mod work;
mod world;

use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

pub use machine::Pace;
pub use network::Link;
pub use rng::Rng;
pub use scenario::{Kind, Scenario};

use trace::Trace;
use world::World;

/// What a run, or several, came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Runs.
    pub runs: u64,
    /// Consoles of the largest.
    pub consoles: u16,
    /// Requests.
    pub commands: u64,
    /// Those of them that must not be carried out twice.
    pub once: u64,
    /// Answered.
    pub answered: u64,
    /// Failed without having been sent, and reported so.
    pub not_sent: u64,
    /// Not answered, and reported so.
    pub unknown: u64,
    /// Datagrams that consoles sent.
    pub datagrams: u64,
    /// Datagrams and messages of the attacker.
    pub attacks: u64,
    /// How much the BMC's and a console's sessions knew at most, in letters: what they look like
    /// when printed grows with all that they hold.
    pub sizes: (usize, usize),
    /// How long the trouble lasted.
    pub virtual_time: Duration,
    /// Of everything that happened: the same for the same seeds.
    pub hash: u64,
}

/// A law was broken.
#[derive(Debug)]
pub(crate) struct Violation(String);

impl Violation {
    fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// Runs one scenario with consoles that are state machines.
///
/// # Panics
/// If a law is broken or an end panics.
pub fn run(seed: u64, kind: Kind) -> Report {
    let mut run = Run::new(seed, kind, "run");
    let outcome = World::new(&run.scenario, &mut run.rng, run.trace.clone()).run();
    run.end(outcome)
}

/// Runs one scenario with whole clients. They need a current-thread runtime whose clock is paused.
///
/// # Panics
/// If a law is broken or an end panics.
pub async fn run_client(seed: u64, kind: Kind) -> Report {
    let mut run = Run::new(seed, kind, "run_client");
    // All are ours: nobody resends what must not be.
    run.scenario.consoles += std::mem::take(&mut run.scenario.foreign);
    let outcome = client::live(&run.scenario, &mut run.rng, run.trace.clone()).await;
    run.end(outcome)
}

/// Runs one scenario for each seed.
///
/// # Panics
/// At the first that fails.
pub fn run_all(seeds: impl IntoIterator<Item = u64>, kind: Kind) -> Report {
    let mut sum = Report::default();
    for seed in seeds {
        sum += run(seed, kind);
    }
    sum
}

/// A run that says what it was when it fails, or panics.
struct Run {
    seed: u64,
    kind: Kind,
    how: &'static str,
    scenario: Scenario,
    rng: Rng,
    trace: Trace,
}

impl Run {
    fn new(seed: u64, kind: Kind, how: &'static str) -> Self {
        let mut rng = Rng::new(seed ^ ((kind as u64 + 1) << 56));
        let scenario = kind.scenario(&mut rng);
        Self { seed, kind, how, scenario, rng, trace: Trace::new() }
    }

    fn end(self, outcome: Result<Report, Violation>) -> Report {
        match outcome {
            Ok(report) => Report { runs: 1, ..report },
            Err(Violation(what)) => panic!("seed {}, {:?}: {what}", self.seed, self.kind),
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let Self { seed, kind, how, scenario, trace, .. } = self;
        let name = format!("{kind:?}").to_lowercase();
        eprintln!(
            "{scenario:#?}\n{trace}\nAdd to tests/sim_regressions.rs, with what happened in its name:\n\n\
             {how}!(seed_{seed}_{name}_, {seed}, Kind::{kind:?});\n"
        );
    }
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.consoles = self.consoles.max(other.consoles);
        self.commands += other.commands;
        self.once += other.once;
        self.answered += other.answered;
        self.not_sent += other.not_sent;
        self.unknown += other.unknown;
        self.datagrams += other.datagrams;
        self.attacks += other.attacks;
        self.sizes = (self.sizes.0.max(other.sizes.0), self.sizes.1.max(other.sizes.1));
        self.virtual_time += other.virtual_time;
        self.hash = self.hash.rotate_left(7) ^ other.hash;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} seeds, {} commands ({} once): {} answered, {} not sent, {} unknown; {} datagrams, \
             {} attacks, {:.0} s of virtual time, sizes {:?}",
            self.runs,
            self.commands,
            self.once,
            self.answered,
            self.not_sent,
            self.unknown,
            self.datagrams,
            self.attacks,
            self.virtual_time.as_secs_f64(),
            self.sizes,
        )
    }
}
