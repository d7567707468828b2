//! DCMI at the BMC: what is measured, what is limited, what is done about it, and what is kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use common::Machine;
use ipmi_bmc::Origin;
use ipmi_bmc::platform::PowerSignal;
use ipmi_wire::cmd::dcmi::{
    ActivatePowerLimit, AveragePeriod, ConfigurationParameter, ExceptionAction, GetAssetTag,
    GetDcmiConfigurationParameters, GetDcmiSensorInfo, GetManagementControllerIdentifierString,
    GetPowerLimit, GetPowerReading, GetTemperatureReadings, GetThermalLimit, Instances, PowerLimit,
    PowerReading, SetAssetTag, SetDcmiConfigurationParameters,
    SetManagementControllerIdentifierString, SetPowerLimit, TEMPERATURE,
};
use ipmi_wire::cmd::storage::{GetSelEntry, GetSelInfo};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{CompletionCode, Decode, Request};

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const LIMIT: PowerLimit = PowerLimit {
    action: ExceptionAction::Log,
    watts: 300,
    correction_ms: 5000,
    sampling_seconds: 30,
};

fn events(machine: &mut Machine) -> u16 {
    machine.ask(&GetSelInfo).unwrap().entries
}

#[test]
fn a_machine_that_nobody_measures_has_no_reading() {
    let mut machine = Machine::new();
    machine.wait(seconds(5));
    let told = machine.ask(&GetPowerReading::System).unwrap();
    assert_eq!(told, PowerReading { timestamp: told.timestamp, ..PowerReading::default() });
}

#[test]
fn readings_are_of_the_period_that_is_asked_for() {
    let mut machine = Machine::new();
    for watts in [100.0, 400.0, 200.0] {
        machine.bench.state().draws = Some(watts);
        machine.wait(seconds(20));
    }
    let told = machine.ask(&GetPowerReading::System).unwrap();
    assert_eq!((told.current, told.minimum, told.maximum), (200, 100, 400));
    assert!((225..=240).contains(&told.average) && told.active, "{told:?}");
    assert_eq!(told.period, 60_000);
    let recent = machine.ask(&GetPowerReading::Enhanced(AveragePeriod(0x0f))).unwrap();
    assert_eq!((recent.minimum, recent.maximum, recent.average), (200, 200, 200));
    for odd in [
        GetPowerReading::Enhanced(AveragePeriod(0x42)),
        GetPowerReading::Other { mode: 3, attributes: 0 },
    ] {
        assert_eq!(machine.ask(&odd), Err(CompletionCode::INVALID_DATA_FIELD));
    }
}

#[test]
fn a_limit_is_told_whether_or_not_it_is_active_and_kept() {
    let mut machine = Machine::new();
    assert_eq!(
        machine.ask(&ActivatePowerLimit { active: true }),
        Err(CompletionCode::NOT_SUPPORTED_IN_STATE)
    );
    let answer = machine.request(Origin::SystemInterface, &Request::of(&GetPowerLimit));
    assert_eq!((answer.completion, answer.data.len()), (GetPowerLimit::NOT_ACTIVE, 14));
    machine.ask(&SetPowerLimit(LIMIT)).unwrap();
    assert_eq!(machine.bench.state().limit, None);
    machine.ask(&ActivatePowerLimit { active: true }).unwrap();
    assert_eq!(machine.ask(&GetPowerLimit).unwrap().0, LIMIT);
    assert_eq!(machine.bench.state().limit, Some(300));
    machine.bench.state().limit = None;
    machine.restart();
    assert_eq!(machine.ask(&GetPowerLimit).unwrap().0, LIMIT);
    assert_eq!(machine.bench.state().limit, Some(300), "it holds from the start on");
    for (limit, code) in [
        (PowerLimit { watts: 0, ..LIMIT }, 0x84),
        (PowerLimit { correction_ms: 999, ..LIMIT }, 0x85),
        (PowerLimit { sampling_seconds: 0, ..LIMIT }, 0x89),
        (PowerLimit { sampling_seconds: 3601, ..LIMIT }, 0x89),
        (PowerLimit { action: ExceptionAction::Other(2), ..LIMIT }, 0xcc),
    ] {
        assert_eq!(machine.ask(&SetPowerLimit(limit)), Err(CompletionCode(code)));
    }
    machine.ask(&ActivatePowerLimit { active: false }).unwrap();
    assert_eq!(machine.ask(&GetPowerLimit), Err(GetPowerLimit::NOT_ACTIVE));
    assert_eq!(machine.bench.state().limit, None);
}

