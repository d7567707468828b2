//! A console and a managed system, face to face, with a virtual clock between them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_session::console::{Config, Event, Session, SessionError};
use ipmi_session::managed::{Account, Accounts, Limits, Received, Sessions};
use ipmi_session::{Entropy, Quirk, Secret};
use ipmi_wire::session::{CipherSuite, Username};
use ipmi_wire::{CompletionCode, Privilege, Response};

/// Deterministic "randomness".
pub struct Seeded(pub u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *byte = (self.0 >> 56) as u8;
        }
    }
}

pub struct Users {
    pub suites: Vec<u8>,
    pub kg: Option<Secret>,
}

fn user(name: &[u8]) -> Option<(u8, &'static [u8], Privilege)> {
    Some(match name {
        b"admin" => (2, b"Complex_Pass", Privilege::Administrator),
        b"guest" => (4, b"Guest_Pass_4", Privilege::User),
        _ => return None,
    })
}

impl Accounts for Users {
    fn find(&self, name: &Username, role: Option<Privilege>) -> Option<Account> {
        let (user_id, password, limit) = user(name.as_bytes())?;
        let password = Secret::new(password)?;
        role.is_none_or(|role| role == limit).then_some(Account { user_id, password, limit })
    }

    fn kg(&self) -> Option<Secret> {
        self.kg.clone()
    }

    fn guid(&self) -> [u8; 16] {
        [0x47; 16]
    }

    fn suites(&self) -> Vec<(CipherSuite, Privilege)> {
        self.suites.iter().map(|n| (CipherSuite(*n), Privilege::Administrator)).collect()
    }
}

/// One console, one managed system, one clock.
pub struct Pair {
    pub start: Instant,
    pub now: Instant,
    pub rng: Seeded,
    pub console: Session,
    pub bmc: Sessions,
    pub users: Users,
    pub from: SocketAddr,
    /// Every datagram in both directions, the console's first.
    pub to_bmc: Vec<Vec<u8>>,
    pub to_console: Vec<Vec<u8>>,
    pub events: VecDeque<Event>,
    pub noticed: Vec<Quirk>,
    /// Whether a datagram to the BMC gets through, by its number.
    pub deliver: fn(usize) -> bool,
    /// Whether an answer gets through, by its number.
    pub deliver_back: fn(usize) -> bool,
    pub executed: usize,
    pub commands: Vec<u8>,
}

pub fn config(name: &str, password: &str) -> Config {
    Config::new(Username::new(name.as_bytes()).unwrap(), Secret::new(password.as_bytes()).unwrap())
}

impl Pair {
    pub fn new(config: Config) -> Self {
        let now = Instant::now();
        let mut rng = Seeded(7);
        let console = Session::open(now, config, 0xa0a2_a3a4, &mut rng);
        Self {
            start: now,
            now,
            rng,
            console,
            bmc: Sessions::new(Limits::default()),
            users: Users { suites: vec![17, 3], kg: None },
            from: "127.0.0.1:50000".parse().unwrap(),
            to_bmc: Vec::new(),
            to_console: Vec::new(),
            events: VecDeque::new(),
            noticed: Vec::new(),
            deliver: |_| true,
            deliver_back: |_| true,
            executed: 0,
            commands: Vec::new(),
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// What the BMC answers to one datagram.
    pub fn ask_bmc(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        match self.bmc.receive(self.now, self.from, datagram, &self.users, &mut self.rng) {
            Received::Reply(reply) => Some(reply),
            Received::Request { ticket, message } => {
                self.executed += 1;
                self.commands.push(message.cmd);
                let data = match message.cmd {
                    // Set Session Privilege Level: what was asked for is what there is.
                    0x3b => message.data.clone(),
                    cmd => vec![cmd, self.executed as u8],
                };
                let answer = Response { completion: CompletionCode::OK, data };
                self.bmc.seal(ticket, &message.answer(&answer), &mut self.rng)
            }
            Received::Nothing | Received::Sessionless { .. } | Received::Response { .. } => None,
        }
    }

    /// Runs until nothing moves any more, jumping from deadline to deadline; at most `limit` of
    /// virtual time.
    pub fn run(&mut self, limit: Duration) {
        for _ in 0..10_000 {
            while let Some(datagram) = self.console.poll_transmit() {
                let number = self.to_bmc.len();
                self.to_bmc.push(datagram.clone());
                if !(self.deliver)(number) {
                    continue;
                }
                if let Some(reply) = self.ask_bmc(&datagram) {
                    let number = self.to_console.len();
                    self.to_console.push(reply.clone());
                    if (self.deliver_back)(number) {
                        self.console.handle_datagram(self.now, &reply, &mut self.rng);
                    }
                }
            }
            while let Some(event) = self.console.poll_event() {
                match event {
                    Event::Noticed(quirk) => self.noticed.push(quirk),
                    event => self.events.push_back(event),
                }
            }
            match self.console.poll_timeout() {
                Some(due) if due <= self.start + limit => {
                    self.now = due.max(self.now);
                    self.console.handle_timeout(self.now, &mut self.rng);
                }
                _ => return,
            }
        }
        panic!("the console never rests");
    }

    pub fn established(config: Config) -> Self {
        let mut pair = Self::new(config);
        pair.run(Duration::from_secs(60));
        assert!(matches!(pair.events.pop_front(), Some(Event::Established { .. })));
        assert!(pair.events.is_empty());
        pair
    }

    pub fn closed_with(&mut self) -> SessionError {
        self.run(Duration::from_secs(60));
        match self.events.pop_back() {
            Some(Event::Closed(Some(error))) => error,
            other => panic!("{other:?}"),
        }
    }
}
