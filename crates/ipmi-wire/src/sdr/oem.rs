//! OEM records: a manufacturer's own, named by its number.

use crate::codec::{DecodeError, Reader};
use crate::sdr::RecordHeader;
use crate::sdr::record::Body;

/// An OEM record, type C0h. IPMI v2.0 §43.12.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OemRecord {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// IANA enterprise number of who defines the data, 24 bits.
    pub manufacturer_id: u32,
    /// The OEM's own: at most 252 bytes, anything after that is not encoded. Many OEMs begin it
    /// with a subtype.
    pub data: Vec<u8>,
}

impl OemRecord {
    /// What fits into a record besides the manufacturer.
    const MAX: usize = 252;
}

impl Body for OemRecord {
    const TYPE: u8 = RecordHeader::OEM;

    fn encode_body(&self, out: &mut Vec<u8>) {
        let [a, b, c, _] = self.manufacturer_id.to_le_bytes();
        out.extend([a, b, c]);
        out.extend(self.data.iter().take(Self::MAX));
    }

    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            manufacturer_id: r.u24("manufacturer ID")?,
            data: r.take_rest().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::Record;

    #[test]
    fn the_manufacturer_says_who_can_read_it() {
        // Intel Node Manager discovery, layout from FreeIPMI's record format of the same name.
        let bytes = [
            0x50, 0, 0x51, 0xc0, 0x0b, 0x57, 0x01, 0x00, 0x0d, 1, 0x2c, 0x60, 0x18, 0x19, 0x1a,
            0x1b,
        ];
        let record = Record::decode(&bytes).unwrap();
        let Record::Oem(oem) = &record else { panic!("not OEM") };
        assert_eq!((oem.manufacturer_id, oem.data.first()), (343, Some(&0x0d)));
        assert_eq!(record.to_bytes(), bytes);
        assert!(Record::decode(&[0x50, 0, 0x51, 0xc0, 2, 0x57, 0x01]).is_err());
    }

    #[test]
    fn what_does_not_fit_is_not_encoded() {
        let oem =
            OemRecord { record_id: 1, version: 0x51, manufacturer_id: 343, data: vec![7; 300] };
        assert_eq!(Record::Oem(oem).to_bytes().len(), 260);
    }
}
