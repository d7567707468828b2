//! The sensor engine: it scans, compares, and tells what happened.
//!
//! Requests never measure: they get what the last scan brought, at once, or "reading unavailable" if
//! there was none lately. Scans run over *buses*, each one scan at a time in order of due time, so
//! that what is slow delays its own bus and nothing else. A scan is done when the platform answers:
//! at once, or whenever its source has.
//!
//! The engine is pure: whoever has it calls [`advance`](Engine::advance) when
//! [`poll_timeout`](Engine::poll_timeout) says so, and **after every call that takes `&mut self`**
//! drains [`poll_event`](Engine::poll_event) and lets [`keep`](Engine::keep) note what is to survive.
//!
//! * `plan`: what a personality says about scanning.
//! * `slot`: one sensor, from measurement to event; `settings`: what can be set at it.
//! * `thresholds`: comparators; `scale`: from readings to values; `bus`: when whose turn is.

mod bus;
mod event;
mod plan;
mod scale;
mod settings;
mod slot;
#[cfg(test)]
mod tests;
mod thresholds;
mod view;

use std::collections::BTreeMap;
use std::time::Instant;

use ipmi_wire::cmd::sensor::{
    EventBits, EventDataBytes, SensorEventEnable, SensorEventStatus, SensorHysteresis,
    SensorReading, SensorReadingFactors, SensorThresholds, SensorTypes, SetSensorEventEnable,
    SetSensorReading,
};
use ipmi_wire::sdr::{
    EventReadingType, RawThresholds, Record, SensorKey, SensorType, ThresholdKind, ThresholdMask,
};
use ipmi_wire::{Channel, CompletionCode};

use crate::dispatch::Outcome;
use crate::nvram::{Journal, KeptSensor, Key, Room};
use crate::platform::{Platform, Scan as Scanned};

use bus::{Bus, Scan};
use event::Outbox;
use slot::{Live, Slot};

pub use event::SensorEvent;
pub use plan::{BusPlan, Plan, SensorPlan, Source, interval};
pub use view::SensorView;

/// The sensors of one controller.
#[derive(Debug)]
pub(crate) struct Engine {
    epoch: Instant,
    /// By number.
    slots: Vec<Slot>,
    buses: Vec<Bus>,
    was_on: Option<bool>,
    /// When something is to be scanned, or a scan has taken its time.
    due: Option<Instant>,
    out: Outbox,
    /// The number of the sensor that tells of sessions, which says nothing but that.
    audit: Option<u8>,
}

impl Engine {
    /// The sensors that these records describe, none of them scanned yet. Of records for one sensor
    /// number the first counts, and those of other controllers do not.
    pub(crate) fn new(
        now: Instant,
        records: &[Record],
        plan: &Plan,
        kept: &BTreeMap<u8, KeptSensor>,
    ) -> Self {
        let plan_of = |number| plan.sensors.get(&number).cloned().unwrap_or_default();
        let kept_of = |number| kept.get(&number).copied();
        let mut slots: Vec<Slot> = records
            .iter()
            .filter(|record| record.sensor().is_some_and(|sensor| is_ours(sensor.key)))
            .flat_map(|record| Slot::of(record, plan_of, &plan.buses, kept_of))
            .collect();
        // Stable, so that the first of a number stays the first.
        slots.sort_by_key(|slot| slot.design.number);
        slots.dedup_by_key(|slot| slot.design.number);
        slots.iter_mut().for_each(|slot| slot.start(now));
        let on = |bus| {
            let slots = slots.iter().enumerate();
            let its = slots.filter(move |(_, slot)| slot.design.timing.bus == bus);
            its.map(|(at, _)| at).collect()
        };
        let buses = (0..plan.buses.len()).map(|bus| Bus::new(on(bus))).collect();
        let audit = records.iter().find_map(|record| match record {
            Record::EventOnly(sensor) if sensor.sensor_type == SensorType::SESSION_AUDIT => {
                Some(sensor.key).filter(|key| is_ours(*key)).map(|key| key.number)
            }
            _ => None,
        });
        let out = Outbox::new();
        Self { epoch: now, slots, buses, was_on: None, due: Some(now), out, audit }
    }

    /// The same sensors at another machine: set as these are, none of them scanned yet.
    pub(crate) fn sibling(&self, now: Instant) -> Self {
        Self {
            epoch: now,
            slots: self.slots.iter().map(|slot| slot.sibling(now)).collect(),
            buses: self.buses.iter().map(Bus::sibling).collect(),
            was_on: None,
            due: Some(now),
            out: Outbox { open: self.out.open, ..Outbox::new() },
            audit: self.audit,
        }
    }

