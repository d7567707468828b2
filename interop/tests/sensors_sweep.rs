//! Every function with every form of number, over many lines and all raw readings: ipmitool,
//! FreeIPMI and our client make the same values of the same bytes.
//!
//! The repository of the specimens is replaced by records with other conversion factors for the same
//! sensors. Each record holds eleven raw figures of its own, and all programs convert those, so that
//! one run of each compares thousands of values.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::collections::BTreeSet;

use common::truth::TrueSensor;
use common::{Bmc, deviations, truth};
use ipmi_client::sensors::Reading;
use ipmi_wire::sdr::{
    AnalogCharacteristics, FullSensor, IdString, Linearization, RawThresholds, Record,
};
use lantern_testkit::peers::Figure;
use lantern_testkit::peers::freeipmi::parse::ipmi_sensors_detailed;
use lantern_testkit::peers::ipmitool::parse::sdr_full_csv;

/// Lines for each function and form.
const LINES: usize = 6;

/// Numbers that look random and are the same every time (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn byte(&mut self) -> u8 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0.to_be_bytes()[0]
    }

    fn within(&mut self, low: i16, high: i16) -> i16 {
        let [a, b] = [self.byte(), self.byte()];
        low + i16::try_from(u16::from_be_bytes([a, b]) % (high - low + 1).unsigned_abs()).unwrap()
    }
}

/// Records with all lines for the functions and forms of `models`.
fn records(models: &[FullSensor]) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(2026);
    let mut records = Vec::new();
    for (at, model) in models.iter().enumerate() {
        for line in 0..LINES {
            let mut full = model.clone();
            full.factors.m = numbers.within(-512, 511);
            full.factors.b = numbers.within(-512, 511);
            full.factors.b_exp = i8::try_from(numbers.within(-2, 1)).unwrap();
            // Exponential functions of large numbers leave every range.
            let r_exp = match full.factors.linearization {
                Linearization::E | Linearization::Exp10 | Linearization::Exp2 => (-6, -3),
                _ => (-4, 1),
            };
            full.factors.r_exp = i8::try_from(numbers.within(r_exp.0, r_exp.1)).unwrap();
            full.factors.tolerance = numbers.byte() & 0x3f;
            let all =
                AnalogCharacteristics { normal_min: true, normal_max: true, nominal_reading: true };
            full.analog = all;
            full.nominal_reading = numbers.byte();
            full.normal_min = numbers.byte();
            full.normal_max = numbers.byte();
            full.sensor_min = numbers.byte();
            full.sensor_max = numbers.byte();
            full.thresholds = RawThresholds::from_record(std::array::from_fn(|_| numbers.byte()));
            full.sensor.reading_mask = 0x3f3f;
            full.id = IdString::new(&format!("{at}/{line}")).unwrap();
            records.push(Record::Full(full).to_bytes());
        }
    }
    records
}

/// What each threshold and limit of a record is, in the order of ipmitool's figures.
fn raw_figures(full: &FullSensor, thresholds: [Option<u8>; 6]) -> Vec<u8> {
    let mut raw = vec![full.nominal_reading, full.normal_min, full.normal_max];
    raw.extend(thresholds.map(|raw| raw.unwrap()));
    raw.extend([full.sensor_min, full.sensor_max]);
    raw
}

