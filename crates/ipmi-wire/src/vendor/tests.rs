//! Events of each maker, and what its table makes of them. That these are the facts which others
//! tell is shown in `interop/tests/vendors.rs`.

use proptest::prelude::*;

use super::*;

const DELL: (u32, u16) = (674, 256);
const X10: (u32, u16) = (10876, 2201);

fn event(generator: u16, sensor_type: u8, number: u8, kind: u8, data: [u8; 3]) -> SelRecord {
    SelRecord::System {
        id: 1,
        timestamp: 0,
        generator,
        evm_rev: SelRecord::EVM_REV,
        sensor_type: SensorType(sensor_type),
        sensor_number: number,
        assertion: kind & 0x80 == 0,
        event_type: EventReadingType(kind & 0x7f),
        data,
    }
}

fn decode((manufacturer, product): (u32, u16), record: &SelRecord) -> Option<Decoded> {
    Decoder::new(manufacturer, product).record(record)
}

fn text(bmc: (u32, u16), record: &SelRecord) -> String {
    decode(bmc, record).map_or_else(|| "-".to_owned(), |decoded| decoded.text())
}

#[test]
fn where_the_memory_is() {
    for (bmc, number, data, expected) in [
        (DELL, 1, [0xa0, 0x80, 0x01], "DIMM A1"),
        (DELL, 1, [0xa1, 0x92, 0x04], "DIMM D1"),
        (DELL, 1, [0xa0, 0xa0, 0x81], "DIMM A1, A8"),
        (DELL, 1, [0xa0, 0xf1, 0x01], "DIMM 9"),
        (DELL, 1, [0xa0, 0x30, 0x02], "memory card 3, DIMM 2"),
        (DELL, 1, [0x00, 0xe0, 0x08], "DIMM B1"),
        (DELL, 1, [0x20, 0x80, 0x01], "-"),
        (X10, 0xff, [0xa0, 0x2a, 0x80], "DIMM B1, CPU 1"),
        (X10, 0xff, [0xa0, 0x1b, 0x81], "DIMM 2 of channel 1, CPU 2"),
        (X10, 0xff, [0xa0, 0x21, 0x81], "-"),
        ((15370, 266), 0, [0x20, 0xff, 0x31], "channel D, DIMM 1"),
    ] {
        assert_eq!(
            text(bmc, &event(0x20, 0x0c, number, 0x6f, data)),
            expected,
            "{bmc:?} {data:x?}"
        );
    }
    let smi = |product, data| text((343, product), &event(0x33, 0x0c, 2, 0x6f, data));
    assert_eq!(smi(112, [0xa1, 0x02, 0x48]), "CPU 3, channel K, DIMM 1, rank 2");
    assert_eq!(smi(77, [0xa1, 0x02, 0x2a]), "CPU 2, channel B, DIMM 3, rank 2");
    // Only of who has this sensor number.
    assert_eq!(text((343, 112), &event(0x20, 0x0c, 2, 0x6f, [0xa1, 2, 0x48])), "-");
}

#[test]
fn states_of_makers_own_types() {
    let overheat = event(0x20, 0xc0, 0x11, 0x70, [0x02, 0xff, 0xff]);
    for bmc in [(10876, 1572), (47488, 43707), (10437, 4), (5593, 6)] {
        let decoded = decode(bmc, &overheat).unwrap();
        assert_eq!((decoded.vendor, decoded.text().as_str()), ("Supermicro", "Overheat"));
        assert_eq!(decoded.severity, Severity::Critical);
        assert!(decoded.sources.iter().any(|source| source.starts_with("FreeIPMI 1.6.10")));
    }
    let gone = event(0x20, 0xc0, 0x11, 0xf0, [0x02, 0xff, 0xff]);
    assert_eq!(decode((10876, 1572), &gone).unwrap().severity, Severity::Information);
    // A product, a maker and a state that nobody knows anything of.
    assert_eq!(decode((10876, 1), &overheat), None);
    assert_eq!(decode((99, 1572), &overheat), None);
    let medium = event(0x20, 0xc0, 0x11, 0x70, [0x01, 0xff, 0xff]);
    assert_eq!(decode((10876, 1572), &medium), None);

    let pcie = event(0x33, 0x13, 4, 0x70, [0xa4, 0x5e, 0x19]);
    assert_eq!(text((343, 111), &pcie), "PCIe fatal error: poisoned TLP: PCI 5e:03.1");
    let irmc = event(0x20, 0xe8, 0x20, 0x6f, [0x02, 0xff, 0xff]);
    assert_eq!(text((10368, 0x0242), &irmc), "Failed");
    let boot = event(0x01, 0x12, 0x81, 0x6f, [0xa1, 0x15, 0x42]);
    assert_eq!(text((11161, 131), &boot), "BIOS version 1.21.2");
    let bios = event(0x01, 0xc1, 0x81, 0x70, [0xa0, 0x02, 0x15]);
    assert_eq!(text((20569, 51), &bios), "BMC enabled by BIOS: BIOS version 02.15");
}

