//! The chassis info area.

use core::fmt;

use super::{Area, FieldError, FieldList, FruFault, Language};
use crate::codec::{DecodeError, Reader};

/// What describes the enclosure. FRU Definition §10. Its texts are always English.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chassis {
    /// What kind of enclosure it is.
    pub chassis_type: ChassisType,
    /// Its fields, see the constants.
    pub fields: FieldList,
}

/// The kind of an enclosure: as in SMBIOS (DMTF DSP0134), System Enclosure or Chassis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChassisType(pub u8);

impl Chassis {
    /// The enclosure's part number.
    pub const PART_NUMBER: usize = 0;
    /// The enclosure's serial number.
    pub const SERIAL_NUMBER: usize = 1;

    /// An enclosure with empty fields.
    #[must_use]
    pub fn new(chassis_type: ChassisType) -> Self {
        Self { chassis_type, fields: FieldList::empty(Area::Chassis.field_names().len()) }
    }

    /// The same with `text` in field `index`.
    ///
    /// # Errors
    /// See [`FieldError`].
    pub fn with(mut self, index: usize, text: &str) -> Result<Self, FieldError> {
        self.fields.set_text(index, text, Language::ENGLISH)?;
        Ok(self)
    }

    /// Field `index` as text.
    #[must_use]
    pub fn text(&self, index: usize) -> Option<String> {
        self.fields.get(index).map(|field| field.text(Language::ENGLISH))
    }

    pub(super) fn decode(
        r: &mut Reader<'_>,
        faults: &mut Vec<FruFault>,
    ) -> Result<Self, DecodeError> {
        let chassis_type = ChassisType(r.u8("chassis type")?);
        if chassis_type == ChassisType::UNSPECIFIED {
            faults.push(FruFault::NoChassisType);
        }
        Ok(Self { chassis_type, fields: FieldList::decode(r, Area::Chassis, faults) })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.chassis_type.0);
        self.fields.encode(out);
    }
}

impl ChassisType {
    /// Nothing is said: not allowed, but found.
    pub const UNSPECIFIED: Self = Self(0x00);
    /// The maker does not know.
    pub const UNKNOWN: Self = Self(0x02);
    /// The main chassis of a server.
    pub const MAIN_SERVER: Self = Self(0x11);
    /// For a rack.
    pub const RACK_MOUNT: Self = Self(0x17);

    /// What it is called. The top bit tells of a lock and is left out.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 & 0x7f {
            0x00 => "unspecified",
            0x01 => "other",
            0x02 => "unknown",
            0x03 => "desktop",
            0x04 => "low-profile desktop",
            0x05 => "pizza box",
            0x06 => "mini tower",
            0x07 => "tower",
            0x08 => "portable",
            0x09 => "laptop",
            0x0a => "notebook",
            0x0b => "hand-held",
            0x0c => "docking station",
            0x0d => "all-in-one",
            0x0e => "sub-notebook",
            0x0f => "space-saving",
            0x10 => "lunch box",
            0x11 => "main server chassis",
            0x12 => "expansion chassis",
            0x13 => "sub-chassis",
            0x14 => "bus expansion chassis",
            0x15 => "peripheral chassis",
            0x16 => "RAID chassis",
            0x17 => "rack-mount chassis",
            0x18 => "sealed-case PC",
            0x19 => "multi-system chassis",
            0x1a => "CompactPCI",
            0x1b => "AdvancedTCA",
            0x1c => "blade",
            0x1d => "blade enclosure",
            0x1e => "tablet",
            0x1f => "convertible",
            0x20 => "detachable",
            0x21 => "IoT gateway",
            0x22 => "embedded PC",
            0x23 => "mini PC",
            0x24 => "stick PC",
            _ => "reserved",
        }
    }
}

impl fmt::Display for ChassisType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named() {
        assert_eq!(ChassisType::RACK_MOUNT.to_string(), "rack-mount chassis");
        assert_eq!(ChassisType(0x97).name(), "rack-mount chassis");
        assert_eq!(ChassisType(0x25).name(), "reserved");
    }
}
