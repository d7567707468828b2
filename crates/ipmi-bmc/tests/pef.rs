//! Platform Event Filtering at the BMC: an event that a filter matches does to the machine what the
//! filter says, once, as far as it is enabled and when it is time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use common::{Machine, TEMPERATURE};
use ipmi_bmc::platform::{Measurement, PlatformEvent as Happened, PowerCause, PowerSignal};
use ipmi_bmc::{LogPolicy, Origin};
use ipmi_wire::cmd::app::{GetBmcGlobalEnables, SetBmcGlobalEnables};
use ipmi_wire::cmd::chassis::{
    ChassisControl, GetSystemRestartCause, PowerAction, RestartCause, SetInProgress,
};
use ipmi_wire::cmd::sensor::{
    ArmPefPostponeTimer, EventFilter, FilterConfiguration, GetLastProcessedEventId,
    GetPefCapabilities, GetPefConfigurationParameters, LastProcessedEventId, PefActions,
    PefControl, PefParameter, PlatformEvent, SetLastProcessedEventId,
    SetPefConfigurationParameters,
};
use ipmi_wire::cmd::storage::{
    AddSelEntry, ClearSel, DeleteSelEntry, EraseAction, GetSelEntry, GetSelInfo, ReservationId,
    ReserveSel,
};
use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Channel, CompletionCode, Decode};

const SECOND: Duration = Duration::from_secs(1);
/// The first number that is software's.
const MINE: u8 = 9;

fn actions(bits: u8) -> PefActions {
    PefActions::from_bits(bits)
}

fn get(machine: &mut Machine, selector: u8, set: u8) -> Result<PefParameter, CompletionCode> {
    let asked = GetPefConfigurationParameters::entry(selector, set);
    machine.ask(&asked).map(|answer| answer.parameter.unwrap())
}

fn set(machine: &mut Machine, parameter: PefParameter) -> Result<(), CompletionCode> {
    machine.ask_by_lan(&SetPefConfigurationParameters { parameter })
}

fn enable(machine: &mut Machine, control: PefControl) {
    let control = PefControl { enabled: true, ..control };
    set(machine, PefParameter::Control(control)).unwrap();
}

/// A filter for a button that is pressed.
fn filter(number: u8, bits: u8) -> EventFilter {
    EventFilter {
        number,
        configuration: FilterConfiguration { enabled: true, ..FilterConfiguration::default() },
        actions: actions(bits),
        generator: [0xff; 2],
        sensor_type: SensorType::BUTTON.0,
        sensor_number: 0xff,
        trigger: 0x6f,
        offsets: 1,
        ..EventFilter::default()
    }
}

fn add(machine: &mut Machine, bits: u8) {
    set(machine, PefParameter::Filter(filter(MINE, bits))).unwrap();
}

const PRESSED: PlatformEvent = PlatformEvent {
    generator: None,
    evm_rev: 4,
    sensor_type: SensorType::BUTTON,
    sensor_number: 7,
    assertion: true,
    event_type: EventReadingType(0x6f),
    data: [0, 0xff, 0xff],
};

fn press(machine: &mut Machine) {
    machine.ask_by_lan(&PRESSED).unwrap();
}

fn signals(machine: &Machine) -> Vec<PowerSignal> {
    std::mem::take(&mut machine.bench.state().signals)
}

fn processed(machine: &mut Machine) -> LastProcessedEventId {
    machine.ask(&GetLastProcessedEventId).unwrap()
}

#[test]
fn as_delivered_there_are_filters_and_nothing_is_filtered() {
    let mut machine = Machine::new();
    let capabilities = machine.ask(&GetPefCapabilities).unwrap();
    let count = capabilities.filters;
    assert_eq!(get(&mut machine, 5, 0), Ok(PefParameter::FilterCount(count)));
    assert_eq!(get(&mut machine, 1, 0), Ok(PefParameter::Control(PefControl::default())));
    let Ok(PefParameter::Filter(first)) = get(&mut machine, 6, 1) else { panic!() };
    assert!(first.configuration.enabled && first.actions.power_down, "{first:?}");
    assert_eq!(first.sensor_type, SensorType::TEMPERATURE.0);
    add(&mut machine, 0x02);
    press(&mut machine);
    machine.wait(SECOND * 60);
    assert!(signals(&machine).is_empty());
    // What came before is past.
    enable(&mut machine, PefControl::default());
    machine.wait(SECOND * 60);
    assert!(signals(&machine).is_empty());
    assert_eq!(processed(&mut machine).by_bmc, 0);
}

