//! The network, the clock, and whatever befalls both ends: what a script's bytes mean.
//!
//! A step is a byte: what happens in its low four bits, and how in the others. Some steps read more.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_session::console::{Agreed, Event, Session, SessionError, Unreachable};
use ipmi_session::{Quirk, Quirks};
use ipmi_wire::Encode;
use ipmi_wire::session::{
    AlgorithmProposal, AuthType, CipherSuite, OpenSessionRequest, PayloadType, SessionPacket,
    V20Header,
};

use super::ledger::Ledger;
use super::script::Script;
use super::way::{self, Way};
use super::{LONGEST_PRESESSION, Managed, Seeded, let_it_rest};

/// So many consoles at most: each is looked at again and again.
const CONSOLES: usize = 6;
/// So many datagrams may be on their way, in each direction.
const ON_THE_WAY: usize = 64;
/// So many that have arrived may arrive again.
const REMEMBERED: usize = 16;

pub(super) struct World<'s, M> {
    script: Script<'s>,
    start: Instant,
    now: Instant,
    rng: Seeded,
    managed: M,
    consoles: Vec<Console>,
    ledger: Ledger,
    to_bmc: VecDeque<Packet>,
    /// Each with the console that it is for.
    to_consoles: VecDeque<(usize, Vec<u8>)>,
    arrived: VecDeque<Packet>,
    /// The essence of what consoles sent, and of what was carried out.
    genuine: HashSet<Vec<u8>>,
    done: HashSet<Vec<u8>>,
    quirks: Quirks,
    /// Answers are held back.
    hold: bool,
    /// Nothing was changed or made up.
    honest: bool,
    /// The BMC never took a packet twice on purpose.
    refuses_replays: bool,
    /// The BMC kept to the specification all the time.
    proper: bool,
    reached: Reached,
    /// `LANTERN_TRACE`: tell what happens, to understand a finding.
    trace: bool,
}

struct Console {
    session: Session,
    way: Way,
    from: SocketAddr,
    closed: bool,
}

#[derive(Clone)]
struct Packet {
    from: SocketAddr,
    bytes: Vec<u8>,
}

/// How far a script got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) established: u32,
    pub(super) answered: u32,
    pub(super) failed: u32,
    pub(super) noticed: u32,
    pub(super) carried_out: u32,
    pub(super) released: u32,
    pub(super) expired: u32,
    pub(super) closed: u32,
    pub(super) unreachable: u32,
    pub(super) refused: u32,
}

impl<'s, M: Managed> World<'s, M> {
    pub(super) fn new(script: Script<'s>, managed: M) -> Self {
        let now = Instant::now();
        Self {
            script,
            start: now,
            now,
            rng: Seeded(1),
            managed,
            consoles: Vec::new(),
            ledger: Ledger::default(),
            to_bmc: VecDeque::new(),
            to_consoles: VecDeque::new(),
            arrived: VecDeque::new(),
            genuine: HashSet::new(),
            done: HashSet::new(),
            quirks: Quirks::NONE,
            hold: false,
            honest: true,
            refuses_replays: true,
            proper: true,
            reached: Reached::default(),
            trace: std::env::var_os("LANTERN_TRACE").is_some(),
        }
    }

    /// Carries out the script and sees everything to its end.
    pub(super) fn run(mut self) -> Reached {
        self.log_in();
        while let Some(step) = self.script.next() {
            self.step(step & 0x0f, step >> 4);
            let (active, limit) = (self.managed.sessions(), self.managed.sessions().limits());
            assert!(active.len() <= limit.sessions, "more sessions than there may be");
        }
        self.end();
        self.reached
    }

    fn step(&mut self, what: u8, how: u8) {
        if self.trace {
            eprintln!("{:?}: step {what} {how}", self.now - self.start);
        }
        match what {
            0 => self.flow(usize::from(how) + 1),
            1 => self.one_to_bmc(how),
            2 => self.one_to_console(how),
            // Lost, overtaken, doubled.
            3 => match how & 3 {
                0 => drop(self.to_bmc.pop_front()),
                1 => drop(self.to_consoles.pop_front()),
                2 => self.to_bmc.rotate_left(usize::from(!self.to_bmc.is_empty())),
                _ => self.to_consoles.rotate_left(usize::from(!self.to_consoles.is_empty())),
            },
            4 => self.again(how),
            5 => {
                let from = self.any_address(how);
                let bytes = self.script.bytes();
                self.honest = false;
                self.deliver(Packet { from, bytes });
            }
            6 => self.call(how),
            7 => {
                let by = u64::from(self.script.byte());
                let unit = if how & 1 == 0 { 4 } else { 500 };
                self.pass(Duration::from_millis(by * unit));
            }
            // Ends are rare, so that there is something to end.
            8 if how < 6 => self.end_session(how),
            8 => self.call(how),
            9 => self.log_in(),
            10 => self.unreachable(how),
            11 => match how {
                0 => self.hold = !self.hold,
                1 => {
                    let which = self.script.byte();
                    self.release(which);
                }
                how => self.release(how - 2),
            },
            12 if how < 3 => self.managed.restart(self.now, how),
            12 => self.flow(3),
            13 => self.set_quirk(how),
            14 if how < 4 => self.flood(how),
            14 => self.one_to_bmc(how),
            _ => self.misdeliver(how),
        }
    }

