//! What consoles can set at a sensor, and when they cannot.

use std::time::Instant;

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::sensor::{
    EventBits, EventDataBytes, EventEnableAction, SensorEventEnable, SensorHysteresis,
    SensorThresholds, SensorTypes, SetSensorEventEnable, SetSensorReading, StatusBits,
};
use ipmi_wire::sdr::{RawThresholds, Record, SettingAccess, ThresholdMask};

use super::event::Outbox;
use super::plan::Source;
use super::slot::{Live, Settings, Slot, supported};
use crate::dispatch::Outcome;

/// Set Sensor Reading And Event Status: readings or status bits of this sensor cannot be set.
const NOT_SETTABLE: CompletionCode = CompletionCode(0x80);

/// Who enables and disables a sensor's events. IPMI v2.0 §43.1, byte 12, bits 1:0.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EventControl {
    /// Each event by itself.
    PerEvent,
    /// All of the sensor's together.
    WholeSensor,
    /// Nobody: only all sensors together, or there are none.
    None,
}

impl Slot {
    /// Get Sensor Thresholds.
    pub(super) fn read_thresholds(&self) -> Outcome<SensorThresholds> {
        match self.design.sensor.threshold_access() {
            SettingAccess::Readable | SettingAccess::Settable
                if self.design.sensor.is_threshold() =>
            {
                Ok(SensorThresholds {
                    readable: self.design.sensor.readable_thresholds(),
                    values: self.settings.thresholds,
                })
            }
            // Discrete sensors have none.
            _ => Err(CompletionCode::ILLEGAL_FOR_RECORD),
        }
    }

    /// Set Sensor Thresholds.
    ///
    /// Thresholds are not held to their order: a console that moves all of them (`ipmitool sensor
    /// thresh NAME lower`) does so one by one, and would be refused halfway.
    pub(super) fn set_thresholds(
        &mut self,
        set: ThresholdMask,
        values: RawThresholds,
        out: &mut Outbox,
    ) -> Outcome<()> {
        let settable = self.design.sensor.threshold_access() == SettingAccess::Settable;
        if !settable || !self.design.sensor.is_threshold() {
            return Err(CompletionCode::ILLEGAL_FOR_RECORD);
        }
        if set.0 & !self.design.sensor.settable_thresholds().0 != 0 {
            return Err(CompletionCode::INVALID_DATA_FIELD);
        }
        let mut thresholds = self.settings.thresholds;
        for kind in set.iter() {
            thresholds.set(kind, values.get(kind));
        }
        self.apply(Settings { thresholds, ..self.settings }, out);
        Ok(())
    }

    /// Get Sensor Hysteresis.
    pub(super) fn read_hysteresis(&self) -> Outcome<SensorHysteresis> {
        match self.design.sensor.hysteresis_access() {
            SettingAccess::Readable | SettingAccess::Settable => Ok(self.settings.hysteresis),
            _ => Err(CompletionCode::ILLEGAL_FOR_RECORD),
        }
    }

    /// Set Sensor Hysteresis.
    pub(super) fn set_hysteresis(
        &mut self,
        hysteresis: SensorHysteresis,
        out: &mut Outbox,
    ) -> Outcome<()> {
        if self.design.sensor.hysteresis_access() != SettingAccess::Settable {
            return Err(CompletionCode::ILLEGAL_FOR_RECORD);
        }
        self.apply(Settings { hysteresis, ..self.settings }, out);
        Ok(())
    }

    /// Get Sensor Event Enable.
    pub(super) const fn read_enables(&self) -> SensorEventEnable {
        SensorEventEnable {
            event_messages_enabled: self.settings.messages,
            scanning_enabled: self.settings.scanning,
            events: self.settings.enabled,
        }
    }

    /// Set Sensor Event Enable. Events that were not enabled before are told if they are the case.
    pub(super) fn set_enables(
        &mut self,
        now: Instant,
        request: &SetSensorEventEnable,
        out: &mut Outbox,
    ) -> Outcome<()> {
        let before = self.settings;
        let keeps = request.action == EventEnableAction::Keep;
        match self.event_control() {
            EventControl::PerEvent => {}
            EventControl::WholeSensor if keeps => {}
            EventControl::None if keeps && request.event_messages == before.messages => {}
            _ => return Err(CompletionCode::ILLEGAL_FOR_RECORD),
        }
        let has = supported(&self.design.sensor);
        let EventBits { assertion, deassertion } = request.events;
        if !keeps && (assertion & !has.assertion) | (deassertion & !has.deassertion) != 0 {
            return Err(CompletionCode::INVALID_DATA_FIELD);
        }
        let mut enabled = before.enabled;
        match request.action {
            EventEnableAction::Keep => {}
            EventEnableAction::Enable => {
                enabled.assertion |= assertion;
                enabled.deassertion |= deassertion;
            }
            EventEnableAction::Disable => {
                enabled.assertion &= !assertion;
                enabled.deassertion &= !deassertion;
            }
        }
        let (messages, scanning) = (request.event_messages, request.scanning);
        let was = if before.messages { before.enabled } else { EventBits::NONE };
        self.switch_scanning(now, scanning);
        self.apply(Settings { messages, scanning, enabled, ..before }, out);
        if messages {
            let assertion = enabled.assertion & !was.assertion;
            let deassertion = enabled.deassertion & !was.deassertion;
            self.rearm(EventBits { assertion, deassertion }, out);
        }
        Ok(())
    }

