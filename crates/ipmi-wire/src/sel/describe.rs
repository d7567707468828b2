//! Events in words.

use crate::sdr::{EventReadingType, SensorType};
use crate::sel::{detail, event_text};
use crate::vendor::is_oem_sensor;

/// What crossed a threshold: bytes 2 and 3 of a threshold event, as raw readings. IPMI v2.0 §29.7,
/// Table 29-6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Trigger {
    /// The reading that did.
    pub reading: Option<u8>,
    /// The threshold that it crossed.
    pub threshold: Option<u8>,
}

impl Trigger {
    /// What the data of a threshold event tells.
    #[must_use]
    pub const fn of(data: [u8; 3]) -> Self {
        let [first, second, third] = data;
        Self {
            reading: if first >> 6 == 1 { Some(second) } else { None },
            threshold: if (first >> 4) & 3 == 1 { Some(third) } else { None },
        }
    }
}

/// An event in words: the state, and what the data adds to it. Whether the state came or went is
/// not part of it, nor are readings ([`Trigger`]): they need the sensor's record to mean anything.
///
/// Source: IPMI v2.0 §29.7, §42.
#[must_use]
pub fn describe_event(
    sensor_type: SensorType,
    event_type: EventReadingType,
    data: [u8; 3],
) -> String {
    let [first, second, third] = data;
    let offset = first & 0x0f;
    let Some(text) = event_text(sensor_type, event_type, offset) else {
        let kind = if is_oem_sensor(sensor_type, event_type) { "OEM state" } else { "State" };
        return format!("{kind} {offset} (data {second:02x} {third:02x})");
    };
    let mut description = text.to_owned();
    // Of threshold events the bytes are readings.
    let previous = (first >> 6 == 1 && !event_type.is_threshold())
        .then(|| detail::previous_state(sensor_type, event_type, second))
        .flatten();
    let extension = event_type
        .is_sensor_specific()
        .then(|| {
            // 3 is "sensor-specific extension"; 2 is an OEM's.
            let second = (first >> 6 == 3).then_some(second);
            let third = ((first >> 4) & 3 == 3).then_some(third);
            detail::extension(sensor_type, offset, second, third)
        })
        .flatten();
    if let Some(detail) = detail::both(previous, extension) {
        description.push_str(": ");
        description.push_str(&detail);
    }
    description
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specific(sensor_type: SensorType, data: [u8; 3]) -> String {
        describe_event(sensor_type, EventReadingType::SENSOR_SPECIFIC, data)
    }

    #[test]
    fn extension_bytes_are_read_where_the_first_byte_says_so() {
        // By hand from Table 42-3.
        let firmware = SensorType::SYSTEM_FIRMWARE_PROGRESS;
        assert_eq!(
            specific(firmware, [0xc2, 0x01, 0xff]),
            "System firmware progress: memory initialization"
        );
        assert_eq!(specific(firmware, [0x02, 0x01, 0xff]), "System firmware progress");
        assert_eq!(
            specific(SensorType::MEMORY, [0x30, 0xff, 0x07]),
            "Correctable ECC error: module 7"
        );
        assert_eq!(specific(SensorType::MEMORY, [0x20, 0xff, 0x07]), "Correctable ECC error");
        assert_eq!(
            specific(SensorType::WATCHDOG_2, [0xc8, 0x24, 0xff]),
            "Timer interrupt: SMS/OS timer, NMI"
        );
        assert_eq!(
            specific(SensorType::WATCHDOG_2, [0xc1, 0x04, 0xff]),
            "Hard reset: SMS/OS timer"
        );
        assert_eq!(
            specific(SensorType::POWER_SUPPLY, [0x36, 0xff, 0x03]),
            "Configuration error: power rating mismatch"
        );
        assert_eq!(
            specific(SensorType::SLOT_CONNECTOR, [0xf2, 0x09, 0x03]),
            "Device installed: PCI Express slot number 3"
        );
        assert_eq!(
            specific(SensorType::SYSTEM_EVENT, [0xc4, 0x05, 0xff]),
            "PEF action: alert, reset"
        );
        assert_eq!(
            specific(SensorType::SYSTEM_EVENT, [0xc5, 0x80, 0xff]),
            "Timestamp clock synchronized: SEL clock, after the change"
        );
    }

    #[test]
    fn a_previous_state_is_told() {
        // By hand from Table 29-6.
        let redundancy = EventReadingType::REDUNDANCY;
        assert_eq!(
            describe_event(SensorType::POWER_UNIT, redundancy, [0x41, 0xf0, 0xff]),
            "Redundancy lost: was fully redundant"
        );
        assert_eq!(
            describe_event(SensorType::POWER_UNIT, redundancy, [0x01, 0xf0, 0xff]),
            "Redundancy lost"
        );
        // What the third byte holds is said apart.
        assert_eq!(
            specific(SensorType::MEMORY, [0x70, 0x2f, 0x07]),
            "Correctable ECC error: severity critical, was less severe, module 7"
        );
        assert_eq!(
            describe_event(SensorType::FAN, EventReadingType::THRESHOLD, [0x52, 0x01, 0x02]),
            "Lower Critical going low"
        );
    }

    #[test]
    fn what_is_not_known_is_shown_as_it_is() {
        let oem = describe_event(SensorType::FAN, EventReadingType(0x70), [0xa3, 1, 2]);
        assert_eq!(oem, "OEM state 3 (data 01 02)");
        assert_eq!(specific(SensorType::FAN, [0x01, 0xff, 0xff]), "State 1 (data ff ff)");
    }

    #[test]
    fn a_trigger_is_only_what_the_data_tells() {
        assert_eq!(Trigger::of([0x59, 1, 2]), Trigger { reading: Some(1), threshold: Some(2) });
        assert_eq!(Trigger::of([0x49, 1, 2]), Trigger { reading: Some(1), threshold: None });
        assert_eq!(Trigger::of([0x09, 1, 2]), Trigger::default());
        assert_eq!(Trigger::of([0xa9, 1, 2]), Trigger::default());
    }

    #[test]
    fn no_event_panics() {
        for first in 0..=0xff {
            for sensor_type in 0..=0x30 {
                for second in [0, 0x0f, 0x7f, 0xff] {
                    assert!(!specific(SensorType(sensor_type), [first, second, second]).is_empty());
                }
            }
        }
    }
}