    /// A network without fault, for so many round trips.
    fn flow(&mut self, rounds: usize) {
        for _ in 0..rounds {
            let (mut requests, mut answers) = (self.to_bmc.len(), self.to_consoles.len());
            while requests > 0
                && let Some(packet) = self.to_bmc.pop_front()
            {
                self.deliver(packet);
                requests -= 1;
            }
            if !self.hold {
                self.release(0);
            }
            answers = answers.max(self.to_consoles.len());
            while answers > 0
                && let Some((to, bytes)) = self.to_consoles.pop_front()
            {
                self.hand_over(to, &bytes);
                answers -= 1;
            }
        }
    }

    fn one_to_bmc(&mut self, how: u8) {
        let Some(mut packet) = self.to_bmc.pop_front() else { return };
        if how & 1 != 0 {
            self.honest = false;
            self.script.tamper(&mut packet.bytes);
        }
        if how & 2 != 0 {
            self.deliver(packet.clone());
        }
        self.deliver(packet);
    }

    fn one_to_console(&mut self, how: u8) {
        let Some((to, mut bytes)) = self.to_consoles.pop_front() else { return };
        if how & 1 != 0 {
            self.honest = false;
            self.script.tamper(&mut bytes);
        }
        if how & 2 != 0 {
            self.hand_over(to, &bytes);
        }
        self.hand_over(to, &bytes);
    }

    /// What has arrived before arrives again, perhaps changed or from somewhere else.
    fn again(&mut self, how: u8) {
        let which = usize::from(self.script.byte());
        let Some(which) = which.checked_rem(self.arrived.len()) else { return };
        let mut packet = self.arrived[which].clone();
        if how & 1 != 0 {
            self.honest = false;
            self.script.tamper(&mut packet.bytes);
        }
        if how & 2 != 0 {
            packet.from = self.any_address(how >> 2);
        }
        self.deliver(packet);
    }

    fn misdeliver(&mut self, how: u8) {
        if how & 1 == 0 {
            let from = self.any_address(how >> 1);
            if let Some(packet) = self.to_bmc.pop_front() {
                self.deliver(Packet { from, ..packet });
            }
        } else if let Some((_, bytes)) = self.to_consoles.pop_front()
            && let Some(to) = usize::from(how >> 1).checked_rem(self.consoles.len())
        {
            self.hand_over(to, &bytes);
        }
    }

    fn any_address(&self, how: u8) -> SocketAddr {
        match self.consoles.get(usize::from(how)) {
            Some(console) => console.from,
            None => way::address(usize::from(how) + CONSOLES),
        }
    }

    fn deliver(&mut self, packet: Packet) {
        let Packet { from, bytes } = &packet;
        let reply = self.managed.receive(self.now, *from, bytes, self.hold, &mut self.rng);
        if self.trace {
            eprintln!("  {from}: {bytes:02x?}\n    -> {reply:02x?}");
        }
        for agreed in self.managed.take_carried_out() {
            self.reached.carried_out += 1;
            let essence = essence(bytes);
            let known = self.genuine.contains(&essence);
            let first = self.done.insert(essence) || !self.refuses_replays;
            if self.honest || way::proves(agreed) {
                assert!(known, "what nobody sent was carried out");
                assert!(first, "a packet was carried out twice");
            }
        }
        self.arrived.push_back(packet.clone());
        if self.arrived.len() > REMEMBERED {
            self.arrived.pop_front();
        }
        if let Some(reply) = reply {
            self.answer(packet.from, reply);
        }
    }

    fn answer(&mut self, to: SocketAddr, reply: Vec<u8>) {
        if is_outside(&reply) {
            // Some quirks are a byte or two too many.
            let most = LONGEST_PRESESSION + if self.proper { 0 } else { 16 };
            assert!(reply.len() <= most, "{} bytes to a stranger", reply.len());
        }
        if let Some(to) = self.consoles.iter().position(|console| console.from == to)
            && self.to_consoles.len() < ON_THE_WAY
        {
            self.to_consoles.push_back((to, reply));
        }
    }

    fn check_executions(&self) {
        for (number, entry) in self.ledger.iter() {
            let executed = self.managed.executed(number);
            let sure = self.is_sure_of(entry.console) && self.refuses_replays;
            assert!(!sure || !entry.once || executed <= 1, "carried out {executed} times");
        }
    }

