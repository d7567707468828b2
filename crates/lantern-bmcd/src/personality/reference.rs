//! The reference machine: a dual-socket server of nobody's make, as its BMC presents it.
//!
//! The SDRs are written from [`SENSORS`], which the simulated machine measures.

use ipmi_bmc::personality::{Personality, Product, RecordsIn};
use ipmi_bmc::sensors::{Plan, SensorPlan, Source};
use ipmi_wire::Channel;
use ipmi_wire::cmd::app::DeviceId;
use ipmi_wire::sdr::{
    AnalogCharacteristics, CompactSensor, DeviceType, Direction, EntityId, EventMessageSetup,
    EventOnlySensor, EventReadingType, FruDeviceLocator, FullSensor, IdString, McDeviceLocator,
    RawThresholds, Record, RecordHeader, RecordSharing, SensorCommon, SensorKey, SensorType,
    ThresholdKind, ThresholdMask, Units,
};

use super::built;
use super::sensors::{Analog, Discrete, Kind, Probe, SENSORS, Sensor};

mod history;
mod inventory;
#[cfg(test)]
mod tests;

/// The reference machine. Its log ends shortly before `now_epoch`, in seconds since 1970.
#[must_use]
pub fn reference(now_epoch: u32) -> Personality {
    let sensors = SENSORS.iter().map(|sensor| record(sensor, 0));
    let sdrs: Vec<_> = (1..)
        .zip(sensors.chain([session_audit()]).chain(locators()))
        .map(|(id, record)| record.with_record_id(id))
        .collect();
    Personality {
        device_id: device_id(),
        product: Product {
            manufacturer: "Lantern".into(),
            name: "Reference Server".into(),
            part_number: "LN-REF-2S".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        },
        sdrs_built: built(&sdrs),
        sdrs,
        sensors: plan(),
        records_in: RecordsIn::Repository,
        events: history::events(now_epoch),
        inventory: inventory::devices(),
    }
}

fn device_id() -> DeviceId {
    DeviceId {
        device_id: 0x20,
        provides_device_sdrs: false,
        device_revision: 1,
        updating: false,
        firmware_major: number(env!("CARGO_PKG_VERSION_MAJOR")),
        firmware_minor: bcd(number(env!("CARGO_PKG_VERSION_MINOR"))),
        ipmi_version: 0x02,
        additional_support: SUPPORT,
        manufacturer_id: DOCUMENTATION_USE,
        product_id: PRODUCT,
        auxiliary_firmware: Some([number(env!("CARGO_PKG_VERSION_PATCH")), 0, 0, 0]),
    }
}

/// IANA's "Example Enterprise Number for Documentation Use" (RFC 5612): we have none of our own and
/// pose as nobody else.
const DOCUMENTATION_USE: u32 = 32_473;
/// "LN".
const PRODUCT: u16 = 0x4c4e;
/// Sensors, SDR repository, SEL, FRU inventory, event generator, chassis. Spec: IPMI v2.0 §20.1, Table 20-2, byte 7.
const SUPPORT: u8 = 0xaf;

/// A component of the crate's version. It is a number as long as Cargo accepts it.
fn number(text: &str) -> u8 {
    text.parse().unwrap_or(u8::MAX)
}

/// Two decimal digits in one byte.
const fn bcd(number: u8) -> u8 {
    ((number / 10 % 10) << 4) | (number % 10)
}

/// What tells of logins. It cannot be read: what it has to say is over when it is said.
fn session_audit() -> Record {
    Record::EventOnly(EventOnlySensor {
        record_id: 0,
        version: RecordHeader::VERSION,
        key: SensorKey::bmc(SESSION_AUDIT),
        entity: EntityId::new(0x06, 1),
        sensor_type: SensorType::SESSION_AUDIT,
        event_type: EventReadingType::SENSOR_SPECIFIC,
        direction: Direction::Unspecified,
        sharing: RecordSharing::NONE,
        oem: 0,
        id: text("Session Audit"),
    })
}

/// Its sensor number, after those of [`SENSORS`].
const SESSION_AUDIT: u8 = 0x48;

/// Where the controller itself and the inventory of the power supplies are.
fn locators() -> impl Iterator<Item = Record> {
    let controller = Record::McDeviceLocator(McDeviceLocator {
        record_id: 0,
        version: RecordHeader::VERSION,
        slave_address: SensorKey::BMC,
        channel: Channel::new(0),
        acpi_system_power_notification: false,
        acpi_device_power_notification: false,
        is_static: true,
        logs_initialization_errors: true,
        log_initialization_errors: false,
        event_messages: EventMessageSetup::Enable,
        capabilities: SUPPORT,
        entity: EntityId::new(0x06, 1),
        oem: 0,
        id: text("BMC"),
    });
    let supplies = inventory::SUPPLIES.into_iter().map(|device| {
        Record::FruDeviceLocator(FruDeviceLocator {
            record_id: 0,
            version: RecordHeader::VERSION,
            access_address: SensorKey::BMC,
            logical: true,
            device,
            lun: 0,
            bus: 0,
            channel: Channel::new(0),
            device_type: DeviceType { code: 0x10, modifier: 0 },
            entity: EntityId::new(0x0a, device),
            oem: 0,
            id: text(&format!("PSU{device}")),
        })
    });
    std::iter::once(controller).chain(supplies)
}

