//! Get Channel Payload Version: in which version a channel carries a payload type.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get Channel Payload Version. IPMI v2.0 §24.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetChannelPayloadVersion {
    /// On which channel.
    pub channel: Channel,
    /// Which payload type, 6 bits.
    pub payload_type: u8,
}

/// The answer to [`GetChannelPayloadVersion`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelPayloadVersion {
    /// Major format version, 4 bits.
    pub major: u8,
    /// Minor format version, 4 bits.
    pub minor: u8,
}

impl Command for GetChannelPayloadVersion {
    type Response = ChannelPayloadVersion;
    const ID: CommandId = CommandId::new(NetFn::App, 0x4f);
    const NAME: &'static str = "Get Channel Payload Version";
    const SECTION: &'static str = "IPMI v2.0 §24.9";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x80).then_some("the channel does not carry this payload type")
    }
}

impl Encode for GetChannelPayloadVersion {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.payload_type & 0x3f]);
    }
}

impl Decode for GetChannelPayloadVersion {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        Ok(Self { channel, payload_type: r.u8("payload type")? & 0x3f })
    }
}

impl Encode for ChannelPayloadVersion {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push((self.major << 4) | (self.minor & 0x0f));
    }
}

impl Decode for ChannelPayloadVersion {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version = r.u8("format version")?;
        Ok(Self { major: version >> 4, minor: version & 0x0f })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_version_of_serial_over_lan() {
        let request = GetChannelPayloadVersion::decode_exact(&[0x01, 0x01]).unwrap();
        assert_eq!((request.channel, request.payload_type), (Channel::new(1), 1));
        assert_eq!(request.to_bytes(), [1, 1]);
        // By hand from §24.9.
        let version = ChannelPayloadVersion::decode_exact(&[0x10]).unwrap();
        assert_eq!((version.major, version.minor, version.to_bytes()), (1, 0, vec![0x10]));
        assert!(GetChannelPayloadVersion::decode_exact(&[1]).is_err());
        assert!(ChannelPayloadVersion::decode_exact(&[]).is_err());
    }
}
