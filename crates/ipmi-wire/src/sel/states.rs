//! The states of discrete sensors and the crossings of thresholds, in words.
//!
//! Close to the names of IPMI v2.0 §42, Tables 42-2 and 42-3; an empty text is a reserved offset.

use crate::sdr::{EventReadingType, SensorType};

/// The state with the number `offset` (0 to 14) of a sensor of these types; `None` if the
/// specification leaves it open or to the OEM.
#[must_use]
pub fn event_text(
    sensor_type: SensorType,
    event_type: EventReadingType,
    offset: u8,
) -> Option<&'static str> {
    let texts = match event_type {
        EventReadingType::SENSOR_SPECIFIC => sensor_specific(sensor_type),
        _ => generic(event_type),
    };
    texts.get(usize::from(offset)).copied().filter(|text| !text.is_empty())
}

/// The states of a discrete sensor that are set in `states` (bit n is offset n, bit 15 is
/// reserved), lowest first. States without a text are left out, and threshold sensors have none:
/// their bits are thresholds, not offsets.
#[must_use]
pub fn state_texts(
    sensor_type: SensorType,
    event_type: EventReadingType,
    states: u16,
) -> Vec<&'static str> {
    if event_type.is_threshold() {
        return Vec::new();
    }
    (0..15u8)
        .filter(|offset| states & (1 << offset) != 0)
        .filter_map(|offset| event_text(sensor_type, event_type, offset))
        .collect()
}

/// IPMI v2.0 §42.1, Table 42-2.
const fn generic(event_type: EventReadingType) -> &'static [&'static str] {
    match event_type {
        EventReadingType::THRESHOLD => &[
            "Lower Non-critical going low",
            "Lower Non-critical going high",
            "Lower Critical going low",
            "Lower Critical going high",
            "Lower Non-recoverable going low",
            "Lower Non-recoverable going high",
            "Upper Non-critical going low",
            "Upper Non-critical going high",
            "Upper Critical going low",
            "Upper Critical going high",
            "Upper Non-recoverable going low",
            "Upper Non-recoverable going high",
        ],
        EventReadingType::USAGE => &["Idle", "Active", "Busy"],
        EventReadingType::STATE => &["State deasserted", "State asserted"],
        EventReadingType::PREDICTIVE_FAILURE => {
            &["Predictive failure deasserted", "Predictive failure asserted"]
        }
        EventReadingType::LIMIT => &["Limit not exceeded", "Limit exceeded"],
        EventReadingType::PERFORMANCE => &["Performance met", "Performance lags"],
        EventReadingType::SEVERITY => &[
            "OK",
            "Non-critical, was OK",
            "Critical, was less severe",
            "Non-recoverable, was less severe",
            "Non-critical, was more severe",
            "Critical, was non-recoverable",
            "Non-recoverable",
            "Monitor",
            "Informational",
        ],
        EventReadingType::PRESENCE => &["Device absent", "Device present"],
        EventReadingType::ENABLED => &["Device disabled", "Device enabled"],
        EventReadingType::AVAILABILITY => &[
            "Running",
            "In test",
            "Power off",
            "On line",
            "Off line",
            "Off duty",
            "Degraded",
            "Power save",
            "Install error",
        ],
        EventReadingType::REDUNDANCY => &[
            "Fully redundant",
            "Redundancy lost",
            "Redundancy degraded",
            "Non-redundant, sufficient resources, was redundant",
            "Non-redundant, sufficient resources, was insufficient",
            "Non-redundant, insufficient resources",
            "Redundancy degraded, was fully redundant",
            "Redundancy degraded, was non-redundant",
        ],
        EventReadingType::ACPI_DEVICE_POWER_STATE => &["D0", "D1", "D2", "D3"],
        _ => &[],
    }
}

