//! Get Sensor Event Status: which events a sensor has reported and not taken back.

use crate::cmd::sensor::EventBits;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Sensor Event Status. IPMI v2.0 §35.13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSensorEventStatus {
    /// Sensor number.
    pub number: u8,
}

/// The answer to [`GetSensorEventStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SensorEventStatus {
    /// The sensor sends event messages.
    pub event_messages_enabled: bool,
    /// The sensor is being scanned.
    pub scanning_enabled: bool,
    /// The rest is not valid yet, or not any more.
    pub unavailable: bool,
    /// Which events happened. A sensor that re-arms itself shows what is the case now, any other
    /// what happened since it was re-armed. Bytes that the controller leaves out are clear.
    pub events: EventBits,
}

impl Command for GetSensorEventStatus {
    type Response = SensorEventStatus;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x2b);
    const NAME: &'static str = "Get Sensor Event Status";
    const SECTION: &'static str = "IPMI v2.0 §35.13";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetSensorEventStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.number);
    }
}

impl Decode for GetSensorEventStatus {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { number: r.u8("sensor number")? })
    }
}

impl Encode for SensorEventStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(
            (u8::from(self.event_messages_enabled) << 7)
                | (u8::from(self.scanning_enabled) << 6)
                | (u8::from(self.unavailable) << 5),
        );
        self.events.encode(out);
    }
}

impl Decode for SensorEventStatus {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags = r.u8("sensor status flags")?;
        Ok(Self {
            event_messages_enabled: flags & 0x80 != 0,
            scanning_enabled: flags & 0x40 != 0,
            unavailable: flags & 0x20 != 0,
            events: EventBits::decode_tail(r),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_are_kept() {
        // By hand from §35.13; reserved bits are set.
        let answer = SensorEventStatus::decode_exact(&[0xdf, 0x80, 0x82, 0x01, 0x80]).unwrap();
        assert!(answer.event_messages_enabled && answer.scanning_enabled && !answer.unavailable);
        assert_eq!(answer.events, EventBits { assertion: 0x0280, deassertion: 0x0001 });
        assert_eq!(answer.to_bytes(), [0xc0, 0x80, 0x02, 0x01, 0x00]);
    }

    #[test]
    fn trailing_bits_may_be_missing() {
        // IPMI v2.0 §35.13: only the first byte of the bits is mandatory, and none at all if the
        // reading is unavailable.
        let answer = SensorEventStatus::decode_exact(&[0xe0]).unwrap();
        assert!(answer.unavailable && answer.events.is_empty());
        let answer = SensorEventStatus::decode_exact(&[0xc0, 0x01]).unwrap();
        assert_eq!(answer.events, EventBits { assertion: 1, deassertion: 0 });
        assert!(SensorEventStatus::decode_exact(&[]).is_err());
    }
}
