//! What one more BMC of a fleet costs: memory that is asked of the allocator, so that the figures are
//! the same on every machine. What the system makes of them is measured by `cargo xtask soak`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::alloc::System;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use ipmi_bmc::nvram::Memory;
use ipmi_bmc::{Bmc, LanPolicy, LogPolicy, Network, Settings};
use ipmi_session::console::{Call, Config as Console, Event, Session};
use ipmi_session::managed::Limits;
use ipmi_session::{Entropy, Quirks, Secret};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::cmd::chassis::{ChassisControl, PowerAction};
use ipmi_wire::cmd::sensor::GetSensorReading;
use ipmi_wire::session::Username;
use lantern_bmcd::personality::reference::reference;
use lantern_bmcd::platform::sim::SimPlatform;
use lantern_bmcd::{Config, Fleet, FleetConfig, Spread};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What the issue allows each BMC beyond the first.
const MOST: usize = 8 * 1024;

/// How many are tried out.
const VISITED: usize = 100;

/// Bytes that were allocated and not freed since.
fn held(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change.bytes_allocated.checked_sub(change.bytes_deallocated).unwrap()
}

struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            [*byte, ..] = self.0.to_be_bytes();
        }
    }
}

/// The first of its make, which the example describes.
fn first(config: &Config, now: Instant) -> Bmc {
    let settings = Settings {
        guid: Guid([7; 16]),
        users: config.users.clone(),
        lan: LanPolicy::default(),
        limits: Limits::default(),
        quirks: Quirks::NONE,
        epoch: 1_800_000_000,
        log: LogPolicy::default(),
        nonvolatile: false,
    };
    let machine = Box::new(SimPlatform::new(1, now, true));
    Bmc::new(now, reference(1_800_000_000), settings, machine, Memory::default())
}

/// An administrator comes, reads a sensor, switches the machine off and on, and goes.
fn visit(bmc: &mut Bmc, now: Instant, rng: &mut Seeded) {
    let from: SocketAddr = ([127, 0, 0, 1], 4000).into();
    let user = Username::new(b"admin").unwrap();
    let mut console = Console::new(user, Secret::new(b"Complex_Pass").unwrap());
    console.privilege = Privilege::Administrator;
    let mut session = Session::open(now, console, 0xa0a2_a3a4, rng);
    let mut exchange = |session: &mut Session, rng: &mut Seeded| {
        while let Some(datagram) = session.poll_transmit() {
            let reply = bmc.handle_datagram(now, from, &datagram, rng);
            reply.into_iter().for_each(|reply| session.handle_datagram(now, &reply, rng));
        }
    };
    exchange(&mut session, rng);
    assert!(matches!(session.poll_event(), Some(Event::Established { .. })));
    let mut ask = |call: Call| {
        session.call(now, call, rng);
        exchange(&mut session, rng);
        let Some(Event::Answer(_, answer)) = session.poll_event() else { panic!() };
        assert!(answer.completion.is_ok());
    };
    ask(Call::of(&GetSensorReading { number: 1 }));
    ask(Call::of(&ChassisControl { action: PowerAction::Off }));
    ask(Call::of(&ChassisControl { action: PowerAction::On }));
    session.close(rng);
    exchange(&mut session, rng);
    assert!(bmc.sessions().is_empty());
}

#[test]
fn one_bmc_more_takes_8_kib_at_most() {
    let text = include_str!("../../../examples/bmc.toml");
    let config = Config::parse(text, Path::new("bmc.toml")).unwrap();

    // As they start, with all that a fleet keeps of them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _guard = runtime.enter();
    let fleet = |count| {
        let region = Region::new(ALLOCATOR);
        let base = "127.1.0.1:0".parse().unwrap();
        let fleet = FleetConfig::new(count, base, Spread::Addresses).unwrap();
        let fleet = Fleet::start(&config, &fleet).unwrap();
        let held = held(&region);
        drop(fleet);
        held
    };
    let [one, few, many] = [1, 1001, 2001].map(fleet);
    let each = (many - few) / 1000;
    println!("{one} bytes for the first with its socket, {each} for each that follows");
    assert!(each <= MOST, "{each} bytes each");

    // And once somebody was there.
    let (now, mut rng) = (Instant::now(), Seeded(1));
    let mut model = first(&config, now);
    visit(&mut model, now, &mut rng);
    let region = Region::new(ALLOCATOR);
    let mut all: Vec<Bmc> = Vec::with_capacity(VISITED);
    for n in 0..100_u64 {
        let mut guid = [0; 16];
        guid[..8].copy_from_slice(&n.to_le_bytes());
        let machine = Box::new(SimPlatform::new(n, now, true));
        all.push(model.sibling(now, Guid(guid), Network::default(), machine));
    }
    let fresh = held(&region) / VISITED;
    for bmc in &mut all {
        visit(bmc, now, &mut rng);
    }
    let visited = held(&region) / VISITED;
    for bmc in &mut all {
        bmc.handle_timeout(now + Duration::from_secs(600));
    }
    let later = held(&region) / VISITED;
    println!("{fresh} bytes each, {visited} after a visit, {later} ten minutes later");
    assert!(later <= MOST, "{later} bytes each");
    drop(all);
}
