//! How often the console asks again, over networks and of BMCs of several kinds; in virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use common::{Bmc, Seeded, config};
use ipmi_session::console::{
    Call, Config, Event, Failure, Protocol, Session, SessionError, Stage, Token,
};
use ipmi_session::managed::{Limits, Sessions};
use ipmi_session::{Quirk, Quirks};
use ipmi_wire::Command;
use ipmi_wire::cmd::app::{CloseSession, ColdReset, GetDeviceId};
use ipmi_wire::session::{AuthType, SessionPacket};
use ipmi_wire::{CompletionCode, Privilege};

const MS: Duration = Duration::from_millis(1);

/// A console, a BMC, and a network in between.
struct World {
    start: Instant,
    now: Instant,
    /// What is on the way: due, in the order of sending; to the BMC or from it.
    wire: BTreeMap<(Instant, u64), (bool, Vec<u8>)>,
    serial: u64,
    net: Seeded,
    rng: Seeded,
    console: Session,
    bmc: Bmc,
    /// Percent of datagrams that are lost, each way.
    loss: u64,
    /// There and back.
    round_trip: Duration,
    /// How long the BMC takes for a datagram: all at once, or one after the other.
    service: fn(&[u8]) -> Duration,
    one_by_one: bool,
    idle_at: Instant,
    /// How often each datagram was sent, by its bytes.
    copies: HashMap<Vec<u8>, u32>,
    /// Datagrams that reached the BMC.
    reached: usize,
    events: Vec<Event>,
    noticed: Vec<Quirk>,
    /// What the BMC answers to commands.
    respond: fn(u64, u8) -> CompletionCode,
}

impl World {
    fn new(seed: u64, config: Config) -> Self {
        let (now, mut rng) = (Instant::now(), Seeded(seed));
        let console = Session::open(now, config, 0xa0a2_a3a4, &mut rng);
        Self {
            start: now,
            now,
            wire: BTreeMap::new(),
            serial: 0,
            net: Seeded(seed ^ 0x5eed),
            rng,
            console,
            bmc: Bmc::new(),
            loss: 0,
            round_trip: Duration::ZERO,
            service: |_| Duration::ZERO,
            one_by_one: false,
            idle_at: now,
            copies: HashMap::new(),
            reached: 0,
            events: Vec::new(),
            noticed: Vec::new(),
            respond: |_, _| CompletionCode::OK,
        }
    }

    fn send(&mut self, to_bmc: bool, at: Instant, datagram: Vec<u8>) {
        self.serial += 1;
        if !self.net.happens(self.loss) {
            self.wire.insert((at + self.round_trip / 2, self.serial), (to_bmc, datagram));
        }
    }

    fn drain(&mut self) {
        while let Some(datagram) = self.console.poll_transmit() {
            *self.copies.entry(datagram.clone()).or_default() += 1;
            self.send(true, self.now, datagram);
        }
        while let Some(event) = self.console.poll_event() {
            match event {
                Event::Noticed(quirk) => self.noticed.push(quirk),
                event => self.events.push(event),
            }
        }
    }

    /// Runs until `done`, or until nothing happens any more.
    fn run(&mut self, done: impl Fn(&[Event]) -> bool) {
        loop {
            self.drain();
            if done(&self.events) {
                return;
            }
            let arrival = self.wire.keys().next().copied();
            let timer = self.console.poll_timeout();
            match (arrival, timer) {
                (Some((at, serial)), timer) if timer.is_none_or(|timer| at <= timer) => {
                    self.now = at;
                    let (to_bmc, datagram) = self.wire.remove(&(at, serial)).unwrap();
                    self.arrive(to_bmc, &datagram);
                }
                (_, Some(timer)) => {
                    self.now = timer.max(self.now);
                    self.console.handle_timeout(self.now, &mut self.rng);
                }
                (_, None) => return,
            }
        }
    }

