//! Answers in an RMCP+ handshake, and how sure they are to be ours.

use ipmi_wire::session::{
    Accepted, OpenSessionResponse, PayloadType, Rakp2, Rakp2Keys, Rakp4, RmcpPlusStatus, V20Packet,
};
use ipmi_wire::{Decode, DecodeError, Reader};

use super::Stage;

/// An answer to one of the three messages.
pub(super) struct Answer {
    pub(super) tag: u8,
    pub(super) console_session_id: Option<u32>,
    pub(super) outcome: Result<Body, RmcpPlusStatus>,
}

/// What is in an answer that is no refusal.
pub(super) enum Body {
    Opened(Accepted),
    Challenged(Rakp2Keys),
    Proven(Vec<u8>),
}

/// How sure an answer is to be ours.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Tag and session ID are right: nobody could have guessed them.
    Sure,
    /// A refusal without the tag or the ID. OpenBMC leaves both 0, `ipmi_sim` leaves the ID out;
    /// but anyone can make one up.
    Vague,
    /// Somebody else's, or late.
    Not,
}

impl Answer {
    /// The answer in a packet, if it is one to this message.
    pub(super) fn read(stage: Stage, packet: &V20Packet<'_>) -> Option<Result<Self, DecodeError>> {
        let (payload, kind) = (packet.payload, packet.header.payload_type);
        Some(match (stage, kind) {
            (Stage::OpenSession, PayloadType::OpenSessionResponse) => {
                decode_tolerant(payload).map(|m: OpenSessionResponse| Self {
                    tag: m.tag,
                    console_session_id: m.console_session_id,
                    outcome: m.accepted.map(Body::Opened).ok_or(m.status),
                })
            }
            (Stage::Rakp1, PayloadType::Rakp2) => decode_tolerant(payload).map(|m: Rakp2| Self {
                tag: m.tag,
                console_session_id: m.console_session_id,
                outcome: m.keys.map(Body::Challenged).ok_or(m.status),
            }),
            (Stage::Rakp3, PayloadType::Rakp4) => decode_tolerant(payload).map(|m: Rakp4| Self {
                tag: m.tag,
                console_session_id: m.console_session_id,
                outcome: match m.status {
                    status if status.is_ok() => Ok(Body::Proven(m.integrity_check)),
                    status => Err(status),
                },
            }),
            _ => return None,
        })
    }

    /// Whether it answers the message with this tag of the console with this session ID.
    pub(super) fn fit(&self, tag: u8, console_session_id: u32) -> Fit {
        let id = self.console_session_id;
        if self.tag == tag && id == Some(console_session_id) {
            return Fit::Sure;
        }
        let tag_fits = self.tag == tag || self.tag == 0;
        let id_fits = id.is_none_or(|id| id == console_session_id || id == 0);
        if self.outcome.is_err() && tag_fits && id_fits { Fit::Vague } else { Fit::Not }
    }
}

/// Surplus bytes after an answer are passed over: some BMCs pad.
fn decode_tolerant<T: Decode>(payload: &[u8]) -> Result<T, DecodeError> {
    T::decode(&mut Reader::new(payload))
}