#[test]
fn sensors_are_read_by_state_or_as_a_whole() {
    let states = |bmc: (u32, u16), sensor_type, event_type, states| {
        let decoder = Decoder::new(bmc.0, bmc.1);
        decoder.states(SensorType(sensor_type), EventReadingType(event_type), 1, states)
    };
    for (value, expected) in [(0, "Low"), (1, "Medium"), (2, "High"), (4, "Overheat")] {
        let decoded = states((10876, 1572), 0xc0, 0x70, value).unwrap();
        assert_eq!(decoded.text(), expected);
    }
    assert_eq!(states((10876, 1572), 0xc0, 0x70, 3), None);
    let both = states(DELL, 0xc0, 0x6f, 0x0044).unwrap();
    assert_eq!(
        both.text(),
        "Degraded, protects itself from heat, Halted, more power needed than there is"
    );
    assert_eq!(both.severity, Severity::Critical);
    assert_eq!(states(DELL, 0xc0, 0x6f, 0), None);
    // What nobody knows is not left out beside what somebody knows, and alone it is not explained.
    let half = states(DELL, 0xc0, 0x6f, 0x0140).unwrap();
    assert_eq!(half.text(), "Halted, more power needed than there is, state 8");
    assert_eq!(states(DELL, 0xc0, 0x6f, 0x0100), None);
    let decoder = Decoder::new(674, 256);
    assert_eq!(decoder.sensor_type(SensorType(0xc3)), Some("Fatal I/O error"));
    assert_eq!(decoder.sensor_type(SensorType(0xcf)), None);
    assert_eq!(decoder.vendor(), Some("Dell"));
}

#[test]
fn a_panicking_kernel_and_a_management_engine_are_anybodys() {
    let nobody = (99, 1);
    let panic = event(0x41, 0x20, b'O', 0x6f, [0xa1, b'o', b'p']);
    assert_eq!(text(nobody, &panic), "kernel panic \"Oop…\"");
    let mut data = [0; 13];
    data[..8].copy_from_slice(b"\x20\x01attemp");
    let part = SelRecord::Oem { id: 1, record_type: 0xf0, data };
    let decoded = decode(nobody, &part).unwrap();
    assert_eq!(
        (decoded.vendor, decoded.text().as_str()),
        ("Linux kernel", "kernel panic, part 2: \"attemp\"")
    );
    let health = event(0x2c, 0xdc, 0x17, 0x75, [0xa0, 0x03, 0x02]);
    let decoded = decode(DELL, &health).unwrap();
    assert_eq!(decoded.vendor, "Intel Management Engine");
    assert_eq!(decoded.text(), "ME firmware: flash state: write limit reached, writing disabled");
    assert_eq!(text(nobody, &event(0x20, 0xdc, 0x17, 0x75, [0xa0, 0x03, 0x02])), "-");
}

