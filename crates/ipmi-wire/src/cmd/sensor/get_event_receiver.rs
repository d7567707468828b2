//! Get Event Receiver: where a controller sends its events.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Event Receiver. IPMI v2.0 §29.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetEventReceiver;

/// Where events go: the answer to [`GetEventReceiver`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventReceiver {
    /// Slave address on the IPMB; see [`DISABLED`](Self::DISABLED).
    pub address: u8,
    /// LUN, 0 to 3.
    pub lun: u8,
}

impl EventReceiver {
    /// Nowhere.
    pub const DISABLED: Self = Self { address: 0xff, lun: 0 };
}

impl Command for GetEventReceiver {
    type Response = EventReceiver;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x01);
    const NAME: &'static str = "Get Event Receiver";
    const SECTION: &'static str = "IPMI v2.0 §29.2";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetEventReceiver);

impl Encode for EventReceiver {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.address, self.lun & 3]);
    }
}

impl Decode for EventReceiver {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let address = r.u8("event receiver slave address")?;
        Ok(Self { address, lun: r.u8("event receiver LUN")? & 3 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bmc_receives_its_own_events() {
        // By hand from §29.2; the reserved bits of the LUN are set.
        let receiver = EventReceiver::decode_exact(&[0x20, 0xfc]).unwrap();
        assert_eq!(receiver, EventReceiver { address: 0x20, lun: 0 });
        assert_eq!(receiver.to_bytes(), [0x20, 0x00]);
        assert!(EventReceiver::decode_exact(&[0x20]).is_err());
    }
}
