//! The event log as ipmitool, FreeIPMI and our client read it: every kind of record, field by field.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::events::{check_detail, hex, logged, time};
use common::truth::TrueSensor;
use ipmi_wire::Encode;
use ipmi_wire::sdr::{Factors, Linearization};
use ipmi_wire::sel::SelRecord;
use lantern_testkit::peers::Figure;
use lantern_testkit::peers::freeipmi::parse::{SelEvent, ipmi_sel, ipmi_sel_hex};
use lantern_testkit::peers::ipmitool::parse::{SelRow, sel_csv, sel_details, sel_rows};

#[tokio::test]
async fn ipmitool_lists_every_event() {
    let logged = logged().await;
    let Some(tool) = logged.bmc.ipmitool(17) else { return };
    let (table, csv) = (tool.run("sel elist"), tool.run("-c sel elist"));
    let (table, csv) = (sel_rows(table.expect_success()), sel_csv(csv.expect_success()));
    let plain = sel_rows(tool.run("sel list").expect_success());
    assert_eq!([table.len(), csv.len(), plain.len()], [logged.log.len(); 3]);
    for (at, record) in logged.log.iter().enumerate() {
        check_row(&logged.sensors, record, &table[at], true);
        check_row(&logged.sensors, record, &csv[at], true);
        check_row(&logged.sensors, record, &plain[at], false);
    }
}

fn check_row(sensors: &[TrueSensor], record: &SelRecord, row: &SelRow, named: bool) {
    assert_eq!(row.id, record.id());
    if record.timestamp().is_some() {
        assert_eq!(row.when, [time(record, "%m/%d/%y"), time(record, "%H:%M:%S UTC")], "{row:?}");
    } else {
        assert!(row.when.is_empty(), "{row:?}");
    }
    match record {
        SelRecord::System {
            generator,
            sensor_type,
            sensor_number,
            assertion,
            event_type,
            data,
            ..
        } => {
            let sensor = sensors.iter().find(|sensor| {
                *generator == 0x20
                    && sensor.number == *sensor_number
                    && sensor.record.sensor_types().unwrap().0 == *sensor_type
            });
            let whose = match sensor.filter(|_| named) {
                Some(sensor) => format!(" {}", sensor.plain_name().trim_end()),
                None => format!(" #0x{sensor_number:02x}"),
            };
            assert!(row.rest[0].ends_with(&whose), "{row:?}: {whose}");
            assert_eq!(row.rest[2], if *assertion { "Asserted" } else { "Deasserted" });
            let figures = row.rest.get(3).map(String::as_str);
            match sensor.filter(|_| named && event_type.is_threshold()) {
                Some(sensor) => check_figures(sensor, *data, figures.unwrap()),
                None => assert_eq!(figures, None),
            }
        }
        SelRecord::OemTimestamped { record_type, manufacturer, data, .. } => {
            let who = format!("{manufacturer:06x}");
            assert_eq!(row.rest, [format!("OEM record {record_type:02x}"), who, hex(data)]);
        }
        SelRecord::Oem { record_type, data, .. } => {
            assert_eq!(row.rest, [format!("OEM record {record_type:02x}"), hex(data)]);
        }
        SelRecord::Unspecified { .. } => panic!("{record:?}"),
    }
}

/// `Reading -6.30 < Threshold -8.80 degrees C`; without figures in the event, `Reading 0`.
fn check_figures(sensor: &TrueSensor, data: [u8; 3], said: &str) {
    let number = |text: &str| Figure::parse(text.split(' ').next().unwrap()).unwrap();
    // It converts with the factors of the record, bent or not: it has no reading to ask them for.
    let full = sensor.full().unwrap();
    let factors = match full.factors.linearization {
        Linearization::NonLinear(_) => {
            Factors { linearization: Linearization::Linear, ..full.factors }
        }
        _ => full.factors,
    };
    let value = |raw| factors.value(raw, full.sensor.units.analog_format);
    let reading = if data[0] >> 6 == 1 { value(data[1]) } else { Some(0.0) };
    let rest = said.strip_prefix("Reading ").unwrap();
    // It computes with `float`, which has seven digits.
    let same = |figure: Figure, exact: Option<f64>| {
        let exact = exact.unwrap();
        (figure.value - exact).abs() < exact.abs() * 1e-6 || figure.is_rounded(Some(exact))
    };
    assert!(same(number(rest), reading), "{}: {said}, {reading:?}", sensor.name());
    assert_eq!(said.contains("Threshold"), data[0] >> 4 & 3 == 1);
    if let Some((_, threshold)) = rest.split_once("Threshold ") {
        assert!(same(number(threshold), value(data[2])), "{}: {said}", sensor.name());
        assert!(said.ends_with(&full.sensor.units.to_string()), "{said}");
    }
}