/// The record that describes `sensor`.
fn record(sensor: &Sensor, record_id: u16) -> Record {
    match &sensor.kind {
        Kind::Analog(analog) => Record::Full(full(sensor, analog, record_id)),
        Kind::Discrete(discrete) => Record::Compact(compact(sensor, discrete, record_id)),
    }
}

fn full(sensor: &Sensor, analog: &Analog, record_id: u16) -> FullSensor {
    let scale = analog.scale;
    let mut thresholds = RawThresholds::default();
    for (kind, limit) in analog.thresholds() {
        thresholds.set(kind, scale.raw(limit));
    }
    let present: ThresholdMask = analog.thresholds().map(|(kind, _)| kind).collect();
    let lower = ThresholdMask(present.0 & 0x07);
    let upper = ThresholdMask(present.0 & 0x38);
    let events = threshold_events(present);
    FullSensor {
        record_id,
        version: RecordHeader::VERSION,
        sensor: SensorCommon {
            key: SensorKey::bmc(sensor.number),
            entity: sensor.entity,
            initialization: 0x7f,
            capabilities: ANALOG_CAPABILITIES,
            sensor_type: scale.sensor_type,
            event_type: EventReadingType::THRESHOLD,
            // Bits 14:12 of the two say which thresholds a reading reports as exceeded.
            assertion_mask: events | (u16::from(lower.0) << 12),
            deassertion_mask: events | (u16::from(upper.0 >> 3) << 12),
            // Those that can be read, and those that can be set.
            reading_mask: u16::from_le_bytes([present.0, present.0]),
            units: Units::plain(scale.format, scale.unit),
        },
        factors: scale.factors,
        analog: AnalogCharacteristics { normal_min: true, normal_max: true, nominal_reading: true },
        nominal_reading: scale.raw(analog.nominal),
        normal_max: scale.raw(analog.normal.1),
        normal_min: scale.raw(analog.normal.0),
        sensor_max: scale.raw(scale.range.1),
        sensor_min: scale.raw(scale.range.0),
        thresholds,
        positive_hysteresis: scale.hysteresis,
        negative_hysteresis: scale.hysteresis,
        oem: 0,
        id: name(sensor),
    }
}

fn compact(sensor: &Sensor, discrete: &Discrete, record_id: u16) -> CompactSensor {
    CompactSensor {
        record_id,
        version: RecordHeader::VERSION,
        sensor: SensorCommon {
            key: SensorKey::bmc(sensor.number),
            entity: sensor.entity,
            initialization: 0x67,
            capabilities: match sensor.probe {
                Probe::Intrusion => LATCHING_CAPABILITIES,
                _ => DISCRETE_CAPABILITIES,
            },
            sensor_type: discrete.sensor_type,
            event_type: EventReadingType::SENSOR_SPECIFIC,
            assertion_mask: discrete.assertions,
            deassertion_mask: discrete.deassertions,
            reading_mask: discrete.states,
            units: Units::DISCRETE,
        },
        direction: Direction::Unspecified,
        sharing: RecordSharing::NONE,
        positive_hysteresis: 0,
        negative_hysteresis: 0,
        oem: 0,
        id: name(sensor),
    }
}

/// Re-arms itself; thresholds and hysteresis can be set, and each event enabled by itself.
/// Spec: IPMI v2.0 §43.1, byte 12.
const ANALOG_CAPABILITIES: u8 = 0x68;
/// Re-arms itself; each event can be enabled by itself.
const DISCRETE_CAPABILITIES: u8 = 0x40;
/// Has to be re-armed; each event can be enabled by itself.
const LATCHING_CAPABILITIES: u8 = 0x00;

/// What the records do not say of [`SENSORS`].
fn plan() -> Plan {
    let special = |sensor: &Sensor| {
        let plan = SensorPlan::default();
        let plan = match sensor.probe {
            // Somebody who opened the lid and closed it again was there all the same.
            Probe::Intrusion => SensorPlan { latched: 1 << 0, ..plan },
            Probe::PsuStatus(_) => SensorPlan { usual: 1 << 0, ..plan },
            Probe::CpuStatus(_) => SensorPlan { usual: 1 << 7, ..plan },
            Probe::AcpiState => SensorPlan { usual: 1 << 0 | 1 << 5, ..plan },
            Probe::Watchdog | Probe::EventLog => SensorPlan { source: Source::Controller, ..plan },
            _ => return None,
        };
        Some((sensor.number, plan))
    };
    Plan { sensors: SENSORS.iter().filter_map(special).collect(), ..Plan::default() }
}

/// The events of these thresholds: going low over the lower ones, going high over the upper ones.
fn threshold_events(present: ThresholdMask) -> u16 {
    present.iter().map(|kind| 1 << threshold_offset(kind)).sum()
}

/// The event offset of crossing this threshold for the worse. Spec: IPMI v2.0 §42.1, Table 42-2.
const fn threshold_offset(kind: ThresholdKind) -> u8 {
    2 * kind.bit() + if kind.is_upper() { 1 } else { 0 }
}

fn name(sensor: &Sensor) -> IdString {
    text(sensor.name)
}

fn text(name: &str) -> IdString {
    // A test holds all names to what an ID string can be.
    IdString::new(name).unwrap_or(IdString::EMPTY)
}
