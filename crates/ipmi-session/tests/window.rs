//! Several requests in flight: over a network with a round trip, losses and reordering, to a BMC that
//! takes its time, each answer says what it is the answer to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::{Bmc, Seeded, config};
use ipmi_session::console::{Call, Event, Failure, Priority, Session, Token};
use ipmi_session::managed::Received;
use ipmi_wire::{CompletionCode, Effect, NetFn, Privilege, Request, Response};

const MS: Duration = Duration::from_millis(1);
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// What is on its way.
enum Piece {
    ToBmc(Vec<u8>),
    ToConsole(Vec<u8>),
}

struct World {
    now: Instant,
    start: Instant,
    rng: Seeded,
    console: Session,
    bmc: Bmc,
    /// By time and number.
    under_way: BTreeMap<(Instant, u64), Piece>,
    number: u64,
    /// Of a hundred datagrams.
    loss: u64,
    /// Answers may come up to so much later.
    jitter: Duration,
    /// What the BMC needs for one request, one after the other.
    service: Duration,
    free_at: Instant,
    /// Requests in flight, as the network sees it: sent and not answered. And the most so far.
    in_flight: usize,
    most: usize,
    /// Commands in the order in which they were carried out.
    carried_out: Vec<u8>,
    busy: bool,
    events: Vec<Event>,
}

impl World {
    fn new(seed: u64) -> Self {
        let (now, mut rng) = (Instant::now(), Seeded(seed));
        let console = Session::open(now, config(), 0xa0a2_a3a4, &mut rng);
        let mut world = Self {
            now,
            start: now,
            rng,
            console,
            bmc: Bmc::new(),
            under_way: BTreeMap::new(),
            number: 0,
            loss: 0,
            jitter: Duration::ZERO,
            service: Duration::ZERO,
            free_at: now,
            in_flight: 0,
            most: 0,
            carried_out: Vec::new(),
            busy: false,
            events: Vec::new(),
        };
        world.run();
        assert!(matches!(world.events.remove(0), Event::Established { .. }));
        world.start = world.now;
        world
    }

    fn call(&mut self, call: Call) -> Token {
        self.console.call(self.now, call, &mut self.rng)
    }

    fn put(&mut self, at: Instant, piece: Piece) {
        if !self.rng.happens(self.loss) {
            self.number += 1;
            self.under_way.insert((at, self.number), piece);
        }
    }

    /// Until nothing is on its way and nobody waits.
    fn run(&mut self) {
        for _ in 0..200_000 {
            while let Some(datagram) = self.console.poll_transmit() {
                self.in_flight += 1;
                self.most = self.most.max(self.in_flight);
                self.put(self.now + ROUND_TRIP / 2, Piece::ToBmc(datagram));
            }
            self.events.extend(std::iter::from_fn(|| self.console.poll_event()));
            let timer = self.console.poll_timeout().map(|due| due.max(self.now));
            match self.under_way.first_key_value().map(|((at, _), _)| *at) {
                Some(at) if timer.is_none_or(|due| at <= due) => {
                    let (_, piece) = self.under_way.pop_first().unwrap();
                    self.now = self.now.max(at);
                    match piece {
                        Piece::ToBmc(datagram) => self.ask(&datagram),
                        Piece::ToConsole(datagram) => {
                            self.in_flight = self.in_flight.saturating_sub(1);
                            self.console.handle_datagram(self.now, &datagram, &mut self.rng);
                        }
                    }
                }
                _ => match timer {
                    Some(due) => {
                        self.now = due;
                        self.console.handle_timeout(due, &mut self.rng);
                    }
                    None => return,
                },
            }
        }
        panic!("it never rests");
    }

    fn ask(&mut self, datagram: &[u8]) {
        let (at, from) = (self.now, self.bmc.from);
        let reply =
            match self.bmc.sessions.receive(at, from, datagram, &self.bmc.users, &mut self.rng) {
                Received::Reply(reply) => Some(reply),
                Received::Request { ticket, message } => {
                    self.carried_out.push(message.cmd);
                    let completion =
                        if self.busy { CompletionCode::NODE_BUSY } else { CompletionCode::OK };
                    let answer = Response { completion, data: message.data.clone() };
                    self.bmc.sessions.seal(ticket, &message.answer(&answer), &mut self.rng)
                }
                _ => None,
            };
        self.free_at = self.free_at.max(at) + self.service;
        let late = self.rng.number() % (u64::try_from(self.jitter.as_millis()).unwrap() + 1);
        let due = self.free_at + ROUND_TRIP / 2 + MS * u32::try_from(late).unwrap();
        if let Some(reply) = reply {
            self.put(due, Piece::ToConsole(reply));
        }
    }

    fn elapsed(&self) -> Duration {
        self.now - self.start
    }
}

/// A call whose answer is `mark`.
fn marked(mark: u16, effect: Effect) -> Call {
    let data = mark.to_le_bytes().to_vec();
    let cmd = u8::try_from(mark & 0xff).unwrap();
    let request = Request { netfn: NetFn::SensorEvent, lun: 0, cmd, data };
    Call::new(request, effect, Privilege::User)
}

