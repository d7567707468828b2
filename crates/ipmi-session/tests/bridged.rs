//! Requests to controllers behind the BMC: over a network with a round trip, losses and reordering,
//! by a BMC that answers in each of the ways there are, every answer is its own request's.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::{Bmc, Seeded, config};
use ipmi_session::console::{Call, Event, Failure, Session, Token};
use ipmi_session::managed::{Received, Ticket};
use ipmi_session::{Quirk, Quirks};
use ipmi_wire::bridge::{Hop, Route};
use ipmi_wire::cmd::app::SendMessage;
use ipmi_wire::lan::LanMessage;
use ipmi_wire::{
    Channel, CompletionCode, Decode, Effect, Encode, NetFn, Privilege, Request, Response,
};

const MS: Duration = Duration::from_millis(1);
const ONE_WAY: Duration = Duration::from_millis(10);

/// Each session with its own; those beyond it are not there.
const NEAR: Route = Route::to(Hop::ipmb(0x30));
const NOBODY: Route = Route::to(Hop::ipmb(0x40));
const SILENT: Route = Route::to(Hop::ipmb(0x50));

fn far() -> Route {
    let transit = Some(Hop::ipmb(0x30));
    Route { target: Hop { channel: Channel::new(7), address: 0x82 }, transit, local_address: None }
}

enum Piece {
    ToBmc(Vec<u8>),
    /// The controller at the end of the way has thought about it.
    Thought(Ticket, Vec<LanMessage>, LanMessage),
    ToConsole(Vec<u8>),
}

struct World {
    now: Instant,
    start: Instant,
    rng: Seeded,
    console: Session,
    bmc: Bmc,
    under_way: BTreeMap<(Instant, u64), Piece>,
    number: u64,
    /// Of a hundred datagrams.
    loss: u64,
    /// Of a hundred requests, how many the BMC answers in one message.
    embeds: u64,
    /// Messages may come up to so much later.
    jitter: Duration,
    /// How long a controller thinks.
    thinks: Duration,
    /// What Send Message is answered with, if not as it should be.
    refusal: Option<CompletionCode>,
    /// Marks in the order in which they were carried out.
    carried_out: Vec<u16>,
    events: Vec<Event>,
}

