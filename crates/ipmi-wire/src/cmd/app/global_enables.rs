//! What the controller does for the system interface, one bit each. IPMI v2.0 §22.1, Table 22-2.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// The global enables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GlobalEnables {
    /// An interrupt tells of a message in the receive message queue.
    pub receive_interrupt: bool,
    /// An interrupt tells that the event message buffer is full.
    pub event_interrupt: bool,
    /// Events go into the event message buffer.
    pub event_buffer: bool,
    /// Events go into the log.
    pub logging: bool,
    /// The manufacturer's own, 3 bits: OEM 0 is bit 0.
    pub oem: u8,
}

impl Encode for GlobalEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(
            u8::from(self.receive_interrupt)
                | (u8::from(self.event_interrupt) << 1)
                | (u8::from(self.event_buffer) << 2)
                | (u8::from(self.logging) << 3)
                | ((self.oem & 7) << 5),
        );
    }
}

impl Decode for GlobalEnables {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = r.u8("BMC global enables")?;
        Ok(Self {
            receive_interrupt: bits & 1 != 0,
            event_interrupt: bits & 2 != 0,
            event_buffer: bits & 4 != 0,
            logging: bits & 8 != 0,
            oem: bits >> 5,
        })
    }
}
