//! Asking sensors, each at its owner.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use ipmi_client::Bmc;
use ipmi_wire::bridge::{Hop, Route};
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::cmd::sensor::{
    GetSensorEventEnable, GetSensorEventStatus, GetSensorReading, GetSensorReadingFactors,
    GetSensorThresholds, SensorReading, SensorThresholds, SetSensorThresholds,
};
use ipmi_wire::lan::BMC_ADDRESS;
use ipmi_wire::sdr::{AnalogFormat, Factors, FullSensor, Record, SensorCommon, SensorKey};
use ipmi_wire::{Channel, Command, Decode, Reader, Request, Response};
use tokio::time::Instant;

use super::names;
use super::records::Entry;
use super::value::{brief, value};
use crate::ipmitool::tool::{Refusal, Tool};

/// Whose analogue readings of discrete sensors are meant as such: Hewlett-Packard's.
const HP: u32 = 11;
/// How long the answer of a controller behind the BMC is waited for; the original waits ten seconds for
/// each sensor of one that is not there.
const PATIENCE: Duration = Duration::from_secs(2);

/// How it is to be shown, and what was learned of the BMC on the way.
pub(in crate::ipmitool) struct Sdr<'a> {
    pub(in crate::ipmitool) tool: &'a Tool,
    pub(in crate::ipmitool) verbose: bool,
    pub(in crate::ipmitool) csv: bool,
    /// Five columns.
    pub(in crate::ipmitool) extended: bool,
    maker: Cell<Option<u32>>,
    lost: RefCell<HashSet<Hop>>,
    /// Answers that were asked for before their turn.
    ahead: RefCell<HashMap<Request, Response>>,
    /// What analogue sensors of this very controller have said.
    said: RefCell<Vec<(SensorKey, SensorReading)>>,
    begun: Instant,
}

/// What a sensor said.
pub(in crate::ipmitool) struct Reading {
    /// The record, with the factors that hold for this reading.
    pub(in crate::ipmitool) full: Option<FullSensor>,
    pub(in crate::ipmitool) is_valid: bool,
    pub(in crate::ipmitool) is_disabled: bool,
    pub(in crate::ipmitool) raw: u8,
    pub(in crate::ipmitool) states: [u8; 2],
    /// It has a value, or would have.
    pub(in crate::ipmitool) is_analog: bool,
    pub(in crate::ipmitool) value: f64,
    /// Empty if it has no value.
    pub(in crate::ipmitool) units: String,
}

impl Reading {
    /// The value; whole numbers without decimals.
    pub(in crate::ipmitool) fn text(&self, decimals: usize) -> String {
        if self.is_analog { brief(self.value, decimals) } else { String::new() }
    }

    /// The thresholds beyond which the reading is, the gravest and of two the lower one.
    pub(in crate::ipmitool) fn status(
        &self,
        sdr: &Sdr<'_>,
        otherwise: &'static str,
    ) -> &'static str {
        const TEXTS: [(u8, [&str; 3]); 6] = [
            (0x04, ["Lower Non-Recoverable", "lnr", "nr"]),
            (0x20, ["Upper Non-Recoverable", "unr", "nr"]),
            (0x02, ["Lower Critical", "lcr", "cr"]),
            (0x10, ["Upper Critical", "ucr", "cr"]),
            (0x01, ["Lower Non-Critical", "lnc", "nc"]),
            (0x08, ["Upper Non-Critical", "unc", "nc"]),
        ];
        if !self.is_valid {
            return otherwise;
        }
        let [states, _] = self.states;
        let found = TEXTS.iter().find(|(bit, _)| states & bit != 0);
        let Some((_, [long, short, shortest])) = found else { return "ok" };
        if sdr.verbose {
            long
        } else if sdr.extended {
            short
        } else {
            shortest
        }
    }
}

impl<'a> Sdr<'a> {
    pub(in crate::ipmitool) fn new(tool: &'a Tool) -> Self {
        let (verbose, csv) = (tool.verbose.get() > 0, tool.csv.get());
        let (maker, lost) = (Cell::new(None), RefCell::default());
        let (ahead, said, begun) = (RefCell::default(), RefCell::default(), Instant::now());
        Self { tool, verbose, csv, extended: false, maker, lost, ahead, said, begun }
    }

    /// With five columns.
    pub(super) fn extended(self) -> Self {
        Self { extended: true, ..self }
    }

