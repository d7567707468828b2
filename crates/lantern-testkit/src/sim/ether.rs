//! All that is not a console: the network, the BMC behind it, the attacker on it, the books.
//!
//! The same world serves consoles that are state machines and clients that are tasks.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_session::console::Unreachable;
use ipmi_session::managed::Limits;

use super::Violation;
use super::attacker::{Attack, Attacker, Datagram};
use super::ledger::Ledger;
use super::machine::Machine;
use super::network::{InFlight, Link};
use super::rng::{Rng, fingerprint};
use super::scenario::Scenario;
use super::trace::{Note, Print, Trace};

/// Everything between consoles and the BMC, and the BMC.
pub(super) struct Ether {
    now: Duration,
    rng: Rng,
    in_flight: InFlight<Parcel>,
    to_bmc: Way,
    to_console: Way,
    tells: bool,
    failures: u32,
    holes: u32,
    /// A datagram at the BMC is one of so many, roughly: how often trouble strikes.
    steps: u64,
    attacker: Option<Attacker>,
    attacks: u64,
    pub(super) machine: Machine,
    pub(super) ledger: Ledger,
    pub(super) trace: Trace,
    most_in_flight: usize,
}

/// One direction.
struct Way {
    link: Link,
    swallows_until: Duration,
}

enum Parcel {
    Datagram(Datagram),
    Unreachable(SocketAddr),
}

/// What comes to a console.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) to: SocketAddr,
    pub(super) from: SocketAddr,
    pub(super) what: Come,
}

#[derive(Debug)]
pub(super) enum Come {
    Datagram(Vec<u8>),
    Unreachable(Unreachable),
}

/// Where the BMC is.
pub(super) fn bmc_address() -> SocketAddr {
    ([192, 0, 2, 1], 623).into()
}

/// Where console number `console` is in its `life`th life.
pub(super) fn console_address(console: u16, life: u16) -> SocketAddr {
    ([198, 51, 100, console as u8 + 1], 40_000 + life).into()
}

/// Which console that is.
pub(super) const fn console_at(address: SocketAddr) -> u16 {
    match address {
        SocketAddr::V4(v4) => v4.ip().octets()[3].saturating_sub(1) as u16,
        SocketAddr::V6(_) => u16::MAX,
    }
}

fn print(bytes: &[u8]) -> Print {
    Print(fingerprint(bytes) as u32)
}

impl Ether {
    pub(super) fn new(start: Instant, scenario: &Scenario, rng: &mut Rng, trace: Trace) -> Self {
        let limits = Limits { sessions: scenario.sessions, ..Limits::default() };
        let machine = Machine::new(start, limits, scenario.pace, rng.fork(), trace.clone());
        let all = u64::from(scenario.commands) * u64::from(scenario.consoles + scenario.foreign);
        Self {
            now: Duration::ZERO,
            rng: rng.fork(),
            in_flight: InFlight::new(),
            to_bmc: Way { link: scenario.to_bmc, swallows_until: Duration::ZERO },
            to_console: Way { link: scenario.to_console, swallows_until: Duration::ZERO },
            tells: scenario.tells,
            failures: scenario.bmc_failures,
            holes: scenario.holes,
            steps: all * 2 + 5,
            attacker: (scenario.attacks > 0).then(|| Attacker::new(scenario.attacks)),
            attacks: 0,
            machine,
            ledger: Ledger::new(trace.clone()),
            trace,
            most_in_flight: 0,
        }
    }

    /// A console sends a datagram to the BMC, for this task if for any.
    pub(super) fn send(
        &mut self,
        now: Duration,
        from: SocketAddr,
        task: Option<usize>,
        bytes: Vec<u8>,
    ) {
        self.ledger.sent(from, task, &bytes);
        self.carry(now, Datagram { from, to: bmc_address(), bytes });
    }

    /// When [`advance`](Self::advance) next has something to do.
    pub(super) fn next(&self) -> Option<Duration> {
        [self.in_flight.next(), self.machine.next()].into_iter().flatten().min()
    }

    /// Lets time pass until `now`; what comes to consoles.
    pub(super) fn advance(&mut self, now: Duration) -> Result<Vec<Arrival>, Violation> {
        self.now = self.now.max(now);
        self.most_in_flight = self.most_in_flight.max(self.in_flight.len());
        let mut arrivals = Vec::new();
        while let Some(parcel) = self.in_flight.pop(now) {
            match parcel {
                Parcel::Unreachable(to) => {
                    self.trace.note(now, Note::Unreachable { console: console_at(to) });
                    let what = Come::Unreachable(Unreachable::Port);
                    arrivals.push(Arrival { to, from: bmc_address(), what });
                }
                Parcel::Datagram(datagram) if datagram.to == bmc_address() => {
                    self.deliver(now, datagram)?;
                }
                Parcel::Datagram(Datagram { from, to, bytes }) => {
                    let print = print(&bytes);
                    self.trace.note(now, Note::AtConsole { console: console_at(to), print });
                    arrivals.push(Arrival { to, from, what: Come::Datagram(bytes) });
                }
            }
        }
        self.machine.run(now, &mut self.ledger)?;
        self.answer(now);
        Ok(arrivals)
    }

