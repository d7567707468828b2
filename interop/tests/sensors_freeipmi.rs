//! FreeIPMI's figures of every sensor equal those that `ipmi_wire` computes from the same raw bytes,
//! to its last digit: over all functions, all forms of numbers, both personalities. Where FreeIPMI
//! computes otherwise, it does so as `common/deviations.rs` says, and nowhere else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::truth::{COLUMNS, TrueSensor};
use common::{Bmc, deviations, truth};
use ipmi_wire::sdr::{Linearization, Record};
use lantern_testkit::peers::freeipmi::parse::{Detailed, ipmi_sensors, ipmi_sensors_detailed};
use lantern_testkit::peers::{Figure, FreeIpmi};

/// Each BMC with sensors that stand still, FreeIPMI at it, and the truth.
async fn each(check: impl AsyncFn(&FreeIpmi, &[TrueSensor])) {
    for bmc in [Bmc::specimens(), Bmc::frozen()] {
        let Some(tool) = bmc.freeipmi(17) else { return };
        let (endpoint, client) = common::client_at(bmc.addr);
        let sensors = truth::sensors(&client).await;
        assert!(sensors.len() >= 38, "{}", sensors.len());
        check(&tool, &sensors).await;
        endpoint.shutdown().await;
    }
}

#[tokio::test]
async fn ipmi_sensors_with_thresholds() {
    each(async |tool, sensors| {
        let options = "--quiet-cache --output-sensor-thresholds --output-event-bitmask \
                       --comma-separated-output";
        let out = tool.run("ipmi-sensors", options);
        let lines = ipmi_sensors(out.expect_success());
        assert_eq!(lines.len(), sensors.len());
        for (line, sensor) in lines.iter().zip(sensors) {
            assert_eq!((line.id, &line.name), (sensor.record.record_id(), &sensor.plain_name()));
            let states = sensor.reading.states & 0x7fff;
            assert_eq!(line.event, format!("{states:04x}h"), "{line:?}");
            if sensor.thresholds.is_none() {
                assert_eq!((line.reading, line.thresholds.unwrap()), (None, [None; 6]), "{line:?}");
                continue;
            }
            assert!(line.unit.is_some(), "{line:?}");
            // It rounds by cutting off, so that the last digit of negative values is one too low
            // (`_round_double2`, ipmi-sensors-simple-output.c:71). Thresholds are left to `printf`.
            let reading = Some(sensor.reading.raw);
            check(sensor, "reading", line.reading, reading, Figure::is_within_last_digit);
            check_thresholds(sensor, line.thresholds.unwrap());
        }
    })
    .await;
}

#[tokio::test]
async fn ipmi_sensors_at_length() {
    each(async |tool, sensors| {
        let options = "--quiet-cache --output-sensor-thresholds -vv";
        let out = tool.run("ipmi-sensors", options);
        let records = ipmi_sensors_detailed(out.expect_success());
        for sensor in sensors {
            let said = records.iter().find(|said| said.id == sensor.record.record_id()).unwrap();
            assert_eq!(said.fields.expect("ID String"), sensor.plain_name());
            assert_eq!(said.fields.expect("Sensor Number"), sensor.number.to_string());
            let (_, event_type) = sensor.record.sensor_types().unwrap();
            let event_type = format!("{:X}h", event_type.0);
            assert_eq!(said.fields.expect("Event/Reading Type Code"), event_type);
            let entity = sensor.record.entity().unwrap();
            let id = format!("({})", entity.id);
            assert!(said.fields.expect("Entity ID").ends_with(&id), "{}", said.fields);
            assert_eq!(said.fields.expect("Entity Instance"), entity.instance.to_string());
            if sensor.thresholds.is_some() {
                check_figures(sensor, said);
            }
        }
        // It has something to say of every record, at this length.
        assert_eq!(records.len(), if sensors.len() > 50 { 72 } else { 42 });
    })
    .await;
}

