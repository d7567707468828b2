//! Set Sensor Event Enable: which events a sensor reports, and whether it is scanned at all.

use crate::cmd::sensor::EventBits;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Sensor Event Enable. IPMI v2.0 §35.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetSensorEventEnable {
    /// Sensor number.
    pub number: u8,
    /// Whether the sensor is to send event messages at all.
    pub event_messages: bool,
    /// Whether the sensor is to be scanned.
    pub scanning: bool,
    /// What to do with `events`.
    pub action: EventEnableAction,
    /// Which events; nothing with [`EventEnableAction::Keep`].
    pub events: EventBits,
}

/// What [`SetSensorEventEnable`] does with single events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventEnableAction {
    /// Leaves them as they are.
    Keep,
    /// Enables the given ones; the others stay.
    Enable,
    /// Disables the given ones; the others stay.
    Disable,
}

impl Command for SetSensorEventEnable {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x28);
    const NAME: &'static str = "Set Sensor Event Enable";
    const SECTION: &'static str = "IPMI v2.0 §35.10";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetSensorEventEnable {
    fn encode(&self, out: &mut Vec<u8>) {
        let action: u8 = match self.action {
            EventEnableAction::Keep => 0,
            EventEnableAction::Enable => 1,
            EventEnableAction::Disable => 2,
        };
        out.push(self.number);
        out.push(
            (u8::from(self.event_messages) << 7) | (u8::from(self.scanning) << 6) | (action << 4),
        );
        self.events.encode(out);
    }
}

impl Decode for SetSensorEventEnable {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = r.u8("sensor number")?;
        let flags = r.u8("event enable flags")?;
        let action = match (flags >> 4) & 3 {
            0 => EventEnableAction::Keep,
            1 => EventEnableAction::Enable,
            2 => EventEnableAction::Disable,
            other => {
                return Err(DecodeError::Invalid { field: "event action", value: other.into() });
            }
        };
        Ok(Self {
            number,
            event_messages: flags & 0x80 != 0,
            scanning: flags & 0x40 != 0,
            action,
            events: EventBits::decode_tail(r),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_events_are_enabled() {
        // By hand from §35.10: upper critical going high, both ways; a reserved bit is set.
        let bytes = [0x30, 0xd1, 0x00, 0x02, 0x00, 0x02];
        let request = SetSensorEventEnable::decode_exact(&bytes).unwrap();
        assert!(request.event_messages && request.scanning);
        assert_eq!(request.action, EventEnableAction::Enable);
        assert_eq!(request.events, EventBits { assertion: 0x0200, deassertion: 0x0200 });
        assert_eq!(request.to_bytes(), [0x30, 0xd0, 0x00, 0x02, 0x00, 0x02]);
    }

    #[test]
    fn bits_that_are_not_needed_may_be_left_out() {
        // IPMI v2.0 §35.10: bytes 3 to 6 are optional.
        let request = SetSensorEventEnable::decode_exact(&[0x30, 0x40]).unwrap();
        assert!(!request.event_messages && request.scanning && request.events.is_empty());
        assert_eq!(request.action, EventEnableAction::Keep);
        let one = SetSensorEventEnable::decode_exact(&[0x30, 0xa0, 0x04]).unwrap();
        assert_eq!(one.action, EventEnableAction::Disable);
        assert_eq!(one.events, EventBits { assertion: 4, deassertion: 0 });
        assert!(SetSensorEventEnable::decode_exact(&[0x30]).is_err());
    }

    #[test]
    fn a_reserved_action_is_refused() {
        let err = SetSensorEventEnable::decode_exact(&[0x30, 0xf0]).unwrap_err();
        assert_eq!(err, DecodeError::Invalid { field: "event action", value: 3 });
    }
}
