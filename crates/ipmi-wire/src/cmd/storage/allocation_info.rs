//! How a repository hands out its space: the same for the SDR repository and the log.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// The answer to [`GetSdrRepositoryAllocationInfo`](super::GetSdrRepositoryAllocationInfo) and
/// [`GetSelAllocationInfo`](super::GetSelAllocationInfo).
///
/// Source: IPMI v2.0 §31.3 and §33.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocationInfo {
    /// How many units there can be, used and free; 0 is unspecified.
    pub units: u16,
    /// Bytes of a unit; 0 is unspecified.
    pub unit_size: u16,
    /// How many units are free.
    pub free_units: u16,
    /// Units of the largest free block.
    pub largest_free: u16,
    /// Units of the largest record that can be added.
    pub largest_record: u8,
}

impl Encode for AllocationInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        for value in [self.units, self.unit_size, self.free_units, self.largest_free] {
            out.extend(value.to_le_bytes());
        }
        out.push(self.largest_record);
    }
}

impl Decode for AllocationInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            units: r.u16("number of allocation units")?,
            unit_size: r.u16("allocation unit size")?,
            free_units: r.u16("free allocation units")?,
            largest_free: r.u16("largest free block")?,
            largest_record: r.u8("maximum record size")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_sixteen_byte_units() {
        // By hand from §31.3: 512 units of 16 bytes, 500 free in one block, one unit a record.
        let bytes = [0x00, 0x02, 0x10, 0x00, 0xf4, 0x01, 0xf4, 0x01, 0x01];
        let info = AllocationInfo::decode_exact(&bytes).unwrap();
        assert_eq!((info.units, info.unit_size), (512, 16));
        assert_eq!((info.free_units, info.largest_free, info.largest_record), (500, 500, 1));
        assert_eq!(info.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(AllocationInfo::decode_exact(&bytes[..length]).is_err());
        }
    }
}
