//! What kind of device a locator record locates.

use core::fmt;

/// A device type with its modifier. IPMI v2.0 §43.13, Table 43-12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceType {
    /// The kind of device.
    pub code: u8,
    /// What it is used as.
    pub modifier: u8,
}

impl DeviceType {
    /// A FRU inventory behind a controller, as an FRU locator usually says.
    pub const FRU_INVENTORY: Self = Self { code: 0x10, modifier: 0x02 };

    /// The device in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.code {
            0x02 => "DS1624 temperature sensor",
            0x03 => "DS1621 temperature sensor",
            0x04 => "LM75 temperature sensor",
            0x05 => "Heceta ASIC",
            0x08 => "24C01 EEPROM",
            0x09 => "24C02 EEPROM",
            0x0a => "24C04 EEPROM",
            0x0b => "24C08 EEPROM",
            0x0c => "24C16 EEPROM",
            0x0d => "24C17 EEPROM",
            0x0e => "24C32 EEPROM",
            0x0f => "24C64 EEPROM",
            0x10 => "FRU inventory device",
            0x14 => "PCF8570 RAM",
            0x15 => "PCF8573 clock/calendar",
            0x16 => "PCF8574A I/O port",
            0x17 => "PCF8583 clock/calendar",
            0x18 => "PCF8593 clock/calendar",
            0x19 => "clock/calendar",
            0x1a => "PCF8591 A/D, D/A converter",
            0x1b => "I/O port",
            0x1c => "A/D converter",
            0x1d => "D/A converter",
            0x1e => "A/D, D/A converter",
            0x1f => "LCD controller",
            0x20 => "core logic",
            0x21 => "LMC6874 battery controller",
            0x22 => "battery controller",
            0x23 => "combination management ASIC",
            0x24 => "MAX1617 temperature sensor",
            0xbf => "unspecified",
            0xc0..=0xff => "OEM",
            _ => "reserved",
        }
    }

    /// What the modifier says about EEPROMs and inventories: what is in them.
    #[must_use]
    pub const fn content(self) -> Option<&'static str> {
        match (self.code, self.modifier) {
            (0x08..=0x0f, 0x01) => Some("DIMM memory ID"),
            (0x08..=0x0f, 0x02) => Some("FRU inventory"),
            (0x08..=0x0f, 0x03) => Some("system processor cartridge FRU or PIROM"),
            (0x10, 0x00 | 0x02) => Some("FRU inventory"),
            (0x10, 0x01) => Some("DIMM memory ID"),
            (0x10, 0x03) => Some("system processor cartridge FRU"),
            _ => None,
        }
    }
}

impl fmt::Display for DeviceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content() {
            Some(content) => write!(f, "{} ({content})", self.name()),
            None => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_at_their_numbers() {
        let text = |code, modifier| DeviceType { code, modifier }.to_string();
        assert_eq!(text(0x10, 0x02), "FRU inventory device (FRU inventory)");
        assert_eq!(text(0x09, 0x01), "24C02 EEPROM (DIMM memory ID)");
        assert_eq!(text(0x24, 0x00), "MAX1617 temperature sensor");
        assert_eq!((text(0x00, 0), text(0xc7, 0)), ("reserved".to_owned(), "OEM".to_owned()));
    }
}