    fn arrive(&mut self, to_bmc: bool, datagram: &[u8]) {
        if !to_bmc {
            self.console.handle_datagram(self.now, datagram, &mut self.rng);
            return;
        }
        self.reached += 1;
        let begins = if self.one_by_one { self.idle_at.max(self.now) } else { self.now };
        let ready = begins + (self.service)(datagram);
        self.idle_at = ready;
        let (respond, at) = (self.respond, (self.now - self.start).as_millis() as u64);
        if let Some(reply) =
            self.bmc.answer_with(ready, datagram, &mut self.rng, |cmd| respond(at, cmd))
        {
            self.send(false, ready, reply);
        }
        while let Some(late) = self.bmc.sessions.poll_delayed() {
            self.send(false, late.due, late.datagram);
        }
    }

    fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    fn call(&mut self, call: Call) -> Token {
        self.console.call(self.now, call, &mut self.rng)
    }

    fn most_copies(&self) -> u32 {
        self.copies.values().copied().max().unwrap_or_default()
    }
}

fn established(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Established { .. } | Event::Closed(_)))
}

fn ended(events: &[Event]) -> bool {
    events.iter().any(|e| matches!(e, Event::Answer(..) | Event::Failed(..) | Event::Closed(_)))
}

fn needing(needs: Privilege) -> Call {
    Call { needs, ..Call::of(&GetDeviceId) }
}

fn in_operator_session() -> Call {
    needing(Privilege::Operator)
}

/// A login and a command, and if that needs more than USER, the privilege in between.
fn one_command(seed: u64, loss: u64, needs: Privilege) -> (Duration, bool) {
    let mut world = World::new(seed, config());
    (world.loss, world.round_trip) = (loss, 10 * MS);
    world.call(needing(needs));
    world.run(ended);
    let answered = world.events.iter().any(|event| matches!(event, Event::Answer(..)));
    (world.elapsed(), answered)
}

/// By calculation, too: an exchange gets through at once with 64 %, and after 150, 450, 1050 ms with
/// 23, 8 and 3 %. Of four in a row, as for `power status`, 54 % take 340 ms or less; 66 % half a second.
#[test]
fn a_lossy_network_costs_a_third_of_a_second_in_the_median_and_half_of_one_for_an_operator() {
    for (needs, exchanges, median) in [(Privilege::User, 4, 340), (Privilege::Operator, 5, 500)] {
        let mut times: Vec<_> = (0..1000).map(|seed| one_command(seed, 20, needs)).collect();
        times.sort();
        let within = |percent: usize| times[times.len() * percent / 100].0;
        assert_eq!(within(50), median * MS);
        assert!(within(95) <= 3000 * MS, "19 of 20 within {:?}", within(95));
        let failed = times.iter().filter(|(_, answered)| !answered).count();
        assert!(failed <= 20, "{failed} of 1000 logins or commands came to nothing");
        assert_eq!(one_command(1, 0, needs), (exchanges * 10 * MS, true));
    }
}

/// Nobody waits for the answer to Close Session, so that its loss holds a slot for a minute.
#[test]
fn sessions_are_closed_on_a_lossy_network_too() {
    let left_open = |seed, loss| {
        let mut world = World::new(seed, config());
        (world.loss, world.round_trip) = (loss, 10 * MS);
        world.call(needing(Privilege::User));
        world.run(ended);
        let sent = world.console.sent();
        world.console.close(&mut world.rng);
        let closes = world.console.sent() - sent;
        world.run(|_| false);
        (
            !world.bmc.sessions.is_empty() && !world.bmc.executed.contains(&CloseSession::ID.cmd),
            closes,
        )
    };
    assert_eq!(left_open(1, 0), (false, 1), "no more than one where nothing is lost");
    let open = (0..500).filter(|seed| left_open(*seed, 20).0).count();
    // 20 % where nothing had been lost before, 4 % elsewhere, and some logins that failed half-way.
    assert!(open <= 50, "{open} of 500");
}

#[test]
fn a_dead_host_ends_at_exactly_the_deadline() {
    for seed in 0..20 {
        let mut world = World::new(seed, config());
        (world.loss, world.round_trip) = (100, 10 * MS);
        let token = world.call(in_operator_session());
        world.run(|_| false);
        let waited = Duration::from_secs(5);
        assert_eq!(
            world.events,
            [
                Event::Failed(token, Failure::NotSent),
                Event::Closed(Some(SessionError::NoAnswer {
                    stage: Stage::OpenSession,
                    // Six copies, and two other questions twice.
                    sent: 10,
                    waited
                }))
            ]
        );
        assert_eq!(world.elapsed(), waited);
    }
}