#[test]
fn a_machine_that_nobody_here_can_switch_on_is_reset_in_place_of_a_power_cycle() {
    let mut machine = Machine::new();
    machine.bench.state().is_elsewhere = true;
    add(&mut machine, 0x08);
    enable(&mut machine, PefControl::default());
    press(&mut machine);
    machine.wait(SECOND * 60);
    assert_eq!(signals(&machine), [PowerSignal::Reset]);
    assert_eq!(machine.ask(&GetSystemRestartCause).unwrap().cause, RestartCause::PefReset);
}

#[test]
fn each_action_happens_once_the_way_chassis_control_does_it() {
    for (bits, expected, cause) in [
        (0x02, &[PowerSignal::Off][..], None),
        (0x08, &[PowerSignal::Off, PowerSignal::On], Some(RestartCause::PefPowerCycle)),
        (0x04, &[PowerSignal::Reset], Some(RestartCause::PefReset)),
        (0x20, &[PowerSignal::DiagnosticInterrupt], None),
        // The strongest alone.
        (0x2e, &[PowerSignal::Off], None),
        (0x2c, &[PowerSignal::Off, PowerSignal::On], Some(RestartCause::PefPowerCycle)),
        (0x24, &[PowerSignal::Reset], Some(RestartCause::PefReset)),
    ] {
        let mut machine = Machine::new();
        add(&mut machine, bits);
        enable(&mut machine, PefControl::default());
        press(&mut machine);
        machine.wait(SECOND * 60);
        assert_eq!(signals(&machine), expected, "{bits:02x}");
        let told = machine.ask(&GetSystemRestartCause).unwrap();
        if let Some(cause) = cause {
            assert_eq!((told.cause, told.channel), (cause, Channel::new(0)));
        }
        // Once: another event is another one, and off is off.
        press(&mut machine);
        machine.wait(SECOND * 60);
        let again = if expected == [PowerSignal::Off] { &[] } else { expected };
        assert_eq!(signals(&machine), again, "{bits:02x}");
    }
}

#[test]
fn filters_add_up_and_what_is_not_enabled_is_not_done() {
    let mut machine = Machine::new();
    set(&mut machine, PefParameter::Filter(filter(MINE, 0x04))).unwrap();
    set(&mut machine, PefParameter::Filter(filter(MINE + 1, 0x02))).unwrap();
    enable(&mut machine, PefControl::default());
    set(&mut machine, PefParameter::ActionGlobalControl(actions(0x3d))).unwrap();
    press(&mut machine);
    assert_eq!(signals(&machine), [PowerSignal::Reset]);
    set(&mut machine, PefParameter::ActionGlobalControl(actions(0))).unwrap();
    press(&mut machine);
    assert!(signals(&machine).is_empty());
    set(&mut machine, PefParameter::ActionGlobalControl(actions(0x3f))).unwrap();
    let configuration = FilterConfiguration::default();
    let parameter = PefParameter::FilterData1 { number: MINE + 1, configuration };
    set(&mut machine, parameter).unwrap();
    press(&mut machine);
    assert_eq!(signals(&machine), [PowerSignal::Reset]);
    set(&mut machine, PefParameter::Control(PefControl::default())).unwrap();
    press(&mut machine);
    assert!(signals(&machine).is_empty());
}

#[test]
fn a_sensor_that_is_too_hot_switches_the_machine_off() {
    let mut machine = Machine::new();
    enable(&mut machine, PefControl { event_messages: true, ..PefControl::default() });
    machine.bench.state().says.insert(TEMPERATURE, Measurement::Value(120.0));
    machine.wait(SECOND * 10);
    assert_eq!(signals(&machine), [PowerSignal::Off]);
    // The log tells of it: Table 42-3, System Event, offset 4.
    let get =
        GetSelEntry { reservation: ReservationId::NONE, record_id: 0xffff, offset: 0, count: 0xff };
    let data = machine.ask(&get).unwrap().data;
    let SelRecord::System { sensor_type, event_type, data, .. } =
        SelRecord::decode_exact(&data).unwrap()
    else {
        panic!()
    };
    assert_eq!((sensor_type, event_type.0), (SensorType::SYSTEM_EVENT, 0x6f));
    assert_eq!(data[..2], [0xc4, 0x02]);
}

#[test]
fn an_event_of_pef_itself_is_not_filtered() {
    let mut machine = Machine::new();
    let any =
        EventFilter { sensor_type: 0xff, trigger: 0xff, offsets: 0xffff, ..filter(MINE, 0x04) };
    set(&mut machine, PefParameter::Filter(any)).unwrap();
    enable(&mut machine, PefControl { event_messages: true, ..PefControl::default() });
    press(&mut machine);
    machine.wait(SECOND * 60);
    assert_eq!(signals(&machine), [PowerSignal::Reset]);
    assert_eq!(machine.ask(&GetSelInfo).unwrap().entries, 2);
}

