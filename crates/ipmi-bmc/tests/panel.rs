//! Buttons and plug, and what is told of that to somebody who watches.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use ipmi_bmc::Origin;
use ipmi_bmc::feed::News;
use ipmi_bmc::panel::{Button, PanelError, Pressed};
use ipmi_bmc::platform::{Measurement, PlatformError, PowerSignal};
use ipmi_session::Entropy;
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::cmd::chassis::{
    ChassisControl, GetChassisStatus, GetSystemRestartCause, PowerAction, PowerRestorePolicy,
    RestartCause, SetPowerRestorePolicy,
};
use ipmi_wire::cmd::sensor::GetSensorReading;
use ipmi_wire::cmd::storage::{AddSelEntry, ClearSel, EraseAction, ReserveSel};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{CompletionCode, Request};

use common::{Counting, LID, Machine, TEMPERATURE, peer};

fn cause(machine: &mut Machine) -> RestartCause {
    machine.ask(&GetSystemRestartCause).unwrap().cause
}

fn oem() -> SelRecord {
    SelRecord::Oem { id: 0, record_type: 0xe0, data: [7; 13] }
}

#[test]
fn buttons_do_what_they_say() {
    let mut machine = Machine::new();
    let press = |machine: &mut Machine, button| machine.bmc.press(machine.now, button).unwrap();
    assert_eq!(press(&mut machine, Button::Reset), Pressed::Reset);
    assert_eq!(cause(&mut machine), RestartCause::ResetButton);
    assert_eq!(press(&mut machine, Button::Diagnostic), Pressed::Interrupted);
    assert_eq!(press(&mut machine, Button::PowerHeld), Pressed::PoweredOff);
    assert!(!machine.bmc.is_on());
    // What has no meaning while off does nothing.
    for button in [Button::Reset, Button::Diagnostic] {
        assert_eq!(press(&mut machine, button), Pressed::Nothing);
    }
    assert_eq!(press(&mut machine, Button::Power), Pressed::PoweredOn);
    assert_eq!(cause(&mut machine), RestartCause::PowerButton);
    assert!(!machine.ask(&GetChassisStatus).unwrap().last_event.on_by_command);
    assert_eq!(press(&mut machine, Button::Power), Pressed::ShutdownRequested);
    assert_eq!(press(&mut machine, Button::Identify), Pressed::LightOn);
    assert_eq!(press(&mut machine, Button::Identify), Pressed::LightOff);
    use PowerSignal::{DiagnosticInterrupt, Off, On, Reset, SoftShutdown};
    let signals = std::mem::take(&mut machine.bench.state().signals);
    assert_eq!(signals, [Reset, DiagnosticInterrupt, Off, On, SoftShutdown]);
}

#[test]
fn a_power_button_in_the_pause_of_a_cycle_switches_on_once() {
    let mut machine = Machine::new();
    machine.ask(&ChassisControl { action: PowerAction::Cycle }).unwrap();
    assert_eq!(machine.bmc.press(machine.now, Button::Power), Ok(Pressed::PoweredOn));
    machine.wait(Duration::from_secs(5));
    assert_eq!(machine.bench.state().signals, [PowerSignal::Off, PowerSignal::On]);
    assert_eq!(cause(&mut machine), RestartCause::PowerButton);
}

#[test]
fn without_mains_there_is_no_controller() {
    let mut machine = Machine::new();
    let now = machine.now;
    assert!(machine.bmc.pull_mains(now) && !machine.bmc.pull_mains(now));
    assert!(!machine.bmc.is_on() && !machine.bmc.has_mains());
    assert_eq!(machine.bmc.poll_timeout(), None);
    // An ASF ping, which asks for no login: RMCP, class 6, IANA 4542, Presence Ping.
    let ping = [6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x80, 0, 0, 0];
    let mut entropy = Counting(1);
    entropy.fill(&mut [0]);
    let mut answer =
        |machine: &mut Machine| machine.bmc.receive(now, peer(), &ping, &mut entropy).is_some();
    assert!(!answer(&mut machine));
    let response = machine.request(Origin::SystemInterface, &Request::of(&GetDeviceId));
    assert_eq!(response.completion, CompletionCode::RESPONSE_UNAVAILABLE);
    assert_eq!(machine.bmc.press(now, Button::Power), Err(PanelError::NoMains));
    assert!(machine.bmc.restore_mains(now) && !machine.bmc.restore_mains(now));
    assert!(answer(&mut machine) && machine.bmc.is_on());
}

