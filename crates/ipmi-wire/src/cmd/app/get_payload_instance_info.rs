//! Get Payload Instance Info: which session an instance of a payload is active in.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Payload Instance Info. IPMI v2.0 §24.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetPayloadInstanceInfo {
    /// Of which payload type, 6 bits: 01h is Serial over LAN.
    pub payload_type: u8,
    /// Which instance, 1 to 15.
    pub instance: u8,
}

/// The answer to [`GetPayloadInstanceInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadInstanceInfo {
    /// The managed system's ID of the session that activated it; 0 if none did.
    pub session_id: u32,
    /// Of Serial over LAN, the first byte is the number of the system's serial port, 0 if that is
    /// not told. The rest is the payload type's own.
    pub data: [u8; 8],
}

impl Command for GetPayloadInstanceInfo {
    type Response = PayloadInstanceInfo;
    const ID: CommandId = CommandId::new(NetFn::App, 0x4b);
    const NAME: &'static str = "Get Payload Instance Info";
    const SECTION: &'static str = "IPMI v2.0 §24.5";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetPayloadInstanceInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.payload_type & 0x3f, self.instance & 0x0f]);
    }
}

impl Decode for GetPayloadInstanceInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let payload_type = r.u8("payload type")? & 0x3f;
        Ok(Self { payload_type, instance: r.u8("payload instance")? & 0x0f })
    }
}

impl Encode for PayloadInstanceInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.session_id.to_le_bytes());
        out.extend(self.data);
    }
}

impl Decode for PayloadInstanceInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let session_id = r.u32("session ID")?;
        Ok(Self { session_id, data: r.array("payload-specific information")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_on_the_first_port() {
        let request = GetPayloadInstanceInfo::decode_exact(&[0x01, 0x01]).unwrap();
        assert_eq!((request.payload_type, request.instance), (1, 1));
        assert_eq!(request.to_bytes(), [1, 1]);
        // By hand from §24.5.
        let bytes = [0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0, 0, 0, 0, 0];
        let info = PayloadInstanceInfo::decode_exact(&bytes).unwrap();
        assert_eq!((info.session_id, info.data[0]), (0x1234_5678, 1));
        assert_eq!(info.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(PayloadInstanceInfo::decode_exact(&bytes[..length]).is_err());
        }
        assert!(GetPayloadInstanceInfo::decode_exact(&[1]).is_err());
    }
}
