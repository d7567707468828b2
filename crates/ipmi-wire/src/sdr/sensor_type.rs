//! What a sensor watches, and which states it can report.

use core::fmt;

/// A Sensor Type. IPMI v2.0 §42.2, Table 42-3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SensorType(pub u8);

macro_rules! sensor_types {
    ($($constant:ident = $number:literal $name:literal),+ $(,)?) => {
        #[allow(missing_docs, reason = "the specification's own names; texts are in `name`")]
        impl SensorType {
            $(pub const $constant: Self = Self($number);)+
        }

        impl SensorType {
            /// The types that the specification names, by number.
            pub const NAMED: &[Self] = &[$(Self($number)),+];

            /// The specification's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self.0 {
                    $($number => $name,)+
                    0xc0..=0xff => "OEM",
                    _ => "Reserved",
                }
            }
        }
    };
}

sensor_types! {
    TEMPERATURE = 0x01 "Temperature",
    VOLTAGE = 0x02 "Voltage",
    CURRENT = 0x03 "Current",
    FAN = 0x04 "Fan",
    PHYSICAL_SECURITY = 0x05 "Physical Security",
    PLATFORM_SECURITY = 0x06 "Platform Security",
    PROCESSOR = 0x07 "Processor",
    POWER_SUPPLY = 0x08 "Power Supply",
    POWER_UNIT = 0x09 "Power Unit",
    COOLING_DEVICE = 0x0a "Cooling Device",
    OTHER_UNITS = 0x0b "Other Units-based Sensor",
    MEMORY = 0x0c "Memory",
    DRIVE_SLOT = 0x0d "Drive Slot / Bay",
    POST_MEMORY_RESIZE = 0x0e "POST Memory Resize",
    SYSTEM_FIRMWARE_PROGRESS = 0x0f "System Firmware Progress",
    EVENT_LOGGING_DISABLED = 0x10 "Event Logging Disabled",
    WATCHDOG_1 = 0x11 "Watchdog 1",
    SYSTEM_EVENT = 0x12 "System Event",
    CRITICAL_INTERRUPT = 0x13 "Critical Interrupt",
    BUTTON = 0x14 "Button / Switch",
    MODULE_BOARD = 0x15 "Module / Board",
    MICROCONTROLLER = 0x16 "Microcontroller / Coprocessor",
    ADD_IN_CARD = 0x17 "Add-in Card",
    CHASSIS = 0x18 "Chassis",
    CHIP_SET = 0x19 "Chip Set",
    OTHER_FRU = 0x1a "Other FRU",
    CABLE_INTERCONNECT = 0x1b "Cable / Interconnect",
    TERMINATOR = 0x1c "Terminator",
    SYSTEM_BOOT_INITIATED = 0x1d "System Boot / Restart Initiated",
    BOOT_ERROR = 0x1e "Boot Error",
    OS_BOOT = 0x1f "OS Boot",
    OS_STOP = 0x20 "OS Stop / Shutdown",
    SLOT_CONNECTOR = 0x21 "Slot / Connector",
    ACPI_POWER_STATE = 0x22 "System ACPI Power State",
    WATCHDOG_2 = 0x23 "Watchdog 2",
    PLATFORM_ALERT = 0x24 "Platform Alert",
    ENTITY_PRESENCE = 0x25 "Entity Presence",
    MONITOR_ASIC = 0x26 "Monitor ASIC / IC",
    LAN = 0x27 "LAN",
    MANAGEMENT_SUBSYSTEM_HEALTH = 0x28 "Management Subsystem Health",
    BATTERY = 0x29 "Battery",
    SESSION_AUDIT = 0x2a "Session Audit",
    VERSION_CHANGE = 0x2b "Version Change",
    FRU_STATE = 0x2c "FRU State",
}

impl fmt::Display for SensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An Event/Reading Type: the set of states a sensor has. IPMI v2.0 §42.1, Table 42-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventReadingType(pub u8);

impl EventReadingType {
    /// No states at all.
    pub const UNSPECIFIED: Self = Self(0x00);
    /// An analogue reading compared with up to six thresholds.
    pub const THRESHOLD: Self = Self(0x01);
    /// Usage: idle, active, busy.
    pub const USAGE: Self = Self(0x02);
    /// State deasserted, asserted.
    pub const STATE: Self = Self(0x03);
    /// Predictive failure deasserted, asserted.
    pub const PREDICTIVE_FAILURE: Self = Self(0x04);
    /// Limit not exceeded, exceeded.
    pub const LIMIT: Self = Self(0x05);
    /// Performance met, lags.
    pub const PERFORMANCE: Self = Self(0x06);
    /// Severity, from OK to non-recoverable.
    pub const SEVERITY: Self = Self(0x07);
    /// Device absent, present.
    pub const PRESENCE: Self = Self(0x08);
    /// Device disabled, enabled.
    pub const ENABLED: Self = Self(0x09);
    /// Availability: running, in test, off line, ...
    pub const AVAILABILITY: Self = Self(0x0a);
    /// Redundancy.
    pub const REDUNDANCY: Self = Self(0x0b);
    /// ACPI device power state D0 to D3.
    pub const ACPI_DEVICE_POWER_STATE: Self = Self(0x0c);
    /// The states that the specification lists for the sensor's type.
    pub const SENSOR_SPECIFIC: Self = Self(0x6f);

    /// Whether it compares a reading with thresholds.
    #[must_use]
    pub const fn is_threshold(self) -> bool {
        self.0 == Self::THRESHOLD.0
    }

    /// Whether its states are the same for every sensor type: 02h to 0Ch.
    #[must_use]
    pub const fn is_generic_discrete(self) -> bool {
        matches!(self.0, 0x02..=0x0c)
    }

    /// Whether its states belong to the sensor type: 6Fh.
    #[must_use]
    pub const fn is_sensor_specific(self) -> bool {
        self.0 == Self::SENSOR_SPECIFIC.0
    }

    /// Whether the manufacturer defines its states: 70h to 7Fh.
    #[must_use]
    pub const fn is_oem(self) -> bool {
        matches!(self.0, 0x70..=0x7f)
    }
}

impl fmt::Display for EventReadingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.0 {
            0x00 => "unspecified",
            0x01 => "threshold",
            0x02..=0x0c => "generic discrete",
            0x6f => "sensor-specific discrete",
            0x70..=0x7f => "OEM discrete",
            _ => "reserved",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_go_together() {
        assert_eq!(SensorType::FAN.name(), "Fan");
        assert_eq!(SensorType(0xc0).name(), "OEM");
        assert_eq!(SensorType(0x2d).name(), "Reserved");
        // The table has no gaps: a shifted line would show here.
        let numbers: Vec<u8> = SensorType::NAMED.iter().map(|sensor_type| sensor_type.0).collect();
        assert_eq!(numbers, (0x01..=0x2c).collect::<Vec<u8>>());
    }
}
