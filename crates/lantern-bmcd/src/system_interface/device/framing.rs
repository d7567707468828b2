//! Requests and answers as the drivers have them.

use ipmi_io::HostInterface;
use ipmi_wire::interface::{Asked, BtRequest, BtResponse, KcsRequest, KcsResponse};
use ipmi_wire::{CompletionCode, Decode, DecodeError, Encode, Request, Response};

/// What an answer has to be told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    asked: Asked,
    /// On BT.
    sequence: u8,
}

/// The longest data of an answer that hosts take on KCS: Linux's has 272 bytes for all of it.
const LONGEST_ON_KCS: usize = 269;

/// The request in what the host has said.
///
/// # Errors
/// It is none.
pub(super) fn read(
    interface: HostInterface,
    bytes: &[u8],
) -> Result<(Token, Request), DecodeError> {
    let (request, sequence) = match interface {
        HostInterface::Kcs => (KcsRequest::decode_exact(bytes)?.0, 0),
        HostInterface::Bt => {
            let BtRequest { sequence, request } = BtRequest::decode_exact(bytes)?;
            (request, sequence)
        }
    };
    Ok((Token { asked: Asked::of(&request), sequence }, request))
}

/// The answer as the host reads it. CAh if it is too long for the interface.
pub(super) fn answer(interface: HostInterface, token: Token, response: Response) -> Vec<u8> {
    let Token { asked: to, sequence } = token;
    let longest = match interface {
        HostInterface::Kcs => LONGEST_ON_KCS,
        HostInterface::Bt => BtResponse::LONGEST,
    };
    let response = match response.data.len() > longest {
        true => Response::code(CompletionCode::CANNOT_RETURN_BYTES),
        false => response,
    };
    match interface {
        HostInterface::Kcs => KcsResponse { to, response }.to_bytes(),
        HostInterface::Bt => BtResponse { sequence, to, response }.to_bytes(),
    }
}
