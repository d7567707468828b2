//! The mathematics of the simulated machine: lags, curves and noise, without any machine in them.
//!
//! Everything is a pure function of its arguments, or a node that moves by whole [`STEP`]s. That
//! is what makes a run repeatable: its outcome does not depend on how often anyone looks.

use std::f64::consts::TAU;
use std::time::Duration;

/// The integration step. Small against the fastest lag (the fans' 3 s).
pub(super) const STEP: Duration = Duration::from_millis(250);

/// Thermal time constant of a CPU under its heat sink, in seconds.
///
/// In reality it shrinks with airflow, as the thermal resistance does. Here it is one constant, so
/// that it can be told from the curves: a CPU cools with it, and heats with it as long as its fans
/// run evenly. Fans that follow the heat lower the goal on the way, and 63 % of a rise are there up
/// to a tenth earlier.
pub const CPU_TAU: f64 = 45.0;
/// Lag of a fan's speed behind its duty cycle, in seconds.
pub const FAN_TAU: f64 = 3.0;
/// Time constant of the voltage regulators' temperature, in seconds.
pub const VRM_TAU: f64 = 30.0;
/// Time constant of the memory modules' temperature, in seconds.
pub const DIMM_TAU: f64 = 80.0;
/// Time constant of the exhaust temperature, in seconds.
pub const EXHAUST_TAU: f64 = 90.0;
/// Time constant of the chipset and the board around it, in seconds; the slowest of all.
pub const BOARD_TAU: f64 = 120.0;

/// A quantity that follows its target as a resistor-capacitor circuit does.
#[derive(Clone, Copy, Debug)]
pub(super) struct FirstOrder {
    value: f64,
    /// The share of the distance to the target that is left after one [`STEP`].
    keep: f64,
}

impl FirstOrder {
    /// A node at rest at `value`, with a time constant of `tau` seconds.
    pub(super) fn new(value: f64, tau: f64) -> Self {
        Self { value, keep: (-STEP.as_secs_f64() / tau).exp() }
    }

    /// Where it is now.
    pub(super) const fn value(&self) -> f64 {
        self.value
    }

    /// Lives through one [`STEP`] with a target that does not change meanwhile: exact, not Euler.
    pub(super) fn step(&mut self, target: f64) {
        self.value = target + (self.value - target) * self.keep;
    }

    /// Halves the distance to the target, whatever the time constant: for finding a point of rest.
    pub(super) fn relax(&mut self, target: f64) {
        self.value = f64::midpoint(self.value, target);
    }
}

/// How busy CPU `cpu` is at second `t`, 0 to 1: a slow swell with a faster ripple on it.
pub(super) fn load(seed: u64, cpu: usize, t: f64) -> f64 {
    let key = 0x100 + cpu as u64;
    let wave = |period: f64, nth: u64| (TAU * (t / period + unit(seed, key, nth))).sin();
    0.40 + 0.12 * wave(613.0, 0) + 0.06 * wave(149.0, 1) + 0.03 * wave(37.0, 2)
}

/// Temperature of the air that the machine is given, in °C at second `t`.
pub(super) fn room(seed: u64, t: f64) -> f64 {
    24.0 + 0.3 * (TAU * (t / 7200.0 + unit(seed, 0x200, 0))).sin()
}

/// The fans' duty cycle, 0 to 1, for the hottest CPU in °C; `None` if that cannot be told.
///
/// A controller that has lost a sensor has to assume the worst.
pub(super) fn fan_duty(hottest: Option<f64>) -> f64 {
    const IDLE: f64 = 0.3;
    const KNEE: f64 = 45.0;
    const FULL: f64 = 85.0;
    hottest.map_or(1.0, |t| IDLE + (1.0 - IDLE) * ((t - KNEE) / (FULL - KNEE)).clamp(0.0, 1.0))
}

/// Thermal resistance from a CPU to the inlet air in K/W, for an airflow of 0 to 1.
///
/// Convection alone when the air stands still; the heat sink's own resistance is what remains.
pub(super) fn thermal_resistance(flow: f64) -> f64 {
    const STILL: f64 = 0.55;
    const SINK: f64 = 0.28;
    const SOFTNESS: f64 = 0.10;
    SINK + (STILL - SINK) * (-flow / SOFTNESS).exp()
}

/// Noise between -1 and 1 that depends on nothing but its arguments, so that a reading repeated at
/// one instant is the same reading.
pub(super) fn noise(seed: u64, key: u64, slot: u64) -> f64 {
    2.0 * unit(seed, key, slot) - 1.0
}

/// A number in 0..1 for each combination of arguments.
fn unit(seed: u64, key: u64, nth: u64) -> f64 {
    let bits = splitmix(splitmix(splitmix(seed) ^ key) ^ nth);
    // The upper 53 bits are as many as an f64 holds exactly.
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// SplitMix64's mixing function (Steele, Lea, Flood: Fast splittable generators, 2014).
pub(crate) const fn splitmix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_covers_63_percent_in_one_time_constant() {
        let mut node = FirstOrder::new(20.0, 10.0);
        for _ in 0..40 {
            node.step(120.0);
        }
        assert!((node.value() - (120.0 - 100.0 / std::f64::consts::E)).abs() < 1e-9);
    }

    #[test]
    fn the_curves_are_monotone_and_bounded() {
        assert_eq!(fan_duty(Some(20.0)), 0.3);
        assert_eq!(fan_duty(Some(99.0)), 1.0);
        assert_eq!(fan_duty(None), 1.0);
        for i in 0_u32..100 {
            let (a, b) = (f64::from(i), f64::from(i + 1));
            assert!(fan_duty(Some(a)) <= fan_duty(Some(b)));
            assert!(thermal_resistance(a / 100.0) > thermal_resistance(b / 100.0));
        }
    }

    #[test]
    fn load_and_noise_stay_in_range_and_differ_by_seed() {
        for i in 0..10_000_u64 {
            let t = i as f64;
            for cpu in 0..2 {
                assert!((0.15..0.65).contains(&load(7, cpu, t)));
            }
            assert!(noise(7, 3, i).abs() <= 1.0);
        }
        assert_ne!(noise(1, 3, 5), noise(2, 3, 5));
        assert_ne!(load(1, 0, 5.0), load(1, 1, 5.0));
        let mean = (0..10_000).map(|i| noise(9, 9, i)).sum::<f64>() / 10_000.0;
        assert!(mean.abs() < 0.03, "noise is biased by {mean}");
    }

    /// The first outputs of SplitMix64 for seed 1234567, as published with the algorithm.
    #[test]
    fn splitmix_is_splitmix() {
        assert_eq!(splitmix(1_234_567), 6_457_827_717_110_365_317);
        assert_eq!(
            splitmix(1_234_567_u64.wrapping_add(0x9e37_79b9_7f4a_7c15)),
            3_203_168_211_198_807_973
        );
    }
}