#[tokio::test]
async fn ipmitool_tells_every_event_at_length() {
    let logged = logged().await;
    let Some(tool) = logged.bmc.ipmitool(17) else { return };
    let out = tool.run("sel elist -v");
    let details = sel_details(out.expect_success());
    assert_eq!(details.len(), logged.log.len());
    for (said, record) in details.iter().zip(&logged.log) {
        check_detail(said, record, "Event Data");
    }
    // `sel get`, of a few of each kind.
    let ids: Vec<u16> =
        (1..=60).chain(u16::try_from(logged.log.len()).unwrap() - 8..).take(68).collect();
    let ids: Vec<u16> = ids.into_iter().filter(|id| usize::from(*id) <= logged.log.len()).collect();
    let words = ids.iter().map(|id| format!("{id:#x}")).collect::<Vec<_>>().join(" ");
    let out = tool.run(&format!("sel get {words}"));
    let details = sel_details(out.expect_success());
    assert_eq!(details.iter().map(|said| said.id).collect::<Vec<_>>(), ids);
    for said in &details {
        let record = &logged.log[usize::from(said.id) - 1];
        check_detail(said, record, "Event Data (RAW)");
        let Some(reading) = said.fields.get("Trigger Reading") else { continue };
        let SelRecord::System { sensor_number, data, .. } = record else { panic!("{record:?}") };
        let sensor = logged.sensors.iter().find(|s| s.number == *sensor_number).unwrap();
        if sensor.full().unwrap().factors.linearization.needs_reading_factors() {
            continue;
        }
        // The unit follows without a blank.
        for (field, raw) in [(reading, data[1]), (said.fields.expect("Trigger Threshold"), data[2])]
        {
            let units = sensor.full().unwrap().sensor.units.to_string();
            let figure = Figure::parse(field.strip_suffix(units.as_str()).unwrap()).unwrap();
            assert!(figure.is_rounded(sensor.value(raw)), "{}: {field}", sensor.name());
        }
    }
}

#[tokio::test]
async fn freeipmi_tells_every_event() {
    let logged = logged().await;
    let Some(tool) = logged.bmc.freeipmi(17) else { return };
    // Byte by byte.
    let out = tool.run("ipmi-sel", "--quiet-cache --hex-dump");
    let bytes: Vec<Vec<u8>> = logged.log.iter().map(Encode::to_bytes).collect();
    assert_eq!(ipmi_sel_hex(out.expect_success()), bytes);
    // What it makes of them.
    let options = "--quiet-cache -v --output-event-state --comma-separated-output";
    let out = tool.run("ipmi-sel", options);
    let events = ipmi_sel(out.expect_success());
    assert_eq!(events.len(), logged.log.len());
    for (event, record) in events.iter().zip(&logged.log) {
        check_event(&logged.sensors, event, record);
    }
}

fn check_event(sensors: &[TrueSensor], said: &SelEvent, record: &SelRecord) {
    assert_eq!(said.id, record.id());
    if record.timestamp().is_some() {
        let when = (time(record, "%b-%d-%Y"), time(record, "%H:%M:%S"));
        assert_eq!(said.when, when, "{said:?}");
    }
    let SelRecord::System { sensor_number, assertion, event_type, data, .. } = record else {
        assert!(said.event.last().unwrap().contains("OEM defined = "), "{said:?}");
        return;
    };
    let direction = if *assertion { "Assertion Event" } else { "Deassertion Event" };
    assert_eq!(said.direction.as_deref(), Some(direction));
    let sensor = sensors.iter().find(|sensor| sensor.number == *sensor_number);
    if let Some(sensor) = sensor.filter(|_| event_type.is_threshold()) {
        assert_eq!(said.name, sensor.plain_name());
        let full = sensor.full().unwrap();
        if data[0] & 0xf0 != 0x50 || full.factors.linearization.number() >= 0x0b {
            return;
        }
        for (field, part, raw) in [
            ("Sensor Reading = ", &said.event[1], data[1]),
            ("Threshold = ", &said.event[2], data[2]),
        ] {
            let figure = part.strip_prefix(field).unwrap().split(' ').next().unwrap();
            let figure = Figure::parse(figure).unwrap();
            assert!(figure.is_within_last_digit(sensor.value(raw)), "{}: {said:?}", sensor.name());
        }
    }
}