impl World {
    fn new(seed: u64) -> Self {
        let (now, mut rng) = (Instant::now(), Seeded(seed));
        let console = Session::open(now, config(), 0xa0a2_a3a4, &mut rng);
        let mut bmc = Bmc::new();
        // It neither remembers what it was asked nor what it answered: only the console can.
        bmc.sessions.set_quirks([Quirk::AcceptsReplays].into_iter().collect::<Quirks>());
        let mut world = Self {
            now,
            start: now,
            rng,
            console,
            bmc,
            under_way: BTreeMap::new(),
            number: 0,
            loss: 0,
            embeds: 0,
            jitter: Duration::ZERO,
            thinks: MS,
            refusal: None,
            carried_out: Vec::new(),
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
        self.number += 1;
        self.under_way.insert((at, self.number), piece);
    }

    fn late(&mut self) -> Duration {
        let most = u64::try_from(self.jitter.as_millis()).unwrap() + 1;
        MS * u32::try_from(self.rng.number() % most).unwrap()
    }

    /// Until nothing is on its way and nobody waits.
    fn run(&mut self) {
        for _ in 0..200_000 {
            while let Some(datagram) = self.console.poll_transmit() {
                if !self.rng.happens(self.loss) {
                    let at = self.now + ONE_WAY + self.late();
                    self.put(at, Piece::ToBmc(datagram));
                }
            }
            self.events.extend(std::iter::from_fn(|| self.console.poll_event()));
            let timer = self.console.poll_timeout().map(|due| due.max(self.now));
            match self.under_way.first_key_value().map(|((at, _), _)| *at) {
                Some(at) if timer.is_none_or(|due| at <= due) => {
                    let (_, piece) = self.under_way.pop_first().unwrap();
                    self.now = self.now.max(at);
                    self.arrive(piece);
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

    fn arrive(&mut self, piece: Piece) {
        match piece {
            Piece::ToConsole(datagram) => {
                self.console.handle_datagram(self.now, &datagram, &mut self.rng);
            }
            Piece::ToBmc(datagram) => self.ask(&datagram),
            // All in one: the answer inside, layer by layer.
            Piece::Thought(ticket, around, answer) if !around.is_empty() => {
                let whole = around.iter().rfold(answer, |inner, outer| {
                    let data = inner.to_bytes();
                    outer.answer(&Response { completion: CompletionCode::OK, data })
                });
                self.say(ticket, &whole);
            }
            Piece::Thought(ticket, _, answer) => self.say(ticket, &answer),
        }
    }

    fn ask(&mut self, datagram: &[u8]) {
        let (at, from) = (self.now, self.bmc.from);
        match self.bmc.sessions.receive(at, from, datagram, &self.bmc.users, &mut self.rng) {
            Received::Reply(reply) => self.send(reply),
            Received::Request { ticket, message } => self.carry_out(ticket, message),
            _ => {}
        }
    }

    /// What is in `message`, if need be in another, and who says what.
    fn carry_out(&mut self, ticket: Ticket, message: LanMessage) {
        let mut around = Vec::new();
        let mut inner = message;
        while (inner.netfn, inner.cmd) == (0x06, 0x34) {
            let sent = SendMessage::decode_exact(&inner.data).unwrap();
            assert_eq!(sent.tracking, SendMessage::TRACKED);
            around.push(inner);
            inner = LanMessage::decode_exact(&sent.data).unwrap();
        }
        let Some(outer) = around.first() else {
            // The BMC's own: with a mark that no other controller gives.
            let answer = Response { completion: CompletionCode::OK, data: vec![0xff; 2] };
            return self.say(ticket, &inner.answer(&answer));
        };
        if let Some(code) = self.refusal {
            let refused = outer.answer(&Response::code(code));
            return self.say(ticket, &refused);
        }
        if inner.to_address == 0x40 {
            let refused = outer.answer(&Response::code(SendMessage::NAK_ON_WRITE));
            return self.say(ticket, &refused);
        }
        let embeds = self.rng.happens(self.embeds);
        if !embeds {
            for layer in &around {
                let done = layer.answer(&Response::code(CompletionCode::OK));
                self.say(ticket, &done);
            }
            around.clear();
        }
        if inner.to_address == 0x50 {
            return;
        }
        let mark = u16::from_le_bytes(*inner.data.first_chunk().unwrap());
        self.carried_out.push(mark);
        let answer = Response { completion: CompletionCode::OK, data: inner.data.clone() };
        let at = self.now + self.thinks + self.late();
        self.put(at, Piece::Thought(ticket, around, inner.answer(&answer)));
    }

    fn say(&mut self, ticket: Ticket, message: &LanMessage) {
        if let Some(datagram) = self.bmc.sessions.seal(ticket, message, &mut self.rng) {
            self.send(datagram);
        }
    }

    fn send(&mut self, datagram: Vec<u8>) {
        if !self.rng.happens(self.loss) {
            let at = self.now + ONE_WAY + self.late();
            self.put(at, Piece::ToConsole(datagram));
        }
    }

    fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// The last word on a call.
    fn of(&self, token: Token) -> &Event {
        let is_of = |event: &&Event| match event {
            Event::Answer(of, _) | Event::Failed(of, _) => *of == token,
            _ => false,
        };
        self.events.iter().find(is_of).unwrap()
    }
}

/// A call that is answered with its mark.
fn marked(route: Route, mark: u16, effect: Effect) -> Call {
    let (netfn, data) = (NetFn::SensorEvent, mark.to_le_bytes().to_vec());
    // Few commands, so that number and command are the same again soon.
    let request = Request { netfn, lun: 0, cmd: 0x2d + u8::try_from(mark % 2).unwrap(), data };
    Call::new(request, effect, Privilege::User).with_route(route)
}

fn answered(event: &Event, mark: u16) -> bool {
    matches!(event, Event::Answer(_, response) if response.data == mark.to_le_bytes())
}

#[test]
fn an_answer_comes_in_two_messages_or_in_one_from_one_controller_or_behind_two() {
    for (route, embeds) in [(NEAR, 0), (NEAR, 100), (far(), 0), (far(), 100)] {
        let mut world = World::new(1);
        world.embeds = embeds;
        let token = world.call(marked(route, 7, Effect::Read));
        world.run();
        assert!(answered(world.of(token), 7), "{route}, {embeds}: {:?}", world.events);
        assert_eq!(world.carried_out, [7], "asked once");
        assert_eq!(world.elapsed(), ONE_WAY * 2 + MS);
    }
}

#[test]
fn nobody_there_is_told_at_once_and_leaves_the_session_as_it_is() {
    let mut world = World::new(2);
    let nobody = world.call(marked(NOBODY, 1, Effect::Once));
    let other = world.call(marked(NEAR, 2, Effect::Read));
    world.run();
    let Event::Failed(_, failure) = world.of(nobody) else { panic!("{:?}", world.events) };
    let (route, completion) = (NOBODY, SendMessage::NAK_ON_WRITE);
    assert_eq!(*failure, Failure::NotPassedOn { route, by: 0x20, completion });
    assert!(failure.to_string().contains("nobody there"), "{failure}");
    assert!(answered(world.of(other), 2));
    assert_eq!(world.elapsed(), ONE_WAY * 4 + MS);
}

#[test]
fn silence_behind_the_bmc_is_not_the_bmcs() {
    let mut world = World::new(3);
    let patience = Some(Duration::from_secs(2));
    let silent = world.call(Call { patience, ..marked(SILENT, 1, Effect::Read) });
    let once = world.call(marked(SILENT, 2, Effect::Once));
    let other = world.call(marked(NEAR, 3, Effect::Read));
    world.run();
    let Event::Failed(_, Failure::SilentBehind { route: SILENT, sent, waited }) = world.of(silent)
    else {
        panic!("{:?}", world.events)
    };
    assert!(*sent > 1 && *waited == Duration::from_secs(2), "{sent} in {waited:?}");
    assert_eq!(*world.of(once), Event::Failed(once, Failure::Uncertain));
    assert!(answered(world.of(other), 3));
    assert_eq!(world.elapsed(), Duration::from_secs(7) + ONE_WAY * 2 + MS);
}

#[test]
fn a_refusal_after_which_it_may_have_been_done_is_in_doubt_for_what_counts() {
    for (code, doubt) in [
        (0x80, false),
        (0x81, false),
        (0x82, true),
        (0x83, false),
        (0xc1, false),
        (0xc3, true),
        (0xc9, false),
        (0xcc, false),
        (0xce, true),
        (0xd3, false),
        (0xd4, false),
        (0xff, true),
    ] {
        let mut world = World::new(4);
        let completion = CompletionCode(code);
        world.refusal = Some(completion);
        let once = world.call(marked(NEAR, 1, Effect::Once));
        let read = world.call(marked(NEAR, 2, Effect::Read));
        world.run();
        let refused = Failure::NotPassedOn { route: NEAR, by: 0x20, completion };
        let told = if doubt { Failure::Uncertain } else { refused.clone() };
        assert_eq!(*world.of(once), Event::Failed(once, told), "{code:02x}h");
        assert_eq!(*world.of(read), Event::Failed(read, refused), "{code:02x}h");
    }
}

#[test]
fn a_busy_bmc_is_asked_again_for_what_may_be_repeated() {
    let mut world = World::new(5);
    world.refusal = Some(CompletionCode::NODE_BUSY);
    let once = world.call(marked(NEAR, 1, Effect::Once));
    let read = world.call(marked(NEAR, 2, Effect::Read));
    world.run();
    let completion = CompletionCode::NODE_BUSY;
    let busy = Failure::NotPassedOn { route: NEAR, by: 0x20, completion };
    assert_eq!(*world.of(once), Event::Failed(once, busy.clone()));
    assert_eq!(*world.of(read), Event::Failed(read, busy));
    assert!(world.elapsed() > Duration::from_secs(2), "{:?}", world.elapsed());
}

#[test]
fn whatever_the_network_does_no_call_gets_anothers_answer_and_nothing_is_done_twice() {
    let mut total = (0, 0);
    for seed in 0..300 {
        let mut world = World::new(seed);
        (world.loss, world.embeds) = (seed % 4 * 10, seed % 3 * 50);
        world.jitter = MS * u32::try_from(seed % 5 * 200).unwrap();
        world.thinks = MS * u32::try_from(seed % 7 * 300).unwrap();
        let mut calls = Vec::new();
        for mark in 0..40 {
            let route = [Some(NEAR), Some(far()), None, Some(NOBODY)][usize::from(mark % 4)];
            let effect = if mark % 5 == 0 { Effect::Once } else { Effect::Read };
            let call = marked(NEAR, mark, effect);
            let token = world.call(Call { route, ..call });
            calls.push((token, mark, route, effect));
        }
        world.run();
        for (token, mark, route, effect) in calls {
            let event = world.of(token);
            let done = world.carried_out.iter().filter(|done| **done == mark).count();
            total.0 += 1;
            match event {
                Event::Answer(_, response) => {
                    let own = if route.is_some() { mark.to_le_bytes() } else { [0xff; 2] };
                    assert_eq!(response.data, own, "seed {seed}: another call's answer");
                    assert!(route.is_none() || done > 0, "seed {seed}: made up");
                    total.1 += 1;
                }
                Event::Failed(_, Failure::NotPassedOn { route, .. }) => {
                    assert!(*route == NOBODY && done == 0, "seed {seed}: {route}");
                }
                Event::Failed(_, Failure::NotSent) => assert_eq!(done, 0, "seed {seed}"),
                Event::Failed(
                    _,
                    Failure::Uncertain | Failure::NoAnswer { .. } | Failure::SilentBehind { .. },
                ) => {}
                other => panic!("seed {seed}: {other:?}"),
            }
            if effect == Effect::Once {
                assert!(done < 2, "seed {seed}: {mark} was done {done} times");
            }
        }
    }
    assert!(total.1 * 2 > total.0, "{} of {} were answered", total.1, total.0);
}

#[test]
fn a_hostile_bmc_gets_no_call_to_take_another_ones_answer() {
    // Whatever is said about other numbers, commands or functions, inside or out, is passed over.
    let mut world = World::new(6);
    let token = world.call(marked(SILENT, 1, Effect::Read));
    while let Some(datagram) = world.console.poll_transmit() {
        let (at, from) = (world.now, world.bmc.from);
        let received =
            world.bmc.sessions.receive(at, from, &datagram, &world.bmc.users, &mut world.rng);
        let Received::Request { ticket, message } = received else { panic!("{received:?}") };
        let sent = SendMessage::decode_exact(&message.data).unwrap();
        let inner = LanMessage::decode_exact(&sent.data).unwrap();
        let good = inner.answer(&Response { completion: CompletionCode::OK, data: vec![9, 9] });
        let other = |change: fn(&mut LanMessage)| {
            let mut other = good.clone();
            change(&mut other);
            other
        };
        let strangers = [
            other(|m| m.sequence = (m.sequence + 1) & 0x3f),
            other(|m| m.cmd ^= 1),
            other(|m| m.netfn ^= 2),
            other(|m| m.netfn &= !1),
            other(|m| m.data.clear()),
        ];
        for stranger in strangers {
            let inside = message
                .answer(&Response { completion: CompletionCode::OK, data: stranger.to_bytes() });
            for said in [&stranger, &inside] {
                // Inside of an answer with this number, the number says nothing more.
                let same = stranger.cmd == good.cmd
                    && stranger.netfn == good.netfn
                    && !stranger.data.is_empty();
                if said.cmd == 0x34 && same {
                    continue;
                }
                let sealed = world.bmc.sessions.seal(ticket, said, &mut world.rng).unwrap();
                world.console.handle_datagram(world.now, &sealed, &mut world.rng);
            }
        }
        assert_eq!(world.console.poll_event(), None);
        let sealed = world.bmc.sessions.seal(ticket, &good, &mut world.rng).unwrap();
        world.console.handle_datagram(world.now, &sealed, &mut world.rng);
    }
    let answer = Response { completion: CompletionCode::OK, data: vec![9, 9] };
    assert_eq!(world.console.poll_event(), Some(Event::Answer(token, answer)));
}
