//! RMCP+ Open Session Request and Response.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::privilege::Privilege;
use crate::session::{
    Algorithms, AuthenticationAlgorithm, ConfidentialityAlgorithm, IntegrityAlgorithm,
    RmcpPlusStatus,
};

/// One kind of algorithm in an Open Session Request: either a definite proposal or "you choose"
/// (a payload length of zero).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlgorithmProposal<T> {
    /// This one.
    Exactly(T),
    /// The responder picks.
    Any,
}

impl<T: PartialEq> AlgorithmProposal<T> {
    /// Whether `algorithm` satisfies the proposal.
    pub fn allows(&self, algorithm: &T) -> bool {
        match self {
            Self::Exactly(wanted) => wanted == algorithm,
            Self::Any => true,
        }
    }
}

/// RMCP+ Open Session Request.
///
/// Source: IPMI v2.0 §13.17, Table 13-9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSessionRequest {
    /// Matches the response to the request.
    pub tag: u8,
    /// The privilege wanted; `None` (0 on the wire) asks for the highest that the suite allows.
    pub max_privilege: Option<Privilege>,
    /// The console's session ID, in every packet to the console from now on.
    pub console_session_id: u32,
    /// Authentication algorithm proposed.
    pub authentication: AlgorithmProposal<AuthenticationAlgorithm>,
    /// Integrity algorithm proposed.
    pub integrity: AlgorithmProposal<IntegrityAlgorithm>,
    /// Confidentiality algorithm proposed.
    pub confidentiality: AlgorithmProposal<ConfidentialityAlgorithm>,
}

impl OpenSessionRequest {
    /// Length on the wire.
    pub const LEN: usize = 32;
}

impl Decode for OpenSessionRequest {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tag = r.u8("message tag")?;
        let privilege = r.u8("requested maximum privilege")? & 0x0f;
        let _reserved = r.u16("reserved")?;
        let console_session_id = r.u32("console session ID")?;
        let max_privilege = match privilege {
            0 => None,
            level => Some(Privilege::decode_number(level, "requested maximum privilege")?),
        };
        let authentication = decode_proposal(r, 0, "authentication payload")?;
        let integrity = decode_proposal(r, 1, "integrity payload")?;
        let confidentiality = decode_proposal(r, 2, "confidentiality payload")?;
        Ok(Self {
            tag,
            max_privilege,
            console_session_id,
            authentication: map(authentication, AuthenticationAlgorithm::from_number),
            integrity: map(integrity, IntegrityAlgorithm::from_number),
            confidentiality: map(confidentiality, ConfidentialityAlgorithm::from_number),
        })
    }
}

impl Encode for OpenSessionRequest {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.tag, self.max_privilege.map_or(0, Privilege::number), 0, 0]);
        out.extend(self.console_session_id.to_le_bytes());
        encode_proposal(out, 0, map(self.authentication, AuthenticationAlgorithm::number));
        encode_proposal(out, 1, map(self.integrity, IntegrityAlgorithm::number));
        encode_proposal(out, 2, map(self.confidentiality, ConfidentialityAlgorithm::number));
    }
}

/// RMCP+ Open Session Response.
///
/// Source: IPMI v2.0 §13.18, Table 13-10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSessionResponse {
    /// The request's tag.
    pub tag: u8,
    /// Why there is no session, if there is none.
    pub status: RmcpPlusStatus,
    /// The console's session ID. The specification has it in errors too; some BMCs stop after the
    /// status (OpenIPMI's `ipmi_sim` does: `research/bmc-servers.md` §1.1).
    pub console_session_id: Option<u32>,
    /// What was agreed, when the status is "no errors".
    pub accepted: Option<Accepted>,
}

/// The body of a successful Open Session Response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The highest privilege the session may have. Some BMCs echo the requested value, or 0.
    pub max_privilege: Option<Privilege>,
    /// The managed system's session ID, in every packet to the BMC from now on.
    pub managed_session_id: u32,
    /// What was chosen.
    pub algorithms: Algorithms,
}