    /// Scans what is due, and takes in what the platform has for us.
    pub(crate) fn advance(&mut self, now: Instant, platform: &mut dyn Platform) {
        let on = platform.is_on();
        let power_changed = self.was_on.replace(on).is_some_and(|was| was != on);
        if power_changed {
            self.rescan(now);
        }
        while let Some((number, measured)) = platform.poll_scan() {
            let Ok(at) = self.find(number) else { continue };
            let done = |scan: &Scan| scan.sensor == at && scan.until.is_none();
            if let Some(bus) = self.buses.iter_mut().find(|bus| bus.scan.as_ref().is_some_and(done))
            {
                bus.scan = None;
                self.due = Some(now);
            }
            if let Some(slot) = self.slots.get_mut(at) {
                slot.take(now, measured, &mut self.out);
            }
        }
        if self.due.is_some_and(|due| due <= now) {
            for bus in &mut self.buses {
                run(bus, &mut self.slots, self.epoch, now, platform, &mut self.out);
            }
            self.due = self.buses.iter().filter_map(|bus| due(bus, &self.slots)).min();
        }
        if power_changed && on {
            self.unlatch();
        }
    }

    /// When [`advance`](Self::advance) next has something to do.
    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// What has happened, oldest first.
    pub(crate) fn poll_event(&mut self) -> Option<SensorEvent> {
        self.out.events.pop_front()
    }

    /// Notes what has changed of what is to survive a restart.
    pub(crate) fn keep(&mut self, journal: &mut Journal) {
        if journal.is_forgetful() {
            // What was noted last would be remembered for nothing.
            return;
        }
        for slot in self.slots.iter_mut().filter(|slot| slot.touched) {
            slot.touched = false;
            let kept = slot.kept();
            if kept.as_ref() == slot.noted.as_deref() && !journal.is_in_doubt() {
                continue;
            }
            slot.noted = kept.map(Box::new);
            let key = Key { room: Room::Sensors, number: slot.design.number.into() };
            match kept {
                None => journal.remove(key),
                Some(kept) => journal.put(key, &kept),
            }
        }
    }

    /// Makes everything that the platform measures due at once.
    pub(crate) fn rescan(&mut self, now: Instant) {
        for slot in &mut self.slots {
            if slot.design.source == Source::Platform && slot.settings.scanning {
                slot.due = Some(now);
            }
        }
        self.due = Some(now);
    }

    /// Tells the states of the sensors of this type that the controller itself knows.
    pub(crate) fn report(&mut self, now: Instant, sensor_type: SensorType, states: u16) {
        self.report_as(now, sensor_type, states, Some(EventDataBytes::Own));
    }

    /// The same, with event data; without, what is new is not an event.
    pub(crate) fn report_as(
        &mut self,
        now: Instant,
        sensor_type: SensorType,
        states: u16,
        data: Option<EventDataBytes>,
    ) {
        let ours = |slot: &&mut Slot| {
            slot.design.source == Source::Controller
                && slot.design.sensor.sensor_type == sensor_type
        };
        for slot in self.slots.iter_mut().filter(ours) {
            let states = states & slot.design.sensor.reportable_states();
            slot.live = Some(Live { raw: 0, states, at: now });
            match data {
                Some(data) => slot.evaluate(data, &mut self.out),
                None => slot.overlook(),
            }
        }
    }

    /// Tells that a user was locked out for wrong passwords. IPMI v2.0 §42.2, Table 42-3: offset 3
    /// of Session Audit, with the user and the channel. Without such a sensor, sensor 0 tells it.
    pub(crate) fn tell_lockout(&mut self, user_id: u8, channel: Channel) {
        const INVALID_PASSWORD_DISABLE: u8 = 0x03;
        /// Bytes 2 and 3 hold what belongs to the offset.
        const SENSOR_SPECIFIC: u8 = 0xf0;
        self.out.send(SensorEvent {
            number: self.audit.unwrap_or_default(),
            sensor_type: SensorType::SESSION_AUDIT,
            event_type: EventReadingType::SENSOR_SPECIFIC,
            assertion: true,
            data: [SENSOR_SPECIFIC | INVALID_PASSWORD_DISABLE, user_id & 0x3f, channel.number()],
        });
    }

