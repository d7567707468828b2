//! One sensor: what it measured last, and what became of that.
//!
//! A measurement goes through three stages. *Conditions* are what is the case: a threshold exceeded
//! (with hysteresis), a state asserted (or latched). *Active* are the conditions as of the last
//! look; the difference between the two is what happened. *Events* are of that what is enabled, and
//! not yet told by a sensor that has to be re-armed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ipmi_wire::cmd::sensor::{
    EventBits, EventDataBytes, SensorEventStatus, SensorHysteresis, SensorReading, SensorTypes,
};
use ipmi_wire::sdr::{
    RawThresholds, Record, SensorCommon, SensorType, ThresholdKind, ThresholdMask,
};

use super::event::{Outbox, SensorEvent};
use super::plan::{self, BusPlan, SensorPlan, Source};
use super::scale::Scale;
use super::thresholds::{Thresholds, better, worse};
use crate::nvram::KeptSensor;
use crate::platform::Measurement;

/// A sensor.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// What it is, which is the same in every controller of one make.
    pub(super) design: Arc<Design>,
    pub(super) settings: Settings,
    pub(super) live: Option<Live>,
    /// States that stay asserted.
    pub(super) latched: u16,
    /// Thresholds that are exceeded, hysteresis included.
    beyond: ThresholdMask,
    /// Thresholds that have been exceeded at some time: coming back from them is an event.
    crossed: ThresholdMask,
    pub(super) active: u16,
    /// What happened: see [`SensorEventStatus::events`].
    pub(super) seen: EventBits,
    /// When it is to be scanned next; `None` if it is not scanned.
    pub(super) due: Option<Instant>,
    /// How many scans its bus had seen with its last one.
    pub(super) turn: u64,
    /// Something that is kept was set, or may have changed.
    pub(super) touched: bool,
    /// What was noted last of what is kept; `None` if that is nothing.
    pub(super) noted: Option<Box<KeptSensor>>,
}

/// What a sensor is, by its record and the plan.
#[derive(Debug)]
pub(super) struct Design {
    pub(super) number: u8,
    pub(super) sensor: SensorCommon,
    pub(super) scale: Option<Scale>,
    pub(super) source: Source,
    /// As its record has it.
    pub(super) delivered: Settings,
    latches: u16,
    usual: u16,
    pub(super) timing: Timing,
    fingerprint: u32,
}

/// What can be set at a sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) thresholds: RawThresholds,
    pub(super) hysteresis: SensorHysteresis,
    pub(super) messages: bool,
    pub(super) scanning: bool,
    pub(super) enabled: EventBits,
    pub(super) types: SensorTypes,
}

/// What a sensor says, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Live {
    pub(super) raw: u8,
    pub(super) states: u16,
    pub(super) at: Instant,
}

/// When a sensor is scanned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    pub(super) bus: usize,
    pub(super) interval: Duration,
    pub(super) scan_time: Duration,
}

/// An interval of nothing would be a loop.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);
/// How much later than after three intervals a reading is no longer believed.
const GRACE: Duration = Duration::from_millis(500);

