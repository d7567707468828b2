//! Get NetFn Support: which network functions there are at which logical unit.

use super::firewall::LunSupport;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get NetFn Support. IPMI v2.0 §21.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetNetFnSupport {
    /// On which channel.
    pub channel: Channel,
}

/// The answer to [`GetNetFnSupport`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NetFnSupport {
    /// What each logical unit has.
    pub luns: [LunSupport; 4],
    /// By logical unit, the pairs of network functions that are used: bit n is 2n and 2n + 1.
    pub pairs: [u32; 4],
}

impl NetFnSupport {
    /// Whether a network function is used at a logical unit.
    #[must_use]
    pub fn has(&self, lun: u8, netfn: NetFn) -> bool {
        let pairs = self.pairs.get(usize::from(lun)).copied().unwrap_or(0);
        pairs >> (netfn.number() >> 1) & 1 == 1
    }

    /// The network functions at a logical unit.
    pub fn netfns(&self, lun: u8) -> impl Iterator<Item = NetFn> {
        let all = *self;
        (0..32_u8)
            .map(|pair| NetFn::from_number(pair << 1))
            .filter(move |netfn| all.has(lun, *netfn))
    }
}

impl Command for GetNetFnSupport {
    type Response = NetFnSupport;
    const ID: CommandId = CommandId::new(NetFn::App, 0x09);
    const NAME: &'static str = "Get NetFn Support";
    const SECTION: &'static str = "IPMI v2.0 §21.2";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetNetFnSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.channel.number());
    }
}

impl Decode for GetNetFnSupport {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { channel: Channel::new(r.u8("channel")?) })
    }
}

impl Encode for NetFnSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(LunSupport::encode_four(self.luns));
        out.extend(self.pairs.iter().flat_map(|pairs| pairs.to_le_bytes()));
    }
}

impl Decode for NetFnSupport {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let luns = LunSupport::decode_four(r.u8("LUN support")?);
        let pairs = [
            r.u32("network functions at LUN 0")?,
            r.u32("network functions at LUN 1")?,
            r.u32("network functions at LUN 2")?,
            r.u32("network functions at LUN 3")?,
        ];
        Ok(Self { luns, pairs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_their_functions() {
        let request = GetNetFnSupport::decode_exact(&[0x0e]).unwrap();
        assert_eq!((request.channel, request.to_bytes()), (Channel::PRESENT, vec![0x0e]));
        // By hand from §21.2: LUN 0 has App and the group extensions, some of it kept back; LUN 2 has
        // what bridges messages.
        let mut bytes = [0; 17];
        bytes[0] = 0x12;
        (bytes[1], bytes[3]) = (0x08, 0x40);
        bytes[9] = 0x02;
        let support = NetFnSupport::decode_exact(&bytes).unwrap();
        let [first, second, third, _] = support.luns;
        assert_eq!((first, second), (LunSupport::Restricted, LunSupport::None));
        assert_eq!(third, LunSupport::Base);
        let netfns = |lun| support.netfns(lun).collect::<Vec<_>>();
        assert_eq!(netfns(0), [NetFn::App, NetFn::GroupExtension]);
        assert_eq!((netfns(1), netfns(2), netfns(9)), (vec![], vec![NetFn::Bridge], vec![]));
        assert_eq!(support.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(NetFnSupport::decode_exact(&bytes[..length]).is_err());
        }
        assert!(GetNetFnSupport::decode_exact(&[]).is_err());
    }
}