    /// Lets go of latched states that are over, as a power cycle or a reset of the controller does.
    pub(crate) fn unlatch(&mut self) {
        for slot in &mut self.slots {
            slot.unlatch(u16::MAX, &mut self.out);
        }
    }

    /// What a cold reset does: latched states that are over go, events are sent.
    pub(crate) fn reset(&mut self) {
        self.out.open = true;
        self.unlatch();
    }

    /// Sets all sensors up anew: as these records have them, or as they were delivered.
    pub(crate) fn initialize(&mut self, now: Instant, records: &[Record]) {
        for slot in &mut self.slots {
            let is_its = |record: &&Record| {
                record.sensor().is_some_and(|sensor| is_ours(sensor.key))
                    && plan::numbers(record).contains(&slot.design.number)
            };
            slot.initialize(now, records.iter().find(is_its), &mut self.out);
        }
        self.due = Some(now);
    }

    /// Whether the lid is open, or was and that is latched; `None` without a sensor for it.
    pub(crate) fn intrusion(&self) -> Option<bool> {
        let mut lids = self
            .slots
            .iter()
            .filter(|slot| slot.settings.types.sensor_type == SensorType::PHYSICAL_SECURITY)
            .peekable();
        lids.peek()?;
        Some(lids.any(|lid| (lid.live.map_or(0, |live| live.states) | lid.latched) & 1 != 0))
    }

    /// Whether a fan is too slow to cool, or said to be.
    pub(crate) fn fan_fault(&self) -> bool {
        let bad = [ThresholdKind::LowerCritical, ThresholdKind::LowerNonRecoverable];
        self.slots.iter().any(|slot| {
            slot.design.sensor.sensor_type == SensorType::FAN
                && slot.live.is_some()
                && bad.into_iter().any(|kind| slot.is_beyond(kind))
        })
    }

    /// Whether a drive is said to be faulty.
    pub(crate) fn drive_fault(&self) -> bool {
        /// Table 42-3, type 0Dh: 01h.
        const FAULT: u16 = 1 << 1;
        self.slots.iter().any(|slot| {
            slot.design.sensor.sensor_type == SensorType::DRIVE_SLOT
                && slot.design.sensor.event_type == EventReadingType::SENSOR_SPECIFIC
                && slot.live.is_some_and(|live| live.states & FAULT != 0)
        })
    }

    /// Whether events are sent at all.
    pub(crate) const fn sends_events(&self) -> bool {
        self.out.open
    }

    /// Sends events from now on, or none. What is the case is told anew.
    pub(crate) fn send_events(&mut self, send: bool) {
        self.out.open = send;
        for slot in self.slots.iter_mut().filter(|_| send) {
            slot.rearm(ALL, &mut self.out);
        }
    }

    /// Get Sensor Reading.
    pub(crate) fn reading(&self, now: Instant, number: u8) -> Outcome<SensorReading> {
        Ok(self.slot(number)?.reading(now))
    }

    /// Get Sensor Reading Factors.
    pub(crate) fn factors(&self, number: u8, raw: u8) -> Outcome<SensorReadingFactors> {
        let scale = self.slot(number)?.design.scale.as_ref();
        let (factors, next_reading) = scale.ok_or(CompletionCode::ILLEGAL_FOR_RECORD)?.factors(raw);
        Ok(SensorReadingFactors { next_reading, factors })
    }

    /// Get Sensor Thresholds.
    pub(crate) fn thresholds(&self, number: u8) -> Outcome<SensorThresholds> {
        self.slot(number)?.read_thresholds()
    }

    /// Set Sensor Thresholds.
    pub(crate) fn set_thresholds(
        &mut self,
        number: u8,
        set: ThresholdMask,
        values: RawThresholds,
    ) -> Outcome<()> {
        let (slot, out) = self.slot_mut(number)?;
        slot.set_thresholds(set, values, out)
    }

    /// Get Sensor Hysteresis.
    pub(crate) fn hysteresis(&self, number: u8) -> Outcome<SensorHysteresis> {
        self.slot(number)?.read_hysteresis()
    }

    /// Set Sensor Hysteresis.
    pub(crate) fn set_hysteresis(
        &mut self,
        number: u8,
        hysteresis: SensorHysteresis,
    ) -> Outcome<()> {
        let (slot, out) = self.slot_mut(number)?;
        slot.set_hysteresis(hysteresis, out)
    }

    /// Get Sensor Event Enable.
    pub(crate) fn enables(&self, number: u8) -> Outcome<SensorEventEnable> {
        Ok(self.slot(number)?.read_enables())
    }

