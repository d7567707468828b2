//! Time passes, and a daemon that sleeps until it is told to look never spins.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use ipmi_bmc::personality::{Personality, RecordsIn};
use ipmi_bmc::platform::Measurement;
use ipmi_bmc::sensors::{BusPlan, Plan, SensorPlan};
use ipmi_bmc::{LogPolicy, Reply};
use ipmi_session::Secret;
use ipmi_session::console::{Config, Session};
use ipmi_wire::cmd::chassis::{ChassisControl, ChassisIdentify, GetPohCounter, PowerAction};
use ipmi_wire::cmd::sensor::{
    EventBits, EventEnableAction, GetSensorReading, SetSensorEventEnable,
};
use ipmi_wire::sdr::{Record, SensorKey};
use ipmi_wire::session::Username;

use common::{Counting, Machine, SENSORS, TEMPERATURE, peer, personality};

const MINUTE: Duration = Duration::from_secs(60);

/// As many sensors as there can be, on `buses` buses that take `scan_time` for each.
fn crowd(buses: usize, scan_time: Duration) -> Personality {
    let one = personality(RecordsIn::Repository);
    let Record::Full(model) = one.sdrs[0].clone() else { panic!() };
    let sdrs = (0..0xffu8).map(|number| {
        let mut record = model.clone();
        record.sensor.key = SensorKey::bmc(number);
        Record::Full(record)
    });
    let bus = |n| BusPlan { name: format!("{n}"), scan_time };
    let on = |number: u8| {
        let bus = usize::from(number) % buses;
        (number, SensorPlan { bus, ..SensorPlan::default() })
    };
    let sensors =
        Plan { buses: (0..buses).map(bus).collect(), sensors: (0..0xff).map(on).collect() };
    Personality { sdrs: sdrs.collect(), sensors, ..one }
}

fn says_all(machine: &Machine) {
    machine.bench.state().says = (0..0xff).map(|n| (n, Measurement::Value(40.0))).collect();
}

/// `wait` insists that each deadline is after the one before.
#[test]
fn every_deadline_is_moved_by_being_met() {
    let mut machine = Machine::new();
    machine.wait(MINUTE);
    machine.ask(&ChassisIdentify { interval: Some(7), force: None }).unwrap();
    machine.ask(&ChassisControl { action: PowerAction::Cycle }).unwrap();
    machine.wait(MINUTE);
    machine.ask(&ChassisControl { action: PowerAction::Off }).unwrap();
    machine.wait(MINUTE * 3);
    machine.ask(&ChassisControl { action: PowerAction::On }).unwrap();
    machine.wait(MINUTE * 3);
    // A handshake that nobody finishes.
    let config =
        Config::new(Username::new(b"admin").unwrap(), Secret::new(b"Complex_Pass").unwrap());
    let mut entropy = Counting(1);
    let mut session = Session::open(machine.now, config, 1, &mut entropy);
    let datagram = session.poll_transmit().unwrap();
    let reply = machine.bmc.receive(machine.now, peer(), &datagram, &mut entropy);
    assert!(matches!(reply, Some(Reply::Now(_))));
    machine.wait(MINUTE);
    // All scans are under way, and no answer comes.
    machine.bench.state().silent = SENSORS.into();
    machine.wait(MINUTE * 3);
    let scans = machine.bench.state().scans;
    machine.wait(MINUTE * 60);
    assert_eq!(machine.bench.state().scans, scans, "the bus is busy");
    // Nobody looked for a day.
    machine.bench.state().silent.clear();
    machine.bench.state().answers = SENSORS.map(|n| (n, Measurement::Unavailable)).into();
    machine.now += MINUTE * 60 * 24;
    machine.wait(MINUTE);
    assert!(machine.bench.state().scans > scans);
}

#[test]
fn the_same_moment_again_and_an_earlier_one_do_no_harm() {
    let mut machine = Machine::new();
    machine.wait(MINUTE);
    let (now, scans) = (machine.now, machine.bench.state().scans);
    for at in [now, now - MINUTE, now, now] {
        machine.bmc.handle_timeout(at);
    }
    assert_eq!(machine.bench.state().scans, scans);
    machine.wait(MINUTE);
    assert!(machine.ask(&GetSensorReading { number: TEMPERATURE }).unwrap().is_valid());
}

#[test]
fn as_many_sensors_as_there_can_be_are_all_read_and_wake_nobody_oftener() {
    let mut machine = Machine::of(crowd(1, Duration::ZERO), LogPolicy::default());
    says_all(&machine);
    machine.wait(Duration::from_secs(2));
    for number in 0..0xff {
        assert!(machine.ask(&GetSensorReading { number }).unwrap().is_valid(), "{number}");
    }
    let (mut wakes, end) = (0, machine.now + MINUTE);
    while let Some(due) = machine.bmc.poll_timeout().filter(|due| *due <= end) {
        machine.bmc.handle_timeout(due);
        wakes += 1;
    }
    // Every two seconds for the sensors, and once to note how long the machine has been on.
    assert!(wakes <= 32, "{wakes}");
}

/// 255 sensors want a scan every two seconds of a bus that has room for twenty.
#[test]
fn on_a_bus_with_too_much_to_do_each_has_its_turn() {
    let mut machine = Machine::of(crowd(1, Duration::from_millis(100)), LogPolicy::default());
    says_all(&machine);
    machine.wait(Duration::from_millis(100 * 255));
    assert_eq!(machine.bench.state().scans, 255);
    // Each was scanned once, so that none has been forgotten: the last ones are still fresh.
    for number in 235..0xff {
        assert!(machine.ask(&GetSensorReading { number }).unwrap().is_valid(), "{number}");
    }
    machine.wait(Duration::from_millis(100 * 255));
    assert_eq!(machine.bench.state().scans, 2 * 255);
}

#[test]
fn switching_scanning_on_and_off_all_the_time_is_no_way_to_a_spin() {
    let mut machine = Machine::new();
    for n in 0..200u32 {
        let set = SetSensorEventEnable {
            number: TEMPERATURE,
            event_messages: true,
            scanning: n % 2 == 0,
            action: EventEnableAction::Keep,
            events: EventBits::NONE,
        };
        machine.ask(&set).unwrap();
        machine.wait(Duration::from_millis(3));
    }
    machine.wait(MINUTE);
}

#[test]
fn who_sleeps_makes_up_for_it_when_asked() {
    let mut machine = Machine::new();
    machine.wait(Duration::from_secs(1));
    assert!(machine.bmc.poll_timeout().is_some(), "sensors are due");
    assert_eq!(machine.bmc.poll_timeout_asleep(), None, "and nothing else is");
    let scans = machine.bench.state().scans;
    machine.bench.state().says.insert(TEMPERATURE, Measurement::Value(55.0));
    machine.now += Duration::from_secs(86_400);
    let reading = machine.ask(&GetSensorReading { number: TEMPERATURE }).unwrap();
    assert!(!reading.unavailable, "{reading:?}");
    assert_eq!(machine.bench.state().scans - scans, 7, "once each, as far as the machine measures");
    let hours = machine.ask(&GetPohCounter).unwrap();
    assert_eq!(hours.counter, 24, "{hours:?}");
    // What has a time of its own comes at that time.
    machine.ask(&ChassisControl { action: PowerAction::Cycle }).unwrap();
    let due = machine.bmc.poll_timeout_asleep().unwrap();
    assert_eq!(due, machine.now + Duration::from_secs(1));
    machine.bmc.handle_timeout(due);
    assert!(machine.bmc.is_on());
}