#[test]
fn records_of_makers_own_types() {
    let ibm = SelRecord::OemTimestamped {
        id: 1,
        record_type: 0xc1,
        timestamp: 0,
        manufacturer: 2,
        data: [3, 0, 1, 4, 0, 0],
    };
    let expected = "Scalability link down: chassis 1, port 4";
    // The record says whose it is, whoever made the BMC.
    assert_eq!((text((20301, 1), &ibm), text(DELL, &ibm)), (expected.into(), expected.into()));
    let meta = |data| SelRecord::Oem { id: 1, record_type: 0xfb, data };
    let memory = meta([0x21, 0, 0, 0, 0, 0x11, 2, 1, 0, 0, 5, 6, 0]);
    assert_eq!(
        text((40981, 1), &memory),
        "Memory training failed: sled 1 socket 1, channel 2 slot 1"
    );
    let pcie = meta([0x20, 0, 0, 0, 0, 0, 0, 0x0a, 0x17, 0, 0, 0x50, 0x2b]);
    assert_eq!(text((40981, 1), &pcie), "PCIe error: PCI 17:01.2, error IDs 0x2b 0x50");
    assert_eq!(text(DELL, &pcie), "-");
}

#[test]
fn what_only_a_maker_can_explain_is_known_as_such() {
    assert!(is_oem(&event(0x20, 0xc0, 1, 0x6f, [0, 0xff, 0xff])));
    assert!(is_oem(&event(0x20, 0x01, 1, 0x70, [0, 0xff, 0xff])));
    assert!(is_oem(&event(0x20, 0x0c, 1, 0x6f, [0x20, 0xff, 0x01])));
    assert!(!is_oem(&event(0x20, 0x0c, 1, 0x6f, [0xa0, 0xff, 0xff])));
    assert!(!is_oem(&event(0x20, 0x0c, 1, 0x6f, [0x30, 0xff, 0x01])));
    assert!(!is_oem(&event(0x20, 0xc0, 1, 0x01, [0x57, 1, 2])));
    assert!(is_oem(&SelRecord::Oem { id: 1, record_type: 0xe0, data: [0; 13] }));
}

#[test]
fn every_vendor_can_be_shown() {
    let all: Vec<Vendor> = vendors().collect();
    assert_eq!(all.len(), TABLES.len());
    for vendor in &all {
        assert!(vendor.of_anybody().is_some() == vendor.makers().is_empty(), "{}", vendor.key());
        assert!(!vendor.all_sources().is_empty());
    }
    assert_eq!(all.iter().filter(|vendor| vendor.of_anybody().is_some()).count(), ANYBODY);
}

fn product() -> impl Strategy<Value = (u32, u16)> {
    let makers: Vec<u32> = vendors()
        .flat_map(|vendor| vendor.makers().iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .collect();
    let products = vec![4, 51, 52, 62, 73, 77, 112, 131, 256, 266, 512, 1572, 2201, 8192, 21401];
    (
        prop_oneof![proptest::sample::select(makers), any::<u32>()],
        prop_oneof![proptest::sample::select(products), any::<u16>()],
    )
}

proptest! {
    #[test]
    fn no_event_of_nobody_panics(
        bmc in product(),
        mut bytes: [u8; 16],
        record_type in prop_oneof![8 => Just(2u8), 2 => 0xc0u8..=0xff, 1 => any::<u8>()],
        sensor_type in prop_oneof![Just(0x0cu8), Just(0x13), Just(0x0f), 0xc0u8..=0xff, any::<u8>()],
        kind in prop_oneof![Just(0x6fu8), 0x70u8..=0x7f, any::<u8>()],
        states: u16,
    ) {
        bytes[2] = record_type;
        if record_type == 2 {
            bytes[10] = sensor_type;
            bytes[12] = kind;
        }
        let record = crate::Decode::decode_exact(&bytes).unwrap();
        let decoder = Decoder::new(bmc.0, bmc.1);
        if let Some(decoded) = decoder.record(&record) {
            prop_assert!(!decoded.text().is_empty() && !decoded.sources.is_empty());
        }
        let (sensor_type, event_type) = (SensorType(sensor_type), EventReadingType(kind & 0x7f));
        let _ = decoder.states(sensor_type, event_type, bytes[11], states);
        let _ = (is_oem(&record), decoder.sensor_type(sensor_type), panics(&[record]));
    }
}