impl OpenSessionResponse {
    /// A refusal, at the length the specification gives it.
    #[must_use]
    pub const fn refusal(tag: u8, status: RmcpPlusStatus, console_session_id: u32) -> Self {
        Self { tag, status, console_session_id: Some(console_session_id), accepted: None }
    }
}

impl Decode for OpenSessionResponse {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tag = r.u8("message tag")?;
        let status = RmcpPlusStatus(r.u8("RMCP+ status")?);
        if !status.is_ok() {
            let console_session_id = match r.remaining() {
                0..6 => None,
                _ => {
                    let _privilege_and_reserved = r.u16("privilege")?;
                    Some(r.u32("console session ID")?)
                }
            };
            r.take_rest();
            return Ok(Self { tag, status, console_session_id, accepted: None });
        }
        let privilege = r.u8("maximum privilege")? & 0x0f;
        let _reserved = r.u8("reserved")?;
        let console_session_id = Some(r.u32("console session ID")?);
        let managed_session_id = r.u32("managed system session ID")?;
        let authentication = decode_choice(r, 0, "authentication payload")?;
        let integrity = decode_choice(r, 1, "integrity payload")?;
        let confidentiality = decode_choice(r, 2, "confidentiality payload")?;
        let algorithms = Algorithms {
            authentication: AuthenticationAlgorithm::from_number(authentication),
            integrity: IntegrityAlgorithm::from_number(integrity),
            confidentiality: ConfidentialityAlgorithm::from_number(confidentiality),
        };
        let max_privilege = Privilege::from_number(privilege);
        let accepted = Some(Accepted { max_privilege, managed_session_id, algorithms });
        Ok(Self { tag, status, console_session_id, accepted })
    }
}

impl Encode for OpenSessionResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        if let (None, false) = (self.console_session_id, self.status.is_ok()) {
            out.extend([self.tag, self.status.0]);
            return;
        }
        let privilege = self.accepted.and_then(|a| a.max_privilege).map_or(0, Privilege::number);
        out.extend([self.tag, self.status.0, privilege, 0]);
        out.extend(self.console_session_id.unwrap_or_default().to_le_bytes());
        let Some(Accepted { managed_session_id, algorithms, .. }) = self.accepted else {
            return;
        };
        out.extend(managed_session_id.to_le_bytes());
        let Algorithms { authentication, integrity, confidentiality } = algorithms;
        encode_proposal(out, 0, AlgorithmProposal::Exactly(authentication.number()));
        encode_proposal(out, 1, AlgorithmProposal::Exactly(integrity.number()));
        encode_proposal(out, 2, AlgorithmProposal::Exactly(confidentiality.number()));
    }
}

fn map<T, U>(proposal: AlgorithmProposal<T>, f: impl FnOnce(T) -> U) -> AlgorithmProposal<U> {
    match proposal {
        AlgorithmProposal::Exactly(value) => AlgorithmProposal::Exactly(f(value)),
        AlgorithmProposal::Any => AlgorithmProposal::Any,
    }
}

/// Reads one eight-byte algorithm payload. A length of 0 leaves the choice open.
fn decode_proposal(
    r: &mut Reader<'_>,
    kind: u8,
    field: &'static str,
) -> Result<AlgorithmProposal<u8>, DecodeError> {
    let [got_kind, _, _, length, algorithm, ..] = r.array::<8>(field)?;
    if got_kind != kind {
        return Err(DecodeError::Invalid { field, value: got_kind.into() });
    }
    Ok(match length {
        0 => AlgorithmProposal::Any,
        _ => AlgorithmProposal::Exactly(algorithm & 0x3f),
    })
}

fn decode_choice(r: &mut Reader<'_>, kind: u8, field: &'static str) -> Result<u8, DecodeError> {
    match decode_proposal(r, kind, field)? {
        AlgorithmProposal::Exactly(number) => Ok(number),
        AlgorithmProposal::Any => Err(DecodeError::Invalid { field, value: 0 }),
    }
}