    /// Set Sensor Type. A sensor with thresholds stays one, and one with states, too: what its record
    /// says of them would mean nothing.
    pub(super) fn set_types(&mut self, types: SensorTypes, out: &mut Outbox) -> Outcome<()> {
        const TYPES_SETTABLE: u8 = 0x04;
        if types == self.settings.types {
            self.touched = true;
            return Ok(());
        }
        if self.design.sensor.initialization & TYPES_SETTABLE == 0 {
            return Err(CompletionCode::ILLEGAL_FOR_RECORD);
        }
        let event_type = types.event_type;
        let states = event_type.is_generic_discrete()
            || event_type.is_sensor_specific()
            || event_type.is_oem();
        if event_type.is_threshold() != self.design.sensor.is_threshold()
            || !(event_type.is_threshold() || states)
        {
            return Err(CompletionCode::INVALID_DATA_FIELD);
        }
        self.apply(Settings { types, ..self.settings }, out);
        Ok(())
    }

    /// Set Sensor Reading And Event Status. Its own events carry the data that it brings.
    ///
    /// Of a sensor with states, the assertion bits are the states. Of one with thresholds, the status
    /// follows from the reading and cannot be set apart from it.
    pub(super) fn write(
        &mut self,
        now: Instant,
        request: &SetSensorReading,
        out: &mut Outbox,
    ) -> Outcome<()> {
        const SETTABLE: u8 = 0x80;
        let threshold = self.design.sensor.is_threshold();
        if self.design.source != Source::Written
            || self.design.sensor.initialization & SETTABLE == 0
            || request.deassertion != StatusBits::Keep
            || (threshold && request.assertion != StatusBits::Keep)
            || (request.reading.is_some() && self.design.scale.is_none())
        {
            return Err(NOT_SETTABLE);
        }
        let before = self.live.unwrap_or(Live { raw: 0, states: 0, at: now });
        let states = match request.assertion {
            StatusBits::Keep => before.states,
            StatusBits::Write(bits) => bits,
            StatusBits::Set(bits) => before.states | bits,
            StatusBits::ClearZeros(bits) => before.states & bits,
        };
        if states & !self.design.sensor.reportable_states() != 0 {
            return Err(NOT_SETTABLE);
        }
        if request.reading.is_none() && request.assertion == StatusBits::Keep {
            return Ok(());
        }
        self.live = Some(Live { raw: request.reading.unwrap_or(before.raw), states, at: now });
        self.latch(states);
        self.evaluate(request.event_data, out);
        Ok(())
    }

    /// Sets up what can be set as a record in the repository has it, if that is still one of this
    /// sensor; otherwise as its own.
    ///
    /// Source: IPMI v2.0 §33.21, §43.1, byte 11.
    pub(super) fn initialize(&mut self, now: Instant, record: Option<&Record>, out: &mut Outbox) {
        const TYPES: u8 = 0x04;
        const HYSTERESIS: u8 = 0x08;
        const THRESHOLDS: u8 = 0x10;
        const EVENTS: u8 = 0x20;
        let mut settings = self.design.delivered;
        if let Some(record) = record
            && self.is_described_by(record)
            && let (Some(given), Some(sensor)) = (Settings::of(record), record.sensor())
        {
            let sets = |what: u8| sensor.initialization & what != 0;
            if sets(THRESHOLDS) && self.design.sensor.threshold_access() == SettingAccess::Settable
            {
                for kind in self.design.sensor.settable_thresholds().iter() {
                    settings.thresholds.set(kind, given.thresholds.get(kind));
                }
            }
            if sets(HYSTERESIS) && self.design.sensor.hysteresis_access() == SettingAccess::Settable
            {
                settings.hysteresis = given.hysteresis;
            }
            if sets(TYPES) {
                settings.types = given.types;
            }
            if sets(EVENTS) && self.event_control() == EventControl::PerEvent {
                let has = supported(&self.design.sensor);
                settings.enabled = EventBits {
                    assertion: given.enabled.assertion & has.assertion,
                    deassertion: given.enabled.deassertion & has.deassertion,
                };
            }
            (settings.messages, settings.scanning) = (given.messages, given.scanning);
        }
        self.switch_scanning(now, settings.scanning);
        self.apply(settings, out);
    }

    /// Whether a record has the same kind of states, and the same conversion.
    fn is_described_by(&self, record: &Record) -> bool {
        let same_kind = record
            .sensor()
            .is_some_and(|sensor| sensor.event_type == self.design.sensor.event_type);
        same_kind
            && match (record, &self.design.scale) {
                (Record::Full(full), Some(scale)) => {
                    scale.is(full.sensor.units.analog_format, &full.factors)
                }
                (_, scale) => scale.is_none(),
            }
    }

    /// What follows for its scans if it is scanned from now on, or not any more.
    fn switch_scanning(&mut self, now: Instant, scanning: bool) {
        match (self.settings.scanning, scanning, self.design.source) {
            (false, true, Source::Platform) => self.due = Some(now),
            (true, false, Source::Platform) => (self.due, self.live) = (None, None),
            _ => {}
        }
    }

    fn apply(&mut self, settings: Settings, out: &mut Outbox) {
        self.touched = true;
        if settings != self.settings {
            self.settings = settings;
            self.evaluate(EventDataBytes::Own, out);
        }
    }

    fn event_control(&self) -> EventControl {
        match self.design.sensor.capabilities & 3 {
            0 => EventControl::PerEvent,
            1 => EventControl::WholeSensor,
            _ => EventControl::None,
        }
    }
}
