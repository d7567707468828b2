//! Get Channel Access: what a channel lets in, now or from the next start on.

use super::{AccessCopy, AccessFlags};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get Channel Access. IPMI v2.0 §22.23.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetChannelAccess {
    /// Of which channel.
    pub channel: Channel,
    /// Which copy.
    pub copy: AccessCopy,
}

/// The answer to [`GetChannelAccess`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelAccess {
    /// What it lets in.
    pub flags: AccessFlags,
    /// The most that anybody may do on it; `None` is a number that is no level.
    pub limit: Option<Privilege>,
}

impl Command for GetChannelAccess {
    type Response = ChannelAccess;
    const ID: CommandId = CommandId::new(NetFn::App, 0x41);
    const NAME: &'static str = "Get Channel Access";
    const SECTION: &'static str = "IPMI v2.0 §22.23";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn explain(code: CompletionCode) -> Option<&'static str> {
        match code.0 {
            0x82 => Some("this channel has no access to speak of, for example as it has no sessions"),
            _ => None,
        }
    }
}

impl Encode for GetChannelAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.copy.bits()]);
    }
}

impl Decode for GetChannelAccess {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        const FIELD: &str = "which copy";
        let channel = Channel::new(r.u8("channel")?);
        let bits = r.u8(FIELD)?;
        let copy = AccessCopy::decode_bits(bits, FIELD)?
            .ok_or(DecodeError::Invalid { field: FIELD, value: bits.into() })?;
        Ok(Self { channel, copy })
    }
}

impl Encode for ChannelAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.flags.bits(), self.limit.map_or(0, Privilege::number)]);
    }
}

impl Decode for ChannelAccess {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags = AccessFlags::decode_bits(r.u8("channel access")? & 0x3f)?;
        // FreeIPMI 1.6.10's ipmi-config knows of controllers that say 0 or Fh here, too.
        let limit = Privilege::from_number(r.u8("channel privilege level limit")? & 0x0f);
        Ok(Self { flags, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::super::AccessMode;
    use super::*;

    #[test]
    fn both_copies_can_be_asked_for() {
        // `ipmitool channel info 1` (lib/ipmi_channel.c of 1.8.19) asks for either.
        for (bytes, copy) in
            [([0x01, 0x80], AccessCopy::Volatile), ([0x01, 0x40], AccessCopy::NonVolatile)]
        {
            let request = GetChannelAccess::decode_exact(&bytes).unwrap();
            assert_eq!(request, GetChannelAccess { channel: Channel::new(1), copy });
            assert_eq!(request.to_bytes(), bytes);
        }
        for bits in [0x00, 0xc0] {
            assert!(GetChannelAccess::decode_exact(&[1, bits]).is_err());
        }
        assert!(GetChannelAccess::decode_exact(&[1]).is_err());
    }

    #[test]
    fn a_lan_channel_that_is_always_there() {
        // By hand from §22.23: alerting off, always available, administrator.
        let bytes = [0x22, 0x04];
        let access = ChannelAccess::decode_exact(&bytes).unwrap();
        assert_eq!(access.flags.mode, AccessMode::Always);
        assert!(access.flags.alerting_disabled && !access.flags.per_message_auth_disabled);
        assert_eq!(access.limit, Some(Privilege::Administrator));
        assert_eq!(access.to_bytes(), bytes);
        for length in 0..2 {
            assert!(ChannelAccess::decode_exact(&bytes[..length]).is_err());
        }
        assert!(ChannelAccess::decode_exact(&[0x04, 0x04]).is_err(), "a reserved mode");
        assert_eq!(ChannelAccess::decode_exact(&[0xc2, 0xf0]).unwrap().limit, None);
    }
}
