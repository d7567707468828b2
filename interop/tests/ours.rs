//! Our client reads what ipmitool reads: of OpenIPMI's `ipmi_sim`, which neither of us wrote, and of
//! our own BMC, compared field by field with what the real tool printed in the same test.
//!
//! Our figures come through all of the client: walk, pieces, records, factors, states. What ipmitool
//! computes otherwise is in `common/deviations.rs`; none of that is left out here but the thresholds
//! of non-linear sensors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use common::pair::Pair;
use common::truth::COLUMNS;
use ipmi_client::sensors::{Reading, Sensor, SensorState};
use ipmi_wire::sdr::Record;
use lantern_testkit::peers::ipmitool::parse::{
    SensorRow, VerboseRecord, VerboseSensor, sdr_verbose, sensor_list,
};
use lantern_testkit::peers::{Figure, IpmiSim, Machine};

#[tokio::test]
async fn every_sensor_of_ipmi_sim() {
    let Some(sim) = IpmiSim::start_with(Machine::rich()) else { return };
    let Some(pair) = Pair::at_sim(&sim) else { return };
    let compared = check_sensors(&pair).await;
    assert_eq!(compared, sim.machine().sensors.len() + sim.machine().states.len());
    // And what the simulator was told is what both read.
    let ours = pair.client.sensors(false).await.unwrap();
    for simulated in &sim.machine().sensors {
        let ours = ours.iter().find(|sensor| sensor.name() == simulated.name).unwrap();
        let Reading::Analog { value: Some(value), .. } = ours.reading else { panic!("{ours:?}") };
        let exact = simulated.value();
        assert!((value - exact).abs() <= 1e-9 * exact.abs().max(1.0), "{}: {value}", ours.name());
    }
    pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn every_sensor_of_our_bmc() {
    let specimens = Bmc::specimens();
    let Some(pair) = Pair::at(&specimens) else { return };
    // All but the five that share a record with another, and the three with names in encodings that
    // ipmitool does not know.
    assert_eq!(check_sensors(&pair).await, 61 - 5 - 3);
    pair.endpoint.shutdown().await;

    let frozen = Bmc::frozen();
    let Some(pair) = Pair::at(&frozen) else { return };
    assert_eq!(check_sensors(&pair).await, 38);
    pair.endpoint.shutdown().await;
}

/// Compares every sensor that both name alike; how many those are.
async fn check_sensors(pair: &Pair) -> usize {
    let started = std::time::Instant::now();
    let ours = loop {
        let ours = pair.client.sensors(true).await.unwrap();
        // It takes a moment until each sensor has been read for the first time.
        let is_silent = |sensor: &Sensor| matches!(sensor.state, SensorState::Unreadable(_));
        if !ours.iter().any(is_silent) {
            break ours;
        }
        assert!(started.elapsed().as_secs() < 10, "{ours:?}");
    };
    let out = pair.ipmitool.run("sensor list");
    let listed = sensor_list(out.expect_success());
    let out = pair.ipmitool.run("sdr elist all -v");
    let mut compared = 0;
    let said = sdr_verbose(out.expect_success()).into_iter().filter_map(|said| match said {
        VerboseRecord::Sensor(said) => Some(*said),
        _ => None,
    });
    for (said, row) in said.zip(&listed) {
        let ours = ours.iter().find(|sensor| sensor.info.key.number == said.number).unwrap();
        // Of sensors that share a record it knows the first, without its ending.
        if ours.name() != said.name {
            assert!(ours.name().starts_with(said.name.trim_end()) || !is_plain(ours), "{said:?}");
            if !is_plain(ours) || is_shared(ours) {
                compared += usize::from(is_shared(ours));
                check_identity(ours, &said);
                continue;
            }
        }
        check_identity(ours, &said);
        match &ours.reading {
            Reading::Analog { .. } => check_analogue(pair, ours, &said, row).await,
            Reading::Discrete { states, texts, .. } => {
                // The low byte first; the top bit is reserved, and what it is differs.
                let status = row.status.strip_prefix("0x").unwrap();
                let status = u16::from_str_radix(status, 16).unwrap().swap_bytes();
                assert_eq!(status & 0x7fff, *states, "{}", ours.name());
                let known = if ours.info.event_type.is_oem() { 0 } else { texts.len() };
                assert_eq!(said.states("States Asserted").len(), known, "{}", ours.name());
            }
            silent => panic!("{}: {silent:?}", ours.name()),
        }
        compared += 1;
    }
    compared
}

/// Whether its name is 8-bit text, the one encoding that ipmitool knows.
fn is_plain(sensor: &Sensor) -> bool {
    let name = sensor.info.record.name().unwrap();
    name.as_bytes() == name.text().as_bytes() && !name.is_empty()
}

fn is_shared(sensor: &Sensor) -> bool {
    matches!(&sensor.info.record, Record::Compact(compact) if compact.count() > 1)
}

fn check_identity(ours: &Sensor, said: &VerboseSensor) {
    assert_eq!(ours.info.key.number, said.number);
    assert_eq!((ours.info.entity.id, ours.info.entity.instance), said.entity, "{}", said.name);
    assert_eq!(ours.info.event_type.is_threshold(), said.is_threshold, "{}", said.name);
}

async fn check_analogue(pair: &Pair, ours: &Sensor, said: &VerboseSensor, row: &SensorRow) {
    let name = ours.name();
    let full = ours.info.full().unwrap();
    let Reading::Analog { value, .. } = ours.reading else { panic!("{ours:?}") };
    assert!(said.reading.unwrap().is_rounded(value), "{name}: {value:?}, {said:?}");
    assert_eq!(full.sensor.units.to_string(), said.unit, "{name}");
    assert_eq!(row.unit, said.unit, "{name}");
    let state = match ours.state {
        SensorState::Nominal => "ok",
        SensorState::Warning => "nc",
        SensorState::Critical => "cr",
        SensorState::NonRecoverable => "nr",
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!((state, state), (said.fields.expect("Status"), row.status.as_str()), "{name}");
    let bends = full.factors.linearization.needs_reading_factors();
    for (kind, figure) in COLUMNS.into_iter().zip(row.thresholds) {
        let our = ours.thresholds.iter().find(|(of, _)| *of == kind).map(|(_, value)| *value);
        let same = match (figure, our) {
            (Some(figure), value) => bends || figure.is_rounded(value),
            (None, value) => value.is_none(),
        };
        assert!(same, "{name}: {kind}: {our:?}, {figure:?}");
    }
    // Hysteresis: ours is asked of the BMC, ipmitool's is the record's; what it prints of it means
    // something for linear sensors only.
    let sensor = Sensor {
        type_name: "Voltage",
        oem: None,
        info: ours.info.clone(),
        reading: Reading::Analog { raw: 0, value: None, crossed: Default::default() },
        state: ours.state,
        thresholds: Vec::new(),
        disputed: Default::default(),
    };
    let details = pair.client.sensor_details(sensor).await.unwrap();
    let Some(counts) = details.hysteresis else { return };
    for (counts, field) in
        [(counts.positive, "Positive Hysteresis"), (counts.negative, "Negative Hysteresis")]
    {
        let (Some(our), Some(Some(figure))) = (full.hysteresis(counts), said.figure(field)) else {
            continue;
        };
        let figure = Figure { value: figure.value.abs(), ..figure };
        assert!(figure.is_rounded(Some(our)), "{name}: {field}: {our}, {figure:?}");
    }
}
