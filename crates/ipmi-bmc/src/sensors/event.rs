//! What a sensor has to say unasked.

use std::collections::VecDeque;

use ipmi_wire::sdr::{EventReadingType, SensorKey, SensorType};
use ipmi_wire::sel::SelRecord;

/// An event of one of the controller's own sensors. IPMI v2.0 §29.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SensorEvent {
    /// Sensor number on LUN 0.
    pub number: u8,
    /// What the sensor watches.
    pub sensor_type: SensorType,
    /// Which set of states the event is from.
    pub event_type: EventReadingType,
    /// Whether the state came or went.
    pub assertion: bool,
    /// Event data.
    pub data: [u8; 3],
}

impl SensorEvent {
    /// The event as a record of the log, which gives it its ID.
    #[must_use]
    pub fn to_record(&self, timestamp: u32) -> SelRecord {
        SelRecord::System {
            id: 0,
            timestamp,
            generator: SensorKey::BMC.into(),
            evm_rev: SelRecord::EVM_REV,
            sensor_type: self.sensor_type,
            sensor_number: self.number,
            assertion: self.assertion,
            event_type: self.event_type,
            data: self.data,
        }
    }
}

/// Where events go.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) events: VecDeque<SensorEvent>,
    /// Set Event Receiver can stop them all.
    pub(super) open: bool,
}

impl Outbox {
    /// Empty, and open.
    pub(super) const fn new() -> Self {
        Self { events: VecDeque::new(), open: true }
    }

    pub(super) fn send(&mut self, event: SensorEvent) {
        if self.open {
            self.events.push_back(event);
        }
    }
}
