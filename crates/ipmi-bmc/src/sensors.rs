//! Readings: what the platform measures, in the raw form that the SDRs promise.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::sensor::{
    GetSensorReading, GetSensorThresholds, SensorReading, SensorThresholds,
};
use ipmi_wire::sdr::{FullSensor, Record, ThresholdKind};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};
use crate::platform::Measurement;

pub(crate) fn register(table: &mut Table) {
    table.on(get_sensor_reading).on(get_sensor_thresholds);
}

fn find(bmc: &Bmc, number: u8) -> Outcome<&Record> {
    bmc.sdr
        .records()
        .iter()
        .find(|record| record.sensor_number() == Some(number))
        .ok_or(CompletionCode::NOT_PRESENT)
}

fn get_sensor_reading(
    bmc: &mut Bmc,
    context: &Context,
    request: GetSensorReading,
) -> Outcome<SensorReading> {
    find(bmc, request.number)?;
    let measured = bmc.platform.measure(context.now, request.number);
    let record = find(bmc, request.number)?;
    let reading = SensorReading {
        raw: 0,
        event_messages_enabled: true,
        scanning_enabled: true,
        unavailable: false,
        states: 0,
    };
    Ok(match (measured, record) {
        (Measurement::Value(value), Record::Full(full)) => {
            let raw = full.raw(value);
            SensorReading { raw, states: threshold_status(full, raw), ..reading }
        }
        (Measurement::States(states), record) => {
            let possible = record.sensor().map_or(0, |sensor| sensor.reportable_states());
            SensorReading { states: states & possible, ..reading }
        }
        (Measurement::Value(_) | Measurement::Unavailable, _) => {
            SensorReading { unavailable: true, ..reading }
        }
    })
}

/// The thresholds that a reading is at or beyond.
///
/// Source: IPMI v2.0 §35.14: lower thresholds compare "at or below", upper ones "at or above", on
/// converted values, so that signed formats compare as numbers.
fn threshold_status(full: &FullSensor, raw: u8) -> u16 {
    let Some(value) = full.value(raw) else { return 0 };
    let reported = full.sensor.readable_thresholds();
    let crossed = |kind: &ThresholdKind| {
        full.value(full.thresholds.get(*kind))
            .is_some_and(|limit| if kind.is_upper() { value >= limit } else { value <= limit })
    };
    reported.iter().filter(crossed).fold(0, |status, kind| status | 1 << kind.bit())
}

fn get_sensor_thresholds(
    bmc: &mut Bmc,
    _: &Context,
    request: GetSensorThresholds,
) -> Outcome<SensorThresholds> {
    match find(bmc, request.number)? {
        Record::Full(full) if full.sensor.is_threshold() => Ok(SensorThresholds {
            readable: full.sensor.readable_thresholds(),
            values: full.thresholds,
        }),
        // Discrete sensors have none.
        _ => Err(CompletionCode::ILLEGAL_FOR_RECORD),
    }
}