#[test]
fn the_restore_policy_decides() {
    use PowerRestorePolicy::{AlwaysOff, AlwaysOn, Previous};
    for (policy, before, after, why) in [
        (AlwaysOff, true, false, None),
        (AlwaysOff, false, false, None),
        (Previous, true, true, Some(RestartCause::PowerRestoredPrevious)),
        (Previous, false, false, None),
        (AlwaysOn, true, true, Some(RestartCause::PowerRestoredAlways)),
        (AlwaysOn, false, true, Some(RestartCause::PowerRestoredAlways)),
    ] {
        for crash in [false, true] {
            let mut machine = Machine::new();
            machine.ask(&SetPowerRestorePolicy { policy: Some(policy) }).unwrap();
            if !before {
                machine.ask(&ChassisControl { action: PowerAction::Off }).unwrap();
            }
            machine.keep();
            machine.bmc.pull_mains(machine.now);
            // The state before is what counts, and is not written over.
            assert_eq!(machine.keep(), 0);
            machine.now += Duration::from_secs(60);
            if crash {
                let values = machine.store.iter().map(|(key, value)| (*key, value.as_slice()));
                let memory = ipmi_bmc::nvram::Memory::decode(values).unwrap();
                assert_eq!(memory.starts_on(true), after);
                continue;
            }
            machine.bmc.restore_mains(machine.now);
            assert_eq!(machine.bmc.is_on(), after, "{policy:?} {before}");
            if let Some(why) = why {
                assert_eq!(cause(&mut machine), why);
            }
            let status = machine.ask(&GetChassisStatus).unwrap();
            assert!(status.last_event.ac_failed && !status.last_event.on_by_command);
            // Until it goes off for another reason.
            machine.ask(&ChassisControl { action: PowerAction::On }).unwrap();
            machine.ask(&ChassisControl { action: PowerAction::Off }).unwrap();
            assert!(!machine.ask(&GetChassisStatus).unwrap().last_event.ac_failed);
        }
    }
}

#[test]
fn a_controller_that_starts_up_measures_anew_and_keeps_what_latched() {
    let mut machine = Machine::new();
    machine.bench.state().says.insert(LID, Measurement::States(1));
    machine.wait(Duration::from_secs(2));
    machine.bench.state().says.insert(LID, Measurement::States(0));
    machine.wait(Duration::from_secs(2));
    machine.ask(&SetPowerRestorePolicy { policy: Some(PowerRestorePolicy::AlwaysOff) }).unwrap();
    machine.bmc.pull_mains(machine.now);
    machine.now += Duration::from_secs(3600);
    machine.bench.state().says.insert(TEMPERATURE, Measurement::Value(20.0));
    machine.bmc.restore_mains(machine.now);
    let reading = machine.ask(&GetSensorReading { number: TEMPERATURE }).unwrap();
    assert_eq!((reading.raw, reading.unavailable), (20, false));
    let views = machine.bmc.sensor_views(machine.now);
    let lid = views.iter().find(|view| view.number == LID).unwrap();
    assert_eq!((lid.states, lid.is_threshold, lid.value), (1, false, None));
    let temperature = views.iter().find(|view| view.number == TEMPERATURE).unwrap();
    assert_eq!((temperature.value, temperature.raw), (Some(20.0), Some(20)));
    assert!(!temperature.name.is_empty());
}

#[test]
fn a_machine_may_have_no_lid() {
    let mut machine = Machine::new();
    let now = machine.now;
    assert_eq!(machine.bmc.move_lid(now, true), Err(PlatformError::Unsupported));
    let says = Some(Measurement::Value(1.0));
    assert_eq!(
        machine.bmc.override_sensor(now, TEMPERATURE, says),
        Err(PlatformError::Unsupported)
    );
}

#[test]
fn whoever_watches_is_told() {
    let mut machine = Machine::new();
    assert!(!machine.bmc.is_watched());
    machine.ask(&AddSelEntry { record: oem() }).unwrap();
    assert_eq!(machine.bmc.take_news(), []);
    machine.bmc.watch(true);
    // What was before is no news, nor is it for who watches already.
    machine.bmc.watch(true);
    assert_eq!(machine.bmc.take_news(), []);
    machine.ask(&ChassisControl { action: PowerAction::Off }).unwrap();
    let id = machine.ask(&AddSelEntry { record: oem() }).unwrap().0;
    machine.bmc.press(machine.now, Button::Identify).unwrap();
    let news = [News::Power(false), News::Identify(true), News::Logged(oem().with_id(id))];
    assert_eq!(machine.bmc.take_news(), news);
    let reservation = machine.ask(&ReserveSel).unwrap();
    machine.ask(&ClearSel { reservation, action: EraseAction::Initiate }).unwrap();
    machine.bmc.pull_mains(machine.now);
    assert_eq!(machine.bmc.take_news(), [News::Mains(false), News::Identify(false), News::Cleared]);
    assert_eq!(machine.bmc.take_news(), []);
    machine.bmc.watch(false);
    machine.bmc.restore_mains(machine.now);
    assert_eq!(machine.bmc.take_news(), []);
}

#[test]
fn who_does_not_look_misses_some_and_is_told_how_much() {
    let mut machine = Machine::new();
    machine.bmc.watch(true);
    for _ in 0..1100 {
        machine.bmc.clear_log(machine.now);
    }
    let news = machine.bmc.take_news();
    assert_eq!((news.len(), news.last()), (1025, Some(&News::Missed(76))));
    let id = machine.bmc.log_event(machine.now, oem()).unwrap();
    assert_eq!(machine.bmc.take_news(), [News::Logged(oem().with_id(id))]);
}
