//! Serial over LAN in real sessions, over a network that loses, doubles and reorders, in virtual time.
//!
//! `LANTERN_LINE=<KiB>` says how much goes each way, `LANTERN_LINE_SEEDS=<n>` over how many networks;
//! `cargo xtask soak` sends 10 MiB over 50 of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::{Bmc, Seeded, config};
use ipmi_session::console::{Config, Event, Session, SessionError};
use ipmi_session::sol::{Accumulate, End, Piece, Retry, Settings};
use ipmi_session::{Cover, Timing};
use ipmi_wire::session::{CipherSuite, SolOperation, SolStatus};

const FULL: Cover = Cover { encrypted: true, authenticated: true };

/// A line in a session, and the network in between.
struct World {
    start: Instant,
    now: Instant,
    wire: BTreeMap<(Instant, u64), (bool, Vec<u8>)>,
    count: u64,
    rng: Seeded,
    network: Seeded,
    console: Session,
    bmc: Bmc,
    session_id: u32,
    /// Percent of datagrams that are lost; a quarter of that is doubled, and as many are late.
    loss: u64,
    round_trip: Duration,
    /// The BMC hears nothing and says nothing any more.
    dead: bool,
    sent: [u64; 2],
}

fn managed(retry: Duration) -> Settings {
    Settings {
        end: End::Managed,
        outbound: 1024,
        inbound: 1024,
        accumulate: Accumulate { interval: Duration::from_millis(60), threshold: 96 },
        retry: Retry::Parameter { count: 7, interval: retry },
    }
}

impl World {
    fn new(seed: u64, suite: u8, cover: Cover) -> Self {
        let (now, mut rng) = (Instant::now(), Seeded(seed));
        let config = Config { suites: vec![CipherSuite(suite)], ..config() };
        let mut bmc = Bmc::new();
        bmc.users.suites = vec![suite];
        let mut console = Session::open(now, config, 0xa0a2_a3a4, &mut rng);
        while let Some(datagram) = console.poll_transmit() {
            let reply = bmc.answer(now, &datagram, &mut rng).expect("the BMC answers");
            console.handle_datagram(now, &reply, &mut rng);
        }
        assert!(matches!(console.poll_event(), Some(Event::Established { .. })));
        let session_id = console.managed_session_id().unwrap();
        let probe = Some(Duration::from_secs(3));
        assert!(console.open_sol(now, Settings::console(Timing::default()), cover, probe));
        let retry = managed(Duration::from_millis(500));
        assert!(bmc.sessions.open_sol(now, session_id, retry, cover, 259));
        console.start_sol(now, 259, &mut rng);
        Self {
            start: now,
            now,
            wire: BTreeMap::new(),
            count: 0,
            network: Seeded(!seed),
            rng,
            console,
            bmc,
            session_id,
            loss: 0,
            round_trip: Duration::from_millis(20),
            dead: false,
            sent: [0, 0],
        }
    }

    fn put(&mut self, to_bmc: bool, datagram: Vec<u8>) {
        self.sent[usize::from(to_bmc)] += 1;
        let copies = u32::from(!self.network.happens(self.loss));
        let copies = copies + u32::from(self.network.happens(self.loss / 4));
        for _ in 0..copies {
            let is_late = self.network.happens(self.loss / 4);
            let late = if is_late { self.network.number() % 200 } else { 0 };
            let due = self.now + self.round_trip / 2 + Duration::from_millis(late);
            self.count += 1;
            self.wire.insert((due, self.count), (to_bmc, datagram.clone()));
        }
    }

    fn send(&mut self) {
        while let Some(datagram) = self.console.poll_transmit() {
            self.put(true, datagram);
        }
        while let Some((_, datagram)) = self.bmc.sessions.poll_sol(self.now, &mut self.rng) {
            self.put(false, datagram);
        }
    }

