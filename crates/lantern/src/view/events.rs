//! The events that a sensor can have, by their bits.

use ipmi_wire::cmd::sensor::EventBits;
use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::event_text;
use schemars::JsonSchema;
use serde::Serialize;

/// Events of a sensor, by what they tell of: what came, and what went.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Events {
    asserted: Vec<EventName>,
    deasserted: Vec<EventName>,
}

/// One of them.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct EventName {
    /// The number of its bit: of a state, its offset.
    offset: u8,
    text: String,
}

impl Events {
    pub(crate) fn new(kind: SensorType, event_type: EventReadingType, bits: EventBits) -> Self {
        let names = |bits: u16| {
            let set = (0..15_u8).filter(|offset| bits & (1 << offset) != 0);
            set.map(|offset| EventName {
                offset,
                text: event_text(kind, event_type, offset)
                    .map_or_else(|| format!("state {offset}"), str::to_owned),
            })
            .collect()
        };
        Self { asserted: names(bits.assertion), deasserted: names(bits.deassertion) }
    }

    /// On one line: what comes and goes in the same way is said once.
    pub(crate) fn words(&self) -> String {
        let line = |names: &[EventName]| {
            let texts: Vec<_> = names.iter().map(|name| name.text.as_str()).collect();
            if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
        };
        if self.asserted == self.deasserted {
            return line(&self.asserted);
        }
        format!("coming: {}; going: {}", line(&self.asserted), line(&self.deasserted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_names_or_numbers() {
        let bits = EventBits { assertion: 0x0201, deassertion: 0 };
        let events = Events::new(SensorType::TEMPERATURE, EventReadingType::THRESHOLD, bits);
        let words = "coming: Lower Non-critical going low, Upper Critical going high; going: none";
        assert_eq!(events.words(), words);
        let bits = EventBits { assertion: 0x4001, deassertion: 0x4001 };
        let kind = SensorType::PHYSICAL_SECURITY;
        let events = Events::new(kind, EventReadingType::SENSOR_SPECIFIC, bits);
        assert_eq!(events.words(), "General chassis intrusion, state 14");
        assert_eq!(Events::default().words(), "none");
    }
}