    /// Set Sensor Event Enable.
    pub(crate) fn set_enables(
        &mut self,
        now: Instant,
        request: &SetSensorEventEnable,
    ) -> Outcome<()> {
        let (slot, out) = self.slot_mut(request.number)?;
        slot.set_enables(now, request, out)?;
        self.due = Some(now);
        Ok(())
    }

    /// Re-arm Sensor Events. What is latched and over is let go.
    pub(crate) fn rearm(&mut self, number: u8, selected: Option<EventBits>) -> Outcome<()> {
        let (slot, out) = self.slot_mut(number)?;
        let events = selected.unwrap_or(ALL);
        slot.unlatch(events.assertion, out);
        slot.rearm(events, out);
        Ok(())
    }

    /// Get Sensor Event Status.
    pub(crate) fn event_status(&self, now: Instant, number: u8) -> Outcome<SensorEventStatus> {
        Ok(self.slot(number)?.event_status(now))
    }

    /// Get Sensor Type.
    pub(crate) fn types(&self, number: u8) -> Outcome<SensorTypes> {
        Ok(self.slot(number)?.settings.types)
    }

    /// Set Sensor Type.
    pub(crate) fn set_types(&mut self, number: u8, types: SensorTypes) -> Outcome<()> {
        let (slot, out) = self.slot_mut(number)?;
        slot.set_types(types, out)
    }

    /// Set Sensor Reading And Event Status.
    pub(crate) fn write(&mut self, now: Instant, request: &SetSensorReading) -> Outcome<()> {
        let (slot, out) = self.slot_mut(request.number)?;
        slot.write(now, request, out)
    }

    fn find(&self, number: u8) -> Outcome<usize> {
        self.slots
            .binary_search_by_key(&number, |slot| slot.design.number)
            .map_err(|_| CompletionCode::NOT_PRESENT)
    }

    fn slot(&self, number: u8) -> Outcome<&Slot> {
        self.slots.get(self.find(number)?).ok_or(CompletionCode::NOT_PRESENT)
    }

    fn slot_mut(&mut self, number: u8) -> Outcome<(&mut Slot, &mut Outbox)> {
        let at = self.find(number)?;
        let slot = self.slots.get_mut(at).ok_or(CompletionCode::NOT_PRESENT)?;
        Ok((slot, &mut self.out))
    }
}

/// Whether the sensor is the controller's own, on LUN 0.
pub(crate) const fn is_ours(key: SensorKey) -> bool {
    key.owner_id == SensorKey::BMC && key.lun() == 0
}

/// All events of a sensor.
const ALL: EventBits = EventBits { assertion: u16::MAX, deassertion: u16::MAX };

/// Carries out the scans of a bus that are due, until one takes its time.
fn run(
    bus: &mut Bus,
    slots: &mut [Slot],
    epoch: Instant,
    now: Instant,
    platform: &mut dyn Platform,
    out: &mut Outbox,
) {
    loop {
        let sensor = match bus.scan {
            Some(Scan { until: Some(until), sensor }) if until <= now => sensor,
            Some(_) => return,
            None => {
                // Of two that wait equally long, the one that was scanned longer ago.
                let turn = |at: &usize| {
                    let slot = slots.get(*at)?;
                    Some((slot.due?, slot.turn, *at))
                };
                let next = bus.sensors.iter().filter_map(turn).min();
                let Some((_, _, sensor)) = next.filter(|(due, ..)| *due <= now) else { return };
                let Some(slot) = slots.get_mut(sensor) else { return };
                bus.turns = bus.turns.wrapping_add(1);
                slot.turn = bus.turns;
                slot.due = Some(bus::next_multiple(epoch, slot.design.timing.interval, now));
                if !slot.design.timing.scan_time.is_zero() {
                    let until = now.checked_add(slot.design.timing.scan_time);
                    bus.scan = Some(Scan { sensor, until });
                    return;
                }
                sensor
            }
        };
        let Some(slot) = slots.get_mut(sensor) else { return };
        match platform.start_scan(now, slot.design.number) {
            Scanned::Done(measured) => {
                bus.scan = None;
                slot.take(now, measured, out);
            }
            Scanned::Pending => bus.scan = Some(Scan { sensor, until: None }),
        }
    }
}

/// When a bus next has something to do.
fn due(bus: &Bus, slots: &[Slot]) -> Option<Instant> {
    match bus.scan {
        Some(scan) => scan.until,
        None => bus.sensors.iter().filter_map(|at| slots.get(*at)?.due).min(),
    }
}