    /// From now on nothing goes wrong any more.
    pub(super) fn heal(&mut self, now: Duration) {
        self.trace.note(now, Note::Healed);
        for way in [&mut self.to_bmc, &mut self.to_console] {
            *way = Way { link: Link::PERFECT, swallows_until: Duration::ZERO };
        }
        (self.failures, self.holes, self.attacker) = (0, 0, None);
        self.machine.hurry();
    }

    /// How often the attacker struck, and how many datagrams were under way at most.
    pub(super) const fn sums(&self) -> (u64, usize) {
        (self.attacks, self.most_in_flight)
    }

    fn deliver(
        &mut self,
        now: Duration,
        Datagram { from, bytes, .. }: Datagram,
    ) -> Result<(), Violation> {
        let print = print(&bytes);
        self.trouble(now);
        if self.machine.accept(from, bytes) {
            self.trace.note(now, Note::AtBmc { print });
            self.machine.run(now, &mut self.ledger)?;
            self.answer(now);
            return Ok(());
        }
        self.trace.note(now, Note::NobodyThere { print });
        if self.tells {
            self.in_flight.push(now + self.to_console.link.delay, Parcel::Unreachable(from));
        }
        Ok(())
    }

    /// Now may be the moment at which something fails.
    fn trouble(&mut self, now: Duration) {
        let left = u64::from(self.failures + self.holes);
        let odds = (1000 * left).div_ceil(self.steps) as u32;
        if !self.rng.chance(odds) {
            return;
        }
        let fails = self.rng.below(left) < u64::from(self.failures);
        // Half of it is over before anybody gives up.
        let longest = match (self.rng.chance(500), fails) {
            (true, _) => 600,
            (false, true) => 15_000,
            (false, false) => 12_000,
        };
        let millis = self.rng.below(longest);
        let time = Duration::from_millis(millis);
        if fails {
            self.failures -= 1;
            return self.machine.fail(now, time);
        }
        self.holes -= 1;
        for (way, to_bmc) in [(&mut self.to_bmc, true), (&mut self.to_console, false)] {
            if self.rng.chance(600) {
                way.swallows_until = now + time;
                self.trace.note(now, Note::Hole { to_bmc, millis: millis as u32 });
            }
        }
    }

    fn answer(&mut self, now: Duration) {
        for (ready, to, bytes) in self.machine.take_answers() {
            self.carry(ready.max(now), Datagram { from: bmc_address(), to, bytes });
        }
    }

    /// Puts a datagram on the wire, where its fate is decided and the attacker sees it.
    fn carry(&mut self, now: Duration, datagram: Datagram) {
        let is_to_bmc = datagram.to == bmc_address();
        let (bytes, print) = (datagram.bytes.len() as u16, print(&datagram.bytes));
        let note = match is_to_bmc {
            true => Note::ToBmc { console: console_at(datagram.from), bytes, print },
            false => Note::ToConsole { console: console_at(datagram.to), bytes, print },
        };
        self.trace.note(now, note);
        if let Some(attacker) = &mut self.attacker {
            for attack in attacker.sees(&datagram, bmc_address(), &mut self.rng) {
                self.attacks += 1;
                self.strike(now, attack);
            }
        }
        let way = if is_to_bmc { &self.to_bmc } else { &self.to_console };
        if now < way.swallows_until {
            self.trace.note(now, Note::Swallowed { print });
            return;
        }
        match way.link.fate(&mut self.rng) {
            [None, _] => self.trace.note(now, Note::Lost { print }),
            [Some(takes), again] => {
                if let Some(again) = again {
                    self.trace.note(now, Note::Doubled { print });
                    self.in_flight.push(now + again, Parcel::Datagram(datagram.clone()));
                }
                self.in_flight.push(now + takes, Parcel::Datagram(datagram));
            }
        }
    }

    fn strike(&mut self, now: Duration, attack: Attack) {
        match attack {
            Attack::Send { what, after, datagram } => {
                self.trace.note(now, Note::Attack { what, print: print(&datagram.bytes) });
                self.in_flight.push(now + after, Parcel::Datagram(datagram));
            }
            Attack::Unreachable { to } => {
                self.trace.note(now, Note::Attack { what: "unreachable", print: Print(0) });
                self.in_flight.push(now, Parcel::Unreachable(to));
            }
        }
    }
}
