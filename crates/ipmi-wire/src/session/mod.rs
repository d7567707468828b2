//! What surrounds a message on the LAN: session headers and trailers of both versions, and the
//! messages that set a session up.

mod algorithm;
mod open;
mod rakp;
mod sol;
mod status;
mod v15;
mod v20;

pub use algorithm::{
    Algorithms, AuthenticationAlgorithm, CipherSuite, ConfidentialityAlgorithm, IntegrityAlgorithm,
};
pub use open::{Accepted, AlgorithmProposal, OpenSessionRequest, OpenSessionResponse};
pub use rakp::{Rakp1, Rakp2, Rakp2Keys, Rakp3, Rakp4, Username};
pub use sol::{SolOperation, SolPacket, SolStatus};
pub use status::RmcpPlusStatus;
pub use v15::{AuthType, V15Packet};
pub use v20::{PayloadType, V20Header, V20Packet};

use crate::codec::{Decode, DecodeError, Reader};

/// A packet of the RMCP class "IPMI", split at its session header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionPacket<'a> {
    /// IPMI v1.5 format.
    V15(V15Packet<'a>),
    /// IPMI v2.0 (RMCP+) format.
    V20(V20Packet<'a>),
}

impl<'a> SessionPacket<'a> {
    /// Reads everything after the RMCP header.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        // Bits 7:4 are reserved.
        match Reader::new(bytes).u8("authentication type")? & 0x0f {
            V20Header::AUTH_TYPE => V20Packet::decode(bytes).map(Self::V20),
            _ => V15Packet::decode(bytes).map(Self::V15),
        }
    }

    /// Reads a whole datagram, RMCP header included; `None` inside `Ok` for other RMCP classes
    /// and acknowledgements.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode_datagram(bytes: &'a [u8]) -> Result<Option<Self>, DecodeError> {
        let mut r = Reader::new(bytes);
        let header = crate::rmcp::RmcpHeader::decode(&mut r)?;
        if header.ack || header.class != crate::rmcp::RmcpClass::Ipmi {
            return Ok(None);
        }
        Self::decode(r.take_rest()).map(Some)
    }
}
