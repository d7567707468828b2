//! Get FRU Inventory Area Info: how large a FRU device is, and how it is addressed.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get FRU Inventory Area Info. IPMI v2.0 §34.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetFruInventoryAreaInfo {
    /// Which FRU device of the controller; 0 describes the controller's own board.
    pub fru_device_id: u8,
}

/// The answer to [`GetFruInventoryAreaInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FruInventoryAreaInfo {
    /// Size of the area in bytes, also where it is accessed by words.
    pub size: u16,
    /// What offsets and counts are in.
    pub access: FruAccess,
}

/// What the offsets and counts of [`ReadFruData`](super::ReadFruData) and
/// [`WriteFruData`](super::WriteFruData) are in. IPMI v2.0 §34.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FruAccess {
    /// Bytes.
    Bytes,
    /// Words of two bytes.
    Words,
}

impl FruAccess {
    /// Bytes of a unit.
    #[must_use]
    pub const fn unit(self) -> u8 {
        match self {
            Self::Bytes => 1,
            Self::Words => 2,
        }
    }

    /// How many whole units `bytes` bytes are: what to send as an offset or a count. None if it
    /// is not a multiple: a word cannot be read or written by half.
    #[must_use]
    pub const fn units(self, bytes: u16) -> Option<u16> {
        match self {
            Self::Bytes => Some(bytes),
            Self::Words if bytes.is_multiple_of(2) => Some(bytes / 2),
            Self::Words => None,
        }
    }

    /// How many bytes `units` units are.
    #[must_use]
    pub fn bytes(self, units: u16) -> usize {
        usize::from(units).saturating_mul(usize::from(self.unit()))
    }
}

impl Command for GetFruInventoryAreaInfo {
    type Response = FruInventoryAreaInfo;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x10);
    const NAME: &'static str = "Get FRU Inventory Area Info";
    const SECTION: &'static str = "IPMI v2.0 §34.1";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetFruInventoryAreaInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.fru_device_id);
    }
}

impl Decode for GetFruInventoryAreaInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { fru_device_id: r.u8("FRU device ID")? })
    }
}

impl Encode for FruInventoryAreaInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.size.to_le_bytes());
        out.push(match self.access {
            FruAccess::Bytes => 0,
            FruAccess::Words => 1,
        });
    }
}

impl Decode for FruInventoryAreaInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let size = r.u16("FRU inventory area size")?;
        let access = r.u8("device access")?;
        let access = if access & 0x01 == 0 { FruAccess::Bytes } else { FruAccess::Words };
        Ok(Self { size, access })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_access() {
        // By hand from §34.1: a 2 KiB device, by bytes; reserved bits are ignored.
        let info = FruInventoryAreaInfo::decode_exact(&[0x00, 0x08, 0x00]).unwrap();
        assert_eq!((info.size, info.access), (2048, FruAccess::Bytes));
        assert_eq!(info.to_bytes(), [0x00, 0x08, 0x00]);
        let info = FruInventoryAreaInfo::decode_exact(&[0x00, 0x01, 0xff]).unwrap();
        assert_eq!((info.access, info.to_bytes()), (FruAccess::Words, vec![0x00, 0x01, 0x01]));
        assert!(FruInventoryAreaInfo::decode_exact(&[0x00, 0x08]).is_err());
        assert_eq!(GetFruInventoryAreaInfo::decode_exact(&[3]).unwrap().to_bytes(), [3]);
        assert!(GetFruInventoryAreaInfo::decode_exact(&[]).is_err());
    }

    #[test]
    fn words_are_never_halved() {
        assert_eq!(FruAccess::Words.units(16), Some(8));
        assert_eq!(FruAccess::Words.units(17), None);
        assert_eq!(FruAccess::Bytes.units(17), Some(17));
        assert_eq!((FruAccess::Words.bytes(8), FruAccess::Bytes.bytes(8)), (16, 8));
        assert_eq!(FruAccess::Words.bytes(u16::MAX), 131_070);
    }
}
