//! What the second and third byte of an event add to its state. IPMI v2.0 §29.7 and §42.2,
//! Table 42-3.

use crate::cmd::chassis::RestartCause;
use crate::sdr::{EventReadingType, SensorType};
use crate::sel::{event_text, firmware};

/// What a sensor-specific event adds; each byte only if the first says that it is an extension.
pub(super) fn extension(
    sensor_type: SensorType,
    offset: u8,
    second: Option<u8>,
    third: Option<u8>,
) -> Option<String> {
    match (sensor_type, offset) {
        (SensorType::PHYSICAL_SECURITY, 4) => {
            second.map(|number| format!("network controller {number}"))
        }
        (SensorType::SYSTEM_FIRMWARE_PROGRESS, 0) => Some(firmware::error(second?)?.to_owned()),
        (SensorType::SYSTEM_FIRMWARE_PROGRESS, 1 | 2) => {
            Some(firmware::progress(second?)?.to_owned())
        }
        (SensorType::MEMORY, _) => third.map(|module| format!("module {module}")),
        (SensorType::POWER_SUPPLY, 6) => Some(power_supply_error(third?)?.to_owned()),
        (SensorType::EVENT_LOGGING_DISABLED, _) => logging_disabled(offset, second, third),
        (SensorType::SYSTEM_EVENT, 3) => auxiliary_log(second?),
        (SensorType::SYSTEM_EVENT, 4) => pef_actions(second?),
        (SensorType::SYSTEM_EVENT, 5) => second.map(|bits| {
            let half = if bits & 0x80 == 0 { "before" } else { "after" };
            let clock = if bits & 0x0f == 1 { "SDR clock" } else { "SEL clock" };
            format!("{clock}, {half} the change")
        }),
        (SensorType::CHIP_SET, 0) => {
            let state = |number: Option<u8>| {
                event_text(SensorType::ACPI_POWER_STATE, EventReadingType::SENSOR_SPECIFIC, number?)
            };
            let asked = state(second).map(|state| format!("asked for {state}"));
            both(asked, state(third).map(|state| format!("was in {state}")))
        }
        (SensorType::SYSTEM_BOOT_INITIATED, 7) => {
            let cause = second.map(|cause| restart_cause(RestartCause::from_number(cause)));
            both(
                cause.map(str::to_owned),
                third.map(|channel| format!("channel {}", channel & 0x0f)),
            )
        }
        (SensorType::SLOT_CONNECTOR, _) => {
            let number = third.map(|number| format!("number {}", number & 0x7f));
            let kind = second.and_then(|kind| slot_kind(kind & 0x7f));
            match (kind, number) {
                (Some(kind), Some(number)) => Some(format!("{kind} {number}")),
                (kind, number) => number.or_else(|| kind.map(str::to_owned)),
            }
        }
        (SensorType::WATCHDOG_2, _) => watchdog(second?),
        (SensorType::MANAGEMENT_SUBSYSTEM_HEALTH, 0 | 4) => {
            second.map(|number| format!("sensor {number:02x}h"))
        }
        (SensorType::MANAGEMENT_SUBSYSTEM_HEALTH, 5) => fru_failure(second?, third),
        (SensorType::SESSION_AUDIT, _) => session_audit(offset, second, third),
        (SensorType::VERSION_CHANGE, _) => Some(version_change(second?)?.to_owned()),
        (SensorType::FRU_STATE, _) => {
            let bits = second?;
            let was = event_text(sensor_type, EventReadingType::SENSOR_SPECIFIC, bits & 0x0f);
            let was = was.map(|state| format!("was {}", state.to_lowercase()));
            both(was, fru_state_cause(bits >> 4).map(str::to_owned))
        }
        _ => None,
    }
}

/// What the byte "previous state and severity" of any discrete event tells: high nibble a state of
/// the generic type "severity", low nibble a state of the event's own type; Fh is unspecified.
pub(super) fn previous_state(
    sensor_type: SensorType,
    event_type: EventReadingType,
    second: u8,
) -> Option<String> {
    let was = event_text(sensor_type, event_type, second & 0x0f);
    let severity = event_text(sensor_type, EventReadingType::SEVERITY, second >> 4);
    both(
        was.map(|state| format!("was {}", lower_first(state))),
        severity.map(|severity| format!("severity {}", lower_first(severity))),
    )
}

