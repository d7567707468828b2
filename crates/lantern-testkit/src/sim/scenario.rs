//! What kind of trouble there is, drawn from the seed.

use std::time::Duration;

use ipmi_session::Timing;
use ipmi_session::console::Protocol;
use ipmi_wire::session::{AuthType, CipherSuite};

use super::machine::Pace;
use super::network::Link;
use super::rng::Rng;

/// The conditions of one run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Consoles of ours.
    pub consoles: u16,
    /// Consoles that resend everything, also what must not be done twice, as ipmitool does.
    pub foreign: u16,
    /// Requests of each console.
    pub commands: u32,
    /// Per mille of them that must not be carried out twice.
    pub once: u32,
    /// How many requests a console queues at once.
    pub depth: usize,
    /// The longest pause between two.
    pub pause: Duration,
    /// The way to the BMC.
    pub to_bmc: Link,
    /// The way back.
    pub to_console: Link,
    /// How often the BMC loses its power, at most.
    pub bmc_failures: u32,
    /// How often a console's process ends, at most.
    pub console_failures: u32,
    /// How often a direction swallows everything for a while, at most.
    pub holes: u32,
    /// Whether the network says when nobody is there.
    pub tells: bool,
    /// Per mille of the datagrams that the attacker answers with one of its own.
    pub attacks: u32,
    /// How quick the BMC is.
    pub pace: Pace,
    /// Sessions that the BMC has room for.
    pub sessions: usize,
    /// The consoles' patience.
    pub timing: Timing,
    /// Cipher suites that the consoles try, in this order.
    pub suites: Vec<CipherSuite>,
    /// What kind of session they open.
    pub protocol: Protocol,
    /// Whether the consoles know that the BMC drops a packet that it has seen.
    pub refuses_replays: bool,
}

/// The suites in which every packet has a code: without, anybody may do anything.
pub(super) const PROTECTED: [CipherSuite; 7] = [
    CipherSuite(2),
    CipherSuite(3),
    CipherSuite(7),
    CipherSuite(8),
    CipherSuite(12),
    CipherSuite(16),
    CipherSuite(17),
];

