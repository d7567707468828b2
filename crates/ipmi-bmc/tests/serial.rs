//! The serial port and a console that has it, on a virtual clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use common::{Counting, Machine, peer};
use ipmi_bmc::serial::{Heard, Serial, SerialPolicy};
use ipmi_session::console::{Call, Config, Event, Session};
use ipmi_session::sol::{Piece, Settings};
use ipmi_session::{Cover, Secret, Timing};
use ipmi_wire::cmd::app::ActivatePayload;
use ipmi_wire::cmd::chassis::{ChassisControl, PowerAction};
use ipmi_wire::session::{SolOperation, SolStatus, Username};
use ipmi_wire::{Command, CompletionCode, Effect, Privilege, Request};

/// A port that says and takes what a test wants.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Ends>>);

#[derive(Default)]
struct Ends {
    says: Vec<u8>,
    hears: Vec<u8>,
    looks: usize,
    gone: bool,
    keeps: bool,
    echoes: bool,
    power: Vec<bool>,
}

impl Wire {
    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap()
    }
}

impl Serial for Wire {
    fn is_available(&self) -> bool {
        !self.ends().gone
    }

    fn read(&mut self, _: Instant) -> Option<Heard> {
        let mut ends = self.ends();
        ends.looks += 1;
        let says = std::mem::take(&mut ends.says);
        (!says.is_empty()).then_some(Heard::Characters(says))
    }

    fn write(&mut self, _: Instant, characters: &[u8]) -> usize {
        let mut ends = self.ends();
        if ends.gone {
            return 0;
        }
        ends.hears.extend(characters);
        if ends.echoes {
            ends.says.extend(characters);
        }
        characters.len()
    }

    fn send_break(&mut self, _: Instant) {
        self.ends().hears.push(b'!');
    }

    fn set_power(&mut self, _: Instant, on: bool) {
        self.ends().power.push(on);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Some(Instant::now())
    }

    fn keeps(&self) -> bool {
        self.ends().keeps
    }

    fn source(&self) -> String {
        "a wire".to_owned()
    }
}

struct Console {
    machine: Machine,
    session: Session,
    entropy: Counting,
}

impl Console {
    /// Logs in to a machine with this port.
    fn login(wire: &Wire) -> Self {
        Self::login_with(wire, SerialPolicy::default())
    }

    /// As [`login`](Self::login), where the port is shared like this.
    fn login_with(wire: &Wire, policy: SerialPolicy) -> Self {
        let mut machine = Machine::new();
        let port: Box<dyn Serial> = Box::new(wire.clone());
        machine.bmc.set_serial(machine.now, Some((port, policy)));
        let name = Username::new(b"admin").unwrap();
        let password = Secret::new(b"Complex_Pass").unwrap();
        let config = Config { privilege: Privilege::Administrator, ..Config::new(name, password) };
        let mut entropy = Counting(1);
        let session = Session::open(machine.now, config, 1, &mut entropy);
        let mut console = Self { machine, session, entropy };
        console.talk();
        assert!(matches!(console.session.poll_event(), Some(Event::Established { .. })));
        console
    }

