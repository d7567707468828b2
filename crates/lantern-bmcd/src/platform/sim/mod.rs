//! A simulated machine: physics worth watching behind the platform trait.
//!
//! Pure: no clock, no threads, and noise that is a function of seed, sensor and time. Time moves in
//! whole steps of 250 ms, so a reading depends on *when* it is taken and on what was done to the
//! machine before, never on how often anyone looked. Nothing runs between calls: a machine that
//! nobody asks costs nothing.
//!
//! * `model`: lags, curves, noise. The time constants are exported here.
//! * `machine`: the components and how they act on each other.
//! * `power`: on, off, and an operating system that takes its time.
//! * `readings`: what each probe says, on and off.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use ipmi_bmc::platform::{
    BootOrder, IdentifyLight, Intervention, Measurement, Platform, PlatformError, PlatformEvent,
    PowerCause, PowerSignal, Scan,
};
use ipmi_wire::cmd::chassis::BootDevice;

use crate::personality::sensors::{self, Probe};

mod machine;
mod model;
mod power;
mod readings;
#[cfg(test)]
mod tests;

pub(crate) use model::splitmix;
pub use model::{BOARD_TAU, CPU_TAU, DIMM_TAU, EXHAUST_TAU, FAN_TAU, VRM_TAU};

use machine::{CPUS, Conditions, Machine};
use power::{Power, Running, Shutdown};
use readings::View;

/// A simulated server: two CPUs, six fans, two power supplies.
///
/// The sensors are those of [`sensors::SENSORS`].
#[derive(Debug)]
pub struct SimPlatform {
    seed: u64,
    /// When the machine came to be; its time counts from here.
    epoch: Instant,
    /// Steps that it has lived through.
    steps: u64,
    /// So many steps are lived through at most when somebody looks.
    horizon: u64,
    power: Power,
    machine: Machine,
    light: IdentifyLight,
    lid_open: bool,
    /// From what the machine was last told to start.
    boot_order: Option<BootOrder>,
    boot_devices: Vec<BootDevice>,
    shutdown_time: Duration,
    constant_load: Option<f64>,
    /// Nothing warms up or cools down.
    frozen: bool,
    /// The most that it may draw, in watts.
    power_cap: Option<u16>,
    overrides: BTreeMap<u8, Measurement>,
    /// What sensors that somebody intervened at said before.
    before: BTreeMap<u8, Option<Measurement>>,
    events: VecDeque<PlatformEvent>,
    /// What sensors say before they are scanned again.
    unasked: VecDeque<(u8, Measurement)>,
}

impl SimPlatform {
    /// A machine in thermal equilibrium at `now`, on or off. The seed gives it its load and noise.
    #[must_use]
    pub fn new(seed: u64, now: Instant, on: bool) -> Self {
        let mut sim = Self {
            seed,
            epoch: now,
            steps: 0,
            horizon: HORIZON,
            power: if on { Power::On(Running::default()) } else { Power::Off },
            machine: Machine::cold(model::room(seed, 0.0)),
            light: IdentifyLight::Off,
            lid_open: false,
            boot_order: None,
            boot_devices: BOOT_DEVICES.to_vec(),
            shutdown_time: SHUTDOWN_TIME,
            constant_load: None,
            frozen: false,
            power_cap: None,
            overrides: BTreeMap::new(),
            before: BTreeMap::new(),
            events: VecDeque::new(),
            unasked: VecDeque::new(),
        };
        sim.settle();
        sim
    }

    /// Lets nothing change by itself any more: readings stay what they are. Power, light and what
    /// is done to it work as ever.
    pub const fn freeze(&mut self) {
        self.frozen = true;
    }

    /// Comes to rest in the present conditions.
    fn settle(&mut self) {
        let conditions = self.conditions();
        for _ in 0..SETTLING {
            let duty = self.fan_duty();
            self.machine.relax(&conditions, duty);
        }
    }

    /// Makes sensor `number` say this, whatever is true. The fans' controller believes it, too.
    pub fn set_override(&mut self, now: Instant, number: u8, says: Measurement) {
        self.advance(now);
        self.overrides.insert(number, says);
        self.unasked.push_back((number, says));
    }

    /// Lets sensor `number` tell the truth again.
    pub fn clear_override(&mut self, now: Instant, number: u8) {
        self.advance(now);
        self.overrides.remove(&number);
        let says = self.measure(now, number);
        self.unasked.push_back((number, says));
    }

    /// Holds both CPUs at this load, 0 to 1; `None` gives them their own again.
    pub fn set_constant_load(&mut self, now: Instant, load: Option<f64>) {
        self.advance(now);
        self.constant_load = load.map(|load| load.clamp(0.0, 1.0));
    }

    /// Makes a machine that nobody has looked at for longer than this live through so much only, from a
    /// state of rest on. Its readings are then those of a machine like it: a kelvin or two from what
    /// they would have been, and nearer to rest if it was switched on or off just before. To live
    /// through an hour takes milliseconds, which many machines do not have.
    pub fn set_memory(&mut self, time: Duration) {
        let steps = time.as_nanos() / model::STEP.as_nanos();
        self.horizon = u64::try_from(steps).unwrap_or(u64::MAX).min(HORIZON);
    }

