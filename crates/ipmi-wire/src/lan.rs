//! The IPMI LAN message: the request or response inside a session's payload, with both checksums.

use crate::codec::{Decode, DecodeError, Encode, Reader, checksum};
use crate::command::{Request, Response};
use crate::netfn::NetFn;

/// The BMC's own slave address.
pub const BMC_ADDRESS: u8 = 0x20;
/// The software ID that a remote console uses as its address.
pub const REMOTE_CONSOLE_ADDRESS: u8 = 0x81;

/// One message, request or response: both have the same shape.
///
/// Source: IPMI v2.0 §13.8, Table 13-8 (IPMI Messages and Payload Data).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanMessage {
    /// Slave address or software ID of the receiver.
    pub to_address: u8,
    /// The 6-bit network function; odd in a response.
    pub netfn: u8,
    /// Logical unit of the receiver.
    pub to_lun: u8,
    /// Slave address or software ID of the sender.
    pub from_address: u8,
    /// Matches a response to its request, 0 to 63 (`rqSeq`).
    pub sequence: u8,
    /// Logical unit of the sender.
    pub from_lun: u8,
    /// Command number.
    pub cmd: u8,
    /// Request data; in a response, the completion code and the data.
    pub data: Vec<u8>,
}

impl LanMessage {
    /// What a message is longer than its data.
    pub const OVERHEAD: usize = 7;

    /// A request from a remote console to the BMC.
    #[must_use]
    pub fn request(sequence: u8, request: &Request) -> Self {
        Self {
            to_address: BMC_ADDRESS,
            netfn: request.netfn.number(),
            to_lun: request.lun & 0x03,
            from_address: REMOTE_CONSOLE_ADDRESS,
            sequence: sequence & 0x3f,
            from_lun: 0,
            cmd: request.cmd,
            data: request.data.clone(),
        }
    }

    /// The answer to this request.
    #[must_use]
    pub fn answer(&self, response: &Response) -> Self {
        Self {
            to_address: self.from_address,
            netfn: self.netfn | 1,
            to_lun: self.from_lun,
            from_address: self.to_address,
            sequence: self.sequence,
            from_lun: self.to_lun,
            cmd: self.cmd,
            data: response.to_bytes(),
        }
    }

    /// Whether this is a response.
    #[must_use]
    pub const fn is_response(&self) -> bool {
        self.netfn & 1 == 1
    }

    /// The request in here, in transport-independent form; `None` if this is a response.
    #[must_use]
    pub fn to_request(&self) -> Option<Request> {
        (!self.is_response()).then(|| Request {
            netfn: NetFn::from_number(self.netfn),
            lun: self.to_lun,
            cmd: self.cmd,
            data: self.data.clone(),
        })
    }

    /// The response in here; `None` if this is a request or lacks its completion code.
    #[must_use]
    pub fn to_response(&self) -> Option<Response> {
        Response::decode_exact(&self.data).ok().filter(|_| self.is_response())
    }

    /// Reads a message without a look at its checksums, for a packet whose integrity code has
    /// already vouched for every byte: some Supermicro firmware (X9SCM, X9DRi) gets the inner
    /// checksums wrong (`research/freeipmi.md` §4.2).
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if there is less than a message.
    pub fn decode_unverified(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let [to_address, netfn_lun, _] = r.array("message header")?;
        let mut body = r;
        let from_address = body.u8("requester address")?;
        let sequence_lun = body.u8("requester sequence")?;
        let cmd = body.u8("command")?;
        let Some((_checksum, data)) = body.take_rest().split_last() else {
            return Err(DecodeError::Truncated { field: "message checksum", missing: 1 });
        };
        Ok(Self {
            to_address,
            netfn: netfn_lun >> 2,
            to_lun: netfn_lun & 0x03,
            from_address,
            sequence: sequence_lun >> 2,
            from_lun: sequence_lun & 0x03,
            cmd,
            data: data.to_vec(),
        })
    }
}

impl Decode for LanMessage {
    /// Takes the whole input: the last byte is the checksum.
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let whole = r.take_rest();
        let mut parts = Reader::new(whole);
        let head: [u8; 3] = parts.array("message header")?;
        if checksum(&head) != 0 {
            return Err(DecodeError::Checksum { field: "message header" });
        }
        if checksum(parts.take_rest()) != 0 {
            return Err(DecodeError::Checksum { field: "message body" });
        }
        Self::decode_unverified(whole)
    }
}

impl Encode for LanMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        let head = [self.to_address, (self.netfn << 2) | (self.to_lun & 0x03)];
        out.extend(head);
        out.push(checksum(&head));
        let body = out.len();
        out.extend([self.from_address, (self.sequence << 2) | (self.from_lun & 0x03), self.cmd]);
        out.extend_from_slice(&self.data);
        let sum = checksum(out.get(body..).unwrap_or_default());
        out.push(sum);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::completion::CompletionCode;

    /// Get Device ID from console 81h, sequence 1: by hand from IPMI v2.0 §13.8.
    const GET_DEVICE_ID: [u8; 7] = [0x20, 0x18, 0xc8, 0x81, 0x04, 0x01, 0x7a];

    #[test]
    fn a_request_has_both_checksums() {
        let request = Request { netfn: NetFn::App, lun: 0, cmd: 0x01, data: vec![] };
        let message = LanMessage::request(1, &request);
        assert_eq!(message.to_bytes(), GET_DEVICE_ID);
        assert_eq!(LanMessage::decode_exact(&GET_DEVICE_ID).unwrap(), message);
        assert_eq!(message.to_request(), Some(request));
    }

    #[test]
    fn an_answer_goes_back_where_the_request_came_from() {
        let request = LanMessage::decode_exact(&GET_DEVICE_ID).unwrap();
        let answer = request.answer(&Response::code(CompletionCode::INVALID_COMMAND));
        assert_eq!(answer.to_bytes(), [0x81, 0x1c, 0x63, 0x20, 0x04, 0x01, 0xc1, 0x1a]);
        assert_eq!(answer.to_response(), Some(Response::code(CompletionCode::INVALID_COMMAND)));
        assert_eq!(answer.to_request(), None);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        for bit in 0..GET_DEVICE_ID.len() * 8 {
            let mut bytes = GET_DEVICE_ID;
            bytes[bit / 8] ^= 1 << (bit % 8);
            let err = LanMessage::decode_exact(&bytes).unwrap_err();
            assert!(matches!(err, DecodeError::Checksum { .. }), "bit {bit}: {err}");
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        for cut in 0..GET_DEVICE_ID.len() {
            LanMessage::decode_exact(&GET_DEVICE_ID[..cut]).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn round_trips(netfn in 0u8..64, lun in 0u8..4, seq in 0u8..64, cmd: u8,
                       data in prop::collection::vec(any::<u8>(), 0..64)) {
            let message = LanMessage {
                to_address: 0x20, netfn, to_lun: lun, from_address: 0x81,
                sequence: seq, from_lun: 3 - lun, cmd, data,
            };
            prop_assert_eq!(LanMessage::decode_exact(&message.to_bytes()).unwrap(), message);
        }
    }
}