#[test]
fn an_event_that_finds_the_log_full_acts_all_the_same() {
    let policy = LogPolicy { capacity: 1, ..LogPolicy::default() };
    let mut machine = Machine::with(ipmi_bmc::personality::RecordsIn::Repository, policy);
    add(&mut machine, 0x20);
    enable(&mut machine, PefControl::default());
    press(&mut machine);
    let first = processed(&mut machine);
    assert_eq!((first.last_record, first.by_bmc), (first.by_bmc, first.last_record));
    assert_eq!(machine.ask_by_lan(&PRESSED), Err(CompletionCode::OUT_OF_SPACE));
    assert_eq!(signals(&machine).len(), 2);
    assert_eq!(processed(&mut machine).by_bmc, LastProcessedEventId::UNLOGGED);
    // With logging off nobody is told of the log.
    let enables = machine.ask(&GetBmcGlobalEnables).unwrap();
    let request = SetBmcGlobalEnables {
        enables: ipmi_wire::cmd::app::GlobalEnables { logging: false, ..enables },
    };
    machine.ask(&request).unwrap();
    press(&mut machine);
    assert_eq!(signals(&machine).len(), 1);
}

#[test]
fn while_it_is_postponed_events_wait_and_software_may_see_to_them() {
    let mut machine = Machine::new();
    add(&mut machine, 0x20);
    enable(&mut machine, PefControl::default());
    let arm = |machine: &mut Machine, request: ArmPefPostponeTimer| {
        machine.ask_by_lan(&request).unwrap().present
    };
    assert_eq!(arm(&mut machine, ArmPefPostponeTimer::Get), 0);
    assert_eq!(arm(&mut machine, ArmPefPostponeTimer::Arm(10)), 10);
    press(&mut machine);
    machine.wait(SECOND * 4);
    assert_eq!(arm(&mut machine, ArmPefPostponeTimer::Get), 6);
    assert!(signals(&machine).is_empty());
    machine.wait(SECOND * 6);
    assert_eq!(signals(&machine).len(), 1, "when the time is over");
    assert_eq!(arm(&mut machine, ArmPefPostponeTimer::Get), 0);
    assert_eq!(arm(&mut machine, ArmPefPostponeTimer::Hold), 0xfe);
    for _ in 0..3 {
        press(&mut machine);
    }
    machine.wait(SECOND * 600);
    assert!(signals(&machine).is_empty());
    let last = processed(&mut machine);
    let done = SetLastProcessedEventId { by_bmc: false, record_id: last.last_record - 1 };
    machine.ask_by_lan(&done).unwrap();
    assert_eq!(processed(&mut machine).by_software, last.last_record - 1);
    assert_eq!(arm(&mut machine, ArmPefPostponeTimer::Disarm), 0);
    machine.wait(SECOND);
    assert_eq!(signals(&machine).len(), 1, "of three, software has seen to two");
    assert_eq!(processed(&mut machine).by_bmc, last.last_record);
    // Going off or on disarms it.
    arm(&mut machine, ArmPefPostponeTimer::Hold);
    machine.ask_by_lan(&ChassisControl { action: PowerAction::Off }).unwrap();
    assert_eq!(arm(&mut machine, ArmPefPostponeTimer::Get), 0);
}

/// What software has said that it has seen to does not act, also where its record is gone.
#[test]
fn an_event_that_was_seen_to_and_deleted_is_past() {
    // How many records of three are deleted, oldest first; which is named; how many act then.
    for (deleted, named, act) in
        [(1, 3, 0), (2, 3, 0), (3, 3, 0), (1, 2, 1), (3, 9, 0), (0, 9, 0), (0, 0, 3), (1, 0, 3)]
    {
        let mut machine = Machine::new();
        add(&mut machine, 0x20);
        enable(&mut machine, PefControl::default());
        machine.ask_by_lan(&ArmPefPostponeTimer::Hold).unwrap();
        for _ in 0..3 {
            press(&mut machine);
        }
        let first = processed(&mut machine).last_record - 2;
        let reservation = machine.ask(&ReserveSel).unwrap();
        for record_id in first..first + deleted {
            machine.ask(&DeleteSelEntry { reservation, record_id }).unwrap();
        }
        let record_id = if named == 0 { 0 } else { first + named - 1 };
        machine.ask_by_lan(&SetLastProcessedEventId { by_bmc: false, record_id }).unwrap();
        machine.ask_by_lan(&ArmPefPostponeTimer::Disarm).unwrap();
        machine.wait(SECOND);
        assert_eq!(signals(&machine).len(), act, "{deleted} deleted, {named} named");
    }
}

