//! Read FRU Data: a piece of a FRU device's memory.

use crate::cmd::storage::FruAccess;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Read FRU Data. IPMI v2.0 §34.2.
///
/// Offset and count are in units of the device's [`FruAccess`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadFruData {
    /// Which FRU device of the controller.
    pub fru_device_id: u8,
    /// First unit to read.
    pub offset: u16,
    /// How many units to read.
    pub count: u8,
}

/// The answer to [`ReadFruData`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FruData {
    /// How many units the controller says that it sends.
    pub count: u8,
    /// All that came, which need not be that much: see [`bytes`](Self::bytes).
    pub data: Vec<u8>,
}

impl FruData {
    /// An answer with `data`, counted in units of `access`; what is beyond 255 units, or half a
    /// word, is left out.
    #[must_use]
    pub fn new(mut data: Vec<u8>, access: FruAccess) -> Self {
        let units = data.len().checked_div(access.unit().into()).unwrap_or(0);
        let count = u8::try_from(units).unwrap_or(u8::MAX);
        data.truncate(access.bytes(count.into()));
        Self { count, data }
    }

    /// The bytes that are both announced and there. Controllers announce what was asked for
    /// though less is left of the device, and pad answers; trusting either number alone reads
    /// beyond the data or keeps the filling. Where the area is accessed by words, some count
    /// bytes all the same, which is harmless here.
    #[must_use]
    pub fn bytes(&self, access: FruAccess) -> &[u8] {
        let announced = access.bytes(self.count.into());
        self.data.get(..announced).unwrap_or(&self.data)
    }
}

impl Command for ReadFruData {
    type Response = FruData;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x11);
    const NAME: &'static str = "Read FRU Data";
    const SECTION: &'static str = "IPMI v2.0 §34.2";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code.0 == 0x81).then_some("the FRU device is busy, try again")
    }
}

impl Encode for ReadFruData {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.fru_device_id);
        out.extend(self.offset.to_le_bytes());
        out.push(self.count);
    }
}

impl Decode for ReadFruData {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            fru_device_id: r.u8("FRU device ID")?,
            offset: r.u16("FRU inventory offset")?,
            count: r.u8("count to read")?,
        })
    }
}

impl Encode for FruData {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.count);
        out.extend(&self.data);
    }
}

impl Decode for FruData {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { count: r.u8("count returned")?, data: r.take_rest().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_header() {
        // ipmitool 1.8.19 begins with this: eight bytes from the start of device 0.
        let bytes = [0x00, 0x00, 0x00, 0x08];
        let request = ReadFruData::decode_exact(&bytes).unwrap();
        assert_eq!(request, ReadFruData { fru_device_id: 0, offset: 0, count: 8 });
        assert_eq!(request.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(ReadFruData::decode_exact(&bytes[..length]).is_err());
        }
        assert!(ReadFruData::explain(CompletionCode(0x81)).is_some());
    }

    #[test]
    fn a_count_that_lies_is_not_believed() {
        let read = |bytes: &[u8]| FruData::decode_exact(bytes).unwrap();
        assert_eq!(read(&[2, 0xaa, 0xbb]).bytes(FruAccess::Bytes), [0xaa, 0xbb]);
        assert_eq!(read(&[16, 0xaa, 0xbb]).bytes(FruAccess::Bytes), [0xaa, 0xbb]);
        assert_eq!(read(&[1, 0xaa, 0xbb]).bytes(FruAccess::Bytes), [0xaa]);
        assert_eq!(read(&[1, 0xaa, 0xbb, 0xcc]).bytes(FruAccess::Words), [0xaa, 0xbb]);
        assert!(read(&[0]).bytes(FruAccess::Words).is_empty());
        assert!(FruData::decode_exact(&[]).is_err());
        let all = [16, 0xaa, 0xbb];
        assert_eq!(read(&all).to_bytes(), all);
    }

    #[test]
    fn what_is_made_counts_in_units() {
        assert_eq!(FruData::new(vec![1, 2, 3], FruAccess::Bytes).to_bytes(), [3, 1, 2, 3]);
        assert_eq!(FruData::new(vec![1, 2, 3], FruAccess::Words).to_bytes(), [1, 1, 2]);
        assert_eq!(FruData::new(vec![0; 300], FruAccess::Bytes).data.len(), 255);
    }
}
