//! The watchdog, from both sides, and what it does to the machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use common::{Machine, discrete, personality};
use ipmi_bmc::LogPolicy;
use ipmi_bmc::personality::RecordsIn;
use ipmi_bmc::platform::PowerSignal;
use ipmi_bmc::sensors::{SensorPlan, Source};
use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::{
    ClearMessageFlags, ColdReset, GetMessageFlags, GetWatchdogTimer, MessageFlags,
    PreTimeoutInterrupt, ResetWatchdogTimer, SetWatchdogTimer, TimeoutAction, TimerUse, WarmReset,
    WatchdogSettings, WatchdogTimer,
};
use ipmi_wire::cmd::chassis::{
    BootFlags, BootParameter, ChassisControl, GetSystemRestartCause, PowerAction, RestartCause,
    SetSystemBootOptions,
};
use ipmi_wire::cmd::sensor::GetSensorReading;
use ipmi_wire::sdr::SensorType;
use ipmi_wire::sel::SelRecord;

const WATCHDOG: u8 = 0x46;
const SECOND: Duration = Duration::from_secs(1);

/// A machine with a Watchdog 2 sensor as the reference machine has one.
fn machine() -> Machine {
    let mut personality = personality(RecordsIn::Repository);
    let masks = [0x010f, 0, 0x010f];
    personality.sdrs.push(discrete(WATCHDOG, 1, SensorType::WATCHDOG_2, 0x40, masks));
    let plan = SensorPlan { source: Source::Controller, ..SensorPlan::default() };
    personality.sensors.sensors.insert(WATCHDOG, plan);
    Machine::of(personality, LogPolicy::default())
}

/// Ten seconds.
fn settings(action: TimeoutAction) -> WatchdogSettings {
    WatchdogSettings {
        timer_use: TimerUse::SmsOs,
        dont_log: false,
        interrupt: PreTimeoutInterrupt::None,
        action,
        pre_timeout: 0,
        initial: 100,
    }
}

fn start(machine: &mut Machine, settings: WatchdogSettings) {
    let request = SetWatchdogTimer { settings, dont_stop: false, clear: 0 };
    machine.ask_by_lan(&request).unwrap();
    machine.ask(&ResetWatchdogTimer).unwrap();
}

fn timer(machine: &mut Machine) -> WatchdogTimer {
    let timer = machine.ask(&GetWatchdogTimer).unwrap();
    assert_eq!(machine.ask_by_lan(&GetWatchdogTimer).unwrap(), timer);
    timer
}

/// Event data of the watchdog's events.
fn events(machine: &Machine) -> Vec<[u8; 3]> {
    let of = |record: &SelRecord| match record {
        SelRecord::System { sensor_number: WATCHDOG, data, assertion: true, .. } => Some(*data),
        _ => None,
    };
    machine.bmc.sel().records().filter_map(of).collect()
}

fn signals(machine: &Machine) -> Vec<PowerSignal> {
    std::mem::take(&mut machine.bench.state().signals)
}

fn states(machine: &mut Machine) -> u16 {
    machine.ask(&GetSensorReading { number: WATCHDOG }).unwrap().states
}

#[test]
fn each_action_is_carried_out_and_told() {
    for (action, expected, restarted) in [
        (TimeoutAction::None, vec![], false),
        (TimeoutAction::Reset, vec![PowerSignal::Reset], true),
        (TimeoutAction::PowerDown, vec![PowerSignal::Off], false),
        (TimeoutAction::PowerCycle, vec![PowerSignal::Off, PowerSignal::On], true),
    ] {
        let mut machine = machine();
        assert_eq!(machine.ask(&ResetWatchdogTimer), Err(CompletionCode(0x80)));
        start(&mut machine, settings(action));
        machine.wait(9 * SECOND);
        assert_eq!((timer(&mut machine).running, timer(&mut machine).present), (true, Some(10)));
        assert!(signals(&machine).is_empty() && events(&machine).is_empty());
        machine.wait(2 * SECOND);
        assert_eq!(signals(&machine), expected);
        assert_eq!(events(&machine), [[0xc0 | action.number(), 0x04, 0xff]]);
        assert_eq!(states(&mut machine), 1 << action.number());
        let now = timer(&mut machine);
        assert_eq!((now.running, now.expired, now.present), (false, 0x10, Some(0)));
        let cause = machine.ask(&GetSystemRestartCause).unwrap().cause;
        assert_eq!(cause == RestartCause::Watchdog, restarted);
    }
}

