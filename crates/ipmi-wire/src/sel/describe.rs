//! Events in words.

use crate::sdr::{EventReadingType, SensorType};
use crate::sel::{event_text, firmware};

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
        let kind = if event_type.is_oem() { "OEM state" } else { "State" };
        return format!("{kind} {offset} (data {second:02x} {third:02x})");
    };
    let mut description = text.to_owned();
    if event_type.is_sensor_specific() {
        // 3 is "sensor-specific extension"; anything else is an OEM's or the previous state.
        let second = (first >> 6 == 3).then_some(second);
        let third = ((first >> 4) & 3 == 3).then_some(third);
        if let Some(detail) = detail(sensor_type, offset, second, third) {
            description.push_str(": ");
            description.push_str(&detail);
        }
    }
    description
}

/// What the sensor-specific extension bytes add. IPMI v2.0 §42.2, Table 42-3.
fn detail(
    sensor_type: SensorType,
    offset: u8,
    second: Option<u8>,
    third: Option<u8>,
) -> Option<String> {
    match (sensor_type, offset) {
        (SensorType::SYSTEM_FIRMWARE_PROGRESS, 0) => Some(firmware::error(second?)?.to_owned()),
        (SensorType::SYSTEM_FIRMWARE_PROGRESS, 1 | 2) => {
            Some(firmware::progress(second?)?.to_owned())
        }
        (SensorType::MEMORY, _) => third.map(|module| format!("module {module}")),
        (SensorType::POWER_SUPPLY, 6) => Some(power_supply_error(third?)?.to_owned()),
        (SensorType::EVENT_LOGGING_DISABLED, 0) => second.map(|module| format!("module {module}")),
        (SensorType::EVENT_LOGGING_DISABLED, 1) => {
            second.map(|event_type| format!("event type {event_type:02x}h"))
        }
        (SensorType::EVENT_LOGGING_DISABLED, 5) => {
            third.filter(|percent| *percent <= 100).map(|percent| format!("{percent}% full"))
        }
        (SensorType::SYSTEM_EVENT, 4) => pef_actions(second?),
        (SensorType::SYSTEM_EVENT, 5) => second.map(|bits| {
            let half = if bits & 0x80 == 0 { "before" } else { "after" };
            let clock = if bits & 0x0f == 1 { "SDR clock" } else { "SEL clock" };
            format!("{clock}, {half} the change")
        }),
        (SensorType::SLOT_CONNECTOR, _) => {
            let number = third.map(|number| format!("number {}", number & 0x7f));
            let kind = second.and_then(|kind| slot_kind(kind & 0x7f));
            match (kind, number) {
                (Some(kind), Some(number)) => Some(format!("{kind} {number}")),
                (kind, number) => number.or_else(|| kind.map(str::to_owned)),
            }
        }
        (SensorType::WATCHDOG_2, _) => watchdog(second?),
        (SensorType::SESSION_AUDIT, _) => {
            let user = second.map(|user| user & 0x3f).filter(|user| *user != 0);
            let channel = third.map(|channel| format!("channel {}", channel & 0x0f));
            match (user, channel) {
                (Some(user), Some(channel)) => Some(format!("user {user}, {channel}")),
                (user, channel) => channel.or_else(|| user.map(|user| format!("user {user}"))),
            }
        }
        (SensorType::FRU_STATE, _) => {
            let previous =
                event_text(sensor_type, EventReadingType::SENSOR_SPECIFIC, second? & 0x0f);
            Some(format!("was {}", previous?.to_lowercase()))
        }
        _ => None,
    }
}

const fn power_supply_error(code: u8) -> Option<&'static str> {
    Some(match code & 0x0f {
        0 => "vendor mismatch",
        1 => "revision mismatch",
        2 => "processor missing",
        3 => "power rating mismatch",
        4 => "voltage rating mismatch",
        _ => return None,
    })
}

const fn slot_kind(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "PCI slot",
        1 => "drive array",
        2 => "external peripheral connector",
        3 => "docking",
        4 => "other expansion slot",
        5 => "slot of entity",
        6 => "AdvancedTCA slot",
        7 => "DIMM slot",
        8 => "fan slot",
        9 => "PCI Express slot",
        10 => "SCSI slot",
        11 => "SATA/SAS slot",
        12 => "USB port",
        _ => return None,
    })
}

fn pef_actions(bits: u8) -> Option<String> {
    const ACTIONS: [&str; 6] =
        ["alert", "power off", "reset", "power cycle", "OEM action", "diagnostic interrupt"];
    let done: Vec<&str> = ACTIONS
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| bits & (1 << bit) != 0)
        .map(|(_, action)| action)
        .collect();
    (!done.is_empty()).then(|| done.join(", "))
}

fn watchdog(bits: u8) -> Option<String> {
    let usage = match bits & 0x0f {
        1 => "BIOS FRB2",
        2 => "BIOS/POST",
        3 => "OS load",
        4 => "SMS/OS",
        5 => "OEM",
        _ => return None,
    };
    let interrupt = match bits >> 4 {
        1 => ", SMI",
        2 => ", NMI",
        3 => ", messaging interrupt",
        _ => "",
    };
    Some(format!("{usage} timer{interrupt}"))
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
