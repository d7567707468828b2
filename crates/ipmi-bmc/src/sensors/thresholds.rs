//! Comparators: where a reading is, seen from the thresholds.
//!
//! Values are compared, not raw readings: those of a sensor with negative slope, or of a reciprocal
//! one, run the other way. Hysteresis is in raw counts all the same, so that nothing is assumed of
//! the function: a threshold stays exceeded as long as any reading within the hysteresis of the
//! present one would exceed it. For a rising line that is `reading >= threshold - hysteresis`.
//!
//! Source: IPMI v2.0 §35.6, §35.14.

use ipmi_wire::cmd::sensor::SensorHysteresis;
use ipmi_wire::sdr::{RawThresholds, SensorCommon, SettingAccess, ThresholdKind, ThresholdMask};

use super::scale::Scale;

/// The thresholds of a sensor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    pub(super) values: RawThresholds,
    pub(super) hysteresis: SensorHysteresis,
    /// Those that it has.
    pub(super) present: ThresholdMask,
}

impl Thresholds {
    /// The thresholds that a sensor has. Fixed ones cannot be read: only their events show them.
    pub(super) fn present(sensor: &SensorCommon) -> ThresholdMask {
        match sensor.threshold_access() {
            SettingAccess::None => ThresholdMask::NONE,
            SettingAccess::Readable | SettingAccess::Settable => {
                ThresholdMask(sensor.readable_thresholds().0 | sensor.settable_thresholds().0)
            }
            SettingAccess::Fixed => {
                let events = sensor.assertion_mask | sensor.deassertion_mask;
                let has = |kind: &ThresholdKind| events & (3 << (2 * kind.bit())) != 0;
                ThresholdMask::ALL.iter().filter(has).collect()
            }
        }
    }

    /// The thresholds at or beyond which a reading is, without hysteresis.
    pub(super) fn exceeded(&self, scale: &Scale, raw: u8) -> ThresholdMask {
        let Some(value) = scale.value(raw) else { return ThresholdMask::NONE };
        self.present.iter().filter(|kind| self.exceeds(scale, *kind, value)).collect()
    }

    /// The thresholds that are exceeded now if `before` were, hysteresis included. A reading that
    /// has no value changes nothing.
    pub(super) fn compare(&self, scale: &Scale, raw: u8, before: ThresholdMask) -> ThresholdMask {
        if scale.value(raw).is_none() {
            return before;
        }
        let exceeded = self.exceeded(scale, raw);
        let hangs_on = |kind: &ThresholdKind| {
            let hysteresis = self.hysteresis(*kind);
            hysteresis > 0
                && before.contains(*kind)
                && scale.around(raw, hysteresis).any(|value| self.exceeds(scale, *kind, value))
        };
        self.present.iter().filter(|kind| exceeded.contains(*kind) || hangs_on(kind)).collect()
    }

    fn exceeds(&self, scale: &Scale, kind: ThresholdKind, value: f64) -> bool {
        scale
            .value(self.values.get(kind))
            .is_some_and(|limit| if kind.is_upper() { value >= limit } else { value <= limit })
    }

    const fn hysteresis(&self, kind: ThresholdKind) -> u8 {
        if kind.is_upper() { self.hysteresis.positive } else { self.hysteresis.negative }
    }
}

/// The event of exceeding a threshold, as a bit: going low below a lower one, going high above an
/// upper one. IPMI v2.0 §42.1, Table 42-2.
pub(super) const fn worse(kind: ThresholdKind) -> u16 {
    1 << (2 * kind.bit() + if kind.is_upper() { 1 } else { 0 })
}

/// The event of coming back: the same threshold, the other way.
pub(super) const fn better(kind: ThresholdKind) -> u16 {
    1 << (2 * kind.bit() + if kind.is_upper() { 0 } else { 1 })
}
