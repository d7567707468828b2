//! Sensors: looked at, and made to say something.

use std::time::Instant;

use ipmi_bmc::Bmc;
use ipmi_bmc::platform::{Measurement, PlatformError};
use ipmi_bmc::sensors::{SensorView, Source};
use ipmi_wire::sdr::ThresholdMask;
use ipmi_wire::sel::state_texts;

use super::value;
use crate::control::protocol::{
    Code, OfSensor, Refusal, SensorName, SensorRelease, SensorSet, meant,
};
use crate::control::reply::{Kind, SensorInfo, Sensors, SourceName};
use crate::control::router::Outcome;

pub(super) fn list(now: Instant, bmc: &Bmc) -> Outcome {
    show(&bmc.sensor_views(now))
}

pub(super) fn get(now: Instant, bmc: &Bmc, args: &OfSensor) -> Outcome {
    show(&[find(now, bmc, &args.sensor)?])
}

pub(super) fn set(now: Instant, bmc: &mut Bmc, args: &SensorSet) -> Outcome {
    let sensor = find(now, bmc, &args.sensor)?;
    let says = measurement(&sensor, args)?;
    if sensor.source == Source::Controller {
        let why = format!("{} says what the controller itself knows", args.sensor);
        return Err(Refusal::new(Code::NotSettable, why));
    }
    if !sensor.scanning {
        let why = format!("{} is not scanned: see 'lantern sensor enable'", args.sensor);
        return Err(Refusal::new(Code::NotSettable, why));
    }
    bmc.override_sensor(now, sensor.number, Some(says)).map_err(refused)?;
    show(&[find(now, bmc, &SensorName::Number(sensor.number))?])
}

pub(super) fn release(now: Instant, bmc: &mut Bmc, args: &SensorRelease) -> Outcome {
    let released: Vec<u8> = match &args.sensor {
        Some(sensor) => vec![find(now, bmc, sensor)?.number],
        None => {
            let all = bmc.sensor_views(now);
            all.iter().filter(|view| view.overridden).map(|view| view.number).collect()
        }
    };
    for number in &released {
        bmc.override_sensor(now, *number, None).map_err(refused)?;
    }
    let mut views = bmc.sensor_views(now);
    views.retain(|view| released.contains(&view.number));
    show(&views)
}

fn measurement(sensor: &SensorView, args: &SensorSet) -> Result<Measurement, Refusal> {
    match (args.value, &args.states, args.unavailable) {
        (None, None, true) => Ok(Measurement::Unavailable),
        (Some(value), None, false) if sensor.is_threshold => Ok(Measurement::Value(value)),
        (Some(_), None, false) => {
            let why = format!("{} has states, not a value", args.sensor);
            Err(Refusal::new(Code::WrongKind, why))
        }
        (None, Some(_), false) if sensor.is_threshold => {
            let why = format!("{} has a value, not states", args.sensor);
            Err(Refusal::new(Code::WrongKind, why))
        }
        (None, Some(offsets), false) => {
            let mut states = 0u16;
            for offset in offsets {
                let state = 1u16.checked_shl((*offset).into()).unwrap_or(0);
                if state & sensor.reportable == 0 {
                    let has: Vec<_> = set_bits(sensor.reportable).map(|n| n.to_string()).collect();
                    let why = format!(
                        "{} has no state {offset}: it has {}",
                        args.sensor,
                        if has.is_empty() { "none".to_owned() } else { has.join(", ") }
                    );
                    return Err(Refusal::new(Code::BadRequest, why));
                }
                states |= state;
            }
            Ok(Measurement::States(states))
        }
        _ => {
            let why = "exactly one of 'value', 'states' and 'unavailable'";
            Err(Refusal::new(Code::BadRequest, why))
        }
    }
}

/// The sensor that is meant.
pub(super) fn find(now: Instant, bmc: &Bmc, sensor: &SensorName) -> Result<SensorView, Refusal> {
    let mut views = bmc.sensor_views(now);
    let no = |says: String| Err(Refusal::new(Code::NoSuchSensor, says));
    let name = match sensor {
        SensorName::Number(number) => {
            return match views.iter().position(|view| view.number == *number) {
                Some(at) => Ok(views.swap_remove(at)),
                None => no(format!("no sensor {sensor}")),
            };
        }
        SensorName::Name(name) => name.trim(),
    };
    // As it is written, if that is clear; else in capitals or not.
    let exact = |view: &SensorView| view.name.trim() == name;
    let loose = |view: &SensorView| view.name.trim().eq_ignore_ascii_case(name);
    let is: &dyn Fn(&SensorView) -> bool = if views.iter().any(exact) { &exact } else { &loose };
    let found: Vec<u8> = views.iter().filter(|view| is(view)).map(|view| view.number).collect();
    match found.as_slice() {
        [] => no(format!(
            "no sensor {sensor}{}",
            meant(name, views.iter().map(|view| view.name.as_str()))
        )),
        [number] => find(now, bmc, &SensorName::Number(*number)),
        several => {
            let numbers: Vec<_> = several.iter().map(|number| format!("{number:#04x}")).collect();
            no(format!("several sensors are called {sensor}: {}", numbers.join(", ")))
        }
    }
}

/// What people call it.
pub(super) fn called(view: &SensorView) -> String {
    match view.name.as_str() {
        "" => format!("{:#04x}", view.number),
        name => name.to_owned(),
    }
}

fn refused(error: PlatformError) -> Refusal {
    let code = match error {
        PlatformError::Unsupported => Code::Unsupported,
        PlatformError::WrongState | PlatformError::Failed => Code::Refused,
    };
    Refusal::new(code, error.to_string())
}

fn show(views: &[SensorView]) -> Outcome {
    value(&Sensors { sensors: views.iter().map(info).collect() })
}

fn info(view: &SensorView) -> SensorInfo {
    let (kind, state_texts) = if view.is_threshold {
        let exceeded = ThresholdMask(u8::try_from(view.states & 0x3f).unwrap_or_default());
        (Kind::Value, exceeded.iter().map(|kind| kind.name().to_owned()).collect())
    } else {
        let texts = state_texts(view.sensor_type, view.event_type, view.states);
        (Kind::States, texts.into_iter().map(str::to_owned).collect())
    };
    SensorInfo {
        number: view.number,
        name: view.name.clone(),
        sensor_type: view.sensor_type.name().to_owned(),
        kind,
        available: view.raw.is_some(),
        // What multiplication by a power of ten leaves behind is no part of it.
        value: view.value.map(|value| (value * 1e6).round() / 1e6),
        unit: view.is_threshold.then(|| view.unit.clone()),
        raw: view.raw.filter(|_| view.is_threshold),
        states: set_bits(view.states).collect(),
        state_texts,
        source: match view.source {
            Source::Platform => SourceName::Machine,
            Source::Controller => SourceName::Controller,
            Source::Written => SourceName::Written,
        },
        overridden: view.overridden,
    }
}

fn set_bits(bits: u16) -> impl Iterator<Item = u8> {
    (0..15u8).filter(move |offset| bits & (1 << offset) != 0)
}