#[test]
fn who_is_above_the_limit_for_too_long_is_logged_and_if_so_wished_switched_off() {
    for (action, off) in [
        (ExceptionAction::None, false),
        (ExceptionAction::Log, false),
        (ExceptionAction::PowerOff, true),
    ] {
        let mut machine = Machine::new();
        machine.bench.state().draws = Some(350.0);
        machine.ask(&SetPowerLimit(PowerLimit { action, ..LIMIT })).unwrap();
        machine.ask(&ActivatePowerLimit { active: true }).unwrap();
        let before = events(&mut machine);
        machine.wait(seconds(4));
        assert_eq!(events(&mut machine), before, "within the correction time");
        machine.wait(seconds(60));
        let logged = u16::from(action != ExceptionAction::None);
        assert_eq!(events(&mut machine), before + logged, "{action:?}");
        assert_eq!(machine.bench.state().signals.contains(&PowerSignal::Off), off);
        if logged == 1 {
            let last = GetSelEntry::whole(GetSelEntry::LAST);
            let record = SelRecord::decode_exact(&machine.ask(&last).unwrap().data).unwrap();
            let SelRecord::System { event_type, data, .. } = record else { panic!("{record:?}") };
            assert_eq!((event_type.0, data[0]), (0x05, 0x01), "limit exceeded");
        }
    }
}

#[test]
fn names_and_parameters_are_kept_and_a_sibling_has_its_own() {
    let mut machine = Machine::new();
    machine.ask(&SetAssetTag { offset: 0, data: b"A 1234".to_vec() }).unwrap();
    let id = SetManagementControllerIdentifierString { offset: 0, data: b"rack1\0".to_vec() };
    machine.ask(&id).unwrap();
    let parameter = ConfigurationParameter::ContactRetry(300);
    machine.ask(&SetDcmiConfigurationParameters { set: 0, parameter: parameter.clone() }).unwrap();
    machine.restart();
    let text = |machine: &mut Machine| {
        let tag = machine.ask(&GetAssetTag { offset: 0, count: 16 }).unwrap().data;
        let id = GetManagementControllerIdentifierString { offset: 0, count: 16 };
        (tag, machine.ask(&id).unwrap().data)
    };
    assert_eq!(text(&mut machine), (b"A 1234".to_vec(), b"rack1".to_vec()));
    let get = GetDcmiConfigurationParameters { selector: 5, set: 0 };
    assert_eq!(machine.ask(&get).unwrap().parameter, parameter);
    let get = GetDcmiConfigurationParameters { selector: 6, set: 0 };
    assert_eq!(machine.ask(&get), Err(CompletionCode(0x80)));
    let (tag, id) = text(&mut machine.sibling());
    assert!(tag.is_empty() && id.starts_with(b"DCMI"));
}

#[test]
fn temperatures_are_those_of_the_entity_in_both_of_its_numbers() {
    let mut machine = Machine::new();
    machine.wait(seconds(3));
    let all = |entity| Instances { sensor_type: TEMPERATURE, entity, instance: 0, start: 0 };
    for board in [0x42, 0x07] {
        let info = machine.ask(&GetDcmiSensorInfo(all(board))).unwrap();
        let told = machine.ask(&GetTemperatureReadings(all(board))).unwrap();
        assert_eq!((usize::from(info.total), info.total), (info.records.len(), told.total));
        assert_eq!(told.readings[0].celsius, 40);
    }
    assert_eq!(machine.ask(&GetDcmiSensorInfo(all(0x40))).unwrap().total, 0);
    let inlet = GetThermalLimit { entity: 0x40, instance: 1 };
    assert_eq!(machine.ask(&inlet), Err(CompletionCode::NOT_PRESENT));
    let other = GetTemperatureReadings(all(0x08));
    assert_eq!(machine.ask(&other), Err(CompletionCode::INVALID_DATA_FIELD));
    let ninth = Instances { instance: 9, ..all(0x42) };
    assert_eq!(machine.ask(&GetDcmiSensorInfo(ninth)), Err(CompletionCode::NOT_PRESENT));
}
