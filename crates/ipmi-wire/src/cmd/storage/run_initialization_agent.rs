//! Run Initialization Agent: writes the settings in the SDRs to the sensors again.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Run Initialization Agent. IPMI v2.0 §33.21.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunInitializationAgent {
    /// Start it; else only ask whether it is done.
    pub run: bool,
}

/// The answer to [`RunInitializationAgent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitializationStatus {
    /// Whether it is done.
    pub completed: bool,
}

impl Command for RunInitializationAgent {
    type Response = InitializationStatus;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x2c);
    const NAME: &'static str = "Run Initialization Agent";
    const SECTION: &'static str = "IPMI v2.0 §33.21";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        // It sets the event receiver of controllers, who report again what is asserted, each time;
        // and it puts back thresholds that were set since. After a lost answer, ask.
        if self.run { Effect::Once } else { Effect::Read }
    }
}

impl Encode for RunInitializationAgent {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.run.into());
    }
}

impl Decode for RunInitializationAgent {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { run: r.u8("run or status")? & 0x01 != 0 })
    }
}

impl Encode for InitializationStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.completed.into());
    }
}

impl Decode for InitializationStatus {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { completed: r.u8("initialization status")? & 0x01 != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_changes_nothing() {
        // By hand from §33.21; reserved bits are ignored.
        let ask = RunInitializationAgent::decode_exact(&[0xfe]).unwrap();
        assert_eq!((ask.effect(), ask.to_bytes()), (Effect::Read, vec![0]));
        let run = RunInitializationAgent::decode_exact(&[0x01]).unwrap();
        assert_eq!((run.effect(), run.to_bytes()), (Effect::Once, vec![1]));
        let done = InitializationStatus::decode_exact(&[0xff]).unwrap();
        assert_eq!((done.completed, done.to_bytes()), (true, vec![1]));
        assert!(InitializationStatus::decode_exact(&[]).is_err());
    }
}
