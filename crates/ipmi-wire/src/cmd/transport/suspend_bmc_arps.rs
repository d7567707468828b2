//! Suspend BMC ARPs: the host's own network driver takes over, and gives back.

use super::ArpControl;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Suspend BMC ARPs. IPMI v2.0 §23.3. It ends with a reset of the system or of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuspendBmcArps {
    /// Which channel.
    pub channel: Channel,
    /// What is to stop; the rest goes on.
    pub suspend: ArpControl,
}

/// The answer to [`SuspendBmcArps`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BmcArps {
    /// What the controller does now.
    pub occurring: ArpControl,
}

impl Command for SuspendBmcArps {
    type Response = BmcArps;
    const ID: CommandId = CommandId::new(NetFn::Transport, 0x03);
    const NAME: &'static str = "Suspend BMC ARPs";
    const SECTION: &'static str = "IPMI v2.0 §23.3";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SuspendBmcArps {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.suspend.bits()]);
    }
}

impl Decode for SuspendBmcArps {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            channel: Channel::new(r.u8("channel")?),
            suspend: ArpControl::from_bits(r.u8("ARP suspend")?),
        })
    }
}

impl Encode for BmcArps {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.occurring.bits());
    }
}

impl Decode for BmcArps {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { occurring: ArpControl::from_bits(r.u8("ARP status")?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from §23.3.
    #[test]
    fn two_bits_say_what_stops_and_what_goes_on() {
        let suspend = ArpControl { gratuitous: true, responses: false };
        let request = SuspendBmcArps { channel: Channel::new(1), suspend };
        assert_eq!(request.to_bytes(), [1, 1]);
        assert_eq!(SuspendBmcArps::decode_exact(&[1, 0xfd]), Ok(request));
        let occurring = ArpControl { gratuitous: false, responses: true };
        assert_eq!(BmcArps::decode_exact(&[2]), Ok(BmcArps { occurring }));
        assert_eq!(BmcArps { occurring }.to_bytes(), [2]);
        assert!(SuspendBmcArps::decode_exact(&[1]).is_err() && BmcArps::decode_exact(&[]).is_err());
    }
}