impl Slot {
    /// The sensors of a record: none of one that no reading can be had of.
    pub(super) fn of<'a>(
        record: &'a Record,
        plan_of: impl Fn(u8) -> SensorPlan + 'a,
        buses: &'a [BusPlan],
        kept: impl Fn(u8) -> Option<KeptSensor> + 'a,
    ) -> impl Iterator<Item = Self> + 'a {
        let fingerprint = plan::fingerprint(record);
        plan::numbers(record).filter_map(move |number| {
            let mut slot = Self::new(record, number, &plan_of(number), buses, fingerprint)?;
            if let Some(kept) = kept(number) {
                slot.restore(&kept);
            }
            Some(slot)
        })
    }

    fn new(
        record: &Record,
        number: u8,
        plan: &SensorPlan,
        buses: &[BusPlan],
        fingerprint: u32,
    ) -> Option<Self> {
        let sensor = *record.sensor()?;
        let scale = match record {
            Record::Full(full) => {
                Scale::new(sensor.units.analog_format, full.factors, &plan.factors)
            }
            _ => None,
        };
        let delivered = Settings::of(record)?;
        let usual = plan.usual & sensor.reportable_states();
        let bus = buses.get(plan.bus);
        let design = Design {
            number,
            sensor,
            scale,
            source: plan.source,
            delivered,
            latches: plan.latched & sensor.reportable_states(),
            usual,
            timing: Timing {
                bus: plan.bus,
                interval: plan
                    .interval
                    .unwrap_or_else(|| plan::interval(&sensor))
                    .max(SHORTEST_INTERVAL),
                scan_time: plan.scan_time.or(bus.map(|bus| bus.scan_time)).unwrap_or_default(),
            },
            fingerprint,
        };
        Some(Self {
            design: Arc::new(design),
            settings: delivered,
            live: None,
            latched: 0,
            beyond: ThresholdMask::NONE,
            crossed: ThresholdMask::NONE,
            active: usual,
            seen: EventBits::NONE,
            due: None,
            turn: 0,
            touched: false,
            noted: None,
        })
    }

    /// What was set of a sensor with another record is forgotten: raw numbers mean nothing without
    /// their factors.
    fn restore(&mut self, kept: &KeptSensor) {
        self.noted = Some(Box::new(*kept));
        if kept.record != self.design.fingerprint {
            return;
        }
        let settings = &mut self.settings;
        if let Some(thresholds) = kept.thresholds {
            settings.thresholds = RawThresholds::from_command(thresholds);
        }
        if let Some([positive, negative]) = kept.hysteresis {
            settings.hysteresis = SensorHysteresis { positive, negative };
        }
        if let Some((messages, scanning, assertion, deassertion)) = kept.enables {
            settings.messages = messages;
            settings.scanning = scanning;
            settings.enabled = EventBits { assertion, deassertion };
        }
        if let Some((sensor_type, event_type)) = kept.kind {
            settings.types.sensor_type = SensorType(sensor_type);
            settings.types.event_type.0 = event_type;
        }
        self.latched = kept.latched & self.design.latches;
        self.active = kept.active.unwrap_or(self.design.usual);
        if self.design.sensor.is_threshold() {
            let is = |event: u16| self.active & event != 0;
            let present = self.thresholds().present;
            self.beyond = present.iter().filter(|kind| is(worse(*kind))).collect();
            let crossed = |kind: &_| is(worse(*kind) | better(*kind));
            self.crossed = present.iter().filter(crossed).collect();
        }
        self.seen.assertion = self.active & !self.design.usual;
    }

    /// The same sensor at another machine, which nobody has looked at yet: with what is set at it, and
    /// nothing that it has said.
    pub(super) fn sibling(&self, now: Instant) -> Self {
        let mut slot = Self {
            design: Arc::clone(&self.design),
            settings: self.settings,
            live: None,
            latched: 0,
            beyond: ThresholdMask::NONE,
            crossed: ThresholdMask::NONE,
            active: self.design.usual,
            seen: EventBits::NONE,
            due: None,
            turn: 0,
            touched: false,
            noted: None,
        };
        slot.start(now);
        slot
    }

    /// Where its first reading comes from.
    pub(super) fn start(&mut self, now: Instant) {
        match self.design.source {
            Source::Platform if self.settings.scanning => self.due = Some(now),
            Source::Platform | Source::Written => {}
            Source::Controller => self.live = Some(Live { raw: 0, states: 0, at: now }),
        }
    }

    /// What is to be kept of it, if anything is.
    pub(super) fn kept(&self) -> Option<KeptSensor> {
        let (now, then) = (&self.settings, &self.design.delivered);
        let SensorHysteresis { positive, negative } = now.hysteresis;
        let EventBits { assertion, deassertion } = now.enabled;
        let enables = (now.messages, now.scanning, assertion, deassertion);
        let enabled =
            |settings: &Settings| (settings.messages, settings.scanning, settings.enabled);
        let kept = KeptSensor {
            record: 0,
            thresholds: (now.thresholds != then.thresholds).then(|| now.thresholds.to_command()),
            hysteresis: (now.hysteresis != then.hysteresis).then_some([positive, negative]),
            enables: (enabled(now) != enabled(then)).then_some(enables),
            kind: (now.types != then.types)
                .then_some((now.types.sensor_type.0, now.types.event_type.0)),
            latched: self.latched,
            active: (self.active != self.design.usual).then_some(self.active),
        };
        let record = self.design.fingerprint;
        (kept != KeptSensor::default()).then_some(KeptSensor { record, ..kept })
    }

    /// Takes in what was measured.
    pub(super) fn take(&mut self, now: Instant, measured: Measurement, out: &mut Outbox) {
        if !self.settings.scanning {
            return;
        }
        self.live = match (measured, &self.design.scale) {
            (Measurement::Value(value), Some(scale)) if !value.is_nan() => {
                let states = self.live.map_or(0, |live| live.states);
                Some(Live { raw: scale.raw(value), states, at: now })
            }
            (Measurement::States(states), _) if !self.design.sensor.is_threshold() => {
                let states = states & self.design.sensor.reportable_states();
                let raw = self.live.map_or(0, |live| live.raw);
                Some(Live { raw, states, at: now })
            }
            // What does not fit the sensor is no reading of it.
            _ => None,
        };
        if let Some(live) = self.live {
            self.latch(live.states);
            self.evaluate(EventDataBytes::Own, out);
        }
    }

    /// Looks at the conditions, and tells what has changed.
    pub(super) fn evaluate(&mut self, data: EventDataBytes, out: &mut Outbox) {
        if !self.settings.scanning {
            return;
        }
        let Some(conditions) = self.conditions() else { return };
        let came = conditions & !self.active;
        let went = self.active & !conditions;
        if came | went == 0 {
            return;
        }
        self.active = conditions;
        self.touched = true;
        // What goes, goes before what comes; of thresholds, the gravest goes first and comes last.
        for offset in (0..15).rev().filter(|offset| went & (1 << offset) != 0) {
            self.happened(offset, false, data, out);
        }
        for offset in (0..15).filter(|offset| came & (1 << offset) != 0) {
            self.happened(offset, true, data, out);
        }
    }

    /// Takes what is the case for known: it is not to be told.
    pub(super) fn overlook(&mut self) {
        if let Some(conditions) = self.conditions() {
            self.touched |= self.active != conditions;
            self.active = conditions;
        }
    }

    /// Whether this threshold is exceeded, hysteresis included.
    pub(super) fn is_beyond(&self, kind: ThresholdKind) -> bool {
        self.design.sensor.is_threshold() && self.beyond.contains(kind)
    }

    /// What is the case, as bits of events; `None` if nothing is known.
    fn conditions(&mut self) -> Option<u16> {
        let live = self.live?;
        if !self.design.sensor.is_threshold() {
            return Some(live.states | self.latched);
        }
        let thresholds = self.thresholds();
        self.beyond = thresholds.compare(self.design.scale.as_ref()?, live.raw, self.beyond);
        self.crossed.0 |= self.beyond.0;
        let (beyond, crossed) = (self.beyond, self.crossed);
        Some(thresholds.present.iter().fold(0, |conditions, kind| {
            conditions
                | match (beyond.contains(kind), crossed.contains(kind)) {
                    (true, _) => worse(kind),
                    (false, true) => better(kind),
                    (false, false) => 0,
                }
        }))
    }

    fn happened(&mut self, offset: u8, assertion: bool, given: EventDataBytes, out: &mut Outbox) {
        let event = 1 << offset;
        let (seen, undone) = if assertion {
            (&mut self.seen.assertion, &mut self.seen.deassertion)
        } else {
            (&mut self.seen.deassertion, &mut self.seen.assertion)
        };
        let told = *seen & event != 0;
        *seen |= event;
        if self.design.sensor.auto_rearms() {
            *undone &= !event;
        } else if told {
            return;
        }
        let enabled = self.settings.enabled;
        let enabled = if assertion { enabled.assertion } else { enabled.deassertion };
        if !self.settings.messages || enabled & event == 0 {
            return;
        }
        let own = self.event_data(offset);
        let data = match given {
            EventDataBytes::Own => own,
            EventDataBytes::Write(data) => data,
            EventDataBytes::WriteButOffset([first, second, third]) => {
                [(first & 0xf0) | offset, second, third]
            }
        };
        let SensorTypes { sensor_type, event_type } = self.settings.types;
        out.send(SensorEvent {
            number: self.design.number,
            sensor_type,
            event_type,
            assertion,
            data,
        });
    }

    /// §29.7: the offset; of a threshold also the reading that triggered and the threshold itself.
    fn event_data(&self, offset: u8) -> [u8; 3] {
        let kind = ThresholdMask::ALL.iter().nth(usize::from(offset / 2));
        match (kind, self.live) {
            (Some(kind), Some(live)) if self.design.sensor.is_threshold() => {
                [0x50 | offset, live.raw, self.settings.thresholds.get(kind)]
            }
            _ => [offset, 0xff, 0xff],
        }
    }

    pub(super) fn latch(&mut self, states: u16) {
        let latched = self.latched | (states & self.design.latches);
        self.touched |= latched != self.latched;
        self.latched = latched;
    }

    /// Forgets that these events happened, so that they are told again if they are still the case.
    pub(super) fn rearm(&mut self, events: EventBits, out: &mut Outbox) {
        self.seen.assertion &= !events.assertion;
        self.seen.deassertion &= !events.deassertion;
        self.active &= !events.assertion;
        let again = |kind: &_| events.assertion & worse(*kind) == 0;
        self.beyond = self.beyond.iter().filter(again).collect();
        self.touched = true;
        self.evaluate(EventDataBytes::Own, out);
    }

    /// Lets go of the latched states among `states` that are over; the others stay.
    pub(super) fn unlatch(&mut self, states: u16, out: &mut Outbox) {
        let Some(live) = self.live else { return };
        let free = self.latched & states & !live.states;
        if free == 0 {
            return;
        }
        self.latched &= !free;
        self.touched = true;
        self.evaluate(EventDataBytes::Own, out);
        // The next time is news again.
        self.seen.assertion &= !free;
        self.seen.deassertion &= !free;
    }

    /// The answer to Get Sensor Reading.
    pub(super) fn reading(&self, now: Instant) -> SensorReading {
        let live = self.live.filter(|live| self.is_fresh(now, live));
        let states = match (live, &self.design.scale) {
            (None, _) => 0,
            (Some(live), _) if !self.design.sensor.is_threshold() => live.states | self.latched,
            (Some(live), Some(scale)) => {
                let exceeded = self.thresholds().exceeded(scale, live.raw);
                (exceeded.0 & self.design.sensor.reported_thresholds().0).into()
            }
            (Some(_), None) => 0,
        };
        SensorReading {
            raw: live.map_or(0, |live| live.raw),
            event_messages_enabled: self.settings.messages,
            scanning_enabled: self.settings.scanning,
            unavailable: live.is_none(),
            states,
        }
    }

    /// The answer to Get Sensor Event Status.
    pub(super) fn event_status(&self, now: Instant) -> SensorEventStatus {
        let supported = supported(&self.design.sensor);
        SensorEventStatus {
            event_messages_enabled: self.settings.messages,
            scanning_enabled: self.settings.scanning,
            unavailable: self.reading(now).unavailable,
            events: EventBits {
                assertion: self.seen.assertion & supported.assertion,
                deassertion: self.seen.deassertion & supported.deassertion,
            },
        }
    }

    /// A reading that was not renewed three times in a row says nothing about now.
    fn is_fresh(&self, now: Instant, live: &Live) -> bool {
        if self.design.source != Source::Platform {
            return true;
        }
        let Timing { interval, scan_time, .. } = self.design.timing;
        let life = interval.max(scan_time).saturating_mul(3).saturating_add(GRACE);
        now.saturating_duration_since(live.at) <= life
    }

    pub(super) fn thresholds(&self) -> Thresholds {
        Thresholds {
            values: self.settings.thresholds,
            hysteresis: self.settings.hysteresis,
            present: Thresholds::present(&self.design.sensor),
        }
    }
}

impl Settings {
    /// As a record has them; `None` of one that no reading can be had of.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let (thresholds, positive, negative) = match record {
            Record::Full(full) => {
                (full.thresholds, full.positive_hysteresis, full.negative_hysteresis)
            }
            Record::Compact(compact) => {
                let none = RawThresholds::default();
                (none, compact.positive_hysteresis, compact.negative_hysteresis)
            }
            _ => return None,
        };
        let sensor = record.sensor()?;
        Some(Self {
            thresholds,
            hysteresis: SensorHysteresis { positive, negative },
            // What the power-up default leaves off, the initialization agent switches on.
            messages: sensor.initialization & 0x22 != 0,
            scanning: sensor.initialization & 0x41 != 0,
            enabled: supported(sensor),
            types: SensorTypes { sensor_type: sensor.sensor_type, event_type: sensor.event_type },
        })
    }
}

/// The events that a sensor can report at all.
pub(super) const fn supported(sensor: &SensorCommon) -> EventBits {
    // Bits above those say other things of threshold sensors.
    let bits = if sensor.is_threshold() { 0x0fff } else { 0x7fff };
    EventBits {
        assertion: sensor.assertion_mask & bits,
        deassertion: sensor.deassertion_mask & bits,
    }
}
