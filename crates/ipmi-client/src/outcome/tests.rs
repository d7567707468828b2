use std::sync::Arc;
use std::time::Duration;

use ipmi_wire::cmd::app::ColdReset;
use ipmi_wire::cmd::chassis::{
    ChassisControl, ChassisStatus, GetChassisStatus, GetSystemRestartCause, PowerAction,
    RestartCause, SystemRestartCause,
};
use ipmi_wire::cmd::storage::{GetSelTime, RepositoryTime};
use ipmi_wire::{Channel, Decode, Effect, Response};
use tokio::time::Instant;

use super::*;
use crate::fake::{Machine, code, is, lost};

const NOW: u32 = 0x6000_0000;

/// A machine with power and a clock, and a log of which nothing is new.
struct Chassis {
    on: bool,
    cause: RestartCause,
    /// What it does about the command; the answer is lost.
    obey: fn(&mut Self),
    /// When it comes on.
    on_at: Option<Instant>,
    /// Until when its BMC cannot be reached.
    away_until: Option<Instant>,
    begun: Instant,
}

impl Chassis {
    fn new(cause: RestartCause, obey: fn(&mut Self)) -> Self {
        Self { on: true, cause, obey, on_at: None, away_until: None, begun: Instant::now() }
    }

    fn machine(mut self) -> Arc<Machine> {
        let machine = Machine::new();
        machine.hook(move |_, request| {
            if self.on_at.is_some_and(|at| Instant::now() >= at) {
                (self.on, self.on_at) = (true, None);
            }
            if self.away_until.is_some_and(|until| Instant::now() < until) {
                return Some(Err(lost(request)));
            }
            if is::<ChassisControl>(request) {
                (self.obey)(&mut self);
                return Some(Err(lost(request)));
            }
            if is::<GetChassisStatus>(request) {
                // By hand from §28.2: the policy is "previous".
                let status =
                    ChassisStatus::decode_exact(&[0x20 | u8::from(self.on), 0, 0]).unwrap();
                return Some(Ok(Response::ok(&status)));
            }
            if is::<GetSystemRestartCause>(request) {
                let answer = SystemRestartCause { cause: self.cause, channel: Channel::new(1) };
                return Some(Ok(Response::ok(&answer)));
            }
            if is::<GetSelTime>(request) {
                let passed = u32::try_from(self.begun.elapsed().as_secs()).unwrap();
                return Some(Ok(Response::ok(&RepositoryTime(NOW + passed))));
            }
            None
        });
        machine
    }
}

/// As much as a session waits before it says that the answer is lost.
async fn power(machine: &Arc<Machine>, action: PowerAction) -> Result<Done, Error> {
    let outcome = machine.bmc().power(action).await;
    assert_eq!(machine.count::<ChassisControl>(), 1, "once is once");
    // A look never writes.
    for request in &machine.world().requests {
        let known = ipmi_wire::registry::find(ipmi_wire::registry::identify(request)).unwrap();
        let reads = (known.effect)(&request.data) == Ok(Effect::Read);
        assert!(reads || is::<ChassisControl>(request), "{request:?}");
    }
    outcome
}

fn unknown(outcome: Result<Done, Error>) -> Vec<Observation> {
    let error = outcome.unwrap_err();
    assert!(error.is_unknown(), "{error}");
    let outcome = error.outcome().unwrap().clone();
    assert!(outcome.seen.iter().all(|one| one.proves.is_none()), "{outcome:?}");
    outcome.seen
}

fn proven(outcome: Result<Done, Error>) -> Vec<Observation> {
    let Done::Proven(outcome) = outcome.unwrap() else { panic!("its answer was lost") };
    assert_eq!(outcome.verdict, Verdict::Happened);
    outcome.seen
}

