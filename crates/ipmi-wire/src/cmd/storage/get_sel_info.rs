//! Get SEL Info: how many events were logged, and when the log last changed.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get SEL Info. IPMI v2.0 §31.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSelInfo;

/// The answer to [`GetSelInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelInfo {
    /// Version of the commands as BCD with the digits swapped: 51h is 1.5, 02h is 2.0.
    pub version: u8,
    /// How many records there are.
    pub entries: u16,
    /// Free bytes: FFFFh is 64 KiB - 1 or more.
    pub free_space: u16,
    /// Time of the last addition, seconds by the log's clock.
    pub last_addition: u32,
    /// Time of the last deletion or clearing, seconds by the log's clock.
    pub last_erase: u32,
    /// What can be done.
    pub operations: SelOperations,
}

/// What can be done with a SEL. IPMI v2.0 §31.2, byte 15.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SelOperations {
    /// Events were lost for lack of space.
    pub overflow: bool,
    /// Delete SEL Entry.
    pub delete: bool,
    /// Partial Add SEL Entry.
    pub partial_add: bool,
    /// Reserve SEL.
    pub reserve: bool,
    /// Get SEL Allocation Info.
    pub allocation_info: bool,
}

impl Command for GetSelInfo {
    type Response = SelInfo;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x40);
    const NAME: &'static str = "Get SEL Info";
    const SECTION: &'static str = "IPMI v2.0 §31.2";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x81).then_some("the SEL is being erased, try again")
    }
}

no_request_data!(GetSelInfo);

impl Encode for SelInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.version);
        out.extend(self.entries.to_le_bytes());
        out.extend(self.free_space.to_le_bytes());
        out.extend(self.last_addition.to_le_bytes());
        out.extend(self.last_erase.to_le_bytes());
        let operations = &self.operations;
        out.push(
            u8::from(operations.allocation_info)
                | (u8::from(operations.reserve) << 1)
                | (u8::from(operations.partial_add) << 2)
                | (u8::from(operations.delete) << 3)
                | (u8::from(operations.overflow) << 7),
        );
    }
}

impl Decode for SelInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version = r.u8("SEL version")?;
        let entries = r.u16("entries")?;
        let free_space = r.u16("free space")?;
        let last_addition = r.u32("most recent addition timestamp")?;
        let last_erase = r.u32("most recent erase timestamp")?;
        let operations = r.u8("operation support")?;
        let operations = SelOperations {
            overflow: operations & 0x80 != 0,
            delete: operations & 0x08 != 0,
            partial_add: operations & 0x04 != 0,
            reserve: operations & 0x02 != 0,
            allocation_info: operations & 0x01 != 0,
        };
        Ok(Self { version, entries, free_space, last_addition, last_erase, operations })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_has_overflown() {
        // By hand from §31.2.
        let bytes = [0x51, 0x00, 0x02, 0x00, 0x00, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0x8a];
        let info = SelInfo::decode_exact(&bytes).unwrap();
        assert_eq!((info.entries, info.free_space), (512, 0));
        assert_eq!((info.last_addition, info.last_erase), (0x0403_0201, u32::MAX));
        assert!(info.operations.overflow && info.operations.reserve && info.operations.delete);
        assert_eq!(info.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(SelInfo::decode_exact(&bytes[..length]).is_err());
        }
    }
}
