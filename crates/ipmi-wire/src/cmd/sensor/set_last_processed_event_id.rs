//! Set Last Processed Event ID: how far software has got with the events in the log.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Last Processed Event ID. IPMI v2.0 §30.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLastProcessedEventId {
    /// It is about the controller, not software.
    pub by_bmc: bool,
    /// Record ID of the last event that was processed.
    pub record_id: u16,
}

impl SetLastProcessedEventId {
    /// The log is being erased.
    pub const ERASING: CompletionCode = CompletionCode(0x81);
}

impl Command for SetLastProcessedEventId {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x14);
    const NAME: &'static str = "Set Last Processed Event ID";
    const SECTION: &'static str = "IPMI v2.0 §30.5";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        explain_erasing(code)
    }
}

pub(super) fn explain_erasing(code: CompletionCode) -> Option<&'static str> {
    (code == SetLastProcessedEventId::ERASING).then_some("the log is being erased")
}

impl Encode for SetLastProcessedEventId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.by_bmc.into());
        out.extend(self.record_id.to_le_bytes());
    }
}

impl Decode for SetLastProcessedEventId {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let by_bmc = r.u8("who processed")? & 1 != 0;
        Ok(Self { by_bmc, record_id: r.u16("record ID")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_and_the_controller_are_told_apart() {
        // By hand from §30.5.
        for (bytes, by_bmc) in [([0, 0x34, 0x12], false), ([1, 0x34, 0x12], true)] {
            let request = SetLastProcessedEventId::decode_exact(&bytes).unwrap();
            assert_eq!(request, SetLastProcessedEventId { by_bmc, record_id: 0x1234 });
            assert_eq!((request.to_bytes(), request.effect()), (bytes.to_vec(), Effect::Idempotent));
            for length in 0..bytes.len() {
                assert!(SetLastProcessedEventId::decode_exact(&bytes[..length]).is_err());
            }
        }
        assert!(SetLastProcessedEventId::explain(SetLastProcessedEventId::ERASING).is_some());
    }
}
