//! Limits on the temperature at the inlet.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ipmi_wire::cmd::dcmi::{SetThermalLimit, ThermalLimit};

use super::watch::Watch;
use crate::dispatch::Outcome;
use crate::nvram::{Journal, KeptDcmi, setting};

/// The limits, by instance of the inlet's entity.
#[derive(Debug, Default)]
pub(crate) struct ThermalLimits {
    limits: BTreeMap<u8, (ThermalLimit, Watch)>,
    /// Sensors that were above for too long, and whether the machine goes off for it.
    passed: Vec<(u8, bool)>,
}

/// The hottest that a temperature reading can say.
const MOST: u8 = 127;

impl ThermalLimits {
    pub(super) fn new(kept: &BTreeMap<u8, ThermalLimit>) -> Self {
        let limits = kept.iter().map(|(at, limit)| (*at, (*limit, Watch::default())));
        Self { limits: limits.collect(), passed: Vec::new() }
    }

    /// What a reset of the controller does: limits that are not to be kept are gone.
    pub(super) fn reset(&mut self) {
        self.limits.retain(|_, (limit, watch)| {
            *watch = Watch::default();
            limit.persistent
        });
        self.passed.clear();
    }

    /// Whether any of them does something.
    pub(crate) fn act(&self) -> bool {
        self.limits.values().any(|(limit, _)| limit.power_off || limit.log)
    }

    /// That of an instance: nothing, if nobody has set one.
    pub(crate) fn get(&self, instance: u8) -> ThermalLimit {
        self.limits.get(&instance).map(|(limit, _)| *limit).unwrap_or_default()
    }

    /// Sets one.
    ///
    /// # Errors
    /// 84h for a temperature that no reading can be above.
    pub(crate) fn set(
        &mut self,
        instance: u8,
        limit: ThermalLimit,
        journal: &mut Journal,
    ) -> Outcome<()> {
        if limit.celsius >= MOST || limit.celsius == 0 && (limit.power_off || limit.log) {
            return Err(SetThermalLimit::LIMIT_OUT_OF_RANGE);
        }
        if self.get(instance) != limit || journal.is_in_doubt() {
            self.limits.insert(instance, (limit, Watch::default()));
            let kept = self.limits.iter().map(|(at, (limit, _))| (*at, *limit));
            let kept = kept.filter(|(_, limit)| limit.persistent);
            journal.put_bytes(setting::THERMAL_LIMITS, KeptDcmi::thermal_bytes(kept));
        }
        Ok(())
    }

    /// Sees a temperature, in degrees Celsius, of a machine that is on or off.
    pub(crate) fn look(&mut self, now: Instant, instance: u8, sensor: u8, celsius: f64, on: bool) {
        let Some((limit, watch)) = self.limits.get_mut(&instance) else { return };
        let acts = limit.power_off || limit.log;
        let above = acts && on && celsius > limit.celsius.into();
        watch.look(now, above, Duration::from_secs(limit.seconds.into()));
        if watch.poll() {
            self.passed.push((sensor, limit.power_off));
        }
    }

    pub(super) fn poll(&mut self) -> Option<(u8, bool)> {
        self.passed.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_passed_after_its_time_and_once() {
        let (mut limits, mut journal) = (ThermalLimits::default(), Journal::default());
        let limit = ThermalLimit { log: true, celsius: 40, seconds: 5, ..ThermalLimit::default() };
        limits.set(1, limit, &mut journal).unwrap();
        assert!(limits.act());
        let start = Instant::now();
        let mut at = |second, celsius| {
            limits.look(start + Duration::from_secs(second), 1, 3, celsius, true);
            limits.poll()
        };
        assert_eq!(
            [at(0, 40.0), at(1, 41.0), at(5, 41.0), at(6, 41.0), at(7, 41.0)],
            [None, None, None, Some((3, false)), None]
        );
        limits.look(start, 2, 4, 99.0, true);
        assert_eq!(limits.poll(), None);
    }

    #[test]
    fn what_is_not_persistent_ends_with_the_controller() {
        let (mut limits, mut journal) = (ThermalLimits::default(), Journal::default());
        let limit = ThermalLimit { power_off: true, celsius: 45, seconds: 1, ..Default::default() };
        limits.set(1, limit, &mut journal).unwrap();
        limits.set(2, ThermalLimit { persistent: true, ..limit }, &mut journal).unwrap();
        limits.reset();
        assert_eq!(limits.get(1), ThermalLimit::default());
        assert_eq!(limits.get(2).celsius, 45);
        for celsius in [0, 127, 255] {
            let refused = limits.set(1, ThermalLimit { celsius, ..limit }, &mut journal);
            assert_eq!(refused, Err(SetThermalLimit::LIMIT_OUT_OF_RANGE));
        }
    }
}