#[tokio::test(start_paused = true)]
async fn a_restart_cause_that_has_changed_to_a_command_proves_a_reset() {
    let obey: fn(&mut Chassis) = |chassis| chassis.cause = RestartCause::ChassisControl;
    for action in [PowerAction::Reset, PowerAction::Cycle] {
        let machine = Chassis::new(RestartCause::PowerButton, obey).machine();
        let seen = proven(power(&machine, action).await);
        assert_eq!(seen[0].seen, "power is on");
        assert!(seen[1].seen.contains("before the request: by the power button"), "{seen:?}");
        // One before, one afterwards.
        assert_eq!(machine.count::<GetSystemRestartCause>(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cause_that_may_be_older_than_the_request_proves_nothing() {
    for cause in [RestartCause::ChassisControl, RestartCause::Unknown, RestartCause::Watchdog] {
        let machine = Chassis::new(cause, |_| {}).machine();
        let seen = unknown(power(&machine, PowerAction::Reset).await);
        assert!(seen[1].seen.contains("as before the request"), "{seen:?}");
        assert_eq!(seen[2].seen, "no event since the request");
    }
    // Nor does one that changed to something else.
    let button = |chassis: &mut Chassis| chassis.cause = RestartCause::ResetButton;
    let machine = Chassis::new(RestartCause::Unknown, button).machine();
    unknown(power(&machine, PowerAction::Reset).await);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_off_and_comes_on_again_was_cycled() {
    let cycle: fn(&mut Chassis) = |chassis| {
        chassis.on = false;
        chassis.on_at = Some(Instant::now() + Duration::from_secs(4));
    };
    let machine = Chassis::new(RestartCause::ChassisControl, cycle).machine();
    let seen = proven(power(&machine, PowerAction::Cycle).await);
    let words: Vec<_> = seen.iter().map(|one| one.seen.as_str()).collect();
    assert_eq!(words[..2], ["power is off", "power is on again"]);
    // One that stays off was off before, or is not up to it: nobody knows.
    let off: fn(&mut Chassis) = |chassis| chassis.on = false;
    let machine = Chassis::new(RestartCause::ChassisControl, off).machine();
    let begun = Instant::now();
    let seen = unknown(power(&machine, PowerAction::Cycle).await);
    assert_eq!(seen[0].seen, "power is off");
    assert!(begun.elapsed() <= Duration::from_secs(20));
    // To a reset, off is no part of it.
    let machine = Chassis::new(RestartCause::ChassisControl, cycle).machine();
    unknown(power(&machine, PowerAction::Reset).await);
}

#[tokio::test(start_paused = true)]
async fn an_event_proves_what_was_logged_after_the_request() {
    // System Boot / Restart Initiated: by hard reset. IPMI v2.0 §42.2.
    let event = |time: u32| {
        let mut record = [0, 0, 2, 0, 0, 0, 0, 0x20, 0, 4, 0x1d, 1, 0x6f, 1, 0xff, 0xff];
        record[3..7].copy_from_slice(&time.to_le_bytes());
        record
    };
    // The answer is lost after five seconds; the request was sent at `NOW` or in the second after.
    for (time, happened) in [(NOW - 60, false), (NOW, false), (NOW + 1, true), (NOW + 4, true)] {
        let machine = Machine::new();
        machine.world().log_record(event(time));
        let begun = Instant::now();
        machine.hook(move |_, request| {
            let passed = u32::try_from(begun.elapsed().as_secs()).unwrap();
            if is::<GetSelTime>(request) {
                return Some(Ok(Response::ok(&RepositoryTime(NOW + passed))));
            }
            // A BMC that has nothing but a log.
            is::<ChassisControl>(request).then(|| Err(lost(request)))
        });
        let sent = begun;
        tokio::time::advance(Duration::from_millis(5300)).await;
        let seen = machine.bmc().look_up_power(PowerAction::Reset, Before::default(), sent).await;
        assert_eq!(seen.verdict == Verdict::Happened, happened, "{time:x}: {seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_stays_silent_leaves_it_unknown_in_time() {
    let machine = Machine::new();
    let mut sent = false;
    machine.hook(move |_, request| {
        sent |= is::<ChassisControl>(request);
        sent.then(|| Err(lost(request)))
    });
    let begun = Instant::now();
    let seen = unknown(power(&machine, PowerAction::Cycle).await);
    assert!(seen[0].seen.contains("no answer"), "{seen:?}");
    assert!(begun.elapsed() <= machine.bmc().longest_look_up());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_bmc_could_not_give_is_a_lost_one() {
    // IPMI v2.0 §5.2: processing timed out; the response could not be provided.
    for doubtful in [0xc3, 0xce] {
        let machine = Machine::new();
        machine.hook(move |_, request| is::<ChassisControl>(request).then(|| Ok(code(doubtful))));
        let seen = unknown(power(&machine, PowerAction::DiagnosticInterrupt).await);
        // What came back is told.
        let code = format!("({doubtful:02X}h)");
        assert!(seen[0].asked == "Chassis Control" && seen[0].seen.contains(&code), "{seen:?}");
        // Nobody keeps a cause of those.
        assert_eq!(machine.count::<GetSystemRestartCause>(), 0);
    }
    // A refusal is one.
    let machine = Machine::new();
    machine.hook(|_, request| is::<ChassisControl>(request).then(|| Ok(code(0xd5))));
    let error = power(&machine, PowerAction::Reset).await.unwrap_err();
    assert!(error.outcome().is_none() && error.completion().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_knows_only_the_new_session_has_restarted() {
    let machine = Machine::new();
    machine.hook(|world, request| {
        is::<ColdReset>(request).then(|| {
            world.session += 1;
            Err(lost(request))
        })
    });
    let seen = proven(machine.bmc().cold_reset().await);
    assert!(seen.iter().any(|one| one.seen.contains("no more in the one from before")), "{seen:?}");
    assert_eq!(machine.count::<ColdReset>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_goes_on_leaves_a_reset_of_the_controller_unknown() {
    let machine = Machine::new();
    machine.hook(|_, request| is::<ColdReset>(request).then(|| Err(lost(request))));
    let seen = unknown(machine.bmc().cold_reset().await);
    assert!(seen[0].seen.contains("had not restarted by then"), "{seen:?}");
    assert_eq!(machine.count::<ColdReset>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_stays_away_is_not_waited_for_longer_than_is_said() {
    let machine = Machine::new();
    let mut reset = false;
    machine.hook(move |_, request| {
        reset |= is::<ColdReset>(request);
        reset.then(|| Err(lost(request)))
    });
    let begun = Instant::now();
    let seen = unknown(machine.bmc().cold_reset().await);
    assert!(seen.last().unwrap().seen.contains("as from a controller that restarts"), "{seen:?}");
    assert!(begun.elapsed() <= machine.bmc().longest_look_up());
}

#[test]
fn witnesses_that_contradict_each_other_prove_nothing() {
    let one = |proves| Observation { asked: "", seen: String::new(), proves };
    let verdict = |proofs: &[Option<Verdict>]| {
        Outcome::of(proofs.iter().map(|proves| one(*proves)).collect()).verdict
    };
    use Verdict::{Happened, NotDone, Unknown};
    assert_eq!(verdict(&[]), Unknown);
    assert_eq!(verdict(&[None, Some(Happened)]), Happened);
    assert_eq!(verdict(&[Some(NotDone), None]), NotDone);
    assert_eq!(verdict(&[Some(NotDone), Some(Happened)]), Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_request_counts_as_sent_no_earlier_than_it_can_have_been() {
    let bmc = Machine::new().bmc();
    let begun = Instant::now();
    let error = |kind| bmc.error("Chassis Control", kind);
    let lost = error(ErrorKind::Call(Failure::Uncertain));
    // Lost at once, in whatever way.
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(bmc.latest_sending(begun, &lost), begun + Duration::from_secs(2));
    // Three seconds for the login, five for the answer that never came.
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(bmc.latest_sending(begun, &lost), begun + Duration::from_secs(3));
    // Nobody knows how long a BMC took to say that it could not do it in time.
    let completion = CompletionCode::TIMEOUT;
    let code = error(ErrorKind::Refused { completion, explained: None, access: None });
    assert_eq!(bmc.latest_sending(begun, &code), begun + Duration::from_secs(8));
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_was_off_may_be_switched_on_by_anybody() {
    // The request is lost; somebody else has it on again, by a command.
    let other: fn(&mut Chassis) = |chassis| {
        chassis.on_at = Some(Instant::now() + Duration::from_secs(2));
        chassis.cause = RestartCause::ChassisControl;
    };
    for action in [PowerAction::Cycle, PowerAction::Reset] {
        let mut chassis = Chassis::new(RestartCause::PowerButton, other);
        chassis.on = false;
        let seen = unknown(power(&chassis.machine(), action).await);
        assert!(seen[0].seen == "power is off", "{seen:?}");
        assert!(seen.iter().any(|one| one.seen.contains("not seen to be on")), "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_to_a_bmc_that_has_fallen_silent() {
    let machine = Machine::new();
    machine.hook(|_, request| Some(Err(lost(request))));
    let error = machine.bmc().power(PowerAction::Cycle).await.unwrap_err();
    assert!(!error.is_unknown(), "{error}");
    assert_eq!(machine.count::<ChassisControl>(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_old_session_that_may_have_expired_by_itself_proves_no_restart() {
    let machine = Machine::new();
    let mut back = None;
    machine.hook(move |world, request| {
        if is::<ColdReset>(request) {
            back = Some(Instant::now() + Duration::from_secs(40));
            return Some(Err(lost(request)));
        }
        if Instant::now() < back? {
            return Some(Err(lost(request)));
        }
        // It was the network; meanwhile the session has expired.
        back = None;
        world.session += 1;
        Some(Err(lost(request)))
    });
    let seen = unknown(machine.bmc_within(Duration::from_secs(20)).cold_reset().await);
    assert_eq!(seen.last().unwrap().seen, "answers in a new session", "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_bmc_whose_network_restarts_with_the_machine_is_waited_for() {
    let chassis = Chassis::new(RestartCause::PowerButton, |chassis| {
        chassis.cause = RestartCause::ChassisControl;
        chassis.away_until = Some(Instant::now() + Duration::from_secs(6));
    });
    let seen = proven(power(&chassis.machine(), PowerAction::Reset).await);
    assert_eq!(seen[0].seen, "power is on");
}
