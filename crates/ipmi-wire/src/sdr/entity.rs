//! Entities: the physical or logical things that sensors watch.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// An entity: what it is, and which one. IPMI v2.0 §43.14, §39.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId {
    /// What it is, Table 43-13.
    pub id: u8,
    /// Which one, 0 to 127. From 60h on the count starts anew on every controller.
    pub instance: u8,
    /// Whether it is a group of entities (a container) rather than a thing.
    pub logical: bool,
}

impl EntityId {
    /// The physical entity `id`, number `instance`.
    #[must_use]
    pub const fn new(id: u8, instance: u8) -> Self {
        Self { id, instance: instance & 0x7f, logical: false }
    }

    /// Whether the instance counts per controller rather than per system.
    #[must_use]
    pub const fn is_device_relative(self) -> bool {
        self.instance >= 0x60
    }

    /// What the entity is, in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.id {
            0x00 => "Unspecified",
            0x01 => "Other",
            0x02 => "Unknown",
            0x03 | 0x41 => "Processor",
            0x04 => "Disk or Disk Bay",
            0x05 | 0x1b => "Peripheral Bay",
            0x06 => "System Management Module",
            0x07 => "System Board",
            0x08 => "Memory Module",
            0x09 => "Processor Module",
            0x0a => "Power Supply",
            0x0b => "Add-in Card",
            0x0c => "Front Panel Board",
            0x0d => "Back Panel Board",
            0x0e => "Power System Board",
            0x0f => "Drive Backplane",
            0x10 => "System Internal Expansion Board",
            0x11 => "Other System Board",
            0x12 => "Processor Board",
            0x13 => "Power Unit",
            0x14 => "Power Module",
            0x15 => "Power Management",
            0x16 => "Chassis Back Panel Board",
            0x17 => "System Chassis",
            0x18 => "Sub-Chassis",
            0x19 => "Other Chassis Board",
            0x1a => "Disk Drive Bay",
            0x1c => "Device Bay",
            0x1d => "Fan Device",
            0x1e => "Cooling Unit",
            0x1f => "Cable/Interconnect",
            0x20 => "Memory Device",
            0x21 => "System Management Software",
            0x22 => "System Firmware",
            0x23 => "Operating System",
            0x24 => "System Bus",
            0x25 => "Group",
            0x26 => "Remote Management Device",
            0x27 => "External Environment",
            0x28 => "Battery",
            0x29 => "Processing Blade",
            0x2a => "Connectivity Switch",
            0x2b => "Processor/Memory Module",
            0x2c => "I/O Module",
            0x2d => "Processor/IO Module",
            0x2e => "Management Controller Firmware",
            0x2f => "IPMI Channel",
            0x30 => "PCI Bus",
            0x31 => "PCI Express Bus",
            0x32 => "SCSI Bus",
            0x33 => "SATA/SAS Bus",
            0x34 => "Processor/Front-Side Bus",
            0x35 => "Real Time Clock",
            // 37h is an early draft's number for the same thing, still met in the field.
            0x37 | 0x40 => "Air Inlet",
            0x42 => "Baseboard/Main System Board",
            0x90..=0xaf => "Chassis-specific",
            0xb0..=0xcf => "Board-set specific",
            0xd0..=0xff => "OEM System Integrator",
            _ => "Reserved",
        }
    }
}

impl Encode for EntityId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.id, (self.instance & 0x7f) | if self.logical { 0x80 } else { 0 }]);
    }
}

impl Decode for EntityId {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let id = r.u8("entity ID")?;
        let instance = r.u8("entity instance")?;
        Ok(Self { id, instance: instance & 0x7f, logical: instance & 0x80 != 0 })
    }
}

/// ID and instance, `3.1`, as all tools write it.
impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instance_byte_carries_two_fields() {
        let group = EntityId::decode_exact(&[0x0a, 0xe0]).unwrap();
        assert_eq!(group, EntityId { id: 0x0a, instance: 0x60, logical: true });
        assert!(group.is_device_relative());
        assert_eq!((group.name(), group.to_string()), ("Power Supply", "10.96".to_owned()));
        assert_eq!(group.to_bytes(), [0x0a, 0xe0]);
    }
}
