//! A look at sensors from outside.

use std::time::Instant;

use ipmi_wire::sdr::{EventReadingType, SensorType};

use super::plan::Source;
use super::slot::Slot;
use super::{Engine, Live};

/// A sensor as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorView {
    /// Number on LUN 0.
    pub number: u8,
    /// Name; empty if there is no record of it any more.
    pub name: String,
    /// What it watches.
    pub sensor_type: SensorType,
    /// Its set of states, or thresholds.
    pub event_type: EventReadingType,
    /// Whether it has a value; else it has states.
    pub is_threshold: bool,
    /// Its unit in words; empty of one that has states.
    pub unit: String,
    /// Whence its readings come.
    pub source: Source,
    /// Whether it is scanned.
    pub scanning: bool,
    /// Its reading; `None` if nothing can be said.
    pub raw: Option<u8>,
    /// What that means, of one that has a value.
    pub value: Option<f64>,
    /// Thresholds exceeded (bits 0 to 5), or states asserted or latched (bits 0 to 14).
    pub states: u16,
    /// The states that it can report, of one that has states.
    pub reportable: u16,
    /// Whether somebody makes it say what it says: see
    /// [`override_sensor`](crate::Bmc::override_sensor).
    pub overridden: bool,
}

impl Engine {
    /// All sensors, by number, without names.
    pub(crate) fn views(&self, now: Instant) -> Vec<SensorView> {
        self.slots.iter().map(|slot| slot.view(now)).collect()
    }

    /// What a sensor that has a value says; `None` if nothing can be said.
    pub(crate) fn value(&self, now: Instant, number: u8) -> Option<f64> {
        self.slots.get(self.find(number).ok()?)?.view(now).value
    }

    /// What a start without power before it does: nothing is measured yet, and the machine was off.
    pub(crate) fn start_anew(&mut self, now: Instant) {
        for slot in &mut self.slots {
            match slot.design.source {
                Source::Platform | Source::Written => slot.live = None,
                Source::Controller => slot.live = Some(Live { raw: 0, states: 0, at: now }),
            }
        }
        self.out.open = true;
        self.was_on = Some(false);
        self.rescan(now);
    }
}

impl Slot {
    fn view(&self, now: Instant) -> SensorView {
        let reading = self.reading(now);
        let is_threshold = self.design.sensor.is_threshold();
        let raw = (!reading.unavailable).then_some(reading.raw);
        let value =
            raw.filter(|_| is_threshold).and_then(|raw| self.design.scale.as_ref()?.value(raw));
        SensorView {
            number: self.design.number,
            name: String::new(),
            sensor_type: self.settings.types.sensor_type,
            event_type: self.settings.types.event_type,
            is_threshold,
            unit: if is_threshold { self.design.sensor.units.words() } else { String::new() },
            source: self.design.source,
            scanning: self.settings.scanning,
            raw,
            value,
            states: reading.states,
            reportable: if is_threshold { 0 } else { self.design.sensor.reportable_states() },
            overridden: false,
        }
    }
}