fn read(mark: u16) -> Call {
    marked(mark, Effect::Read).with_abreast(8)
}

/// Each call's answer is its own; how many were answered.
fn judge(world: &World, tokens: &[(Token, u16)]) -> usize {
    let mut answered = 0;
    for event in &world.events {
        match event {
            Event::Answer(token, response) => {
                let (_, mark) = tokens.iter().find(|(own, _)| own == token).unwrap();
                assert_eq!(response.data, mark.to_le_bytes(), "another call's answer");
                answered += 1;
            }
            Event::Failed(_, Failure::NoAnswer { .. } | Failure::NotSent) | Event::Closed(_) => {}
            // Many losses look like a BMC that counts by two.
            Event::Noticed(_) => {}
            other => panic!("{other:?}"),
        }
    }
    answered
}

#[test]
fn a_window_takes_a_fraction_of_the_time() {
    let elapsed = |abreast| {
        let mut world = World::new(1);
        let tokens: Vec<_> =
            (0..100).map(|mark| (world.call(read(mark).with_abreast(abreast)), mark)).collect();
        world.run();
        assert_eq!(judge(&world, &tokens), 100);
        (world.elapsed(), world.most)
    };
    assert_eq!(elapsed(1), (ROUND_TRIP * 100, 1));
    // Two, four, and then eight at a time.
    let (time, most) = elapsed(8);
    assert!(most == 8 && time <= ROUND_TRIP * 16, "{most} in flight, {time:?}");
    let (time, most) = elapsed(2);
    assert!(most == 2 && time <= ROUND_TRIP * 51, "{most} in flight, {time:?}");
}

#[test]
fn what_acts_is_alone_and_in_its_place() {
    let mut world = World::new(2);
    let mut tokens = Vec::new();
    for mark in 0..40 {
        let call = match mark % 10 {
            4 => marked(mark, Effect::Once),
            7 => marked(mark, Effect::Idempotent).with_abreast(8),
            _ => read(mark),
        };
        tokens.push((world.call(call), mark));
    }
    world.run();
    assert_eq!(judge(&world, &tokens), 40);
    let order: Vec<_> = (0..40).collect();
    assert_eq!(world.carried_out, order, "the network kept the order, and so did the console");
}

#[test]
fn a_raise_of_privilege_is_alone() {
    let mut world = World::new(3);
    let tokens: Vec<_> = (0..20)
        .map(|mark| {
            let call = Call { needs: Privilege::Operator, ..read(mark) };
            (world.call(if mark < 10 { read(mark) } else { call }), mark)
        })
        .collect();
    world.run();
    assert_eq!(judge(&world, &tokens), 20);
}

#[test]
fn losses_and_reordering_mix_nothing_up() {
    for seed in 0..200 {
        let mut world = World::new(seed);
        (world.loss, world.jitter, world.service) = (seed % 4 * 10, 60 * MS, 2 * MS);
        let tokens: Vec<_> = (0..150).map(|mark| (world.call(read(mark)), mark)).collect();
        world.run();
        let answered = judge(&world, &tokens);
        // With many losses a session runs out of numbers, and its owner begins another.
        assert!(world.loss > 0 || answered == 150, "{answered} at {} %", world.loss);
    }
}

#[test]
fn a_slow_bmc_is_not_asked_twice_because_its_queue_is_long() {
    let mut world = World::new(4);
    world.service = 50 * MS;
    let tokens: Vec<_> = (0..100).map(|mark| (world.call(read(mark)), mark)).collect();
    world.run();
    assert_eq!(judge(&world, &tokens), 100);
    assert_eq!(world.carried_out.len(), 100, "nothing was asked twice");
}

#[test]
fn a_busy_bmc_is_asked_one_thing_at_a_time() {
    let mut world = World::new(5);
    world.busy = true;
    world.call(read(0));
    world.call(read(1));
    world.run();
    world.busy = false;
    (world.most, world.in_flight) = (0, 0);
    world.events.clear();
    let tokens: Vec<_> = (10..60).map(|mark| (world.call(read(mark)), mark)).collect();
    world.run();
    assert_eq!((judge(&world, &tokens), world.most), (50, 1));
}

#[test]
fn who_stands_and_waits_goes_before_a_sweep_but_not_before_an_effect() {
    let mut world = World::new(6);
    let mut ask = |mark, effect, priority| {
        world.call(marked(mark, effect).with_priority(priority));
    };
    for mark in 0..10 {
        ask(mark, Effect::Read, Priority::Sweep);
    }
    ask(20, Effect::Read, Priority::Log);
    ask(21, Effect::Once, Priority::Ordinary);
    ask(11, Effect::Read, Priority::Sweep);
    ask(30, Effect::Idempotent, Priority::Power);
    ask(22, Effect::Read, Priority::Log);
    world.run();
    // The first was on its way already.
    let order = [0, 21, 30, 20, 22, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11];
    assert_eq!(world.carried_out, order);
}
