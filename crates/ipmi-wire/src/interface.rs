//! What surrounds a command on the host's own interface: nearly nothing on KCS, a length and a number
//! on BT. The software of both ends sees the same bytes, whatever lies between.
//!
//! ```text
//!  KCS   request            NetFn/LUN, command, data             response  NetFn/LUN, command, code, data
//!  BT    request    length, NetFn/LUN, number, command, data     response  length, NetFn/LUN, number, …
//! ```
//!
//! Source: IPMI v2.0 §9.2 (KCS), §11.2 and §11.3 (BT).

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Request, Response};
use crate::netfn::NetFn;

/// A request on KCS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KcsRequest(pub Request);

/// A response on KCS, to a request with this network function, LUN and command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KcsResponse {
    /// Which request it answers.
    pub to: Asked,
    /// The answer.
    pub response: Response,
}

/// A request on BT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BtRequest {
    /// What the host tells its requests apart by.
    pub sequence: u8,
    /// The request.
    pub request: Request,
}

/// A response on BT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BtResponse {
    /// That of the request.
    pub sequence: u8,
    /// Which request it answers.
    pub to: Asked,
    /// The answer.
    pub response: Response,
}

/// What of a request comes back with its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Network function of the request.
    pub netfn: NetFn,
    /// Logical unit.
    pub lun: u8,
    /// Command.
    pub cmd: u8,
}

impl Asked {
    /// Of this request.
    #[must_use]
    pub const fn of(request: &Request) -> Self {
        Self { netfn: request.netfn, lun: request.lun, cmd: request.cmd }
    }

    /// Network function and LUN of the response.
    const fn answered(self) -> u8 {
        ((self.netfn.number() | 1) << 2) | (self.lun & 3)
    }

    fn of_answer(netfn_lun: u8, cmd: u8) -> Result<Self, DecodeError> {
        let netfn = netfn_lun >> 2;
        if netfn & 1 == 0 {
            return Err(DecodeError::Invalid { field: "network function", value: netfn.into() });
        }
        Ok(Self { netfn: NetFn::from_number(netfn & !1), lun: netfn_lun & 3, cmd })
    }
}

/// Of a BT message, by its first byte. IPMI v2.0 §11.2.
struct BtLength;

impl BtLength {
    /// What is counted: all but the length itself.
    fn put(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let at = out.len();
        out.push(0);
        write(out);
        let length = out.len().saturating_sub(at).saturating_sub(1);
        if let Some(byte) = out.get_mut(at) {
            *byte = u8::try_from(length).unwrap_or(u8::MAX);
        }
    }

    /// A reader of just the message.
    fn take<'a>(r: &mut Reader<'a>) -> Result<Reader<'a>, DecodeError> {
        let length = r.u8("length")?;
        Ok(Reader::new(r.bytes("message", length.into())?))
    }
}

fn request(netfn_lun: u8, r: &mut Reader<'_>) -> Result<Request, DecodeError> {
    let netfn = netfn_lun >> 2;
    if netfn & 1 == 1 {
        return Err(DecodeError::Invalid { field: "network function", value: netfn.into() });
    }
    let cmd = r.u8("command")?;
    let (netfn, lun) = (NetFn::from_number(netfn), netfn_lun & 3);
    Ok(Request { netfn, lun, cmd, data: r.take_rest().to_vec() })
}

const fn netfn_lun(request: &Request) -> u8 {
    (request.netfn.number() << 2) | (request.lun & 3)
}

impl Encode for KcsRequest {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self(request) = self;
        out.extend([netfn_lun(request), request.cmd]);
        out.extend_from_slice(&request.data);
    }
}

impl Decode for KcsRequest {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let netfn_lun = r.u8("network function")?;
        request(netfn_lun, r).map(Self)
    }
}

impl Encode for KcsResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { to, response } = self;
        out.extend([to.answered(), to.cmd]);
        response.encode(out);
    }
}

impl Decode for KcsResponse {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [netfn_lun, cmd] = r.array("network function and command")?;
        Ok(Self { to: Asked::of_answer(netfn_lun, cmd)?, response: Response::decode(r)? })
    }
}

impl BtRequest {
    /// The longest data that fits.
    pub const LONGEST: usize = 252;
}

impl BtResponse {
    /// The longest data that fits.
    pub const LONGEST: usize = 251;
}

impl Encode for BtRequest {
    /// Data beyond [`LONGEST`](Self::LONGEST) cannot be told from none: nobody sends it.
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { sequence, request } = self;
        BtLength::put(out, |out| {
            out.extend([netfn_lun(request), *sequence, request.cmd]);
            out.extend(request.data.iter().take(Self::LONGEST));
        });
    }
}

impl Decode for BtRequest {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut r = BtLength::take(r)?;
        let [netfn_lun, sequence] = r.array("network function and number")?;
        Ok(Self { sequence, request: request(netfn_lun, &mut r)? })
    }
}

impl Encode for BtResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { sequence, to, response } = self;
        BtLength::put(out, |out| {
            out.extend([to.answered(), *sequence, to.cmd, response.completion.0]);
            out.extend(response.data.iter().take(Self::LONGEST));
        });
    }
}

