//! How bad a state or an event is.
//!
//! The specification says it only for thresholds and for the generic type "severity"; for the rest
//! FreeIPMI's `freeipmi_interpret_sensor.conf` and `_sel.conf` are what monitoring is used to, and
//! followed here but for these (the first two are asked for: `research/freeipmi.md` §3.3):
//!
//! * crossing a non-critical threshold is a warning, for sensors too;
//! * a thing that is not there is no fault: every empty bay would be one. The event is a warning;
//! * that a state went is information at most, even if it was a bad one: what is wrong now is said
//!   by the sensor, or by the next event;
//! * ordinary life is information: on line, boots, graceful stops, clocks set, locator lights,
//!   terminators in empty sockets. An inactive FRU is a warning;
//! * a power state that the sensor itself calls unknown is unknown, not critical.

use crate::sdr::{EventReadingType, SensorType, ThresholdKind, ThresholdMask};

/// How bad something is. Ordered: the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// An OEM's own, or reserved: nobody but its maker can tell.
    Unknown,
    /// As it should be, or worth knowing at most.
    Information,
    /// Wants to be looked at.
    Warning,
    /// Something failed, or is about to.
    Critical,
    /// Beyond a non-recoverable threshold: damage.
    NonRecoverable,
}

impl Severity {
    /// In one word, as monitoring writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::NonRecoverable => "non-recoverable",
        }
    }

    /// The severity of being beyond this threshold.
    #[must_use]
    pub const fn of_threshold(kind: ThresholdKind) -> Self {
        match kind.severity() {
            0 => Self::Warning,
            1 => Self::Critical,
            _ => Self::NonRecoverable,
        }
    }
}

impl core::fmt::Display for Severity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.name())
    }
}

/// The severity of the event that the state `offset` came (`assertion`) or went.
///
/// That something went is information at most.
#[must_use]
pub fn severity(
    sensor_type: SensorType,
    event_type: EventReadingType,
    offset: u8,
    assertion: bool,
) -> Severity {
    let Some(judgement) = judgement(sensor_type, event_type, offset) else {
        return Severity::Unknown;
    };
    match (assertion, judgement) {
        (true, Judgement::Is(severity)) => severity,
        (true, Judgement::Absent) => Severity::Warning,
        (false, _) => Severity::Information,
    }
}

/// The severity of the states that a sensor reports: the worst of those that are set. No state at
/// all is information.
///
/// Threshold sensors: bits 5:0 are the thresholds at or beyond which the reading is, as in
/// [`SensorReading::states`](crate::cmd::sensor::SensorReading::states).
#[must_use]
pub fn state_severity(
    sensor_type: SensorType,
    event_type: EventReadingType,
    states: u16,
) -> Severity {
    if event_type.is_threshold() {
        let [low, _] = states.to_le_bytes();
        let worst = ThresholdMask(low & ThresholdMask::ALL.0).worst();
        return worst.map_or(Severity::Information, Severity::of_threshold);
    }
    let letters = letters(sensor_type, event_type);
    if letters.is_empty() {
        return Severity::Unknown;
    }
    (0..15u8)
        .filter(|offset| states & (1 << offset) != 0)
        .map(|offset| match judgement(sensor_type, event_type, offset) {
            Some(Judgement::Is(severity)) => severity,
            Some(Judgement::Absent) => Severity::Information,
            None => Severity::Unknown,
        })
        .max()
        .unwrap_or(Severity::Information)
}

/// What a state says.
#[derive(Clone, Copy)]
enum Judgement {
    /// Just this.
    Is(Severity),
    /// That something is not there.
    Absent,
}

fn judgement(
    sensor_type: SensorType,
    event_type: EventReadingType,
    offset: u8,
) -> Option<Judgement> {
    if event_type.is_threshold() {
        return crossing(offset).map(Judgement::Is);
    }
    Some(match letters(sensor_type, event_type).get(usize::from(offset))? {
        b'i' => Judgement::Is(Severity::Information),
        b'w' => Judgement::Is(Severity::Warning),
        b'c' => Judgement::Is(Severity::Critical),
        b'n' => Judgement::Is(Severity::NonRecoverable),
        b'a' => Judgement::Absent,
        _ => return None,
    })
}