    /// How long the operating system takes to shut down, from the next request on.
    pub const fn set_shutdown_time(&mut self, time: Duration) {
        self.shutdown_time = time;
    }

    /// Presses the power button briefly: switches on, or asks the operating system to shut down.
    pub fn press_power_button(&mut self, now: Instant) {
        self.advance(now);
        match &mut self.power {
            Power::On(running) => {
                running.begin_shutdown(now + self.shutdown_time, PowerCause::Button);
            }
            Power::Off => {
                self.power = Power::on_since(now);
                self.events.push_back(PlatformEvent::PoweredOn(PowerCause::Button));
            }
        }
    }

    /// Tells of mains that had failed, and are back: the machine was on or off then, and is as it is.
    pub fn mains_are_back(&mut self, was_on: bool) {
        if was_on {
            self.events.push_back(PlatformEvent::PoweredOff(PowerCause::Mains));
        }
        if self.is_on() {
            self.events.push_back(PlatformEvent::PoweredOn(PowerCause::Mains));
        }
    }

    /// Gives it these things to start from, and no others. No override is one of them always.
    pub fn set_boot_devices(&mut self, devices: Vec<BootDevice>) {
        self.boot_devices = devices;
    }

    /// From what it last started, or was to start, if anybody has said; `None` is as it is set up.
    #[must_use]
    pub const fn boot_order(&self) -> Option<BootOrder> {
        self.boot_order
    }

    /// Opens or closes the lid, which the intrusion sensor reports at once.
    pub fn open_lid(&mut self, open: bool) {
        self.lid_open = open;
        if let Some(sensor) = sensors::by_probe(Probe::Intrusion)
            && !self.overrides.contains_key(&sensor.number)
        {
            self.unasked.push_back((sensor.number, Measurement::States(open.into())));
        }
    }

    /// What the identification light does, as of the last [`advance`](Platform::advance).
    #[must_use]
    pub const fn identify_light(&self) -> IdentifyLight {
        self.light
    }

    /// What sensor `number` says.
    pub fn measure(&mut self, now: Instant, number: u8) -> Measurement {
        self.advance(now);
        if let Some(says) = self.overrides.get(&number) {
            return *says;
        }
        let Some(sensor) = sensors::by_number(number) else {
            return Measurement::Unavailable;
        };
        let second = match self.frozen {
            true => 0,
            false => now.saturating_duration_since(self.epoch).as_secs(),
        };
        View {
            machine: &self.machine,
            conditions: &self.conditions(),
            tachometers: self.power.tachometers_at(now),
            lid_open: self.lid_open,
            noise: model::noise(self.seed, number.into(), second),
        }
        .measure(sensor.probe)
    }

    /// Lives through all whole steps until `now`.
    fn run_until(&mut self, now: Instant) {
        let end = self.step_of(now);
        // After HORIZON nothing is left of an earlier state (the slowest node would keep e^-30 of
        // it), so a machine that was not looked at for a week need not live through that week.
        let from = end.saturating_sub(self.horizon);
        if self.steps < from {
            self.steps = from;
            if self.horizon < HORIZON {
                self.settle();
            }
        }
        while self.steps < end {
            let (conditions, duty) = (self.conditions(), self.fan_duty());
            if !self.frozen {
                self.machine.step(&conditions, duty);
            }
            self.steps += 1;
        }
    }

    /// The step in which `now` lies.
    fn step_of(&self, now: Instant) -> u64 {
        let lived = now.saturating_duration_since(self.epoch).as_nanos() / model::STEP.as_nanos();
        u64::try_from(lived).unwrap_or(u64::MAX)
    }

    /// What acts on the machine in the present step.
    fn conditions(&self) -> Conditions {
        let t = self.steps as f64 * model::STEP.as_secs_f64();
        // In its setup, firmware waits for somebody at the keyboard.
        let in_setup = self.boot_order.is_some_and(|order| order.device == BootDevice::SETUP);
        let works = !in_setup && self.power.works_at(self.epoch + Duration::from_secs_f64(t));
        // Neither the work nor the weather changes on a machine that stands still.
        let t = if self.frozen { 0.0 } else { t };
        let load = |cpu| match self.constant_load {
            _ if !works => 0.0,
            Some(load) => load,
            None => model::load(self.seed, cpu, t),
        };
        let inlet = model::room(self.seed, t);
        let wanted = Conditions { on: self.is_on(), load: [load(0), load(1)], inlet };
        match self.power_cap {
            Some(watts) => self.machine.throttled(wanted, watts.into()),
            None => wanted,
        }
    }