#[test]
fn who_winds_it_up_in_time_hears_nothing() {
    let mut machine = machine();
    start(&mut machine, settings(TimeoutAction::Reset));
    for _ in 0..5 {
        machine.wait(9 * SECOND);
        machine.ask(&ResetWatchdogTimer).unwrap();
    }
    assert!(signals(&machine).is_empty() && events(&machine).is_empty());
    // And each time it runs out is an event of its own.
    for count in 1..=2 {
        machine.wait(10 * SECOND);
        assert_eq!(events(&machine).len(), count);
        start(&mut machine, settings(TimeoutAction::Reset));
        assert_eq!(states(&mut machine), 0);
    }
}

#[test]
fn it_warns_by_nmi_or_by_flag() {
    let warning = |interrupt| WatchdogSettings {
        interrupt,
        pre_timeout: 3,
        timer_use: TimerUse::OsLoad,
        ..settings(TimeoutAction::Reset)
    };
    let mut machine = machine();
    start(&mut machine, warning(PreTimeoutInterrupt::Nmi));
    machine.wait(7 * SECOND);
    assert_eq!(signals(&machine), [PowerSignal::DiagnosticInterrupt]);
    assert_eq!(events(&machine), [[0xc8, 0x23, 0xff]]);
    // An NMI is no interrupt of the system interface, but a warning all the same.
    let flag = MessageFlags { watchdog_pre_timeout: true, ..MessageFlags::default() };
    assert_eq!(machine.ask(&GetMessageFlags).unwrap(), flag);
    assert_eq!(
        (machine.bmc.attention().waiting, machine.bmc.attention().interrupts),
        (true, false)
    );
    machine.wait(3 * SECOND);
    assert_eq!(signals(&machine), [PowerSignal::Reset]);
    assert_eq!(machine.ask(&GetMessageFlags).unwrap(), MessageFlags::default());
    assert_eq!(events(&machine), [[0xc8, 0x23, 0xff], [0xc1, 0x23, 0xff]]);

    start(&mut machine, warning(PreTimeoutInterrupt::Messaging));
    machine.wait(7 * SECOND);
    let flags = machine.ask(&GetMessageFlags).unwrap();
    assert!(flags.watchdog_pre_timeout && signals(&machine).is_empty());
    assert_eq!((machine.bmc.attention().waiting, machine.bmc.attention().interrupts), (true, true));
    machine.ask(&ClearMessageFlags { flags }).unwrap();
    assert_eq!(machine.ask(&GetMessageFlags).unwrap(), MessageFlags::default());
    assert!(!machine.bmc.attention().waiting);
    assert_eq!(events(&machine)[2..], [[0xc8, 0x33, 0xff]]);

    let smi = warning(PreTimeoutInterrupt::Smi);
    let request = SetWatchdogTimer { settings: smi, dont_stop: false, clear: 0 };
    assert_eq!(machine.ask(&request), Err(CompletionCode::INVALID_DATA_FIELD));
    assert!(timer(&mut machine).running);
}

/// §27.6: setting it takes back the warning, and what is left running goes on from the start.
#[test]
fn setting_it_after_the_warning_takes_that_back() {
    for dont_stop in [false, true] {
        let mut machine = machine();
        let settings = WatchdogSettings {
            interrupt: PreTimeoutInterrupt::Messaging,
            pre_timeout: 3,
            ..settings(TimeoutAction::Reset)
        };
        start(&mut machine, settings);
        machine.wait(8 * SECOND);
        assert!(machine.ask(&GetMessageFlags).unwrap().watchdog_pre_timeout);
        machine.ask(&ResetWatchdogTimer).unwrap();
        assert_eq!(timer(&mut machine).present, Some(20), "too late for that");
        machine.ask(&SetWatchdogTimer { settings, dont_stop, clear: 0 }).unwrap();
        assert_eq!(machine.ask(&GetMessageFlags).unwrap(), MessageFlags::default());
        let now = timer(&mut machine);
        assert_eq!((now.running, now.present), (dont_stop, Some(100)));
        machine.wait(6 * SECOND);
        assert!(signals(&machine).is_empty());
    }
}