fn encode_proposal(out: &mut Vec<u8>, kind: u8, proposal: AlgorithmProposal<u8>) {
    let (length, algorithm) = match proposal {
        AlgorithmProposal::Exactly(algorithm) => (8, algorithm),
        AlgorithmProposal::Any => (0, 0),
    };
    out.extend([kind, 0, 0, length, algorithm, 0, 0, 0]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::CipherSuite;

    fn suite_3() -> Algorithms {
        CipherSuite(3).algorithms().unwrap()
    }

    /// What ipmitool 1.8.19 `-C 3` sends (its fixed console session ID A0A2A3A4h).
    const REQUEST: [u8; 32] = [
        0x00, 0x00, 0x00, 0x00, 0xa4, 0xa3, 0xa2, 0xa0, //
        0x00, 0x00, 0x00, 0x08, 0x01, 0x00, 0x00, 0x00, //
        0x01, 0x00, 0x00, 0x08, 0x01, 0x00, 0x00, 0x00, //
        0x02, 0x00, 0x00, 0x08, 0x01, 0x00, 0x00, 0x00,
    ];

    #[test]
    fn reads_what_ipmitool_sends() {
        let request = OpenSessionRequest::decode_exact(&REQUEST).unwrap();
        assert_eq!(request.max_privilege, None);
        assert_eq!(request.console_session_id, 0xa0a2_a3a4);
        assert!(request.authentication.allows(&AuthenticationAlgorithm::HmacSha1));
        assert_eq!(request.to_bytes(), REQUEST);
    }

    #[test]
    fn a_zero_length_leaves_the_choice_to_the_responder() {
        let mut bytes = REQUEST;
        bytes[11] = 0;
        let request = OpenSessionRequest::decode_exact(&bytes).unwrap();
        assert_eq!(request.authentication, AlgorithmProposal::Any);
    }

    #[test]
    fn algorithm_payloads_come_in_their_order() {
        let mut bytes = REQUEST;
        bytes[8] = 1;
        let err = OpenSessionRequest::decode_exact(&bytes).unwrap_err();
        assert_eq!(err, DecodeError::Invalid { field: "authentication payload", value: 1 });
    }

    #[test]
    fn a_reserved_privilege_is_not_taken_for_another() {
        let mut bytes = REQUEST;
        bytes[1] = 6;
        OpenSessionRequest::decode_exact(&bytes).unwrap_err();
    }

    #[test]
    fn a_response_round_trips_and_a_refusal_stops_after_the_console_id() {
        let response = OpenSessionResponse {
            tag: 9,
            status: RmcpPlusStatus::NO_ERRORS,
            console_session_id: Some(0x0102_0304),
            accepted: Some(Accepted {
                max_privilege: Some(Privilege::Administrator),
                managed_session_id: 0x0a0b_0c0d,
                algorithms: suite_3(),
            }),
        };
        let bytes = response.to_bytes();
        assert_eq!(bytes.len(), 36);
        assert_eq!(OpenSessionResponse::decode_exact(&bytes).unwrap(), response);

        let refusal =
            OpenSessionResponse::refusal(9, RmcpPlusStatus::NO_CIPHER_SUITE_MATCH, 0x0102_0304);
        assert_eq!(refusal.to_bytes(), [9, 0x11, 0, 0, 4, 3, 2, 1]);
        assert_eq!(OpenSessionResponse::decode_exact(&refusal.to_bytes()).unwrap(), refusal);
    }

    #[test]
    fn a_two_byte_refusal_is_understood() {
        // OpenIPMI ipmi_sim 2.0.33 answers a proposal it lacks like this.
        let refusal = OpenSessionResponse::decode_exact(&[0x05, 0x04]).unwrap();
        assert_eq!(refusal.status, RmcpPlusStatus::INVALID_AUTHENTICATION_ALGORITHM);
        assert_eq!(refusal.console_session_id, None);
    }
}