    /// As with `-v`.
    pub(in crate::ipmitool) fn in_full(self) -> Self {
        Self { verbose: true, ..self }
    }

    /// Puts a line on standard output. Its characters are bytes: names are in no particular encoding.
    pub(in crate::ipmitool) fn put(&self, line: &str) {
        let bytes: Vec<u8> = line.chars().filter_map(|c| u8::try_from(c).ok()).collect();
        self.tool.print_bytes(&bytes);
    }

    /// Whose BMC it is; asked for once, and only where that matters.
    async fn maker(&self) -> Option<u32> {
        if self.maker.get().is_none() {
            let device = self.tool.send(&GetDeviceId).await.ok();
            self.maker.set(device.map(|device| device.manufacturer_id));
        }
        self.maker.get()
    }

    /// A sensor type in words.
    pub(in crate::ipmitool) async fn type_name(&self, number: u8) -> &'static str {
        let maker = if number < 0xc0 { None } else { self.maker().await };
        names::sensor_type(number, maker)
    }

    /// Reads a sensor; `None` if the record is none of a sensor that can be read.
    pub(in crate::ipmitool) async fn read(&self, entry: &Entry) -> Option<Reading> {
        let full = match &entry.record {
            Record::Full(full) => Some(full.clone()),
            Record::Compact(_) => None,
            _ => return None,
        };
        let sensor = *entry.record.sensor()?;
        let mut reading = Reading {
            full,
            is_valid: false,
            is_disabled: false,
            raw: 0,
            states: [0; 2],
            is_analog: false,
            value: 0.0,
            units: String::new(),
        };
        let answer = self.ask(sensor.key, &GetSensorReading { number: sensor.key.number }).await;
        let Some(bytes @ [raw, flags, states @ ..]) = answer.as_deref() else {
            return Some(reading);
        };
        if flags & 0x40 == 0 {
            reading.is_disabled = true;
            return Some(reading);
        }
        if flags & 0x20 == 0 {
            (reading.is_valid, reading.raw) = (true, *raw);
        }
        for (state, told) in reading.states.iter_mut().zip(states) {
            *state = *told;
        }
        self.evaluate(&sensor, &mut reading).await;
        if reading.is_valid && reading.is_analog && self.is_here(sensor.key) {
            let said = SensorReading::decode(&mut Reader::new(bytes));
            self.said.borrow_mut().extend(said.map(|said| (sensor.key, said)));
        }
        Some(reading)
    }

    /// Asks this very controller for what these sensors are about to be asked, several things at a time where it
    /// is known to cope with that; with their thresholds, if those are wanted.
    pub(in crate::ipmitool) async fn look_ahead(&self, entries: &[&Entry], thresholds: bool) {
        let mut requests = Vec::new();
        for entry in entries {
            let sensor = match &entry.record {
                Record::Full(full) => &full.sensor,
                Record::Compact(compact) => &compact.sensor,
                _ => continue,
            };
            if !self.is_here(sensor.key) {
                continue;
            }
            let number = sensor.key.number;
            requests.push(addressed(sensor.key, &GetSensorReading { number }));
            if thresholds && sensor.is_threshold() {
                requests.push(addressed(sensor.key, &GetSensorThresholds { number }));
            }
        }
        let Ok(bmc) = self.tool.bmc() else { return };
        let answers = bmc.read_ahead(&requests).await;
        let both = requests.into_iter().zip(answers);
        *self.ahead.borrow_mut() =
            both.filter_map(|(request, answer)| Some((request, answer?))).collect();
    }

    /// The end of a sweep: if it took long, what was read serves to find out whether the next one may ask for
    /// several things at a time.
    pub(in crate::ipmitool) async fn end(&self) {
        let (Ok(bmc), None) = (self.tool.bmc(), &self.tool.options.sdr_file) else { return };
        // What comes of it is of no interest to who has waited.
        let _ = bmc.try_abreast(&self.said.take(), self.begun).await;
    }

    async fn evaluate(&self, sensor: &SensorCommon, reading: &mut Reading) {
        let Some(full) = &mut reading.full else { return };
        let units = sensor.units;
        if units.analog_format == AnalogFormat::None {
            return;
        }
        if !sensor.is_threshold() {
            let [first, base, modifier] = unit_bytes(sensor);
            let has_units = first & 0x07 != 0 || base != 0 || modifier != 0;
            if !has_units || self.maker().await != Some(HP) {
                return;
            }
        }
        if full.factors.linearization.needs_reading_factors() {
            let command = GetSensorReadingFactors { number: sensor.key.number, raw: reading.raw };
            let asked = match self.tool.bmc() {
                Ok(bmc) => bmc.send_to_lun(sensor.key.lun(), &command).await.ok(),
                Err(_) => None,
            };
            let Some(asked) = asked else {
                reading.is_valid = false;
                return;
            };
            let linearization = full.factors.linearization;
            full.factors = Factors { linearization, ..asked.factors };
        }
        reading.is_analog = true;
        if reading.is_valid {
            reading.value = value(full, reading.raw);
        }
        reading.units = units.to_string();
    }

    /// The thresholds in force.
    pub(in crate::ipmitool) async fn thresholds(&self, key: SensorKey) -> Option<SensorThresholds> {
        let command = GetSensorThresholds { number: key.number };
        let answer = self.ask(key, &command).await?;
        command.decode_response(&mut Reader::new(&answer)).ok()
    }

    /// Sets one threshold.
    pub(in crate::ipmitool) async fn set_threshold(
        &self,
        key: SensorKey,
        command: &SetSensorThresholds,
    ) -> Result<(), Refusal> {
        let owner = self.owner(key).ok_or(Refusal::Silent)?;
        owner.send_to_lun(key.lun(), command).await.map_err(|error| Refusal::from(&error))
    }

    /// Which events a sensor has asserted.
    pub(super) async fn event_status(&self, key: SensorKey) -> Option<Vec<u8>> {
        self.ask(key, &GetSensorEventStatus { number: key.number }).await
    }

    /// Which events a sensor tells.
    pub(super) async fn event_enable(&self, key: SensorKey) -> Option<Vec<u8>> {
        self.ask(key, &GetSensorEventEnable { number: key.number }).await
    }

    /// The bytes of an answer. The typed ones do not have what the original shows: reserved bits, and how
    /// many bytes there were.
    async fn ask<C: Command>(&self, key: SensorKey, command: &C) -> Option<Vec<u8>> {
        let owner = self.owner(key)?;
        let request = addressed(key, command);
        if self.is_here(key)
            && let Some(answer) = self.ahead.borrow_mut().remove(&request)
        {
            return answer.completion.is_ok().then_some(answer.data);
        }
        match owner.send_raw(request).await {
            Ok(answer) => answer.completion.is_ok().then_some(answer.data),
            Err(error) => {
                self.tool.debug(&format!("sensor {:#04x}: {error}", key.number));
                // One that is not there is not asked again for each of its sensors.
                if let Some(route) = owner.route().filter(|_| error.is_behind_bmc()) {
                    self.lost.borrow_mut().insert(route.target);
                }
                None
            }
        }
    }

    /// Whether it is a sensor of the very controller that all is asked of.
    fn is_here(&self, key: SensorKey) -> bool {
        let Ok(bmc) = self.tool.bmc() else { return false };
        let here = bmc.route().map_or_else(
            || Hop { channel: Channel::new(0), address: BMC_ADDRESS },
            |route| route.target,
        );
        hop(key) == here
    }

    /// Who is to be asked for a sensor; `None` if there is no way.
    fn owner(&self, key: SensorKey) -> Option<Bmc> {
        let bmc = self.tool.bmc().ok()?;
        let hop = hop(key);
        if self.is_here(key) {
            return Some(bmc.clone());
        }
        // Odd addresses are those of software.
        if hop.address & 1 == 1 || hop.address == 0 || self.lost.borrow().contains(&hop) {
            return None;
        }
        if hop.address == BMC_ADDRESS && hop.channel == Channel::new(0) {
            return Some(bmc.in_front());
        }
        let route = Route { target: hop, ..bmc.route().unwrap_or(Route::to(hop)) };
        Some(bmc.behind(route).with_patience(PATIENCE))
    }
}

fn hop(key: SensorKey) -> Hop {
    Hop { channel: key.channel(), address: key.owner_id }
}

/// A request for the logical unit that a sensor is at.
fn addressed<C: Command>(key: SensorKey, command: &C) -> Request {
    let mut request = Request::of(command);
    request.lun = key.lun();
    request
}

fn unit_bytes(sensor: &SensorCommon) -> [u8; 3] {
    use ipmi_wire::Encode;
    sensor.units.to_bytes().first_chunk().copied().unwrap_or_default()
}
