//! A request or a response in a frame.

use crate::codec::{Decode, DecodeError, Encode, Reader, checksum};
use crate::command::{Request, Response};
use crate::netfn::NetFn;

/// One message, request or response: both have the same shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmMessage {
    /// Matches a response to its request: QEMU takes no other.
    pub sequence: u8,
    /// The 6-bit network function; odd in a response.
    pub netfn: u8,
    /// Logical unit.
    pub lun: u8,
    /// Command number.
    pub cmd: u8,
    /// Request data; in a response, the completion code and the data.
    pub data: Vec<u8>,
}

impl VmMessage {
    /// What a message is longer than its data.
    pub const OVERHEAD: usize = 4;

    /// A request, as the virtual machine's end sends it.
    #[must_use]
    pub fn request(sequence: u8, request: &Request) -> Self {
        Self {
            sequence,
            netfn: request.netfn.number(),
            lun: request.lun & 0x03,
            cmd: request.cmd,
            data: request.data.clone(),
        }
    }

    /// The answer to this request.
    #[must_use]
    pub fn answer(&self, response: &Response) -> Self {
        Self { netfn: self.netfn | 1, data: response.to_bytes(), ..*self }
    }

    /// Whether this is a response.
    #[must_use]
    pub const fn is_response(&self) -> bool {
        self.netfn & 1 == 1
    }

    /// The request in here; `None` if this is a response.
    #[must_use]
    pub fn to_request(&self) -> Option<Request> {
        (!self.is_response()).then(|| Request {
            netfn: NetFn::from_number(self.netfn),
            lun: self.lun,
            cmd: self.cmd,
            data: self.data.clone(),
        })
    }

    /// The response in here; `None` if this is a request or lacks its completion code.
    #[must_use]
    pub fn to_response(&self) -> Option<Response> {
        Response::decode_exact(&self.data).ok().filter(|_| self.is_response())
    }
}

impl Encode for VmMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        let head = [self.sequence, self.netfn << 2 | self.lun & 0x03, self.cmd];
        out.extend(head);
        out.extend_from_slice(&self.data);
        let sum = checksum(&head).wrapping_add(checksum(&self.data));
        out.push(sum);
    }
}

impl Decode for VmMessage {
    /// Takes the whole input: the last byte is the checksum.
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let whole = r.take_rest();
        let mut body = Reader::new(whole);
        let sequence = body.u8("message sequence")?;
        let netfn_lun = body.u8("network function and LUN")?;
        let cmd = body.u8("command")?;
        let Some((_, data)) = body.take_rest().split_last() else {
            return Err(DecodeError::Truncated { field: "message checksum", missing: 1 });
        };
        if checksum(whole) != 0 {
            return Err(DecodeError::Checksum { field: "message" });
        }
        let (netfn, lun) = (netfn_lun >> 2, netfn_lun & 0x03);
        Ok(Self { sequence, netfn, lun, cmd, data: data.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cmd::app::GetDeviceId;
    use crate::command::Command;
    use crate::completion::CompletionCode;

    #[test]
    fn get_device_id_as_qemu_asks_for_it() {
        // Captured from QEMU 7.2: the first request of a guest, without its end byte.
        let bytes = [0x00, 0x18, 0x01, 0xe7];
        let request = Request::of(&GetDeviceId);
        let message = VmMessage::request(0, &request);
        assert_eq!(message.to_bytes(), bytes);
        let read = VmMessage::decode_exact(&bytes).unwrap();
        assert_eq!((&read, read.to_request()), (&message, Some(request)));
        assert_eq!(read.to_response(), None);
        assert_eq!(read.cmd, GetDeviceId::ID.cmd);
    }

    #[test]
    fn an_answer_repeats_the_number_and_has_the_odd_function() {
        let request = VmMessage { sequence: 0x5a, netfn: 0x06, lun: 2, cmd: 0x37, data: vec![] };
        let response = Response { completion: CompletionCode::OK, data: vec![1, 2] };
        let answer = request.answer(&response);
        assert_eq!(answer.to_bytes(), [0x5a, 0x1e, 0x37, 0x00, 1, 2, 0x4e]);
        assert_eq!((answer.to_response(), answer.to_request()), (Some(response), None));
    }

    #[test]
    fn what_is_short_or_does_not_add_up_is_refused() {
        let truncated = |field| DecodeError::Truncated { field, missing: 1 };
        for (bytes, error) in [
            (&[][..], truncated("message sequence")),
            (&[1], truncated("network function and LUN")),
            (&[1, 0x18], truncated("command")),
            (&[1, 0x18, 1], truncated("message checksum")),
            (&[1, 0x18, 1, 0xe5], DecodeError::Checksum { field: "message" }),
        ] {
            assert_eq!(VmMessage::decode_exact(bytes), Err(error), "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn a_message_comes_out_as_it_went_in(
            (sequence, netfn, lun, cmd) in (any::<u8>(), 0..64u8, 0..4u8, any::<u8>()),
            data in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let message = VmMessage { sequence, netfn, lun, cmd, data };
            prop_assert_eq!(VmMessage::decode_exact(&message.to_bytes()), Ok(message));
        }
    }
}
