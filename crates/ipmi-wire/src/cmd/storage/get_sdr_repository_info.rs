//! Get SDR Repository Info: how many records there are, and when they last changed.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get SDR Repository Info. IPMI v2.0 §33.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSdrRepositoryInfo;

/// The answer to [`GetSdrRepositoryInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdrRepositoryInfo {
    /// Version of the commands as BCD with the digits swapped: 51h is 1.5, 02h is 2.0.
    pub version: u8,
    /// How many records there are.
    pub record_count: u16,
    /// Free bytes: FFFEh is 64 KiB - 2 or more, FFFFh is unspecified.
    pub free_space: u16,
    /// Time of the last addition, seconds by the repository's clock.
    pub last_addition: u32,
    /// Time of the last deletion or clearing, seconds by the repository's clock.
    pub last_erase: u32,
    /// What can be done.
    pub operations: SdrOperations,
}

/// What can be done with an SDR repository. IPMI v2.0 §33.9, byte 15.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SdrOperations {
    /// A record could not be added for lack of space.
    pub overflow: bool,
    /// Records can be changed only in a special mode.
    pub modal_update: bool,
    /// Records can be changed at any time. Neither this nor the former: unspecified.
    pub non_modal_update: bool,
    /// Delete SDR.
    pub delete: bool,
    /// Partial Add SDR.
    pub partial_add: bool,
    /// Reserve SDR Repository.
    pub reserve: bool,
    /// Get SDR Repository Allocation Info.
    pub allocation_info: bool,
}

impl Command for GetSdrRepositoryInfo {
    type Response = SdrRepositoryInfo;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x20);
    const NAME: &'static str = "Get SDR Repository Info";
    const SECTION: &'static str = "IPMI v2.0 §33.9";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetSdrRepositoryInfo);

impl Encode for SdrRepositoryInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.version);
        out.extend(self.record_count.to_le_bytes());
        out.extend(self.free_space.to_le_bytes());
        out.extend(self.last_addition.to_le_bytes());
        out.extend(self.last_erase.to_le_bytes());
        let operations = &self.operations;
        out.push(
            u8::from(operations.allocation_info)
                | (u8::from(operations.reserve) << 1)
                | (u8::from(operations.partial_add) << 2)
                | (u8::from(operations.delete) << 3)
                | (u8::from(operations.non_modal_update) << 5)
                | (u8::from(operations.modal_update) << 6)
                | (u8::from(operations.overflow) << 7),
        );
    }
}

impl Decode for SdrRepositoryInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version = r.u8("SDR version")?;
        let record_count = r.u16("record count")?;
        let free_space = r.u16("free space")?;
        let last_addition = r.u32("most recent addition timestamp")?;
        let last_erase = r.u32("most recent erase timestamp")?;
        let operations = r.u8("operation support")?;
        let operations = SdrOperations {
            overflow: operations & 0x80 != 0,
            modal_update: operations & 0x40 != 0,
            non_modal_update: operations & 0x20 != 0,
            delete: operations & 0x08 != 0,
            partial_add: operations & 0x04 != 0,
            reserve: operations & 0x02 != 0,
            allocation_info: operations & 0x01 != 0,
        };
        Ok(Self { version, record_count, free_space, last_addition, last_erase, operations })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_that_can_be_reserved() {
        // By hand from §33.9.
        let bytes = [0x51, 0x40, 0x00, 0xff, 0xff, 1, 0, 0, 0, 2, 0, 0, 0, 0x22];
        let info = SdrRepositoryInfo::decode_exact(&bytes).unwrap();
        assert_eq!((info.record_count, info.free_space), (64, 0xffff));
        assert_eq!((info.last_addition, info.last_erase), (1, 2));
        let operations =
            SdrOperations { reserve: true, non_modal_update: true, ..SdrOperations::default() };
        assert_eq!(info.operations, operations);
        assert_eq!(info.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(SdrRepositoryInfo::decode_exact(&bytes[..length]).is_err());
        }
    }
}
