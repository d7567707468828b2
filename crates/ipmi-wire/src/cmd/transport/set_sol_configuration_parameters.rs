//! Set SOL Configuration Parameters: how serial over LAN behaves.

use super::{SolParameter, explain_set};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Set SOL Configuration Parameters. IPMI v2.0 §26.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetSolConfigurationParameters {
    /// Which channel.
    pub channel: Channel,
    /// The parameter and its value.
    pub parameter: SolParameter,
}

impl Command for SetSolConfigurationParameters {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Transport, 0x21);
    const NAME: &'static str = "Set SOL Configuration Parameters";
    const SECTION: &'static str = "IPMI v2.0 §26.2";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        explain_set(code)
    }
}

impl Encode for SetSolConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.parameter.selector()]);
        self.parameter.encode(out);
    }
}

impl Decode for SetSolConfigurationParameters {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let selector = r.u8("parameter selector")?;
        Ok(Self { channel, parameter: SolParameter::decode(selector, r)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ipmitool_sends_is_understood() {
        // `sol set retry-count 3 1` (ipmitool 1.8.19, lib/ipmi_sol.c).
        let bytes = [0x01, 0x04, 3, 50];
        let request = SetSolConfigurationParameters::decode_exact(&bytes).unwrap();
        let parameter = SolParameter::Retry { count: 3, interval: 50 };
        assert_eq!(
            request,
            SetSolConfigurationParameters { channel: Channel::new(1), parameter }
        );
        assert_eq!((request.to_bytes(), request.effect()), (bytes.to_vec(), Effect::Idempotent));
        for length in 0..bytes.len() {
            assert!(SetSolConfigurationParameters::decode_exact(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn the_command_explains_its_codes() {
        for code in 0x80..=0x83 {
            assert!(SetSolConfigurationParameters::explain(CompletionCode(code)).is_some());
        }
        assert_eq!(SetSolConfigurationParameters::explain(CompletionCode(0xc9)), None);
    }
}