/// Kinds of scenario. What they leave open the seed decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One console, five requests, some trouble of each sort.
    Short,
    /// 30 % loss in each direction, with duplication and reordering; 50 requests.
    Lossy,
    /// Both ends fail again and again.
    Failures,
    /// Everything is swallowed for a while.
    Holes,
    /// Somebody is on the wire.
    Attacked,
    /// A BMC that takes its time, and its store more.
    Slow,
    /// Several consoles.
    Crowd,
    /// Consoles that resend everything.
    Foreign,
    /// IPMI v1.5, with MD5.
    Ipmi15,
    /// All of it.
    Anything,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Short,
        Self::Lossy,
        Self::Failures,
        Self::Holes,
        Self::Attacked,
        Self::Slow,
        Self::Crowd,
        Self::Foreign,
        Self::Ipmi15,
        Self::Anything,
    ];

    /// The conditions that this seed gives.
    #[must_use]
    pub fn scenario(self, rng: &mut Rng) -> Scenario {
        let mut calm = Scenario::calm();
        calm.refuses_replays = rng.chance(500);
        if rng.chance(300) {
            calm.suites = vec![*rng.pick(&PROTECTED)];
        }
        match self {
            Self::Short => {
                calm.commands = 5;
                calm.disturb(rng, 300);
                calm.bmc_failures = u32::from(rng.chance(200));
                calm.console_failures = u32::from(rng.chance(200));
                calm.holes = u32::from(rng.chance(200));
                calm.tells = rng.chance(500);
                calm.attacks = if rng.chance(300) { 200 } else { 0 };
            }
            Self::Lossy => {
                calm.commands = 50;
                let link = Link {
                    loss: 300,
                    duplicate: 100,
                    late: 150,
                    delay: Duration::from_millis(5),
                    jitter: Duration::from_millis(10),
                    lateness: Duration::from_millis(600),
                };
                (calm.to_bmc, calm.to_console) = (link, link);
            }
            Self::Failures => {
                calm.disturb(rng, 100);
                calm.bmc_failures = rng.between(1, 5) as u32;
                calm.console_failures = rng.between(0, 4) as u32;
                calm.tells = rng.chance(500);
                calm.pace.store = Duration::from_millis(rng.below(50));
            }
            Self::Holes => {
                calm.disturb(rng, 50);
                calm.holes = rng.between(1, 6) as u32;
            }
            Self::Attacked => {
                calm.disturb(rng, 100);
                calm.attacks = rng.between(50, 600) as u32;
            }
            Self::Slow => {
                calm.pace = Pace {
                    least: Duration::from_millis(rng.below(1000)),
                    more: Duration::from_millis(rng.below(300)),
                    store: Duration::from_millis(rng.below(1500)),
                };
                if rng.chance(300) {
                    calm.disturb(rng, 100);
                }
            }
            Self::Crowd => {
                calm.consoles = rng.between(2, 4) as u16;
                calm.foreign = rng.below(2) as u16;
                calm.commands = 15;
                calm.sessions = rng.between(2, 32) as usize;
                calm.depth = rng.between(1, 4) as usize;
                calm.disturb(rng, 200);
                calm.pace.least = Duration::from_millis(rng.below(20));
            }
            Self::Foreign => {
                (calm.consoles, calm.foreign) = (0, rng.between(1, 2) as u16);
                calm.once = 400;
                calm.disturb(rng, 300);
                calm.to_bmc.lateness = Duration::from_millis(rng.below(4000));
            }
            Self::Ipmi15 => {
                calm.protocol = Protocol::Ipmi15(vec![AuthType::Md5]);
                calm.disturb(rng, 300);
                calm.bmc_failures = rng.below(2) as u32;
            }
            Self::Anything => {
                calm.consoles = rng.between(1, 3) as u16;
                calm.foreign = rng.below(2) as u16;
                calm.commands = rng.between(1, 25) as u32;
                calm.once = rng.between(0, 500) as u32;
                calm.depth = rng.between(1, 3) as usize;
                calm.pause = Duration::from_millis(rng.below(3000));
                calm.sessions = rng.between(1, 32) as usize;
                calm.disturb(rng, 400);
                calm.bmc_failures = rng.below(3) as u32;
                calm.console_failures = rng.below(3) as u32;
                calm.holes = rng.below(3) as u32;
                calm.tells = rng.chance(500);
                calm.attacks = if rng.chance(500) { rng.below(500) as u32 } else { 0 };
                calm.pace = Pace {
                    least: Duration::from_millis(rng.below(100)),
                    more: Duration::from_millis(rng.below(300)),
                    store: Duration::from_millis(rng.below(200)),
                };
            }
        }
        calm
    }
}

impl Scenario {
    /// One console, twenty requests, no trouble at all.
    #[must_use]
    pub fn calm() -> Self {
        Self {
            consoles: 1,
            foreign: 0,
            commands: 20,
            once: 100,
            depth: 1,
            pause: Duration::ZERO,
            to_bmc: Link::PERFECT,
            to_console: Link::PERFECT,
            bmc_failures: 0,
            console_failures: 0,
            holes: 0,
            tells: false,
            attacks: 0,
            pace: Pace::INSTANT,
            sessions: 32,
            timing: Timing::default(),
            suites: vec![CipherSuite::SUITE_17, CipherSuite::SUITE_3],
            protocol: Protocol::RmcpPlus,
            refuses_replays: false,
        }
    }

    /// Makes the network lose up to `worst` per mille in each direction, and double and delay.
    fn disturb(&mut self, rng: &mut Rng, worst: u32) {
        for link in [&mut self.to_bmc, &mut self.to_console] {
            *link = Link {
                loss: rng.between(0, worst.into()) as u32,
                duplicate: rng.between(0, 200) as u32,
                late: rng.between(0, 200) as u32,
                delay: Duration::from_millis(rng.between(0, 60)),
                jitter: Duration::from_millis(rng.between(0, 30)),
                lateness: Duration::from_millis(rng.between(0, 2000)),
            };
        }
    }

    /// What a request may take in all: a login, and for each that was queued before it and for
    /// itself, raising the privilege and an answer.
    #[must_use]
    pub(super) fn bound(&self) -> Duration {
        let each = self.timing.deadline * 2 * self.depth as u32;
        self.timing.deadline + each + Duration::from_millis(10)
    }
}
