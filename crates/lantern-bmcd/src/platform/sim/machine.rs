//! The machine's components and how they heat, blow and draw power.
//!
//! Air goes from the room through the fans over the CPUs to the exhaust. The fans keep the CPUs
//! cool, and what everything draws leaves through the exhaust.

use super::model::{
    BOARD_TAU, CPU_TAU, DIMM_TAU, EXHAUST_TAU, FAN_TAU, FirstOrder, VRM_TAU, thermal_resistance,
};

/// CPU sockets.
pub(super) const CPUS: usize = 2;
const DIMM_BANKS: usize = 2;
const FANS: usize = 6;
const PSUS: usize = 2;
/// Share of what comes from the mains that power supplies pass on.
const EFFICIENCY: f64 = 0.93;

/// Speed at full duty, in RPM: no two fans are quite alike.
const FAN_SPEED: [f64; FANS] = [12_000.0, 11_880.0, 12_060.0, 11_940.0, 12_120.0, 11_820.0];

/// What acts on the machine during one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions {
    /// Whether main power is on.
    pub(super) on: bool,
    /// How busy each CPU is, 0 to 1.
    pub(super) load: [f64; CPUS],
    /// Temperature of the inlet air, in °C.
    pub(super) inlet: f64,
}

impl Conditions {
    /// What one CPU draws, in W.
    pub(super) fn cpu_power(&self, cpu: usize) -> Option<f64> {
        let load = self.load.get(cpu)?;
        Some(if self.on { 35.0 + 150.0 * load } else { 0.0 })
    }

    /// The CPUs' mean load, 0 to 1.
    pub(super) fn mean_load(&self) -> f64 {
        self.load.iter().sum::<f64>() / CPUS as f64
    }

    fn cpus_power(&self) -> f64 {
        (0..CPUS).filter_map(|cpu| self.cpu_power(cpu)).sum()
    }
}

/// Everything that remembers: temperatures and fan speeds.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    cpus: [FirstOrder; CPUS],
    dimms: [FirstOrder; DIMM_BANKS],
    fans: [FirstOrder; FANS],
    vrm: FirstOrder,
    pch: FirstOrder,
    exhaust: FirstOrder,
}

impl Machine {
    /// A machine that has been off for long, in a room of `inlet` °C.
    pub(super) fn cold(inlet: f64) -> Self {
        Self {
            cpus: [FirstOrder::new(inlet, CPU_TAU); CPUS],
            dimms: [FirstOrder::new(inlet, DIMM_TAU); DIMM_BANKS],
            fans: [FirstOrder::new(0.0, FAN_TAU); FANS],
            vrm: FirstOrder::new(inlet, VRM_TAU),
            pch: FirstOrder::new(inlet, BOARD_TAU),
            exhaust: FirstOrder::new(inlet, EXHAUST_TAU),
        }
    }

    /// Lives through one step with its fans at `duty`, 0 to 1.
    pub(super) fn step(&mut self, conditions: &Conditions, duty: f64) {
        self.move_nodes(conditions, duty, FirstOrder::step);
    }

    /// Comes closer to the state in which it rests under these conditions.
    pub(super) fn relax(&mut self, conditions: &Conditions, duty: f64) {
        self.move_nodes(conditions, duty, FirstOrder::relax);
    }

    fn move_nodes(&mut self, at: &Conditions, duty: f64, go: fn(&mut FirstOrder, f64)) {
        // All targets are taken from the state before the step.
        let flow = self.airflow();
        let resistance = thermal_resistance(flow);
        let exhaust = at.inlet + self.heat(at) / (25.0 + 85.0 * flow);
        let load = at.mean_load();
        // What is not powered ends at the temperature of the air around it.
        let above_inlet = |kelvin: f64| at.inlet + if at.on { kelvin } else { 0.0 };

        for (cpu, node) in self.cpus.iter_mut().enumerate() {
            go(node, at.inlet + at.cpu_power(cpu).unwrap_or(0.0) * resistance);
        }
        for (node, offset) in self.dimms.iter_mut().zip([9.0, 10.5]) {
            go(node, above_inlet(offset + 14.0 * load));
        }
        for (node, speed) in self.fans.iter_mut().zip(FAN_SPEED) {
            go(node, if at.on { duty * speed } else { 0.0 });
        }
        go(&mut self.vrm, above_inlet(8.0 + 0.09 * at.cpus_power()));
        go(&mut self.pch, above_inlet(21.0 - 4.0 * flow));
        go(&mut self.exhaust, exhaust);
    }

    /// Temperature of a CPU, in °C.
    pub(super) fn cpu_temperature(&self, cpu: usize) -> Option<f64> {
        self.cpus.get(cpu).map(FirstOrder::value)
    }

    /// Temperature of a bank of memory modules, in °C.
    pub(super) fn dimm_temperature(&self, bank: usize) -> Option<f64> {
        self.dimms.get(bank).map(FirstOrder::value)
    }

    /// Temperature of the voltage regulators, in °C.
    pub(super) const fn vrm_temperature(&self) -> f64 {
        self.vrm.value()
    }

    /// Temperature of the chipset, in °C.
    pub(super) const fn pch_temperature(&self) -> f64 {
        self.pch.value()
    }

    /// Temperature of the air that leaves, in °C.
    pub(super) const fn exhaust_temperature(&self) -> f64 {
        self.exhaust.value()
    }

    /// Speed of a fan, in RPM.
    pub(super) fn fan_speed(&self, fan: usize) -> Option<f64> {
        self.fans.get(fan).map(FirstOrder::value)
    }

