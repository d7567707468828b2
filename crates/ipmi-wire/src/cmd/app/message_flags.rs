//! What waits for software on the system interface, one bit each. IPMI v2.0 §22.3 and §22.4.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// Flags of what waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MessageFlags {
    /// A message is in the receive message queue.
    pub receive_queue: bool,
    /// The event message buffer is full.
    pub event_buffer: bool,
    /// The watchdog's pre-timeout interrupt has occurred.
    pub watchdog_pre_timeout: bool,
    /// The manufacturer's own, 3 bits: OEM 0 is bit 0.
    pub oem: u8,
}

impl Encode for MessageFlags {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(
            u8::from(self.receive_queue)
                | (u8::from(self.event_buffer) << 1)
                | (u8::from(self.watchdog_pre_timeout) << 3)
                | ((self.oem & 7) << 5),
        );
    }
}

impl Decode for MessageFlags {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = r.u8("message flags")?;
        Ok(Self {
            receive_queue: bits & 1 != 0,
            event_buffer: bits & 2 != 0,
            watchdog_pre_timeout: bits & 8 != 0,
            oem: bits >> 5,
        })
    }
}
