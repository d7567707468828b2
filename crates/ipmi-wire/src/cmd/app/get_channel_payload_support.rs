//! Get Channel Payload Support: which payload types a channel carries.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get Channel Payload Support. IPMI v2.0 §24.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetChannelPayloadSupport {
    /// Which channel.
    pub channel: Channel,
}

/// The answer to [`GetChannelPayloadSupport`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelPayloadSupport {
    /// Standard payload types: bit n is payload type n.
    pub standard: u16,
    /// Session setup payload types: bit n is payload type 10h + n.
    pub session_setup: u16,
    /// OEM payload types: bit n is payload type 20h + n.
    pub oem: u16,
}

impl Command for GetChannelPayloadSupport {
    type Response = ChannelPayloadSupport;
    const ID: CommandId = CommandId::new(NetFn::App, 0x4e);
    const NAME: &'static str = "Get Channel Payload Support";
    const SECTION: &'static str = "IPMI v2.0 §24.8";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetChannelPayloadSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.channel.number());
    }
}

impl Decode for GetChannelPayloadSupport {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { channel: Channel::new(r.u8("channel")?) })
    }
}

impl Encode for ChannelPayloadSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.standard.to_le_bytes());
        out.extend(self.session_setup.to_le_bytes());
        out.extend(self.oem.to_le_bytes());
        out.extend([0; 2]);
    }
}

impl Decode for ChannelPayloadSupport {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let standard = r.u16("standard payload types")?;
        let session_setup = r.u16("session setup payload types")?;
        let oem = r.u16("OEM payload types")?;
        let _reserved = r.u16("reserved")?;
        Ok(Self { standard, session_setup, oem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_serial_over_lan() {
        let request = GetChannelPayloadSupport::decode_exact(&[0x0e]).unwrap();
        assert_eq!((request.channel, request.to_bytes()), (Channel::PRESENT, vec![0x0e]));
        // By hand from §24.8: types 0 and 1, and the six messages that set a session up.
        let bytes = [0x03, 0x00, 0x3f, 0x00, 0, 0, 0, 0];
        let support = ChannelPayloadSupport::decode_exact(&bytes).unwrap();
        assert_eq!((support.standard, support.session_setup, support.oem), (3, 0x3f, 0));
        assert_eq!(support.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(ChannelPayloadSupport::decode_exact(&bytes[..length]).is_err());
        }
        assert!(GetChannelPayloadSupport::decode_exact(&[]).is_err());
    }
}