    /// What one power supply takes from the mains, in W. They do not share quite evenly.
    pub(super) fn psu_input(&self, at: &Conditions, psu: usize) -> Option<f64> {
        const SHARE: [f64; PSUS] = [0.508, 0.492];
        Some(self.heat(at) * SHARE.get(psu)? / EFFICIENCY)
    }

    /// What one power supply gives to the 12 V rail, in A.
    pub(super) fn psu_current(&self, at: &Conditions, psu: usize) -> Option<f64> {
        Some(self.psu_input(at, psu)? * EFFICIENCY / 12.0)
    }

    /// The same conditions with as much less work for the CPUs as brings the machine's input below
    /// `watts`, if less work is enough.
    pub(super) fn throttled(&self, at: Conditions, watts: f64) -> Conditions {
        // What is measured is up to a percent off, and fans take a while to slow down.
        const MARGIN: f64 = 0.97;
        let input = |at: &Conditions| self.heat(at) / EFFICIENCY;
        let idle = Conditions { load: [0.0; CPUS], ..at };
        let (least, most) = (input(&idle), input(&at));
        if !at.on || most <= watts * MARGIN || most <= least {
            return at;
        }
        let share = ((watts * MARGIN - least) / (most - least)).clamp(0.0, 1.0);
        Conditions { load: at.load.map(|load| load * share), ..at }
    }

    /// Mean airflow, as a share of what all fans move at full speed.
    fn airflow(&self) -> f64 {
        let speeds = self.fans.iter().map(FirstOrder::value).sum::<f64>();
        speeds / FAN_SPEED.iter().sum::<f64>()
    }

    /// What everything behind the power supplies draws, in W.
    fn heat(&self, at: &Conditions) -> f64 {
        const STANDBY: f64 = 14.0;
        if !at.on {
            return STANDBY;
        }
        let memory = 22.0 + 24.0 * at.mean_load();
        // A fan's power goes with the cube of its speed; 18 W each at full speed.
        let fans = 18.0 * FANS as f64 * self.airflow().powi(3);
        STANDBY + 48.0 + at.cpus_power() + memory + fans
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::fan_duty;
    use super::*;

    fn at_load(load: f64) -> Conditions {
        Conditions { on: true, load: [load; CPUS], inlet: 24.0 }
    }

    fn settled(at: &Conditions) -> Machine {
        let mut machine = Machine::cold(at.inlet);
        for _ in 0..200 {
            machine.relax(at, fan_duty(machine.cpu_temperature(0)));
        }
        machine
    }

    #[test]
    fn more_work_means_more_of_everything() {
        let mut before = at_load(0.0);
        let mut last = settled(&before);
        for tenth in 1..=10 {
            let at = at_load(f64::from(tenth) / 10.0);
            let next = settled(&at);
            assert!(next.cpu_temperature(0) > last.cpu_temperature(0), "{tenth}");
            // Equal at idle speed, up to rounding.
            assert!(next.fan_speed(5).unwrap() > last.fan_speed(5).unwrap() - 1e-6, "{tenth}");
            assert!(next.psu_input(&at, 1) > last.psu_input(&before, 1), "{tenth}");
            assert!(next.vrm_temperature() > last.vrm_temperature(), "{tenth}");
            (before, last) = (at, next);
        }
        let hottest = last.cpu_temperature(0).unwrap();
        assert!((65.0..85.0).contains(&hottest), "{hottest} °C at full load");
    }

    #[test]
    fn a_throttled_machine_draws_what_it_may_or_as_little_as_it_can() {
        let at = at_load(0.8);
        let machine = settled(&at);
        let input =
            |at: &Conditions| -> f64 { (0..PSUS).filter_map(|n| machine.psu_input(at, n)).sum() };
        let free = input(&at);
        let limit = free - 60.0;
        let throttled = machine.throttled(at, limit);
        assert!((input(&throttled) - limit * 0.97).abs() < 0.1);
        assert_eq!(machine.throttled(at, free * 1.1).load, at.load);
        assert_eq!(machine.throttled(at, 10.0).load, [0.0; CPUS]);
    }

    #[test]
    fn airflow_cools() {
        let at = at_load(0.5);
        let (mut still, mut blown) = (Machine::cold(24.0), Machine::cold(24.0));
        for _ in 0..4 * 300 {
            still.step(&at, 0.0);
            blown.step(&at, 1.0);
        }
        let gain = still.cpu_temperature(0).unwrap() - blown.cpu_temperature(0).unwrap();
        assert!(gain > 20.0, "{gain} K");
        assert!(still.exhaust_temperature() > blown.exhaust_temperature());
    }

    #[test]
    fn off_and_left_alone_it_takes_the_temperature_of_the_room() {
        let mut machine = settled(&at_load(0.8));
        let off = Conditions { on: false, load: [0.0; CPUS], inlet: 24.0 };
        for _ in 0..4 * 3600 {
            machine.step(&off, 1.0);
        }
        for t in [
            machine.cpu_temperature(1).unwrap(),
            machine.dimm_temperature(1).unwrap(),
            machine.vrm_temperature(),
            machine.pch_temperature(),
        ] {
            assert!((t - 24.0).abs() < 0.01, "{t}");
        }
        assert!(machine.fan_speed(0).unwrap() < 1e-6);
        // The standby power keeps the air inside a little warmer.
        assert!((24.0..25.5).contains(&machine.exhaust_temperature()));
    }

    #[test]
    fn there_are_no_more_parts_than_there_are() {
        let machine = Machine::cold(24.0);
        let at = at_load(0.5);
        assert_eq!(machine.cpu_temperature(2), None);
        assert_eq!(machine.fan_speed(6), None);
        assert_eq!(machine.psu_input(&at, 2), None);
    }
}
