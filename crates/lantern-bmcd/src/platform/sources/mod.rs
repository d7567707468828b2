//! Sensors that something outside measures: files, programs, the host's hardware monitoring.
//!
//! [`equip`] gives a machine the sensors of a configuration. Each bus with such sensors has a thread
//! of its own that reads them one at a time. A source that hangs (a network file system, a FIFO that
//! nobody writes to, a program) holds up its own bus and nothing else: the engine of the BMC takes
//! the readings of that bus for unavailable until it moves again.
//!
//! * `plan`: from configuration to records, numbers, buses. `fit`: conversion factors for a range.
//! * `probe`: what is read; `command`: programs; `hwmon`: finding channels.
//! * `worker`: the thread of a bus.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ipmi_bmc::personality::Personality;
use ipmi_bmc::platform::{
    BootOrder, Intervention, Measurement, Platform, PlatformError, PlatformEvent, PowerSignal, Scan,
};
use ipmi_wire::cmd::chassis::BootDevice;

use crate::config::SensorsConfig;
use crate::personality::sensors::{self, Probe};

pub(crate) mod command;
pub mod fit;
mod hwmon;
mod plan;
mod probe;
#[cfg(test)]
mod tests;
mod worker;

use plan::Wired;
use worker::Worker;

/// Called, from any thread, when a sensor has something to tell: somebody should then
/// [`handle_timeout`](ipmi_bmc::Bmc::handle_timeout).
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Adds the sensors of a configuration to a personality, and what measures them to its machine.
#[must_use]
pub fn equip(
    config: &SensorsConfig,
    personality: &mut Personality,
    machine: Box<dyn Platform>,
    wake: &Wake,
) -> Box<dyn Platform> {
    let wired = plan::extend(config, personality);
    if wired.is_empty() { machine } else { Box::new(Equipped::new(machine, wired, wake)) }
}

/// A machine with sensors of whose readings others know more.
struct Equipped {
    machine: Box<dyn Platform>,
    /// The workers that read those sensors, by number.
    wired: BTreeMap<u8, usize>,
    workers: Vec<Worker>,
    results: Receiver<(u8, Measurement)>,
    /// What some of them are made to say instead.
    overrides: BTreeMap<u8, Measurement>,
    /// What those say before they are scanned again.
    unasked: VecDeque<(u8, Measurement)>,
    /// What the sensor of all power said last, if it is read from outside.
    total_power: Option<(Instant, Measurement)>,
    /// When the machine's power was asked for last.
    total_asked: Option<Instant>,
}

impl Equipped {
    fn new(machine: Box<dyn Platform>, wired: Vec<Wired>, wake: &Wake) -> Self {
        let (sender, results) = channel();
        let mut buses: BTreeMap<usize, Vec<Wired>> = BTreeMap::new();
        for sensor in wired {
            buses.entry(sensor.bus).or_default().push(sensor);
        }
        let (mut wired, mut workers) = (BTreeMap::new(), Vec::new());
        for (bus, sensors) in buses {
            wired.extend(sensors.iter().map(|sensor| (sensor.number, workers.len())));
            workers.push(Worker::start(bus, sensors, sender.clone(), Arc::clone(wake)));
        }
        let (overrides, unasked) = (BTreeMap::new(), VecDeque::new());
        Self {
            machine,
            wired,
            workers,
            results,
            overrides,
            unasked,
            total_power: None,
            total_asked: None,
        }
    }

    fn reads_lid(&self) -> bool {
        let lid = sensors::by_probe(Probe::Intrusion);
        lid.is_some_and(|lid| self.wired.contains_key(&lid.number))
    }
}

/// What the machine draws is not known for longer than this by what was read from outside: nobody may
/// be switched off for what was true once.
const STALE: Duration = Duration::from_secs(30);

impl Platform for Equipped {
    fn advance(&mut self, now: Instant) {
        self.machine.advance(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.machine.poll_timeout()
    }

    fn is_on(&self) -> bool {
        self.machine.is_on()
    }

    fn can_switch_on(&self) -> bool {
        self.machine.can_switch_on()
    }

    fn power(&mut self, now: Instant, action: PowerSignal) -> Result<(), PlatformError> {
        self.machine.power(now, action)
    }

    fn can_boot_from(&self, device: BootDevice) -> bool {
        self.machine.can_boot_from(device)
    }

    fn boot_from(&mut self, now: Instant, order: Option<BootOrder>) {
        self.machine.boot_from(now, order);
    }

    fn body(&mut self) -> Option<&mut dyn Platform> {
        Some(&mut *self.machine)
    }

    fn start_scan(&mut self, now: Instant, number: u8) -> Scan {
        if let Some(says) = self.overrides.get(&number) {
            return Scan::Done(*says);
        }
        if sensors::by_probe(Probe::TotalPower).is_some_and(|total| total.number == number) {
            self.total_asked = Some(now);
        }
        match self.wired.get(&number) {
            None => self.machine.start_scan(now, number),
            Some(worker) => match self.workers.get(*worker) {
                Some(worker) if worker.request(number) => Scan::Pending,
                _ => Scan::Done(Measurement::Unavailable),
            },
        }
    }

    fn poll_scan(&mut self) -> Option<(u8, Measurement)> {
        if let Some(result) = self.unasked.pop_front() {
            return Some(result);
        }
        if let Ok((number, says)) = self.results.try_recv() {
            if sensors::by_probe(Probe::TotalPower).is_some_and(|total| total.number == number) {
                self.total_power = self.total_asked.map(|asked| (asked, says));
            }
            // A scan that was under way frees its bus all the same.
            return Some((number, self.overrides.get(&number).copied().unwrap_or(says)));
        }
        // What the machine says of a sensor that is not its own any more is nobody's business.
        loop {
            let (number, says) = self.machine.poll_scan()?;
            if !self.wired.contains_key(&number) {
                return Some((number, says));
            }
        }
    }

    fn power_draw(&mut self, now: Instant) -> Option<f64> {
        let total = sensors::by_probe(Probe::TotalPower)?.number;
        if !self.wired.contains_key(&total) {
            return self.machine.power_draw(now);
        }
        // What was last read from outside, or what it is made to say.
        let fresh =
            self.total_power.filter(|(asked, _)| now.saturating_duration_since(*asked) < STALE);
        match self.overrides.get(&total).copied().or(fresh.map(|(_, says)| says))? {
            Measurement::Value(watts) => Some(watts),
            Measurement::States(_) | Measurement::Unavailable => None,
        }
    }

    fn poll_event(&mut self) -> Option<PlatformEvent> {
        self.machine.poll_event()
    }

    fn intervene(&mut self, now: Instant, what: Intervention) -> Result<(), PlatformError> {
        match what {
            Intervention::Sensor { number, says } if self.wired.contains_key(&number) => {
                match says {
                    Some(says) => self.overrides.insert(number, says),
                    None => self.overrides.remove(&number),
                };
                // What is true is known once it is scanned again.
                self.unasked.push_back((number, says.unwrap_or(Measurement::Unavailable)));
                Ok(())
            }
            // What is read from outside is not ours to move.
            Intervention::Lid { .. } if self.reads_lid() => Err(PlatformError::Unsupported),
            what => self.machine.intervene(now, what),
        }
    }
}
