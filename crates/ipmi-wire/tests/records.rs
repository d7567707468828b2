//! Records of real machines, in `vectors/records/`: each is read, means what it says, and is
//! written to the same bytes.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of tests are tests, too"
)]

use std::fs;
use std::path::PathBuf;

use ipmi_wire::cmd::sensor::SensorReading;
use ipmi_wire::sdr::{FullSensor, Record, RecordHeader, ThresholdKind};
use ipmi_wire::sel::{SelRecord, Severity, state_severity, state_texts};
use ipmi_wire::{Decode, Encode};

const REPOSITORIES: [(&str, usize); 7] = [
    ("inventec-ast2300.sdr", 40),
    ("ast2500-two-socket.sdr", 97),
    ("ami-megarac-spx.sdr", 13),
    ("dell-fc830.sdr", 14),
    ("dell-r630.sdr", 2),
    ("kontron.sdr", 3),
    ("supermicro-cpu-temp.sdr", 1),
];

/// The lines of a file that are not comments: the bytes, and what follows them.
fn lines(file: &str) -> Vec<(Vec<u8>, String)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/records").join(file);
    let text = fs::read_to_string(&path).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (hex, name) = line.split_once(" | ").unwrap_or((line, ""));
            (unhex(hex), name.to_owned())
        })
        .collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    let digit = |c: char| u8::try_from(c.to_digit(16).unwrap()).unwrap();
    let digits: Vec<u8> = hex.chars().map(digit).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] << 4) | pair[1]).collect()
}

fn records(file: &str) -> Vec<Record> {
    lines(file).iter().map(|(bytes, _)| Record::decode(bytes).unwrap()).collect()
}

fn full(file: &str, name: &str) -> FullSensor {
    let found = records(file).into_iter().find_map(|record| match record {
        Record::Full(full) if full.id.text() == name => Some(full),
        _ => None,
    });
    found.unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1.0)
}

#[test]
fn every_record_keeps_its_name_and_its_bytes() {
    for (file, count) in REPOSITORIES {
        let lines = lines(file);
        assert_eq!(lines.len(), count, "{file}");
        for (bytes, name) in lines {
            let record = Record::decode(&bytes).unwrap();
            let text = record.name().map(ToString::to_string).unwrap_or_default();
            assert_eq!(text, name, "{file}");
            // Not a single one has a reserved bit set.
            assert_eq!(record.to_bytes(), bytes, "{file}: {name}");
            // AMI's own kind, D0h, is the only one without a type of its own.
            let other = matches!(record, Record::Other { .. });
            assert_eq!(other, bytes[3] == 0xd0, "{file}: {name}");
            // Padded, as HP's DL585 G7 and ipmi_sim answer, it is the same.
            let padded = [&bytes[..], &[0; 7]].concat();
            assert_eq!(Record::decode(&padded).as_ref(), Ok(&record));
        }
    }
}

#[test]
fn every_kind_but_the_associations_is_met() {
    let mut kinds: Vec<u8> = REPOSITORIES
        .iter()
        .flat_map(|(file, _)| records(file))
        .map(|record| record.record_type())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, [0x01, 0x02, 0x03, 0x11, 0x12, 0x13, 0xc0, 0xd0]);
}