    /// Goes on to whatever happens next.
    fn step(&mut self) {
        self.send();
        let timers = [self.console.poll_timeout(), self.bmc.sessions.poll_timeout()];
        let next = self.wire.keys().next().map(|(due, _)| *due);
        let next = timers.into_iter().flatten().chain(next).min().expect("something goes on");
        self.now = self.now.max(next);
        while let Some(entry) = self.wire.first_entry()
            && entry.key().0 <= self.now
        {
            let (to_bmc, datagram) = entry.remove();
            match to_bmc {
                _ if self.dead => {}
                true => {
                    if let Some(reply) = self.bmc.answer(self.now, &datagram, &mut self.rng) {
                        self.put(false, reply);
                    }
                }
                false => self.console.handle_datagram(self.now, &datagram, &mut self.rng),
            }
        }
        self.console.handle_timeout(self.now, &mut self.rng);
        self.bmc.sessions.handle_timeout(self.now);
    }

    /// Carries `length` characters each way.
    fn exchange(&mut self, seed: u64, length: usize) {
        let text = |seed: u64| {
            let mut source = Seeded(seed);
            (0..length).map(|_| source.number() as u8).collect::<Vec<_>>()
        };
        let (typed, shown) = (text(seed), text(seed ^ 0x5eed));
        let (mut written, mut heard) = ([0, 0], [Vec::new(), Vec::new()]);
        while heard.iter().any(|heard| heard.len() < length) {
            let rest = &typed[written[0]..];
            written[0] += self.console.write_sol(self.now, rest, &mut self.rng);
            while let Some(piece) = self.console.read_sol(self.now, 4096, &mut self.rng) {
                let Piece::Characters(characters) = piece else { panic!("{piece:?}") };
                heard[0].extend(characters);
            }
            let line =
                self.bmc.sessions.sol_mut(self.session_id).unwrap_or_else(|| {
                    panic!("seed {seed}, {:?}: no session", self.now - self.start)
                });
            written[1] += line.write(self.now, &shown[written[1]..]);
            while let Some(piece) = line.read(4096) {
                let Piece::Characters(characters) = piece else { panic!("{piece:?}") };
                heard[1].extend(characters);
            }
            while let Some(event) = self.console.poll_event() {
                let at = self.now - self.start;
                assert!(!matches!(event, Event::Closed(_)), "seed {seed}, {at:?}: {event:?}");
            }
            self.step();
        }
        assert!(heard[0] == shown, "seed {seed}: the console shows something else");
        assert!(heard[1] == typed, "seed {seed}: the system gets something else");
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn what_is_lost_doubled_and_reordered_arrives_once_and_in_order() {
    let length = number("LANTERN_LINE", 32) as usize * 1024;
    let seeds = number("LANTERN_LINE_SEEDS", 50);
    let mut virtual_time = Duration::ZERO;
    let mut datagrams = 0;
    for seed in 0..seeds {
        let mut world = World::new(seed, 17, FULL);
        world.loss = 20;
        world.exchange(seed, length);
        virtual_time += world.now - world.start;
        datagrams += world.sent[0] + world.sent[1];
    }
    println!(
        "{} KiB each way over {seeds} networks: {datagrams} datagrams, {:.0} s each in virtual time",
        length / 1024,
        virtual_time.as_secs_f64() / seeds as f64
    );
}

#[test]
fn every_protection_carries_a_line() {
    let clear = Cover { encrypted: false, authenticated: false };
    let signed = Cover { encrypted: false, authenticated: true };
    for (suite, cover) in
        [(17, clear), (3, signed), (16, signed), (15, clear), (8, FULL), (0, clear)]
    {
        let mut world = World::new(suite.into(), suite, cover);
        world.loss = 10;
        world.exchange(suite.into(), 3000);
    }
}

#[test]
fn a_good_line_is_as_fast_as_a_packet_for_a_round_trip() {
    let mut world = World::new(1, 17, FULL);
    world.round_trip = Duration::from_millis(1);
    let length = 1 << 20;
    world.exchange(1, length);
    let took = (world.now - world.start).as_secs_f64();
    let rate = length as f64 / took;
    // 255 characters in each millisecond would be all that the protocol can do, either way.
    assert!(rate > 0.9 * 255_000.0, "{rate} characters a second");
    // A serial line at 115,200 bit/s has 11,520 of them.
    assert!(rate > 10.0 * 11_520.0);
}

#[test]
fn a_dead_bmc_is_noticed_within_8_seconds() {
    let mut world = World::new(1, 17, FULL);
    world.exchange(1, 1000);
    world.dead = true;
    let dead_since = world.now;
    let why = loop {
        world.step();
        match world.console.poll_event() {
            Some(Event::Closed(why)) => break why,
            Some(_) => {}
            None => assert!(world.now - dead_since < Duration::from_secs(20)),
        }
    };
    assert_eq!(why, Some(SessionError::Lost));
    assert!(world.now - dead_since <= Duration::from_secs(8), "{:?}", world.now - dead_since);
}

#[test]
fn an_idle_line_is_probed_and_stays() {
    let mut world = World::new(1, 17, FULL);
    while world.now - world.start < Duration::from_secs(600) {
        world.step();
        while let Some(event) = world.console.poll_event() {
            assert!(!matches!(event, Event::Closed(_)));
        }
    }
    // One question in three seconds, and no more.
    assert!((150..=210).contains(&world.sent[1]), "{}", world.sent[1]);
    world.exchange(1, 100);
}

#[test]
fn a_break_and_a_loss_arrive_over_a_bad_line() {
    for seed in 0..20 {
        let mut world = World::new(seed, 17, FULL);
        world.loss = 20;
        world.console.write_sol(world.now, b"reboot", &mut world.rng);
        world.console.write_sol_flags(world.now, SolOperation::BREAK, &mut world.rng);
        let line = world.bmc.sessions.sol_mut(world.session_id).unwrap();
        line.write(world.now, b"panic");
        line.write_flags(world.now, SolStatus::OVERRUN);
        line.write(world.now, b"again");
        let (mut typed, mut shown) = (Vec::new(), Vec::new());
        while typed.len() < 2 || shown.len() < 3 {
            world.step();
            let line = world.bmc.sessions.sol_mut(world.session_id).unwrap();
            typed.extend(std::iter::from_fn(|| line.read(99)));
            let World { console, now, rng, .. } = &mut world;
            shown.extend(std::iter::from_fn(|| console.read_sol(*now, 99, rng)));
        }
        let text = |text: &[u8]| Piece::Characters(text.to_vec());
        assert_eq!(typed, [text(b"reboot"), Piece::Flags(SolOperation::BREAK)]);
        assert_eq!(shown, [text(b"panic"), Piece::Flags(SolStatus::OVERRUN), text(b"again")]);
    }
}

#[test]
fn less_protection_than_agreed_is_not_taken() {
    let mut world = World::new(1, 17, FULL);
    // The console believes that it may do without.
    let clear = Cover { encrypted: false, authenticated: false };
    let settings = Settings::console(Timing::default());
    assert!(world.console.open_sol(world.now, settings, clear, None));
    world.console.start_sol(world.now, 259, &mut world.rng);
    world.console.write_sol(world.now, b"rm -rf /\r", &mut world.rng);
    for _ in 0..20 {
        world.step();
    }
    assert_eq!(world.bmc.sessions.sol_mut(world.session_id).unwrap().read(99), None);
}

#[test]
fn a_console_that_is_deactivated_is_told() {
    let mut world = World::new(1, 17, FULL);
    world.bmc.sessions.close_sol(world.now, world.session_id, true);
    assert!(!world.bmc.sessions.has_sol(world.session_id));
    for _ in 0..3 {
        world.step();
    }
    let levels = world.console.sol().unwrap().levels();
    assert_ne!(levels & SolStatus::DEACTIVATING, 0);
    assert_eq!(world.console.poll_event(), Some(Event::Sol));
}
