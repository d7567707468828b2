//! What is acknowledged is kept: answers that wait for the store, and what must not overtake them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use ipmi_bmc::nvram::Unkept;
use ipmi_bmc::platform::Measurement;
use ipmi_bmc::{Held, Reply};
use ipmi_session::Secret;
use ipmi_session::console::{Call, Config, Event, Session};
use ipmi_wire::cmd::app::{
    CloseSession, ColdReset, GetDeviceId, Password, PasswordOperation, PasswordSize, SetUserAccess,
    SetUserName, SetUserPassword,
};
use ipmi_wire::cmd::chassis::{
    ChassisControl, PowerAction, PowerRestorePolicy, SetPowerRestorePolicy,
};
use ipmi_wire::cmd::sensor::{SensorHysteresis, SetSensorHysteresis};
use ipmi_wire::cmd::storage::GetSelInfo;
use ipmi_wire::session::Username;
use ipmi_wire::{Channel, Command, CompletionCode, Privilege};

use common::{Counting, LID, Machine, TEMPERATURE, peer};

/// A console, one request at a time.
struct Console {
    session: Session,
    entropy: Counting,
}

impl Console {
    fn login(machine: &mut Machine, seed: u8) -> Self {
        let name = Username::new(b"admin").unwrap();
        let config = Config::new(name, Secret::new(b"Complex_Pass").unwrap());
        let mut entropy = Counting(seed);
        let session = Session::open(machine.now, config, seed.into(), &mut entropy);
        let mut console = Self { session, entropy };
        assert!(console.talk(machine).is_none());
        assert!(matches!(console.session.poll_event(), Some(Event::Established { .. })));
        console
    }

    /// Asks; the answer, if it waits.
    fn ask<C: Command>(&mut self, machine: &mut Machine, command: &C) -> Option<Held> {
        self.session.call(machine.now, Call::of(command), &mut self.entropy);
        self.talk(machine)
    }

    /// Loses its patience, and asks again.
    fn ask_again(&mut self, machine: &mut Machine) -> Option<Held> {
        machine.now = self.session.poll_timeout().unwrap();
        self.session.handle_timeout(machine.now, &mut self.entropy);
        self.talk(machine)
    }

    fn talk(&mut self, machine: &mut Machine) -> Option<Held> {
        let mut waits = None;
        while let Some(datagram) = self.session.poll_transmit() {
            match machine.bmc.receive(machine.now, peer(), &datagram, &mut self.entropy) {
                Some(Reply::Now(reply)) => {
                    self.session.handle_datagram(machine.now, &reply, &mut self.entropy);
                }
                Some(Reply::Held(held)) => waits = Some(held),
                None => {}
            }
        }
        waits
    }

    /// What waited is kept, or not; what the console is told then.
    fn release(
        &mut self,
        machine: &mut Machine,
        held: Held,
        outcome: Result<(), Unkept>,
    ) -> Option<CompletionCode> {
        let reply = machine.bmc.release(held, outcome, &mut self.entropy)?;
        self.session.handle_datagram(machine.now, &reply, &mut self.entropy);
        self.answer()
    }

    fn answer(&mut self) -> Option<CompletionCode> {
        match self.session.poll_event()? {
            Event::Answer(_, response) => Some(response.completion),
            other => panic!("{other:?}"),
        }
    }
}

fn policy(policy: PowerRestorePolicy) -> SetPowerRestorePolicy {
    SetPowerRestorePolicy { policy: Some(policy) }
}

fn new_password(text: &[u8]) -> SetUserPassword {
    let password = Password::new(PasswordSize::Twenty, text).unwrap();
    SetUserPassword { user_id: 5, operation: PasswordOperation::Set(password) }
}

const OK: Option<CompletionCode> = Some(CompletionCode::OK);

#[test]
fn who_sets_something_waits_and_who_asks_does_not() {
    let mut machine = Machine::new();
    let (mut one, mut other) = (Console::login(&mut machine, 1), Console::login(&mut machine, 2));
    let held = one.ask(&mut machine, &policy(PowerRestorePolicy::AlwaysOn)).unwrap();
    assert!(machine.keep() > 0);
    assert!(other.ask(&mut machine, &GetSelInfo).is_none());
    assert_eq!((one.answer(), other.answer()), (None, OK));
    assert_eq!(one.release(&mut machine, held, Ok(())), OK);
}

/// Every command that changes nothing if what it sets is so already.
#[test]
fn a_repetition_is_not_acknowledged_before_the_first_is_kept() {
    fn check<C: Command>(machine: &mut Machine, command: &C) {
        let mut console = Console::login(machine, 1);
        let first = console.ask(machine, command).expect("it changes something");
        machine.keep();
        // Its answer is under way, and it will be the only one.
        assert!(console.ask_again(machine).is_none());
        assert_eq!(console.answer(), None, "{command:?} was acknowledged, and is not kept");
        let mut other = Console::login(machine, 2);
        let second = other.ask(machine, command).expect("it changes what is not kept yet");
        assert_eq!(other.answer(), None, "{command:?} was acknowledged, and is not kept");
        assert_eq!(console.release(machine, first, Ok(())), OK);
        assert_eq!(other.release(machine, second, Ok(())), OK);
        // All is kept now: nothing to wait for.
        machine.keep();
        assert!(console.ask(machine, command).is_none());
        assert_eq!((console.answer(), machine.keep()), (OK, 0));
    }
    let channel = Channel::new(1);
    let machine = &mut Machine::new();
    check(machine, &policy(PowerRestorePolicy::AlwaysOff));
    let hysteresis = SensorHysteresis { positive: 1, negative: 1 };
    check(machine, &SetSensorHysteresis { number: TEMPERATURE, hysteresis });
    check(machine, &SetUserName { user_id: 5, name: Username::new(b"bob").unwrap() });
    let limit = Some(Privilege::User);
    let access = SetUserAccess { channel, flags: None, user_id: 5, limit, session_limit: None };
    check(machine, &access);
    check(machine, &new_password(b"secret"));
    check(machine, &SetUserPassword { user_id: 5, operation: PasswordOperation::Enable });
}