#[test]
fn what_is_not_to_be_logged_is_not_and_can_still_be_read() {
    let mut machine = machine();
    start(&mut machine, WatchdogSettings { dont_log: true, ..settings(TimeoutAction::None) });
    machine.wait(10 * SECOND);
    assert_eq!((events(&machine).len(), states(&mut machine)), (0, 1));
    assert_eq!(timer(&mut machine).expired, 0x10);
    start(&mut machine, settings(TimeoutAction::None));
    machine.wait(10 * SECOND);
    assert_eq!(events(&machine).len(), 1);
}

#[test]
fn a_machine_that_is_off_or_starts_anew_is_not_watched() {
    for action in [PowerAction::Off, PowerAction::Reset, PowerAction::Cycle] {
        let mut machine = machine();
        start(&mut machine, settings(TimeoutAction::Reset));
        machine.wait(4 * SECOND);
        machine.ask(&ChassisControl { action }).unwrap();
        signals(&machine);
        machine.wait(60 * SECOND);
        let now = timer(&mut machine);
        assert_eq!((now.running, now.present, now.expired), (false, Some(60), 0));
        assert_eq!(machine.ask(&ResetWatchdogTimer), Err(CompletionCode(0x80)));
        assert!(!signals(&machine).contains(&PowerSignal::Reset));
    }
}

#[test]
fn a_reset_of_the_machine_by_it_uses_up_boot_flags_and_follows_them_only_if_told_to() {
    for (unless, follows) in [(0, false), (0x04, true)] {
        let mut machine = machine();
        let flags = BootFlags { valid: true, ..BootFlags::default() };
        for value in [BootParameter::ValidBitClearing(unless), BootParameter::Flags(flags)] {
            machine.ask(&SetSystemBootOptions::with(value)).unwrap();
        }
        start(&mut machine, settings(TimeoutAction::Reset));
        machine.wait(10 * SECOND);
        let order = machine.bench.state().orders.pop().unwrap();
        assert_eq!(order.is_some(), follows);
    }
}

#[test]
fn a_cold_reset_forgets_it_and_a_warm_one_does_not() {
    let mut machine = machine();
    start(&mut machine, settings(TimeoutAction::Reset));
    machine.ask(&WarmReset).unwrap();
    assert!(timer(&mut machine).running);
    machine.wait(10 * SECOND);
    assert_eq!(signals(&machine), [PowerSignal::Reset]);
    start(&mut machine, settings(TimeoutAction::Reset));
    machine.ask(&ColdReset).unwrap();
    let now = timer(&mut machine);
    assert_eq!((now.running, now.expired, now.settings.initial), (false, 0, 0));
    assert_eq!(machine.ask(&ResetWatchdogTimer), Err(CompletionCode(0x80)));
    assert_eq!(states(&mut machine), 0);
    // Nor does it survive the loss of power.
    start(&mut machine, settings(TimeoutAction::Reset));
    machine.restart();
    assert_eq!(machine.ask(&ResetWatchdogTimer), Err(CompletionCode(0x80)));
    start(&mut machine, settings(TimeoutAction::Reset));
    machine.wait(10 * SECOND);
    assert_eq!(events(&machine).len(), 2);
}

#[test]
fn a_machine_that_nobody_here_can_switch_on_is_reset_in_place_of_a_power_cycle() {
    let mut machine = machine();
    machine.bench.state().is_elsewhere = true;
    start(&mut machine, settings(TimeoutAction::PowerCycle));
    machine.wait(12 * SECOND);
    assert_eq!(signals(&machine), [PowerSignal::Reset]);
    // What it was set to has run out, and is told as that.
    assert_eq!(events(&machine), [[0xc3, 0x04, 0xff]]);
    assert_eq!(machine.ask(&GetSystemRestartCause).unwrap().cause, RestartCause::Watchdog);
    // Who commands it is there to be told, and can command something else.
    let cycle = ChassisControl { action: PowerAction::Cycle };
    assert_eq!(machine.ask(&cycle), Err(CompletionCode::INVALID_DATA_FIELD));
    assert!(signals(&machine).is_empty());
}