    /// Whether what this console and the BMC hear of each other is proven, or the truth anyway.
    fn is_sure_of(&self, console: usize) -> bool {
        self.honest || way::proves(self.consoles[console].way.agreed)
    }

    fn hand_over(&mut self, to: usize, bytes: &[u8]) {
        if let Some(console) = self.consoles.get_mut(to) {
            console.session.handle_datagram(self.now, bytes, &mut self.rng);
            self.collect(to);
        }
    }

    fn call(&mut self, how: u8) {
        let Some(number) = self.ledger.next() else { return };
        let Some(at) = usize::from(how).checked_rem(self.consoles.len()) else { return };
        let call = self.managed.call(number, &mut self.script);
        let effect = call.effect;
        let token = self.consoles[at].session.call(self.now, call, &mut self.rng);
        self.ledger.note(at, token, effect);
        self.collect(at);
    }

    /// Lets time pass, not further at a time than somebody is due.
    fn pass(&mut self, by: Duration) {
        let until = self.now + by;
        for _ in 0..200 {
            let due = self.consoles.iter().filter_map(|console| console.session.poll_timeout());
            let next = due.chain(self.managed.poll_timeout()).min();
            self.now = next.unwrap_or(until).clamp(self.now, until);
            let before = self.managed.sessions().len();
            self.managed.handle_timeout(self.now);
            let gone = before.saturating_sub(self.managed.sessions().len());
            self.reached.expired += u32::try_from(gone).unwrap_or_default();
            self.check_time();
            for at in 0..self.consoles.len() {
                self.tick(at);
            }
            if self.now >= until {
                return;
            }
        }
        self.now = until;
    }

    fn check_time(&self) {
        let due = self.managed.poll_timeout();
        assert!(due.is_none_or(|due| due > self.now), "the BMC is due again at once");
    }

    fn tick(&mut self, at: usize) {
        for _ in 0..8 {
            let session = &mut self.consoles[at].session;
            if session.poll_timeout().is_none_or(|due| due > self.now) {
                return;
            }
            session.handle_timeout(self.now, &mut self.rng);
            self.collect(at);
        }
        panic!("the console is due again at once");
    }

    fn end_session(&mut self, how: u8) {
        let Some(at) = usize::from(how >> 1).checked_rem(self.consoles.len()) else { return };
        let session = &mut self.consoles[at].session;
        match how & 1 {
            0 => session.close(&mut self.rng),
            _ => session.abandon(),
        }
        self.collect(at);
    }

    fn log_in(&mut self) {
        let number = self.consoles.len();
        if number >= CONSOLES {
            return;
        }
        let id = 0xa0a2_a300 + u32::try_from(number).unwrap_or_default();
        let (session, way) = way::console(self.now, id, &mut self.script, &mut self.rng);
        let from = way::address(number);
        self.consoles.push(Console { session, way, from, closed: false });
        self.collect(number);
    }

    fn unreachable(&mut self, how: u8) {
        let Some(at) = usize::from(how >> 2).checked_rem(self.consoles.len()) else { return };
        let what = match how & 3 {
            0 => Unreachable::Port,
            1 => Unreachable::Host,
            2 => Unreachable::Network,
            _ => Unreachable::Prohibited,
        };
        self.consoles[at].session.handle_unreachable(self.now, what);
        self.reached.unreachable += 1;
        self.collect(at);
    }

    fn release(&mut self, how: u8) {
        if let Some((to, reply)) = self.managed.release(how, &mut self.rng) {
            self.reached.released += 1;
            self.answer(to, reply);
        }
    }

    fn set_quirk(&mut self, how: u8) {
        let quirk = Quirk::ALL[usize::from(self.script.byte()) % Quirk::ALL.len()];
        self.quirks = match how & 3 {
            0 => Quirks::NONE.with(quirk),
            1 => self.quirks.with(quirk),
            2 => self.quirks.iter().filter(|other| *other != quirk).collect(),
            _ => Quirks::NONE,
        };
        self.proper &= self.quirks.is_empty();
        if self.quirks.has(Quirk::AcceptsReplays) {
            self.refuses_replays = false;
        }
        self.managed.set_quirks(self.quirks);
    }