/// A threshold event: bit n of the threshold twice, going low and going high. Over a lower
/// threshold, going low is getting worse; going high ends what the threshold is for, and leaves the
/// next milder one. IPMI v2.0 §42.1, Table 42-2.
fn crossing(offset: u8) -> Option<Severity> {
    let kind = *ThresholdKind::ALL.get(usize::from(offset / 2))?;
    let worse = kind.is_upper() == (offset % 2 == 1);
    Some(match (worse, Severity::of_threshold(kind)) {
        (true, severity) => severity,
        (false, Severity::NonRecoverable) => Severity::Critical,
        (false, Severity::Critical) => Severity::Warning,
        (false, _) => Severity::Information,
    })
}

/// One letter for each state, by offset: `i`nformation, `w`arning, `c`ritical, `n`on-recoverable,
/// `a`bsent; `-` is reserved, or unknown itself. Empty if nothing is known.
const fn letters(sensor_type: SensorType, event_type: EventReadingType) -> &'static [u8] {
    match event_type {
        EventReadingType::SENSOR_SPECIFIC => specific(sensor_type),
        EventReadingType::USAGE => b"iii",
        EventReadingType::STATE => match sensor_type {
            SensorType::PROCESSOR
            | SensorType::MEMORY
            | SensorType::MODULE_BOARD
            | SensorType::BOOT_ERROR
            | SensorType::OS_STOP
            | SensorType::PLATFORM_ALERT => b"ic",
            SensorType::BUTTON => b"ii",
            // "Asserted" is "present" there.
            SensorType::DRIVE_SLOT => b"ai",
            _ => b"iw",
        },
        EventReadingType::PREDICTIVE_FAILURE
        | EventReadingType::LIMIT
        | EventReadingType::PERFORMANCE => b"ic",
        EventReadingType::SEVERITY => b"iwcnwcnwi",
        EventReadingType::PRESENCE => b"ai",
        EventReadingType::ENABLED => b"ii",
        EventReadingType::AVAILABILITY => b"iwwiwwcwc",
        EventReadingType::REDUNDANCY => b"icwcccww",
        EventReadingType::ACPI_DEVICE_POWER_STATE => b"iiii",
        _ => b"",
    }
}

