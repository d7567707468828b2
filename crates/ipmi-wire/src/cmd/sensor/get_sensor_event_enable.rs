//! Get Sensor Event Enable: which events a sensor reports, and whether it is scanned at all.

use crate::cmd::sensor::EventBits;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Sensor Event Enable. IPMI v2.0 §35.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSensorEventEnable {
    /// Sensor number.
    pub number: u8,
}

/// The answer to [`GetSensorEventEnable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SensorEventEnable {
    /// The sensor sends event messages.
    pub event_messages_enabled: bool,
    /// The sensor is being scanned.
    pub scanning_enabled: bool,
    /// Which events are enabled; bytes that the controller leaves out are clear.
    pub events: EventBits,
}

impl Command for GetSensorEventEnable {
    type Response = SensorEventEnable;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x29);
    const NAME: &'static str = "Get Sensor Event Enable";
    const SECTION: &'static str = "IPMI v2.0 §35.11";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetSensorEventEnable {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.number);
    }
}

impl Decode for GetSensorEventEnable {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { number: r.u8("sensor number")? })
    }
}

impl Encode for SensorEventEnable {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(
            (u8::from(self.event_messages_enabled) << 7) | (u8::from(self.scanning_enabled) << 6),
        );
        self.events.encode(out);
    }
}

impl Decode for SensorEventEnable {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags = r.u8("event enable flags")?;
        Ok(Self {
            event_messages_enabled: flags & 0x80 != 0,
            scanning_enabled: flags & 0x40 != 0,
            events: EventBits::decode_tail(r),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_with_both_critical_events() {
        // By hand from §35.11; reserved bits are set.
        let answer = SensorEventEnable::decode_exact(&[0xff, 0x04, 0x82, 0x04, 0x82]).unwrap();
        assert!(answer.event_messages_enabled && answer.scanning_enabled);
        assert_eq!(answer.events, EventBits { assertion: 0x0204, deassertion: 0x0204 });
        assert_eq!(answer.to_bytes(), [0xc0, 0x04, 0x02, 0x04, 0x02]);
    }

    #[test]
    fn trailing_bits_may_be_missing() {
        // FreeIPMI's template of this answer marks both masks as optional.
        let answer = SensorEventEnable::decode_exact(&[0x40]).unwrap();
        assert!(!answer.event_messages_enabled && answer.events.is_empty());
        let answer = SensorEventEnable::decode_exact(&[0xc0, 0x03, 0x00, 0x03]).unwrap();
        assert_eq!(answer.events, EventBits { assertion: 3, deassertion: 3 });
        assert!(SensorEventEnable::decode_exact(&[]).is_err());
    }
}