    /// Many beginnings of sessions at once, from one place or from everywhere.
    fn flood(&mut self, how: u8) {
        // Each costs the whole table a look: rarely more than it holds.
        let count = u32::from(self.script.byte()).saturating_sub(0x80).max(u32::from(how)) % 100;
        for number in 0..count {
            let request = OpenSessionRequest {
                tag: 0,
                max_privilege: None,
                console_session_id: 0xf100_0000 + number,
                authentication: AlgorithmProposal::Any,
                integrity: AlgorithmProposal::Any,
                confidentiality: AlgorithmProposal::Any,
            };
            let header = V20Header::sessionless(PayloadType::OpenSessionRequest);
            let Some(bytes) = header.to_datagram(&request.to_bytes()) else { return };
            let [a, b, ..] = number.to_le_bytes();
            let from: SocketAddr = match how & 1 {
                0 => ([10, 1, how, 1], 2000).into(),
                _ => ([10, 2, b, a], 2000).into(),
            };
            let reply = self.managed.receive(self.now, from, &bytes, false, &mut self.rng);
            assert!(reply.is_none_or(|reply| reply.len() <= bytes.len() + 16));
        }
    }

    /// Takes what a console sends and tells.
    fn collect(&mut self, at: usize) {
        let console = &mut self.consoles[at];
        let mut datagrams = 0;
        while let Some(bytes) = console.session.poll_transmit() {
            datagrams += 1;
            assert!(datagrams < 32, "a flood from a console");
            self.genuine.insert(essence(&bytes));
            if self.to_bmc.len() < ON_THE_WAY {
                self.to_bmc.push_back(Packet { from: console.from, bytes });
            }
        }
        while let Some(event) = self.consoles[at].session.poll_event() {
            self.see(at, event);
        }
    }

    fn see(&mut self, at: usize, event: Event) {
        if self.trace {
            eprintln!("  console {at}: {event:02x?}");
        }
        let way = self.consoles[at].way;
        match event {
            Event::Established { agreed, .. } => {
                self.reached.established += 1;
                let knows = match agreed {
                    Agreed::Suite(suite) => matches!(suite, CipherSuite(0)),
                    Agreed::Ipmi15(auth_type) => auth_type == AuthType::None,
                };
                assert!(knows || !way.wrong_password, "with a wrong password");
                self.consoles[at].way.agreed = agreed;
            }
            Event::Noticed(_) => self.reached.noticed += 1,
            Event::Sol => panic!("nobody opened a line"),
            Event::Answer(token, response) => {
                self.reached.answered += 1;
                let number = self.ledger.answered(at, token).expect("its number");
                // Replies that carry no session ID fit every session of the same password.
                let may_be_anyone = !self.proper && matches!(way.agreed, Agreed::Ipmi15(_));
                if self.is_sure_of(at) && !way.trusting && !may_be_anyone {
                    self.managed.check_answer(number, &response);
                }
            }
            Event::Failed(token, failure) => {
                self.reached.failed += 1;
                self.ledger.failed(at, token, failure);
            }
            Event::Closed(why) => {
                assert!(!self.consoles[at].closed, "closed twice");
                self.consoles[at].closed = true;
                self.reached.closed += 1;
                self.reached.refused += u32::from(matches!(
                    why,
                    Some(SessionError::SuitesRefused(_) | SessionError::Refused { .. })
                ));
            }
        }
    }

    /// From here on nothing arrives. Everything ends by itself, and what was told is true.
    fn end(&mut self) {
        for at in 0..self.consoles.len() {
            self.collect(at);
            let Some(console) = self.consoles.get_mut(at) else { continue };
            let mut events = Vec::new();
            let_it_rest(&mut console.session, self.now, &mut self.rng, |session| {
                while session.poll_transmit().is_some() {}
                events.extend(std::iter::from_fn(|| session.poll_event()));
            });
            for event in events {
                self.see(at, event);
            }
        }
        self.check_executions();
        for (number, entry) in self.ledger.iter() {
            let sure = self.is_sure_of(entry.console) && !self.consoles[entry.console].way.trusting;
            entry.check_end(if sure { self.managed.executed(number) } else { 0 });
        }
        self.managed.check_end();
        self.now += self.managed.sessions().limits().idle;
        self.managed.handle_timeout(self.now);
        assert!(self.managed.sessions().is_empty(), "a session that outlives its time");
        self.check_time();
    }
}

/// Whether this is an answer to somebody who has no session.
fn is_outside(datagram: &[u8]) -> bool {
    match SessionPacket::decode_datagram(datagram) {
        Ok(Some(SessionPacket::V20(packet))) => packet.header.session_id == 0,
        Ok(Some(SessionPacket::V15(packet))) => packet.session_id == 0,
        Ok(None) | Err(_) => true,
    }
}

/// A datagram without what no code covers: the RMCP header, and what follows a packet of IPMI v1.5.
fn essence(datagram: &[u8]) -> Vec<u8> {
    let whole = match SessionPacket::decode_datagram(datagram) {
        Ok(Some(SessionPacket::V15(packet))) => packet.to_datagram(),
        _ => None,
    };
    whole.as_deref().unwrap_or(datagram).get(4..).unwrap_or_default().to_vec()
}
