//! The controller itself: resets, self test, ACPI states, system info, and what waits for software
//! on the system interface.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use common::{Counting, LAN, Machine, SHARED, peer};
use ipmi_bmc::Attention;
use ipmi_bmc::platform::Measurement;
use ipmi_wire::cmd::app::{
    AcpiSystemState, ClearMessageFlags, ColdReset, EnableMessageChannelReceive, GetAcpiPowerState,
    GetBmcGlobalEnables, GetMessage, GetMessageFlags, GetSelfTestResults, GetSystemInfoParameters,
    GlobalEnables, MessageFlags, ReadEventMessageBuffer, SelfTest, SetAcpiPowerState,
    SetBmcGlobalEnables, SetSystemInfoParameters, SystemInfoParameter, WarmReset,
};
use ipmi_wire::cmd::chassis::{
    ChassisControl, ChassisIdentify, GetChassisStatus, IdentifyState, PowerAction,
};
use ipmi_wire::cmd::sensor::PlatformEvent;
use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Channel, Command, CompletionCode, NetFn, Request};

const SECOND: Duration = Duration::from_secs(1);

/// Get Channel Authentication Capabilities outside of a session, as ipmitool begins.
const HELLO: [u8; 23] =
    [6, 0, 0xff, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0x20, 0x18, 0xc8, 0x81, 0, 0x38, 0x8e, 4, 0xb5];

fn answers(machine: &mut Machine) -> bool {
    let reply = machine.bmc.handle_datagram(machine.now, peer(), &HELLO, &mut Counting(1));
    reply.is_some()
}

fn identify(machine: &mut Machine) -> Option<IdentifyState> {
    machine.ask(&GetChassisStatus).unwrap().identify
}

fn name(machine: &mut Machine, selector: u8) -> Vec<u8> {
    let request = GetSystemInfoParameters { revision_only: false, selector, set: 0, block: 0 };
    let told = machine.ask(&request).unwrap();
    assert_eq!(machine.ask_by_lan(&request).unwrap(), told);
    match told.parameter {
        Some(SystemInfoParameter::Text { data, .. }) => data[2..][..usize::from(data[1])].to_vec(),
        other => panic!("{other:?}"),
    }
}

fn set_name(machine: &mut Machine, selector: u8, text: &[u8]) {
    let data = [&[0, u8::try_from(text.len()).unwrap()], text].concat();
    let parameter = SystemInfoParameter::Text { selector, set: 0, data };
    machine.ask_by_lan(&SetSystemInfoParameters { parameter }).unwrap();
}

#[test]
fn a_cold_reset_is_silent_for_as_long_as_it_takes() {
    let mut machine = Machine::new();
    machine.bmc.set_cold_reset_time(2 * SECOND);
    set_name(&mut machine, SystemInfoParameter::SYSTEM_NAME, b"web1");
    let identify_now = ChassisIdentify { interval: Some(30), force: None };
    machine.ask(&identify_now).unwrap();
    let buffer = GlobalEnables { event_buffer: true, logging: true, ..GlobalEnables::default() };
    machine.ask(&SetBmcGlobalEnables { enables: buffer }).unwrap();
    assert!(answers(&mut machine));
    machine.ask_by_lan(&ColdReset).unwrap();
    let busy = machine.ask(&GetChassisStatus);
    assert_eq!((busy, answers(&mut machine)), (Err(CompletionCode::BMC_INITIALIZING), false));
    machine.wait(Duration::from_millis(1999));
    assert!(!answers(&mut machine));
    machine.wait(Duration::from_millis(1));
    assert!(answers(&mut machine));
    let default = GlobalEnables { logging: true, ..GlobalEnables::default() };
    assert_eq!(machine.ask(&GetBmcGlobalEnables), Ok(default));
    assert_eq!(identify(&mut machine), Some(IdentifyState::Off));
    assert_eq!(name(&mut machine, SystemInfoParameter::SYSTEM_NAME), b"web1");
}

