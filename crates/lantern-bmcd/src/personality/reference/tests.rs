//! The SDRs against the list that they are written from, and against the machine that measures it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ipmi_bmc::platform::{Measurement, Platform, PowerSignal};

use super::*;
use crate::platform::sim::SimPlatform;

const NOW: u32 = 1_790_000_000;

/// Each sensor with its record, in numerical order.
fn sensors() -> Vec<(&'static Sensor, Record)> {
    let records = reference(NOW).sdrs;
    let sdrs: Vec<_> = records.into_iter().filter(|record| record.sensor().is_some()).collect();
    assert_eq!(SENSORS.len(), sdrs.len());
    SENSORS.iter().zip(sdrs).collect()
}

/// The analog ones alone.
fn analogs() -> Vec<(&'static Sensor, &'static Analog, FullSensor)> {
    let analog = |(sensor, record): (&'static Sensor, Record)| match (&sensor.kind, record) {
        (Kind::Analog(analog), Record::Full(full)) => Some((sensor, analog, full)),
        (Kind::Discrete(_), Record::Compact(_)) => None,
        (_, record) => panic!("{}: {record:?}", sensor.name),
    };
    sensors().into_iter().filter_map(analog).collect()
}

/// The value of one raw count.
fn step(full: &FullSensor) -> f64 {
    full.factors.difference(1, full.sensor.units.analog_format).unwrap().abs()
}

#[test]
fn there_are_enough_sensors_and_no_two_are_alike() {
    let sensors = sensors();
    assert!(sensors.len() >= 28, "{}", sensors.len());
    let unique = |keys: Vec<String>| keys.iter().collect::<BTreeSet<_>>().len() == sensors.len();
    assert!(unique(sensors.iter().map(|(s, _)| s.number.to_string()).collect()));
    assert!(unique(sensors.iter().map(|(s, _)| s.name.to_owned()).collect()));
    assert!(unique(sensors.iter().map(|(s, _)| format!("{:?}", s.probe)).collect()));
    assert!(unique(sensors.iter().map(|(_, r)| r.record_id().to_string()).collect()));
    for (sensor, record) in sensors {
        assert_eq!(record.name().unwrap().text(), sensor.name);
        assert_eq!(record.sensor_number(), Some(sensor.number));
    }
}

#[test]
fn records_survive_the_wire() {
    for (sensor, record) in sensors() {
        assert_eq!(Record::decode(&record.to_bytes()).unwrap(), record, "{}", sensor.name);
    }
}

/// By hand from §43.1, bytes 15 to 20: events going low below, going high above.
#[test]
fn masks_have_their_bits_where_the_table_puts_them() {
    for (sensor, _, full) in analogs() {
        let masks =
            (full.sensor.assertion_mask, full.sensor.deassertion_mask, full.sensor.reading_mask);
        match sensor.name {
            "CPU1 Temp" => assert_eq!(masks, (0x0a80, 0x7a80, 0x3838)),
            "FAN1" => assert_eq!(masks, (0x7015, 0x0015, 0x0707)),
            "12V" => assert_eq!(masks, (0x7a95, 0x7a95, 0x3f3f)),
            _ => {}
        }
    }
}

#[test]
fn every_figure_is_coded_within_one_count() {
    for (sensor, analog, full) in analogs() {
        let close = |raw: u8, value: f64| {
            let coded = full.value(raw).unwrap();
            assert!((coded - value).abs() < step(&full), "{}: {coded} {value}", sensor.name);
        };
        close(full.nominal_reading, analog.nominal);
        close(full.normal_min, analog.normal.0);
        close(full.normal_max, analog.normal.1);
        close(full.sensor_min, analog.scale.range.0);
        close(full.sensor_max, analog.scale.range.1);
        for (kind, limit) in analog.thresholds() {
            close(full.thresholds.get(kind), limit);
        }
    }
}

