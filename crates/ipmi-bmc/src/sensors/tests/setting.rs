//! What consoles set, and what becomes of it.

use ipmi_wire::cmd::sensor::{EventEnableAction, StatusBits};
use ipmi_wire::sdr::ThresholdKind;
use ipmi_wire::sel::SelRecord;

use super::*;

const T: u8 = 7;
const P: u8 = 0x41;

fn rig() -> Rig {
    let records = vec![Record::Full(temperature(T)), Record::Compact(discrete(P, 1))];
    let mut rig = Rig::new(records, Plan::default());
    rig.states(P, 0);
    rig.value(T, 65.0);
    assert_eq!(rig.offsets(), [(true, 7)]);
    rig
}

fn enable(number: u8, messages: bool, scanning: bool) -> SetSensorEventEnable {
    SetSensorEventEnable {
        number,
        event_messages: messages,
        scanning,
        action: EventEnableAction::Keep,
        events: EventBits::NONE,
    }
}

fn values(kind: ThresholdKind, raw: u8) -> (ThresholdMask, RawThresholds) {
    let mut values = RawThresholds::default();
    values.set(kind, raw);
    (ThresholdMask::NONE.with(kind), values)
}

#[test]
fn a_threshold_that_moves_past_the_reading_is_told_at_once() {
    let mut rig = rig();
    let (set, to) = values(ThresholdKind::UpperCritical, 64);
    rig.engine.set_thresholds(T, set, to).unwrap();
    assert_eq!(rig.events(), [(true, [0x59, 65, 64])]);
    let now = rig.engine.thresholds(T).unwrap();
    assert_eq!(now.values.to_command(), [10, 0, 0xec, 60, 64, 80]);
    // Beyond its neighbour: consoles set them one by one, and are on their way.
    let (set, to) = values(ThresholdKind::UpperNonCritical, 90);
    rig.engine.set_thresholds(T, set, to).unwrap();
    assert_eq!(rig.offsets(), [(false, 7)]);
}

#[test]
fn hysteresis_counts_from_the_moment_it_is_set() {
    let mut rig = rig();
    rig.value(T, 57.0);
    assert_eq!(rig.offsets(), []);
    rig.engine.set_hysteresis(T, SensorHysteresis { positive: 0, negative: 9 }).unwrap();
    assert_eq!(rig.offsets(), [(false, 7)]);
    let now = rig.engine.hysteresis(T).unwrap();
    assert_eq!((now.positive, now.negative), (0, 9));
}

#[test]
fn what_a_sensor_does_not_have_is_refused() {
    let mut rig = rig();
    let wrong_kind = CompletionCode::ILLEGAL_FOR_RECORD;
    let (set, to) = values(ThresholdKind::UpperCritical, 64);
    assert_eq!(rig.engine.thresholds(P), Err(wrong_kind));
    assert_eq!(rig.engine.hysteresis(P), Err(wrong_kind));
    assert_eq!(rig.engine.factors(P, 0), Err(wrong_kind));
    assert_eq!(rig.engine.set_thresholds(P, set, to), Err(wrong_kind));
    assert_eq!(rig.engine.set_hysteresis(P, SensorHysteresis::default()), Err(wrong_kind));
    assert_eq!(rig.engine.set_thresholds(9, set, to), Err(CompletionCode::NOT_PRESENT));
    // Of another sensor's record: only readable, no upper critical one, events all or none.
    let mut record = temperature(T);
    record.sensor.capabilities = AUTO_REARM | 0x10 | 0x04 | 0x01;
    let mut fixed = Rig::of(Record::Full(record.clone()));
    assert_eq!(fixed.engine.set_thresholds(T, set, to), Err(wrong_kind));
    assert_eq!(fixed.engine.set_hysteresis(T, SensorHysteresis::default()), Err(wrong_kind));
    assert!(fixed.engine.thresholds(T).is_ok() && fixed.engine.hysteresis(T).is_ok());
    let some = SetSensorEventEnable { action: EventEnableAction::Disable, ..enable(T, true, true) };
    assert_eq!(fixed.engine.set_enables(fixed.now, &some), Err(wrong_kind));
    assert_eq!(fixed.engine.set_enables(fixed.now, &enable(T, false, true)), Ok(()));
    record.sensor.capabilities = AUTO_REARM | HYSTERESIS_SETTABLE | THRESHOLDS_SETTABLE | 0x02;
    record.sensor.reading_mask = 0x2f3f;
    let mut other = Rig::of(Record::Full(record));
    let refused = other.engine.set_thresholds(T, set, to);
    assert_eq!(refused, Err(CompletionCode::INVALID_DATA_FIELD));
    assert_eq!(other.engine.set_enables(other.now, &enable(T, false, true)), Err(wrong_kind));
}

#[test]
fn fixed_thresholds_are_compared_and_cannot_be_read() {
    let mut record = temperature(T);
    record.sensor.capabilities = AUTO_REARM | 0x0c;
    record.sensor.reading_mask = 0;
    let mut rig = Rig::of(Record::Full(record));
    rig.value(T, 72.0);
    assert_eq!(rig.offsets(), [(true, 7), (true, 9)]);
    assert_eq!(rig.engine.thresholds(T), Err(CompletionCode::ILLEGAL_FOR_RECORD));
}

