//! Power, buttons, boot options: what one side sets is seen by the other at once, acts on the
//! machine, and is there after a restart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use common::{Machine, TEMPERATURE, personality};
use ipmi_bmc::LogPolicy;
use ipmi_bmc::panel::Button;
use ipmi_bmc::personality::RecordsIn;
use ipmi_bmc::platform::{BootOrder, Measurement, PlatformEvent, PowerCause, PowerSignal};
use ipmi_wire::cmd::chassis::{
    BootDevice, BootFlags, BootParameter, ChassisControl, ChassisReset, ChassisStatus,
    GetChassisCapabilities, GetChassisStatus, GetSystemBootOptions, GetSystemRestartCause,
    PowerAction, PowerRestorePolicy, RestartCause, SetFrontPanelEnables, SetInProgress,
    SetPowerCycleInterval, SetPowerRestorePolicy, SetSystemBootOptions,
};
use ipmi_wire::cmd::storage::GetSelEntry;
use ipmi_wire::sdr::{Record, SensorType};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Channel, CompletionCode, Decode};

const SECOND: Duration = Duration::from_secs(1);

fn status(machine: &mut Machine) -> ChassisStatus {
    let status = machine.ask(&GetChassisStatus).unwrap();
    assert_eq!(machine.ask_by_lan(&GetChassisStatus).unwrap(), status);
    status
}

fn power(machine: &mut Machine, action: PowerAction) -> Result<(), CompletionCode> {
    machine.ask_by_lan(&ChassisControl { action })
}

fn cause(machine: &mut Machine) -> (RestartCause, Channel) {
    let told = machine.ask(&GetSystemRestartCause).unwrap();
    (told.cause, told.channel)
}

fn pxe(persistent: bool) -> BootFlags {
    let device = BootDevice::PXE;
    BootFlags { valid: true, persistent, efi: true, device, ..BootFlags::default() }
}

fn order(persistent: bool) -> Option<BootOrder> {
    Some(BootOrder { device: BootDevice::PXE, instance: 0, efi: true, persistent })
}

fn boot_from(machine: &mut Machine, flags: BootFlags) {
    machine.ask_by_lan(&SetSystemBootOptions::with(BootParameter::Flags(flags))).unwrap();
}

