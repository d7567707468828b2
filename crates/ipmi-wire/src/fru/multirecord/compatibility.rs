//! Multirecords 04h and 05h: what a component can replace.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// A range of compatibility codes. FRU Definition §18.5 and §18.6.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Compatibility {
    /// IANA enterprise number of who gives the codes, 24 bits.
    pub manufacturer: u32,
    /// What kind of component: an entity ID. IPMI v2.0 Table 43-13.
    pub entity_id: u8,
    /// Which set of codes.
    pub base: u8,
    /// First code, 7 bits.
    pub first_code: u8,
    /// Which of the codes after it apply too, a bit each.
    pub mask: Vec<u8>,
}

impl Encode for Compatibility {
    fn encode(&self, out: &mut Vec<u8>) {
        let [a, b, c, _] = self.manufacturer.to_le_bytes();
        out.extend([a, b, c, self.entity_id, self.base, self.first_code & 0x7f]);
        out.extend(&self.mask);
    }
}

impl Decode for Compatibility {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            manufacturer: r.u24("manufacturer ID")?,
            entity_id: r.u8("entity ID")?,
            base: r.u8("compatibility base")?,
            first_code: r.u8("compatibility code start")? & 0x7f,
            mask: r.take_rest().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_supply_of_intels() {
        // By hand from §18.5.
        let bytes = [0x57, 0x01, 0x00, 0x0a, 0x01, 0x05, 0x80];
        let what = Compatibility::decode_exact(&bytes).unwrap();
        assert_eq!((what.manufacturer, what.entity_id, what.first_code), (343, 10, 5));
        assert_eq!(what.to_bytes(), bytes);
        for length in 0..6 {
            assert!(Compatibility::decode_exact(&bytes[..length]).is_err());
        }
    }
}
