//! The payload of Serial over LAN: characters, and what became of those of the other side.
//!
//! Source: IPMI v2.0 §15.9, Table 15-2; both directions have the same layout and different flags.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// A packet of Serial over LAN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SolPacket {
    /// Its number, 1 to 15; 0 in one that only acknowledges or informs.
    pub sequence: u8,
    /// The number of the packet that it acknowledges; 0 if it acknowledges none.
    pub ack: u8,
    /// How many characters of that packet were taken.
    pub accepted: u8,
    /// What else there is to say: see [`SolOperation`] and [`SolStatus`].
    pub flags: u8,
    /// Characters.
    pub data: Vec<u8>,
}

impl SolPacket {
    /// Length without characters.
    pub const HEADER: usize = 4;
    /// As many characters as an acknowledgement can count.
    pub const MAX_CHARACTERS: usize = 255;
    /// The highest number.
    pub const MAX_SEQUENCE: u8 = 15;

    /// Bit 6 in both directions: the packet named was not taken, or not all of it.
    pub const NACK: u8 = 0x40;

    /// Whether it says that a packet was not taken.
    #[must_use]
    pub const fn is_nack(&self) -> bool {
        self.flags & Self::NACK != 0
    }

    /// The number after `sequence`: 1 comes after 15, and after 0.
    #[must_use]
    pub const fn after(sequence: u8) -> u8 {
        if sequence >= Self::MAX_SEQUENCE { 1 } else { sequence.saturating_add(1) }
    }
}

/// What a console asks for beside passing on characters: flags of packets to the BMC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolOperation;

impl SolOperation {
    /// Assert RI, which may wake the system.
    pub const RING: u8 = 0x20;
    /// Generate a break.
    pub const BREAK: u8 = 0x10;
    /// Deassert CTS: the system is to stop sending.
    pub const CTS_OFF: u8 = 0x08;
    /// Deassert DCD and DSR: nobody is there.
    pub const DCD_DSR_OFF: u8 = 0x04;
    /// Throw away what the BMC has received from the console and not yet passed on.
    pub const FLUSH_INBOUND: u8 = 0x02;
    /// Throw away what the BMC has received from the system and not yet passed on.
    pub const FLUSH_OUTBOUND: u8 = 0x01;
}

/// What a BMC has to say beside characters: flags of packets to the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolStatus;

impl SolStatus {
    /// Characters cannot be passed on: the system is off, or its serial port is not there.
    pub const UNAVAILABLE: u8 = 0x20;
    /// Serial over LAN is being deactivated: nothing will come after this.
    pub const DEACTIVATING: u8 = 0x10;
    /// Characters of the system were lost, because there was no room for them.
    pub const OVERRUN: u8 = 0x08;
    /// The system has sent a break.
    pub const BREAK: u8 = 0x04;
}

impl Decode for SolPacket {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [sequence, ack, accepted, flags] = r.array("SOL header")?;
        // Bits 7:4 are reserved.
        let (sequence, ack) = (sequence & 0x0f, ack & 0x0f);
        Ok(Self { sequence, ack, accepted, flags, data: r.take_rest().to_vec() })
    }
}

impl Encode for SolPacket {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.sequence & 0x0f, self.ack & 0x0f, self.accepted, self.flags]);
        out.extend_from_slice(&self.data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_an_acknowledgement_in_one() {
        // By hand from Table 15-2: packet 3, which takes 5 characters of packet 15.
        let bytes = [0x03, 0x0f, 0x05, 0x00, b'o', b'k'];
        let packet = SolPacket::decode_exact(&bytes).unwrap();
        assert_eq!((packet.sequence, packet.ack, packet.accepted), (3, 15, 5));
        assert_eq!((packet.data.as_slice(), packet.is_nack()), (b"ok".as_slice(), false));
        assert_eq!(packet.to_bytes(), bytes);
        for length in 0..4 {
            assert!(SolPacket::decode_exact(&bytes[..length]).is_err());
        }
        assert!(SolPacket::decode_exact(&[0, 1, 0, 0x60]).unwrap().is_nack());
    }

    #[test]
    fn numbers_go_round_without_zero() {
        assert_eq!(SolPacket::after(0), 1);
        assert_eq!(SolPacket::after(14), 15);
        assert_eq!(SolPacket::after(15), 1);
    }
}
