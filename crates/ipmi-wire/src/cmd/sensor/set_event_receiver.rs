//! Set Event Receiver: where a controller sends its events, or that it sends none.

use crate::cmd::sensor::EventReceiver;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Event Receiver. IPMI v2.0 §29.1.
///
/// A controller that gets this re-arms all its sensors: what is asserted is reported again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetEventReceiver {
    /// Where events are to go.
    pub receiver: EventReceiver,
}

impl Command for SetEventReceiver {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x00);
    const NAME: &'static str = "Set Event Receiver";
    const SECTION: &'static str = "IPMI v2.0 §29.1";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        // Re-arming counts every time, see `RearmSensorEvents`; turning events off does not.
        if self.receiver.address == EventReceiver::DISABLED.address {
            Effect::Idempotent
        } else {
            Effect::Once
        }
    }
}

impl Encode for SetEventReceiver {
    fn encode(&self, out: &mut Vec<u8>) {
        self.receiver.encode(out);
    }
}

impl Decode for SetEventReceiver {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        EventReceiver::decode(r).map(|receiver| Self { receiver })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_can_be_turned_off() {
        // By hand from §29.1.
        let request = SetEventReceiver { receiver: EventReceiver::DISABLED };
        assert_eq!(request.to_bytes(), [0xff, 0x00]);
        assert_eq!(SetEventReceiver::decode_exact(&[0xff, 0x00]).unwrap(), request);
        assert!(SetEventReceiver::decode_exact(&[0xff]).is_err());
        assert_eq!(request.effect(), Effect::Idempotent);
        // Turned on, what is asserted is reported again, each time.
        let request = SetEventReceiver { receiver: EventReceiver { address: 0x20, lun: 0 } };
        assert_eq!(request.effect(), Effect::Once);
    }
}