#[test]
fn values_are_those_of_the_sources() {
    // ipmi-rs's test: 2Ch is 5280 RPM, 99h is 25 degrees.
    let fan = full("dell-r630.sdr", "Fan2A");
    assert!(close(fan.value(0x2c).unwrap(), 5280.0));
    assert_eq!(fan.sensor.units.words(), "RPM");
    let inlet = full("dell-r630.sdr", "Inlet Temp");
    assert!(close(inlet.value(0x99).unwrap(), 25.0));
    assert_eq!(inlet.sensor.units.symbol(), "°C");
    assert!(close(inlet.value(inlet.thresholds.lower_critical).unwrap(), -7.0));
    // gebn/bmc's comments on the bytes.
    let cpu = full("supermicro-cpu-temp.sdr", "CPU Temp");
    assert!(close(cpu.value(cpu.nominal_reading).unwrap(), 40.0));
    assert!(close(cpu.value(cpu.normal_max).unwrap(), 89.0));
    assert!(close(cpu.value(cpu.thresholds.get(ThresholdKind::UpperCritical)).unwrap(), 100.0));
    // A rate that says what the unit says already.
    assert_eq!(full("ami-megarac-spx.sdr", "Fan_1").sensor.units.words(), "RPM");
    // python-ipmi's test of the confirmation record.
    let confirmation = records("kontron.sdr").into_iter().find_map(|record| match record {
        Record::McConfirmation(confirmation) => Some(confirmation),
        _ => None,
    });
    let confirmation = confirmation.unwrap();
    assert_eq!(confirmation.ipmi_version, 0x51);
    // It counts 20 bits of the manufacturer, we all 24.
    assert_eq!(confirmation.manufacturer_id & 0x000f_ffff, 0x0002_c14a);
    assert_eq!(confirmation.product_id, 0x8006);
}

#[test]
fn an_inventory_behind_another_controller_is_told_from_a_chip() {
    let fru = |file, name: &str| {
        let found = records(file).into_iter().find_map(|record| match record {
            Record::FruDeviceLocator(fru) if fru.id.text() == name => Some(fru),
            _ => None,
        });
        found.unwrap()
    };
    assert_eq!(fru("dell-fc830.sdr", "Chassis PS2").fru_id(), Some(2));
    let cpu = fru("dell-fc830.sdr", "CPU2");
    assert_eq!((cpu.fru_id(), cpu.device, cpu.access_address), (None, 0xb0, 0));
    assert_eq!(fru("kontron.sdr", "Kontron MCMC").access_address, 0x82);
}

#[test]
fn readings_become_what_they_mean() {
    let records = records("inventec-ast2300.sdr");
    let mut analogue = 0;
    for (key, expected) in readings() {
        let (number, reading) = key;
        let record = records.iter().find(|record| record.sensor_number() == Some(number)).unwrap();
        assert!(reading.is_valid(), "{number:02x}");
        if let Some(expected) = expected {
            let Record::Full(full) = record else { panic!("{number:02x} is not analogue") };
            let value = full.value(reading.raw).unwrap();
            assert!(close(value, expected), "{number:02x}: {value}");
            assert_eq!(full.raw(expected), reading.raw);
            assert!(reading.threshold_status().is_empty());
            analogue += 1;
        }
    }
    assert_eq!(analogue, 26);
}

#[test]
fn states_are_told_and_judged() {
    // One supply had no mains, so redundancy was gone.
    let records = records("inventec-ast2300.sdr");
    let judged = |name: &str| {
        let record = records.iter().find(|record| record.name().unwrap().text() == name).unwrap();
        let number = record.sensor_number().unwrap();
        let ((_, reading), _) =
            readings().into_iter().find(|((sensor, _), _)| *sensor == number).unwrap();
        let (kind, event) = record.sensor_types().unwrap();
        (state_texts(kind, event, reading.states), state_severity(kind, event, reading.states))
    };
    let first = ["Power supply present", "Input lost or out of range"];
    assert_eq!(judged("PSU1 Status"), (first.to_vec(), Severity::Critical));
    assert_eq!(judged("PSU2 Status"), (vec!["Power supply present"], Severity::Information));
    assert_eq!(judged("PSU Redundancy"), (vec!["Redundancy lost"], Severity::Critical));
    assert_eq!(judged("Watchdog2"), (vec![], Severity::Information));
}

/// Sensor number and answer, and the value if it is an analogue sensor.
fn readings() -> Vec<((u8, SensorReading), Option<f64>)> {
    let path = "../../vectors/records/inventec-ast2300.readings";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = fs::read_to_string(path).unwrap();
    let read = |line: &str| {
        let (key, value) = line.split_once(" | ").unwrap_or((line, ""));
        let (number, answer) = key.split_once(' ').unwrap();
        let answer = SensorReading::decode_exact(&unhex(answer)).unwrap();
        ((unhex(number)[0], answer), value.parse().ok())
    };
    text.lines().filter(|line| !line.starts_with('#')).map(read).collect()
}