#[tokio::test]
async fn thousands_of_values() {
    let bmc = Bmc::specimens();
    let (Some(ipmitool), Some(freeipmi)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    let (endpoint, client) = common::client_at(bmc.addr);
    let models = truth::records(&client).await.into_iter().filter_map(|record| match record {
        Record::Full(full) if !full.factors.linearization.needs_reading_factors() => Some(full),
        _ => None,
    });
    // Twelve functions in three forms; the units' specimens are all linear.
    let models: Vec<FullSensor> = models.take(36).collect();
    let wanted = records(&models);
    let filled = client.fill_sdr_repository(&wanted).await.unwrap();
    assert!(filled.failed.is_none() && filled.added.len() == 36 * LINES, "{filled:?}");
    let sensors = truth::sensors(&client).await;
    assert_eq!(sensors.len(), wanted.len());
    let kinds: BTreeSet<_> = sensors.iter().map(kind).collect();
    assert_eq!(kinds.len(), 36);

    let mut compared =
        check_ipmitool(&sensors, ipmitool.run("-v -c sdr elist full").expect_success());
    let out = freeipmi.run("ipmi-sensors", "--quiet-cache --output-sensor-thresholds -v");
    compared += check_freeipmi(&sensors, out.expect_success());
    let ours = client.sensors(true).await.unwrap();
    assert_eq!(ours.len(), sensors.len());
    for (ours, sensor) in ours.iter().zip(&sensors) {
        let Reading::Analog { raw, value, .. } = ours.reading else { panic!("{ours:?}") };
        assert_eq!((raw, value), (sensor.reading.raw, sensor.value(raw)), "{}", sensor.name());
        for (threshold, value) in &ours.thresholds {
            let raw = sensor.thresholds.unwrap().values.get(*threshold);
            assert_eq!(Some(*value), sensor.value(raw), "{}: {threshold}", sensor.name());
            compared += 1;
        }
    }
    assert!(compared > 36 * LINES * 20, "only {compared} values were compared");
    endpoint.shutdown().await;
}

fn kind(sensor: &TrueSensor) -> (u8, u8) {
    let full = sensor.full().unwrap();
    (full.factors.linearization.number(), full.sensor.units.analog_format as u8)
}

fn check_ipmitool(sensors: &[TrueSensor], said: &str) -> usize {
    let rows = sdr_full_csv(said);
    assert_eq!(rows.len(), sensors.len());
    let (mut compared, mut seen, mut without) = (0, BTreeSet::new(), 0);
    for (row, sensor) in rows.iter().zip(sensors) {
        let full = sensor.full().unwrap();
        assert_eq!(row.name, sensor.name());
        let raw = raw_figures(full, sensor.record_thresholds());
        let figures = row.normal.iter().chain(&row.thresholds).chain(&row.range);
        let all = figures.map(|figure| figure.unwrap()).zip(raw);
        for (figure, raw) in all.chain([(row.reading.unwrap(), sensor.reading.raw)]) {
            let value = sensor.value(raw);
            assert!(
                figure.is_rounded(value),
                "{}, {raw:#04x}: {figure:?}, {value:?}",
                sensor.name()
            );
            compared += 1;
            seen.insert(raw);
            without += usize::from(value.is_none());
        }
    }
    assert_eq!(seen.len(), 256, "every raw byte");
    assert!(without > 50, "functions without a value are covered: {without}");
    compared
}

fn check_freeipmi(sensors: &[TrueSensor], said: &str) -> usize {
    let said = ipmi_sensors_detailed(said);
    assert_eq!(said.len(), sensors.len());
    let mut compared = 0;
    for (said, sensor) in said.iter().zip(sensors) {
        let full = sensor.full().unwrap();
        assert_eq!(said.fields.expect("ID String"), sensor.name());
        let figure = |field| said.figure(field).unwrap_or_else(|| panic!("{field}: {said:?}")).0;
        let limits = [
            ("Sensor Reading", sensor.reading.raw),
            ("Sensor Min. Reading", full.sensor_min),
            ("Sensor Max. Reading", full.sensor_max),
            ("Normal Min.", full.normal_min),
            ("Normal Max.", full.normal_max),
            ("Nominal Reading", full.nominal_reading),
        ];
        let limits = limits.map(|(field, raw)| (figure(field), Some(raw)));
        let thresholds = said.thresholds().into_iter().zip(sensor.raw_thresholds());
        let all = limits.into_iter().map(|(figure, raw)| (Some(figure), raw)).chain(thresholds);
        for (figure, raw) in all {
            let (Some(figure), Some(raw)) = (figure, raw) else {
                assert_eq!((figure, raw), (None, None), "{}", sensor.name());
                continue;
            };
            let value = deviations::freeipmi(sensor, raw).unwrap();
            let same = Figure::is_rounded(&figure, value.filter(|value| value.is_finite()));
            assert!(same, "{}, {raw:#04x}: {figure:?}, {value:?}", sensor.name());
            compared += 1;
        }
    }
    compared
}
