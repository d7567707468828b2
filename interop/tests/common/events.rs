//! Events of every kind in the log of a BMC.

use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::SelRecord;
use jiff::Timestamp;
use lantern_testkit::peers::ipmitool::parse::SelDetail;

use super::truth::TrueSensor;
use super::{Bmc, truth};

/// An event of the BMC's.
pub fn event(
    sensor_type: u8,
    number: u8,
    event_type: u8,
    assertion: bool,
    data: [u8; 3],
) -> SelRecord {
    SelRecord::System {
        id: 0,
        timestamp: 0,
        generator: 0x0020,
        evm_rev: SelRecord::EVM_REV,
        sensor_type: SensorType(sensor_type),
        sensor_number: number,
        assertion,
        event_type: EventReadingType(event_type),
        data,
    }
}

/// One of everything.
pub fn events(sensors: &[TrueSensor]) -> Vec<SelRecord> {
    let mut events = Vec::new();
    // Every threshold event of every sensor with thresholds, in turns; each with figures.
    for (offset, sensor) in (0..12u8).cycle().zip(sensors) {
        let Some(full) = sensor.full().filter(|_| sensor.thresholds.is_some()) else { continue };
        let (kind, number) = (full.sensor.sensor_type.0, sensor.number);
        let data = [0x50 | offset, full.normal_max, full.normal_min];
        events.push(event(kind, number, 0x01, offset % 3 != 0, data));
        events.push(event(kind, number, 0x01, true, [offset, 0xff, 0xff]));
    }
    // All generic states, and all states of all sensor types.
    for event_type in 0x02..=0x0c {
        events
            .extend((0..8).map(|offset| event(0x0b, 0x47, event_type, true, [offset, 0xff, 0xff])));
    }
    for sensor_type in 0x05..=0x2c {
        events.extend(
            (0..4).map(|offset| {
                event(sensor_type, 0xf0, 0x6f, offset & 1 == 0, [offset, 0xff, 0xff])
            }),
        );
    }
    // An OEM's event type and an OEM's sensor; somebody else's event.
    events.push(event(0xc1, 0x4c, 0x70, true, [0x02, 0x11, 0x22]));
    events.push(event(0x02, 0x48, 0x7e, false, [0xa1, 0x11, 0x22]));
    let mut software = event(0x04, 0x10, 0x6f, true, [0; 3]);
    if let SelRecord::System { generator, .. } = &mut software {
        *generator = 0x0341;
    }
    events.push(software);
    for (manufacturer, record_type) in [(0x157, 0xc0), (32_473, 0xdf)] {
        let (id, timestamp, data) = (0, 0, [1, 2, 3, 0x41, 0x42, 0xff]);
        events.push(SelRecord::OemTimestamped { id, record_type, timestamp, manufacturer, data });
    }
    for record_type in [0xe0, 0xef, 0xff] {
        let data = std::array::from_fn(|at| 0x40 + u8::try_from(at).unwrap());
        events.push(SelRecord::Oem { id: 0, record_type, data });
    }
    events
}

/// A BMC with these events in its log, and what our client reads of it.
pub struct Logged {
    pub bmc: Bmc,
    pub client: ipmi_client::Bmc,
    _endpoint: ipmi_client::Endpoint,
    pub sensors: Vec<TrueSensor>,
    pub log: Vec<SelRecord>,
}

pub async fn logged() -> Logged {
    let bmc = Bmc::specimens();
    let (endpoint, client) = super::client_at(bmc.addr);
    let sensors = truth::sensors(&client).await;
    let wanted = events(&sensors);
    for event in &wanted {
        client.sel_add(event).await.unwrap();
    }
    let log = client.sel_entries().await.unwrap();
    assert_eq!(log.len(), wanted.len());
    for (at, (logged, wanted)) in log.iter().zip(&wanted).enumerate() {
        // The BMC numbers and times them itself.
        assert_eq!(usize::from(logged.id()), at + 1);
        let time = logged.timestamp().map_or(0, |time| time.raw());
        assert_eq!(*logged, wanted.with_id(logged.id()).with_timestamp(time));
    }
    Logged { bmc, client, _endpoint: endpoint, sensors, log }
}

/// The time of a record as `format` has it.
pub fn time(record: &SelRecord, format: &str) -> String {
    let seconds = record.timestamp().unwrap().raw();
    Timestamp::from_second(seconds.into()).unwrap().strftime(format).to_string()
}

/// What ipmitool says of a record at length, against the record. `data_field` is its name for the data.
pub fn check_detail(said: &SelDetail, record: &SelRecord, data_field: &str) {
    let fields = &said.fields;
    assert_eq!(said.id, record.id());
    let record_type = fields.expect("Record Type").split(' ').next().unwrap();
    assert_eq!(record_type, format!("{:02x}", record.record_type()));
    // Times before 2^29 count from the BMC's start (IPMI v2.0 §37.1), as `ipmi_sim`'s do.
    if record.timestamp().is_some_and(|time| time.raw() >= 0x2000_0000) {
        // The date twice: both halves are written into one buffer before either is printed
        // (ipmi_sel.c:2046).
        let date = time(record, "%m/%d/%y");
        assert_eq!(fields.expect("Timestamp"), format!("{date} {date}"));
    }
    match record {
        SelRecord::System { generator, evm_rev, sensor_number, assertion, data, .. } => {
            assert_eq!(fields.expect("Generator ID"), format!("{generator:04x}"));
            assert_eq!(fields.expect("EvM Revision"), format!("{evm_rev:02x}"));
            assert_eq!(fields.expect("Sensor Number"), format!("{sensor_number:02x}"));
            let direction = if *assertion { "Assertion Event" } else { "Deassertion Event" };
            assert_eq!(fields.expect("Event Direction"), direction);
            let said = fields.get(data_field).unwrap_or_else(|| fields.expect("Event Data"));
            assert_eq!(said, hex(data));
        }
        SelRecord::OemTimestamped { manufacturer, data, .. } => {
            assert_eq!(fields.expect("Manufactacturer ID"), format!("{manufacturer:06x}"));
            assert!(fields.expect("OEM Defined").starts_with(&hex(data)), "{fields}");
        }
        SelRecord::Oem { data, .. } => {
            assert!(fields.expect("OEM Defined").starts_with(&hex(data)), "{fields}");
        }
        SelRecord::Unspecified { .. } => panic!("{record:?}"),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
