//! Both ends in one place, without a network: what the console says is answered at once.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses some of it, and a panic is how a test fails"
)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_session::console::{Config, Event, Session, SessionError};
use ipmi_session::managed::{Account, Accounts, Limits, Received, Sessions};
use ipmi_session::{Entropy, Secret};
use ipmi_wire::session::{AuthType, CipherSuite, Username};
use ipmi_wire::{CompletionCode, Privilege, Response};

/// Deterministic "randomness".
#[derive(Clone, Debug)]
pub struct Seeded(pub u64);

impl Seeded {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        // SplitMix64, by Sebastiano Vigna (public domain).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Whether it happens this time, with a probability of `percent`.
    pub fn happens(&mut self, percent: u64) -> bool {
        self.number() % 100 < percent
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.number() as u8;
        }
    }
}

/// One user, `admin`.
pub struct Users {
    pub suites: Vec<u8>,
    pub ipmi15: Vec<AuthType>,
}

impl Accounts for Users {
    fn find(&self, name: &Username, _role: Option<Privilege>) -> Option<Account> {
        let (password, limit) = (Secret::new(b"Complex_Pass")?, Privilege::Administrator);
        (name.as_bytes() == b"admin").then_some(Account { user_id: 2, password, limit })
    }

    fn kg(&self) -> Option<Secret> {
        None
    }

    fn guid(&self) -> [u8; 16] {
        [0x47; 16]
    }

    fn suites(&self) -> Vec<(CipherSuite, Privilege)> {
        self.suites.iter().map(|n| (CipherSuite(*n), Privilege::Administrator)).collect()
    }

    fn ipmi15(&self) -> Vec<AuthType> {
        self.ipmi15.clone()
    }
}

/// `admin`'s session.
pub fn config() -> Config {
    Config::new(Username::new(b"admin").unwrap(), Secret::new(b"Complex_Pass").unwrap())
}

/// A BMC that answers each command with "normally", its number and a count.
pub struct Bmc {
    pub sessions: Sessions,
    pub users: Users,
    /// Commands that were carried out, and the number that each was asked with.
    pub executed: Vec<u8>,
    pub numbers: Vec<u8>,
    pub from: SocketAddr,
    /// It answers no command.
    pub mute: bool,
}

impl Bmc {
    pub fn new() -> Self {
        Self {
            sessions: Sessions::new(Limits::default()),
            users: Users { suites: vec![17, 3], ipmi15: Vec::new() },
            executed: Vec::new(),
            numbers: Vec::new(),
            mute: false,
            from: "127.0.0.1:50000".parse().unwrap(),
        }
    }

    /// What it answers to one datagram.
    pub fn answer(
        &mut self,
        now: Instant,
        datagram: &[u8],
        entropy: &mut Seeded,
    ) -> Option<Vec<u8>> {
        self.answer_with(now, datagram, entropy, |_| CompletionCode::OK)
    }

    /// As [`answer`](Self::answer), with what comes out of a command.
    pub fn answer_with(
        &mut self,
        now: Instant,
        datagram: &[u8],
        entropy: &mut Seeded,
        respond: impl Fn(u8) -> CompletionCode,
    ) -> Option<Vec<u8>> {
        match self.sessions.receive(now, self.from, datagram, &self.users, entropy) {
            Received::Reply(reply) => Some(reply),
            Received::Request { ticket, message } => {
                self.executed.push(message.cmd);
                self.numbers.push(message.sequence);
                let data = vec![message.cmd, self.executed.len() as u8];
                let answer = Response { completion: respond(message.cmd), data };
                let reply = self.sessions.seal(ticket, &message.answer(&answer), entropy);
                reply.filter(|_| !self.mute)
            }
            // Get Channel Authentication Capabilities: MD5, named users.
            Received::Sessionless { format, message } if message.cmd == 0x38 => {
                let data = vec![1, 0x04, 0x04, 0, 0, 0, 0, 0];
                let answer = Response { completion: CompletionCode::OK, data };
                Sessions::sessionless(format, &message.answer(&answer))
            }
            _ => None,
        }
    }
}

/// A console and a BMC at the same spot.
pub struct Bench {
    pub start: Instant,
    pub now: Instant,
    pub rng: Seeded,
    pub console: Session,
    pub bmc: Bmc,
    pub events: VecDeque<Event>,
    /// The BMC gets nothing any more.
    pub deaf: bool,
}

impl Bench {
    pub fn new(config: Config) -> Self {
        let (now, mut rng) = (Instant::now(), Seeded(7));
        let console = Session::open(now, config, 0xa0a2_a3a4, &mut rng);
        let events = VecDeque::new();
        Self { start: now, now, rng, console, bmc: Bmc::new(), events, deaf: false }
    }

    pub fn established(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.run(Duration::from_secs(1));
        assert!(matches!(bench.events.pop_front(), Some(Event::Established { .. })));
        assert!(bench.events.is_empty());
        bench
    }

    pub fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// Runs until `until` after the start, or until nothing moves any more.
    pub fn run(&mut self, until: Duration) {
        for _ in 0..10_000 {
            while let Some(datagram) = self.console.poll_transmit() {
                if self.deaf {
                    continue;
                }
                if let Some(reply) = self.bmc.answer(self.now, &datagram, &mut self.rng) {
                    self.console.handle_datagram(self.now, &reply, &mut self.rng);
                }
            }
            while let Some(event) = self.console.poll_event() {
                self.events.push_back(event);
            }
            match self.console.poll_timeout() {
                Some(due) if due <= self.start + until => {
                    self.now = due.max(self.now);
                    self.console.handle_timeout(self.now, &mut self.rng);
                }
                _ => return,
            }
        }
        panic!("the console never rests");
    }

    /// Why the session ended, if that was the last event.
    pub fn closed(&mut self) -> Option<SessionError> {
        match self.events.pop_back() {
            Some(Event::Closed(why)) => why,
            other => panic!("{other:?}"),
        }
    }
}
