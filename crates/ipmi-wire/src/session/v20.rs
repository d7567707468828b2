//! The RMCP+ session header and trailer.

use crate::codec::{DecodeError, Encode, Reader};
use crate::rmcp::RmcpHeader;

/// Payload types.
///
/// Source: IPMI v2.0 §13.27.3, Table 13-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PayloadType {
    /// An IPMI message.
    Ipmi,
    /// Serial over LAN.
    Sol,
    /// Explicitly identified OEM payload.
    OemExplicit {
        /// Whose.
        iana: u32,
        /// Which of theirs.
        id: u16,
    },
    /// RMCP+ Open Session Request.
    OpenSessionRequest,
    /// RMCP+ Open Session Response.
    OpenSessionResponse,
    /// RAKP Message 1.
    Rakp1,
    /// RAKP Message 2.
    Rakp2,
    /// RAKP Message 3.
    Rakp3,
    /// RAKP Message 4.
    Rakp4,
    /// OEM handles 20h–27h, and reserved numbers.
    Other(u8),
}

impl PayloadType {
    /// The 6-bit number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Ipmi => 0x00,
            Self::Sol => 0x01,
            Self::OemExplicit { .. } => 0x02,
            Self::OpenSessionRequest => 0x10,
            Self::OpenSessionResponse => 0x11,
            Self::Rakp1 => 0x12,
            Self::Rakp2 => 0x13,
            Self::Rakp3 => 0x14,
            Self::Rakp4 => 0x15,
            Self::Other(number) => number & 0x3f,
        }
    }

    fn decode(number: u8, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match number {
            0x00 => Self::Ipmi,
            0x01 => Self::Sol,
            0x02 => Self::OemExplicit { iana: r.u32("OEM IANA")?, id: r.u16("OEM payload ID")? },
            0x10 => Self::OpenSessionRequest,
            0x11 => Self::OpenSessionResponse,
            0x12 => Self::Rakp1,
            0x13 => Self::Rakp2,
            0x14 => Self::Rakp3,
            0x15 => Self::Rakp4,
            other => Self::Other(other),
        })
    }
}

/// The session header of an RMCP+ packet.
///
/// Source: IPMI v2.0 §13.6, Table 13-8, the column "IPMI 2.0".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct V20Header {
    /// What the payload is.
    pub payload_type: PayloadType,
    /// Bit 7: the payload is encrypted.
    pub encrypted: bool,
    /// Bit 6: a trailer with an authentication code follows the payload.
    pub authenticated: bool,
    /// The receiver's session ID; 0 outside a session.
    pub session_id: u32,
    /// Session sequence number; 0 outside a session.
    pub sequence: u32,
}

impl V20Header {
    /// The authentication type that marks the RMCP+ format.
    pub const AUTH_TYPE: u8 = 0x06;
    const ENCRYPTED: u8 = 0x80;
    const AUTHENTICATED: u8 = 0x40;

    /// The header of a message outside any session.
    #[must_use]
    pub const fn sessionless(payload_type: PayloadType) -> Self {
        let (encrypted, authenticated) = (false, false);
        Self { payload_type, encrypted, authenticated, session_id: 0, sequence: 0 }
    }

    /// RMCP header, this header and `payload`: a whole datagram but for the trailer. `None` if the
    /// payload is longer than its length field can say.
    #[must_use]
    pub fn to_datagram(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let length = u16::try_from(payload.len()).ok()?;
        // The trailer needs at most 3 pad bytes, 2 fixed bytes and a 32-byte code.
        let mut out = Vec::with_capacity(payload.len().saturating_add(64));
        RmcpHeader::IPMI.encode(&mut out);
        let encrypted = if self.encrypted { Self::ENCRYPTED } else { 0 };
        let authenticated = if self.authenticated { Self::AUTHENTICATED } else { 0 };
        out.extend([Self::AUTH_TYPE, encrypted | authenticated | self.payload_type.number()]);
        if let PayloadType::OemExplicit { iana, id } = self.payload_type {
            out.extend(iana.to_le_bytes());
            out.extend(id.to_le_bytes());
        }
        out.extend(self.session_id.to_le_bytes());
        out.extend(self.sequence.to_le_bytes());
        out.extend(length.to_le_bytes());
        out.extend_from_slice(payload);
        Some(out)
    }
}

/// An RMCP+ packet after its RMCP header, as received: nothing in it has been verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct V20Packet<'a> {
    /// The session header.
    pub header: V20Header,
    /// The payload, still encrypted if the header says so.
    pub payload: &'a [u8],
    /// Everything after the payload: integrity pad, pad length, next header, code. Empty in a
    /// packet that is not authenticated.
    pub trailer: &'a [u8],
    /// From the authentication type to the last byte.
    pub whole: &'a [u8],
}

impl<'a> V20Packet<'a> {
    /// The Next Header value of every trailer.
    pub const NEXT_HEADER: u8 = 0x07;