impl Decode for BtResponse {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut r = BtLength::take(r)?;
        let [netfn_lun, sequence, cmd] = r.array("network function, number and command")?;
        let to = Asked::of_answer(netfn_lun, cmd)?;
        Ok(Self { sequence, to, response: Response::decode(&mut r)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::completion::CompletionCode;

    fn set_watchdog() -> Request {
        let data = vec![4, 1, 0, 0x10, 100, 0];
        Request { netfn: NetFn::App, lun: 0, cmd: 0x24, data }
    }

    #[test]
    fn a_request_on_kcs_is_bare() {
        // By hand from §9.2.
        let bytes = [0x18, 0x24, 4, 1, 0, 0x10, 100, 0];
        assert_eq!(KcsRequest::decode_exact(&bytes).unwrap(), KcsRequest(set_watchdog()));
        assert_eq!(KcsRequest(set_watchdog()).to_bytes(), bytes);
        let response = Response { completion: CompletionCode::OK, data: vec![9] };
        let response = KcsResponse { to: Asked::of(&set_watchdog()), response };
        assert_eq!(response.to_bytes(), [0x1c, 0x24, 0, 9]);
        assert_eq!(KcsResponse::decode_exact(&[0x1c, 0x24, 0, 9]).unwrap(), response);
        KcsRequest::decode_exact(&[0x1c, 0x24]).unwrap_err();
        KcsRequest::decode_exact(&[0x18]).unwrap_err();
        KcsResponse::decode_exact(&[0x18, 0x24, 0]).unwrap_err();
        KcsResponse::decode_exact(&[0x1c, 0x24]).unwrap_err();
    }

    #[test]
    fn a_request_on_bt_has_a_length_and_a_number() {
        // By hand from §11.2: nine bytes follow the first.
        let bytes = [9, 0x18, 0x77, 0x24, 4, 1, 0, 0x10, 100, 0];
        let request = BtRequest { sequence: 0x77, request: set_watchdog() };
        assert_eq!(BtRequest::decode_exact(&bytes).unwrap(), request);
        assert_eq!(request.to_bytes(), bytes);
        let to = Asked::of(&Request { lun: 2, ..set_watchdog() });
        let response = Response::code(CompletionCode::INVALID_FOR_LUN);
        let response = BtResponse { sequence: 0x77, to, response };
        assert_eq!(response.to_bytes(), [4, 0x1e, 0x77, 0x24, 0xc2]);
        assert_eq!(BtResponse::decode_exact(&[4, 0x1e, 0x77, 0x24, 0xc2]).unwrap(), response);
        for length in 0..bytes.len() {
            BtRequest::decode_exact(&bytes[..length]).unwrap_err();
        }
        for wrong in [0, 1, 2, 8, 10, 255] {
            let mut bytes = bytes;
            bytes[0] = wrong;
            BtRequest::decode_exact(&bytes).unwrap_err();
        }
    }

    #[test]
    fn the_longest_data_fits_and_no_more() {
        let request = Request { data: vec![7; BtRequest::LONGEST], ..set_watchdog() };
        let request = BtRequest { sequence: 1, request };
        assert_eq!((request.to_bytes().len(), request.to_bytes()[0]), (256, 255));
        assert_eq!(BtRequest::decode_exact(&request.to_bytes()).unwrap(), request);
        let response =
            Response { completion: CompletionCode::OK, data: vec![7; BtResponse::LONGEST] };
        let response = BtResponse { sequence: 1, to: Asked::of(&set_watchdog()), response };
        assert_eq!((response.to_bytes().len(), response.to_bytes()[0]), (256, 255));
        assert_eq!(BtResponse::decode_exact(&response.to_bytes()).unwrap(), response);
    }

    prop_compose! {
        fn requests()(
            netfn in 0u8..32,
            lun in 0u8..4,
            cmd: u8,
            data in prop::collection::vec(any::<u8>(), 0..=BtRequest::LONGEST),
        ) -> Request {
            Request { netfn: NetFn::from_number(netfn << 1), lun, cmd, data }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(request in requests(), sequence: u8, code: u8) {
            let kcs = KcsRequest(request.clone());
            prop_assert_eq!(&KcsRequest::decode_exact(&kcs.to_bytes()).unwrap(), &kcs);
            let bt = BtRequest { sequence, request: request.clone() };
            prop_assert_eq!(&BtRequest::decode_exact(&bt.to_bytes()).unwrap(), &bt);
            let to = Asked::of(&request);
            let data = request.data.iter().copied().take(BtResponse::LONGEST).collect();
            let response = Response { completion: CompletionCode(code), data };
            let kcs = KcsResponse { to, response: response.clone() };
            prop_assert_eq!(&KcsResponse::decode_exact(&kcs.to_bytes()).unwrap(), &kcs);
            let bt = BtResponse { sequence, to, response };
            prop_assert_eq!(&BtResponse::decode_exact(&bt.to_bytes()).unwrap(), &bt);
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(request) = KcsRequest::decode_exact(&bytes) {
                prop_assert_eq!(request.to_bytes(), bytes.clone());
            }
            if let Ok(response) = KcsResponse::decode_exact(&bytes) {
                prop_assert_eq!(response.to_bytes(), bytes.clone());
            }
            if let Ok(request) = BtRequest::decode_exact(&bytes) {
                prop_assert_eq!(request.to_bytes(), bytes.clone());
            }
            if let Ok(response) = BtResponse::decode_exact(&bytes) {
                prop_assert_eq!(response.to_bytes(), bytes);
            }
        }
    }
}
