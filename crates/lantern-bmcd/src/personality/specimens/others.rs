//! Specimens of everything that is not a plain analogue sensor: non-linear and discrete ones,
//! shared records, names in every encoding, locators, and what else a repository may hold.

use ipmi_bmc::platform::Measurement;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::sdr::{
    AssociationFlags, BmcMessageChannelInfo, CompactSensor, DeviceEntity,
    DeviceRelativeEntityAssociation, DeviceType, Direction, EntityAssociation, EntityId,
    EventMessageSetup, EventOnlySensor, EventReadingType, FruDeviceLocator, GenericDeviceLocator,
    IdModifier, IdString, McConfirmation, McDeviceLocator, MessageChannel, OemRecord, Record,
    RecordHeader, RecordSharing, SensorCommon, SensorKey, SensorType, Units,
};
use ipmi_wire::{Channel, lan};

const VERSION: u8 = RecordHeader::VERSION;
/// IANA's number for documentation (RFC 5612).
const DOCUMENTATION_USE: u32 = 32_473;

/// A discrete sensor and the states that it reports.
pub(super) struct DiscreteSpecimen {
    pub(super) record: Record,
    pub(super) states: u16,
}

impl DiscreteSpecimen {
    /// What each of its sensors says.
    pub(super) fn readings(&self) -> Vec<(u8, Measurement)> {
        let sensors = match &self.record {
            Record::Compact(compact) => compact.sensors(),
            _ => Vec::new(),
        };
        sensors.iter().map(|one| (one.key.number, Measurement::States(self.states))).collect()
    }
}

/// Discrete sensors from number `first` on; sixteen numbers for each record.
pub(super) fn discrete(first: u8) -> Vec<DiscreteSpecimen> {
    let numeric = RecordSharing {
        id_modifier: IdModifier::Numeric,
        share_count: 4,
        entity_instances_differ: true,
        modifier_offset: 1,
    };
    let letters = RecordSharing {
        id_modifier: IdModifier::Alpha,
        share_count: 3,
        entity_instances_differ: false,
        modifier_offset: 24,
    };
    let alone = RecordSharing::NONE;
    let named = |bytes: &'static [u8]| move |record| with_id_string(record, bytes);
    let whole = |record| Record::Compact(record);
    let mut number = first;
    let mut next = |name, sensor_type, event_type, sharing: RecordSharing, states| {
        let record = compact(number, name, sensor_type, EventReadingType(event_type), sharing);
        number = number.saturating_add(sharing.count());
        DiscreteSpecimen { record: whole(record), states }
    };
    let mut all = vec![
        next("Fan present ", SensorType::FAN, 0x08, numeric, 0b10),
        next("Bay ", SensorType(0x0d), 0x6f, letters, 0b1),
        next("Usage", SensorType(0x0b), 0x02, alone, 0b010),
        next("Limit", SensorType::VOLTAGE, 0x05, alone, 0b10),
        next("Severity", SensorType::COOLING_DEVICE, 0x07, alone, 0b100),
        next("Redundancy", SensorType(0x09), 0x0b, alone, 0b1),
        next("Memory", SensorType::MEMORY, 0x6f, alone, 0b100_0000),
        next("OEM states", SensorType(0xc1), 0x70, alone, 0b101),
    ];
    // "SIX BITS" with four characters in three bytes, "12.5-0" in BCD plus, "Lüfter" in UTF-16,
    // and no name at all.
    for bytes in [
        &[0x86, 0x73, 0x8a, 0x03, 0x62, 0x4a, 0xcf][..],
        &[0x43, 0x12, 0xc5, 0xb0],
        &[0x0c, 0x4c, 0, 0xfc, 0, 0x66, 0, 0x74, 0, 0x65, 0, 0x72, 0],
        &[0xc0],
    ] {
        let specimen = next("", SensorType(0x25), 0x6f, alone, 0b1);
        all.push(match specimen.record {
            Record::Compact(record) => {
                DiscreteSpecimen { record: named(bytes)(record), states: specimen.states }
            }
            _ => specimen,
        });
    }
    all
}

fn compact(
    number: u8,
    name: &str,
    sensor_type: SensorType,
    event_type: EventReadingType,
    sharing: RecordSharing,
) -> CompactSensor {
    CompactSensor {
        record_id: 0,
        version: VERSION,
        sensor: SensorCommon {
            key: SensorKey::bmc(number),
            entity: EntityId::new(0x1d, 1),
            initialization: 0x67,
            // Re-arms itself; events by state.
            capabilities: 0x40,
            sensor_type,
            event_type,
            assertion_mask: 0,
            deassertion_mask: 0,
            reading_mask: 0x7fff,
            units: Units::DISCRETE,
        },
        direction: Direction::Unspecified,
        sharing,
        positive_hysteresis: 0,
        negative_hysteresis: 0,
        oem: 0,
        id: id(name),
    }
}

/// The record with a name as it would come from the wire: type/length byte and characters.
fn with_id_string(record: CompactSensor, name: &[u8]) -> Record {
    let plain = Record::Compact(CompactSensor { id: IdString::EMPTY, ..record });
    let mut bytes = plain.to_bytes();
    bytes.pop();
    bytes.extend(name);
    let length = bytes.len().saturating_sub(RecordHeader::LEN);
    if let Some(byte) = bytes.get_mut(4) {
        *byte = u8::try_from(length).unwrap_or(u8::MAX);
    }
    Record::decode(&bytes).unwrap_or(plain)
}

