//! `event`.

use ipmi_client::sdr::SdrSet;
use ipmi_client::sensors::SensorInfo;
use ipmi_wire::cmd::sensor::PlatformEvent;
use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::{SelRecord, event_text};

use super::{Context, Outcome, file, sel, sensor};
use crate::cli::{Event, EventSend};
use crate::error::{Error, Exit};
use crate::view::event::{Events, Sent, SentEvent, short_name};

pub(super) async fn run(command: &Event, context: &Context<'_>) -> Outcome {
    Ok(match command {
        Event::List { sensors } => {
            let set = context.sdrs().await?;
            let mut found = Vec::new();
            for name in sensors {
                found.extend(sensor::find(&set, name)?);
            }
            if sensors.is_empty() {
                found = set.sensors();
            }
            Box::new(Events::new(&found))
        }
        Event::Send(send) => {
            let mut sent = Vec::new();
            for event in events(send, context).await? {
                match context.bmc.send_event(&event).await {
                    Ok(done) => sent.push(SentEvent::new(&event, &done)),
                    Err(error) => {
                        if !sent.is_empty() {
                            let done = sent.len();
                            context.voice.warning(&format!("{done} events were sent before"));
                        }
                        return Err(error.into());
                    }
                }
            }
            Box::new(Sent::new(sent))
        }
    })
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &Event) -> Result<(), Error> {
    match command {
        Event::Send(EventSend { file: Some(path), .. }) if !file::is_standard(path) => {
            sel::events_of(path, &file::read(path)?).map(drop)
        }
        _ => Ok(()),
    }
}

async fn events(send: &EventSend, context: &Context<'_>) -> Result<Vec<PlatformEvent>, Error> {
    if let Some(path) = &send.file {
        let records = sel::events_of(path, &file::read(path)?)?;
        return Ok(records.iter().filter_map(of_record).collect());
    }
    if let Some(number) = send.sample {
        return Ok(vec![PlatformEvent { assertion: !send.deassert, ..sample(number) }]);
    }
    if let Some(sensor_type) = send.sensor_type {
        let mut data = [0xff; 3];
        data.iter_mut().zip(&send.data).for_each(|(place, byte)| *place = *byte);
        return Ok(vec![PlatformEvent {
            generator: None,
            evm_rev: SelRecord::EVM_REV,
            sensor_type,
            sensor_number: send.number,
            assertion: !send.deassert,
            event_type: send.event_type,
            data,
        }]);
    }
    let (Some(name), Some(state)) = (&send.sensor, &send.state) else {
        return Err(Error::usage("a sensor and its state are missing"));
    };
    let set = context.sdrs().await?;
    Ok(vec![of_sensor(&only(&set, name)?, state, send)?])
}

fn only(set: &SdrSet, name: &str) -> Result<SensorInfo, Error> {
    let mut found = sensor::find(set, name)?;
    match (found.pop(), found.len()) {
        (Some(one), 0) => Ok(one),
        _ => Err(Error::told(Exit::Failed, format!("several sensors are called '{name}'"))
            .next("name it by its number: 'sensor list' shows them")),
    }
}

fn of_sensor(info: &SensorInfo, state: &str, send: &EventSend) -> Result<PlatformEvent, Error> {
    let offset = offset(info, state).ok_or_else(|| {
        Error::told(Exit::Failed, format!("'{}' has no state '{state}'", info.name))
            .next("'lantern event list NAME' shows which there are")
    })?;
    let mut data = [0xff; 3];
    let first = std::iter::once(&offset).chain(&send.detail);
    data.iter_mut().zip(first).for_each(|(place, byte)| *place = *byte);
    Ok(PlatformEvent {
        generator: None,
        evm_rev: SelRecord::EVM_REV,
        sensor_type: info.sensor_type,
        sensor_number: info.key.number,
        assertion: !send.deassert,
        event_type: info.event_type,
        data,
    })
}

/// The number of a state: itself, a threshold's name, or its text or the only one that has that in
/// it.
fn offset(info: &SensorInfo, state: &str) -> Option<u8> {
    if let Ok(number) = state.parse::<u8>() {
        return (number < 15).then_some(number);
    }
    let wanted = state.to_lowercase();
    let texts = || {
        (0..15u8).filter_map(|offset| {
            Some((offset, event_text(info.sensor_type, info.event_type, offset)?.to_lowercase()))
        })
    };
    if info.event_type.is_threshold() {
        // Crossed outwards: lower thresholds going low, upper ones going high.
        let outwards = if wanted.starts_with('l') { "-" } else { "+" };
        let name =
            if wanted.ends_with(['+', '-']) { wanted.clone() } else { wanted.clone() + outwards };
        let found = (0..12u8).find(|offset| short_name(*offset).is_some_and(|short| short == name));
        if found.is_some() {
            return found;
        }
    }
    if let Some((offset, _)) = texts().find(|(_, text)| *text == wanted) {
        return Some(offset);
    }
    let mut partly = texts().filter(|(_, text)| text.contains(&wanted));
    match (partly.next(), partly.next()) {
        (Some((offset, _)), None) => Some(offset),
        _ => None,
    }
}

fn of_record(record: &SelRecord) -> Option<PlatformEvent> {
    let SelRecord::System {
        evm_rev, sensor_type, sensor_number, assertion, event_type, data, ..
    } = *record
    else {
        return None;
    };
    let generator = None;
    Some(PlatformEvent {
        generator,
        evm_rev,
        sensor_type,
        sensor_number,
        assertion,
        event_type,
        data,
    })
}

/// The three that ipmitool has: temperature beyond its upper critical threshold, voltage below its
/// lower critical one, a memory error that could be corrected.
fn sample(number: u8) -> PlatformEvent {
    let (sensor_type, sensor_number, event_type, state) = match number {
        1 => (SensorType::TEMPERATURE, 0x30, EventReadingType::THRESHOLD, 0x09),
        2 => (SensorType::VOLTAGE, 0x60, EventReadingType::THRESHOLD, 0x02),
        _ => (SensorType::MEMORY, 0x53, EventReadingType::SENSOR_SPECIFIC, 0x00),
    };
    PlatformEvent {
        generator: None,
        evm_rev: SelRecord::EVM_REV,
        sensor_type,
        sensor_number,
        assertion: true,
        event_type,
        data: [state, 0xff, 0xff],
    }
}
