//! RMCP: the four bytes in front of everything on UDP port 623, and ASF presence over it.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// The primary RMCP port.
pub const PORT: u16 = 623;

/// The RMCP header.
///
/// Source: IPMI v2.0 §13.1.3, Table 13-1; DMTF DSP0136 §3.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RmcpHeader {
    /// RMCP sequence number; FFh asks for no acknowledgement, and IPMI always uses FFh.
    pub sequence: u8,
    /// Bit 7 of the class byte: this packet acknowledges another.
    pub ack: bool,
    /// What follows.
    pub class: RmcpClass,
}

/// RMCP message classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RmcpClass {
    /// Alert Standard Format: presence ping and pong.
    Asf,
    /// IPMI.
    Ipmi,
    /// Vendor-defined.
    Oem,
    /// Reserved numbers.
    Other(u8),
}

impl RmcpHeader {
    /// Length on the wire.
    pub const LEN: usize = 4;
    /// RMCP version 1.0.
    const VERSION: u8 = 0x06;
    /// The header of every IPMI packet.
    pub const IPMI: Self = Self { sequence: 0xff, ack: false, class: RmcpClass::Ipmi };
}

impl Decode for RmcpHeader {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version = r.u8("RMCP version")?;
        if version != Self::VERSION {
            return Err(DecodeError::Invalid { field: "RMCP version", value: version.into() });
        }
        let _reserved = r.u8("RMCP reserved")?;
        let sequence = r.u8("RMCP sequence number")?;
        let class = r.u8("RMCP class")?;
        Ok(Self {
            sequence,
            ack: class & 0x80 != 0,
            class: match class & 0x1f {
                0x06 => RmcpClass::Asf,
                0x07 => RmcpClass::Ipmi,
                0x08 => RmcpClass::Oem,
                other => RmcpClass::Other(other),
            },
        })
    }
}

impl Encode for RmcpHeader {
    fn encode(&self, out: &mut Vec<u8>) {
        let class = match self.class {
            RmcpClass::Asf => 0x06,
            RmcpClass::Ipmi => 0x07,
            RmcpClass::Oem => 0x08,
            RmcpClass::Other(other) => other & 0x1f,
        };
        let ack = if self.ack { 0x80 } else { 0 };
        out.extend([Self::VERSION, 0, self.sequence, ack | class]);
    }
}

/// An ASF message, after the RMCP header.
///
/// Source: IPMI v2.0 §13.2.3 and §13.2.4; DMTF DSP0136 §3.2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsfMessage {
    /// Presence Ping: is anything there?
    Ping {
        /// Echoed by the pong.
        tag: u8,
    },
    /// Presence Pong.
    Pong {
        /// The ping's tag.
        tag: u8,
        /// IANA number of who defines `oem_defined`; the ASF IANA when nobody does.
        oem_iana: u32,
        /// Defined by that enterprise.
        oem_defined: u32,
        /// Whether IPMI is spoken here (Supported Entities bit 7).
        ipmi: bool,
        /// Supported Interactions: bit 5 DASH, bit 7 RMCP security extensions.
        interactions: u8,
    },
}

impl AsfMessage {
    /// ASF's own IANA enterprise number, 4542.
    pub const IANA: u32 = 4542;
    const PING: u8 = 0x80;
    const PONG: u8 = 0x40;
    /// Supported Entities: version 1.0 of ASF in the low nibble.
    const ENTITIES_ASF_1: u8 = 0x01;
    const ENTITIES_IPMI: u8 = 0x80;
}

impl Decode for AsfMessage {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let iana = u32::from_be_bytes(r.array("ASF IANA")?);
        if iana != Self::IANA {
            return Err(DecodeError::Invalid { field: "ASF IANA", value: iana });
        }
        let kind = r.u8("ASF message type")?;
        let tag = r.u8("ASF message tag")?;
        let _reserved = r.u8("ASF reserved")?;
        let _length = r.u8("ASF data length")?;
        match kind {
            Self::PING => Ok(Self::Ping { tag }),
            Self::PONG => {
                let oem_iana = u32::from_be_bytes(r.array("pong OEM IANA")?);
                let oem_defined = u32::from_be_bytes(r.array("pong OEM-defined")?);
                let entities = r.u8("pong supported entities")?;
                let interactions = r.u8("pong supported interactions")?;
                let _reserved: [u8; 6] = r.array("pong reserved")?;
                let ipmi = entities & Self::ENTITIES_IPMI != 0;
                Ok(Self::Pong { tag, oem_iana, oem_defined, ipmi, interactions })
            }
            other => Err(DecodeError::Invalid { field: "ASF message type", value: other.into() }),
        }
    }
}

impl Encode for AsfMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(Self::IANA.to_be_bytes());
        match *self {
            Self::Ping { tag } => out.extend([Self::PING, tag, 0, 0]),
            Self::Pong { tag, oem_iana, oem_defined, ipmi, interactions } => {
                out.extend([Self::PONG, tag, 0, 16]);
                out.extend(oem_iana.to_be_bytes());
                out.extend(oem_defined.to_be_bytes());
                let entities = if ipmi { Self::ENTITIES_IPMI } else { 0 } | Self::ENTITIES_ASF_1;
                out.extend([entities, interactions]);
                out.extend([0; 6]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_header_of_an_ipmi_packet() {
        let header = RmcpHeader::decode_exact(&[0x06, 0x00, 0xff, 0x07]).unwrap();
        assert_eq!(header, RmcpHeader::IPMI);
        assert_eq!(header.to_bytes(), [0x06, 0x00, 0xff, 0x07]);
        let ack = RmcpHeader::decode_exact(&[0x06, 0x00, 0x05, 0x86]).unwrap();
        assert!(ack.ack && ack.class == RmcpClass::Asf);
    }

    #[test]
    fn refuses_another_version() {
        let err = RmcpHeader::decode_exact(&[0x05, 0x00, 0xff, 0x07]).unwrap_err();
        assert_eq!(err, DecodeError::Invalid { field: "RMCP version", value: 5 });
    }

    #[test]
    fn presence_ping_and_pong_have_the_published_layout() {
        // By hand from IPMI v2.0 Table 13-6 and 13-7.
        let ping = [0x00, 0x00, 0x11, 0xbe, 0x80, 0x07, 0x00, 0x00];
        assert_eq!(AsfMessage::decode_exact(&ping).unwrap(), AsfMessage::Ping { tag: 7 });
        let pong = AsfMessage::Pong {
            tag: 7,
            oem_iana: AsfMessage::IANA,
            oem_defined: 0,
            ipmi: true,
            interactions: 0,
        };
        let bytes = pong.to_bytes();
        assert_eq!(
            bytes,
            [
                0, 0, 0x11, 0xbe, 0x40, 7, 0, 16, 0, 0, 0x11, 0xbe, 0, 0, 0, 0, 0x81, 0, 0, 0, 0,
                0, 0, 0
            ]
        );
        assert_eq!(AsfMessage::decode_exact(&bytes).unwrap(), pong);
    }
}