#[test]
fn events_that_are_switched_off_are_told_when_they_are_switched_on_and_still_the_case() {
    let mut rig = rig();
    rig.engine.set_enables(rig.now, &enable(T, false, true)).unwrap();
    assert!(!rig.reading(T).event_messages_enabled);
    rig.value(T, 72.0);
    rig.value(T, 40.0);
    rig.value(T, 72.0);
    assert_eq!(rig.offsets(), []);
    rig.engine.set_enables(rig.now, &enable(T, true, true)).unwrap();
    assert_eq!(rig.offsets(), [(true, 7), (true, 9)]);
    // The same for one event of several.
    let critical = EventBits { assertion: 1 << 9, deassertion: 1 << 9 };
    for (action, told) in
        [(EventEnableAction::Disable, vec![]), (EventEnableAction::Enable, vec![(true, 9)])]
    {
        let request = SetSensorEventEnable { action, events: critical, ..enable(T, true, true) };
        rig.engine.set_enables(rig.now, &request).unwrap();
        assert_eq!(rig.offsets(), told, "{action:?}");
        let enabled = rig.engine.enables(T).unwrap().events.assertion & (1 << 9) != 0;
        assert_eq!(enabled, action == EventEnableAction::Enable);
    }
    let request = SetSensorEventEnable {
        action: EventEnableAction::Enable,
        events: EventBits { assertion: 1 << 8, deassertion: 0 },
        ..enable(T, true, true)
    };
    let refused = rig.engine.set_enables(rig.now, &request);
    assert_eq!(refused, Err(CompletionCode::INVALID_DATA_FIELD), "it has no such event");
}

#[test]
fn a_sensor_that_is_not_scanned_says_nothing() {
    let mut rig = rig();
    rig.engine.set_enables(rig.now, &enable(T, true, false)).unwrap();
    let scans = rig.bench.scans.iter().filter(|number| **number == T).count();
    rig.value(T, 90.0);
    let reading = rig.reading(T);
    assert!(!reading.scanning_enabled && reading.unavailable);
    assert_eq!(rig.bench.scans.iter().filter(|number| **number == T).count(), scans);
    rig.bench.answers.push_back((T, Measurement::Value(90.0)));
    rig.wait(Duration::ZERO);
    assert!(rig.reading(T).unavailable && rig.offsets().is_empty());
    // Back again: compared with the state before.
    rig.engine.set_enables(rig.now, &enable(T, true, true)).unwrap();
    rig.wait(Duration::ZERO);
    assert_eq!((rig.available(T), rig.offsets()), (true, vec![(true, 9), (true, 11)]));
}

#[test]
fn everything_that_is_set_survives_a_restart() {
    let mut rig = rig();
    let (set, to) = values(ThresholdKind::UpperNonCritical, 62);
    rig.engine.set_thresholds(T, set, to).unwrap();
    rig.engine.set_hysteresis(T, SensorHysteresis { positive: 5, negative: 6 }).unwrap();
    rig.engine.set_enables(rig.now, &enable(T, false, true)).unwrap();
    let types = SensorTypes {
        sensor_type: SensorType::VOLTAGE,
        event_type: ipmi_wire::sdr::EventReadingType::THRESHOLD,
    };
    rig.engine.set_types(T, types).unwrap();
    let all = |rig: &Rig| {
        let engine = &rig.engine;
        let set = (engine.thresholds(T), engine.hysteresis(T), engine.enables(T));
        (set, engine.types(T))
    };
    let before = all(&rig);
    rig.restart();
    assert_eq!(all(&rig), before);
    assert_eq!(rig.engine.types(T), Ok(types));
    // Run Initialization Agent without a record of it: as delivered.
    rig.engine.initialize(rig.now, &[]);
    assert_eq!(all(&rig), all(&self::rig()));
}

#[test]
fn the_initialization_agent_goes_by_the_records_of_the_repository() {
    let mut rig = rig();
    let mut edited = temperature(T);
    edited.thresholds.upper_critical = 64;
    edited.positive_hysteresis = 1;
    edited.sensor.assertion_mask = 0x7200;
    // The first three are not records of this sensor, and the last one not of one like it.
    let mut other_owner = edited.clone();
    other_owner.sensor.key.owner_id = 0x24;
    let mut bent = edited.clone();
    bent.factors.m = 2;
    let records = [
        Record::Compact(discrete(P, 1)),
        Record::Full(temperature(9)),
        Record::Full(other_owner),
        Record::Full(edited),
    ];
    rig.engine.initialize(rig.now, &records);
    let set = rig.engine.thresholds(T).unwrap();
    assert_eq!(set.get(ThresholdKind::UpperCritical), Some(64));
    assert_eq!(rig.engine.hysteresis(T).unwrap(), SensorHysteresis { positive: 1, negative: 2 });
    assert_eq!(rig.engine.enables(T).unwrap().events.assertion, 0x0200);
    assert_eq!(rig.offsets(), [(true, 9)]);
    rig.engine.initialize(rig.now, &[Record::Full(bent)]);
    assert_eq!(rig.engine.thresholds(T).unwrap().values, temperature(T).thresholds);
}

