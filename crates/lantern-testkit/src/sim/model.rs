//! What the BMC is: as little as it takes for every request to have an answer of its own.

use ipmi_bmc::FruDevice;
use ipmi_bmc::personality::{Personality, Product, RecordsIn};
use ipmi_bmc::sensors::Plan;
use ipmi_wire::cmd::app::DeviceId;
use ipmi_wire::sdr::{
    AnalogCharacteristics, AnalogFormat, EntityId, EventReadingType, Factors, FullSensor, IdString,
    RawThresholds, Record, RecordHeader, SensorCommon, SensorKey, SensorType, UnitCode, Units,
};

use super::work::{DEVICE_ID, EVENTS, INVENTORY, READ, SENSORS, WRITTEN, inventory, old_event};

/// A controller with two inventories, a few sensors, and events from before.
pub(super) fn personality() -> Personality {
    let contents = inventory(0, INVENTORY);
    Personality {
        device_id: DeviceId {
            device_id: DEVICE_ID,
            provides_device_sdrs: false,
            device_revision: 1,
            updating: false,
            firmware_major: 1,
            firmware_minor: 0,
            ipmi_version: 2,
            additional_support: 0xaf,
            manufacturer_id: 32_473,
            product_id: 1,
            auxiliary_firmware: None,
        },
        product: Product {
            manufacturer: String::new(),
            name: String::new(),
            part_number: String::new(),
            version: String::new(),
        },
        sdrs: SENSORS.map(sensor).into(),
        sensors: Plan::default(),
        records_in: RecordsIn::Repository,
        sdrs_built: 1_700_000_000,
        events: (1..=EVENTS).map(old_event).collect(),
        inventory: vec![
            FruDevice { id: READ, size: INVENTORY, contents, write_protected: true },
            FruDevice {
                id: WRITTEN,
                size: INVENTORY,
                contents: Vec::new(),
                write_protected: false,
            },
        ],
    }
}

/// A temperature that sends no events.
fn sensor(number: u8) -> Record {
    Record::Full(FullSensor {
        record_id: 0,
        version: RecordHeader::VERSION,
        sensor: SensorCommon {
            key: SensorKey::bmc(number),
            entity: EntityId::new(7, 1),
            initialization: 0x7f,
            capabilities: 0x40,
            sensor_type: SensorType::TEMPERATURE,
            event_type: EventReadingType::THRESHOLD,
            assertion_mask: 0,
            deassertion_mask: 0,
            reading_mask: 0,
            units: Units::plain(AnalogFormat::Unsigned, UnitCode::DEGREES_C),
        },
        factors: Factors::IDENTITY,
        analog: AnalogCharacteristics::default(),
        nominal_reading: 0,
        normal_max: 0,
        normal_min: 0,
        sensor_max: 0xff,
        sensor_min: 0,
        thresholds: RawThresholds::from_command([0; 6]),
        positive_hysteresis: 0,
        negative_hysteresis: 0,
        oem: 0,
        id: IdString::new("Temp").expect("short"),
    })
}
