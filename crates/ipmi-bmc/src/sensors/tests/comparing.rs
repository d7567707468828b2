//! Thresholds: both directions, hysteresis, signs, functions.

use ipmi_wire::sdr::{Linearization, ThresholdKind};
use proptest::prelude::*;

use super::super::scale::Scale;
use super::super::thresholds::Thresholds;
use super::*;

const T: u8 = 7;

#[test]
fn a_temperature_that_rises_and_falls_tells_each_threshold_once_in_each_direction() {
    let mut rig = Rig::of(Record::Full(temperature(T)));
    rig.value(T, 40.0);
    assert_eq!(rig.offsets(), []);
    // Non-critical going high, with reading and threshold.
    rig.value(T, 60.0);
    assert_eq!(rig.events(), [(true, [0x57, 60, 60])]);
    assert_eq!(rig.reading(T).states, 0x08);
    // Two at once, the graver one last.
    rig.value(T, 85.0);
    assert_eq!(rig.offsets(), [(true, 9), (true, 11)]);
    // In the hysteresis: still active, though not exceeded any more.
    rig.value(T, 77.0);
    assert_eq!((rig.offsets(), rig.reading(T).states), (vec![], 0x18));
    rig.value(T, 76.0);
    assert_eq!(rig.offsets(), [(false, 11)]);
    rig.value(T, 40.0);
    assert_eq!(rig.events(), [(false, [0x59, 40, 70]), (false, [0x57, 40, 60])]);
    // Downwards: 10, 0 and -20 degrees, hysteresis 2.
    rig.value(T, 0.0);
    assert_eq!(rig.offsets(), [(true, 0), (true, 2)]);
    rig.value(T, 2.0);
    assert_eq!(rig.offsets(), []);
    rig.value(T, 3.0);
    assert_eq!(rig.offsets(), [(false, 2)]);
    rig.value(T, -30.0);
    assert_eq!(rig.events(), [(true, [0x52, 0xe2, 0x00]), (true, [0x54, 0xe2, 0xec])]);
}

#[test]
fn events_in_the_good_direction_are_told_if_the_record_has_them() {
    let mut record = temperature(T);
    // Upper critical going low, assertion and deassertion, and nothing else.
    (record.sensor.assertion_mask, record.sensor.deassertion_mask) = (0x0100, 0x0100);
    let mut rig = Rig::of(Record::Full(record));
    rig.value(T, 40.0);
    rig.value(T, 75.0);
    assert_eq!(rig.offsets(), [], "it has not been high before");
    rig.value(T, 40.0);
    assert_eq!(rig.offsets(), [(true, 8)]);
    rig.value(T, 75.0);
    assert_eq!(rig.offsets(), [(false, 8)]);
}

#[test]
fn what_is_not_in_the_masks_is_not_told() {
    let mut record = temperature(T);
    (record.sensor.assertion_mask, record.sensor.deassertion_mask) = (0x7080, 0x7200);
    let mut rig = Rig::of(Record::Full(record));
    rig.value(T, 90.0);
    assert_eq!(rig.offsets(), [(true, 7)]);
    rig.value(T, 40.0);
    assert_eq!(rig.offsets(), [(false, 9)]);
}

#[test]
fn after_a_gap_the_reading_is_compared_with_the_one_before() {
    let mut rig = Rig::of(Record::Full(temperature(T)));
    rig.value(T, 65.0);
    assert_eq!(rig.offsets(), [(true, 7)]);
    rig.say(T, Measurement::Unavailable);
    assert!(!rig.available(T));
    rig.value(T, 65.0);
    assert_eq!((rig.offsets(), rig.available(T)), (vec![], true));
    rig.say(T, Measurement::Unavailable);
    rig.value(T, 40.0);
    assert_eq!(rig.offsets(), [(false, 7)]);
    // What is no reading of such a sensor is none.
    for nonsense in [Measurement::Value(f64::NAN), Measurement::States(1)] {
        rig.say(T, nonsense);
        assert_eq!((rig.offsets(), rig.available(T)), (vec![], false));
    }
}

/// Each function with factors with which it has a value over the whole range, some rising, some
/// falling. The threshold is exceeded exactly where the values say so.
#[test]
fn thresholds_compare_right_through_every_function() {
    let identity = Factors::IDENTITY;
    let rising = Factors { m: 1, b: 1, ..identity };
    let gentle = Factors { m: 1, r_exp: -2, ..identity };
    for number in 0..=11 {
        for slope in [1, -1] {
            let line = if (4..=6).contains(&number) { gentle } else { rising };
            // Falling: from 256 to 1, or from 0 to -2.55.
            let line = if slope < 0 {
                Factors { m: -line.m, b: line.b * 256, b_exp: 0, ..line }
            } else {
                line
            };
            let factors = Factors { linearization: Linearization::from_number(number), ..line };
            let mut record = temperature(T);
            record.factors = factors;
            record.sensor.units.analog_format = AnalogFormat::Unsigned;
            (record.positive_hysteresis, record.negative_hysteresis) = (0, 0);
            let thresholds = RawThresholds::from_command([20, 10, 5, 100, 150, 200]);
            record.thresholds = thresholds;
            let value = |raw| record.value(raw).unwrap();
            let mut expected = 0;
            let mut rig = Rig::of(Record::Full(record.clone()));
            for raw in (0..=255).chain((0..=255).rev()) {
                rig.value(T, value(raw));
                let reading = rig.reading(T);
                assert_eq!(value(reading.raw), value(raw));
                let naive = ThresholdKind::ALL.iter().fold(0, |mask, kind| {
                    let limit = value(thresholds.get(*kind));
                    let beyond =
                        if kind.is_upper() { value(raw) >= limit } else { value(raw) <= limit };
                    mask | u16::from(beyond) << kind.bit()
                });
                assert_eq!(reading.states, naive, "function {number}, slope {slope}, {raw}");
                for (came, offset) in rig.offsets() {
                    let kind = 1 << (offset / 2);
                    assert_eq!(expected & kind == 0, came);
                    expected ^= kind;
                }
                assert_eq!(expected, naive, "function {number}, slope {slope}, {raw}");
            }
        }
    }
}