#[test]
fn after_a_start_of_the_machine_events_wait_for_the_startup_delay() {
    let mut machine = Machine::new();
    add(&mut machine, 0x04);
    set(&mut machine, PefParameter::StartupDelay(30)).unwrap();
    enable(&mut machine, PefControl { startup_delay: true, ..PefControl::default() });
    press(&mut machine);
    assert_eq!(signals(&machine), [PowerSignal::Reset]);
    // The reset was a start.
    press(&mut machine);
    machine.wait(SECOND * 29);
    assert!(signals(&machine).is_empty());
    machine.wait(SECOND);
    assert_eq!(signals(&machine), [PowerSignal::Reset]);
    // Somebody else's, too; and who disables PEF meanwhile is rid of what waits.
    machine.bench.state().events.push_back(Happened::Reset(PowerCause::Button));
    machine.wait(SECOND * 31);
    machine.bench.state().events.push_back(Happened::Reset(PowerCause::Button));
    machine.wait(SECOND);
    press(&mut machine);
    set(&mut machine, PefParameter::Control(PefControl::default())).unwrap();
    enable(&mut machine, PefControl::default());
    machine.wait(SECOND * 60);
    assert!(signals(&machine).is_empty());
}

#[test]
fn what_is_written_together_holds_together_and_is_kept() {
    let mut machine = Machine::new();
    // The host does: a session would have to be open.
    let write = |machine: &mut Machine, parameter| {
        machine.ask(&SetPefConfigurationParameters { parameter })
    };
    enable(&mut machine, PefControl::default());
    write(&mut machine, PefParameter::SetInProgress(SetInProgress::InProgress)).unwrap();
    write(&mut machine, PefParameter::Filter(filter(MINE, 0x02))).unwrap();
    // By its first byte, and after that the whole: the last write counts.
    let configuration = FilterConfiguration::default();
    write(&mut machine, PefParameter::FilterData1 { number: MINE, configuration }).unwrap();
    write(&mut machine, PefParameter::Filter(filter(MINE, 0x20))).unwrap();
    let other = SetPefConfigurationParameters {
        parameter: PefParameter::SetInProgress(SetInProgress::InProgress),
    };
    assert_eq!(machine.ask_by_lan(&other), Err(CompletionCode(0x81)));
    press(&mut machine);
    assert!(signals(&machine).is_empty());
    write(&mut machine, PefParameter::SetInProgress(SetInProgress::Complete)).unwrap();
    press(&mut machine);
    assert_eq!(signals(&machine), [PowerSignal::DiagnosticInterrupt]);
    let last = processed(&mut machine);
    machine.restart();
    assert_eq!(get(&mut machine, 6, MINE), Ok(PefParameter::Filter(filter(MINE, 0x20))));
    assert_eq!(processed(&mut machine), last);
    press(&mut machine);
    assert_eq!(signals(&machine), [PowerSignal::DiagnosticInterrupt]);
}

#[test]
fn what_waits_is_gone_with_the_controller_and_records_of_software_are_no_events() {
    let mut machine = Machine::new();
    add(&mut machine, 0x02);
    enable(&mut machine, PefControl::default());
    machine.ask(&ArmPefPostponeTimer::Hold).unwrap();
    press(&mut machine);
    machine.restart();
    machine.wait(SECOND * 600);
    assert!(signals(&machine).is_empty());
    let record = PRESSED.to_record(0, 0, 0x20);
    machine.ask_by_lan(&AddSelEntry { record }).unwrap();
    machine.wait(SECOND * 600);
    assert!(signals(&machine).is_empty());
    // Numbers of a log that is gone mean nothing.
    machine.ask_by_lan(&SetLastProcessedEventId { by_bmc: false, record_id: 1 }).unwrap();
    let reservation = machine.ask(&ReserveSel).unwrap();
    machine.ask(&ClearSel { reservation, action: EraseAction::Initiate }).unwrap();
    let told = processed(&mut machine);
    assert_eq!((told.last_record, told.by_software, told.by_bmc), (0xffff, 0, 0));
}

#[test]
fn a_filter_that_answers_what_it_causes_holds_up_nobody() {
    let mut machine = Machine::new();
    let any =
        EventFilter { sensor_type: 0xff, trigger: 0xff, offsets: 0xffff, ..filter(MINE, 0x08) };
    set(&mut machine, PefParameter::Filter(any)).unwrap();
    enable(&mut machine, PefControl::default());
    press(&mut machine);
    machine.wait(SECOND * 120);
    let response = machine.request(Origin::SystemInterface, &ipmi_wire::Request::of(&GetSelInfo));
    assert!(response.completion.is_ok());
}
