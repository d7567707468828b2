//! Platform Event (Message): an event for the log and for whoever filters events.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::sdr::{EventReadingType, SensorType};
use crate::sel::SelRecord;

/// Platform Event. IPMI v2.0 §29.3.
///
/// There are two forms. On the system interface the sender names itself in a first byte; anywhere
/// else the packet does it, and the byte is missing. Length and format version tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformEvent {
    /// The sender's software ID with bit 0 set; only on the system interface.
    pub generator: Option<u8>,
    /// Event message format: 04h is IPMI v1.5 and v2.0, 03h v1.0.
    pub evm_rev: u8,
    /// What the sensor watches.
    pub sensor_type: SensorType,
    /// Which sensor of the sender.
    pub sensor_number: u8,
    /// Whether the state came (assertion) or went (deassertion).
    pub assertion: bool,
    /// Which set of states the event is from.
    pub event_type: EventReadingType,
    /// Event data, as in the log. FFh where there is nothing to say, and where the sender left the
    /// second or the third byte out.
    pub data: [u8; 3],
}

impl PlatformEvent {
    /// Bytes without the generator.
    const LEN: usize = 7;
    /// Format versions: IPMI v1.0, and all after it.
    const VERSIONS: [u8; 2] = [0x03, SelRecord::EVM_REV];

    /// Whether the first byte of `data` is the generator, not the format version. With all event
    /// data there, the length says it; without, it is not a version, but followed by one.
    fn names_its_sender(data: &[u8]) -> bool {
        match data {
            [first, second, ..] if data.len() <= Self::LEN => {
                !Self::VERSIONS.contains(first) && Self::VERSIONS.contains(second)
            }
            _ => data.len() > Self::LEN,
        }
    }

    /// The event as a record of the log. `sender` is the generator ID that the packet stands for;
    /// one that the event names itself comes before it.
    ///
    /// Source: IPMI v2.0 §32.1.
    #[must_use]
    pub fn to_record(&self, id: u16, timestamp: u32, sender: u16) -> SelRecord {
        SelRecord::System {
            id,
            timestamp,
            generator: self.generator.map_or(sender, u16::from),
            evm_rev: self.evm_rev,
            sensor_type: self.sensor_type,
            sensor_number: self.sensor_number,
            assertion: self.assertion,
            event_type: self.event_type,
            data: self.data,
        }
    }
}

impl Command for PlatformEvent {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x02);
    const NAME: &'static str = "Platform Event";
    const SECTION: &'static str = "IPMI v2.0 §29.3";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        // Every one becomes a record, and may become an alert or a power cycle.
        Effect::Once
    }
}

impl Encode for PlatformEvent {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.generator);
        let direction = if self.assertion { 0 } else { 0x80 };
        out.extend([
            self.evm_rev,
            self.sensor_type.0,
            self.sensor_number,
            direction | (self.event_type.0 & 0x7f),
        ]);
        out.extend(self.data);
    }
}

impl Decode for PlatformEvent {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let generator = match Self::names_its_sender(r.clone().take_rest()) {
            true => Some(r.u8("generator ID")?),
            false => None,
        };
        let evm_rev = r.u8("event message format")?;
        let sensor_type = SensorType(r.u8("sensor type")?);
        let sensor_number = r.u8("sensor number")?;
        let event = r.u8("event direction and type")?;
        Ok(Self {
            generator,
            evm_rev,
            sensor_type,
            sensor_number,
            assertion: event & 0x80 == 0,
            event_type: EventReadingType(event & 0x7f),
            // §29.7: "not present" is as good as FFh. phosphor-host-ipmid takes such events, too.
            data: [
                r.u8("event data")?,
                r.optional_u8().unwrap_or(0xff),
                r.optional_u8().unwrap_or(0xff),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ipmitool 1.8.19 sends for `event 1` over LAN: temperature, upper critical going high.
    const TEMPERATURE: [u8; 7] = [0x04, 0x01, 0x30, 0x01, 0x09, 0xff, 0xff];

    #[test]
    fn over_lan_the_sender_is_not_named() {
        let event = PlatformEvent::decode_exact(&TEMPERATURE).unwrap();
        assert_eq!((event.generator, event.sensor_number), (None, 0x30));
        assert_eq!(event.to_bytes(), TEMPERATURE);
        let record = event.to_record(1, 2, 0x0081);
        assert_eq!(record.describe().unwrap(), "Upper Critical going high");
        let SelRecord::System { generator, .. } = record else { panic!("not an event") };
        assert_eq!(generator, 0x0081);
    }

    #[test]
    fn on_the_system_interface_it_is() {
        let bytes = [&[0x41][..], &TEMPERATURE].concat();
        let event = PlatformEvent::decode_exact(&bytes).unwrap();
        assert_eq!((event.generator, event.evm_rev), (Some(0x41), 4));
        assert_eq!(event.to_bytes(), bytes);
        let SelRecord::System { generator, .. } = event.to_record(1, 2, 0x0081) else { panic!() };
        assert_eq!(generator, 0x0041);
    }

    #[test]
    fn what_there_is_nothing_to_say_in_may_be_left_out() {
        for length in [5, 6] {
            let event = PlatformEvent::decode_exact(&TEMPERATURE[..length]).unwrap();
            assert_eq!((event.generator, event.to_bytes().as_slice()), (None, &TEMPERATURE[..]));
            let named = [&[0x41][..], &TEMPERATURE[..length]].concat();
            let event = PlatformEvent::decode_exact(&named).unwrap();
            assert_eq!((event.generator, event.evm_rev, event.data[0]), (Some(0x41), 4, 0x09));
        }
        // A fan's: the second byte looks like a version.
        let fan = [0x04, 0x04, 0x30, 0x01, 0x02, 0x10];
        let event = PlatformEvent::decode_exact(&fan).unwrap();
        assert_eq!((event.generator, event.data), (None, [0x02, 0x10, 0xff]));
    }

    #[test]
    fn an_event_is_neither_shorter_nor_longer_nor_resent() {
        for length in 0..5 {
            assert!(PlatformEvent::decode_exact(&TEMPERATURE[..length]).is_err());
        }
        // With a sender who names itself, one more.
        assert!(PlatformEvent::decode_exact(&[0x41, 0x04, 0x01, 0x30, 0x01]).is_err());
        assert!(PlatformEvent::decode_exact(&[4; 9]).is_err());
        assert_eq!(PlatformEvent::decode_exact(&TEMPERATURE).unwrap().effect(), Effect::Once);
    }
}