#[test]
fn a_non_linear_sensor_goes_by_its_own_factors() {
    let mut record = temperature(T);
    record.factors.linearization = Linearization::NonLinear(0x70);
    record.sensor.units.analog_format = AnalogFormat::Unsigned;
    let fine = Factors { m: 1, ..Factors::IDENTITY };
    let coarse = Factors { m: 10, b: -90, b_exp: 1, ..Factors::IDENTITY };
    let plan = SensorPlan { factors: vec![(0, fine), (100, coarse)], ..SensorPlan::default() };
    let mut rig = Rig::with(Record::Full(record), plan);
    rig.value(T, 550.0);
    assert_eq!(rig.reading(T).raw, 145);
    let factors = rig.engine.factors(T, 145).unwrap();
    assert_eq!((factors.factors, factors.next_reading), (coarse, 145));
    assert_eq!(rig.engine.factors(T, 3).unwrap().next_reading, 100);
}

/// A threshold sensor in plain numbers, for a line that rises or falls.
struct Naive {
    beyond: bool,
}

impl Naive {
    fn compare(&mut self, number: i32, limit: i32, hysteresis: i32, high_is_bad: bool) -> bool {
        let over = if high_is_bad { number - limit } else { limit - number };
        self.beyond = over >= 0 || (self.beyond && over >= -hysteresis);
        self.beyond
    }
}

proptest! {
    #[test]
    fn comparators_do_what_plain_numbers_do(
        signed: bool, falling: bool, limits: [u8; 6], positive: u8, negative: u8,
        readings in proptest::collection::vec(any::<u8>(), 1..60),
    ) {
        let format = if signed { AnalogFormat::TwosComplement } else { AnalogFormat::Unsigned };
        let m = if falling { -3 } else { 3 };
        let scale = Scale::new(format, Factors { m, b: 17, r_exp: -1, ..Factors::IDENTITY }, &[])
            .unwrap();
        let thresholds = Thresholds {
            values: RawThresholds::from_command(limits),
            hysteresis: SensorHysteresis { positive, negative },
            present: ThresholdMask::ALL,
        };
        let number = |raw| i32::from(format.number(raw).unwrap());
        let mut naive = [const { Naive { beyond: false } }; 6];
        let mut beyond = ThresholdMask::NONE;
        for raw in readings {
            beyond = thresholds.compare(&scale, raw, beyond);
            for (kind, naive) in ThresholdKind::ALL.into_iter().zip(&mut naive) {
                let hysteresis = if kind.is_upper() { positive } else { negative };
                let limit = number(thresholds.values.get(kind));
                let high_is_bad = kind.is_upper() != falling;
                let expected = naive.compare(number(raw), limit, hysteresis.into(), high_is_bad);
                prop_assert_eq!(beyond.contains(kind), expected, "{} at {}", kind, raw);
            }
        }
    }

    /// Whatever is measured and whatever the record says: what comes goes, and nothing comes twice.
    #[test]
    fn assertions_and_deassertions_take_turns(
        factors: [u8; 7], format in 0u8..3, limits: [u8; 6], hysteresis: u8,
        values in proptest::collection::vec(any::<f64>(), 1..30),
    ) {
        use ipmi_wire::Decode;
        let mut record = temperature(T);
        record.factors = Factors::decode_exact(&factors).unwrap();
        record.sensor.units.analog_format = [
            AnalogFormat::Unsigned, AnalogFormat::OnesComplement, AnalogFormat::TwosComplement,
        ][usize::from(format)];
        (record.sensor.assertion_mask, record.sensor.deassertion_mask) = (0x7fff, 0x7fff);
        record.thresholds = RawThresholds::from_command(limits);
        (record.positive_hysteresis, record.negative_hysteresis) = (hysteresis, hysteresis);
        let mut rig = Rig::of(Record::Full(record));
        let mut active = 0u16;
        for value in values {
            rig.value(T, value);
            for (came, offset) in rig.offsets() {
                prop_assert_eq!(active & (1 << offset) == 0, came);
                active ^= 1 << offset;
            }
            prop_assert_eq!(rig.engine.event_status(rig.now, T).unwrap().events.assertion, active);
        }
    }
}