fn flags(machine: &mut Machine) -> BootFlags {
    let request = GetSystemBootOptions { selector: 5, set: 0, block: 0 };
    match machine.ask(&request).unwrap().parameter {
        BootParameter::Flags(flags) => flags,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_asked_for_by_lan_is_seen_in_the_host_and_used_by_one_start() {
    let mut machine = Machine::new();
    boot_from(&mut machine, pxe(false));
    assert_eq!(flags(&mut machine), pxe(false));
    power(&mut machine, PowerAction::Reset).unwrap();
    assert!(!flags(&mut machine).valid);
    power(&mut machine, PowerAction::Reset).unwrap();
    assert_eq!(machine.bench.state().orders, [order(false), None]);
    machine.restart();
    assert_eq!(flags(&mut machine), BootFlags { valid: false, ..pxe(false) });

    // In a power cycle it is the coming on that counts.
    boot_from(&mut machine, pxe(true));
    power(&mut machine, PowerAction::Cycle).unwrap();
    assert_eq!(machine.bench.state().orders.len(), 2);
    machine.wait(SECOND);
    power(&mut machine, PowerAction::Reset).unwrap();
    assert_eq!(machine.bench.state().orders[2..], [order(true), order(true)]);
    machine.restart();
    assert_eq!(flags(&mut machine), pxe(true));
}

#[test]
fn flags_that_nobody_uses_lapse_in_a_minute() {
    let mut machine = Machine::new();
    boot_from(&mut machine, pxe(false));
    machine.wait(59 * SECOND);
    // A command that is not the start itself begins the minute again.
    power(&mut machine, PowerAction::Off).unwrap();
    machine.wait(59 * SECOND);
    assert!(flags(&mut machine).valid);
    machine.wait(SECOND);
    assert!(!flags(&mut machine).valid);
    power(&mut machine, PowerAction::On).unwrap();
    assert_eq!(machine.bench.state().orders, [None]);
    machine.restart();
    assert!(!flags(&mut machine).valid);
}

#[test]
fn who_presses_the_power_button_gets_what_the_machine_is_set_up_for() {
    let mut machine = Machine::new();
    machine.bench.state().off = true;
    for (unless, expected) in [(0x1e, None), (0x01, order(false))] {
        let unless = BootParameter::ValidBitClearing(unless);
        machine.ask(&SetSystemBootOptions::with(unless)).unwrap();
        boot_from(&mut machine, pxe(false));
        assert!(machine.bmc.press(machine.now, Button::Power).is_ok());
        assert_eq!(machine.bench.state().orders.pop(), Some(expected));
        assert_eq!(cause(&mut machine).0, RestartCause::PowerButton);
        assert!(!flags(&mut machine).valid && !status(&mut machine).last_event.on_by_command);
        power(&mut machine, PowerAction::Off).unwrap();
    }
    // So it is with what happens at the machine by itself.
    boot_from(&mut machine, pxe(false));
    machine.bench.state().off = false;
    machine.bench.state().events.push_back(PlatformEvent::PoweredOn(PowerCause::Button));
    assert_eq!(cause(&mut machine).0, RestartCause::PowerButton);
    assert_eq!(machine.bench.state().orders, [order(false)]);
}

#[test]
fn a_start_that_fails_uses_up_nothing_and_is_a_fault() {
    let mut machine = Machine::new();
    power(&mut machine, PowerAction::Off).unwrap();
    boot_from(&mut machine, pxe(false));
    machine.bench.state().broken = true;
    assert_eq!(power(&mut machine, PowerAction::On), Err(CompletionCode::UNSPECIFIED));
    assert!(flags(&mut machine).valid && status(&mut machine).control_fault);
    machine.bench.state().broken = false;
    power(&mut machine, PowerAction::On).unwrap();
    let now = status(&mut machine);
    assert!(now.power_on && !now.control_fault && now.last_event.on_by_command);
    assert_eq!(machine.bench.state().orders.pop(), Some(order(false)));
}

#[test]
fn a_device_that_there_is_not_is_refused_and_nothing_changes() {
    let mut machine = Machine::new();
    boot_from(&mut machine, pxe(true));
    let reserved = BootFlags { device: BootDevice(0x0a), ..pxe(false) };
    let request = SetSystemBootOptions::with(BootParameter::Flags(reserved));
    machine.keep();
    assert_eq!(machine.ask(&request), Err(CompletionCode::INVALID_DATA_FIELD));
    assert_eq!((flags(&mut machine), machine.keep()), (pxe(true), 0));
}

#[test]
fn a_claim_that_hangs_ends_by_itself() {
    let mut machine = Machine::new();
    let claim = SetSystemBootOptions::with(BootParameter::SetInProgress(SetInProgress::InProgress));
    machine.ask_by_lan(&claim).unwrap();
    machine.ask_by_lan(&claim).unwrap();
    assert_eq!(machine.ask(&claim), Err(CompletionCode(0x81)));
    machine.wait(60 * SECOND);
    machine.ask(&claim).unwrap();
}

#[test]
fn buttons_that_are_disabled_do_nothing_but_switch_on() {
    let mut machine = Machine::new();
    assert!(machine.ask(&GetChassisCapabilities).unwrap().front_panel_lockout);
    let all = SetFrontPanelEnables {
        disable_power: true,
        disable_reset: true,
        disable_diagnostic: true,
        disable_standby: true,
    };
    machine.ask_by_lan(&all).unwrap();
    machine.restart();
    let now = status(&mut machine);
    let buttons = now.buttons.unwrap();
    assert!(now.front_panel_lockout && buttons.power_disabled && buttons.standby_disabled);
    for button in [Button::Power, Button::PowerHeld, Button::Reset, Button::Diagnostic] {
        assert!(machine.bmc.press(machine.now, button).is_err(), "{button:?}");
    }
    assert!(machine.bench.state().signals.is_empty());
    power(&mut machine, PowerAction::Off).unwrap();
    assert!(machine.bmc.press(machine.now, Button::Power).is_ok());
    machine.ask(&SetFrontPanelEnables::default()).unwrap();
    machine.bench.state().signals.clear();
    for (button, signal) in [
        (Button::Reset, PowerSignal::Reset),
        (Button::Diagnostic, PowerSignal::DiagnosticInterrupt),
        (Button::Power, PowerSignal::SoftShutdown),
    ] {
        assert!(machine.bmc.press(machine.now, button).is_ok());
        assert_eq!(machine.bench.state().signals.pop(), Some(signal));
    }
    assert_eq!(cause(&mut machine).0, RestartCause::ResetButton);
    assert!(!status(&mut machine).front_panel_lockout);
}

#[test]
fn a_power_cycle_lasts_as_long_as_it_is_told_to() {
    let mut machine = Machine::new();
    machine.ask_by_lan(&SetPowerCycleInterval { seconds: 5 }).unwrap();
    machine.restart();
    power(&mut machine, PowerAction::Cycle).unwrap();
    machine.wait(Duration::from_millis(4999));
    assert!(!status(&mut machine).power_on);
    machine.wait(Duration::from_millis(1));
    assert!(status(&mut machine).power_on);
    machine.ask(&SetPowerCycleInterval { seconds: 0 }).unwrap();
    power(&mut machine, PowerAction::Cycle).unwrap();
    assert!(status(&mut machine).power_on, "without delay");
    let signals = [PowerSignal::Off, PowerSignal::On].repeat(2);
    assert_eq!(machine.bench.state().signals, signals);
}

#[test]
fn what_needs_a_machine_that_is_on_says_so_of_one_that_is_off() {
    let mut machine = Machine::new();
    power(&mut machine, PowerAction::Off).unwrap();
    for action in [PowerAction::Cycle, PowerAction::Reset, PowerAction::DiagnosticInterrupt] {
        assert_eq!(power(&mut machine, action), Err(CompletionCode::NOT_SUPPORTED_IN_STATE));
    }
    assert_eq!(machine.ask(&ChassisReset), Err(CompletionCode::NOT_SUPPORTED_IN_STATE));
    power(&mut machine, PowerAction::On).unwrap();
    assert_eq!(cause(&mut machine), (RestartCause::ChassisControl, Channel::new(1)));
    machine.ask(&ChassisReset).unwrap();
    assert_eq!(cause(&mut machine), (RestartCause::ChassisControl, Channel::SYSTEM_INTERFACE));
}

#[test]
fn what_the_mains_did_is_told() {
    let mut machine = Machine::new();
    let failure =
        [PlatformEvent::PoweredOff(PowerCause::Mains), PlatformEvent::PoweredOn(PowerCause::Mains)];
    machine.ask(&ChassisControl { action: PowerAction::Off }).unwrap();
    machine.ask(&ChassisControl { action: PowerAction::On }).unwrap();
    for (policy, expected) in [
        (PowerRestorePolicy::Previous, RestartCause::PowerRestoredPrevious),
        (PowerRestorePolicy::AlwaysOn, RestartCause::PowerRestoredAlways),
    ] {
        machine.ask(&SetPowerRestorePolicy { policy: Some(policy) }).unwrap();
        machine.bench.state().events.extend(failure);
        let event = status(&mut machine).last_event;
        assert!(event.ac_failed && !event.on_by_command);
        assert_eq!(cause(&mut machine), (expected, Channel::new(0)));
    }
    power(&mut machine, PowerAction::Off).unwrap();
    assert!(!status(&mut machine).last_event.ac_failed);
    machine.bench.state().events.push_back(PlatformEvent::PoweredOff(PowerCause::Mains));
    assert!(status(&mut machine).last_event.ac_failed);
}

#[test]
fn a_machine_that_fails_is_told_of() {
    let mut machine = Machine::new();
    let happens = |machine: &mut Machine, event, is_off| {
        let mut state = machine.bench.state();
        state.off = is_off;
        state.events.push_back(event);
    };
    let last = |machine: &mut Machine| {
        let entry = machine.ask(&GetSelEntry::whole(GetSelEntry::LAST)).unwrap();
        let record = SelRecord::decode_exact(&entry.data).unwrap();
        let SelRecord::System { sensor_type, data, .. } = record else { panic!("{record:?}") };
        (sensor_type, data[0])
    };
    happens(&mut machine, PlatformEvent::Panicked, false);
    let now = status(&mut machine);
    assert!(now.power_on && !now.fault && !now.control_fault);
    assert_eq!(last(&mut machine), (SensorType::OS_STOP, 1));
    happens(&mut machine, PlatformEvent::PoweredOff(PowerCause::Fault), true);
    let now = status(&mut machine);
    assert!(!now.power_on && now.fault && now.last_event.fault && !now.control_fault);
    assert_eq!(last(&mut machine), (SensorType::POWER_UNIT, 6));
    // It is put right by the next start, which fails later than it was said to have been.
    power(&mut machine, PowerAction::On).unwrap();
    let now = status(&mut machine);
    assert!(now.power_on && !now.fault && !now.last_event.fault);
    happens(&mut machine, PlatformEvent::StayedOff, true);
    let now = status(&mut machine);
    assert!(!now.power_on && now.control_fault && !now.fault);
    assert_eq!(last(&mut machine), (SensorType::POWER_UNIT, 5));
    power(&mut machine, PowerAction::On).unwrap();
    assert!(!status(&mut machine).control_fault);
}

#[test]
fn a_fan_that_stands_still_is_a_fault_of_the_chassis() {
    let mut personality = personality(RecordsIn::Repository);
    if let Record::Full(full) = &mut personality.sdrs[0] {
        full.sensor.sensor_type = SensorType::FAN;
    }
    let mut machine = Machine::of(personality, LogPolicy::default());
    machine.wait(10 * SECOND);
    assert!(!status(&mut machine).fan_fault);
    machine.bench.state().says.insert(TEMPERATURE, Measurement::Value(15.0));
    machine.wait(60 * SECOND);
    assert!(status(&mut machine).fan_fault);
}
