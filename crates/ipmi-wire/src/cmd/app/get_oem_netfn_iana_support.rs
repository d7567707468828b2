//! Get OEM NetFn IANA Support: who has defined the commands of group and OEM network functions.

use super::firewall::{CommandSpace, LunSupport};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{Body, CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get OEM NetFn IANA Support. IPMI v2.0 §21.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetOemNetFnIanaSupport {
    /// On which channel.
    pub channel: Channel,
    /// Of which network function.
    pub netfn: NetFn,
    /// Which of them, from 0 to 63.
    pub index: u8,
}

/// The answer to [`GetOemNetFnIanaSupport`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OemNetFnIanaSupport {
    /// Whether there is none after it. The specification's table is read in two ways: in the upper
    /// bit by the MegaRAC firmware, in the lower ones by FreeIPMI's templates. Any bit will do here;
    /// the upper one is sent.
    pub is_last: bool,
    /// What each logical unit has of it.
    pub luns: [LunSupport; 4],
    /// Who: a group's code or an enterprise number, by the network function.
    pub body: Body,
}

impl Command for GetOemNetFnIanaSupport {
    type Response = OemNetFnIanaSupport;
    const ID: CommandId = CommandId::new(NetFn::App, 0x64);
    const NAME: &'static str = "Get OEM NetFn IANA Support";
    const SECTION: &'static str = "IPMI v2.0 §21.11";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn decode_response(&self, r: &mut Reader<'_>) -> Result<Self::Response, DecodeError> {
        let is_last = r.u8("last IANA")? != 0;
        let luns = LunSupport::decode_four(r.u8("LUN support")?);
        let body = CommandSpace::decode_body(self.netfn, r)?;
        Ok(OemNetFnIanaSupport { is_last, luns, body })
    }
}

impl Encode for GetOemNetFnIanaSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.netfn.number(), self.index & 0x3f]);
    }
}

impl Decode for GetOemNetFnIanaSupport {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let netfn = NetFn::from_number(r.u8("network function")? & 0x3f);
        Ok(Self { channel, netfn, index: r.u8("list index")? & 0x3f })
    }
}

impl Encode for OemNetFnIanaSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        let last = if self.is_last { 0x80 } else { 0 };
        out.extend([last, LunSupport::encode_four(self.luns)]);
        let space = CommandSpace { netfn: NetFn::GroupExtension, body: self.body, lun: 0 };
        space.encode_body(out);
    }
}

/// Without its request: a group's code is one byte, an enterprise number three.
impl Decode for OemNetFnIanaSupport {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let is_last = r.u8("last IANA")? != 0;
        let luns = LunSupport::decode_four(r.u8("LUN support")?);
        let netfn = match r.remaining() {
            0 => NetFn::App,
            1 => NetFn::GroupExtension,
            _ => NetFn::OemGroup,
        };
        Ok(Self { is_last, luns, body: CommandSpace::decode_body(netfn, r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_codes_and_oems_numbers() {
        let request = GetOemNetFnIanaSupport::decode_exact(&[0x0e, 0x2c, 0]).unwrap();
        assert_eq!((request.netfn, request.to_bytes()), (NetFn::GroupExtension, vec![14, 0x2c, 0]));
        assert!(GetOemNetFnIanaSupport::decode_exact(&[0x0e, 0x2c]).is_err());
        let group = [0x80, 0x01, 0xdc];
        let support = request.decode_response(&mut Reader::new(&group)).unwrap();
        assert_eq!((support.is_last, support.body), (true, Body::Group(0xdc)));
        assert_eq!(support.luns[0], LunSupport::Base);
        assert_eq!(support.to_bytes(), group);
        let oem = [0x00, 0x01, 0x57, 0x01, 0x00];
        let request = GetOemNetFnIanaSupport { netfn: NetFn::OemGroup, ..request };
        let support = request.decode_response(&mut Reader::new(&oem)).unwrap();
        assert_eq!((support.is_last, support.body), (false, Body::Oem(343)));
        assert_eq!(support.to_bytes(), oem);
        for length in 0..oem.len() {
            assert!(request.decode_response(&mut Reader::new(&oem[..length])).is_err());
        }
    }
}
