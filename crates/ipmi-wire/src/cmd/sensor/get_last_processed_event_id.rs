//! Get Last Processed Event ID: how far the controller and software have got with the events.

use super::set_last_processed_event_id::explain_erasing;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::sel::Timestamp;

/// Get Last Processed Event ID. IPMI v2.0 §30.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetLastProcessedEventId;

/// The answer to [`GetLastProcessedEventId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastProcessedEventId {
    /// When an event was last added to the log.
    pub last_addition: Timestamp,
    /// The last record in the log; FFFFh if it is empty.
    pub last_record: u16,
    /// The last event that software has processed.
    pub by_software: u16,
    /// The last event that the controller has processed; 0000h for one that could not be logged.
    pub by_bmc: u16,
}

impl LastProcessedEventId {
    /// Instead of the last record of an empty log.
    pub const EMPTY: u16 = 0xffff;
    /// The controller has processed an event that is not in the log.
    pub const UNLOGGED: u16 = 0x0000;
}

impl Command for GetLastProcessedEventId {
    type Response = LastProcessedEventId;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x15);
    const NAME: &'static str = "Get Last Processed Event ID";
    const SECTION: &'static str = "IPMI v2.0 §30.6";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn explain(code: CompletionCode) -> Option<&'static str> {
        explain_erasing(code)
    }
}

no_request_data!(GetLastProcessedEventId);

impl Encode for LastProcessedEventId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.last_addition.raw().to_le_bytes());
        for id in [self.last_record, self.by_software, self.by_bmc] {
            out.extend(id.to_le_bytes());
        }
    }
}

impl Decode for LastProcessedEventId {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            last_addition: Timestamp::new(r.u32("most recent addition timestamp")?),
            last_record: r.u16("record ID for last record in SEL")?,
            by_software: r.u16("last software processed event record ID")?,
            by_bmc: r.u16("last BMC processed event record ID")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_understood() {
        // The places that `pef status` of ipmitool 1.8.19 reads (lib/ipmi_pef.c).
        let bytes = [0x10, 0x20, 0x30, 0x40, 9, 0, 7, 0, 8, 0];
        let last = LastProcessedEventId::decode_exact(&bytes).unwrap();
        assert_eq!((last.last_addition.raw(), last.last_record), (0x4030_2010, 9));
        assert_eq!((last.by_software, last.by_bmc), (7, 8));
        assert_eq!(last.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(LastProcessedEventId::decode_exact(&bytes[..length]).is_err());
        }
    }
}