/// All that it says of a threshold sensor: six digits of everything.
fn check_figures(sensor: &TrueSensor, said: &Detailed) {
    let name = sensor.name();
    let full = sensor.full().unwrap();
    let figure = |field| said.figure(field).map(|(figure, _)| figure);
    check_thresholds(sensor, said.thresholds());
    let analog = full.analog;
    for (field, raw) in [
        ("Sensor Reading", Some(sensor.reading.raw)),
        ("Sensor Min. Reading", Some(full.sensor_min)),
        ("Sensor Max. Reading", Some(full.sensor_max)),
        ("Normal Min.", analog.normal_min.then_some(full.normal_min)),
        ("Normal Max.", analog.normal_max.then_some(full.normal_max)),
        ("Nominal Reading", analog.nominal_reading.then_some(full.nominal_reading)),
    ] {
        check(sensor, field, figure(field), raw, Figure::is_rounded);
    }
    let accuracy = said.fields.expect("Accuracy").trim_end_matches('%');
    let accuracy = Figure::parse(accuracy).unwrap();
    assert!(accuracy.is_rounded(Some(full.factors.accuracy_percent())), "{name}: {accuracy:?}");
    let line = |field| said.fields.expect(field).to_owned();
    if let Linearization::NonLinear(_) = full.factors.linearization {
        return;
    }
    assert_eq!(line("M"), full.factors.m.to_string(), "{name}");
    assert_eq!(line("B"), full.factors.b.to_string(), "{name}");
    assert_eq!(line("R Exponent"), full.factors.r_exp.to_string(), "{name}");
    assert_eq!(line("B Exponent"), full.factors.b_exp.to_string(), "{name}");
    let tolerance = deviations::freeipmi_tolerance(sensor);
    assert!(
        figure("Tolerance").unwrap().is_rounded(Some(tolerance).filter(|t| t.is_finite())),
        "{name}: {:?}, not {tolerance}",
        figure("Tolerance")
    );
    // `abs` is that of integers (ipmi-sensor-util.c:545).
    let resolution =
        (f64::from(full.factors.m) * 10f64.powi(full.factors.r_exp.into())).abs().trunc();
    assert!(figure("Resolution").unwrap().is_rounded(Some(resolution)), "{name}");
    // A hysteresis is converted as if it were a reading (ipmi-sensors-detailed-output.c:926).
    let counts = sensor.hysteresis.unwrap();
    for (field, counts) in
        [("Positive Hysteresis", counts.positive), ("Negative Hysteresis", counts.negative)]
    {
        let counts = (counts != 0).then_some(counts);
        check(sensor, field, figure(field), counts, Figure::is_rounded);
    }
}

fn check_thresholds(sensor: &TrueSensor, said: [Option<Figure>; 6]) {
    for ((figure, raw), kind) in said.into_iter().zip(sensor.raw_thresholds()).zip(COLUMNS) {
        check(sensor, kind.name(), figure, raw, Figure::is_rounded);
    }
}

/// Whether FreeIPMI makes of a raw figure what it is known to make of it.
fn check(
    sensor: &TrueSensor,
    what: &str,
    said: Option<Figure>,
    raw: Option<u8>,
    agrees: impl Fn(&Figure, Option<f64>) -> bool,
) {
    let expected = raw.and_then(|raw| deviations::freeipmi(sensor, raw).ok());
    let same = match (said, expected) {
        (Some(figure), Some(value)) => agrees(&figure, value),
        (None, None) => true,
        _ => false,
    };
    assert!(same, "{}: {what}: {said:?}, not {expected:?}", sensor.name());
}

/// The sensors of shared records, whose names FreeIPMI completes in a way of its own.
#[tokio::test]
async fn shared_records_one_by_one() {
    let bmc = Bmc::specimens();
    let Some(tool) = bmc.freeipmi(17) else { return };
    let (endpoint, client) = common::client_at(bmc.addr);
    let out = tool.run("ipmi-sensors", "--quiet-cache --shared-sensors --comma-separated-output");
    let lines = ipmi_sensors(out.expect_success());
    for record in truth::records(&client).await {
        let Record::Compact(compact) = &record else { continue };
        let lines: Vec<_> = lines.iter().filter(|line| line.id == compact.record_id).collect();
        let ours = record.sensors();
        assert_eq!(lines.len(), ours.len(), "{lines:?}");
        if ours.len() == 1 {
            continue;
        }
        let name = record.name().unwrap().text();
        for (nth, (line, ours)) in lines.iter().zip(&ours).enumerate() {
            // A blank of its own before the ending; and where that is a letter, it counts from the
            // modifier's type instead of its offset, which is A for all
            // (ipmi-sdr-parse-util.c:116 to :128).
            let ending = ours.name.strip_prefix(&name).unwrap();
            let is_number = ending.parse::<u8>().is_ok();
            let theirs = if is_number { ending.to_owned() } else { "A".to_owned() };
            assert_eq!(line.name, format!("{name} {theirs}"), "{nth}");
        }
    }
    endpoint.shutdown().await;
}
