//! `event`: events that the console sends, to see whether alarms get to where they should. What is sent is
//! shown as the log would show it, and so this is among the rooms of `sel`.

use std::fs;

use ipmi_wire::cmd::app::GetChannelInfo;
use ipmi_wire::cmd::sensor::{GetSensorHysteresis, GetSensorThresholds, PlatformEvent};
use ipmi_wire::sdr::{EventReadingType, Record, SensorCommon, SensorType};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Channel, Request};

use super::entry::{Entry, LEN};
use super::line::Events;
use super::meanings::{ANY, meanings};
use super::sensors::Sensors;
use crate::ipmitool::number::number;
use crate::ipmitool::text;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};
use crate::ipmitool::word;

const EVM_REV: u8 = SelRecord::EVM_REV;

/// Bytes of an event.
const EVENT: usize = 7;

pub(in crate::ipmitool) async fn run(tool: &Tool, words: &[String]) -> Ended {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["help", ..] | ["file"] => {
            help(tool);
            Ok(())
        }
        ["file", path, ..] => of_file(tool, path).await,
        ["1", ..] => {
            let text = "Temperature - Upper Critical - Going High";
            sample(tool, text, [EVM_REV, 0x01, 0x30, 0x01, 0x09, 0xff, 0xff]).await
        }
        ["2", ..] => {
            let text = "Voltage Threshold - Lower Critical - Going Low";
            sample(tool, text, [EVM_REV, 0x02, 0x60, 0x01, 0x02, 0xff, 0xff]).await
        }
        ["3", ..] => {
            let text = "Memory - Correctable ECC";
            sample(tool, text, [EVM_REV, 0x0c, 0x53, 0x6f, 0x00, 0xff, 0xff]).await
        }
        [sensor, rest @ ..] => of_sensor(tool, sensor, rest).await,
    }
}

fn help(tool: &Tool) {
    tool.notice("usage: event <num>");
    tool.notice("   1 : Temperature, 2 : Voltage Threshold, 3 : Memory");
    tool.notice("usage: event file <filename>");
    tool.notice("usage: event <sensorid> <state|list> [assert|deassert]");
}

async fn sample(tool: &Tool, text: &str, bytes: [u8; EVENT]) -> Ended {
    tool.print(&format!("Sending SAMPLE event: {text}\n"));
    Sender::default().send(tool, bytes).await
}

/// What is known after the first event.
#[derive(Default)]
struct Sender<'a> {
    known: Option<(Events<'a>, Sensors)>,
}

impl<'a> Sender<'a> {
    async fn send(&mut self, tool: &'a Tool, bytes: [u8; EVENT]) -> Ended {
        // On the system interface events look different, so the original asks where it is. What does not
        // tell, gets none.
        if let Err(refusal) = tool.send(&GetChannelInfo { channel: Channel::PRESENT }).await {
            if let Refusal::Code(code) = refusal {
                let why = text::completion(code);
                tool.error(&format!("Get Channel Info command failed: {why}"));
            }
            tool.error("Failed to send the platform event via an unknown channel");
            return Err(Failed);
        }
        if self.known.is_none() {
            self.known = Some((Events::new(tool).await, Sensors::read(tool).await));
        }
        if let Some((events, sensors)) = &self.known {
            show(tool, events, sensors, bytes);
        }
        let [evm_rev, sensor_type, sensor_number, kind, data @ ..] = bytes;
        let event = PlatformEvent {
            generator: None,
            evm_rev,
            sensor_type: SensorType(sensor_type),
            sensor_number,
            assertion: kind & 0x80 == 0,
            event_type: EventReadingType(kind & 0x7f),
            data,
        };
        tool.send(&event).await.map_err(|refusal| {
            let what = "Platform Event Message command failed";
            match refusal {
                Refusal::Code(code) => tool.error(&format!("{what}: {}", text::completion(code))),
                _ => tool.error(what),
            }
            Failed
        })
    }
}