#[test]
fn what_was_set_of_another_record_is_forgotten() {
    let mut rig = rig();
    let (set, to) = values(ThresholdKind::UpperNonCritical, 62);
    rig.engine.set_thresholds(T, set, to).unwrap();
    let mut other = temperature(T);
    other.factors.m = 2;
    rig.records = vec![Record::Full(other.clone())];
    rig.restart();
    assert_eq!(rig.engine.thresholds(T).unwrap().values, other.thresholds);
    // A record ID is no part of what a sensor is.
    let mut rig = self::rig();
    rig.engine.set_thresholds(T, set, to).unwrap();
    rig.records = vec![Record::Full(temperature(T)).with_record_id(99)];
    rig.restart();
    assert_eq!(rig.engine.thresholds(T).unwrap().get(ThresholdKind::UpperNonCritical), Some(62));
}

#[test]
fn a_sensor_of_states_does_not_become_one_of_thresholds() {
    use ipmi_wire::sdr::EventReadingType as Kind;
    let mut rig = rig();
    let types = |event_type| SensorTypes { sensor_type: SensorType::BATTERY, event_type };
    for (number, event_type) in [(T, Kind::STATE), (P, Kind::THRESHOLD), (P, Kind(0x0d))] {
        let refused = rig.engine.set_types(number, types(event_type));
        assert_eq!(refused, Err(CompletionCode::INVALID_DATA_FIELD));
    }
    rig.engine.set_types(P, types(Kind::SENSOR_SPECIFIC)).unwrap();
    rig.states(P, 1);
    let event = rig.engine.poll_event().unwrap();
    assert_eq!((event.number, event.sensor_type), (P, SensorType::BATTERY));
    // As it is said in §32.1: our slave address, format 04h.
    let SelRecord::System { generator, evm_rev, timestamp, .. } = event.to_record(5) else {
        panic!("not an event")
    };
    assert_eq!((generator, evm_rev, timestamp), (0x20, 4, 5));
}

fn write(number: u8) -> SetSensorReading {
    SetSensorReading {
        number,
        reading: None,
        assertion: StatusBits::Keep,
        deassertion: StatusBits::Keep,
        event_data: EventDataBytes::Own,
    }
}

#[test]
fn software_writes_what_the_controller_cannot_measure() {
    let mut record = temperature(T);
    record.sensor.initialization |= 0x80;
    let mut states = discrete(P, 1);
    states.sensor.initialization |= 0x80;
    let written = || SensorPlan { source: Source::Written, ..SensorPlan::default() };
    let plan = Plan { sensors: [(T, written()), (P, written())].into(), ..Plan::default() };
    let mut rig = Rig::new(vec![Record::Full(record), Record::Compact(states)], plan);
    rig.value(T, 40.0);
    assert!(!rig.available(T) && rig.bench.scans.is_empty());

    let data = EventDataBytes::WriteButOffset([0xa0, 1, 2]);
    rig.engine
        .write(rig.now, &SetSensorReading { reading: Some(61), event_data: data, ..write(T) })
        .unwrap();
    assert_eq!((rig.reading(T).raw, rig.events()), (61, vec![(true, [0xa7, 1, 2])]));
    // It stays for as long as nobody writes another one.
    rig.wait(Duration::from_secs(86_400));
    assert!(rig.available(T));

    for (operation, expected) in [
        (StatusBits::Write(0b0101), 0b0101),
        (StatusBits::Set(0b0010), 0b0111),
        (StatusBits::ClearZeros(0b1110), 0b0110),
        (StatusBits::Keep, 0b0110),
    ] {
        rig.engine.write(rig.now, &SetSensorReading { assertion: operation, ..write(P) }).unwrap();
        assert_eq!(rig.reading(P).states, expected, "{operation:?}");
    }
    assert_eq!(rig.offsets(), [(true, 0), (true, 2), (true, 1), (false, 0)]);

    for refused in [
        SetSensorReading { assertion: StatusBits::Write(1), ..write(T) },
        SetSensorReading { deassertion: StatusBits::Set(1), ..write(P) },
        SetSensorReading { assertion: StatusBits::Set(0x10), ..write(P) },
        SetSensorReading { reading: Some(1), ..write(P) },
    ] {
        let outcome = rig.engine.write(rig.now, &refused);
        assert_eq!(outcome, Err(CompletionCode(0x80)), "{refused:?}");
    }
}

#[test]
fn what_is_measured_cannot_be_written() {
    let mut rig = rig();
    let request = SetSensorReading { reading: Some(1), ..write(T) };
    assert_eq!(rig.engine.write(rig.now, &request), Err(CompletionCode(0x80)));
}