/// Of the states in IPMI v2.0 §42.2, Table 42-3.
const fn specific(sensor_type: SensorType) -> &'static [u8] {
    match sensor_type {
        SensorType::PHYSICAL_SECURITY => b"ccccccc",
        SensorType::PLATFORM_SECURITY => b"cccccc",
        SensorType::PROCESSOR => b"ccccccciciwcw",
        SensorType::POWER_SUPPLY => b"iccccccw",
        SensorType::POWER_UNIT => b"iiwwcccc",
        SensorType::MEMORY => b"wccccwiciwc",
        SensorType::DRIVE_SLOT => b"icciiccic",
        SensorType::SYSTEM_FIRMWARE_PROGRESS => b"cci",
        SensorType::EVENT_LOGGING_DISABLED => b"cciccwc",
        SensorType::WATCHDOG_1 => b"ccccccww",
        SensorType::SYSTEM_EVENT => b"wiciii",
        SensorType::CRITICAL_INTERRUPT => b"cccwcccwcccw",
        SensorType::BUTTON => b"iiiww",
        SensorType::CHIP_SET => b"cc",
        SensorType::CABLE_INTERCONNECT => b"ic",
        SensorType::SYSTEM_BOOT_INITIATED => b"iiiiiwwi",
        SensorType::BOOT_ERROR => b"ccccw",
        SensorType::OS_BOOT => b"iiiiiiiiiwc",
        SensorType::OS_STOP => b"cciiwc",
        SensorType::SLOT_CONNECTOR => b"ciiiiiwwwi",
        SensorType::ACPI_POWER_STATE => b"iiiiiiiiiiiii--",
        SensorType::WATCHDOG_2 => b"wccc----w",
        SensorType::PLATFORM_ALERT => b"iiii",
        SensorType::ENTITY_PRESENCE => b"iaa",
        SensorType::LAN => b"wi",
        SensorType::MANAGEMENT_SUBSYSTEM_HEALTH => b"cccccc",
        SensorType::BATTERY => b"wci",
        SensorType::SESSION_AUDIT => b"iiwc",
        SensorType::VERSION_CHANGE => b"wwccccii",
        SensorType::FRU_STATE => b"awwwiwwc",
        _ => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sel::event_text;

    const SPECIFIC: EventReadingType = EventReadingType::SENSOR_SPECIFIC;

    #[test]
    fn thresholds_are_as_grave_as_their_names() {
        let of = |offset, assertion| {
            severity(SensorType::TEMPERATURE, EventReadingType::THRESHOLD, offset, assertion)
        };
        use Severity::{Critical, Information, NonRecoverable, Unknown, Warning};
        let asserted: Vec<_> = (0..13).map(|offset| of(offset, true)).collect();
        let lower = [Warning, Information, Critical, Warning, NonRecoverable, Critical];
        let upper = [Information, Warning, Warning, Critical, Critical, NonRecoverable];
        assert_eq!(asserted, [&lower[..], &upper[..], &[Unknown]].concat());
        assert!((0..12).all(|offset| of(offset, false) == Information));
        let states =
            |states| state_severity(SensorType::TEMPERATURE, EventReadingType::THRESHOLD, states);
        assert_eq!(states(0x00c0), Information);
        assert_eq!(states(0x0008), Warning);
        assert_eq!(states(0x0018), Critical);
        assert_eq!(states(0x0038), NonRecoverable);
    }

    #[test]
    fn the_worst_state_counts() {
        let of = |sensor_type, states| state_severity(sensor_type, SPECIFIC, states);
        assert_eq!(of(SensorType::POWER_SUPPLY, 0x0000), Severity::Information);
        assert_eq!(of(SensorType::POWER_SUPPLY, 0x0001), Severity::Information);
        assert_eq!(of(SensorType::POWER_SUPPLY, 0x0009), Severity::Critical);
        assert_eq!(of(SensorType::PHYSICAL_SECURITY, 0x0001), Severity::Critical);
        assert_eq!(of(SensorType::DRIVE_SLOT, 0x0081), Severity::Information);
        assert_eq!(of(SensorType::MEMORY, 0x8001), Severity::Warning);
    }

    #[test]
    fn what_is_not_there_is_no_fault_but_its_going_away_is_a_warning() {
        assert_eq!(
            state_severity(SensorType::ENTITY_PRESENCE, SPECIFIC, 0x0002),
            Severity::Information
        );
        assert_eq!(severity(SensorType::ENTITY_PRESENCE, SPECIFIC, 1, true), Severity::Warning);
        assert_eq!(severity(SensorType::POWER_SUPPLY, SPECIFIC, 0, true), Severity::Information);
        assert_eq!(severity(SensorType::POWER_SUPPLY, SPECIFIC, 1, true), Severity::Critical);
        let redundancy = EventReadingType::REDUNDANCY;
        assert_eq!(severity(SensorType::FAN, redundancy, 0, true), Severity::Information);
        assert_eq!(severity(SensorType::FAN, redundancy, 1, true), Severity::Critical);
        let cleared = severity(SensorType::EVENT_LOGGING_DISABLED, SPECIFIC, 2, true);
        assert_eq!(cleared, Severity::Information);
    }

    #[test]
    fn what_went_is_information_at_most() {
        for sensor_type in (0..=0xff).map(SensorType) {
            for event_type in (0..=0x7f).map(EventReadingType) {
                for offset in 0..16 {
                    let went = severity(sensor_type, event_type, offset, false);
                    assert!(went <= Severity::Information, "{sensor_type} {event_type:?} {offset}");
                }
            }
        }
    }

    #[test]
    fn what_only_its_maker_can_tell_is_unknown() {
        for (sensor_type, event_type) in [(0xc0, 0x6f), (0x01, 0x70), (0x01, 0x6f), (0x01, 0x00)] {
            let (sensor_type, event_type) = (SensorType(sensor_type), EventReadingType(event_type));
            assert_eq!(severity(sensor_type, event_type, 1, true), Severity::Unknown);
            assert_eq!(state_severity(sensor_type, event_type, 2), Severity::Unknown);
        }
        let watchdog = SensorType::WATCHDOG_2;
        assert_eq!(severity(watchdog, SPECIFIC, 4, true), Severity::Unknown);
        assert_eq!(severity(watchdog, SPECIFIC, 15, true), Severity::Unknown);
    }

    #[test]
    fn every_state_that_has_a_name_has_a_severity() {
        // Unless it is "unknown" itself: ACPI power state 14.
        for sensor_type in (0..=0xff).map(SensorType) {
            for event_type in (0x02..=0x0c).chain([0x6f]).map(EventReadingType) {
                for offset in 0..16 {
                    let named = event_text(sensor_type, event_type, offset).is_some();
                    let known = judgement(sensor_type, event_type, offset).is_some();
                    let excepted = (sensor_type, event_type, offset)
                        == (SensorType::ACPI_POWER_STATE, SPECIFIC, 14);
                    assert_eq!(named && !excepted, known, "{sensor_type} {event_type:?} {offset}");
                }
            }
        }
    }
}