#[test]
fn a_record_may_end_before_its_name_and_inside_it() {
    // ipmitool takes a type/length code of 0 for "no name", and shows what there is of a name that
    // is shorter than its code says (ipmi_sdr_list_cache and the printers of each kind).
    for (file, _) in REPOSITORIES {
        for (bytes, name) in lines(file).into_iter().filter(|(_, name)| !name.is_empty()) {
            let cut = |count: usize| {
                let mut short = bytes[..bytes.len() - count].to_vec();
                short[4] = u8::try_from(short.len() - RecordHeader::LEN).unwrap();
                Record::decode(&short).unwrap()
            };
            let text = |record: &Record| record.name().unwrap().text();
            assert_eq!(text(&cut(1)), name[..name.len() - 1], "{file}");
            // Without the name, and without its code either.
            for count in [name.len(), name.len() + 1] {
                assert!(text(&cut(count)).is_empty(), "{file}: {name}");
            }
            let key = Record::decode(&bytes).unwrap().key();
            assert_eq!(cut(name.len() + 1).key(), key);
        }
    }
}

#[test]
fn a_name_ends_where_its_code_says_even_if_the_record_goes_on() {
    // FreeIPMI's list of defects, SDR issue 3: records with an excess of bytes.
    let (mut bytes, _) = lines("dell-r630.sdr").remove(1);
    bytes.extend(b"\0\0junk");
    bytes[4] += 6;
    let record = Record::decode(&bytes).unwrap();
    assert_eq!(record.name().unwrap().text(), "Inlet Temp");
    assert_eq!(record.to_bytes(), lines("dell-r630.sdr").remove(1).0);
}

#[test]
fn every_event_is_written_to_the_same_bytes() {
    let lines = lines("events.sel");
    assert_eq!(lines.len(), 20);
    for (bytes, _) in lines {
        assert_eq!(SelRecord::decode_exact(&bytes).unwrap().to_bytes(), bytes);
    }
}

#[test]
fn events_are_told_and_judged() {
    let events: Vec<SelRecord> = lines("events.sel")
        .iter()
        .map(|(bytes, _)| SelRecord::decode_exact(bytes).unwrap())
        .collect();
    let told: Vec<(String, Severity)> =
        events.iter().filter_map(|event| Some((event.describe()?, event.severity()))).collect();
    let expected = [
        // Dell.
        ("Log cleared", Severity::Information),
        ("General chassis intrusion", Severity::Critical),
        ("General chassis intrusion", Severity::Information),
        // Huawei.
        ("Log cleared", Severity::Information),
        // Kontron, an OEM's sensor type.
        ("OEM state 0 (data ff ff)", Severity::Unknown),
        // A deassertion.
        ("Upper Non-critical going high", Severity::Information),
        // IBM.
        ("Undetermined system hardware failure", Severity::Critical),
        // Event type 0.
        ("State 0 (data 04 07)", Severity::Unknown),
        ("State 3 (data 02 04)", Severity::Unknown),
        ("State 3 (data 02 04)", Severity::Unknown),
        // ipmitool's own.
        ("Upper Critical going high", Severity::Critical),
        // HP; the second says itself that it is for information only.
        ("OEM state 0 (data 0f ff)", Severity::Unknown),
        ("OEM system boot event: severity informational", Severity::Information),
        // OCP, and manufacturer 26061, whose extension bytes are its own.
        ("Uncorrectable machine check exception", Severity::Critical),
        ("Log cleared", Severity::Information),
        ("System firmware error", Severity::Critical),
        ("Warm reset", Severity::Information),
        ("C: boot completed", Severity::Information),
    ];
    assert_eq!(told, expected.map(|(text, severity)| (text.to_owned(), severity)));
    // IBM's eSEL and the one of manufacturer 311 are OEMs'.
    let oem: Vec<u32> = events
        .iter()
        .filter_map(|event| match event {
            SelRecord::OemTimestamped { manufacturer, .. } => Some(*manufacturer),
            _ => None,
        })
        .collect();
    assert_eq!(oem, [0x0004_0020, 311]);
}