    fn ask<C: Command>(&mut self, command: &C) -> CompletionCode {
        // SOL parameter 2 wants an operator, whatever the command itself does.
        let call = Call::new(Request::of(command), Effect::Once, Privilege::Operator);
        self.session.call(self.machine.now, call, &mut self.entropy);
        self.talk();
        loop {
            match self.session.poll_event() {
                Some(Event::Answer(_, response)) => return response.completion,
                Some(Event::Sol) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn activate(&mut self) {
        let cover = Cover { encrypted: true, authenticated: true };
        let settings = Settings::console(Timing::default());
        assert!(self.session.open_sol(self.machine.now, settings, cover, None));
        let request = ActivatePayload { payload_type: 1, instance: 1, auxiliary: [0xc6, 0, 0, 0] };
        assert_eq!(self.ask(&request), CompletionCode::OK);
        self.session.start_sol(self.machine.now, 259, &mut self.entropy);
        self.live();
    }

    fn talk(&mut self) {
        let Self { machine, session, entropy } = self;
        loop {
            let mut quiet = true;
            while let Some(datagram) = session.poll_transmit() {
                let reply = machine.bmc.handle_datagram(machine.now, peer(), &datagram, entropy);
                if let Some(reply) = reply {
                    session.handle_datagram(machine.now, &reply, entropy);
                }
                quiet = false;
            }
            while let Some((to, datagram)) = machine.bmc.poll_outgoing(machine.now, entropy) {
                assert_eq!(to, peer());
                session.handle_datagram(machine.now, &datagram, entropy);
                quiet = false;
            }
            if quiet {
                return;
            }
        }
    }

    /// Half a second: longer than characters gather.
    fn live(&mut self) {
        for _ in 0..10 {
            self.machine.now += Duration::from_millis(50);
            self.machine.bmc.handle_timeout(self.machine.now);
            self.session.handle_timeout(self.machine.now, &mut self.entropy);
            self.talk();
        }
    }

    fn type_in(&mut self, text: &[u8]) {
        let taken = self.session.write_sol(self.machine.now, text, &mut self.entropy);
        assert_eq!(taken, text.len());
    }

    fn seen(&mut self) -> String {
        self.live();
        let (mut seen, now) = (Vec::new(), self.machine.now);
        while let Some(piece) = self.session.read_sol(now, usize::MAX, &mut self.entropy) {
            match piece {
                Piece::Characters(characters) => seen.extend(characters),
                Piece::Flags(flags) => seen.extend(format!("<{flags:02x}>").bytes()),
            }
        }
        String::from_utf8(seen).unwrap()
    }

    fn levels(&self) -> u8 {
        self.session.sol().unwrap().levels()
    }
}

#[test]
fn what_was_said_before_is_seen_and_what_is_typed_arrives_with_breaks_in_their_place() {
    let wire = Wire::default();
    let mut console = Console::login(&wire);
    wire.ends().says.extend(b"early ");
    console.live();
    console.activate();
    wire.ends().says.extend(b"late");
    assert_eq!(console.seen(), "early late");
    wire.ends().echoes = true;
    console.type_in(b"ab");
    let now = console.machine.now;
    console.session.write_sol_flags(now, SolOperation::BREAK, &mut console.entropy);
    console.type_in(b"c");
    assert_eq!(console.seen(), "abc");
    assert_eq!(wire.ends().hears, b"ab!c");
    let view = console.machine.bmc.serial_view(console.machine.now).unwrap();
    assert_eq!((view.heard, view.typed, view.breaks, view.lost), (13, 3, 1, 0));
    assert_eq!((view.source.as_str(), view.active.len(), view.instances), ("a wire", 1, 4));
    let tail = |console: &mut Console, most| {
        console.machine.bmc.serial_tail(console.machine.now, most).unwrap()
    };
    assert_eq!(tail(&mut console, 7), b"lateabc");
    assert_eq!(tail(&mut console, 99), b"early lateabc");
    assert_eq!(console.machine.bmc.serial_type(console.machine.now, b"d"), Some(1));
    assert_eq!(console.seen(), "d");
}

#[test]
fn a_port_that_keeps_is_left_alone_until_somebody_is_there() {
    let wire = Wire::default();
    wire.ends().keeps = true;
    wire.ends().says.extend(b"kept");
    let mut console = Console::login(&wire);
    console.live();
    assert_eq!(wire.ends().looks, 0);
    // One that does not has its time.
    let due = console.machine.bmc.poll_timeout_asleep();
    assert!(due.is_none_or(|due| due > console.machine.now), "{due:?}");
    console.activate();
    assert_eq!(console.seen(), "kept");
}

#[test]
fn a_system_that_goes_and_comes_back_leaves_the_console_where_it_is() {
    let wire = Wire::default();
    let mut console = Console::login(&wire);
    console.activate();
    wire.ends().gone = true;
    console.live();
    assert_eq!(console.levels() & SolStatus::UNAVAILABLE, SolStatus::UNAVAILABLE);
    console.type_in(b"wait");
    console.live();
    assert_eq!(wire.ends().hears, b"");
    {
        let mut ends = wire.ends();
        ends.gone = false;
        ends.says.extend(b"back");
    }
    // The console tries again within a second.
    let mut seen = String::new();
    for _ in 0..4 {
        seen.push_str(&console.seen());
    }
    assert!(seen.contains("back"), "{seen}");
    assert_eq!(wire.ends().hears, b"wait");
    assert_eq!(console.levels() & SolStatus::UNAVAILABLE, 0);
}

#[test]
fn the_port_learns_what_becomes_of_the_machine() {
    let wire = Wire::default();
    let mut console = Console::login(&wire);
    for action in [PowerAction::Reset, PowerAction::Off, PowerAction::On] {
        assert_eq!(console.ask(&ChassisControl { action }), CompletionCode::OK);
    }
    assert_eq!(wire.ends().power, [true, true, false, true]);
}

#[test]
fn a_console_is_told_when_its_port_is_taken_away() {
    let wire = Wire::default();
    let mut console = Console::login(&wire);
    console.activate();
    console.machine.bmc.set_serial(console.machine.now, None);
    console.talk();
    assert_eq!(console.levels() & SolStatus::DEACTIVATING, SolStatus::DEACTIVATING);
    assert!(!console.machine.bmc.has_consoles());
}

#[test]
fn what_nobody_could_keep_is_told_with_its_number() {
    let wire = Wire::default();
    let policy = SerialPolicy { history: 100, ..SerialPolicy::default() };
    let mut console = Console::login_with(&wire, policy);
    let text: String = (0..50).map(|line| format!("line {line:04}\n")).collect();
    wire.ends().says.extend(text.bytes());
    console.live();
    console.activate();
    let seen = console.seen();
    let flag = format!("<{:02x}>", SolStatus::OVERRUN);
    assert_eq!(seen, format!("{flag}\r\n[400 characters lost]\r\n{}", &text[400..]));
    let view = console.machine.bmc.serial_view(console.machine.now).unwrap();
    assert_eq!((view.heard, view.lost), (500, 400));

    // Somebody may want nothing but what the system says.
    let policy = SerialPolicy { mark_gaps: false, ..policy };
    let wire = Wire::default();
    let mut console = Console::login_with(&wire, policy);
    wire.ends().says.extend(text.bytes());
    console.live();
    console.activate();
    assert_eq!(console.seen(), format!("{flag}{}", &text[400..]));
}