#[test]
fn a_bmc_that_takes_a_second_for_each_answer_sees_three_copies_at_most() {
    let mut world = World::new(1, config());
    world.service = |_| Duration::from_secs(1);
    world.run(established);
    assert!(matches!(world.events[..], [Event::Established { .. }]), "{:?}", world.events);
    assert_eq!(world.elapsed(), Duration::from_secs(3));
    assert!(world.most_copies() <= 3, "{}", world.most_copies());
    // Once it is known to be slow, nothing is sent twice.
    assert_eq!(world.copies.values().filter(|copies| **copies > 1).count(), 1);
    assert_eq!(world.noticed, [Quirk::SlowHandshake]);
    // Nor are commands that take as long.
    let before = world.reached;
    world.call(Call::of(&GetDeviceId));
    world.run(ended);
    assert_eq!(world.reached - before, 1);
}

/// Only the proofs are slow, and repeated ones wait in a queue.
#[test]
fn a_bmc_that_works_off_its_queue_sees_three_copies_at_most() {
    let rakp = |datagram: &[u8]| match datagram[5] & 0x3f {
        0x12 | 0x14 => Duration::from_secs(1),
        _ => Duration::ZERO,
    };
    let mut world = World::new(1, config());
    // Longer than the specification's 3 seconds, as it needs them.
    let handshake = Duration::from_secs(60);
    world.bmc.sessions = Sessions::new(Limits { handshake, ..Limits::default() });
    (world.service, world.one_by_one, world.round_trip) = (rakp, true, 10 * MS);
    world.run(established);
    assert!(matches!(world.events[..], [Event::Established { .. }]), "{:?}", world.events);
    assert!(world.elapsed() < Duration::from_secs(5), "{:?}", world.elapsed());
    assert!(world.most_copies() <= 3, "{}", world.most_copies());
    world.call(in_operator_session());
    world.run(ended);
    assert!(world.events.iter().any(|e| matches!(e, Event::Answer(..))), "{:?}", world.events);
}

/// Of a BMC that takes its time for everything, one thing after the other: from when the first answer
/// comes, the copies of its question are in its way. To repeat the next question by the clock made
/// the queue grow faster than it was worked off.
#[test]
fn a_bmc_that_does_one_thing_after_the_other_is_not_buried() {
    let world = |seed, service| {
        let mut world = World::new(seed, config());
        let handshake = Duration::from_secs(60);
        world.bmc.sessions = Sessions::new(Limits { handshake, ..Limits::default() });
        (world.service, world.one_by_one, world.round_trip) = (service, true, 10 * MS);
        world.run(established);
        (matches!(world.events[..], [Event::Established { .. }]), world)
    };
    let steady: [fn(&[u8]) -> Duration; 4] =
        [|_| 300 * MS, |_| 500 * MS, |_| 700 * MS, |_| 900 * MS];
    for service in steady {
        let (established, world) = world(1, service);
        assert!(established && world.most_copies() <= 3, "{:?}", world.copies.values());
    }
    // It takes from 0.5 to 1.3 s; five things in a row are longer than the deadline for many.
    let by_contents = |datagram: &[u8]| {
        let sum: u32 = datagram.iter().map(|byte| u32::from(*byte)).sum();
        (500 + sum * 7919 % 800) * MS
    };
    let logins = (0..200).filter(|seed| world(*seed, by_contents).0).count();
    assert!(logins >= 100, "{logins} of 200");
}

#[test]
fn the_answer_to_any_try_counts() {
    let mut world = World::new(1, config());
    world.run(established);
    world.service = |_| 400 * MS;
    let token = world.call(Call::of(&GetDeviceId));
    world.run(ended);
    assert!(matches!(world.events[1], Event::Answer(t, _) if t == token));
    assert_eq!((world.elapsed(), world.reached), (400 * MS, 3 + 2));
}