/// The event as a record that is not in the log yet.
fn show(tool: &Tool, events: &Events<'_>, sensors: &Sensors, event: [u8; EVENT]) {
    /// The generator: system management software. IPMI v2.0 §5.5.
    const SOFTWARE: [u8; 2] = [0x41, 0x00];
    let mut bytes = [0; LEN];
    let fields = [0; EVENT].into_iter().chain(SOFTWARE).chain(event);
    bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
    let entry = Entry::of(bytes);
    let text = match (tool.verbose.get(), sensors.find(&entry)) {
        (0, _) => events.line(&entry, Some(sensors)),
        (_, Some(record)) => events.block_with(&entry, &record.record),
        (_, None) => events.block(&entry),
    };
    tool.print_bytes(&text);
}

async fn of_file(tool: &Tool, path: &str) -> Ended {
    let Ok(content) = fs::read(word::path(path)) else {
        tool.error(&format!("File {path} does not exist"));
        return Err(Failed);
    };
    let (mut sender, mut ended) = (Sender::default(), Ok(()));
    for line in String::from_utf8_lossy(&content).lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let mut bytes = Vec::with_capacity(EVENT);
        for word in line.split(' ').filter(|word| !word.is_empty()).take(EVENT) {
            let Some(byte) = number::<u8>(word) else {
                tool.error(&format!("Invalid token in file: [{word}]"));
                ended = Err(Failed);
                break;
            };
            bytes.push(byte);
        }
        let Ok(event) = <[u8; EVENT]>::try_from(bytes) else {
            tool.error(&format!("Invalid Event: {line}"));
            continue;
        };
        ended = sender.send(tool, event).await;
        if ended.is_err() {
            break;
        }
    }
    ended
}

/// The record with this name, of whatever it is.
fn find<'a>(sensors: &'a Sensors, name: &str) -> Option<&'a Record> {
    let records = sensors.records().iter().map(|entry| &entry.record);
    records.into_iter().find(|record| {
        let id = match record {
            Record::Full(full) => &full.id,
            Record::Compact(compact) => &compact.id,
            Record::EventOnly(only) => &only.id,
            Record::GenericDeviceLocator(device) => &device.id,
            Record::FruDeviceLocator(fru) => &fru.id,
            Record::McDeviceLocator(controller) => &controller.id,
            _ => return false,
        };
        let id = id.as_bytes().split(|byte| *byte == 0).next().unwrap_or_default();
        *id == *word::bytes(name)
    })
}

async fn of_sensor(tool: &Tool, name: &str, words: &[&str]) -> Ended {
    let deassertion = match words.get(1).copied() {
        None | Some("assert") => 0,
        Some("deassert") => 0x80,
        Some(other) => {
            tool.error(&format!(
                "Invalid event direction {other}.  Must be 'assert' or 'deassert'"
            ));
            return Err(Failed);
        }
    };
    tool.print(&format!("Finding sensor {name}... "));
    let sensors = Sensors::read(tool).await;
    let Some(record) = find(&sensors, name) else {
        tool.print("not found!\n");
        return Err(Failed);
    };
    tool.print("ok\n");
    let sensor = match record {
        Record::Full(full) => full.sensor,
        Record::Compact(compact) => compact.sensor,
        _ => {
            tool.error(&format!("Unknown sensor type for id '{name}'"));
            return Err(Failed);
        }
    };
    let events = Events::new(tool).await;
    let (sensor_type, event_type) = (sensor.sensor_type, sensor.event_type);
    let state = words.first().copied();
    let data = match event_type.0 {
        0x01 => threshold_data(tool, &sensor, state, deassertion != 0).await?,
        0x02..=0x0c | 0x6f => {
            let Some(state) = state.filter(|state| !state.eq_ignore_ascii_case("list")) else {
                list(tool, &events, sensor_type, event_type);
                return Ok(());
            };
            [offset(tool, &events, sensor_type, event_type, state)?, 0xff, 0xff]
        }
        _ => return Err(Failed),
    };
    let [first, second, third] = data;
    let kind = deassertion | (event_type.0 & 0x7f);
    let event = [EVM_REV, sensor_type.0, sensor.key.number, kind, first, second, third];
    let known = Some((events, sensors));
    Sender { known }.send(tool, event).await
}

/// Names of the states that two-state sensors have, for those that come and those that go.
const SHORTCUTS: [(&str, &str); 7] = [
    ("present", "absent"),
    ("assert", "deassert"),
    ("limit", "nolimit"),
    ("fail", "nofail"),
    ("yes", "no"),
    ("on", "off"),
    ("up", "down"),
];

