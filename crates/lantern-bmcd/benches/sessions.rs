//! Both real ends in one thread, without a network: logins, commands in a session, and what a flood
//! of beginnings costs. The BMC is the reference machine with all its sensors.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros; and a panic is how a benchmark fails"
)]

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use ipmi_bmc::nvram::Memory;
use ipmi_bmc::{Bmc, LanPolicy, LogPolicy, Settings, User};
use ipmi_session::console::{Call, Config, Event, Session};
use ipmi_session::managed::Limits;
use ipmi_session::{Entropy, Quirks, Secret};
use ipmi_wire::cmd::app::{GetDeviceId, Guid};
use ipmi_wire::session::{
    AlgorithmProposal, CipherSuite, OpenSessionRequest, PayloadType, Username, V20Header,
};
use ipmi_wire::{Encode, Privilege};
use lantern_bmcd::personality::reference::reference;
use lantern_bmcd::platform::sim::SimPlatform;

struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            [*byte, ..] = self.0.to_be_bytes();
        }
    }
}

/// Two ends and nothing between them. Time stands still: nothing here waits.
struct Ends {
    now: Instant,
    rng: Seeded,
    bmc: Bmc,
}

impl Ends {
    fn new() -> Self {
        let now = Instant::now();
        let settings = Settings {
            guid: Guid([7; 16]),
            users: vec![User {
                id: 2,
                name: Username::new(b"admin").unwrap(),
                password: Secret::new(b"Complex_Pass").unwrap(),
                limit: Privilege::Administrator,
                enabled: true,
            }],
            lan: LanPolicy::default(),
            limits: Limits { rate: None, ..Limits::default() },
            quirks: Quirks::NONE,
            epoch: 1_800_000_000,
            log: LogPolicy::default(),
            nonvolatile: false,
        };
        let platform = Box::new(SimPlatform::new(1, now, true));
        let bmc = Bmc::new(now, reference(1_800_000_000), settings, platform, Memory::default());
        Self { now, rng: Seeded(1), bmc }
    }

    fn open(&mut self, suite: CipherSuite) -> Session {
        let name = Username::new(b"admin").unwrap();
        let mut config = Config::new(name, Secret::new(b"Complex_Pass").unwrap());
        config.suites = vec![suite];
        let mut session = Session::open(self.now, config, 0xa0a2_a3a4, &mut self.rng);
        self.exchange(&mut session);
        assert!(matches!(session.poll_event(), Some(Event::Established { .. })));
        session
    }

    fn exchange(&mut self, session: &mut Session) {
        let from: SocketAddr = ([127, 0, 0, 1], 4000).into();
        while let Some(datagram) = session.poll_transmit() {
            let reply = self.bmc.handle_datagram(self.now, from, &datagram, &mut self.rng);
            if let Some(reply) = reply {
                session.handle_datagram(self.now, &reply, &mut self.rng);
            }
        }
    }

    fn command(&mut self, session: &mut Session) {
        session.call(self.now, Call::of(&GetDeviceId), &mut self.rng);
        self.exchange(session);
        assert!(matches!(session.poll_event(), Some(Event::Answer(..))));
    }
}

fn logins(c: &mut Criterion) {
    let mut group = c.benchmark_group("login");
    for suite in [CipherSuite::SUITE_3, CipherSuite::SUITE_17] {
        let mut ends = Ends::new();
        group.bench_function(format!("suite {}", suite.0), |b| {
            b.iter(|| {
                let mut session = ends.open(suite);
                session.close(&mut ends.rng);
                ends.exchange(&mut session);
            });
        });
        assert!(ends.bmc.sessions().is_empty());
    }
    group.finish();
}

fn commands(c: &mut Criterion) {
    let mut group = c.benchmark_group("command");
    for suite in [CipherSuite::SUITE_3, CipherSuite::SUITE_17] {
        let mut ends = Ends::new();
        let mut session = ends.open(suite);
        group.bench_function(format!("suite {}", suite.0), |b| {
            b.iter(|| ends.command(black_box(&mut session)));
        });
    }
    group.finish();
}

/// Open Session Requests that nobody follows up, with the table full.
fn flood(c: &mut Criterion) {
    let mut group = c.benchmark_group("flood");
    for (name, everywhere) in [("from one address", false), ("from everywhere", true)] {
        let mut ends = Ends::new();
        let mut number = 0u32;
        group.bench_function(name, |b| {
            b.iter(|| {
                number = number.wrapping_add(1);
                let request = OpenSessionRequest {
                    tag: 0,
                    max_privilege: None,
                    console_session_id: number,
                    authentication: AlgorithmProposal::Any,
                    integrity: AlgorithmProposal::Any,
                    confidentiality: AlgorithmProposal::Any,
                };
                let header = V20Header::sessionless(PayloadType::OpenSessionRequest);
                let datagram = header.to_datagram(&request.to_bytes()).unwrap();
                let [a, b, c, _] = number.to_le_bytes();
                let from = if everywhere { [10, a, b, c] } else { [10, 0, 0, 1] };
                ends.bmc.handle_datagram(ends.now, (from, 2000).into(), &datagram, &mut ends.rng)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, logins, commands, flood);
criterion_main!(benches);