/// One after the other, or the one that there is.
pub(super) fn both(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first}, {second}")),
        (first, second) => first.or(second),
    }
}

/// "Idle" in the middle of a sentence, but "IERR" and "D0" as they are.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
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

fn logging_disabled(offset: u8, second: Option<u8>, third: Option<u8>) -> Option<String> {
    match offset {
        0 => second.map(|module| format!("module {module}")),
        1 => {
            let event_type = second.map(|event_type| format!("event type {event_type:02x}h"));
            let which = third.map(|bits| {
                if bits & 0x20 != 0 {
                    return "all its events".to_owned();
                }
                let direction = if bits & 0x10 != 0 { "assertion" } else { "deassertion" };
                format!("{direction} of state {}", bits & 0x0f)
            });
            both(event_type, which)
        }
        5 => third.filter(|percent| *percent <= 100).map(|percent| format!("{percent}% full")),
        6 => second.map(|number| {
            let maker = third.is_some_and(|bits| bits & 0x80 != 0);
            let kind = if maker { "processor number" } else { "processor entity" };
            format!("{kind} {number}")
        }),
        _ => None,
    }
}

fn auxiliary_log(bits: u8) -> Option<String> {
    let action = match bits >> 4 {
        0 => "entry added",
        1 => "entry added that no event stands for",
        2 => "entry added besides events",
        3 => "cleared",
        4 => "disabled",
        5 => "enabled",
        _ => return None,
    };
    let log = match bits & 0x0f {
        0 => "MCA log",
        1 => "OEM log 1",
        2 => "OEM log 2",
        _ => return Some(action.to_owned()),
    };
    Some(format!("{log}, {action}"))
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

const fn restart_cause(cause: RestartCause) -> &'static str {
    match cause {
        RestartCause::Unknown => "cause unknown",
        RestartCause::ChassisControl => "by Chassis Control",
        RestartCause::ResetButton => "by reset button",
        RestartCause::PowerButton => "by power button",
        RestartCause::Watchdog => "by watchdog",
        RestartCause::Oem => "OEM cause",
        RestartCause::PowerRestoredAlways => "power restored, policy always on",
        RestartCause::PowerRestoredPrevious => "power restored, policy as before",
        RestartCause::PefReset => "reset by event filter",
        RestartCause::PefPowerCycle => "power cycle by event filter",
        RestartCause::SoftReset => "soft reset",
        RestartCause::RtcWakeup => "by real-time clock",
        RestartCause::Other(_) => "reserved cause",
    }
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

fn fru_failure(place: u8, device: Option<u8>) -> Option<String> {
    if place & 0x80 != 0 {
        return device.map(|id| format!("FRU {id}"));
    }
    let bus = format!("LUN {}, bus {}", (place >> 3) & 3, place & 7);
    Some(match device {
        Some(address) => format!("device {:02x}h, {bus}", address & 0xfe),
        None => bus,
    })
}

fn session_audit(offset: u8, second: Option<u8>, third: Option<u8>) -> Option<String> {
    let user = second.map(|user| user & 0x3f).filter(|user| *user != 0);
    let channel = third.map(|channel| format!("channel {}", channel & 0x0f));
    let cause = third.filter(|_| offset == 1).and_then(|bits| match (bits >> 4) & 3 {
        1 => Some("closed"),
        2 => Some("timed out"),
        3 => Some("ended by reconfiguration"),
        _ => None,
    });
    both(both(user.map(|user| format!("user {user}")), channel), cause.map(str::to_owned))
}

const fn version_change(code: u8) -> Option<&'static str> {
    Some(match code {
        0x01 => "controller's device ID",
        0x02 => "controller's firmware revision",
        0x03 => "controller's device revision",
        0x04 => "controller's manufacturer ID",
        0x05 => "controller's IPMI version",
        0x06 => "controller's auxiliary firmware ID",
        0x07 => "controller's boot block",
        0x08 => "other controller firmware",
        0x09 => "system firmware",
        0x0a => "SMBIOS",
        0x0b => "operating system",
        0x0c => "operating system loader",
        0x0d => "service or diagnostic partition",
        0x0e => "management agent",
        0x0f => "management application",
        0x10 => "management middleware",
        0x11 => "programmable hardware",
        0x12 => "module on a board or FRU",
        0x13 => "component of a board or FRU",
        0x14 => "board or FRU replaced by an equal one",
        0x15 => "board or FRU replaced by a newer one",
        0x16 => "board or FRU replaced by an older one",
        0x17 => "board or FRU configured differently",
        _ => return None,
    })
}

