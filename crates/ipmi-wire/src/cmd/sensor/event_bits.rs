//! Events as sets of bits: what enabling, re-arming and asking about events have in common.

use crate::codec::{Encode, Reader};

/// Events of one sensor, one bit each. IPMI v2.0 §35.10 to §35.13.
///
/// Discrete sensors: bit n is the state with offset n, 0 to 14. Threshold sensors: bit `2n` is
/// going low and `2n + 1` going high over the threshold with bit n, 0 to 11, as in the masks of
/// [`SensorCommon`](crate::sdr::SensorCommon).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventBits {
    /// Events for what came.
    pub assertion: u16,
    /// Events for what went.
    pub deassertion: u16,
}

impl EventBits {
    /// No events.
    pub const NONE: Self = Self { assertion: 0, deassertion: 0 };

    /// Bit 15 of both is reserved.
    const BITS: u16 = 0x7fff;

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        (self.assertion | self.deassertion) & Self::BITS == 0
    }

    /// Reads as many of the four bytes as there are; those that are missing are clear. The
    /// specification lets a sensor with few states leave out the bytes that it does not need, and
    /// the whole if only all its events together can be enabled.
    pub(super) fn decode_tail(r: &mut Reader<'_>) -> Self {
        let mut next = || r.optional_u8().unwrap_or(0);
        let mut word = || u16::from_le_bytes([next(), next()]) & Self::BITS;
        Self { assertion: word(), deassertion: word() }
    }
}

impl Encode for EventBits {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.assertion & Self::BITS).to_le_bytes());
        out.extend((self.deassertion & Self::BITS).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_bytes_are_clear() {
        let bytes = [0x01, 0x82, 0x03, 0x84];
        let read = |length: usize| {
            let bits = EventBits::decode_tail(&mut Reader::new(&bytes[..length]));
            (bits.assertion, bits.deassertion)
        };
        let expected = [(0, 0), (1, 0), (0x0201, 0), (0x0201, 3), (0x0201, 0x0403)];
        for (length, bits) in expected.into_iter().enumerate() {
            assert_eq!(read(length), bits);
        }
        let all = EventBits { assertion: 0xffff, deassertion: 0x8000 };
        assert_eq!(all.to_bytes(), [0xff, 0x7f, 0x00, 0x00]);
        assert!(EventBits { assertion: 0x8000, deassertion: 0 }.is_empty());
    }
}
