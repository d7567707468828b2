//! Both ends of a session, each against whatever the input makes of the other.
//!
//! The input is a script: it lets datagrams through, changes them, loses them, repeats them, makes
//! them up, and moves the clock. Nothing may panic; nothing that was tampered with may be carried
//! out; before a session exists no answer is longer than the longest that the specification has.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_bmc::nvram::Memory;
use ipmi_bmc::{Bmc, LanPolicy, LogPolicy, Settings, User};
use ipmi_session::console::{Call, Config, Event, Session};
use ipmi_session::managed::{Account, Accounts, Limits, Received, Sessions};
use ipmi_session::{Entropy, Secret};
use ipmi_wire::cmd::app::{GetDeviceId, Guid};
use ipmi_wire::cmd::chassis::{ChassisControl, PowerAction};
use ipmi_wire::session::{CipherSuite, Username};
use ipmi_wire::{CompletionCode, Privilege, Response};
use lantern_bmcd::personality::reference::reference;
use lantern_bmcd::platform::sim::SimPlatform;

/// The longest answer outside a session: RAKP 2 with a SHA-256 code, headers included.
const LONGEST_PRESESSION: usize = 4 + 12 + 40 + 32;

struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *byte = (self.0 >> 56) as u8;
        }
    }
}

struct OneUser;

impl Accounts for OneUser {
    fn find(&self, name: &Username, _: Option<Privilege>) -> Option<Account> {
        let password = Secret::new(b"Complex_Pass")?;
        let limit = Privilege::Administrator;
        (name.as_bytes() == b"admin").then_some(Account { user_id: 2, password, limit })
    }

    fn kg(&self) -> Option<Secret> {
        None
    }

    fn guid(&self) -> [u8; 16] {
        [7; 16]
    }

    fn suites(&self) -> Vec<(CipherSuite, Privilege)> {
        [17, 3].map(|n| (CipherSuite(n), Privilege::Administrator)).to_vec()
    }
}

fn console(now: Instant, rng: &mut Seeded) -> Session {
    let username = Username::new(b"admin").expect("short");
    let password = Secret::new(b"Complex_Pass").expect("short");
    Session::open(now, Config::new(username, password), 0xa0a2_a3a4, rng)
}