/// Everything without a reading. FRU devices 1 to `frus` get a locator each.
pub(super) fn unread(frus: u8, first_number: u8) -> Vec<Record> {
    let entity = EntityId::new;
    let bmc = lan::BMC_ADDRESS;
    let pair = RecordSharing { share_count: 2, modifier_offset: 1, ..RecordSharing::NONE };
    let event_only = |number, name, sharing| {
        Record::EventOnly(EventOnlySensor {
            record_id: 0,
            version: VERSION,
            key: SensorKey::bmc(number),
            entity: entity(0x22, 1),
            sensor_type: SensorType::SYSTEM_FIRMWARE_PROGRESS,
            event_type: EventReadingType::SENSOR_SPECIFIC,
            direction: Direction::Unspecified,
            sharing,
            oem: 0,
            id: id(name),
        })
    };
    let device = |instance| DeviceEntity {
        address: bmc,
        channel: Channel::new(0),
        entity: entity(0x08, instance),
    };
    let mc = |slave_address, name| {
        Record::McDeviceLocator(McDeviceLocator {
            record_id: 0,
            version: VERSION,
            slave_address,
            channel: Channel::new(0),
            acpi_system_power_notification: false,
            acpi_device_power_notification: false,
            is_static: true,
            logs_initialization_errors: true,
            log_initialization_errors: false,
            event_messages: EventMessageSetup::Enable,
            // Chassis, FRU, SEL, SDR repository, sensors; the satellite has sensors and FRU.
            capabilities: if slave_address == bmc { 0x8f } else { 0x09 },
            entity: entity(0x06, 1),
            oem: 0,
            id: id(name),
        })
    };
    let generic = |slave_address, name, code| {
        Record::GenericDeviceLocator(GenericDeviceLocator {
            record_id: 0,
            version: VERSION,
            access_address: bmc,
            slave_address,
            channel: Channel::new(0),
            lun: 0,
            bus: 1,
            address_span: 0,
            device_type: DeviceType { code, modifier: 0 },
            entity: entity(0x07, 1),
            oem: 0,
            id: id(name),
        })
    };
    let oem = |data: &[u8]| {
        Record::Oem(OemRecord {
            record_id: 0,
            version: VERSION,
            manufacturer_id: DOCUMENTATION_USE,
            data: data.to_vec(),
        })
    };
    let nobody = MessageChannel { can_transmit: false, receive_lun: 0, protocol: 0 };
    let lan_channel = MessageChannel { can_transmit: true, receive_lun: 0, protocol: 1 };
    let mut records = vec![
        event_only(first_number, "POST", RecordSharing::NONE),
        event_only(first_number.saturating_add(1), "Boot ", pair),
        Record::EntityAssociation(EntityAssociation {
            record_id: 0,
            version: VERSION,
            container: entity(0x07, 1),
            flags: AssociationFlags {
                ranges: true,
                linked: false,
                presence_sensor_always_accessible: true,
            },
            contained: [entity(0x08, 1), entity(0x08, 8), entity(0x03, 1), entity(0x03, 2)],
        }),
        Record::DeviceRelativeEntityAssociation(DeviceRelativeEntityAssociation {
            record_id: 0,
            version: VERSION,
            container: DeviceEntity {
                address: bmc,
                channel: Channel::new(0),
                entity: entity(0x0b, 0x60),
            },
            flags: AssociationFlags {
                ranges: false,
                linked: false,
                presence_sensor_always_accessible: false,
            },
            contained: [device(0x60), device(0x61), device(0x62), device(0x63)],
        }),
        mc(bmc, "Lantern BMC"),
        mc(0x72, "Hot-swap"),
        generic(0x98, "LM75", 0x0f),
        generic(0xa0, "SPD", 0x08),
        Record::McConfirmation(McConfirmation {
            record_id: 0,
            version: VERSION,
            slave_address: bmc,
            device_id: 0x20,
            channel: Channel::new(0),
            device_revision: 1,
            firmware_major: 1,
            firmware_minor: 0x23,
            ipmi_version: 0x02,
            manufacturer_id: DOCUMENTATION_USE,
            product_id: 0x4c53,
            guid: Guid([0x5a; 16]),
        }),
        Record::BmcMessageChannelInfo(BmcMessageChannelInfo {
            record_id: 0,
            version: VERSION,
            channels: [nobody, lan_channel, nobody, nobody, nobody, nobody, nobody, nobody],
            messaging_interrupt: BmcMessageChannelInfo::NO_INTERRUPT,
            event_buffer_interrupt: BmcMessageChannelInfo::NO_INTERRUPT,
        }),
        oem(b"a lantern in the gallery"),
        oem(&[]),
    ];
    records.extend((1..=frus).map(|device| {
        Record::FruDeviceLocator(FruDeviceLocator {
            record_id: 0,
            version: VERSION,
            access_address: bmc,
            logical: true,
            device,
            lun: 0,
            bus: 0,
            channel: Channel::new(0),
            device_type: DeviceType { code: 0x10, modifier: 0 },
            entity: entity(0x0b, device),
            oem: 0,
            id: id(&format!("Inventory {device}")),
        })
    }));
    records
}

fn id(name: &str) -> IdString {
    // A test holds all names to what an ID string can be.
    IdString::new(name).unwrap_or(IdString::EMPTY)
}
