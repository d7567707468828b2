//! Consoles that are state machines, in a world of trouble; then a world at peace.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::console::Console;
use super::ether::{Ether, bmc_address};
use super::rng::Rng;
use super::scenario::Scenario;
use super::trace::Trace;
use super::work::Work;
use super::{Report, Violation};

/// A run.
pub(super) struct World {
    now: Duration,
    rng: Rng,
    consoles: Vec<Console>,
    ether: Ether,
    /// Consoles that may still fail, and one in how many arrivals that is.
    failures: u32,
    arrivals: u64,
    steps: u64,
    /// The most that the BMC's and a console's sessions knew.
    most: (usize, usize),
    limits: Limits,
}

struct Limits {
    sessions: usize,
    steps: u64,
    in_flight: usize,
    patience: Duration,
}

/// IPMI v2.0 §6.12.15: 60 seconds, give or take 3.
const IDLE: Duration = Duration::from_secs(63);
/// One step in so many is looked at closely.
const LOOK: u64 = 97;
/// In letters. Sixteen times what has been seen.
const BMC_SIZE: usize = 400_000;
const CONSOLE_SIZE: usize = 40_000;
/// Longer is nothing under way.
const SETTLED: Duration = Duration::from_secs(6);

impl World {
    pub(super) fn new(scenario: &Scenario, rng: &mut Rng, trace: Trace) -> Self {
        let start = Instant::now();
        let ether = Ether::new(start, scenario, rng, trace);
        let mut serial = 0;
        let consoles = (0..scenario.consoles + scenario.foreign).map(|number| {
            let mut rng = rng.fork();
            let script: VecDeque<Work> = (0..scenario.commands)
                .map(|_| {
                    serial += 1;
                    Work::drawn(&mut rng, number, serial, scenario.once)
                })
                .collect();
            Console::new(start, number, number >= scenario.consoles, scenario, script, rng)
        });
        let consoles: Vec<Console> = consoles.collect();
        let commands = u64::from(scenario.commands) * consoles.len() as u64;
        Self {
            now: Duration::ZERO,
            rng: rng.fork(),
            consoles,
            ether,
            failures: scenario.console_failures,
            arrivals: commands * 2 + 5,
            steps: 0,
            most: (0, 0),
            limits: Limits {
                sessions: scenario.sessions,
                // Sent at most 9 times each, each time doubled, and answered, with timers and scans.
                steps: 20_000 + commands * 2_000,
                in_flight: 20_000,
                patience: scenario.timing.deadline,
            },
        }
    }

    /// Runs to the end; the sums.
    pub(super) fn run(mut self) -> Result<Report, Violation> {
        while !self.consoles.iter().all(Console::is_done) {
            self.step(Duration::MAX)?;
        }
        let stormy = self.now;
        self.recover()?;
        self.fall_silent()?;
        let machine = &self.ether.machine;
        let kept = machine.kept_log();
        self.ether.ledger.settle(&machine.log(), &kept, |slot| machine.kept_slot(slot))?;
        let (attacks, in_flight) = self.ether.sums();
        if in_flight > self.limits.in_flight {
            return Err(Violation::new(format!("{in_flight} datagrams under way at once")));
        }
        let hash = self.ether.trace.hash();
        let sizes = self.most;
        Ok(Report { attacks, virtual_time: stormy, hash, sizes, ..self.ether.ledger.report() })
    }

    /// The network heals: whoever logs in now gets in, and is answered.
    fn recover(&mut self) -> Result<(), Violation> {
        self.failures = 0;
        self.ether.heal(self.now);
        self.wait(SETTLED)?;
        // The BMC may still be off.
        let deadline = self.now + Duration::from_secs(20);
        while self.ether.machine.bmc().is_none() && self.now < deadline {
            self.wait(Duration::from_secs(1))?;
        }
        for number in 0..self.consoles.len() {
            let begun = self.now;
            let deadline = begun + IDLE + Duration::from_secs(10);
            loop {
                let now = self.now;
                let Some(bmc) = self.ether.machine.bmc() else {
                    return Err(Violation::new("the BMC does not start again"));
                };
                let has_room = bmc.sessions().len() < self.limits.sessions;
                let (console, ether) = (&mut self.consoles[number], &mut self.ether);
                console.leave(now, ether)?;
                console.ask(now, Work::DeviceId);
                while !self.consoles[number].is_done() {
                    self.step(Duration::MAX)?;
                }
                if self.consoles[number].answered {
                    if has_room && self.now - begun > self.limits.patience + IDLE {
                        return Err(Violation::new("a login on a healed network takes for ever"));
                    }
                    break;
                }
                if has_room || self.now > deadline {
                    let after = self.now - begun;
                    return Err(Violation::new(format!(
                        "no login after {after:?} on a healed network (room: {has_room})"
                    )));
                }
                self.wait(Duration::from_secs(1))?;
            }
        }
        Ok(())
    }

    /// Nobody says anything any more: the BMC forgets everybody.
    fn fall_silent(&mut self) -> Result<(), Violation> {
        for console in &mut self.consoles {
            console.leave(self.now, &mut self.ether)?;
        }
        self.wait(IDLE + SETTLED)?;
        let left = self.ether.machine.bmc().map_or(0, |bmc| bmc.sessions().len());
        if left > 0 {
            return Err(Violation::new(format!("{left} sessions are left that nobody has")));
        }
        Ok(())
    }

    /// Nobody's memory grows.
    fn measure(&mut self) -> Result<(), Violation> {
        let bmc = self.ether.machine.size();
        let console = self.consoles.iter().map(Console::size).max().unwrap_or(0);
        self.most = (self.most.0.max(bmc), self.most.1.max(console));
        if bmc > BMC_SIZE || console > CONSOLE_SIZE {
            return Err(Violation::new(format!(
                "grown to {bmc} at the BMC, {console} at a console"
            )));
        }
        Ok(())
    }

    fn wait(&mut self, time: Duration) -> Result<(), Violation> {
        let until = self.now + time;
        while self.step(until)? {}
        Ok(())
    }

    /// Goes on to the next thing that happens, unless that is after `until`; whether there was one.
    fn step(&mut self, until: Duration) -> Result<bool, Violation> {
        let consoles = self.consoles.iter().filter_map(Console::next).min();
        let next = [self.ether.next(), consoles].into_iter().flatten().min();
        let Some(next) = next.filter(|next| *next <= until) else {
            if until == Duration::MAX {
                return Err(Violation::new("nothing will ever happen again"));
            }
            self.now = until;
            return Ok(false);
        };
        self.steps += 1;
        if self.steps > self.limits.steps {
            return Err(Violation::new(format!("no end after {} steps", self.steps)));
        }
        self.now = self.now.max(next);
        let now = self.now;
        if self.steps.is_multiple_of(LOOK) {
            self.measure()?;
        }
        for arrival in self.ether.advance(now)? {
            let is_for = |console: &Console| console.address() == arrival.to;
            let Some(at) = self.consoles.iter().position(is_for) else { continue };
            let odds = (1000 * u64::from(self.failures)).div_ceil(self.arrivals) as u32;
            let console = &mut self.consoles[at];
            if self.rng.chance(odds) {
                self.failures -= 1;
                console.die(now, &mut self.ether)?;
            } else if arrival.from == bmc_address() {
                console.take(now, &arrival.what, &mut self.ether)?;
            }
        }
        for console in &mut self.consoles {
            if console.next().is_some_and(|due| due <= now) {
                console.wake(now, &mut self.ether)?;
            }
        }
        Ok(true)
    }
}