#[test]
fn a_repetition_after_a_failure_is_a_failure_until_it_is_kept() {
    for (unkept, code) in [
        (Unkept::Full, CompletionCode::OUT_OF_SPACE),
        (Unkept::Failed, CompletionCode::UNSPECIFIED),
    ] {
        let mut machine = Machine::new();
        let mut console = Console::login(&mut machine, 1);
        let command = policy(PowerRestorePolicy::AlwaysOff);
        for _ in 0..3 {
            let held = console.ask(&mut machine, &command).expect("nothing of it is kept");
            assert_eq!(console.release(&mut machine, held, Err(unkept)), Some(code));
        }
        let held = console.ask(&mut machine, &command).unwrap();
        assert_eq!(console.release(&mut machine, held, Ok(())), OK);
        assert!(console.ask(&mut machine, &command).is_none());
        assert_eq!(console.answer(), OK);
    }
}

/// Two sockets tell of two commits, in whatever order.
#[test]
fn an_older_success_says_nothing_of_a_later_failure() {
    let mut machine = Machine::new();
    let (mut one, mut other) = (Console::login(&mut machine, 1), Console::login(&mut machine, 2));
    let command = policy(PowerRestorePolicy::AlwaysOff);
    let older = other.ask(&mut machine, &new_password(b"secret")).unwrap();
    let failed = one.ask(&mut machine, &command).unwrap();
    one.release(&mut machine, failed, Err(Unkept::Failed));
    assert_eq!(other.release(&mut machine, older, Ok(())), OK);
    let again = one.ask(&mut machine, &command).expect("it is not kept yet");
    assert_eq!(one.release(&mut machine, again, Ok(())), OK);
    assert!(one.ask(&mut machine, &command).is_none());
}

/// A cold reset that lets go of a latch has something to keep, and waits.
#[test]
fn a_cold_reset_that_waits_is_answered_whatever_others_do_and_ends_all_sessions_then() {
    let mut machine = Machine::new();
    machine.bench.state().says.insert(LID, Measurement::States(1));
    machine.wait(std::time::Duration::from_secs(2));
    machine.bench.state().says.insert(LID, Measurement::States(0));
    machine.wait(std::time::Duration::from_secs(2));
    let (mut one, mut other) = (Console::login(&mut machine, 1), Console::login(&mut machine, 2));
    let held = one.ask(&mut machine, &ColdReset).expect("the latch is let go");
    assert!(other.ask(&mut machine, &GetDeviceId).is_none());
    assert_eq!((other.answer(), machine.bmc.sessions().len()), (OK, 2));
    // It takes place whether the store works or not.
    assert_eq!(one.release(&mut machine, held, Err(Unkept::Failed)), OK);
    assert!(machine.bmc.sessions().is_empty());
    Console::login(&mut machine, 3);
    assert_eq!(machine.bmc.sessions().len(), 1);
}

#[test]
fn a_session_that_ends_with_an_answer_that_waits_ends_with_that_one() {
    let mut machine = Machine::new();
    let mut console = Console::login(&mut machine, 1);
    // Its own user is gone.
    let nobody = SetUserName { user_id: 2, name: Username::default() };
    let held = console.ask(&mut machine, &nobody).unwrap();
    assert!(console.ask_again(&mut machine).is_none());
    assert_eq!((console.answer(), machine.bmc.sessions().len()), (None, 1));
    assert_eq!(console.release(&mut machine, held, Ok(())), OK);
    assert!(machine.bmc.sessions().is_empty());
}

#[test]
fn an_answer_to_a_session_that_is_gone_is_none() {
    let mut machine = Machine::new();
    let (mut one, mut other) = (Console::login(&mut machine, 1), Console::login(&mut machine, 2));
    let held = one.ask(&mut machine, &policy(PowerRestorePolicy::AlwaysOff)).unwrap();
    // Only an administrator ends another's session, and becomes one on the way.
    let password = Password::new(PasswordSize::Twenty, b"Complex_Pass").unwrap();
    let operation = PasswordOperation::Test(password);
    other.ask(&mut machine, &SetUserPassword { user_id: 2, operation });
    assert_eq!(other.answer(), OK);
    let session = machine.bmc.sessions().iter().find(|session| session.console_session_id == 1);
    let session_id = session.unwrap().managed_session_id;
    other.ask(&mut machine, &CloseSession { session_id, handle: None });
    assert_eq!(other.answer(), OK);
    assert_eq!(one.release(&mut machine, held, Ok(())), None);
}

#[test]
fn the_machine_is_switched_whether_that_is_kept_or_not() {
    let mut machine = Machine::new();
    let mut console = Console::login(&mut machine, 1);
    let off = ChassisControl { action: PowerAction::Off };
    let held = console.ask(&mut machine, &off).unwrap();
    assert!(!machine.bmc.is_on());
    assert_eq!(console.release(&mut machine, held, Err(Unkept::Full)), OK);
}
