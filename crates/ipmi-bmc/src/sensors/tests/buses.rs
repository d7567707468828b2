//! Buses: what is slow, silent or saturated delays its own.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn bus(name: &str, scan_time: Duration) -> BusPlan {
    BusPlan { name: name.into(), scan_time }
}

/// Two temperatures on bus 0 (1 and 2) and one on bus 1 (3).
fn two_buses(scan_time: Duration) -> Rig {
    let records = [1, 2, 3].map(|number| Record::Full(temperature(number)));
    let on = |bus| SensorPlan { bus, ..SensorPlan::default() };
    let plan = Plan {
        buses: vec![bus("a", scan_time), bus("b", Duration::ZERO)],
        sensors: [(3, on(1))].into(),
    };
    let mut rig = Rig::new(records.to_vec(), plan);
    rig.bench.says = (1..=3).map(|number| (number, Measurement::Value(40.0))).collect();
    rig
}

#[test]
fn a_fresh_controller_answers_with_values_and_before_that_with_none() {
    let mut rig = two_buses(Duration::ZERO);
    assert!(!rig.available(1));
    rig.engine.advance(rig.now, &mut rig.bench);
    assert!((1..=3).all(|number| rig.available(number)));
    assert_eq!(rig.engine.reading(rig.now, 4), Err(CompletionCode::NOT_PRESENT));
}

#[test]
fn sensors_of_one_interval_are_scanned_together_however_late() {
    let mut rig = two_buses(Duration::ZERO);
    rig.wait(SECOND * 10);
    assert_eq!(rig.bench.scans.len(), 3 * 6);
    assert_eq!(rig.engine.poll_timeout(), Some(rig.start + SECOND * 12));
    // Nobody looked for an hour: one scan, not all that were missed.
    rig.now += SECOND * 3603;
    rig.engine.advance(rig.now, &mut rig.bench);
    assert_eq!(rig.bench.scans.len(), 3 * 7);
    assert_eq!(rig.engine.poll_timeout(), Some(rig.start + SECOND * 3614));
}

#[test]
fn a_bus_carries_one_scan_at_a_time() {
    let mut rig = two_buses(Duration::from_millis(300));
    rig.wait(Duration::from_millis(299));
    assert_eq!(
        (rig.bench.scans.clone(), rig.available(1), rig.available(3)),
        (vec![3], false, true)
    );
    rig.wait(Duration::from_millis(1));
    assert_eq!((rig.available(1), rig.available(2)), (true, false));
    rig.wait(Duration::from_millis(300));
    assert!(rig.available(2));
}

#[test]
fn a_slow_sensor_costs_its_bus_the_readings_and_no_other() {
    let mut rig = two_buses(Duration::ZERO);
    rig.wait(SECOND);
    rig.bench.slow.insert(1);
    let mut last = (true, true);
    let mut changes = Vec::new();
    for second in 0..12 {
        rig.wait(SECOND);
        assert!(rig.available(3), "the other bus is not concerned");
        let now = (rig.available(1), rig.available(2));
        if now != last {
            changes.push((second, now));
            last = now;
        }
    }
    // Both are believed for three intervals and a little more; then neither says anything.
    assert_eq!(changes, [(5, (false, false))]);
    // Ten seconds late the answer comes, and the other sensor has its turn at once.
    rig.bench.slow.clear();
    rig.bench.says.insert(1, Measurement::Value(61.0));
    rig.bench.answers.push_back((1, Measurement::Value(61.0)));
    rig.engine.advance(rig.now, &mut rig.bench);
    assert!(rig.available(1) && rig.available(2));
    assert_eq!((rig.reading(1).raw, rig.offsets()), (61, vec![(true, 7)]));
}

#[test]
fn a_bus_with_more_to_do_than_it_can_loses_readings_and_gets_them_back() {
    // Ten seconds a scan on a bus with two sensors that want one every two seconds.
    let mut rig = two_buses(Duration::ZERO);
    let slow = SensorPlan { scan_time: Some(SECOND * 10), ..SensorPlan::default() };
    rig.plan.sensors.insert(1, slow);
    rig.engine = Engine::new(rig.now, &rig.records, &rig.plan, &BTreeMap::new());
    let mut seen = BTreeSet::new();
    for _ in 0..60 {
        rig.wait(SECOND);
        assert!(rig.available(3));
        seen.insert((rig.available(1), rig.available(2)));
    }
    // The slow one is as good as it can be; the quick one comes and goes.
    assert!(seen.contains(&(true, true)) && seen.contains(&(true, false)), "{seen:?}");
    // Each in its turn: nobody starves.
    let scans: Vec<u8> = rig.bench.scans.iter().copied().filter(|number| *number < 3).collect();
    assert!(scans.windows(2).all(|pair| pair[0] != pair[1]), "{scans:?}");
}

#[test]
fn a_change_of_power_is_seen_at_once() {
    let mut rig = two_buses(Duration::ZERO);
    rig.wait(SECOND);
    rig.bench.off = true;
    rig.bench.says.clear();
    rig.engine.advance(rig.now, &mut rig.bench);
    assert!(!rig.available(1) && !rig.available(3));
}

#[test]
fn what_is_told_unasked_counts() {
    let mut rig = two_buses(Duration::ZERO);
    rig.wait(SECOND);
    rig.bench.answers.extend([(2, Measurement::Value(65.0)), (99, Measurement::Value(1.0))]);
    rig.engine.advance(rig.now, &mut rig.bench);
    assert_eq!((rig.reading(2).raw, rig.offsets()), (65, vec![(true, 7)]));
}

#[test]
fn a_sensor_on_a_bus_that_is_not_there_is_never_scanned() {
    let plan = SensorPlan { bus: 9, ..SensorPlan::default() };
    let mut rig = Rig::with(Record::Full(temperature(1)), plan);
    rig.value(1, 40.0);
    assert!(!rig.available(1) && rig.bench.scans.is_empty());
}

#[test]
fn kinds_of_sensors_have_their_intervals() {
    let mut fan = temperature(2);
    fan.sensor.sensor_type = SensorType::FAN;
    let often = SensorPlan { interval: Some(Duration::ZERO), ..SensorPlan::default() };
    let plan = Plan { sensors: [(4, often)].into(), ..Plan::default() };
    let records = vec![
        Record::Full(temperature(1)),
        Record::Full(fan),
        Record::Compact(discrete(3, 1)),
        Record::Compact(discrete(4, 1)),
    ];
    let mut rig = Rig::new(records, plan);
    rig.wait(SECOND * 4 - Duration::from_millis(1));
    let scans = |number| rig.bench.scans.iter().filter(|scan| **scan == number).count();
    assert_eq!((scans(1), scans(2), scans(3), scans(4)), (2, 4, 4, 400));
}

#[test]
fn sensors_that_share_a_record_are_scanned_each() {
    let mut other = discrete(0x50, 1);
    other.sensor.key.owner_id = 0x24;
    let mut lun = discrete(0x51, 1);
    lun.sensor.key.owner_lun = 1;
    let records = vec![
        Record::Compact(discrete(0x10, 3)),
        // A number that is taken, and sensors of others.
        Record::Full(temperature(0x11)),
        Record::Compact(other),
        Record::Compact(lun),
    ];
    let mut rig = Rig::new(records, Plan::default());
    for number in 0x10..0x13u8 {
        rig.states(number, 1 << (number - 0x10));
        assert_eq!(rig.reading(number).states, 1 << (number - 0x10));
    }
    for number in [0x13, 0x50, 0x51] {
        assert_eq!(rig.engine.reading(rig.now, number), Err(CompletionCode::NOT_PRESENT));
    }
}
