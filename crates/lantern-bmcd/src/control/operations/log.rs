//! The event log: looked at, written into, cleared.

use std::time::Instant;

use ipmi_bmc::Bmc;
use ipmi_bmc::sensors::{SensorEvent, SensorView};
use ipmi_wire::sdr::{SensorKey, SensorType};
use ipmi_wire::sel::{SelRecord, Timestamp};
use ipmi_wire::{CompletionCode, Decode, Encode};

use super::machine::{done, need_mains};
use super::{sensors, value};
use crate::control::protocol::{Code, EventInject, Refusal, SelList};
use crate::control::reply::{Log, LogEntry, Outcome as Came};
use crate::control::router::Outcome;

pub(super) fn inject(now: Instant, bmc: &mut Bmc, args: &EventInject) -> Outcome {
    need_mains(bmc)?;
    let record = record(now, bmc, args)?;
    let id = bmc.log_event(now, record).map_err(|code| match code {
        CompletionCode::OUT_OF_SPACE => Refusal::new(Code::LogFull, "the event log is full"),
        code => Refusal::new(Code::Refused, code.text()),
    })?;
    let names = names(bmc);
    let logged = bmc.sel().records().filter(|record| record.id() == id);
    value(&Log { entries: logged.map(|record| entry(record, &names)).collect() })
}

pub(super) fn list(bmc: &Bmc, args: SelList) -> Outcome {
    let names = names(bmc);
    let records = bmc.sel().records();
    let skip = args.last.map_or(0, |last| records.len().saturating_sub(last));
    value(&Log { entries: records.skip(skip).map(|record| entry(record, &names)).collect() })
}

pub(super) fn clear(now: Instant, bmc: &mut Bmc) -> Outcome {
    need_mains(bmc)?;
    bmc.clear_log(now);
    done(bmc, "sel.clear", Came::Done)
}

fn record(now: Instant, bmc: &Bmc, args: &EventInject) -> Result<SelRecord, Refusal> {
    let bad = |says: &str| Refusal::new(Code::BadRequest, says);
    match args {
        EventInject { sensor: Some(sensor), offset: Some(offset), record: None, .. } => {
            let sensor = sensors::find(now, bmc, sensor)?;
            if *offset > 15 {
                return Err(bad("'offset' is a number from 0 to 15"));
            }
            let [second, third] = args.data.unwrap_or([0xff, 0xff]);
            // Bits 7:4 say that bytes 2 and 3 mean something: readings of a threshold event, a
            // sensor-specific extension of any other. §29.7.
            let means = match (args.data, sensor.event_type.is_threshold()) {
                (None, _) => 0,
                (Some(_), true) => 0x50,
                (Some(_), false) => 0xf0,
            };
            let event = SensorEvent {
                number: sensor.number,
                sensor_type: sensor.sensor_type,
                event_type: sensor.event_type,
                assertion: !args.deassert,
                data: [means | offset, second, third],
            };
            Ok(event.to_record(0))
        }
        EventInject {
            sensor: None,
            offset: None,
            deassert: false,
            data: None,
            record: Some(hex),
        } => {
            let bytes = bytes(hex).ok_or_else(|| bad("'record' has 32 hexadecimal digits"))?;
            SelRecord::decode_exact(&bytes)
                .map_err(|error| bad(&format!("'record' is no record: {error}")))
        }
        _ => Err(bad("either 'sensor' and 'offset', or 'record' alone")),
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .filter(|c| *c != ' ')
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len() == SelRecord::LEN.saturating_mul(2))?;
    Some(
        digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect(),
    )
}

/// A sensor, as events name theirs.
#[derive(Debug)]
pub(in crate::control) struct Named {
    number: u8,
    sensor_type: SensorType,
    name: String,
}

/// The names of all sensors.
pub(in crate::control) fn names(bmc: &Bmc) -> Vec<Named> {
    // Names do not depend on the time.
    let views = bmc.sensor_views(Instant::now()).into_iter();
    views
        .map(|SensorView { number, sensor_type, name, .. }| Named { number, sensor_type, name })
        .collect()
}

/// An event, to be shown.
pub(in crate::control) fn entry(record: &SelRecord, names: &[Named]) -> LogEntry {
    let time = match record.timestamp() {
        Some(Timestamp::Unix(seconds)) => jiff::Timestamp::from_second(seconds.into()).ok(),
        _ => None,
    };
    let (mut name, mut number, mut asserted) = (None, None, None);
    if let SelRecord::System { sensor_number, sensor_type, assertion, generator, .. } = record {
        (number, asserted) = (Some(*sensor_number), Some(*assertion));
        let is_its = |named: &&Named| {
            *generator == u16::from(SensorKey::BMC)
                && (named.number, named.sensor_type) == (*sensor_number, *sensor_type)
        };
        name = names.iter().find(is_its).map(|named| named.name.clone());
    }
    LogEntry {
        record_id: record.id(),
        time: time.map(|time| time.to_string()),
        sensor: name.filter(|name| !name.is_empty()),
        sensor_number: number,
        event: record.describe(),
        asserted,
        record: record.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