const fn fru_state_cause(code: u8) -> Option<&'static str> {
    Some(match code {
        0x0 => "normal change",
        0x1 => "by software outside",
        0x2 => "handle latch moved",
        0x3 => "hot-swap button pressed",
        0x4 => "by the FRU's program",
        0x5 => "communication lost",
        0x6 => "communication lost by local failure",
        0x7 => "unexpected extraction",
        0x8 => "by an operator",
        0x9 => "IPMB address cannot be computed",
        0xa => "unexpected deactivation",
        0xf => "cause unknown",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_detail_is_told() {
        // By hand from Table 42-3, beyond what `describe` tests.
        let of = |sensor_type, offset, second, third| {
            extension(sensor_type, offset, Some(second), Some(third)).unwrap()
        };
        assert_eq!(of(SensorType::PHYSICAL_SECURITY, 4, 1, 0), "network controller 1");
        let logging = SensorType::EVENT_LOGGING_DISABLED;
        assert_eq!(of(logging, 1, 0x6f, 0x15), "event type 6fh, assertion of state 5");
        assert_eq!(of(logging, 1, 0x6f, 0x20), "event type 6fh, all its events");
        assert_eq!(of(logging, 5, 0, 75), "75% full");
        assert_eq!(of(logging, 6, 2, 0x80), "processor number 2");
        assert_eq!(of(SensorType::SYSTEM_EVENT, 3, 0x30, 0), "MCA log, cleared");
        assert_eq!(
            of(SensorType::CHIP_SET, 0, 5, 0),
            "asked for S5/G2 soft-off, was in S0/G0 working"
        );
        assert_eq!(of(SensorType::SYSTEM_BOOT_INITIATED, 7, 4, 0xf), "by watchdog, channel 15");
        let health = SensorType::MANAGEMENT_SUBSYSTEM_HEALTH;
        assert_eq!(of(health, 4, 0x30, 0), "sensor 30h");
        assert_eq!(of(health, 5, 0x80, 3), "FRU 3");
        assert_eq!(of(health, 5, 0x0b, 0xa1), "device a0h, LUN 1, bus 3");
        assert_eq!(of(SensorType::SESSION_AUDIT, 1, 2, 0x21), "user 2, channel 1, timed out");
        assert_eq!(of(SensorType::SESSION_AUDIT, 0, 0, 0x01), "channel 1");
        assert_eq!(of(SensorType::VERSION_CHANGE, 1, 2, 0), "controller's firmware revision");
        assert_eq!(
            of(SensorType::FRU_STATE, 4, 0x23, 0),
            "was activation in progress, handle latch moved"
        );
        assert_eq!(extension(SensorType::VERSION_CHANGE, 1, Some(0), None), None);
    }

    #[test]
    fn a_previous_state_is_of_the_same_kind() {
        let of = |event_type, second| previous_state(SensorType::FAN, event_type, second);
        assert_eq!(of(EventReadingType::REDUNDANCY, 0xf0).unwrap(), "was fully redundant");
        assert_eq!(
            of(EventReadingType::REDUNDANCY, 0x20).unwrap(),
            "was fully redundant, severity critical, was less severe"
        );
        assert_eq!(of(EventReadingType::ACPI_DEVICE_POWER_STATE, 0xf3).unwrap(), "was D3");
        assert_eq!(of(EventReadingType::REDUNDANCY, 0xff), None);
    }
}
