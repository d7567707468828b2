//! What each probe of the simulated machine says, and which of them fall silent with main power.
//!
//! Off, a real board still powers the BMC, the thermistors on its own bus, the power supplies'
//! controllers and the clock battery. Everything else has no voltage: its reading is unavailable
//! rather than 0, which would look like a failure. One liberty is taken: the CPUs' temperature
//! stays readable, as if by a thermistor on standby power, so that one can watch it fall.

use ipmi_bmc::platform::Measurement;

use super::machine::{Conditions, Machine};
use crate::personality::sensors::Probe;

/// A look at the machine at one instant.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) machine: &'a Machine,
    pub(super) conditions: &'a Conditions,
    /// Whether the fans have been powered long enough for their tachometers to be believed.
    pub(super) tachometers: bool,
    pub(super) lid_open: bool,
    /// The error of this measurement, between -1 and 1.
    pub(super) noise: f64,
}

impl View<'_> {
    /// What the probe says.
    pub(super) fn measure(&self, probe: Probe) -> Measurement {
        let on = self.conditions.on;
        match probe {
            Probe::Intrusion => Measurement::States(self.lid_open.into()),
            Probe::PsuStatus(_) => Measurement::States(1 << 0),
            Probe::CpuStatus(_) => Measurement::States(1 << 7),
            Probe::AcpiState => Measurement::States(if on { 1 << 0 } else { 1 << 5 }),
            Probe::Watchdog | Probe::EventLog => Measurement::States(0),
            _ if !on && !has_standby_power(probe) => Measurement::Unavailable,
            Probe::FanSpeed(_) if !self.tachometers => Measurement::Unavailable,
            _ => self.value(probe).map_or(Measurement::Unavailable, Measurement::Value),
        }
    }

    /// The physical value of an analog probe, with its error; `None` for a part that is not there.
    fn value(&self, probe: Probe) -> Option<f64> {
        let (machine, at) = (self.machine, self.conditions);
        let load = at.mean_load();
        let off_by = |amount: f64| amount * self.noise;
        let within = |share: f64| 1.0 + share * self.noise;
        Some(match probe {
            Probe::CpuTemperature(cpu) => machine.cpu_temperature(cpu)? + off_by(0.1),
            Probe::InletTemperature => at.inlet + off_by(0.1),
            Probe::ExhaustTemperature => machine.exhaust_temperature() + off_by(0.1),
            Probe::PchTemperature => machine.pch_temperature() + off_by(0.1),
            Probe::DimmTemperature(bank) => machine.dimm_temperature(bank)? + off_by(0.1),
            Probe::VrmTemperature => machine.vrm_temperature() + off_by(0.1),
            Probe::FanSpeed(fan) => machine.fan_speed(fan)? * within(0.005),
            Probe::Rail12 => (12.09 - 0.12 * load) * within(0.002),
            Probe::Rail5 => (5.03 - 0.03 * load) * within(0.002),
            Probe::Rail3v3 => (3.32 - 0.02 * load) * within(0.002),
            Probe::Standby3v3 => 3.33 * within(0.002),
            // A core regulator's load line: it gives way by design.
            Probe::CpuVcore(cpu) => (1.04 - 0.08 * at.load.get(cpu)?) * within(0.004),
            Probe::DimmVddq(_) => (1.206 - 0.008 * load) * within(0.002),
            Probe::Battery => 3.04 * within(0.001),
            Probe::CpuPower(cpu) => at.cpu_power(cpu)? * within(0.01),
            Probe::PsuInput(psu) => machine.psu_input(at, psu)? * within(0.01),
            Probe::PsuCurrent(psu) => machine.psu_current(at, psu)? * within(0.01),
            Probe::TotalPower => {
                (machine.psu_input(at, 0)? + machine.psu_input(at, 1)?) * within(0.01)
            }
            Probe::Intrusion
            | Probe::PsuStatus(_)
            | Probe::CpuStatus(_)
            | Probe::AcpiState
            | Probe::Watchdog
            | Probe::EventLog => return None,
        })
    }
}

/// Whether an analog probe can be read while main power is off.
const fn has_standby_power(probe: Probe) -> bool {
    matches!(
        probe,
        Probe::CpuTemperature(_)
            | Probe::InletTemperature
            | Probe::ExhaustTemperature
            | Probe::Standby3v3
            | Probe::Battery
            | Probe::PsuInput(_)
            | Probe::TotalPower
    )
}