#[test]
fn a_busy_bmc_is_asked_again_with_a_new_number() {
    let mut world = World::new(1, config());
    world.round_trip = 10 * MS;
    world.respond = |at, _| if at < 1000 { CompletionCode::NODE_BUSY } else { CompletionCode::OK };
    let token = world.call(Call::of(&GetDeviceId));
    world.run(ended);
    let Event::Answer(answered, response) = &world.events[1] else { panic!("{:?}", world.events) };
    assert_eq!((*answered, response.completion), (token, CompletionCode::OK));
    // 35 ms after the start, then after 150, 300, 600 ms more.
    assert_eq!(world.bmc.executed.len(), 4);
    assert_eq!(world.elapsed(), (40 + 3 * 10 + 150 + 300 + 600) * MS);
    let mut numbers = world.bmc.numbers.clone();
    numbers.dedup();
    assert_eq!(numbers.len(), 4, "as a new question each time");
}

#[test]
fn a_bmc_that_stays_busy_has_said_so_in_the_end() {
    let mut world = World::new(1, config());
    world.respond = |_, _| CompletionCode::NODE_BUSY;
    let token = world.call(Call::of(&GetDeviceId));
    world.run(ended);
    let Event::Answer(answered, response) = &world.events[1] else { panic!("{:?}", world.events) };
    assert_eq!((*answered, response.completion), (token, CompletionCode::NODE_BUSY));
    assert!(world.elapsed() <= Duration::from_secs(5));

    // It goes silent after that: "busy" is still the answer.
    let mut world = World::new(1, config());
    world.respond = |_, _| CompletionCode::NODE_BUSY;
    world.run(established);
    let token = world.call(Call::of(&GetDeviceId));
    world.drain();
    let ((_, _), (to_bmc, request)) = world.wire.pop_first().unwrap();
    world.arrive(to_bmc, &request);
    let ((_, _), (to_bmc, answer)) = world.wire.pop_first().unwrap();
    world.arrive(to_bmc, &answer);
    world.loss = 100;
    world.run(ended);
    let Event::Answer(answered, response) = &world.events[1] else { panic!("{:?}", world.events) };
    assert_eq!((*answered, response.completion), (token, CompletionCode::NODE_BUSY));
    assert_eq!(world.elapsed(), Duration::from_secs(5));
}

#[test]
fn what_counts_every_time_is_not_asked_of_a_busy_bmc_again() {
    let mut world = World::new(1, config());
    world.respond = |_, cmd| if cmd == 2 { CompletionCode::NODE_BUSY } else { CompletionCode::OK };
    let token = world.call(Call::of(&ColdReset));
    world.run(ended);
    let Event::Answer(answered, response) = &world.events[1] else { panic!("{:?}", world.events) };
    assert_eq!((*answered, response.completion), (token, CompletionCode::NODE_BUSY));
    assert_eq!(world.elapsed(), Duration::ZERO);
}

/// Sends the one request over a network that loses everything up to the `n`th datagram to the BMC
/// from then on, or every answer.
fn once(refuses_replays: bool, lost: u32, answers: bool) -> (World, Token) {
    let mut world = World::new(1, Config { refuses_replays, ..config() });
    world.run(established);
    world.call(Call { needs: Privilege::Administrator, ..Call::of(&GetDeviceId) });
    world.run(|events| events.len() == 2);
    world.copies.clear();
    let token = world.call(Call::of(&ColdReset));
    world.drain();
    if answers {
        world.bmc.mute = true;
    }
    for _ in 0..lost {
        world.wire.clear();
        world.now = world.console.poll_timeout().unwrap();
        world.console.handle_timeout(world.now, &mut world.rng);
        world.drain();
    }
    world.run(|events| events.len() > 2);
    (world, token)
}

fn resets(world: &World) -> usize {
    world.bmc.executed.iter().filter(|cmd| **cmd == 2).count()
}

#[test]
fn what_counts_every_time_is_repeated_as_the_same_packet_where_replays_are_refused() {
    let (world, token) = once(true, 2, false);
    assert!(matches!(world.events[2], Event::Answer(t, _) if t == token), "{:?}", world.events);
    assert_eq!(resets(&world), 1);
    assert_eq!(world.copies.values().collect::<Vec<_>>(), [&3], "one packet, three times");

    // The BMC gets all copies, and its answers are lost.
    let (world, token) = once(true, 0, true);
    assert_eq!(world.events[2], Event::Failed(token, Failure::Uncertain));
    assert_eq!(resets(&world), 1);
    assert_eq!(world.copies.values().collect::<Vec<_>>(), [&6]);
    assert_eq!(world.elapsed(), Duration::from_secs(5));
}