/// IPMI v2.0 §42.2, Table 42-3.
#[expect(clippy::too_many_lines, reason = "a table")]
const fn sensor_specific(sensor_type: SensorType) -> &'static [&'static str] {
    match sensor_type {
        SensorType::PHYSICAL_SECURITY => &[
            "General chassis intrusion",
            "Drive bay intrusion",
            "I/O card area intrusion",
            "Processor area intrusion",
            "Unplugged from LAN",
            "Unauthorized dock",
            "Fan area intrusion",
        ],
        SensorType::PLATFORM_SECURITY => &[
            "Front panel lockout violation attempted",
            "Wrong user password before boot",
            "Wrong setup password before boot",
            "Wrong network boot password",
            "Other wrong password before boot",
            "Wrong out-of-band access password",
        ],
        SensorType::PROCESSOR => &[
            "IERR",
            "Thermal trip",
            "FRB1/BIST failure",
            "FRB2/Hang in POST",
            "FRB3/Startup or initialization failure",
            "Configuration error",
            "Uncorrectable CPU-complex error",
            "Processor present",
            "Processor disabled",
            "Terminator present",
            "Processor throttled",
            "Uncorrectable machine check exception",
            "Correctable machine check error",
        ],
        SensorType::POWER_SUPPLY => &[
            "Power supply present",
            "Power supply failure",
            "Predictive failure",
            "Input lost",
            "Input lost or out of range",
            "Input out of range but present",
            "Configuration error",
            "Inactive (standby)",
        ],
        SensorType::POWER_UNIT => &[
            "Power off",
            "Power cycle",
            "240VA power down",
            "Interlock power down",
            "Input lost",
            "Soft power control failure",
            "Power unit failure",
            "Predictive failure",
        ],
        SensorType::MEMORY => &[
            "Correctable ECC error",
            "Uncorrectable ECC error",
            "Parity error",
            "Scrub failed (stuck bit)",
            "Memory device disabled",
            "Correctable ECC error logging limit reached",
            "Memory present",
            "Configuration error",
            "Spare",
            "Memory throttled",
            "Critical overtemperature",
        ],
        SensorType::DRIVE_SLOT => &[
            "Drive present",
            "Drive fault",
            "Predictive failure",
            "Hot spare",
            "Consistency or parity check in progress",
            "In critical array",
            "In failed array",
            "Rebuild or remap in progress",
            "Rebuild or remap aborted",
        ],
        SensorType::SYSTEM_FIRMWARE_PROGRESS => {
            &["System firmware error", "System firmware hang", "System firmware progress"]
        }
        SensorType::EVENT_LOGGING_DISABLED => &[
            "Correctable memory error logging disabled",
            "Logging of an event type disabled",
            "Log cleared",
            "All event logging disabled",
            "Log full",
            "Log almost full",
            "Correctable machine check error logging disabled",
        ],
        SensorType::WATCHDOG_1 => &[
            "BIOS watchdog reset",
            "OS watchdog reset",
            "OS watchdog shutdown",
            "OS watchdog power down",
            "OS watchdog power cycle",
            "OS watchdog diagnostic interrupt",
            "OS watchdog expired",
            "OS watchdog pre-timeout interrupt",
        ],
        SensorType::SYSTEM_EVENT => &[
            "System reconfigured",
            "OEM system boot event",
            "Undetermined system hardware failure",
            "Entry added to auxiliary log",
            "PEF action",
            "Timestamp clock synchronized",
        ],
        SensorType::CRITICAL_INTERRUPT => &[
            "Front panel NMI",
            "Bus timeout",
            "I/O channel check NMI",
            "Software NMI",
            "PCI PERR",
            "PCI SERR",
            "EISA fail-safe timeout",
            "Bus correctable error",
            "Bus uncorrectable error",
            "Fatal NMI",
            "Bus fatal error",
            "Bus degraded",
        ],
        SensorType::BUTTON => &[
            "Power button pressed",
            "Sleep button pressed",
            "Reset button pressed",
            "FRU latch open",
            "FRU service requested",
        ],
        SensorType::CHIP_SET => &["Soft power control failure", "Thermal trip"],
        SensorType::CABLE_INTERCONNECT => &["Connected", "Incorrect cable or interconnection"],
        SensorType::SYSTEM_BOOT_INITIATED => &[
            "Power up",
            "Hard reset",
            "Warm reset",
            "PXE boot requested by user",
            "Automatic boot to diagnostic",
            "Hard reset by software",
            "Warm reset by software",
            "System restart",
        ],
        SensorType::BOOT_ERROR => &[
            "No bootable media",
            "Non-bootable disk in drive",
            "PXE server not found",
            "Invalid boot sector",
            "Timeout waiting for selection of boot source",
        ],
        SensorType::OS_BOOT => &[
            "A: boot completed",
            "C: boot completed",
            "PXE boot completed",
            "Diagnostic boot completed",
            "CD-ROM boot completed",
            "ROM boot completed",
            "Boot completed, device not specified",
            "Installation started",
            "Installation completed",
            "Installation aborted",
            "Installation failed",
        ],
        SensorType::OS_STOP => &[
            "Critical stop during OS load",
            "Run-time critical stop",
            "OS graceful stop",
            "OS graceful shutdown",
            "Soft shutdown by PEF",
            "Agent not responding",
        ],
        SensorType::SLOT_CONNECTOR => &[
            "Fault",
            "Identify",
            "Device installed",
            "Ready for device installation",
            "Ready for device removal",
            "Slot power off",
            "Device removal requested",
            "Interlock",
            "Slot disabled",
            "Slot holds spare device",
        ],
        SensorType::ACPI_POWER_STATE => &[
            "S0/G0 working",
            "S1 sleeping, context kept",
            "S2 sleeping, processor context lost",
            "S3 sleeping, memory kept",
            "S4 suspended to disk",
            "S5/G2 soft-off",
            "S4/S5 soft-off",
            "G3 mechanical off",
            "Sleeping in S1, S2 or S3",
            "G1 sleeping",
            "S5 entered by override",
            "Legacy on",
            "Legacy off",
            "",
            "Unknown",
        ],
        SensorType::WATCHDOG_2 => &[
            "Timer expired",
            "Hard reset",
            "Power down",
            "Power cycle",
            "",
            "",
            "",
            "",
            "Timer interrupt",
        ],
        SensorType::PLATFORM_ALERT => &["Page sent", "LAN alert sent", "PET sent", "OEM trap sent"],
        SensorType::ENTITY_PRESENCE => &["Entity present", "Entity absent", "Entity disabled"],
        SensorType::LAN => &["Heartbeat lost", "Heartbeat"],
        SensorType::MANAGEMENT_SUBSYSTEM_HEALTH => &[
            "Sensor access degraded or unavailable",
            "Controller access degraded or unavailable",
            "Management controller off-line",
            "Management controller unavailable",
            "Sensor failure",
            "FRU failure",
        ],
        SensorType::BATTERY => &["Battery low", "Battery failed", "Battery present"],
        SensorType::SESSION_AUDIT => &[
            "Session activated",
            "Session deactivated",
            "Invalid username or password",
            "User disabled after invalid passwords",
        ],
        SensorType::VERSION_CHANGE => &[
            "Hardware change",
            "Firmware or software change",
            "Hardware incompatibility",
            "Firmware or software incompatibility",
            "Unsupported hardware version",
            "Unsupported firmware or software version",
            "Hardware change succeeded",
            "Firmware or software change succeeded",
        ],
        SensorType::FRU_STATE => &[
            "Not installed",
            "Inactive",
            "Activation requested",
            "Activation in progress",
            "Active",
            "Deactivation requested",
            "Deactivation in progress",
            "Communication lost",
        ],
        // Temperature to Fan, Cooling Device, Other Units, POST Memory Resize, Module/Board,
        // Microcontroller, Add-in Card, Chassis, Other FRU, Terminator and Monitor ASIC have
        // generic states only.
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_type_decides_which_table_is_used() {
        let text =
            |sensor, event, offset| event_text(SensorType(sensor), EventReadingType(event), offset);
        assert_eq!(text(0x01, 0x01, 9), Some("Upper Critical going high"));
        assert_eq!(text(0x08, 0x6f, 3), Some("Input lost"));
        assert_eq!(text(0x08, 0x0b, 1), Some("Redundancy lost"));
        assert_eq!(text(0x15, 0x08, 0), Some("Device absent"));
        // Past the end, reserved, without states of its own, an OEM's.
        for (sensor, event, offset) in
            [(0x08, 0x6f, 8), (0x23, 0x6f, 4), (0x15, 0x6f, 0), (0x08, 0x70, 0)]
        {
            assert_eq!(text(sensor, event, offset), None);
        }
    }

    #[test]
    fn all_asserted_states_are_listed() {
        let texts = |event, states| state_texts(SensorType::POWER_SUPPLY, event, states);
        let specific = EventReadingType::SENSOR_SPECIFIC;
        assert_eq!(texts(specific, 0x0003), ["Power supply present", "Power supply failure"]);
        assert_eq!(texts(specific, 0x8000), [""; 0]);
        assert_eq!(texts(EventReadingType::THRESHOLD, 0x00c1), [""; 0]);
    }

    #[test]
    fn no_table_is_longer_than_an_offset_can_say() {
        for number in 0..=0xff {
            assert!(sensor_specific(SensorType(number)).len() <= 15);
            assert!(generic(EventReadingType(number)).len() <= 15);
        }
    }
}