#[test]
fn the_machine_notices_nothing_of_a_reset_of_the_controller() {
    for cold in [true, false] {
        let mut machine = Machine::new();
        machine.bmc.set_cold_reset_time(2 * SECOND);
        machine.ask(&ChassisControl { action: PowerAction::Cycle }).unwrap();
        if cold {
            machine.ask(&ColdReset).unwrap();
        } else {
            machine.ask(&WarmReset).unwrap();
            assert!(!machine.ask(&GetChassisStatus).unwrap().power_on);
        }
        machine.wait(2 * SECOND);
        assert!(machine.ask(&GetChassisStatus).unwrap().power_on, "the cycle is over");
    }
}

#[test]
fn events_wait_in_the_buffer_if_it_is_on_and_go_into_the_log_unless_that_is_off() {
    let mut machine = Machine::new();
    let event = |machine: &mut Machine, states| {
        machine.bench.state().says.insert(SHARED, Measurement::States(states));
        machine.wait(60 * SECOND);
    };
    let mut logged = machine.bmc.sel().records().len();
    let mut grown = |machine: &Machine| {
        let before = std::mem::replace(&mut logged, machine.bmc.sel().records().len());
        logged - before
    };
    event(&mut machine, 1);
    assert_eq!((grown(&machine), machine.ask(&GetMessageFlags)), (1, Ok(MessageFlags::default())));
    let enables = GlobalEnables { event_buffer: true, ..GlobalEnables::default() };
    machine.ask(&SetBmcGlobalEnables { enables }).unwrap();
    assert_eq!(machine.ask_by_lan(&GetBmcGlobalEnables), Ok(enables));
    event(&mut machine, 3);
    event(&mut machine, 7);
    assert_eq!(grown(&machine), 0);
    let flags = machine.ask(&GetMessageFlags).unwrap();
    assert!(flags.event_buffer);
    // The first of the two: sensor, its type, assertion of state 1.
    let record = machine.ask(&ReadEventMessageBuffer).unwrap().record;
    assert_eq!((record[2], record[10..14].to_vec()), (2, vec![8, SHARED, 0x6f, 1]));
    assert_eq!(machine.ask(&ReadEventMessageBuffer), Err(CompletionCode(0x80)));
    event(&mut machine, 0);
    machine.ask(&ClearMessageFlags { flags }).unwrap();
    assert_eq!(machine.ask(&ReadEventMessageBuffer), Err(CompletionCode(0x80)));
    let oem = GlobalEnables { oem: 1, ..enables };
    let refused = machine.ask(&SetBmcGlobalEnables { enables: oem });
    assert_eq!(refused, Err(CompletionCode::INVALID_DATA_FIELD));
}

/// §22.1: what comes over the system interface is always logged.
#[test]
fn what_software_on_the_host_reports_is_logged_whatever_it_has_turned_off() {
    let mut machine = Machine::new();
    let event = PlatformEvent {
        generator: None,
        evm_rev: SelRecord::EVM_REV,
        sensor_type: SensorType::PHYSICAL_SECURITY,
        sensor_number: 0x77,
        assertion: true,
        event_type: EventReadingType::SENSOR_SPECIFIC,
        data: [0, 0xff, 0xff],
    };
    machine.ask(&SetBmcGlobalEnables { enables: GlobalEnables::default() }).unwrap();
    let before = machine.bmc.sel().records().len();
    machine.ask_by_lan(&event).unwrap();
    assert_eq!(machine.bmc.sel().records().len(), before);
    machine.ask(&event).unwrap();
    assert_eq!(machine.bmc.sel().records().len(), before + 1);
}

/// What software on the host has asked for ends with it (§22.1: logging is on again).
#[test]
fn a_machine_that_turns_leaves_nothing_waiting() {
    for action in [PowerAction::Reset, PowerAction::Cycle, PowerAction::Off] {
        let mut machine = Machine::new();
        let enables = GlobalEnables {
            receive_interrupt: true,
            event_interrupt: true,
            event_buffer: true,
            logging: false,
            oem: 0,
        };
        machine.ask(&SetBmcGlobalEnables { enables }).unwrap();
        let channel = Channel::new(1);
        let receive = EnableMessageChannelReceive { channel, enable: Some(true) };
        assert!(machine.ask(&receive).unwrap().enabled);
        machine.bench.state().says.insert(SHARED, Measurement::States(1));
        machine.wait(60 * SECOND);
        let seen = machine.bmc.attention();
        assert!(seen.waiting && seen.interrupts && seen.message_interrupts);
        machine.ask(&ChassisControl { action }).unwrap();
        machine.wait(60 * SECOND);
        assert_eq!(machine.bmc.attention(), Attention::default(), "{action:?}");
        let default = GlobalEnables { logging: true, ..GlobalEnables::default() };
        assert_eq!(machine.ask(&GetBmcGlobalEnables), Ok(default));
        assert!(
            !machine.ask(&EnableMessageChannelReceive { channel, enable: None }).unwrap().enabled
        );
    }
}