/// A console and a managed system, with a hostile network between them.
pub fn session(data: &[u8]) {
    let mut rng = Seeded(1);
    let mut now = Instant::now();
    let from: SocketAddr = ([127, 0, 0, 1], 4000).into();
    let mut console = console(now, &mut rng);
    let mut bmc = Sessions::new(Limits::default());
    let (mut calls, mut executed, mut answered) = (0usize, 0usize, 0usize);
    let mut script = data.iter().copied();
    let mut last = Vec::new();
    // What the console sent and the BMC has not carried out.
    let mut genuine = HashSet::new();
    while let Some(op) = script.next() {
        let mut datagram: Vec<u8> = match op & 7 {
            0 | 1 => {
                let datagram = console.poll_transmit().unwrap_or_default();
                genuine.insert(datagram.clone());
                datagram
            }
            2 => {
                // Lost on the way.
                console.poll_transmit();
                continue;
            }
            3 => last.clone(),
            4 => {
                let length = usize::from(script.next().unwrap_or(0));
                script.by_ref().take(length).collect()
            }
            5 => {
                let call = match script.next().unwrap_or(0) & 1 {
                    0 => Call::of(&GetDeviceId),
                    _ => Call::of(&ChassisControl { action: PowerAction::Cycle }),
                };
                console.call(now, call, &mut rng);
                calls += 1;
                continue;
            }
            6 => {
                now += Duration::from_millis(u64::from(script.next().unwrap_or(0)) * 20);
                console.handle_timeout(now, &mut rng);
                continue;
            }
            _ => {
                console.close(&mut rng);
                continue;
            }
        };
        if op & 8 != 0 {
            let (at, bits) = (usize::from(script.next().unwrap_or(0)), script.next().unwrap_or(0));
            if let Some(byte) = datagram.get_mut(at) {
                *byte ^= bits;
            }
        }
        let before = executed;
        let mut reply = match bmc.receive(now, from, &datagram, &OneUser, &mut rng) {
            Received::Nothing | Received::Sessionless { .. } => None,
            Received::Reply(reply) => {
                assert!(reply.len() <= LONGEST_PRESESSION);
                Some(reply)
            }
            Received::Request { session_id, message } => {
                executed += 1;
                let response = Response::code(CompletionCode::OK);
                bmc.seal(session_id, &message.answer(&response), &mut rng)
            }
        };
        if executed > before {
            // The RMCP header is not covered by the code, and hardly looked at.
            let carried_out = |known: &Vec<u8>| known.get(4..) == datagram.get(4..);
            let known = genuine.iter().find(|known| carried_out(known)).cloned();
            let known = known.expect("a forged request was carried out, or one twice");
            genuine.remove(&known);
        }
        last = datagram;
        if op & 16 != 0
            && let Some(reply) = &mut reply
        {
            let (at, bits) = (usize::from(script.next().unwrap_or(0)), script.next().unwrap_or(0));
            if let Some(byte) = reply.get_mut(at) {
                *byte ^= bits;
            }
        }
        if op & 32 == 0
            && let Some(reply) = reply
        {
            console.handle_datagram(now, &reply, &mut rng);
            if op & 64 != 0 {
                console.handle_datagram(now, &reply, &mut rng);
            }
        }
        while let Some(event) = console.poll_event() {
            answered += usize::from(matches!(event, Event::Answer(..) | Event::Failed(..)));
        }
    }
    // Everything ends by its deadline, and every call has exactly one outcome.
    for _ in 0..10_000 {
        while console.poll_transmit().is_some() {}
        while let Some(event) = console.poll_event() {
            answered += usize::from(matches!(event, Event::Answer(..) | Event::Failed(..)));
        }
        let Some(due) = console.poll_timeout() else { break };
        now = now.max(due);
        console.handle_timeout(now, &mut rng);
    }
    assert!(console.poll_timeout().is_none(), "the console never rests");
    assert_eq!(answered, calls, "a call without an outcome, or with two");
}

/// A console against a BMC that answers whatever it likes.
pub fn hostile_bmc(data: &[u8]) {
    let mut rng = Seeded(2);
    let mut now = Instant::now();
    let mut console = console(now, &mut rng);
    console.call(now, Call::of(&GetDeviceId), &mut rng);
    let mut rest = data;
    while let Some((length, tail)) = rest.split_first() {
        let (datagram, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        console.handle_datagram(now, datagram, &mut rng);
        now += Duration::from_millis(u64::from(*length));
        console.handle_timeout(now, &mut rng);
        rest = tail;
    }
    for _ in 0..10_000 {
        while console.poll_transmit().is_some() {}
        while console.poll_event().is_some() {}
        let Some(due) = console.poll_timeout() else { return };
        now = now.max(due);
        console.handle_timeout(now, &mut rng);
    }
    panic!("the console never rests");
}

/// A whole BMC against datagrams from nowhere.
pub fn hostile_console(data: &[u8]) {
    let mut rng = Seeded(3);
    let now = Instant::now();
    let settings = Settings {
        guid: Guid([7; 16]),
        users: vec![User {
            id: 2,
            name: Username::new(b"admin").expect("short"),
            password: Secret::new(b"Complex_Pass").expect("short"),
            limit: Privilege::Administrator,
            enabled: true,
        }],
        lan: LanPolicy::default(),
        limits: Limits::default(),
        epoch: 1_800_000_000,
        log: LogPolicy::default(),
        nonvolatile: false,
    };
    let platform = Box::new(SimPlatform::new(1, now, true));
    let mut bmc = Bmc::new(now, reference(1_800_000_000), settings, platform, Memory::default());
    let mut rest = data;
    while let Some((length, tail)) = rest.split_first() {
        let (datagram, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        let from: SocketAddr = ([127, 0, 0, 1], u16::from(*length) + 1000).into();
        if let Some(reply) = bmc.handle_datagram(now, from, datagram, &mut rng) {
            assert!(reply.len() <= LONGEST_PRESESSION);
        }
        rest = tail;
    }
    assert!(bmc.sessions().is_empty(), "a session without a password");
    assert!(bmc.is_on(), "the machine was touched");
}