#[test]
fn what_counts_every_time_is_never_repeated_where_replays_may_be_accepted() {
    for (lost, answers) in [(1, false), (0, true)] {
        let (world, token) = once(false, lost, answers);
        assert_eq!(world.events[2], Event::Failed(token, Failure::Uncertain));
        assert_eq!(resets(&world), usize::from(answers));
        assert_eq!(world.copies.values().collect::<Vec<_>>(), [&1]);
        assert_eq!(world.elapsed(), Duration::from_secs(5));
    }
}

#[test]
fn packets_without_a_code_do_not_move_the_numbers_of_those_with_one() {
    let mut world = World::new(1, config());
    world.run(established);
    world.call(Call::of(&GetDeviceId));
    world.drain();
    let (_, request) = world.wire.pop_first().unwrap().1;
    let answer = world.bmc.answer(world.now, &request, &mut world.rng).unwrap();
    // The same, without integrity and encryption, for every number from far behind to far ahead.
    for number in (0..100).chain([1 << 16, u32::MAX / 2, u32::MAX]) {
        for flags in [0x00, 0x40, 0x80] {
            let mut forged = answer.clone();
            forged[5] = flags;
            forged[10..14].copy_from_slice(&u32::to_le_bytes(number));
            assert!(matches!(
                SessionPacket::decode(&forged[4..]),
                Ok(SessionPacket::V20(_)) | Err(_)
            ));
            world.console.handle_datagram(world.now, &forged, &mut world.rng);
        }
    }
    world.drain();
    assert_eq!(world.events.len(), 1, "{:?}", world.events);
    world.console.handle_datagram(world.now, &answer, &mut world.rng);
    world.drain();
    assert!(matches!(world.events[1], Event::Answer(..)));
}

/// Each seed one login over a network that loses a fifth each way; how many came to nothing.
fn logins_lost(config: &Config, quirk: Option<Quirk>) -> usize {
    let lost = |seed| {
        let mut world = World::new(seed, config.clone());
        (world.loss, world.round_trip) = (20, 10 * MS);
        world.bmc.users.ipmi15 = vec![AuthType::Md5];
        world.bmc.sessions.set_quirks(quirk.into_iter().collect());
        world.run(established);
        assert!(world.elapsed() <= Duration::from_secs(5));
        !matches!(world.events[..], [Event::Established { .. }])
    };
    (0..300).filter(|seed| lost(*seed)).count()
}

#[test]
fn logins_go_well_on_a_lossy_network_whatever_is_wrong_with_the_bmc() {
    let ipmi15 = Config { protocol: Protocol::Ipmi15(vec![AuthType::Md5]), ..config() };
    for (config, quirk, most) in [
        (config(), None, 5),
        (config(), Some(Quirk::FreshNonce), 5),
        // Two losses after the first answer are one too many for five seconds.
        (config(), Some(Quirk::SlowHandshake), 110),
        (ipmi15.clone(), None, 5),
        // It is silent for three of the five seconds when its first answer is lost.
        (ipmi15, Some(Quirk::LostChallenge), 40),
    ] {
        let lost = logins_lost(&config, quirk);
        assert!(lost <= most, "{quirk:?}: {lost} of 300");
    }
}

#[test]
fn a_slow_handshake_is_waited_for_in_both_protocols() {
    let ipmi15 = Config { protocol: Protocol::Ipmi15(vec![AuthType::Md5]), ..config() };
    for config in [config(), ipmi15] {
        let mut world = World::new(1, config);
        world.bmc.users.ipmi15 = vec![AuthType::Md5];
        world.bmc.sessions.set_quirks(Quirks::NONE.with(Quirk::SlowHandshake));
        world.run(established);
        assert!(matches!(world.events[..], [Event::Established { .. }]), "{:?}", world.events);
        assert!(world.most_copies() <= 3, "{}", world.most_copies());
        assert_eq!(world.noticed, [Quirk::SlowHandshake]);
    }
}