    /// Reads everything after the RMCP header.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(whole: &'a [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(whole);
        let auth_type = r.u8("authentication type")?;
        if auth_type & 0x0f != V20Header::AUTH_TYPE {
            return Err(DecodeError::Invalid {
                field: "authentication type",
                value: auth_type.into(),
            });
        }
        let kind = r.u8("payload type")?;
        let payload_type = PayloadType::decode(kind & 0x3f, &mut r)?;
        let session_id = r.u32("session ID")?;
        let sequence = r.u32("session sequence number")?;
        let length = r.u16("payload length")?;
        let payload = r.bytes("payload", length.into())?;
        let header = V20Header {
            payload_type,
            encrypted: kind & V20Header::ENCRYPTED != 0,
            authenticated: kind & V20Header::AUTHENTICATED != 0,
            session_id,
            sequence,
        };
        Ok(Self { header, payload, trailer: r.take_rest(), whole })
    }

    /// Splits off an authentication code of `length` bytes: the bytes it covers, and the code. The
    /// pad in between is checked for its length; its contents the code vouches for.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] or [`DecodeError::Invalid`] if the trailer is not of that shape.
    pub fn split_auth_code(&self, length: usize) -> Result<(&'a [u8], &'a [u8]), DecodeError> {
        const FIELD: &str = "session trailer";
        let missing = length.saturating_add(2).saturating_sub(self.trailer.len());
        if missing > 0 {
            return Err(DecodeError::Truncated { field: FIELD, missing });
        }
        let split = |bytes: &'a [u8]| bytes.split_at_checked(bytes.len().saturating_sub(length));
        let (Some((trailer, code)), Some((covered, _))) = (split(self.trailer), split(self.whole))
        else {
            return Err(DecodeError::Truncated { field: FIELD, missing: length });
        };
        let [pad @ .., pad_length, next_header] = trailer else {
            return Err(DecodeError::Truncated { field: FIELD, missing: 2 });
        };
        if usize::from(*pad_length) != pad.len() {
            return Err(DecodeError::Invalid {
                field: "integrity pad length",
                value: (*pad_length).into(),
            });
        }
        if *next_header != Self::NEXT_HEADER {
            return Err(DecodeError::Invalid {
                field: "next header",
                value: (*next_header).into(),
            });
        }
        Ok((covered, code))
    }

    /// Appends integrity pad, pad length and next header to a datagram made by
    /// [`V20Header::to_datagram`], ready for its authentication code over
    /// everything after the RMCP header.
    pub fn append_trailer(datagram: &mut Vec<u8>) {
        let covered = datagram.len().saturating_sub(RmcpHeader::LEN).saturating_add(2);
        let pad = covered.wrapping_neg() & 0x03;
        datagram.resize(datagram.len().saturating_add(pad), 0xff);
        datagram.extend([pad as u8, Self::NEXT_HEADER]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Header of a RAKP 1 with a one-letter user name (28 + 1 bytes), by hand from §13.20.
    const RAKP1: [u8; 12] = [0x06, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00];

    #[test]
    fn reads_a_presession_header() {
        let packet = V20Packet::decode(&RAKP1).unwrap();
        assert_eq!(packet.header, V20Header::sessionless(PayloadType::Rakp1));
        assert!(packet.payload.is_empty() && packet.trailer.is_empty());
    }

    #[test]
    fn a_length_beyond_the_packet_is_refused() {
        let mut bytes = RAKP1;
        bytes[10] = 1;
        let err = V20Packet::decode(&bytes).unwrap_err();
        assert_eq!(err, DecodeError::Truncated { field: "payload", missing: 1 });
    }

    #[test]
    fn padding_lies_are_noticed() {
        let header = V20Header { authenticated: true, ..V20Header::sessionless(PayloadType::Ipmi) };
        let mut datagram = header.to_datagram(&[1, 2, 3]).unwrap();
        V20Packet::append_trailer(&mut datagram);
        datagram.extend([0x55; 12]);
        let packet = V20Packet::decode(&datagram[4..]).unwrap();
        let (covered, code) = packet.split_auth_code(12).unwrap();
        assert_eq!(covered.len() % 4, 0);
        assert_eq!(code, [0x55; 12]);

        let pad_length = datagram.len() - 12 - 2;
        for (at, value) in [(pad_length, 9), (pad_length + 1, 0x06)] {
            let mut lying = datagram.clone();
            lying[at] = value;
            let packet = V20Packet::decode(&lying[4..]).unwrap();
            assert!(matches!(packet.split_auth_code(12), Err(DecodeError::Invalid { .. })));
        }
        assert!(packet.split_auth_code(300).is_err());
    }

    proptest! {
        #[test]
        fn every_header_round_trips(
            number in 0u8..64, iana: u32, id: u16, encrypted: bool, authenticated: bool,
            session_id: u32, sequence: u32, payload in prop::collection::vec(any::<u8>(), 0..80),
            trailer in prop::collection::vec(any::<u8>(), 0..30),
        ) {
            let mut oem = Vec::new();
            oem.extend(iana.to_le_bytes());
            oem.extend(id.to_le_bytes());
            let payload_type = PayloadType::decode(number, &mut Reader::new(&oem)).unwrap();
            let header = V20Header { payload_type, encrypted, authenticated, session_id, sequence };
            let mut datagram = header.to_datagram(&payload).unwrap();
            datagram.extend(&trailer);
            let packet = V20Packet::decode(&datagram[4..]).unwrap();
            prop_assert_eq!(packet.header, header);
            prop_assert_eq!(packet.payload, &payload[..]);
            prop_assert_eq!(packet.trailer, &trailer[..]);
        }

        #[test]
        fn arbitrary_trailers_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), length in 0usize..40) {
            let whole = [&RAKP1[..], &bytes].concat();
            if let Ok(packet) = V20Packet::decode(&whole) {
                let _ = packet.split_auth_code(length);
            }
        }
    }
}
