//! Set LAN Configuration Parameters: how the controller is reached.

use super::{LanParameter, explain_set};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Set LAN Configuration Parameters. IPMI v2.0 §23.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetLanConfigurationParameters {
    /// Which channel.
    pub channel: Channel,
    /// The parameter and its value.
    pub parameter: LanParameter,
}

impl Command for SetLanConfigurationParameters {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Transport, 0x01);
    const NAME: &'static str = "Set LAN Configuration Parameters";
    const SECTION: &'static str = "IPMI v2.0 §23.1";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        explain_set(code)
    }
}

impl Encode for SetLanConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.parameter.selector()]);
        self.parameter.encode(out);
    }
}

impl Decode for SetLanConfigurationParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let selector = r.u8("parameter selector")?;
        Ok(Self { channel, parameter: LanParameter::decode(selector, r)? })
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    #[test]
    fn what_ipmitool_sends_is_understood() {
        // `lan set 1 ipaddr 192.168.0.55` (ipmitool 1.8.19, lib/ipmi_lanp.c).
        let bytes = [0x01, 0x03, 192, 168, 0, 55];
        let request = SetLanConfigurationParameters::decode_exact(&bytes).unwrap();
        let parameter = LanParameter::IpAddress(Ipv4Addr::new(192, 168, 0, 55));
        assert_eq!(
            request,
            SetLanConfigurationParameters { channel: Channel::new(1), parameter }
        );
        assert_eq!((request.to_bytes(), request.effect()), (bytes.to_vec(), Effect::Idempotent));
        for length in 0..bytes.len() {
            assert!(SetLanConfigurationParameters::decode_exact(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn the_command_explains_its_codes() {
        for code in 0x80..=0x83 {
            assert!(SetLanConfigurationParameters::explain(CompletionCode(code)).is_some());
        }
        assert_eq!(SetLanConfigurationParameters::explain(CompletionCode(0xc9)), None);
    }
}