    /// What the fans' controller makes of the CPU temperatures that it is told.
    fn fan_duty(&self) -> f64 {
        let told = |cpu| match self.overridden(Probe::CpuTemperature(cpu)) {
            Some(Measurement::Value(t)) => Some(t),
            Some(_) => None,
            None => self.machine.cpu_temperature(cpu),
        };
        let hottest = (0..CPUS).map(told).try_fold(f64::MIN, |most, t| Some(t?.max(most)));
        model::fan_duty(hottest)
    }

    fn overridden(&self, probe: Probe) -> Option<Measurement> {
        // Asked at every step, and hardly ever anything but empty.
        if self.overrides.is_empty() {
            return None;
        }
        self.overrides.get(&sensors::by_probe(probe)?.number).copied()
    }
}

impl Platform for SimPlatform {
    fn advance(&mut self, now: Instant) {
        while let Some(Shutdown { done, cause }) = self.power.shutdown()
            && done <= now
        {
            self.run_until(done);
            self.power = Power::Off;
            self.events.push_back(PlatformEvent::PoweredOff(cause));
        }
        self.run_until(now);
        if let IdentifyLight::Until(end) = self.light
            && end <= now
        {
            self.light = IdentifyLight::Off;
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let light = match self.light {
            IdentifyLight::Until(end) => Some(end),
            IdentifyLight::Off | IdentifyLight::Indefinitely => None,
        };
        let shutdown = self.power.shutdown().map(|shutdown| shutdown.done);
        light.into_iter().chain(shutdown).min()
    }

    fn is_on(&self) -> bool {
        self.power.is_on()
    }

    fn power(&mut self, now: Instant, action: PowerSignal) -> Result<(), PlatformError> {
        self.advance(now);
        match (action, &mut self.power) {
            (PowerSignal::On, Power::On(_))
            | (PowerSignal::Off | PowerSignal::SoftShutdown, Power::Off) => {}
            (PowerSignal::On, Power::Off) => self.power = Power::on_since(now),
            (PowerSignal::Off, Power::On(_)) => self.power = Power::Off,
            (PowerSignal::SoftShutdown, Power::On(running)) => {
                running.begin_shutdown(now + self.shutdown_time, PowerCause::OperatingSystem);
            }
            (PowerSignal::Reset, Power::On(running)) => running.reset(now),
            // This machine's operating system notes an interrupt that it cannot place and goes on.
            (PowerSignal::DiagnosticInterrupt, Power::On(_)) => {}
            (PowerSignal::Reset | PowerSignal::DiagnosticInterrupt, Power::Off) => {
                return Err(PlatformError::WrongState);
            }
        }
        Ok(())
    }

    fn can_boot_from(&self, device: BootDevice) -> bool {
        device == BootDevice::NO_OVERRIDE || self.boot_devices.contains(&device)
    }

    fn boot_from(&mut self, now: Instant, order: Option<BootOrder>) {
        self.advance(now);
        self.boot_order = order;
    }

    fn identify(&mut self, now: Instant, light: IdentifyLight) {
        self.light = light;
        self.advance(now);
    }

    fn start_scan(&mut self, now: Instant, number: u8) -> Scan {
        Scan::Done(self.measure(now, number))
    }

    fn poll_scan(&mut self) -> Option<(u8, Measurement)> {
        self.unasked.pop_front()
    }

    fn power_draw(&mut self, now: Instant) -> Option<f64> {
        let sensor = sensors::by_probe(Probe::TotalPower)?;
        match self.measure(now, sensor.number) {
            Measurement::Value(watts) => Some(watts),
            Measurement::States(_) | Measurement::Unavailable => None,
        }
    }

    fn limit_power(&mut self, now: Instant, watts: Option<u16>) {
        self.advance(now);
        self.power_cap = watts;
    }

    fn poll_event(&mut self) -> Option<PlatformEvent> {
        self.events.pop_front()
    }

    fn intervene(&mut self, now: Instant, what: Intervention) -> Result<(), PlatformError> {
        match what {
            Intervention::Lid { open } => self.open_lid(open),
            Intervention::Sensor { number, says: Some(says) } => {
                let before = self.overrides.get(&number).copied();
                self.before.entry(number).or_insert(before);
                self.set_override(now, number, says);
            }
            // What a specimen says is the truth of it.
            Intervention::Sensor { number, says: None } => match self.before.remove(&number) {
                Some(Some(says)) => self.set_override(now, number, says),
                Some(None) => self.clear_override(now, number),
                None => {}
            },
        }
        Ok(())
    }
}

/// What the machine can start from, unless told otherwise: all that can be in it, and no remote media.
pub const BOOT_DEVICES: [BootDevice; 7] = [
    BootDevice::PXE,
    BootDevice::DISK,
    BootDevice::DISK_SAFE_MODE,
    BootDevice::DIAGNOSTICS,
    BootDevice::CD,
    BootDevice::SETUP,
    BootDevice::FLOPPY,
];
/// How long the operating system takes to shut down, unless told otherwise.
const SHUTDOWN_TIME: Duration = Duration::from_secs(5);
/// An hour in steps.
const HORIZON: u64 = 4 * 3600;
/// Halvings until a machine rests in equilibrium.
const SETTLING: u32 = 200;
