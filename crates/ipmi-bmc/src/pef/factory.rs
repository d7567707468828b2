//! The filters and policies that a BMC is delivered with: what other BMCs have, as examples. PEF itself
//! is disabled.

use ipmi_wire::cmd::sensor::{
    AlertPolicy, EventFilter, FilterConfiguration, FilterKind, PefActions, PolicyRule,
};
use ipmi_wire::sdr::SensorType;

use crate::bmc::Bmc;

/// Severities, as traps tell them.
const CRITICAL: u8 = 0x10;
const NON_RECOVERABLE: u8 = 0x20;
/// Event types: threshold, sensor-specific.
const THRESHOLD: u8 = 0x01;
const SPECIFIC: u8 = 0x6f;

/// Sensor type, trigger, offsets, severity; and whether the machine goes off.
const FILTERS: [(SensorType, u8, u16, u8, bool); 8] = [
    // Non-recoverable: lower going low, upper going high.
    (SensorType::TEMPERATURE, THRESHOLD, 1 << 4 | 1 << 11, NON_RECOVERABLE, true),
    // Critical: the same.
    (SensorType::TEMPERATURE, THRESHOLD, 1 << 2 | 1 << 9, CRITICAL, false),
    (SensorType::VOLTAGE, THRESHOLD, 1 << 2 | 1 << 4 | 1 << 9 | 1 << 11, CRITICAL, false),
    (SensorType::FAN, THRESHOLD, 1 << 2 | 1 << 4, CRITICAL, false),
    // Failure, input lost.
    (SensorType::POWER_SUPPLY, SPECIFIC, 1 << 1 | 1 << 3, CRITICAL, false),
    // Internal error, thermal trip.
    (SensorType::PROCESSOR, SPECIFIC, 1 << 0 | 1 << 1, NON_RECOVERABLE, false),
    // Uncorrectable error.
    (SensorType::MEMORY, SPECIFIC, 1 << 1, CRITICAL, false),
    // All actions.
    (SensorType::WATCHDOG_2, SPECIFIC, 0x0f, CRITICAL, false),
];

/// The policy set that their alerts follow.
const POLICY: u8 = 1;

/// The preconfigured filters, which have the first numbers.
pub(super) fn filters() -> impl Iterator<Item = EventFilter> {
    (1..).zip(FILTERS).map(|(number, (sensor_type, trigger, offsets, severity, power_down))| {
        EventFilter {
            number,
            configuration: FilterConfiguration { enabled: true, kind: FilterKind::PRECONFIGURED },
            actions: PefActions { alert: true, power_down, ..PefActions::default() },
            policy: POLICY,
            severity,
            generator: [EventFilter::ANY; 2],
            sensor_type: sensor_type.0,
            sensor_number: EventFilter::ANY,
            trigger,
            offsets,
            ..EventFilter::default()
        }
    })
}

/// An entry of the alert policy table: one for each of the LAN's destinations.
pub(super) const fn policy(entry: u8) -> AlertPolicy {
    AlertPolicy {
        entry,
        policy: POLICY,
        enabled: false,
        rule: PolicyRule::ALWAYS,
        channel: Bmc::LAN_CHANNEL,
        destination: entry,
        event_specific: false,
        string: 0,
    }
}