/// Whether a sensor has two states, and those names.
const fn is_digital(event_type: EventReadingType) -> bool {
    matches!(event_type.0, 3..=6 | 8 | 9)
}

fn list(tool: &Tool, events: &Events<'_>, sensor_type: SensorType, event_type: EventReadingType) {
    let known = meanings(sensor_type.0, event_type.0, events.maker.number());
    let states: Vec<_> = known
        .iter()
        .filter(|(state, with, _)| *with == ANY && *state < 15)
        .map(|(.., text)| *text)
        .collect();
    tool.print(&format!("Sensor States: \n  {}\n", states.join("\n  ")));
    if is_digital(event_type) {
        tool.print("Sensor State Shortcuts:\n");
        for (on, off) in SHORTCUTS {
            tool.print(&format!("  {on:<9}  {off:<9}\n"));
        }
    }
}

fn offset(
    tool: &Tool,
    events: &Events<'_>,
    sensor_type: SensorType,
    event_type: EventReadingType,
    state: &str,
) -> Result<u8, Failed> {
    let is = |name: &str| name.eq_ignore_ascii_case(state);
    if is_digital(event_type)
        && let Some((on, _)) = SHORTCUTS.into_iter().find(|(on, off)| is(on) || is(off))
    {
        return Ok(is(on).into());
    }
    // The original knows no states of these, and takes the first.
    if sensor_type.0 == 0 {
        return Ok(0);
    }
    let known = meanings(sensor_type.0, event_type.0, events.maker.number());
    known.iter().find(|(.., text)| is(text)).map(|(state, ..)| *state).ok_or_else(|| {
        tool.error(&format!("Unable to find matching event offset for '{state}'"));
        Failed
    })
}

/// Event data of a threshold that is crossed: which and how, a reading beyond it, and the threshold.
async fn threshold_data(
    tool: &Tool,
    sensor: &SensorCommon,
    state: Option<&str>,
    is_deasserted: bool,
) -> Result<[u8; 3], Failed> {
    /// In the order of the events.
    const THRESHOLDS: [&str; 6] = ["lnc", "lcr", "lnr", "unc", "ucr", "unr"];
    let Some(state) = state.filter(|state| *state != "list") else {
        tool.print(
            "Sensor States:\n  lnr : Lower Non-Recoverable \n  lcr : Lower Critical\n  \
             lnc : Lower Non-Critical\n  unc : Upper Non-Critical\n  ucr : Upper Critical\n  \
             unr : Upper Non-Recoverable\n",
        );
        return Err(Failed);
    };
    let Some((place, _)) = (0u8..).zip(THRESHOLDS).find(|(_, name)| *name == state) else {
        tool.error(&format!("Invalid threshold identifier {state}"));
        return Err(Failed);
    };
    // Upwards over an upper one, or back over a lower one.
    let is_upwards = state.starts_with('u') != is_deasserted;
    let (number, lun) = (sensor.key.number, sensor.key.lun());
    let at_lun = |request: Request| Request { lun, ..request };
    let answer = tool.send_raw(at_lun(Request::of(&GetSensorThresholds { number }))).await;
    let threshold = match answer {
        Some(answer) if answer.completion.is_ok() => {
            // Behind the byte that says which there are; the others are 0.
            let index = usize::from(place).saturating_add(1);
            answer.data.get(index).copied().unwrap_or(0)
        }
        Some(answer) => {
            let why = text::completion(answer.completion);
            tool.error(&format!("Command Get Sensor Thresholds failed: {why}"));
            return Err(Failed);
        }
        None => {
            tool.error("Command Get Sensor Thresholds failed: invalid response.");
            return Err(Failed);
        }
    };
    let answer = tool.send_raw(at_lun(Request::of(&GetSensorHysteresis { number }))).await;
    let hysteresis = match answer.filter(|answer| answer.completion.is_ok()) {
        Some(answer) => answer.data.get(usize::from(!is_upwards)).copied().unwrap_or(0),
        None => 0,
    };
    let beyond = hysteresis.max(1);
    let reading = match is_upwards {
        true => threshold.saturating_add(beyond),
        false => threshold.saturating_sub(beyond),
    };
    Ok([0x50 | (place << 1) | u8::from(is_upwards), reading, threshold])
}