#[test]
fn what_is_for_the_host_alone_is_for_nobody_on_the_lan() {
    let mut machine = Machine::new();
    let enables = GlobalEnables::default();
    let requests = [
        Request::of(&SetBmcGlobalEnables { enables }),
        Request::of(&ClearMessageFlags { flags: MessageFlags::default() }),
        Request::of(&GetMessageFlags),
        Request::of(&EnableMessageChannelReceive { channel: Channel::new(1), enable: None }),
        Request::of(&GetMessage),
        Request::of(&ReadEventMessageBuffer),
    ];
    for request in requests {
        let answer = machine.request(LAN, &request);
        assert_eq!(answer.completion, CompletionCode::INSUFFICIENT_PRIVILEGE, "{request:?}");
    }
    // Left out: see docs/limits.md.
    for (netfn, cmd) in [(NetFn::App, 0x05), (NetFn::App, 0x36), (NetFn::Chassis, 0x05)] {
        let request = Request { netfn, lun: 0, cmd, data: Vec::new() };
        let answer = machine.request(LAN, &request);
        assert_eq!(answer.completion, CompletionCode::INVALID_COMMAND);
    }
}

#[test]
fn a_self_test_finds_what_it_is_made_to_find() {
    let mut machine = Machine::new();
    for found in [SelfTest::Corrupted { flags: 0x08 }, SelfTest::Fatal { code: 3 }] {
        machine.bmc.set_self_test(Some(found));
        assert_eq!(machine.ask_by_lan(&GetSelfTestResults).unwrap().result, found);
    }
    machine.bmc.set_self_test(None);
    assert_eq!(machine.ask(&GetSelfTestResults).unwrap().result, SelfTest::Passed);
}

#[test]
fn a_running_system_is_told_of_until_the_machine_turns() {
    let mut machine = Machine::new();
    let told = SetAcpiPowerState { system: Some(AcpiSystemState::S1), device: None };
    machine.ask(&told).unwrap();
    set_name(&mut machine, SystemInfoParameter::OS_NAME, b"Linux");
    set_name(&mut machine, SystemInfoParameter::PRIMARY_OS_NAME, b"Debian");
    let state = |machine: &mut Machine| machine.ask_by_lan(&GetAcpiPowerState).unwrap().system;
    assert_eq!(state(&mut machine), AcpiSystemState::S1);
    assert_eq!(name(&mut machine, SystemInfoParameter::OS_NAME), b"Linux");
    machine.ask(&ChassisControl { action: PowerAction::Reset }).unwrap();
    assert_eq!(state(&mut machine), AcpiSystemState::S0);
    machine.ask(&ChassisControl { action: PowerAction::Off }).unwrap();
    assert_eq!(state(&mut machine), AcpiSystemState::S5);
    machine.restart();
    assert_eq!(name(&mut machine, SystemInfoParameter::OS_NAME), b"");
    assert_eq!(name(&mut machine, SystemInfoParameter::PRIMARY_OS_NAME), b"Debian");
}

#[test]
fn who_may_do_what_is_as_the_specification_has_it() {
    use ipmi_wire::cmd::app::{GetWatchdogTimer, ResetWatchdogTimer};
    use ipmi_wire::{Access, Privilege};
    assert_eq!(GetWatchdogTimer::ACCESS, Access::Session(Privilege::User));
    assert_eq!(ResetWatchdogTimer::ACCESS, Access::Session(Privilege::Operator));
    assert_eq!(SetAcpiPowerState::ACCESS, Access::Session(Privilege::Administrator));
}