#[test]
fn thresholds_get_graver_outwards() {
    use ThresholdKind::{
        LowerCritical, LowerNonCritical, LowerNonRecoverable, UpperCritical, UpperNonCritical,
        UpperNonRecoverable,
    };
    for (sensor, _, full) in analogs() {
        let present = full.sensor.readable_thresholds();
        assert!(!present.is_empty(), "{}", sensor.name);
        let value = |kind| present.contains(kind).then(|| full.value(full.thresholds.get(kind)));
        let ladder: Vec<f64> = [
            Some(full.value(full.sensor_min)),
            value(LowerNonRecoverable),
            value(LowerCritical),
            value(LowerNonCritical),
            Some(full.value(full.nominal_reading)),
            value(UpperNonCritical),
            value(UpperCritical),
            value(UpperNonRecoverable),
            Some(full.value(full.sensor_max)),
        ]
        .into_iter()
        .flatten()
        .map(Option::unwrap)
        .collect();
        assert!(ladder.is_sorted_by(|a, b| a < b), "{}: {ladder:?}", sensor.name);
    }
}

#[test]
fn what_is_measured_fits_the_sensor_on_and_off() {
    let t0 = Instant::now();
    for on in [true, false] {
        let mut sim = SimPlatform::new(11, t0, on);
        // Half an hour: the load goes through all that it ever does.
        for s in (0..1800).step_by(7) {
            let now = t0 + Duration::from_secs(s);
            for (sensor, _, full) in analogs() {
                let value = match sim.measure(now, sensor.number) {
                    Measurement::Value(value) => value,
                    Measurement::Unavailable if !on => continue,
                    other => panic!("{}: {other:?}, on: {on}", sensor.name),
                };
                check(sensor, &full, value);
            }
        }
    }
}

/// That a good machine's value is in range, inside the non-critical thresholds, and well coded.
fn check(sensor: &Sensor, full: &FullSensor, value: f64) {
    let name = sensor.name;
    let (low, high) = (full.value(full.sensor_min).unwrap(), full.value(full.sensor_max).unwrap());
    assert!((low..=high).contains(&value), "{name}: {value} outside {low}..={high}");
    let coded = full.value(full.raw(value)).unwrap();
    assert!((coded - value).abs() < step(full), "{name}: {value} coded as {coded}");
    for kind in full.sensor.readable_thresholds().iter().filter(|kind| kind.severity() == 0) {
        let limit = full.value(full.thresholds.get(kind)).unwrap();
        let fine = if kind.is_upper() { coded < limit } else { coded > limit };
        assert!(fine, "{name}: {coded} at {s} {limit}", s = kind.name());
    }
}

#[test]
fn nothing_alarms_on_the_way_up_and_down() {
    let t0 = Instant::now();
    let mut sim = SimPlatform::new(12, t0, false);
    sim.power(t0, PowerSignal::On).unwrap();
    for tick in 0..1200 {
        let now = t0 + Duration::from_millis(250 * tick);
        if tick == 600 {
            sim.power(now, PowerSignal::Off).unwrap();
        }
        for (sensor, _, full) in analogs() {
            if let Measurement::Value(value) = sim.measure(now, sensor.number) {
                check(sensor, &full, value);
            }
        }
    }
}

#[test]
fn discrete_sensors_say_only_what_their_records_know() {
    let t0 = Instant::now();
    for on in [true, false] {
        let mut sim = SimPlatform::new(13, t0, on);
        sim.open_lid(true);
        for (sensor, record) in sensors() {
            let Record::Compact(compact) = record else { continue };
            match sim.measure(t0, sensor.number) {
                Measurement::States(states) => {
                    assert_eq!(states & !compact.sensor.reportable_states(), 0, "{}", sensor.name);
                }
                other => panic!("{}: {other:?}", sensor.name),
            }
        }
    }
}

#[test]
fn the_device_is_nobody_elses() {
    let id = reference(NOW).device_id;
    assert_eq!((id.manufacturer_id, id.product_id), (32_473, 0x4c4e));
    assert_eq!(id.ipmi_version(), (2, 0));
    assert_eq!((bcd(7), bcd(23)), (0x07, 0x23));
}

#[test]
fn inventories_are_whole_and_found() {
    let personality = reference(NOW);
    for device in &personality.inventory {
        let (_, faults) = ipmi_wire::fru::Fru::decode(&device.contents).unwrap();
        assert!(faults.is_empty(), "{}: {faults:?}", device.id);
    }
    let located: Vec<u8> = personality
        .sdrs
        .iter()
        .filter_map(|record| match record {
            Record::FruDeviceLocator(locator) => locator.fru_id(),
            _ => None,
        })
        .collect();
    assert_eq!(located, [1, 2]);
    assert!(
        personality.sdrs.iter().all(|record| record.name().is_none_or(|name| !name.is_empty()))
    );
}
